/* extvm run: one call on a VM, and what the VM decided. */
#include <stdio.h>
#include <string.h>

#include <extvm/vm.h>

#include "command.h"
#include "file.h"
#include "report.h"
#include "result.h"
#include "run_input.h"
#include "vm_options.h"

static const char about[] =
    "Runs one call on a VM and prints what the VM decided: the outcome, the return data, the gas,\n"
    "and what changed in the world.";

static const char notes[] =
    "Numbers are decimal, or hex after 0x. A file named with @ that holds hex text (0x before it\n"
    "and white space around it are allowed) stands for the bytes that the hex says; any other\n"
    "file stands for its own bytes.\n"
    "\n"
    "CALL.json (numbers are strings, or JSON numbers below 2^53; what is missing is 0):\n"
    "  {\"caller\": \"0x...\", \"recipient\": null, \"input\": \"0x\", \"value\": \"0\", "
    "\"gasPrice\": \"0\",\n"
    "   \"gas\": \"1000000\", \"block\": {\"beneficiary\": \"0x...\", \"difficulty\": \"0\", "
    "\"number\": \"1\",\n"
    "   \"gasLimit\": \"0x7a1200\", \"timestamp\": 1000}, \"chain\": {\"fork\": \"Berlin\", "
    "\"chainId\": \"1\"},\n"
    "   \"accessList\": [{\"address\": \"0x...\", \"storageKeys\": [\"0x0\"]}]}\n"
    "An accessList, also an empty one, makes it a transaction of type 1. Instead of a fork, or\n"
    "besides it, chain takes frontierBlockNumber to berlinBlockNumber, and also maxCodeSize and\n"
    "accountStartNonce.\n"
    "\n"
    "WORLD.json (an account that is not listed does not exist; the caller must be):\n"
    "  {\"0xADDRESS\": {\"nonce\": \"1\", \"balance\": \"0\", \"code\": \"0x\", \"storage\": "
    "{\"0x0\": \"0x1\"}},\n"
    "   \"blockHashes\": {\"NUMBER\": \"0x...\"}}\n"
    "An IELE's storage keys and values may be negative and of any size.\n"
    "It is the state that the VM is told: the caller's nonce is already counted up, and the gas\n"
    "already paid. Without --world and --call the caller has nonce 1 and 10^24 wei, and nobody\n"
    "else exists.\n"
    "\n"
    "Example, a program that returns 42:\n"
    "  extvm run --vm kevm://127.0.0.1:8888 --code 602a60005260206000f3\n"
    "Example, a payment on an IELE:\n"
    "  extvm run --vm iele://127.0.0.1:8888 --to 0xb2...b2 --value 256 --function deposit";

struct run {
    struct run_options options;
    struct vm_options vm_options;
    struct run_input input;
    extvm_result *result;
};

static extvm_status begin(void *context, extvm_error *error) {
    return vm_options_init(&((struct run *)context)->vm_options, 1, error);
}

static extvm_status read_input(struct run *run, extvm_error *error) {
    extvm_status status = run_input_read(&run->input, &run->options, error);
    if (status == EXTVM_OK && run->options.world_out_path != NULL) {
        status = file_check_replaceable(run->options.world_out_path, error);
        if (status != EXTVM_OK) {
            complain_about(error, "--world-out");
        }
    }
    return status;
}

/* The VM is left before anything is printed: a reader that goes away must not cut its session. */
static extvm_status run_on_vm(struct run *run, extvm_error *error) {
    extvm_vm *vm = NULL;
    extvm_status status = vm_options_start(&run->vm_options, error);
    if (status == EXTVM_OK) {
        status = vm_options_open(&run->vm_options, 0, &vm, error);
    }
    if (status == EXTVM_OK) {
        const extvm_world world = extvm_state_world(run->input.world.state);
        status = extvm_run(vm, &run->input.call.call, &world, &run->result, error);
    }
    vm_options_close(vm);
    return status == EXTVM_OK ? vm_options_finish(&run->vm_options, error) : status;
}

static extvm_status write_world(struct run *run, extvm_error *error) {
    if (run->options.world_out_path == NULL) {
        return EXTVM_OK;
    }
    const extvm_sink sink = extvm_state_sink(run->input.world.state);
    extvm_status status = extvm_apply(run->result, &sink, error);
    if (status == EXTVM_OK) {
        status = world_json_write(run->options.world_out_path, &run->input.world, error);
    }
    return status == EXTVM_OK ? EXTVM_OK : complain_about(error, "--world-out");
}

/* Of an IELE the return data is a list of integers. */
static bool is_iele(const struct run *run) {
    return vm_options_is_iele(vm_options_address(&run->vm_options, 0));
}

static extvm_status print_result(const struct run *run, extvm_error *error) {
    return run->vm_options.json
               ? result_print_json(run->result, error)
               : result_print_text(run->result, &run->input.call.call, is_iele(run), error);
}

static void run_free(struct run *run) {
    extvm_result_free(run->result);
    run_input_free(&run->input);
    vm_options_free(&run->vm_options);
}

static extvm_status run_all(void *context, int count, char **operands, enum exit_code *code,
                            extvm_error *error) {
    struct run *run = context;
    (void)count;
    (void)operands;
    (void)code;
    extvm_status status = read_input(run, error);
    if (status == EXTVM_OK) {
        status = run_on_vm(run, error);
    }
    if (status == EXTVM_OK) {
        status = write_world(run, error);
    }
    return status == EXTVM_OK ? print_result(run, error) : status;
}

int command_run(int argc, char **argv) {
    struct run run = {.result = NULL};
    const struct option_group groups[] = {run_options_group(&run.options),
                                          vm_options_group(&run.vm_options)};
    const struct command_line line = {
        .usage = "extvm run [--call CALL.json] [--world WORLD.json] [OPTION...]",
        .about = about,
        .notes = notes,
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .begin = begin,
        .run = run_all,
    };
    int exit_status = command_line_run(&line, &run, argc, argv);
    run_free(&run);
    return exit_status;
}
