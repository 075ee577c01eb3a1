/* The integer codec against GMP: canonical form, text, comparison, conversion and limits. */
#include <stdio.h>
#include <string.h>

#include <gmp.h>

#include "support/cmocka.h"

#include <extvm/integer.h>

#include "support/chance.h"
#include "support/hex.h"

enum { WIDEST = 80, EDGES = 1200, RANDOM_NUMBERS = 4000 };

static mpz_t edges[EDGES];
static size_t edge_count;

static void add_edge(const mpz_t number) {
    assert_true(edge_count < EDGES);
    mpz_init_set(edges[edge_count++], number);
}

/* ±2^`power` and both its neighbours. */
static void add_power(unsigned power) {
    for (int sign = -1; sign <= 1; sign += 2) {
        for (int step = -1; step <= 1; step++) {
            mpz_t number;
            mpz_init_set_ui(number, 1);
            mpz_mul_2exp(number, number, power);
            mpz_mul_si(number, number, sign);
            if (step < 0) {
                mpz_sub_ui(number, number, 1);
            } else {
                mpz_add_ui(number, number, (unsigned long)step);
            }
            add_edge(number);
            mpz_clear(number);
        }
    }
}

static int make_edges(void **context) {
    (void)context;
    mpz_t zero;
    mpz_init(zero);
    add_edge(zero);
    mpz_clear(zero);
    for (unsigned power = 0; power <= 64; power++) {
        add_power(power);
    }
    for (unsigned bytes = 1; bytes <= 40; bytes++) {
        add_power(8 * bytes - 1);
        add_power(8 * bytes);
    }
    return 0;
}

static int free_edges(void **context) {
    (void)context;
    while (edge_count > 0) {
        mpz_clear(edges[--edge_count]);
    }
    return 0;
}

/* The canonical form by GMP: as many bytes as hold the bits and a sign bit. */
static extvm_bytes reference(const mpz_t number, uint8_t out[WIDEST]) {
    mpz_t magnitude, wrapped;
    mpz_init(magnitude);
    mpz_init(wrapped);
    if (mpz_sgn(number) < 0) {
        mpz_com(magnitude, number); /* -x - 1 */
    } else {
        mpz_set(magnitude, number);
    }
    size_t bits = mpz_sgn(magnitude) == 0 ? 0 : mpz_sizeinbase(magnitude, 2);
    size_t width = bits / 8 + 1, written = 0;
    mpz_fdiv_r_2exp(wrapped, number, 8 * width);
    assert_true(width <= WIDEST);
    memset(out, 0, width);
    if (mpz_sgn(wrapped) != 0) {
        size_t digits = (mpz_sizeinbase(wrapped, 2) + 7) / 8;
        mpz_export(out + width - digits, &written, 1, 1, 1, 0, wrapped);
    }
    mpz_clear(magnitude);
    mpz_clear(wrapped);
    return (extvm_bytes){out, width};
}

static void check_text(const mpz_t number, extvm_bytes canonical) {
    char decimal[4 * WIDEST], hex[4 * WIDEST + 4], digits[4 * WIDEST], got[4 * WIDEST];
    uint8_t buffer[WIDEST];
    extvm_bytes read;
    mpz_get_str(decimal, 10, number);
    mpz_get_str(digits, 16, number);
    bool negative = digits[0] == '-';
    snprintf(hex, sizeof hex, "%s0x%s", negative ? "-" : "", digits + (negative ? 1 : 0));
    assert_string_equal(extvm_integer_to_decimal(canonical, got), decimal);
    assert_true(strlen(got) < EXTVM_DECIMAL_SIZE(canonical.size));
    assert_string_equal(extvm_integer_to_hex(canonical, got), hex);
    assert_true(strlen(got) < EXTVM_INTEGER_HEX_SIZE(canonical.size));
    const char *const texts[] = {decimal, hex};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(extvm_integer_from_text(texts[i], buffer, sizeof buffer, &read), EXTVM_OK);
        assert_bytes(read, canonical);
        assert_int_equal(extvm_integer_from_text(texts[i], buffer, canonical.size, &read),
                         EXTVM_OK);
        assert_bytes(read, canonical);
        if (canonical.size > 1) {
            assert_int_equal(extvm_integer_from_text(texts[i], buffer, canonical.size - 1, &read),
                             EXTVM_OUT_OF_RANGE);
        }
    }
}

/* `given` may be over-long, what comes back is canonical. */
static void check_fixed_widths(const mpz_t number, extvm_bytes given, extvm_bytes canonical) {
    bool positive = mpz_sgn(number) >= 0;
    size_t bits = mpz_sizeinbase(number, 2);
    uint64_t small = 77;
    extvm_word word, before;
    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE];
    memset(&word, 0x5a, sizeof word);
    before = word;
    if (positive && bits <= 64) {
        assert_int_equal(extvm_integer_to_u64(given, &small), EXTVM_OK);
        assert_true(mpz_cmp_ui(number, small) == 0);
        assert_bytes(extvm_integer_from_u64(small, buffer), canonical);
    } else {
        assert_int_equal(extvm_integer_to_u64(given, &small), EXTVM_OUT_OF_RANGE);
        assert_int_equal(small, 77);
    }
    if (positive && bits <= 256) {
        mpz_t back;
        assert_int_equal(extvm_integer_to_word(given, &word), EXTVM_OK);
        mpz_init(back);
        mpz_import(back, EXTVM_WORD_SIZE, 1, 1, 1, 0, word.bytes);
        assert_true(mpz_cmp(number, back) == 0);
        mpz_clear(back);
        assert_bytes(extvm_integer_from_word(&word, buffer), canonical);
    } else {
        assert_int_equal(extvm_integer_to_word(given, &word), EXTVM_OUT_OF_RANGE);
        assert_memory_equal(&word, &before, sizeof word);
    }
}

static void check_over_long(const mpz_t number, extvm_bytes canonical) {
    uint8_t over_long[WIDEST + 4];
    for (size_t more = 0; more <= 4; more++) {
        memset(over_long, mpz_sgn(number) < 0 ? 0xff : 0x00, more);
        memcpy(over_long + more, canonical.data, canonical.size);
        extvm_bytes given = {over_long, more + canonical.size};
        assert_bytes(extvm_integer_normalise(given), canonical);
        assert_int_equal(extvm_integer_sign(given), mpz_sgn(number));
        assert_int_equal(extvm_integer_compare(given, canonical), 0);
        check_fixed_widths(number, given, canonical);
    }
}

static void check_number(const mpz_t number) {
    uint8_t bytes[WIDEST];
    extvm_bytes canonical = reference(number, bytes);
    check_text(number, canonical);
    check_fixed_widths(number, canonical, canonical);
    check_over_long(number, canonical);
}

static void no_edge_of_a_byte_width_changes_a_number(void **context) {
    (void)context;
    for (size_t i = 0; i < edge_count; i++) {
        check_number(edges[i]);
    }
}

static void no_number_of_any_width_is_changed_by_a_round_trip(void **context) {
    (void)context;
    uint64_t seed = 20231116;
    for (unsigned i = 0; i < RANDOM_NUMBERS; i++) {
        uint8_t bytes[48];
        size_t width = chance(&seed) % (sizeof bytes + 1);
        for (size_t j = 0; j < width; j++) {
            bytes[j] = (uint8_t)(chance(&seed) >> 32);
        }
        mpz_t number;
        mpz_init(number);
        mpz_import(number, width, 1, 1, 1, 0, bytes);
        if (chance(&seed) >> 63 != 0) {
            mpz_neg(number, number);
        }
        check_number(number);
        mpz_clear(number);
    }
}

static void two_numbers_are_ordered_as_numbers_and_not_as_bytes(void **context) {
    (void)context;
    uint8_t left[WIDEST], right[WIDEST];
    for (size_t i = 0; i < edge_count; i++) {
        extvm_bytes a = reference(edges[i], left);
        for (size_t j = 0; j < edge_count; j += 1 + i % 3) {
            int expected = mpz_cmp(edges[i], edges[j]);
            int got = extvm_integer_compare(a, reference(edges[j], right));
            assert_int_equal((got > 0) - (got < 0), (expected > 0) - (expected < 0));
        }
    }
}

static void empty_bytes_are_zero(void **context) {
    (void)context;
    const extvm_bytes empty = {NULL, 0};
    uint64_t small = 5;
    extvm_word word;
    char text[EXTVM_INTEGER_HEX_SIZE(0)];
    assert_bytes(extvm_integer_normalise(empty), HEX("00"));
    assert_int_equal(extvm_integer_sign(empty), 0);
    assert_int_equal(extvm_integer_compare(empty, HEX("0000")), 0);
    assert_true(extvm_integer_compare(empty, HEX("ff")) > 0);
    assert_int_equal(extvm_integer_to_u64(empty, &small), EXTVM_OK);
    assert_int_equal(small, 0);
    assert_int_equal(extvm_integer_to_word(empty, &word), EXTVM_OK);
    assert_string_equal(extvm_integer_to_decimal(empty, text), "0");
    assert_string_equal(extvm_integer_to_hex(empty, text), "0x0");
}

static void the_protocol_notes_table_is_met_byte_for_byte(void **context) {
    (void)context;
    static const struct {
        const char *text, *hex;
    } rows[] = {
        {"0", "00"},
        {"1", "01"},
        {"127", "7f"},
        {"128", "0080"},
        {"255", "00ff"},
        {"256", "0100"},
        {"32767", "7fff"},
        {"32768", "008000"},
        {"1000000000000", "00e8d4a51000"},
        {"-1", "ff"},
        {"-128", "80"},
        {"-129", "ff7f"},
        {"0x8000000000000000000000000000000000000000000000000000000000000000", "0080 00*31"},
        {"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "00 ff*32"},
        {"0x10000000000000000000000000000000000000000000000000000000000000000", "01 00*32"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t buffer[40];
        extvm_bytes got;
        assert_int_equal(extvm_integer_from_text(rows[i].text, buffer, sizeof buffer, &got),
                         EXTVM_OK);
        assert_bytes(got, HEX(rows[i].hex));
    }
}

static void text_that_is_no_number_is_refused(void **context) {
    (void)context;
    static const char *const bad[] = {"",   "-",    "--1",  "+1",  " 1",  "1 ",  "0x",   "-0x",
                                      "x1", "0xg1", "12a4", "1.0", "1e3", "0b1", "0x-1", "1_000"};
    uint8_t buffer[8];
    extvm_bytes out;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(extvm_integer_from_text(bad[i], buffer, sizeof buffer, &out),
                         EXTVM_INVALID_ARGUMENT);
    }
    assert_int_equal(extvm_integer_from_text(NULL, buffer, 8, &out), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_integer_from_text("1", buffer, 0, &out), EXTVM_INVALID_ARGUMENT);
    /* What is both too long and no number is no number. */
    assert_int_equal(extvm_integer_from_text("99999999999999999999x", buffer, 1, &out),
                     EXTVM_INVALID_ARGUMENT);
}

static void leading_zeros_and_capitals_in_text_do_not_count(void **context) {
    (void)context;
    uint8_t buffer[2];
    extvm_bytes out;
    assert_int_equal(extvm_integer_from_text("0000000000000000000000255", buffer, 2, &out),
                     EXTVM_OK);
    assert_bytes(out, HEX("00ff"));
    assert_int_equal(extvm_integer_from_text("0X000000FF", buffer, 2, &out), EXTVM_OK);
    assert_bytes(out, HEX("00ff"));
    assert_int_equal(extvm_integer_from_text("-000", buffer, 1, &out), EXTVM_OK);
    assert_bytes(out, HEX("00"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_edge_of_a_byte_width_changes_a_number),
        cmocka_unit_test(no_number_of_any_width_is_changed_by_a_round_trip),
        cmocka_unit_test(two_numbers_are_ordered_as_numbers_and_not_as_bytes),
        cmocka_unit_test(empty_bytes_are_zero),
        cmocka_unit_test(the_protocol_notes_table_is_met_byte_for_byte),
        cmocka_unit_test(text_that_is_no_number_is_refused),
        cmocka_unit_test(leading_zeros_and_capitals_in_text_do_not_count),
    };
    return cmocka_run_group_tests(tests, make_edges, free_edges);
}
