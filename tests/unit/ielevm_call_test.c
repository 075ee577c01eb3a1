/* Calls of other accounts, creations and the functions of account 1 (protocol/iele-vm.md, sections
 * 5, 6, 11, 12 and 14), with their price to the milligas. */
#include "ielevm_case.h"

#define CALLEE "0xee000000000000000000000000000000000000dd"
#define NOBODY "0xee00000000000000000000000000000000000077"
#define OWN "0xee000000000000000000000000000000000000cc"

enum { CALLEE_BYTE = 0xdd };

/* f(at, gas, value, argument) calls g of `at` with the argument, and returns the status, what it
 * gave, and the gas that is left. */
static void make_caller(struct program *program, int opcode, const char *function) {
    const char *const names[] = {function, NULL};
    begin_function(program, 4, names);
    if (opcode == IELE_CALL) {
        emit(program, IELE_CALL, N(2, 1, 1), N(4, 5, 1, 0, 2, 3));
    } else {
        emit(program, IELE_STATICCALL, N(2, 1, 1), N(4, 5, 1, 0, 3));
    }
    emit(program, IELE_RET, N(2), N(4, 5));
}

/* g(x) with the body that follows. */
static void begin_callee(struct program *program) {
    begin(program);
    add_name(program, "g");
    add_function(program, false, 0, 0);
    add_function(program, true, 1, 1);
}

static void expect_between(int opcode, const struct program *callee, const char *const *arguments,
                           const char *expected) {
    struct case_world world;
    struct program caller;
    make_caller(&caller, opcode, "g");
    case_world_with(&world, &caller);
    add_account(&world, CALLEE_BYTE, "1", "0", program_bytes(callee));
    expect_run(&world, &(struct case_run){.function = "f", .arguments = arguments}, expected);
    extvm_state_free(world.state);
}

static void a_call_gives_results_and_the_rest_of_the_gas_back(void **state) {
    (void)state;
    struct program callee;
    begin_callee(&callee);
    emit(&callee, IELE_ADD, NONE, N(1, 0, 0));
    emit(&callee, IELE_RET, N(1), N(1));
    const char *const plain[] = {CALLEE, "1000", "0", "21", NULL};
    const char *const paid[] = {CALLEE, "1000", "5", "21", NULL};
    const char *const poor[] = {CALLEE, "1000", "5000", "21", NULL};
    const char *const short_of_gas[] = {CALLEE, "2", "0", "21", NULL};
    expect_between(IELE_CALL, &callee, plain, "0 [0 42] 44801");
    /* the stipend comes out of thin air, and back */
    expect_between(IELE_CALL, &callee, paid, "0 [0 42] 6744801");
    /* refused for funds: the price without what was given, and the stipend gained */
    expect_between(IELE_CALL, &callee, poor, "0 [7 0] 6742000");
    expect_between(IELE_CALL, &callee, short_of_gas, "0 [5 0] 44000");
    expect_between(IELE_STATICCALL, &callee, plain, "0 [0 42] 44801");
}

static void a_failed_callee_loses_its_gas_and_a_reverted_one_does_not(void **state) {
    (void)state;
    struct program callee;
    const char *const plain[] = {CALLEE, "1000", "0", "-7", NULL};
    begin_callee(&callee);
    emit(&callee, IELE_REVERT, NONE, N(0));
    expect_between(IELE_CALL, &callee, plain, "0 [-7 0] 42000");
    begin_callee(&callee);
    emit(&callee, IELE_INVALID, NONE, NONE);
    expect_between(IELE_CALL, &callee, plain, "0 [4 0] 1042000");
    begin_callee(&callee); /* no result where one is wanted */
    expect_between(IELE_CALL, &callee, plain, "2 [] 100000000000");
}

static void functions_that_are_missing_private_or_other_have_their_status(void **state) {
    (void)state;
    struct program callee;
    const char *const plain[] = {CALLEE, "0", "0", "1", NULL};
    const char *const nobody[] = {NOBODY, "0", "0", "1", NULL};
    const char *const first[] = {"1", "0", "0", "1", NULL};
    begin(&callee);
    add_function(&callee, false, 0, 0);
    expect_between(IELE_CALL, &callee, plain, "0 [1 0] 42000");
    expect_between(IELE_CALL, &callee, nobody, "0 [3 0] 42000");
    expect_between(IELE_CALL, &callee, first, "0 [3 0] 42000");
    begin(&callee);
    add_name(&callee, "g");
    add_function(&callee, false, 0, 0);
    add_function(&callee, false, 1, 2);
    expect_between(IELE_CALL, &callee, plain, "0 [1 0] 42000");
    begin(&callee);
    add_name(&callee, "g");
    add_function(&callee, false, 0, 0);
    add_function(&callee, true, 1, 2);
    expect_between(IELE_CALL, &callee, plain, "0 [2 0] 42000");
}

/* Changes are refused before anything is paid, also further down. */
static void a_static_frame_changes_nothing(void **state) {
    (void)state;
    struct program callee;
    const char *const plain[] = {CALLEE, "1000", "0", "1", NULL};
    const int changes[] = {IELE_SSTORE, IELE_LOG1, IELE_SELFDESTRUCT};
    for (unsigned i = 0; i < 3; i++) {
        begin_callee(&callee);
        emit(&callee, changes[i], NONE, changes[i] == IELE_SELFDESTRUCT ? N(0) : N(0, 0));
        expect_between(IELE_STATICCALL, &callee, plain, "0 [4 0] 1042000");
    }
    begin_callee(&callee); /* a call with value */
    emit(&callee, IELE_CALL, N(1, 0, 0), N(1, 0, 0, 0));
    expect_between(IELE_STATICCALL, &callee, plain, "0 [4 0] 1042000");
    begin_callee(&callee);
    emit(&callee, IELE_COPYCREATE, N(0), N(1, 2, 3, 3));
    expect_between(IELE_STATICCALL, &callee, plain, "0 [4 0] 1042000");
    begin_callee(&callee); /* reading is allowed, and calls without value */
    emit(&callee, IELE_SLOAD, NONE, N(1, 0));
    emit(&callee, IELE_RET, N(1), N(1));
    expect_between(IELE_STATICCALL, &callee, plain, "0 [0 0] 242000");
}

static void negative_amounts_end_the_caller_with_status_4(void **state) {
    (void)state;
    struct program callee;
    begin_callee(&callee);
    const char *const gas[] = {CALLEE, "-1", "0", "1", NULL};
    const char *const value[] = {CALLEE, "0", "-1", "1", NULL};
    expect_between(IELE_CALL, &callee, gas, "4 [] 100000000000");
    expect_between(IELE_CALL, &callee, value, "4 [] 100000000000");
    expect_between(IELE_STATICCALL, &callee, gas, "4 [] 100000000000");
}

/* Section 20: 31742000 milligas for money to an account that is empty. */
static void money_for_an_empty_account_costs_25000_gas_more(void **state) {
    (void)state;
    static const char *const names[] = {"deposit", NULL};
    struct program program;
    struct case_world world;
    extvm_result *result;
    size_t count;
    const char *const arguments[] = {NOBODY, "5", NULL};
    const struct case_run run = {.function = "f", .arguments = arguments, .gas = 100000};
    begin_function(&program, 2, names);
    emit_constant(&program, 2, 0);
    emit(&program, IELE_CALL, N(2, 0, 0), N(3, 2, 0, 1));
    emit(&program, IELE_RET, N(1), N(3));
    case_world_with(&world, &program);
    expect_run(&world, &run, "0 [0] 31742000");
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
    extvm_result_modified(result, &count);
    assert_int_equal(count, 2);
    extvm_result_free(result);
    extvm_state_free(world.state);
}

/* By pointer: 1 is unknown to nobody but a wallet's `deposit`, and private functions stay so. */
static void pointers_reach_public_functions_only(void **state) {
    (void)state;
    static const struct {
        const char *at, *pointer, *expected;
    } cases[] = {
        {NOBODY, "1", "0 [0] 40000"}, {NOBODY, "2", "0 [1] 40000"}, {NOBODY, "0", "0 [1] 40000"},
        {CALLEE, "1", "0 [0] 40000"}, {CALLEE, "2", "0 [1] 40000"}, {"1", "8", "0 [1] 40000"},
        {"1", "4", "0 [2] 40000"},
    };
    struct program program, callee;
    begin(&callee);
    add_name(&callee, "g");
    add_name(&callee, "h");
    add_function(&callee, true, 1, 0);
    add_function(&callee, false, 0, 0);
    add_function(&callee, false, 2, 0);
    begin_function(&program, 2, NULL);
    emit(&program, IELE_CALLPTR, N(0, 0), N(2, 1, 3, 0, 3));
    emit(&program, IELE_RET, N(1), N(2));
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct case_world world;
        const char *const arguments[] = {cases[i].at, cases[i].pointer, NULL};
        case_world_with(&world, &program);
        add_account(&world, CALLEE_BYTE, "1", "0", program_bytes(&callee));
        expect_run(&world, &(struct case_run){.function = "f", .arguments = arguments},
                   cases[i].expected);
        extvm_state_free(world.state);
    }
}

/* f(n) calls itself; what it returns is how deep that went. At depth 1024 the call is refused with
 * status 8. */
static void calls_end_at_depth_1024(void **state) {
    (void)state;
    struct program program;
    struct case_world world;
    begin_function(&program, 0, NULL);
    emit(&program, IELE_ADDRESS, NONE, N(0));
    emit(&program, IELE_GAS, NONE, N(1));
    emit(&program, IELE_CALL, N(1, 0, 1), N(2, 3, 1, 0, 4));
    emit_constant(&program, 5, 1);
    emit(&program, IELE_ADD, NONE, N(3, 3, 5));
    emit(&program, IELE_BRIF, N(1), N(2));
    emit(&program, IELE_RET, N(1), N(3));
    emit(&program, IELE_LABEL, N(1), NONE);
    emit(&program, IELE_RET, N(1), N(2));
    case_world_with(&world, &program);
    extvm_result *result;
    extvm_bytes depth;
    size_t count;
    const struct case_run run = {.function = "f", .gas = UINT64_C(1000000000000)};
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
    assert_int_equal(extvm_iele_returns(extvm_result_return_data(result), &depth, 1, &count, NULL),
                     EXTVM_OK);
    /* 8 from the last frame, and one for each of the 1024 above it */
    assert_int_equal(extvm_integer_compare(depth, integer_of("1032")), 0);
    extvm_result_free(result);
    extvm_state_free(world.state);
}

/* -- creations -- */

/* A child whose init(x) stores x, and g that loads it. */
static void make_child(struct program *child) {
    begin(child);
    add_name(child, "g");
    add_function(child, false, 0, 1);
    emit_constant(child, 1, 0);
    emit(child, IELE_SSTORE, NONE, N(0, 1));
    add_function(child, true, 1, 0);
    emit_constant(child, 0, 0);
    emit(child, IELE_SLOAD, NONE, N(1, 0));
    emit(child, IELE_RET, N(1), N(1));
}

static void a_created_contract_can_be_called_and_is_reported(void **state) {
    (void)state;
    struct program program, child;
    struct case_world world;
    extvm_result *result;
    size_t count;
    make_child(&child);
    begin(&program);
    add_name(&program, "f");
    add_name(&program, "g");
    add_child(&program, &child);
    add_function(&program, false, 0, 0);
    add_function(&program, true, 1, 1);
    emit(&program, IELE_CREATE, N(3, 1), N(1, 2, 3, 0));
    emit_constant(&program, 4, 1000);
    emit(&program, IELE_STATICCALL, N(2, 0, 1), N(1, 5, 4, 2));
    emit(&program, IELE_RET, N(2), N(1, 5));
    case_world_with(&world, &program);
    const char *const arguments[] = {"42", NULL};
    const struct case_run run = {.function = "f", .arguments = arguments};
    /* 32002000 + 2000 + 8700700 + 2000 + 41000 + 2000 + 200000 */
    expect_run(&world, &run, "0 [0 42] 40949700");
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
    const extvm_modified_account *modified = extvm_result_modified(result, &count);
    assert_int_equal(count, 2); /* the creator's nonce, and the new one */
    for (size_t i = 0; i < count; i++) {
        bool is_new = modified[i].code.size > 0;
        assert_int_equal(modified[i].storage_count, is_new ? 1 : 0);
        assert_int_equal(extvm_integer_compare(modified[i].nonce, integer_of(is_new ? "1" : "2")),
                         0);
        if (is_new) {
            assert_true(extvm_bytes_equal(modified[i].code, program_bytes(&child)));
        }
    }
    extvm_result_free(result);
    extvm_state_free(world.state);
}

/* The creator's nonce stays counted up when the constructor fails, and the address register keeps
 * what it held. */
static void a_constructor_that_fails_leaves_the_nonce_counted_up(void **state) {
    (void)state;
    struct program program, child;
    struct case_world world;
    extvm_result *result;
    size_t count;
    begin(&child);
    add_function(&child, false, 0, 0);
    emit_constant(&child, 0, 77);
    emit(&child, IELE_REVERT, NONE, N(0));
    begin(&program);
    add_name(&program, "f");
    add_child(&program, &child);
    add_function(&program, false, 0, 0);
    add_function(&program, true, 1, 0);
    emit_constant(&program, 2, 5);
    emit(&program, IELE_CREATE, N(2, 0), N(1, 2, 3));
    emit(&program, IELE_RET, N(2), N(1, 2));
    case_world_with(&world, &program);
    const struct case_run run = {.function = "f"};
    expect_run(&world, &run, "0 [77 5] 32004000");
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
    const extvm_modified_account *modified = extvm_result_modified(result, &count);
    assert_int_equal(count, 1);
    assert_int_equal(extvm_integer_compare(modified[0].nonce, integer_of("2")), 0);
    extvm_result_free(result);
    extvm_state_free(world.state);
}

static void copies_need_code_to_copy(void **state) {
    (void)state;
    struct program program;
    static const struct {
        const char *from, *expected;
    } cases[] = {
        {OWN, "0 [0] 33000000"},
        /* one 64th of 10^11 - 33000000 is left behind */
        {NOBODY, "0 [3] 98438015625"},
    };
    begin_function(&program, 1, NULL);
    emit(&program, IELE_COPYCREATE, N(0), N(1, 2, 3, 0));
    emit(&program, IELE_RET, N(1), N(1));
    for (unsigned i = 0; i < 2; i++) {
        const char *const arguments[] = {cases[i].from, NULL};
        expect_call(&program, arguments, cases[i].expected);
    }
}

static void a_creation_pays_for_its_bytes_and_returns_its_address(void **state) {
    (void)state;
    struct program program;
    struct case_world world;
    extvm_result *result;
    begin(&program);
    add_function(&program, false, 0, 0);
    case_world_init(&world);
    const struct case_run run = {.code = program_bytes(&program)};
    const struct case_run poor = {.code = program_bytes(&program), .gas = 2199};
    const struct case_run rich = {.code = program_bytes(&program), .gas = 2200};
    const struct case_run paid = {.code = program_bytes(&program), .value = "12"};
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    assert_non_null(extvm_result_created_address(result));
    assert_int_equal(extvm_integer_compare(extvm_result_gas_used(result), integer_of("2200")), 0);
    extvm_result_free(result);
    expect_run(&world, &poor, "5 [] 2199000");
    assert_int_equal(run_case(&world, &rich, &result, NULL), EXTVM_OK);
    assert_int_equal(extvm_integer_sign(extvm_result_gas_remaining(result)), 0);
    extvm_result_free(result);
    assert_int_equal(run_case(&world, &paid, &result, NULL), EXTVM_OK);
    size_t count;
    extvm_result_modified(result, &count);
    assert_int_equal(count, 2); /* the caller, who paid, and the contract */
    extvm_result_free(result);
    extvm_state_free(world.state);
}

static void a_bad_upload_ends_with_status_9_and_all_its_gas(void **state) {
    (void)state;
    struct case_world world;
    const uint8_t no_function[] = {0, 0, 0, 2, IELE_HEADER, 0};
    case_world_init(&world);
    expect_run(&world, &(struct case_run){.code = {no_function, sizeof no_function}}, "9 [] 0");
    expect_run(&world, &(struct case_run){.code = {no_function, 3}}, "9 [] 0");
    extvm_state_free(world.state);
}

/* An account that has code or a nonce is not overwritten. */
static void a_creation_on_an_account_that_exists_collides(void **state) {
    (void)state;
    struct program program;
    struct case_world world;
    extvm_result *result;
    begin(&program);
    add_function(&program, false, 0, 0);
    case_world_init(&world);
    const struct case_run run = {.code = program_bytes(&program)};
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
    const extvm_address address = *extvm_result_created_address(result);
    extvm_result_free(result);
    extvm_state_set_account(world.state, &address, integer_of("0"), integer_of("9"));
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    extvm_result_free(result);
    extvm_state_set_account(world.state, &address, integer_of("1"), integer_of("0"));
    expect_run(&world, &run, "6 [] 100000000000");
    extvm_state_set_account(world.state, &address, integer_of("0"), integer_of("0"));
    extvm_state_set_code(world.state, &address, program_bytes(&program));
    expect_run(&world, &run, "6 [] 100000000000");
    extvm_state_free(world.state);
}

/* -- account 1 (section 14) -- */

struct precompiled_case {
    const char *name;
    const char *arguments[5];
    const char *expected;
};

#define BN_P "21888242871839275222246405745257275088696311157297823662689037894645226208583"
#define G1_BYTES_LE                                                                                \
    "0x0200000000000000000000000000000000000000000000000000000000000000"                           \
    "0100000000000000000000000000000000000000000000000000000000000000"

static void the_functions_of_account_1_compute_and_refuse(void **state) {
    (void)state;
    static const struct precompiled_case cases[] = {
        {"iele.id", {"-5", NULL}, "0 [-5] 0"},
        {"iele.id", {NULL}, "2 [] 100000000000"},
        {"iele.nothing", {NULL}, "3 [] 100000000000"},
        {"iele.ecrec",
         {"0x456e9aea5e197a1f1af7a3e85a3212fa4049a3ba34c2289b4c860fc0b0c64ef3", "28",
          "0x9242685bf161793cc25603c231bc2f568eb630ea16aa137d2664ac8038825608",
          "0x4f8ae3bd7535248d0bd448298cc2e2071e56992d0774dc340c368ae950852ada", NULL},
         "0 [647041002420815409836199428430385283753598946442] 3000000"},
        /* v must be 27 or 28, r and s above 0 */
        {"iele.ecrec", {"1", "26", "1", "1", NULL}, "0 [-1] 3000000"},
        {"iele.ecrec", {"1", "27", "0", "1", NULL}, "0 [-1] 3000000"},
        {"iele.ecrec", {"1", "27", "1", "-1", NULL}, "4 [] 100000000000"},
        {"iele.sha256",
         {"0", "0", NULL},
         "0 [102987336249554097029535212322581322789799900648198034993379397001115665086549] "
         "25030"},
        {"iele.sha256",
         {"3", "0x616263", NULL},
         "0 [84342368487090800366523834928142263660104883695016514377462985829716817089965] "
         "25030"},
        {"iele.sha256",
         {"3", "0xff616263", NULL},
         "0 [84342368487090800366523834928142263660104883695016514377462985829716817089965] "
         "25030"},
        {"iele.sha256", {"-1", "0", NULL}, "4 [] 100000000000"},
        {"iele.rip160",
         {"3", "0x616263", NULL},
         "0 [814647003348588794217809277549781461204094028796] 25030"},
        {"iele.rip160", {"3", "-1", NULL}, "4 [] 100000000000"},
        {"iele.ecadd", {"1", "2", "0", "0", NULL}, "0 [1 2] 35000"},
        {"iele.ecadd", {"1", "3", "0", "0", NULL}, "4 [] 100000000000"},
        {"iele.ecadd", {"-1", "2", "0", "0", NULL}, "4 [] 100000000000"},
        {"iele.ecadd", {BN_P, "0", "0", "0", NULL}, "4 [] 100000000000"},
        {"iele.ecmul", {"1", "2", "1", NULL}, "0 [1 2] 1700000"},
        {"iele.ecmul", {"1", "2", "0", NULL}, "0 [0 0] 1700000"},
        {"iele.ecmul", {"1", "2", "-1", NULL}, "4 [] 100000000000"},
        {"iele.ecmul",
         {"1", "2", "0x10000000000000000000000000000000000000000000000000000000000000000", NULL},
         "4 [] 100000000000"},
        {"iele.ecpairing", {"0", "5", "5", NULL}, "0 [1] 100000000"},
        {"iele.ecpairing", {"1", "0", "0", NULL}, "0 [1] 126000000"},
        {"iele.ecpairing", {"1", "1", "0", NULL}, "4 [] 100000000000"},
        {"iele.ecpairing", {"1", G1_BYTES_LE, "0", NULL}, "0 [1] 126000000"},
        {"iele.ecpairing", {"1", G1_BYTES_LE, "1", NULL}, "4 [] 100000000000"},
        {"iele.ecpairing", {"-1", "0", "0", NULL}, "4 [] 100000000000"},
        {"iele.ecpairing", {"100000000", "0", "0", NULL}, "5 [] 100000000000"},
    };
    const extvm_address first = {{[EXTVM_ADDRESS_SIZE - 1] = 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct case_world world;
        case_world_init(&world);
        expect_run(&world,
                   &(struct case_run){.function = cases[i].name,
                                      .arguments = cases[i].arguments,
                                      .address = &first},
                   cases[i].expected);
        extvm_state_free(world.state);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_gives_results_and_the_rest_of_the_gas_back),
        cmocka_unit_test(a_failed_callee_loses_its_gas_and_a_reverted_one_does_not),
        cmocka_unit_test(functions_that_are_missing_private_or_other_have_their_status),
        cmocka_unit_test(a_static_frame_changes_nothing),
        cmocka_unit_test(negative_amounts_end_the_caller_with_status_4),
        cmocka_unit_test(money_for_an_empty_account_costs_25000_gas_more),
        cmocka_unit_test(pointers_reach_public_functions_only),
        cmocka_unit_test(calls_end_at_depth_1024),
        cmocka_unit_test(a_created_contract_can_be_called_and_is_reported),
        cmocka_unit_test(a_constructor_that_fails_leaves_the_nonce_counted_up),
        cmocka_unit_test(copies_need_code_to_copy),
        cmocka_unit_test(a_creation_pays_for_its_bytes_and_returns_its_address),
        cmocka_unit_test(a_bad_upload_ends_with_status_9_and_all_its_gas),
        cmocka_unit_test(a_creation_on_an_account_that_exists_collides),
        cmocka_unit_test(the_functions_of_account_1_compute_and_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
