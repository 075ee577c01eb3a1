/* The groups of alt_bn128: EIP-196 (G1) and EIP-197 (G2). */
#include "bn128_curve.h"

/* 3 in Montgomery form: 3 * 2^256 mod p. */
static const struct fp curve_b = {{UINT64_C(0x7a17caa950ad28d7), UINT64_C(0x1f6ac17ae15521b9),
                                   UINT64_C(0x334bea4e696bd284), UINT64_C(0x2a1f6744ce179d8e)}};

/* 3 / (9 + i) in Montgomery form, computed with big integers; the test
 * `the_constant_of_the_twist_is_three_over_xi` multiplies it back. */
const struct fp2 g2_curve_b = {{{UINT64_C(0x3bf938e377b802a8), UINT64_C(0x020b1b273633535d),
                                 UINT64_C(0x26b7edf049755260), UINT64_C(0x2514c6324384a86d)}},
                               {{UINT64_C(0x38e7ecccd1dcff67), UINT64_C(0x65f0b37d93ce0d3e),
                                 UINT64_C(0xd749d0dd22ac00aa), UINT64_C(0x0141b9ce4a688d4d)}}};

#define FIELD fp
#define FIELD_(verb) fp_##verb
#define JACOBIAN(name) jacobian1_##name
#include "bn128_jacobian.h"
#undef FIELD
#undef FIELD_
#undef JACOBIAN

#define FIELD fp2
#define FIELD_(verb) fp2_##verb
#define JACOBIAN(name) jacobian2_##name
#include "bn128_jacobian.h"
#undef FIELD
#undef FIELD_
#undef JACOBIAN

/* -- G1 ---------------------------------------------------------------------------------------- */

bool g1_is_infinity(const struct g1 *a) {
    return fp_is_zero(&a->x) && fp_is_zero(&a->y);
}

bool g1_is_valid(const struct g1 *a) {
    struct fp left, right;
    fp_square(&left, &a->y);
    fp_square(&right, &a->x);
    fp_multiply(&right, &right, &a->x);
    fp_add(&right, &right, &curve_b);
    return fp_equal(&left, &right) || g1_is_infinity(a);
}

void g1_negate(struct g1 *out, const struct g1 *a) {
    out->x = a->x;
    fp_negate(&out->y, &a->y);
}

static struct jacobian1_point jacobian1_from(const struct g1 *a) {
    return (struct jacobian1_point){a->x, a->y, g1_is_infinity(a) ? fp_zero : fp_one};
}

/* 1 / 0 is 0 in fp_invert, which makes a Z of 0 the infinity of struct g1. */
static void jacobian1_to_affine(struct g1 *out, const struct jacobian1_point *a) {
    struct fp inverse, square;
    fp_invert(&inverse, &a->z);
    fp_square(&square, &inverse);
    fp_multiply(&out->x, &a->x, &square);
    fp_multiply(&square, &square, &inverse);
    fp_multiply(&out->y, &a->y, &square);
}

void g1_add(struct g1 *out, const struct g1 *a, const struct g1 *b) {
    struct jacobian1_point sum = jacobian1_from(a), second = jacobian1_from(b);
    jacobian1_add(&sum, &sum, &second);
    jacobian1_to_affine(out, &sum);
}

/* Four bits of the scalar at a time. */
void g1_multiply(struct g1 *out, const struct g1 *a, const uint8_t scalar[BN128_SCALAR_SIZE]) {
    enum { WINDOW = 4, MULTIPLES = 1 << WINDOW };
    struct jacobian1_point multiple[MULTIPLES];
    multiple[0] = (struct jacobian1_point){fp_zero, fp_zero, fp_zero};
    multiple[1] = jacobian1_from(a);
    for (unsigned i = 2; i < MULTIPLES; i++) {
        jacobian1_add(&multiple[i], &multiple[i - 1], &multiple[1]);
    }
    struct jacobian1_point product = multiple[0];
    for (unsigned i = 0; i < 2 * BN128_SCALAR_SIZE; i++) {
        for (unsigned j = 0; j < WINDOW && !fp_is_zero(&product.z); j++) {
            jacobian1_double(&product, &product);
        }
        unsigned digit = i % 2 == 0 ? scalar[i / 2] >> WINDOW : scalar[i / 2] % MULTIPLES;
        jacobian1_add(&product, &product, &multiple[digit]);
    }
    jacobian1_to_affine(out, &product);
}

/* -- G2 ---------------------------------------------------------------------------------------- */

bool g2_is_infinity(const struct g2 *a) {
    return fp2_is_zero(&a->x) && fp2_is_zero(&a->y);
}

bool g2_is_on_curve(const struct g2 *a) {
    struct fp2 left, right;
    fp2_square(&left, &a->y);
    fp2_square(&right, &a->x);
    fp2_multiply(&right, &right, &a->x);
    fp2_add(&right, &right, &g2_curve_b);
    return fp2_equal(&left, &right) || g2_is_infinity(a);
}

/* A point (x, y) of the twist is the point (x w^2, y w^3) of the curve over Fp12. Its coordinates
 * to the power of p, and back. */
void g2_frobenius(struct g2 *out, const struct g2 *a) {
    fp2_conjugate(&out->x, &a->x);
    fp2_conjugate(&out->y, &a->y);
    fp2_multiply(&out->x, &out->x, &frobenius_coefficient[2 - 1]);
    fp2_multiply(&out->y, &out->y, &frobenius_coefficient[3 - 1]);
}

static void jacobian2_frobenius(struct jacobian2_point *out, const struct jacobian2_point *a) {
    struct g2 numerators = {a->x, a->y};
    g2_frobenius(&numerators, &numerators);
    out->x = numerators.x;
    out->y = numerators.y;
    fp2_conjugate(&out->z, &a->z);
}

static bool jacobian2_equal(const struct jacobian2_point *a, const struct jacobian2_point *b) {
    struct jacobian2_point difference = *b;
    fp2_negate(&difference.y, &difference.y);
    jacobian2_add(&difference, &difference, a);
    return fp2_is_zero(&difference.z);
}

/* u, the number that makes the curve, has 28 bits that are set. */
static void jacobian2_multiply_by_u(struct jacobian2_point *out, const struct jacobian2_point *a) {
    struct jacobian2_point product = *a;
    for (unsigned bit = BN128_U_BITS - 1; bit-- > 0;) {
        jacobian2_double(&product, &product);
        if ((BN128_U >> bit & 1) != 0) {
            jacobian2_add(&product, &product, a);
        }
    }
    *out = product;
}

/* G2 are the points with (u + 1)Q + psi(uQ) + psi^2(uQ) = psi^3(2uQ) (El Housni, Guillevic and
 * Piellard, "Co-factor clearing and subgroup membership testing on pairing-friendly curves", 2022).
 * Why: let f(X) = (u + 1) + uX + uX^2 - 2uX^3. On the twist psi^2 - t psi + p = 0, where
 * t = 6u^2 + 1, so that f(psi)Q = 0 implies that Q times the resultant of f and X^2 - tX + p is 0.
 * The greatest common divisor of that resultant and the number of the twist's points, r(2p - r),
 * is r, so that rQ = 0; and r^2 does not divide r(2p - r), so that such Q are G2. On G2 psi is
 * multiplication by p, and r divides f(p). */
bool g2_is_in_subgroup(const struct g2 *a) {
    if (g2_is_infinity(a)) {
        return true;
    }
    struct jacobian2_point point = {a->x, a->y, {fp_one, fp_zero}}, power, left;
    jacobian2_multiply_by_u(&power, &point);
    jacobian2_add(&left, &power, &point);
    jacobian2_frobenius(&point, &power);
    jacobian2_add(&left, &left, &point);
    jacobian2_frobenius(&point, &point);
    jacobian2_add(&left, &left, &point);
    jacobian2_frobenius(&point, &point);
    jacobian2_double(&point, &point);
    return jacobian2_equal(&left, &point);
}
