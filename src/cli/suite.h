/* What the commands that run test files have in common: the option --jobs, which files, the run,
 * and the last line. */
#ifndef CLI_SUITE_H
#define CLI_SUITE_H

#include "suite_jobs.h"

/* The first member of each command's own struct: the context of its options. */
struct suite {
    const char *name;       /* of the command */
    const char *vm_address; /* when no VM is named; NULL: as everywhere */
    const char *no_case;    /* said when no case was run */
    suite_run_file *run_file;
    /* Refuses a VM that the tests are not for; NULL: they are for any. */
    extvm_status (*check_vm)(const char *address, extvm_error *error);
    const void *selection;
    size_t jobs; /* 0: not given */
    struct vm_options vm_options;
    struct path_list files;
};

/* The option of how many threads there are, as a row of a command's table. */
option_take suite_take_jobs;

#define SUITE_JOBS_OPTION                                                                          \
    {                                                                                              \
        "--jobs", "NUMBER",                                                                        \
            "threads, each with a VM of its own (one for each processor; for VMs\n"                \
            "behind a socket one for each --vm, and no more)",                                     \
            suite_take_jobs, 0                                                                     \
    }

/* The whole command. Returns its exit status. */
int suite_command(struct suite *suite, const struct command_line *command, int argc, char **argv);

#endif
