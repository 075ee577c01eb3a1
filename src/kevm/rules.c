/* What KEVM needs and what it does its own way: calls that it would not survive are refused, its
 * peculiarities are put right and named, so that a node sees one behaviour (protocol/kevm.md,
 * sections 0, 7, 8, 10 to 12). */
#include <string.h>

#include <extvm/integer.h>

#include "common/call.h"
#include "common/error.h"
#include "common/verify.h"
#include "kevm.h"

bool kevm_in_berlin(const extvm_call *call) {
    return extvm_chain_fork_at(&call->chain, call->block.number) >= EXTVM_FORK_BERLIN;
}

bool kevm_sends_access_list(const extvm_call *call) {
    return kevm_in_berlin(call) || call->type == EXTVM_TRANSACTION_ACCESS_LIST;
}

bool kevm_is_precompiled(const extvm_address *address) {
    static const uint8_t zeros[EXTVM_ADDRESS_SIZE - 1] = {0};
    uint8_t last = address->bytes[EXTVM_ADDRESS_SIZE - 1];
    return memcmp(address->bytes, zeros, sizeof zeros) == 0 && last >= 1 &&
           last <= KEVM_PRECOMPILED_COUNT;
}

/* -- before anything is sent -- */

extvm_status kevm_check_caller(const extvm_call *call, const struct known_account *caller,
                               extvm_error *error) {
    return call_check_caller(call, caller->exists, caller->account.nonce, error);
}

extvm_status kevm_check_storage(extvm_bytes value, extvm_error *error) {
    return integer_is_word(value)
               ? EXTVM_OK
               : error_set(
                     error, EXTVM_WORLD_FAILED,
                     "the world answered a storage value that is negative or 2^256 and above");
}

/* -- the outcome -- */

static extvm_bytes small_integer(bool one) {
    static const uint8_t digits[2] = {0, 1};
    return (extvm_bytes){&digits[one ? 1 : 0], 1};
}

/* Only "failed" comes over the wire; a revert is what leaves something behind (section 10.3). */
static extvm_outcome failure_outcome(const extvm_result *result) {
    return extvm_integer_sign(result->gas_remaining) > 0 || result->return_data.size > 0
               ? EXTVM_OUTCOME_REVERT
               : EXTVM_OUTCOME_FAILURE;
}

extvm_status kevm_read_outcome(const extvm_call *call, extvm_result *result, extvm_error *error) {
    bool coded = result->return_code.size > 0; /* not by every server (section 14) */
    extvm_status status = coded ? verify_error_flag(result, false, error) : EXTVM_OK;
    if (status != EXTVM_OK) {
        return status;
    }
    if (result->error) {
        result->return_code = small_integer(false);
        result_add_quirk(result, "outcome-inferred");
        result_set_failed(result, failure_outcome(result), "failure");
        return EXTVM_OK;
    }
    result->outcome = EXTVM_OUTCOME_SUCCESS;
    result->return_code_name = call->recipient == NULL ? "created" : "success";
    if (!coded && call->recipient != NULL) {
        result->return_code = small_integer(true);
    }
    return EXTVM_OK;
}

/* -- the changes -- */

/* The new address must be the one that the node finds itself (sections 8 and 11). */
static extvm_status conclude_create(const extvm_call *call, const struct ledger *ledger,
                                    extvm_result *result, extvm_error *error) {
    uint8_t digits[EXTVM_WORD_INTEGER_SIZE];
    extvm_word word = {{0}};
    result_set_created(result, call, ledger);
    memcpy(word.bytes + EXTVM_WORD_SIZE - EXTVM_ADDRESS_SIZE, result->created_address.bytes,
           EXTVM_ADDRESS_SIZE);
    extvm_bytes code = extvm_integer_from_word(&word, digits);
    if (result->return_code.size == 0) {
        return arena_copy(&result->arena, code, &result->return_code)
                   ? EXTVM_OK
                   : error_no_memory(error, "a result");
    }
    return extvm_integer_compare(result->return_code, code) == 0
               ? EXTVM_OK
               : created_elsewhere(result, result->return_code, error);
}

/* A create steps the caller's nonce once more than the transaction does (section 8): that step is
 * taken back. A caller without code can have no other. */
static extvm_status conclude_caller(const extvm_call *call, const struct known_account *caller,
                                    extvm_modified_account *account, extvm_result *result,
                                    extvm_error *error) {
    uint64_t answered, reported;
    if (extvm_integer_to_u64(caller->account.nonce, &answered) != EXTVM_OK ||
        extvm_integer_to_u64(account->nonce, &reported) != EXTVM_OK || reported < answered) {
        return EXTVM_OK; /* verify_result judges nonces that go down */
    }
    uint64_t steps = reported - answered;
    if (steps > 0 && call->recipient == NULL) {
        steps--;
        result_add_quirk(result, "sender-nonce-stepped");
    }
    if (steps > 0 && !caller->account.has_code) {
        return error_set(
            error, EXTVM_RESULT_REJECTED,
            "the VM's result cannot be true: the caller has no code and its nonce went "
            "from %llu to %llu",
            (unsigned long long)answered, (unsigned long long)reported);
    }
    uint8_t digits[EXTVM_U64_INTEGER_SIZE];
    return arena_copy(&result->arena, extvm_integer_from_u64(answered + steps, digits),
                      &account->nonce)
               ? EXTVM_OK
               : error_no_memory(error, "a result");
}

/* Fields that a server left out are unchanged (section 14); what the ledger lends does not live as
 * long as a result. `*kept` is false when the entry changes nothing. */
static extvm_status fill_unchanged(const struct known_account *known, extvm_result *result,
                                   extvm_modified_account *account, bool *kept,
                                   extvm_error *error) {
    *kept = account->nonce.size > 0 || account->balance.size > 0 || account->code.size > 0 ||
            account->storage_count > 0;
    if (!*kept) {
        return EXTVM_OK;
    }
    if ((account->nonce.size == 0 &&
         !arena_copy(&result->arena, known->account.nonce, &account->nonce)) ||
        (account->balance.size == 0 &&
         !arena_copy(&result->arena, known->account.balance, &account->balance))) {
        return error_no_memory(error, "a result");
    }
    return EXTVM_OK;
}

/* Most accounts have all their fields and are not the caller: they are not looked up here, which
 * took a seventh of the time for 10^6 of them. */
static extvm_status conclude_accounts(const extvm_call *call, const struct ledger *ledger,
                                      extvm_result *result, extvm_error *error) {
    extvm_status status = EXTVM_OK;
    size_t kept = 0;
    for (size_t i = 0; i < result->modified_count && status == EXTVM_OK; i++) {
        extvm_modified_account account = result->modified[i];
        bool is_kept = true, is_caller = extvm_address_equal(&account.address, &call->caller);
        if (account.nonce.size == 0 || account.balance.size == 0) {
            status = fill_unchanged(ledger_find(ledger, &account.address), result, &account,
                                    &is_kept, error);
        }
        if (status == EXTVM_OK && is_kept && is_caller) {
            status = conclude_caller(call, ledger_find(ledger, &account.address), &account, result,
                                     error);
        }
        if (is_kept) {
            result->modified[kept++] = account;
        }
    }
    result->modified_count = kept;
    return status;
}

static bool in_list(const extvm_access_list *list, const extvm_address *address) {
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        if (extvm_address_equal(&list->entries[i].address, address)) {
            return true;
        }
    }
    return false;
}

/* Takes out the precompiled contracts that kevm_encode_call put in; a recipient is warm anyway. */
static void conclude_access_list(const extvm_call *call, extvm_result *result) {
    extvm_access_list *list = &result->access_list;
    extvm_access_entry *entries = (extvm_access_entry *)(uintptr_t)list->entries;
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!kevm_is_precompiled(&entries[i].address) ||
            (call->recipient != NULL &&
             extvm_address_equal(&entries[i].address, call->recipient)) ||
            in_list(call->access_list, &entries[i].address)) {
            entries[kept++] = entries[i];
        }
    }
    list->count = kept;
}

/* EIP-170, which comes with EIP-161 here (section 5.2); a chain may allow more. */
static extvm_status check_code_sizes(const extvm_call *call, const extvm_result *result,
                                     extvm_error *error) {
    enum { EIP170_CODE_LIMIT = 24576 };
    uint64_t limit = 0;
    if (extvm_chain_fork_at(&call->chain, call->block.number) < EXTVM_FORK_EIP161) {
        return EXTVM_OK;
    }
    if (extvm_integer_to_u64(call->chain.max_code_size, &limit) != EXTVM_OK) {
        return EXTVM_OK; /* so large that nothing is larger */
    }
    limit = limit > EIP170_CODE_LIMIT ? limit : EIP170_CODE_LIMIT;
    for (size_t i = 0; i < result->modified_count; i++) {
        if (result->modified[i].code.size > limit) {
            return error_set(error, EXTVM_RESULT_REJECTED,
                             "the VM's result cannot be true: a contract with %zu bytes of code, "
                             "the chain's limit is %llu",
                             result->modified[i].code.size, (unsigned long long)limit);
        }
    }
    return EXTVM_OK;
}

extvm_status kevm_conclude(const extvm_call *call, const struct ledger *ledger,
                           extvm_result *result, extvm_error *error) {
    extvm_status status = EXTVM_OK;
    if (kevm_in_berlin(call)) {
        result_add_quirk(result, "precompiles-warmed");
        conclude_access_list(call, result);
    }
    if (result->outcome == EXTVM_OUTCOME_SUCCESS && call->recipient == NULL) {
        status = conclude_create(call, ledger, result, error);
    }
    if (status == EXTVM_OK) {
        status = conclude_accounts(call, ledger, result, error);
    }
    return status == EXTVM_OK ? check_code_sizes(call, result, error) : status;
}
