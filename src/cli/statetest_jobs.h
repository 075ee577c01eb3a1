/* Running the files of a test suite on several threads. */
#ifndef CLI_STATETEST_JOBS_H
#define CLI_STATETEST_JOBS_H

#include "statetest_paths.h"
#include "statetest_run.h"
#include "vm_options.h"

struct job_plan {
    const struct path_list *files;
    const struct case_selection *selection;
    const struct vm_options *vm_options; /* job i has the VM of index i */
    size_t jobs;
};

/* Runs all files, prints what there is to say to stdout in the order of the files, and counts the
 * cases. Stops at the first file that cannot be run. Errors: what case_runner_run and
 * vm_options_open return. */
extvm_status jobs_run(const struct job_plan *plan, struct case_counts *counts, extvm_error *error);

#endif
