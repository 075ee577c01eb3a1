/* The functions of account 1 (protocol/iele-vm.md, section 14). What they compute is the EVM's
 * contracts 1 to 3 and 6 to 8, which have words of 32 bytes for operands. */
#include "calculation.h"
#include "evm/precompiled_contracts.h"
#include "machine.h"

enum { WORD = EXTVM_WORD_SIZE, G1_SIZE = 2 * WORD, G2_SIZE = 4 * WORD };

/* Runs with the arguments at `arguments`, and adds its results to the end of the list. */
typedef enum step function_run(struct ielevm *vm, const struct value *arguments);

struct precompiled_function {
    const char *name; /* after "iele." */
    uint8_t parameters;
    function_run *run;
};

/* -- operands and results -- */

/* Whether 0 <= value < 2^256; then `*out` is it. */
static bool to_word(const struct value *value, uint8_t out[WORD]) {
    if (value_is_negative(value) || value_signed_size(value) > WORD + 1) {
        return false;
    }
    uint8_t bytes[WORD + 1];
    value_to_bytes(value, bytes, sizeof bytes);
    memcpy(out, bytes + 1, WORD);
    return bytes[0] == 0;
}

static bool any_negative(const struct value *values, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (value_is_negative(&values[i])) {
            return true;
        }
    }
    return false;
}

static enum step add_result(struct ielevm *vm, struct value value) {
    bool added = list_add(vm, &value);
    value_drop(vm_numbers(vm), &value);
    return step_or_abort(added);
}

static enum step add_word(struct ielevm *vm, const uint8_t word[WORD]) {
    struct value value;
    return value_from_unsigned_big(vm_numbers(vm), (extvm_bytes){word, WORD}, &value)
               ? add_result(vm, value)
               : abort_for_memory(vm);
}

/* Runs a contract of the EVM; its output is in `scratch` behind the `kept` bytes that are there. */
static enum step run_contract(struct ielevm *vm, precompiled_function *contract,
                              extvm_bytes input) {
    switch (contract(input, &vm->scratch)) {
    case PRECOMPILED_OK:
        return STEP_NEXT;
    case PRECOMPILED_FAILED:
        return raise_exception(vm, USER_ERROR);
    default:
        return abort_for_memory(vm);
    }
}

static enum step charge(struct ielevm *vm, int64_t price) {
    vm->work_left -= price / GAS_ECADD;
    return gas_charge(vm, newest_frame(vm), price);
}

/* -- signatures and hashes -- */

static enum step run_ecrec(struct ielevm *vm, const struct value *arguments) {
    enum { OPERANDS = 4 }; /* hash, v, r, s: the EVM's order too */
    uint8_t input[OPERANDS * WORD];
    enum step step = charge(vm, GAS_ECREC);
    if (step != STEP_NEXT) {
        return step;
    }
    if (any_negative(arguments, OPERANDS)) {
        return raise_exception(vm, USER_ERROR);
    }
    const struct value *v = &arguments[1];
    for (size_t i = 0; i < OPERANDS; i++) {
        value_to_bytes(&arguments[i], input + i * WORD, WORD);
    }
    if (v->wide == NULL) { /* v is not taken modulo anything: a wide one is no 27 */
        step = run_contract(vm, ecrecover_run, (extvm_bytes){input, sizeof input});
    }
    if (step != STEP_NEXT) {
        return step;
    }
    return vm->scratch.size == 0 ? add_result(vm, value_small(-1)) : add_word(vm, vm->scratch.data);
}

/* The message is as many bytes as the first argument says, big-endian. */
static enum step run_hash(struct ielevm *vm, const struct value *arguments,
                          precompiled_function *contract) {
    int64_t size = value_amount(&arguments[0]), words = value_words(&arguments[1]);
    enum step step =
        charge(vm, GAS_HASH + GAS_HASH_WORD * words_of_bytes(words_maximum(size, words)));
    if (step != STEP_NEXT) {
        return step;
    }
    if (any_negative(arguments, 2)) {
        return raise_exception(vm, USER_ERROR);
    }
    if (words_of_bytes(size) > LIVE_WORDS_MAXIMUM - vm->live_words) {
        return raise_exception(vm, OUT_OF_GAS);
    }
    uint8_t *message = memory_allocate(&vm->allocator, size > 0 ? (size_t)size : 1);
    if (message == NULL) {
        return abort_for_memory(vm);
    }
    value_to_bytes(&arguments[1], message, (size_t)size);
    step = run_contract(vm, contract, (extvm_bytes){message, (size_t)size});
    memory_release(&vm->allocator, message);
    return step == STEP_NEXT ? add_word(vm, vm->scratch.data) : step;
}

static enum step run_sha256(struct ielevm *vm, const struct value *arguments) {
    return run_hash(vm, arguments, sha256_run);
}

static enum step run_rip160(struct ielevm *vm, const struct value *arguments) {
    return run_hash(vm, arguments, ripemd160_run);
}

static enum step run_id(struct ielevm *vm, const struct value *arguments) {
    return add_result(vm, value_share(&arguments[0]));
}

/* -- alt_bn128 -- */

/* Operands outside 0 to 2^256 - 1 are errors, as are all that are no points. */
static enum step run_curve(struct ielevm *vm, const struct value *arguments, unsigned count,
                           precompiled_function *contract, int64_t price) {
    enum { MOST_OPERANDS = 4 };
    uint8_t input[MOST_OPERANDS * WORD];
    enum step step = charge(vm, price);
    for (size_t i = 0; i < count && step == STEP_NEXT; i++) {
        if (!to_word(&arguments[i], input + i * WORD)) {
            step = raise_exception(vm, USER_ERROR);
        }
    }
    if (step == STEP_NEXT) {
        step = run_contract(vm, contract, (extvm_bytes){input, (size_t)count * WORD});
    }
    if (step == STEP_NEXT) {
        step = add_word(vm, vm->scratch.data);
    }
    return step == STEP_NEXT ? add_word(vm, vm->scratch.data + WORD) : step;
}

static enum step run_ecadd(struct ielevm *vm, const struct value *arguments) {
    return run_curve(vm, arguments, 4, bn128_add_run, GAS_ECADD);
}

static enum step run_ecmul(struct ielevm *vm, const struct value *arguments) {
    return run_curve(vm, arguments, 3, bn128_multiply_run, GAS_ECMUL);
}

/* The EVM's input, in which the points of a pair lie one behind the other. */
static void weave_pairs(uint8_t *input, const uint8_t *g1, const uint8_t *g2, size_t pairs) {
    for (size_t i = 0; i < pairs; i++) {
        memcpy(input + i * (G1_SIZE + G2_SIZE), g1 + i * G1_SIZE, G1_SIZE);
        memcpy(input + i * (G1_SIZE + G2_SIZE) + G1_SIZE, g2 + i * G2_SIZE, G2_SIZE);
    }
}

/* The pairs are pairs of points: `bytes` holds the input, and room for the operands behind it. */
static enum step pair_up(struct ielevm *vm, const struct value *arguments, uint8_t *bytes,
                         size_t pairs) {
    const size_t size = pairs * (G1_SIZE + G2_SIZE);
    uint8_t *g1 = bytes + size, *g2 = g1 + pairs * G1_SIZE;
    value_low_bytes(&arguments[1], g1, pairs * G1_SIZE);
    value_low_bytes(&arguments[2], g2, pairs * G2_SIZE);
    weave_pairs(bytes, g1, g2, pairs);
    enum step step = run_contract(vm, bn128_pairing_run, (extvm_bytes){bytes, size});
    return step == STEP_NEXT ? add_word(vm, vm->scratch.data) : step;
}

static enum step run_ecpairing(struct ielevm *vm, const struct value *arguments) {
    if (value_is_negative(&arguments[0])) {
        return raise_exception(vm, USER_ERROR);
    }
    const int64_t pairs = value_amount(&arguments[0]);
    enum step step = charge(vm, price_clamp(GAS_PAIRING + (iele_wide)GAS_PAIRING_PAIR * pairs));
    if (step != STEP_NEXT) {
        return step;
    }
    const int64_t size = (int64_t)2 * (G1_SIZE + G2_SIZE) * pairs;
    if (words_of_bytes(size) > LIVE_WORDS_MAXIMUM - vm->live_words) {
        return raise_exception(vm, OUT_OF_GAS);
    }
    uint8_t *bytes = memory_allocate(&vm->allocator, size > 0 ? (size_t)size : 1);
    if (bytes == NULL) {
        return abort_for_memory(vm);
    }
    step = pair_up(vm, arguments, bytes, (size_t)pairs);
    memory_release(&vm->allocator, bytes);
    return step;
}

/* -- all of them, by pointer number less 1 -- */

static const struct precompiled_function functions[] = {
    {"ecrec", 4, run_ecrec},         {"sha256", 2, run_sha256},
    {"rip160", 2, run_rip160},       {"id", 1, run_id},
    {"ecadd", 4, run_ecadd},         {"ecmul", 3, run_ecmul},
    {"ecpairing", 3, run_ecpairing},
};
enum { FUNCTIONS = sizeof functions / sizeof functions[0], MOST_PARAMETERS = 4 };

const struct precompiled_function *precompiled_by_pointer(const struct value *pointer) {
    return pointer->wide == NULL && pointer->small >= 1 && pointer->small <= FUNCTIONS
               ? &functions[pointer->small - 1]
               : NULL;
}

const struct precompiled_function *precompiled_by_name(extvm_bytes name) {
    static const char prefix[] = "iele.";
    enum { PREFIX = sizeof prefix - 1 };
    if (name.size <= PREFIX || memcmp(name.data, prefix, PREFIX) != 0) {
        return NULL;
    }
    const extvm_bytes rest = {name.data + PREFIX, name.size - PREFIX};
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        const char *wanted = functions[i].name;
        if (extvm_bytes_equal(rest, (extvm_bytes){(const uint8_t *)wanted, strlen(wanted)})) {
            return &functions[i];
        }
    }
    return NULL;
}

unsigned precompiled_parameters(const struct precompiled_function *function) {
    return function->parameters;
}

enum step precompiled_call(struct ielevm *vm, const struct precompiled_function *function) {
    struct value arguments[MOST_PARAMETERS];
    for (unsigned i = 0; i < function->parameters; i++) {
        arguments[i] = value_share(&vm->list[i]);
    }
    list_clear(vm);
    vm->scratch.size = 0;
    enum step step = function->run(vm, arguments);
    for (unsigned i = 0; i < function->parameters; i++) {
        value_drop(vm_numbers(vm), &arguments[i]);
    }
    if (step == STEP_NEXT) {
        vm->ending.kind = ENDED_WELL;
        return STEP_LEAVE;
    }
    return step;
}
