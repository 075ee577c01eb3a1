/* 256-bit words: shifts, powers and division.
 *
 * Division is schoolbook with a reciprocal in place of the machine's division: N. Möller and
 * T. Granlund, "Improved division by invariant integers", IEEE Transactions on Computers 60 (2011),
 * algorithms 2 (reciprocal), 4 (two limbs by one), 5 and 6 (three limbs by two). */
#include "word.h"

bool word_from_integer(extvm_bytes integer, struct word *out) {
    extvm_word bytes;
    if (extvm_integer_to_word(integer, &bytes) != EXTVM_OK) {
        return false;
    }
    *out = word_load(bytes.bytes);
    return true;
}

static unsigned bit_length(const struct word *a) {
    for (unsigned i = 4; i-- > 0;) {
        if (a->limb[i] != 0) {
            return 64 * i + 64 - (unsigned)__builtin_clzll(a->limb[i]);
        }
    }
    return 0;
}

unsigned word_byte_length(const struct word *a) {
    return (bit_length(a) + 7) / 8;
}

extvm_bytes word_to_integer(const struct word *a, uint8_t digits[EXTVM_WORD_INTEGER_SIZE]) {
    const size_t size = bit_length(a) / 8 + 1; /* with room for the sign */
    digits[0] = 0;
    word_store(a, digits + 1);
    return (extvm_bytes){digits + EXTVM_WORD_INTEGER_SIZE - size, size};
}

/* -- shifts -- */

static struct word shift_left(const struct word *a, unsigned count) {
    unsigned limbs = count / 64, bits = count % 64;
    struct word out = {{0}};
    for (unsigned i = limbs; i < 4; i++) {
        out.limb[i] = a->limb[i - limbs] << bits;
        if (bits != 0 && i > limbs) {
            out.limb[i] |= a->limb[i - limbs - 1] >> (64 - bits);
        }
    }
    return out;
}

/* `fill` is what comes in from above: 0, or all ones. */
static struct word shift_right(const struct word *a, unsigned count, uint64_t fill) {
    unsigned limbs = count / 64, bits = count % 64;
    struct word out = {{fill, fill, fill, fill}};
    for (unsigned i = 0; i + limbs < 4; i++) {
        uint64_t above = i + limbs + 1 < 4 ? a->limb[i + limbs + 1] : fill;
        out.limb[i] = a->limb[i + limbs] >> bits;
        if (bits != 0) {
            out.limb[i] |= above << (64 - bits);
        }
    }
    return out;
}

struct word word_shift_left(const struct word *a, const struct word *count) {
    return word_to_u64_capped(count) < 256 ? shift_left(a, (unsigned)count->limb[0])
                                           : word_from_u64(0);
}

struct word word_shift_right(const struct word *a, const struct word *count) {
    return word_to_u64_capped(count) < 256 ? shift_right(a, (unsigned)count->limb[0], 0)
                                           : word_from_u64(0);
}

struct word word_shift_right_signed(const struct word *a, const struct word *count) {
    uint64_t fill = word_is_negative(a) ? UINT64_MAX : 0;
    return word_to_u64_capped(count) < 256 ? shift_right(a, (unsigned)count->limb[0], fill)
                                           : (struct word){{fill, fill, fill, fill}};
}

struct word word_byte(const struct word *a, const struct word *index) {
    uint64_t at = word_to_u64_capped(index);
    if (at >= EXTVM_WORD_SIZE) {
        return word_from_u64(0);
    }
    unsigned from_low = EXTVM_WORD_SIZE - 1 - (unsigned)at;
    return word_from_u64(a->limb[from_low / 8] >> (8 * (from_low % 8)) & 0xff);
}

struct word word_sign_extend(const struct word *a, const struct word *size) {
    uint64_t last = word_to_u64_capped(size);
    if (last >= EXTVM_WORD_SIZE - 1) {
        return *a;
    }
    unsigned unused = 8 * (EXTVM_WORD_SIZE - 1 - (unsigned)last);
    struct word high = shift_left(a, unused);
    return shift_right(&high, unused, word_is_negative(&high) ? UINT64_MAX : 0);
}

/* -- division -- */

/* floor((2^128 - 1) / divisor) - 2^64, for a divisor with its top bit set. */
static inline uint64_t reciprocal_of_one(uint64_t divisor) {
#if defined(__x86_64__)
    uint64_t quotient, remainder; /* the quotient fits, so that one machine division will do */
    __asm__("divq %4"
            : "=a"(quotient), "=d"(remainder)
            : "a"(UINT64_MAX), "d"(~divisor), "r"(divisor)
            : "cc");
    return quotient;
#else
    return (uint64_t)(((uint128)~divisor << 64 | UINT64_MAX) / divisor);
#endif
}

/* The same for a divisor of two limbs (algorithm 6). */
static inline uint64_t reciprocal_of_two(uint64_t high, uint64_t low) {
    uint64_t v = reciprocal_of_one(high);
    uint64_t p = high * v + low;
    if (p < low) {
        v--;
        if (p >= high) {
            v--;
            p -= high;
        }
        p -= high;
    }
    uint128 t = (uint128)v * low;
    p += (uint64_t)(t >> 64);
    if (p < (uint64_t)(t >> 64)) {
        v--;
        if (((uint128)p << 64 | (uint64_t)t) >= ((uint128)high << 64 | low)) {
            v--;
        }
    }
    return v;
}

/* Two limbs by one, `high` below the divisor (algorithm 4). */
static inline uint64_t divide_two_by_one(uint64_t high, uint64_t low, uint64_t divisor,
                                         uint64_t reciprocal, uint64_t *remainder) {
    uint128 q = (uint128)reciprocal * high + ((uint128)high << 64 | low);
    uint64_t quotient = (uint64_t)(q >> 64) + 1;
    uint64_t rest = low - quotient * divisor;
    if (rest > (uint64_t)q) {
        quotient--;
        rest += divisor;
    }
    if (rest >= divisor) {
        quotient++;
        rest -= divisor;
    }
    *remainder = rest;
    return quotient;
}

/* Three limbs by two, the upper two below the divisor (algorithm 5). */
static inline uint64_t divide_three_by_two(uint64_t high, uint64_t middle, uint64_t low,
                                           uint128 divisor, uint64_t reciprocal,
                                           uint128 *remainder) {
    uint64_t divisor_high = (uint64_t)(divisor >> 64), divisor_low = (uint64_t)divisor;
    uint128 q = (uint128)reciprocal * high + ((uint128)high << 64 | middle);
    uint64_t quotient = (uint64_t)(q >> 64);
    uint64_t rest_high = middle - quotient * divisor_high;
    uint128 rest = ((uint128)rest_high << 64 | low) - (uint128)divisor_low * quotient - divisor;
    quotient++;
    if ((uint64_t)(rest >> 64) >= (uint64_t)q) {
        quotient--;
        rest += divisor;
    }
    if (__builtin_expect(rest >= divisor, 0)) {
        quotient++;
        rest -= divisor;
    }
    *remainder = rest;
    return quotient;
}

/* number[0 … size) -= divisor * factor; returns the limb that is still to be taken away above. */
static inline uint64_t subtract_product(uint64_t *number, const uint64_t *divisor, unsigned size,
                                        uint64_t factor) {
    uint64_t borrow = 0;
    for (unsigned i = 0; i < size; i++) {
        uint128 product = (uint128)divisor[i] * factor + borrow;
        uint64_t low = (uint64_t)product;
        borrow = (uint64_t)(product >> 64) + (number[i] < low);
        number[i] -= low;
    }
    return borrow;
}

static inline uint64_t add_limbs(uint64_t *number, const uint64_t *other, unsigned size) {
    uint64_t carry = 0;
    for (unsigned i = 0; i < size; i++) {
        uint128 sum = (uint128)number[i] + other[i] + carry;
        number[i] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
    return carry;
}

/* One limb of the quotient: number[0 … size] by divisor[0 … size), `size` at least 2; leaves the
 * remainder in number. */
static inline uint64_t divide_step(uint64_t *number, const uint64_t *divisor, unsigned size,
                                   uint64_t reciprocal) {
    uint128 top = (uint128)divisor[size - 1] << 64 | divisor[size - 2];
    if (__builtin_expect(((uint128)number[size] << 64 | number[size - 1]) == top, 0)) {
        number[size] -= subtract_product(number, divisor, size, UINT64_MAX);
        return UINT64_MAX;
    }
    uint128 rest;
    uint64_t quotient = divide_three_by_two(number[size], number[size - 1], number[size - 2], top,
                                            reciprocal, &rest);
    uint64_t borrow = subtract_product(number, divisor, size - 2, quotient);
    bool too_much = rest < borrow;
    rest -= borrow;
    number[size - 2] = (uint64_t)rest;
    number[size - 1] = (uint64_t)(rest >> 64);
    number[size] = 0;
    if (__builtin_expect(too_much, 0)) {
        quotient--;
        add_limbs(number, divisor, size);
    }
    return quotient;
}

enum { WORD_LIMBS = 4, PRODUCT_LIMBS = 8 };

static unsigned limbs_in_use(const uint64_t *limbs, unsigned count) {
    while (count > 0 && limbs[count - 1] == 0) {
        count--;
    }
    return count;
}

/* Shifts `size` limbs up by less than 64 bits; `out` has one more. */
static inline void normalise(const uint64_t *in, unsigned size, unsigned bits, uint64_t *out) {
    uint64_t below = 0;
    for (unsigned i = 0; i < size; i++) {
        out[i] = in[i] << bits | below;
        below = bits == 0 ? 0 : in[i] >> (64 - bits);
    }
    out[size] = below;
}

static inline void divide_by_limbs(uint64_t *number, unsigned size, const uint64_t *divisor,
                                   unsigned divisor_size, uint64_t *quotient) {
    uint64_t reciprocal = reciprocal_of_two(divisor[divisor_size - 1], divisor[divisor_size - 2]);
    for (unsigned i = size - divisor_size + 1; i-- > 0;) {
        quotient[i] = divide_step(number + i, divisor, divisor_size, reciprocal);
    }
}

/* in[0 … size) by `divisor`, which is not 0 and not above it in limbs in use: quotient limbs
 * (`size` of them) and remainder. */
static void divide(const uint64_t *in, unsigned size, const struct word *divisor,
                   uint64_t *quotient, struct word *remainder) {
    unsigned divisor_size = limbs_in_use(divisor->limb, WORD_LIMBS);
    unsigned bits = (unsigned)__builtin_clzll(divisor->limb[divisor_size - 1]);
    uint64_t number[PRODUCT_LIMBS + 1], shifted[WORD_LIMBS + 1] = {0};
    normalise(in, size, bits, number);
    normalise(divisor->limb, divisor_size, bits, shifted);
    if (divisor_size == 1) {
        uint64_t rest = number[size], reciprocal = reciprocal_of_one(shifted[0]);
        for (unsigned i = size; i-- > 0;) {
            quotient[i] = divide_two_by_one(rest, number[i], shifted[0], reciprocal, &rest);
            number[i] = 0;
        }
        number[0] = rest;
    } else if (divisor_size == WORD_LIMBS) {
        divide_by_limbs(number, size, shifted, WORD_LIMBS, quotient); /* unrolled */
    } else {
        divide_by_limbs(number, size, shifted, divisor_size, quotient);
    }
    for (unsigned i = 0; i < WORD_LIMBS; i++) {
        uint64_t above = bits == 0 || i + 1 >= divisor_size ? 0 : number[i + 1] << (64 - bits);
        remainder->limb[i] = i < divisor_size ? number[i] >> bits | above : 0;
    }
}

static struct word divide_words(const struct word *a, const struct word *b,
                                struct word *remainder) {
    struct word quotient = {{0}};
    if (word_fits_u64(a) && word_fits_u64(b)) {
        *remainder = word_from_u64(a->limb[0] % b->limb[0]);
        return word_from_u64(a->limb[0] / b->limb[0]);
    }
    if (word_less(a, b)) {
        *remainder = *a;
        return quotient;
    }
    divide(a->limb, limbs_in_use(a->limb, WORD_LIMBS), b, quotient.limb, remainder);
    return quotient;
}

struct word word_divide(const struct word *a, const struct word *b) {
    struct word remainder;
    return word_is_zero(b) ? *b : divide_words(a, b, &remainder);
}

struct word word_modulo(const struct word *a, const struct word *b) {
    struct word remainder = {{0}};
    if (!word_is_zero(b)) {
        divide_words(a, b, &remainder);
    }
    return remainder;
}

static struct word absolute(const struct word *a) {
    return word_is_negative(a) ? word_negate(a) : *a;
}

/* The one overflow, -2^255 / -1, comes out as -2^255, as the yellow paper wants. */
struct word word_divide_signed(const struct word *a, const struct word *b) {
    struct word a_absolute = absolute(a), b_absolute = absolute(b);
    struct word quotient = word_divide(&a_absolute, &b_absolute);
    return word_is_negative(a) != word_is_negative(b) ? word_negate(&quotient) : quotient;
}

struct word word_modulo_signed(const struct word *a, const struct word *b) {
    struct word a_absolute = absolute(a), b_absolute = absolute(b);
    struct word remainder = word_modulo(&a_absolute, &b_absolute);
    return word_is_negative(a) ? word_negate(&remainder) : remainder;
}

struct word word_add_modulo(const struct word *a, const struct word *b,
                            const struct word *modulus) {
    if (word_is_zero(modulus)) {
        return *modulus;
    }
    struct word sum = word_add(a, b);
    bool carry = word_less(&sum, a);
    if (!carry) {
        return word_modulo(&sum, modulus);
    }
    const uint64_t whole[WORD_LIMBS + 1] = {sum.limb[0], sum.limb[1], sum.limb[2], sum.limb[3], 1};
    uint64_t quotient[WORD_LIMBS + 1];
    struct word remainder;
    divide(whole, WORD_LIMBS + 1, modulus, quotient, &remainder);
    return remainder;
}

static inline void multiply_limbs(const struct word *a, const struct word *b,
                                  uint64_t product[PRODUCT_LIMBS]) {
    memset(product, 0, PRODUCT_LIMBS * sizeof *product);
    for (unsigned i = 0; i < WORD_LIMBS; i++) {
        uint64_t carry = 0;
        for (unsigned j = 0; j < WORD_LIMBS; j++) {
            uint128 sum = (uint128)a->limb[i] * b->limb[j] + product[i + j] + carry;
            product[i + j] = (uint64_t)sum;
            carry = (uint64_t)(sum >> 64);
        }
        product[i + WORD_LIMBS] = carry;
    }
}

struct word word_multiply_modulo(const struct word *a, const struct word *b,
                                 const struct word *modulus) {
    if (word_is_zero(modulus)) {
        return *modulus;
    }
    uint64_t product[PRODUCT_LIMBS], quotient[PRODUCT_LIMBS];
    multiply_limbs(a, b, product);
    unsigned size = limbs_in_use(product, PRODUCT_LIMBS);
    if (size <= WORD_LIMBS) {
        struct word low = {{product[0], product[1], product[2], product[3]}};
        return word_modulo(&low, modulus);
    }
    struct word remainder;
    divide(product, size, modulus, quotient, &remainder);
    return remainder;
}

struct word word_power(const struct word *base, const struct word *exponent) {
    struct word power = word_from_u64(1), square = *base;
    unsigned bits = 8 * word_byte_length(exponent);
    for (unsigned i = 0; i < bits; i++) {
        if ((exponent->limb[i / 64] >> (i % 64) & 1) != 0) {
            power = word_multiply(&power, &square);
        }
        square = word_multiply(&square, &square);
    }
    return power;
}
