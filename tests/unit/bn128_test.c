/* The curve alt_bn128 and the contracts on it (EIP-196, EIP-197): constants are derived again with
 * big integers, and answers follow from algebra. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gmp.h>

#include "evm/bn128_pairing.h"
#include "evm/precompiled.h"

enum { ADD = 6, MULTIPLY = 7, PAIRING = 8 };
enum { G1_SIZE = 64, PAIR_SIZE = 192, INPUT_MAXIMUM = 48 * PAIR_SIZE }; /* bytes */

/* -- big integers --------------------------------------------------------------------------------
 */

/* p = 36u^4 + 36u^3 + 24u^2 + 6u + 1 and r = p - 6u^2. */
struct numbers {
    mpz_t u, p, r;
};

static void numbers_init(struct numbers *numbers) {
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

static void numbers_clear(struct numbers *numbers) {
    mpz_clears(numbers->u, numbers->p, numbers->r, NULL);
}

static void word_from(uint8_t word[FP_SIZE], const mpz_t number) {
    size_t length = (mpz_sizeinbase(number, 2) + 7) / 8;
    assert_true(length <= FP_SIZE);
    memset(word, 0, FP_SIZE);
    mpz_export(word + FP_SIZE - length, NULL, 1, 1, 1, 0, number);
}

static struct fp fp_from(const mpz_t number) {
    uint8_t word[FP_SIZE];
    struct fp result;
    word_from(word, number);
    assert_true(fp_from_bytes(&result, word));
    return result;
}

static void assert_number(const struct fp *a, const mpz_t expected) {
    uint8_t word[FP_SIZE], bytes[FP_SIZE];
    word_from(word, expected);
    fp_to_bytes(bytes, a);
    assert_memory_equal(bytes, word, FP_SIZE);
}

static void fp2_power(struct fp2 *out, const struct fp2 *a, const mpz_t exponent) {
    struct fp2 result = {fp_one, fp_zero};
    for (size_t bit = mpz_sizeinbase(exponent, 2); bit-- > 0;) {
        fp2_square(&result, &result);
        if (mpz_tstbit(exponent, bit)) {
            fp2_multiply(&result, &result, a);
        }
    }
    *out = result;
}

static void fp12_power(struct fp12 *out, const struct fp12 *a, const mpz_t exponent) {
    struct fp12 result = fp12_one;
    for (size_t bit = mpz_sizeinbase(exponent, 2); bit-- > 0;) {
        fp12_square(&result, &result);
        if (mpz_tstbit(exponent, bit)) {
            fp12_multiply(&result, &result, a);
        }
    }
    *out = result;
}

/* Numbers that look like chance and are the same in each run. */
struct sequence {
    gmp_randstate_t state;
    struct numbers numbers;
};

static void sequence_init(struct sequence *sequence) {
    gmp_randinit_mt(sequence->state);
    gmp_randseed_ui(sequence->state, 20201120);
    numbers_init(&sequence->numbers);
}

static void sequence_clear(struct sequence *sequence) {
    gmp_randclear(sequence->state);
    numbers_clear(&sequence->numbers);
}

/* One in four is at an edge. */
static void next_number(struct sequence *sequence, mpz_t out) {
    mpz_urandomm(out, sequence->state, sequence->numbers.p);
    if (gmp_urandomm_ui(sequence->state, 4) == 0) {
        mpz_set_ui(out, gmp_urandomm_ui(sequence->state, 3));
        if (gmp_urandomm_ui(sequence->state, 2) == 0) {
            mpz_add_ui(out, out, 1);
            mpz_sub(out, sequence->numbers.p, out);
        }
    }
}

static struct fp next_fp(struct sequence *sequence) {
    mpz_t number;
    mpz_init(number);
    mpz_urandomm(number, sequence->state, sequence->numbers.p);
    struct fp result = fp_from(number);
    mpz_clear(number);
    return result;
}

static struct fp2 next_fp2(struct sequence *sequence) {
    struct fp c0 = next_fp(sequence), c1 = next_fp(sequence);
    return (struct fp2){c0, c1};
}

static struct fp12 next_fp12(struct sequence *sequence) {
    struct fp12 result;
    struct fp2 *const coordinates[] = {&result.c0.c0, &result.c0.c1, &result.c0.c2,
                                       &result.c1.c0, &result.c1.c1, &result.c1.c2};
    for (unsigned i = 0; i < 6; i++) {
        *coordinates[i] = next_fp2(sequence);
    }
    return result;
}

/* -- the field -----------------------------------------------------------------------------------
 */

static void the_field_and_its_constants_are_those_that_u_makes(void **state) {
    (void)state;
    struct numbers numbers;
    numbers_init(&numbers);
    static const uint64_t limbs[FP_LIMBS] = {FP_P0, FP_P1, FP_P2, FP_P3};
    mpz_t number;
    mpz_init(number);
    mpz_import(number, FP_LIMBS, -1, sizeof limbs[0], 0, 0, limbs);
    assert_int_equal(mpz_cmp(number, numbers.p), 0);
    assert_true(mpz_cmp_ui(numbers.u, BN128_U) == 0);
    assert_int_equal(mpz_sizeinbase(numbers.u, 2), BN128_U_BITS);
    assert_true(FP_P0 * FP_NEGATED_INVERSE == UINT64_MAX);
    mpz_set_str(number,
                "21888242871839275222246405745257275088696311157297823662689037894645226208583",
                10);
    assert_int_equal(mpz_cmp(number, numbers.p), 0); /* EIP-196's p, and its r */
    mpz_set_str(number,
                "21888242871839275222246405745257275088548364400416034343698204186575808495617",
                10);
    assert_int_equal(mpz_cmp(number, numbers.r), 0);
    mpz_set_ui(number, 1);
    assert_number(&fp_one, number);
    mpz_set_ui(number, 0);
    assert_number(&fp_zero, number);
    assert_true(fp_equal(&fp12_one.c0.c0.c0, &fp_one));
    mpz_clear(number);
    numbers_clear(&numbers);
}

static void arithmetic_modulo_p_agrees_with_big_integers(void **state) {
    (void)state;
    struct sequence sequence;
    sequence_init(&sequence);
    const mpz_t *p = &sequence.numbers.p;
    mpz_t a, b, expected;
    mpz_inits(a, b, expected, NULL);
    for (unsigned i = 0; i < 2000; i++) {
        next_number(&sequence, a);
        next_number(&sequence, b);
        struct fp x = fp_from(a), y = fp_from(b), result;
        mpz_add(expected, a, b);
        mpz_mod(expected, expected, *p);
        fp_add(&result, &x, &y);
        assert_number(&result, expected);
        mpz_sub(expected, a, b);
        mpz_mod(expected, expected, *p);
        fp_subtract(&result, &x, &y);
        assert_number(&result, expected);
        mpz_mul(expected, a, b);
        mpz_mod(expected, expected, *p);
        fp_multiply(&result, &x, &y);
        assert_number(&result, expected);
        mpz_neg(expected, a);
        mpz_mod(expected, expected, *p);
        fp_negate(&result, &x);
        assert_number(&result, expected);
        if (mpz_invert(expected, a, *p) == 0) {
            mpz_set_ui(expected, 0);
        }
        fp_invert(&result, &x);
        assert_number(&result, expected);
    }
    mpz_clears(a, b, expected, NULL);
    sequence_clear(&sequence);
}

static void arithmetic_in_fp2_agrees_with_big_integers(void **state) {
    (void)state;
    struct sequence sequence;
    sequence_init(&sequence);
    const mpz_t *p = &sequence.numbers.p;
    mpz_t a0, a1, b0, b1, expected;
    mpz_inits(a0, a1, b0, b1, expected, NULL);
    for (unsigned i = 0; i < 2000; i++) {
        next_number(&sequence, a0);
        next_number(&sequence, a1);
        next_number(&sequence, b0);
        next_number(&sequence, b1);
        struct fp2 x = {fp_from(a0), fp_from(a1)}, y = {fp_from(b0), fp_from(b1)}, result, square;
        fp2_multiply(&result, &x, &y);
        mpz_mul(expected, a0, b0);
        mpz_submul(expected, a1, b1);
        mpz_mod(expected, expected, *p);
        assert_number(&result.c0, expected);
        mpz_mul(expected, a0, b1);
        mpz_addmul(expected, a1, b0);
        mpz_mod(expected, expected, *p);
        assert_number(&result.c1, expected);
        fp2_multiply(&result, &x, &x);
        fp2_square(&square, &x);
        assert_true(fp2_equal(&result, &square));
        fp2_invert(&result, &x);
        fp2_multiply(&result, &result, &x);
        const struct fp2 one = {fp2_is_zero(&x) ? fp_zero : fp_one, fp_zero};
        assert_true(fp2_equal(&result, &one));
    }
    mpz_clears(a0, a1, b0, b1, expected, NULL);
    sequence_clear(&sequence);
}

static struct fp fp_small(unsigned long number) {
    mpz_t value;
    mpz_init_set_ui(value, number);
    struct fp result = fp_from(value);
    mpz_clear(value);
    return result;
}

static struct fp2 xi_of_the_tower(void) {
    return (struct fp2){fp_small(9), fp_one};
}

static void every_frobenius_coefficient_is_the_power_of_xi_it_stands_for(void **state) {
    (void)state;
    struct numbers numbers;
    numbers_init(&numbers);
    mpz_t sixth, exponent;
    mpz_inits(sixth, exponent, NULL);
    mpz_sub_ui(sixth, numbers.p, 1);
    assert_true(mpz_divisible_ui_p(sixth, 6));
    mpz_divexact_ui(sixth, sixth, 6);
    const struct fp2 xi = xi_of_the_tower();
    for (unsigned k = 1; k <= FROBENIUS_COEFFICIENTS; k++) {
        mpz_mul_ui(exponent, sixth, k);
        struct fp2 power;
        fp2_power(&power, &xi, exponent);
        assert_true(fp2_equal(&power, &frobenius_coefficient[k - 1]));
    }
    mpz_clears(sixth, exponent, NULL);
    numbers_clear(&numbers);
}

static void the_constant_of_the_twist_is_three_over_xi(void **state) {
    (void)state;
    struct fp2 product, by_function;
    const struct fp2 xi = xi_of_the_tower(), three = {fp_small(3), fp_zero};
    fp2_multiply(&product, &g2_curve_b, &xi);
    assert_true(fp2_equal(&product, &three));
    fp2_multiply_by_xi(&by_function, &g2_curve_b);
    assert_true(fp2_equal(&by_function, &three));
}

static void w_to_the_sixth_is_xi_and_products_are_distributive(void **state) {
    (void)state;
    struct sequence sequence;
    sequence_init(&sequence);
    struct fp12 w, power = fp12_one, xi;
    memset(&w, 0, sizeof w);
    w.c1.c0.c0 = fp_one;
    for (unsigned i = 0; i < 6; i++) {
        fp12_multiply(&power, &power, &w);
    }
    memset(&xi, 0, sizeof xi);
    xi.c0.c0 = xi_of_the_tower();
    assert_true(fp12_equal(&power, &xi));
    for (unsigned i = 0; i < 50; i++) {
        struct fp12 a = next_fp12(&sequence), b = next_fp12(&sequence), c = next_fp12(&sequence);
        struct fp12 ab, bc, left, right;
        fp12_multiply(&ab, &a, &b);
        fp12_multiply(&bc, &b, &c);
        fp12_multiply(&left, &ab, &c);
        fp12_multiply(&right, &a, &bc);
        assert_true(fp12_equal(&left, &right));
        fp12_square(&left, &a);
        fp12_multiply(&right, &a, &a);
        assert_true(fp12_equal(&left, &right));
        fp12_invert(&left, &a);
        fp12_multiply(&left, &left, &a);
        assert_true(fp12_equal(&left, &fp12_one));
        struct fp12 line;
        memset(&line, 0, sizeof line);
        line.c0.c0 = b.c0.c0;
        line.c1.c0 = b.c1.c0;
        line.c1.c1 = b.c1.c1;
        fp12_multiply(&left, &a, &line);
        fp12_multiply_by_line(&right, &a, &line.c0.c0, &line.c1.c0, &line.c1.c1);
        assert_true(fp12_equal(&left, &right));
    }
    sequence_clear(&sequence);
}

static void frobenius_is_the_power_of_p_and_the_conjugate_that_of_p_to_the_sixth(void **state) {
    (void)state;
    struct sequence sequence;
    sequence_init(&sequence);
    struct fp12 a = next_fp12(&sequence), power, image;
    fp12_power(&power, &a, sequence.numbers.p);
    fp12_frobenius(&image, &a);
    assert_true(fp12_equal(&power, &image));
    for (unsigned i = 1; i < 6; i++) {
        fp12_frobenius(&image, &image);
    }
    fp12_conjugate(&power, &a);
    assert_true(fp12_equal(&power, &image));
    sequence_clear(&sequence);
}

/* 2u(6u^2 + 3u + 1)(p^12 - 1) / r, and what it shares with r. */
static void the_final_power_is_the_one_it_says_and_loses_nothing(void **state) {
    (void)state;
    struct sequence sequence;
    sequence_init(&sequence);
    const struct numbers *numbers = &sequence.numbers;
    mpz_t exponent, factor;
    mpz_inits(exponent, factor, NULL);
    mpz_mul_ui(factor, numbers->u, 6);
    mpz_add_ui(factor, factor, 3);
    mpz_mul(factor, factor, numbers->u);
    mpz_add_ui(factor, factor, 1);
    mpz_mul(factor, factor, numbers->u);
    mpz_mul_ui(factor, factor, 2);
    mpz_gcd(exponent, factor, numbers->r);
    assert_int_equal(mpz_cmp_ui(exponent, 1), 0);
    mpz_pow_ui(exponent, numbers->p, 12);
    mpz_sub_ui(exponent, exponent, 1);
    assert_true(mpz_divisible_p(exponent, numbers->r));
    mpz_divexact(exponent, exponent, numbers->r);
    mpz_mul(exponent, exponent, factor);
    for (unsigned i = 0; i < 3; i++) {
        struct fp12 a = next_fp12(&sequence), expected, result;
        fp12_power(&expected, &a, exponent);
        bn128_final_power(&result, &a);
        assert_true(fp12_equal(&result, &expected));
        fp12_square(&expected, &result); /* and the result is of the cyclotomic subgroup */
        fp12_square_cyclotomic(&result, &result);
        assert_true(fp12_equal(&result, &expected));
    }
    mpz_clears(exponent, factor, NULL);
    sequence_clear(&sequence);
}

/* -- points --------------------------------------------------------------------------------------
 */

static struct fp fp_from_hex(const char *hex) {
    mpz_t number;
    mpz_init_set_str(number, hex, 16);
    struct fp result = fp_from(number);
    mpz_clear(number);
    return result;
}

static struct g1 g1_generator(void) {
    return (struct g1){fp_one, fp_small(2)};
}

/* EIP-197, P2. */
static struct g2 g2_generator(void) {
    return (struct g2){
        {fp_from_hex("1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"),
         fp_from_hex("198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2")},
        {fp_from_hex("12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"),
         fp_from_hex("090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b")}};
}

/* The rule of chord and tangent on the twist, with coordinates as they are: nothing in common with
 * the library's. */
static void twist_add(struct g2 *out, const struct g2 *a, const struct g2 *b) {
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

static struct g2 twist_multiply(const struct g2 *a, const mpz_t scalar) {
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

static struct g1 multiple_of(const struct g1 *a, const mpz_t scalar) {
    uint8_t word[FP_SIZE];
    struct g1 product;
    word_from(word, scalar);
    g1_multiply(&product, a, word);
    return product;
}

/* A square root in Fp2 for p = 3 modulo 4 (Adj and Rodriguez-Henriquez, "Square root computation
 * over even extension fields", 2012, algorithm 9); false when there is none. */
static bool fp2_root(struct fp2 *out, const struct fp2 *a, const struct numbers *numbers) {
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
static struct g2 next_twist_point(unsigned long *number, const struct numbers *numbers) {
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

static void the_frobenius_of_the_twist_is_multiplication_by_p_on_g2(void **state) {
    (void)state;
    struct numbers numbers;
    numbers_init(&numbers);
    struct g2 generator = g2_generator(), image, product = twist_multiply(&generator, numbers.p);
    g2_frobenius(&image, &generator);
    assert_true(fp2_equal(&image.x, &product.x) && fp2_equal(&image.y, &product.y));
    numbers_clear(&numbers);
}

static void the_twist_s_points_outside_g2_are_told_from_those_inside(void **state) {
    (void)state;
    struct numbers numbers;
    numbers_init(&numbers);
    static const unsigned long small_orders[] = {10069, 5864401}; /* primes that divide 2p - r */
    mpz_t cofactor, scalar;
    mpz_inits(cofactor, scalar, NULL);
    mpz_mul_ui(cofactor, numbers.p, 2);
    mpz_sub(cofactor, cofactor, numbers.r);
    struct g2 generator = g2_generator();
    assert_true(g2_is_on_curve(&generator) && g2_is_in_subgroup(&generator));
    unsigned long number = 1;
    for (unsigned i = 0; i < 3; i++) {
        struct g2 point = next_twist_point(&number, &numbers), moved;
        assert_true(g2_is_on_curve(&point));
        assert_false(g2_is_in_subgroup(&point));
        moved = twist_multiply(&point, cofactor);
        assert_true(!g2_is_infinity(&moved) && g2_is_in_subgroup(&moved));
        moved = twist_multiply(&point, numbers.r);
        assert_true(!g2_is_infinity(&moved));
        assert_false(g2_is_in_subgroup(&moved));
        moved = twist_multiply(&moved, cofactor);
        assert_true(g2_is_infinity(&moved)); /* r(2p - r) is the number of points */
        for (unsigned j = 0; j < 2; j++) {
            assert_true(mpz_divisible_ui_p(cofactor, small_orders[j]));
            mpz_mul(scalar, cofactor, numbers.r);
            mpz_divexact_ui(scalar, scalar, small_orders[j]);
            moved = twist_multiply(&point, scalar);
            assert_true(!g2_is_infinity(&moved));
            assert_false(g2_is_in_subgroup(&moved));
            twist_add(&moved, &moved, &generator);
            assert_false(g2_is_in_subgroup(&moved));
        }
    }
    mpz_clears(cofactor, scalar, NULL);
    numbers_clear(&numbers);
}

/* f(X) = (u + 1) + uX + uX^2 - 2uX^3 modulo X^2 - tX + p is c0 + c1 X, and the resultant is
 * c0^2 + t c0 c1 + p c1^2: what g2_is_in_subgroup's comment says of it. */
static void the_subgroup_check_s_resultant_shares_only_r_with_the_order_of_the_twist(void **state) {
    (void)state;
    struct numbers numbers;
    numbers_init(&numbers);
    mpz_t t, c[4], resultant, order, product;
    mpz_inits(t, c[0], c[1], c[2], c[3], resultant, order, product, NULL);
    mpz_add_ui(t, numbers.p, 1);
    mpz_sub(t, t, numbers.r);
    mpz_add_ui(c[0], numbers.u, 1);
    mpz_set(c[1], numbers.u);
    mpz_set(c[2], numbers.u);
    mpz_mul_si(c[3], numbers.u, -2);
    for (unsigned i = 3; i >= 2; i--) { /* X^i = t X^(i - 1) - p X^(i - 2) */
        mpz_addmul(c[i - 1], c[i], t);
        mpz_submul(c[i - 2], c[i], numbers.p);
    }
    mpz_mul(resultant, c[0], c[0]);
    mpz_mul(product, c[0], c[1]);
    mpz_addmul(resultant, product, t);
    mpz_mul(product, c[1], c[1]);
    mpz_addmul(resultant, product, numbers.p);
    mpz_mul_ui(order, numbers.p, 2);
    mpz_sub(order, order, numbers.r);
    assert_false(mpz_divisible_p(order, numbers.r));
    mpz_mul(order, order, numbers.r);
    mpz_gcd(product, resultant, order);
    assert_int_equal(mpz_cmp(product, numbers.r), 0);
    mpz_clears(t, c[0], c[1], c[2], c[3], resultant, order, product, NULL);
    numbers_clear(&numbers);
}

/* -- the contracts -------------------------------------------------------------------------------
 */

struct bytes {
    uint8_t data[INPUT_MAXIMUM];
    size_t size;
};

static void put(struct bytes *bytes, const void *data, size_t size) {
    assert_true(size <= sizeof bytes->data - bytes->size);
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static void put_fp(struct bytes *bytes, const struct fp *a) {
    uint8_t word[FP_SIZE];
    fp_to_bytes(word, a);
    put(bytes, word, sizeof word);
}

static void put_g1(struct bytes *bytes, const struct g1 *point) {
    put_fp(bytes, &point->x);
    put_fp(bytes, &point->y);
}

static void put_g2(struct bytes *bytes, const struct g2 *point) {
    put_fp(bytes, &point->x.c1);
    put_fp(bytes, &point->x.c0);
    put_fp(bytes, &point->y.c1);
    put_fp(bytes, &point->y.c0);
}

static void put_pair(struct bytes *bytes, const struct g1 *p, const struct g2 *q) {
    put_g1(bytes, p);
    put_g2(bytes, q);
}

static void put_number(struct bytes *bytes, const mpz_t number) {
    uint8_t word[FP_SIZE];
    word_from(word, number);
    put(bytes, word, sizeof word);
}

static enum precompiled_status run(unsigned contract, const struct bytes *input,
                                   struct bytes *result) {
    struct buffer output;
    uint64_t used;
    buffer_init(&output, extvm_default_allocator(), INPUT_MAXIMUM);
    enum precompiled_status status =
        precompiled_run(contract, EXTVM_FORK_BERLIN, (extvm_bytes){input->data, input->size},
                        UINT64_C(10000000), &output, &used);
    result->size = 0;
    if (output.size > 0) {
        put(result, output.data, output.size);
    }
    buffer_free(&output);
    return status;
}

static void assert_fails(unsigned contract, const struct bytes *input) {
    struct bytes result;
    assert_int_equal(run(contract, input, &result), PRECOMPILED_FAILED);
    assert_int_equal(result.size, 0);
}

static void assert_point(unsigned contract, const struct bytes *input, const struct g1 *expected) {
    struct bytes result, point = {.size = 0};
    put_g1(&point, expected);
    assert_int_equal(run(contract, input, &result), PRECOMPILED_OK);
    assert_int_equal(result.size, G1_SIZE);
    assert_memory_equal(result.data, point.data, G1_SIZE);
}

static void assert_pairing(const struct bytes *input, bool expected) {
    struct bytes result;
    uint8_t word[FP_SIZE] = {0};
    word[sizeof word - 1] = expected;
    assert_int_equal(run(PAIRING, input, &result), PRECOMPILED_OK);
    assert_int_equal(result.size, sizeof word);
    assert_memory_equal(result.data, word, sizeof word);
}

static const struct g1 g1_infinity; /* zeros */
static const struct g2 g2_infinity;

static void assert_sum(const struct g1 *a, const struct g1 *b, const struct g1 *expected) {
    struct bytes input = {.size = 0};
    put_g1(&input, a);
    put_g1(&input, b);
    assert_point(ADD, &input, expected);
}

/* 2(1, 2): the slope is 3/4, and so x = 9/16 - 2 and y = 3/4 (1 - x) - 2, which EVM programs know
 * as these two numbers. */
static void adding_points_follows_the_group_s_laws(void **state) {
    (void)state;
    const struct g1 one = g1_generator();
    const struct g1 two = {
        fp_from_hex("030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3"),
        fp_from_hex("15ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4")};
    struct g1 three, minus_one;
    g1_negate(&minus_one, &one);
    assert_sum(&one, &one, &two);
    assert_sum(&one, &minus_one, &g1_infinity);
    assert_sum(&two, &minus_one, &one);
    assert_sum(&minus_one, &two, &one);
    assert_sum(&one, &g1_infinity, &one);
    assert_sum(&g1_infinity, &two, &two);
    assert_sum(&g1_infinity, &g1_infinity, &g1_infinity);
    g1_add(&three, &one, &two);
    assert_true(g1_is_valid(&three));
    assert_sum(&two, &one, &three);
    assert_sum(&three, &minus_one, &two);
}

static void addition_reads_missing_bytes_as_zeros_and_no_more_than_two_points(void **state) {
    (void)state;
    const struct g1 one = g1_generator();
    struct bytes input = {.size = 0};
    assert_point(ADD, &input, &g1_infinity);
    put_g1(&input, &one);
    assert_point(ADD, &input, &one);
    put_g1(&input, &g1_infinity);
    put_g1(&input, &one);
    assert_point(ADD, &input, &one);
    input.size = 63; /* (1, 0), which is no point */
    assert_fails(ADD, &input);
}

static void multiplying_agrees_with_adding_again_and_again(void **state) {
    (void)state;
    const struct g1 one = g1_generator();
    struct g1 sum = g1_infinity;
    mpz_t scalar;
    mpz_init(scalar);
    for (unsigned long i = 0; i < 70; i++) {
        struct bytes input = {.size = 0};
        mpz_set_ui(scalar, i);
        put_g1(&input, &one);
        put_number(&input, scalar);
        assert_point(MULTIPLY, &input, &sum);
        g1_add(&sum, &sum, &one);
    }
    mpz_clear(scalar);
}

static void multiplying_takes_any_scalar_of_256_bits_modulo_r(void **state) {
    (void)state;
    struct numbers numbers;
    numbers_init(&numbers);
    const struct g1 one = g1_generator();
    mpz_t scalar, reduced;
    mpz_inits(scalar, reduced, NULL);
    for (unsigned long i = 0; i <= 5; i++) { /* near r, 2r, … 5r, and at the end 2^256 - 1 */
        mpz_mul_ui(scalar, numbers.r, i);
        for (unsigned long j = 0; j < 40; j++) {
            mpz_mod(reduced, scalar, numbers.r);
            struct g1 expected = multiple_of(&one, reduced);
            struct bytes input = {.size = 0};
            put_g1(&input, &one);
            put_number(&input, scalar);
            assert_point(MULTIPLY, &input, &expected);
            mpz_add_ui(scalar, scalar, 1);
        }
    }
    mpz_ui_pow_ui(scalar, 2, 256);
    mpz_sub_ui(scalar, scalar, 1);
    mpz_mod(reduced, scalar, numbers.r);
    struct g1 expected = multiple_of(&one, reduced);
    struct bytes input = {.size = 0};
    put_g1(&input, &one);
    put_number(&input, scalar);
    assert_point(MULTIPLY, &input, &expected);
    mpz_clears(scalar, reduced, NULL);
    numbers_clear(&numbers);
}

/* k G + (r - k) G = 0 and (a + b) G = aG + bG, for numbers of all sizes. */
static void multiples_add_up(void **state) {
    (void)state;
    struct sequence sequence;
    sequence_init(&sequence);
    const struct numbers *numbers = &sequence.numbers;
    const struct g1 one = g1_generator();
    mpz_t a, b, c;
    mpz_inits(a, b, c, NULL);
    for (unsigned i = 0; i < 40; i++) {
        mpz_urandomm(a, sequence.state, numbers->r);
        mpz_urandomm(b, sequence.state, numbers->r);
        mpz_fdiv_q_2exp(b, b, 6 * i);
        mpz_add(c, a, b);
        struct g1 multiple_a = multiple_of(&one, a), multiple_b = multiple_of(&one, b);
        struct g1 multiple_c = multiple_of(&one, c);
        assert_sum(&multiple_a, &multiple_b, &multiple_c);
        mpz_sub(c, numbers->r, a);
        multiple_c = multiple_of(&one, c);
        assert_sum(&multiple_a, &multiple_c, &g1_infinity);
        struct g1 nested = multiple_of(&multiple_a, b);
        mpz_mul(c, a, b);
        mpz_mod(c, c, numbers->r);
        multiple_c = multiple_of(&one, c);
        assert_true(fp_equal(&nested.x, &multiple_c.x) && fp_equal(&nested.y, &multiple_c.y));
    }
    mpz_clears(a, b, c, NULL);
    sequence_clear(&sequence);
}

static void multiplying_infinity_or_by_nothing_gives_infinity(void **state) {
    (void)state;
    struct bytes input = {.size = 0};
    const struct g1 one = g1_generator();
    assert_point(MULTIPLY, &input, &g1_infinity);
    put_g1(&input, &one);
    assert_point(MULTIPLY, &input, &g1_infinity);
    input.size = 0;
    put_g1(&input, &g1_infinity);
    memset(input.data + input.size, 0xff, FP_SIZE);
    input.size += FP_SIZE;
    assert_point(MULTIPLY, &input, &g1_infinity);
    memset(input.data + input.size, 0xff, FP_SIZE); /* more is ignored */
    input.size += FP_SIZE;
    assert_point(MULTIPLY, &input, &g1_infinity);
}

static void points_off_the_curve_and_coordinates_of_p_or_more_fail(void **state) {
    (void)state;
    struct numbers numbers;
    numbers_init(&numbers);
    mpz_t x, y;
    mpz_inits(x, y, NULL);
    for (unsigned i = 0; i < 5; i++) {
        mpz_set_ui(x, i == 4 ? 0 : 1);
        mpz_set_ui(y, i == 4 ? 0 : 2);
        if (i == 0) {
            mpz_add_ui(y, y, 1); /* off the curve */
        } else if (i % 2 == 1) {
            mpz_add(x, x, numbers.p); /* the same number modulo p */
        } else {
            mpz_add(y, y, numbers.p); /* of infinity too, when i is 4 */
        }
        struct bytes input = {.size = 0};
        put_number(&input, x);
        put_number(&input, y);
        assert_fails(ADD, &input);
        assert_fails(MULTIPLY, &input);
        struct bytes second = {.size = 0};
        put_g1(&second, &g1_infinity);
        put(&second, input.data, input.size);
        assert_fails(ADD, &second);
        put_g2(&input, &g2_infinity);
        assert_fails(PAIRING, &input);
    }
    mpz_clears(x, y, NULL);
    numbers_clear(&numbers);
}

static void the_pairing_of_nothing_is_one(void **state) {
    (void)state;
    struct bytes input = {.size = 0};
    assert_pairing(&input, true);
}

static void pairing_input_that_is_no_whole_number_of_pairs_fails(void **state) {
    (void)state;
    struct bytes input = {.size = 0};
    put_pair(&input, &g1_infinity, &g2_infinity);
    assert_pairing(&input, true);
    static const size_t sizes[] = {1, 64, 191};
    for (unsigned i = 0; i < 3; i++) {
        input.size = sizes[i];
        assert_fails(PAIRING, &input);
    }
    input.size = PAIR_SIZE;
    put(&input, "", 1);
    assert_fails(PAIRING, &input);
}

static void the_pairing_is_bilinear_and_not_degenerate(void **state) {
    (void)state;
    struct sequence sequence;
    sequence_init(&sequence);
    const struct numbers *numbers = &sequence.numbers;
    const struct g1 one = g1_generator();
    const struct g2 generator = g2_generator();
    mpz_t a, b, ab;
    mpz_inits(a, b, ab, NULL);
    for (unsigned i = 0; i < 8; i++) {
        mpz_urandomm(a, sequence.state, numbers->r);
        mpz_urandomm(b, sequence.state, numbers->r);
        mpz_fdiv_q_2exp(a, a, 30 * i);
        mpz_mul(ab, a, b);
        mpz_mod(ab, ab, numbers->r);
        const struct g1 p = multiple_of(&one, a);
        const struct g2 q = twist_multiply(&generator, b);
        struct g1 other = multiple_of(&one, ab);
        g1_negate(&other, &other);
        struct bytes input = {.size = 0};
        put_pair(&input, &p, &q);
        assert_pairing(&input, false);
        put_pair(&input, &other, &generator); /* e(aP, bQ) e(-abP, Q) = 1 */
        assert_pairing(&input, true);
        put_pair(&input, &one, &generator);
        assert_pairing(&input, false);
    }
    mpz_clears(a, b, ab, NULL);
    sequence_clear(&sequence);
}

static void a_pair_with_infinity_counts_as_one_on_either_side(void **state) {
    (void)state;
    const struct g1 one = g1_generator();
    const struct g2 generator = g2_generator();
    struct bytes input = {.size = 0};
    put_pair(&input, &g1_infinity, &generator);
    assert_pairing(&input, true);
    put_pair(&input, &one, &g2_infinity);
    assert_pairing(&input, true);
    put_pair(&input, &one, &generator);
    assert_pairing(&input, false);
    struct g1 minus_one;
    g1_negate(&minus_one, &one);
    put_pair(&input, &minus_one, &generator);
    assert_pairing(&input, true);
}

/* 1 + 2 + … + n on one side, and minus the sum on the other; around the size of a batch and of two.
 */
static void any_number_of_pairs_makes_one_product(void **state) {
    (void)state;
    const struct g1 one = g1_generator();
    const struct g2 generator = g2_generator();
    static const unsigned counts[] = {1,
                                      2,
                                      BN128_BATCH - 1,
                                      BN128_BATCH,
                                      BN128_BATCH + 1,
                                      2 * BN128_BATCH - 1,
                                      2 * BN128_BATCH,
                                      2 * BN128_BATCH + 1};
    for (unsigned c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct bytes input = {.size = 0};
        struct g1 multiple = g1_infinity, sum = g1_infinity;
        for (unsigned i = 0; i < counts[c]; i++) {
            g1_add(&multiple, &multiple, &one);
            g1_add(&sum, &sum, &multiple);
            put_pair(&input, &multiple, &generator);
        }
        assert_pairing(&input, false);
        g1_negate(&sum, &sum);
        put_pair(&input, &sum, &generator);
        assert_pairing(&input, true);
    }
}

static void a_bad_point_of_g2_fails_wherever_it_is(void **state) {
    (void)state;
    struct numbers numbers;
    numbers_init(&numbers);
    const struct g1 one = g1_generator();
    const struct g2 generator = g2_generator();
    unsigned long number = 1;
    struct g2 bad[4];
    bad[0] = next_twist_point(&number, &numbers); /* not of order r */
    bad[1] = twist_multiply(&bad[0], numbers.r);  /* of an order that divides 2p - r */
    bad[2] = generator;                           /* off the twist */
    fp2_add(&bad[2].y, &bad[2].y, &bad[2].x);
    bad[3] = (struct g2){{generator.x.c1, generator.x.c0}, {generator.y.c1, generator.y.c0}};
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned place = 0; place < BN128_BATCH + 2; place += BN128_BATCH / 2) {
            struct bytes input = {.size = 0};
            for (unsigned j = 0; j < place; j++) {
                put_pair(&input, &one, &generator);
            }
            put_pair(&input, &g1_infinity, &bad[i]); /* also when the pair would not count */
            assert_fails(PAIRING, &input);
            put_pair(&input, &one, &generator);
            assert_fails(PAIRING, &input);
        }
    }
    numbers_clear(&numbers);
}

/* Each of the generator's four coordinates, and a zero, plus p. */
static void coordinates_of_g2_of_p_or_more_fail(void **state) {
    (void)state;
    struct numbers numbers;
    numbers_init(&numbers);
    const struct g2 points[] = {g2_generator(), g2_infinity};
    mpz_t coordinate;
    mpz_init(coordinate);
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned place = 2; place < 6; place++) {
            struct bytes input = {.size = 0};
            put_pair(&input, &g1_infinity, &points[i]);
            assert_pairing(&input, true);
            mpz_import(coordinate, FP_SIZE, 1, 1, 1, 0, input.data + FP_SIZE * (size_t)place);
            mpz_add(coordinate, coordinate, numbers.p);
            word_from(input.data + FP_SIZE * (size_t)place, coordinate);
            assert_fails(PAIRING, &input);
        }
    }
    mpz_clear(coordinate);
    numbers_clear(&numbers);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_field_and_its_constants_are_those_that_u_makes),
        cmocka_unit_test(arithmetic_modulo_p_agrees_with_big_integers),
        cmocka_unit_test(arithmetic_in_fp2_agrees_with_big_integers),
        cmocka_unit_test(every_frobenius_coefficient_is_the_power_of_xi_it_stands_for),
        cmocka_unit_test(the_constant_of_the_twist_is_three_over_xi),
        cmocka_unit_test(w_to_the_sixth_is_xi_and_products_are_distributive),
        cmocka_unit_test(frobenius_is_the_power_of_p_and_the_conjugate_that_of_p_to_the_sixth),
        cmocka_unit_test(the_final_power_is_the_one_it_says_and_loses_nothing),
        cmocka_unit_test(the_frobenius_of_the_twist_is_multiplication_by_p_on_g2),
        cmocka_unit_test(the_twist_s_points_outside_g2_are_told_from_those_inside),
        cmocka_unit_test(the_subgroup_check_s_resultant_shares_only_r_with_the_order_of_the_twist),
        cmocka_unit_test(adding_points_follows_the_group_s_laws),
        cmocka_unit_test(addition_reads_missing_bytes_as_zeros_and_no_more_than_two_points),
        cmocka_unit_test(multiplying_agrees_with_adding_again_and_again),
        cmocka_unit_test(multiplying_takes_any_scalar_of_256_bits_modulo_r),
        cmocka_unit_test(multiples_add_up),
        cmocka_unit_test(multiplying_infinity_or_by_nothing_gives_infinity),
        cmocka_unit_test(points_off_the_curve_and_coordinates_of_p_or_more_fail),
        cmocka_unit_test(the_pairing_of_nothing_is_one),
        cmocka_unit_test(pairing_input_that_is_no_whole_number_of_pairs_fails),
        cmocka_unit_test(the_pairing_is_bilinear_and_not_degenerate),
        cmocka_unit_test(a_pair_with_infinity_counts_as_one_on_either_side),
        cmocka_unit_test(any_number_of_pairs_makes_one_product),
        cmocka_unit_test(a_bad_point_of_g2_fails_wherever_it_is),
        cmocka_unit_test(coordinates_of_g2_of_p_or_more_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
