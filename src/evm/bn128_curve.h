/* The groups of alt_bn128 (EIP-196, EIP-197): G1, the points of y^2 = x^3 + 3 over Fp, and G2,
 * those of order r of its twist y^2 = x^3 + 3 / xi over Fp2. */
#ifndef EXTVM_EVM_BN128_CURVE_H
#define EXTVM_EVM_BN128_CURVE_H

#include "bn128_tower.h"

/* The point at infinity has both coordinates 0, as the EIPs write it; the curves have no such
 * point. */
struct g1 {
    struct fp x, y;
};

struct g2 {
    struct fp2 x, y;
};

extern const struct fp2 g2_curve_b; /* 3 / xi */

bool g1_is_infinity(const struct g1 *a);
bool g2_is_infinity(const struct g2 *a);

/* Whether the point is on the curve or at infinity. All points of the curve are in G1, as it has r
 * of them. */
bool g1_is_valid(const struct g1 *a);

/* Whether the point is on the twist or at infinity; and then, whether it is in G2. */
bool g2_is_on_curve(const struct g2 *a);
bool g2_is_in_subgroup(const struct g2 *a);

/* Valid points only. */
void g1_add(struct g1 *out, const struct g1 *a, const struct g1 *b);
void g1_negate(struct g1 *out, const struct g1 *a);

/* `scalar` is any number of 256 bits, big-endian. */
enum { BN128_SCALAR_SIZE = 32 }; /* bytes */
void g1_multiply(struct g1 *out, const struct g1 *a, const uint8_t scalar[BN128_SCALAR_SIZE]);

/* Frobenius on the curve, seen from the twist: the endomorphism psi, which is multiplication by p
 * on G2. */
void g2_frobenius(struct g2 *out, const struct g2 *a);

#endif
