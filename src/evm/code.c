/* Code: copying, jump destinations (yellow paper, section 9.4.3), hash. */
#include "code.h"

#include <string.h>

#include "common/keccak.h"
#include "common/memory.h"
#include "opcodes.h"

bool code_block_size(size_t size, size_t *out) {
    return size_add(size, sizeof(struct code) + CODE_PADDING + size / 8 + 1, out);
}

struct code *code_place(void *block, extvm_bytes bytes) {
    struct code *code = block;
    uint8_t *copy = (uint8_t *)(code + 1);
    if (bytes.size > 0) {
        memcpy(copy, bytes.data, bytes.size);
    }
    memset(copy + bytes.size, 0, CODE_PADDING);
    *code = (struct code){
        .size = bytes.size, .bytes = copy, .destinations = copy + bytes.size + CODE_PADDING};
    return code;
}

void code_analyse(struct code *code) {
    memset(code->destinations, 0, code->size / 8 + 1);
    for (size_t at = 0; at < code->size; at++) {
        uint8_t opcode = code->bytes[at];
        if (opcode == OP_JUMPDEST) {
            code->destinations[at / 8] |= (uint8_t)(1u << at % 8);
        } else if (opcode >= OP_PUSH1 && opcode <= OP_PUSH32) {
            at += (size_t)(opcode - OP_PUSH1) + 1;
        }
    }
    code->analysed = true;
}

const extvm_word *code_hash(struct code *code) {
    if (!code->hashed) {
        keccak256((extvm_bytes){code->bytes, code->size}, &code->hash);
        code->hashed = true;
    }
    return &code->hash;
}
