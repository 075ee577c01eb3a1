/* Whether a transaction may be executed: the rules of the yellow paper, section 6, and of EIP-2681,
 * EIP-2718 and EIP-3607, and the intrinsic gas of each fork. */
#include "validity.h"

#include "common/error.h"

/* -- intrinsic gas -- */

/* What a transaction costs before the VM runs, in gas (yellow paper, section 6.2). */
struct intrinsic_prices {
    uint64_t transaction;    /* Gtransaction */
    uint64_t create;         /* Gtxcreate, besides */
    uint64_t zero_byte;      /* Gtxdatazero */
    uint64_t other_byte;     /* Gtxdatanonzero */
    uint64_t listed_address; /* EIP-2930 */
    uint64_t listed_key;     /* EIP-2930 */
};

static const struct intrinsic_prices intrinsic_prices[EXTVM_FORK_COUNT] = {
    [EXTVM_FORK_FRONTIER] = {21000, 0, 4, 68, 0, 0},
    [EXTVM_FORK_HOMESTEAD] = {21000, 32000, 4, 68, 0, 0}, /* EIP-2 */
    [EXTVM_FORK_EIP150] = {21000, 32000, 4, 68, 0, 0},
    [EXTVM_FORK_EIP160] = {21000, 32000, 4, 68, 0, 0},
    [EXTVM_FORK_EIP161] = {21000, 32000, 4, 68, 0, 0},
    [EXTVM_FORK_BYZANTIUM] = {21000, 32000, 4, 68, 0, 0},
    [EXTVM_FORK_CONSTANTINOPLE] = {21000, 32000, 4, 68, 0, 0},
    [EXTVM_FORK_PETERSBURG] = {21000, 32000, 4, 68, 0, 0},
    [EXTVM_FORK_ISTANBUL] = {21000, 32000, 4, 16, 0, 0},     /* EIP-2028 */
    [EXTVM_FORK_BERLIN] = {21000, 32000, 4, 16, 2400, 1900}, /* EIP-2930 */
};

static void add_gas(uint64_t *gas, uint64_t count, uint64_t price) {
    uint64_t cost;
    if (__builtin_mul_overflow(count, price, &cost) || __builtin_add_overflow(*gas, cost, gas)) {
        *gas = UINT64_MAX;
    }
}

uint64_t extvm_intrinsic_gas(extvm_fork fork, const extvm_transaction *transaction) {
    const struct intrinsic_prices *prices = &intrinsic_prices[fork];
    uint64_t gas = prices->transaction + (transaction->recipient == NULL ? prices->create : 0);
    uint64_t zeros = 0, keys = 0;
    for (size_t i = 0; i < transaction->input.size; i++) {
        zeros += transaction->input.data[i] == 0;
    }
    add_gas(&gas, zeros, prices->zero_byte);
    add_gas(&gas, transaction->input.size - zeros, prices->other_byte);
    const extvm_access_list *list = transaction->access_list;
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        keys += list->entries[i].storage_key_count;
    }
    add_gas(&gas, list != NULL ? list->count : 0, prices->listed_address);
    add_gas(&gas, keys, prices->listed_key);
    return gas;
}

/* -- reading -- */

static uint64_t saturated(extvm_bytes integer) {
    uint64_t value;
    return extvm_integer_to_u64(integer, &value) == EXTVM_OK ? value : UINT64_MAX;
}

static extvm_status read_wei(const char *name, extvm_bytes integer, struct wei *out,
                             extvm_error *error) {
    if (!wei_read(integer, out)) {
        return error_set(error, EXTVM_OUT_OF_RANGE,
                         "the transaction's %s is not within 0 and 2^256 - 1", name);
    }
    return EXTVM_OK;
}

static extvm_status read_transaction(struct terms *terms, const extvm_transaction *transaction,
                                     extvm_error *error) {
    struct wei unused;
    extvm_status status = read_wei("nonce", transaction->nonce, &unused, error);
    if (status == EXTVM_OK) {
        status = read_wei("gas limit", transaction->gas_limit, &unused, error);
    }
    if (status == EXTVM_OK) {
        status = read_wei("gas price", transaction->gas_price, &terms->gas_price, error);
    }
    if (status == EXTVM_OK) {
        status = read_wei("value", transaction->value, &terms->value, error);
    }
    return status;
}

extvm_status terms_read(struct terms *terms, const extvm_execution *execution,
                        const extvm_transaction *transaction, extvm_error *error) {
    extvm_status status = read_transaction(terms, transaction, error);
    if (status != EXTVM_OK) {
        return status;
    }
    terms->fork = extvm_chain_fork_at(&execution->chain, execution->block.number);
    terms->gas_limit = saturated(transaction->gas_limit);
    terms->intrinsic_gas = extvm_intrinsic_gas(terms->fork, transaction);
    extvm_account sender;
    if (!extvm_state_account(execution->state, &transaction->sender, &sender)) {
        sender = (extvm_account){.nonce = execution->chain.account_start_nonce};
    }
    terms->nonce = sender.nonce;
    terms->sender_has_code = sender.has_code;
    return read_wei("sender's balance", sender.balance, &terms->balance, error);
}

/* -- judging -- */

static bool type_is_known(const struct terms *terms, const extvm_transaction *transaction) {
    static const struct {
        extvm_transaction_type type;
        extvm_fork since;
    } types[] = {
        {EXTVM_TRANSACTION_LEGACY, EXTVM_FORK_FRONTIER},
        {EXTVM_TRANSACTION_ACCESS_LIST, EXTVM_FORK_BERLIN}, /* EIP-2930 */
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].type == transaction->type) {
            return terms->fork >= types[i].since;
        }
    }
    return false;
}

static bool gas_exceeds_block(const struct terms *terms, const extvm_execution *execution) {
    uint64_t block_limit = saturated(execution->block.gas_limit), total;
    return terms->gas_limit == UINT64_MAX ||
           __builtin_add_overflow(terms->gas_limit, execution->block_gas_used, &total) ||
           total > block_limit;
}

static bool can_pay(struct terms *terms) {
    struct wei whole;
    return wei_multiply(&terms->gas_price, terms->gas_limit, &terms->prepaid) &&
           wei_add(&terms->prepaid, &terms->value, &whole) &&
           wei_subtract(&terms->balance, &whole, &whole);
}

extvm_validity terms_judge(struct terms *terms, const extvm_execution *execution,
                           const extvm_transaction *transaction) {
    if (!type_is_known(terms, transaction)) {
        return EXTVM_VALIDITY_TYPE_UNKNOWN;
    }
    if (terms->gas_limit < terms->intrinsic_gas) {
        return EXTVM_VALIDITY_GAS_BELOW_INTRINSIC;
    }
    if (gas_exceeds_block(terms, execution)) {
        return EXTVM_VALIDITY_GAS_ABOVE_BLOCK;
    }
    int order = extvm_integer_compare(transaction->nonce, terms->nonce);
    if (order != 0) {
        return order < 0 ? EXTVM_VALIDITY_NONCE_TOO_LOW : EXTVM_VALIDITY_NONCE_TOO_HIGH;
    }
    if (saturated(terms->nonce) == UINT64_MAX) {
        return EXTVM_VALIDITY_NONCE_AT_END;
    }
    if (terms->sender_has_code && !execution->senders_may_have_code) {
        return EXTVM_VALIDITY_SENDER_HAS_CODE;
    }
    return can_pay(terms) ? EXTVM_VALIDITY_VALID : EXTVM_VALIDITY_BALANCE_TOO_LOW;
}

const char *extvm_validity_text(extvm_validity validity) {
    static const char *const texts[] = {
        [EXTVM_VALIDITY_VALID] = "the transaction is valid",
        [EXTVM_VALIDITY_TYPE_UNKNOWN] = "the block's fork does not have transactions of this type",
        [EXTVM_VALIDITY_GAS_BELOW_INTRINSIC] = "the gas limit is below the intrinsic gas",
        [EXTVM_VALIDITY_GAS_ABOVE_BLOCK] = "the gas limit is above what the block has left",
        [EXTVM_VALIDITY_NONCE_TOO_LOW] = "the nonce is below the sender's",
        [EXTVM_VALIDITY_NONCE_TOO_HIGH] = "the nonce is above the sender's",
        [EXTVM_VALIDITY_NONCE_AT_END] = "the sender's nonce has reached 2^64 - 1",
        [EXTVM_VALIDITY_SENDER_HAS_CODE] = "the sender is a contract",
        [EXTVM_VALIDITY_BALANCE_TOO_LOW] =
            "the sender's balance is below gas limit times gas price plus value",
    };
    return (size_t)validity < sizeof texts / sizeof texts[0] ? texts[validity] : "unknown validity";
}
