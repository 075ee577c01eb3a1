/* The instructions that need a frame, a block or a world: what they give, and their price to the
 * milligas (protocol/iele-vm.md, sections 9.4 to 9.6, 10 and 13). Prices are worked out by hand; a
 * constant costs 2000. Runs are described as "status [outputs] milligas used, refund". */
#include "ielevm_case.h"

/* The value of an instruction without operands. */
static void expect_environment(int opcode, const char *expected) {
    struct program program;
    begin_function(&program, 0, NULL);
    emit(&program, opcode, NONE, N(0));
    emit(&program, IELE_RET, N(1), N(0));
    expect_call(&program, NULL, expected);
}

static void the_environment_is_as_the_call_says(void **state) {
    (void)state;
    char self[128], caller[128], beneficiary[128];
    const struct {
        char *text;
        uint8_t last;
    } addresses[] = {{self, CONTRACT}, {caller, CALLER}, {beneficiary, 0xbb}};
    for (unsigned i = 0; i < 3; i++) {
        const extvm_address address = address_ending(addresses[i].last);
        uint8_t bytes[1 + EXTVM_ADDRESS_SIZE] = {0};
        char digits[96];
        memcpy(bytes + 1, address.bytes, sizeof address.bytes);
        extvm_integer_to_decimal((extvm_bytes){bytes, sizeof bytes}, digits);
        snprintf(addresses[i].text, sizeof self, "0 [%s] 2000", digits);
    }
    expect_environment(IELE_ADDRESS, self);
    expect_environment(IELE_ORIGIN, caller);
    expect_environment(IELE_CALLER, caller);
    expect_environment(IELE_BENEFICIARY, beneficiary);
    expect_environment(IELE_CALLVALUE, "0 [0] 2000");
    expect_environment(IELE_CODESIZE, "0 [26] 2000");
    expect_environment(IELE_GASPRICE, "0 [7] 2000");
    expect_environment(IELE_TIMESTAMP, "0 [1000] 2000");
    expect_environment(IELE_NUMBER, "0 [300] 2000");
    expect_environment(IELE_DIFFICULTY, "0 [131072] 2000");
    expect_environment(IELE_GASLIMIT, "0 [8000000] 2000");
    expect_environment(IELE_MSIZE, "0 [8] 2000");
    expect_environment(IELE_GAS, "0 [99999998] 2000");
}

/* iele.address estimates three words, and writes three: the estimate moves the peak first. */
static void msize_shows_the_peak_in_bytes(void **state) {
    (void)state;
    struct program program;
    begin_function(&program, 0, NULL);
    emit(&program, IELE_ADDRESS, NONE, N(0));
    emit(&program, IELE_MSIZE, NONE, N(1));
    emit(&program, IELE_RET, N(1), N(1));
    expect_call(&program, NULL, "0 [32] 4000");
}

static void other_accounts_are_seen_after_paying(void **state) {
    (void)state;
    static const char *const names[] = {"g", "init", "deposit", NULL};
    struct program program;
    struct case_world world;
    begin_function(&program, 1, names);
    emit(&program, IELE_BALANCE, NONE, N(1, 0));
    emit(&program, IELE_EXTCODESIZE, NONE, N(2, 0));
    emit(&program, IELE_CALLADDRESS, N(1), N(3, 0));
    emit(&program, IELE_CALLADDRESS, N(2), N(4, 0));
    emit(&program, IELE_CALLADDRESS, N(3), N(5, 0));
    emit(&program, IELE_CALLADDRESS, N(4), N(6, 0));
    emit(&program, IELE_RET, N(6), N(1, 2, 3, 4, 5, 6));
    add_function(&program, false, 2, 0);
    case_world_with(&world, &program);
    char own[64], size[16];
    snprintf(size, sizeof size, "%zu", program.size);
    /* 0xee00…00cc, also with more than 160 bits; g is private, init is not numbered */
    snprintf(own, sizeof own, "0 [1000 %s 1 0 0 0] 3900000", size);
    const char *const self[] = {"0xff"
                                "ee000000000000000000000000000000000000cc",
                                NULL};
    expect_run(&world, &(struct case_run){.function = "f", .arguments = self}, own);
    const char *const nobody[] = {"0xee00000000000000000000000000000000000077", NULL};
    expect_run(&world, &(struct case_run){.function = "f", .arguments = nobody},
               "0 [0 0 0 0 0 1] 3900000");
    extvm_state_free(world.state);
}

static void block_hashes_go_back_from_the_newest_block(void **state) {
    (void)state;
    struct program program;
    struct case_world world;
    const extvm_word hash = {{[EXTVM_WORD_SIZE - 1] = 9}};
    begin_function(&program, 1, NULL);
    emit(&program, IELE_BLOCKHASH, NONE, N(1, 0));
    emit(&program, IELE_RET, N(1), N(1));
    case_world_with(&world, &program);
    extvm_state_set_block_hash(world.state, BLOCK - 1, &hash);
    extvm_state_set_block_hash(world.state, BLOCK - 256, &hash);
    extvm_state_set_block_hash(world.state, BLOCK - 257, &hash);
    static const struct {
        const char *offset, *expected, *trace;
    } cases[] = {
        {"0", "0 [9] 20000", "account:aa account:cc code:cc hash:12b"},
        {"1", "0 [0] 20000", "account:aa account:cc code:cc hash:12a"},
        {"255", "0 [9] 20000", "account:aa account:cc code:cc hash:2c"},
        {"256", "0 [0] 20000", "account:aa account:cc code:cc"},
        {"-1", "0 [0] 20000", "account:aa account:cc code:cc"},
        {"0x10000000000000000", "0 [0] 20000", "account:aa account:cc code:cc"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const arguments[] = {cases[i].offset, NULL};
        world.trace[0] = '\0';
        expect_run(&world, &(struct case_run){.function = "f", .arguments = arguments},
                   cases[i].expected);
        assert_string_equal(world.trace, cases[i].trace);
    }
    extvm_state_free(world.state);
}

/* -- constants and control -- */

static void constants_of_any_size_cost_the_same(void **state) {
    (void)state;
    struct program program;
    begin_function(&program, 0, NULL);
    emit(&program, IELE_CONSTANT, NONE, NONE);
    put(&program, (const uint8_t[]){0x7f, 0}, 2);
    emit(&program, IELE_CONSTANTMINUS, NONE, NONE);
    put(&program, (const uint8_t[]){0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 11);
    emit(&program, IELE_CONSTANT, NONE, NONE);
    put(&program, (const uint8_t[]){0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2}, 10);
    emit(&program, IELE_RET, N(3), N(0, 1, 2));
    expect_call(&program, NULL, "0 [127 -18446744073709551616 18446744073709551615] 6000");
}

static void branches_go_to_their_labels_and_cost_the_same_taken_or_not(void **state) {
    (void)state;
    struct program program;
    const char *const zero[] = {"0", NULL}, *const minus[] = {"-1", NULL};
    begin_function(&program, 1, NULL);
    emit(&program, IELE_BRIF, N(7), N(0));
    emit_constant(&program, 1, 10);
    emit(&program, IELE_BR, N(8), NONE);
    emit(&program, IELE_LABEL, N(7), NONE);
    emit_constant(&program, 1, 20);
    emit(&program, IELE_LABEL, N(9), NONE);
    emit(&program, IELE_LABEL, N(8), NONE);
    emit(&program, IELE_RET, N(1), N(1));
    expect_call(&program, zero, "0 [10] 12000");
    expect_call(&program, minus, "0 [20] 7000");
}

static void an_end_without_ret_returns_nothing(void **state) {
    (void)state;
    struct program program;
    begin_function(&program, 0, NULL);
    emit_constant(&program, 0, 1);
    expect_call(&program, NULL, "0 [] 2000");
}

static void a_revert_keeps_gas_and_takes_any_value(void **state) {
    (void)state;
    struct program program;
    const char *const values[][2] = {
        {"5", NULL}, {"-1", NULL}, {"0", NULL}, {"0x10000000000000000", NULL}};
    const char *const expected[] = {"5 [] 0", "-1 [] 0", "0 [] 0", "18446744073709551616 [] 0"};
    begin_function(&program, 1, NULL);
    emit(&program, IELE_REVERT, NONE, N(0));
    for (unsigned i = 0; i < 4; i++) {
        expect_call(&program, values[i], expected[i]);
    }
}

static void invalid_ends_with_status_4_and_no_gas(void **state) {
    (void)state;
    struct program program;
    begin_function(&program, 0, NULL);
    emit(&program, IELE_INVALID, NONE, NONE);
    expect_call(&program, NULL, "4 [] 100000000000");
}

/* -- storage (section 9.4; the examples of section 20 are among them) -- */

struct storage_case {
    const char *key, *value;
    const char *before; /* NULL: not there */
    const char *expected;
};

static void stores_cost_what_key_and_value_grow_by(void **state) {
    (void)state;
    static const struct storage_case cases[] = {
        {"5", "128", NULL, "0 [] 8700700"},
        {"5", "128", "0x400000000000000000000000000000000", "0 [] 4950700, 3750"},
        {"5", "0x100000000000000000000000000000000000000000000000000", "9", "0 [] 10576600"},
        {"-0x400000000000000000", "0x10000000000000000", NULL, "0 [] 12451400"},
        {"5", "0", NULL, "0 [] 4950700"},
        {"5", "0", "7", "0 [] 4950700"},
        {"5", "0", "0x10000000000000000", "0 [] 4950700, 1875"},
        {"5", "7", "7", "0 [] 4950700"},
        {"5", "-1", "0x10000000000000000", "0 [] 4950700, 1875"},
    };
    struct program program;
    begin_function(&program, 2, NULL);
    emit(&program, IELE_SSTORE, NONE, N(1, 0));
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct case_world world;
        const char *const arguments[] = {cases[i].key, cases[i].value, NULL};
        const extvm_address contract = address_ending(CONTRACT);
        case_world_with(&world, &program);
        if (cases[i].before != NULL) {
            extvm_state_set_storage(world.state, &contract, integer_of(cases[i].key),
                                    integer_of(cases[i].before));
        }
        expect_run(&world, &(struct case_run){.function = "f", .arguments = arguments},
                   cases[i].expected);
        extvm_state_free(world.state);
    }
}

/* 190000 + 8000 for each word of the key + 2000 for each of the value. */
static void loads_cost_what_key_and_value_take(void **state) {
    (void)state;
    static const struct storage_case cases[] = {
        {"5", NULL, NULL, "0 [0] 200000"},
        {"5", NULL, "-7", "0 [-7] 200000"},
        {"0x10000000000000000", NULL, "0x10000000000000000", "0 [18446744073709551616] 210000"},
    };
    struct program program;
    begin_function(&program, 1, NULL);
    emit(&program, IELE_SLOAD, NONE, N(1, 0));
    emit(&program, IELE_RET, N(1), N(1));
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct case_world world;
        const char *const arguments[] = {cases[i].key, NULL};
        const extvm_address contract = address_ending(CONTRACT);
        case_world_with(&world, &program);
        if (cases[i].before != NULL) {
            extvm_state_set_storage(world.state, &contract, integer_of(cases[i].key),
                                    integer_of(cases[i].before));
        }
        expect_run(&world, &(struct case_run){.function = "f", .arguments = arguments},
                   cases[i].expected);
        extvm_state_free(world.state);
    }
}

/* -- memory cells and logs in a frame -- */

/* Each store of 0 counts a word that no cell has, for good [quirk]: msize grows with them. */
static void a_zero_that_is_stored_is_counted_each_time(void **state) {
    (void)state;
    struct program program;
    begin_function(&program, 0, NULL);
    for (unsigned i = 0; i < 3; i++) {
        emit(&program, IELE_STORE, NONE, N(0, 0));
    }
    emit(&program, IELE_MSIZE, NONE, N(1));
    emit(&program, IELE_RET, N(1), N(1));
    /* two registers, three words, and msize's own estimate takes the place of a register */
    expect_call(&program, NULL, "0 [40] 10412");
}

static void logs_carry_the_cell_and_their_topics(void **state) {
    (void)state;
    struct program program;
    struct case_world world;
    extvm_result *result;
    size_t count;
    begin_function(&program, 2, NULL);
    emit(&program, IELE_STORE, NONE, N(0, 1));
    emit(&program, IELE_LOG0, NONE, N(1));
    emit(&program, IELE_LOG2TOPICS, NONE, N(1, 0, 1));
    emit(&program, IELE_LOG4, NONE, N(0, 0, 1, 0, 1));
    emit(&program, IELE_LOG3, NONE, N(0, 1, 1, 1));
    emit(&program, IELE_LOG1, NONE, N(0, 1));
    case_world_with(&world, &program);
    const char *const arguments[] = {"-2", "3", NULL};
    const struct case_run run = {.function = "f", .arguments = arguments};
    /* 2804; five logs, two of a word of data, ten topics */
    expect_run(&world, &run, "0 [] 5643804");
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
    const extvm_log_entry *logs = extvm_result_logs(result, &count);
    assert_int_equal(count, 5);
    assert_int_equal(logs[0].topic_count, 0);
    assert_int_equal(logs[0].data.size, 1);
    assert_int_equal(logs[0].data.data[0], 0xfe);
    assert_int_equal(logs[1].topic_count, 2);
    assert_int_equal(logs[1].topics[0].bytes[0], 0xff);
    assert_int_equal(logs[1].topics[0].bytes[31], 0xfe);
    assert_int_equal(logs[1].topics[1].bytes[31], 3);
    assert_int_equal(logs[2].topic_count, 4);
    assert_int_equal(logs[2].data.size, 0);
    extvm_result_free(result);
    extvm_state_free(world.state);
}

/* -- local calls (section 10) -- */

/* Section 20's example: the arguments are counted a second time beyond their first word. */
static void local_calls_count_wide_arguments_twice(void **state) {
    (void)state;
    static const char *const names[] = {"sum", NULL};
    struct program program;
    const char *const arguments[] = {"0x100000000000000000000000000000000000000000000000000", NULL};
    begin_function(&program, 1, names);
    emit(&program, IELE_LOCALCALL, N(2, 2, 1), N(1, 0, 0));
    emit(&program, IELE_RET, N(1), N(1));
    add_function(&program, false, 2, 2);
    emit(&program, IELE_ADD, NONE, N(2, 0, 1));
    emit(&program, IELE_RET, N(1), N(2));
    expect_call(&program, arguments,
                "0 [3213876088517980551083924184682325205044405987565585670602752] 12604");
}

static void local_calls_by_pointer_find_any_function_but_init(void **state) {
    (void)state;
    static const char *const names[] = {"g", NULL};
    static const struct {
        const char *pointer, *expected;
    } cases[] = {
        {"2", "0 [42] 10800"},
        {"0", "1 [] 100000000000"},
        {"-1", "1 [] 100000000000"},
        {"3", "1 [] 100000000000"},
        {"0x10000000000000002", "1 [] 100000000000"},
        {"1", "2 [] 100000000000"}, /* f itself, which has a parameter */
    };
    struct program program;
    begin_function(&program, 1, names);
    emit(&program, IELE_LOCALCALLPTR, N(0, 1), N(1, 0));
    emit(&program, IELE_RET, N(1), N(1));
    add_function(&program, false, 2, 0);
    emit_constant(&program, 1, 42);
    emit(&program, IELE_RET, N(1), N(1));
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const arguments[] = {cases[i].pointer, NULL};
        expect_call(&program, arguments, cases[i].expected);
    }
}

/* The common results are written before the wrong number is found. */
static void a_wrong_number_of_results_ends_with_status_2(void **state) {
    (void)state;
    static const char *const names[] = {"g", NULL};
    struct program program;
    begin_function(&program, 0, names);
    emit(&program, IELE_LOCALCALLPTR, N(0, 1), N(1, 0));
    emit(&program, IELE_RET, N(1), N(1));
    expect_call(&program, NULL, "1 [] 100000000000");
    begin_function(&program, 0, names);
    emit_constant(&program, 0, 2);
    emit(&program, IELE_LOCALCALLPTR, N(0, 1), N(1, 0));
    emit(&program, IELE_RET, N(1), N(1));
    add_function(&program, false, 2, 0);
    expect_call(&program, NULL, "2 [] 100000000000");
}

/* More arguments than registers take part in the accounting only. */
static void parameters_that_nobody_uses_cost_no_registers(void **state) {
    (void)state;
    static const char *const names[] = {"g", NULL};
    struct program program;
    begin_function(&program, 0, names);
    emit(&program, IELE_LOCALCALL, N(2, 3, 1), N(0, 0, 0, 0));
    emit(&program, IELE_RET, N(1), N(0));
    add_function(&program, false, 2, 3);
    emit(&program, IELE_GAS, NONE, N(0));
    emit(&program, IELE_RET, N(1), N(0));
    expect_call(&program, NULL, "0 [99999990] 9800");
}

/* A function that calls itself until the gas is gone, on no stack but its own. */
static void endless_recursion_ends_with_the_gas(void **state) {
    (void)state;
    struct program program;
    struct case_world world;
    begin_function(&program, 0, NULL);
    emit(&program, IELE_LOCALCALL, N(1, 0, 0), NONE);
    case_world_with(&world, &program);
    expect_run(&world, &(struct case_run){.function = "f", .gas = 8000000}, "5 [] 8000000000");
    extvm_state_free(world.state);
}

/* Built-ins that are called by name are the opcodes (section 3.3). */
static void a_built_in_called_by_name_is_the_opcode(void **state) {
    (void)state;
    static const char *const names[] = {"iele.number", "iele.invalid", "iele.balance", NULL};
    struct program program;
    begin_function(&program, 0, names);
    emit(&program, IELE_LOCALCALL, N(2, 0, 1), N(0));
    emit(&program, IELE_LOCALCALL, N(4, 1, 1), N(1, 0));
    emit(&program, IELE_RET, N(2), N(0, 1));
    expect_call(&program, NULL, "0 [300 0] 402000");
    begin_function(&program, 0, names);
    emit(&program, IELE_LOCALCALL, N(3, 0, 0), NONE);
    expect_call(&program, NULL, "4 [] 100000000000");
}

/* What an upload may not have, but the node's own code might (section 3.3). */
static void code_from_the_node_that_breaks_the_rules_fails_by_status(void **state) {
    (void)state;
    struct program program;
    begin_function(&program, 0, NULL);
    emit(&program, IELE_BR, N(9), NONE);
    expect_call(&program, NULL, "4 [] 100000000000");
    begin_function(&program, 0, NULL);
    emit(&program, IELE_LOCALCALL, N(9, 0, 0), NONE);
    expect_call(&program, NULL, "1 [] 100000000000");
    begin_function(&program, 0, NULL);
    emit(&program, IELE_CREATE, N(9, 0), N(0, 0, 0));
    expect_call(&program, NULL, "4 [] 100000000000");
}

/* -- selfdestruct (section 13) -- */

static void a_destroyed_account_leaves_its_money_to_its_heir(void **state) {
    (void)state;
    static const struct {
        const char *heir, *expected;
        size_t modified;
    } cases[] = {
        {"0xee000000000000000000000000000000000000aa", "0 [] 0, 24000", 1},
        {"0xee00000000000000000000000000000000000077", "0 [] 25000000, 24000", 1},
        {"0xee000000000000000000000000000000000000cc", "0 [] 0, 24000", 0},
    };
    struct program program;
    begin_function(&program, 1, NULL);
    emit(&program, IELE_SELFDESTRUCT, NONE, N(0));
    for (unsigned i = 0; i < 3; i++) {
        struct case_world world;
        const char *const arguments[] = {cases[i].heir, NULL};
        const struct case_run run = {.function = "f", .arguments = arguments};
        extvm_result *result;
        size_t count;
        case_world_with(&world, &program);
        expect_run(&world, &run, cases[i].expected);
        assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
        extvm_result_deleted(result, &count);
        assert_int_equal(count, 1);
        extvm_result_modified(result, &count);
        assert_int_equal(count, cases[i].modified);
        extvm_result_free(result);
        extvm_state_free(world.state);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_is_as_the_call_says),
        cmocka_unit_test(msize_shows_the_peak_in_bytes),
        cmocka_unit_test(other_accounts_are_seen_after_paying),
        cmocka_unit_test(block_hashes_go_back_from_the_newest_block),
        cmocka_unit_test(constants_of_any_size_cost_the_same),
        cmocka_unit_test(branches_go_to_their_labels_and_cost_the_same_taken_or_not),
        cmocka_unit_test(an_end_without_ret_returns_nothing),
        cmocka_unit_test(a_revert_keeps_gas_and_takes_any_value),
        cmocka_unit_test(invalid_ends_with_status_4_and_no_gas),
        cmocka_unit_test(stores_cost_what_key_and_value_grow_by),
        cmocka_unit_test(loads_cost_what_key_and_value_take),
        cmocka_unit_test(a_zero_that_is_stored_is_counted_each_time),
        cmocka_unit_test(logs_carry_the_cell_and_their_topics),
        cmocka_unit_test(local_calls_count_wide_arguments_twice),
        cmocka_unit_test(local_calls_by_pointer_find_any_function_but_init),
        cmocka_unit_test(a_wrong_number_of_results_ends_with_status_2),
        cmocka_unit_test(parameters_that_nobody_uses_cost_no_registers),
        cmocka_unit_test(endless_recursion_ends_with_the_gas),
        cmocka_unit_test(a_built_in_called_by_name_is_the_opcode),
        cmocka_unit_test(code_from_the_node_that_breaks_the_rules_fails_by_status),
        cmocka_unit_test(a_destroyed_account_leaves_its_money_to_its_heir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
