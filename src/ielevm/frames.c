/* Entering and leaving frames (protocol/iele-vm.md, section 6). */
#include "machine.h"

const extvm_bytes wallet_function = {(const uint8_t *)"deposit", 7};

/* -- entering -- */

static bool push_frame(struct ielevm *vm) {
    if (vm->frame_count == vm->frame_capacity) {
        enum { FIRST_FRAMES = 16 };
        const extvm_allocator *allocator = &vm->allocator;
        size_t capacity = vm->frame_capacity == 0 ? FIRST_FRAMES : 2 * vm->frame_capacity;
        struct frame *frames =
            allocator->resize(allocator->context, vm->frames, vm->frame_capacity * sizeof *frames,
                              capacity * sizeof *frames);
        if (frames == NULL) {
            return accounts_fail_for_memory(&vm->accounts);
        }
        vm->frames = frames;
        vm->frame_capacity = capacity;
    }
    vm->frames[vm->frame_count++] = (struct frame){.number = ++vm->frames_made};
    return true;
}

bool frame_make(struct ielevm *vm, const struct entrance *entrance) {
    if (!push_frame(vm)) {
        return false;
    }
    struct frame *frame = newest_frame(vm);
    frame->contract = entrance->code.contract;
    frame->caller = entrance->caller->address;
    frame->value = value_share(&entrance->value);
    frame->gas = entrance->gas;
    frame->deposit = entrance->deposit;
    frame->is_static = entrance->is_static;
    frame->is_create = entrance->is_create;
    frame->call = entrance->call;
    frame->activations = vm->activation_count;
    frame->cells.frame = frame->number;
    frame->snapshot = accounts_snapshot(&vm->accounts);
    return true;
}

/* The new account must not be one already. */
static enum step prepare_create(struct ielevm *vm, const struct entrance *entrance,
                                struct account **self) {
    struct accounts *accounts = &vm->accounts;
    *self = accounts_load(accounts, &entrance->self);
    if (*self == NULL) {
        return STEP_ABORT;
    }
    if ((*self)->code.kind != CODE_WALLET || (*self)->nonce != 0) {
        return raise_exception(vm, COLLISION);
    }
    return step_or_abort(account_forget_storage(accounts, *self));
}

static bool pointer_is_known(const struct entrance *entrance) {
    if (entrance->is_precompiled) {
        return precompiled_by_pointer(&entrance->pointer) != NULL;
    }
    if (entrance->code.kind == CODE_CONTRACT) {
        return contract_pointer(entrance->code.contract, &entrance->pointer) != NULL;
    }
    return entrance->pointer.wide == NULL && entrance->pointer.small == WALLET_POINTER;
}

static enum step move_value(struct ielevm *vm, const struct entrance *entrance,
                            struct account **self) {
    struct accounts *accounts = &vm->accounts;
    if (value_compare(&entrance->value, &entrance->caller->balance) > 0) {
        return raise_exception(vm, OUT_OF_FUNDS);
    }
    *self = accounts_load(accounts, &entrance->self);
    return step_or_abort(*self != NULL &&
                         account_transfer(accounts, entrance->caller, *self, &entrance->value));
}

static enum step begin_create(struct ielevm *vm, const struct entrance *entrance,
                              struct account *self) {
    struct accounts *accounts = &vm->accounts;
    return step_or_abort(account_set_nonce(accounts, self, self->nonce + 1) &&
                         (entrance->code.kind != CODE_CONTRACT ||
                          account_set_code(accounts, self, entrance->code.contract)));
}

/* -- the function -- */

/* Starts it with the arguments as its registers, which are not counted beyond a word [quirk]. */
static enum step start_function(struct ielevm *vm, const struct function *function) {
    if (!activation_push(vm, function, NULL)) {
        return STEP_ABORT;
    }
    struct frame *frame = newest_frame(vm);
    enum step step = STEP_NEXT;
    for (size_t i = 0; i < vm->list_count && i < function->registers && step == STEP_NEXT; i++) {
        step = register_write(vm, frame, (uint32_t)i, value_share(&vm->list[i]));
    }
    frame->current = frame->peak = function->registers;
    return step == STEP_NEXT ? STEP_SWITCH : step;
}

static enum step call_contract(struct ielevm *vm, const struct entrance *entrance) {
    const struct contract *contract = entrance->code.contract;
    const struct function *function =
        entrance->by_pointer
            ? contract_pointer(contract, &entrance->pointer)
            : contract_function(contract, entrance->is_create ? init_name : entrance->name);
    if (function == NULL || (!entrance->is_create && !function->is_public)) {
        return raise_exception(vm, FUNCTION_NOT_FOUND);
    }
    return function->parameters == vm->list_count ? start_function(vm, function)
                                                  : raise_exception(vm, WRONG_SIGNATURE);
}

static enum step call_precompiled(struct ielevm *vm, const struct entrance *entrance) {
    const struct precompiled_function *function = entrance->by_pointer
                                                      ? precompiled_by_pointer(&entrance->pointer)
                                                      : precompiled_by_name(entrance->name);
    if (function == NULL) {
        return raise_exception(vm, CONTRACT_NOT_FOUND);
    }
    return precompiled_parameters(function) == vm->list_count
               ? precompiled_call(vm, function)
               : raise_exception(vm, WRONG_SIGNATURE);
}

static enum step call_wallet(struct ielevm *vm, const struct entrance *entrance) {
    if (entrance->is_create ||
        (!entrance->by_pointer && !extvm_bytes_equal(entrance->name, wallet_function))) {
        return raise_exception(vm, CONTRACT_NOT_FOUND);
    }
    if (vm->list_count != 0) {
        return raise_exception(vm, WRONG_SIGNATURE);
    }
    vm->ending.kind = ENDED_WELL;
    return STEP_LEAVE;
}

enum step frame_enter(struct ielevm *vm, const struct entrance *entrance) {
    struct account *self = NULL;
    if (!frame_make(vm, entrance)) {
        return STEP_ABORT;
    }
    enum step step = entrance->is_create ? prepare_create(vm, entrance, &self) : STEP_NEXT;
    if (step == STEP_NEXT && entrance->by_pointer && !pointer_is_known(entrance)) {
        step = raise_exception(vm, FUNCTION_NOT_FOUND);
    }
    if (step == STEP_NEXT) {
        step = move_value(vm, entrance, &self);
    }
    newest_frame(vm)->self = self;
    if (step == STEP_NEXT && entrance->is_create) {
        step = begin_create(vm, entrance, self);
    }
    if (step != STEP_NEXT) {
        return step;
    }
    return entrance->is_precompiled               ? call_precompiled(vm, entrance)
           : entrance->code.kind == CODE_CONTRACT ? call_contract(vm, entrance)
                                                  : call_wallet(vm, entrance);
}

/* -- leaving -- */

static void pop_frame(struct ielevm *vm) {
    struct frame *frame = newest_frame(vm);
    while (vm->activation_count > frame->activations) {
        activation_pop(vm);
    }
    for (const struct cell *cell = frame->cells.first; cell != NULL; cell = cell->next) {
        vm->live_words -= words_of_bytes((int64_t)cell->size) + CELL_WORDS;
    }
    cell_list_drop(&vm->cells, &frame->cells);
    value_drop(vm_numbers(vm), &frame->value);
    vm->frame_count--;
}

/* The instruction of the caller that made the frame, and where its results go. */
struct delivery {
    struct frame *frame; /* the caller */
    struct instruction call;
    int64_t gas; /* what the callee gives back */
};

static uint32_t result_register(const struct delivery *delivery, uint32_t index) {
    return instruction_register(&delivery->call, delivery->frame->contract->bits, index);
}

static enum step expect_result(struct ielevm *vm, const struct delivery *delivery, uint32_t index,
                               int64_t words) {
    const struct value *old =
        register_value(vm, newest_activation(vm), result_register(delivery, index));
    return memory_expect(vm, delivery->frame, value_words(old), words);
}

static enum step write_result(struct ielevm *vm, const struct delivery *delivery, uint32_t index,
                              struct value value) {
    return register_write(vm, delivery->frame, result_register(delivery, index), value);
}

/* The outputs are on the list, and go to the registers behind the status. */
static enum step deliver_outputs(struct ielevm *vm, const struct delivery *delivery) {
    const uint32_t wanted = delivery->call.returns;
    const uint32_t common = wanted < vm->list_count ? wanted : (uint32_t)vm->list_count;
    enum step step = expect_result(vm, delivery, 0, 1);
    for (uint32_t i = 0; i < common && step == STEP_NEXT; i++) {
        step = expect_result(vm, delivery, 1 + i, value_words(&vm->list[i]));
    }
    if (step != STEP_NEXT) {
        return step;
    }
    delivery->frame->gas += delivery->gas;
    step = write_result(vm, delivery, 0, value_small(0));
    for (uint32_t i = 0; i < common && step == STEP_NEXT; i++) {
        step = write_result(vm, delivery, 1 + i, value_share(&vm->list[i]));
    }
    return step == STEP_NEXT && wanted != vm->list_count ? raise_exception(vm, WRONG_SIGNATURE)
                                                         : step;
}

static enum step deliver_created(struct ielevm *vm, const struct delivery *delivery,
                                 const struct account *created) {
    enum { ADDRESS_WORDS = 3 };
    struct value address;
    enum step step = expect_result(vm, delivery, 0, 1);
    if (step == STEP_NEXT) {
        step = expect_result(vm, delivery, 1, ADDRESS_WORDS);
    }
    if (step != STEP_NEXT) {
        return step;
    }
    delivery->frame->gas += delivery->gas;
    step = write_result(vm, delivery, 0, value_small(0));
    if (step != STEP_NEXT) {
        return step;
    }
    return value_from_unsigned_big(
               vm_numbers(vm), (extvm_bytes){created->address.bytes, EXTVM_ADDRESS_SIZE}, &address)
               ? write_result(vm, delivery, 1, address)
               : abort_for_memory(vm);
}

/* A revert's value, or the number of an exception, which keeps the gas. */
static enum step deliver_failure(struct ielevm *vm, const struct delivery *delivery) {
    struct value status = vm->ending.status;
    int64_t gas = vm->ending.kind == ENDED_REVERTED ? delivery->gas : 0;
    vm->ending.status = value_small(0);
    enum step step = expect_result(vm, delivery, 0, value_words(&status));
    if (step != STEP_NEXT) {
        value_drop(vm_numbers(vm), &status);
        return step;
    }
    delivery->frame->gas += gas;
    return write_result(vm, delivery, 0, status);
}

/* What the estimates cost comes out of the caller's gas before the rest of the callee's comes back
 * [quirk]. */
static enum step deliver(struct ielevm *vm, const struct frame *callee) {
    struct delivery delivery = {.frame = newest_frame(vm), .gas = callee->gas};
    const struct activation *activation = newest_activation(vm);
    instruction_read(callee->call, activation->function->end, delivery.frame->contract->bits,
                     &delivery.call);
    if (vm->ending.kind != ENDED_WELL) {
        return deliver_failure(vm, &delivery);
    }
    return callee->is_create ? deliver_created(vm, &delivery, callee->self)
                             : deliver_outputs(vm, &delivery);
}

/* Ends the newest frame alone. */
static enum step leave_one(struct ielevm *vm) {
    struct frame *frame = newest_frame(vm);
    if (vm->ending.kind == ENDED_WELL && gas_charge(vm, frame, frame->deposit) != STEP_NEXT) {
        list_clear(vm);
    }
    if (vm->ending.kind != ENDED_WELL) {
        accounts_restore(&vm->accounts, &frame->snapshot);
    }
    const struct frame left = *frame;
    pop_frame(vm);
    if (vm->frame_count > 0) {
        return deliver(vm, &left);
    }
    vm->gas_left = vm->ending.kind == ENDED_BY_EXCEPTION ? 0 : left.gas;
    return STEP_LEAVE;
}

enum step frame_leave(struct ielevm *vm) {
    enum step step;
    do {
        step = leave_one(vm);
    } while (step == STEP_LEAVE && vm->frame_count > 0);
    return step == STEP_NEXT ? STEP_SWITCH : step;
}

void frames_drop_all(struct ielevm *vm) {
    while (vm->frame_count > 0) {
        pop_frame(vm);
    }
    list_clear(vm);
    value_drop(vm_numbers(vm), &vm->ending.status);
}
