/* What one call of a side costs in system calls and allocations: counted, at the node's end. */
#ifndef CLI_BENCH_COUNT_H
#define CLI_BENCH_COUNT_H

#include "bench_measure.h"

/* Counts into `side->counts` what a call takes that is not the first of its session. Where counting
 * is not allowed (a container without ptrace) nothing is known afterwards, and that is no error.
 * Errors: those of extvm_open and extvm_run, EXTVM_NO_MEMORY. */
extvm_status bench_count(const struct bench_measure *measure, struct bench_side *side,
                         extvm_error *error);

#endif
