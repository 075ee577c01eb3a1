/* A VM that the library itself has, as those see it who host one: the "internal" VMs and the
 * test-mode server. Which one it is they need not know. */
#ifndef EXTVM_COMMON_MACHINE_H
#define EXTVM_COMMON_MACHINE_H

#include <stdatomic.h>

#include <extvm/allocator.h>
#include <extvm/call.h>
#include <extvm/result.h>
#include <extvm/world.h>

struct spare;

/* What a run has to keep to. */
struct machine_terms {
    /* When it must have ended, on the monotonic clock in nanoseconds; 0: never. It then ends with
     * EXTVM_DEADLINE_PASSED, a little late. The world may put it off while it is asked, so that it
     * is to be read anew each time. */
    uint64_t deadline;
    /* Set by any thread: the run ends with EXTVM_CANCELLED. NULL: it cannot be stopped. */
    const atomic_bool *stop;
    /* Whether it diverges from the specification as the real VM does while it runs a program. */
    bool like_real;
};

/* A kind of machine. One machine runs one call at a time, in one thread at a time, and keeps memory
 * for the next. */
struct machine_kind {
    const char *name; /* for people: "EVM" */
    /* The allocator is copied; NULL: the default one. `spare` (borrowed; NULL: there is none) is
     * what the memory of a run and of its result is taken from. NULL when there is no memory. */
    void *(*make)(const extvm_allocator *allocator, struct spare *spare);
    void (*release)(void *machine); /* NULL is allowed */
    /* Runs one call to its end. On EXTVM_OK `*result` is the caller's, on anything else NULL. */
    extvm_status (*run)(void *machine, const struct machine_terms *terms, const extvm_call *call,
                        const extvm_world *world, extvm_result **result, extvm_error *error);
};

#endif
