/* extvm statetest: Ethereum's GeneralStateTests on any VM. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "report.h"
#include "statetest_jobs.h"
#include "value.h"

enum { JOBS_MAXIMUM = 1024 };

static const char about[] =
    "Runs Ethereum GeneralStateTests, files or folders of them, on a VM, as a node would run "
    "their\n"
    "transactions. Prints each case that fails with what differs, and last \"N passed, N failed,\n"
    "N skipped\": skipped are the cases of forks that this program does not know.";

static const char notes[] =
    "--vm may be repeated for several processes of one kind, which share the files. With --json\n"
    "there is one object on a line for each case, and last one with the three numbers.\n"
    "\n"
    "Where a VM is known to differ from Ethereum the case fails all the same, and the line says "
    "so.\n"
    "The exit status is 1 when a case failed. When a file is no state test (2), or a VM cannot be\n"
    "reached or rejects the session (3, 4), the run ends there.\n"
    "\n"
    "Example:\n"
    "  extvm statetest --fork Berlin --filter 'stCreate2/*' GeneralStateTests";

struct statetest {
    struct case_selection selection;
    extvm_fork fork;
    size_t jobs; /* 0: not given */
    struct vm_options vm_options;
    struct path_list files;
};

/* -- options -- */

static extvm_status take_fork(void *context, const char *value, extvm_error *error) {
    struct statetest *statetest = context;
    if (extvm_fork_from_name(value, &statetest->fork) != EXTVM_OK) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "--fork %s: no such fork: it must be %s",
                        quote(value).text, value_fork_allowed(value).text);
    }
    statetest->selection.fork = &statetest->fork;
    return EXTVM_OK;
}

static extvm_status take_jobs(void *context, const char *value, extvm_error *error) {
    struct statetest *statetest = context;
    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE];
    extvm_bytes integer;
    uint64_t jobs;
    if (value_integer(value, buffer, &integer) != EXTVM_OK ||
        extvm_integer_to_u64(integer, &jobs) != EXTVM_OK || jobs < 1 || jobs > JOBS_MAXIMUM) {
        return complain(error, EXTVM_OUT_OF_RANGE, "--jobs %s: it must be a number from 1 to %d",
                        quote(value).text, JOBS_MAXIMUM);
    }
    statetest->jobs = (size_t)jobs;
    return EXTVM_OK;
}

static const struct option_spec specs[] = {
    {"--fork", "NAME", "only cases of this fork, as Berlin", take_fork, 0},
    {"--filter", "GLOB",
     "only tests whose name, or whose FOLDER/FILE:NAME (FILE without\n"
     ".json), matches GLOB; * matches / too",
     NULL, offsetof(struct statetest, selection.filter)},
    {"--jobs", "NUMBER",
     "threads, each with a VM of its own (one for each processor; for VMs\n"
     "behind a socket one for each --vm, and no more)",
     take_jobs, 0},
};

/* -- jobs -- */

/* A VM behind a socket serves one session at a time: a second one would wait for ever. */
static bool any_behind_socket(const struct vm_options *vm_options) {
    for (size_t i = 0; i < vm_options->address_count; i++) {
        if (strchr(vm_options->addresses[i], ':') != NULL) {
            return true;
        }
    }
    return false;
}

static size_t count_jobs(const struct statetest *statetest) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t jobs = statetest->jobs;
    size_t most = statetest->files.count;
    if (any_behind_socket(&statetest->vm_options)) {
        size_t vms = statetest->vm_options.address_count;
        jobs = jobs == 0 ? vms : jobs;
        most = vms < most ? vms : most;
    } else if (jobs == 0) {
        jobs = processors > 0 ? (size_t)processors : 1;
    }
    return jobs < most ? jobs : most;
}

/* -- the command -- */

static extvm_status prepare(struct statetest *statetest, const struct command_line *command,
                            int argc, char **argv, extvm_error *error) {
    int operand_count = 0;
    extvm_status status = vm_options_init(&statetest->vm_options, VM_OPTIONS_ADDRESSES, error);
    if (status == EXTVM_OK) {
        status = command_line_parse(command, argc, argv, &operand_count, error);
    }
    if (status == EXTVM_OK && operand_count == 0) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "statetest: no PATH given (extvm statetest --help says what it is)");
    }
    for (int i = 1; i <= operand_count && status == EXTVM_OK; i++) {
        status = path_list_add(&statetest->files, argv[i], error);
    }
    statetest->selection.json = statetest->vm_options.json;
    return status;
}

static extvm_status run(struct statetest *statetest, struct case_counts *counts,
                        extvm_error *error) {
    const struct job_plan plan = {.files = &statetest->files,
                                  .selection = &statetest->selection,
                                  .vm_options = &statetest->vm_options,
                                  .jobs = count_jobs(statetest)};
    extvm_status status = vm_options_start(&statetest->vm_options, error);
    if (status == EXTVM_OK) {
        status = jobs_run(&plan, counts, error);
    }
    return status == EXTVM_OK ? vm_options_finish(&statetest->vm_options, error) : status;
}

static extvm_status print_counts(const struct statetest *statetest,
                                 const struct case_counts *counts, extvm_error *error) {
    if (counts->passed + counts->failed + counts->skipped == 0) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "statetest: no case is of that --fork and --filter");
    }
    printf(statetest->selection.json ? "{\"passed\":%zu,\"failed\":%zu,\"skipped\":%zu}\n"
                                     : "%zu passed, %zu failed, %zu skipped\n",
           counts->passed, counts->failed, counts->skipped);
    return output_check(error);
}

int command_statetest(int argc, char **argv) {
    extvm_error error;
    struct statetest statetest = {.jobs = 0};
    struct case_counts counts = {0};
    bool json = command_line_has(argc, argv, "--json"); /* parsing moves the arguments */
    const struct option_group groups[] = {
        {"The cases", specs, sizeof specs / sizeof specs[0], &statetest},
        vm_options_group(&statetest.vm_options),
    };
    const struct command_line command = {
        .usage = "extvm statetest [OPTION...] PATH...",
        .about = about,
        .notes = notes,
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .operands = true,
    };
    if (command_line_wants_help(argc, argv)) {
        command_line_print_help(&command, stdout);
        return report_output();
    }
    extvm_status status = prepare(&statetest, &command, argc, argv, &error);
    if (status == EXTVM_OK) {
        status = run(&statetest, &counts, &error);
    }
    if (status == EXTVM_OK) {
        status = print_counts(&statetest, &counts, &error);
    }
    pool_free(&statetest.files.pool);
    vm_options_free(&statetest.vm_options);
    if (status != EXTVM_OK) {
        return report_error(json, &error);
    }
    return counts.failed > 0 ? EXIT_CODE_CHECK_FAILED : EXIT_CODE_DONE;
}
