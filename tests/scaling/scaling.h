/* How cost grows: what a curve is, and what all subjects need. */
#ifndef EXTVM_TESTS_SCALING_H
#define EXTVM_TESTS_SCALING_H

#include <extvm/extvm.h>

/* The two VMs on which calls are run. */
struct machines {
    extvm_vm *internal;
    extvm_vm *socket; /* a test-mode server behind a unix socket */
};

/* How many times the cost of a unit may grow from a middle size to the largest, ten to a hundred
 * times as many: n log n would grow 1.3 to 1.5 times, a square 10 to 100 times. What fills more and
 * more memory gets slower when that no longer fits into the caches, and when malloc takes it from
 * the kernel page by page (blocks over 32 MiB): up to 3 times was seen. */
#define LIMIT 2.0
#define LIMIT_IN_MEMORY 4.0

/* One thing that is measured at sizes from `smallest` on, each `step` times the last. */
struct curve {
    const char *name; /* in the picture's legend */
    size_t smallest, step, largest;
    size_t quick; /* the largest when there is little time; over `middle` */

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
    const char *unit, *units;
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
