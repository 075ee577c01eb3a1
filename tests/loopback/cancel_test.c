/* Calls that are stopped from outside: at once, politely, and only those that were meant. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/time.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/connection.h"
#include "support/caller.h"

#define STOP "00"
#define FOR_EVER "5b600056"
#define MUCH_GAS "1000000000000000"

enum { AT_ONCE = 100 * NANOSECONDS_IN_MILLISECOND /* with a sanitizer, on a busy machine */ };

/* A server that says nothing more after `queries`, and a handle on it. */
struct stalled {
    extvm_testvm *server;
    extvm_vm *vm;
};

static void begin(struct stalled *stalled, const char *faults, const char *option,
                  const char *value) {
    extvm_options *options = extvm_options_new(NULL);
    assert_int_equal(extvm_testvm_start("127.0.0.1:0", faults, NULL, &stalled->server, NULL),
                     EXTVM_OK);
    assert_int_equal(extvm_options_set(options, option, value, NULL), EXTVM_OK);
    assert_int_equal(extvm_open(extvm_testvm_address(stalled->server), options, &stalled->vm, NULL),
                     EXTVM_OK);
    extvm_options_free(options);
}

static void end(struct stalled *stalled) {
    extvm_close(stalled->vm);
    extvm_testvm_stop(stalled->server);
}

/* The shortest of a few measures: each may meet a moment in which the machine does something else.
 * None may take as long as a call whose wake was lost: that would wait for a minute. */
static uint64_t shortest(uint64_t (*measure)(unsigned argument), unsigned argument,
                         uint64_t limit) {
    enum { MEASURES = 10 };
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < MEASURES && least >= limit; i++) {
        uint64_t time = measure(argument);
        assert_true(time < 10 * NANOSECONDS_IN_SECOND);
        least = time < least ? time : least;
    }
    return least;
}

/* How long a call takes to end that has waited for some milliseconds and is cancelled. */
static uint64_t cancel_waiting(unsigned waited) {
    struct stalled stalled;
    struct caller caller;
    begin(&stalled, "stall-after=1", "wait-timeout", "1m");
    caller_init(&caller, stalled.vm, STOP, "100000");
    caller_start(&caller);
    caller_wait_asked(&caller, 1);
    sleep_milliseconds(waited);
    uint64_t start = clock_now();
    extvm_cancel(stalled.vm, NULL);
    assert_int_equal(caller_join(&caller), EXTVM_CANCELLED);
    uint64_t time = clock_now() - start;
    assert_non_null(strstr(caller.error.text, "cancelled"));
    caller_free(&caller);
    end(&stalled);
    return time;
}

static void call_that_waits_for_the_vm_is_woken_at_once(void **unused) {
    (void)unused;
    assert_true(shortest(cancel_waiting, 150, AT_ONCE) < AT_ONCE); /* in the poll */
}

static void call_that_has_just_begun_to_wait_is_woken_soon(void **unused) {
    (void)unused;
    uint64_t limit = SOCKET_SLEEP + AT_ONCE;
    assert_true(shortest(cancel_waiting, 10, limit) < limit);
}

static void only_the_call_that_is_meant_is_stopped(void **unused) {
    (void)unused;
    struct stalled stalled;
    struct caller running, waiting;
    begin(&stalled, "", "wait-timeout", "1m");
    caller_init(&running, stalled.vm, STOP, "100000");
    caller_init(&waiting, stalled.vm, STOP, "100000");
    running.is_gated = true;
    caller_start(&running);
    caller_wait_asked(&running, 1);
    caller_start(&waiting); /* for its turn */
    wait_in_line(stalled.vm, 1);
    extvm_cancel(stalled.vm, &waiting.one.call);
    assert_int_equal(caller_join(&waiting), EXTVM_CANCELLED);
    assert_int_equal(atomic_load(&waiting.questions), 0);
    caller_open_gate(&running);
    assert_int_equal(caller_join(&running), EXTVM_OK);
    extvm_cancel(stalled.vm, NULL); /* nobody: later calls are not touched */
    assert_int_equal(caller_run(&waiting), EXTVM_OK);
    caller_free(&running);
    caller_free(&waiting);
    end(&stalled);
}

static void call_in_the_world_ends_when_the_world_has_answered(void **unused) {
    (void)unused;
    struct stalled stalled;
    struct caller caller;
    begin(&stalled, "", "wait-timeout", "1m");
    caller_init(&caller, stalled.vm, STOP, "100000");
    caller.is_gated = true;
    caller_start(&caller);
    caller_wait_asked(&caller, 1);
    extvm_cancel(stalled.vm, &caller.one.call);
    caller_open_gate(&caller);
    assert_int_equal(caller_join(&caller), EXTVM_CANCELLED);
    caller_free(&caller);
    end(&stalled);
}

static uint64_t cancel_internal(unsigned after) {
    extvm_vm *vm = NULL;
    struct caller caller;
    assert_int_equal(extvm_open("internal", NULL, &vm, NULL), EXTVM_OK);
    caller_init(&caller, vm, FOR_EVER, MUCH_GAS);
    caller_start(&caller);
    caller_wait_asked(&caller, 1);
    sleep_milliseconds(after);
    uint64_t start = clock_now();
    extvm_cancel(vm, NULL);
    assert_int_equal(caller_join(&caller), EXTVM_CANCELLED);
    uint64_t time = clock_now() - start;
    caller_free(&caller);
    extvm_close(vm);
    return time;
}

static void internal_vm_stops_too(void **unused) {
    (void)unused;
    assert_true(shortest(cancel_internal, 20, AT_ONCE) < AT_ONCE);
}

static extvm_vm *signalled_vm;

static void on_signal(int number) {
    (void)number;
    extvm_cancel(signalled_vm, NULL);
}

static void signal_handler_may_cancel(void **unused) {
    (void)unused;
    struct stalled stalled;
    struct caller caller;
    const struct sigaction action = {.sa_handler = on_signal};
    /* Again and again, since the first may come before the call is on the handle. */
    const struct itimerval soon = {.it_value = {.tv_usec = 100000},
                                   .it_interval = {.tv_usec = 100000}};
    const struct itimerval never = {.it_value = {.tv_usec = 0}};
    /* The server's threads, which are made here, do not get the signal: it is to meet the call. */
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm, NULL);
    begin(&stalled, "stall-after=1", "wait-timeout", "1m");
    pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
    signalled_vm = stalled.vm;
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    caller_init(&caller, stalled.vm, STOP, "100000");
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    extvm_status status = caller_run(&caller);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    signal(SIGALRM, SIG_IGN); /* also one that is on its way */
    assert_int_equal(status, EXTVM_CANCELLED);
    assert_true(caller.time < 10 * NANOSECONDS_IN_SECOND);
    signal(SIGALRM, SIG_DFL);
    caller_free(&caller);
    end(&stalled);
}

static uint64_t close_under_a_call(unsigned unused) {
    (void)unused;
    struct stalled stalled;
    struct caller caller;
    begin(&stalled, "stall-after=1", "drain-timeout", "300ms");
    caller_init(&caller, stalled.vm, STOP, "100000");
    caller_start(&caller);
    caller_wait_asked(&caller, 1);
    uint64_t start = clock_now();
    extvm_close(stalled.vm);
    uint64_t time = clock_now() - start;
    assert_int_equal(caller_join(&caller), EXTVM_CANCELLED);
    caller_free(&caller);
    extvm_testvm_stop(stalled.server);
    return time;
}

static void closing_does_not_wait_for_a_call_that_waits_for_the_vm(void **unused) {
    (void)unused;
    uint64_t limit = 300 * NANOSECONDS_IN_MILLISECOND + AT_ONCE;
    assert_true(shortest(close_under_a_call, 0, limit) < limit);
}

static uint64_t close_under_a_world(unsigned unused) {
    (void)unused;
    struct stalled stalled;
    struct caller caller;
    begin(&stalled, "", "drain-timeout", "50ms");
    caller_init(&caller, stalled.vm, STOP, "100000");
    caller.is_gated = true;
    caller_start(&caller);
    caller_wait_asked(&caller, 1);
    uint64_t start = clock_now();
    extvm_close(stalled.vm);
    uint64_t time = clock_now() - start;
    caller_open_gate(&caller); /* the call frees the handle */
    assert_int_equal(caller_join(&caller), EXTVM_CANCELLED);
    caller_free(&caller);
    extvm_testvm_stop(stalled.server);
    return time;
}

static void closing_does_not_wait_for_a_world_that_does_not_answer(void **unused) {
    (void)unused;
    uint64_t limit = 50 * NANOSECONDS_IN_MILLISECOND + AT_ONCE;
    assert_true(shortest(close_under_a_world, 0, limit) < limit);
}

static void call_that_is_given_up_is_answered_to_its_end_when_that_is_wanted(void **unused) {
    (void)unused;
    struct stalled stalled;
    struct caller caller;
    extvm_options *options = extvm_options_new(NULL);
    assert_int_equal(extvm_testvm_start("127.0.0.1:0", "delay=250ms", NULL, &stalled.server, NULL),
                     EXTVM_OK);
    assert_int_equal(extvm_options_set(options, "leave", "answer", NULL), EXTVM_OK);
    assert_int_equal(extvm_options_set(options, "drain-timeout", "20s", NULL), EXTVM_OK);
    assert_int_equal(extvm_options_set(options, "call-timeout", "1s", NULL), EXTVM_OK);
    assert_int_equal(extvm_open(extvm_testvm_address(stalled.server), options, &stalled.vm, NULL),
                     EXTVM_OK);
    caller_init(&caller, stalled.vm, "600054600154600254", "100000");
    assert_int_equal(caller_run(&caller), EXTVM_DEADLINE_PASSED);
    extvm_vm_stats stats;
    assert_int_equal(extvm_stats(stalled.vm, &stats, NULL), EXTVM_OK);
    assert_int_equal(stats.cut_off, 0);
    extvm_endpoint_stats endpoint;
    assert_int_equal(extvm_endpoint(stalled.vm, 0, &endpoint, NULL), EXTVM_OK);
    assert_int_equal(extvm_testvm_sessions(stalled.server), 1); /* and it stays the same one */
    assert_true(atomic_load(&caller.questions) >= 5);
    extvm_options_free(options);
    caller_free(&caller);
    end(&stalled);
}

enum { ROWS = 4 };

/* A call whose world takes longer for its answers than the call may take. */
static void start_slow(struct caller *caller, const char *address, const char *world_time) {
    extvm_vm *vm = NULL;
    extvm_options *options = extvm_options_new(NULL);
    assert_int_equal(extvm_options_set(options, "call-timeout", "2s", NULL), EXTVM_OK);
    assert_int_equal(extvm_options_set(options, "world-time", world_time, NULL), EXTVM_OK);
    assert_int_equal(extvm_open(address, options, &vm, NULL), EXTVM_OK);
    extvm_options_free(options);
    /* A loop of 10,000 rounds after three storage values. */
    caller_init(caller, vm, "600054600154600254506127105b6001900380600d57", "10000000");
    caller->delay = 500;
    caller_start(caller);
}

static void time_in_the_world_counts_only_when_that_is_wanted(void **unused) {
    (void)unused;
    static const struct {
        const char *address, *world_time;
        extvm_status status;
    } rows[ROWS] = {{"internal", "apart", EXTVM_OK},
                    {"internal", "counted", EXTVM_DEADLINE_PASSED},
                    {"test-mode", "apart", EXTVM_OK},
                    {"test-mode", "counted", EXTVM_DEADLINE_PASSED}};
    struct caller callers[ROWS];
    for (size_t i = 0; i < ROWS; i++) { /* all at once: they do little but sleep */
        start_slow(&callers[i], rows[i].address, rows[i].world_time);
    }
    for (size_t i = 0; i < ROWS; i++) {
        assert_int_equal(caller_join(&callers[i]), rows[i].status);
        caller_free(&callers[i]);
        extvm_close(callers[i].vm);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_that_waits_for_the_vm_is_woken_at_once),
        cmocka_unit_test(call_that_has_just_begun_to_wait_is_woken_soon),
        cmocka_unit_test(only_the_call_that_is_meant_is_stopped),
        cmocka_unit_test(call_in_the_world_ends_when_the_world_has_answered),
        cmocka_unit_test(internal_vm_stops_too),
        cmocka_unit_test(signal_handler_may_cancel),
        cmocka_unit_test(closing_does_not_wait_for_a_call_that_waits_for_the_vm),
        cmocka_unit_test(closing_does_not_wait_for_a_world_that_does_not_answer),
        cmocka_unit_test(call_that_is_given_up_is_answered_to_its_end_when_that_is_wanted),
        cmocka_unit_test(time_in_the_world_counts_only_when_that_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
