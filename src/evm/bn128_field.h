/* Arithmetic modulo the prime p of the curve alt_bn128 (EIP-196). What the pairing's inner loops
 * are made of is inline. */
#ifndef EXTVM_EVM_BN128_FIELD_H
#define EXTVM_EVM_BN128_FIELD_H

#include <stdbool.h>
#include <stdint.h>

enum { FP_SIZE = 32, FP_LIMBS = 4 }; /* bytes and 64-bit limbs of a number modulo p */

/* A number x modulo p in Montgomery form, x * 2^256 mod p: always below p, the least significant
 * limb first. In all functions here `out` may be one of the operands. */
struct fp {
    uint64_t limb[FP_LIMBS];
};

/* A product that is not reduced yet. */
struct fp_product {
    uint64_t limb[2 * FP_LIMBS];
};

__extension__ typedef unsigned __int128 double_limb;

/* p = 36u^4 + 36u^3 + 24u^2 + 6u + 1, where u = 4965661367192848881 makes the curve. */
#define BN128_U UINT64_C(4965661367192848881)
#define BN128_U_BITS 63
#define FP_P0 UINT64_C(0x3c208c16d87cfd47)
#define FP_P1 UINT64_C(0x97816a916871ca8d)
#define FP_P2 UINT64_C(0xb85045b68181585d)
#define FP_P3 UINT64_C(0x30644e72e131a029)
/* -1 / p mod 2^64 */
#define FP_NEGATED_INVERSE UINT64_C(0x87d20782e4866389)

extern const struct fp fp_zero, fp_one;

/* Reads 32 bytes, big-endian. False when the number is not below p (EIP-196 rejects it). */
bool fp_from_bytes(struct fp *out, const uint8_t bytes[FP_SIZE]);
void fp_to_bytes(uint8_t bytes[FP_SIZE], const struct fp *a);

/* 1 / a; 0 for 0. */
void fp_invert(struct fp *out, const struct fp *a);

static inline bool fp_is_zero(const struct fp *a) {
    return (a->limb[0] | a->limb[1] | a->limb[2] | a->limb[3]) == 0;
}

static inline bool fp_equal(const struct fp *a, const struct fp *b) {
    return ((a->limb[0] ^ b->limb[0]) | (a->limb[1] ^ b->limb[1]) | (a->limb[2] ^ b->limb[2]) |
            (a->limb[3] ^ b->limb[3])) == 0;
}

/* a + b + *carry; the carry out replaces it. */
static inline uint64_t limb_add(uint64_t a, uint64_t b, uint64_t *carry) {
    double_limb sum = (double_limb)a + b + *carry;
    *carry = (uint64_t)(sum >> 64);
    return (uint64_t)sum;
}

/* a - b - *borrow; the borrow out (0 or 1) replaces it. */
static inline uint64_t limb_subtract(uint64_t a, uint64_t b, uint64_t *borrow) {
    double_limb difference = (double_limb)a - b - *borrow;
    *borrow = (uint64_t)(difference >> 64) & 1;
    return (uint64_t)difference;
}

/* a + b * c + *carry, which always fits in two limbs; the upper one replaces the carry. */
static inline uint64_t limb_multiply_add(uint64_t a, uint64_t b, uint64_t c, uint64_t *carry) {
    double_limb sum = (double_limb)b * c + a + *carry;
    *carry = (uint64_t)(sum >> 64);
    return (uint64_t)sum;
}

/* A number below 2p, in four limbs, to below p. */
static inline void fp_reduce_once(struct fp *out, uint64_t a0, uint64_t a1, uint64_t a2,
                                  uint64_t a3) {
    uint64_t borrow = 0;
    uint64_t r0 = limb_subtract(a0, FP_P0, &borrow);
    uint64_t r1 = limb_subtract(a1, FP_P1, &borrow);
    uint64_t r2 = limb_subtract(a2, FP_P2, &borrow);
    uint64_t r3 = limb_subtract(a3, FP_P3, &borrow);
    uint64_t keep = 0 - borrow; /* all ones: it was below p already */
    out->limb[0] = r0 ^ (keep & (r0 ^ a0));
    out->limb[1] = r1 ^ (keep & (r1 ^ a1));
    out->limb[2] = r2 ^ (keep & (r2 ^ a2));
    out->limb[3] = r3 ^ (keep & (r3 ^ a3));
}

/* The sum below 2p < 2^255, not reduced: only for fp_product_of. */
static inline void fp_add_unreduced(struct fp *out, const struct fp *a, const struct fp *b) {
    uint64_t carry = 0;
    out->limb[0] = limb_add(a->limb[0], b->limb[0], &carry);
    out->limb[1] = limb_add(a->limb[1], b->limb[1], &carry);
    out->limb[2] = limb_add(a->limb[2], b->limb[2], &carry);
    out->limb[3] = limb_add(a->limb[3], b->limb[3], &carry);
}

static inline void fp_add(struct fp *out, const struct fp *a, const struct fp *b) {
    struct fp sum;
    fp_add_unreduced(&sum, a, b);
    fp_reduce_once(out, sum.limb[0], sum.limb[1], sum.limb[2], sum.limb[3]);
}

static inline void fp_double(struct fp *out, const struct fp *a) {
    fp_add(out, a, a);
}

static inline void fp_subtract(struct fp *out, const struct fp *a, const struct fp *b) {
    uint64_t borrow = 0;
    uint64_t r0 = limb_subtract(a->limb[0], b->limb[0], &borrow);
    uint64_t r1 = limb_subtract(a->limb[1], b->limb[1], &borrow);
    uint64_t r2 = limb_subtract(a->limb[2], b->limb[2], &borrow);
    uint64_t r3 = limb_subtract(a->limb[3], b->limb[3], &borrow);
    uint64_t below = 0 - borrow, carry = 0; /* all ones: p is missing */
    out->limb[0] = limb_add(r0, FP_P0 & below, &carry);
    out->limb[1] = limb_add(r1, FP_P1 & below, &carry);
    out->limb[2] = limb_add(r2, FP_P2 & below, &carry);
    out->limb[3] = limb_add(r3, FP_P3 & below, &carry);
}

static inline void fp_negate(struct fp *out, const struct fp *a) {
    fp_subtract(out, &fp_zero, a);
}

/* One round of Montgomery's multiplication: t = (t + a * b + m * p) / 2^64 with the m that makes
 * the division exact. As the top limb of p is below 2^62, t stays in four limbs. */
static inline void fp_multiply_round(uint64_t t[FP_LIMBS], const struct fp *a, uint64_t b) {
    uint64_t carry = 0, carry_p = 0;
    uint64_t t0 = limb_multiply_add(t[0], a->limb[0], b, &carry);
    uint64_t m = t0 * FP_NEGATED_INVERSE;
    (void)limb_multiply_add(t0, m, FP_P0, &carry_p);
    uint64_t t1 = limb_multiply_add(t[1], a->limb[1], b, &carry);
    t[0] = limb_multiply_add(t1, m, FP_P1, &carry_p);
    uint64_t t2 = limb_multiply_add(t[2], a->limb[2], b, &carry);
    t[1] = limb_multiply_add(t2, m, FP_P2, &carry_p);
    uint64_t t3 = limb_multiply_add(t[3], a->limb[3], b, &carry);
    t[2] = limb_multiply_add(t3, m, FP_P3, &carry_p);
    t[3] = carry + carry_p;
}

static inline void fp_multiply(struct fp *out, const struct fp *a, const struct fp *b) {
    uint64_t t[FP_LIMBS] = {0};
    fp_multiply_round(t, a, b->limb[0]);
    fp_multiply_round(t, a, b->limb[1]);
    fp_multiply_round(t, a, b->limb[2]);
    fp_multiply_round(t, a, b->limb[3]);
    fp_reduce_once(out, t[0], t[1], t[2], t[3]);
}

static inline void fp_square(struct fp *out, const struct fp *a) {
    fp_multiply(out, a, a);
}

/* t = (t + a * b) / 2^64; the limb that goes out is returned. */
static inline uint64_t fp_product_row(uint64_t t[FP_LIMBS], const struct fp *a, uint64_t b) {
    uint64_t carry = 0;
    uint64_t lowest = limb_multiply_add(t[0], a->limb[0], b, &carry);
    t[0] = limb_multiply_add(t[1], a->limb[1], b, &carry);
    t[1] = limb_multiply_add(t[2], a->limb[2], b, &carry);
    t[2] = limb_multiply_add(t[3], a->limb[3], b, &carry);
    t[3] = carry;
    return lowest;
}

/* a * b of numbers below 2^256. */
static inline void fp_product_of(struct fp_product *out, const struct fp *a, const struct fp *b) {
    uint64_t t[FP_LIMBS] = {0};
    out->limb[0] = fp_product_row(t, a, b->limb[0]);
    out->limb[1] = fp_product_row(t, a, b->limb[1]);
    out->limb[2] = fp_product_row(t, a, b->limb[2]);
    out->limb[3] = fp_product_row(t, a, b->limb[3]);
    out->limb[4] = t[0];
    out->limb[5] = t[1];
    out->limb[6] = t[2];
    out->limb[7] = t[3];
}

/* a - b; what is borrowed (0 or 1) is returned. */
static inline uint64_t fp_product_subtract(struct fp_product *out, const struct fp_product *a,
                                           const struct fp_product *b) {
    uint64_t borrow = 0;
    out->limb[0] = limb_subtract(a->limb[0], b->limb[0], &borrow);
    out->limb[1] = limb_subtract(a->limb[1], b->limb[1], &borrow);
    out->limb[2] = limb_subtract(a->limb[2], b->limb[2], &borrow);
    out->limb[3] = limb_subtract(a->limb[3], b->limb[3], &borrow);
    out->limb[4] = limb_subtract(a->limb[4], b->limb[4], &borrow);
    out->limb[5] = limb_subtract(a->limb[5], b->limb[5], &borrow);
    out->limb[6] = limb_subtract(a->limb[6], b->limb[6], &borrow);
    out->limb[7] = limb_subtract(a->limb[7], b->limb[7], &borrow);
    return borrow;
}

/* Adds p * 2^256 when `borrow` is 1, dropping the carry. */
static inline void fp_product_repay(struct fp_product *product, uint64_t borrow) {
    uint64_t below = 0 - borrow, carry = 0;
    product->limb[4] = limb_add(product->limb[4], FP_P0 & below, &carry);
    product->limb[5] = limb_add(product->limb[5], FP_P1 & below, &carry);
    product->limb[6] = limb_add(product->limb[6], FP_P2 & below, &carry);
    product->limb[7] = limb_add(product->limb[7], FP_P3 & below, &carry);
}

/* t = (t + m * p) / 2^64, with the m that makes the division exact. */
static inline void fp_product_reduce_round(uint64_t t[FP_LIMBS]) {
    uint64_t m = t[0] * FP_NEGATED_INVERSE, carry = 0;
    (void)limb_multiply_add(t[0], m, FP_P0, &carry);
    t[0] = limb_multiply_add(t[1], m, FP_P1, &carry);
    t[1] = limb_multiply_add(t[2], m, FP_P2, &carry);
    t[2] = limb_multiply_add(t[3], m, FP_P3, &carry);
    t[3] = carry;
}

/* Montgomery's reduction, product / 2^256 mod p, of a product below p * 2^256. The lower half is
 * reduced to at most p, and with the upper half, which is below p, to below 2p. */
static inline void fp_product_reduce(struct fp *out, const struct fp_product *product) {
    uint64_t t[FP_LIMBS] = {product->limb[0], product->limb[1], product->limb[2], product->limb[3]};
    fp_product_reduce_round(t);
    fp_product_reduce_round(t);
    fp_product_reduce_round(t);
    fp_product_reduce_round(t);
    uint64_t carry = 0;
    t[0] = limb_add(t[0], product->limb[4], &carry);
    t[1] = limb_add(t[1], product->limb[5], &carry);
    t[2] = limb_add(t[2], product->limb[6], &carry);
    t[3] = limb_add(t[3], product->limb[7], &carry);
    fp_reduce_once(out, t[0], t[1], t[2], t[3]);
}

#endif
