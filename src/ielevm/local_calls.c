/* Calls within a contract (protocol/iele-vm.md, section 10). */
#include "machine.h"

/* The words of all values on the list, and how many of them are above one for each. */
static int64_t list_words(const struct ielevm *vm) {
    int64_t words = 0;
    for (size_t i = 0; i < vm->list_count; i++) {
        words += value_words(&vm->list[i]);
    }
    return words;
}

/* The arguments are on the list. Those beyond the registers take part in the accounting only, and
 * what they have above one word is counted a second time [quirk]. */
static enum step enter(struct ielevm *vm, const struct context *context,
                       const struct function *function) {
    struct frame *frame = context->frame;
    const int64_t registers = function->registers, count = (int64_t)vm->list_count;
    const int64_t words = list_words(vm);
    enum step step = memory_adjust(vm, frame, registers - count + words + WORDS_LOCAL_CALL);
    if (step == STEP_NEXT) {
        step = gas_charge(vm, frame, GAS_LOCAL_REGISTER * registers + GAS_LOCAL_CALL);
    }
    if (step == STEP_NEXT && function->parameters != vm->list_count) {
        step = raise_exception(vm, WRONG_SIGNATURE);
    }
    if (step != STEP_NEXT) {
        return step;
    }
    if (!activation_push(vm, function, context->instruction->start)) {
        return STEP_ABORT;
    }
    for (size_t i = 0; i < vm->list_count && step == STEP_NEXT; i++) {
        if (i < function->registers) {
            step = register_write(vm, frame, (uint32_t)i, value_share(&vm->list[i]));
        } else {
            frame->current += value_words(&vm->list[i]) - 1;
        }
    }
    return step == STEP_NEXT ? STEP_SWITCH : step;
}

/* A name that no function has can only be in code from the node, which is not checked [ours]. */
enum step perform_localcall(struct ielevm *vm, const struct context *context) {
    const struct contract *contract = context->frame->contract;
    const struct instruction *instruction = context->instruction;
    const struct entry *entry = contract_name(contract, instruction->number);
    const struct iele_opcode_info *builtin = entry != NULL ? &iele_opcodes[entry->builtin] : NULL;
    if (builtin != NULL && builtin->name != NULL && builtin->operands == instruction->arguments &&
        builtin->results == instruction->returns) {
        struct instruction same = *instruction;
        same.opcode = entry->builtin;
        return vm_step(vm, &same);
    }
    const struct function *function = contract_numbered_function(contract, instruction->number);
    if (function == NULL) {
        return raise_exception(vm, FUNCTION_NOT_FOUND);
    }
    enum step step = context_list_arguments(vm, context);
    return step == STEP_NEXT ? enter(vm, context, function) : step;
}

enum step perform_localcallptr(struct ielevm *vm, const struct context *context) {
    const struct function *function =
        contract_pointer(context->frame->contract, context_operand(vm, context, 0));
    if (function == NULL) {
        return raise_exception(vm, FUNCTION_NOT_FOUND);
    }
    enum step step = context_list_arguments(vm, context);
    return step == STEP_NEXT ? enter(vm, context, function) : step;
}

/* -- ret -- */

/* Both take place among the registers of the caller, which is the newest activation again. The
 * estimates are made one by one from the same `current`, before anything is written. */
static enum step take_returns(struct ielevm *vm, struct frame *frame,
                              const struct instruction *call) {
    const struct activation *caller = newest_activation(vm);
    const unsigned bits = frame->contract->bits;
    const uint32_t wanted = call->returns;
    const uint32_t common = wanted < vm->list_count ? wanted : (uint32_t)vm->list_count;
    enum step step = STEP_NEXT;
    for (uint32_t i = 0; i < common && step == STEP_NEXT; i++) {
        const struct value *old = register_value(vm, caller, instruction_register(call, bits, i));
        step = memory_expect(vm, frame, value_words(old), value_words(&vm->list[i]));
    }
    for (uint32_t i = 0; i < common && step == STEP_NEXT; i++) {
        step = register_write(vm, frame, instruction_register(call, bits, i),
                              value_share(&vm->list[i]));
    }
    if (step == STEP_NEXT && wanted != vm->list_count) {
        step = raise_exception(vm, WRONG_SIGNATURE);
    }
    return step;
}

enum step perform_ret(struct ielevm *vm, const struct context *context) {
    struct frame *frame = context->frame;
    enum step step = context_list_arguments(vm, context);
    if (step != STEP_NEXT) {
        return step;
    }
    if (vm->activation_count == frame->activations + 1) {
        vm->ending.kind = ENDED_WELL;
        return STEP_LEAVE;
    }
    step = memory_adjust(vm, frame, -context->activation->words - WORDS_LOCAL_CALL);
    if (step != STEP_NEXT) {
        return step;
    }
    struct instruction call;
    const uint8_t *start = context->activation->call;
    activation_pop(vm);
    instruction_read(start, newest_activation(vm)->function->end, frame->contract->bits, &call);
    return take_returns(vm, frame, &call);
}
