/* Calls of programs, and their world. */
#include "calls.h"

#include <stdio.h>

static const uint8_t one = 1, much[] = {1, 0, 0, 0, 0, 0, 0, 0, 0},
                     word[] = {0x7f, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                               16,   17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

static extvm_lookup account(void *context, const extvm_address *address, extvm_account *out) {
    const struct program_call *program = context;
    bool is_contract = extvm_address_equal(address, &program->contract);
    if (!is_contract && !extvm_address_equal(address, &program->caller)) {
        return EXTVM_LOOKUP_ABSENT;
    }
    *out = (extvm_account){
        .nonce = {&one, 1}, .balance = {much, sizeof much}, .has_code = is_contract};
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup storage(void *context, const extvm_address *address, extvm_bytes key,
                            extvm_bytes *out) {
    (void)context;
    (void)address;
    (void)key;
    *out = (extvm_bytes){word, sizeof word};
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup code(void *context, const extvm_address *address, extvm_bytes *out) {
    const struct program_call *program = context;
    (void)address;
    *out = program->code;
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup block_hash(void *context, uint64_t number, extvm_word *out) {
    (void)context;
    (void)number;
    (void)out;
    return EXTVM_LOOKUP_ABSENT;
}

void program_call_init(struct program_call *program, extvm_vm *vm, extvm_fork fork) {
    enum { LARGEST_GAS_BITS = 62 };
    *program = (struct program_call){.vm = vm, .caller = {{0xa1}}, .contract = {{0xc0, 0xde}}};
    program->world = (extvm_world){program, account, storage, code, block_hash};
    program->call.caller = program->caller;
    program->call.recipient = &program->contract;
    program->call.gas_provided =
        extvm_integer_from_u64((uint64_t)1 << LARGEST_GAS_BITS, program->gas);
    extvm_chain_set_fork(&program->call.chain, fork);
}

void program_call_write(struct program_call *program, const char *hex, size_t number) {
    char text[2 * PROGRAM_MAXIMUM + 1];
    size_t size;
    snprintf(text, sizeof text, hex, (unsigned)number);
    if (extvm_bytes_from_hex(text, program->program, sizeof program->program, &size) != EXTVM_OK) {
        give_up("a program", "it is no hex, or too long");
    }
    program->code = (extvm_bytes){program->program, size};
}

extvm_result *program_call_run(const struct program_call *program) {
    extvm_result *result;
    extvm_error error;
    if (extvm_run(program->vm, &program->call, &program->world, &result, &error) != EXTVM_OK) {
        give_up("a call", error.text);
    }
    if (extvm_result_outcome(result) != EXTVM_OUTCOME_SUCCESS) {
        give_up("a program", extvm_outcome_name(extvm_result_outcome(result)));
    }
    return result;
}

static double run_once(void *context) {
    double start = now();
    extvm_result *result = program_call_run(context);
    double seconds = now() - start;
    extvm_result_free(result);
    return seconds;
}

double program_call_time(struct program_call *program) {
    return fastest(run_once, program);
}
