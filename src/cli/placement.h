/* Which processors the two ends of a measured connection run on. Where the scheduler puts them
 * decides most of what a round trip takes: sides that are compared must have the same. */
#ifndef CLI_PLACEMENT_H
#define CLI_PLACEMENT_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

#include <extvm/status.h>

enum placement_kind {
    PLACEMENT_APART,    /* the node's threads on one half of the processors, the VM's on the other;
                         * of a single session, each on one */
    PLACEMENT_TOGETHER, /* all on one processor */
    PLACEMENT_FREE,     /* where the scheduler likes */
    PLACEMENT_KINDS
};

enum placement_end { PLACEMENT_NODE, PLACEMENT_VM, PLACEMENT_ENDS };

struct placement {
    cpu_set_t all; /* that this program may use */
    cpu_set_t ends[PLACEMENT_ENDS];
    size_t first[PLACEMENT_ENDS]; /* a processor of each end */
    enum placement_kind kind;     /* what is possible: one processor is PLACEMENT_TOGETHER */
};

/* "apart", "together" or "free". */
const char *placement_name(enum placement_kind kind);

/* The kind of that name; false: there is none. */
bool placement_parse(const char *name, enum placement_kind *out);

/* Looks what processors there are for `sessions` sessions. Errors: EXTVM_SYSTEM_ERROR. */
extvm_status placement_init(struct placement *placement, enum placement_kind kind, size_t sessions,
                            extvm_error *error);

/* Moves the thread to an end's processors; threads that it starts begin there too. */
void placement_enter(const struct placement *placement, enum placement_end end);

/* Lets the thread run anywhere again. */
void placement_leave(const struct placement *placement);

#endif
