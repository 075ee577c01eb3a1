/* Numbers modulo the prime of alt_bn128 (EIP-196): what is not inline. */
#include "bn128_field.h"

/* 2^256 mod p: 1 in Montgomery form. */
const struct fp fp_zero = {{0, 0, 0, 0}},
                fp_one = {{UINT64_C(0xd35d438dc58f0d9d), UINT64_C(0x0a78eb28f5c70b3d),
                           UINT64_C(0x666ea36f7879462c), UINT64_C(0x0e0a77c19a07df2f)}};

/* 2^512 mod p, which brings a number into Montgomery form. */
static const struct fp montgomery_square = {
    {UINT64_C(0xf32cfc5b538afa89), UINT64_C(0xb5e71911d44501fb), UINT64_C(0x47ab1eff0a417ff6),
     UINT64_C(0x06d89f71cab8351f)}};

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

/* Fermat: a^(p - 2), four bits of the exponent at a time. */
void fp_invert(struct fp *out, const struct fp *a) {
    static const uint64_t exponent[FP_LIMBS] = {FP_P0 - 2, FP_P1, FP_P2, FP_P3};
    struct fp power[16];
    power[0] = fp_one;
    for (unsigned i = 1; i < 16; i++) {
        fp_multiply(&power[i], &power[i - 1], a);
    }
    struct fp result = fp_one;
    for (unsigned i = 64; i-- > 0;) {
        fp_square(&result, &result);
        fp_square(&result, &result);
        fp_square(&result, &result);
        fp_square(&result, &result);
        fp_multiply(&result, &result, &power[exponent[i / 16] >> (4 * (i % 16)) & 15]);
    }
    *out = result;
}
