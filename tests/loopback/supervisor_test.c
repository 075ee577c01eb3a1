/* Whoever looks after a VM process: real children that die, hang, flood, grow and refuse. */
#include "support/cmocka.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "spawn/output.h"
#include "spawn/supervisor.h"
#include "support/scarce_memory.h"
#include "support/vm_child.h"

#define SECOND NANOSECONDS_IN_SECOND
#define MS ((uint64_t)NANOSECONDS_IN_MILLISECOND)

/* -- a keeper, with all that it says -- */

struct kept {
    struct keeper *keeper;
    extvm_options *options;
    unsigned port;
    struct endpoint endpoint;
    extvm_error error;
    pthread_mutex_t lock;
    char log[4 << 20]; /* more than a process that floods it fills in half a minute */
    size_t size, lines;
};

static void take_line(void *context, const extvm_log_event *event) {
    struct kept *kept = context;
    pthread_mutex_lock(&kept->lock);
    kept->lines++;
    int length = snprintf(kept->log + kept->size, sizeof kept->log - kept->size, "%s %s\n",
                          extvm_log_level_name(event->level), event->line);
    size_t room = sizeof kept->log - kept->size - 1;
    kept->size += (size_t)length < room ? (size_t)length : room;
    pthread_mutex_unlock(&kept->lock);
}

static bool has_said(struct kept *kept, const char *text) {
    pthread_mutex_lock(&kept->lock);
    bool found = strstr(kept->log, text) != NULL;
    pthread_mutex_unlock(&kept->lock);
    return found;
}

static void wait_until_said(struct kept *kept, const char *text) {
    uint64_t limit = clock_now() + 20 * SECOND;
    while (!has_said(kept, text) && clock_now() < limit) {
        usleep(1000);
    }
    if (!has_said(kept, text)) {
        fail_msg("the log has no \"%s\":\n%s", text, kept->log);
    }
}

/* Options are pairs of a name and a value, NULL at the end. */
static struct kept *keep(const char *role, const char *const *options) {
    char command[VM_CHILD_COMMAND_SIZE], address[64];
    extvm_status status = EXTVM_SYSTEM_ERROR;
    struct kept *kept = calloc(1, sizeof *kept);
    pthread_mutex_init(&kept->lock, NULL);
    kept->options = extvm_options_new(NULL);
    extvm_options_set_log(kept->options, take_line, kept, EXTVM_LOG_DEBUG);
    for (; options != NULL && *options != NULL; options += 2) {
        assert_int_equal(extvm_options_set(kept->options, options[0], options[1], NULL), EXTVM_OK);
    }
    kept->port = vm_child_port();
    snprintf(address, sizeof address, "127.0.0.1:%u", kept->port);
    assert_int_equal(endpoint_parse_tcp(&kept->endpoint, address, address, NULL), EXTVM_OK);
    kept->keeper = keeper_new(&kept->endpoint, vm_child_command(command, role), "kevm",
                              kept->options, &status, &kept->error);
    assert_int_equal(status, EXTVM_OK);
    assert_non_null(kept->keeper);
    return kept;
}

static void let_go(struct kept *kept) {
    kept->keeper->operations->release(kept->keeper);
    extvm_options_free(kept->options);
    pthread_mutex_destroy(&kept->lock);
    free(kept);
}

static extvm_status ready_within(struct kept *kept, uint64_t time) {
    return kept->keeper->operations->ready(kept->keeper, clock_now() + time, NULL, &kept->error);
}

static void assert_ready(struct kept *kept) {
    if (ready_within(kept, 30 * SECOND) != EXTVM_OK) {
        fail_msg("%s", kept->error.text);
    }
}

/* Whether somebody takes connections there. */
static bool listens(unsigned port) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)port)};
    int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = connect(made, (struct sockaddr *)&address, sizeof address) == 0;
    close(made);
    return connected;
}

/* -- processes -- */

/* The process that the log says was started last. */
static pid_t last_started(struct kept *kept) {
    static const char before[] = "VM process ", after[] = " started";
    pid_t pid = 0;
    pthread_mutex_lock(&kept->lock);
    for (const char *at = kept->log; (at = strstr(at, before)) != NULL;) {
        char *end;
        at += sizeof before - 1;
        long number = strtol(at, &end, 10);
        pid = strncmp(end, after, sizeof after - 1) == 0 ? (pid_t)number : pid;
    }
    pthread_mutex_unlock(&kept->lock);
    assert_int_not_equal(pid, 0);
    return pid;
}

static bool exists(pid_t pid) {
    return kill(pid, 0) == 0 || errno != ESRCH;
}

static void assert_no_children(void) {
    errno = 0;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static unsigned open_descriptors(void) {
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

/* Each test leaves neither a process nor a descriptor. */
static int begin(void **context) {
    *context = calloc(1, sizeof(unsigned));
    *(unsigned *)*context = open_descriptors();
    return 0;
}

static int end(void **context) {
    unsigned before = *(unsigned *)*context;
    free(*context);
    assert_no_children();
    assert_int_equal(open_descriptors(), before);
    return 0;
}

/* -- starting -- */

static void nothing_is_started_before_a_connection_is_wanted(void **context) {
    (void)context;
    struct kept *kept = keep("listen {port}", NULL);
    usleep(20000);
    assert_false(listens(kept->port));
    assert_no_children();
    assert_ready(kept);
    assert_true(listens(kept->port));
    let_go(kept);
}

static void ready_waits_until_a_late_process_listens(void **context) {
    (void)context;
    struct kept *kept = keep("late {port} 300", NULL);
    uint64_t start = clock_now();
    assert_ready(kept);
    assert_true(clock_now() - start >= 300 * MS);
    assert_true(listens(kept->port));
    let_go(kept);
}

static void one_process_serves_until_it_ends(void **context) {
    (void)context;
    struct kept *kept = keep("listen {port}", NULL);
    assert_ready(kept);
    pid_t pid = last_started(kept);
    for (unsigned i = 0; i < 5; i++) {
        assert_false(kept->keeper->operations->call_ended(kept->keeper));
        kept->keeper->operations->left(kept->keeper, true);
        assert_ready(kept);
    }
    assert_int_equal(last_started(kept), pid);
    assert_true(exists(pid));
    let_go(kept);
    assert_false(exists(pid));
}

static void program_that_is_no_program_is_told_at_once(void **context) {
    (void)context;
    extvm_status status = EXTVM_OK;
    extvm_error error;
    struct endpoint endpoint;
    extvm_options *options = extvm_options_new(NULL);
    endpoint_parse_tcp(&endpoint, "127.0.0.1:8888", "127.0.0.1:8888", NULL);
    assert_null(keeper_new(&endpoint, "/no/such/kevm-vm {port}", "kevm", options, &status, &error));
    assert_int_equal(status, EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "/no/such/kevm-vm"));
    assert_non_null(strstr(error.text, "EXTVM_KEVM"));
    extvm_options_free(options);
}

static void file_that_the_system_cannot_run_is_told_with_its_reason(void **context) {
    (void)context;
    char path[] = "/tmp/extvm-program-XXXXXX", command[64];
    int file = mkstemp(path);
    assert_int_equal(write(file, "\1\2\3", 3), 3);
    fchmod(file, 0700);
    close(file);
    snprintf(command, sizeof command, "%s {port}", path);
    extvm_status status;
    extvm_error error;
    struct endpoint endpoint;
    extvm_options *options = extvm_options_new(NULL);
    endpoint_parse_tcp(&endpoint, "127.0.0.1:1", "127.0.0.1:1", NULL);
    struct keeper *keeper = keeper_new(&endpoint, command, "kevm", options, &status, &error);
    assert_non_null(keeper);
    assert_int_equal(keeper->operations->ready(keeper, clock_now() + 5 * SECOND, NULL, &error),
                     EXTVM_UNREACHABLE);
    assert_non_null(strstr(error.text, path));
    assert_non_null(strstr(error.text, strerror(ENOEXEC)));
    keeper->operations->release(keeper);
    extvm_options_free(options);
    unlink(path);
}

static void process_that_ends_at_once_says_why_in_log_and_error(void **context) {
    (void)context;
    struct kept *kept = keep("refuse", NULL);
    assert_int_equal(ready_within(kept, 20 * SECOND), EXTVM_UNREACHABLE);
    assert_int_equal(kept->error.status, EXTVM_UNREACHABLE);
    assert_non_null(strstr(kept->error.text, "exited with status 3 before it listened"));
    assert_non_null(strstr(kept->error.text, "no licence for this machine"));
    assert_true(has_said(kept, "the VM says: starting\n"));
    assert_true(has_said(kept, "the VM says: no licence for this machine\n"));
    assert_true(has_said(kept, "warning 127.0.0.1:"));
    let_go(kept);
}

static void process_that_always_ends_is_started_less_and_less(void **context) {
    (void)context;
    struct kept *kept = keep("refuse", NULL);
    uint64_t start = clock_now();
    for (unsigned i = 0; i < 5; i++) { /* after pauses of 0, 0.1, 0.2 and 0.4 s */
        assert_int_equal(ready_within(kept, 20 * SECOND), EXTVM_UNREACHABLE);
    }
    assert_true(clock_now() - start >= 700 * MS);
    extvm_status status = ready_within(kept, 50 * MS); /* the pause is 0.8 s now */
    bool is_over = status == EXTVM_UNREACHABLE && clock_now() - start >= 1500 * MS;
    assert_true(status == EXTVM_DEADLINE_PASSED || is_over); /* this thread may have stood still */
    let_go(kept);
}

static void process_that_never_listens_is_ended_after_start_timeout(void **context) {
    (void)context;
    struct kept *kept = keep("silent", (const char *const[]){"start-timeout", "3s", NULL});
    uint64_t start = clock_now();
    assert_int_equal(ready_within(kept, 20 * SECOND), EXTVM_UNREACHABLE);
    uint64_t took = clock_now() - start;
    assert_true(took >= 3 * SECOND && took < 12 * SECOND);
    assert_non_null(strstr(kept->error.text, "start-timeout"));
    assert_non_null(strstr(kept->error.text, "3.000 s"));
    wait_until_said(kept, "(Terminated)");
    wait_until_said(kept, "the VM says: thinking about it");
    let_go(kept);
}

static void calls_time_bounds_the_wait_and_the_start_goes_on(void **context) {
    (void)context;
    struct kept *kept = keep("late {port} 3000", NULL);
    uint64_t start = clock_now();
    assert_int_equal(ready_within(kept, 100 * MS), EXTVM_DEADLINE_PASSED);
    assert_true(clock_now() - start < 2900 * MS);
    wait_until_said(kept, " started");
    pid_t pid = last_started(kept);
    assert_ready(kept);
    assert_int_equal(last_started(kept), pid);
    let_go(kept);
}

/* As an event loop does; how often is counted. */
static extvm_status ask_without_waiting(struct kept *kept, unsigned *asked) {
    extvm_status status = EXTVM_DEADLINE_PASSED;
    for (*asked = 0; status == EXTVM_DEADLINE_PASSED && *asked < 10000; ++*asked) {
        status = kept->keeper->operations->ready(kept->keeper, 0, NULL, &kept->error);
        usleep(2000);
    }
    return status;
}

static void who_asks_without_waiting_learns_what_became_of_the_start(void **context) {
    unsigned asked;
    (void)context;
    unsigned most = 0;
    for (unsigned i = 0; i < 5 && most <= 5; i++) { /* this thread may stand still meanwhile */
        struct kept *kept = keep("late {port} 300", NULL);
        assert_int_equal(ask_without_waiting(kept, &asked), EXTVM_OK);
        most = asked > most ? asked : most;
        assert_true(listens(kept->port));
        let_go(kept);
    }
    assert_true(most > 5);

    struct kept *kept = keep("refuse", NULL);
    assert_int_equal(ask_without_waiting(kept, &asked), EXTVM_UNREACHABLE);
    assert_non_null(strstr(kept->error.text, "exited with status 3 before it listened"));
    let_go(kept);
}

static void *stop_soon(void *context) {
    usleep(50000);
    atomic_store((atomic_bool *)context, true);
    return NULL;
}

static void stopped_call_does_not_wait_for_the_start(void **context) {
    (void)context;
    atomic_bool stop = false;
    pthread_t stopper;
    struct kept *kept = keep("silent", NULL);
    pthread_create(&stopper, NULL, stop_soon, &stop);
    uint64_t start = clock_now();
    assert_int_equal(
        kept->keeper->operations->ready(kept->keeper, start + 20 * SECOND, &stop, &kept->error),
        EXTVM_CANCELLED);
    assert_true(clock_now() - start < 5 * SECOND);
    pthread_join(stopper, NULL);
    let_go(kept);
}

static void port_that_somebody_else_has_is_told_and_nothing_is_started(void **context) {
    (void)context;
    struct kept *kept = keep("listen {port}", NULL);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_ANY),
                                  .sin_port = htons((uint16_t)kept->port)};
    int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(other, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(other, 1), 0);
    assert_int_equal(ready_within(kept, 5 * SECOND), EXTVM_UNREACHABLE);
    assert_non_null(strstr(kept->error.text, "something else listens there"));
    assert_no_children();
    close(other);
    assert_ready(kept);
    let_go(kept);
}

static void child_inherits_nothing_of_the_process_around(void **context) {
    (void)context;
    sigset_t one, before;
    int leaky = open("/dev/null", O_RDONLY); /* NOLINT: without O_CLOEXEC on purpose */
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &one, &before);
    struct kept *kept = keep("inherit {port}", NULL);
    assert_ready(kept);
    wait_until_said(kept, "signals 0, descriptors 0, own group 1, input 0");
    let_go(kept);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_DFL);
    close(leaky);
}

/* -- dying -- */

static void process_that_was_killed_is_started_again(void **context) {
    (void)context;
    uint64_t slowest = 0, sum = 0;
    enum { KILLS = 20 };
    struct kept *kept = keep("listen {port}", NULL);
    assert_ready(kept);
    for (unsigned i = 0; i < KILLS; i++) {
        pid_t pid = last_started(kept);
        kept->keeper->operations->call_ended(kept->keeper);
        assert_int_equal(kill(pid, SIGKILL), 0);
        if (i % 2 == 0) {
            kept->keeper->operations->left(kept->keeper, false);
        }
        /* A connection may end before the process can be seen to have ended. */
        while (i % 2 != 0 && listens(kept->port)) {
            usleep(200); /* a full queue of connections would hold the next one up for a second */
        }
        uint64_t start = clock_now();
        assert_ready(kept);
        uint64_t took = clock_now() - start;
        slowest = took > slowest ? took : slowest;
        sum += took;
        assert_int_not_equal(last_started(kept), pid);
        assert_true(listens(kept->port));
    }
    print_message("# %d kills: started again in %.1f ms on average, %.1f ms at most\n", KILLS,
                  (double)sum / KILLS / 1e6, (double)slowest / 1e6);
    wait_until_said(kept, "was killed by signal 9 (Killed)");
    let_go(kept);
}

static void death_between_two_calls_is_noticed_and_told(void **context) {
    (void)context;
    struct kept *kept = keep("listen {port}", NULL);
    assert_ready(kept);
    assert_int_equal(kill(last_started(kept), SIGABRT), 0);
    wait_until_said(kept, "was killed by signal 6 (Aborted)");
    assert_no_children(); /* reaped, and not started before somebody calls */
    assert_ready(kept);
    let_go(kept);
}

static void process_left_in_disorder_is_replaced(void **context) {
    (void)context;
    struct kept *kept = keep("listen {port}", NULL);
    assert_ready(kept);
    pid_t pid = last_started(kept);
    kept->keeper->operations->left(kept->keeper, false);
    assert_ready(kept);
    assert_int_not_equal(last_started(kept), pid);
    assert_false(exists(pid));
    let_go(kept);
}

static void processes_that_the_process_started_die_with_it(void **context) {
    (void)context;
    struct kept *kept = keep("family {port}", NULL);
    assert_ready(kept);
    kill(last_started(kept), SIGKILL); /* the listener is its child, and holds the port */
    kept->keeper->operations->left(kept->keeper, false);
    assert_ready(kept);
    let_go(kept);
}

static void child_dies_with_a_parent_that_is_killed(void **context) {
    (void)context;
    char port[16], said[16] = "", self[256] = "";
    int output[2];
    unsigned number = vm_child_port();
    snprintf(port, sizeof port, "%u", number);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    pid_t parent = fork();
    if (parent == 0) {
        dup2(output[1], STDOUT_FILENO);
        execl(self, self, "own", port, (char *)NULL);
        _exit(1);
    }
    close(output[1]);
    assert_true(read(output[0], said, sizeof said - 1) > 0);
    assert_string_equal(said, "kept\n");
    assert_true(listens(number));
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    uint64_t limit = clock_now() + 10 * SECOND;
    while (listens(number) && clock_now() < limit) {
        usleep(1000);
    }
    assert_false(listens(number));
    close(output[0]);
}

/* -- stopping -- */

static void process_that_ignores_the_polite_signal_is_killed_in_time(void **context) {
    (void)context;
    struct kept *kept =
        keep("stubborn {port}", (const char *const[]){"stop-timeout", "200ms", NULL});
    assert_ready(kept);
    pid_t pid = last_started(kept);
    kept->keeper->operations->left(kept->keeper, false);
    wait_until_said(kept, "did not end within 0.200 s (option stop-timeout): it is killed");
    assert_ready(kept);
    assert_false(exists(pid));
    pid = last_started(kept);
    uint64_t start = clock_now();
    let_go(kept);
    uint64_t took = clock_now() - start;
    assert_true(took >= 200 * MS && took < 5 * SECOND);
    assert_false(exists(pid));
}

static void stopped_process_hears_the_polite_signal(void **context) {
    (void)context;
    struct kept *kept = keep("listen {port}", NULL);
    assert_ready(kept);
    pid_t pid = last_started(kept);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    kept->keeper->operations->left(kept->keeper, false);
    assert_ready(kept);
    assert_false(exists(pid));
    assert_true(has_said(kept, "was killed by signal 15 (Terminated)"));
    let_go(kept);
}

static void release_ends_a_process_that_has_not_begun_to_listen(void **context) {
    (void)context;
    struct kept *kept = keep("silent", NULL);
    assert_int_equal(ready_within(kept, 50 * MS), EXTVM_DEADLINE_PASSED);
    wait_until_said(kept, " started");
    pid_t pid = last_started(kept);
    let_go(kept);
    assert_false(exists(pid));
}

static void host_that_ignores_its_children_or_takes_all_does_no_harm(void **context) {
    (void)context;
    signal(SIGCHLD, SIG_IGN);
    struct kept *kept = keep("listen {port}", NULL);
    assert_ready(kept);
    pid_t pid = last_started(kept);
    kill(pid, SIGKILL);
    wait_until_said(kept, "how is not known");
    assert_ready(kept);
    signal(SIGCHLD, SIG_DFL);
    pid = last_started(kept);
    kill(pid, SIGKILL);
    (void)waitpid(-1, NULL, 0); /* whoever is first */
    assert_ready(kept);
    let_go(kept);
}

/* -- what it writes -- */

static void lines_come_into_the_log_split_and_with_no_odd_byte(void **context) {
    (void)context;
    struct kept *kept = keep("say {port}", NULL);
    assert_ready(kept);
    wait_until_said(kept, "info 127.0.0.1:");
    wait_until_said(kept, ": the VM says: a bell \\x07, an escape \\x1b[31m and a byte \\xff\n");
    wait_until_said(kept, "wwww\n");
    kept->keeper->operations->left(kept->keeper, false);
    wait_until_said(kept, "the VM says: half a line\n");
    char wide[600];
    memset(wide, 'w', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    assert_false(has_said(kept, wide));
    wide[500] = '\0';
    assert_true(has_said(kept, wide));
    let_go(kept);
}

static void process_that_floods_the_log_neither_waits_nor_fills_it(void **context) {
    (void)context;
    uint64_t begun = clock_now();
    struct kept *kept = keep("flood {port}", NULL);
    assert_ready(kept);
    wait_until_said(kept, "more lines (over 1000 in a second are left out)");
    uint64_t start = clock_now();
    kept->keeper->operations->left(kept->keeper, false); /* it is heard at once */
    wait_until_said(kept, "(Terminated)");
    uint64_t now = clock_now(), seconds = (now - begun) / SECOND + 2; /* on the clock, at most */
    assert_true(now - start < 10 * SECOND);
    pthread_mutex_lock(&kept->lock);
    assert_true(kept->lines < OUTPUT_LINES * (seconds + 1)); /* its own, and those about it */
    pthread_mutex_unlock(&kept->lock);
    let_go(kept);
}

/* -- recycling -- */

static void process_is_replaced_after_as_many_calls_as_the_option_says(void **context) {
    (void)context;
    struct kept *kept = keep("listen {port}", (const char *const[]){"recycle-calls", "3", NULL});
    for (unsigned round = 0; round < 3; round++) {
        assert_ready(kept);
        pid_t pid = last_started(kept);
        assert_false(kept->keeper->operations->call_ended(kept->keeper));
        assert_false(kept->keeper->operations->call_ended(kept->keeper));
        assert_true(kept->keeper->operations->call_ended(kept->keeper));
        kept->keeper->operations->left(kept->keeper, true);
        assert_ready(kept);
        assert_int_not_equal(last_started(kept), pid);
        assert_false(exists(pid));
    }
    wait_until_said(kept, "has done 3 calls (option recycle-calls)");
    let_go(kept);
}

static void new_process_is_started_before_somebody_calls(void **context) {
    (void)context;
    struct kept *kept = keep("listen {port}", (const char *const[]){"recycle-calls", "1", NULL});
    assert_ready(kept);
    pid_t pid = last_started(kept);
    assert_true(kept->keeper->operations->call_ended(kept->keeper));
    kept->keeper->operations->left(kept->keeper, true);
    uint64_t limit = clock_now() + 20 * SECOND;
    while (last_started(kept) == pid && clock_now() < limit) {
        usleep(1000);
    }
    assert_int_not_equal(last_started(kept), pid);
    let_go(kept);
}

static void process_is_replaced_when_it_has_grown_over_the_limit(void **context) {
    (void)context;
    struct kept *kept = keep("grow {port}", (const char *const[]){"recycle-memory", "60MiB", NULL});
    assert_ready(kept);
    pid_t pid = last_started(kept);
    assert_true(kept->keeper->operations->call_ended(kept->keeper));
    kept->keeper->operations->left(kept->keeper, true);
    assert_ready(kept);
    assert_int_not_equal(last_started(kept), pid);
    wait_until_said(kept, "(option recycle-memory)");
    let_go(kept);
    kept = keep("grow {port}", (const char *const[]){"recycle-memory", "1GiB", NULL});
    assert_ready(kept);
    assert_false(kept->keeper->operations->call_ended(kept->keeper));
    let_go(kept);
}

/* -- a system that has no more -- */

/* The limit that allows `more` descriptors beyond those that are open. */
static struct rlimit descriptor_limit(struct rlimit limit, rlim_t more) {
    int first = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(first >= 0);
    close(first);
    limit.rlim_cur = (rlim_t)first + more;
    return limit;
}

static void every_descriptor_may_be_refused(void **context) {
    (void)context;
    static const char *const brief[] = {"start-timeout", "3s", NULL};
    unsigned refused = 0;
    bool worked = false;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (rlim_t more = 0; !worked && more < 30; more++) {
        struct kept *kept = keep("listen {port}", brief);
        const struct rlimit scarce = descriptor_limit(before, more);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &scarce), 0);
        extvm_status status = ready_within(kept, 20 * SECOND);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        if (status != EXTVM_OK) {
            assert_true(status == EXTVM_SYSTEM_ERROR || status == EXTVM_UNREACHABLE);
            assert_int_equal(kept->error.status, status);
            refused++;
            assert_ready(kept); /* when there are some again */
        }
        worked = status == EXTVM_OK && more > 15;
        let_go(kept);
        assert_no_children();
    }
    assert_true(worked);
    assert_true(refused >= 5);
}

static void host_without_standard_streams_starts_its_vm_too(void **context) {
    (void)context;
    char port[16], self[256] = "";
    unsigned number = vm_child_port();
    snprintf(port, sizeof port, "%u", number);
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    pid_t parent = fork();
    if (parent == 0) {
        for (int stream = 0; stream < 3; stream++) {
            close(stream);
        }
        execl(self, self, "own", port, (char *)NULL);
        _exit(1);
    }
    uint64_t limit = clock_now() + 20 * SECOND;
    while (!listens(number) && clock_now() < limit) {
        usleep(1000);
    }
    assert_true(listens(number));
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
}

/* -- memory -- */

static void keeper_without_memory_leaves_nothing_behind(void **context) {
    (void)context;
    char command[VM_CHILD_COMMAND_SIZE];
    struct endpoint endpoint;
    endpoint_parse_tcp(&endpoint, "127.0.0.1:8888", "127.0.0.1:8888", NULL);
    for (unsigned persistent = 0; persistent < 2; persistent++) {
        size_t failures = 0;
        struct keeper *keeper = NULL;
        for (size_t at = 1; keeper == NULL; at++) {
            struct scarce_memory scarce = {.fail_at = at + 1, .for_good = persistent != 0};
            extvm_allocator allocator = scarce_memory_allocator(&scarce);
            extvm_options *options = extvm_options_new(&allocator);
            extvm_status status = EXTVM_OK;
            extvm_error error = {EXTVM_OK, ""};
            assert_non_null(options);
            keeper = keeper_new(&endpoint, vm_child_command(command, "listen {port}"), "kevm",
                                options, &status, &error);
            assert_int_equal(status, keeper != NULL ? EXTVM_OK : EXTVM_NO_MEMORY);
            assert_int_equal(error.status, status);
            failures += keeper == NULL ? 1 : 0;
            if (keeper != NULL) {
                keeper->operations->release(keeper);
            }
            extvm_options_free(options);
            assert_int_equal(scarce.live, 0);
        }
        assert_true(failures >= 3);
    }
}

#define KEPT(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(int argc, char **argv) {
    vm_child_run(argc, argv);
    const struct CMUnitTest tests[] = {
        KEPT(nothing_is_started_before_a_connection_is_wanted),
        KEPT(ready_waits_until_a_late_process_listens),
        KEPT(one_process_serves_until_it_ends),
        KEPT(program_that_is_no_program_is_told_at_once),
        KEPT(file_that_the_system_cannot_run_is_told_with_its_reason),
        KEPT(process_that_ends_at_once_says_why_in_log_and_error),
        KEPT(process_that_always_ends_is_started_less_and_less),
        KEPT(process_that_never_listens_is_ended_after_start_timeout),
        KEPT(calls_time_bounds_the_wait_and_the_start_goes_on),
        KEPT(who_asks_without_waiting_learns_what_became_of_the_start),
        KEPT(stopped_call_does_not_wait_for_the_start),
        KEPT(port_that_somebody_else_has_is_told_and_nothing_is_started),
        KEPT(child_inherits_nothing_of_the_process_around),
        KEPT(process_that_was_killed_is_started_again),
        KEPT(death_between_two_calls_is_noticed_and_told),
        KEPT(process_left_in_disorder_is_replaced),
        KEPT(processes_that_the_process_started_die_with_it),
        KEPT(child_dies_with_a_parent_that_is_killed),
        KEPT(process_that_ignores_the_polite_signal_is_killed_in_time),
        KEPT(stopped_process_hears_the_polite_signal),
        KEPT(release_ends_a_process_that_has_not_begun_to_listen),
        KEPT(host_that_ignores_its_children_or_takes_all_does_no_harm),
        KEPT(lines_come_into_the_log_split_and_with_no_odd_byte),
        KEPT(process_that_floods_the_log_neither_waits_nor_fills_it),
        KEPT(process_is_replaced_after_as_many_calls_as_the_option_says),
        KEPT(new_process_is_started_before_somebody_calls),
        KEPT(process_is_replaced_when_it_has_grown_over_the_limit),
        KEPT(every_descriptor_may_be_refused),
        KEPT(host_without_standard_streams_starts_its_vm_too),
        KEPT(keeper_without_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
