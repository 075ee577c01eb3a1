/* Numbers modulo the prime of alt_bn128 (EIP-196): what is not inline. */
#include "bn128_field.h"

#include <gmp.h>

/* 2^256 mod p: 1 in Montgomery form. */
const struct fp fp_zero = {{0, 0, 0, 0}},
                fp_one = {{UINT64_C(0xd35d438dc58f0d9d), UINT64_C(0x0a78eb28f5c70b3d),
                           UINT64_C(0x666ea36f7879462c), UINT64_C(0x0e0a77c19a07df2f)}};

/* 2^512 mod p, which brings a number into Montgomery form. */
static const struct fp montgomery_square = {
    {UINT64_C(0xf32cfc5b538afa89), UINT64_C(0xb5e71911d44501fb), UINT64_C(0x47ab1eff0a417ff6),
     UINT64_C(0x06d89f71cab8351f)}};

/* 2^768 mod p. */
static const struct fp montgomery_cube = {
    {UINT64_C(0xb1cd6dafda1530df), UINT64_C(0x62f210e6a7283db6), UINT64_C(0xef7f0b0c0ada0afb),
     UINT64_C(0x20fd6e902d592544)}};

bool fp_from_bytes(struct fp *out, const uint8_t bytes[FP_SIZE]) {
    static const uint64_t modulus[FP_LIMBS] = {FP_P0, FP_P1, FP_P2, FP_P3};
    struct fp number;
    uint64_t borrow = 0;
    for (unsigned i = 0; i < FP_LIMBS; i++) {
        uint64_t limb = 0;
        for (unsigned j = 0; j < 8; j++) {
            limb = limb << 8 | bytes[FP_SIZE - 8 * (i + 1) + j];
        }
        number.limb[i] = limb;
        (void)limb_subtract(limb, modulus[i], &borrow);
    }
    fp_multiply(out, &number, &montgomery_square);
    return borrow != 0;
}

void fp_to_bytes(uint8_t bytes[FP_SIZE], const struct fp *a) {
    static const struct fp one_plain = {{1, 0, 0, 0}};
    struct fp number;
    fp_multiply(&number, a, &one_plain);
    for (unsigned i = 0; i < FP_SIZE; i++) {
        bytes[FP_SIZE - 1 - i] = (uint8_t)(number.limb[i / 8] >> (8 * (i % 8)));
    }
}

/* s with s * a' + t * p = 1, where a' = a * 2^256 is what is stored; then s * 2^512 = 2^256 / a.
 * GMP's function takes no memory but the stack's for numbers of this size. */
void fp_invert(struct fp *out, const struct fp *a) {
    _Static_assert(sizeof(mp_limb_t) == sizeof(uint64_t) && GMP_NAIL_BITS == 0,
                   "GMP's limbs are the field's");
    if (fp_is_zero(a)) {
        *out = fp_zero;
        return;
    }
    mp_limb_t number[FP_LIMBS] = {a->limb[0], a->limb[1], a->limb[2], a->limb[3]};
    mp_limb_t modulus[FP_LIMBS] = {FP_P0, FP_P1, FP_P2, FP_P3};
    mp_limb_t divisor[FP_LIMBS], factor[FP_LIMBS + 1];
    mp_size_t size; /* limbs of s, with its sign; s is below p */
    (void)mpn_gcdext(divisor, factor, &size, number, FP_LIMBS, modulus, FP_LIMBS);
    struct fp inverse = fp_zero;
    for (mp_size_t i = 0; i < (size < 0 ? -size : size) && i < FP_LIMBS; i++) {
        inverse.limb[i] = factor[i];
    }
    fp_multiply(out, &inverse, &montgomery_cube);
    if (size < 0) {
        fp_negate(out, out);
    }
}
