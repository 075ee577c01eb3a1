/* Several calls and several VM processes: turns in order, processes that fail are left alone for a
 * while, and a VM that was started again costs nobody a call. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/vm.h"
#include "support/caller.h"

#define STOP "00"

static extvm_testvm *serve(const char *listen) {
    extvm_testvm *server = NULL;
    extvm_error error = {EXTVM_OK, ""};
    if (extvm_testvm_start(listen, "", NULL, &server, &error) != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
    return server;
}

static extvm_vm *open_vm(const char *address) {
    extvm_vm *vm = NULL;
    assert_int_equal(extvm_open(address, NULL, &vm, NULL), EXTVM_OK);
    return vm;
}

static extvm_endpoint_stats endpoint_of(const extvm_vm *vm, size_t index) {
    extvm_endpoint_stats stats;
    assert_int_equal(extvm_endpoint(vm, index, &stats, NULL), EXTVM_OK);
    return stats;
}

/* A port of this machine where nobody listens. */
static unsigned free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int socket_made = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(socket_made, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(socket_made, (struct sockaddr *)&address, &size), 0);
    close(socket_made);
    return ntohs(address.sin_port);
}

static void calls_get_their_turns_in_the_order_they_came(void **unused) {
    enum { CALLS = 12 };
    (void)unused;
    extvm_testvm *server = serve("127.0.0.1:0");
    extvm_vm *vm = open_vm(extvm_testvm_address(server));
    struct caller callers[CALLS];
    atomic_uint order = 0;
    for (unsigned i = 0; i < CALLS; i++) {
        caller_init(&callers[i], vm, STOP, "100000");
        callers[i].order = &order;
        callers[i].is_gated = i == 0;
        caller_start(&callers[i]);
        if (i == 0) {
            caller_wait_asked(&callers[0], 1);
        }
        wait_in_line(vm, i); /* before the next one does */
    }
    caller_open_gate(&callers[0]);
    for (unsigned i = 0; i < CALLS; i++) {
        assert_int_equal(caller_join(&callers[i]), EXTVM_OK);
        assert_int_equal(callers[i].number, i);
        caller_free(&callers[i]);
    }
    extvm_close(vm);
    extvm_testvm_stop(server);
}

/* To be woken is two system calls, which a call need not pay that waits for nobody. */
static void call_that_has_its_turn_at_once_is_not_woken(void **unused) {
    (void)unused;
    extvm_testvm *server = serve("127.0.0.1:0");
    extvm_vm *vm = open_vm(extvm_testvm_address(server));
    struct caller caller;
    uint64_t count;
    caller_init(&caller, vm, STOP, "100000");
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(caller_run(&caller), EXTVM_OK);
        const struct call_slot *slot = atomic_load(&vm->calls.slots);
        assert_true(slot->wake >= 0); /* connecting has made it */
        assert_int_equal(read(slot->wake, &count, sizeof count), -1);
        assert_int_equal(errno, EAGAIN);
        assert_false(slot->is_woken);
    }
    caller_free(&caller);
    extvm_close(vm);
    extvm_testvm_stop(server);
}

static void calls_run_on_several_processes_at_the_same_time(void **unused) {
    enum { CALLS = 3 };
    (void)unused;
    extvm_testvm *servers[CALLS];
    char addresses[3 * 64] = "";
    for (unsigned i = 0; i < CALLS; i++) {
        servers[i] = serve("127.0.0.1:0");
        strcat(addresses, i > 0 ? "," : "");
        strcat(addresses, extvm_testvm_address(servers[i]));
    }
    extvm_vm *vm = open_vm(addresses);
    struct caller callers[CALLS];
    for (unsigned i = 0; i < CALLS; i++) {
        caller_init(&callers[i], vm, STOP, "100000");
        callers[i].is_gated = true;
        caller_start(&callers[i]);
    }
    for (unsigned i = 0; i < CALLS; i++) { /* all are in their worlds now, none has ended */
        caller_wait_asked(&callers[i], 1);
        assert_int_equal(endpoint_of(vm, i).state, EXTVM_ENDPOINT_BUSY);
    }
    for (unsigned i = 0; i < CALLS; i++) {
        caller_open_gate(&callers[i]);
        assert_int_equal(caller_join(&callers[i]), EXTVM_OK);
        caller_free(&callers[i]);
    }
    for (unsigned i = 0; i < CALLS; i++) {
        assert_int_equal(endpoint_of(vm, i).state, EXTVM_ENDPOINT_IDLE);
        assert_int_equal(endpoint_of(vm, i).calls, 1);
    }
    assert_int_equal(extvm_endpoint_count(vm), CALLS);
    extvm_close(vm);
    for (unsigned i = 0; i < CALLS; i++) {
        extvm_testvm_stop(servers[i]);
    }
}

static void process_that_is_not_there_is_set_aside_and_costs_no_call(void **unused) {
    enum { CALLS = 50 };
    (void)unused;
    extvm_testvm *server = serve("127.0.0.1:0");
    char addresses[128];
    snprintf(addresses, sizeof addresses, "kevm://127.0.0.1:%u,%s", free_port(),
             extvm_testvm_address(server));
    extvm_vm *vm = open_vm(addresses);
    struct caller caller;
    caller_init(&caller, vm, STOP, "100000");
    for (unsigned i = 0; i < CALLS; i++) {
        assert_int_equal(caller_run(&caller), EXTVM_OK);
    }
    assert_int_equal(endpoint_of(vm, 0).calls, 0);
    assert_int_equal(endpoint_of(vm, 0).state, EXTVM_ENDPOINT_SET_ASIDE);
    assert_in_range(endpoint_of(vm, 0).failures, 1, CALLS / 2);
    assert_int_equal(endpoint_of(vm, 1).calls, CALLS);
    assert_int_equal(endpoint_of(vm, 1).connects, 1);
    caller_free(&caller);
    extvm_close(vm);
    extvm_testvm_stop(server);
}

static void vm_that_was_started_again_between_calls_costs_no_call(void **unused) {
    (void)unused;
    extvm_testvm *server = serve("127.0.0.1:0");
    char listen[64];
    snprintf(listen, sizeof listen, "%s", extvm_testvm_address(server) + strlen("kevm://"));
    extvm_vm *vm = open_vm(extvm_testvm_address(server));
    struct caller caller;
    caller_init(&caller, vm, STOP, "100000");
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(caller_run(&caller), EXTVM_OK);
        assert_int_equal(extvm_result_stats(caller.result).attempts, 1);
        extvm_testvm_stop(server);
        server = serve(listen);
    }
    extvm_vm_stats stats;
    assert_int_equal(extvm_stats(vm, &stats, NULL), EXTVM_OK);
    assert_int_equal(stats.connects, 3);
    assert_int_equal(stats.reconnects, 2);
    assert_int_equal(stats.failures[EXTVM_OK], 3);
    caller_free(&caller);
    extvm_close(vm);
    extvm_testvm_stop(server);
}

struct late_server {
    extvm_vm *vm;
    char listen[64];
};

/* Serves some time after the first try to connect. */
static void *serve_later(void *context) {
    const struct late_server *late = context;
    uint64_t end = clock_now() + 10 * NANOSECONDS_IN_SECOND;
    while (endpoint_of(late->vm, 0).failures == 0 && clock_now() < end) {
        sleep_milliseconds(1);
    }
    sleep_milliseconds(500);
    return serve(late->listen);
}

/* How a call ends whose VM is being started. */
static extvm_status call_while_vm_starts(void) {
    char address[80];
    pthread_t thread;
    struct late_server late;
    void *server;
    snprintf(late.listen, sizeof late.listen, "127.0.0.1:%u", free_port());
    snprintf(address, sizeof address, "kevm://%s", late.listen);
    late.vm = open_vm(address);
    struct caller caller;
    caller_init(&caller, late.vm, STOP, "100000");
    assert_int_equal(pthread_create(&thread, NULL, serve_later, &late), 0);
    extvm_status status = caller_run(&caller);
    assert_int_equal(pthread_join(thread, &server), 0);
    assert_true(status == EXTVM_OK || status == EXTVM_UNREACHABLE);
    assert_true(endpoint_of(late.vm, 0).failures > 0);
    assert_true(caller.time > 300 * NANOSECONDS_IN_MILLISECOND);
    assert_true(caller.time < 10 * NANOSECONDS_IN_SECOND);
    caller_free(&caller);
    extvm_close(late.vm);
    extvm_testvm_stop(server);
    return status;
}

/* With the options as they are there is 1 s at least, of which the VM takes a half: it may be late
 * where the machine stands still. */
static void vm_that_is_just_being_started_is_waited_for(void **unused) {
    enum { TRIES = 5 };
    (void)unused;
    extvm_status status = EXTVM_UNREACHABLE;
    for (unsigned i = 0; i < TRIES && status != EXTVM_OK; i++) {
        status = call_while_vm_starts();
    }
    assert_int_equal(status, EXTVM_OK);
}

/* How long a call takes that tries seven times in vain. */
static uint64_t try_in_vain(void) {
    char address[64];
    extvm_options *options = extvm_options_new(NULL);
    assert_int_equal(extvm_options_set(options, "connect-retries", "6", NULL), EXTVM_OK);
    assert_int_equal(extvm_options_set(options, "retry-delay", "80ms", NULL), EXTVM_OK);
    snprintf(address, sizeof address, "kevm://127.0.0.1:%u", free_port());
    extvm_vm *vm = NULL;
    assert_int_equal(extvm_open(address, options, &vm, NULL), EXTVM_OK);
    struct caller caller;
    caller_init(&caller, vm, STOP, "100000");
    assert_int_equal(caller_run(&caller), EXTVM_UNREACHABLE);
    assert_int_equal(endpoint_of(vm, 0).failures, 7);
    assert_non_null(strstr(caller.error.text, "tries: 7"));
    assert_int_equal(endpoint_of(vm, 0).state, EXTVM_ENDPOINT_SET_ASIDE);
    caller_free(&caller);
    extvm_close(vm);
    extvm_options_free(options);
    return caller.time;
}

static void tries_to_connect_come_ever_more_slowly_and_end(void **unused) {
    enum { MEASURES = 5 /* the machine may stand still in some of them */ };
    (void)unused;
    const uint64_t limit = 1000 * NANOSECONDS_IN_MILLISECOND;
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < MEASURES && least >= limit; i++) {
        uint64_t time = try_in_vain();
        /* Between half and all of 10 + 20 + 40 + 80 + 80 + 80 ms. */
        assert_true(time >= 155 * NANOSECONDS_IN_MILLISECOND);
        assert_true(time < 10 * NANOSECONDS_IN_SECOND);
        least = time < least ? time : least;
    }
    assert_true(least < limit);
}

static void host_names_are_looked_up_within_the_deadline(void **unused) {
    (void)unused;
    extvm_testvm *server = serve("127.0.0.1:0");
    char address[80];
    extvm_options *options = extvm_options_new(NULL);
    assert_int_equal(extvm_options_set(options, "connect-retries", "0", NULL), EXTVM_OK);
    snprintf(address, sizeof address, "kevm://localhost%s",
             strrchr(extvm_testvm_address(server), ':'));
    const char *const addresses[] = {address, "kevm://no-such-host.invalid:1"};
    static const char *const timeouts[] = {"10s", "300ms"};
    for (unsigned i = 0; i < 2; i++) {
        extvm_vm *vm = NULL;
        struct caller caller;
        assert_int_equal(extvm_options_set(options, "connect-timeout", timeouts[i], NULL),
                         EXTVM_OK);
        assert_int_equal(extvm_open(addresses[i], options, &vm, NULL), EXTVM_OK);
        caller_init(&caller, vm, STOP, "100000");
        caller_run(&caller);
        assert_true(i == 0 ? caller.status == EXTVM_OK
                           : caller.status == EXTVM_UNREACHABLE ||
                                 caller.status == EXTVM_CONNECT_TIMEOUT);
        assert_true(caller.time < 4 * NANOSECONDS_IN_SECOND); /* a resolver takes 5 for a try */
        caller_free(&caller);
        extvm_close(vm);
    }
    extvm_options_free(options);
    extvm_testvm_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_get_their_turns_in_the_order_they_came),
        cmocka_unit_test(call_that_has_its_turn_at_once_is_not_woken),
        cmocka_unit_test(calls_run_on_several_processes_at_the_same_time),
        cmocka_unit_test(process_that_is_not_there_is_set_aside_and_costs_no_call),
        cmocka_unit_test(vm_that_was_started_again_between_calls_costs_no_call),
        cmocka_unit_test(vm_that_is_just_being_started_is_waited_for),
        cmocka_unit_test(tries_to_connect_come_ever_more_slowly_and_end),
        cmocka_unit_test(host_names_are_looked_up_within_the_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
