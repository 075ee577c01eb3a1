/* Running the cases of GeneralStateTests and saying what differs. */
#ifndef CLI_STATETEST_RUN_H
#define CLI_STATETEST_RUN_H

#include <stdio.h>

#include "progress.h"
#include "statetest_file.h"

/* Which cases are run, and how they are reported. */
struct case_selection {
    const char *filter;     /* a pattern of fnmatch(3), or NULL */
    const extvm_fork *fork; /* NULL: every fork */
    bool json;
};

struct case_counts {
    size_t passed, failed, skipped;
};

/* One worker: a VM, and what it needs for reading. */
struct case_runner {
    const struct case_selection *selection;
    extvm_vm *vm;
    const char *vm_address;
    const secp256k1_context *curve;
    struct progress *progress;
    struct case_counts counts;
    FILE *out;         /* what is printed goes here */
    extvm_error error; /* filled when a run ends early */
};

/* Runs the selected cases of one file. After anything but EXTVM_OK `error` is filled: the file
 * holds something that is no state test, the VM cannot be had at all, or there is no memory. */
extvm_status case_runner_run(struct case_runner *runner, const char *path);

#endif
