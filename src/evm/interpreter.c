/* The interpreter's loop (yellow paper, sections 9.4 and 9.5, appendix H.2).
 *
 * Each opcode's part jumps straight to the next one's (labels as values). The program counter, the
 * top of the stack and the gas are local, so that they stay in registers; opcodes that need more
 * than that are functions, which find them in the frame. The checks of each opcode come from its
 * line in opcodes.h and are worked out by the compiler. */
#include "machine.h"

#define OPCODE_CONSTANTS(number, name, taken, given, gas, since)                                   \
    TAKEN_##name = (taken), GIVEN_##name = (given), SINCE_##name = EXTVM_FORK_##since,
enum { OPCODES(OPCODE_CONSTANTS) };

#define OPCODE_GAS(number, name, taken, given, gas, since)                                         \
    static inline int64_t gas_of_##name(const struct schedule *schedule) {                         \
        (void)schedule;                                                                            \
        return gas;                                                                                \
    }
OPCODES(OPCODE_GAS)

enum { WORD_SIZE = sizeof(struct word) };

/* Of the stack, in bytes. */
#define HEIGHT() ((const char *)top - (const char *)floor)

/* What is checked before an opcode is done: that the fork has it, the stack's two ends - of which
 * most opcodes can only reach one -, and the gas. */
#define CHECK(name)                                                                                \
    do {                                                                                           \
        if ((int)SINCE_##name > (int)EXTVM_FORK_FRONTIER && (int)fork < (int)SINCE_##name) {       \
            goto failed;                                                                           \
        }                                                                                          \
        if ((int)TAKEN_##name > 0 && HEIGHT() < (ptrdiff_t)(TAKEN_##name * WORD_SIZE)) {           \
            goto failed;                                                                           \
        }                                                                                          \
        if ((int)GIVEN_##name > (int)TAKEN_##name &&                                               \
            HEIGHT() >                                                                             \
                (STACK_LIMIT + (ptrdiff_t)TAKEN_##name - (ptrdiff_t)GIVEN_##name) * WORD_SIZE) {   \
            goto failed;                                                                           \
        }                                                                                          \
        gas -= gas_of_##name(schedule);                                                            \
        if (__builtin_expect(gas < 0, 0)) {                                                        \
            goto failed;                                                                           \
        }                                                                                          \
    } while (0)

#define DISPATCH() goto *labels[*pc]
#define NEXT()                                                                                     \
    do {                                                                                           \
        pc++;                                                                                      \
        DISPATCH();                                                                                \
    } while (0)

#define SAVE()                                                                                     \
    do {                                                                                           \
        frame->pc = pc;                                                                            \
        frame->top = top;                                                                          \
        frame->gas = gas;                                                                          \
    } while (0)
#define LOAD()                                                                                     \
    do {                                                                                           \
        top = frame->top;                                                                          \
        gas = frame->gas;                                                                          \
    } while (0)

/* One operand, two operands: the result takes the place of the lower one. */
#define UNARY(name, expression)                                                                    \
    do_##name : CHECK(name);                                                                       \
    {                                                                                              \
        const struct word *const a = top - 1;                                                      \
        top[-1] = expression;                                                                      \
    }                                                                                              \
    NEXT();
#define BINARY(name, expression)                                                                   \
    do_##name : CHECK(name);                                                                       \
    {                                                                                              \
        const struct word *const a = top - 1, *const b = top - 2;                                  \
        top[-2] = expression;                                                                      \
        top--;                                                                                     \
    }                                                                                              \
    NEXT();
#define TERNARY(name, expression)                                                                  \
    do_##name : CHECK(name);                                                                       \
    {                                                                                              \
        const struct word *const a = top - 1, *const b = top - 2, *const c = top - 3;              \
        top[-3] = expression;                                                                      \
        top -= 2;                                                                                  \
    }                                                                                              \
    NEXT();
#define PUSHING(name, expression)                                                                  \
    do_##name : CHECK(name);                                                                       \
    *top = expression;                                                                             \
    top++;                                                                                         \
    NEXT();
#define OUTSIDE(name, function)                                                                    \
    do_##name : CHECK(name);                                                                       \
    operate = function;                                                                            \
    goto outside;

#define PUSH_CODE(row, number, n)                                                                  \
    do_PUSH##n : CHECK(PUSH##n);                                                                   \
    *top = push_operand(pc + 1, n);                                                                \
    top++;                                                                                         \
    pc += (n) + 1;                                                                                 \
    DISPATCH();
#define DUP_CODE(row, number, n)                                                                   \
    do_DUP##n : CHECK(DUP##n);                                                                     \
    word_copy(top, top - (n));                                                                     \
    top++;                                                                                         \
    NEXT();
#define SWAP_CODE(row, number, n)                                                                  \
    do_SWAP##n : CHECK(SWAP##n);                                                                   \
    word_swap(top - 1, top - 1 - (n));                                                             \
    NEXT();

static inline void word_swap(struct word *a, struct word *b) {
    for (unsigned i = 0; i < 4; i++) {
        uint64_t limb = a->limb[i];
        a->limb[i] = b->limb[i];
        b->limb[i] = limb;
    }
}

/* The `size` bytes after a PUSH. Reads up to 8 bytes more, which the code's padding allows. */
static inline __attribute__((always_inline)) struct word push_operand(const uint8_t *bytes,
                                                                      unsigned size) {
    struct word out = {{0}};
    unsigned limbs = (size + 7) / 8, first = size - 8 * (limbs - 1);
    out.limb[limbs - 1] = limb_load(bytes) >> (64 - 8 * first);
    for (size_t i = 1; i < limbs; i++) {
        out.limb[limbs - 1 - i] = limb_load(bytes + first + 8 * (i - 1));
    }
    return out;
}

static inline bool in_memory(const struct frame *frame, const struct word *offset, size_t size) {
    return word_fits_u64(offset) && frame->memory_size >= size &&
           offset->limb[0] <= frame->memory_size - size;
}

/* Memory for an MLOAD, MSTORE or MSTORE8 that goes behind its end. */
static __attribute__((noinline)) enum step reach(struct evm *evm, struct frame *frame,
                                                 const struct word *offset, unsigned size) {
    struct range range;
    const struct word length = word_from_u64(size);
    return memory_range(evm, frame, offset, &length, &range);
}

#define REACH(size)                                                                                \
    if (__builtin_expect(!in_memory(frame, top - 1, size), 0)) {                                   \
        SAVE();                                                                                    \
        step = reach(evm, frame, top - 1, size);                                                   \
        LOAD();                                                                                    \
        if (step != STEP_NEXT) {                                                                   \
            return step;                                                                           \
        }                                                                                          \
        memory = frame_memory(evm, frame);                                                         \
    }

#define LABEL(number, name, taken, given, gas, since) [number] = &&do_##name,

/* The table is filled with "undefined" first, and then each opcode takes its place. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"

// NOLINTNEXTLINE(readability-function-size): one function, so that opcodes jump to each other
enum step interpreter_run(struct evm *evm) {
    // cppcheck-suppress assignBoolToPointer ; these are labels as values
    static const void *const labels[256] = {[0 ... 255] = &&failed, OPCODES(LABEL)};
    struct frame *const frame = evm_frame(evm);
    const struct schedule *const schedule = evm->schedule;
    const extvm_fork fork = evm->fork;
    struct code *const code = frame->code;
    struct word *const floor = frame->floor;
    uint8_t *memory = frame_memory(evm, frame);
    const uint8_t *pc = frame->pc;
    struct word *top;
    const struct word *target;
    int64_t gas;
    enum step step;
    operation *operate;
    LOAD();
    DISPATCH();

do_STOP:
    CHECK(STOP);
    SAVE();
    frame->output = (struct range){0, 0};
    return STEP_STOP;

    BINARY(ADD, word_add(a, b))
    BINARY(MUL, word_multiply(a, b))
    BINARY(SUB, word_subtract(a, b))
    BINARY(DIV, word_divide(a, b))
    BINARY(SDIV, word_divide_signed(a, b))
    BINARY(MOD, word_modulo(a, b))
    BINARY(SMOD, word_modulo_signed(a, b))
    TERNARY(ADDMOD, word_add_modulo(a, b, c))
    TERNARY(MULMOD, word_multiply_modulo(a, b, c))
    BINARY(SIGNEXTEND, word_sign_extend(b, a))
    BINARY(LT, word_from_u64(word_less(a, b)))
    BINARY(GT, word_from_u64(word_less(b, a)))
    BINARY(SLT, word_from_u64(word_signed_less(a, b)))
    BINARY(SGT, word_from_u64(word_signed_less(b, a)))
    BINARY(EQ, word_from_u64(word_equal(a, b)))
    UNARY(ISZERO, word_from_u64(word_is_zero(a)))
    BINARY(AND, word_and(a, b))
    BINARY(OR, word_or(a, b))
    BINARY(XOR, word_xor(a, b))
    UNARY(NOT, word_not(a))
    BINARY(BYTE, word_byte(b, a))
    BINARY(SHL, word_shift_left(b, a))
    BINARY(SHR, word_shift_right(b, a))
    BINARY(SAR, word_shift_right_signed(b, a))

    PUSHING(ADDRESS, word_from_address(&frame->self->address))
    PUSHING(ORIGIN, evm->environment.origin)
    PUSHING(CALLER, word_from_address(&frame->caller))
    PUSHING(CALLVALUE, frame->value)
    PUSHING(CALLDATASIZE, word_from_u64(frame->input_size))
    PUSHING(CODESIZE, word_from_u64(code->size))
    PUSHING(GASPRICE, evm->environment.gas_price)
    PUSHING(RETURNDATASIZE, word_from_u64(evm->return_data.size))
    PUSHING(COINBASE, evm->environment.beneficiary)
    PUSHING(TIMESTAMP, evm->environment.timestamp)
    PUSHING(NUMBER, evm->environment.number)
    PUSHING(DIFFICULTY, evm->environment.difficulty)
    PUSHING(GASLIMIT, evm->environment.gas_limit)
    PUSHING(CHAINID, evm->environment.chain_id)
    PUSHING(SELFBALANCE, frame->self->balance)
    PUSHING(PC, word_from_u64((uint64_t)(pc - code->bytes)))
    PUSHING(MSIZE, word_from_u64(frame->memory_size))
    PUSHING(GAS, word_from_u64((uint64_t)gas))

do_POP:
    CHECK(POP);
    top--;
    NEXT();

do_MLOAD:
    CHECK(MLOAD);
    REACH(32)
    top[-1] = word_load(memory + top[-1].limb[0]);
    NEXT();

do_MSTORE:
    CHECK(MSTORE);
    REACH(32)
    word_store(top - 2, memory + top[-1].limb[0]);
    top -= 2;
    NEXT();

do_MSTORE8:
    CHECK(MSTORE8);
    REACH(1)
    memory[top[-1].limb[0]] = (uint8_t)top[-2].limb[0];
    top -= 2;
    NEXT();

do_JUMPI:
    CHECK(JUMPI);
    top -= 2;
    if (word_is_zero(top)) {
        NEXT();
    }
    target = top + 1;
    goto jump;

do_JUMP:
    CHECK(JUMP);
    target = --top;
jump:
    if (__builtin_expect(--evm->jumps_left == 0, 0) && !evm_goes_on(evm)) {
        return STEP_ABORT;
    }
    if (__builtin_expect(!code->analysed, 0)) {
        code_analyse(code);
    }
    if (!word_fits_u64(target) || !code_is_destination(code, target->limb[0])) {
        goto failed;
    }
    pc = code->bytes + target->limb[0];
    DISPATCH();

do_JUMPDEST:
    CHECK(JUMPDEST);
    NEXT();

    NUMBERED_PUSHES(PUSH_CODE, _)
    NUMBERED_SIXTEEN(DUP_CODE, _, 0x8)
    NUMBERED_SIXTEEN(SWAP_CODE, _, 0x9)

    OUTSIDE(EXP, operation_exp)
    OUTSIDE(KECCAK256, operation_keccak256)
    OUTSIDE(BALANCE, operation_balance)
    OUTSIDE(CALLDATALOAD, operation_calldataload)
    OUTSIDE(CALLDATACOPY, operation_calldatacopy)
    OUTSIDE(CODECOPY, operation_codecopy)
    OUTSIDE(EXTCODESIZE, operation_extcodesize)
    OUTSIDE(EXTCODECOPY, operation_extcodecopy)
    OUTSIDE(RETURNDATACOPY, operation_returndatacopy)
    OUTSIDE(EXTCODEHASH, operation_extcodehash)
    OUTSIDE(BLOCKHASH, operation_blockhash)
    OUTSIDE(SLOAD, operation_sload)
    OUTSIDE(SSTORE, operation_sstore)
    OUTSIDE(LOG0, operation_log)
    OUTSIDE(LOG1, operation_log)
    OUTSIDE(LOG2, operation_log)
    OUTSIDE(LOG3, operation_log)
    OUTSIDE(LOG4, operation_log)
    OUTSIDE(CREATE, operation_create)
    OUTSIDE(CREATE2, operation_create)
    OUTSIDE(CALL, operation_call)
    OUTSIDE(CALLCODE, operation_call)
    OUTSIDE(DELEGATECALL, operation_call)
    OUTSIDE(STATICCALL, operation_call)
    OUTSIDE(RETURN, operation_return)
    OUTSIDE(REVERT, operation_revert)
    OUTSIDE(SELFDESTRUCT, operation_selfdestruct)

outside:
    SAVE();
    step = operate(evm, frame);
    if (step != STEP_NEXT) {
        return step;
    }
    LOAD();
    memory = frame_memory(evm, frame);
    NEXT();

failed:
    return STEP_FAIL;
}

#pragma GCC diagnostic pop
