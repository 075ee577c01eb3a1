/* extvm_apply: the order in which a node is told of the changes, and what a refusal does. */
#include <stdio.h>

#include "support/cmocka.h"

#include "common/result.h"
#include "support/hex.h"

/* Writes one word for each call, and refuses the one with the number `refuse_at`. */
struct record {
    char text[512];
    unsigned calls, refuse_at;
};

static bool note(struct record *record, const char *what, uint8_t who) {
    size_t used = strlen(record->text);
    snprintf(record->text + used, sizeof record->text - used, "%s:%02x ", what, who);
    return ++record->calls != record->refuse_at;
}

static bool on_account(void *context, const extvm_address *address, extvm_bytes nonce,
                       extvm_bytes balance) {
    assert_true(nonce.size > 0 && balance.size > 0);
    return note(context, "account", address->bytes[0]);
}
static bool on_code(void *context, const extvm_address *address, extvm_bytes code) {
    assert_true(code.size > 0);
    return note(context, "code", address->bytes[0]);
}
static bool on_storage(void *context, const extvm_address *address, extvm_bytes key,
                       extvm_bytes value) {
    (void)address;
    assert_true(value.size > 0 && value.data[value.size - 1] != 0);
    return note(context, "put", key.data[0]);
}
static bool on_erased(void *context, const extvm_address *address, extvm_bytes key) {
    (void)address;
    return note(context, "erase", key.data[0]);
}
static bool on_log(void *context, const extvm_log_entry *entry) {
    return note(context, "log", entry->address.bytes[0]);
}
static bool on_settle(void *context, const extvm_result *result) {
    return note(context, "settle", (uint8_t)extvm_result_outcome(result));
}
static bool on_deleted(void *context, const extvm_address *address) {
    return note(context, "delete", address->bytes[0]);
}
static bool on_empty(void *context, const extvm_address *address) {
    return note(context, "empty?", address->bytes[0]);
}

static extvm_sink sink_of(struct record *record) {
    return (extvm_sink){record, on_account, on_code,    on_storage, on_erased,
                        on_log, on_settle,  on_deleted, on_empty};
}

static struct {
    extvm_storage_update updates[3];
    extvm_modified_account accounts[2];
    extvm_log_entry logs[2];
    extvm_address deleted[1], touched[2];
} lists;

static extvm_result make_result(void) {
    static const uint8_t numbers[] = {0, 1, 2, 3};
    for (size_t i = 0; i < 3; i++) {
        lists.updates[i] = (extvm_storage_update){{&numbers[i + 1], 1}, {&numbers[i % 2], 1}};
    }
    lists.updates[0].value = (extvm_bytes){NULL, 0}; /* 0 too */
    for (size_t i = 0; i < 2; i++) {
        lists.accounts[i] =
            (extvm_modified_account){.nonce = {&numbers[1], 1}, .balance = {&numbers[0], 1}};
        lists.accounts[i].address.bytes[0] = (uint8_t)(0xa0 + i);
        lists.logs[i].address.bytes[0] = (uint8_t)(0xb1 - i);
        lists.touched[i].bytes[0] = (uint8_t)(0xd0 + i);
    }
    lists.accounts[0].storage = lists.updates;
    lists.accounts[0].storage_count = 3;
    lists.accounts[0].code = lists.accounts[0].nonce;
    lists.deleted[0].bytes[0] = 0xc0;
    return (extvm_result){.modified = lists.accounts,
                          .modified_count = 2,
                          .logs = lists.logs,
                          .log_count = 2,
                          .deleted = lists.deleted,
                          .deleted_count = 1,
                          .touched = lists.touched,
                          .touched_count = 2,
                          .beneficiary = {{0xee}},
                          .clears_empty = true};
}

#define CHANGES "account:a0 code:a0 erase:01 put:02 erase:03 account:a1 log:b1 log:b0 "
#define WHOLE CHANGES "settle:00 delete:c0 empty?:d0 empty?:d1 empty?:ee "

static void changes_come_before_fees_and_removals_after_them(void **context) {
    (void)context;
    struct record record = {.calls = 0};
    extvm_sink sink = sink_of(&record);
    extvm_result result = make_result();
    assert_int_equal(extvm_apply(&result, &sink, NULL), EXTVM_OK);
    assert_string_equal(record.text, WHOLE);
}

static void before_spurious_dragon_no_empty_account_is_removed(void **context) {
    (void)context;
    struct record record = {.calls = 0};
    extvm_sink sink = sink_of(&record);
    extvm_result result = make_result();
    result.clears_empty = false;
    assert_int_equal(extvm_apply(&result, &sink, NULL), EXTVM_OK);
    assert_string_equal(record.text, CHANGES "settle:00 delete:c0 ");
}

static void a_failure_only_settles_the_gas(void **context) {
    (void)context;
    struct record record = {.calls = 0};
    extvm_sink sink = sink_of(&record);
    extvm_result result = make_result();
    result.outcome = EXTVM_OUTCOME_REVERT;
    result_drop_changes(&result);
    assert_int_equal(extvm_apply(&result, &sink, NULL), EXTVM_OK);
    assert_string_equal(record.text, "settle:01 empty?:ee ");
}

static void a_sink_that_refuses_is_asked_nothing_more(void **context) {
    (void)context;
    enum { STEPS = 13 };
    extvm_result result = make_result();
    for (unsigned refuse_at = 1; refuse_at <= STEPS + 1; refuse_at++) {
        struct record record = {.refuse_at = refuse_at};
        extvm_error error;
        extvm_sink sink = sink_of(&record);
        bool refused = refuse_at <= STEPS;
        assert_int_equal(extvm_apply(&result, &sink, &error),
                         refused ? EXTVM_WORLD_FAILED : EXTVM_OK);
        assert_int_equal(record.calls, refused ? refuse_at : STEPS);
        assert_memory_equal(record.text, WHOLE, strlen(record.text));
    }
}

static void functions_that_a_sink_lacks_are_left_out(void **context) {
    (void)context;
    struct record record = {.calls = 0};
    extvm_sink sink = {.context = &record, .settle = on_settle};
    extvm_result result = make_result();
    assert_int_equal(extvm_apply(&result, &sink, NULL), EXTVM_OK);
    assert_string_equal(record.text, "settle:00 ");
    assert_int_equal(extvm_apply(NULL, &sink, NULL), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_apply(&result, NULL, NULL), EXTVM_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_come_before_fees_and_removals_after_them),
        cmocka_unit_test(before_spurious_dragon_no_empty_account_is_removed),
        cmocka_unit_test(a_failure_only_settles_the_gas),
        cmocka_unit_test(a_sink_that_refuses_is_asked_nothing_more),
        cmocka_unit_test(functions_that_a_sink_lacks_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
