/* Opcodes that ask for memory or for the world: data, code, hashes, logs, the end of a frame
 * (yellow paper, appendix H.2; EIP-150, 160, 211, 1052, 2929). */
#include "common/keccak.h"
#include "machine.h"
#include "precompiled.h"

/* 160 bits and more, which an address has not. */
static bool is_dirty(const struct word *operand) {
    return operand->limb[3] != 0 || operand->limb[2] >> 32 != 0;
}

struct account *operand_account(struct evm *evm, const struct word *operand) {
    const extvm_address address = word_to_address(operand);
    struct account *account = state_account(&evm->state, &address);
    if (account != NULL && evm->terms->like_real && is_dirty(operand) &&
        !account_load_as_absent(&evm->state, account)) {
        return NULL;
    }
    return account;
}

enum step gas_pay_access(struct evm *evm, struct frame *frame, struct account *account,
                         int64_t extra) {
    if (!evm->schedule->has_warm || account->warm ||
        (!evm->terms->like_real && precompiled_number(evm->fork, &account->address) != 0)) {
        return STEP_NEXT;
    }
    enum step step = gas_pay(frame, extra);
    return step != STEP_NEXT ? step : step_or_abort(state_set_flag(&evm->state, &account->warm));
}

/* The account that the word names, paid for and with nonce and balance. */
static enum step account_of(struct evm *evm, struct frame *frame, const struct word *word,
                            struct account **out) {
    *out = operand_account(evm, word);
    if (*out == NULL) {
        return STEP_ABORT;
    }
    return gas_pay_access(evm, frame, *out, evm->schedule->cold_account);
}

/* EIP-160 */
enum step operation_exp(struct evm *evm, struct frame *frame) {
    struct word *top = frame->top;
    enum step step = gas_pay(frame, evm->schedule->exp_byte * (int64_t)word_byte_length(top - 2));
    if (step == STEP_NEXT) {
        top[-2] = word_power(top - 1, top - 2);
        frame->top--;
    }
    return step;
}

enum step operation_keccak256(struct evm *evm, struct frame *frame) {
    struct word *top = frame->top;
    struct range range;
    enum step step = memory_range(evm, frame, top - 1, top - 2, &range);
    if (step == STEP_NEXT) {
        step = gas_pay_words(frame, GAS_KECCAK256_WORD, range.size);
    }
    if (step == STEP_NEXT) {
        extvm_word hash;
        keccak256((extvm_bytes){frame_memory(evm, frame) + range.offset, range.size}, &hash);
        top[-2] = word_load(hash.bytes);
        frame->top--;
    }
    return step;
}

/* -- data and code -- */

static extvm_bytes frame_input(struct evm *evm, const struct frame *frame) {
    const uint8_t *data = frame->input != NULL ? frame->input : evm->memory + frame->input_offset;
    return (extvm_bytes){frame->input_size == 0 ? NULL : data, frame->input_size};
}

/* Copies `size` bytes from `offset` of `from` on, with zeros after its end. */
static void copy_padded(uint8_t *to, extvm_bytes from, const struct word *offset, size_t size) {
    size_t copied = 0;
    if (word_fits_u64(offset) && offset->limb[0] < from.size) {
        size_t start = (size_t)offset->limb[0];
        copied = from.size - start < size ? from.size - start : size;
        memcpy(to, from.data + start, copied);
    }
    if (copied < size) {
        memset(to + copied, 0, size - copied);
    }
}

enum step operation_calldataload(struct evm *evm, struct frame *frame) {
    const extvm_bytes input = frame_input(evm, frame);
    struct word *top = frame->top - 1;
    if (word_fits_u64(top) && input.size >= EXTVM_WORD_SIZE &&
        top->limb[0] <= input.size - EXTVM_WORD_SIZE) {
        *top = word_load(input.data + top->limb[0]);
    } else {
        uint8_t bytes[EXTVM_WORD_SIZE];
        copy_padded(bytes, input, top, sizeof bytes);
        *top = word_load(bytes);
    }
    return STEP_NEXT;
}

/* The memory that a copying opcode writes to, paid for; its operands begin at `operands`. */
static enum step copy_target(struct evm *evm, struct frame *frame, const struct word *operands,
                             struct range *out) {
    enum step step = memory_range(evm, frame, operands - 1, operands - 3, out);
    return step == STEP_NEXT ? gas_pay_words(frame, GAS_COPY_WORD, out->size) : step;
}

enum step operation_calldatacopy(struct evm *evm, struct frame *frame) {
    struct range range;
    enum step step = copy_target(evm, frame, frame->top, &range);
    if (step == STEP_NEXT) {
        if (range.size > 0) {
            copy_padded(frame_memory(evm, frame) + range.offset, frame_input(evm, frame),
                        frame->top - 2, range.size);
        }
        frame->top -= 3;
    }
    return step;
}

enum step operation_codecopy(struct evm *evm, struct frame *frame) {
    struct range range;
    enum step step = copy_target(evm, frame, frame->top, &range);
    if (step == STEP_NEXT) {
        if (range.size > 0) {
            copy_padded(frame_memory(evm, frame) + range.offset,
                        (extvm_bytes){frame->code->bytes, frame->code->size}, frame->top - 2,
                        range.size);
        }
        frame->top -= 3;
    }
    return step;
}

/* EIP-211: reading behind the end is an exception, also of no bytes. */
enum step operation_returndatacopy(struct evm *evm, struct frame *frame) {
    const struct word *offset = frame->top - 2, *size = frame->top - 3;
    uint64_t end;
    if (!word_fits_u64(offset) || !word_fits_u64(size) ||
        __builtin_add_overflow(offset->limb[0], size->limb[0], &end) ||
        end > evm->return_data.size) {
        return STEP_FAIL;
    }
    struct range range;
    enum step step = copy_target(evm, frame, frame->top, &range);
    if (step == STEP_NEXT) {
        if (range.size > 0) {
            memcpy(frame_memory(evm, frame) + range.offset, evm->return_data.data + offset->limb[0],
                   range.size);
        }
        frame->top -= 3;
    }
    return step;
}

/* The code of the account that the word names; nothing is asked that is known to be empty. */
static enum step code_of(struct evm *evm, struct account *account, extvm_bytes *out) {
    if (!account_load(&evm->state, account) || !account_load_code(&evm->state, account)) {
        return STEP_ABORT;
    }
    *out = account->has_code ? (extvm_bytes){account->code->bytes, account->code->size}
                             : (extvm_bytes){NULL, 0};
    return STEP_NEXT;
}

enum step operation_extcodesize(struct evm *evm, struct frame *frame) {
    struct account *account;
    extvm_bytes code;
    enum step step = account_of(evm, frame, frame->top - 1, &account);
    if (step == STEP_NEXT) {
        step = code_of(evm, account, &code);
    }
    if (step == STEP_NEXT) {
        frame->top[-1] = word_from_u64(code.size);
    }
    return step;
}

enum step operation_extcodecopy(struct evm *evm, struct frame *frame) {
    struct account *account;
    struct range range;
    enum step step = account_of(evm, frame, frame->top - 1, &account);
    if (step == STEP_NEXT) {
        step = copy_target(evm, frame, frame->top - 1, &range);
    }
    if (step == STEP_NEXT && range.size > 0) {
        extvm_bytes code;
        step = code_of(evm, account, &code);
        if (step == STEP_NEXT) {
            copy_padded(frame_memory(evm, frame) + range.offset, code, frame->top - 3, range.size);
        }
    }
    if (step == STEP_NEXT) {
        frame->top -= 4;
    }
    return step;
}

/* EIP-1052: 0 for an account that does not exist or is empty (EIP-161). */
enum step operation_extcodehash(struct evm *evm, struct frame *frame) {
    struct account *account;
    enum step step = account_of(evm, frame, frame->top - 1, &account);
    extvm_bytes code;
    if (step == STEP_NEXT) {
        step = code_of(evm, account, &code);
    }
    if (step == STEP_NEXT) {
        extvm_word hash = {{0}};
        if (account->has_code) {
            hash = *code_hash(account->code);
        } else if (!account_is_dead(account)) {
            keccak256(code, &hash);
        }
        frame->top[-1] = word_load(hash.bytes);
    }
    return step;
}

/* -- accounts and blocks -- */

enum step operation_balance(struct evm *evm, struct frame *frame) {
    struct account *account;
    enum step step = account_of(evm, frame, frame->top - 1, &account);
    if (step == STEP_NEXT) {
        step = step_or_abort(account_load(&evm->state, account));
    }
    if (step == STEP_NEXT) {
        frame->top[-1] = account->balance;
    }
    return step;
}

/* One of the 256 blocks before this one, else 0. */
enum step operation_blockhash(struct evm *evm, struct frame *frame) {
    struct word *number = frame->top - 1;
    const struct word *block = &evm->environment.number;
    const struct word distance = word_subtract(block, number);
    extvm_word hash = {{0}};
    if (word_less(number, block) && word_to_u64_capped(&distance) <= BLOCK_HASHES &&
        word_fits_u64(number) && !state_block_hash(&evm->state, number->limb[0], &hash)) {
        return STEP_ABORT;
    }
    *number = word_load(hash.bytes);
    return STEP_NEXT;
}

/* -- logs and the end of a frame -- */

enum step operation_log(struct evm *evm, struct frame *frame) {
    const struct word *top = frame->top;
    const unsigned topics = (unsigned)(*frame->pc - OP_LOG0);
    if (frame->is_static) {
        return STEP_FAIL;
    }
    struct range range;
    enum step step = memory_range(evm, frame, top - 1, top - 2, &range);
    if (step == STEP_NEXT) {
        step = gas_pay(frame, (int64_t)topics * GAS_LOG_TOPIC);
    }
    if (step == STEP_NEXT) {
        step = gas_pay(frame, (int64_t)range.size * GAS_LOG_BYTE);
    }
    if (step != STEP_NEXT) {
        return step;
    }
    struct log log = {.address = frame->self->address, .topic_count = topics};
    for (unsigned i = 0; i < topics; i++) {
        log.topics[i] = top[-3 - (ptrdiff_t)i];
    }
    if (range.size > 0) {
        uint8_t *data = state_allocate(&evm->state, range.size);
        if (data == NULL) {
            return STEP_ABORT;
        }
        memcpy(data, frame_memory(evm, frame) + range.offset, range.size);
        log.data = (extvm_bytes){data, range.size};
    }
    frame->top -= 2 + topics;
    return step_or_abort(state_add_log(&evm->state, &log));
}

static enum step end_with(struct evm *evm, struct frame *frame, enum step end) {
    enum step step = memory_range(evm, frame, frame->top - 1, frame->top - 2, &frame->output);
    return step == STEP_NEXT ? end : step;
}

enum step operation_return(struct evm *evm, struct frame *frame) {
    return end_with(evm, frame, STEP_STOP);
}

/* EIP-140 */
enum step operation_revert(struct evm *evm, struct frame *frame) {
    return end_with(evm, frame, STEP_REVERT);
}
