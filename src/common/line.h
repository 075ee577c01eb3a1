/* The VM processes of a handle, and the calls that wait for one of them: each process runs one call
 * at a time (DESIGN.md, decision 2), and calls get their turns in the order they came. */
#ifndef EXTVM_COMMON_LINE_H
#define EXTVM_COMMON_LINE_H

#include "calls.h"
#include "connection.h"
#include "keeper.h"

/* Whoever has its turn uses it alone. */
struct process {
    struct endpoint endpoint;
    struct session session;
    struct connection connection;
    struct keeper *keeper; /* NULL: nobody looks after it */

    /* under the line's lock */
    bool is_taken;
    bool is_connected; /* when it was given back */
    bool needs_restart;
    unsigned failures;    /* in a row */
    uint64_t aside_until; /* monotonic clock, nanoseconds: it failed, and is not used before */
    uint64_t calls, failed_attempts, connects; /* for extvm_endpoint */
};

struct line {
    pthread_mutex_t lock;
    const struct settings *settings;
    struct process *processes;
    size_t count;
    size_t next;     /* where the search begins, so that equals take turns */
    uint64_t chance; /* the state of the numbers that spread the delays */
    struct call_slot *first, *last;
};

/* The settings and processes are borrowed. False: the system has no locks left. */
bool line_init(struct line *line, const struct settings *settings, struct process *processes,
               size_t count);
void line_free(struct line *line);

/* The call waits for a turn; `ahead` of those that wait already when it has had one before. */
void line_enter(struct line *line, struct call_slot *slot, bool ahead);

/* Whether the call's turn has come; slot->process is the caller's then. If not, the call is woken
 * when it has; it must look again at `*again` (nanoseconds), when a process comes back that was
 * set aside. */
bool line_has_turn(struct line *line, struct call_slot *slot, uint64_t *again);

/* How a turn went. */
enum turn_end {
    TURN_WORKED,
    TURN_FAILED, /* the process is set aside for a while */
    TURN_NOTHING /* nothing is known of the process that was not known before */
};

/* Gives the turn back. */
void line_give(struct line *line, struct call_slot *slot, enum turn_end end);

/* The call waits no longer; a turn that has just come is given back. */
void line_leave(struct line *line, struct call_slot *slot);

#endif
