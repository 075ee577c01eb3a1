/* The extension fields that the pairing of alt_bn128 (EIP-197) is computed in:
 *
 *   Fp2 = Fp[i] / (i^2 + 1)
 *   Fp6 = Fp2[v] / (v^3 - xi), xi = 9 + i
 *   Fp12 = Fp6[w] / (w^2 - v), so that w^6 = xi
 *
 * In all functions `out` may be one of the operands. */
#ifndef EXTVM_EVM_BN128_TOWER_H
#define EXTVM_EVM_BN128_TOWER_H

#include "bn128_field.h"

struct fp2 {
    struct fp c0, c1; /* c0 + c1 i */
};

struct fp6 {
    struct fp2 c0, c1, c2; /* c0 + c1 v + c2 v^2 */
};

struct fp12 {
    struct fp6 c0, c1; /* c0 + c1 w */
};

extern const struct fp12 fp12_one;

/* frobenius_coefficient[k - 1] = xi^(k (p - 1) / 6) for k = 1 to 5: w^k to the power of p is w^k
 * times this. */
enum { FROBENIUS_COEFFICIENTS = 5 };
extern const struct fp2 frobenius_coefficient[FROBENIUS_COEFFICIENTS];

static inline void fp2_add(struct fp2 *out, const struct fp2 *a, const struct fp2 *b) {
    fp_add(&out->c0, &a->c0, &b->c0);
    fp_add(&out->c1, &a->c1, &b->c1);
}

static inline void fp2_subtract(struct fp2 *out, const struct fp2 *a, const struct fp2 *b) {
    fp_subtract(&out->c0, &a->c0, &b->c0);
    fp_subtract(&out->c1, &a->c1, &b->c1);
}

static inline void fp2_double(struct fp2 *out, const struct fp2 *a) {
    fp2_add(out, a, a);
}

static inline void fp2_negate(struct fp2 *out, const struct fp2 *a) {
    fp_negate(&out->c0, &a->c0);
    fp_negate(&out->c1, &a->c1);
}

/* c0 - c1 i, which is `a` to the power of p. */
static inline void fp2_conjugate(struct fp2 *out, const struct fp2 *a) {
    out->c0 = a->c0;
    fp_negate(&out->c1, &a->c1);
}

static inline bool fp2_is_zero(const struct fp2 *a) {
    return fp_is_zero(&a->c0) && fp_is_zero(&a->c1);
}

static inline bool fp2_equal(const struct fp2 *a, const struct fp2 *b) {
    return fp_equal(&a->c0, &b->c0) && fp_equal(&a->c1, &b->c1);
}

void fp2_multiply(struct fp2 *out, const struct fp2 *a, const struct fp2 *b);
void fp2_square(struct fp2 *out, const struct fp2 *a);
void fp2_scale(struct fp2 *out, const struct fp2 *a, const struct fp *scale);
void fp2_multiply_by_xi(struct fp2 *out, const struct fp2 *a);
void fp2_invert(struct fp2 *out, const struct fp2 *a); /* 0 for 0 */

bool fp12_equal(const struct fp12 *a, const struct fp12 *b);
void fp12_multiply(struct fp12 *out, const struct fp12 *a, const struct fp12 *b);
void fp12_square(struct fp12 *out, const struct fp12 *a);
void fp12_invert(struct fp12 *out, const struct fp12 *a); /* 0 for 0 */

/* Times l0 + l1 w + l3 w^3, the form of a line through points of the twist. */
void fp12_multiply_by_line(struct fp12 *out, const struct fp12 *a, const struct fp2 *l0,
                           const struct fp2 *l1, const struct fp2 *l3);

/* c0 - c1 w: `a` to the power of p^6; and its inverse, when `a` to the power of p^6 + 1 is 1. */
void fp12_conjugate(struct fp12 *out, const struct fp12 *a);

/* `a` to the power of p. */
void fp12_frobenius(struct fp12 *out, const struct fp12 *a);

/* a^2, quicker, only when `a` to the power of p^4 - p^2 + 1 is 1 (the cyclotomic subgroup). */
void fp12_square_cyclotomic(struct fp12 *out, const struct fp12 *a);

#endif
