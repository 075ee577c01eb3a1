/* The machine between its parts: frames, their stacks and memory, and what the opcodes share.
 *
 * Frames are kept in an array of the machine's own, and their stacks and memories lie one after the
 * other in two pools, a callee's behind its caller's. Nothing of it is on the C stack, so that 1024
 * calls deep needs no more of that than one. */
#ifndef EXTVM_EVM_MACHINE_H
#define EXTVM_EVM_MACHINE_H

#include "account_state.h"
#include "common/buffer.h"
#include "evm.h"
#include "opcodes.h"
#include "word.h"

enum { STACK_LIMIT = 1024, CALL_DEPTH_LIMIT = 1024 };

/* How an opcode, or a frame, went. */
enum step {
    STEP_NEXT,   /* go on with the next opcode */
    STEP_ENTER,  /* go on in the frame that was added */
    STEP_STOP,   /* the frame is done */
    STEP_REVERT, /* the frame undoes itself and keeps its gas */
    STEP_FAIL,   /* the frame undoes itself and has used all its gas */
    STEP_ABORT   /* the run cannot go on: state.failure says why */
};

/* Bytes in the memory of the frame that names them. */
struct range {
    size_t offset, size;
};

struct frame {
    const uint8_t *pc;               /* the opcode being done */
    struct word *top, *floor;        /* behind the top word, and at the bottom one */
    int64_t gas;                     /* what is left */
    size_t memory_base, memory_size; /* bytes in the machine's memory */
    struct code *code;               /* what runs */
    struct account *self;            /* whose balance and storage it is */
    extvm_address caller;
    struct word value;
    const uint8_t *input; /* NULL: `input_offset` in the machine's memory */
    size_t input_offset, input_size;
    struct range output;             /* what RETURN or REVERT gave */
    struct range result;             /* where the caller wants it, in the caller's memory */
    size_t stack_base, stack_height; /* words; the height while another frame runs */
    struct snapshot snapshot;
    bool is_static; /* EIP-214 */
    bool is_create; /* `code` is init code and freed with the frame */
};

/* What is the same in every frame of a run, as words (yellow paper, section 9.3). */
struct environment {
    struct word origin, gas_price, beneficiary, timestamp, number, difficulty, gas_limit, chain_id;
};

struct evm {
    extvm_allocator allocator;
    struct spare *spare; /* of the run's memory and the result's; NULL: there is none */
    extvm_fork fork;
    const struct schedule *schedule;
    struct environment environment;
    uint64_t code_limit; /* bytes; EIP-170 */
    struct state state;

    struct frame *frames;
    size_t frame_count, frame_capacity;
    struct word *stack;
    size_t stack_capacity; /* words */
    uint8_t *memory;
    size_t memory_capacity;    /* bytes */
    struct buffer return_data; /* of the last call (EIP-211); in the end, of the run */
    int64_t gas_left;          /* of the frame that ended last */

    const struct machine_terms *terms; /* of the run */
    unsigned jumps_left;               /* before they are looked at again */
};

static inline struct frame *evm_frame(struct evm *evm) {
    return &evm->frames[evm->frame_count - 1];
}

/* -- interpreter.c -- */

/* Runs the newest frame until it ends or another is added. */
enum step interpreter_run(struct evm *evm);

/* -- frame_memory.c -- */

/* The memory of all frames with at least `needed` bytes; false when there are none. */
bool memory_pool_grow(struct evm *evm, size_t needed);

/* Makes sure of bytes that lie behind the frame's memory, paid for, and puts where they are into
 * `out`. */
enum step memory_range_grow(struct evm *evm, struct frame *frame, const struct word *offset,
                            const struct word *size, struct range *out);

/* Makes sure of `size` bytes at `offset`, paid for, and puts both into `out`; no bytes are at 0
 * wherever they are said to be. Inline for memory that is there, 1 ns of a copy. */
static inline enum step memory_range(struct evm *evm, struct frame *frame,
                                     const struct word *offset, const struct word *size,
                                     struct range *out) {
    if (word_is_zero(size)) {
        *out = (struct range){0, 0};
        return STEP_NEXT;
    }
    if (word_fits_u64(offset) && word_fits_u64(size) && size->limb[0] <= frame->memory_size &&
        offset->limb[0] <= frame->memory_size - size->limb[0]) {
        *out = (struct range){(size_t)offset->limb[0], (size_t)size->limb[0]};
        return STEP_NEXT;
    }
    return memory_range_grow(evm, frame, offset, size, out);
}

static inline uint8_t *frame_memory(struct evm *evm, const struct frame *frame) {
    return evm->memory + frame->memory_base;
}

/* -- gas -- */

static inline enum step gas_pay(struct frame *frame, int64_t amount) {
    frame->gas -= amount;
    return frame->gas >= 0 ? STEP_NEXT : STEP_FAIL;
}

/* `each` for every 32 bytes begun. `size` is of memory that was paid for. */
static inline enum step gas_pay_words(struct frame *frame, int64_t each, size_t size) {
    return gas_pay(frame, each * (int64_t)(size / 32 + (size % 32 != 0)));
}

static inline enum step step_or_abort(bool done) {
    return done ? STEP_NEXT : STEP_ABORT;
}

/* The account that an operand names, not asked for yet; NULL: the run has failed. */
struct account *operand_account(struct evm *evm, const struct word *operand);

/* EIP-2929: `extra` when the account is not warm yet, which it then is. */
enum step gas_pay_access(struct evm *evm, struct frame *frame, struct account *account,
                         int64_t extra);

/* -- the opcodes that are not in the interpreter itself; the frame is in order before and after --
 */

typedef enum step operation(struct evm *evm, struct frame *frame);

operation operation_exp, operation_keccak256, operation_calldataload, operation_calldatacopy,
    operation_codecopy, operation_extcodesize, operation_extcodecopy, operation_returndatacopy,
    operation_extcodehash, operation_balance, operation_blockhash, operation_log, operation_return,
    operation_revert;                                                /* operations.c */
operation operation_sload, operation_sstore, operation_selfdestruct; /* storage_operations.c */
operation operation_call, operation_create;                          /* calls.c */

/* -- calls.c -- */

/* Starts the run's own call or create with `gas`: STEP_ENTER, or how it ended at once. */
enum step call_start(struct evm *evm, const extvm_call *call, struct account *caller,
                     struct account *recipient, int64_t gas);

/* Ends the newest frame: undoes it or keeps what it did, and hands the outcome to its caller.
 * STEP_NEXT: the caller goes on; anything else: there is no caller, and this is how the run ended.
 */
enum step frame_finish(struct evm *evm, enum step step);

/* Looks whether the run is to end before its gas does; false: state.failure says why. Called now
 * and then: no program runs for long without jumping. */
bool evm_goes_on(struct evm *evm);

/* Drops all frames. */
void frames_drop(struct evm *evm);

/* -- outcome.c -- */

/* The result of a run that ended with `step`; NULL: no memory. `created` is the account that a
 * create makes, or NULL. */
extvm_result *outcome_make(struct evm *evm, const extvm_call *call, enum step step,
                           const struct word *gas_left, const struct account *created);

#endif
