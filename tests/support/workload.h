/* Calls at random whose results are known: each is run on the internal VM as well. For programs
 * with many threads that make many calls; each thread has a workload of its own. */
#ifndef EXTVM_TESTS_WORKLOAD_H
#define EXTVM_TESTS_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "support/cases.h"

struct workload {
    extvm_vm *internal;
    extvm_state *state;
    extvm_world world;
    struct case_call one;
    extvm_result *expected;
    bool is_iele;
    uint64_t chance;
};

/* Calls of a KEVM or of an IELE VM; the same `seed` gives the same ones. */
void workload_init(struct workload *workload, bool is_iele, uint64_t seed);
void workload_free(struct workload *workload);

/* The next call is in workload->one, and what must come of it in workload->expected. */
void workload_next(struct workload *workload);

/* Whether two results, of whatever VMs, mean the same to a node. */
bool workload_same(const extvm_result *a, const extvm_result *b);

#endif
