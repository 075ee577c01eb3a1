/* Running the files of a test suite on several threads. */
#ifndef CLI_SUITE_JOBS_H
#define CLI_SUITE_JOBS_H

#include <stdio.h>

#include "progress.h"
#include "suite_paths.h"
#include "vm_options.h"

struct case_counts {
    size_t passed, failed, skipped;
};

/* One thread's work: its VM, and where what comes out goes. */
struct suite_job {
    const void *selection; /* as in the plan */
    extvm_vm *vm;
    const char *vm_address;
    bool json; /* one object on a line for each case, instead of text for those that fail */
    struct progress *progress;
    struct case_counts counts; /* of the file at hand */
    FILE *out;                 /* what is printed of it goes here */
    extvm_error error;         /* filled when the run ends early */
};

/* Runs the cases of one file. After anything but EXTVM_OK the job's `error` is filled: the file
 * holds something that is no test, the VM cannot be had at all, or there is no memory. */
typedef extvm_status suite_run_file(struct suite_job *job, const char *path);

/* Counts a case of the job's, there and in the progress. */
void suite_count(struct suite_job *job, bool passed);

/* Whether a call that ended so means that no other case would come to anything either: there is no
 * VM, or no memory. */
bool suite_breaks_off(extvm_status status);

struct suite_plan {
    suite_run_file *run_file;
    const void *selection; /* which cases are run: between the command and run_file */
    const struct path_list *files;
    const struct vm_options *vm_options; /* job i has the VM of index i */
    size_t jobs;
};

/* Runs all files, prints what there is to say to stdout in the order of the files, and counts the
 * cases. Stops at the first file that cannot be run. Errors: what run_file and vm_options_open
 * return. */
extvm_status suite_run(const struct suite_plan *plan, struct case_counts *counts,
                       extvm_error *error);

#endif
