/* The memory of frames and what it costs (yellow paper, section 9.1 and appendix H.1, C_mem). */
#include "machine.h"

enum {
    FIRST_CAPACITY = 4096, /* bytes */
    /* log2 of the words from which on the square alone costs more than any gas counter holds */
    UNPAYABLE_WORDS_BITS = 36
};

/* Bytes that all frames of a run may have together. Only a run with more than 10^13 gas gets there;
 * it then ends for want of memory. */
#define POOL_MAXIMUM ((uint64_t)1 << 32)

/* Gas, for less than 2^36 words: below 2^64. */
static uint64_t memory_cost(uint64_t words) {
    return words * GAS_MEMORY_WORD + (uint64_t)((uint128)words * words / MEMORY_QUADRATIC_DIVISOR);
}

bool memory_pool_grow(struct evm *evm, size_t needed) {
    const extvm_allocator *allocator = &evm->allocator;
    size_t capacity = evm->memory_capacity == 0 ? FIRST_CAPACITY : evm->memory_capacity;
    while (capacity < needed) {
        if (capacity > SIZE_MAX / 2) {
            return false;
        }
        capacity *= 2;
    }
    uint8_t *memory =
        allocator->resize(allocator->context, evm->memory, evm->memory_capacity, capacity);
    if (memory == NULL) {
        return false;
    }
    evm->memory = memory;
    evm->memory_capacity = capacity;
    return true;
}

static enum step memory_grow(struct evm *evm, struct frame *frame, uint64_t end) {
    uint64_t words = end / 32 + (end % 32 != 0);
    if (words >> UNPAYABLE_WORDS_BITS != 0) {
        return STEP_FAIL;
    }
    uint64_t price = memory_cost(words) - memory_cost(frame->memory_size / 32);
    if (price > (uint64_t)frame->gas) {
        return STEP_FAIL;
    }
    frame->gas -= (int64_t)price;
    uint64_t needed = frame->memory_base + words * 32;
    if (needed > POOL_MAXIMUM || needed > SIZE_MAX ||
        (needed > evm->memory_capacity && !memory_pool_grow(evm, (size_t)needed))) {
        state_fail(&evm->state, EXTVM_NO_MEMORY, "no memory for the memory of the EVM's frames");
        return STEP_ABORT;
    }
    size_t size = (size_t)(words * 32);
    memset(frame_memory(evm, frame) + frame->memory_size, 0, size - frame->memory_size);
    frame->memory_size = size;
    return STEP_NEXT;
}

enum step memory_range_grow(struct evm *evm, struct frame *frame, const struct word *offset,
                            const struct word *size, struct range *out) {
    uint64_t end;
    if (!word_fits_u64(offset) || !word_fits_u64(size) ||
        __builtin_add_overflow(offset->limb[0], size->limb[0], &end)) {
        return STEP_FAIL;
    }
    *out = (struct range){(size_t)offset->limb[0], (size_t)size->limb[0]};
    return memory_grow(evm, frame, end);
}
