/* Frames: message calls and creates, how they begin and how they end (yellow paper, sections 7 and
 * 8; EIP-2, 7, 150, 161, 170, 211, 214, 684, 1014, 2681, 2929, 7610). */
#include "common/call.h"
#include "common/keccak.h"
#include "machine.h"
#include "precompiled.h"

enum { FIRST_FRAMES = 8, FIRST_STACK = 2 * STACK_LIMIT /* words */ };

/* What a frame begins with. */
struct message {
    struct account *self;         /* who executes */
    struct account *code_account; /* whose code runs */
    extvm_address caller;
    struct word value;
    struct account *payer; /* who pays the value to `self`; NULL: nobody */
    int64_t gas;
    const uint8_t *input; /* NULL: `input_range` in the memory of the calling frame */
    struct range input_range;
    struct range result;
    bool is_static;
};

/* -- the frame stack -- */

static bool grow_frames(struct evm *evm) {
    const extvm_allocator *allocator = &evm->allocator;
    size_t capacity = evm->frame_capacity == 0 ? FIRST_FRAMES : 2 * evm->frame_capacity;
    struct frame *frames =
        allocator->resize(allocator->context, evm->frames, evm->frame_capacity * sizeof *frames,
                          capacity * sizeof *frames);
    if (frames == NULL) {
        return false;
    }
    evm->frames = frames;
    evm->frame_capacity = capacity;
    return true;
}

static bool grow_stack(struct evm *evm, size_t needed) {
    const extvm_allocator *allocator = &evm->allocator;
    size_t capacity = evm->stack_capacity == 0 ? FIRST_STACK : evm->stack_capacity;
    while (capacity < needed) {
        capacity *= 2; /* at most 1025 frames of 1024 words */
    }
    struct word *stack =
        allocator->resize(allocator->context, evm->stack, evm->stack_capacity * sizeof *stack,
                          capacity * sizeof *stack);
    if (stack == NULL) {
        return false;
    }
    evm->stack = stack;
    evm->stack_capacity = capacity;
    return true;
}

/* A frame on top of all, its stack behind the caller's and room for all of it; NULL: the run has
 * failed. Pointers to frames and into stacks are void after it. What is not in the message, the
 * code and `pc`, the input, `is_create` and the snapshot, is for whoever pushes it: to clear the
 * frame first costs 6 ns of a call. */
static struct frame *frame_push(struct evm *evm, const struct message *message) {
    size_t stack_base = 0, memory_base = 0;
    if (evm->frame_count > 0) {
        struct frame *caller = evm_frame(evm);
        caller->stack_height = (size_t)(caller->top - caller->floor);
        stack_base = caller->stack_base + caller->stack_height;
        memory_base = caller->memory_base + caller->memory_size;
    }
    size_t stack_end = stack_base + STACK_LIMIT;
    if ((evm->frame_count == evm->frame_capacity && !grow_frames(evm)) ||
        (stack_end > evm->stack_capacity && !grow_stack(evm, stack_end))) {
        state_fail(&evm->state, EXTVM_NO_MEMORY, "no memory for the EVM's frames");
        return NULL;
    }
    struct frame *frame = &evm->frames[evm->frame_count++];
    frame->floor = frame->top = evm->stack + stack_base;
    frame->stack_base = stack_base;
    frame->memory_base = memory_base;
    frame->memory_size = 0;
    frame->gas = message->gas;
    frame->self = message->self;
    frame->caller = message->caller;
    frame->value = message->value;
    frame->result = message->result;
    frame->is_static = message->is_static;
    return frame;
}

static void frame_drop(struct evm *evm) {
    struct frame *frame = evm_frame(evm);
    if (frame->is_create) {
        memory_release(&evm->allocator, frame->code);
    }
    evm->frame_count--;
}

void frames_drop(struct evm *evm) {
    while (evm->frame_count > 0) {
        frame_drop(evm);
    }
}

/* -- beginning -- */

/* How a message ended that needed no frame. */
static enum step end_at_once(struct evm *evm, enum step step, int64_t gas_left) {
    evm->gas_left = step == STEP_FAIL ? 0 : gas_left;
    return step;
}

/* Value into an account that it may make; before EIP-161 no value makes it too. */
static bool pay(struct evm *evm, const struct message *message) {
    struct state *state = &evm->state;
    struct account *payer = message->payer, *payee = message->self;
    if (word_is_zero(&message->value)) {
        return evm->schedule->clears_empty || state_make_exist(state, payee);
    }
    if (payer == payee) {
        return true;
    }
    const struct word left = word_subtract(&payer->balance, &message->value);
    const struct word sum = word_add(&payee->balance, &message->value);
    return state_make_exist(state, payee) && state_set_word(state, &payer->balance, &left) &&
           state_set_word(state, &payee->balance, &sum);
}

static enum step run_precompiled(struct evm *evm, const struct message *message, unsigned number,
                                 const struct snapshot *snapshot) {
    const uint8_t *input = message->input;
    if (input == NULL) {
        input = frame_memory(evm, evm_frame(evm)) + message->input_range.offset;
    }
    uint64_t used = 0;
    switch (precompiled_run(number, evm->fork, (extvm_bytes){input, message->input_range.size},
                            (uint64_t)message->gas, &evm->return_data, &used)) {
    case PRECOMPILED_OK:
        return end_at_once(evm, STEP_STOP, message->gas - (int64_t)used);
    case PRECOMPILED_FAILED:
        evm->return_data.size = 0;
        state_restore(&evm->state, snapshot);
        return end_at_once(evm, STEP_FAIL, 0);
    default:
        state_fail(&evm->state, EXTVM_NO_MEMORY, "no memory for a precompiled contract");
        return STEP_ABORT;
    }
}

/* A message call (yellow paper, section 8). All but its code's account must be loaded. */
static enum step message_call(struct evm *evm, const struct message *message) {
    struct state *state = &evm->state;
    struct account *code_account = message->code_account;
    const struct snapshot snapshot = state_snapshot(state);
    evm->return_data.size = 0;
    if (!state_touch(state, message->self) || (message->payer != NULL && !pay(evm, message)) ||
        !account_load(state, code_account)) {
        return STEP_ABORT;
    }
    unsigned number = precompiled_number(evm->fork, &code_account->address);
    if (number != 0) {
        return run_precompiled(evm, message, number, &snapshot);
    }
    if (!account_load_code(state, code_account)) {
        return STEP_ABORT;
    }
    if (!code_account->has_code) {
        return end_at_once(evm, STEP_STOP, message->gas);
    }
    size_t input_base = 0;
    if (message->input == NULL) {
        input_base = evm_frame(evm)->memory_base;
    }
    struct frame *frame = frame_push(evm, message);
    if (frame == NULL) {
        return STEP_ABORT;
    }
    frame->snapshot = snapshot;
    frame->is_create = false;
    frame->code = code_account->code;
    frame->pc = frame->code->bytes;
    frame->input = message->input;
    frame->input_offset = input_base + message->input_range.offset;
    frame->input_size = message->input_range.size;
    return STEP_ENTER;
}

/* The account becomes a contract without code (yellow paper, section 7; EIP-161). */
static bool contract_begin(struct evm *evm, const struct message *message) {
    struct state *state = &evm->state;
    struct account *self = message->self;
    struct word nonce = evm->state.start_nonce;
    if (evm->schedule->clears_empty) {
        const struct word one = word_from_u64(1);
        nonce = word_add(&nonce, &one);
    }
    return state_touch(state, self) && state_make_exist(state, self) &&
           state_set_flag(state, &self->fresh) && state_set_word(state, &self->nonce, &nonce) &&
           pay(evm, message);
}

/* EIP-684: an account with code, or one that has sent or made something; EIP-7610: or with storage.
 */
static bool is_taken(const struct evm *evm, const struct account *account) {
    return account->has_code || account->has_old_storage ||
           (!word_is_zero(&account->nonce) &&
            !word_equal(&account->nonce, &evm->state.start_nonce));
}

static struct code *copy_init_code(struct evm *evm, extvm_bytes bytes) {
    size_t size;
    void *block =
        code_block_size(bytes.size, &size) ? memory_allocate(&evm->allocator, size) : NULL;
    if (block == NULL) {
        state_fail(&evm->state, EXTVM_NO_MEMORY, "no memory for init code");
        return NULL;
    }
    return code_place(block, bytes);
}

/* A create (yellow paper, section 7); the new account must be loaded. */
static enum step message_create(struct evm *evm, const struct message *message,
                                extvm_bytes init_code) {
    const struct snapshot snapshot = state_snapshot(&evm->state);
    evm->return_data.size = 0;
    if (is_taken(evm, message->self)) {
        return end_at_once(evm, STEP_FAIL, 0);
    }
    struct code *code = copy_init_code(evm, init_code);
    if (code == NULL) {
        return STEP_ABORT;
    }
    struct frame *frame = contract_begin(evm, message) ? frame_push(evm, message) : NULL;
    if (frame == NULL) {
        memory_release(&evm->allocator, code);
        return STEP_ABORT;
    }
    frame->snapshot = snapshot;
    frame->is_create = true;
    frame->code = code;
    frame->pc = code->bytes;
    frame->input = NULL;
    frame->input_offset = frame->input_size = 0;
    return STEP_ENTER;
}

/* -- ending -- */

/* Takes the output of init code as the contract's code: EIP-170's limit, 200 gas a byte; EIP-2:
 * before Homestead a contract that cannot pay goes without code. */
static enum step deposit_code(struct evm *evm, struct frame *frame) {
    const size_t size = frame->output.size;
    if (size == 0) {
        return STEP_STOP;
    }
    if (size > evm->code_limit) {
        return STEP_FAIL;
    }
    const int64_t price = (int64_t)size * GAS_CODE_BYTE;
    if (price > frame->gas) {
        return evm->schedule->pays_full_deposit ? STEP_FAIL : STEP_STOP;
    }
    frame->gas -= price;
    size_t block_size;
    void *block =
        code_block_size(size, &block_size) ? state_allocate(&evm->state, block_size) : NULL;
    if (block == NULL) {
        state_fail(&evm->state, EXTVM_NO_MEMORY, "no memory for a contract's code");
        return STEP_ABORT;
    }
    struct code *code =
        code_place(block, (extvm_bytes){frame_memory(evm, frame) + frame->output.offset, size});
    return state_set_code(&evm->state, frame->self, code) ? STEP_STOP : STEP_ABORT;
}

/* EIP-211: a contract that was made leaves no return data, a failure neither. */
static bool keep_return_data(struct evm *evm, const struct frame *frame, enum step step) {
    evm->return_data.size = 0;
    if (step == STEP_FAIL || (step == STEP_STOP && frame->is_create)) {
        return true;
    }
    return buffer_append(&evm->return_data, frame_memory(evm, frame) + frame->output.offset,
                         frame->output.size) ||
           state_fail(&evm->state, EXTVM_NO_MEMORY, "no memory for return data");
}

static void push_word(struct frame *frame, const struct word *word) {
    *frame->top++ = *word; /* the operands left room */
}

/* The outcome of a message call, for the frame that made it. */
static void deliver_call(struct evm *evm, struct frame *frame, enum step step,
                         const struct range *result) {
    size_t size = evm->return_data.size < result->size ? evm->return_data.size : result->size;
    if (size > 0) {
        memcpy(frame_memory(evm, frame) + result->offset, evm->return_data.data, size);
    }
    const struct word success = word_from_u64(step == STEP_STOP);
    push_word(frame, &success);
    frame->gas += evm->gas_left;
}

static void deliver_create(struct evm *evm, struct frame *frame, enum step step,
                           const struct account *created) {
    const struct word address =
        step == STEP_STOP ? word_from_address(&created->address) : word_from_u64(0);
    push_word(frame, &address);
    frame->gas += evm->gas_left;
}

enum step frame_finish(struct evm *evm, enum step step) {
    struct frame *frame = evm_frame(evm);
    if (step == STEP_STOP && frame->is_create) {
        step = deposit_code(evm, frame);
    }
    if (step == STEP_ABORT || !keep_return_data(evm, frame, step)) {
        return STEP_ABORT;
    }
    evm->gas_left = step == STEP_FAIL ? 0 : frame->gas;
    if (step != STEP_STOP) {
        state_restore(&evm->state, &frame->snapshot);
    }
    const struct range result = frame->result;
    const struct account *created = frame->is_create ? frame->self : NULL;
    frame_drop(evm);
    if (evm->frame_count == 0) {
        return step;
    }
    struct frame *caller = evm_frame(evm);
    caller->floor = evm->stack + caller->stack_base;
    caller->top = caller->floor + caller->stack_height;
    if (created != NULL) {
        deliver_create(evm, caller, step, created);
    } else {
        deliver_call(evm, caller, step, &result);
    }
    caller->pc++;
    return STEP_NEXT;
}

/* -- CALL and its kin -- */

struct call_form {
    bool has_value;  /* it is among the operands */
    bool runs_there; /* the account that is called executes; else its code runs on the caller */
    bool keeps_call; /* caller and value stay those of the calling frame */
    bool is_static;
};

/* By their distance from CALL. */
static const struct call_form call_forms[] = {
    [0] = {.has_value = true, .runs_there = true},
    [OP_CALLCODE - OP_CALL] = {.has_value = true},
    [OP_DELEGATECALL - OP_CALL] = {.keeps_call = true},                  /* EIP-7 */
    [OP_STATICCALL - OP_CALL] = {.runs_there = true, .is_static = true}, /* EIP-214 */
};

/* The operands of one call. */
struct call_operands {
    const struct call_form *form;
    uint64_t gas; /* that the callee is to get; UINT64_MAX also for more */
    struct word value;
    struct account *target;
    struct range input, result;
};

/* Gas for a value, and for the account that it makes (EIP-161: only then; before: whenever there is
 * none). */
static enum step pay_for_value(struct evm *evm, struct frame *frame,
                               const struct call_operands *call) {
    const bool pays = !word_is_zero(&call->value);
    if (pays && gas_pay(frame, GAS_CALL_VALUE) != STEP_NEXT) {
        return STEP_FAIL;
    }
    if (!call->form->has_value || !call->form->runs_there) {
        return STEP_NEXT;
    }
    if (evm->schedule->clears_empty && !pays) {
        return STEP_NEXT;
    }
    if (!account_load(&evm->state, call->target)) {
        return STEP_ABORT;
    }
    bool is_new =
        evm->schedule->clears_empty ? account_is_dead(call->target) : !call->target->exists;
    return is_new ? gas_pay(frame, GAS_NEW_ACCOUNT) : STEP_NEXT;
}

/* The gas that the callee gets, taken from the frame: what was asked for, which must be there
 * (before EIP-150), or at most all but one 64th of what there is. */
static enum step pass_gas(struct evm *evm, struct frame *frame, uint64_t wanted, int64_t *passed) {
    uint64_t available = (uint64_t)frame->gas;
    if (evm->schedule->keeps_a_64th) {
        available -= available / 64;
        wanted = wanted < available ? wanted : available;
    }
    if (wanted > available) {
        return STEP_FAIL;
    }
    *passed = (int64_t)wanted;
    frame->gas -= *passed;
    return STEP_NEXT;
}

/* Takes the operands off the stack and pays for what they ask for. */
static enum step read_operands(struct evm *evm, struct frame *frame, struct call_operands *call) {
    const struct word *top = frame->top;
    call->form = &call_forms[*frame->pc - OP_CALL];
    call->gas = word_to_u64_capped(top - 1);
    const struct word *target = top - 2;
    top -= 2;
    call->value = word_from_u64(0);
    if (call->form->has_value) {
        word_copy(&call->value, --top);
    }
    if (frame->is_static && call->form->runs_there && !word_is_zero(&call->value)) {
        return STEP_FAIL;
    }
    call->target = operand_account(evm, target);
    if (call->target == NULL) {
        return STEP_ABORT;
    }
    enum step step = gas_pay_access(evm, frame, call->target, evm->schedule->cold_account);
    if (step == STEP_NEXT) {
        step = memory_range(evm, frame, top - 1, top - 2, &call->input);
    }
    if (step == STEP_NEXT) {
        step = memory_range(evm, frame, top - 3, top - 4, &call->result);
    }
    frame->top -= call->form->has_value ? 7 : 6;
    return step == STEP_NEXT ? pay_for_value(evm, frame, call) : step;
}

static bool at_depth_limit(const struct evm *evm) {
    return evm->frame_count > CALL_DEPTH_LIMIT;
}

enum step operation_call(struct evm *evm, struct frame *frame) {
    struct call_operands call;
    int64_t gas;
    enum step step = read_operands(evm, frame, &call);
    if (step == STEP_NEXT) {
        step = pass_gas(evm, frame, call.gas, &gas);
    }
    if (step != STEP_NEXT) {
        return step;
    }
    gas += word_is_zero(&call.value) ? 0 : GAS_CALL_STIPEND;
    if (at_depth_limit(evm) || word_less(&frame->self->balance, &call.value)) {
        evm->return_data.size = 0;
        evm->gas_left = gas;
        deliver_call(evm, frame, STEP_FAIL, &call.result);
        return STEP_NEXT;
    }
    /* Every member is named, so that nothing has to be cleared first: 1 ns. */
    struct message message = {
        .self = call.form->runs_there ? call.target : frame->self,
        .code_account = call.target,
        .caller = call.form->keeps_call ? frame->caller : frame->self->address,
        .value = call.form->keeps_call ? frame->value : call.value,
        .payer = call.form->runs_there && call.form->has_value ? frame->self : NULL,
        .gas = gas,
        .input = NULL,
        .input_range = call.input,
        .result = call.result,
        .is_static = frame->is_static || call.form->is_static};
    if (!account_load(&evm->state, call.target)) {
        return STEP_ABORT;
    }
    step = message_call(evm, &message);
    if (step == STEP_ENTER || step == STEP_ABORT) {
        return step;
    }
    deliver_call(evm, frame, step, &call.result);
    return STEP_NEXT;
}

/* -- CREATE and CREATE2 -- */

/* EIP-1014 */
static void create2_address(const extvm_address *creator, const struct word *salt,
                            extvm_bytes init_code, extvm_address *out) {
    uint8_t bytes[1 + EXTVM_ADDRESS_SIZE + 2 * EXTVM_WORD_SIZE] = {0xff};
    extvm_word hash;
    memcpy(bytes + 1, creator->bytes, EXTVM_ADDRESS_SIZE);
    word_store(salt, bytes + 1 + EXTVM_ADDRESS_SIZE);
    keccak256(init_code, &hash);
    memcpy(bytes + 1 + EXTVM_ADDRESS_SIZE + EXTVM_WORD_SIZE, hash.bytes, EXTVM_WORD_SIZE);
    keccak256((extvm_bytes){bytes, sizeof bytes}, &hash);
    memcpy(out->bytes, hash.bytes + EXTVM_WORD_SIZE - EXTVM_ADDRESS_SIZE, EXTVM_ADDRESS_SIZE);
}

/* Depth, balance, and EIP-2681's limit of the nonce. */
static bool can_create(const struct evm *evm, const struct frame *frame, const struct word *value) {
    return !at_depth_limit(evm) && !word_less(&frame->self->balance, value) &&
           word_to_u64_capped(&frame->self->nonce) != UINT64_MAX;
}

/* Counts the creator's nonce up, and finds the new account, warm whatever becomes of it (EIP-2929).
 * NULL: the run has failed. */
static struct account *new_account(struct evm *evm, struct account *creator,
                                   const struct word *salt, extvm_bytes init_code) {
    struct state *state = &evm->state;
    extvm_address address;
    if (salt != NULL) {
        create2_address(&creator->address, salt, init_code, &address);
    } else {
        create_address(&creator->address, creator->nonce.limb[0], &address);
    }
    const struct word one = word_from_u64(1), nonce = word_add(&creator->nonce, &one);
    struct account *account =
        state_set_word(state, &creator->nonce, &nonce) ? state_account(state, &address) : NULL;
    if (account == NULL || (evm->schedule->has_warm && !state_set_flag(state, &account->warm)) ||
        !account_load(state, account)) {
        return NULL;
    }
    return account;
}

enum step operation_create(struct evm *evm, struct frame *frame) {
    const bool is_create2 = *frame->pc == OP_CREATE2;
    const struct word *top = frame->top;
    const struct word value = top[-1], salt = is_create2 ? top[-4] : word_from_u64(0);
    if (frame->is_static) {
        return STEP_FAIL;
    }
    struct range range;
    enum step step = memory_range(evm, frame, top - 2, top - 3, &range);
    if (step == STEP_NEXT && is_create2) {
        step = gas_pay_words(frame, GAS_KECCAK256_WORD, range.size);
    }
    if (step != STEP_NEXT) {
        return step;
    }
    frame->top -= is_create2 ? 4 : 3;
    evm->return_data.size = 0;
    evm->gas_left = 0;
    if (!can_create(evm, frame, &value)) {
        deliver_create(evm, frame, STEP_FAIL, NULL);
        return STEP_NEXT;
    }
    const extvm_bytes init_code = {frame_memory(evm, frame) + range.offset, range.size};
    struct message message = {
        .self = new_account(evm, frame->self, is_create2 ? &salt : NULL, init_code),
        .caller = frame->self->address,
        .value = value,
        .payer = frame->self,
        .gas = evm->schedule->keeps_a_64th ? frame->gas - frame->gas / 64 : frame->gas};
    if (message.self == NULL) {
        return STEP_ABORT;
    }
    frame->gas -= message.gas;
    step = message_create(evm, &message, init_code);
    if (step == STEP_ENTER || step == STEP_ABORT) {
        return step;
    }
    deliver_create(evm, frame, step, NULL);
    return STEP_NEXT;
}

/* -- the run's own call -- */

enum step call_start(struct evm *evm, const extvm_call *call, struct account *caller,
                     struct account *recipient, int64_t gas) {
    struct state *state = &evm->state;
    static const uint8_t no_input = 0;
    struct message message = {.self = recipient,
                              .code_account = recipient,
                              .caller = call->caller,
                              .payer = caller,
                              .gas = gas,
                              .input = call->input.size > 0 ? call->input.data : &no_input,
                              .input_range = {0, call->input.size}};
    evm->return_data.size = 0;
    if (!word_from_integer(call->value, &message.value) ||
        word_less(&caller->balance, &message.value)) {
        return end_at_once(evm, STEP_FAIL, 0);
    }
    if (!state_touch(state, caller) || !account_load(state, recipient)) {
        return STEP_ABORT;
    }
    return call->recipient == NULL ? message_create(evm, &message, call->input)
                                   : message_call(evm, &message);
}
