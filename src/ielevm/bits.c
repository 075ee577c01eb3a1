/* Comparison and bits (protocol/iele-vm.md, section 9.2): two's complement without end. */
#include <string.h>

#include "calculation.h"
#include "price.h"

/* -- what they cost -- */

struct estimate estimate_compare(const struct value *operands) {
    return (struct estimate){
        1, GAS_COMPARE + words_minimum(value_words(&operands[0]), value_words(&operands[1]))};
}

struct estimate estimate_iszero(const struct value *operands) {
    (void)operands;
    return (struct estimate){1, GAS_ISZERO};
}

struct estimate estimate_and(const struct value *operands) {
    int64_t smaller = words_minimum(value_words(&operands[0]), value_words(&operands[1]));
    return (struct estimate){smaller, GAS_AND + smaller};
}

struct estimate estimate_or(const struct value *operands) {
    int64_t larger = words_maximum(value_words(&operands[0]), value_words(&operands[1]));
    return (struct estimate){larger, GAS_AND + larger};
}

enum { NOT_WORD = 3, SEXT_WORD = 5, BSWAP_WORD = 10 }; /* milligas */

struct estimate estimate_xor(const struct value *operands) {
    int64_t larger = words_maximum(value_words(&operands[0]), value_words(&operands[1]));
    return (struct estimate){larger, GAS_NOT + NOT_WORD * larger};
}

struct estimate estimate_not(const struct value *operands) {
    int64_t words = value_words(&operands[0]);
    return (struct estimate){words, GAS_NOT + NOT_WORD * words};
}

struct estimate estimate_shift(const struct value *operands) {
    int64_t words =
        words_maximum(1, value_words(&operands[0]) + words_of_bits(value_amount(&operands[1])));
    return (struct estimate){words, GAS_AND + words};
}

struct estimate estimate_log2(const struct value *operands) {
    enum { RESULT_WORDS = 2 };
    return (struct estimate){RESULT_WORDS, GAS_LOG2 + value_words(&operands[0])};
}

struct estimate estimate_byte(const struct value *operands) {
    (void)operands;
    return (struct estimate){1, GAS_BYTE};
}

static struct estimate estimate_width(const struct value *width, int64_t base, int64_t each) {
    int64_t words = words_of_bytes(value_chopped(width));
    return (struct estimate){words, base + each * words_maximum(1, words)};
}

struct estimate estimate_twos(const struct value *operands) {
    return estimate_width(&operands[0], GAS_TWOS, 1);
}

struct estimate estimate_sext(const struct value *operands) {
    return estimate_width(&operands[0], GAS_SEXT, SEXT_WORD);
}

struct estimate estimate_bswap(const struct value *operands) {
    return estimate_width(&operands[0], GAS_BSWAP, BSWAP_WORD);
}

/* -- comparison -- */

enum calculation_status calculate_lt(struct numbers *numbers, const struct value *operands,
                                     struct value *out) {
    (void)numbers;
    return calculation_small(value_compare(&operands[0], &operands[1]) < 0, out);
}

enum calculation_status calculate_le(struct numbers *numbers, const struct value *operands,
                                     struct value *out) {
    (void)numbers;
    return calculation_small(value_compare(&operands[0], &operands[1]) <= 0, out);
}

enum calculation_status calculate_gt(struct numbers *numbers, const struct value *operands,
                                     struct value *out) {
    (void)numbers;
    return calculation_small(value_compare(&operands[0], &operands[1]) > 0, out);
}

enum calculation_status calculate_ge(struct numbers *numbers, const struct value *operands,
                                     struct value *out) {
    (void)numbers;
    return calculation_small(value_compare(&operands[0], &operands[1]) >= 0, out);
}

enum calculation_status calculate_eq(struct numbers *numbers, const struct value *operands,
                                     struct value *out) {
    (void)numbers;
    return calculation_small(value_compare(&operands[0], &operands[1]) == 0, out);
}

enum calculation_status calculate_ne(struct numbers *numbers, const struct value *operands,
                                     struct value *out) {
    (void)numbers;
    return calculation_small(value_compare(&operands[0], &operands[1]) != 0, out);
}

enum calculation_status calculate_iszero(struct numbers *numbers, const struct value *operands,
                                         struct value *out) {
    (void)numbers;
    return calculation_small(value_is_zero(&operands[0]), out);
}

/* -- bits -- */

static enum calculation_status calculate_bits(struct numbers *numbers, const struct value *operands,
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

static bool are_small(const struct value *operands) {
    return operands[0].wide == NULL && operands[1].wide == NULL;
}

/* One word of another's infinite sign is the other: its price does not grow with that. */
static bool is_minus_one(const struct value *value) {
    return value->wide == NULL && value->small == -1;
}

enum calculation_status calculate_and(struct numbers *numbers, const struct value *operands,
                                      struct value *out) {
    if (are_small(operands)) {
        return calculation_small(operands[0].small & operands[1].small, out);
    }
    for (unsigned i = 0; i < 2; i++) {
        if (is_minus_one(&operands[i])) {
            *out = value_share(&operands[1 - i]);
            return CALCULATION_DONE;
        }
    }
    return calculate_bits(numbers, operands, mpz_and, out);
}

enum calculation_status calculate_or(struct numbers *numbers, const struct value *operands,
                                     struct value *out) {
    return are_small(operands) ? calculation_small(operands[0].small | operands[1].small, out)
                               : calculate_bits(numbers, operands, mpz_ior, out);
}

enum calculation_status calculate_xor(struct numbers *numbers, const struct value *operands,
                                      struct value *out) {
    return are_small(operands) ? calculation_small(operands[0].small ^ operands[1].small, out)
                               : calculate_bits(numbers, operands, mpz_xor, out);
}

enum calculation_status calculate_not(struct numbers *numbers, const struct value *operands,
                                      struct value *out) {
    if (operands[0].wide == NULL) {
        return calculation_small(~operands[0].small, out);
    }
    struct number *result = number_new(numbers);
    if (result == NULL) {
        return CALCULATION_NO_MEMORY;
    }
    mpz_com(result->integer, operands[0].wide->integer);
    return calculation_end(numbers, result, out);
}

/* floor(value / 2^bits). What GMP rounds toward zero is one too high for a negative number of which
 * bits are lost; looking for them itself, GMP would read all that are shifted out, which the price
 * does not cover. */
static void shift_right(struct number *result, const struct value *value, mp_bitcnt_t bits) {
    struct value_view view;
    mpz_tdiv_q_2exp(result->integer, value_view(value, &view), bits);
    if (value_is_negative(value) && value_zeros(value) < bits) {
        mpz_sub_ui(result->integer, result->integer, 1);
    }
}

enum calculation_status calculate_shift(struct numbers *numbers, const struct value *operands,
                                        struct value *out) {
    const struct value *value = &operands[0];
    int64_t amount = value_amount(&operands[1]);
    if (value_is_zero(value) || amount == 0) {
        *out = value_share(value);
        return CALCULATION_DONE;
    }
    if (-amount >= 64 * value_words(value)) {
        return calculation_small(value_is_negative(value) ? -1 : 0, out);
    }
    if (amount < 0 && value->wide == NULL) {
        return calculation_small(value->small >> -amount, out);
    }
    struct number *result = number_new(numbers);
    if (result == NULL) {
        return CALCULATION_NO_MEMORY;
    }
    if (amount < 0) {
        shift_right(result, value, (mp_bitcnt_t)-amount);
    } else {
        struct value_view view;
        mpz_mul_2exp(result->integer, value_view(value, &view), (mp_bitcnt_t)amount);
    }
    return calculation_end(numbers, result, out);
}

enum calculation_status calculate_log2(struct numbers *numbers, const struct value *operands,
                                       struct value *out) {
    struct value_view view;
    (void)numbers;
    if (value_is_negative(&operands[0]) || value_is_zero(&operands[0])) {
        return CALCULATION_USER_ERROR;
    }
    size_t bits = mpz_sizeinbase(value_view(&operands[0], &view), 2);
    return calculation_small((int64_t)bits - 1, out);
}

/* -- bytes -- */

/* Word `index` of the two's complement. The words below a negative number's lowest bit that is set
 * are zeros in it too; that one is negated, those above are inverted. */
static uint64_t word_of(const struct value *value, uint64_t index) {
    struct value_view view;
    mpz_srcptr integer = value_view(value, &view);
    mp_limb_t limb = mpz_getlimbn(integer, (mp_size_t)index);
    if (mpz_sgn(integer) >= 0) {
        return limb;
    }
    return index > value_zeros(value) / GMP_LIMB_BITS ? ~limb : 0 - limb;
}

enum calculation_status calculate_byte(struct numbers *numbers, const struct value *operands,
                                       struct value *out) {
    enum { WORD = 8 };
    uint64_t index = (uint64_t)value_chopped(&operands[0]);
    (void)numbers;
    if (index / WORD >= (uint64_t)value_words(&operands[1])) {
        return calculation_small(value_is_negative(&operands[1]) ? UINT8_MAX : 0, out);
    }
    uint64_t word = word_of(&operands[1], index / WORD);
    return calculation_small((uint8_t)(word >> 8 * (index % WORD)), out);
}

enum calculation_status calculate_twos(struct numbers *numbers, const struct value *operands,
                                       struct value *out) {
    mp_bitcnt_t bits = 8 * (mp_bitcnt_t)value_chopped(&operands[0]);
    struct value_view view;
    if (operands[1].wide == NULL && operands[1].small >= 0 && bits >= GMP_LIMB_BITS) {
        *out = operands[1];
        return CALCULATION_DONE;
    }
    struct number *result = number_new(numbers);
    if (result == NULL) {
        return CALCULATION_NO_MEMORY;
    }
    mpz_fdiv_r_2exp(result->integer, value_view(&operands[1], &view), bits);
    return calculation_end(numbers, result, out);
}

enum calculation_status calculate_sext(struct numbers *numbers, const struct value *operands,
                                       struct value *out) {
    mp_bitcnt_t bits = 8 * (mp_bitcnt_t)value_chopped(&operands[0]);
    struct value_view view;
    if (value_is_negative(&operands[1])) {
        return CALCULATION_USER_ERROR;
    }
    if (bits == 0) {
        return calculation_small(0, out);
    }
    mpz_srcptr integer = value_view(&operands[1], &view);
    struct number *result = number_new(numbers);
    if (result == NULL) {
        return CALCULATION_NO_MEMORY;
    }
    if (mpz_tstbit(integer, bits - 1)) {
        mpz_cdiv_r_2exp(result->integer, integer, bits); /* t - 2^bits, t not being 0 */
    } else {
        mpz_fdiv_r_2exp(result->integer, integer, bits);
    }
    return calculation_end(numbers, result, out);
}

enum calculation_status calculate_bswap(struct numbers *numbers, const struct value *operands,
                                        struct value *out) {
    const extvm_allocator *allocator = numbers->arena.allocator;
    size_t size = (size_t)value_chopped(&operands[0]);
    if (value_is_negative(&operands[0])) {
        return CALCULATION_USER_ERROR;
    }
    if (size == 0) {
        return calculation_small(0, out);
    }
    uint8_t *bytes = memory_allocate(allocator, size);
    if (bytes == NULL) {
        return CALCULATION_NO_MEMORY;
    }
    value_low_bytes(&operands[1], bytes, size);
    bool done = value_from_unsigned_big(numbers, (extvm_bytes){bytes, size}, out);
    memory_release(allocator, bytes);
    return done ? CALCULATION_DONE : CALCULATION_NO_MEMORY;
}
