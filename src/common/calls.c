/* The calls under way on a handle. A canceller takes no lock, since it may be a signal handler: the
 * list of places only grows, and a place is not given to a new call while a canceller goes through
 * the list, so that it never stops a call that it did not mean. */
#include "calls.h"

#include <errno.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "memory.h"

bool calls_init(struct calls *calls, const extvm_allocator *allocator) {
    calls->allocator = allocator;
    if (pthread_mutex_init(&calls->lock, NULL) != 0) {
        return false;
    }
    if (pthread_cond_init(&calls->all_left, NULL) != 0) {
        pthread_mutex_destroy(&calls->lock);
        return false;
    }
    return true;
}

void calls_free(struct calls *calls) {
    struct call_slot *slot = atomic_load(&calls->slots);
    while (slot != NULL) {
        struct call_slot *next = slot->next;
        int wake = atomic_load(&slot->wake);
        if (wake >= 0) {
            close(wake);
        }
        memory_release(calls->allocator, slot);
        slot = next;
    }
    pthread_cond_destroy(&calls->all_left);
    pthread_mutex_destroy(&calls->lock);
}

/* -- places -- */

static struct call_slot *free_slot(struct calls *calls) {
    struct call_slot *slot = atomic_load(&calls->slots);
    while (slot != NULL && atomic_load(&slot->taken)) {
        slot = slot->next;
    }
    if (slot == NULL) {
        slot = memory_zeroed(calls->allocator, sizeof *slot);
        if (slot != NULL) {
            atomic_init(&slot->wake, -1);
            slot->next = atomic_load(&calls->slots);
            atomic_store(&calls->slots, slot);
        }
    }
    return slot;
}

extvm_status call_slot_cancelled(extvm_error *error) {
    return error_set(error, EXTVM_CANCELLED, "the call was cancelled");
}

extvm_status calls_enter(struct calls *calls, const extvm_call *call, struct call_slot **out,
                         extvm_error *error) {
    pthread_mutex_lock(&calls->lock);
    struct call_slot *slot = calls->is_closed ? NULL : free_slot(calls);
    bool is_closed = calls->is_closed;
    if (slot != NULL) {
        while (atomic_load(&calls->stopping) > 0) {
            sched_yield(); /* a few atomic operations and a write away */
        }
        atomic_store(&slot->stopped, false);
        if (atomic_load(&slot->is_woken)) { /* seldom, and looking there is a system call */
            call_slot_woken(slot);
        }
        slot->is_in_loop = false;
        atomic_store(&slot->call, call);
        atomic_store(&slot->taken, true);
        calls->under_way++;
    }
    pthread_mutex_unlock(&calls->lock);
    *out = slot;
    if (slot != NULL) {
        return EXTVM_OK;
    }
    return is_closed
               ? error_set(error, EXTVM_CANCELLED, "the call came while its handle was closed")
               : error_no_memory(error, "a call");
}

bool calls_leave(struct calls *calls, struct call_slot *slot) {
    pthread_mutex_lock(&calls->lock);
    atomic_store(&slot->taken, false);
    calls->in_loops -= slot->is_in_loop ? 1 : 0;
    calls->under_way--;
    bool must_free = calls->under_way == 0 && calls->is_left_behind;
    if (calls->under_way == calls->in_loops) {
        pthread_cond_signal(&calls->all_left);
    }
    pthread_mutex_unlock(&calls->lock);
    return must_free;
}

void calls_note_in_loop(struct calls *calls, struct call_slot *slot) {
    pthread_mutex_lock(&calls->lock);
    slot->is_in_loop = true;
    calls->in_loops++;
    if (calls->under_way == calls->in_loops) {
        pthread_cond_signal(&calls->all_left);
    }
    pthread_mutex_unlock(&calls->lock);
}

/* -- from outside -- */

void calls_stop(struct calls *calls, const extvm_call *call) {
    atomic_fetch_add(&calls->stopping, 1);
    for (struct call_slot *slot = atomic_load(&calls->slots); slot != NULL; slot = slot->next) {
        if (atomic_load(&slot->taken) && (call == NULL || atomic_load(&slot->call) == call)) {
            atomic_store(&slot->stopped, true);
            call_slot_wake(slot);
        }
    }
    atomic_fetch_sub(&calls->stopping, 1);
}

bool calls_close(struct calls *calls, uint64_t limit) {
    const struct timespec until = clock_timespec(clock_now() + limit);
    pthread_mutex_lock(&calls->lock);
    calls->is_closed = true;
    if (calls->under_way > 0) {
        calls_stop(calls, NULL);
    }
    int waited = 0;
    while (calls->under_way > calls->in_loops && waited == 0) {
        waited = pthread_cond_clockwait(&calls->all_left, &calls->lock, CLOCK_MONOTONIC, &until);
    }
    bool nobody = calls->under_way == 0;
    calls->is_left_behind = !nobody;
    pthread_mutex_unlock(&calls->lock);
    return nobody;
}

/* -- waking -- */

int call_slot_descriptor(struct call_slot *slot) {
    int wake = atomic_load(&slot->wake);
    if (wake < 0) {
        wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        atomic_store(&slot->wake, wake);
    }
    return wake;
}

void call_slot_wake(struct call_slot *slot) {
    int before = errno, wake = atomic_load(&slot->wake);
    const uint64_t one = 1;
    atomic_store(&slot->is_woken, true);
    if (wake >= 0 && write(wake, &one, sizeof one) < 0) {
        /* It is readable already. */
    }
    errno = before;
}

void call_slot_woken(struct call_slot *slot) {
    uint64_t count;
    int wake = atomic_load(&slot->wake);
    atomic_store(&slot->is_woken, false);
    if (wake >= 0 && read(wake, &count, sizeof count) < 0) {
        /* Nobody has woken it. */
    }
}

int call_slot_wait(struct call_slot *slot, poll_fn poll, int descriptor, short events,
                   uint64_t until) {
    enum { LOOK_AGAIN = 10 * NANOSECONDS_IN_MILLISECOND /* where nothing can wake the call */ };
    bool was_deaf = slot != NULL && atomic_load(&slot->wake) < 0;
    int wake = slot != NULL ? call_slot_descriptor(slot) : -1;
    uint64_t now = clock_now();
    if (call_slot_stopped(slot)) {
        return ECANCELED;
    }
    if (was_deaf && wake >= 0) {
        return EAGAIN; /* a wake that came before the descriptor was there is lost */
    }
    if (now >= until) {
        return ETIMEDOUT;
    }
    uint64_t left = slot != NULL && wake < 0 && until - now > LOOK_AGAIN ? LOOK_AGAIN : until - now;
    struct pollfd wanted[] = {{.fd = descriptor, .events = events}, {.fd = wake, .events = POLLIN}};
    const struct timespec timeout = clock_timespec(left);
    int ready = poll(wanted, sizeof wanted / sizeof wanted[0], &timeout, NULL);
    if (ready < 0) {
        return errno == EINTR ? EAGAIN : errno;
    }
    if (wanted[0].revents != 0) {
        return 0;
    }
    if (wanted[1].revents != 0) {
        call_slot_woken(slot);
    }
    return EAGAIN;
}
