/* The machine between its parts: frames, local activations and their registers, gas and memory, and
 * what the instructions share (protocol/iele-vm.md, sections 6 to 8).
 *
 * Frames, activations and registers lie in arrays of the machine's own, so that neither 1024
 * account calls deep nor a million local ones need more of the C stack than one. */
#ifndef EXTVM_IELEVM_MACHINE_H
#define EXTVM_IELEVM_MACHINE_H

#include "accounts.h"
#include "cells.h"
#include "common/buffer.h"
#include "ielevm.h"
#include "instruction.h"
#include "price.h"

/* The VM's own ends of a frame (section 16). */
enum exception {
    FUNCTION_NOT_FOUND = 1,
    WRONG_SIGNATURE = 2,
    CONTRACT_NOT_FOUND = 3,
    USER_ERROR = 4,
    OUT_OF_GAS = 5,
    COLLISION = 6,
    OUT_OF_FUNDS = 7,
    TOO_DEEP = 8,
    CONTRACT_INVALID = 9
};

/* Words that all registers and cells together may take (section 17). */
#define LIVE_WORDS_MAXIMUM ((int64_t)1 << 27)

/* How an instruction went. */
enum step {
    STEP_NEXT,   /* go on behind it */
    STEP_SWITCH, /* go on in the activation or frame that is the newest now */
    STEP_LEAVE,  /* the frame ends, as `ending` says */
    STEP_ABORT   /* the run cannot go on: accounts.failure says why */
};

enum ending_kind { ENDED_WELL, ENDED_REVERTED, ENDED_BY_EXCEPTION };

/* Registers up to this lie in the machine's array; those above, of which there may be a million
 * that nobody writes, in pages that are made when they are needed. */
enum { FLAT_REGISTERS = 64, PAGE_REGISTERS = 64, PAGE_GROUP = 64, PAGE_GROUPS = 256 };
_Static_assert((int64_t)PAGE_REGISTERS *PAGE_GROUP *PAGE_GROUPS > IELE_REGISTER_MAXIMUM,
               "there is a page for each register");

struct register_pages {
    struct value **groups[PAGE_GROUPS]; /* PAGE_GROUP pages each */
};

/* A function that runs, or waits for one that it called. */
struct activation {
    const struct function *function;
    const uint8_t *pc;   /* what is next */
    const uint8_t *call; /* the instruction in the caller, whose registers take the results */
    size_t base;         /* of the registers, in the machine's array */
    uint32_t count;      /* nregs */
    struct register_pages *pages; /* NULL: none needed yet */
    int64_t words;                /* sz of all registers */
};

struct frame {
    uint64_t number; /* no other frame of the run has it */
    const struct contract *contract;
    struct account *self;
    extvm_address caller;
    struct value value;
    int64_t gas;     /* milligas */
    int64_t current; /* words: cur */
    int64_t peak;    /* words */
    int64_t deposit; /* milligas for the upload; 0: none */
    bool is_static;
    bool is_create;
    const uint8_t *call; /* the instruction in the caller, whose registers take the results */
    size_t activations;  /* index of the first one */
    struct cell_list cells;
    struct snapshot snapshot;
};

/* What is the same in every frame of a run. */
struct environment {
    extvm_address origin, beneficiary;
    struct value gas_price, timestamp, number, difficulty, gas_limit;
    uint64_t block_number; /* of the call's block, modulo 2^64 */
};

struct ielevm {
    extvm_allocator allocator;
    struct spare *spare; /* of the run's memory and the result's; NULL: there is none */
    const struct machine_terms *terms; /* borrowed for one run */
    struct accounts accounts;
    struct cells cells;
    struct environment environment;

    struct frame *frames;
    size_t frame_count, frame_capacity;
    struct activation *activations;
    size_t activation_count, activation_capacity;
    struct value *registers;
    size_t register_count, register_capacity;
    struct value *list; /* arguments or outputs on their way */
    size_t list_count, list_capacity;
    struct buffer scratch; /* for precompiled functions */

    uint64_t frames_made;
    int64_t live_words;
    int64_t work_left; /* before the clock is looked at again */

    /* how the newest frame ends */
    struct {
        enum ending_kind kind;
        struct value status; /* of a revert; of an exception the number */
    } ending;                /* outputs are in `list` */
    int64_t gas_left;        /* of the frame that ended last, milligas */
};

static inline struct frame *newest_frame(struct ielevm *vm) {
    return &vm->frames[vm->frame_count - 1];
}
static inline struct activation *newest_activation(struct ielevm *vm) {
    return &vm->activations[vm->activation_count - 1];
}
static inline struct numbers *vm_numbers(struct ielevm *vm) {
    return &vm->accounts.numbers;
}

/* The frame ends with that status. */
enum step raise_exception(struct ielevm *vm, enum exception status);

static inline enum step step_or_abort(bool done) {
    return done ? STEP_NEXT : STEP_ABORT;
}
static inline enum step abort_for_memory(struct ielevm *vm) {
    accounts_fail_for_memory(&vm->accounts);
    return STEP_ABORT;
}

/* -- accounting.c: section 7. Where they fail the frame ends with status 5. -- */

enum step gas_charge(struct ielevm *vm, struct frame *frame, int64_t amount);

/* expect, of a result of `words` for a register that has `old` words; `live` more words may be in
 * use while it is computed. */
enum step memory_expect_live(struct ielevm *vm, struct frame *frame, int64_t old, int64_t words,
                             int64_t live);
static inline enum step memory_expect(struct ielevm *vm, struct frame *frame, int64_t old,
                                      int64_t words) {
    return memory_expect_live(vm, frame, old, words, words);
}
enum step memory_adjust(struct ielevm *vm, struct frame *frame, int64_t words);

/* Notes that `work` instructions' worth of time was used; now and then looks whether the run is to
 * end before its gas does: false, accounts.failure says why. */
bool vm_looks_up(struct ielevm *vm);
static inline bool vm_goes_on(struct ielevm *vm, int64_t work) {
    vm->work_left -= work;
    return vm->work_left > 0 || vm_looks_up(vm);
}

/* -- registers.c -- */

/* A new activation of the newest frame with its registers at 0; false: no memory. */
bool activation_push(struct ielevm *vm, const struct function *function, const uint8_t *call);
/* Drops the newest activation with its registers. */
void activation_pop(struct ielevm *vm);

/* A register's value, borrowed until the next register is written. */
const struct value *register_value(const struct ielevm *vm, const struct activation *activation,
                                   uint32_t number);

/* write of section 7; takes `value` over, whatever happens. */
enum step register_write(struct ielevm *vm, struct frame *frame, uint32_t number,
                         struct value value);

/* Puts a value at the end of the list, which shares it; false: no memory. */
bool list_add(struct ielevm *vm, const struct value *value);
void list_clear(struct ielevm *vm);

/* -- interpreter.c -- */

/* Runs the newest frame until it ends or another is the newest. */
enum step vm_run_frame(struct ielevm *vm);

/* Does one instruction of the newest frame. */
enum step vm_step(struct ielevm *vm, const struct instruction *instruction);

/* What an instruction needs at hand. */
struct context {
    struct frame *frame;
    struct activation *activation;
    const struct instruction *instruction;
    unsigned bits;
};

/* The number of register `index` of the instruction's field. */
static inline uint32_t context_register(const struct context *context, uint32_t index) {
    return instruction_register(context->instruction, context->bits, index);
}
/* The fixed operand `index`, borrowed. */
static inline const struct value *context_operand(const struct ielevm *vm,
                                                  const struct context *context, uint32_t index) {
    return register_value(vm, context->activation,
                          context_register(context, context->instruction->results + index));
}
/* Both phases of section 8: memory for the first result, and the price. */
enum step context_pay(struct ielevm *vm, const struct context *context, int64_t words,
                      int64_t price);
/* Writes the first result. */
static inline enum step context_write(struct ielevm *vm, const struct context *context,
                                      struct value value) {
    return register_write(vm, context->frame, context_register(context, 0), value);
}
/* Puts the arguments on the list, which is emptied first. */
enum step context_list_arguments(struct ielevm *vm, const struct context *context);

typedef enum step operation(struct ielevm *vm, const struct context *context);

operation perform_load, perform_load_range, perform_store, perform_store_range, perform_sha3,
    perform_log; /* memory_operations.c */
operation perform_address, perform_origin, perform_caller, perform_callvalue, perform_codesize,
    perform_gasprice, perform_beneficiary, perform_timestamp, perform_number, perform_difficulty,
    perform_gaslimit, perform_msize, perform_gas, perform_balance, perform_extcodesize,
    perform_blockhash, perform_calladdress;                     /* environment_operations.c */
operation perform_sload, perform_sstore, perform_selfdestruct;  /* storage_operations.c */
operation perform_localcall, perform_localcallptr, perform_ret; /* local_calls.c */
operation perform_call, perform_create, perform_copycreate;     /* account_calls.c */

/* -- frames.c: section 6 -- */

/* The wallet's one function (section 2). */
extern const extvm_bytes wallet_function;
enum { WALLET_POINTER = 1 };

/* What a frame is entered with. The arguments are on the list. */
struct entrance {
    bool is_create, is_static;
    bool is_precompiled; /* account 1, when it is called */
    extvm_address self;
    struct account *caller;
    struct value value;   /* borrowed */
    int64_t gas, deposit; /* milligas */
    struct code code;     /* wallet or contract */
    bool by_pointer;
    struct value pointer; /* borrowed; or */
    extvm_bytes name;     /* of a function; of no meaning for a create */
    const uint8_t *call;  /* the instruction; NULL for the transaction's own */
};

/* Adds a frame in which nothing runs yet; false: no memory. Everything that is done from here on is
 * undone when it fails. */
bool frame_make(struct ielevm *vm, const struct entrance *entrance);

/* STEP_SWITCH, or STEP_LEAVE when the frame has ended at once, or STEP_ABORT. */
enum step frame_enter(struct ielevm *vm, const struct entrance *entrance);

/* Ends the newest frame as `ending` says, and those of its callers that cannot take the outcome.
 * STEP_SWITCH: the caller goes on; STEP_LEAVE: there is none, and this is how the run ended. */
enum step frame_leave(struct ielevm *vm);

/* Drops all frames and what is on the list. */
void frames_drop_all(struct ielevm *vm);

/* -- precompiled.c: section 14 -- */

struct precompiled_function;

/* By pointer or by name; NULL: there is none. */
const struct precompiled_function *precompiled_by_pointer(const struct value *pointer);
const struct precompiled_function *precompiled_by_name(extvm_bytes name);
unsigned precompiled_parameters(const struct precompiled_function *function);

/* Runs it with the arguments on the list, as many as it takes, and leaves its results there: the
 * frame ends. */
enum step precompiled_call(struct ielevm *vm, const struct precompiled_function *function);

/* -- outcome.c: section 16 -- */

/* The result of a run that ended as `ending` says with vm->gas_left; NULL: no memory. `created` is
 * the account that a create makes, or NULL. */
extvm_result *vm_outcome(struct ielevm *vm, const extvm_call *call, const struct account *created);

#endif
