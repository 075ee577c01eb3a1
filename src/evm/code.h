/* Code as the interpreter runs it: copied, with zeros after its end, and its jump destinations. */
#ifndef EXTVM_EVM_CODE_H
#define EXTVM_EVM_CODE_H

#include <extvm/bytes.h>

/* Zero bytes after the code: a PUSH32 at its end and the STOP behind that need no check. */
enum { CODE_PADDING = 40 };

struct code {
    size_t size;           /* bytes, without the padding */
    const uint8_t *bytes;  /* in the same block of memory */
    uint8_t *destinations; /* one bit for each byte, once `analysed` */
    bool analysed;
    bool hashed;
    extvm_word hash; /* Keccak-256 of the code, once `hashed` */
};

/* Bytes that code of `size` bytes takes as a whole; false when they do not fit a size_t. */
bool code_block_size(size_t size, size_t *out);

/* Makes the code in `block`, which has code_block_size bytes. */
struct code *code_place(void *block, extvm_bytes bytes);

/* Finds the jump destinations: each JUMPDEST that is no part of a PUSH (yellow paper, 9.4.3). */
void code_analyse(struct code *code);

/* Whether a jump may go there. The code must be analysed. */
static inline bool code_is_destination(const struct code *code, uint64_t at) {
    return at < code->size && (code->destinations[at / 8] >> (at % 8) & 1) != 0;
}

/* The code's hash, worked out once. */
const extvm_word *code_hash(struct code *code);

#endif
