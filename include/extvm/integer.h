/* Integers as the protocols carry them: two's complement, big-endian, as short as can be.
 *
 * Every integer in this API is an extvm_bytes in this canonical form: zero is the one byte 00, and
 * a positive number whose top bit would be set has a leading 00 (protocol/kevm.md, section 4.1;
 * protocol/iele.md, section 4.1). Balances and prices are in wei, gas in gas units. Where a
 * function takes an integer, an empty extvm_bytes means 0 and needless leading bytes are allowed;
 * where one gives an integer, it is canonical. */
#ifndef EXTVM_INTEGER_H
#define EXTVM_INTEGER_H

#include <extvm/bytes.h>
#include <extvm/declare.h>

EXTVM_BEGIN_DECLARATIONS

/* Bytes that the canonical form of a uint64_t, and of a 256-bit word, can take at the most. */
enum { EXTVM_U64_INTEGER_SIZE = 9, EXTVM_WORD_INTEGER_SIZE = 33 };

/* Characters that an integer of `size` bytes can take as text, sign and NUL included: in decimal
 * (a byte is less than 2.5 digits) and in hex. */
#define EXTVM_DECIMAL_SIZE(size) ((size_t)(size)*5 / 2 + 3)
#define EXTVM_INTEGER_HEX_SIZE(size) ((size_t)(size)*2 + 6)

/* The canonical form of `value`, written into `buffer` and borrowed from it. */
extvm_bytes extvm_integer_from_u64(uint64_t value, uint8_t buffer[EXTVM_U64_INTEGER_SIZE]);

/* The canonical form of `word`, read as an unsigned number; written into `buffer` and borrowed from
 * it. */
extvm_bytes extvm_integer_from_word(const extvm_word *word,
                                    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE]);

/* Errors: EXTVM_OUT_OF_RANGE (negative, or 2^64 and above); `out` is left alone then. */
extvm_status extvm_integer_to_u64(extvm_bytes integer, uint64_t *out);

/* Errors: EXTVM_OUT_OF_RANGE (negative, or 2^256 and above); `out` is left alone then. */
extvm_status extvm_integer_to_word(extvm_bytes integer, extvm_word *out);

/* Reads decimal digits, or hex digits after "0x", either with a "-" before, into `buffer`
 * (`capacity` bytes; at least 1). `out` borrows from `buffer`. The cost of decimal text grows with
 * the square of its length.
 * Errors: EXTVM_INVALID_ARGUMENT (no number, or an empty one), EXTVM_OUT_OF_RANGE (the canonical
 * form needs more than `capacity` bytes). */
extvm_status extvm_integer_from_text(const char *text, uint8_t *buffer, size_t capacity,
                                     extvm_bytes *out);

/* Writes the number in decimal, with "-" when negative, and a NUL, into `out`, which holds at least
 * EXTVM_DECIMAL_SIZE(integer.size) characters. Returns `out`. The cost grows with the square of the
 * size. */
char *extvm_integer_to_decimal(extvm_bytes integer, char *out);

/* Writes the number in hex without needless digits ("0x0", "0x1f", "-0x80") and a NUL into `out`,
 * which holds at least EXTVM_INTEGER_HEX_SIZE(integer.size) characters. Returns `out`. */
char *extvm_integer_to_hex(extvm_bytes integer, char *out);

/* The same number in canonical form: a part of the same bytes, or a constant when they are empty.
 * Valid as long as they are. */
extvm_bytes extvm_integer_normalise(extvm_bytes integer);

/* -1, 0 or 1: whether the number is negative, zero or positive. */
int extvm_integer_sign(extvm_bytes integer);

/* Below 0, 0 or above 0: whether `a` is less than, equal to or greater than `b`, as numbers. */
int extvm_integer_compare(extvm_bytes a, extvm_bytes b);

EXTVM_END_DECLARATIONS

#endif
