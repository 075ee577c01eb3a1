/* Unsigned 256-bit arithmetic that says when it does not fit. */
#include "wei.h"

bool wei_read(extvm_bytes integer, struct wei *out) {
    extvm_word word;
    if (extvm_integer_to_word(integer, &word) != EXTVM_OK) {
        return false;
    }
    for (unsigned i = 0; i < WEI_LIMBS; i++) {
        uint64_t limb = 0;
        for (unsigned j = 0; j < 8; j++) {
            limb = limb << 8 | word.bytes[8 * (WEI_LIMBS - 1 - i) + j];
        }
        out->limbs[i] = limb;
    }
    return true;
}

extvm_bytes wei_write(const struct wei *wei, uint8_t buffer[EXTVM_WORD_INTEGER_SIZE]) {
    extvm_word word;
    for (unsigned i = 0; i < EXTVM_WORD_SIZE; i++) {
        word.bytes[EXTVM_WORD_SIZE - 1 - i] = (uint8_t)(wei->limbs[i / 8] >> (8 * (i % 8)));
    }
    return extvm_integer_from_word(&word, buffer);
}

bool wei_add(const struct wei *a, const struct wei *b, struct wei *out) {
    bool carry = false;
    for (unsigned i = 0; i < WEI_LIMBS; i++) {
        uint64_t sum;
        bool over = __builtin_add_overflow(a->limbs[i], b->limbs[i], &sum);
        carry = __builtin_add_overflow(sum, (uint64_t)carry, &out->limbs[i]) || over;
    }
    return !carry;
}

bool wei_subtract(const struct wei *a, const struct wei *b, struct wei *out) {
    bool borrow = false;
    for (unsigned i = 0; i < WEI_LIMBS; i++) {
        uint64_t difference;
        bool under = __builtin_sub_overflow(a->limbs[i], b->limbs[i], &difference);
        borrow = __builtin_sub_overflow(difference, (uint64_t)borrow, &out->limbs[i]) || under;
    }
    return !borrow;
}

bool wei_multiply(const struct wei *a, uint64_t b, struct wei *out) {
    __extension__ typedef unsigned __int128 uint128;
    uint64_t carry = 0;
    for (unsigned i = 0; i < WEI_LIMBS; i++) {
        uint128 product = (uint128)a->limbs[i] * b + carry;
        out->limbs[i] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
    return carry == 0;
}
