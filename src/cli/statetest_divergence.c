/* Where KEVM is known to differ from Ethereum's consensus (protocol/kevm.md, section 15): what the
 * node cannot put right. A case is named by what its state has; whether the program of the test
 * comes across it is not known here. */
#include "statetest_divergence.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_NUMBERS_KNOWN = 256 };

/* Whether any account of the state is such a one. */
static bool any_account(const struct failed_case *failed,
                        bool (*is_such)(const extvm_account *account)) {
    extvm_address *addresses;
    size_t count;
    bool found = false;
    if (extvm_state_addresses(failed->test->state, &addresses, &count) != EXTVM_OK) {
        return false;
    }
    for (size_t i = 0; i < count && !found; i++) {
        extvm_account account;
        found =
            extvm_state_account(failed->test->state, &addresses[i], &account) && is_such(&account);
    }
    free(addresses);
    return found;
}

static bool block_is_late(const struct failed_case *failed) {
    uint64_t number;
    return extvm_integer_to_u64(failed->test->block.number, &number) != EXTVM_OK ||
           number > BLOCK_NUMBERS_KNOWN;
}

static bool result_was_rejected(const struct failed_case *failed) {
    return failed->status == EXTVM_RESULT_REJECTED;
}

static bool has_last_nonce(const extvm_account *account) {
    uint64_t nonce;
    return extvm_integer_to_u64(account->nonce, &nonce) == EXTVM_OK && nonce == UINT64_MAX;
}

static bool any_last_nonce(const struct failed_case *failed) {
    return any_account(failed, has_last_nonce);
}

static bool is_bare(const extvm_account *account) {
    return !account->has_code && extvm_integer_sign(account->nonce) == 0;
}

static bool is_empty(const extvm_account *account) {
    return is_bare(account) && extvm_integer_sign(account->balance) == 0;
}

static bool any_clearable(const struct failed_case *failed) {
    return failed->fork >= EXTVM_FORK_EIP161 && any_account(failed, is_empty);
}

static bool is_leftover(const extvm_account *account) {
    return is_bare(account) && account->has_storage;
}

static bool any_leftover(const struct failed_case *failed) {
    return any_account(failed, is_leftover);
}

static const struct {
    bool (*is_possible)(const struct failed_case *failed);
    const char *text;
} divergences[] = {
    {block_is_late, "D3: BLOCKHASH knows blocks 0 to 255 only"},
    {result_was_rejected, "D4: the high bytes of address operands are not cut off"},
    {any_last_nonce, "D5: calls of a contract with nonce 2^64 - 1 fail"},
    {any_clearable, "D6: what a reverted frame touched stays touched"},
    {any_leftover, "D7: contracts are made where storage is left"},
};

const char *divergence_next(const struct failed_case *failed, size_t *position) {
    if (strncmp(failed->vm, "kevm", 4) != 0) {
        return NULL;
    }
    while (*position < sizeof divergences / sizeof divergences[0]) {
        size_t i = (*position)++;
        if (divergences[i].is_possible(failed)) {
            return divergences[i].text;
        }
    }
    return NULL;
}
