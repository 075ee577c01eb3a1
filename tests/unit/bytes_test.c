/* Bytes, addresses and words from and to hex. */
#include <string.h>

#include "support/cmocka.h"

#include <extvm/bytes.h>

#include "support/hex.h"

static void every_byte_survives_hex_and_back(void **context) {
    (void)context;
    uint8_t all[256], back[256];
    char text[EXTVM_HEX_SIZE(256)];
    size_t size;
    for (unsigned i = 0; i < 256; i++) {
        all[i] = (uint8_t)i;
    }
    extvm_bytes_to_hex((extvm_bytes){all, 256}, text);
    assert_int_equal(strlen(text) + 1, sizeof text);
    assert_int_equal(extvm_bytes_from_hex(text, back, sizeof back, &size), EXTVM_OK);
    assert_bytes(((extvm_bytes){back, size}), ((extvm_bytes){all, 256}));
}

static void hex_is_read_with_and_without_prefix_and_in_any_case(void **context) {
    (void)context;
    static const char *const same[] = {"0xabcdef", "0XABCDEF", "abcdef", "AbCdEf"};
    uint8_t out[3];
    size_t size;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(extvm_bytes_from_hex(same[i], out, sizeof out, &size), EXTVM_OK);
        assert_bytes(((extvm_bytes){out, size}), HEX("abcdef"));
    }
}

static void no_digits_are_no_bytes(void **context) {
    (void)context;
    size_t size = 9;
    assert_int_equal(extvm_bytes_from_hex("", NULL, 0, &size), EXTVM_OK);
    assert_int_equal(size, 0);
    assert_int_equal(extvm_bytes_from_hex("0x", NULL, 0, &size), EXTVM_OK);
    assert_int_equal(size, 0);
}

static void text_that_is_no_hex_is_refused(void **context) {
    (void)context;
    static const char *const bad[] = {"0x1", "1", "0xg0", "0x0g", "0x 0", "0x00 ", "-0x00", "x00"};
    uint8_t out[8];
    size_t size;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(extvm_bytes_from_hex(bad[i], out, sizeof out, &size),
                         EXTVM_INVALID_ARGUMENT);
    }
    assert_int_equal(extvm_bytes_from_hex(NULL, out, 8, &size), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_bytes_from_hex("00", NULL, 8, &size), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_bytes_from_hex("00", out, 8, NULL), EXTVM_INVALID_ARGUMENT);
}

static void no_byte_is_written_beyond_the_capacity(void **context) {
    (void)context;
    uint8_t out[3] = {1, 2, 3};
    size_t size;
    assert_int_equal(extvm_bytes_from_hex("0xaabbcc", out, 2, &size), EXTVM_OUT_OF_RANGE);
    assert_int_equal(out[2], 3);
}

static void an_address_has_exactly_twenty_bytes(void **context) {
    (void)context;
    extvm_address address;
    assert_int_equal(extvm_address_from_hex("0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b", &address),
                     EXTVM_OK);
    extvm_address expected = hex_address("a94f5374fce5edbc8e2a8697c15331677e6ebf0b");
    assert_true(extvm_address_equal(&address, &expected));
    expected.bytes[19] ^= 1;
    assert_false(extvm_address_equal(&address, &expected));
    assert_int_equal(extvm_address_from_hex("a94f5374fce5edbc8e2a8697c15331677e6ebf", &address),
                     EXTVM_OUT_OF_RANGE);
    assert_int_equal(extvm_address_from_hex("a94f5374fce5edbc8e2a8697c15331677e6ebf0b00", &address),
                     EXTVM_OUT_OF_RANGE);
    assert_int_equal(extvm_address_from_hex("a94f5374fce5edbc8e2a8697c15331677e6ebf0", &address),
                     EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_address_from_hex("00", NULL), EXTVM_INVALID_ARGUMENT);
}

static void a_word_has_exactly_thirty_two_bytes(void **context) {
    (void)context;
    char text[EXTVM_HEX_SIZE(EXTVM_WORD_SIZE + 1)];
    extvm_word word;
    for (size_t size = 31; size <= 33; size++) {
        extvm_bytes bytes = {HEX("7e*33").data, size};
        extvm_bytes_to_hex(bytes, text);
        assert_int_equal(extvm_word_from_hex(text, &word),
                         size == 32 ? EXTVM_OK : EXTVM_OUT_OF_RANGE);
    }
    assert_memory_equal(word.bytes, HEX("7e*32").data, EXTVM_WORD_SIZE);
    assert_int_equal(extvm_word_from_hex(text, NULL), EXTVM_INVALID_ARGUMENT);
}

static void bytes_are_equal_by_what_they_hold(void **context) {
    (void)context;
    assert_true(extvm_bytes_equal(HEX("0102"), HEX("0102")));
    assert_false(extvm_bytes_equal(HEX("0102"), HEX("0103")));
    assert_false(extvm_bytes_equal(HEX("0102"), HEX("01")));
    assert_true(extvm_bytes_equal((extvm_bytes){NULL, 0}, HEX("")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_survives_hex_and_back),
        cmocka_unit_test(hex_is_read_with_and_without_prefix_and_in_any_case),
        cmocka_unit_test(no_digits_are_no_bytes),
        cmocka_unit_test(text_that_is_no_hex_is_refused),
        cmocka_unit_test(no_byte_is_written_beyond_the_capacity),
        cmocka_unit_test(an_address_has_exactly_twenty_bytes),
        cmocka_unit_test(a_word_has_exactly_thirty_two_bytes),
        cmocka_unit_test(bytes_are_equal_by_what_they_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
