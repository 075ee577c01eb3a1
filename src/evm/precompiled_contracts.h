/* What the table of precompiled contracts is made of: the prices and the contracts themselves. */
#ifndef EXTVM_EVM_PRECOMPILED_CONTRACTS_H
#define EXTVM_EVM_PRECOMPILED_CONTRACTS_H

#include <string.h>

#include "precompiled.h"

/* A contract's price. What each number stands for is the price function's to say. */
struct precompiled_price {
    /* False when the price is 2^64 gas or more, so that nobody can pay it. */
    bool (*function)(const struct precompiled_price *price, extvm_bytes input, uint64_t *gas);
    uint64_t base;     /* gas */
    uint64_t per_unit; /* gas */
    size_t unit;       /* bytes of input */
};

/* precompiled_modexp.c: EIP-198 and EIP-2565. `base` is the least price, and `unit` the divisor. */
bool modexp_price_eip198(const struct precompiled_price *price, extvm_bytes input, uint64_t *gas);
bool modexp_price_eip2565(const struct precompiled_price *price, extvm_bytes input, uint64_t *gas);

/* precompiled_blake2.c: EIP-152, `per_unit` for each round. */
bool blake2_price(const struct precompiled_price *price, extvm_bytes input, uint64_t *gas);

/* The contracts. The price is paid; `output` is empty. */
typedef enum precompiled_status precompiled_function(extvm_bytes input, struct buffer *output);
precompiled_function ecrecover_run, sha256_run, ripemd160_run,
    identity_run;                /* precompiled_hash.c */
precompiled_function modexp_run; /* precompiled_modexp.c */
precompiled_function bn128_add_run, bn128_multiply_run, bn128_pairing_run; /* precompiled_bn128.c */
precompiled_function blake2_run; /* precompiled_blake2.c */

static inline enum precompiled_status precompiled_output(struct buffer *output, const void *data,
                                                         size_t size) {
    return buffer_append(output, data, size) ? PRECOMPILED_OK : PRECOMPILED_NO_MEMORY;
}

/* The first `size` bytes of the input, which goes on in zeros without end (yellow paper, appendix
 * E). */
static inline void precompiled_read(uint8_t *out, size_t size, extvm_bytes input) {
    size_t present = input.size < size ? input.size : size;
    memset(out + present, 0, size - present);
    if (present > 0) {
        memcpy(out, input.data, present);
    }
}

#endif
