/* Running the files of a test suite on several threads. */
#ifndef EXTVM_CLI_STATETEST_JOBS_H
#define EXTVM_CLI_STATETEST_JOBS_H

#include "statetest_paths.h"
#include "statetest_run.h"

struct job_plan {
    const struct path_list *files;
    const struct case_selection *selection;
    const char *const *vms; /* addresses; job i uses the one at i modulo their number */
    size_t vm_count;
    const extvm_options *options;
    size_t jobs;
    bool shows_progress; /* on stderr */
};

struct job_report {
    struct case_counts counts;
    enum file_outcome outcome; /* FILE_DONE, or that of the first file that ended the run */
    const char *file;          /* that file; NULL: opening a VM failed */
    extvm_error error;
};

/* Runs all files, and prints what there is to say to stdout in the order of the files. Stops at the
 * first file that cannot be run. */
void jobs_run(const struct job_plan *plan, struct job_report *report);

#endif
