/* alt_bn128 for its tests: its numbers as big integers, and points that the library does not make.
 */
#ifndef EXTVM_TESTS_BN128_POINTS_H
#define EXTVM_TESTS_BN128_POINTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gmp.h>

#include "evm/bn128_curve.h"

/* p = 36u^4 + 36u^3 + 24u^2 + 6u + 1 and r = p - 6u^2. */
struct numbers {
    mpz_t u, p, r;
};

static inline void numbers_init(struct numbers *numbers) {
    mpz_inits(numbers->u, numbers->p, numbers->r, NULL);
    mpz_set_str(numbers->u, "4965661367192848881", 10);
    static const unsigned long coefficients[] = {36, 36, 24, 6, 1};
    for (unsigned i = 0; i < 5; i++) {
        mpz_mul(numbers->p, numbers->p, numbers->u);
        mpz_add_ui(numbers->p, numbers->p, coefficients[i]);
    }
    mpz_mul(numbers->r, numbers->u, numbers->u);
    mpz_mul_ui(numbers->r, numbers->r, 6);
    mpz_sub(numbers->r, numbers->p, numbers->r);
}

static inline void numbers_clear(struct numbers *numbers) {
    mpz_clears(numbers->u, numbers->p, numbers->r, NULL);
}

static inline void word_from(uint8_t word[FP_SIZE], const mpz_t number) {
    size_t length = (mpz_sizeinbase(number, 2) + 7) / 8;
    assert_true(length <= FP_SIZE);
    memset(word, 0, FP_SIZE);
    mpz_export(word + FP_SIZE - length, NULL, 1, 1, 1, 0, number);
}

static inline struct fp fp_from(const mpz_t number) {
    uint8_t word[FP_SIZE];
    struct fp result;
    word_from(word, number);
    assert_true(fp_from_bytes(&result, word));
    return result;
}

static inline void fp2_power(struct fp2 *out, const struct fp2 *a, const mpz_t exponent) {
    struct fp2 result = {fp_one, fp_zero};
    for (size_t bit = mpz_sizeinbase(exponent, 2); bit-- > 0;) {
        fp2_square(&result, &result);
        if (mpz_tstbit(exponent, bit)) {
            fp2_multiply(&result, &result, a);
        }
    }
    *out = result;
}

/* Numbers that look like chance and are the same in each run. */
struct sequence {
    gmp_randstate_t state;
    struct numbers numbers;
};

static inline void sequence_init(struct sequence *sequence) {
    gmp_randinit_mt(sequence->state);
    gmp_randseed_ui(sequence->state, 20201120);
    numbers_init(&sequence->numbers);
}

static inline void sequence_clear(struct sequence *sequence) {
    gmp_randclear(sequence->state);
    numbers_clear(&sequence->numbers);
}

static inline struct fp fp_small(unsigned long number) {
    mpz_t value;
    mpz_init_set_ui(value, number);
    struct fp result = fp_from(value);
    mpz_clear(value);
    return result;
}

static inline struct fp fp_from_hex(const char *hex) {
    mpz_t number;
    mpz_init_set_str(number, hex, 16);
    struct fp result = fp_from(number);
    mpz_clear(number);
    return result;
}

static inline struct g1 g1_generator(void) {
    return (struct g1){fp_one, fp_small(2)};
}

/* EIP-197, P2. */
static inline struct g2 g2_generator(void) {
    return (struct g2){
        {fp_from_hex("1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"),
         fp_from_hex("198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2")},
        {fp_from_hex("12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"),
         fp_from_hex("090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b")}};
}

/* The rule of chord and tangent on the twist, with coordinates as they are: nothing in common with
 * the library's. */
static inline void twist_add(struct g2 *out, const struct g2 *a, const struct g2 *b) {
    if (g2_is_infinity(a) || g2_is_infinity(b)) {
        *out = g2_is_infinity(a) ? *b : *a;
        return;
    }
    struct fp2 slope, divisor;
    if (fp2_equal(&a->x, &b->x)) {
        fp2_add(&divisor, &a->y, &b->y);
        if (fp2_is_zero(&divisor)) {
            memset(out, 0, sizeof *out);
            return;
        }
        struct fp2 square;
        fp2_square(&square, &a->x);
        fp2_add(&slope, &square, &square);
        fp2_add(&slope, &slope, &square);
    } else {
        fp2_subtract(&slope, &b->y, &a->y);
        fp2_subtract(&divisor, &b->x, &a->x);
    }
    fp2_invert(&divisor, &divisor);
    fp2_multiply(&slope, &slope, &divisor);
    struct g2 sum;
    fp2_square(&sum.x, &slope);
    fp2_subtract(&sum.x, &sum.x, &a->x);
    fp2_subtract(&sum.x, &sum.x, &b->x);
    fp2_subtract(&sum.y, &a->x, &sum.x);
    fp2_multiply(&sum.y, &sum.y, &slope);
    fp2_subtract(&sum.y, &sum.y, &a->y);
    *out = sum;
}

static inline struct g2 twist_multiply(const struct g2 *a, const mpz_t scalar) {
    struct g2 product;
    memset(&product, 0, sizeof product);
    for (size_t bit = mpz_sizeinbase(scalar, 2); bit-- > 0;) {
        twist_add(&product, &product, &product);
        if (mpz_tstbit(scalar, bit)) {
            twist_add(&product, &product, a);
        }
    }
    return product;
}

/* A square root in Fp2 for p = 3 modulo 4 (Adj and Rodriguez-Henriquez, "Square root computation
 * over even extension fields", 2012, algorithm 9); false when there is none. */
static inline bool fp2_root(struct fp2 *out, const struct fp2 *a, const struct numbers *numbers) {
    const struct fp2 one = {fp_one, fp_zero}, i = {fp_zero, fp_one};
    mpz_t exponent;
    mpz_init(exponent);
    struct fp2 power, root, alpha, minus_one;
    mpz_sub_ui(exponent, numbers->p, 3);
    mpz_divexact_ui(exponent, exponent, 4);
    fp2_power(&power, a, exponent);
    fp2_multiply(&root, &power, a);
    fp2_multiply(&alpha, &power, &root);
    fp2_negate(&minus_one, &one);
    if (fp2_equal(&alpha, &minus_one)) {
        fp2_multiply(&root, &root, &i);
    } else {
        fp2_add(&alpha, &alpha, &one);
        mpz_sub_ui(exponent, numbers->p, 1);
        mpz_divexact_ui(exponent, exponent, 2);
        fp2_power(&alpha, &alpha, exponent);
        fp2_multiply(&root, &root, &alpha);
    }
    mpz_clear(exponent);
    fp2_square(&alpha, &root);
    *out = root;
    return fp2_equal(&alpha, a);
}

/* The first point of the twist with x = (number, 1), for a number of `*number` or more. */
static inline struct g2 next_twist_point(unsigned long *number, const struct numbers *numbers) {
    struct g2 point;
    struct fp2 right;
    do {
        point.x = (struct fp2){fp_small((*number)++), fp_one};
        fp2_square(&right, &point.x);
        fp2_multiply(&right, &right, &point.x);
        fp2_add(&right, &right, &g2_curve_b);
    } while (!fp2_root(&point.y, &right, numbers));
    return point;
}

#endif
