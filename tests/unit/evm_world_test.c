/* What the EVM asks of the world, in which order and how often; a world that fails or lies; memory
 * that runs out (protocol/kevm.md, section 6.6). */
#include "evm_world.h"

#include "support/scarce_memory.h"

#define CALL_OF(last, value)                                                                       \
    "600060006000600060" value PUSH_ADDRESS(last) "620fffff"                                       \
                                                  "f1"

static void set_up(struct test_world *world, struct test_call *test, extvm_fork fork,
                   const char *code) {
    *world = (struct test_world){.count = 0};
    world_add(world, address_of(CALLER), 5, 1000, "");
    world_add(world, address_of(CONTRACT), 1, 100, code);
    test_call_init(test, fork, 10000000);
}

static void assert_asks(const char *code, extvm_fork fork, const char *queries) {
    struct test_world world;
    struct test_call test;
    set_up(&world, &test, fork, code);
    world_set(world_add(&world, address_of(0xdd), 1, 9, "600054600054600160015500"), 1, 4);
    world_add(&world, address_of(0xda), 1, 9, "");
    extvm_result *result = run_call(&test.call, &world);
    assert_string_equal(world.trace, queries);
    extvm_run_stats stats = extvm_result_stats(result);
    assert_int_equal(stats.account_queries + stats.code_queries + stats.storage_queries +
                         stats.block_hash_queries,
                     world.queries);
    extvm_result_free(result);
}

static void the_world_is_asked_for_what_is_needed_and_only_once(void **state) {
    (void)state;
    const extvm_fork berlin = EXTVM_FORK_BERLIN;
    assert_asks("", berlin, "account:aa account:cc ");
    assert_asks("00", berlin, "account:aa account:cc code:cc ");
    /* A call to an account without code, and BALANCE, ask for no code. */
    assert_asks(CALL_OF("da", "01"), berlin, "account:aa account:cc code:cc account:da ");
    assert_asks(PUSH_ADDRESS("dd") "31" PUSH_ADDRESS("dd") "31", berlin,
                "account:aa account:cc code:cc account:dd ");
    assert_asks(PUSH_ADDRESS("dd") "3b" PUSH_ADDRESS("dd") "3f" PUSH_ADDRESS("dd") "31", berlin,
                "account:aa account:cc code:cc account:dd code:dd ");
    /* Twice the same call: all is known the second time, also when the first reverted. */
    assert_asks(CALL_OF("dd", "00") CALL_OF("dd", "00"), berlin,
                "account:aa account:cc code:cc account:dd code:dd storage:00 storage:01 ");
    assert_asks("600754600754600160075560075460005260206000fd", berlin,
                "account:aa account:cc code:cc storage:07 ");
    assert_asks("3f", EXTVM_FORK_FRONTIER, "account:aa account:cc code:cc ");
    /* Neither the beneficiary nor the heir of nothing is asked for. */
    assert_asks("4147475050" PUSH_ADDRESS("ee") "6000"
                                                "47"
                                                "50"
                                                "60006000f3",
                berlin, "account:aa account:cc code:cc ");
}

static void a_call_from_an_account_to_itself_asks_for_it_once(void **state) {
    (void)state;
    struct test_world world;
    struct test_call test;
    set_up(&world, &test, EXTVM_FORK_BERLIN, "");
    test.recipient = address_of(CALLER);
    test_call_set_value(&test, 10);
    extvm_result *result = run_call(&test.call, &world);
    assert_string_equal(world.trace, "account:aa ");
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    assert_null(modified_of(result, address_of(CALLER)));
    extvm_result_free(result);
}

static void only_the_last_256_blocks_are_asked_for_and_each_once(void **state) {
    (void)state;
    struct test_world world;
    struct test_call test;
    static const uint8_t number[] = {0x01, 0x90}; /* 400: 144 to 399 */
    set_up(&world, &test, EXTVM_FORK_BERLIN,
           "60904060904061018f40608f406101904061019140"
           "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff40");
    test.call.block.number = (extvm_bytes){number, sizeof number};
    extvm_result *result = run_call(&test.call, &world);
    assert_string_equal(world.trace, "account:aa account:cc code:cc hash:90 hash:8f ");
    extvm_result_free(result);
}

static extvm_status run_for_status(const extvm_call *call, struct test_world *world,
                                   extvm_error *error) {
    struct evm *evm = evm_new(NULL, NULL);
    const extvm_world table = world_table(world);
    extvm_result *result = NULL;
    extvm_status status = evm_run(evm, &no_terms, call, &table, &result, error);
    assert_true((status == EXTVM_OK) == (result != NULL));
    extvm_result_free(result);
    evm_free(evm);
    return status;
}

static void calls_that_no_vm_could_run_are_refused(void **state) {
    (void)state;
    struct test_world world;
    struct test_call test;
    extvm_error error = {EXTVM_OK, ""};
    set_up(&world, &test, EXTVM_FORK_BERLIN, "");
    test.call.caller = address_of(0xee);
    assert_int_equal(run_for_status(&test.call, &world, &error), EXTVM_CALLER_ABSENT);
    assert_int_equal(error.status, EXTVM_CALLER_ABSENT);

    set_up(&world, &test, EXTVM_FORK_BERLIN, "");
    world.accounts[0].nonce = 0;
    test.call.recipient = NULL;
    assert_int_equal(run_for_status(&test.call, &world, &error), EXTVM_CREATE_NONCE_ZERO);

    set_up(&world, &test, EXTVM_FORK_BERLIN, "");
    test.call.type = EXTVM_TRANSACTION_ACCESS_LIST;
    assert_int_equal(run_for_status(&test.call, &world, &error), EXTVM_ACCESS_LIST_MISSING);
    assert_int_equal(world.queries, 0);

    static const uint8_t minus_one = 0xff;
    test.call.type = EXTVM_TRANSACTION_LEGACY;
    test.call.value = (extvm_bytes){&minus_one, 1};
    assert_int_equal(run_for_status(&test.call, &world, &error), EXTVM_OUT_OF_RANGE);
    assert_int_equal(world.queries, 0);
}

/* Creates, calls, stores, logs, a precompiled contract, a revert, a self-destruct, a block hash. */
static void set_up_busy(struct test_world *world, struct test_call *test) {
    static const uint8_t number = 9;
    set_up(world, test, EXTVM_FORK_BERLIN,
           CALL_OF("dd", "01") CALL_OF("da", "00") "6007600755600754"
                                                   "600840"
                                                   "6001600060006000600060046103e8f1"
                                                   "60ab60005360206000a0"
                                                   "620060006000526003601d6000f0"
                                                   "60006003601d6000f5"
                                                   "6103e8600052602061100052"
                                                   "6004600061100060006000600061fffff1" CALL_OF(
                                                       "db", "00") "60206000f3");
    world_add(world, address_of(0xdd), 1, 9, "600054600054600160015500");
    world_add(world, address_of(0xda), 1, 9, "600160015560006000fd");
    world_add(world, address_of(0xdb), 1, 9, PUSH_ADDRESS("ee") "ff");
    test->call.block.number = (extvm_bytes){&number, 1};
}

static void a_world_that_fails_ends_the_run_at_once(void **state) {
    (void)state;
    struct test_world world;
    struct test_call test;
    set_up_busy(&world, &test);
    extvm_result *result = run_call(&test.call, &world);
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    extvm_result_free(result);
    const unsigned queries = world.queries;
    assert_true(queries > 12);
    for (unsigned fail_at = 1; fail_at <= queries; fail_at++) {
        extvm_error error = {EXTVM_OK, ""};
        set_up_busy(&world, &test);
        world.fail_at = fail_at;
        assert_int_equal(run_for_status(&test.call, &world, &error), EXTVM_WORLD_FAILED);
        assert_int_equal(error.status, EXTVM_WORLD_FAILED);
        assert_int_equal(world.queries, fail_at);
    }
}

static void answers_that_are_no_words_end_the_run(void **state) {
    (void)state;
    static const uint8_t negative[] = {0x80};
    static const uint8_t too_wide[34] = {0x01};
    const extvm_bytes lies[] = {{negative, sizeof negative}, {too_wide, sizeof too_wide}};
    for (unsigned i = 0; i < 4; i++) {
        struct test_world world;
        struct test_call test;
        extvm_error error = {EXTVM_OK, ""};
        set_up(&world, &test, EXTVM_FORK_BERLIN, "00");
        world.lie = lies[i / 2];
        world.lie_in_balance = i % 2 != 0;
        assert_int_equal(run_for_status(&test.call, &world, &error), EXTVM_WORLD_FAILED);
    }
}

static extvm_lookup lying_storage(void *context, const extvm_address *address, extvm_bytes key,
                                  extvm_bytes *out) {
    (void)address;
    (void)key;
    *out = *(const extvm_bytes *)context;
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup rich_account(void *context, const extvm_address *address, extvm_account *out) {
    static const uint8_t most[33] = {0, [1 ... 32] = 0xff};
    (void)context;
    *out = (extvm_account){.nonce = {most, sizeof most},
                           .balance = {most, sizeof most},
                           .has_code = address->bytes[EXTVM_ADDRESS_SIZE - 1] == CONTRACT};
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup store_and_pay(void *context, const extvm_address *address, extvm_bytes *out) {
    static uint8_t code[WORLD_CODE];
    size_t size;
    (void)context;
    (void)address;
    assert_int_equal(extvm_bytes_from_hex("600154" CALL_OF("dd", "05") "600060006000f0", code,
                                          sizeof code, &size),
                     EXTVM_OK);
    *out = (extvm_bytes){code, size};
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup code_at_null(void *context, const extvm_address *address, extvm_bytes *out) {
    (void)context;
    (void)address;
    *out = (extvm_bytes){NULL, 5};
    return EXTVM_LOOKUP_FOUND;
}

static void a_hostile_world_cannot_break_the_evm(void **state) {
    (void)state;
    static const uint8_t bad[40] = {0x7f}, good[] = {0x01};
    const extvm_bytes values[] = {{bad, sizeof bad}, {bad, 33}, {good, 1}, {NULL, 0}};
    const extvm_status expected[] = {EXTVM_WORLD_FAILED, EXTVM_WORLD_FAILED, EXTVM_OK, EXTVM_OK};
    struct evm *evm = evm_new(NULL, NULL);
    struct test_call test;
    test_call_init(&test, EXTVM_FORK_BERLIN, 1000000);
    for (unsigned i = 0; i < 5; i++) {
        extvm_bytes value = values[i % 4];
        const extvm_world table = {.context = &value,
                                   .account = rich_account,
                                   .storage = lying_storage,
                                   .code = i == 4 ? code_at_null : store_and_pay,
                                   .block_hash = NULL};
        extvm_result *result = NULL;
        extvm_status status = evm_run(evm, &no_terms, &test.call, &table, &result, NULL);
        assert_int_equal(status, i == 4 ? EXTVM_WORLD_FAILED : expected[i]);
        extvm_result_free(result);
    }
    evm_free(evm);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    size_t needed = 0;
    for (size_t fail_at = 0; fail_at <= needed; fail_at++) {
        struct scarce_memory scarce = {.fail_at = fail_at};
        const extvm_allocator allocator = scarce_memory_allocator(&scarce);
        struct test_world world;
        struct test_call test;
        set_up_busy(&world, &test);
        const extvm_world table = world_table(&world);
        struct evm *evm = evm_new(&allocator, NULL);
        extvm_result *result = NULL;
        extvm_error error = {EXTVM_OK, ""};
        extvm_status status = evm != NULL
                                  ? evm_run(evm, &no_terms, &test.call, &table, &result, &error)
                                  : EXTVM_NO_MEMORY;
        if (fail_at == 0) {
            assert_int_equal(status, EXTVM_OK);
            assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
            needed = scarce.allocations;
            assert_true(needed > 10);
        } else {
            assert_int_equal(status, EXTVM_NO_MEMORY);
            assert_null(result);
        }
        if (evm != NULL && fail_at > 0) { /* and it can be used again */
            world.queries = 0;
            assert_int_equal(evm_run(evm, &no_terms, &test.call, &table, &result, &error),
                             EXTVM_OK);
        }
        evm_free(evm);
        extvm_result_free(result);
        assert_int_equal(scarce.live, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_world_is_asked_for_what_is_needed_and_only_once),
        cmocka_unit_test(a_call_from_an_account_to_itself_asks_for_it_once),
        cmocka_unit_test(only_the_last_256_blocks_are_asked_for_and_each_once),
        cmocka_unit_test(calls_that_no_vm_could_run_are_refused),
        cmocka_unit_test(a_world_that_fails_ends_the_run_at_once),
        cmocka_unit_test(answers_that_are_no_words_end_the_run),
        cmocka_unit_test(a_hostile_world_cannot_break_the_evm),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
