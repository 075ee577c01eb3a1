/* Whether a result can be true: the paranoid checks of protocol/kevm.md and protocol/iele.md,
 * section
 * 11. A VM that lies must not corrupt the node's state. */
#include "verify.h"

#include <string.h>

#include <extvm/integer.h>

#include "call.h"
#include "error.h"

/* A sum of 2^64 words at the most. */
struct sum {
    uint64_t limbs[EXTVM_WORD_SIZE / 8 + 1]; /* the lowest first */
};

/* Of all accounts of a result. */
struct balances {
    struct sum before, after;
};

static void sum_add(struct sum *sum, extvm_bytes integer) {
    extvm_word word = {{0}};
    extvm_integer_to_word(integer, &word); /* checked before to be one */
    unsigned carry = 0;
    for (unsigned limb = 0; limb < EXTVM_WORD_SIZE / 8 + 1; limb++) {
        uint64_t value = 0;
        if (limb < EXTVM_WORD_SIZE / 8) {
            for (unsigned i = 0; i < 8; i++) {
                value = value << 8 | word.bytes[EXTVM_WORD_SIZE - 8 * (limb + 1) + i];
            }
        }
        bool over = __builtin_add_overflow(sum->limbs[limb], value, &sum->limbs[limb]);
        bool over_again = __builtin_add_overflow(sum->limbs[limb], carry, &sum->limbs[limb]);
        carry = over || over_again ? 1 : 0;
    }
}

static int sum_compare(const struct sum *a, const struct sum *b) {
    for (unsigned limb = EXTVM_WORD_SIZE / 8 + 1; limb-- > 0;) {
        if (a->limbs[limb] != b->limbs[limb]) {
            return a->limbs[limb] < b->limbs[limb] ? -1 : 1;
        }
    }
    return 0;
}

static extvm_status reject(extvm_error *error, const extvm_address *address, const char *why) {
    char hex[EXTVM_HEX_SIZE(EXTVM_ADDRESS_SIZE)];
    extvm_bytes_to_hex((extvm_bytes){address->bytes, EXTVM_ADDRESS_SIZE}, hex);
    return error_set(error, EXTVM_RESULT_REJECTED, "the VM's result cannot be true: account %s %s",
                     hex, why);
}

extvm_status verify_error_flag(const extvm_result *result, bool zero_is_success,
                               extvm_error *error) {
    bool zero = extvm_integer_sign(result->return_code) == 0;
    return (zero == zero_is_success) != result->error
               ? EXTVM_OK
               : error_set(error, EXTVM_RESULT_REJECTED,
                           "the VM's result cannot be true: error is %s and the return code is %s",
                           result->error ? "set" : "not set", zero ? "0" : "not 0");
}

static extvm_status verify_gas(const extvm_call *call, const extvm_result *result,
                               extvm_error *error) {
    if (extvm_integer_sign(result->gas_remaining) < 0 ||
        extvm_integer_compare(result->gas_remaining, call->gas_provided) > 0) {
        return error_set(error, EXTVM_RESULT_REJECTED,
                         "the VM's result cannot be true: more gas remains than was provided");
    }
    if (!integer_is_word(result->gas_refund)) {
        return error_set(error, EXTVM_RESULT_REJECTED,
                         "the VM's result cannot be true: the gas refund is negative or 2^256 and "
                         "above");
    }
    return EXTVM_OK;
}

/* An account without code that has sent transactions: nothing runs there, and no contract can be
 * made there (EIP-684; protocol/iele.md, section 10.1, ACCT_COLLISION). */
static bool is_at_rest(const extvm_call *call, const struct known_account *known) {
    return known->exists && !known->account.has_code &&
           extvm_integer_compare(known->account.nonce, call->chain.account_start_nonce) > 0;
}

/* Such an account can only be paid, and pay as the caller. */
static extvm_status verify_at_rest(const extvm_call *call, const struct known_account *known,
                                   const extvm_modified_account *account, extvm_error *error) {
    if (account->code.size > 0) {
        return reject(error, &account->address, "has sent transactions and became a contract");
    }
    if (account->storage_count > 0) {
        return reject(error, &account->address, "has no code and its storage changed");
    }
    if (extvm_integer_compare(account->nonce, known->account.nonce) != 0) {
        return reject(error, &account->address, "has no code and its nonce changed");
    }
    if (extvm_integer_compare(account->balance, known->account.balance) < 0 &&
        !extvm_address_equal(&account->address, &call->caller)) {
        return reject(error, &account->address,
                      "has no code, is not the caller, and paid nevertheless");
    }
    return EXTVM_OK;
}

static extvm_status verify_account(const extvm_call *call, const struct known_account *known,
                                   const extvm_modified_account *account, extvm_error *error) {
    if (!integer_is_word(account->balance) || !integer_is_word(account->nonce)) {
        return reject(error, &account->address,
                      "has a nonce or balance that is negative or 2^256 and above");
    }
    if (extvm_integer_compare(account->nonce, known->account.nonce) < 0) {
        return reject(error, &account->address, "has a nonce that went down");
    }
    for (size_t i = 1; i < account->storage_count; i++) {
        if (extvm_integer_compare(account->storage[i - 1].key, account->storage[i].key) == 0) {
            return reject(error, &account->address, "has two values for one storage key");
        }
    }
    return is_at_rest(call, known) ? verify_at_rest(call, known, account, error) : EXTVM_OK;
}

static extvm_status verify_deleted(const extvm_call *call, const struct ledger *ledger,
                                   const extvm_result *result, struct balances *balances,
                                   extvm_error *error) {
    for (size_t i = 0; i < result->deleted_count; i++) {
        const struct known_account *known = ledger_find(ledger, &result->deleted[i]);
        if (is_at_rest(call, known)) {
            return reject(error, &result->deleted[i], "has no code and destroyed itself");
        }
        sum_add(&balances->before, known->account.balance);
    }
    return EXTVM_OK;
}

static bool is_deleted(const extvm_result *result, const extvm_address *address) {
    size_t low = 0, high = result->deleted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = address_compare(&result->deleted[middle], address);
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

/* The balances of the listed accounts may not grow, and without
 * `may_shrink` only shrink where accounts were deleted. */
static extvm_status verify_balances(const struct balances *balances, const extvm_result *result,
                                    bool may_shrink, extvm_error *error) {
    int change = sum_compare(&balances->after, &balances->before);
    if (change > 0 || (change < 0 && result->deleted_count == 0 && !may_shrink)) {
        return error_set(error, EXTVM_RESULT_REJECTED,
                         "the VM's result cannot be true: the balances of the accounts it changes "
                         "add up to %s than before",
                         change > 0 ? "more" : "less");
    }
    return EXTVM_OK;
}

/* Each account is looked up once: beyond the caches that is what the checks cost. */
extvm_status verify_result(const extvm_call *call, const struct ledger *ledger,
                           const extvm_result *result, bool may_shrink, extvm_error *error) {
    struct balances balances = {{{0}}, {{0}}};
    extvm_status status = verify_gas(call, result, error);
    for (size_t i = 0; i < result->modified_count && status == EXTVM_OK; i++) {
        const extvm_modified_account *account = &result->modified[i];
        const extvm_address *address = &account->address;
        if (i > 0 && extvm_address_equal(&result->modified[i - 1].address, address)) {
            return reject(error, address, "is changed twice");
        }
        if (is_deleted(result, address)) {
            return reject(error, address, "is both changed and deleted");
        }
        const struct known_account *known = ledger_find(ledger, address);
        status = verify_account(call, known, account, error);
        if (status == EXTVM_OK) {
            sum_add(&balances.before, known->account.balance);
            sum_add(&balances.after, account->balance);
        }
    }
    if (status == EXTVM_OK) {
        status = verify_deleted(call, ledger, result, &balances, error);
    }
    return status == EXTVM_OK ? verify_balances(&balances, result, may_shrink, error) : status;
}
