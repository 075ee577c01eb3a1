/* Whole runs - connect, two calls, close - in which one socket call fails, once or from then on,
 * with each errno that its manual page names: what the caller is told stands in a table here. */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/client.h"
#include "common/clock.h"
#include "support/rich_call.h"
#include "support/scarce_memory.h"

enum { RUN_CALLS = 2, SESSIONS = 6 /* that a run may need, with every retry */ };

/* -- what may fail, and what comes of it -- */

enum kind { SOCKET, CONNECT, SET_OPTION, SET_BLOCKING, POLL, SEND, RECEIVE, SHUTDOWN };

/* What a failure does: to a call that it hits once, and to calls that it hits again and again. */
enum effect { NO_EFFECT, IS_WAITED_FOR, BREAKS, CUTS, REFUSES, TIMES_OUT, SYSTEM, MEMORY, NO_WAIT };

static const struct rule {
    enum kind kind;
    int number;
    enum effect effect;
} rules[] = {
    {SOCKET, EACCES, REFUSES},
    {SOCKET, EAFNOSUPPORT, REFUSES},
    {SOCKET, EINVAL, REFUSES},
    {SOCKET, EPROTONOSUPPORT, REFUSES},
    {SOCKET, EMFILE, SYSTEM},
    {SOCKET, ENFILE, SYSTEM},
    {SOCKET, ENOBUFS, SYSTEM},
    {SOCKET, ENOMEM, MEMORY},
    {CONNECT, EACCES, REFUSES},
    {CONNECT, EPERM, REFUSES},
    {CONNECT, EADDRINUSE, REFUSES},
    {CONNECT, EADDRNOTAVAIL, REFUSES},
    {CONNECT, EAFNOSUPPORT, REFUSES},
    {CONNECT, EAGAIN, REFUSES},
    {CONNECT, EALREADY, REFUSES},
    {CONNECT, EBADF, REFUSES},
    {CONNECT, ECONNREFUSED, REFUSES},
    {CONNECT, EFAULT, REFUSES},
    {CONNECT, EISCONN, REFUSES},
    {CONNECT, ENETUNREACH, REFUSES},
    {CONNECT, EHOSTUNREACH, REFUSES},
    {CONNECT, ENOENT, REFUSES},
    {CONNECT, ENOTSOCK, REFUSES},
    {CONNECT, EPROTOTYPE, REFUSES},
    {CONNECT, ETIMEDOUT, TIMES_OUT},
    {CONNECT, EINPROGRESS, NO_EFFECT},
    {CONNECT, EINTR, NO_EFFECT},
    {SET_OPTION, EBADF, REFUSES},
    {SET_OPTION, EDOM, REFUSES},
    {SET_OPTION, EFAULT, REFUSES},
    {SET_OPTION, EINVAL, REFUSES},
    {SET_OPTION, ENOPROTOOPT, REFUSES},
    {SET_OPTION, ENOTSOCK, REFUSES},
    {SET_BLOCKING, EBADF, REFUSES},
    {SET_BLOCKING, EINVAL, REFUSES},
    {SET_BLOCKING, EPERM, REFUSES},
    {POLL, EINTR, IS_WAITED_FOR},
    {POLL, EFAULT, NO_WAIT},
    {POLL, EINVAL, NO_WAIT},
    {POLL, ENOMEM, NO_WAIT},
    {SEND, EAGAIN, IS_WAITED_FOR},
    {SEND, EINTR, IS_WAITED_FOR},
    {SEND, ECONNRESET, BREAKS},
    {SEND, EPIPE, BREAKS},
    {SEND, ETIMEDOUT, CUTS},
    {SEND, EHOSTUNREACH, CUTS},
    {SEND, ENETUNREACH, CUTS},
    {SEND, ENETDOWN, CUTS},
    {SEND, EACCES, SYSTEM},
    {SEND, EALREADY, SYSTEM},
    {SEND, EBADF, SYSTEM},
    {SEND, EDESTADDRREQ, SYSTEM},
    {SEND, EFAULT, SYSTEM},
    {SEND, EINVAL, SYSTEM},
    {SEND, EISCONN, SYSTEM},
    {SEND, EMSGSIZE, SYSTEM},
    {SEND, ENOBUFS, SYSTEM},
    {SEND, ENOMEM, SYSTEM},
    {SEND, ENOTCONN, SYSTEM},
    {SEND, ENOTSOCK, SYSTEM},
    {SEND, EOPNOTSUPP, SYSTEM},
    {RECEIVE, EAGAIN, IS_WAITED_FOR},
    {RECEIVE, EINTR, IS_WAITED_FOR},
    {RECEIVE, ECONNRESET, BREAKS},
    {RECEIVE, ETIMEDOUT, CUTS},
    {RECEIVE, EHOSTUNREACH, CUTS},
    {RECEIVE, ENETUNREACH, CUTS},
    {RECEIVE, ENETDOWN, CUTS},
    {RECEIVE, EBADF, SYSTEM},
    {RECEIVE, ECONNREFUSED, SYSTEM},
    {RECEIVE, EFAULT, SYSTEM},
    {RECEIVE, EINVAL, SYSTEM},
    {RECEIVE, ENOMEM, SYSTEM},
    {RECEIVE, ENOTCONN, SYSTEM},
    {RECEIVE, ENOTSOCK, SYSTEM},
    {SHUTDOWN, EBADF, NO_EFFECT},
    {SHUTDOWN, EINVAL, NO_EFFECT},
    {SHUTDOWN, ENOTCONN, NO_EFFECT},
    {SHUTDOWN, ENOTSOCK, NO_EFFECT},
};

enum { RULES = sizeof rules / sizeof rules[0] };

#define BIT(status) (UINT32_C(1) << (status))

/* The statuses that a call may have, besides EXTVM_OK; each of them must be seen. */
static const struct {
    uint32_t once, always;
} allowed[] = {
    [NO_EFFECT] = {0, 0},
    [IS_WAITED_FOR] = {0, BIT(EXTVM_DEADLINE_PASSED)},
    [BREAKS] = {0, BIT(EXTVM_VERSION_REJECTED) | BIT(EXTVM_VM_RESET)},
    [CUTS] = {0, BIT(EXTVM_CALL_ENDS_VM)},
    [REFUSES] = {0, BIT(EXTVM_UNREACHABLE)},
    [TIMES_OUT] = {0, BIT(EXTVM_CONNECT_TIMEOUT)},
    [SYSTEM] = {BIT(EXTVM_SYSTEM_ERROR), BIT(EXTVM_SYSTEM_ERROR)},
    [MEMORY] = {BIT(EXTVM_NO_MEMORY), BIT(EXTVM_NO_MEMORY)},
    /* while connecting, or while a call runs */
    [NO_WAIT] = {BIT(EXTVM_NO_MEMORY) | BIT(EXTVM_SYSTEM_ERROR),
                 BIT(EXTVM_NO_MEMORY) | BIT(EXTVM_SYSTEM_ERROR) | BIT(EXTVM_UNREACHABLE)},
};

enum { EFFECTS = sizeof allowed / sizeof allowed[0] };

/* -- the faults; one run at a time -- */

static struct {
    unsigned fail_at;          /* the socket call that fails, counted from 1 */
    unsigned variant;          /* with which of the errnos that it may have */
    const struct rule *always; /* NULL, or how it and all later ones of its kind fail */
    bool is_slow;   /* nothing is there at once: each receive and send must be waited for */
    unsigned calls; /* so far */
    const struct rule *rule; /* how it failed; NULL: it did not, or has no such variant */
    unsigned injected;       /* runs with a failure: one, or one and all that came after it */
} faults;

static const struct rule *find_rule(enum kind kind, unsigned variant) {
    for (size_t i = 0; i < RULES; i++) {
        if (rules[i].kind == kind && variant-- == 0) {
            return &rules[i];
        }
    }
    return NULL;
}

static bool fails(enum kind kind) {
    faults.calls++;
    if (faults.calls == faults.fail_at) {
        faults.rule = faults.always != NULL ? faults.always : find_rule(kind, faults.variant);
    }
    if (faults.rule == NULL || faults.rule->kind != kind ||
        (faults.calls != faults.fail_at && faults.always == NULL)) {
        return false;
    }
    faults.injected += faults.calls == faults.fail_at ? 1 : 0;
    if (faults.always != NULL && faults.always->effect == IS_WAITED_FOR) {
        sched_yield(); /* until the deadline */
    }
    errno = faults.rule->number;
    return true;
}

static int faulty_socket(int domain, int type, int protocol) {
    return fails(SOCKET) ? -1 : socket(domain, type, protocol);
}

/* A connect that is interrupted goes on by itself. */
static int faulty_connect(int socket, const struct sockaddr *address, socklen_t size) {
    if (!fails(CONNECT)) {
        return connect(socket, address, size);
    }
    int number = errno;
    if (faults.rule->effect == NO_EFFECT) {
        (void)connect(socket, address, size);
    }
    errno = number;
    return -1;
}

static int faulty_set_option(int socket, int level, int option, const void *value, socklen_t size) {
    return fails(SET_OPTION) ? -1 : setsockopt(socket, level, option, value, size);
}

static int faulty_set_blocking(int socket) {
    return fails(SET_BLOCKING) ? -1 : system_socket_calls.set_blocking(socket);
}

static int faulty_poll(struct pollfd *wanted, nfds_t count, const struct timespec *timeout,
                       const sigset_t *signals) {
    return fails(POLL) ? -1 : ppoll(wanted, count, timeout, signals);
}

static bool is_late(int flags) {
    errno = EAGAIN;
    return faults.is_slow && (flags & MSG_DONTWAIT) == 0;
}

static ssize_t faulty_send(int socket, const void *data, size_t size, int flags) {
    return fails(SEND) || is_late(flags) ? -1 : send(socket, data, size, flags);
}

static ssize_t faulty_receive(int socket, void *data, size_t size, int flags) {
    return fails(RECEIVE) || is_late(flags) ? -1 : recv(socket, data, size, flags);
}

static int faulty_shutdown(int socket, int how) {
    return fails(SHUTDOWN) ? -1 : shutdown(socket, how);
}

static const struct socket_calls faulty_calls = {
    faulty_socket, faulty_connect, faulty_set_option, faulty_set_blocking,
    faulty_poll,   faulty_send,    faulty_receive,    faulty_shutdown,
};

/* -- one run -- */

static unsigned open_descriptors(void) {
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

/* A failure that looks as if the VM said nothing more can only end with the deadline: a short one.
 */
static const char *const patient[][2] = {{"wait-timeout", "10s"},  {"call-timeout", "20s"},
                                         {"drain-timeout", "2s"},  {"call-retries", "1"},
                                         {"connect-retries", "1"}, {"retry-delay", "1ms"}},
                         *const hasty[][2] = {{"wait-timeout", "5ms"},
                                              {"call-timeout", "10ms"},
                                              {"drain-timeout", "2ms"}};

static extvm_options *make_options(const extvm_allocator *allocator, bool is_hasty) {
    extvm_options *options = extvm_options_new(allocator);
    for (size_t i = 0; i < sizeof patient / sizeof patient[0]; i++) {
        assert_int_equal(extvm_options_set(options, patient[i][0], patient[i][1], NULL), EXTVM_OK);
    }
    for (size_t i = 0; is_hasty && i < sizeof hasty / sizeof hasty[0]; i++) {
        assert_int_equal(extvm_options_set(options, hasty[i][0], hasty[i][1], NULL), EXTVM_OK);
    }
    return options;
}

struct walk {
    struct rich rich;
    char *script;
    const char *unix_path; /* NULL: TCP */
    struct {
        uint32_t once, always;
    } seen[EFFECTS];
};

/* A call's end, held against the table. */
static bool judge(struct walk *walk, extvm_status status, const extvm_result *result) {
    const struct rule *rule = faults.always != NULL ? faults.always : faults.rule;
    enum effect effect = rule != NULL ? rule->effect : NO_EFFECT;
    uint32_t may = faults.always != NULL ? allowed[effect].always : allowed[effect].once;
    if (status == EXTVM_OK) {
        assert_null(rich_difference(walk->rich.dialect, result));
        return true;
    }
    if ((BIT(status) & may) == 0) {
        fail_msg("socket call %u (kind %d) failed with %s%s: the call ended with %s",
                 faults.fail_at, rule != NULL ? (int)rule->kind : -1,
                 rule != NULL ? strerrorname_np(rule->number) : "nothing",
                 faults.always != NULL ? ", always" : "", extvm_status_name(status));
    }
    assert_null(result);
    *(faults.always != NULL ? &walk->seen[effect].always : &walk->seen[effect].once) |= BIT(status);
    return false;
}

static void make_calls(struct walk *walk, extvm_vm *vm, uint64_t limit) {
    bool failed = false;
    for (unsigned i = 0; i < RUN_CALLS; i++) {
        extvm_result *result = NULL;
        extvm_error error = {EXTVM_OK, ""};
        uint64_t start = clock_now();
        extvm_status status =
            extvm_run(vm, &walk->rich.one.call, &walk->rich.world, &result, &error);
        assert_true(clock_now() - start < limit);
        assert_int_equal(status, error.status);
        bool good = judge(walk, status, result);
        assert_true(good || faults.always != NULL || !failed); /* one failure fails one call */
        failed = failed || !good;
        extvm_result_free(result);
    }
}

static void run(struct walk *walk) {
    struct scarce_memory memory = {0};
    extvm_allocator allocator = scarce_memory_allocator(&memory);
    struct endpoint endpoint;
    extvm_vm *vm = NULL;
    unsigned descriptors = open_descriptors();
    struct scripted_vm *scripted =
        scripted_vm_start(walk->rich.dialect->protocol, walk->script, walk->unix_path);
    const char *where = scripted_vm_address(scripted);
    assert_int_equal(walk->unix_path != NULL ? endpoint_parse_unix(&endpoint, where, where, NULL)
                                             : endpoint_parse_tcp(&endpoint, where, where, NULL),
                     EXTVM_OK);
    bool is_hasty = faults.always != NULL && faults.always->effect == IS_WAITED_FOR;
    extvm_options *options = make_options(&allocator, is_hasty);
    assert_int_equal(client_new(walk->rich.dialect->protocol, &endpoint, 1, NULL, options,
                                &faulty_calls, &vm, NULL),
                     EXTVM_OK);
    extvm_options_free(options);
    make_calls(walk, vm, (is_hasty ? 2 : 25) * NANOSECONDS_IN_SECOND);
    extvm_close(vm);
    assert_int_equal(memory.live, 0);
    scripted_vm_stop(scripted);
    assert_int_equal(open_descriptors(), descriptors);
}

/* -- the walk -- */

/* One run with this failure at this place; false: the run has no such place. */
static bool run_with(struct walk *walk, unsigned place, unsigned variant,
                     const struct rule *always) {
    faults.fail_at = place;
    faults.variant = variant;
    faults.always = always;
    faults.calls = 0;
    faults.rule = NULL;
    run(walk);
    return faults.calls >= place;
}

/* Each errno of the socket call at this place, once and always; false: there is no such place. */
static bool fail_at(struct walk *walk, unsigned place) {
    for (unsigned variant = 0;; variant++) {
        bool is_place = run_with(walk, place, variant, NULL);
        const struct rule *rule = faults.rule;
        if (!is_place || rule == NULL) {
            return is_place;
        }
        run_with(walk, place, variant, rule);
    }
}

static void walk_through(struct walk *walk, const struct dialect *dialect, const char *unix_path,
                         bool is_slow) {
    unsigned place = 1;
    rich_init(&walk->rich, dialect);
    walk->script = rich_sessions(dialect, SESSIONS, RUN_CALLS);
    walk->unix_path = unix_path;
    faults.is_slow = is_slow;
    (void)run_with(walk, 0, 0, NULL);
    const unsigned count = faults.calls; /* of a run without failures; a few more or less later */
    assert_true(count > 30);
    while (fail_at(walk, place) || place < count) {
        assert_true(++place < 500);
    }
    free(walk->script);
    rich_free(&walk->rich);
}

static void every_socket_call_of_a_run_may_fail_in_every_way(void **unused) {
    (void)unused;
    struct walk walk;
    char folder[] = "/tmp/extvm-socket-errors-XXXXXX", path[64];
    memset(&faults, 0, sizeof faults);
    memset(&walk, 0, sizeof walk);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    walk_through(&walk, &rich_kevm, NULL, true);
    walk_through(&walk, &rich_kevm, path, false);
    walk_through(&walk, &rich_iele, NULL, false);
    walk_through(&walk, &rich_iele, path, true);
    unlink(path);
    rmdir(folder);
    for (size_t i = 0; i < EFFECTS; i++) {
        assert_int_equal(walk.seen[i].once, allowed[i].once);
        assert_int_equal(walk.seen[i].always, allowed[i].always);
    }
    print_message("# %u socket errors injected\n", faults.injected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_socket_call_of_a_run_may_fail_in_every_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
