/* What IELE needs and what its results mean: calls that it would not survive are refused, and the
 * outcome is found in status and gas (protocol/iele.md, sections 5, 8, 10 and 11). */
#include <string.h>

#include <extvm/iele.h>
#include <extvm/integer.h>

#include "common/call.h"
#include "common/error.h"
#include "common/verify.h"
#include "iele.h"

/* -- before anything is sent -- */

extvm_status iele_check_call(const extvm_call *call, extvm_error *error) {
    if (call->type != EXTVM_TRANSACTION_LEGACY || call->access_list != NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "an access-list transaction: IELE has no access lists");
    }
    return iele_check_call_data(call->input, error);
}

/* A call without value does without its caller (section 7). */
extvm_status iele_check_caller(const extvm_call *call, const struct known_account *caller,
                               extvm_error *error) {
    bool may_be_absent = call->recipient != NULL && extvm_integer_sign(call->value) == 0;
    return call_check_caller(call, caller->exists || may_be_absent, caller->account.nonce, error);
}

extvm_status iele_check_storage(extvm_bytes value, extvm_error *error) {
    (void)value; /* any integer */
    (void)error;
    return EXTVM_OK;
}

/* -- the outcome (section 10) -- */

enum { FIRST_STATUS = 1, CONTRACT_INVALID = 9, STATUSES = 10 };

static const char *const status_names[STATUSES] = {
    [0] = "success",
    [1] = "FUNC_NOT_FOUND",
    [2] = "FUNC_WRONG_SIG",
    [3] = "CONTRACT_NOT_FOUND",
    [4] = "USER_ERROR",
    [5] = "OUT_OF_GAS",
    [6] = "ACCT_COLLISION",
    [7] = "OUT_OF_FUNDS",
    [8] = "CALL_STACK_OVERFLOW",
    [CONTRACT_INVALID] = "CONTRACT_INVALID",
};

const char *iele_status_name(unsigned status) {
    return status < STATUSES ? status_names[status] : "unknown";
}

/* Whether a status that is not 0 is the VM's own. A program may revert with the same numbers; then
 * the rest of the gas comes back, which after an exception is none, and after a refused upload is
 * all of it. */
static bool is_exception(const extvm_call *call, const extvm_result *result, uint64_t code) {
    if (code == CONTRACT_INVALID) {
        return call->recipient == NULL &&
               extvm_integer_compare(result->gas_remaining, call->gas_provided) == 0;
    }
    return code < CONTRACT_INVALID && extvm_integer_sign(result->gas_remaining) == 0;
}

static void set_failed(const extvm_call *call, extvm_result *result) {
    uint64_t code = UINT64_MAX;
    extvm_status known = extvm_integer_to_u64(result->return_code, &code);
    if (known == EXTVM_OK && code > 0 && is_exception(call, result, code)) {
        result_set_failed(result, EXTVM_OUTCOME_FAILURE, status_names[code]);
        return;
    }
    if (known == EXTVM_OK && code < STATUSES) {
        result_add_quirk(result, "outcome-inferred");
    }
    result_set_failed(result, EXTVM_OUTCOME_REVERT, "revert");
}

extvm_status iele_read_outcome(const extvm_call *call, extvm_result *result, extvm_error *error) {
    size_t returned;
    extvm_status status = verify_error_flag(result, true, error);
    if (status != EXTVM_OK) {
        return status;
    }
    if (result->error) {
        set_failed(call, result);
        return EXTVM_OK;
    }
    if (extvm_iele_returns(result->return_data, NULL, 0, &returned, error) != EXTVM_OK) {
        error_prefix(error, "the VM's result cannot be true");
        return error != NULL ? (error->status = EXTVM_RESULT_REJECTED) : EXTVM_RESULT_REJECTED;
    }
    if (call->recipient == NULL && returned != 1) {
        set_failed(call, result); /* "revert 0" (section 10.3) */
        return EXTVM_OK;
    }
    result->outcome = EXTVM_OUTCOME_SUCCESS;
    result->return_code_name = status_names[0];
    return EXTVM_OK;
}

/* -- the changes -- */

/* The low 160 bits of a signed integer. */
static extvm_address address_from_integer(extvm_bytes integer) {
    extvm_address address;
    size_t size = integer.size < EXTVM_ADDRESS_SIZE ? integer.size : EXTVM_ADDRESS_SIZE;
    memset(address.bytes, extvm_integer_sign(integer) < 0 ? 0xff : 0, sizeof address.bytes);
    memcpy(address.bytes + EXTVM_ADDRESS_SIZE - size, integer.data + integer.size - size, size);
    return address;
}

extvm_status iele_conclude(const extvm_call *call, const struct ledger *ledger,
                           extvm_result *result, extvm_error *error) {
    if (result->outcome != EXTVM_OUTCOME_SUCCESS || call->recipient != NULL) {
        return EXTVM_OK;
    }
    extvm_bytes returned;
    size_t count;
    extvm_status status = extvm_iele_returns(result->return_data, &returned, 1, &count, error);
    if (status != EXTVM_OK) {
        return status;
    }
    const extvm_address told = address_from_integer(returned);
    result_set_created(result, call, ledger);
    return extvm_address_equal(&told, &result->created_address)
               ? EXTVM_OK
               : created_elsewhere(result, returned, error);
}
