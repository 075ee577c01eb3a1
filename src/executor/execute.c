/* The execution of a transaction around the VM, in the order of the yellow paper, section 6
 * (protocol/kevm.md, sections 9 and 11). */
#include "execute.h"

#include "common/error.h"
#include "validity.h"

/* A transaction under way; the context of the sink that takes its result. */
struct settlement {
    const extvm_execution *execution;
    const extvm_transaction *transaction;
    const struct terms *terms;
    uint64_t gas_used, gas_refunded;
    extvm_status failure; /* why the sink said no */
};

/* -- before the call -- */

/* The sender pays for all the gas, and its nonce is counted up: this stays, whatever the VM says
 * (yellow paper, section 6.2, the checkpoint state). */
static extvm_status take_payment(const struct settlement *settlement) {
    uint8_t nonce_buffer[EXTVM_U64_INTEGER_SIZE], balance_buffer[EXTVM_WORD_INTEGER_SIZE];
    const struct terms *terms = settlement->terms;
    struct wei balance;
    uint64_t nonce;
    (void)wei_subtract(&terms->balance, &terms->prepaid, &balance); /* a valid one can pay */
    (void)extvm_integer_to_u64(terms->nonce, &nonce);               /* and has a nonce to follow */
    return extvm_state_set_account(settlement->execution->state, &settlement->transaction->sender,
                                   extvm_integer_from_u64(nonce + 1, nonce_buffer),
                                   wei_write(&balance, balance_buffer));
}

static extvm_lookup account_without_storage(void *state, const extvm_address *address,
                                            extvm_account *out) {
    if (!extvm_state_account(state, address, out)) {
        return EXTVM_LOOKUP_ABSENT;
    }
    out->has_storage = false;
    return EXTVM_LOOKUP_FOUND;
}

static extvm_world make_world(const extvm_execution *execution) {
    extvm_world world = extvm_state_world(execution->state);
    if (execution->hides_leftover_storage) {
        world.account = account_without_storage;
    }
    return world;
}

static extvm_call make_call(const struct settlement *settlement,
                            uint8_t gas_buffer[EXTVM_U64_INTEGER_SIZE]) {
    const extvm_transaction *transaction = settlement->transaction;
    const struct terms *terms = settlement->terms;
    return (extvm_call){
        .caller = transaction->sender,
        .recipient = transaction->recipient,
        .input = transaction->input,
        .value = transaction->value,
        .gas_price = transaction->gas_price,
        .gas_provided = extvm_integer_from_u64(terms->gas_limit - terms->intrinsic_gas, gas_buffer),
        .block = settlement->execution->block,
        .chain = settlement->execution->chain,
        .type = transaction->type,
        .access_list = transaction->access_list,
    };
}

/* -- after the call: the sink -- */

static bool taken(struct settlement *settlement, extvm_status status) {
    settlement->failure = status;
    return status == EXTVM_OK;
}

/* A new contract starts with empty storage (yellow paper, section 7). Only one that was just made
 * gets a nonce when it had neither nonce nor code: from EIP-161 on a create starts with nonce 1,
 * and the sender's was counted up before the call. */
static bool is_made_over_storage(const extvm_state *state, const extvm_address *address,
                                 extvm_bytes nonce) {
    extvm_account before;
    return extvm_state_account(state, address, &before) && before.has_storage && !before.has_code &&
           extvm_integer_sign(before.nonce) == 0 && extvm_integer_sign(nonce) > 0;
}

static bool take_account(void *context, const extvm_address *address, extvm_bytes nonce,
                         extvm_bytes balance) {
    struct settlement *settlement = context;
    if (is_made_over_storage(settlement->execution->state, address, nonce)) {
        extvm_state_remove(settlement->execution->state, address);
    }
    return taken(settlement,
                 extvm_state_set_account(settlement->execution->state, address, nonce, balance));
}

static bool take_code(void *context, const extvm_address *address, extvm_bytes code) {
    struct settlement *settlement = context;
    return taken(settlement, extvm_state_set_code(settlement->execution->state, address, code));
}

static bool take_storage(void *context, const extvm_address *address, extvm_bytes key,
                         extvm_bytes value) {
    struct settlement *settlement = context;
    return taken(settlement,
                 extvm_state_set_storage(settlement->execution->state, address, key, value));
}

static bool take_storage_erased(void *context, const extvm_address *address, extvm_bytes key) {
    return take_storage(context, address, key, (extvm_bytes){NULL, 0});
}

static bool take_deleted(void *context, const extvm_address *address) {
    extvm_state_remove(((struct settlement *)context)->execution->state, address);
    return true;
}

/* EIP-161: empty is an account without code whose nonce and balance are 0. */
static bool take_if_empty(void *context, const extvm_address *address) {
    extvm_state *state = ((struct settlement *)context)->execution->state;
    extvm_account account;
    if (extvm_state_account(state, address, &account) && !account.has_code &&
        extvm_integer_sign(account.nonce) == 0 && extvm_integer_sign(account.balance) == 0) {
        extvm_state_remove(state, address);
    }
    return true;
}

/* Adds gas times the gas price to the balance; an account that is not there is made. */
static bool pay(struct settlement *settlement, const extvm_address *address, uint64_t gas) {
    const extvm_execution *execution = settlement->execution;
    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE];
    struct wei amount, balance;
    extvm_account account;
    if (!extvm_state_account(execution->state, address, &account)) {
        account = (extvm_account){.nonce = execution->chain.account_start_nonce};
    }
    if (!wei_read(account.balance, &balance) ||
        !wei_multiply(&settlement->terms->gas_price, gas, &amount) ||
        !wei_add(&balance, &amount, &balance)) {
        return taken(settlement, EXTVM_OUT_OF_RANGE);
    }
    return taken(settlement, extvm_state_set_account(execution->state, address, account.nonce,
                                                     wei_write(&balance, buffer)));
}

/* The refund is at most half of the gas used (yellow paper, g*; before EIP-3529). */
static bool settle(void *context, const extvm_result *result) {
    struct settlement *settlement = context;
    uint64_t remaining = 0, refund = UINT64_MAX; /* a wider refund is capped all the same */
    (void)extvm_integer_to_u64(extvm_result_gas_remaining(result), &remaining);
    (void)extvm_integer_to_u64(extvm_result_gas_refund(result), &refund);
    uint64_t used = settlement->terms->gas_limit - remaining;
    settlement->gas_refunded = refund < used / 2 ? refund : used / 2;
    settlement->gas_used = used - settlement->gas_refunded;
    return pay(settlement, &settlement->transaction->sender,
               remaining + settlement->gas_refunded) &&
           pay(settlement, &settlement->execution->block.beneficiary, settlement->gas_used);
}

/* -- the transaction -- */

/* More gas left than was given would be money out of nothing. */
static extvm_status check_gas(const struct settlement *settlement, const extvm_result *result,
                              extvm_error *error) {
    uint64_t provided = settlement->terms->gas_limit - settlement->terms->intrinsic_gas;
    uint64_t remaining;
    if (extvm_integer_to_u64(extvm_result_gas_remaining(result), &remaining) != EXTVM_OK ||
        remaining > provided) {
        return error_set(error, EXTVM_RESULT_REJECTED,
                         "the VM left more gas than the %llu it was given",
                         (unsigned long long)provided);
    }
    return EXTVM_OK;
}

static extvm_status take_result(struct settlement *settlement, const extvm_result *result,
                                extvm_error *error) {
    const extvm_sink sink = {.context = settlement,
                             .account = take_account,
                             .code = take_code,
                             .storage = take_storage,
                             .storage_erased = take_storage_erased,
                             .settle = settle,
                             .deleted = take_deleted,
                             .remove_if_empty = take_if_empty};
    extvm_status status = check_gas(settlement, result, error);
    if (status != EXTVM_OK) {
        return status;
    }
    status = extvm_apply(result, &sink, error);
    if (status == EXTVM_WORLD_FAILED && settlement->failure == EXTVM_OUT_OF_RANGE) {
        return error_set(error, EXTVM_OUT_OF_RANGE,
                         "the result cannot be applied: a balance or nonce would reach 2^256");
    }
    if (status == EXTVM_WORLD_FAILED) {
        return error_no_memory(error, "the changes of the transaction");
    }
    return status;
}

static extvm_status run_and_settle(run_call_fn run, void *vm, struct settlement *settlement,
                                   extvm_result **result, extvm_error *error) {
    uint8_t gas_buffer[EXTVM_U64_INTEGER_SIZE];
    if (take_payment(settlement) != EXTVM_OK) {
        return error_no_memory(error, "the sender's account");
    }
    const extvm_call call = make_call(settlement, gas_buffer);
    const extvm_world world = make_world(settlement->execution);
    extvm_status status = run(vm, &call, &world, result, error);
    return status == EXTVM_OK ? take_result(settlement, *result, error) : status;
}

/* A valid transaction: all that is done to the state is kept or taken back together. */
static extvm_status execute_valid(run_call_fn run, void *vm, const extvm_execution *execution,
                                  const extvm_transaction *transaction, const struct terms *terms,
                                  extvm_receipt *receipt, extvm_error *error) {
    struct settlement settlement = {execution, transaction, terms, 0, 0, EXTVM_OK};
    extvm_result *result = NULL;
    size_t checkpoint = extvm_state_checkpoint(execution->state);
    extvm_status status = run_and_settle(run, vm, &settlement, &result, error);
    if (status != EXTVM_OK) {
        extvm_state_rollback(execution->state, checkpoint);
        extvm_result_free(result);
        return status;
    }
    extvm_state_keep(execution->state, checkpoint);
    receipt->result = result;
    receipt->gas_used = settlement.gas_used;
    receipt->gas_refunded = settlement.gas_refunded;
    return EXTVM_OK;
}

extvm_status execute_with(run_call_fn run, void *vm, const extvm_execution *execution,
                          const extvm_transaction *transaction, extvm_receipt *receipt,
                          extvm_error *error) {
    if (execution == NULL || execution->state == NULL || transaction == NULL || receipt == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_execute needs a state, a transaction and a receipt");
    }
    *receipt = (extvm_receipt){0};
    if (transaction->type == EXTVM_TRANSACTION_LEGACY && transaction->access_list != NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "the transaction has an access list but is not of the type that has one");
    }
    struct terms terms;
    extvm_status status = terms_read(&terms, execution, transaction, error);
    if (status != EXTVM_OK) {
        return status;
    }
    receipt->validity = terms_judge(&terms, execution, transaction);
    if (receipt->validity != EXTVM_VALIDITY_VALID) {
        return EXTVM_OK;
    }
    return execute_valid(run, vm, execution, transaction, &terms, receipt, error);
}

void extvm_receipt_clear(extvm_receipt *receipt) {
    extvm_result_free(receipt->result);
    *receipt = (extvm_receipt){0};
}
