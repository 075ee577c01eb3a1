/* The cycle (protocol/iele-vm.md, section 8), and the instructions that are control only. */
#include "calculation.h"
#include "machine.h"

enum step context_pay(struct ielevm *vm, const struct context *context, int64_t words,
                      int64_t price) {
    const struct value *old = register_value(vm, context->activation, context_register(context, 0));
    enum step step = memory_expect(vm, context->frame, value_words(old), words);
    return step == STEP_NEXT ? gas_charge(vm, context->frame, price) : step;
}

enum step context_list_arguments(struct ielevm *vm, const struct context *context) {
    const struct instruction *instruction = context->instruction;
    uint32_t first = instruction->registers - instruction->arguments;
    list_clear(vm);
    for (uint32_t i = first; i < instruction->registers; i++) {
        if (!list_add(vm, register_value(vm, context->activation, context_register(context, i)))) {
            return STEP_ABORT;
        }
    }
    return STEP_NEXT;
}

/* Words that may be in use while the result is computed: a power's estimate can be too low by a
 * factor of two (section 17). */
static int64_t live_words_of(const struct instruction *instruction, int64_t memory) {
    return instruction->opcode == IELE_EXP && memory <= LIVE_WORDS_MAXIMUM ? 2 * memory + 1
                                                                           : memory;
}

/* Milligas of a calculation that take about as long as an ordinary instruction. */
enum { MILLIGAS_OF_WORK = 10000 };

static enum step calculate(struct ielevm *vm, const struct context *context) {
    const struct calculation *calculation = &calculations[context->instruction->opcode];
    const uint32_t first = context->instruction->results;
    struct value operands[CALCULATION_OPERANDS] = {{0}}, result;
    for (uint32_t i = first; i < context->instruction->registers; i++) {
        operands[i - first] =
            *register_value(vm, context->activation, context_register(context, i));
    }
    const struct estimate estimate = calculation->estimate(operands);
    const struct value *old = register_value(vm, context->activation, context_register(context, 0));
    enum step step = memory_expect_live(vm, context->frame, value_words(old), estimate.memory,
                                        live_words_of(context->instruction, estimate.memory));
    if (step == STEP_NEXT) {
        step = gas_charge(vm, context->frame, estimate.compute);
    }
    if (step != STEP_NEXT) {
        return step;
    }
    vm->work_left -= estimate.compute / MILLIGAS_OF_WORK;
    switch (calculation->run(vm_numbers(vm), operands, &result)) {
    case CALCULATION_DONE:
        return context_write(vm, context, result);
    case CALCULATION_USER_ERROR:
        return raise_exception(vm, USER_ERROR);
    default:
        return abort_for_memory(vm);
    }
}

/* -- constants and control -- */

static bool make_constant(struct ielevm *vm, const struct instruction *instruction,
                          struct value *out) {
    struct numbers *numbers = vm_numbers(vm);
    if (!value_from_unsigned_big(numbers, instruction->magnitude, out)) {
        return accounts_fail_for_memory(&vm->accounts);
    }
    if (instruction->opcode == IELE_CONSTANTMINUS) {
        const struct value operands[] = {value_small(0), *out};
        enum calculation_status status = calculate_sub(numbers, operands, out);
        struct value positive = operands[1];
        value_drop(numbers, &positive);
        return status == CALCULATION_DONE || accounts_fail_for_memory(&vm->accounts);
    }
    return true;
}

/* A constant of many bytes costs the same as any other, and is made once. */
static enum step perform_constant(struct ielevm *vm, const struct context *context) {
    const struct instruction *instruction = context->instruction;
    struct constant *constant =
        instruction->magnitude.size >= CONSTANT_BYTES
            ? contract_constant(context->frame->contract, instruction->magnitude.data)
            : NULL;
    struct value value;
    if (constant != NULL && constant->known) {
        value = value_share(&constant->value);
    } else if (!make_constant(vm, instruction, &value)) {
        return STEP_ABORT;
    } else if (constant != NULL) {
        constant->value = value_share(&value);
        constant->known = true;
    }
    enum step step = context_pay(vm, context, value_words(&value), GAS_MOVE);
    if (step != STEP_NEXT) {
        value_drop(vm_numbers(vm), &value);
        return step;
    }
    return context_write(vm, context, value);
}

static enum step perform_branch(struct ielevm *vm, const struct context *context) {
    const struct instruction *instruction = context->instruction;
    enum step step = gas_charge(vm, context->frame, GAS_BRANCH);
    if (step != STEP_NEXT) {
        return step;
    }
    if (instruction->opcode == IELE_BRIF && value_is_zero(context_operand(vm, context, 0))) {
        return STEP_NEXT;
    }
    const uint8_t *target = function_label(context->frame->contract, context->activation->function,
                                           instruction->number);
    if (target == NULL) { /* in code from the node, which is not checked [ours] */
        return raise_exception(vm, USER_ERROR);
    }
    context->activation->pc = target;
    return STEP_NEXT;
}

static enum step perform_revert(struct ielevm *vm, const struct context *context) {
    vm->ending.kind = ENDED_REVERTED;
    vm->ending.status = value_share(context_operand(vm, context, 0));
    return STEP_LEAVE;
}

static enum step perform_invalid(struct ielevm *vm, const struct context *context) {
    (void)context;
    return raise_exception(vm, USER_ERROR);
}

/* -- all of them -- */

static operation *const operations[IELE_OPCODES] = {
    [IELE_SHA3] = perform_sha3,
    [IELE_ADDRESS] = perform_address,
    [IELE_BALANCE] = perform_balance,
    [IELE_ORIGIN] = perform_origin,
    [IELE_CALLER] = perform_caller,
    [IELE_CALLVALUE] = perform_callvalue,
    [IELE_CODESIZE] = perform_codesize,
    [IELE_GASPRICE] = perform_gasprice,
    [IELE_EXTCODESIZE] = perform_extcodesize,
    [IELE_BLOCKHASH] = perform_blockhash,
    [IELE_BENEFICIARY] = perform_beneficiary,
    [IELE_TIMESTAMP] = perform_timestamp,
    [IELE_NUMBER] = perform_number,
    [IELE_DIFFICULTY] = perform_difficulty,
    [IELE_GASLIMIT] = perform_gaslimit,
    [IELE_LOADRANGE] = perform_load_range,
    [IELE_LOAD] = perform_load,
    [IELE_STORERANGE] = perform_store_range,
    [IELE_STORE] = perform_store,
    [IELE_SLOAD] = perform_sload,
    [IELE_SSTORE] = perform_sstore,
    [IELE_MSIZE] = perform_msize,
    [IELE_GAS] = perform_gas,
    [IELE_CONSTANT] = perform_constant,
    [IELE_CONSTANTMINUS] = perform_constant,
    [IELE_BR] = perform_branch,
    [IELE_BRIF] = perform_branch,
    [IELE_LOG0] = perform_log,
    [IELE_LOG1] = perform_log,
    [IELE_LOG2TOPICS] = perform_log,
    [IELE_LOG3] = perform_log,
    [IELE_LOG4] = perform_log,
    [IELE_CREATE] = perform_create,
    [IELE_COPYCREATE] = perform_copycreate,
    [IELE_CALL] = perform_call,
    [IELE_CALLPTR] = perform_call,
    [IELE_STATICCALL] = perform_call,
    [IELE_STATICCALLPTR] = perform_call,
    [IELE_RET] = perform_ret,
    [IELE_REVERT] = perform_revert,
    [IELE_LOCALCALL] = perform_localcall,
    [IELE_LOCALCALLPTR] = perform_localcallptr,
    [IELE_CALLADDRESS] = perform_calladdress,
    [IELE_INVALID] = perform_invalid,
    [IELE_SELFDESTRUCT] = perform_selfdestruct,
};

/* Section 8, step 2, as far as it is the opcode alone; a call's value is looked at with it. */
static bool is_change(uint8_t opcode) {
    switch (opcode) {
    case IELE_LOG0:
    case IELE_LOG1:
    case IELE_LOG2TOPICS:
    case IELE_LOG3:
    case IELE_LOG4:
    case IELE_SSTORE:
    case IELE_CREATE:
    case IELE_COPYCREATE:
    case IELE_SELFDESTRUCT:
        return true;
    default:
        return false;
    }
}

enum step vm_step(struct ielevm *vm, const struct instruction *instruction) {
    struct frame *frame = newest_frame(vm);
    const struct context context = {.frame = frame,
                                    .activation = newest_activation(vm),
                                    .instruction = instruction,
                                    .bits = frame->contract->bits};
    if (calculations[instruction->opcode].run != NULL) {
        return calculate(vm, &context);
    }
    if (frame->is_static && is_change(instruction->opcode)) {
        return raise_exception(vm, USER_ERROR);
    }
    return operations[instruction->opcode](vm, &context);
}

/* The next instruction; executing past the last one acts like `ret` with no values. Labels in a row
 * are left behind together, but for a contract that repeats one, which only the node can bring. */
static void next_instruction(const struct contract *contract, struct activation *activation,
                             struct instruction *out) {
    const struct function *function = activation->function;
    while (activation->pc != function->end) {
        activation->pc = instruction_read(activation->pc, function->end, contract->bits, out);
        if (out->opcode != IELE_LABEL) {
            return;
        }
        if (!contract->repeats_label) {
            activation->pc = function_label(contract, function, out->number);
        }
    }
    *out = (struct instruction){.opcode = IELE_RET};
}

enum step vm_run_frame(struct ielevm *vm) {
    const struct contract *contract = newest_frame(vm)->contract;
    struct instruction instruction;
    enum step step;
    do {
        next_instruction(contract, newest_activation(vm), &instruction);
        if (!vm_goes_on(vm, 1 + instruction.registers / 4)) {
            return STEP_ABORT;
        }
        step = vm_step(vm, &instruction);
    } while (step == STEP_NEXT);
    return step;
}
