/* Whoever looks after a VM process for a client: sees to it that the process runs before a
 * connection is made, and hears how connections and calls end. A client without one connects to
 * whatever listens. All functions are called by whoever has the process's turn, one at a time. */
#ifndef EXTVM_COMMON_KEEPER_H
#define EXTVM_COMMON_KEEPER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <extvm/status.h>

struct keeper;

struct keeper_operations {
    /* Before each new connection: comes back when the process accepts connections, or when it is
     * clear that it will not, at `deadline` (monotonic, nanoseconds) at the latest, or soon after
     * `*stop` became true. A `deadline` that is past: it does not wait, and EXTVM_DEADLINE_PASSED
     * means "not yet": the process goes on starting, and the next `ready` learns what came of it.
     * An event loop asks like that, again and again.
     * Errors: EXTVM_UNREACHABLE, EXTVM_DEADLINE_PASSED, EXTVM_CANCELLED, EXTVM_NO_MEMORY,
     * EXTVM_SYSTEM_ERROR. */
    extvm_status (*ready)(struct keeper *keeper, uint64_t deadline, const atomic_bool *stop,
                          extvm_error *error);

    /* A call has ended and its connection is idle. True: the connection is to be left now, because
     * the process is to be replaced. */
    bool (*call_ended)(struct keeper *keeper);

    /* A connection was left; not `politely`: the VM did not end it in time, or broke off. */
    void (*left)(struct keeper *keeper, bool politely);

    /* The client is closed: ends the process and frees the keeper. */
    void (*release)(struct keeper *keeper);
};

struct keeper {
    const struct keeper_operations *operations;
};

#endif
