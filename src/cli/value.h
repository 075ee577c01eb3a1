/* Text that a user wrote, as a number, an address or data; the same in options and in files. */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include <extvm/bytes.h>
#include <extvm/call.h>
#include <extvm/integer.h>

#include "pool.h"

/* What is allowed, for messages: "... must be " and one of these. */
#define VALUE_INTEGER_ALLOWED "a whole number from 0 to 2^256-1, as 0x and hex digits or in decimal"
#define VALUE_SIGNED_ALLOWED                                                                       \
    "a whole number, as 0x and hex digits or in decimal, with - before it or not"
#define VALUE_ADDRESS_ALLOWED "an address: 40 hex digits, with or without 0x"
#define VALUE_WORD_ALLOWED "a hash: 64 hex digits, with or without 0x"
#define VALUE_DATA_ALLOWED "bytes: hex digits, two to a byte, with or without 0x"

/* A number from 0 to 2^256-1, canonical, in `buffer`.
 * Errors: EXTVM_INVALID_ARGUMENT (no number), EXTVM_OUT_OF_RANGE. */
extvm_status value_integer(const char *text, uint8_t buffer[EXTVM_WORD_INTEGER_SIZE],
                           extvm_bytes *out);

/* Any whole number, canonical, in `pool`.
 * Errors: EXTVM_INVALID_ARGUMENT (no number), EXTVM_NO_MEMORY. */
extvm_status value_signed(const char *text, struct pool *pool, extvm_bytes *out);

/* Bytes from hex, in `pool`. Errors: EXTVM_INVALID_ARGUMENT (no hex), EXTVM_NO_MEMORY. */
extvm_status value_data(const char *text, struct pool *pool, extvm_bytes *out);

/* What is allowed where `text` stands for a fork, and which of it may have been meant. */
struct fork_allowed {
    char text[256];
};

struct fork_allowed value_fork_allowed(const char *text);

#endif
