/* The pairing of alt_bn128 (EIP-197). */
#ifndef EXTVM_EVM_BN128_PAIRING_H
#define EXTVM_EVM_BN128_PAIRING_H

#include <stddef.h>

#include "bn128_curve.h"

struct bn128_pair {
    struct g1 p; /* of G1 */
    struct g2 q; /* of G2 */
};

/* Pairs that are worked on together, and so share the squarings. */
enum { BN128_BATCH = 16 };

/* Multiplies `*product` by the Miller function of each pair. At most BN128_BATCH pairs; points at
 * infinity count as 1. */
void bn128_miller(struct fp12 *product, const struct bn128_pair *pairs, size_t count);

/* `a` to the power of 2u(6u^2 + 3u + 1)(p^12 - 1) / r. As 2u(6u^2 + 3u + 1) has no factor in common
 * with r, this is 1 exactly when the pairing's power (p^12 - 1) / r is. */
void bn128_final_power(struct fp12 *out, const struct fp12 *a);

#endif
