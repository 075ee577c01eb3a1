/* extvm_spawn as a node uses it: calls on VM processes that the library starts, while they are
 * killed. */
#include "support/cmocka.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "support/cases.h"
#include "support/scarce_memory.h"
#include "support/vm_child.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"
/* Reads what is stored at 0 and returns it. */
#define READ_AND_RETURN "60005460005260206000f3"
#define STORED "000000000000000000000000000000000000000000000000000000000000002a"
#define SECOND NANOSECONDS_IN_SECOND

/* -- a handle, and what its log says of processes -- */

enum { PROCESSES = 4 };

struct spawned {
    extvm_vm *vm;
    extvm_options *options;
    extvm_state *state;
    pthread_mutex_t lock;
    pid_t running[PROCESSES]; /* 0: none */
    unsigned started, ended;
};

static void note_event(void *context, const extvm_log_event *event) {
    static const char before[] = "VM process ";
    struct spawned *spawned = context;
    bool is_start = strcmp(event->name, "vm-started") == 0;
    bool is_end = strcmp(event->name, "vm-ended") == 0;
    if (!is_start && !is_end) {
        return;
    }
    pid_t pid = (pid_t)strtol(strstr(event->line, before) + sizeof before - 1, NULL, 10);
    pthread_mutex_lock(&spawned->lock);
    spawned->started += is_start ? 1 : 0;
    spawned->ended += is_end ? 1 : 0;
    pid_t wanted = is_start ? 0 : pid;
    for (size_t i = 0; i < PROCESSES; i++) {
        if (spawned->running[i] == wanted) {
            spawned->running[i] = is_start ? pid : 0;
            break;
        }
    }
    pthread_mutex_unlock(&spawned->lock);
}

static void spawned_init(struct spawned *spawned) {
    memset(spawned, 0, sizeof *spawned);
    pthread_mutex_init(&spawned->lock, NULL);
    spawned->options = extvm_options_new(NULL);
    extvm_options_set_log(spawned->options, note_event, spawned, EXTVM_LOG_INFO);
    spawned->state = extvm_state_new(NULL);
    case_account(spawned->state, CALLER, "4", "1000000000000", "");
    case_account(spawned->state, CONTRACT, "1", "9", READ_AND_RETURN);
    case_storage(spawned->state, CONTRACT, "0", "42");
}

static void spawned_free(struct spawned *spawned) {
    extvm_close(spawned->vm);
    assert_int_equal(spawned->started, spawned->ended);
    errno = 0;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    extvm_options_free(spawned->options);
    extvm_state_free(spawned->state);
    pthread_mutex_destroy(&spawned->lock);
}

static void set_option(struct spawned *spawned, const char *name, const char *value) {
    assert_int_equal(extvm_options_set(spawned->options, name, value, NULL), EXTVM_OK);
}

/* With `count` processes in this role. */
static void spawned_open(struct spawned *spawned, const char *role, unsigned count) {
    char command[VM_CHILD_COMMAND_SIZE], addresses[PROCESSES * 40] = "";
    extvm_error error;
    for (unsigned i = 0; i < count; i++) {
        size_t length = strlen(addresses);
        snprintf(addresses + length, sizeof addresses - length, "%skevm://127.0.0.1:%u",
                 i > 0 ? "," : "", vm_child_port());
    }
    if (extvm_spawn(addresses, vm_child_command(command, role), spawned->options, &spawned->vm,
                    &error) != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
}

static extvm_status run_call(struct spawned *spawned, extvm_error *error) {
    struct case_call one;
    extvm_result *result = NULL;
    const extvm_world world = extvm_state_world(spawned->state);
    case_call_init(&one, CONTRACT, "", "0", "0xfadf8");
    extvm_status status = extvm_run(spawned->vm, &one.call, &world, &result, error);
    if (status == EXTVM_OK) {
        assert_bytes(extvm_result_return_data(result), STORED);
    }
    extvm_result_free(result);
    return status;
}

static void assert_runs(struct spawned *spawned) {
    extvm_error error;
    if (run_call(spawned, &error) != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
}

static bool is_running(struct spawned *spawned, size_t place, pid_t pid) {
    pthread_mutex_lock(&spawned->lock);
    bool is = spawned->running[place] == pid;
    pthread_mutex_unlock(&spawned->lock);
    return is;
}

/* Kills one of the processes that run, if one does, and waits until it has ended: on a busy machine
 * it serves on for a moment. */
static bool kill_one(struct spawned *spawned, unsigned chance) {
    size_t place = chance % PROCESSES;
    pthread_mutex_lock(&spawned->lock);
    pid_t pid = spawned->running[place];
    bool killed = pid != 0 && kill(pid, SIGKILL) == 0;
    pthread_mutex_unlock(&spawned->lock);
    for (uint64_t end = clock_now() + 20 * SECOND; killed && is_running(spawned, place, pid);) {
        assert_true(clock_now() < end);
        usleep(300);
    }
    return killed;
}

/* -- a VM that lives -- */

static void first_call_starts_the_vm_and_close_ends_it(void **context) {
    (void)context;
    struct spawned spawned;
    spawned_init(&spawned);
    spawned_open(&spawned, "serve {host} {port}", 1);
    assert_int_equal(spawned.started, 0);
    assert_runs(&spawned);
    assert_runs(&spawned);
    assert_int_equal(spawned.started, 1);
    assert_int_equal(spawned.ended, 0);
    spawned_free(&spawned);
}

static void command_in_the_configuration_starts_the_vm(void **context) {
    (void)context;
    struct spawned spawned;
    char command[VM_CHILD_COMMAND_SIZE], text[1024];
    extvm_error error;
    spawned_init(&spawned);
    snprintf(text, sizeof text,
             "vm { vm-type = \"kevm\", kevm { port = %u, command = \"%s\", start-timeout = \"1m\" "
             "} }",
             vm_child_port(), vm_child_command(command, "serve {host} {port}"));
    if (extvm_open_config(text, spawned.options, &spawned.vm, &error) != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
    assert_runs(&spawned);
    assert_int_equal(spawned.started, 1);
    spawned_free(&spawned);
}

static void process_is_recycled_between_calls_and_no_call_sees_it(void **context) {
    (void)context;
    struct spawned spawned;
    spawned_init(&spawned);
    set_option(&spawned, "recycle-calls", "3");
    spawned_open(&spawned, "serve {host} {port}", 1);
    for (unsigned i = 0; i < 10; i++) {
        assert_runs(&spawned);
    }
    assert_true(spawned.started >= 4); /* the last may be started for nobody */
    spawned_free(&spawned);
}

/* -- a VM that dies -- */

static void socket_that_a_killed_vm_left_is_in_nobodys_way(void **context) {
    (void)context;
    struct spawned spawned;
    char folder[] = "/tmp/extvm-spawn-XXXXXX", address[80], command[VM_CHILD_COMMAND_SIZE];
    extvm_error error;
    assert_non_null(mkdtemp(folder));
    snprintf(address, sizeof address, "kevm+unix:%s/socket", folder);
    spawned_init(&spawned);
    if (extvm_spawn(address, vm_child_command(command, "serve unix {path}"), spawned.options,
                    &spawned.vm, &error) != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_runs(&spawned);
        assert_true(kill_one(&spawned, 0));
    }
    assert_runs(&spawned);
    spawned_free(&spawned);
    unlink(strchr(address, ':') + 1);
    assert_int_equal(rmdir(folder), 0);
}

enum { CALLERS = 4, KILLS = 25 };

struct caller {
    struct spawned *spawned;
    pthread_t thread;
    atomic_bool *stop;
    atomic_uint done;
    unsigned failures;
    uint64_t longest;
    extvm_error error;
};

static void *call_on_and_on(void *context) {
    struct caller *caller = context;
    while (!atomic_load(caller->stop)) {
        uint64_t start = clock_now();
        caller->failures += run_call(caller->spawned, &caller->error) != EXTVM_OK ? 1 : 0;
        uint64_t took = clock_now() - start;
        caller->longest = took > caller->longest ? took : caller->longest;
        atomic_fetch_add(&caller->done, 1);
    }
    return NULL;
}

/* Waits until each caller has had a result since then. */
static void wait_for_results(struct caller *callers, uint64_t limit) {
    unsigned before[CALLERS];
    for (unsigned i = 0; i < CALLERS; i++) {
        before[i] = atomic_load(&callers[i].done);
    }
    for (unsigned i = 0; i < CALLERS; i++) {
        while (atomic_load(&callers[i].done) == before[i] && clock_now() < limit) {
            usleep(300);
        }
    }
}

/* Four callers on `count` processes, of which one is killed again and again. Each kill comes when
 * every caller has had a result since the last, so that none hits the same call twice: a call that
 * ends its VM twice is told so, and not run again. */
static void kill_under_load(unsigned count) {
    struct spawned spawned;
    struct caller callers[CALLERS];
    atomic_bool stop = false;
    unsigned kills = 0, calls = 0, failures = 0;
    uint64_t longest = 0, limit = clock_now() + 120 * SECOND;
    spawned_init(&spawned);
    spawned_open(&spawned, "serve {host} {port}", count);
    memset(callers, 0, sizeof callers);
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i].spawned = &spawned;
        callers[i].stop = &stop;
        pthread_create(&callers[i].thread, NULL, call_on_and_on, &callers[i]);
    }
    for (unsigned round = 0; kills < KILLS && clock_now() < limit; round++) {
        bool killed = kill_one(&spawned, round);
        kills += killed ? 1 : 0;
        if (killed) {
            wait_for_results(callers, limit);
        }
        usleep(round * 37 % 900); /* at any point of a call */
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        calls += atomic_load(&callers[i].done);
        failures += callers[i].failures;
        longest = callers[i].longest > longest ? callers[i].longest : longest;
    }
    print_message("# %u processes, %u times one killed under %d callers: %u calls, %u lost, the "
                  "longest took %.1f ms\n",
                  count, kills, CALLERS, calls, failures,
                  (double)longest / NANOSECONDS_IN_MILLISECOND);
    for (unsigned i = 0; i < CALLERS; i++) {
        if (callers[i].failures > 0) {
            fail_msg("%s", callers[i].error.text);
        }
    }
    assert_int_equal(kills, KILLS);
    pthread_mutex_lock(&spawned.lock); /* the supervisors go on */
    unsigned started = spawned.started;
    pthread_mutex_unlock(&spawned.lock);
    assert_true(started > KILLS / 2);
    spawned_free(&spawned);
}

static void killing_a_vm_under_load_costs_no_caller_anything_but_time(void **context) {
    (void)context;
    kill_under_load(1);
}

static void killing_some_of_several_vms_under_load_costs_only_time_too(void **context) {
    (void)context;
    kill_under_load(PROCESSES);
}

/* -- a VM that does not come -- */

static void vm_that_cannot_run_is_unreachable_with_its_own_words(void **context) {
    (void)context;
    struct spawned spawned;
    extvm_error error;
    spawned_init(&spawned);
    set_option(&spawned, "connect-retries", "1");
    spawned_open(&spawned, "refuse", 1);
    assert_int_equal(run_call(&spawned, &error), EXTVM_UNREACHABLE);
    assert_non_null(strstr(error.text, "exited with status 3"));
    assert_non_null(strstr(error.text, "no licence for this machine"));
    spawned_free(&spawned);
}

static void calls_time_is_not_stretched_by_a_vm_that_starts_slowly(void **context) {
    (void)context;
    struct spawned spawned;
    extvm_error error;
    spawned_init(&spawned);
    set_option(&spawned, "call-timeout", "200ms");
    spawned_open(&spawned, "silent", 1);
    uint64_t start = clock_now();
    assert_int_equal(run_call(&spawned, &error), EXTVM_DEADLINE_PASSED);
    assert_true(clock_now() - start < 5 * SECOND);
    spawned_free(&spawned);
}

/* A process is only started when the call sleeps and waits for it. */
static void *cancel_when_started(void *context) {
    struct spawned *spawned = context;
    uint64_t limit = clock_now() + 10 * SECOND;
    unsigned started = 0;
    while (started == 0 && clock_now() < limit) {
        usleep(1000);
        pthread_mutex_lock(&spawned->lock);
        started = spawned->started;
        pthread_mutex_unlock(&spawned->lock);
    }
    extvm_cancel(spawned->vm, NULL);
    return NULL;
}

static void cancel_reaches_a_call_that_waits_for_its_vm(void **context) {
    (void)context;
    struct spawned spawned;
    pthread_t canceller;
    extvm_error error;
    spawned_init(&spawned);
    spawned_open(&spawned, "silent", 1);
    pthread_create(&canceller, NULL, cancel_when_started, &spawned);
    uint64_t start = clock_now();
    assert_int_equal(run_call(&spawned, &error), EXTVM_CANCELLED);
    assert_true(clock_now() - start < 5 * SECOND);
    pthread_join(canceller, NULL);
    spawned_free(&spawned);
}

/* -- what cannot be opened -- */

static void what_is_wrong_with_a_command_is_told_when_it_is_opened(void **context) {
    static const struct {
        const char *address, *command;
        extvm_status status;
        const char *part; /* of the error's text */
    } wrong[] = {
        {"kevm://127.0.0.1:1", "", EXTVM_INVALID_ARGUMENT, "empty"},
        {"kevm://127.0.0.1:1", "no-such-vm {port}", EXTVM_INVALID_ARGUMENT, "not in PATH"},
        {"iele://127.0.0.1:1", "no-such-vm {port}", EXTVM_INVALID_ARGUMENT, "EXTVM_IELE"},
        {"kevm://127.0.0.1:1", "/bin/sh {prt}", EXTVM_INVALID_ARGUMENT, "{prt}"},
        {"kevm+unix:/tmp/x", "/bin/sh {port}", EXTVM_INVALID_ARGUMENT, "{path}"},
        {"kevm://127.0.0.1:1,kevm://127.0.0.1:2", "/bin/sh -c", EXTVM_INVALID_ARGUMENT, "{port}"},
        {"kevm://127.0.0.1:1,kevm://127.0.0.1:2", "/bin/sh '{port}", EXTVM_INVALID_ARGUMENT,
         "not closed"},
        {"kevm://127.0.0.1:0", "/bin/sh", EXTVM_OUT_OF_RANGE, "port"},
        {"internal", "/bin/sh", EXTVM_INVALID_ARGUMENT, "no process"},
        {"test-mode", "/bin/sh", EXTVM_INVALID_ARGUMENT, "no process"},
        {"nonsense", "/bin/sh", EXTVM_INVALID_ARGUMENT, "nonsense"},
        {NULL, "/bin/sh", EXTVM_INVALID_ARGUMENT, "extvm_spawn"},
        {"kevm://127.0.0.1:1", NULL, EXTVM_INVALID_ARGUMENT, "extvm_spawn"},
    };
    (void)context;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        extvm_vm *vm = NULL;
        extvm_error error = {EXTVM_OK, ""};
        assert_int_equal(extvm_spawn(wrong[i].address, wrong[i].command, NULL, &vm, &error),
                         wrong[i].status);
        assert_null(vm);
        if (strstr(error.text, wrong[i].part) == NULL) {
            fail_msg("\"%s\" has no \"%s\"", error.text, wrong[i].part);
        }
    }
}

static void opening_without_memory_leaves_nothing_behind(void **context) {
    (void)context;
    static const char addresses[] = "kevm://127.0.0.1:8888,kevm://127.0.0.1:8889";
    for (unsigned persistent = 0; persistent < 2; persistent++) {
        extvm_vm *vm = NULL;
        size_t failures = 0;
        for (size_t at = 2; vm == NULL; at++) {
            struct scarce_memory scarce = {.fail_at = at, .for_good = persistent != 0};
            extvm_allocator allocator = scarce_memory_allocator(&scarce);
            extvm_options *options = extvm_options_new(&allocator);
            extvm_status status = extvm_spawn(addresses, "/bin/sh {port}", options, &vm, NULL);
            assert_int_equal(status, vm != NULL ? EXTVM_OK : EXTVM_NO_MEMORY);
            failures += vm == NULL ? 1 : 0;
            extvm_close(vm);
            extvm_options_free(options);
            assert_int_equal(scarce.live, 0);
        }
        assert_true(failures > 5);
    }
}

int main(int argc, char **argv) {
    vm_child_run(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_call_starts_the_vm_and_close_ends_it),
        cmocka_unit_test(command_in_the_configuration_starts_the_vm),
        cmocka_unit_test(process_is_recycled_between_calls_and_no_call_sees_it),
        cmocka_unit_test(socket_that_a_killed_vm_left_is_in_nobodys_way),
        cmocka_unit_test(killing_a_vm_under_load_costs_no_caller_anything_but_time),
        cmocka_unit_test(killing_some_of_several_vms_under_load_costs_only_time_too),
        cmocka_unit_test(vm_that_cannot_run_is_unreachable_with_its_own_words),
        cmocka_unit_test(calls_time_is_not_stretched_by_a_vm_that_starts_slowly),
        cmocka_unit_test(cancel_reaches_a_call_that_waits_for_its_vm),
        cmocka_unit_test(what_is_wrong_with_a_command_is_told_when_it_is_opened),
        cmocka_unit_test(opening_without_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
