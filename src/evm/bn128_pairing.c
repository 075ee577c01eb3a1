/* The optimal ate pairing of alt_bn128 (EIP-197; Vercauteren, "Optimal pairings", 2010):
 *
 *   e(P, Q) = (f(6u + 2, Q) l([6u + 2]Q, psi(Q)) l([6u + 2]Q + psi(Q), -psi^2(Q)))^((p^12 - 1) / r)
 *
 * where f and the lines l are taken at P. EIP-197 leaves the pairing open, as all of them answer
 * its question alike. Lines may carry any factor of a proper subfield of Fp12, as the power makes
 * that 1; and vertical lines are such factors. */
#include "bn128_pairing.h"

/* A point of the twist in homogeneous coordinates, x = X / Z, y = Y / Z. */
struct twist_point {
    struct fp2 x, y, z;
};

/* One pair on its way through the loop. */
struct miller_pair {
    struct twist_point t;
    struct g2 q, q_negated;
    struct fp x_negated, y; /* of P */
};

struct line {
    struct fp2 l0, l1, l3; /* l0 + l1 w + l3 w^3 */
};

/* 6u + 2 = 2^64 + LOOP_PLUS - LOOP_MINUS in non-adjacent form, but for its two highest digits,
 * which 2^64 + 2^63 writes shorter than 2^65 - 2^63. */
#define LOOP_PLUS UINT64_C(0xa002004200804028)
#define LOOP_MINUS UINT64_C(0x02889008420a0480)
enum { LOOP_BITS = 64 };

/* u = U_PLUS - U_MINUS in non-adjacent form. */
#define U_PLUS UINT64_C(0x450a14044a890a01)
#define U_MINUS UINT64_C(0x0020815000200010)

_Static_assert(U_PLUS - U_MINUS == BN128_U, "the digits are those of u");
_Static_assert(LOOP_PLUS - LOOP_MINUS == 6 * BN128_U + 2, "the digits are those of 6u + 2 - 2^64");

static void multiply_by_line(struct fp12 *f, const struct line *line,
                             const struct miller_pair *pair) {
    struct fp2 l0, l1;
    fp2_scale(&l0, &line->l0, &pair->y);
    fp2_scale(&l1, &line->l1, &pair->x_negated);
    fp12_multiply_by_line(f, f, &l0, &l1, &line->l3);
}

/* T = 2T, and the tangent at the old T. A point (x, y) of the twist is (x w^2, y w^3) on the curve,
 * where the slope is k w with k = 3x^2 / 2y, so that the tangent at P = (x_P, y_P) is
 * y_P - k x_P w + (k x - y) w^3. Times 2YZ, with X^3 / Z = Y^2 - bZ^2:
 *
 *   2YZ y_P - 3X^2 x_P w + (Y^2 - 3bZ^2) w^3.
 *
 * In the same way, times 4, X' = 2XY(Y^2 - 9bZ^2), Y' = (Y^2 + 9bZ^2)^2 - 12(3bZ^2)^2 and
 * Z' = 8Y^3 Z. */
static void double_with_line(struct twist_point *t, struct line *line) {
    struct fp2 xy, y2, z2, e, f, h, m;
    fp2_multiply(&xy, &t->x, &t->y);
    fp2_square(&y2, &t->y);
    fp2_square(&z2, &t->z);
    fp2_add(&h, &t->y, &t->z);
    fp2_square(&h, &h);
    fp2_subtract(&h, &h, &y2);
    fp2_subtract(&h, &h, &z2); /* 2YZ */
    fp2_multiply(&f, &z2, &g2_curve_b);
    fp2_double(&e, &f);
    fp2_add(&e, &e, &f); /* 3bZ^2 */
    fp2_double(&f, &e);
    fp2_add(&f, &f, &e); /* 9bZ^2 */

    line->l0 = h;
    fp2_square(&m, &t->x);
    fp2_double(&line->l1, &m);
    fp2_add(&line->l1, &line->l1, &m);
    fp2_subtract(&line->l3, &y2, &e);

    fp2_subtract(&m, &y2, &f);
    fp2_multiply(&t->x, &xy, &m);
    fp2_double(&t->x, &t->x);
    fp2_add(&m, &y2, &f);
    fp2_square(&t->y, &m);
    fp2_double(&e, &e);
    fp2_square(&e, &e); /* 4(3bZ^2)^2 */
    fp2_subtract(&t->y, &t->y, &e);
    fp2_double(&e, &e);
    fp2_subtract(&t->y, &t->y, &e);
    fp2_multiply(&t->z, &y2, &h);
    fp2_double(&t->z, &t->z);
    fp2_double(&t->z, &t->z);
}

/* T = T + Q, and the line through both. With A = Y - y_Q Z and B = X - x_Q Z the slope is A / B,
 * and the line at P, times B, is B y_P - A x_P w + (A x_Q - B y_Q) w^3. With H = B^3 + A^2 Z -
 * 2XB^2, X' = BH, Y' = A(XB^2 - H) - YB^3 and Z' = ZB^3. T is never Q or -Q: it is a multiple of Q
 * by a number that is neither 1 nor -1 modulo r. */
static void add_with_line(struct twist_point *t, const struct g2 *q, struct line *line) {
    struct fp2 a, b, b2, b3, g, h, product;
    fp2_multiply(&a, &q->y, &t->z);
    fp2_subtract(&a, &t->y, &a);
    fp2_multiply(&b, &q->x, &t->z);
    fp2_subtract(&b, &t->x, &b);

    line->l0 = b;
    line->l1 = a;
    fp2_multiply(&line->l3, &a, &q->x);
    fp2_multiply(&product, &b, &q->y);
    fp2_subtract(&line->l3, &line->l3, &product);

    fp2_square(&b2, &b);
    fp2_multiply(&b3, &b, &b2);
    fp2_multiply(&g, &t->x, &b2);
    fp2_square(&h, &a);
    fp2_multiply(&h, &h, &t->z);
    fp2_add(&h, &h, &b3);
    fp2_subtract(&h, &h, &g);
    fp2_subtract(&h, &h, &g);
    fp2_multiply(&t->x, &b, &h);
    fp2_subtract(&g, &g, &h);
    fp2_multiply(&g, &g, &a);
    fp2_multiply(&product, &t->y, &b3);
    fp2_subtract(&t->y, &g, &product);
    fp2_multiply(&t->z, &t->z, &b3);
}

/* The pairs without those that have a point at infinity. */
static size_t start_pairs(struct miller_pair started[BN128_BATCH], const struct bn128_pair *pairs,
                          size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct g1 *p = &pairs[i].p;
        const struct g2 *q = &pairs[i].q;
        if (g1_is_infinity(p) || g2_is_infinity(q)) {
            continue;
        }
        struct miller_pair *pair = &started[kept++];
        pair->t = (struct twist_point){q->x, q->y, {fp_one, fp_zero}};
        pair->q = *q;
        pair->q_negated.x = q->x;
        fp2_negate(&pair->q_negated.y, &q->y);
        fp_negate(&pair->x_negated, &p->x);
        pair->y = p->y;
    }
    return kept;
}

static void add_point(struct fp12 *f, struct miller_pair *pair, const struct g2 *q) {
    struct line line;
    add_with_line(&pair->t, q, &line);
    multiply_by_line(f, &line, pair);
}

void bn128_miller(struct fp12 *product, const struct bn128_pair *pairs, size_t count) {
    struct miller_pair started[BN128_BATCH];
    size_t kept = start_pairs(started, pairs, count);
    struct fp12 f = fp12_one;
    for (unsigned bit = LOOP_BITS; bit-- > 0;) {
        fp12_square(&f, &f);
        bool plus = (LOOP_PLUS >> bit & 1) != 0, minus = (LOOP_MINUS >> bit & 1) != 0;
        for (size_t i = 0; i < kept; i++) {
            struct miller_pair *pair = &started[i];
            struct line line;
            double_with_line(&pair->t, &line);
            multiply_by_line(&f, &line, pair);
            if (plus || minus) {
                add_point(&f, pair, plus ? &pair->q : &pair->q_negated);
            }
        }
    }
    for (size_t i = 0; i < kept; i++) {
        struct g2 image;
        g2_frobenius(&image, &started[i].q);
        add_point(&f, &started[i], &image);
        g2_frobenius(&image, &image);
        fp2_negate(&image.y, &image.y);
        add_point(&f, &started[i], &image);
    }
    fp12_multiply(product, product, &f);
}

/* `a` to the power of u, for `a` of the cyclotomic subgroup, where the conjugate is the inverse. */
static void power_of_u(struct fp12 *out, const struct fp12 *a) {
    struct fp12 result = *a, inverse;
    fp12_conjugate(&inverse, a);
    for (unsigned bit = BN128_U_BITS - 1; bit-- > 0;) {
        fp12_square_cyclotomic(&result, &result);
        if ((U_PLUS >> bit & 1) != 0) {
            fp12_multiply(&result, &result, a);
        } else if ((U_MINUS >> bit & 1) != 0) {
            fp12_multiply(&result, &result, &inverse);
        }
    }
    *out = result;
}

/* a^((p^6 - 1)(p^2 + 1)), which is of the cyclotomic subgroup. */
static void easy_power(struct fp12 *out, const struct fp12 *a) {
    struct fp12 inverse, result;
    fp12_invert(&inverse, a);
    fp12_conjugate(&result, a);
    fp12_multiply(&result, &result, &inverse);
    fp12_frobenius(out, &result);
    fp12_frobenius(out, out);
    fp12_multiply(out, out, &result);
}

/* What is left, (p^4 - p^2 + 1) / r, times 2u(6u^2 + 3u + 1), is k0 + k1 p + k2 p^2 + k3 p^3 with
 * k2 = 12u^3 + 6u^2 + 6u, k1 = k2 - 2u, k0 = k2 + 6u^2 + 1 and k3 = k1 - 1 (Fuentes-Castaneda,
 * Knapp and Rodriguez-Henriquez, "Faster hashing to G2", 2011). */
void bn128_final_power(struct fp12 *out, const struct fp12 *a) {
    struct fp12 f, u2, u6, u6u, k2, k1, k0, k3;
    easy_power(&f, a);
    power_of_u(&u2, &f);
    fp12_square_cyclotomic(&u2, &u2); /* 2u */
    fp12_square_cyclotomic(&u6, &u2);
    fp12_multiply(&u6, &u6, &u2); /* 6u */
    power_of_u(&u6u, &u6);        /* 6u^2 */
    fp12_square_cyclotomic(&k2, &u6u);
    power_of_u(&k2, &k2); /* 12u^3 */
    fp12_multiply(&k2, &k2, &u6u);
    fp12_multiply(&k2, &k2, &u6);
    fp12_conjugate(&u2, &u2);
    fp12_multiply(&k1, &k2, &u2);
    fp12_multiply(&k0, &k2, &u6u);
    fp12_multiply(&k0, &k0, &f);
    fp12_conjugate(&f, &f);
    fp12_multiply(&k3, &k1, &f);

    fp12_frobenius(out, &k3); /* Horner's scheme in p */
    fp12_multiply(out, out, &k2);
    fp12_frobenius(out, out);
    fp12_multiply(out, out, &k1);
    fp12_frobenius(out, out);
    fp12_multiply(out, out, &k0);
}
