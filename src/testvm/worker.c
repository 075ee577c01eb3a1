/* The threads that run calls. There are as many as calls were ever running at once; each has a
 * small stack, and a machine of each kind that it has had calls for.
 *
 * Only so many calls run at once as keep the processors busy; more of them would only take each
 * other's place in the caches: with 512 sessions that are all active the server does 97,000 queries
 * a second by it over TCP, and not 50,000 to 74,000. But a call whose node takes its time, or whose
 * program does, keeps nobody waiting: for each such call another may begin. */
#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/memory.h"
#include "server.h"

enum {
    STACK_SIZE = 256 * 1024, /* bytes; the machines' frames are not on it */
    /* A call is slow that asks for less than this between two looks, and that is the time between
     * them: its node takes over a millisecond for an answer, or its program computes. */
    QUERIES_BETWEEN_LOOKS = 10,
    LOOK_MILLISECONDS = 10
};

struct worker {
    extvm_testvm *server;
    struct worker *next;
    pthread_t thread;
    void *machines[HOST_COUNT]; /* NULL: not needed yet */
    struct hosted *hosted;      /* whose call runs, or NULL; under the server's lock */

    /* What the last look saw; the loop's. */
    const struct hosted *seen;
    unsigned seen_steps;
};

/* How many calls may begin now; under the lock. */
static unsigned free_places(const extvm_testvm *server) {
    unsigned places = server->busy_maximum + server->slow_workers;
    return places > server->busy_workers ? places - server->busy_workers : 0;
}

/* Waits for a call; NULL when the server stops. */
static struct hosted *next_call(struct worker *worker) {
    extvm_testvm *server = worker->server;
    pthread_mutex_lock(&server->lock);
    while ((server->waiting == 0 || free_places(server) == 0) && !atomic_load(&server->is_cut)) {
        pthread_cond_wait(&server->work, &server->lock);
    }
    struct hosted *hosted = queue_take(&server->calls);
    if (hosted != NULL) {
        server->waiting--;
        server->idle_workers--;
        server->busy_workers++;
    }
    worker->hosted = hosted;
    pthread_mutex_unlock(&server->lock);
    return hosted;
}

static void give_back(struct worker *worker, struct hosted *hosted) {
    extvm_testvm *server = worker->server;
    pthread_mutex_lock(&server->lock);
    worker->hosted = NULL;
    server->busy_workers--;
    server->idle_workers++;
    queue_put(&server->done, hosted);
    pthread_mutex_unlock(&server->lock);
    server_wake(server);
}

/* The machine for the session's calls; NULL when there is no memory. */
static void *machine_for(struct worker *worker, const struct hosted *hosted) {
    void **machine = &worker->machines[hosted->host - hosts];
    if (*machine == NULL) {
        *machine = hosted->host->machine->make(&worker->server->allocator, worker->server->spare);
    }
    if (*machine == NULL) {
        log_line(&worker->server->logger, EXTVM_LOG_ERROR,
                 "test-mode: %s: no memory for an %s: session ended", hosted->peer,
                 hosted->host->machine->name);
    }
    return *machine;
}

static void *work(void *argument) {
    struct worker *worker = argument;
    struct hosted *hosted;
    while ((hosted = next_call(worker)) != NULL) {
        void *machine = machine_for(worker, hosted);
        hosted->is_over = machine == NULL || !hosted_run_call(hosted, machine);
        give_back(worker, hosted);
    }
    return NULL;
}

static void free_worker(struct worker *worker) {
    extvm_testvm *server = worker->server;
    for (size_t i = 0; i < HOST_COUNT; i++) {
        hosts[i].machine->release(worker->machines[i]);
    }
    memory_release(&server->allocator, worker);
}

/* Adds a worker; called with the lock. False when there is no memory or thread. */
static bool add_worker(extvm_testvm *server) {
    pthread_attr_t attributes;
    struct worker *worker = memory_zeroed(&server->allocator, sizeof *worker);
    if (worker == NULL || pthread_attr_init(&attributes) != 0) {
        memory_release(&server->allocator, worker);
        return false;
    }
    *worker = (struct worker){.server = server, .next = server->running};
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    bool started = pthread_create(&worker->thread, &attributes, work, worker) == 0;
    pthread_attr_destroy(&attributes);
    if (!started) {
        free_worker(worker);
        return false;
    }
    server->running = worker;
    server->workers++;
    server->idle_workers++; /* it will be, in a moment */
    return true;
}

/* Workers for the calls that may begin; false: there is not even one worker. Under the lock. */
static bool add_workers(extvm_testvm *server) {
    unsigned places = free_places(server);
    unsigned wanted = server->waiting < places ? server->waiting : places;
    while (server->idle_workers < wanted && add_worker(server)) {
    }
    return server->workers > 0;
}

static void look_again(extvm_testvm *server) {
    const struct timeval later =
        clock_timeval((uint64_t)LOOK_MILLISECONDS * NANOSECONDS_IN_MILLISECOND);
    if (!evtimer_pending(server->look, NULL) && evtimer_add(server->look, &later) != 0) {
        /* Without memory for a timer nobody would look: then all calls may begin. */
        pthread_mutex_lock(&server->lock);
        server->busy_maximum = UINT_MAX / 2;
        add_workers(server);
        pthread_cond_broadcast(&server->work);
        pthread_mutex_unlock(&server->lock);
    }
}

/* Whether the worker's call has got on since the last look; under the lock. */
static bool is_slow(struct worker *worker) {
    const struct hosted *hosted = worker->hosted, *seen = worker->seen;
    unsigned before = worker->seen_steps;
    worker->seen = hosted;
    if (hosted == NULL) {
        return false;
    }
    worker->seen_steps = atomic_load_explicit(&hosted->steps, memory_order_relaxed);
    return hosted == seen && worker->seen_steps - before < QUERIES_BETWEEN_LOOKS;
}

void worker_look(extvm_testvm *server) {
    pthread_mutex_lock(&server->lock);
    server->slow_workers = 0;
    bool waits = server->waiting > 0 && !atomic_load(&server->is_stopping);
    for (struct worker *worker = server->running; worker != NULL && waits; worker = worker->next) {
        server->slow_workers += is_slow(worker);
    }
    if (waits && free_places(server) > 0) {
        add_workers(server);
        pthread_cond_broadcast(&server->work);
    }
    pthread_mutex_unlock(&server->lock);
    if (waits) {
        look_again(server);
    }
}

void worker_submit(struct hosted *hosted) {
    extvm_testvm *server = hosted->server;
    pthread_mutex_lock(&server->lock);
    bool stopping = atomic_load(&server->is_stopping), taken = !stopping;
    if (taken) {
        server->waiting++;
        taken = add_workers(server);
        server->waiting -= taken ? 0 : 1;
    }
    if (taken) {
        hosted->state = HOSTED_RUNNING;
        hosted->is_over = false;
        queue_put(&server->calls, hosted);
        pthread_cond_signal(&server->work);
    }
    bool waits = server->waiting > free_places(server);
    pthread_mutex_unlock(&server->lock);
    if (waits) {
        look_again(server);
    }
    if (!taken && !stopping) {
        log_line(&server->logger, EXTVM_LOG_ERROR,
                 "test-mode: %s: no memory or thread for a call: session ended", hosted->peer);
    }
    if (!taken) {
        hosted_leave(hosted);
    }
}

void worker_cut_all(extvm_testvm *server) {
    struct hosted *hosted;
    pthread_mutex_lock(&server->lock);
    atomic_store(&server->is_cut, true);
    for (struct worker *worker = server->running; worker != NULL; worker = worker->next) {
        if (worker->hosted != NULL) {
            shutdown(worker->hosted->socket, SHUT_RDWR);
        }
    }
    while ((hosted = queue_take(&server->calls)) != NULL) {
        hosted->is_over = true;
        queue_put(&server->done, hosted);
    }
    server->waiting = 0;
    pthread_cond_broadcast(&server->work);
    pthread_mutex_unlock(&server->lock);
    server_wake(server);
}

/* No worker is added any more: is_stopping keeps worker_submit from it. The loop may still look at
 * those that there are, until the list is taken from it. */
void worker_join_all(extvm_testvm *server) {
    pthread_mutex_lock(&server->lock);
    struct worker *workers = server->running;
    server->running = NULL;
    pthread_mutex_unlock(&server->lock);
    for (struct worker *worker = workers, *next; worker != NULL; worker = next) {
        next = worker->next;
        pthread_join(worker->thread, NULL);
        free_worker(worker);
    }
}
