/* How cost grows: what a curve is, and what all subjects need. */
#ifndef EXTVM_TESTS_SCALING_H
#define EXTVM_TESTS_SCALING_H

#include <extvm/extvm.h>

/* The two VMs on which calls are run. */
struct machines {
    extvm_vm *internal;
    extvm_vm *socket; /* a test-mode server behind a unix socket */
};

/* One thing that is measured at sizes from `smallest` on, each `step` times the last. */
struct curve {
    const char *name; /* in the picture's legend */
    size_t smallest, step, largest;
    size_t quick; /* the largest when there is little time */

    /* The cost of a unit at the largest size, without what the smallest call costs, may be at most
     * `limit` times what it is at the size `middle`. */
    size_t middle;
    double limit;

    /* Seconds that one run at this size takes. */
    double (*measure)(const struct machines *machines, size_t size);
};

/* What grows, and its curves; a file of its own. */
struct subject {
    const char *name; /* of the file, without its ending */
    const char *unit;
    const struct curve *curves;
    size_t curve_count;
};

extern const struct subject queries_subject, code_subject, depth_subject, accounts_subject;

_Noreturn void give_up(const char *what, const char *why);

/* Seconds, from any beginning. */
double now(void);

/* The least that `run` returns in several runs: what is more than that is other work on the
 * machine. */
double fastest(double (*run)(void *context), void *context);

#endif
