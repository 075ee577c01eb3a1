/* IELE's call data and returned values (protocol/iele.md, section 5), and the RLP below them. */
#include "support/cmocka.h"

#include <extvm/iele.h>

#include "common/rlp.h"
#include "iele/iele.h"
#include "support/hex.h"
#include "support/scarce_memory.h"

static void each_argument_is_written_as_the_vm_reads_it(void **unused) {
    static const struct {
        const char *argument, *item;
    } rows[] = {
        {"00", "00"},
        {"05", "05"},
        {"7f", "7f"},
        {"0080", "820080"},
        {"ff", "81ff"},
        {"80", "8180"},
        {"ff80", "8180"},
        {"", "00"},
        {"00 a1*20", "95 00 a1*20"},
        {"10 00*19", "94 10 00*19"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t *data;
        size_t size;
        const extvm_bytes argument = HEX(rows[i].argument), item = HEX(rows[i].item);
        assert_int_equal(extvm_iele_call("f", &argument, 1, NULL, &data, &size, NULL), EXTVM_OK);
        assert_int_equal(size, 3 + item.size);
        assert_int_equal(data[0], 0xc0 + size - 1);
        assert_int_equal(data[1], 'f');
        assert_int_equal(data[2], 0xc0 + item.size);
        assert_memory_equal(data + 3, item.data, item.size);
        assert_int_equal(iele_check_call_data((extvm_bytes){data, size}, NULL), EXTVM_OK);
        free(data);
    }
}

static void worked_call_data_of_the_protocol_comes_out_byte_for_byte(void **unused) {
    static const struct {
        const char *function, *argument; /* NULL: a create; none */
        const char *data;
    } rows[] = {
        {"inc", "29", "c6 83 696e63 c1 29"},          {"inc", "ff", "c7 83 696e63 c2 81ff"},
        {"inc", "7f", "c6 83 696e63 c1 7f"},          {"sum", "00", "c6 83 73756d c1 00"},
        {"deposit", NULL, "c9 87 6465706f736974 c0"}, {"nope", NULL, "c6 84 6e6f7065 c0"},
        {"hash", "012c", "c9 84 68617368 c3 82012c"}, {NULL, NULL, "e1 9f 0000001b 63*27 c0"},
        {NULL, "05", "e2 9f 0000001b 63*27 c1 05"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t *data;
        size_t size;
        const extvm_bytes code = HEX("0000001b 63*27");
        const extvm_bytes argument = HEX(rows[i].argument != NULL ? rows[i].argument : "");
        const size_t count = rows[i].argument != NULL ? 1 : 0;
        assert_int_equal(
            rows[i].function != NULL
                ? extvm_iele_call(rows[i].function, &argument, count, NULL, &data, &size, NULL)
                : extvm_iele_deploy(code, &argument, count, NULL, &data, &size, NULL),
            EXTVM_OK);
        assert_bytes(((extvm_bytes){data, size}), HEX(rows[i].data));
        free(data);
    }
}

static void long_names_and_many_arguments_get_long_lengths(void **unused) {
    (void)unused;
    uint8_t *data;
    size_t size;
    extvm_bytes code = HEX("fe*300"), five = HEX("05"), args[60];
    for (size_t i = 0; i < 60; i++) {
        args[i] = five;
    }
    assert_int_equal(extvm_iele_deploy(code, args, 60, NULL, &data, &size, NULL), EXTVM_OK);
    assert_bytes(((extvm_bytes){data, 6}), HEX("f9016d b9012c"));
    assert_bytes(((extvm_bytes){data + 306, 2}), HEX("f83c"));
    assert_int_equal(size, 3 + 303 + 62);
    assert_int_equal(iele_check_call_data((extvm_bytes){data, size}, NULL), EXTVM_OK);
    free(data);
}

static void input_that_the_vm_would_not_survive_is_refused_with_its_place(void **unused) {
    static const struct {
        const char *input, *text;
    } rows[] = {
        {"", "at byte 0 of 0, is missing"},
        {"83616263", "at byte 0 of 4, is a string"},
        {"c0", "first element, the function's name or the code, at byte 1 of 1, is missing"},
        {"c161", "second element, the arguments, at byte 2 of 2, is missing"},
        {"c26180", "second element, the arguments, at byte 2 of 3, is a string"},
        {"c2c0c0", "at byte 1 of 3, is a list"},
        {"c361c1c0", "an argument of input, at byte 3 of 4, is a list"},
        {"c361c181", "at byte 3 of 4, is shorter than its length says"},
        {"c361c2", "at byte 0 of 3, is shorter than its length says"},
        {"c361c0c0", "third element"},
        {"c261c000", "at byte 3 of 4, goes on after its list"},
        {"c38105c0", "at byte 1 of 4, is one byte below 80"},
        {"f80261c0", "more bytes than it needs"},
        {"f9000261c0", "a length that begins with 00"},
        {"f8", "ends inside a length"},
        {"ff ff*8", "is shorter than its length says"},
        {"bf ff*8 00", "is shorter than its length says"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        extvm_error error = {EXTVM_OK, ""};
        assert_int_equal(iele_check_call_data(HEX(rows[i].input), &error), EXTVM_INVALID_ARGUMENT);
        if (strstr(error.text, rows[i].text) == NULL) {
            fail_msg("%s: %s", rows[i].input, error.text);
        }
    }
}

static void returned_integers_are_signed(void **unused) {
    static const struct {
        const char *data;
        size_t count;
        const char *first;
    } rows[] = {
        {"c0", 0, ""},
        {"c100", 1, "00"},
        {"c12a", 1, "2a"},
        {"c3820080", 1, "0080"},
        {"c281ff", 1, "ff"},
        {"c28180", 1, "80"},
        {"c180", 1, "00"},
        {"d695 00a24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3", 1,
         "00a24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3"},
        {"d594 10 00*19", 1, "10 00*19"},
        {"e1a0 245b*31", 1, "245b*31"},
        {"e2a1 00 ff*32", 1, "00 ff*32"},
        {"c3010203", 3, "01"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        extvm_bytes first = {NULL, 0};
        size_t count;
        const extvm_bytes data = HEX(rows[i].data);
        assert_int_equal(extvm_iele_returns(data, &first, 1, &count, NULL), EXTVM_OK);
        assert_int_equal(count, rows[i].count);
        assert_bytes(first, HEX(rows[i].first));
        assert_int_equal(extvm_iele_returns(data, NULL, 0, &count, NULL), EXTVM_OK);
        assert_int_equal(count, rows[i].count);
    }
    size_t count;
    assert_int_equal(extvm_iele_returns(HEX("05"), NULL, 0, &count, NULL), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_iele_returns(HEX("c1c0"), NULL, 0, &count, NULL),
                     EXTVM_INVALID_ARGUMENT);
}

static void call_data_without_memory_or_arguments_is_a_clean_status(void **unused) {
    (void)unused;
    struct scarce_memory memory = {.fail_at = 1};
    extvm_allocator allocator = scarce_memory_allocator(&memory);
    uint8_t *data;
    size_t size;
    assert_int_equal(extvm_iele_call("f", NULL, 0, &allocator, &data, &size, NULL),
                     EXTVM_NO_MEMORY);
    assert_int_equal(memory.live, 0);
    assert_int_equal(extvm_iele_call("f", NULL, 0, &allocator, &data, &size, NULL), EXTVM_OK);
    allocator.release(allocator.context, data);
    assert_int_equal(memory.live, 0);
    assert_int_equal(extvm_iele_call(NULL, NULL, 0, NULL, &data, &size, NULL),
                     EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_iele_call("f", NULL, 1, NULL, &data, &size, NULL),
                     EXTVM_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_argument_is_written_as_the_vm_reads_it),
        cmocka_unit_test(worked_call_data_of_the_protocol_comes_out_byte_for_byte),
        cmocka_unit_test(long_names_and_many_arguments_get_long_lengths),
        cmocka_unit_test(input_that_the_vm_would_not_survive_is_refused_with_its_place),
        cmocka_unit_test(returned_integers_are_signed),
        cmocka_unit_test(call_data_without_memory_or_arguments_is_a_clean_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
