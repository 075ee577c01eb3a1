/* Bytes, addresses and words: the values a node and a virtual machine exchange. */
#ifndef EXTVM_BYTES_H
#define EXTVM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <extvm/declare.h>
#include <extvm/status.h>

EXTVM_BEGIN_DECLARATIONS

/* A run of bytes that somebody else owns. Each function says for how long it stays valid.
 * `data` may be NULL when `size` is 0. */
typedef struct extvm_bytes {
    const uint8_t *data;
    size_t size; /* bytes */
} extvm_bytes;

enum { EXTVM_ADDRESS_SIZE = 20, EXTVM_WORD_SIZE = 32 };

/* An account's address: 20 bytes, big-endian (yellow paper, section 4.1). */
typedef struct extvm_address {
    uint8_t bytes[EXTVM_ADDRESS_SIZE];
} extvm_address;

/* A 256-bit word: 32 bytes, big-endian. Log topics and block hashes are words. */
typedef struct extvm_word {
    uint8_t bytes[EXTVM_WORD_SIZE];
} extvm_word;

/* Characters that `extvm_bytes_to_hex` needs for `size` bytes, the closing NUL included. */
#define EXTVM_HEX_SIZE(size) (2 + 2 * (size_t)(size) + 1)

/* Reads hex digits, with or without "0x", two to a byte, into `out` (`capacity` bytes) and puts the
 * number of bytes into `size`. Empty text and "0x" are no bytes.
 * Errors: EXTVM_INVALID_ARGUMENT (no hex, or an odd number of digits), EXTVM_OUT_OF_RANGE (more
 * than `capacity` bytes); then neither `out` nor `size` means anything. */
extvm_status extvm_bytes_from_hex(const char *text, uint8_t *out, size_t capacity, size_t *size);

/* Writes "0x" and two lower-case digits for each byte, and a NUL, into `out`, which holds at least
 * EXTVM_HEX_SIZE(bytes.size) characters. Returns `out`. */
char *extvm_bytes_to_hex(extvm_bytes bytes, char *out);

/* Reads exactly 40 hex digits, with or without "0x".
 * Errors: EXTVM_INVALID_ARGUMENT (no hex), EXTVM_OUT_OF_RANGE (not 20 bytes). */
extvm_status extvm_address_from_hex(const char *text, extvm_address *out);

/* Reads exactly 64 hex digits, with or without "0x".
 * Errors: EXTVM_INVALID_ARGUMENT (no hex), EXTVM_OUT_OF_RANGE (not 32 bytes). */
extvm_status extvm_word_from_hex(const char *text, extvm_word *out);

/* True when both hold the same bytes. */
bool extvm_bytes_equal(extvm_bytes a, extvm_bytes b);
bool extvm_address_equal(const extvm_address *a, const extvm_address *b);

EXTVM_END_DECLARATIONS

#endif
