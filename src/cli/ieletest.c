/* extvm ieletest: IELE tests on any IELE. */
#include <string.h>

#include "command.h"
#include "ieletest_run.h"
#include "report.h"
#include "suite.h"

static const char about[] =
    "Runs IELE test files, or folders of them, on an IELE, as a node would run their "
    "transactions.\n"
    "Prints each case that fails with what differs, and last \"N passed, N failed, N skipped\".\n"
    "\n"
    "A case is one test: all its transactions, one after the other, with what each returns, its\n"
    "status, gas, refund and logs, and the whole state after the last. Gas in thousandths, where "
    "a\n"
    "test has it, is compared on internal-iele only: the protocol does not carry it. In a file "
    "that\n"
    "is a list of single instructions, each of them is a case; they run on the VM of this program\n"
    "only, and are skipped for an IELE behind a socket that is not its own.";

static const char notes[] =
    "Without --vm and --config the VM is internal-iele. --vm may be repeated for several "
    "processes\n"
    "of one kind, which share the files. With --json there is one object on a line for each case,\n"
    "and last one with the three numbers.\n"
    "\n"
    "The exit status is 1 when a case failed. When a file is no IELE test (2), or a VM cannot be\n"
    "reached or rejects the session (3, 4), the run ends there.\n"
    "\n"
    "Example:\n"
    "  extvm ieletest --vm iele://127.0.0.1:8888 tests/danse";

struct ieletest {
    struct suite suite;
    struct iele_selection selection;
};

static const struct option_spec specs[] = {
    {"--filter", "GLOB",
     "only tests whose name, or whose FOLDER/FILE:NAME (FILE without\n"
     ".json), matches GLOB; * matches / too",
     NULL, offsetof(struct ieletest, selection.filter)},
    SUITE_JOBS_OPTION,
};

static extvm_status check_vm(const char *address, extvm_error *error) {
    return vm_options_is_iele(address)
               ? EXTVM_OK
               : complain(error, EXTVM_INVALID_ARGUMENT,
                          "ieletest: --vm %s is no IELE: allowed is internal-iele, test-mode-iele, "
                          "iele://HOST:PORT or iele+unix:PATH",
                          quote(address).text);
}

int command_ieletest(int argc, char **argv) {
    struct ieletest ieletest = {.suite = {.name = "ieletest",
                                          .vm_address = "internal-iele",
                                          .no_case = "no case is of that --filter",
                                          .run_file = ieletest_run_file,
                                          .check_vm = check_vm}};
    const struct option_group groups[] = {
        {"The cases", specs, sizeof specs / sizeof specs[0], &ieletest},
        vm_options_group(&ieletest.suite.vm_options),
    };
    const struct command_line command = {
        .usage = "extvm ieletest [OPTION...] PATH...",
        .about = about,
        .notes = notes,
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .operands = true,
    };
    ieletest.suite.selection = &ieletest.selection;
    return suite_command(&ieletest.suite, &command, argc, argv);
}
