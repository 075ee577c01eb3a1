/* What one call of a side costs. Its system calls are seen by the parent of a process that makes
 * it, which the system stops at each; its allocations by an allocator that counts. */
#include "bench_count.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

/* The side's options, with another allocator, and without a log or a trace: what is counted is not
 * what was asked for. */
static extvm_status copy_options(const extvm_options *from, const extvm_allocator *allocator,
                                 extvm_options **out, extvm_error *error) {
    extvm_status status = EXTVM_OK;
    const char *name;
    *out = extvm_options_new(allocator);
    if (*out == NULL) {
        return complain_no_memory(error);
    }
    for (size_t i = 0; status == EXTVM_OK && (name = extvm_options_name(i)) != NULL; i++) {
        char text[EXTVM_OPTION_TEXT_SIZE];
        status = extvm_options_get(from, name, text, error);
        if (status == EXTVM_OK) {
            status = extvm_options_set(*out, name, text, error);
        }
    }
    return status;
}

/* -- system calls -- */

/* A session of the side: of the library, or of the ping-pong. */
struct counted_session {
    const struct bench_measure *measure;
    extvm_options *options;
    extvm_vm *vm;
    int socket;
};

static bool session_open(struct counted_session *session, const struct bench_side *side) {
    const struct bench_measure *measure = session->measure;
    extvm_error ignored;
    if (side->address != NULL) {
        return copy_options(side->options, NULL, &session->options, &ignored) == EXTVM_OK &&
               extvm_open(side->address, session->options, &session->vm, &ignored) == EXTVM_OK;
    }
    session->socket = pingpong_node_open(measure->pingpong, measure->dialogue);
    return session->socket >= 0;
}

static bool session_call(const struct counted_session *session) {
    struct latency ignored = {.count = 0};
    struct bench_spent spent = {0};
    extvm_error error;
    return session->vm != NULL
               ? bench_load_run(session->measure->load, session->vm, &ignored, &spent, &error) ==
                     EXTVM_OK
               : pingpong_node_call(session->socket, session->measure->dialogue, &ignored);
}

/* The child: one call that is not counted, and one between two marks, which are system calls that
 * nothing else makes. */
_Noreturn static void be_counted(const struct bench_measure *measure,
                                 const struct bench_side *side) {
    struct counted_session session = {.measure = measure, .socket = -1};
    bool made = ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 && raise(SIGSTOP) == 0 &&
                session_open(&session, side) && session_call(&session);
    (void)getppid();
    made = made && session_call(&session);
    (void)getppid();
    extvm_close(session.vm);
    extvm_options_free(session.options);
    pingpong_node_close(session.socket);
    _exit(made ? 0 : 1);
}

static void count_one(struct bench_counts *counts, uint64_t number) {
    counts->system_calls++;
    counts->sends += number == SYS_sendto || number == SYS_sendmsg;
    counts->receives += number == SYS_recvfrom || number == SYS_recvmsg;
}

/* Lets the child go on until its next system call begins or ends; false: it never will. */
static bool go_on(pid_t child, int *status) {
    enum { SYSTEM_CALL_STOP = SIGTRAP | 0x80 };
    return ptrace(PTRACE_SYSCALL, child, NULL, NULL) == 0 && waitpid(child, status, 0) == child &&
           WIFSTOPPED(*status) && WSTOPSIG(*status) == SYSTEM_CALL_STOP;
}

/* Goes with the child to its end, or to where it is stopped by anything but a system call. Returns
 * whether it made its two calls, with all that it did between the marks. */
static bool watch(pid_t child, int *status, struct bench_counts *counts) {
    unsigned marks = 0;
    if (waitpid(child, status, 0) != child || !WIFSTOPPED(*status) ||
        ptrace(PTRACE_SETOPTIONS, child, NULL,
               (void *)(uintptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) != 0) {
        return false;
    }
    while (go_on(child, status)) {
        struct __ptrace_syscall_info info;
        if (ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof info, &info) <= 0 ||
            info.op != PTRACE_SYSCALL_INFO_ENTRY) {
            continue;
        }
        if (info.entry.nr == SYS_getppid) {
            marks++;
        } else if (marks == 1) {
            count_one(counts, info.entry.nr);
        }
    }
    return marks == 2 && WIFEXITED(*status) && WEXITSTATUS(*status) == 0;
}

static void count_system_calls(const struct bench_measure *measure, const struct bench_side *side,
                               struct bench_counts *counts) {
    struct bench_counts seen = {.has_system_calls = true};
    int status = W_STOPCODE(SIGSTOP);
    pid_t child = fork();
    if (child == 0) {
        be_counted(measure, side);
    }
    if (child < 0) {
        return;
    }
    if (watch(child, &status, &seen)) {
        seen.has_allocations = counts->has_allocations;
        seen.allocations = counts->allocations;
        *counts = seen;
    } else if (!WIFEXITED(status) && !WIFSIGNALED(status)) { /* it is there still */
        kill(child, SIGKILL);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
        }
    }
}

/* -- allocations -- */

static void *count_allocate(void *context, size_t size) {
    ++*(uint64_t *)context;
    return malloc(size);
}

static void *count_resize(void *context, void *memory, size_t before, size_t size) {
    (void)before;
    ++*(uint64_t *)context;
    return realloc(memory, size);
}

static void count_release(void *context, void *memory) {
    (void)context;
    free(memory);
}

static extvm_status count_allocations(const struct bench_measure *measure,
                                      const struct bench_side *side, struct bench_counts *counts,
                                      extvm_error *error) {
    uint64_t allocations = 0;
    const extvm_allocator allocator = {&allocations, count_allocate, count_resize, count_release};
    struct latency ignored = {.count = 0};
    struct bench_spent spent = {0};
    extvm_options *options = NULL;
    extvm_vm *vm = NULL;
    extvm_status status = copy_options(side->options, &allocator, &options, error);
    if (status == EXTVM_OK) {
        status = extvm_open(side->address, options, &vm, error);
    }
    for (int call = 0; call < 2 && status == EXTVM_OK; call++) {
        uint64_t before = allocations;
        status = bench_load_run(measure->load, vm, &ignored, &spent, error);
        counts->allocations = allocations - before;
    }
    counts->has_allocations = status == EXTVM_OK;
    extvm_close(vm);
    extvm_options_free(options);
    return status;
}

extvm_status bench_count(const struct bench_measure *measure, struct bench_side *side,
                         extvm_error *error) {
    extvm_status status = EXTVM_OK;
    if (side->address != NULL) {
        status = count_allocations(measure, side, &side->counts, error);
    }
    if (status == EXTVM_OK) {
        count_system_calls(measure, side, &side->counts);
    }
    return status;
}
