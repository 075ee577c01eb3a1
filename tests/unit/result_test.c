/* Results: their order, what a failure drops, gas used, quirks, memory. */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka.h"

#include "common/result.h"
#include "support/chance.h"
#include "support/hex.h"
#include "support/scarce_memory.h"

enum { MANY = 300 };

static int begin(void **context) {
    *context = result_new(extvm_default_allocator(), NULL);
    return *context == NULL;
}

static int end(void **context) {
    extvm_result_free(*context);
    return 0;
}

/* Shuffled: `i` times a number without a common divisor. */
static uint8_t shuffled(size_t i) {
    return (uint8_t)(i * 7 % 251);
}

/* -- the order of many accounts, against qsort -- */

enum { CROWD = 3000 };

static int compare_addresses(const void *a, const void *b) {
    return memcmp(a, b, EXTVM_ADDRESS_SIZE);
}

/* Random in the bytes from `from` to `to`, each with one of `values` values. */
static void fill_crowd(extvm_address *crowd, size_t from, size_t to, unsigned values) {
    uint64_t seed = 11;
    memset(crowd, 0x42, CROWD * sizeof *crowd);
    for (size_t i = 0; i < CROWD; i++) {
        for (size_t at = from; at < to; at++) {
            crowd[i].bytes[at] = (uint8_t)(chance(&seed) % values * (255 / (values - 1)));
        }
    }
}

static void check_crowd(extvm_result *result, const extvm_address *crowd) {
    static extvm_modified_account accounts[CROWD];
    static extvm_access_entry entries[CROWD];
    static extvm_address expected[CROWD];
    for (size_t i = 0; i < CROWD; i++) {
        /* Which element it was, in a field that has to come along. */
        accounts[i] = (extvm_modified_account){.address = crowd[i], .storage_count = 0};
        accounts[i].code = (extvm_bytes){crowd[i].bytes, 1 + i};
        entries[i] = (extvm_access_entry){.address = crowd[i]};
        expected[i] = crowd[i];
    }
    result->modified = accounts;
    result->access_list = (extvm_access_list){entries, CROWD};
    result->modified_count = CROWD;
    result_sort(result);
    qsort(expected, CROWD, sizeof *expected, compare_addresses);
    for (size_t i = 0; i < CROWD; i++) {
        assert_memory_equal(accounts[i].address.bytes, expected[i].bytes, EXTVM_ADDRESS_SIZE);
        assert_memory_equal(entries[i].address.bytes, expected[i].bytes, EXTVM_ADDRESS_SIZE);
        size_t was = accounts[i].code.size - 1;
        assert_ptr_equal(accounts[i].code.data, crowd[was].bytes);
        assert_memory_equal(crowd[was].bytes, accounts[i].address.bytes, EXTVM_ADDRESS_SIZE);
    }
}

static void many_accounts_come_out_in_order_whatever_their_addresses_share(void **context) {
    static extvm_address crowd[CROWD];
    for (size_t from = 0; from < EXTVM_ADDRESS_SIZE; from++) {
        fill_crowd(crowd, from, EXTVM_ADDRESS_SIZE, 256); /* a common beginning */
        check_crowd(*context, crowd);
        fill_crowd(crowd, 0, from + 1, 2); /* two values, and a common end: many are the same */
        check_crowd(*context, crowd);
    }
}

static void lists_come_out_ascending_and_sets_without_duplicates(void **context) {
    extvm_result *result = *context;
    static extvm_modified_account accounts[200];
    static extvm_storage_update updates[200];
    static uint8_t keys[200][2];
    static extvm_address deleted[MANY], touched[MANY];
    for (size_t i = 0; i < 200; i++) {
        accounts[i] = (extvm_modified_account){.address = {{shuffled(i)}}};
        keys[i][1] = shuffled(i); /* as bytes 00ff comes before 7f, as a number after it */
        size_t zeros = (keys[i][1] & 0x80) != 0 ? 0 : 1;
        updates[i].key = (extvm_bytes){keys[i] + zeros, 2 - zeros};
    }
    accounts[100].storage = updates;
    accounts[100].storage_count = 200;
    for (size_t i = 0; i < MANY; i++) {
        deleted[i].bytes[19] = touched[i].bytes[0] = (uint8_t)(i * 7 % 100);
    }
    result->modified = accounts;
    result->modified_count = 200;
    result->deleted = deleted;
    result->touched = touched;
    result->deleted_count = result->touched_count = MANY;
    result_sort(result);
    for (size_t i = 1; i < 200; i++) {
        assert_true(address_compare(&accounts[i - 1].address, &accounts[i].address) < 0);
        assert_true(updates[i - 1].key.data[updates[i - 1].key.size - 1] <
                    updates[i].key.data[updates[i].key.size - 1]);
    }
    assert_int_equal(result->deleted_count, 100);
    assert_int_equal(result->touched_count, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(deleted[i].bytes[19], i);
        assert_int_equal(touched[i].bytes[0], i);
    }
}

static void logs_keep_the_order_in_which_they_were_written(void **context) {
    extvm_result *result = *context;
    static extvm_log_entry logs[3] = {{.address = {{9}}}, {.address = {{1}}}, {.address = {{5}}}};
    size_t count;
    result->logs = logs;
    result->log_count = 3;
    result_sort(result);
    const extvm_log_entry *got = extvm_result_logs(result, &count);
    assert_int_equal(count, 3);
    assert_int_equal(got[0].address.bytes[0], 9);
    assert_int_equal(got[1].address.bytes[0], 1);
    assert_int_equal(got[2].address.bytes[0], 5);
}

static void dropping_forgets_every_change_and_says_whether_there_was_one(void **context) {
    extvm_result *result = *context;
    size_t *const counts[] = {&result->modified_count, &result->deleted_count,
                              &result->touched_count, &result->log_count,
                              &result->access_list.count};
    assert_false(result_drop_changes(result));
    assert_false(result_drop_changes(result));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        *counts[i] = 3;
        assert_true(result_drop_changes(result));
        assert_int_equal(*counts[i], 0);
    }
    result->gas_refund = HEX("01");
    assert_true(result_drop_changes(result));
    assert_bytes(extvm_result_gas_refund(result), HEX("00"));
}

static void gas_used_is_what_does_not_remain(void **context) {
    extvm_result *result = *context;
    static const struct {
        const char *provided, *remaining, *used;
    } rows[] = {
        {"00", "00", "00"},
        {"053960", "049400", "00a560"},
        {"0100", "01", "00ff"},
        {"7f", "00", "7f"},
        {"00 ff*32", "00 ff*32", "00"},
        {"00 ff*32", "00", "00 ff*32"},
        {"0080 00*31", "01", "7f ff*31"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        result->gas_remaining = HEX(rows[i].remaining);
        assert_true(result_set_gas_used(result, HEX(rows[i].provided)));
        assert_bytes(extvm_result_gas_used(result), HEX(rows[i].used));
    }
}

static void a_quirk_is_named_once(void **context) {
    extvm_result *result = *context;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    size_t count;
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < 3; i++) {
            result_add_quirk(result, names[i]);
        }
        assert_ptr_equal(extvm_result_quirks(result, &count)[2], names[2]);
        assert_int_equal(count, 3);
    }
    for (size_t i = 0; i < 10; i++) { /* more than there is room for */
        result_add_quirk(result, names[i]);
    }
    extvm_result_quirks(result, &count);
    assert_int_equal(count, RESULT_QUIRKS_MAXIMUM);
}

static void a_result_outlives_the_allocator_struct_that_made_it(void **context) {
    (void)context;
    struct scarce_memory scarce = {.fail_at = 1};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    assert_null(result_new(&allocator, NULL));
    extvm_result *result = result_new(&allocator, NULL);
    assert_non_null(result);
    memset(&allocator, 0, sizeof allocator);
    assert_non_null(arena_allocate(&result->arena, 100000));
    extvm_result_free(result);
    extvm_result_free(NULL);
    assert_int_equal(scarce.live, 0);
}

static void outcomes_have_names(void **context) {
    (void)context;
    assert_string_equal(extvm_outcome_name(EXTVM_OUTCOME_SUCCESS), "success");
    assert_string_equal(extvm_outcome_name(EXTVM_OUTCOME_REVERT), "revert");
    assert_string_equal(extvm_outcome_name(EXTVM_OUTCOME_FAILURE), "failure");
    assert_string_equal(extvm_outcome_name((extvm_outcome)7), "unknown");
}

#define RESULT(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RESULT(many_accounts_come_out_in_order_whatever_their_addresses_share),
        RESULT(lists_come_out_ascending_and_sets_without_duplicates),
        RESULT(logs_keep_the_order_in_which_they_were_written),
        RESULT(dropping_forgets_every_change_and_says_whether_there_was_one),
        RESULT(gas_used_is_what_does_not_remain),
        RESULT(a_quirk_is_named_once),
        cmocka_unit_test(a_result_outlives_the_allocator_struct_that_made_it),
        cmocka_unit_test(outcomes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
