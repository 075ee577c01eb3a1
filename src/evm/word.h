/* 256-bit words as the machine computes with them: four 64-bit limbs, the lowest first.
 *
 * What is short is inline here; division, powers and shifts are in word.c. The meaning of each is
 * that of the opcode of the same name (yellow paper, appendix H.2). */
#ifndef EXTVM_EVM_WORD_H
#define EXTVM_EVM_WORD_H

#include <string.h>

#include <extvm/bytes.h>
#include <extvm/integer.h>

struct word {
    uint64_t limb[4];
};

__extension__ typedef unsigned __int128 uint128;

static inline uint128 word_half(const struct word *a, unsigned low) {
    return (uint128)a->limb[low + 1] << 64 | a->limb[low];
}

static inline struct word word_from_halves(uint128 low, uint128 high) {
    return (struct word){
        {(uint64_t)low, (uint64_t)(low >> 64), (uint64_t)high, (uint64_t)(high >> 64)}};
}

/* Limb by limb: words are mostly written so, and reading them in larger pieces than they were
 * written in would stall the processor. */
static inline void word_copy(struct word *to, const struct word *from) {
    uint64_t a = from->limb[0], b = from->limb[1], c = from->limb[2], d = from->limb[3];
    to->limb[0] = a;
    to->limb[1] = b;
    to->limb[2] = c;
    to->limb[3] = d;
}

static inline struct word word_from_u64(uint64_t value) {
    return (struct word){{value, 0, 0, 0}};
}

static inline bool word_fits_u64(const struct word *a) {
    return (a->limb[1] | a->limb[2] | a->limb[3]) == 0;
}

/* The number, or UINT64_MAX when it is larger. */
static inline uint64_t word_to_u64_capped(const struct word *a) {
    return word_fits_u64(a) ? a->limb[0] : UINT64_MAX;
}

static inline bool word_is_zero(const struct word *a) {
    return (a->limb[0] | a->limb[1] | a->limb[2] | a->limb[3]) == 0;
}

static inline bool word_equal(const struct word *a, const struct word *b) {
    return ((a->limb[0] ^ b->limb[0]) | (a->limb[1] ^ b->limb[1]) | (a->limb[2] ^ b->limb[2]) |
            (a->limb[3] ^ b->limb[3])) == 0;
}

static inline bool word_less(const struct word *a, const struct word *b) {
    uint128 a_high = word_half(a, 2), b_high = word_half(b, 2);
    return a_high < b_high || (a_high == b_high && word_half(a, 0) < word_half(b, 0));
}

static inline bool word_is_negative(const struct word *a) {
    return a->limb[3] >> 63 != 0;
}

static inline bool word_signed_less(const struct word *a, const struct word *b) {
    bool a_negative = word_is_negative(a);
    return a_negative != word_is_negative(b) ? a_negative : word_less(a, b);
}

static inline struct word word_add(const struct word *a, const struct word *b) {
    uint128 low = word_half(a, 0) + word_half(b, 0);
    uint128 carry = low < word_half(a, 0);
    return word_from_halves(low, word_half(a, 2) + word_half(b, 2) + carry);
}

static inline struct word word_subtract(const struct word *a, const struct word *b) {
    uint128 borrow = word_half(a, 0) < word_half(b, 0);
    return word_from_halves(word_half(a, 0) - word_half(b, 0),
                            word_half(a, 2) - word_half(b, 2) - borrow);
}

static inline struct word word_not(const struct word *a) {
    return (struct word){{~a->limb[0], ~a->limb[1], ~a->limb[2], ~a->limb[3]}};
}

static inline struct word word_and(const struct word *a, const struct word *b) {
    return (struct word){{a->limb[0] & b->limb[0], a->limb[1] & b->limb[1], a->limb[2] & b->limb[2],
                          a->limb[3] & b->limb[3]}};
}

static inline struct word word_or(const struct word *a, const struct word *b) {
    return (struct word){{a->limb[0] | b->limb[0], a->limb[1] | b->limb[1], a->limb[2] | b->limb[2],
                          a->limb[3] | b->limb[3]}};
}

static inline struct word word_xor(const struct word *a, const struct word *b) {
    return (struct word){{a->limb[0] ^ b->limb[0], a->limb[1] ^ b->limb[1], a->limb[2] ^ b->limb[2],
                          a->limb[3] ^ b->limb[3]}};
}

static inline struct word word_negate(const struct word *a) {
    const struct word zero = {{0}};
    return word_subtract(&zero, a);
}

/* The low 256 bits of the product: the ten limb products that reach them. */
static inline struct word word_multiply(const struct word *a, const struct word *b) {
    const uint64_t *x = a->limb, *y = b->limb;
    uint128 p00 = (uint128)x[0] * y[0], p01 = (uint128)x[0] * y[1], p10 = (uint128)x[1] * y[0];
    uint128 middle = (p00 >> 64) + (uint64_t)p01 + (uint64_t)p10;
    uint128 high = (uint128)x[0] * y[2] + (uint128)x[1] * y[1];
    high += (uint128)x[2] * y[0];
    high += (p01 >> 64) + (p10 >> 64) + (middle >> 64);
    uint64_t top = x[0] * y[3] + x[1] * y[2] + x[2] * y[1] + x[3] * y[0];
    return (struct word){
        {(uint64_t)p00, (uint64_t)middle, (uint64_t)high, (uint64_t)(high >> 64) + top}};
}

/* Eight bytes, the highest first. */
static inline uint64_t limb_load(const uint8_t *bytes) {
    uint64_t limb;
    memcpy(&limb, bytes, sizeof limb);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    limb = __builtin_bswap64(limb);
#endif
    return limb;
}

static inline void limb_store(uint64_t limb, uint8_t *bytes) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    limb = __builtin_bswap64(limb);
#endif
    memcpy(bytes, &limb, sizeof limb);
}

/* 32 bytes, big-endian. */
static inline struct word word_load(const uint8_t *bytes) {
    return (struct word){
        {limb_load(bytes + 24), limb_load(bytes + 16), limb_load(bytes + 8), limb_load(bytes)}};
}

static inline void word_store(const struct word *a, uint8_t *bytes) {
    limb_store(a->limb[3], bytes);
    limb_store(a->limb[2], bytes + 8);
    limb_store(a->limb[1], bytes + 16);
    limb_store(a->limb[0], bytes + 24);
}

/* An address as it lies in a word: 4, 8 and 8 bytes. All that reads or writes one does it in these
 * pieces, for memory that is read in others than it was written in stalls the processor: that was
 * 4 of the 70 ns of a call. */
struct address_limbs {
    uint32_t high;
    uint64_t middle, low;
};

static inline struct address_limbs address_limbs(const extvm_address *address) {
    uint32_t high;
    memcpy(&high, address->bytes, sizeof high);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    high = __builtin_bswap32(high);
#endif
    return (struct address_limbs){high, limb_load(address->bytes + 4),
                                  limb_load(address->bytes + 12)};
}

static inline struct word word_from_address(const extvm_address *address) {
    const struct address_limbs limbs = address_limbs(address);
    return (struct word){{limbs.low, limbs.middle, limbs.high, 0}};
}

/* The low 160 bits (yellow paper, section 4.1). */
static inline extvm_address word_to_address(const struct word *a) {
    extvm_address address;
    uint32_t high = (uint32_t)a->limb[2];
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    high = __builtin_bswap32(high);
#endif
    memcpy(address.bytes, &high, sizeof high);
    limb_store(a->limb[1], address.bytes + 4);
    limb_store(a->limb[0], address.bytes + 12);
    return address;
}

/* A number of the API, 0 or more; false when it is not below 2^256. */
bool word_from_integer(extvm_bytes integer, struct word *out);

/* The other way; the number's bytes are in `digits`. */
extvm_bytes word_to_integer(const struct word *a, uint8_t digits[EXTVM_WORD_INTEGER_SIZE]);

/* Bytes that the number takes, 0 for 0: what EXP is paid by. */
unsigned word_byte_length(const struct word *a);

/* Any shift; 256 and more shift everything out (EIP-145). */
struct word word_shift_left(const struct word *a, const struct word *count);
struct word word_shift_right(const struct word *a, const struct word *count);
struct word word_shift_right_signed(const struct word *a, const struct word *count);

/* The byte at `index`, counted from the highest; 0 from 32 on. */
struct word word_byte(const struct word *a, const struct word *index);

/* Extends the sign of the lowest `size` + 1 bytes. */
struct word word_sign_extend(const struct word *a, const struct word *size);

/* Division by 0 gives 0 everywhere. */
struct word word_divide(const struct word *a, const struct word *b);
struct word word_modulo(const struct word *a, const struct word *b);
struct word word_divide_signed(const struct word *a, const struct word *b);
struct word word_modulo_signed(const struct word *a, const struct word *b);
struct word word_add_modulo(const struct word *a, const struct word *b, const struct word *modulus);
struct word word_multiply_modulo(const struct word *a, const struct word *b,
                                 const struct word *modulus);
struct word word_power(const struct word *base, const struct word *exponent);

#endif
