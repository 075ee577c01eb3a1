/* Frames: what calls and creates do, what a failure undoes, and what the result lists (yellow
 * paper, sections 7 and 8; protocol/kevm.md, sections 8 to 11). */
#include "evm_world.h"

#include <pthread.h>

#include "common/call.h"
#include "common/result.h"

/* Code: CALL `last` with a million gas and this value, nothing in or out; leaves 1 or 0. */
#define CALL_OF(last, value)                                                                       \
    "600060006000600060" value PUSH_ADDRESS(last) "620fffff"                                       \
                                                  "f1"
#define STORE(key, value) "60" value "60" key "55"
/* Code: the top of the stack into storage. */
#define STORE_TOP(key) "60" key "55"

struct fixture {
    struct test_world world;
    struct test_call test;
};

static void fixture_init(struct fixture *fixture, extvm_fork fork, const char *code) {
    *fixture = (struct fixture){.world = {.count = 0}};
    world_add(&fixture->world, address_of(CALLER), 5, 1000, "");
    world_add(&fixture->world, address_of(CONTRACT), 1, 100, code);
    test_call_init(&fixture->test, fork, 10000000);
}

static extvm_result *fixture_run(struct fixture *fixture) {
    return run_call(&fixture->test.call, &fixture->world);
}

static void assert_nothing_listed(const extvm_result *result) {
    size_t modified, deleted, touched, logs;
    extvm_result_modified(result, &modified);
    extvm_result_deleted(result, &deleted);
    extvm_result_touched(result, &touched);
    extvm_result_logs(result, &logs);
    assert_int_equal(modified + deleted + touched + logs, 0);
    assert_int_equal(extvm_result_access_list(result)->count, 0);
    assert_int_equal(u64_of(extvm_result_gas_refund(result)), 0);
}

static void value_moves_from_the_caller_to_the_recipient(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, EXTVM_FORK_BERLIN, "");
    test_call_set_value(&fixture.test, 300);
    extvm_result *result = fixture_run(&fixture);
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    assert_string_equal(extvm_result_return_code_name(result), "success");
    assert_hex(extvm_result_return_code(result), "01");
    assert_int_equal(u64_of(modified_of(result, address_of(CALLER))->balance), 700);
    assert_int_equal(u64_of(modified_of(result, address_of(CALLER))->nonce), 5);
    assert_int_equal(u64_of(modified_of(result, address_of(CONTRACT))->balance), 400);
    assert_int_equal(u64_of(extvm_result_gas_used(result)), 0);
    assert_true(is_touched(result, address_of(CALLER)));
    assert_true(is_touched(result, address_of(CONTRACT)));
    assert_true(is_touched(result, address_of(0xbe)));
    assert_null(extvm_result_created_address(result));
    extvm_result_free(result);
}

static void value_that_is_not_there_fails_with_all_gas(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, EXTVM_FORK_BERLIN, "00");
    test_call_set_value(&fixture.test, 1001);
    extvm_result *result = fixture_run(&fixture);
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_FAILURE);
    assert_string_equal(extvm_result_return_code_name(result), "failure");
    assert_hex(extvm_result_return_code(result), "00");
    assert_int_equal(u64_of(extvm_result_gas_remaining(result)), 0);
    assert_nothing_listed(result);
    extvm_result_free(result);
}

static void accounts_that_were_only_read_are_not_listed(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, EXTVM_FORK_BERLIN, PUSH_ADDRESS("dd") "31600054" STORE("01", "07"));
    world_set(&fixture.world.accounts[1], 1, 7);
    world_add(&fixture.world, address_of(0xdd), 3, 4, "00");
    extvm_result *result = fixture_run(&fixture);
    size_t count;
    extvm_result_modified(result, &count);
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    assert_int_equal(count, 0); /* the store wrote what was there */
    assert_false(is_touched(result, address_of(0xdd)));
    extvm_result_free(result);
}

static void a_frame_that_reverts_undoes_all_it_did(void **state) {
    (void)state;
    struct fixture fixture;
    /* dd: store, clear a slot, log, pay, create, then revert with 2 bytes. */
    fixture_init(&fixture, EXTVM_FORK_BERLIN,
                 CALL_OF("dd", "09") STORE_TOP("01") "3d" STORE_TOP("02") STORE("03", "05"));
    world_set(world_add(&fixture.world, address_of(0xdd), 1, 50,
                        STORE("01", "07") STORE("02", "00") "60006000a0" CALL_OF(
                            "ee", "05") "50600060006000f05060026000fd"),
              2, 9);
    extvm_result *result = fixture_run(&fixture);
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    size_t count;
    extvm_result_modified(result, &count);
    assert_int_equal(count, 1);
    const extvm_modified_account *contract = modified_of(result, address_of(CONTRACT));
    assert_int_equal(contract->storage_count, 2); /* key 1 became 0, as it was */
    assert_int_equal(stored(contract, 2), 2);
    assert_int_equal(stored(contract, 3), 5);
    assert_int_equal(u64_of(contract->balance), 100);
    extvm_result_logs(result, &count);
    assert_int_equal(count, 0);
    assert_int_equal(u64_of(extvm_result_gas_refund(result)), 0);
    assert_false(is_touched(result, address_of(0xdd)));
    assert_false(is_touched(result, address_of(0xee)));
    extvm_result_free(result);
}

/* A frame notes only the first of its stores to a slot. */
static void what_failed_frames_stored_more_than_once_is_undone(void **state) {
    (void)state;
#define DELEGATE_TO(last) "6000600060006000" PUSH_ADDRESS(last) "620ffffff450"
#define LOAD(key) "60" key "54"
    struct fixture fixture;
    fixture_init(&fixture, EXTVM_FORK_BERLIN,
                 STORE("01", "01") STORE("01", "02") DELEGATE_TO("d1") DELEGATE_TO("d1") LOAD("01")
                     STORE_TOP("02") DELEGATE_TO("d2") LOAD("01") STORE_TOP("03") DELEGATE_TO("d3")
                         LOAD("01") STORE_TOP("04") STORE("01", "09"));
    world_add(&fixture.world, address_of(0xd1), 1, 0, STORE("01", "03") STORE("01", "04") "fe");
    world_add(&fixture.world, address_of(0xd2), 1, 0,
              STORE("01", "05") DELEGATE_TO("d3") STORE("01", "08") "fe");
    world_add(&fixture.world, address_of(0xd3), 1, 0, STORE("01", "06") STORE("01", "07"));
    extvm_result *result = fixture_run(&fixture);
    const extvm_modified_account *contract = modified_of(result, address_of(CONTRACT));
    assert_int_equal(contract->storage_count, 4);
    assert_int_equal(u64_of(contract->storage[0].value), 9);
    assert_int_equal(u64_of(contract->storage[1].value), 2);
    assert_int_equal(u64_of(contract->storage[2].value), 2);
    assert_int_equal(u64_of(contract->storage[3].value), 7);
    extvm_result_free(result);
}

static void a_revert_at_the_top_keeps_data_and_gas_only(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, EXTVM_FORK_BERLIN,
                 STORE("01", "07") "60006000a0"
                                   "63deadbeef6000526004601cfd");
    extvm_result *result = fixture_run(&fixture);
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_REVERT);
    assert_hex(extvm_result_return_data(result), "deadbeef");
    assert_hex(extvm_result_return_code(result), "00");
    assert_true(u64_of(extvm_result_gas_remaining(result)) > 9000000);
    assert_nothing_listed(result);
    extvm_result_free(result);
}

static void logs_come_in_the_order_they_were_written(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, EXTVM_FORK_BERLIN,
                 "60ab60005360076002600160"
                 "00a2" CALL_OF("dd", "00") "60006000a0");
    world_add(&fixture.world, address_of(0xdd), 1, 0, "600960006000a1");
    extvm_result *result = fixture_run(&fixture);
    size_t count;
    const extvm_log_entry *logs = extvm_result_logs(result, &count);
    const extvm_address dd = address_of(0xdd);
    assert_int_equal(count, 3);
    assert_int_equal(logs[0].topic_count, 2);
    assert_int_equal(logs[0].topics[0].bytes[31], 2);
    assert_int_equal(logs[0].topics[1].bytes[31], 7);
    assert_hex(logs[0].data, "ab");
    assert_true(extvm_address_equal(&logs[1].address, &dd));
    assert_int_equal(logs[1].topics[0].bytes[31], 9);
    assert_int_equal(logs[2].topic_count, 0);
    extvm_result_free(result);
}

static void return_data_reaches_the_caller_and_its_memory(void **state) {
    (void)state;
    struct fixture fixture;
    /* Two of the callee's four bytes into memory, all of them by RETURNDATACOPY. */
    fixture_init(&fixture, EXTVM_FORK_BERLIN,
                 "6002600060006000"
                 "6000" PUSH_ADDRESS("dd") "62ffffff"
                                           "f1"
                                           "50"
                                           "600460006010"
                                           "3e"
                                           "60206000f3");
    world_add(&fixture.world, address_of(0xdd), 1, 0,
              "6301020304600052"
              "6004601cf3");
    extvm_result *result = fixture_run(&fixture);
    assert_hex(extvm_result_return_data(result),
               "0102000000000000000000000000000001020304000000000000000000000000");
    extvm_result_free(result);
}

static void a_static_call_may_change_nothing(void **state) {
    (void)state;
    static const char *const forbidden[] = {STORE("01", "01"),       "60006000a0",
                                            "600060006000f0",        "6000600060006000f5",
                                            PUSH_ADDRESS("ee") "ff", CALL_OF("ee", "01")};
    static const char *const allowed[] = {"600054", CALL_OF("ee", "00")};
    for (unsigned i = 0; i < 8; i++) {
        struct fixture fixture;
        fixture_init(&fixture, EXTVM_FORK_BERLIN,
                     "6000600060006000" PUSH_ADDRESS("dd") "62ffffff"
                                                           "fa" RETURN_TOP);
        world_add(&fixture.world, address_of(0xdd), 1, 9, i < 6 ? forbidden[i] : allowed[i - 6]);
        extvm_result *result = fixture_run(&fixture);
        assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
        assert_int_equal(extvm_result_return_data(result).data[31], i < 6 ? 0 : 1);
        extvm_result_free(result);
    }
}

static void delegate_calls_keep_caller_value_and_storage(void **state) {
    (void)state;
    /* dd stores CALLER and CALLVALUE, wherever it runs. */
    for (unsigned delegate = 0; delegate < 2; delegate++) {
        struct fixture fixture;
        fixture_init(&fixture, EXTVM_FORK_BERLIN,
                     delegate != 0 ? "6000600060006000" PUSH_ADDRESS("dd") "62fffffff4"
                                   : "60006000600060006009" PUSH_ADDRESS("dd") "62fffffff2");
        world_add(&fixture.world, address_of(0xdd), 1, 0,
                  "60ff3316" STORE_TOP("01") "34" STORE_TOP("02"));
        test_call_set_value(&fixture.test, 7);
        extvm_result *result = fixture_run(&fixture);
        const extvm_modified_account *contract = modified_of(result, address_of(CONTRACT));
        assert_int_equal(stored(contract, 1), delegate != 0 ? CALLER : CONTRACT);
        assert_int_equal(stored(contract, 2), delegate != 0 ? 7 : 9);
        assert_int_equal(u64_of(contract->balance), 107);
        assert_null(modified_of(result, address_of(0xdd)));
        extvm_result_free(result);
    }
}

static void calling_nobody_makes_an_account_only_before_eip_161(void **state) {
    (void)state;
    for (unsigned fork = 0; fork < EXTVM_FORK_COUNT; fork++) {
        struct fixture fixture;
        fixture_init(&fixture, (extvm_fork)fork, CALL_OF("ee", "00"));
        extvm_result *result = fixture_run(&fixture);
        const extvm_modified_account *made = modified_of(result, address_of(0xee));
        assert_int_equal(made != NULL, fork < EXTVM_FORK_EIP161);
        assert_true(is_touched(result, address_of(0xee)));
        assert_int_equal(result->clears_empty, fork >= EXTVM_FORK_EIP161);
        extvm_result_free(result);
    }
}

static void ripemd_160_stays_touched_when_its_frame_failed(void **state) {
    (void)state;
    struct fixture fixture;
    extvm_address ripemd = {{0}};
    ripemd.bytes[EXTVM_ADDRESS_SIZE - 1] = 3;
    fixture_init(&fixture, EXTVM_FORK_EIP161,
                 "60006000600060006000600360fff1"
                 "60006000600060006000600260fff1");
    world_add(&fixture.world, ripemd, 0, 0, "");
    extvm_result *result = fixture_run(&fixture);
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    assert_true(is_touched(result, ripemd)); /* EIP-716 */
    extvm_result_free(result);
}

/* -- creates -- */

/* Init code that deploys the two bytes 60 00. */
#define DEPLOY                                                                                     \
    "616000600052"                                                                                 \
    "6002601ef3"

static void make_create(struct fixture *fixture, extvm_fork fork, const uint8_t *code,
                        size_t size) {
    fixture_init(fixture, fork, "");
    fixture->test.call.recipient = NULL;
    fixture->test.call.input = (extvm_bytes){code, size};
}

static extvm_result *run_create(struct fixture *fixture, extvm_fork fork, const char *hex) {
    static uint8_t code[WORLD_CODE];
    size_t size;
    assert_int_equal(extvm_bytes_from_hex(hex, code, sizeof code, &size), EXTVM_OK);
    make_create(fixture, fork, code, size);
    return fixture_run(fixture);
}

static void a_create_makes_the_contract_at_the_transactions_nonce(void **state) {
    (void)state;
    struct fixture fixture;
    extvm_result *result = run_create(&fixture, EXTVM_FORK_BERLIN, STORE("01", "07") DEPLOY);
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    assert_string_equal(extvm_result_return_code_name(result), "created");
    const extvm_address *created = extvm_result_created_address(result);
    extvm_address expected; /* the caller's nonce is 5, so that the transaction's is 4 */
    create_address(&fixture.test.call.caller, 4, &expected);
    assert_non_null(created);
    assert_true(extvm_address_equal(created, &expected));
    const extvm_modified_account *contract = modified_of(result, *created);
    assert_int_equal(u64_of(contract->nonce), 1);
    assert_hex(contract->code, "6000");
    assert_int_equal(stored(contract, 1), 7);
    assert_int_equal(extvm_result_return_data(result).size, 0);
    assert_null(modified_of(result, address_of(CALLER)));
    extvm_result_free(result);
}

static void a_new_contract_has_nonce_0_before_eip_161_and_one_more_after(void **state) {
    (void)state;
    for (unsigned fork = 0; fork < EXTVM_FORK_COUNT; fork++) {
        struct fixture fixture;
        extvm_result *result = run_create(&fixture, (extvm_fork)fork, DEPLOY);
        const extvm_modified_account *made =
            modified_of(result, *extvm_result_created_address(result));
        assert_int_equal(u64_of(made->nonce), fork < EXTVM_FORK_EIP161 ? 0 : 1);
        extvm_result_free(result);
    }
}

static void code_that_cannot_be_paid_is_left_out_in_frontier_and_fails_later(void **state) {
    (void)state;
    for (unsigned fork = 0; fork < EXTVM_FORK_COUNT; fork++) {
        struct fixture fixture;
        uint8_t code[] = {0x60, 0x40, 0x60, 0x00, 0xf3}; /* 64 bytes: 12800 gas */
        make_create(&fixture, (extvm_fork)fork, code, sizeof code);
        fixture.test.call.gas_provided = extvm_integer_from_u64(12000, fixture.test.gas);
        extvm_result *result = fixture_run(&fixture);
        if (fork == EXTVM_FORK_FRONTIER) {
            assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
            assert_int_equal(u64_of(extvm_result_gas_remaining(result)), 12000 - 12);
            assert_int_equal(modified_of(result, *extvm_result_created_address(result))->code.size,
                             0);
        } else {
            assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_FAILURE);
            assert_nothing_listed(result);
        }
        extvm_result_free(result);
    }
}

static void code_above_the_limit_fails_from_eip_170_on(void **state) {
    (void)state;
    static const uint8_t chain_limit[] = {0x10, 0x00};
    for (unsigned fork = EXTVM_FORK_HOMESTEAD; fork < EXTVM_FORK_COUNT; fork++) {
        for (unsigned i = 0; i < 4; i++) { /* 24576, 24577; 4096, 4097 with a limit of its own */
            struct fixture fixture;
            uint8_t code[] = {0x61, i < 2 ? 0x60 : 0x10, (uint8_t)(i & 1), 0x60, 0x00, 0xf3};
            make_create(&fixture, (extvm_fork)fork, code, sizeof code);
            if (i >= 2) {
                fixture.test.call.chain.max_code_size =
                    (extvm_bytes){chain_limit, sizeof chain_limit};
            }
            extvm_result *result = fixture_run(&fixture);
            bool fails = fork >= EXTVM_FORK_EIP161 && (i & 1) != 0;
            assert_int_equal(extvm_result_outcome(result),
                             fails ? EXTVM_OUTCOME_FAILURE : EXTVM_OUTCOME_SUCCESS);
            extvm_result_free(result);
        }
    }
}

static void nothing_is_made_where_there_is_a_contract(void **state) {
    (void)state;
    struct fixture fixture;
    extvm_result *result = run_create(&fixture, EXTVM_FORK_BERLIN, DEPLOY);
    const extvm_address address = *extvm_result_created_address(result);
    extvm_result_free(result);
    /* With a balance only it is free; with a nonce or code (EIP-684) or storage (EIP-7610) not. */
    for (unsigned i = 0; i < 4; i++) {
        static const uint8_t code[] = {0x60, 0x00, 0x60, 0x00, 0xf3};
        make_create(&fixture, EXTVM_FORK_BERLIN, code, sizeof code);
        struct world_account *there =
            world_add(&fixture.world, address, i == 1, 77, i == 2 ? "00" : "");
        if (i == 3) {
            world_set(there, 0, 1);
        }
        result = fixture_run(&fixture);
        if (i == 0) {
            assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
            assert_int_equal(u64_of(modified_of(result, address)->balance), 77);
        } else {
            assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_FAILURE);
            assert_int_equal(u64_of(extvm_result_gas_remaining(result)), 0);
        }
        extvm_result_free(result);
    }
}

static void the_creators_nonce_grows_also_when_the_create_fails(void **state) {
    (void)state;
    struct fixture fixture;
    /* CREATE with init code fe, then CREATE2 with none; the third has no money. */
    fixture_init(
        &fixture, EXTVM_FORK_BERLIN,
        "60fe600053"
        "600160006000f0" STORE_TOP("01") "6000600060006000f5"
                                         "15" STORE_TOP("02") "6000600060fff0" STORE_TOP("03"));
    extvm_result *result = fixture_run(&fixture);
    const extvm_modified_account *contract = modified_of(result, address_of(CONTRACT));
    assert_int_equal(u64_of(contract->nonce), 3);
    assert_int_equal(contract->storage_count, 0); /* 0, not 0, 0 */
    extvm_result_free(result);
}

static void create2_takes_the_address_of_eip_1014(void **state) {
    (void)state;
    /* The EIP's second example: address deadbeef0000…, salt 0, init code 00. */
    struct fixture fixture;
    fixture_init(&fixture, EXTVM_FORK_CONSTANTINOPLE, "");
    fixture.world.count = 1;
    assert_int_equal(
        extvm_address_from_hex("deadbeef00000000000000000000000000000000", &fixture.test.recipient),
        EXTVM_OK);
    world_add(&fixture.world, fixture.test.recipient, 1, 0,
              "6000"
              "6001"
              "6000"
              "6000"
              "f5" RETURN_TOP);
    extvm_result *result = fixture_run(&fixture);
    assert_hex(extvm_result_return_data(result),
               "000000000000000000000000b928f69bb1d91cd65274e3c79d8986362984fda3");
    extvm_result_free(result);
}

static void a_contract_that_destroys_itself_is_deleted_and_leaves_its_money(void **state) {
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, EXTVM_FORK_BERLIN, CALL_OF("dd", "00") CALL_OF("dd", "00"));
    world_add(&fixture.world, address_of(0xdd), 1, 40, PUSH_ADDRESS("ee") "ff");
    extvm_result *result = fixture_run(&fixture);
    size_t count;
    const extvm_address *deleted = extvm_result_deleted(result, &count);
    assert_int_equal(count, 1);
    assert_true(has_address(deleted, count, address_of(0xdd)));
    assert_null(modified_of(result, address_of(0xdd)));
    assert_int_equal(u64_of(modified_of(result, address_of(0xee))->balance), 40);
    assert_int_equal(u64_of(extvm_result_gas_refund(result)), 24000); /* once */
    extvm_result_free(result);
}

static void the_access_list_has_what_was_warm_at_the_end(void **state) {
    (void)state;
    struct fixture fixture;
    static const uint8_t key[] = {0x05};
    const extvm_bytes keys[] = {{key, 1}};
    const extvm_access_entry entries[] = {{address_of(0x77), keys, 1}, {{{[19] = 4}}, NULL, 0}};
    const extvm_access_list list = {entries, 2};
    /* dd is warmed and reverts after warming ee; the precompiled contract 2 is warm but not listed.
     */
    fixture_init(&fixture, EXTVM_FORK_BERLIN, CALL_OF("dd", "00") "600254600231");
    world_add(&fixture.world, address_of(0xdd), 1, 0,
              PUSH_ADDRESS("ee") "31600054"
                                 "60006000fd");
    fixture.test.call.type = EXTVM_TRANSACTION_ACCESS_LIST;
    fixture.test.call.access_list = &list;
    extvm_result *result = fixture_run(&fixture);
    const extvm_access_list *warm = extvm_result_access_list(result);
    assert_int_equal(warm->count, 5);
    assert_int_equal(warm->entries[0].address.bytes[19], 4);
    assert_int_equal(warm->entries[1].address.bytes[19], 0x77);
    assert_int_equal(warm->entries[1].storage_key_count, 1);
    assert_hex(warm->entries[1].storage_keys[0], "05");
    assert_int_equal(warm->entries[2].address.bytes[19], CALLER);
    assert_int_equal(warm->entries[3].address.bytes[19], CONTRACT);
    assert_hex(warm->entries[3].storage_keys[0], "02");
    assert_int_equal(warm->entries[4].address.bytes[19], 0xdd);
    assert_int_equal(warm->entries[4].storage_key_count, 0);
    extvm_result_free(result);
}

static void there_is_no_access_list_before_berlin(void **state) {
    (void)state;
    for (unsigned fork = 0; fork < EXTVM_FORK_COUNT; fork++) {
        struct fixture fixture;
        fixture_init(&fixture, (extvm_fork)fork, CALL_OF("dd", "00") "600060006000f0600054");
        extvm_result *result = fixture_run(&fixture);
        assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
        assert_int_equal(extvm_result_access_list(result)->count > 0, fork >= EXTVM_FORK_BERLIN);
        extvm_result_free(result);
    }
}

/* -- depth -- */

/* Calls itself until that fails, and counts the frames in storage. */
static void *run_deep(void *context) {
    struct fixture *fixture = context;
    return fixture_run(fixture);
}

static void calls_go_1024_deep_on_a_small_stack(void **state) {
    (void)state;
    static struct fixture fixture;
    pthread_attr_t attributes;
    pthread_t thread;
    void *outcome;
    /* sstore(0, sload(0) + 1); the call; sstore(1, sload(1) + success) */
    fixture_init(&fixture, EXTVM_FORK_FRONTIER,
                 "60016000540160005560006000600060006000305a61"
                 "0fff9003f1"
                 "60015401600155");
    fixture.test.call.gas_provided = extvm_integer_from_u64(1000000000, fixture.test.gas);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, (size_t)256 * 1024), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run_deep, &fixture), 0);
    assert_int_equal(pthread_join(thread, &outcome), 0);
    pthread_attr_destroy(&attributes);
    extvm_result *result = outcome;
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    const extvm_modified_account *contract = modified_of(result, address_of(CONTRACT));
    assert_int_equal(stored(contract, 0), 1025); /* depth 0 to 1024 */
    assert_int_equal(stored(contract, 1), 1024); /* the last call failed */
    extvm_result_free(result);
}

static void one_evm_runs_call_after_call(void **state) {
    (void)state;
    struct evm *evm = evm_new(NULL, NULL);
    struct fixture fixture;
    fixture_init(&fixture, EXTVM_FORK_BERLIN,
                 "60005460010160005560015460020160015560206101005260006000a0");
    for (unsigned i = 0; i < 3; i++) {
        extvm_result *result = run_in(evm, &fixture.test.call, &fixture.world);
        const extvm_modified_account *contract = modified_of(result, address_of(CONTRACT));
        assert_int_equal(stored(contract, 0), 1);
        assert_int_equal(stored(contract, 1), 2);
        extvm_result_free(result);
    }
    evm_free(evm);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_moves_from_the_caller_to_the_recipient),
        cmocka_unit_test(value_that_is_not_there_fails_with_all_gas),
        cmocka_unit_test(accounts_that_were_only_read_are_not_listed),
        cmocka_unit_test(a_frame_that_reverts_undoes_all_it_did),
        cmocka_unit_test(what_failed_frames_stored_more_than_once_is_undone),
        cmocka_unit_test(a_revert_at_the_top_keeps_data_and_gas_only),
        cmocka_unit_test(logs_come_in_the_order_they_were_written),
        cmocka_unit_test(return_data_reaches_the_caller_and_its_memory),
        cmocka_unit_test(a_static_call_may_change_nothing),
        cmocka_unit_test(delegate_calls_keep_caller_value_and_storage),
        cmocka_unit_test(calling_nobody_makes_an_account_only_before_eip_161),
        cmocka_unit_test(ripemd_160_stays_touched_when_its_frame_failed),
        cmocka_unit_test(a_create_makes_the_contract_at_the_transactions_nonce),
        cmocka_unit_test(a_new_contract_has_nonce_0_before_eip_161_and_one_more_after),
        cmocka_unit_test(code_that_cannot_be_paid_is_left_out_in_frontier_and_fails_later),
        cmocka_unit_test(code_above_the_limit_fails_from_eip_170_on),
        cmocka_unit_test(nothing_is_made_where_there_is_a_contract),
        cmocka_unit_test(the_creators_nonce_grows_also_when_the_create_fails),
        cmocka_unit_test(create2_takes_the_address_of_eip_1014),
        cmocka_unit_test(a_contract_that_destroys_itself_is_deleted_and_leaves_its_money),
        cmocka_unit_test(the_access_list_has_what_was_warm_at_the_end),
        cmocka_unit_test(there_is_no_access_list_before_berlin),
        cmocka_unit_test(calls_go_1024_deep_on_a_small_stack),
        cmocka_unit_test(one_evm_runs_call_after_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
