/* What the commands that run test files have in common. */
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "value.h"

enum { JOBS_MAXIMUM = 1024 };

extvm_status suite_take_jobs(void *context, const char *value, extvm_error *error) {
    struct suite *suite = context;
    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE];
    extvm_bytes integer;
    uint64_t jobs;
    if (value_integer(value, buffer, &integer) != EXTVM_OK ||
        extvm_integer_to_u64(integer, &jobs) != EXTVM_OK || jobs < 1 || jobs > JOBS_MAXIMUM) {
        return complain(error, EXTVM_OUT_OF_RANGE, "--jobs %s: it must be a number from 1 to %d",
                        quote(value).text, JOBS_MAXIMUM);
    }
    suite->jobs = (size_t)jobs;
    return EXTVM_OK;
}

/* A VM behind a socket serves one session at a time: a second one would wait for ever. */
static bool any_behind_socket(const struct vm_options *vm_options) {
    for (size_t i = 0; i < vm_options->address_count; i++) {
        if (strchr(vm_options->addresses[i], ':') != NULL) {
            return true;
        }
    }
    return false;
}

static size_t count_jobs(const struct suite *suite) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t jobs = suite->jobs;
    size_t most = suite->files.count;
    if (any_behind_socket(&suite->vm_options)) {
        size_t vms = suite->vm_options.address_count;
        jobs = jobs == 0 ? vms : jobs;
        most = vms < most ? vms : most;
    } else if (jobs == 0) {
        jobs = processors > 0 ? (size_t)processors : 1;
    }
    return jobs < most ? jobs : most;
}

static extvm_status begin(void *context, extvm_error *error) {
    return vm_options_init(&((struct suite *)context)->vm_options, VM_OPTIONS_ADDRESSES, error);
}

static extvm_status find_files(struct suite *suite, int count, char **paths, extvm_error *error) {
    extvm_status status = EXTVM_OK;
    if (count == 0) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "%s: no PATH given (extvm %s --help says what it is)", suite->name,
                        suite->name);
    }
    for (int i = 0; i < count && status == EXTVM_OK; i++) {
        status = path_list_add(&suite->files, paths[i], error);
    }
    return status;
}

static extvm_status run_files(struct suite *suite, struct case_counts *counts, extvm_error *error) {
    extvm_status status = vm_options_start(&suite->vm_options, error);
    if (status != EXTVM_OK) {
        return status;
    }
    if (suite->vm_options.address_count == 0 && suite->vm_address != NULL) {
        suite->vm_options.addresses[suite->vm_options.address_count++] = suite->vm_address;
    }
    if (suite->check_vm != NULL) {
        status = suite->check_vm(vm_options_address(&suite->vm_options, 0), error);
    }
    if (status != EXTVM_OK) {
        return status;
    }
    const struct suite_plan plan = {.run_file = suite->run_file,
                                    .selection = suite->selection,
                                    .files = &suite->files,
                                    .vm_options = &suite->vm_options,
                                    .jobs = count_jobs(suite)};
    status = suite_run(&plan, counts, error);
    return status == EXTVM_OK ? vm_options_finish(&suite->vm_options, error) : status;
}

static extvm_status print_counts(const struct suite *suite, const struct case_counts *counts,
                                 extvm_error *error) {
    if (counts->passed + counts->failed + counts->skipped == 0) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "%s: %s", suite->name, suite->no_case);
    }
    printf(suite->vm_options.json ? "{\"passed\":%zu,\"failed\":%zu,\"skipped\":%zu}\n"
                                  : "%zu passed, %zu failed, %zu skipped\n",
           counts->passed, counts->failed, counts->skipped);
    return output_check(error);
}

static extvm_status run(void *context, int count, char **operands, enum exit_code *code,
                        extvm_error *error) {
    struct suite *suite = context;
    struct case_counts counts = {0};
    extvm_status status = find_files(suite, count, operands, error);
    if (status == EXTVM_OK) {
        status = run_files(suite, &counts, error);
    }
    *code = counts.failed > 0 ? EXIT_CODE_CHECK_FAILED : EXIT_CODE_DONE;
    return status == EXTVM_OK ? print_counts(suite, &counts, error) : status;
}

int suite_command(struct suite *suite, const struct command_line *command, int argc, char **argv) {
    struct command_line line = *command;
    line.begin = begin;
    line.run = run;
    int exit_status = command_line_run(&line, suite, argc, argv);
    pool_free(&suite->files.pool);
    vm_options_free(&suite->vm_options);
    return exit_status;
}
