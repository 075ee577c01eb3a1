/* Programs that run until their gas is gone must not take long over it, whatever they do at a price
 * that does not grow with the size of what it is done to (protocol/iele-vm.md, section 9).
 *
 * Each gets 10^6 gas, which takes about a tenth of a second; the limit is so wide because the tests
 * run under valgrind too. Done with copies and scans, each of them would take a minute or more. */
#include "ielevm_case.h"

#include "common/clock.h"

enum { WORDS = 50000, REPEATS = 50, SECONDS = 10 };

/* A loop with %0 = 3 * 2^(64 * WORDS), %2 = -%0, %3 = 1 and %4 = 8 * WORDS, which is never left. */
static void begin_loop(struct program *program) {
    begin_function(program, 0, NULL);
    emit_constant(program, 0, 3);
    emit_constant(program, 1, (int64_t)64 * WORDS);
    emit(program, IELE_SHIFT, NONE, N(0, 0, 1));
    emit(program, IELE_SUB, NONE, N(2, 2, 0));
    emit_constant(program, 3, 1);
    emit_constant(program, 4, (int64_t)8 * WORDS);
    emit_constant(program, 5, (int64_t)-64 * WORDS);
    emit(program, IELE_STORE, NONE, N(0, 3));
    emit(program, IELE_LABEL, N(0), NONE);
}

static void expect_soon_over(struct program *program) {
    struct case_world world;
    emit(program, IELE_BR, N(0), NONE);
    case_world_with(&world, program);
    uint64_t start = clock_now();
    expect_run(&world, &(struct case_run){.function = "f", .gas = 1000000}, "5 [] 1000000000");
    assert_true(clock_now() - start < SECONDS * NANOSECONDS_IN_SECOND);
    extvm_state_free(world.state);
}

static void cheap_instructions_on_wide_values_do_not_read_all_of_them(void **state) {
    (void)state;
    static const struct {
        uint8_t opcode, registers[4], count;
    } bodies[] = {
        {IELE_ISZERO, {6, 0}, 2},
        {IELE_MOVE, {6, 0}, 2},
        {IELE_BYTE, {6, 4, 2}, 3},
        {IELE_TWOS, {6, 3, 2}, 3},
        {IELE_SHIFT, {6, 2, 5}, 3},
        {IELE_LT, {6, 0, 3}, 3},
        {IELE_DIV, {6, 3, 0}, 3},
        {IELE_MOD, {6, 3, 0}, 3},
        {IELE_LOADRANGE, {6, 3, 4, 3}, 4},
        {IELE_STORERANGE, {2, 3, 4, 3}, 4},
        {IELE_LOG2, {6, 3}, 2},
        {IELE_AND, {6, 0, 3}, 3},
        {IELE_BSWAP, {6, 3, 2}, 3},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct program program;
        begin_loop(&program);
        for (unsigned j = 0; j < REPEATS; j++) {
            int registers[5] = {END, END, END, END, END};
            for (unsigned k = 0; k < bodies[i].count; k++) {
                registers[k] = bodies[i].registers[k];
            }
            emit(&program, bodies[i].opcode, NONE, registers);
        }
        expect_soon_over(&program);
    }
}

static void a_constant_of_many_bytes_is_made_once(void **state) {
    (void)state;
    enum { BYTES = 60000 };
    static const uint8_t digits[BYTES] = {1};
    struct program program;
    begin_loop(&program);
    put_byte(&program, IELE_CONSTANT);
    put(&program, (const uint8_t[]){0xb9, BYTES >> 8, BYTES & 0xff}, 3);
    put(&program, digits, sizeof digits);
    put_byte(&program, 6);
    expect_soon_over(&program);
}

static void rows_of_labels_are_passed_at_once(void **state) {
    (void)state;
    enum { LABELS = 30000 };
    struct program program;
    begin_loop(&program);
    for (int i = 1; i < LABELS; i++) {
        emit(&program, IELE_LABEL, N(i), NONE);
    }
    emit(&program, IELE_ISZERO, NONE, N(6, 6));
    for (int i = LABELS; i < LABELS + 5000; i++) {
        emit(&program, IELE_LABEL, N(i), NONE);
    }
    expect_soon_over(&program);
}

static void wide_arguments_and_results_are_not_copied(void **state) {
    (void)state;
    static const char *const names[] = {"g", NULL};
    struct program program;
    struct case_world world;
    begin_function(&program, 0, names);
    emit_constant(&program, 0, 1);
    emit_constant(&program, 1, (int64_t)64 * WORDS);
    emit(&program, IELE_SHIFT, NONE, N(0, 0, 1));
    emit(&program, IELE_LABEL, N(0), NONE);
    emit(&program, IELE_LOCALCALL, N(2, 1, 1), N(2, 0));
    emit(&program, IELE_BR, N(0), NONE);
    add_function(&program, false, 2, 1);
    emit(&program, IELE_RET, N(1), N(0));
    case_world_with(&world, &program);
    uint64_t start = clock_now();
    expect_run(&world, &(struct case_run){.function = "f", .gas = 1000000}, "5 [] 1000000000");
    assert_true(clock_now() - start < SECONDS * NANOSECONDS_IN_SECOND);
    extvm_state_free(world.state);
}

static void the_hash_of_a_cell_that_stays_is_made_once(void **state) {
    (void)state;
    struct program program;
    begin_loop(&program);
    for (unsigned j = 0; j < REPEATS; j++) {
        emit(&program, IELE_SHA3, NONE, N(6, 3));
    }
    expect_soon_over(&program);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cheap_instructions_on_wide_values_do_not_read_all_of_them),
        cmocka_unit_test(a_constant_of_many_bytes_is_made_once),
        cmocka_unit_test(rows_of_labels_are_passed_at_once),
        cmocka_unit_test(wide_arguments_and_results_are_not_copied),
        cmocka_unit_test(the_hash_of_a_cell_that_stays_is_made_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
