/* The test-mode server from the inside: one thread with an event loop has the listener and all
 * sessions that wait for a call; a session whose call runs belongs to a worker thread, which asks
 * the node over the socket and blocks while it waits. So a session that stalls holds up nobody, and
 * one that is idle costs no thread. */
#ifndef EXTVM_TESTVM_SERVER_H
#define EXTVM_TESTVM_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include <extvm/testvm.h>

#include "common/endpoint.h"
#include "common/options.h"
#include "common/session.h"
#include "fault.h"
#include "host.h"

struct event;
struct event_base;
struct evconnlistener;

enum hosted_state {
    HOSTED_IDLE,    /* the loop's: waiting for Hello or a CallContext */
    HOSTED_LEAVING, /* the loop's: half-closed, read to its end */
    HOSTED_RUNNING  /* a worker's */
};

/* A session that the server hosts. */
struct hosted {
    extvm_testvm *server;
    struct hosted *previous, *next; /* of all */
    struct hosted *queued;          /* the next in a queue */
    struct session session;
    const struct host *host; /* by its Hello; NULL before */
    struct event *event;
    int socket;
    enum hosted_state state;
    bool is_over;       /* the worker's word: end it */
    bool is_counted;    /* among the sessions; one that is turned away is not */
    uint64_t leave_end; /* when a session that is left is closed at the latest: the clock */
    bool is_reset;      /* and not with a half-close: its socket resets when it is closed */
    uint32_t queries;   /* asked in the call that runs */
    atomic_uint steps;  /* asked in all calls, modulo 2^32: for worker_look */
    char peer[64];      /* for the log */
};

struct queue {
    struct hosted *first, *last;
};

struct extvm_testvm {
    extvm_allocator allocator;
    struct settings settings;
    struct logger logger;
    struct faults faults;
    struct session_settings session_settings;
    struct spare *spare;                            /* memory of calls that ended, for the next */
    char addresses[HOST_COUNT][ENDPOINT_TEXT_SIZE]; /* as each of its VMs */
    char path[108]; /* of a unix socket, to be removed in the end; "" for TCP */

    /* the loop's */
    pthread_t loop;
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *wake; /* when `wake_socket` is written to */
    int wake_socket;
    struct event *accept_again; /* when the listener had to rest */
    struct event *look;         /* at the workers, while calls wait for one */
    unsigned busy_maximum;      /* workers that have calls at the same time and are not slow */
    struct hosted *all;
    unsigned turned_away; /* of them, sessions over the limit that are being left */
    bool is_ending;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t work;  /* there is a call in `calls`, or it is over */
    struct queue calls;   /* for the workers */
    struct queue done;    /* for the loop */
    unsigned waiting;     /* calls in `calls` */
    unsigned workers, idle_workers, busy_workers;
    unsigned slow_workers;  /* of the busy ones, when they were last looked at */
    struct worker *running; /* all workers */
    atomic_bool is_cut;     /* no call begins any more, and those that run stop; changed under the
                             * lock */
    atomic_bool is_stopping;
    atomic_uint sessions;
};

/* -- server.c; called in the loop's thread unless it says otherwise -- */

/* Tells the loop to look at its queues. From any thread. */
void server_wake(extvm_testvm *server);

/* Ends the loop when the server is ending and no session is left. */
void server_check_end(extvm_testvm *server);

void queue_put(struct queue *queue, struct hosted *hosted);
struct hosted *queue_take(struct queue *queue);

/* -- hosted.c -- */

/* Takes over a connection; closes it when there is no memory. One that is not `wanted` is left at
 * once. */
void hosted_accept(extvm_testvm *server, int socket, const char *peer, bool wanted);

/* Goes on with a session that a worker gave back. */
void hosted_resume(struct hosted *hosted);

/* Ends the session: orderly, which takes a moment, or at once. */
void hosted_leave(struct hosted *hosted);
void hosted_free(struct hosted *hosted);

/* -- worker.c -- */

/* Hands a session with a call to a worker. */
void worker_submit(struct hosted *hosted);

/* Looks which workers are slow, and lets as many more calls begin. */
void worker_look(extvm_testvm *server);

/* Cuts the calls that run: their machines stop and their sockets are shut; those that wait for a
 * worker are given back. From the stopping thread. */
void worker_cut_all(extvm_testvm *server);

/* Waits until all workers have ended; `is_stopping` is set. From the stopping thread. */
void worker_join_all(extvm_testvm *server);

/* -- call.c; in a worker's thread -- */

/* Runs the session's call to its end, on a machine of its host's. False: the session is over. */
bool hosted_run_call(struct hosted *hosted, void *machine);

#endif
