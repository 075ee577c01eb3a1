/* Running the cases of GeneralStateTests and saying what differs. */
#ifndef CLI_STATETEST_RUN_H
#define CLI_STATETEST_RUN_H

#include "statetest_file.h"
#include "suite_jobs.h"

/* Which cases are run; and what all of them need. */
struct case_selection {
    const char *filter;     /* a pattern of fnmatch(3), or NULL */
    const extvm_fork *fork; /* NULL: every fork */
    secp256k1_context *curve;
};

/* Runs the selected cases of one file; a suite_run_file whose selection is a struct case_selection.
 */
extvm_status statetest_run_file(struct suite_job *job, const char *path);

#endif
