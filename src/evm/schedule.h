/* The rules of each fork: what the opcodes cost where that changed, and what changed besides.
 *
 * Constants that no fork touched are in the opcode table and, by the rule they belong to, in the
 * enum below (yellow paper, appendix G). All numbers are gas. */
#ifndef EXTVM_EVM_SCHEDULE_H
#define EXTVM_EVM_SCHEDULE_H

#include <extvm/call.h>

enum {
    GAS_MEMORY_WORD = 3,
    MEMORY_QUADRATIC_DIVISOR = 512,
    GAS_COPY_WORD = 3,
    GAS_KECCAK256_WORD = 6,
    GAS_LOG_TOPIC = 375,
    GAS_LOG_BYTE = 8,
    GAS_CALL_VALUE = 9000,
    GAS_CALL_STIPEND = 2300,
    GAS_NEW_ACCOUNT = 25000,
    GAS_CODE_BYTE = 200,
    GAS_SSTORE_SET = 20000,
    REFUND_SSTORE_CLEAR = 15000,
    REFUND_SELFDESTRUCT = 24000
};

/* The rules that forks changed, one in each line:
 * RULE(type, name, Frontier, Homestead, EIP-150, EIP-160, EIP-161, Byzantium, Constantinople,
 * Petersburg, Istanbul, Berlin). EIP-1716 (Petersburg) takes EIP-1283 back. */
/* clang-format off */
#define SCHEDULE(RULE) \
    /* What the opcode costs at once; cold_… is what the first access costs on top of it. */ \
    RULE(int64_t, balance,            20,   20,   400,   400,   400,   400,   400,   400,   700,   100) /* EIP-150, 1884, 2929 */ \
    RULE(int64_t, code_access,        20,   20,   700,   700,   700,   700,   700,   700,   700,   100) /* EIP-150, 2929 */ \
    RULE(int64_t, code_hash,           0,    0,     0,     0,     0,     0,   400,   400,   700,   100) /* EIP-1052, 1884, 2929 */ \
    RULE(int64_t, sload,              50,   50,   200,   200,   200,   200,   200,   200,   800,   100) /* EIP-150, 1884, 2929 */ \
    RULE(int64_t, call,               40,   40,   700,   700,   700,   700,   700,   700,   700,   100) /* EIP-150, 2929 */ \
    RULE(int64_t, selfdestruct,        0,    0,  5000,  5000,  5000,  5000,  5000,  5000,  5000,  5000) /* EIP-150 */ \
    RULE(int64_t, cold_account,        0,    0,     0,     0,     0,     0,     0,     0,     0,  2500) /* EIP-2929: 2600 - 100 */ \
    RULE(int64_t, cold_selfdestruct,   0,    0,     0,     0,     0,     0,     0,     0,     0,  2600) /* EIP-2929 */ \
    RULE(int64_t, cold_sload,          0,    0,     0,     0,     0,     0,     0,     0,     0,  2000) /* EIP-2929: 2100 - 100 */ \
    RULE(int64_t, cold_sstore,         0,    0,     0,     0,     0,     0,     0,     0,     0,  2100) /* EIP-2929 */ \
    /* A byte of the exponent; an heir that is a new account. */ \
    RULE(int64_t, exp_byte,           10,   10,    10,    50,    50,    50,    50,    50,    50,    50) /* EIP-160 */ \
    RULE(int64_t, selfdestruct_new,    0,    0, 25000, 25000, 25000, 25000, 25000, 25000, 25000, 25000) /* EIP-150 */ \
    /* SSTORE: a value that was not 0; one that stays or was changed before (net metering); the */ \
    /* gas that must be left over. */ \
    RULE(int64_t, sstore_reset,     5000, 5000,  5000,  5000,  5000,  5000,  5000,  5000,  5000,  2900) /* EIP-2929: 5000 - 2100 */ \
    RULE(int64_t, sstore_unchanged, 5000, 5000,  5000,  5000,  5000,  5000,   200,  5000,   800,   100) /* EIP-1283, 2200, 2929 */ \
    RULE(int64_t, sstore_sentry,       0,    0,     0,     0,     0,     0,     0,     0,  2300,  2300) /* EIP-2200 */ \
    RULE(bool,    meters_net,          0,    0,     0,     0,     0,     0,     1,     0,     1,     1) /* EIP-1283, 2200 */ \
    /* A create that cannot pay for its code fails. */ \
    RULE(bool,    pays_full_deposit,   0,    1,     1,     1,     1,     1,     1,     1,     1,     1) /* EIP-2 */ \
    /* All gas but one 64th can be passed on, and a call that asks for more gets that. */ \
    RULE(bool,    keeps_a_64th,        0,    0,     1,     1,     1,     1,     1,     1,     1,     1) /* EIP-150 */ \
    /* Empty accounts are as good as none; a new contract's nonce is one higher. */ \
    RULE(bool,    clears_empty,        0,    0,     0,     0,     1,     1,     1,     1,     1,     1) /* EIP-161 */ \
    RULE(bool,    limits_code,         0,    0,     0,     0,     1,     1,     1,     1,     1,     1) /* EIP-170 */ \
    RULE(bool,    has_warm,            0,    0,     0,     0,     0,     0,     0,     0,     0,     1) /* EIP-2929, 2930 */
/* clang-format on */

#define SCHEDULE_FIELD(type, name, f, h, e150, e160, e161, byz, con, pet, ist, ber) type name;
struct schedule {
    SCHEDULE(SCHEDULE_FIELD)
};
#undef SCHEDULE_FIELD

const struct schedule *schedule_of(extvm_fork fork);

#endif
