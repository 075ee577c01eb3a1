/* Looking after one VM process. A thread of its own starts the process, reads what it writes, waits
 * for its end and ends it: the process would die with the thread that started it, and whoever calls
 * may be gone any time. Callers only leave their wishes; the thread sees to them one step at a
 * time, and never waits but in its one poll.
 *
 * That a process is ready means that it listens: the proof that it is a VM is the Hello on the
 * client's own connection. Nothing here uses SIGCHLD, and nobody else's processes are waited for:
 * the library is a guest in its process. */
#include "supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/memory.h"
#include "listening.h"
#include "output.h"
#include "resident.h"

#define MS ((uint64_t)NANOSECONDS_IN_MILLISECOND)

static const uint64_t look_first = 1 * MS;      /* pause between two looks whether it listens, */
static const uint64_t look_most = 20 * MS;      /* which doubles up to this */
static const uint64_t backoff_first = 100 * MS; /* before the third start without a call between, */
static const uint64_t backoff_most = 5000 * MS; /* which doubles up to this */
static const uint64_t left_over = 1000 * MS;  /* for what an ended process left to stop listening */
static const uint64_t kill_limit = 5000 * MS; /* for a killed process to end */
static const uint64_t end_look = 10 * MS;  /* between two looks for its end, where no pidfd tells */
static const uint64_t stop_look = 10 * MS; /* how often a caller looks whether it shall stop */
static const uint64_t measure_pause = 1000 * MS; /* between two measures of memory */
static const uint64_t never = UINT64_MAX;

enum { READS_AT_END = 64 /* of what an ended process has written, for each output */ };

enum state { STATE_NONE, STATE_STARTING, STATE_LISTENING, STATE_STOPPING };

/* What callers want of the thread. */
enum { WANT_STOP = 1, WANT_START = 2, WANT_END = 4 };

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): grouped by who may use what */
struct supervisor {
    struct keeper keeper;
    extvm_allocator allocator;
    struct endpoint endpoint;
    struct settings settings;
    struct logger logger;
    struct program program;
    struct place place;
    int wake; /* an eventfd */
    pthread_mutex_t lock;
    pthread_cond_t answers;

    /* under the lock */
    unsigned wants;
    uint64_t asked, answered; /* numbers of `ready`s; 0: none */
    extvm_status answer;
    extvm_error answer_error;
    pid_t pid;           /* 0: no process */
    uint64_t calls;      /* of this process */
    bool call_has_ended; /* since the last start */

    /* for whoever has the turn */
    pthread_t thread;
    bool has_thread, recycle;
    bool is_owed; /* the answer to the last `ready`, that did not wait for it */
    uint64_t measured;

    /* the thread's own */
    enum state state;
    struct child child;
    struct output outputs[CHILD_OUTPUTS];
    struct output_log log;
    uint64_t serving;     /* the `ready` that waits; 0: none */
    uint64_t started_for; /* the `ready` that this process was started for; 0: none */
    bool start_again;     /* without being asked */
    bool ending, killed;
    uint64_t limit;      /* of the state */
    uint64_t pause;      /* between two looks */
    uint64_t ended_at;   /* when the last process ended */
    uint64_t not_before; /* the next start */
    unsigned failures;   /* processes that ended unasked without one call */
};

__attribute__((format(printf, 5, 6))) static void say(const struct supervisor *supervisor,
                                                      extvm_log_level level, const char *name,
                                                      extvm_status status, const char *format,
                                                      ...) {
    char text[EXTVM_ERROR_TEXT_SIZE];
    const char *peer = supervisor->endpoint.text;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log_event(&supervisor->logger,
              &(extvm_log_event){.level = level, .name = name, .peer = peer, .status = status},
              "%s: %s", peer, text);
}

/* -- callers and the thread -- */

static void wake_thread(struct supervisor *supervisor) {
    const uint64_t one = 1;
    ssize_t written = write(supervisor->wake, &one, sizeof one);
    (void)written; /* a full eventfd is readable too */
}

static void want(struct supervisor *supervisor, unsigned wants) {
    pthread_mutex_lock(&supervisor->lock);
    supervisor->wants |= wants;
    pthread_mutex_unlock(&supervisor->lock);
    wake_thread(supervisor);
}

/* Tells the `ready` that waits, if one does. */
static void answer(struct supervisor *supervisor, extvm_status status, const extvm_error *error) {
    if (supervisor->serving == 0) {
        return;
    }
    pthread_mutex_lock(&supervisor->lock);
    supervisor->answered = supervisor->serving;
    supervisor->answer = status;
    if (status != EXTVM_OK) {
        supervisor->answer_error = *error;
    }
    pthread_cond_broadcast(&supervisor->answers);
    pthread_mutex_unlock(&supervisor->lock);
    supervisor->serving = 0;
}

/* -- the thread: starting -- */

static void set_process(struct supervisor *supervisor, pid_t pid) {
    pthread_mutex_lock(&supervisor->lock);
    supervisor->pid = pid;
    supervisor->calls = 0;
    supervisor->call_has_ended = false;
    pthread_mutex_unlock(&supervisor->lock);
}

/* A start that did not work, or a process that ended unasked: the next but one waits. */
static void count_failure(struct supervisor *supervisor, uint64_t now) {
    unsigned doubled = supervisor->failures < 16 ? supervisor->failures : 16;
    uint64_t pause = doubled == 0 ? 0 : backoff_first << (doubled - 1);
    supervisor->not_before = now + (pause < backoff_most ? pause : backoff_most);
    supervisor->failures++;
}

static void refuse_start(struct supervisor *supervisor, uint64_t now, const extvm_error *error) {
    supervisor->start_again = false;
    count_failure(supervisor, now);
    say(supervisor, EXTVM_LOG_WARNING, "vm-not-started", error->status, "%s", error->text);
    answer(supervisor, error->status, error);
}

/* What a process that was killed leaves in the file system, where nobody listens any more. */
static void remove_left_socket(const struct place *place) {
    struct stat found;
    if (place->path != NULL && lstat(place->path, &found) == 0 && S_ISSOCK(found.st_mode)) {
        (void)unlink(place->path);
    }
}

/* Whether the place is free; false: it was refused, or is to be looked at again. */
static bool place_is_free(struct supervisor *supervisor, uint64_t now) {
    extvm_error error;
    switch (place_listening(&supervisor->place)) {
    case LISTENING_NOBODY:
        remove_left_socket(&supervisor->place);
        return true;
    case LISTENING_SOMEBODY:
        if (supervisor->ended_at != 0 && now < supervisor->ended_at + left_over) {
            supervisor->not_before = now + look_most;
            return false;
        }
        error_set(&error, EXTVM_UNREACHABLE,
                  "cannot start a VM process: something else listens there already: end it, or "
                  "choose another port or path");
        break;
    case LISTENING_UNKNOWN:
        error_set(&error, EXTVM_SYSTEM_ERROR,
                  "cannot start a VM process: /proc/net, which tells when it listens, cannot be "
                  "read");
        break;
    }
    refuse_start(supervisor, now, &error);
    return false;
}

static void start_process(struct supervisor *supervisor, uint64_t now) {
    extvm_error error;
    if (!place_is_free(supervisor, now)) {
        return;
    }
    if (child_start(&supervisor->child, &supervisor->program, &error) != EXTVM_OK) {
        refuse_start(supervisor, now, &error);
        return;
    }
    supervisor->state = STATE_STARTING;
    supervisor->limit = now + supervisor->settings.start_timeout;
    supervisor->pause = look_first;
    supervisor->started_for = supervisor->serving;
    supervisor->start_again = supervisor->killed = false;
    supervisor->log =
        (struct output_log){&supervisor->logger, supervisor->endpoint.text, 0, 0, 0, ""};
    for (unsigned i = 0; i < CHILD_OUTPUTS; i++) {
        supervisor->outputs[i].size = 0;
    }
    set_process(supervisor, supervisor->child.pid);
    say(supervisor, EXTVM_LOG_INFO, "vm-started", EXTVM_OK, "VM process %d started: %s",
        (int)supervisor->child.pid, supervisor->program.path);
}

/* -- the thread: ending -- */

static void stop_process(struct supervisor *supervisor, uint64_t now) {
    supervisor->state = STATE_STOPPING;
    supervisor->limit = now + supervisor->settings.stop_timeout;
    child_signal(&supervisor->child, SIGTERM);
    child_signal(&supervisor->child, SIGCONT); /* one that was stopped would not hear of it */
}

static void kill_process(struct supervisor *supervisor, uint64_t now) {
    say(supervisor, EXTVM_LOG_WARNING, "vm-killed", EXTVM_OK,
        "VM process %d did not end within %.3f s (option stop-timeout): it is killed",
        (int)supervisor->child.pid,
        (double)supervisor->settings.stop_timeout / (double)NANOSECONDS_IN_SECOND);
    supervisor->killed = true;
    supervisor->limit = now + kill_limit;
    child_signal(&supervisor->child, SIGKILL);
}

static void forget_process(struct supervisor *supervisor, uint64_t now) {
    child_close(&supervisor->child);
    set_process(supervisor, 0);
    supervisor->state = STATE_NONE;
    supervisor->ended_at = now;
}

static void read_rest(struct supervisor *supervisor, uint64_t now) {
    for (unsigned i = 0; i < CHILD_OUTPUTS; i++) {
        unsigned reads = 0;
        while (supervisor->child.outputs[i] >= 0 && reads++ < READS_AT_END &&
               output_read(&supervisor->outputs[i], supervisor->child.outputs[i], &supervisor->log,
                           now) == OUTPUT_MORE) {
        }
        output_finish(&supervisor->outputs[i], &supervisor->log, now);
    }
}

/* A process ended that nobody wanted to end. */
static void report_end(struct supervisor *supervisor, const char *how, pid_t pid, uint64_t now) {
    extvm_error error;
    const char *last = supervisor->log.last;
    bool has_said = last[0] != '\0';
    pthread_mutex_lock(&supervisor->lock);
    supervisor->failures = supervisor->call_has_ended ? 0 : supervisor->failures;
    pthread_mutex_unlock(&supervisor->lock);
    count_failure(supervisor, now);
    error_set(&error, EXTVM_UNREACHABLE, "VM process %d %s%s%s%s%s", (int)pid, how,
              supervisor->state == STATE_STARTING ? " before it listened" : "",
              has_said ? "; its last line was \"" : "", last, has_said ? "\"" : "");
    say(supervisor, EXTVM_LOG_WARNING, "vm-ended", error.status, "%s", error.text);
    if (supervisor->serving != 0 && supervisor->started_for == supervisor->serving) {
        answer(supervisor, error.status, &error);
    }
}

/* A process that broke off a connection is stopped, but may have been about to end by itself. */
static bool was_stopped(const struct supervisor *supervisor, const struct child_end *end) {
    return supervisor->state == STATE_STOPPING &&
           (end->signal == 0 || end->signal == SIGTERM || supervisor->killed);
}

static void look_for_end(struct supervisor *supervisor, uint64_t now) {
    struct child_end end;
    pid_t pid = supervisor->child.pid;
    if (!child_has_ended(&supervisor->child, &end)) {
        return;
    }
    read_rest(supervisor, now);
    if (was_stopped(supervisor, &end)) {
        say(supervisor, EXTVM_LOG_INFO, "vm-ended", EXTVM_OK, "VM process %d %s", (int)pid,
            end.how);
    } else {
        report_end(supervisor, end.how, pid, now);
    }
    forget_process(supervisor, now);
}

/* A process that even SIGKILL does not end waits for the kernel, and so would we. */
static void give_up_process(struct supervisor *supervisor, uint64_t now) {
    say(supervisor, EXTVM_LOG_ERROR, "vm-ended", EXTVM_SYSTEM_ERROR,
        "VM process %d did not end when it was killed: it is left alone",
        (int)supervisor->child.pid);
    read_rest(supervisor, now);
    forget_process(supervisor, now);
}

/* -- the thread: one step in each state; each returns when the next is due -- */

static uint64_t step_none(struct supervisor *supervisor, uint64_t now) {
    if (supervisor->serving == 0 && !supervisor->start_again) {
        return never;
    }
    if (now >= supervisor->not_before) {
        start_process(supervisor, now);
        return now;
    }
    return supervisor->not_before;
}

static uint64_t step_starting(struct supervisor *supervisor, uint64_t now) {
    if (place_listening(&supervisor->place) == LISTENING_SOMEBODY) {
        supervisor->state = STATE_LISTENING;
        supervisor->limit = never;
        answer(supervisor, EXTVM_OK, NULL);
        return never;
    }
    if (now >= supervisor->limit) {
        extvm_error error;
        const char *last = supervisor->log.last;
        bool has_said = last[0] != '\0';
        error_set(&error, EXTVM_UNREACHABLE,
                  "VM process %d did not listen within %.3f s (option start-timeout): it is "
                  "ended%s%s%s",
                  (int)supervisor->child.pid,
                  (double)supervisor->settings.start_timeout / (double)NANOSECONDS_IN_SECOND,
                  has_said ? "; its last line was \"" : "", last, has_said ? "\"" : "");
        refuse_start(supervisor, now, &error);
        stop_process(supervisor, now);
        return supervisor->limit;
    }
    /* With many sockets a look takes its time: no more than a fifth of all. */
    uint64_t cost = 4 * (clock_now() - now), pause = supervisor->pause;
    supervisor->pause = pause * 2 < look_most ? pause * 2 : look_most;
    uint64_t next = now + (cost > pause ? cost : pause);
    return next < supervisor->limit ? next : supervisor->limit;
}

/* The connection broke, or is the first of another client: the process may be about to end, with
 * its sockets closed already. */
static uint64_t step_listening(struct supervisor *supervisor, uint64_t now) {
    if (supervisor->serving == 0) {
        return never;
    }
    supervisor->state = STATE_STARTING;
    supervisor->limit = now + supervisor->settings.start_timeout;
    supervisor->pause = look_first;
    return now;
}

static uint64_t step_stopping(struct supervisor *supervisor, uint64_t now) {
    if (now < supervisor->limit) {
        return supervisor->limit;
    }
    if (supervisor->killed) {
        give_up_process(supervisor, now);
        return now;
    }
    kill_process(supervisor, now);
    return supervisor->limit;
}

static uint64_t step(struct supervisor *supervisor, uint64_t now) {
    static uint64_t (*const steps[])(struct supervisor * supervisor, uint64_t now) = {
        [STATE_NONE] = step_none,
        [STATE_STARTING] = step_starting,
        [STATE_LISTENING] = step_listening,
        [STATE_STOPPING] = step_stopping,
    };
    return steps[supervisor->state](supervisor, now);
}

/* -- the thread: its loop -- */

static void take_wants(struct supervisor *supervisor, uint64_t now) {
    pthread_mutex_lock(&supervisor->lock);
    unsigned wants = supervisor->wants;
    supervisor->wants = 0;
    if (supervisor->asked != supervisor->answered) {
        supervisor->serving = supervisor->asked;
    }
    pthread_mutex_unlock(&supervisor->lock);
    supervisor->ending = supervisor->ending || (wants & WANT_END) != 0;
    supervisor->start_again =
        (supervisor->start_again || (wants & WANT_START) != 0) && !supervisor->ending;
    if ((wants & (WANT_STOP | WANT_END)) != 0 &&
        (supervisor->state == STATE_STARTING || supervisor->state == STATE_LISTENING)) {
        stop_process(supervisor, now);
    }
}

/* Waits until something is to be done, or until `until`. */
static void wait_and_read(struct supervisor *supervisor, uint64_t until) {
    enum { WAKE, ENDED, FIRST_OUTPUT, WATCHED = FIRST_OUTPUT + CHILD_OUTPUTS };
    struct child *child = &supervisor->child;
    bool has_child = supervisor->state != STATE_NONE;
    struct pollfd watched[WATCHED] = {
        [WAKE] = {.fd = supervisor->wake, .events = POLLIN},
        [ENDED] = {.fd = has_child ? child->process : -1, .events = POLLIN},
    };
    for (unsigned i = 0; i < CHILD_OUTPUTS; i++) {
        watched[FIRST_OUTPUT + i] =
            (struct pollfd){.fd = has_child ? child->outputs[i] : -1, .events = POLLIN};
    }
    bool is_told = !has_child || child->process >= 0;
    uint64_t now = clock_now();
    until = is_told || until < now + end_look ? until : now + end_look;
    const struct timespec left = clock_timespec(until > now ? until - now : 0);
    if (ppoll(watched, WATCHED, until == never ? NULL : &left, NULL) <= 0 && is_told) {
        return;
    }
    now = clock_now();
    if (watched[WAKE].revents != 0) {
        uint64_t count;
        ssize_t size = read(supervisor->wake, &count, sizeof count);
        (void)size;
    }
    for (unsigned i = 0; i < CHILD_OUTPUTS; i++) {
        if (watched[FIRST_OUTPUT + i].revents != 0 &&
            output_read(&supervisor->outputs[i], child->outputs[i], &supervisor->log, now) ==
                OUTPUT_ENDED) {
            close(child->outputs[i]);
            child->outputs[i] = -1;
        }
    }
    if (watched[ENDED].revents != 0 || !is_told) {
        look_for_end(supervisor, now);
    }
}

static void *look_after(void *argument) {
    struct supervisor *supervisor = argument;
    for (;;) {
        uint64_t now = clock_now();
        take_wants(supervisor, now);
        if (supervisor->ending && supervisor->state == STATE_NONE) {
            return NULL;
        }
        wait_and_read(supervisor, step(supervisor, now));
    }
}

/* No signal of the process around is this thread's business. */
static extvm_status start_thread(struct supervisor *supervisor, extvm_error *error) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int number = pthread_create(&supervisor->thread, NULL, look_after, supervisor);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    supervisor->has_thread = number == 0;
    return number == 0 ? EXTVM_OK
                       : error_set(error, EXTVM_SYSTEM_ERROR,
                                   "cannot make a thread that looks after a VM process: %s",
                                   strerror(number));
}

/* -- what a client asks -- */

/* Waits for the answer to the `ready` that was asked last. Under the lock. */
static extvm_status wait_for_answer(struct supervisor *supervisor, uint64_t deadline,
                                    const atomic_bool *stop, extvm_error *error) {
    while (supervisor->answered != supervisor->asked) {
        uint64_t now = clock_now(), look = now + stop_look;
        if (stop != NULL && atomic_load(stop)) {
            return error_set(error, EXTVM_CANCELLED,
                             "the call was stopped while its VM process was started");
        }
        if (now >= deadline) {
            return error_set(error, EXTVM_DEADLINE_PASSED,
                             "the call's time was over before its VM process listened");
        }
        const struct timespec until =
            clock_timespec(stop == NULL || deadline < look ? deadline : look);
        (void)pthread_cond_clockwait(&supervisor->answers, &supervisor->lock, CLOCK_MONOTONIC,
                                     &until);
    }
    if (supervisor->answer != EXTVM_OK && error != NULL) {
        *error = supervisor->answer_error;
    }
    return supervisor->answer;
}

static void supervisor_left(struct keeper *keeper, bool politely) {
    struct supervisor *supervisor = (struct supervisor *)keeper;
    if (supervisor->recycle) {
        supervisor->recycle = false;
        want(supervisor, WANT_STOP | WANT_START);
    } else if (!politely) {
        want(supervisor, WANT_STOP);
    }
}

static extvm_status supervisor_ready(struct keeper *keeper, uint64_t deadline,
                                     const atomic_bool *stop, extvm_error *error) {
    struct supervisor *supervisor = (struct supervisor *)keeper;
    supervisor_left(keeper, true); /* there is no connection now, whatever became of the last */
    if (!supervisor->has_thread) {
        extvm_status status = start_thread(supervisor, error);
        if (status != EXTVM_OK) {
            return status;
        }
    }
    pthread_mutex_lock(&supervisor->lock);
    if (!supervisor->is_owed) {
        supervisor->asked++;
        wake_thread(supervisor);
    }
    bool does_not_wait = clock_now() >= deadline;
    extvm_status status = wait_for_answer(supervisor, deadline, stop, error);
    supervisor->is_owed = does_not_wait && supervisor->answered != supervisor->asked;
    pthread_mutex_unlock(&supervisor->lock);
    return status;
}

/* Whether the process has grown over the limit; it is measured at most once in a while. */
static bool is_too_large(struct supervisor *supervisor, pid_t pid) {
    uint64_t most = supervisor->settings.recycle_memory, now = clock_now();
    if (most == 0 || pid == 0 ||
        (supervisor->measured != 0 && now < supervisor->measured + measure_pause)) {
        return false;
    }
    supervisor->measured = now;
    uint64_t size = resident_of_group(pid);
    if (size > most) {
        say(supervisor, EXTVM_LOG_INFO, "vm-recycled", EXTVM_OK,
            "VM process %d has %" PRIu64 " KiB (option recycle-memory): a new one takes "
            "its place",
            (int)pid, size / 1024);
    }
    return size > most;
}

static bool supervisor_call_ended(struct keeper *keeper) {
    struct supervisor *supervisor = (struct supervisor *)keeper;
    uint64_t most = supervisor->settings.recycle_calls;
    pthread_mutex_lock(&supervisor->lock);
    pid_t pid = supervisor->pid;
    uint64_t calls = ++supervisor->calls;
    supervisor->call_has_ended = true;
    pthread_mutex_unlock(&supervisor->lock);
    if (pid != 0 && most != 0 && calls >= most) {
        supervisor->recycle = true;
        say(supervisor, EXTVM_LOG_INFO, "vm-recycled", EXTVM_OK,
            "VM process %d has done %" PRIu64 " calls (option recycle-calls): a new one "
            "takes its place",
            (int)pid, calls);
    } else if (is_too_large(supervisor, pid)) {
        supervisor->recycle = true;
    }
    return supervisor->recycle;
}

/* -- making and ending -- */

static void supervisor_free(struct supervisor *supervisor) {
    extvm_allocator allocator = supervisor->allocator;
    close(supervisor->wake);
    pthread_cond_destroy(&supervisor->answers);
    pthread_mutex_destroy(&supervisor->lock);
    program_free(&supervisor->program);
    memory_release(&allocator, supervisor);
}

static void supervisor_release(struct keeper *keeper) {
    struct supervisor *supervisor = (struct supervisor *)keeper;
    if (supervisor->has_thread) {
        want(supervisor, WANT_END);
        pthread_join(supervisor->thread, NULL);
    }
    supervisor_free(supervisor);
}

static bool make_lock(struct supervisor *supervisor) {
    if (pthread_mutex_init(&supervisor->lock, NULL) != 0) {
        return false;
    }
    if (pthread_cond_init(&supervisor->answers, NULL) != 0) {
        pthread_mutex_destroy(&supervisor->lock);
        return false;
    }
    supervisor->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (supervisor->wake < 0) {
        pthread_cond_destroy(&supervisor->answers);
        pthread_mutex_destroy(&supervisor->lock);
        return false;
    }
    return true;
}

static extvm_status supervisor_init(struct supervisor *supervisor, const char *command,
                                    const char *kind, extvm_error *error) {
    extvm_status status = place_find(&supervisor->place, &supervisor->endpoint, error);
    if (status == EXTVM_OK) {
        status = program_make(&supervisor->program, command, kind, &supervisor->endpoint,
                              &supervisor->allocator, error);
    }
    if (status == EXTVM_OK && !make_lock(supervisor)) {
        status = error_set(error, EXTVM_SYSTEM_ERROR, "cannot make a lock: %s", strerror(errno));
        program_free(&supervisor->program);
    }
    return status;
}

struct keeper *keeper_new(const struct endpoint *endpoint, const char *command, const char *kind,
                          const extvm_options *options, extvm_status *status, extvm_error *error) {
    static const struct keeper_operations operations = {supervisor_ready, supervisor_call_ended,
                                                        supervisor_left, supervisor_release};
    struct supervisor *supervisor = memory_zeroed(&options->allocator, sizeof *supervisor);
    if (supervisor == NULL) {
        *status = error_no_memory(error, "looking after a VM process");
        return NULL;
    }
    supervisor->keeper.operations = &operations;
    supervisor->allocator = options->allocator;
    supervisor->endpoint = *endpoint;
    supervisor->settings = options->settings;
    supervisor->logger = options->logger;
    supervisor->child.process = -1;
    *status = supervisor_init(supervisor, command, kind, error);
    if (*status != EXTVM_OK) {
        memory_release(&options->allocator, supervisor);
        return NULL;
    }
    return &supervisor->keeper;
}

extvm_status keepers_new(const struct endpoint *endpoints, size_t count, const char *command,
                         const extvm_options *options, struct keeper **keepers,
                         extvm_error *error) {
    char kind[16];
    extvm_status status = EXTVM_OK;
    size_t made = 0;
    if (count > 1 && !program_has_place(command)) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "a command for %zu VM processes needs {port} or {path}, so that each "
                         "listens at its own place",
                         count);
    }
    snprintf(kind, sizeof kind, "%.*s", (int)strcspn(endpoints[0].text, ":+"), endpoints[0].text);
    while (made < count && status == EXTVM_OK) {
        keepers[made] = keeper_new(&endpoints[made], command, kind, options, &status, error);
        made += status == EXTVM_OK ? 1 : 0;
    }
    while (status != EXTVM_OK && made > 0) {
        made--;
        keepers[made]->operations->release(keepers[made]);
    }
    return status;
}
