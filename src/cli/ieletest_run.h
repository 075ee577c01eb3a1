/* Running the cases of IELE test files. */
#ifndef CLI_IELETEST_RUN_H
#define CLI_IELETEST_RUN_H

#include <extvm/state.h>

#include "json_read.h"
#include "verdict.h"

/* Which cases are run. */
struct iele_selection {
    const char *filter; /* a pattern of fnmatch(3), or NULL */
};

/* Runs the selected cases of one file, tests or instructions; a suite_run_file whose selection is a
 * struct iele_selection. */
extvm_status ieletest_run_file(struct suite_job *job, const char *path);

/* -- ieletest_states.c -- */

/* Notes everything in which the state differs from the expected one: accounts, nonces, balances,
 * code and storage. False: no memory. */
bool ieletest_compare_states(struct verdict *verdict, const extvm_state *got,
                             const extvm_state *expected);

/* -- ieletest_instructions.c -- */

/* Runs a list of single instructions; a json_read function, `target` is the job. */
json_read ieletest_run_instructions;

#endif
