/* Starting a program without harm to the process around: see fork(2), prctl(2), pidfd_open(2).
 *
 * vfork, because a node has gigabytes: fork would copy its page tables, slow all its threads down
 * with faults, and fail where memory is not overcommitted; it would also run the atfork handlers of
 * whoever has some. The child shares the memory until it runs the program, while only the thread
 * that started it waits; so it calls nothing but system calls, and all signals are blocked before.
 * posix_spawn would do the same but knows no PR_SET_PDEATHSIG. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"

enum { FIRST_OTHER = STDERR_FILENO + 1, NOT_RUN = 127 /* the exit status, as a shell's */ };

/* What the child needs, all made before. */
struct launch {
    const struct program *program;
    pid_t parent;
    int input, outputs[CHILD_OUTPUTS]; /* its ends; none is one of the first three */
    int failure;                       /* where it writes its errno; closed by running */
    struct sigaction by_default;
    sigset_t none;
};

enum { END_FAILURE = CHILD_OUTPUTS, PIPES };

struct pipes {
    int ends[PIPES][2]; /* to read, to write */
};

/* -- in the child -- */

static void close_others(void) {
    /* The mark instead of the close leaves `failure` open until the program runs. */
    if (close_range(FIRST_OTHER, UINT_MAX, CLOSE_RANGE_CLOEXEC) != 0) {
        for (int descriptor = FIRST_OTHER; descriptor < 1024; descriptor++) {
            (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        }
    }
}

__attribute__((noreturn)) static void run(const struct launch *launch) {
    (void)setpgid(0, 0);
    /* A parent that died before the mark was set is not noticed by it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != launch->parent) {
        _exit(NOT_RUN);
    }
    for (int number = 1; number < NSIG; number++) {
        (void)sigaction(number, &launch->by_default, NULL); /* not all can be set */
    }
    if (dup2(launch->input, STDIN_FILENO) >= 0 && dup2(launch->outputs[0], STDOUT_FILENO) >= 0 &&
        dup2(launch->outputs[1], STDERR_FILENO) >= 0) {
        close_others();
        (void)sigprocmask(SIG_SETMASK, &launch->none, NULL);
        (void)execve(launch->program->path, launch->program->words, launch->program->environment);
    }
    int number = errno;
    ssize_t written = write(launch->failure, &number, sizeof number);
    (void)written; /* a pipe with nothing in it */
    _exit(NOT_RUN);
}

/* -- in the parent -- */

static pid_t launch_child(const struct launch *launch) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pid_t pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
    if (pid == 0) {
        run(launch); /* NOLINT(clang-analyzer-unix.Vfork) */
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

static void close_end(int *end) {
    if (*end >= 0) {
        close(*end);
    }
    *end = -1;
}

static void pipes_close(struct pipes *pipes) {
    for (unsigned i = 0; i < PIPES; i++) {
        close_end(&pipes->ends[i][0]);
        close_end(&pipes->ends[i][1]);
    }
}

/* Moves a descriptor out of the first three, where the child's own will be; false: it is lost. */
static bool lift(int *descriptor) {
    if (*descriptor >= FIRST_OTHER) {
        return true;
    }
    int lifted = fcntl(*descriptor, F_DUPFD_CLOEXEC, FIRST_OTHER);
    int number = errno;
    close(*descriptor);
    *descriptor = lifted;
    errno = number;
    return lifted >= 0;
}

static bool pipes_open(struct pipes *pipes) {
    memset(pipes, -1, sizeof *pipes);
    for (unsigned i = 0; i < PIPES; i++) {
        int *ends = pipes->ends[i];
        if (pipe2(ends, O_CLOEXEC) != 0) {
            return false;
        }
        if (!lift(&ends[0]) || !lift(&ends[1]) ||
            (i != END_FAILURE && fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)) {
            return false;
        }
    }
    return true;
}

/* The errno of a program that could not be run; 0 when it runs. */
static int wait_until_run(int failure) {
    int number = 0;
    ssize_t size;
    do {
        size = read(failure, &number, sizeof number);
    } while (size < 0 && errno == EINTR);
    return size == (ssize_t)sizeof number ? number : 0;
}

static void reap_now(pid_t pid) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

static extvm_status refuse(extvm_error *error, const char *what, int number) {
    return error_set(error, EXTVM_SYSTEM_ERROR, "cannot start a VM process: %s: %s", what,
                     strerror(number));
}

/* Starts it with the pipes, which stay the caller's. */
static extvm_status start_with(struct child *child, const struct program *program,
                               struct pipes *pipes, int input, extvm_error *error) {
    struct launch launch = {
        .program = program,
        .parent = getpid(),
        .input = input,
        .outputs = {pipes->ends[0][1], pipes->ends[1][1]},
        .failure = pipes->ends[END_FAILURE][1],
        .by_default = {.sa_handler = SIG_DFL},
    };
    sigemptyset(&launch.none);
    pid_t pid = launch_child(&launch);
    if (pid < 0) {
        return refuse(error, "vfork", errno);
    }
    close_end(&pipes->ends[END_FAILURE][1]);
    int number = wait_until_run(pipes->ends[END_FAILURE][0]);
    if (number != 0) {
        reap_now(pid);
        return error_set(error, EXTVM_UNREACHABLE, "cannot run the VM's program %.300s: %s",
                         program->path, strerror(number));
    }
    child->process = (int)syscall(SYS_pidfd_open, pid, 0);
    child->pid = pid;
    for (unsigned i = 0; i < CHILD_OUTPUTS; i++) {
        child->outputs[i] = pipes->ends[i][0];
        pipes->ends[i][0] = -1;
    }
    return EXTVM_OK;
}

extvm_status child_start(struct child *child, const struct program *program, extvm_error *error) {
    struct pipes pipes;
    extvm_status status;
    *child = (struct child){.process = -1, .outputs = {-1, -1}};
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input < 0 || !lift(&input)) {
        return refuse(error, "/dev/null", errno);
    }
    if (pipes_open(&pipes)) {
        status = start_with(child, program, &pipes, input, error);
    } else {
        status = refuse(error, "pipe", errno);
    }
    pipes_close(&pipes);
    close(input);
    return status;
}

/* -- later -- */

void child_signal(const struct child *child, int number) {
    if (kill(-child->pid, number) != 0) { /* it has left its group */
        (void)kill(child->pid, number);
    }
}

static void describe_end(const siginfo_t *info, struct child_end *end) {
    if (info->si_code == CLD_EXITED) {
        snprintf(end->how, sizeof end->how, "exited with status %d", info->si_status);
        return;
    }
    const char *name = sigdescr_np(info->si_status);
    end->signal = info->si_status;
    snprintf(end->how, sizeof end->how, "was killed by signal %d (%s)%s", info->si_status,
             name != NULL ? name : "unknown", info->si_code == CLD_DUMPED ? ", core dumped" : "");
}

/* With a pidfd it is never another process that got the same number. */
static int wait_for(const struct child *child, siginfo_t *info, int flags) {
    return child->process >= 0 ? waitid(P_PIDFD, (id_t)child->process, info, WEXITED | flags)
                               : waitid(P_PID, (id_t)child->pid, info, WEXITED | flags);
}

bool child_has_ended(struct child *child, struct child_end *end) {
    siginfo_t info = {.si_pid = 0};
    int waited = wait_for(child, &info, WNOHANG | WNOWAIT);
    if (waited == 0 && info.si_pid == 0) {
        return false;
    }
    *end = (struct child_end){.how = "ended (how is not known: somebody else waited for it)"};
    if (waited == 0) {
        /* While it is not reaped, its number is no other group's. */
        kill(-child->pid, SIGKILL);
        (void)wait_for(child, &info, WNOHANG);
        describe_end(&info, end);
    }
    child->pid = 0;
    return true;
}

void child_close(struct child *child) {
    close_end(&child->process);
    for (unsigned i = 0; i < CHILD_OUTPUTS; i++) {
        close_end(&child->outputs[i]);
    }
    child->pid = 0;
}
