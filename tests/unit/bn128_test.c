/* The fields, groups and pairing of alt_bn128 (EIP-196, EIP-197): constants are derived again with
 * big integers. */
#include "bn128_points.h"
#include "evm/bn128_pairing.h"

static void assert_number(const struct fp *a, const mpz_t expected) {
    uint8_t word[FP_SIZE], bytes[FP_SIZE];
    word_from(word, expected);
    fp_to_bytes(bytes, a);
    assert_memory_equal(bytes, word, FP_SIZE);
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

/* -- the field --------------------------------------------------------------------------------- */

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

/* Numbers that are stored as next to nothing, or as next to p, go other ways through the inversion.
 */
static void every_number_but_zero_has_an_inverse(void **state) {
    (void)state;
    static const struct fp edges[] = {{{1, 0, 0, 0}},
                                      {{2, 0, 0, 0}},
                                      {{UINT64_MAX, 0, 0, 0}},
                                      {{0, 1, 0, 0}},
                                      {{0, 0, 0, 1}},
                                      {{UINT64_MAX, UINT64_MAX, UINT64_MAX, 0}},
                                      {{FP_P0 - 1, FP_P1, FP_P2, FP_P3}},
                                      {{FP_P0 - 2, FP_P1, FP_P2, FP_P3}},
                                      {{0, FP_P1, FP_P2, FP_P3}},
                                      {{0, 0, 0, FP_P3}}};
    struct fp inverse, product;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        fp_invert(&inverse, &edges[i]);
        fp_multiply(&product, &inverse, &edges[i]);
        assert_true(fp_equal(&product, &fp_one));
    }
    fp_invert(&inverse, &fp_zero);
    assert_true(fp_is_zero(&inverse));
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

/* -- points ------------------------------------------------------------------------------------ */

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
    struct g2 off = generator;
    fp2_add(&off.y, &off.y, &off.x);
    assert_false(g2_is_on_curve(&off));
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_field_and_its_constants_are_those_that_u_makes),
        cmocka_unit_test(arithmetic_modulo_p_agrees_with_big_integers),
        cmocka_unit_test(every_number_but_zero_has_an_inverse),
        cmocka_unit_test(arithmetic_in_fp2_agrees_with_big_integers),
        cmocka_unit_test(every_frobenius_coefficient_is_the_power_of_xi_it_stands_for),
        cmocka_unit_test(the_constant_of_the_twist_is_three_over_xi),
        cmocka_unit_test(w_to_the_sixth_is_xi_and_products_are_distributive),
        cmocka_unit_test(frobenius_is_the_power_of_p_and_the_conjugate_that_of_p_to_the_sixth),
        cmocka_unit_test(the_final_power_is_the_one_it_says_and_loses_nothing),
        cmocka_unit_test(the_frobenius_of_the_twist_is_multiplication_by_p_on_g2),
        cmocka_unit_test(the_twist_s_points_outside_g2_are_told_from_those_inside),
        cmocka_unit_test(the_subgroup_check_s_resultant_shares_only_r_with_the_order_of_the_twist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
