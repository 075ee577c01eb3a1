/* The IELE VM and what is around it: which queries it makes and in which order, worlds and memory
 * that fail, calls that are refused, and the limits (protocol/iele-vm.md, sections 5, 15 and 17).
 */
#include "ielevm_case.h"

#include "common/clock.h"
#include "support/scarce_memory.h"

#define CALLEE "0xee000000000000000000000000000000000000dd"

enum { CALLEE_BYTE = 0xdd };

/* -- queries -- */

static void expect_trace(const struct program *program, const char *const *arguments,
                         const char *expected) {
    struct case_world world;
    struct program callee;
    extvm_result *result;
    begin(&callee);
    add_name(&callee, "g");
    add_function(&callee, false, 0, 0);
    add_function(&callee, true, 1, 0);
    case_world_with(&world, program);
    add_account(&world, CALLEE_BYTE, "1", "0", program_bytes(&callee));
    const struct case_run run = {.function = "f", .arguments = arguments};
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
    assert_string_equal(world.trace, expected);
    extvm_result_free(result);
    extvm_state_free(world.state);
}

static void everything_is_asked_once_and_in_the_specified_order(void **state) {
    (void)state;
    static const char *const names[] = {"g", NULL};
    struct program program;
    const char *const callee[] = {CALLEE, NULL};
    begin_function(&program, 1, names); /* twice each */
    for (unsigned i = 0; i < 2; i++) {
        emit(&program, IELE_SLOAD, NONE, N(2, 1));
        emit(&program, IELE_GAS, NONE, N(2));
        emit(&program, IELE_STATICCALL, N(2, 0, 0), N(3, 2, 0));
        emit(&program, IELE_BLOCKHASH, NONE, N(3, 1));
        emit_constant(&program, 2, 7);
        emit(&program, IELE_SSTORE, NONE, N(1, 2));
        emit(&program, IELE_BALANCE, NONE, N(3, 2));
    }
    expect_trace(&program, callee,
                 "account:aa account:cc code:cc storage:00 account:dd code:dd hash:12b storage:07 "
                 "account:07");
}

static void copies_and_creations_ask_for_the_new_account_last(void **state) {
    (void)state;
    struct program program;
    struct case_world world;
    extvm_result *result;
    const char *const callee[] = {CALLEE, NULL};
    begin_function(&program, 1, NULL);
    emit(&program, IELE_COPYCREATE, N(0), N(1, 2, 3, 0));
    case_world_with(&world, &program);
    add_account(&world, CALLEE_BYTE, "1", "0", program_bytes(&program));
    const struct case_run copy = {.function = "f", .arguments = callee};
    assert_int_equal(run_case(&world, &copy, &result, NULL), EXTVM_OK);
    extvm_result_free(result);
    const char *start = "account:aa account:cc code:cc account:dd code:dd account:";
    assert_int_equal(strncmp(world.trace, start, strlen(start)), 0);
    assert_int_equal(world.queries, 6);
    world.queries = 0;
    world.trace[0] = '\0';
    const struct case_run create = {.code = program_bytes(&program)};
    assert_int_equal(run_case(&world, &create, &result, NULL), EXTVM_OK);
    extvm_result_free(result);
    assert_int_equal(world.queries, 2); /* the caller and the new account */
    world.queries = 0;
    const struct case_run bad = {.code = {program.bytes, 5}};
    assert_int_equal(run_case(&world, &bad, &result, NULL), EXTVM_OK);
    extvm_result_free(result);
    assert_int_equal(world.queries, 1);
    extvm_state_free(world.state);
}

/* Account 1 is asked for when money moves, and never for code; an heir before the charge. */
static void account_1_and_heirs_are_asked_for_when_money_moves(void **state) {
    (void)state;
    struct program program;
    struct case_world world;
    const extvm_address first = {{[EXTVM_ADDRESS_SIZE - 1] = 1}};
    const char *const one[] = {"1", NULL};
    begin_function(&program, 1, NULL);
    emit(&program, IELE_SELFDESTRUCT, NONE, N(0));
    case_world_with(&world, &program);
    expect_run(&world,
               &(struct case_run){.function = "iele.id", .arguments = one, .address = &first},
               "0 [1] 0");
    assert_string_equal(world.trace, "account:aa account:01");
    world.trace[0] = '\0';
    expect_run(&world,
               &(struct case_run){
                   .function = "iele.id", .arguments = one, .address = &first, .value = "1000001"},
               "7 [] 100000000000");
    assert_string_equal(world.trace, "account:aa");
    world.trace[0] = '\0';
    expect_run(&world, &(struct case_run){.function = "f", .arguments = one, .gas = 1},
               "5 [] 1000");
    assert_string_equal(world.trace, "account:aa account:cc code:cc account:01");
    extvm_state_free(world.state);
}

/* An account that only an undone frame looked at is forgotten, its answers are not: the storage
 * that the failed callee asked for is not asked for again. */
static void answers_stay_when_a_frame_is_undone(void **state) {
    (void)state;
    static const char *const names[] = {"g", NULL};
    struct program program, callee;
    struct case_world world;
    extvm_result *result;
    const char *const arguments[] = {CALLEE, NULL};
    begin(&callee);
    add_name(&callee, "g");
    add_function(&callee, false, 0, 0);
    add_function(&callee, true, 1, 0);
    emit(&callee, IELE_SLOAD, NONE, N(0, 1));
    emit_constant(&callee, 2, 99);
    emit(&callee, IELE_SSTORE, NONE, N(2, 1));
    emit(&callee, IELE_LOG1, NONE, N(0, 0));
    emit(&callee, IELE_BALANCE, NONE, N(3, 2));
    emit(&callee, IELE_REVERT, NONE, N(2));
    begin_function(&program, 1, names);
    emit(&program, IELE_GAS, NONE, N(1));
    for (unsigned i = 0; i < 2; i++) {
        emit_constant(&program, 1, 100000);
        emit(&program, IELE_CALL, N(2, 0, 0), N(2, 1, 0, 3));
    }
    emit(&program, IELE_RET, N(1), N(2));
    case_world_with(&world, &program);
    add_account(&world, CALLEE_BYTE, "1", "0", program_bytes(&callee));
    const struct case_run run = {.function = "f", .arguments = arguments};
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
    size_t modified, logs;
    extvm_result_modified(result, &modified);
    extvm_result_logs(result, &logs);
    assert_int_equal(modified, 0);
    assert_int_equal(logs, 0);
    assert_string_equal(world.trace, "account:aa account:cc code:cc account:dd code:dd storage:00 "
                                     "account:63");
    extvm_result_free(result);
    extvm_state_free(world.state);
}

/* -- what fails around the VM -- */

/* A program that does a little of everything. */
static void make_busy_program(struct program *program) {
    static const char *const names[] = {"deposit", "iele.sha256", NULL};
    struct program child;
    begin(&child);
    add_function(&child, false, 0, 1);
    emit(&child, IELE_SSTORE, NONE, N(0, 0));
    begin(program);
    add_name(program, "f");
    add_name(program, names[0]);
    add_name(program, names[1]);
    add_child(program, &child);
    add_function(program, false, 0, 0);
    add_function(program, true, 1, 1);
    emit_constant(program, 1, 300);
    emit(program, IELE_SHIFT, NONE, N(2, 0, 1));
    emit(program, IELE_MOVE, NONE, N(100, 2));
    emit(program, IELE_MUL, NONE, N(3, 2, 100));
    emit(program, IELE_STORE, NONE, N(3, 1));
    emit(program, IELE_SHA3, NONE, N(4, 1));
    emit(program, IELE_LOAD, NONE, N(5, 1));
    emit(program, IELE_BSWAP, NONE, N(6, 1, 5));
    emit(program, IELE_SSTORE, NONE, N(5, 4));
    emit(program, IELE_SLOAD, NONE, N(7, 5));
    emit(program, IELE_LOG1, NONE, N(1, 4));
    emit_constant(program, 8, 100000);
    emit_constant(program, 9, 1);
    emit(program, IELE_CALL, N(2, 0, 0), N(10, 8, 4, 9));
    emit(program, IELE_CREATE, N(4, 1), N(10, 11, 9, 5));
    emit(program, IELE_STATICCALL, N(3, 2, 1), N(10, 12, 8, 9, 8, 5));
    emit(program, IELE_BLOCKHASH, NONE, N(13, 9));
    put_byte(program, IELE_CONSTANT);
    put(program, (const uint8_t[]){0x8a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14}, 12);
    emit(program, IELE_RET, N(3), N(6, 12, 14));
}

static void a_world_that_fails_ends_the_run_wherever_that_is(void **state) {
    (void)state;
    struct program program;
    struct case_world world;
    extvm_result *result;
    const char *const arguments[] = {"123", NULL};
    const struct case_run run = {.function = "f", .arguments = arguments};
    make_busy_program(&program);
    case_world_with(&world, &program);
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    extvm_result_free(result);
    const unsigned queries = world.queries;
    assert_true(queries >= 9);
    for (unsigned i = 1; i <= queries; i++) {
        extvm_error error = {0};
        world.queries = 0;
        world.fail_at = i;
        world.trace[0] = '\0';
        assert_int_equal(run_case(&world, &run, &result, &error), EXTVM_WORLD_FAILED);
        assert_non_null(strstr(error.text, "the world could not answer"));
        assert_null(result);
    }
    extvm_state_free(world.state);
}

static void code_of_the_node_that_does_not_decode_ends_the_run(void **state) {
    (void)state;
    struct case_world world;
    extvm_result *result;
    extvm_error error = {0};
    case_world_init(&world);
    add_account(&world, CONTRACT, "1", "0", (extvm_bytes){(const uint8_t *)"\x60\x00", 2});
    const struct case_run run = {.function = "f"};
    assert_int_equal(run_case(&world, &run, &result, &error), EXTVM_WORLD_FAILED);
    assert_non_null(strstr(error.text, "no IELE contract"));
    extvm_state_free(world.state);
}

/* Every allocation fails once, and then every one from it on. */
static void memory_that_runs_out_anywhere_is_reported_and_nothing_leaks(void **state) {
    (void)state;
    struct program program;
    struct case_world world;
    const char *const arguments[] = {"123", NULL};
    make_busy_program(&program);
    case_world_with(&world, &program);
    for (unsigned for_good = 0; for_good < 2; for_good++) {
        extvm_status status = EXTVM_NO_MEMORY;
        for (size_t fail_at = 1; status != EXTVM_OK; fail_at++) {
            struct scarce_memory scarce = {.fail_at = fail_at, .for_good = for_good != 0};
            const extvm_allocator allocator = scarce_memory_allocator(&scarce);
            const struct case_run run = {
                .function = "f", .arguments = arguments, .allocator = &allocator};
            extvm_result *result;
            world.trace[0] = '\0';
            status = run_case(&world, &run, &result, NULL);
            assert_true(status == EXTVM_OK || status == EXTVM_NO_MEMORY);
            extvm_result_free(result);
            assert_int_equal(scarce.live, 0);
        }
    }
    extvm_state_free(world.state);
}

static void an_instruction_that_gets_no_memory_leaks_none(void **state) {
    (void)state;
    extvm_status status = EXTVM_NO_MEMORY;
    for (size_t fail_at = 1; status != EXTVM_OK; fail_at++) {
        struct scarce_memory scarce = {.fail_at = fail_at};
        const extvm_allocator allocator = scarce_memory_allocator(&scarce);
        const extvm_iele_instruction store = {
            .mnemonic = "store",
            .operands = {integer_of("0x112233445566778899aabbcc"), integer_of("0")},
            .operand_count = 2,
            .has_cell = true,
            .cell = {(const uint8_t *)"abc", 3},
            .milligas = 100000};
        extvm_iele_step *step;
        status = extvm_iele_run_instruction(&store, &allocator, &step, NULL);
        extvm_iele_step_free(step);
        assert_int_equal(scarce.live, 0);
    }
}

/* -- what is refused -- */

static extvm_status run_input(const char *hex, const char *gas, bool is_create) {
    struct case_world world;
    uint8_t input[64];
    size_t size;
    extvm_result *result;
    const struct machine_terms terms = {0};
    const extvm_address recipient = address_ending(CONTRACT);
    assert_int_equal(extvm_bytes_from_hex(hex, input, sizeof input, &size), EXTVM_OK);
    case_world_init(&world);
    const extvm_call call = {.caller = address_ending(is_create ? 0x99 : CALLER),
                             .recipient = is_create ? NULL : &recipient,
                             .input = {input, size},
                             .gas_provided = integer_of(gas)};
    const extvm_world table = extvm_state_world(world.state);
    struct ielevm *vm = ielevm_new(NULL, NULL);
    extvm_status status = ielevm_run(vm, &terms, &call, &table, &result, NULL);
    extvm_result_free(result);
    ielevm_free(vm);
    extvm_state_free(world.state);
    return status;
}

static void call_data_that_is_none_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *hex;
        extvm_status status;
    } cases[] = {
        {"c26601c0", EXTVM_INVALID_ARGUMENT},
        {"c266c0", EXTVM_OK},
        {"c38166c0", EXTVM_OK}, /* longer than it needs to be, as the reference takes it */
        {"c4b80166c0", EXTVM_OK},
        {"f80266c0", EXTVM_OK},
        {"c266c000", EXTVM_INVALID_ARGUMENT},
        {"", EXTVM_INVALID_ARGUMENT},
        {"66", EXTVM_INVALID_ARGUMENT},
        {"c166", EXTVM_INVALID_ARGUMENT},
        {"c2c066", EXTVM_INVALID_ARGUMENT},
        {"c366c000", EXTVM_INVALID_ARGUMENT},
        {"c366c1c0", EXTVM_INVALID_ARGUMENT},
        {"c566c3820102", EXTVM_OK},
        {"c466c28201", EXTVM_INVALID_ARGUMENT},
        {"c3", EXTVM_INVALID_ARGUMENT},
        {"ff", EXTVM_INVALID_ARGUMENT},
        {"ffffffffffffffffff", EXTVM_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        extvm_status status = run_input(cases[i].hex, "1000", false);
        if (status != cases[i].status) {
            fail_msg("%s: %s", cases[i].hex, extvm_status_name(status));
        }
    }
}

static void calls_that_cannot_be_counted_are_refused(void **state) {
    (void)state;
    assert_int_equal(run_input("c266c0", "9223372036854775", false), EXTVM_OK);
    assert_int_equal(run_input("c266c0", "9223372036854776", false), EXTVM_OUT_OF_RANGE);
    assert_int_equal(run_input("c266c0", "-1", false), EXTVM_OUT_OF_RANGE);
    assert_int_equal(run_input("c266c0", "1000", true), EXTVM_CREATE_NONCE_ZERO);
}

/* -- limits -- */

/* Shifts a register to 2^24 words and copies it: before the 8th copy there would be more than 2^27
 * live ones. There is gas for all of them. */
static void more_than_a_gibibyte_of_live_words_is_out_of_gas(void **state) {
    (void)state;
    struct case_world world;
    for (int copies = 6; copies <= 7; copies++) {
        struct program program;
        begin_function(&program, 0, NULL);
        emit_constant(&program, 0, 1);
        emit_constant(&program, 1, (int64_t)64 * ((1 << 24) - 1));
        emit(&program, IELE_SHIFT, NONE, N(0, 0, 1));
        for (int i = 0; i < copies; i++) {
            emit(&program, IELE_MOVE, NONE, N(2 + i, 0));
        }
        emit(&program, IELE_RET, N(0), NONE);
        case_world_with(&world, &program);
        extvm_result *result;
        const struct case_run run = {.function = "f", .gas = UINT64_C(9000000000000000)};
        assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
        assert_int_equal(extvm_integer_compare(extvm_result_return_code(result),
                                               integer_of(copies == 6 ? "0" : "5")),
                         0);
        extvm_result_free(result);
        extvm_state_free(world.state);
    }
}

/* Each frame has a million registers that nobody writes; there are 1000 frames. */
static void registers_that_nobody_writes_take_no_memory(void **state) {
    (void)state;
    struct program program;
    struct case_world world;
    struct scarce_memory scarce = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&scarce);
    begin_function(&program, 0, NULL);
    program.bytes[5] = 20; /* bits */
    put(&program, (const uint8_t[]){IELE_ADDRESS, 0, 0, 0}, 4);
    put(&program, (const uint8_t[]){IELE_GAS, 0, 0, 1}, 4);
    /* status 2, gas 1, at 0, value 1048575 */
    put(&program, (const uint8_t[]){IELE_CALL, 0, 1, 0, 0, 0, 0}, 7);
    put(&program, (const uint8_t[]){0xff, 0xff, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x02},
        10);
    case_world_with(&world, &program);
    extvm_result *result;
    const struct case_run run = {
        .function = "f", .gas = UINT64_C(1000000000000), .allocator = &allocator};
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
    assert_int_equal(extvm_integer_sign(extvm_result_return_code(result)), 0);
    assert_true(scarce.largest < (size_t)4 << 20);
    extvm_result_free(result);
    extvm_state_free(world.state);
}

/* -- time -- */

static void make_endless_program(struct program *program) {
    begin_function(program, 0, NULL);
    emit(program, IELE_LABEL, N(0), NONE);
    emit(program, IELE_BR, N(0), NONE);
}

static void a_run_ends_when_it_is_stopped_or_its_time_is_over(void **state) {
    (void)state;
    struct program program;
    struct case_world world;
    extvm_result *result;
    const atomic_bool stop = true;
    const struct machine_terms stopped = {.stop = &stop};
    const struct machine_terms late = {.deadline =
                                           clock_now() + 20 * (uint64_t)NANOSECONDS_IN_MILLISECOND};
    make_endless_program(&program);
    case_world_with(&world, &program);
    struct case_run run = {.function = "f", .gas = UINT64_C(9000000000000000), .terms = &stopped};
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_CANCELLED);
    run.terms = &late;
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_DEADLINE_PASSED);
    /* Its gas would last for years. */
    assert_true(clock_now() < late.deadline + 5 * (uint64_t)NANOSECONDS_IN_SECOND);
    extvm_state_free(world.state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_asked_once_and_in_the_specified_order),
        cmocka_unit_test(copies_and_creations_ask_for_the_new_account_last),
        cmocka_unit_test(account_1_and_heirs_are_asked_for_when_money_moves),
        cmocka_unit_test(answers_stay_when_a_frame_is_undone),
        cmocka_unit_test(a_world_that_fails_ends_the_run_wherever_that_is),
        cmocka_unit_test(code_of_the_node_that_does_not_decode_ends_the_run),
        cmocka_unit_test(memory_that_runs_out_anywhere_is_reported_and_nothing_leaks),
        cmocka_unit_test(an_instruction_that_gets_no_memory_leaks_none),
        cmocka_unit_test(call_data_that_is_none_is_refused),
        cmocka_unit_test(calls_that_cannot_be_counted_are_refused),
        cmocka_unit_test(more_than_a_gibibyte_of_live_words_is_out_of_gas),
        cmocka_unit_test(registers_that_nobody_writes_take_no_memory),
        cmocka_unit_test(a_run_ends_when_it_is_stopped_or_its_time_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
