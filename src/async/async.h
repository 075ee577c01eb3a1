/* A call that an event loop drives: its life and the loop are in async.c, its steps in steps.c. */
#ifndef EXTVM_ASYNC_ASYNC_H
#define EXTVM_ASYNC_ASYNC_H

#include <extvm/async.h>

#include "common/attempts.h"

struct event;
struct async;

/* In the order of a call's life. */
enum async_state {
    ASYNC_TURN,       /* waits for a VM process */
    ASYNC_BEGIN,      /* an attempt begins: is the connection still good? */
    ASYNC_SESSION,    /* the session begins */
    ASYNC_READY,      /* waits for the process's keeper */
    ASYNC_RESOLVE,    /* waits for the host's addresses */
    ASYNC_CONNECT,    /* to the next address */
    ASYNC_CONNECTING, /* waits for it */
    ASYNC_TALK,
    ASYNC_WORLD, /* waits for the world */
    ASYNC_TELL,  /* leaves: tells the VM of its caller */
    ASYNC_FLUSH, /* sends what is left, and half-closes */
    ASYNC_DRAIN, /* reads to the end */
    ASYNC_ATTEMPT_ENDED,
    ASYNC_STATE_COUNT
};

/* Whether the next step may be made at once. A call that is over is there no longer. */
enum async_step { STEP_GO_ON, STEP_WAIT, STEP_OVER };

struct extvm_answer {
    struct async *call;
    enum query_kind kind;
    bool is_open;
};

struct async {
    struct spare *spare; /* what it was taken from: an answer may come after the handle's end */
    struct client *client;
    struct vm_run run;
    struct attempts attempts;
    extvm_error last; /* of the attempt */
    extvm_status status;

    extvm_async_world world;
    extvm_answer question;
    bool in_world; /* a function of the world is being called */
    extvm_done_fn done;
    void *context;
    bool is_over; /* `done` was called; an answer is still to come */

    struct event_base *base; /* the events lie behind the call, in the same memory */
    struct event *wake;      /* somebody stopped the call or gave it a turn */
    struct event *io;        /* for `watched`, when it is ready for `watched_for`; -1: nothing */
    struct event *timer;     /* also made active by hand, for the next step */
    int watched;
    short watched_for;

    enum async_state state;
    enum async_state after_leaving;
    uint64_t until;           /* the end of leaving, or of answering the VM to its end */
    uint64_t leave_until;     /* the first, while the second runs */
    bool is_ending;           /* the call is given up, but the VM is answered to its end */
    bool is_exchanging;       /* `exchange` was begun */
    struct exchange exchange; /* ASYNC_TALK, ASYNC_TELL */
    uint64_t connect_start;   /* ASYNC_RESOLVE to ASYNC_CONNECTING, as the next four */
    int connect_number;       /* what came of the last address */
    struct targets targets;
    size_t target; /* the next address */
    struct resolution *resolution;
    extvm_status answer_status; /* ASYNC_WORLD: what came of the answer */
    unsigned reads;             /* ASYNC_DRAIN */
};

static inline struct process *async_process(const struct async *call) {
    return call->run.slot->process;
}

/* Makes one step. */
enum async_step async_step(struct async *call);

/* The call waits for a turn; `ahead`: it has had one before. */
void async_enter_line(struct async *call, bool ahead);

/* -- for steps.c -- */

/* The next step is to be made when the descriptor (-1: none) is ready for `events`, or at `until`
 * (UINT64_MAX: never), or when the call is stopped or woken. */
enum async_step async_wait(struct async *call, int descriptor, short events, uint64_t until);

/* The descriptor is not watched any longer: before it is closed. */
void async_unwatch(struct async *call);

/* Asks the world; ASYNC_WORLD waits for its answer. */
void async_ask(struct async *call, const struct query *query);

/* The time since the world was asked is the world's. */
void async_note_world(struct async *call);

/* Ends the call. */
enum async_step async_finish(struct async *call);

/* Where the attempt's error goes: what follows it is not told. */
static inline extvm_error *async_error(struct async *call) {
    return call->is_ending ? NULL : &call->last;
}

#endif
