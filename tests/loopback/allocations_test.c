/* What a handle takes from its allocator: all of it for the first call, nothing for a call like one
 * before, however many queries it has. And the memory of results that are freed in other threads,
 * or after their handle. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/async_run.h"
#include "support/rich_call.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"

static const struct dialect *const dialects[] = {&rich_kevm, &rich_iele};
enum { DIALECTS = sizeof dialects / sizeof dialects[0] };

/* -- memory that is counted, from any thread -- */

struct counted {
    atomic_size_t allocations; /* so far */
    atomic_size_t live, bytes; /* given and not taken back */
};

enum { HEAD = 16 /* bytes in front of each piece, with its size */ };

static void *count_allocate(void *context, size_t size) {
    struct counted *counted = context;
    char *memory = malloc(HEAD + size);
    assert_non_null(memory);
    memcpy(memory, &size, sizeof size);
    atomic_fetch_add(&counted->allocations, 1);
    atomic_fetch_add(&counted->live, 1);
    atomic_fetch_add(&counted->bytes, size);
    return memory + HEAD;
}

static void count_release(void *context, void *memory) {
    struct counted *counted = context;
    size_t size;
    if (memory != NULL) {
        memcpy(&size, (char *)memory - HEAD, sizeof size);
        atomic_fetch_sub(&counted->live, 1);
        atomic_fetch_sub(&counted->bytes, size);
        free((char *)memory - HEAD);
    }
}

static void *count_resize(void *context, void *memory, size_t before, size_t size) {
    void *moved = count_allocate(context, size);
    if (memory != NULL) {
        memcpy(moved, memory, before < size ? before : size);
        count_release(context, memory);
    }
    return moved;
}

static extvm_options *counted_options(struct counted *counted) {
    const extvm_allocator allocator = {counted, count_allocate, count_resize, count_release};
    extvm_options *options = extvm_options_new(&allocator);
    assert_non_null(options);
    assert_int_equal(extvm_options_set(options, "drain-timeout", "5s", NULL), EXTVM_OK);
    return options;
}

static extvm_vm *open_counted(const char *address, struct counted *counted) {
    extvm_vm *vm = NULL;
    extvm_error error = {EXTVM_OK, ""};
    extvm_options *options = counted_options(counted);
    if (extvm_open(address, options, &vm, &error) != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
    extvm_options_free(options);
    return vm;
}

typedef extvm_status run_fn(extvm_vm *vm, const extvm_call *call, const extvm_world *world,
                            extvm_result **result, extvm_error *error);

/* Runs a call and returns its result. */
static extvm_result *run_whole(run_fn *run, extvm_vm *vm, const extvm_call *call,
                               const extvm_world *world) {
    extvm_result *result = NULL;
    extvm_error error = {EXTVM_OK, ""};
    if (run(vm, call, world, &result, &error) != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
    return result;
}

/* -- every kind of query and of change -- */

/* How often the allocator was asked for the first call, and for four more like it. */
static void count_rich(const struct dialect *dialect, const char *unix_path, run_fn *run,
                       size_t *first, size_t *later) {
    enum { CALLS = 5 };
    struct counted counted = {0};
    char address[256], *script = rich_script(dialect, CALLS);
    struct scripted_vm *scripted = scripted_vm_start(dialect->protocol, script, unix_path);
    struct rich rich;
    assert_non_null(scripted);
    rich_init(&rich, dialect);
    extvm_vm *vm = open_counted(case_vm_address(scripted, address), &counted);
    for (unsigned i = 0; i < CALLS; i++) {
        extvm_result *result = run_whole(run, vm, &rich.one.call, &rich.world);
        assert_null(rich_difference(dialect, result));
        extvm_result_free(result);
        *first = i == 0 ? counted.allocations : *first;
    }
    *later = counted.allocations - *first;
    extvm_close(vm);
    assert_string_equal(scripted_vm_stop(scripted).failure, "");
    assert_int_equal(counted.live, 0);
    rich_free(&rich);
    free(script);
}

static void second_call_over_tcp_or_unix_allocates_nothing(void **unused) {
    static run_fn *const ways[] = {extvm_run, async_run};
    char path[64];
    (void)unused;
    snprintf(path, sizeof path, "/tmp/extvm-allocations-%ld", (long)getpid());
    for (unsigned i = 0; i < DIALECTS * 2 * 2; i++) {
        size_t first = 0, later = 0;
        count_rich(dialects[i % DIALECTS], i / 2 % 2 == 0 ? NULL : path, ways[i / 4], &first,
                   &later);
        assert_true(first > 0);
        assert_int_equal(later, 0);
    }
}

/* -- many queries -- */

/* A VM that asks for storage `queries` times in its only call. */
static struct scripted_vm *start_asking(const struct dialect *dialect, unsigned queries) {
    char *text;
    size_t size;
    FILE *script = open_memstream(&text, &size);
    fprintf(script, "%ssession\n> any\n> any\n< %s\n", dialect->result,
            dialect->messages[RICH_CALLER_QUERY]);
    for (unsigned i = 0; i < queries; i++) {
        fprintf(script, "> any\n< %s\n", dialect->messages[RICH_STORAGE_QUERY]);
    }
    fprintf(script, "> any\n< %s\n", dialect->messages[RICH_RESULT]);
    fclose(script);
    char *whole = case_definitions_of(dialect->definitions, text);
    struct scripted_vm *scripted = scripted_vm_start(dialect->protocol, whole, NULL);
    free(text);
    free(whole);
    assert_non_null(scripted);
    return scripted;
}

static size_t count_queries(const struct dialect *dialect, unsigned queries) {
    struct counted counted = {0};
    char address[256];
    struct scripted_vm *scripted = start_asking(dialect, queries);
    struct rich rich;
    rich_init(&rich, dialect);
    extvm_vm *vm = open_counted(case_vm_address(scripted, address), &counted);
    extvm_result *result = run_whole(extvm_run, vm, &rich.one.call, &rich.world);
    assert_int_equal(extvm_result_stats(result).storage_queries, queries);
    size_t allocations = counted.allocations;
    extvm_result_free(result);
    extvm_close(vm);
    assert_string_equal(scripted_vm_stop(scripted).failure, "");
    rich_free(&rich);
    return allocations;
}

static void thousand_queries_take_no_more_allocations_than_one(void **unused) {
    (void)unused;
    for (unsigned i = 0; i < DIALECTS; i++) {
        size_t one = count_queries(dialects[i], 1);
        assert_true(one > 0);
        assert_int_equal(count_queries(dialects[i], 1000), one);
    }
}

/* -- machines of this library, inside and behind a socket -- */

struct program {
    const char *code;
    size_t code_size; /* zeros fill it up */
    unsigned queries; /* of storage */
    size_t returned;  /* bytes */
};

static const struct program ordinary = {"61001e5b8054602052600190038060035760206000f3", 64, 30, 32};
/* As long as a contract may be (EIP-170). */
static const struct program long_code = {"61001e5b80546020526001900380600357614e206000f3", 24576,
                                         30, 20000};
static const struct program mebibyte = {"621000006000f3", 64, 0, 1 << 20};
static const struct program largest = {"623ffc006000f3", 64, 0, (4 << 20) - 1024};

static void init_call(struct case_call *one, extvm_state *state, const struct program *program) {
    static uint8_t code[24576];
    size_t size;
    const extvm_address contract = case_address(CONTRACT);
    memset(code, 0, sizeof code);
    assert_int_equal(extvm_bytes_from_hex(program->code, code, sizeof code, &size), EXTVM_OK);
    case_account(state, CALLER, "4", "1000000000000", "");
    case_account(state, CONTRACT, "1", "9", "");
    assert_int_equal(
        extvm_state_set_code(state, &contract, (extvm_bytes){code, program->code_size}), EXTVM_OK);
    case_call_init(one, CONTRACT, "", "0", "100000000");
}

/* How often, in four calls after two like them, the handle's allocator was asked in all, and the
 * server's in the call with the fewest: the server's loop may give back what a session took when
 * the next call has begun. */
static void count_machine(const char *address, struct counted *counted, struct counted *server,
                          const struct program *program, size_t later[2]) {
    struct case_call one;
    extvm_state *state = extvm_state_new(NULL);
    init_call(&one, state, program);
    const extvm_world world = extvm_state_world(state);
    extvm_vm *vm = open_counted(address, counted);
    later[0] = 0;
    later[1] = SIZE_MAX;
    for (unsigned i = 0; i < 6; i++) {
        size_t before[2] = {counted->allocations, server->allocations};
        extvm_result *result = run_whole(extvm_run, vm, &one.call, &world);
        assert_int_equal(extvm_result_stats(result).storage_queries, program->queries);
        assert_int_equal(extvm_result_return_data(result).size, program->returned);
        extvm_result_free(result);
        size_t at_server = server->allocations - before[1];
        later[0] += i >= 2 ? counted->allocations - before[0] : 0;
        later[1] = i >= 2 && at_server < later[1] ? at_server : later[1];
    }
    extvm_close(vm);
    extvm_state_free(state);
}

static void count_test_mode(const struct program *program, size_t later[2]) {
    struct counted counted = {0}, at_server = {0};
    extvm_testvm *server = NULL;
    extvm_options *options = counted_options(&at_server);
    assert_int_equal(extvm_testvm_start("127.0.0.1:0", NULL, options, &server, NULL), EXTVM_OK);
    extvm_options_free(options);
    count_machine(extvm_testvm_address(server), &counted, &at_server, program, later);
    extvm_testvm_stop(server);
    assert_int_equal(counted.live, 0);
    assert_int_equal(at_server.live, 0);
}

static void neither_end_of_a_session_with_a_test_mode_server_allocates(void **unused) {
    size_t later[2];
    (void)unused;
    count_test_mode(&ordinary, later);
    assert_int_equal(later[0], 0);
    assert_int_equal(later[1], 0);
}

static void call_with_the_longest_code_or_a_large_result_allocates_nothing_either(void **unused) {
    static const struct program *const programs[] = {&long_code, &mebibyte, &largest};
    (void)unused;
    for (unsigned i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        size_t later[2];
        count_test_mode(programs[i], later);
        assert_int_equal(later[0], 0);
    }
}

static void calls_of_all_sizes_in_turn_on_one_handle_allocate_nothing(void **unused) {
    static const struct program *const programs[] = {&ordinary, &mebibyte, &long_code, &largest};
    struct counted counted = {0};
    size_t first = 0;
    extvm_testvm *server = NULL;
    (void)unused;
    assert_int_equal(extvm_testvm_start("127.0.0.1:0", NULL, NULL, &server, NULL), EXTVM_OK);
    extvm_vm *vm = open_counted(extvm_testvm_address(server), &counted);
    extvm_state *state = extvm_state_new(NULL);
    const extvm_world world = extvm_state_world(state);
    for (unsigned i = 0; i < 16; i++) {
        struct case_call one;
        init_call(&one, state, programs[i % 4]);
        first = i == 4 ? counted.allocations : first;
        extvm_result_free(run_whole(extvm_run, vm, &one.call, &world));
    }
    assert_int_equal(counted.allocations, first);
    extvm_close(vm);
    extvm_state_free(state);
    extvm_testvm_stop(server);
    assert_int_equal(counted.live, 0);
}

static void machine_inside_allocates_nothing_for_a_call_like_the_last(void **unused) {
    struct counted counted = {0}, nobody = {0};
    size_t later[2];
    (void)unused;
    count_machine("internal", &counted, &nobody, &ordinary, later);
    assert_int_equal(later[0], 0);
    count_machine("internal", &counted, &nobody, &long_code, later);
    assert_int_equal(later[0], 0);
    assert_int_equal(counted.live, 0);
}

/* -- results that live longer -- */

static void results_that_are_freed_leave_a_handle_at_most_8_mebibytes(void **unused) {
    enum { RESULTS = 40, KEPT = 8 << 20 };
    struct counted counted = {0};
    struct case_call one;
    extvm_result *results[RESULTS];
    (void)unused;
    extvm_state *state = extvm_state_new(NULL);
    init_call(&one, state, &mebibyte);
    const extvm_world world = extvm_state_world(state);
    extvm_vm *vm = open_counted("internal", &counted);
    extvm_result_free(run_whole(extvm_run, vm, &one.call, &world));
    size_t before = counted.bytes;
    for (unsigned i = 0; i < RESULTS; i++) {
        results[i] = run_whole(extvm_run, vm, &one.call, &world);
    }
    assert_true(counted.bytes > before + 2 * KEPT);
    for (unsigned i = 0; i < RESULTS; i++) {
        extvm_result_free(results[i]);
    }
    assert_true(counted.bytes <= before + KEPT);
    extvm_close(vm);
    assert_int_equal(counted.live, 0);
    extvm_state_free(state);
}

/* A call's result goes to another thread, which frees it while the next call runs. */
struct handing_over {
    pthread_t thread;
    extvm_vm *vm;
    _Atomic(extvm_result *) *place; /* NULL: free */
};

enum { PLACES = 4, CALLS_OF_EACH = 50 };

static void *run_and_hand_over(void *argument) {
    struct handing_over *one = argument;
    struct rich rich;
    rich_init(&rich, &rich_kevm);
    for (unsigned i = 0; i < CALLS_OF_EACH; i++) {
        extvm_result *result = run_whole(extvm_run, one->vm, &rich.one.call, &rich.world);
        extvm_result_free(atomic_exchange(one->place, result));
    }
    rich_free(&rich);
    return NULL;
}

static void results_are_freed_in_other_threads_and_after_their_handle(void **unused) {
    struct counted counted = {0};
    struct handing_over threads[2 * PLACES];
    _Atomic(extvm_result *) places[PLACES] = {NULL};
    char address[256];
    (void)unused;
    struct scripted_vm *scripted = rich_start(&rich_kevm, 2 * PLACES * CALLS_OF_EACH);
    extvm_vm *vm = open_counted(case_vm_address(scripted, address), &counted);
    for (unsigned i = 0; i < 2 * PLACES; i++) {
        threads[i] = (struct handing_over){.vm = vm, .place = &places[i % PLACES]};
        assert_int_equal(pthread_create(&threads[i].thread, NULL, run_and_hand_over, &threads[i]),
                         0);
    }
    for (unsigned i = 0; i < 2 * PLACES; i++) {
        pthread_join(threads[i].thread, NULL);
    }
    extvm_close(vm);
    assert_string_equal(scripted_vm_stop(scripted).failure, "");
    for (unsigned i = 0; i < PLACES; i++) {
        extvm_result *result = atomic_load(&places[i]);
        assert_non_null(result);
        assert_null(rich_difference(&rich_kevm, result));
        extvm_result_free(result);
    }
    assert_int_equal(counted.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(second_call_over_tcp_or_unix_allocates_nothing),
        cmocka_unit_test(thousand_queries_take_no_more_allocations_than_one),
        cmocka_unit_test(neither_end_of_a_session_with_a_test_mode_server_allocates),
        cmocka_unit_test(call_with_the_longest_code_or_a_large_result_allocates_nothing_either),
        cmocka_unit_test(calls_of_all_sizes_in_turn_on_one_handle_allocate_nothing),
        cmocka_unit_test(machine_inside_allocates_nothing_for_a_call_like_the_last),
        cmocka_unit_test(results_that_are_freed_leave_a_handle_at_most_8_mebibytes),
        cmocka_unit_test(results_are_freed_in_other_threads_and_after_their_handle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
