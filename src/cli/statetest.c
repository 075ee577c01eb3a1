/* `extvm statetest`: its options, and what its exit status is. */
#include "statetest.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "statetest_jobs.h"

enum exit_status {
    EXIT_WORKED = 0,
    EXIT_CHECK_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_VM_UNREACHABLE = 3,
    EXIT_VM_REJECTED = 4,
    EXIT_VM_BROKE_OFF = 5,
    EXIT_TIME_IS_OVER = 6,
    EXIT_NODE_FAILED = 7
};

enum { JOBS_MAXIMUM = 1024 };

static const char usage[] =
    "Usage: extvm statetest [OPTION]... PATH...\n"
    "Runs Ethereum GeneralStateTests, files or folders of them, on a virtual machine. Prints each\n"
    "case that fails with what differs, and last \"N passed, N failed, N skipped\": skipped are "
    "cases\n"
    "of forks that this program does not know.\n"
    "\n"
    "  --vm ADDRESS    the VM: internal (the default), kevm://HOST:PORT, kevm+unix:PATH;\n"
    "                  may be repeated for several processes of one kind\n"
    "  --fork NAME     only cases of this fork: Frontier, Homestead, EIP150, EIP158, Byzantium,\n"
    "                  Constantinople, ConstantinopleFix, Istanbul or Berlin\n"
    "  --filter GLOB   only tests whose name, or whose FOLDER/FILE:NAME (FILE without .json),\n"
    "                  matches GLOB; * matches / too\n"
    "  --jobs N        threads, each with a VM of its own (default: one for each processor, but "
    "for\n"
    "                  VMs behind a socket one for each --vm, which is also the most there can "
    "be)\n"
    "  --timeout SECONDS          for each whole call\n"
    "  --connect-timeout SECONDS  for one connect\n"
    "  --json          one JSON object on a line for each case, and one with the three numbers\n"
    "  --help          this text\n"
    "\n"
    "Exit status: 0 all passed, 1 a case failed, 2 usage or a file that is no state test, 3 the "
    "VM\n"
    "cannot be reached, 4 it rejected the session, 7 this side failed.\n";

struct arguments {
    const char **vms; /* room for one for each argument */
    size_t vm_count;
    struct case_selection selection;
    extvm_fork fork;
    size_t jobs; /* 0: not given */
    extvm_options *options;
    struct path_list files;
    bool help;
};

/* -- options -- */

static bool refuse(const struct arguments *arguments, const char *status, const char *text) {
    fprintf(stderr, "extvm: statetest: %s\n", text);
    if (arguments->selection.json) {
        json_t *object = json_pack("{s:{s:s, s:s}}", "error", "status", status, "message", text);
        json_dumpf(object, stdout, JSON_COMPACT);
        fputc('\n', stdout);
        json_decref(object);
    }
    return false;
}

__attribute__((format(printf, 2, 3))) static bool refuse_usage(const struct arguments *arguments,
                                                               const char *format, ...) {
    char text[EXTVM_ERROR_TEXT_SIZE * 2];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    return refuse(arguments, extvm_status_name(EXTVM_INVALID_ARGUMENT), text);
}

static bool take_vm(struct arguments *arguments, const char *value) {
    arguments->vms[arguments->vm_count++] = value;
    return true;
}

static bool take_fork(struct arguments *arguments, const char *value) {
    if (extvm_fork_from_name(value, &arguments->fork) != EXTVM_OK) {
        return refuse_usage(arguments, "--fork %s: there is no such fork", value);
    }
    arguments->selection.fork = &arguments->fork;
    return true;
}

static bool take_filter(struct arguments *arguments, const char *value) {
    arguments->selection.filter = value;
    return true;
}

static bool take_jobs(struct arguments *arguments, const char *value) {
    char *end;
    errno = 0;
    unsigned long jobs = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || errno != 0 || jobs < 1 ||
        jobs > JOBS_MAXIMUM) {
        return refuse_usage(arguments, "--jobs %s: not a number from 1 to %d", value, JOBS_MAXIMUM);
    }
    arguments->jobs = jobs;
    return true;
}

static bool take_seconds(struct arguments *arguments, const char *option, const char *value) {
    char duration[64];
    extvm_error error;
    int length = snprintf(duration, sizeof duration, "%ss", value);
    if (length < 0 || (size_t)length >= sizeof duration) {
        return refuse_usage(arguments, "%s: %.40s... is no number of seconds", option, value);
    }
    if (extvm_options_set(arguments->options, option, duration, &error) != EXTVM_OK) {
        return refuse(arguments, extvm_status_name(error.status), error.text);
    }
    return true;
}

static bool take_timeout(struct arguments *arguments, const char *value) {
    return take_seconds(arguments, "call-timeout", value);
}

static bool take_connect_timeout(struct arguments *arguments, const char *value) {
    return take_seconds(arguments, "connect-timeout", value);
}

static bool take_json(struct arguments *arguments, const char *value) {
    (void)value;
    arguments->selection.json = true;
    return true;
}

static bool take_help(struct arguments *arguments, const char *value) {
    (void)value;
    arguments->help = true;
    return true;
}

static const struct {
    struct option option;
    bool (*take)(struct arguments *arguments, const char *value);
} options[] = {
    {{"vm", required_argument, NULL, 0}, take_vm},
    {{"fork", required_argument, NULL, 0}, take_fork},
    {{"filter", required_argument, NULL, 0}, take_filter},
    {{"jobs", required_argument, NULL, 0}, take_jobs},
    {{"timeout", required_argument, NULL, 0}, take_timeout},
    {{"connect-timeout", required_argument, NULL, 0}, take_connect_timeout},
    {{"json", no_argument, NULL, 0}, take_json},
    {{"help", no_argument, NULL, 0}, take_help},
};

enum { OPTION_COUNT = sizeof options / sizeof options[0] };

static bool take_options(struct arguments *arguments, int argc, char **argv) {
    struct option table[OPTION_COUNT + 1] = {0};
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        table[i] = options[i].option;
    }
    optind = 0; /* getopt starts anew: the main program may have used it */
    opterr = 0;
    for (int index = 0, found; (found = getopt_long(argc, argv, ":", table, &index)) != -1;) {
        if (found != 0) {
            return refuse_usage(arguments, "%s: %s (--help lists the options)", argv[optind - 1],
                                found == ':' ? "a value is missing" : "there is no such option");
        }
        if (!options[index].take(arguments, optarg)) {
            return false;
        }
    }
    return true;
}

static bool take_paths(struct arguments *arguments, int argc, char **argv) {
    if (optind >= argc) {
        return refuse_usage(arguments, "no PATH given (--help says what it is)");
    }
    for (int i = optind; i < argc; i++) {
        char why[PATH_WHY_SIZE];
        if (!path_list_add(&arguments->files, argv[i], why)) {
            return refuse_usage(arguments, "%s: %s", argv[i], why);
        }
    }
    return true;
}

/* -- jobs -- */

/* A VM behind a socket serves one session at a time: a second one would wait for ever. */
static bool is_behind_socket(const char *vm) {
    return strchr(vm, ':') != NULL;
}

static size_t count_jobs(const struct arguments *arguments) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t jobs = arguments->jobs;
    if (is_behind_socket(arguments->vms[0])) {
        return jobs == 0 || jobs > arguments->vm_count ? arguments->vm_count : jobs;
    }
    return jobs != 0 ? jobs : (size_t)(processors > 0 ? processors : 1);
}

/* -- the end -- */

static enum exit_status status_to_exit(extvm_status status) {
    static const enum exit_status by_class[] = {
        [EXTVM_CLASS_OK] = EXIT_WORKED,
        [EXTVM_CLASS_USAGE] = EXIT_USAGE,
        [EXTVM_CLASS_UNREACHABLE] = EXIT_VM_UNREACHABLE,
        [EXTVM_CLASS_REJECTED] = EXIT_VM_REJECTED,
        [EXTVM_CLASS_BROKEN] = EXIT_VM_BROKE_OFF,
        [EXTVM_CLASS_DEADLINE] = EXIT_TIME_IS_OVER,
        [EXTVM_CLASS_NODE] = EXIT_NODE_FAILED,
    };
    return by_class[extvm_status_classify(status)];
}

static enum exit_status conclude(const struct arguments *arguments,
                                 const struct job_report *report) {
    const struct case_counts *counts = &report->counts;
    if (report->outcome != FILE_DONE) {
        char text[EXTVM_ERROR_TEXT_SIZE * 2];
        snprintf(text, sizeof text, "%s%s%s%s", report->file != NULL ? report->file : "",
                 report->outcome == FILE_NO_STATE_TEST ? " is no state test" : "",
                 report->file != NULL ? ": " : "", report->error.text);
        refuse(arguments, extvm_status_name(report->error.status), text);
        return status_to_exit(report->error.status);
    }
    if (counts->passed + counts->failed + counts->skipped == 0) {
        refuse_usage(arguments, "no case is of that --fork and --filter");
        return EXIT_USAGE;
    }
    printf(arguments->selection.json ? "{\"passed\":%zu,\"failed\":%zu,\"skipped\":%zu}\n"
                                     : "%zu passed, %zu failed, %zu skipped\n",
           counts->passed, counts->failed, counts->skipped);
    return counts->failed > 0 ? EXIT_CHECK_FAILED : EXIT_WORKED;
}

static enum exit_status run(struct arguments *arguments, int argc, char **argv) {
    if (!take_options(arguments, argc, argv)) {
        return EXIT_USAGE;
    }
    if (arguments->help) {
        fputs(usage, stdout);
        return EXIT_WORKED;
    }
    if (!take_paths(arguments, argc, argv)) {
        return EXIT_USAGE;
    }
    if (arguments->vm_count == 0) {
        take_vm(arguments, "internal");
    }
    struct job_report report;
    const struct job_plan plan = {.files = &arguments->files,
                                  .selection = &arguments->selection,
                                  .vms = arguments->vms,
                                  .vm_count = arguments->vm_count,
                                  .options = arguments->options,
                                  .jobs = count_jobs(arguments),
                                  .shows_progress = isatty(STDERR_FILENO) == 1};
    jobs_run(&plan, &report);
    return conclude(arguments, &report);
}

int command_statetest(int argc, char **argv) {
    struct arguments arguments = {.vms = calloc((size_t)argc + 1, sizeof(char *)),
                                  .options = extvm_options_new(NULL)};
    enum exit_status status = EXIT_NODE_FAILED;
    if (arguments.vms == NULL || arguments.options == NULL) {
        refuse(&arguments, extvm_status_name(EXTVM_NO_MEMORY), "no memory");
    } else {
        status = run(&arguments, argc, argv);
    }
    path_list_free(&arguments.files);
    extvm_options_free(arguments.options);
    free(arguments.vms);
    return (int)status;
}
