/* 256-bit words against GMP. */
#include "evm_world.h"

#include <gmp.h>

#include "evm/word.h"

/* Limbs that make carries, borrows and wrong first guesses of a quotient likely. */
static uint64_t next_limb(uint64_t *seed) {
    static const uint64_t special[] = {0,
                                       1,
                                       UINT64_MAX,
                                       UINT64_MAX - 1,
                                       UINT64_C(1) << 63,
                                       (UINT64_C(1) << 63) - 1,
                                       UINT64_C(0xffffffff00000000)};
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t draw = *seed >> 33;
    if (draw % 3 == 0) {
        *seed = *seed * UINT64_C(6364136223846793005) + 1;
        return *seed ^ *seed >> 29;
    }
    return special[draw / 3 % (sizeof special / sizeof special[0])];
}

static struct word next_word(uint64_t *seed) {
    struct word word = {{0}};
    for (unsigned i = 0; i < 4; i++) {
        word.limb[i] = next_limb(seed);
    }
    unsigned kept = (unsigned)(next_limb(seed) ^ *seed >> 40) % 5;
    for (unsigned i = kept; i < 4 && kept > 0; i++) {
        word.limb[i] = 0;
    }
    return word;
}

static void to_mpz(mpz_t out, const struct word *word) {
    mpz_import(out, 4, -1, 8, 0, 0, word->limb);
}

static void to_signed_mpz(mpz_t out, const struct word *word) {
    to_mpz(out, word);
    if (word_is_negative(word)) {
        mpz_t whole;
        mpz_init_set_ui(whole, 1);
        mpz_mul_2exp(whole, whole, 256);
        mpz_sub(out, out, whole);
        mpz_clear(whole);
    }
}

static void assert_word(const struct word *word, mpz_t expected, const char *what) {
    mpz_t is, wanted;
    mpz_inits(is, wanted, NULL);
    to_mpz(is, word);
    mpz_fdiv_r_2exp(wanted, expected, 256);
    if (mpz_cmp(is, wanted) != 0) {
        gmp_fprintf(stderr, "%s: %Zx instead of %Zx\n", what, is, wanted);
        fail();
    }
    mpz_clears(is, wanted, NULL);
}

struct operands {
    struct word a, b, c;
    mpz_t x, y, z;            /* as numbers */
    mpz_t signed_x, signed_y; /* as signed numbers */
    mpz_t expected;
};

static void compare_sums(struct operands *o) {
    struct word word = word_add(&o->a, &o->b);
    mpz_add(o->expected, o->x, o->y);
    assert_word(&word, o->expected, "add");
    word = word_subtract(&o->a, &o->b);
    mpz_sub(o->expected, o->x, o->y);
    assert_word(&word, o->expected, "subtract");
    word = word_multiply(&o->a, &o->b);
    mpz_mul(o->expected, o->x, o->y);
    assert_word(&word, o->expected, "multiply");
    assert_int_equal(word_less(&o->a, &o->b), mpz_cmp(o->x, o->y) < 0);
    assert_int_equal(word_signed_less(&o->a, &o->b), mpz_cmp(o->signed_x, o->signed_y) < 0);
    assert_int_equal(word_equal(&o->a, &o->b), mpz_cmp(o->x, o->y) == 0);
}

static void compare_quotients(struct operands *o) {
    if (mpz_sgn(o->y) == 0) {
        return; /* the opcode's own rule; see division_by_zero_is_zero */
    }
    struct word word = word_divide(&o->a, &o->b);
    mpz_tdiv_q(o->expected, o->x, o->y);
    assert_word(&word, o->expected, "divide");
    word = word_modulo(&o->a, &o->b);
    mpz_tdiv_r(o->expected, o->x, o->y);
    assert_word(&word, o->expected, "modulo");
    word = word_divide_signed(&o->a, &o->b);
    mpz_tdiv_q(o->expected, o->signed_x, o->signed_y);
    assert_word(&word, o->expected, "divide signed");
    word = word_modulo_signed(&o->a, &o->b);
    mpz_tdiv_r(o->expected, o->signed_x, o->signed_y);
    assert_word(&word, o->expected, "modulo signed");
}

static void compare_modular(struct operands *o) {
    if (mpz_sgn(o->z) == 0) {
        return;
    }
    struct word word = word_add_modulo(&o->a, &o->b, &o->c);
    mpz_add(o->expected, o->x, o->y);
    mpz_mod(o->expected, o->expected, o->z);
    assert_word(&word, o->expected, "add modulo");
    word = word_multiply_modulo(&o->a, &o->b, &o->c);
    mpz_mul(o->expected, o->x, o->y);
    mpz_mod(o->expected, o->expected, o->z);
    assert_word(&word, o->expected, "multiply modulo");
}

static void arithmetic_agrees_with_gmp(void **state) {
    (void)state;
    struct operands o;
    uint64_t seed = 20;
    mpz_inits(o.x, o.y, o.z, o.signed_x, o.signed_y, o.expected, NULL);
    for (unsigned i = 0; i < 200000; i++) {
        o.a = next_word(&seed);
        o.b = next_word(&seed);
        o.c = next_word(&seed);
        to_mpz(o.x, &o.a);
        to_mpz(o.y, &o.b);
        to_mpz(o.z, &o.c);
        to_signed_mpz(o.signed_x, &o.a);
        to_signed_mpz(o.signed_y, &o.b);
        compare_sums(&o);
        compare_quotients(&o);
        compare_modular(&o);
    }
    mpz_clears(o.x, o.y, o.z, o.signed_x, o.signed_y, o.expected, NULL);
}

static void powers_agree_with_gmp(void **state) {
    (void)state;
    mpz_t base, exponent, whole;
    uint64_t seed = 21;
    mpz_inits(base, exponent, whole, NULL);
    mpz_set_ui(whole, 1);
    mpz_mul_2exp(whole, whole, 256);
    for (unsigned i = 0; i < 500; i++) {
        const struct word a = next_word(&seed), b = next_word(&seed);
        const struct word power = word_power(&a, &b);
        to_mpz(base, &a);
        to_mpz(exponent, &b);
        mpz_powm(base, base, exponent, whole);
        assert_word(&power, base, "power");
    }
    mpz_clears(base, exponent, whole, NULL);
}

static void shifts_agree_with_gmp_for_every_count(void **state) {
    (void)state;
    mpz_t number, shifted;
    uint64_t seed = 22;
    mpz_inits(number, shifted, NULL);
    for (unsigned round = 0; round < 50; round++) {
        const struct word a = next_word(&seed);
        for (unsigned count = 0; count <= 260; count++) {
            const struct word by = word_from_u64(count);
            const struct word left = word_shift_left(&a, &by);
            const struct word right = word_shift_right(&a, &by);
            const struct word signed_right = word_shift_right_signed(&a, &by);
            to_mpz(number, &a);
            mpz_mul_2exp(shifted, number, count);
            assert_word(&left, shifted, "shift left");
            mpz_fdiv_q_2exp(shifted, number, count);
            assert_word(&right, shifted, "shift right");
            to_signed_mpz(number, &a);
            mpz_fdiv_q_2exp(shifted, number, count);
            assert_word(&signed_right, shifted, "shift right signed");
        }
    }
    mpz_clears(number, shifted, NULL);
}

static void a_shift_by_more_than_a_limb_holds_shifts_everything_out(void **state) {
    (void)state;
    const struct word minus_one = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    const struct word far = {{0, 1, 0, 0}};
    const struct word left = word_shift_left(&minus_one, &far);
    const struct word right = word_shift_right(&minus_one, &far);
    const struct word signed_right = word_shift_right_signed(&minus_one, &far);
    assert_true(word_is_zero(&left));
    assert_true(word_is_zero(&right));
    assert_true(word_equal(&signed_right, &minus_one));
}

static void division_by_zero_is_zero(void **state) {
    (void)state;
    const struct word a = {{7, 8, 9, UINT64_MAX}}, zero = {{0}};
    const struct word results[] = {
        word_divide(&a, &zero),         word_modulo(&a, &zero),
        word_divide_signed(&a, &zero),  word_modulo_signed(&a, &zero),
        word_add_modulo(&a, &a, &zero), word_multiply_modulo(&a, &a, &zero)};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        assert_true(word_is_zero(&results[i]));
    }
}

static void bytes_and_sign_extension_agree_with_their_definition(void **state) {
    (void)state;
    uint64_t seed = 23;
    for (unsigned round = 0; round < 200; round++) {
        const struct word a = next_word(&seed);
        uint8_t bytes[EXTVM_WORD_SIZE], extended[EXTVM_WORD_SIZE];
        word_store(&a, bytes);
        for (unsigned i = 0; i < 34; i++) {
            const struct word index = word_from_u64(i);
            const struct word byte = word_byte(&a, &index);
            assert_int_equal(word_to_u64_capped(&byte), i < 32 ? bytes[i] : 0);
            const struct word out = word_sign_extend(&a, &index);
            word_store(&out, extended);
            for (unsigned j = 0; j < EXTVM_WORD_SIZE; j++) {
                bool above = i < 31 && j < 31 - i;
                uint8_t sign = (bytes[i < 31 ? 31 - i : 0] & 0x80) != 0 ? 0xff : 0x00;
                assert_int_equal(extended[j], above ? sign : bytes[j]);
            }
        }
    }
}

static void words_survive_the_way_to_bytes_and_addresses(void **state) {
    (void)state;
    const struct word a = {{UINT64_C(0x0102030405060708), 2, 3, UINT64_MAX}};
    uint8_t bytes[EXTVM_WORD_SIZE];
    word_store(&a, bytes);
    assert_int_equal(bytes[31], 8);
    assert_int_equal(bytes[0], 0xff);
    const struct word back = word_load(bytes);
    assert_true(word_equal(&a, &back));
    const extvm_address address = word_to_address(&a);
    const struct word low = word_from_address(&address);
    const struct word expected = {{a.limb[0], a.limb[1], 3, 0}};
    assert_true(word_equal(&low, &expected));
    const struct word zero = {{0}};
    assert_int_equal(word_byte_length(&zero), 0);
    assert_int_equal(word_byte_length(&a), 32);
    assert_int_equal(word_byte_length(&low), 17);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_agrees_with_gmp),
        cmocka_unit_test(powers_agree_with_gmp),
        cmocka_unit_test(shifts_agree_with_gmp_for_every_count),
        cmocka_unit_test(a_shift_by_more_than_a_limb_holds_shifts_everything_out),
        cmocka_unit_test(division_by_zero_is_zero),
        cmocka_unit_test(bytes_and_sign_extension_agree_with_their_definition),
        cmocka_unit_test(words_survive_the_way_to_bytes_and_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
