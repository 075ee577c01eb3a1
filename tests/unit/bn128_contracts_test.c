/* The contracts on alt_bn128 (EIP-196, EIP-197): what they answer follows from algebra. */
#include "bn128_points.h"
#include "evm/bn128_pairing.h"
#include "evm/precompiled.h"

enum { ADD = 6, MULTIPLY = 7, PAIRING = 8 };
enum { G1_SIZE = 64, PAIR_SIZE = 192, INPUT_MAXIMUM = 48 * PAIR_SIZE }; /* bytes */

static struct g1 multiple_of(const struct g1 *a, const mpz_t scalar) {
    uint8_t word[FP_SIZE];
    struct g1 product;
    word_from(word, scalar);
    g1_multiply(&product, a, word);
    return product;
}

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
