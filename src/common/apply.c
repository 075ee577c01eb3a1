/* Taking a result over into the node's state, in the one right order (protocol/kevm.md, section 11;
 * protocol/iele.md, section 11). */
#include <extvm/integer.h>
#include <extvm/result.h>

#include "error.h"
#include "result.h"

/* A step of the sink that is there and says no ends the application. */
#define STEP(sink, function, ...)                                                                  \
    ((sink)->function == NULL || (sink)->function((sink)->context, __VA_ARGS__))

static bool apply_storage(const extvm_sink *sink, const extvm_modified_account *account) {
    for (size_t i = 0; i < account->storage_count; i++) {
        const extvm_storage_update *update = &account->storage[i];
        bool done = extvm_integer_sign(update->value) == 0
                        ? STEP(sink, storage_erased, &account->address, update->key)
                        : STEP(sink, storage, &account->address, update->key, update->value);
        if (!done) {
            return false;
        }
    }
    return true;
}

static bool apply_accounts(const extvm_result *result, const extvm_sink *sink) {
    for (size_t i = 0; i < result->modified_count; i++) {
        const extvm_modified_account *account = &result->modified[i];
        if (!STEP(sink, account, &account->address, account->nonce, account->balance) ||
            (account->code.size > 0 && !STEP(sink, code, &account->address, account->code)) ||
            !apply_storage(sink, account)) {
            return false;
        }
    }
    for (size_t i = 0; i < result->log_count; i++) {
        if (!STEP(sink, log, &result->logs[i])) {
            return false;
        }
    }
    return true;
}

static bool apply_removals(const extvm_result *result, const extvm_sink *sink) {
    for (size_t i = 0; i < result->deleted_count; i++) {
        if (!STEP(sink, deleted, &result->deleted[i])) {
            return false;
        }
    }
    if (!result->clears_empty) {
        return true;
    }
    for (size_t i = 0; i < result->touched_count; i++) {
        if (!STEP(sink, remove_if_empty, &result->touched[i])) {
            return false;
        }
    }
    return STEP(sink, remove_if_empty, &result->beneficiary);
}

extvm_status extvm_apply(const extvm_result *result, const extvm_sink *sink, extvm_error *error) {
    if (result == NULL || sink == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "extvm_apply needs a result and a sink");
    }
    if (!apply_accounts(result, sink) || !STEP(sink, settle, result) ||
        !apply_removals(result, sink)) {
        return error_set(error, EXTVM_WORLD_FAILED,
                         "the node's sink refused a change: go back to the checkpoint");
    }
    return EXTVM_OK;
}
