/* One measure of a bench: a thread for each session, blocking, one side at a time. */
#include "bench_measure.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_count.h"
#include "interrupt.h"
#include "report.h"

struct team;

/* One session, and its thread while it runs. */
struct worker {
    struct team *team;
    pthread_t thread;
    extvm_vm *vm; /* NULL: of the ping-pong */
    int socket;
    uint64_t calls;           /* of a round */
    struct bench_spent spent; /* of all rounds */
    struct latency latency;
    extvm_error error; /* EXTVM_OK: it went well */
};

/* A side's sessions. */
struct team {
    const struct bench_measure *measure;
    struct bench_side *side;
    struct worker *workers;
    pthread_mutex_t lock; /* of is_open */
    pthread_cond_t opened;
    bool is_open; /* all threads are there, and begin */
    atomic_bool is_over;
};

static bool call(struct worker *worker) {
    const struct bench_measure *measure = worker->team->measure;
    if (worker->vm != NULL) {
        return bench_load_run(measure->load, worker->vm, &worker->latency, &worker->spent,
                              &worker->error) == EXTVM_OK;
    }
    if (pingpong_node_call(worker->socket, measure->dialogue, &worker->latency)) {
        return true;
    }
    complain(&worker->error, EXTVM_SYSTEM_ERROR, "bench: a session of the ping-pong broke");
    return false;
}

/* Threads that run already would keep the last ones from being started. */
static void wait_for_all(struct team *team) {
    pthread_mutex_lock(&team->lock);
    while (!team->is_open) {
        pthread_cond_wait(&team->opened, &team->lock);
    }
    pthread_mutex_unlock(&team->lock);
}

static void set_open(struct team *team, bool is_open) {
    pthread_mutex_lock(&team->lock);
    team->is_open = is_open;
    pthread_cond_broadcast(&team->opened);
    pthread_mutex_unlock(&team->lock);
}

/* At least one call, so that a round of no time warms the session up. */
static void *work(void *argument) {
    struct worker *worker = argument;
    wait_for_all(worker->team);
    do {
        if (!call(worker)) {
            return NULL;
        }
        worker->calls++;
    } while (!atomic_load(&worker->team->is_over));
    return NULL;
}

static void sleep_for(double seconds) {
    struct timespec time = {.tv_sec = (time_t)seconds};
    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {
    }
}

/* -- sessions -- */

static extvm_status team_open(struct team *team, extvm_error *error) {
    const struct bench_measure *measure = team->measure;
    for (size_t i = 0; team->workers != NULL && i < team->side->sessions; i++) {
        struct worker *worker = &team->workers[i];
        *worker = (struct worker){.team = team, .socket = -1};
        if (team->side->address != NULL) {
            extvm_status status =
                extvm_open(team->side->address, team->side->options, &worker->vm, error);
            if (status != EXTVM_OK) {
                return status;
            }
            interrupt_reaches(worker->vm);
            continue;
        }
        worker->socket = pingpong_node_open(measure->pingpong, measure->dialogue);
        if (worker->socket < 0) {
            return complain(error, EXTVM_SYSTEM_ERROR,
                            "bench: cannot open a session of the ping-pong: %s", strerror(errno));
        }
    }
    return EXTVM_OK;
}

static void team_close(struct team *team) {
    for (size_t i = 0; i < team->side->sessions && team->workers != NULL; i++) {
        struct worker *worker = &team->workers[i];
        if (worker->team == NULL) {
            return;
        }
        interrupt_forget(worker->vm);
        extvm_close(worker->vm);
        pingpong_node_close(worker->socket);
    }
}

/* -- a side's turn -- */

/* Returns how many threads were started. */
static size_t start_all(struct team *team) {
    size_t started = 0;
    while (started < team->side->sessions) {
        struct worker *worker = &team->workers[started];
        worker->calls = 0;
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
            break;
        }
        started++;
    }
    return started;
}

/* Lets all sessions run for a time; `*rate` is calls per second. */
static extvm_status team_run(struct team *team, double seconds, double *rate, extvm_error *error) {
    const size_t sessions = team->side->sessions;
    extvm_status status = EXTVM_OK;
    uint64_t calls = 0;
    set_open(team, false);
    atomic_store(&team->is_over, seconds <= 0);
    size_t started = start_all(team);
    const uint64_t start = latency_now();
    set_open(team, true);
    sleep_for(seconds);
    atomic_store(&team->is_over, true);
    for (size_t i = 0; i < started; i++) {
        struct worker *worker = &team->workers[i];
        pthread_join(worker->thread, NULL);
        calls += worker->calls;
        if (status == EXTVM_OK && worker->error.status != EXTVM_OK) {
            *error = worker->error;
            status = worker->error.status;
        }
    }
    *rate = (double)calls / ((double)(latency_now() - start) / 1e9);
    return status != EXTVM_OK ? status
           : started < sessions
               ? complain(error, EXTVM_SYSTEM_ERROR,
                          "bench: %zu threads could be started, and %zu are needed", started,
                          sessions)
               : EXTVM_OK;
}

/* -- all sides -- */

static int compare(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

double bench_median(const double *values, unsigned count) {
    double sorted[BENCH_ROUNDS];
    memcpy(sorted, values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, compare);
    return sorted[count / 2];
}

/* Cycles of the time stamp counter in a nanosecond; 0: this processor has none that we know. */
static double cycles_in_nanosecond(void) {
#if defined(__x86_64__)
    const uint64_t start = latency_now(), first = __builtin_ia32_rdtsc();
    sleep_for(0.01);
    return (double)(__builtin_ia32_rdtsc() - first) / (double)(latency_now() - start);
#else
    return 0;
#endif
}

static void sum_up_own(struct team *team) {
    struct bench_spent all = {0};
    for (size_t i = 0; i < team->side->sessions; i++) {
        all.calls += team->workers[i].spent.calls;
        all.own_nanoseconds += team->workers[i].spent.own_nanoseconds;
    }
    if (all.calls > 0) {
        team->side->own_nanoseconds = (double)all.own_nanoseconds /
                                      ((double)all.calls * (double)team->measure->load->queries);
        team->side->own_cycles = team->side->own_nanoseconds * cycles_in_nanosecond();
    }
}

static void sum_up(struct team *team, const struct team *bare) {
    const struct bench_measure *measure = team->measure;
    struct bench_side *side = team->side;
    double ratios[BENCH_ROUNDS] = {0};
    for (unsigned i = 0; i < measure->rounds; i++) {
        ratios[i] = side->rates[i] / bare->side->rates[i];
    }
    side->ratio = bench_median(ratios, measure->rounds);
    side->calls_per_second = bench_median(side->rates, measure->rounds);
    side->queries_per_second = side->calls_per_second * (double)measure->load->queries;
    for (size_t i = 0; i < side->sessions; i++) {
        latency_merge(&side->latency, &team->workers[i].latency);
    }
    sum_up_own(team);
}

static extvm_status run_rounds(const struct bench_measure *measure, struct team *teams,
                               extvm_error *error) {
    double ignored;
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < measure->side_count && status == EXTVM_OK; i++) {
        status = team_run(&teams[i], 0, &ignored, error);
        for (size_t j = 0; j < measure->sides[i].sessions; j++) {
            teams[i].workers[j].latency = (struct latency){.count = 0};
            teams[i].workers[j].spent = (struct bench_spent){0};
        }
    }
    for (unsigned round = 0; round < measure->rounds; round++) {
        for (size_t i = 0; i < measure->side_count && status == EXTVM_OK; i++) {
            status = team_run(&teams[i], measure->seconds, &teams[i].side->rates[round], error);
        }
    }
    return status;
}

extvm_status bench_measure_run(struct bench_measure *measure, extvm_error *error) {
    struct team teams[BENCH_SIDES];
    struct pool pool = {NULL};
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < measure->side_count; i++) {
        teams[i] = (struct team){.measure = measure,
                                 .side = &measure->sides[i],
                                 .lock = PTHREAD_MUTEX_INITIALIZER,
                                 .opened = PTHREAD_COND_INITIALIZER};
        teams[i].workers = pool_array(&pool, measure->sides[i].sessions, sizeof *teams[i].workers);
        if (teams[i].workers == NULL) {
            status = complain_no_memory(error);
        }
    }
    for (size_t i = 0; i < measure->side_count && status == EXTVM_OK; i++) {
        status = team_open(&teams[i], error);
    }
    if (status == EXTVM_OK) {
        status = run_rounds(measure, teams, error);
    }
    for (size_t i = 0; i < measure->side_count; i++) {
        if (status == EXTVM_OK) {
            sum_up(&teams[i], &teams[0]);
        }
        team_close(&teams[i]);
    }
    pool_free(&pool);
    for (size_t i = 0; i < measure->side_count && status == EXTVM_OK && measure->sessions == 1;
         i++) {
        status = bench_count(measure, &measure->sides[i], error);
    }
    return status;
}
