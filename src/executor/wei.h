/* Amounts of wei: unsigned 256-bit arithmetic that says when it does not fit (yellow paper, section
 * 4.1: a balance is below 2^256). */
#ifndef EXTVM_EXECUTOR_WEI_H
#define EXTVM_EXECUTOR_WEI_H

#include <extvm/integer.h>

enum { WEI_LIMBS = 4 };

struct wei {
    uint64_t limbs[WEI_LIMBS]; /* the least one first */
};

/* False when the integer is negative, or 2^256 and above. */
bool wei_read(extvm_bytes integer, struct wei *out);

/* The canonical integer, written into `buffer` and borrowed from it. */
extvm_bytes wei_write(const struct wei *wei, uint8_t buffer[EXTVM_WORD_INTEGER_SIZE]);

/* a + b, a - b, a * b; false when that is 2^256 and above, or below 0. `out` may be `a`. */
bool wei_add(const struct wei *a, const struct wei *b, struct wei *out);
bool wei_subtract(const struct wei *a, const struct wei *b, struct wei *out);
bool wei_multiply(const struct wei *a, uint64_t b, struct wei *out);

#endif
