/* Where the real VMs are known to differ from Ethereum's consensus. */
#ifndef CLI_STATETEST_DIVERGENCE_H
#define CLI_STATETEST_DIVERGENCE_H

#include "statetest_file.h"

struct failed_case {
    const char *vm; /* its address */
    const struct state_test *test;
    extvm_fork fork;
    extvm_status status;
};

/* The next known divergence that can be the reason of the failure, after `*position` (0 to begin
 * with); NULL when there is no other. */
const char *divergence_next(const struct failed_case *failed, size_t *position);

#endif
