/* extvm statetest: Ethereum's GeneralStateTests on any VM. */
#include "command.h"
#include "report.h"
#include "statetest_run.h"
#include "suite.h"
#include "value.h"

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
    struct suite suite;
    struct case_selection selection;
    extvm_fork fork;
};

static extvm_status take_fork(void *context, const char *value, extvm_error *error) {
    struct statetest *statetest = context;
    if (extvm_fork_from_name(value, &statetest->fork) != EXTVM_OK) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "--fork %s: no such fork: it must be %s",
                        quote(value).text, value_fork_allowed(value).text);
    }
    statetest->selection.fork = &statetest->fork;
    return EXTVM_OK;
}

static const struct option_spec specs[] = {
    {"--fork", "NAME", "only cases of this fork, as Berlin", take_fork, 0},
    {"--filter", "GLOB",
     "only tests whose name, or whose FOLDER/FILE:NAME (FILE without\n"
     ".json), matches GLOB; * matches / too",
     NULL, offsetof(struct statetest, selection.filter)},
    SUITE_JOBS_OPTION,
};

int command_statetest(int argc, char **argv) {
    struct statetest statetest = {.suite = {.name = "statetest",
                                            .no_case = "no case is of that --fork and --filter",
                                            .run_file = statetest_run_file}};
    const struct option_group groups[] = {
        {"The cases", specs, sizeof specs / sizeof specs[0], &statetest},
        vm_options_group(&statetest.suite.vm_options),
    };
    const struct command_line command = {
        .usage = "extvm statetest [OPTION...] PATH...",
        .about = about,
        .notes = notes,
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .operands = true,
    };
    statetest.suite.selection = &statetest.selection;
    statetest.selection.curve = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    int exit_status = suite_command(&statetest.suite, &command, argc, argv);
    secp256k1_context_destroy(statetest.selection.curve);
    return exit_status;
}
