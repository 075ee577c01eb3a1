/* The instructions that only calculate: registers in, a register out (protocol/iele-vm.md, sections
 * 9.1 and 9.2). */
#ifndef EXTVM_IELEVM_CALCULATION_H
#define EXTVM_IELEVM_CALCULATION_H

#include "value.h"

enum { CALCULATION_OPERANDS = 3 };

/* Of a result below the limits that was paid for. */
enum calculation_status {
    CALCULATION_DONE,
    CALCULATION_USER_ERROR, /* status 4 */
    CALCULATION_NO_MEMORY
};

/* M and C of section 9. M may be negative; what cannot be paid is PRICE_UNPAYABLE. */
struct estimate {
    int64_t memory;  /* words */
    int64_t compute; /* milligas */
};

struct calculation {
    struct estimate (*estimate)(const struct value *operands);
    /* Puts the result into `*out`, the caller's; only for operands whose estimate was payable. */
    enum calculation_status (*run)(struct numbers *numbers, const struct value *operands,
                                   struct value *out);
};

/* By opcode; zeros for those that are none. */
extern const struct calculation calculations[];

/* Limits that no estimate gets over: exponents, widths and the like from here on cannot be paid. */
#define AMOUNT_LIMIT ((int64_t)1 << 40)

/* chop(value) when it is below AMOUNT_LIMIT, else AMOUNT_LIMIT. */
int64_t value_chopped(const struct value *value);

/* The value itself, between -AMOUNT_LIMIT and AMOUNT_LIMIT, which stand for all beyond. */
int64_t value_amount(const struct value *value);

/* abl of section 7: `words` of the number that `low` has the lowest word of. */
int64_t bits_about(int64_t words, const struct value *low);

/* -- for the table -- */

typedef struct estimate estimate_function(const struct value *operands);
typedef enum calculation_status
calculation_function(struct numbers *numbers, const struct value *operands, struct value *out);

estimate_function estimate_move, estimate_add, estimate_mul, estimate_div, estimate_mod,
    estimate_exp, estimate_addmod, estimate_mulmod, estimate_expmod;
calculation_function calculate_move, calculate_add, calculate_sub, calculate_mul, calculate_div,
    calculate_mod, calculate_exp, calculate_addmod, calculate_mulmod,
    calculate_expmod; /* arithmetic.c */
estimate_function estimate_compare, estimate_iszero, estimate_and, estimate_or, estimate_xor,
    estimate_not, estimate_shift, estimate_log2, estimate_byte, estimate_twos, estimate_sext,
    estimate_bswap;
calculation_function calculate_lt, calculate_le, calculate_gt, calculate_ge, calculate_eq,
    calculate_ne, calculate_iszero, calculate_and, calculate_or, calculate_xor, calculate_not,
    calculate_shift, calculate_log2, calculate_byte, calculate_twos, calculate_sext,
    calculate_bswap; /* bits.c */

/* Ends a calculation with what `number` has become. */
static inline enum calculation_status calculation_end(struct numbers *numbers,
                                                      struct number *number, struct value *out) {
    *out = value_of_number(numbers, number);
    return CALCULATION_DONE;
}

static inline enum calculation_status calculation_small(int64_t result, struct value *out) {
    *out = value_small(result);
    return CALCULATION_DONE;
}

#endif
