/* The extension fields of alt_bn128 (EIP-197 names the field polynomials). Products are
 * Karatsuba's; in Fp2 they are reduced once for each coordinate, not once for each product. */
#include "bn128_tower.h"

const struct fp12 fp12_one = {{{{{UINT64_C(0xd35d438dc58f0d9d), UINT64_C(0x0a78eb28f5c70b3d),
                                  UINT64_C(0x666ea36f7879462c), UINT64_C(0x0e0a77c19a07df2f)}},
                                {{0}}},
                               {{{0}}, {{0}}},
                               {{{0}}, {{0}}}},
                              {{{{0}}, {{0}}}, {{{0}}, {{0}}}, {{{0}}, {{0}}}}};

/* Computed as xi^(k (p - 1) / 6) with big integers, then brought into Montgomery form; the test
 * `every_frobenius_coefficient_is_the_power_of_xi_it_stands_for` computes them again. */
const struct fp2 frobenius_coefficient[FROBENIUS_COEFFICIENTS] = {
    {{{UINT64_C(0xaf9ba69633144907), UINT64_C(0xca6b1d7387afb78a), UINT64_C(0x11bded5ef08a2087),
       UINT64_C(0x02f34d751a1f3a7c)}},
     {{UINT64_C(0xa222ae234c492d72), UINT64_C(0xd00f02a4565de15b), UINT64_C(0xdc2ff3a253dfc926),
       UINT64_C(0x10a75716b3899551)}}},
    {{{UINT64_C(0xb5773b104563ab30), UINT64_C(0x347f91c8a9aa6454), UINT64_C(0x7a007127242e0991),
       UINT64_C(0x1956bcd8118214ec)}},
     {{UINT64_C(0x6e849f1ea0aa4757), UINT64_C(0xaa1c7b6d89f89141), UINT64_C(0xb6e713cdfae0ca3a),
       UINT64_C(0x26694fbb4e82ebc3)}}},
    {{{UINT64_C(0xe4bbdd0c2936b629), UINT64_C(0xbb30f162e133bacb), UINT64_C(0x31a9d1b6f9645366),
       UINT64_C(0x253570bea500f8dd)}},
     {{UINT64_C(0xa1d77ce45ffe77c7), UINT64_C(0x07affd117826d1db), UINT64_C(0x6d16bd27bb7edc6b),
       UINT64_C(0x2c87200285defecc)}}},
    {{{UINT64_C(0x7361d77f843abe92), UINT64_C(0xa5bb2bd3273411fb), UINT64_C(0x9c941f314b3e2399),
       UINT64_C(0x15df9cddbb9fd3ec)}},
     {{UINT64_C(0x5dddfd154bd8c949), UINT64_C(0x62cb29a5a4445b60), UINT64_C(0x37bc870a0c7dd2b9),
       UINT64_C(0x24830a9d3171f0fd)}}},
    {{{UINT64_C(0xc970692f41690fe7), UINT64_C(0xe240342127694b0b), UINT64_C(0x32bee66b83c459e8),
       UINT64_C(0x12aabced0ab08841)}},
     {{UINT64_C(0x0d485d2340aebfa9), UINT64_C(0x05193418ab2fcc57), UINT64_C(0xd3b0a40b8a4910f5),
       UINT64_C(0x2f21ebb535d2925a)}}}};

/* -- Fp2 --------------------------------------------------------------------------------------- */

void fp2_multiply(struct fp2 *out, const struct fp2 *a, const struct fp2 *b) {
    struct fp_product v0, v1, cross;
    struct fp sum_a, sum_b;
    fp_product_of(&v0, &a->c0, &b->c0);
    fp_product_of(&v1, &a->c1, &b->c1);
    fp_add_unreduced(&sum_a, &a->c0, &a->c1);
    fp_add_unreduced(&sum_b, &b->c0, &b->c1);
    fp_product_of(&cross, &sum_a, &sum_b);
    (void)fp_product_subtract(&cross, &cross, &v0); /* never borrows: cross has v0 and v1 in it */
    (void)fp_product_subtract(&cross, &cross, &v1);
    fp_product_reduce(&out->c1, &cross); /* below 2p^2 < p * 2^256 */
    fp_product_repay(&v0, fp_product_subtract(&v0, &v0, &v1));
    fp_product_reduce(&out->c0, &v0);
}

void fp2_square(struct fp2 *out, const struct fp2 *a) {
    struct fp sum, difference, twice;
    fp_add(&sum, &a->c0, &a->c1);
    fp_subtract(&difference, &a->c0, &a->c1);
    fp_double(&twice, &a->c0);
    fp_multiply(&out->c1, &twice, &a->c1);
    fp_multiply(&out->c0, &sum, &difference);
}

void fp2_scale(struct fp2 *out, const struct fp2 *a, const struct fp *scale) {
    fp_multiply(&out->c0, &a->c0, scale);
    fp_multiply(&out->c1, &a->c1, scale);
}

/* (9 c0 - c1) + (9 c1 + c0) i */
void fp2_multiply_by_xi(struct fp2 *out, const struct fp2 *a) {
    struct fp2 nine;
    fp2_double(&nine, a);
    fp2_double(&nine, &nine);
    fp2_double(&nine, &nine);
    fp2_add(&nine, &nine, a);
    struct fp c0 = a->c0;
    fp_subtract(&out->c0, &nine.c0, &a->c1);
    fp_add(&out->c1, &nine.c1, &c0);
}

/* The conjugate over the norm c0^2 + c1^2. */
void fp2_invert(struct fp2 *out, const struct fp2 *a) {
    struct fp norm, square;
    fp_square(&norm, &a->c0);
    fp_square(&square, &a->c1);
    fp_add(&norm, &norm, &square);
    fp_invert(&norm, &norm);
    fp_multiply(&out->c0, &a->c0, &norm);
    fp_multiply(&out->c1, &a->c1, &norm);
    fp_negate(&out->c1, &out->c1);
}

/* -- Fp6 --------------------------------------------------------------------------------------- */

static void fp6_add(struct fp6 *out, const struct fp6 *a, const struct fp6 *b) {
    fp2_add(&out->c0, &a->c0, &b->c0);
    fp2_add(&out->c1, &a->c1, &b->c1);
    fp2_add(&out->c2, &a->c2, &b->c2);
}

static void fp6_subtract(struct fp6 *out, const struct fp6 *a, const struct fp6 *b) {
    fp2_subtract(&out->c0, &a->c0, &b->c0);
    fp2_subtract(&out->c1, &a->c1, &b->c1);
    fp2_subtract(&out->c2, &a->c2, &b->c2);
}

static void fp6_negate(struct fp6 *out, const struct fp6 *a) {
    fp2_negate(&out->c0, &a->c0);
    fp2_negate(&out->c1, &a->c1);
    fp2_negate(&out->c2, &a->c2);
}

static void fp6_multiply_by_v(struct fp6 *out, const struct fp6 *a) {
    struct fp2 first;
    fp2_multiply_by_xi(&first, &a->c2);
    out->c2 = a->c1;
    out->c1 = a->c0;
    out->c0 = first;
}

/* (a + b)(c + d) - ac - bd = ad + bc */
static void fp2_cross(struct fp2 *out, const struct fp2 *a, const struct fp2 *b,
                      const struct fp2 *c, const struct fp2 *d, const struct fp2 *ac,
                      const struct fp2 *bd) {
    struct fp2 sum_ab, sum_cd;
    fp2_add(&sum_ab, a, b);
    fp2_add(&sum_cd, c, d);
    fp2_multiply(out, &sum_ab, &sum_cd);
    fp2_subtract(out, out, ac);
    fp2_subtract(out, out, bd);
}

static void fp6_multiply(struct fp6 *out, const struct fp6 *a, const struct fp6 *b) {
    struct fp2 v0, v1, v2, cross12, cross01, cross02;
    fp2_multiply(&v0, &a->c0, &b->c0);
    fp2_multiply(&v1, &a->c1, &b->c1);
    fp2_multiply(&v2, &a->c2, &b->c2);
    fp2_cross(&cross12, &a->c1, &a->c2, &b->c1, &b->c2, &v1, &v2);
    fp2_cross(&cross01, &a->c0, &a->c1, &b->c0, &b->c1, &v0, &v1);
    fp2_cross(&cross02, &a->c0, &a->c2, &b->c0, &b->c2, &v0, &v2);
    fp2_multiply_by_xi(&cross12, &cross12);
    fp2_multiply_by_xi(&v2, &v2);
    fp2_add(&out->c0, &v0, &cross12);
    fp2_add(&out->c1, &cross01, &v2);
    fp2_add(&out->c2, &cross02, &v1);
}

/* Times b0 + b1 v. */
static void fp6_multiply_by_01(struct fp6 *out, const struct fp6 *a, const struct fp2 *b0,
                               const struct fp2 *b1) {
    struct fp2 v0, v1, cross01, c2b0, c2b1;
    fp2_multiply(&v0, &a->c0, b0);
    fp2_multiply(&v1, &a->c1, b1);
    fp2_cross(&cross01, &a->c0, &a->c1, b0, b1, &v0, &v1);
    fp2_multiply(&c2b0, &a->c2, b0);
    fp2_multiply(&c2b1, &a->c2, b1);
    fp2_multiply_by_xi(&c2b1, &c2b1);
    fp2_add(&out->c0, &v0, &c2b1);
    out->c1 = cross01;
    fp2_add(&out->c2, &v1, &c2b0);
}

static void fp6_scale(struct fp6 *out, const struct fp6 *a, const struct fp2 *scale) {
    fp2_multiply(&out->c0, &a->c0, scale);
    fp2_multiply(&out->c1, &a->c1, scale);
    fp2_multiply(&out->c2, &a->c2, scale);
}

/* The adjugate of multiplication by `a`, over its determinant. */
static void fp6_invert(struct fp6 *out, const struct fp6 *a) {
    struct fp6 adjugate;
    struct fp2 product, norm;
    fp2_square(&adjugate.c0, &a->c0); /* c0^2 - xi c1 c2 */
    fp2_multiply(&product, &a->c1, &a->c2);
    fp2_multiply_by_xi(&product, &product);
    fp2_subtract(&adjugate.c0, &adjugate.c0, &product);

    fp2_square(&adjugate.c1, &a->c2); /* xi c2^2 - c0 c1 */
    fp2_multiply_by_xi(&adjugate.c1, &adjugate.c1);
    fp2_multiply(&product, &a->c0, &a->c1);
    fp2_subtract(&adjugate.c1, &adjugate.c1, &product);

    fp2_square(&adjugate.c2, &a->c1); /* c1^2 - c0 c2 */
    fp2_multiply(&product, &a->c0, &a->c2);
    fp2_subtract(&adjugate.c2, &adjugate.c2, &product);

    fp2_multiply(&norm, &a->c1, &adjugate.c2); /* c0 A0 + xi (c1 A2 + c2 A1) */
    fp2_multiply(&product, &a->c2, &adjugate.c1);
    fp2_add(&norm, &norm, &product);
    fp2_multiply_by_xi(&norm, &norm);
    fp2_multiply(&product, &a->c0, &adjugate.c0);
    fp2_add(&norm, &norm, &product);
    fp2_invert(&norm, &norm);
    fp6_scale(out, &adjugate, &norm);
}

/* -- Fp12 -------------------------------------------------------------------------------------- */

static bool fp6_equal(const struct fp6 *a, const struct fp6 *b) {
    return fp2_equal(&a->c0, &b->c0) && fp2_equal(&a->c1, &b->c1) && fp2_equal(&a->c2, &b->c2);
}

bool fp12_equal(const struct fp12 *a, const struct fp12 *b) {
    return fp6_equal(&a->c0, &b->c0) && fp6_equal(&a->c1, &b->c1);
}

void fp12_multiply(struct fp12 *out, const struct fp12 *a, const struct fp12 *b) {
    struct fp6 v0, v1, sum_a, sum_b;
    fp6_multiply(&v0, &a->c0, &b->c0);
    fp6_multiply(&v1, &a->c1, &b->c1);
    fp6_add(&sum_a, &a->c0, &a->c1);
    fp6_add(&sum_b, &b->c0, &b->c1);
    fp6_multiply(&out->c1, &sum_a, &sum_b);
    fp6_subtract(&out->c1, &out->c1, &v0);
    fp6_subtract(&out->c1, &out->c1, &v1);
    fp6_multiply_by_v(&v1, &v1);
    fp6_add(&out->c0, &v0, &v1);
}

/* (c0 + c1)(c0 + v c1) = c0^2 + v c1^2 + (1 + v) c0 c1 */
void fp12_square(struct fp12 *out, const struct fp12 *a) {
    struct fp6 product, sum, sum_v, product_v;
    fp6_multiply(&product, &a->c0, &a->c1);
    fp6_add(&sum, &a->c0, &a->c1);
    fp6_multiply_by_v(&sum_v, &a->c1);
    fp6_add(&sum_v, &sum_v, &a->c0);
    fp6_multiply(&sum, &sum, &sum_v);
    fp6_multiply_by_v(&product_v, &product);
    fp6_subtract(&sum, &sum, &product);
    fp6_subtract(&out->c0, &sum, &product_v);
    fp6_add(&out->c1, &product, &product);
}

/* The conjugate over the norm c0^2 - v c1^2. */
void fp12_invert(struct fp12 *out, const struct fp12 *a) {
    struct fp6 norm, square;
    fp6_multiply(&norm, &a->c0, &a->c0);
    fp6_multiply(&square, &a->c1, &a->c1);
    fp6_multiply_by_v(&square, &square);
    fp6_subtract(&norm, &norm, &square);
    fp6_invert(&norm, &norm);
    fp6_multiply(&out->c0, &a->c0, &norm);
    fp6_multiply(&out->c1, &a->c1, &norm);
    fp6_negate(&out->c1, &out->c1);
}

void fp12_multiply_by_line(struct fp12 *out, const struct fp12 *a, const struct fp2 *l0,
                           const struct fp2 *l1, const struct fp2 *l3) {
    struct fp6 v0, v1, sum;
    struct fp2 l01;
    fp6_scale(&v0, &a->c0, l0);
    fp6_multiply_by_01(&v1, &a->c1, l1, l3);
    fp6_add(&sum, &a->c0, &a->c1);
    fp2_add(&l01, l0, l1);
    fp6_multiply_by_01(&out->c1, &sum, &l01, l3);
    fp6_subtract(&out->c1, &out->c1, &v0);
    fp6_subtract(&out->c1, &out->c1, &v1);
    fp6_multiply_by_v(&v1, &v1);
    fp6_add(&out->c0, &v0, &v1);
}

void fp12_conjugate(struct fp12 *out, const struct fp12 *a) {
    out->c0 = a->c0;
    fp6_negate(&out->c1, &a->c1);
}

/* The coefficients of 1, v, v^2, w, vw, v^2 w are those of w to the power of 0, 2, 4, 1, 3, 5. */
void fp12_frobenius(struct fp12 *out, const struct fp12 *a) {
    fp2_conjugate(&out->c0.c0, &a->c0.c0);
    fp2_conjugate(&out->c0.c1, &a->c0.c1);
    fp2_conjugate(&out->c0.c2, &a->c0.c2);
    fp2_conjugate(&out->c1.c0, &a->c1.c0);
    fp2_conjugate(&out->c1.c1, &a->c1.c1);
    fp2_conjugate(&out->c1.c2, &a->c1.c2);
    fp2_multiply(&out->c0.c1, &out->c0.c1, &frobenius_coefficient[2 - 1]);
    fp2_multiply(&out->c0.c2, &out->c0.c2, &frobenius_coefficient[4 - 1]);
    fp2_multiply(&out->c1.c0, &out->c1.c0, &frobenius_coefficient[1 - 1]);
    fp2_multiply(&out->c1.c1, &out->c1.c1, &frobenius_coefficient[3 - 1]);
    fp2_multiply(&out->c1.c2, &out->c1.c2, &frobenius_coefficient[5 - 1]);
}

/* The square of a + b s where s^2 = xi: a^2 + xi b^2 and 2ab. */
static void fp4_square(struct fp2 *out0, struct fp2 *out1, const struct fp2 *a,
                       const struct fp2 *b) {
    struct fp2 square_a, square_b, sum;
    fp2_square(&square_a, a);
    fp2_square(&square_b, b);
    fp2_add(&sum, a, b);
    fp2_square(&sum, &sum);
    fp2_subtract(&sum, &sum, &square_a);
    fp2_subtract(out1, &sum, &square_b);
    fp2_multiply_by_xi(&square_b, &square_b);
    fp2_add(out0, &square_a, &square_b);
}

/* 3 square - 2 a, and 3 square + 2 a */
static void fp2_triple_less(struct fp2 *out, const struct fp2 *square, const struct fp2 *a) {
    struct fp2 difference;
    fp2_subtract(&difference, square, a);
    fp2_double(&difference, &difference);
    fp2_add(out, &difference, square);
}
static void fp2_triple_more(struct fp2 *out, const struct fp2 *square, const struct fp2 *a) {
    struct fp2 sum;
    fp2_add(&sum, square, a);
    fp2_double(&sum, &sum);
    fp2_add(out, &sum, square);
}

/* Granger and Scott, "Faster squaring in the cyclotomic subgroup of sixth degree extensions"
 * (2009): with x = a + b w + c w^2 over Fp4 = Fp2[s], s = w^3, and ' for s to -s,
 * x^2 = (3 a^2 - 2 a') + (3 s c^2 + 2 b') w + (3 b^2 - 2 c') w^2. */
void fp12_square_cyclotomic(struct fp12 *out, const struct fp12 *a) {
    struct fp2 a0, a1, b0, b1, c0, c1;
    fp4_square(&a0, &a1, &a->c0.c0, &a->c1.c1);
    fp4_square(&b0, &b1, &a->c1.c0, &a->c0.c2);
    fp4_square(&c0, &c1, &a->c0.c1, &a->c1.c2);
    fp2_triple_less(&out->c0.c0, &a0, &a->c0.c0);
    fp2_triple_more(&out->c1.c1, &a1, &a->c1.c1);
    fp2_triple_less(&out->c0.c1, &b0, &a->c0.c1);
    fp2_triple_more(&out->c1.c2, &b1, &a->c1.c2);
    fp2_triple_less(&out->c0.c2, &c0, &a->c0.c2);
    fp2_multiply_by_xi(&c1, &c1);
    fp2_triple_more(&out->c1.c0, &c1, &a->c1.c0);
}
