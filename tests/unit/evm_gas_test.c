/* What each fork charges and refunds: EIP-150, 160, 161, 1283, 1884, 2028, 2200, 2929. */
#include "evm_world.h"

#include "evm/opcodes.h"

/* Gas of a code by fork, in the forks' order; -1: it fails. */
struct gas_case {
    const char *name, *code;
    int64_t used[EXTVM_FORK_COUNT];
};

static const struct gas_case cases[] = {
    {"BALANCE of somebody else",
     PUSH_ADDRESS("dd") "31",
     {23, 23, 403, 403, 403, 403, 403, 403, 703, 2603}},
    {"BALANCE twice",
     PUSH_ADDRESS("dd") "31" PUSH_ADDRESS("dd") "31",
     {46, 46, 806, 806, 806, 806, 806, 806, 1406, 2706}},
    {"BALANCE of the contract itself",
     PUSH_ADDRESS("cc") "31",
     {23, 23, 403, 403, 403, 403, 403, 403, 703, 103}},
    {"BALANCE of a precompiled contract",
     "600131",
     {23, 23, 403, 403, 403, 403, 403, 403, 703, 103}},
    {"BALANCE of the beneficiary, which is cold",
     PUSH_ADDRESS("be") "31",
     {23, 23, 403, 403, 403, 403, 403, 403, 703, 2603}},
    {"EXTCODESIZE", PUSH_ADDRESS("dd") "3b", {23, 23, 703, 703, 703, 703, 703, 703, 703, 2603}},
    {"EXTCODECOPY of a word",
     "602060006000" PUSH_ADDRESS("dd") "3c",
     {38, 38, 718, 718, 718, 718, 718, 718, 718, 2618}},
    {"EXTCODEHASH", PUSH_ADDRESS("dd") "3f", {-1, -1, -1, -1, -1, -1, 403, 403, 703, 2603}},
    {"SLOAD", "600054", {53, 53, 203, 203, 203, 203, 203, 203, 803, 2103}},
    {"SLOAD twice", "600054600054", {106, 106, 406, 406, 406, 406, 406, 406, 1606, 2206}},
    {"EXP with two bytes", "61010060020a", {36, 36, 36, 116, 116, 116, 116, 116, 116, 116}},
    {"EXP by 0", "600060020a", {16, 16, 16, 16, 16, 16, 16, 16, 16, 16}},
    {"CALL without value to somebody",
     "60006000600060006000" PUSH_ADDRESS("dd") "6000f1",
     {61, 61, 721, 721, 721, 721, 721, 721, 721, 2621}},
    {"CALL without value to nobody",
     "60006000600060006000" PUSH_ADDRESS("ee") "6000f1",
     {25061, 25061, 25721, 25721, 721, 721, 721, 721, 721, 2621}},
    {"CALL with value to somebody, the stipend back",
     "60006000600060006001" PUSH_ADDRESS("dd") "6000f1",
     {6761, 6761, 7421, 7421, 7421, 7421, 7421, 7421, 7421, 9321}},
    {"CALL with value to nobody",
     "60006000600060006001" PUSH_ADDRESS("ee") "6000f1",
     {31761, 31761, 32421, 32421, 32421, 32421, 32421, 32421, 32421, 34321}},
    {"CALLCODE with value",
     "60006000600060006001" PUSH_ADDRESS("ee") "6000f2",
     {6761, 6761, 7421, 7421, 7421, 7421, 7421, 7421, 7421, 9321}},
    {"SELFDESTRUCT for somebody",
     PUSH_ADDRESS("dd") "ff",
     {3, 3, 5003, 5003, 5003, 5003, 5003, 5003, 5003, 7603}},
    {"SELFDESTRUCT for nobody",
     PUSH_ADDRESS("ee") "ff",
     {3, 3, 30003, 30003, 30003, 30003, 30003, 30003, 30003, 32603}},
    {"a second word of memory", "600060205260006000f3", {21, 21, 21, 21, 21, 21, 21, 21, 21, 21}},
    {"a megabyte of memory",
     "6000620fffe052",
     {2195465, 2195465, 2195465, 2195465, 2195465, 2195465, 2195465, 2195465, 2195465, 2195465}},
    {"KECCAK256 of 33 bytes", "6021600020", {54, 54, 54, 54, 54, 54, 54, 54, 54, 54}},
    {"LOG2 of 3 bytes",
     "60016002600360"
     "00a2",
     {1164, 1164, 1164, 1164, 1164, 1164, 1164, 1164, 1164, 1164}},
    {"CREATE of nothing",
     "600060006000f0",
     {32009, 32009, 32009, 32009, 32009, 32009, 32009, 32009, 32009, 32009}},
    {"CREATE2 of 33 zeros",
     "60006021600060"
     "00f5",
     {-1, -1, -1, -1, -1, -1, 32030, 32030, 32030, 32030}},
};

static void add_accounts(struct test_world *world, const char *code) {
    world_add(world, address_of(CALLER), 1, 1000, "");
    world_add(world, address_of(CONTRACT), 1, 9, code);
    world_add(world, address_of(0xdd), 0, 1, "");
}

static void each_fork_charges_what_its_eips_say(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("           %s\n", cases[i].name);
        for (unsigned fork = 0; fork < EXTVM_FORK_COUNT; fork++) {
            struct test_world world = {.count = 0};
            struct test_call test;
            add_accounts(&world, cases[i].code);
            test_call_init(&test, (extvm_fork)fork, 5000000);
            extvm_result *result = run_call(&test.call, &world);
            int64_t used = extvm_result_outcome(result) == EXTVM_OUTCOME_SUCCESS
                               ? (int64_t)u64_of(extvm_result_gas_used(result))
                               : -1;
            extvm_result_free(result);
            assert_int_equal(used, cases[i].used[fork]);
        }
    }
}

/* The same with exactly the gas that it needs, and with one less. */
static void one_gas_too_little_is_out_of_gas(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int64_t used = cases[i].used[EXTVM_FORK_BERLIN];
        if (strstr(cases[i].name, "with value") != NULL) {
            continue; /* needs the stipend in between */
        }
        for (int64_t less = 0; less <= 1; less++) {
            struct test_world world = {.count = 0};
            struct test_call test;
            add_accounts(&world, cases[i].code);
            test_call_init(&test, EXTVM_FORK_BERLIN, (uint64_t)(used - less));
            extvm_result *result = run_call(&test.call, &world);
            assert_int_equal(extvm_result_outcome(result),
                             less == 0 ? EXTVM_OUTCOME_SUCCESS : EXTVM_OUTCOME_FAILURE);
            assert_int_equal(u64_of(extvm_result_gas_remaining(result)), 0);
            extvm_result_free(result);
        }
    }
}

/* EIP-2200's table of test cases, with the same codes: EIP-1283 and EIP-2929 have their own
 * numbers for them. Used and refunded gas for Constantinople, Petersburg, Istanbul, Berlin. */
struct store_case {
    const char *code;
    uint64_t original;
    int64_t used[4], refund[4];
};

static const struct store_case store_cases[] = {
    {"60006000556000600055", 0, {412, 10012, 1612, 2312}, {0, 0, 0, 0}},
    {"60006000556001600055", 0, {20212, 25012, 20812, 22212}, {0, 0, 0, 0}},
    {"60016000556000600055", 0, {20212, 25012, 20812, 22212}, {19800, 15000, 19200, 19900}},
    {"60016000556002600055", 0, {20212, 25012, 20812, 22212}, {0, 0, 0, 0}},
    {"60016000556001600055", 0, {20212, 25012, 20812, 22212}, {0, 0, 0, 0}},
    {"60006000556000600055", 1, {5212, 10012, 5812, 5112}, {15000, 15000, 15000, 15000}},
    {"60006000556001600055", 1, {5212, 25012, 5812, 5112}, {4800, 15000, 4200, 2800}},
    {"60006000556002600055", 1, {5212, 25012, 5812, 5112}, {0, 15000, 0, 0}},
    {"60026000556000600055", 1, {5212, 10012, 5812, 5112}, {15000, 15000, 15000, 15000}},
    {"60026000556003600055", 1, {5212, 10012, 5812, 5112}, {0, 0, 0, 0}},
    {"60026000556001600055", 1, {5212, 10012, 5812, 5112}, {4800, 0, 4200, 2800}},
    {"60026000556002600055", 1, {5212, 10012, 5812, 5112}, {0, 0, 0, 0}},
    {"60016000556000600055", 1, {5212, 10012, 5812, 5112}, {15000, 15000, 15000, 15000}},
    {"60016000556002600055", 1, {5212, 10012, 5812, 5112}, {0, 0, 0, 0}},
    {"60016000556001600055", 1, {412, 10012, 1612, 2312}, {0, 0, 0, 0}},
    {"600160005560006000556001600055",
     0,
     {40218, 45018, 40818, 42218},
     {19800, 15000, 19200, 19900}},
    {"600060005560016000556000600055",
     1,
     {10218, 30018, 10818, 8018},
     {19800, 30000, 19200, 17800}},
};

static void stores_cost_what_eip_1283_2200_and_2929_say(void **state) {
    (void)state;
    static const extvm_fork forks[] = {EXTVM_FORK_CONSTANTINOPLE, EXTVM_FORK_PETERSBURG,
                                       EXTVM_FORK_ISTANBUL, EXTVM_FORK_BERLIN};
    for (size_t i = 0; i < sizeof store_cases / sizeof store_cases[0]; i++) {
        const struct store_case *store = &store_cases[i];
        for (unsigned j = 0; j < 4; j++) {
            struct test_world world = {.count = 0};
            struct test_call test;
            world_add(&world, address_of(CALLER), 1, 0, "");
            world_set(world_add(&world, address_of(CONTRACT), 1, 0, store->code), 0,
                      store->original);
            test_call_init(&test, forks[j], 100000);
            extvm_result *result = run_call(&test.call, &world);
            assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
            assert_int_equal(u64_of(extvm_result_gas_used(result)), store->used[j]);
            assert_int_equal(u64_of(extvm_result_gas_refund(result)), store->refund[j]);
            extvm_result_free(result);
        }
    }
}

static void a_store_with_no_more_than_the_stipend_fails_from_istanbul_on(void **state) {
    (void)state;
    for (unsigned fork = EXTVM_FORK_CONSTANTINOPLE; fork < EXTVM_FORK_COUNT; fork++) {
        struct test_world world = {.count = 0};
        struct test_call test;
        world_add(&world, address_of(CALLER), 1, 0, "");
        world_add(&world, address_of(CONTRACT), 1, 0, "6000600055");
        test_call_init(&test, (extvm_fork)fork, 2306); /* 2300 when SSTORE is reached */
        extvm_result *result = run_call(&test.call, &world);
        assert_int_equal(extvm_result_outcome(result), fork == EXTVM_FORK_CONSTANTINOPLE
                                                           ? EXTVM_OUTCOME_SUCCESS
                                                           : EXTVM_OUTCOME_FAILURE);
        extvm_result_free(result);
    }
}

static void a_call_passes_on_all_but_a_64th_from_eip_150_on(void **state) {
    (void)state;
    /* A callee that burns all it gets; the caller asks for all there is. */
    for (unsigned fork = 0; fork < EXTVM_FORK_COUNT; fork++) {
        struct test_world world = {.count = 0};
        struct test_call test;
        world_add(&world, address_of(CALLER), 1, 0, "");
        world_add(&world, address_of(CONTRACT), 1, 0,
                  "60006000600060006000" PUSH_ADDRESS("dd") "627fffff"
                                                            "f1"
                                                            "00");
        world_add(&world, address_of(0xdd), 1, 0, "fe");
        test_call_init(&test, (extvm_fork)fork, 1000000);
        extvm_result *result = run_call(&test.call, &world);
        if (fork < EXTVM_FORK_EIP150) {
            assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_FAILURE);
        } else {
            uint64_t before = 1000000 - (fork < EXTVM_FORK_BERLIN ? 721 : 2621);
            assert_int_equal(u64_of(extvm_result_gas_remaining(result)), before / 64);
        }
        extvm_result_free(result);
    }
}

static void gas_beyond_any_counter_comes_back_exactly(void **state) {
    (void)state;
    struct test_world world = {.count = 0};
    struct test_call test;
    uint8_t most[EXTVM_WORD_INTEGER_SIZE] = {0}, rest[EXTVM_WORD_INTEGER_SIZE] = {0};
    memset(most + 1, 0xff, sizeof most - 1);
    memcpy(rest, most, sizeof rest);
    rest[sizeof rest - 1] = 0xff - 5;
    world_add(&world, address_of(CALLER), 1, 0, "");
    world_add(&world, address_of(CONTRACT), 1, 0, "600150");
    test_call_init(&test, EXTVM_FORK_BERLIN, 0);
    test.call.gas_provided = (extvm_bytes){most, sizeof most};
    extvm_result *result = run_call(&test.call, &world);
    assert_true(
        extvm_bytes_equal(extvm_result_gas_remaining(result), (extvm_bytes){rest, sizeof rest}));
    assert_int_equal(u64_of(extvm_result_gas_used(result)), 5);
    extvm_result_free(result);
}

static void memory_that_no_gas_can_pay_for_is_out_of_gas(void **state) {
    (void)state;
    static const char *const codes[] = {
        "60007fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff52",
        "600067ffffffffffffffff52",           /* MSTORE at 2^64 - 1 */
        "600167ffffffffffffffff20",           /* KECCAK256 of one byte there */
        "67ffffffffffffffff600120",           /* and of that many */
        "68010000000000000000600020",         /* of 2^64 */
        "67ffffffffffffff006000600037",       /* CALLDATACOPY */
        "6a010000000000000000000060006000f0", /* CREATE */
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct test_world world = {.count = 0};
        struct test_call test;
        world_add(&world, address_of(CALLER), 1, 0, "");
        world_add(&world, address_of(CONTRACT), 1, 0, codes[i]);
        test_call_init(&test, EXTVM_FORK_BERLIN, INT64_MAX);
        extvm_result *result = run_call(&test.call, &world);
        assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_FAILURE);
        assert_int_equal(u64_of(extvm_result_gas_remaining(result)), 0);
        extvm_result_free(result);
    }
}

static void the_opcode_table_gives_each_forks_price(void **state) {
    (void)state;
    assert_int_equal(opcode_gas(OP_SLOAD, schedule_of(EXTVM_FORK_FRONTIER)), 50);
    assert_int_equal(opcode_gas(OP_SLOAD, schedule_of(EXTVM_FORK_ISTANBUL)), 800);
    assert_int_equal(opcode_gas(OP_SLOAD, schedule_of(EXTVM_FORK_BERLIN)), 100);
    assert_int_equal(opcode_gas(OP_ADD, schedule_of(EXTVM_FORK_BERLIN)), 3);
    assert_int_equal(opcode_gas(0x0c, schedule_of(EXTVM_FORK_BERLIN)), 0);
    assert_string_equal(opcode_row(OP_PUSH32)->name, "PUSH32");
    assert_null(opcode_row(0x0c)->name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fork_charges_what_its_eips_say),
        cmocka_unit_test(one_gas_too_little_is_out_of_gas),
        cmocka_unit_test(stores_cost_what_eip_1283_2200_and_2929_say),
        cmocka_unit_test(a_store_with_no_more_than_the_stipend_fails_from_istanbul_on),
        cmocka_unit_test(a_call_passes_on_all_but_a_64th_from_eip_150_on),
        cmocka_unit_test(gas_beyond_any_counter_comes_back_exactly),
        cmocka_unit_test(memory_that_no_gas_can_pay_for_is_out_of_gas),
        cmocka_unit_test(the_opcode_table_gives_each_forks_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
