/* Whole runs over real sockets while memory or a socket call fails: always a clean status, no leak,
 * and the next call works. And many threads on one handle. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/client.h"
#include "kevm/kevm.h"
#include "support/rich_call.h"
#include "support/scarce_memory.h"

static void assert_rich(const struct dialect *dialect, const extvm_result *result) {
    const char *difference = rich_difference(dialect, result);
    if (difference != NULL) {
        fail_msg("wrong: %s", difference);
    }
}

/* -- memory -- */

/* A VM that breaks off in the middle of its second call, and is there again. */
static struct scripted_vm *start_breaking(const struct dialect *dialect) {
    char *text;
    size_t size;
    char *first = rich_script(dialect, 1);
    FILE *script = open_memstream(&text, &size);
    fputs(first, script);
    fputs("> any\n< AS\n> any\n< ACC\n> any\nclose\n", script);
    fputs("session\n> any\n", script);
    rich_write_call(script, dialect);
    rich_write_call(script, dialect);
    fclose(script);
    struct scripted_vm *scripted = scripted_vm_start(dialect->protocol, text, NULL);
    free(first);
    free(text);
    assert_non_null(scripted);
    return scripted;
}

static extvm_status run_rich(extvm_vm *vm, struct rich *rich) {
    extvm_result *result = NULL;
    extvm_error error = {EXTVM_OK, ""};
    extvm_status status = extvm_run(vm, &rich->one.call, &rich->world, &result, &error);
    assert_true(status == EXTVM_OK || status == EXTVM_NO_MEMORY);
    assert_int_equal(status, error.status);
    assert_true((status == EXTVM_OK) == (result != NULL));
    if (result != NULL) {
        assert_rich(rich->dialect, result);
    }
    extvm_result_free(result);
    return status;
}

/* Connects, runs two calls, connects again in the second, and closes, with this allocator; returns
 * how many steps failed. */
static unsigned run_with(const extvm_allocator *allocator, struct rich *rich) {
    struct scripted_vm *scripted = start_breaking(rich->dialect);
    char address[256];
    extvm_vm *vm = NULL;
    unsigned failed = 0;
    extvm_options *options = extvm_options_new(allocator);
    extvm_status status = options != NULL ? EXTVM_OK : EXTVM_NO_MEMORY;
    case_vm_address(scripted, address);
    if (status == EXTVM_OK) {
        extvm_options_set(options, "drain-timeout", "5s", NULL);
        extvm_options_set(options, "retry-delay", "0s", NULL);
        status = extvm_open(address, options, &vm, NULL);
    }
    extvm_options_free(options);
    for (unsigned i = 0; i < 2 && status == EXTVM_OK; i++) {
        failed += run_rich(vm, rich) == EXTVM_OK ? 0 : 1;
    }
    assert_true(status == EXTVM_OK || status == EXTVM_NO_MEMORY);
    failed += status == EXTVM_OK ? 0 : 1;
    extvm_close(vm);
    struct scripted_vm_report report = scripted_vm_stop(scripted);
    assert_int_equal(report.resets, 0);
    assert_true(failed > 0 || report.sessions == 2);
    return failed;
}

static size_t walk(const struct dialect *dialect, bool persistent) {
    struct rich rich;
    rich_init(&rich, dialect);
    size_t steps = 0;
    for (bool is_done = false; !is_done; steps++) {
        struct scarce_memory memory = {.fail_at = steps + 1, .for_good = persistent};
        extvm_allocator allocator = scarce_memory_allocator(&memory);
        unsigned failed = run_with(&allocator, &rich);
        is_done = memory.allocations < memory.fail_at;
        assert_true(failed == 0 || !is_done);
        assert_true(persistent || failed <= 1); /* the call after a failed one works */
        assert_int_equal(memory.live, 0);
        assert_true(steps < 1000);
    }
    assert_true(steps > 10);
    rich_free(&rich);
    return steps - 1;
}

static void every_allocation_of_a_run_may_fail_once(void **unused) {
    (void)unused;
    size_t kevm = walk(&rich_kevm, false), iele = walk(&rich_iele, false);
    print_message("# %zu failed allocations, one in each run\n", kevm + iele);
}

static void memory_that_runs_out_for_good_leaves_a_clean_status(void **unused) {
    (void)unused;
    size_t kevm = walk(&rich_kevm, true), iele = walk(&rich_iele, true);
    print_message("# %zu failed allocations, and all that followed\n", kevm + iele);
}

/* -- sockets; the faults are this file's own, one test at a time -- */

static struct {
    unsigned calls;     /* socket calls so far */
    unsigned fail_at;   /* the call that fails; 0: none */
    int failure;        /* with this errno */
    size_t piece;       /* the most that one call sends or receives */
    unsigned interrupt; /* every so many calls one is interrupted; 0: none */
} faults;

static bool fails(void) {
    faults.calls++;
    if (faults.calls == faults.fail_at) {
        errno = faults.failure;
        return true;
    }
    if (faults.interrupt > 0 && faults.calls % faults.interrupt == 0) {
        errno = EINTR;
        return true;
    }
    return false;
}

/* An interrupted connect goes on by itself, so that one cannot be played. */
static int faulty_connect(int socket, const struct sockaddr *address, socklen_t size) {
    unsigned interrupt = faults.interrupt;
    faults.interrupt = 0;
    bool failed = fails();
    faults.interrupt = interrupt;
    return failed ? -1 : connect(socket, address, size);
}

static ssize_t faulty_send(int socket, const void *data, size_t size, int flags) {
    return fails() ? -1 : send(socket, data, size < faults.piece ? size : faults.piece, flags);
}

static ssize_t faulty_receive(int socket, void *data, size_t size, int flags) {
    return fails() ? -1 : recv(socket, data, size < faults.piece ? size : faults.piece, flags);
}

static struct socket_calls faulty_calls(void) {
    struct socket_calls calls = system_socket_calls;
    calls.connect = faulty_connect;
    calls.send = faulty_send;
    calls.receive = faulty_receive;
    return calls;
}

/* `runs` calls on one handle, up to the first that fails. */
static extvm_status run_faulty(struct rich *rich, unsigned runs) {
    struct scripted_vm *scripted = rich_start(rich->dialect, runs);
    struct endpoint endpoint;
    extvm_vm *vm = NULL;
    extvm_status status = EXTVM_OK;
    const struct socket_calls calls = faulty_calls();
    extvm_options *options = case_options("5s");
    assert_int_equal(endpoint_parse_tcp(&endpoint, scripted_vm_address(scripted),
                                        scripted_vm_address(scripted), NULL),
                     EXTVM_OK);
    assert_int_equal(
        client_new(rich->dialect->protocol, &endpoint, 1, NULL, options, &calls, &vm, NULL),
        EXTVM_OK);
    for (unsigned i = 0; i < runs && status == EXTVM_OK; i++) {
        extvm_result *result = NULL;
        extvm_error error = {EXTVM_OK, ""};
        status = extvm_run(vm, &rich->one.call, &rich->world, &result, &error);
        assert_true((status == EXTVM_OK) == (result != NULL));
        assert_int_equal(status, error.status);
        if (result != NULL) {
            assert_rich(rich->dialect, result);
        }
        extvm_result_free(result);
    }
    faults.interrupt = 0;
    extvm_close(vm);
    extvm_options_free(options);
    scripted_vm_stop(scripted);
    return status;
}

static void single_bytes_and_interrupts_on_the_socket_change_nothing(void **unused) {
    static const struct dialect *const dialects[] = {&rich_kevm, &rich_iele};
    (void)unused;
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        struct rich rich;
        rich_init(&rich, dialects[i]);
        for (size_t piece = 1; piece < 5; piece++) {
            memset(&faults, 0, sizeof faults);
            faults.piece = piece;
            faults.interrupt = 3;
            assert_int_equal(run_faulty(&rich, 2), EXTVM_OK);
        }
        rich_free(&rich);
    }
}

/* -- threads -- */

enum { THREADS = 8, CALLS_OF_EACH = 25 };

struct worker {
    pthread_t thread;
    extvm_vm *vms[2]; /* of the dialects; NULL: not there */
    unsigned good;
};

static unsigned run_one(extvm_vm *vm, struct rich *rich) {
    extvm_result *result = NULL;
    unsigned good = 0;
    if (extvm_run(vm, &rich->one.call, &rich->world, &result, NULL) == EXTVM_OK) {
        size_t wanted = strlen(rich->dialect->returned) / 2;
        good = extvm_result_return_data(result).size == wanted ? 1 : 0;
    }
    extvm_result_free(result);
    return good;
}

static void *run_many(void *argument) {
    static const struct dialect *const dialects[2] = {&rich_kevm, &rich_iele};
    struct worker *worker = argument;
    struct rich rich[2];
    for (unsigned i = 0; i < 2; i++) {
        rich_init(&rich[i], dialects[i]);
    }
    for (unsigned i = 0; i < CALLS_OF_EACH; i++) {
        for (unsigned j = 0; j < 2 && worker->vms[j] != NULL; j++) {
            worker->good += run_one(worker->vms[j], &rich[j]);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        rich_free(&rich[i]);
    }
    return NULL;
}

/* Eight threads, each with calls on every VM of the first `count` dialects. */
static void run_threads(unsigned count) {
    static const struct dialect *const dialects[2] = {&rich_kevm, &rich_iele};
    struct worker workers[THREADS];
    struct scripted_vm *scripted[2];
    extvm_vm *vms[2] = {NULL, NULL};
    extvm_options *options = case_options("10s");
    for (unsigned i = 0; i < count; i++) {
        scripted[i] = rich_start(dialects[i], THREADS * CALLS_OF_EACH);
        vms[i] = case_open(scripted[i], options);
    }
    extvm_options_free(options);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.vms = {vms[0], vms[1]}};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, run_many, &workers[i]), 0);
    }
    unsigned good = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        good += workers[i].good;
    }
    assert_int_equal(good, count * THREADS * CALLS_OF_EACH);
    for (unsigned i = 0; i < count; i++) {
        extvm_close(vms[i]);
        struct scripted_vm_report report = scripted_vm_stop(scripted[i]);
        assert_string_equal(report.failure, "");
        assert_int_equal(report.sessions, 1);
    }
}

static void threads_share_one_handle_and_each_gets_its_own_result(void **unused) {
    (void)unused;
    run_threads(1);
}

static void kevm_and_iele_run_in_one_process_from_eight_threads_at_once(void **unused) {
    (void)unused;
    run_threads(2);
}

static void wait_until_busy(const extvm_vm *vm) {
    const struct timespec moment = {0, 1000000};
    extvm_endpoint_stats stats = {.state = EXTVM_ENDPOINT_UNUSED};
    for (unsigned i = 0; i < 10000 && stats.state != EXTVM_ENDPOINT_BUSY; i++) {
        assert_int_equal(extvm_endpoint(vm, 0, &stats, NULL), EXTVM_OK);
        nanosleep(&moment, NULL);
    }
    assert_int_equal(stats.state, EXTVM_ENDPOINT_BUSY);
}

static void caller_that_waits_for_its_turn_gives_up_at_its_deadline(void **unused) {
    (void)unused;
    struct worker worker;
    struct scripted_vm *scripted = scripted_vm_start(&kevm_protocol, "> any\n> any\nstall\n", NULL);
    /* The first call keeps its turn for 2 s more, while it waits to tell the VM of its caller: the
     * second one's time ends in that. */
    extvm_options *options = case_options("2s");
    assert_int_equal(extvm_options_set(options, "drain-timeout", "2s", NULL), EXTVM_OK);
    assert_int_equal(extvm_options_set(options, "call-timeout", "400ms", NULL), EXTVM_OK);
    extvm_vm *vm = case_open(scripted, options);
    extvm_options_free(options);
    struct rich rich;
    rich_init(&rich, &rich_kevm);
    worker = (struct worker){.vms = {vm, NULL}};
    assert_int_equal(pthread_create(&worker.thread, NULL, run_many, &worker), 0);
    extvm_result *result = NULL;
    extvm_error error = {EXTVM_OK, ""};
    wait_until_busy(vm); /* the worker's call is the first */
    extvm_status status = extvm_run(vm, &rich.one.call, &rich.world, &result, &error);
    pthread_join(worker.thread, NULL);
    extvm_close(vm);
    scripted_vm_stop(scripted);
    rich_free(&rich);
    assert_non_null(strstr(error.text, "other calls"));
    assert_int_equal(status, EXTVM_DEADLINE_PASSED);
}

/* -- a VM that reads slowly -- */

struct slow_reader {
    pthread_t thread;
    int listener;
};

/* Reads 64 KiB every 50 ms, and says nothing. */
static void *read_slowly(void *argument) {
    struct slow_reader *reader = argument;
    static char discarded[65536];
    const struct timespec pause = {0, 50000000};
    int small = 65536, socket = accept(reader->listener, NULL, NULL);
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    while (recv(socket, discarded, sizeof discarded, 0) > 0) {
        nanosleep(&pause, NULL);
    }
    close(socket);
    return NULL;
}

static void vm_that_reads_slowly_does_not_stretch_the_deadline(void **unused) {
    enum { INPUT = 32 << 20 };
    (void)unused;
    struct slow_reader reader = {.listener = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_int_equal(bind(reader.listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(reader.listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(listen(reader.listener, 1), 0);
    assert_int_equal(pthread_create(&reader.thread, NULL, read_slowly, &reader), 0);
    char vm_address[64];
    snprintf(vm_address, sizeof vm_address, "kevm://127.0.0.1:%u", ntohs(address.sin_port));
    extvm_options *options = case_options("300ms");
    extvm_vm *vm = NULL;
    extvm_result *result = NULL;
    struct rich rich;
    rich_init(&rich, &rich_kevm);
    uint8_t *input = calloc(1, INPUT);
    rich.one.call.input = (extvm_bytes){input, INPUT};
    assert_int_equal(extvm_open(vm_address, options, &vm, NULL), EXTVM_OK);
    struct timespec start_time, end_time;
    clock_gettime(CLOCK_MONOTONIC, &start_time);
    assert_int_equal(extvm_run(vm, &rich.one.call, &rich.world, &result, NULL),
                     EXTVM_DEADLINE_PASSED);
    clock_gettime(CLOCK_MONOTONIC, &end_time);
    /* It would take 25 s to be read. */
    assert_true(end_time.tv_sec - start_time.tv_sec <= 5);
    extvm_close(vm);
    pthread_join(reader.thread, NULL);
    close(reader.listener);
    extvm_options_free(options);
    rich_free(&rich);
    free(input);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_a_run_may_fail_once),
        cmocka_unit_test(memory_that_runs_out_for_good_leaves_a_clean_status),
        cmocka_unit_test(single_bytes_and_interrupts_on_the_socket_change_nothing),
        cmocka_unit_test(threads_share_one_handle_and_each_gets_its_own_result),
        cmocka_unit_test(vm_that_reads_slowly_does_not_stretch_the_deadline),
        cmocka_unit_test(kevm_and_iele_run_in_one_process_from_eight_threads_at_once),
        cmocka_unit_test(caller_that_waits_for_its_turn_gives_up_at_its_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
