/* Arithmetic (protocol/iele-vm.md, section 9.1). Operands come in the order of section 3.2. */
#include "calculation.h"
#include "opcodes.h"
#include "price.h"

const struct calculation calculations[IELE_OPCODES] = {
    [IELE_MOVE] = {estimate_move, calculate_move},
    [IELE_ADD] = {estimate_add, calculate_add},
    [IELE_SUB] = {estimate_add, calculate_sub},
    [IELE_MUL] = {estimate_mul, calculate_mul},
    [IELE_DIV] = {estimate_div, calculate_div},
    [IELE_MOD] = {estimate_mod, calculate_mod},
    [IELE_EXP] = {estimate_exp, calculate_exp},
    [IELE_ADDMOD] = {estimate_addmod, calculate_addmod},
    [IELE_MULMOD] = {estimate_mulmod, calculate_mulmod},
    [IELE_EXPMOD] = {estimate_expmod, calculate_expmod},
    [IELE_LT] = {estimate_compare, calculate_lt},
    [IELE_LE] = {estimate_compare, calculate_le},
    [IELE_GT] = {estimate_compare, calculate_gt},
    [IELE_GE] = {estimate_compare, calculate_ge},
    [IELE_EQ] = {estimate_compare, calculate_eq},
    [IELE_NE] = {estimate_compare, calculate_ne},
    [IELE_ISZERO] = {estimate_iszero, calculate_iszero},
    [IELE_AND] = {estimate_and, calculate_and},
    [IELE_OR] = {estimate_or, calculate_or},
    [IELE_XOR] = {estimate_xor, calculate_xor},
    [IELE_NOT] = {estimate_not, calculate_not},
    [IELE_SHIFT] = {estimate_shift, calculate_shift},
    [IELE_LOG2] = {estimate_log2, calculate_log2},
    [IELE_BYTE] = {estimate_byte, calculate_byte},
    [IELE_TWOS] = {estimate_twos, calculate_twos},
    [IELE_SEXT] = {estimate_sext, calculate_sext},
    [IELE_BSWAP] = {estimate_bswap, calculate_bswap},
};

int64_t value_chopped(const struct value *value) {
    enum { LOW = 8 };
    uint8_t bytes[EXTVM_WORD_SIZE];
    uint64_t low = 0;
    value_low_bytes(value, bytes, sizeof bytes);
    for (unsigned i = LOW; i < sizeof bytes; i++) {
        if (bytes[i] != 0) {
            return AMOUNT_LIMIT;
        }
    }
    for (unsigned i = LOW; i-- > 0;) {
        low = low << 8 | bytes[i];
    }
    return low < (uint64_t)AMOUNT_LIMIT ? (int64_t)low : AMOUNT_LIMIT;
}

int64_t value_amount(const struct value *value) {
    int64_t small = value->wide == NULL        ? value->small
                    : value_is_negative(value) ? INT64_MIN
                                               : INT64_MAX;
    return small > AMOUNT_LIMIT ? AMOUNT_LIMIT : small < -AMOUNT_LIMIT ? -AMOUNT_LIMIT : small;
}

int64_t bits_about(int64_t words, const struct value *low) {
    uint8_t bytes[8];
    uint64_t word = 0;
    value_low_bytes(low, bytes, sizeof bytes);
    for (unsigned i = sizeof bytes; i-- > 0;) {
        word = word << 8 | bytes[i];
    }
    int64_t bits = word == 0 ? 0 : 63 - __builtin_clzll(word);
    return words_maximum(1, 64 * (words - 1) + bits);
}

/* -- what they cost -- */

struct estimate estimate_move(const struct value *operands) {
    return (struct estimate){value_words(&operands[0]), GAS_MOVE};
}

struct estimate estimate_add(const struct value *operands) {
    int64_t larger = words_maximum(value_words(&operands[0]), value_words(&operands[1]));
    return (struct estimate){larger + 1, GAS_ADD + larger};
}

struct estimate estimate_mul(const struct value *operands) {
    int64_t a = value_words(&operands[0]), b = value_words(&operands[1]);
    return (struct estimate){a + b, price_of_mul(a, b)};
}

struct estimate estimate_div(const struct value *operands) {
    int64_t a = value_words(&operands[0]), b = value_words(&operands[1]);
    return (struct estimate){words_maximum(1, a - b + 1), price_of_div(a, b)};
}

struct estimate estimate_mod(const struct value *operands) {
    int64_t a = value_words(&operands[0]), b = value_words(&operands[1]);
    return (struct estimate){words_minimum(a, b), price_of_div(a, b)};
}

/* A negative exponent has a negative estimate, and the square of its size as its price. */
struct estimate estimate_exp(const struct value *operands) {
    enum { BIT = 80, SIZE_LIMIT_BITS = 45 };
    const iele_wide limit = (iele_wide)1 << SIZE_LIMIT_BITS;
    int64_t bits = bits_about(value_words(&operands[0]), &operands[0]);
    iele_wide words = (iele_wide)bits * value_amount(&operands[1]) / 64;
    if (words >= limit || words <= -limit) {
        return (struct estimate){words > 0 ? PRICE_UNPAYABLE : -1, PRICE_UNPAYABLE};
    }
    return (struct estimate){
        (int64_t)words, price_clamp(GAS_EXP + BIT * (iele_wide)bits + 2 * price_karatsuba(words))};
}

struct estimate estimate_addmod(const struct value *operands) {
    int64_t sum = words_maximum(value_words(&operands[0]), value_words(&operands[1]));
    int64_t modulus = value_words(&operands[2]);
    return (struct estimate){
        modulus, price_clamp((iele_wide)GAS_ADD + sum + price_of_div(sum + 1, modulus))};
}

struct estimate estimate_mulmod(const struct value *operands) {
    int64_t a = value_words(&operands[0]), b = value_words(&operands[1]);
    int64_t modulus = value_words(&operands[2]);
    return (struct estimate){
        modulus, price_clamp((iele_wide)price_of_mul(a, b) + price_of_div(a + b, modulus))};
}

/* The bits are the exponent's, but for the low word, which is the modulus's [quirk]. */
struct estimate estimate_expmod(const struct value *operands) {
    enum { MODULUS_WORD = 180, BIT = 8 };
    int64_t base = value_words(&operands[0]), modulus = value_words(&operands[2]);
    int64_t bits = bits_about(value_words(&operands[1]), &operands[2]);
    iele_wide price = GAS_EXPMOD + MODULUS_WORD * (iele_wide)modulus + BIT * (iele_wide)bits +
                      (15 * price_karatsuba(modulus) * bits + 9) / 10;
    if (base > modulus) {
        price += price_of_div(base, modulus);
    }
    return (struct estimate){modulus, price_clamp(price)};
}

/* -- what they do -- */

static bool are_small(const struct value *a, const struct value *b) {
    return a->wide == NULL && b->wide == NULL;
}

enum calculation_status calculate_move(struct numbers *numbers, const struct value *operands,
                                       struct value *out) {
    (void)numbers;
    *out = value_share(&operands[0]);
    return CALCULATION_DONE;
}

/* Runs a function of GMP with two operands. */
static enum calculation_status calculate_two(struct numbers *numbers, const struct value *operands,
                                             void (*function)(mpz_ptr, mpz_srcptr, mpz_srcptr),
                                             struct value *out) {
    struct value_view a, b;
    struct number *result = number_new(numbers);
    if (result == NULL) {
        return CALCULATION_NO_MEMORY;
    }
    function(result->integer, value_view(&operands[0], &a), value_view(&operands[1], &b));
    return calculation_end(numbers, result, out);
}

enum calculation_status calculate_add(struct numbers *numbers, const struct value *operands,
                                      struct value *out) {
    int64_t sum;
    if (are_small(&operands[0], &operands[1]) &&
        !__builtin_add_overflow(operands[0].small, operands[1].small, &sum)) {
        return calculation_small(sum, out);
    }
    return calculate_two(numbers, operands, mpz_add, out);
}

enum calculation_status calculate_sub(struct numbers *numbers, const struct value *operands,
                                      struct value *out) {
    int64_t difference;
    if (are_small(&operands[0], &operands[1]) &&
        !__builtin_sub_overflow(operands[0].small, operands[1].small, &difference)) {
        return calculation_small(difference, out);
    }
    return calculate_two(numbers, operands, mpz_sub, out);
}

enum calculation_status calculate_mul(struct numbers *numbers, const struct value *operands,
                                      struct value *out) {
    int64_t product;
    if (are_small(&operands[0], &operands[1]) &&
        !__builtin_mul_overflow(operands[0].small, operands[1].small, &product)) {
        return calculation_small(product, out);
    }
    return calculate_two(numbers, operands, mpz_mul, out);
}

/* C divides toward zero too; only the quotient -2^63 / -1 is too wide for it. */
enum calculation_status calculate_div(struct numbers *numbers, const struct value *operands,
                                      struct value *out) {
    if (value_is_zero(&operands[1])) {
        return CALCULATION_USER_ERROR;
    }
    if (are_small(&operands[0], &operands[1]) && operands[1].small != -1) {
        return calculation_small(operands[0].small / operands[1].small, out);
    }
    return calculate_two(numbers, operands, mpz_tdiv_q, out);
}

/* A shorter dividend is the remainder, and costs the same whatever its size. */
enum calculation_status calculate_mod(struct numbers *numbers, const struct value *operands,
                                      struct value *out) {
    if (value_is_zero(&operands[1])) {
        return CALCULATION_USER_ERROR;
    }
    if (are_small(&operands[0], &operands[1])) {
        return calculation_small(
            operands[1].small == -1 ? 0 : operands[0].small % operands[1].small, out);
    }
    if (value_words(&operands[0]) < value_words(&operands[1])) {
        struct value_view a, b;
        if (mpz_cmpabs(value_view(&operands[0], &a), value_view(&operands[1], &b)) < 0) {
            return calculate_move(numbers, operands, out);
        }
    }
    return calculate_two(numbers, operands, mpz_tdiv_r, out);
}

/* A power of -1, 0 or 1 is one of them, however large the exponent. Any other base has a payable
 * estimate only when the exponent fits an unsigned long. */
enum calculation_status calculate_exp(struct numbers *numbers, const struct value *operands,
                                      struct value *out) {
    const struct value *base = &operands[0], *exponent = &operands[1];
    if (value_is_negative(exponent)) {
        return CALCULATION_USER_ERROR;
    }
    if (base->wide == NULL && base->small >= -1 && base->small <= 1) {
        bool even = exponent->wide != NULL ? mpz_even_p(exponent->wide->integer) != 0
                                           : exponent->small % 2 == 0;
        return calculation_small(
            value_is_zero(exponent) || (base->small == -1 && even) ? 1 : base->small, out);
    }
    struct value_view view;
    struct number *result = number_new(numbers);
    if (result == NULL) {
        return CALCULATION_NO_MEMORY;
    }
    mpz_pow_ui(result->integer, value_view(base, &view), (unsigned long)exponent->small);
    return calculation_end(numbers, result, out);
}

/* Combines the first two operands and takes the remainder by the third. */
static enum calculation_status calculate_modulo(struct numbers *numbers,
                                                const struct value *operands,
                                                void (*function)(mpz_ptr, mpz_srcptr, mpz_srcptr),
                                                struct value *out) {
    if (value_is_zero(&operands[2])) {
        return CALCULATION_USER_ERROR;
    }
    struct value_view a, b, m;
    struct number *result = number_new(numbers);
    if (result == NULL) {
        return CALCULATION_NO_MEMORY;
    }
    mpz_srcptr modulus = value_view(&operands[2], &m);
    function(result->integer, value_view(&operands[0], &a), value_view(&operands[1], &b));
    if (mpz_cmpabs(result->integer, modulus) >= 0) {
        mpz_tdiv_r(result->integer, result->integer, modulus);
    }
    return calculation_end(numbers, result, out);
}

enum calculation_status calculate_addmod(struct numbers *numbers, const struct value *operands,
                                         struct value *out) {
    return calculate_modulo(numbers, operands, mpz_add, out);
}

enum calculation_status calculate_mulmod(struct numbers *numbers, const struct value *operands,
                                         struct value *out) {
    return calculate_modulo(numbers, operands, mpz_mul, out);
}

/* A negative exponent stands for the inverse's power. GMP divides by zero when there is none, so
 * that it is asked for the inverse first. */
enum calculation_status calculate_expmod(struct numbers *numbers, const struct value *operands,
                                         struct value *out) {
    struct value_view a, b, m;
    if (value_is_zero(&operands[2])) {
        return CALCULATION_USER_ERROR;
    }
    struct number *result = number_new(numbers);
    if (result == NULL) {
        return CALCULATION_NO_MEMORY;
    }
    mpz_srcptr base = value_view(&operands[0], &a), exponent = value_view(&operands[1], &b);
    mpz_srcptr modulus = value_view(&operands[2], &m);
    if (mpz_sgn(exponent) < 0 && mpz_cmpabs_ui(modulus, 1) != 0) {
        mpz_t positive;
        if (mpz_invert(result->integer, base, modulus) == 0) {
            number_recycle(numbers, result);
            return CALCULATION_USER_ERROR;
        }
        mpz_roinit_n(positive, mpz_limbs_read(exponent), (mp_size_t)mpz_size(exponent));
        mpz_powm(result->integer, result->integer, positive, modulus);
    } else if (mpz_cmpabs_ui(modulus, 1) != 0) {
        mpz_powm(result->integer, base, exponent, modulus);
    } else {
        mpz_set_ui(result->integer, 0);
    }
    return calculation_end(numbers, result, out);
}
