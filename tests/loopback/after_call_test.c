/* The connection after a call: kept, or left when the option after-call says so. */
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <extvm/async.h>

#include "support/caller.h"
#include "support/rich_call.h"

#define STORE "600160005500"

struct row {
    const char *after_call;
    unsigned sessions, connects; /* open after each call; made for three */
};

static void keep_status(void *context, extvm_status status, extvm_result *result,
                        const extvm_error *error) {
    extvm_status *kept = context;
    (void)error;
    *kept = status;
    extvm_result_free(result);
}

static void call_in_loop(extvm_vm *vm, struct caller *caller) {
    struct event_base *base = event_base_new();
    extvm_status status = EXTVM_SYSTEM_ERROR;
    extvm_async_world world = extvm_async_world_of(&caller->world);
    assert_int_equal(
        extvm_run_async(vm, base, &caller->one.call, &world, keep_status, &status, NULL), EXTVM_OK);
    event_base_dispatch(base);
    event_base_free(base);
    assert_int_equal(status, EXTVM_OK);
}

/* One call that waits, one in an event loop, and one more, by which is seen what became of the
 * loop's connection. */
static void three_calls(const struct row *row) {
    extvm_testvm *server = NULL;
    extvm_vm *vm = NULL;
    struct caller caller;
    extvm_vm_stats stats;
    extvm_options *options = extvm_options_new(NULL);
    assert_int_equal(extvm_testvm_start("127.0.0.1:0", NULL, NULL, &server, NULL), EXTVM_OK);
    assert_int_equal(extvm_options_set(options, "after-call", row->after_call, NULL), EXTVM_OK);
    assert_int_equal(extvm_options_set(options, "drain-timeout", "10s", NULL), EXTVM_OK);
    assert_int_equal(extvm_open(extvm_testvm_address(server), options, &vm, NULL), EXTVM_OK);
    extvm_options_free(options);
    caller_init(&caller, vm, STORE, "100000");
    assert_int_equal(caller_run(&caller), EXTVM_OK);
    call_in_loop(vm, &caller);
    wait_sessions(server, row->sessions); /* the server closes first, and counts then */
    assert_int_equal(caller_run(&caller), EXTVM_OK);
    wait_sessions(server, row->sessions);
    assert_int_equal(extvm_stats(vm, &stats, NULL), EXTVM_OK);
    assert_int_equal(stats.connects, row->connects);
    assert_int_equal(stats.cut_off, 0);
    caller_free(&caller);
    extvm_close(vm);
    extvm_testvm_stop(server);
}

static void connection_is_kept_or_left_as_the_option_says(void **unused) {
    static const struct row rows[] = {{"keep", 1, 1}, {"leave", 0, 3}};
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        three_calls(&rows[i]);
    }
}

static void call_that_was_answered_to_its_end_keeps_no_connection_either(void **unused) {
    static const char *const settings[][2] = {{"after-call", "leave"},
                                              {"leave", "answer"},
                                              {"drain-timeout", "10s"},
                                              {"call-timeout", "100ms"}};
    (void)unused;
    extvm_testvm *server = NULL;
    extvm_vm *vm = NULL;
    struct caller caller;
    extvm_options *options = extvm_options_new(NULL);
    assert_int_equal(extvm_testvm_start("127.0.0.1:0", "delay=60ms", NULL, &server, NULL),
                     EXTVM_OK);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        assert_int_equal(extvm_options_set(options, settings[i][0], settings[i][1], NULL),
                         EXTVM_OK);
    }
    assert_int_equal(extvm_open(extvm_testvm_address(server), options, &vm, NULL), EXTVM_OK);
    extvm_options_free(options);
    caller_init(&caller, vm, STORE, "100000");
    assert_int_equal(caller_run(&caller), EXTVM_DEADLINE_PASSED);
    wait_sessions(server, 0);
    caller_free(&caller);
    extvm_close(vm);
    extvm_testvm_stop(server);
}

static void run_rich(extvm_vm *vm, struct rich *rich) {
    extvm_result *result = NULL;
    assert_int_equal(extvm_run(vm, &rich->one.call, &rich->world, &result, NULL), EXTVM_OK);
    assert_null(rich_difference(rich->dialect, result));
    extvm_result_free(result);
}

static void two_handles_take_turns_on_a_vm_that_serves_one_connection(void **unused) {
    (void)unused;
    struct rich rich;
    extvm_options *options = case_options("15s");
    char *script = rich_sessions(&rich_kevm, 4, 1);
    struct scripted_vm *scripted = scripted_vm_start(rich_kevm.protocol, script, NULL);
    free(script);
    rich_init(&rich, &rich_kevm);
    assert_int_equal(extvm_options_set(options, "after-call", "leave", NULL), EXTVM_OK);
    assert_int_equal(extvm_options_set(options, "drain-timeout", "10s", NULL), EXTVM_OK);
    extvm_vm *vms[2] = {case_open(scripted, options), case_open(scripted, options)};
    for (unsigned i = 0; i < 4; i++) {
        run_rich(vms[i % 2], &rich);
    }
    extvm_close(vms[0]);
    extvm_close(vms[1]);
    struct scripted_vm_report report = scripted_vm_stop(scripted);
    assert_string_equal(report.failure, "");
    assert_int_equal(report.sessions, 4);
    assert_int_equal(report.polite_ends, 4);
    rich_free(&rich);
    extvm_options_free(options);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connection_is_kept_or_left_as_the_option_says),
        cmocka_unit_test(call_that_was_answered_to_its_end_keeps_no_connection_either),
        cmocka_unit_test(two_handles_take_turns_on_a_vm_that_serves_one_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
