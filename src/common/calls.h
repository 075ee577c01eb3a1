/* The calls that are under way on a handle: how each is woken or stopped from outside, also from a
 * signal handler, and how the handle ends when calls are still on it. */
#ifndef EXTVM_COMMON_CALLS_H
#define EXTVM_COMMON_CALLS_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <extvm/allocator.h>
#include <extvm/call.h>
#include <extvm/status.h>

struct process;

/* A place for one call. Places are used again, and live as long as the handle. */
struct call_slot {
    struct call_slot *next; /* of all places; never changes */
    atomic_bool taken;
    atomic_bool stopped; /* the call is to end with EXTVM_CANCELLED */
    _Atomic(const extvm_call *) call;
    bool is_in_loop;      /* its thread also does other things: nobody waits for it */
    atomic_int wake;      /* an eventfd; -1: none was needed yet */
    atomic_bool is_woken; /* it may be readable; where this is wrong there is one wake too many */

    /* for the line, under its lock */
    struct call_slot *behind; /* the call that waits after this one */
    struct process *process;  /* whose turn the call has */
    bool is_waiting;
};

struct calls {
    const extvm_allocator *allocator;
    pthread_mutex_t lock;
    pthread_cond_t all_left;
    _Atomic(struct call_slot *) slots;
    atomic_uint stopping; /* threads that go through the places now */
    unsigned under_way;
    unsigned in_loops; /* of those */
    bool is_closed;
    bool is_left_behind; /* whoever closed it did not wait any longer */
};

/* The allocator is borrowed. False: the system has no locks left. */
bool calls_init(struct calls *calls, const extvm_allocator *allocator);
void calls_free(struct calls *calls);

/* Gives a call a place. Errors: EXTVM_NO_MEMORY, EXTVM_CANCELLED (the handle is being closed). */
extvm_status calls_enter(struct calls *calls, const extvm_call *call, struct call_slot **out,
                         extvm_error *error);

/* The call has ended. True: the handle was closed meanwhile and this was the last call on it, so
 * that whoever called must free the handle. */
bool calls_leave(struct calls *calls, struct call_slot *slot);

/* Stops the calls whose context is `call`; NULL: all. Takes no lock and allocates nothing. */
void calls_stop(struct calls *calls, const extvm_call *call);

/* The call is driven by an event loop: whoever closes the handle may be that loop's own thread, and
 * does not wait for the call. */
void calls_note_in_loop(struct calls *calls, struct call_slot *slot);

/* Stops all calls and lets no new one in; waits for those that are in no event loop, but not longer
 * than `limit` nanoseconds. True: nobody is left, and the handle is to be freed; false: the last
 * call does that. */
bool calls_close(struct calls *calls, uint64_t limit);

/* A descriptor that becomes readable when the call is stopped or woken; -1: the system has none.
 * Only for the call's own thread. */
int call_slot_descriptor(struct call_slot *slot);

typedef int (*poll_fn)(struct pollfd *wanted, nfds_t count, const struct timespec *timeout,
                       const sigset_t *signals);

/* Waits, in the call's own thread, for the descriptor (-1: none), for a wake or a stop, or for the
 * time `until` on the monotonic clock. 0: the descriptor is ready; EAGAIN: the call was woken, or
 * something else is to be looked at again; ECANCELED: it was stopped; ETIMEDOUT; else what poll
 * says. `slot` NULL: nobody stops or wakes it. */
int call_slot_wait(struct call_slot *slot, poll_fn poll, int descriptor, short events,
                   uint64_t until);

/* Makes the descriptor readable; and, for the call's own thread, takes that back. */
void call_slot_wake(struct call_slot *slot);
void call_slot_woken(struct call_slot *slot);

extvm_status call_slot_cancelled(extvm_error *error);

static inline bool call_slot_stopped(const struct call_slot *slot) {
    return slot != NULL && atomic_load_explicit(&slot->stopped, memory_order_relaxed);
}

#endif
