/* Calls of other accounts, and creations (protocol/iele-vm.md, sections 11 and 12). */
#include "common/call.h"
#include "machine.h"

/* Gas of an operand as milligas; more than there can be stands for all that is. */
static int64_t milligas_of(const struct value *gas) {
    int64_t milligas;
    return gas->wide != NULL || __builtin_mul_overflow(gas->small, MILLIGAS_IN_GAS, &milligas)
               ? INT64_MAX
               : milligas;
}

/* The call did not happen: the status says why. */
static enum step refuse(struct ielevm *vm, const struct context *context, enum exception status) {
    const struct value *old = register_value(vm, context->activation, context_register(context, 0));
    enum step step = memory_expect(vm, context->frame, value_words(old), 1);
    return step == STEP_NEXT ? context_write(vm, context, value_small(status)) : step;
}

/* Why a call or creation with this value cannot happen now; 0: it can. */
static enum exception obstacle(const struct ielevm *vm, const struct frame *frame,
                               const struct value *value) {
    return value_compare(value, &frame->self->balance) > 0 ? OUT_OF_FUNDS
           : vm->frame_count > CALL_DEPTH_MAXIMUM          ? TOO_DEEP
                                                           : 0;
}

/* -- call, staticcall -- */

struct call {
    bool is_static, by_pointer;
    struct value pointer, gas, value; /* borrowed */
    extvm_address at;
};

static struct call read_call(const struct ielevm *vm, const struct context *context) {
    uint8_t opcode = context->instruction->opcode;
    struct call call = {.is_static = opcode == IELE_STATICCALL || opcode == IELE_STATICCALLPTR,
                        .by_pointer = opcode == IELE_CALLPTR || opcode == IELE_STATICCALLPTR};
    uint32_t next = 0;
    if (call.by_pointer) {
        call.pointer = *context_operand(vm, context, next++);
    }
    call.gas = *context_operand(vm, context, next++);
    value_to_address(context_operand(vm, context, next++), &call.at);
    if (!call.is_static) {
        call.value = *context_operand(vm, context, next++);
    }
    return call;
}

/* What the call costs, and what it gives to the callee. */
static int64_t extra_price(const struct context *context, const struct call *call,
                           const struct account *callee) {
    int64_t extra = GAS_CALL + GAS_CALL_REGISTER * ((int64_t)context->instruction->returns +
                                                    context->instruction->arguments);
    if (!value_is_zero(&call->value)) {
        extra += GAS_CALL_VALUE + (account_is_empty(callee) ? GAS_NEW_ACCOUNT : 0);
    }
    return extra;
}

static enum step pay_call(struct ielevm *vm, const struct context *context, const struct call *call,
                          const struct account *callee, int64_t *give) {
    const int64_t gas = context->frame->gas, extra = extra_price(context, call, callee);
    const int64_t limit = milligas_of(&call->gas), rest = gas - extra;
    *give = rest >= 0 ? words_minimum(rest - rest / 64, limit) : limit;
    enum step step = gas_charge(vm, context->frame, price_clamp((iele_wide)extra + *give));
    if (step == STEP_NEXT && !value_is_zero(&call->value)) {
        *give += GAS_STIPEND; /* out of thin air */
    }
    return step;
}

static bool is_precompiled_address(const extvm_address *address) {
    static const extvm_address first = {{[EXTVM_ADDRESS_SIZE - 1] = 1}};
    return extvm_address_equal(address, &first);
}

static enum step make_call(struct ielevm *vm, const struct context *context,
                           const struct call *call, struct account *callee, int64_t give) {
    struct frame *frame = context->frame;
    struct entrance entrance = {.is_static = frame->is_static || call->is_static,
                                .is_precompiled = is_precompiled_address(&call->at),
                                .self = call->at,
                                .caller = frame->self,
                                .value = call->value,
                                .gas = give,
                                .by_pointer = call->by_pointer,
                                .pointer = call->pointer,
                                .call = context->instruction->start};
    if (!call->by_pointer) {
        entrance.name = contract_name(frame->contract, context->instruction->number)->name;
    }
    if (!entrance.is_precompiled) {
        if (!accounts_load_code(&vm->accounts, callee)) {
            return STEP_ABORT;
        }
        entrance.code = callee->code;
    }
    enum step step = context_list_arguments(vm, context);
    return step == STEP_NEXT ? frame_enter(vm, &entrance) : step;
}

enum step perform_call(struct ielevm *vm, const struct context *context) {
    const struct call call = read_call(vm, context);
    struct frame *frame = context->frame;
    if (value_is_negative(&call.gas) || value_is_negative(&call.value) ||
        (frame->is_static && !value_is_zero(&call.value))) {
        return raise_exception(vm, USER_ERROR);
    }
    struct account *callee = accounts_load(&vm->accounts, &call.at);
    if (callee == NULL) {
        return STEP_ABORT;
    }
    int64_t give;
    enum step step = pay_call(vm, context, &call, callee, &give);
    if (step != STEP_NEXT) {
        return step;
    }
    enum exception status = obstacle(vm, frame, &call.value);
    if (status != 0) {
        frame->gas += give;
        return refuse(vm, context, status);
    }
    return make_call(vm, context, &call, callee, give);
}

/* -- create, copycreate -- */

/* Makes an account with this code; the price is paid. `value` is borrowed. */
static enum step make_account(struct ielevm *vm, const struct context *context,
                              const struct code *code, const struct value *value) {
    struct frame *frame = context->frame;
    const uint64_t nonce = frame->self->nonce;
    struct entrance entrance = {.is_create = true,
                                .is_static = frame->is_static,
                                .caller = frame->self,
                                .value = *value,
                                .gas = frame->gas - frame->gas / 64,
                                .code = *code,
                                .call = context->instruction->start};
    enum exception status = obstacle(vm, frame, value);
    if (status != 0) {
        return refuse(vm, context, status);
    }
    if (nonce == UINT64_MAX) {
        accounts_fail(&vm->accounts, EXTVM_WORLD_FAILED,
                      "the world answered a nonce that cannot be counted up");
        return STEP_ABORT;
    }
    frame->gas /= 64;
    create_address(&frame->self->address, nonce, &entrance.self);
    if (!account_set_nonce(&vm->accounts, frame->self, nonce + 1)) {
        return STEP_ABORT;
    }
    enum step step = context_list_arguments(vm, context);
    return step == STEP_NEXT ? frame_enter(vm, &entrance) : step;
}

static enum step pay_create(struct ielevm *vm, const struct context *context, int64_t price) {
    return gas_charge(vm, context->frame,
                      price + (int64_t)GAS_CREATE_ARGUMENT * context->instruction->arguments);
}

enum step perform_create(struct ielevm *vm, const struct context *context) {
    const struct value value = *context_operand(vm, context, 0);
    const struct contract *contract = context->frame->contract;
    const uint16_t number = context->instruction->number;
    if (value_is_negative(&value)) {
        return raise_exception(vm, USER_ERROR);
    }
    enum step step = pay_create(vm, context, GAS_CREATE);
    if (step != STEP_NEXT) {
        return step;
    }
    if (number >= contract->entry_count || contract->entries[number].child == NULL) {
        return raise_exception(vm, USER_ERROR); /* in code that is not checked [ours] */
    }
    const struct code code = {CODE_CONTRACT, contract->entries[number].child};
    return make_account(vm, context, &code, &value);
}

enum step perform_copycreate(struct ielevm *vm, const struct context *context) {
    const struct value value = *context_operand(vm, context, 0);
    extvm_address from;
    if (value_is_negative(&value)) {
        return raise_exception(vm, USER_ERROR);
    }
    value_to_address(context_operand(vm, context, 1), &from);
    enum step step = pay_create(vm, context, GAS_COPYCREATE);
    if (step != STEP_NEXT) {
        return step;
    }
    struct account *origin = accounts_load(&vm->accounts, &from);
    if (origin == NULL || !accounts_load_code(&vm->accounts, origin)) {
        return STEP_ABORT;
    }
    return make_account(vm, context, &origin->code, &value);
}
