/* What the real KEVM does other than Ethereum's consensus. */
#include "divergence.h"

#include <extvm/integer.h>

#include "common/error.h"

/* nonce + 1 in the result's arena; false: no memory. The nonce of a create's caller is below 2^64.
 */
static bool step_nonce(extvm_result *result, extvm_bytes nonce, extvm_bytes *out) {
    uint64_t number = 0;
    extvm_word word = {{0}};
    uint8_t digits[EXTVM_WORD_INTEGER_SIZE];
    extvm_integer_to_u64(nonce, &number);
    number++;
    for (unsigned i = 0; i < 8; i++) {
        word.bytes[EXTVM_WORD_SIZE - 1 - i] = (uint8_t)(number >> (8 * i));
    }
    word.bytes[EXTVM_WORD_SIZE - 9] = number == 0 ? 1 : 0;
    return arena_copy(&result->arena, extvm_integer_from_word(&word, digits), out);
}

static extvm_modified_account *find_modified(extvm_result *result, const extvm_address *address) {
    for (size_t i = 0; i < result->modified_count; i++) {
        if (extvm_address_equal(&result->modified[i].address, address)) {
            return &result->modified[i];
        }
    }
    return NULL;
}

/* Lists an account that did not change. */
static extvm_modified_account *add_unchanged(extvm_result *result, const extvm_address *address,
                                             const extvm_account *account) {
    size_t count = result->modified_count;
    extvm_modified_account *grown =
        arena_array(&result->arena, count + 1, sizeof *result->modified);
    if (grown == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        grown[i] = result->modified[i];
    }
    grown[count] = (extvm_modified_account){
        .address = *address, .nonce = account->nonce, .balance = account->balance};
    result->modified = grown;
    result->modified_count++;
    return &grown[count];
}

static bool step_caller(const extvm_call *call, const extvm_account *account,
                        extvm_result *result) {
    extvm_modified_account *caller = find_modified(result, &call->caller);
    if (caller == NULL) {
        caller = add_unchanged(result, &call->caller, account);
    }
    return caller != NULL && step_nonce(result, caller->nonce, &caller->nonce);
}

static bool touch_beneficiary(const extvm_call *call, extvm_result *result) {
    result->touched = arena_array(&result->arena, 1, sizeof *result->touched);
    if (result->touched == NULL) {
        return false;
    }
    result->touched[0] = call->block.beneficiary;
    result->touched_count = 1;
    return true;
}

extvm_status divergence_of_result(const extvm_call *call, const extvm_account *caller,
                                  extvm_result *result, extvm_error *error) {
    bool done = call->recipient != NULL || step_caller(call, caller, result);
    if (done && result->outcome != EXTVM_OUTCOME_SUCCESS) {
        done = touch_beneficiary(call, result);
    }
    return done ? EXTVM_OK : error_no_memory(error, "a result");
}
