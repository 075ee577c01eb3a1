/* CALL.json: a call as a file. Its members are those of a CallContext (protocol/kevm.md, section
 * 5), the numbers in them as strings, or as JSON numbers where those are exact. */
#include "call_json.h"

#include <string.h>

#include "report.h"
#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static extvm_status read_recipient(const struct json_place *place, json_t *value, void *target) {
    struct call_input *input = target;
    if (json_is_null(value)) {
        return EXTVM_OK;
    }
    input->call.recipient = &input->recipient;
    return json_read_address(place, value, &input->recipient);
}

/* -- block -- */

extvm_status call_json_read_timestamp(const struct json_place *place, json_t *value, void *target) {
    extvm_bytes integer;
    uint64_t seconds;
    extvm_status status = json_read_integer(place, value, &integer);
    if (status != EXTVM_OK) {
        return status;
    }
    if (extvm_integer_to_u64(integer, &seconds) != EXTVM_OK || seconds > INT64_MAX) {
        return json_refuse(place, value, EXTVM_OUT_OF_RANGE, "seconds since 1970, below 2^63");
    }
    memcpy(target, &seconds, sizeof seconds);
    return EXTVM_OK;
}

static const struct json_member block_members[] = {
    {"beneficiary", json_read_address, offsetof(extvm_block, beneficiary)},
    {"difficulty", json_read_integer, offsetof(extvm_block, difficulty)},
    {"number", json_read_integer, offsetof(extvm_block, number)},
    {"gasLimit", json_read_integer, offsetof(extvm_block, gas_limit)},
    {"timestamp", call_json_read_timestamp, offsetof(extvm_block, timestamp)},
};

static extvm_status read_block(const struct json_place *place, json_t *value, void *target) {
    return json_read_object(place, value, block_members, COUNT(block_members), target);
}

/* -- chain -- */

static extvm_status read_fork(const struct json_place *place, json_t *value, void *target) {
    extvm_fork fork;
    if (extvm_fork_from_name(json_string_value(value), &fork) != EXTVM_OK) {
        const char *name = json_is_string(value) ? json_string_value(value) : "";
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, value_fork_allowed(name).text);
    }
    extvm_chain_set_fork(target, fork);
    return EXTVM_OK;
}

#define FORK_BLOCK(fork)                                                                           \
    (offsetof(extvm_chain, fork_block) + EXTVM_FORK_##fork * sizeof(extvm_bytes))

/* "fork" is read first, so that a single block number overrides what it set. */
static const struct json_member chain_members[] = {
    {"fork", read_fork, 0},
    {"chainId", json_read_integer, offsetof(extvm_chain, chain_id)},
    {"maxCodeSize", json_read_integer, offsetof(extvm_chain, max_code_size)},
    {"accountStartNonce", json_read_integer, offsetof(extvm_chain, account_start_nonce)},
    {"frontierBlockNumber", json_read_integer, FORK_BLOCK(FRONTIER)},
    {"homesteadBlockNumber", json_read_integer, FORK_BLOCK(HOMESTEAD)},
    {"eip150BlockNumber", json_read_integer, FORK_BLOCK(EIP150)},
    {"eip160BlockNumber", json_read_integer, FORK_BLOCK(EIP160)},
    {"eip161BlockNumber", json_read_integer, FORK_BLOCK(EIP161)},
    {"byzantiumBlockNumber", json_read_integer, FORK_BLOCK(BYZANTIUM)},
    {"constantinopleBlockNumber", json_read_integer, FORK_BLOCK(CONSTANTINOPLE)},
    {"petersburgBlockNumber", json_read_integer, FORK_BLOCK(PETERSBURG)},
    {"istanbulBlockNumber", json_read_integer, FORK_BLOCK(ISTANBUL)},
    {"berlinBlockNumber", json_read_integer, FORK_BLOCK(BERLIN)},
};

static extvm_status read_chain(const struct json_place *place, json_t *value, void *target) {
    return json_read_object(place, value, chain_members, COUNT(chain_members), target);
}

/* -- transaction type and access list (EIP-2718, EIP-2930) -- */

static extvm_status read_type(const struct json_place *place, json_t *value, void *target) {
    extvm_bytes integer;
    uint64_t number;
    extvm_status status = json_read_integer(place, value, &integer);
    if (status != EXTVM_OK) {
        return status;
    }
    if (extvm_integer_to_u64(integer, &number) != EXTVM_OK ||
        number > EXTVM_TRANSACTION_ACCESS_LIST) {
        return json_refuse(place, value, EXTVM_OUT_OF_RANGE,
                           "0 (legacy) or 1 (with an access list)");
    }
    *(extvm_transaction_type *)target = (extvm_transaction_type)number;
    return EXTVM_OK;
}

/* An array for a list's elements, in the pool. */
static extvm_status new_elements(const struct json_place *place, json_t *value, size_t size,
                                 void **elements) {
    if (!json_is_array(value)) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "a list");
    }
    *elements = pool_array(place->reader->pool, json_array_size(value), size);
    return *elements == NULL ? complain_no_memory(place->reader->error) : EXTVM_OK;
}

static extvm_status read_storage_keys(const struct json_place *place, json_t *value, void *target) {
    extvm_access_entry *entry = target;
    void *keys = NULL;
    extvm_status status = new_elements(place, value, sizeof(extvm_bytes), &keys);
    for (size_t i = 0; status == EXTVM_OK && i < json_array_size(value); i++) {
        const struct json_place inner = {place->reader, place, NULL, i};
        status = json_read_integer(&inner, json_array_get(value, i), (extvm_bytes *)keys + i);
    }
    if (status == EXTVM_OK) {
        entry->storage_keys = keys;
        entry->storage_key_count = json_array_size(value);
    }
    return status;
}

static const struct json_member entry_members[] = {
    {"address", json_read_address, offsetof(extvm_access_entry, address)},
    {"storageKeys", read_storage_keys, 0},
};

static extvm_status read_access_entry(const struct json_place *place, json_t *value,
                                      extvm_access_entry *entry) {
    extvm_status status =
        json_read_object(place, value, entry_members, COUNT(entry_members), entry);
    if (status == EXTVM_OK && json_object_get(value, "address") == NULL) {
        return json_refuse_place(place, "the entry has no address");
    }
    return status;
}

extvm_status call_json_read_access_list(const struct json_place *place, json_t *value,
                                        void *target) {
    void *entries = NULL;
    extvm_status status = new_elements(place, value, sizeof(extvm_access_entry), &entries);
    for (size_t i = 0; status == EXTVM_OK && i < json_array_size(value); i++) {
        const struct json_place inner = {place->reader, place, NULL, i};
        status =
            read_access_entry(&inner, json_array_get(value, i), (extvm_access_entry *)entries + i);
    }
    if (status == EXTVM_OK) {
        *(extvm_access_list *)target = (extvm_access_list){entries, json_array_size(value)};
    }
    return status;
}

static extvm_status read_access_list(const struct json_place *place, json_t *value, void *target) {
    struct call_input *input = target;
    if (json_is_null(value)) {
        return EXTVM_OK;
    }
    extvm_status status = call_json_read_access_list(place, value, &input->access_list);
    if (status == EXTVM_OK) {
        input->call.access_list = &input->access_list;
        input->call.type = EXTVM_TRANSACTION_ACCESS_LIST;
    }
    return status;
}

/* -- the call -- */

/* "type" is read after "accessList", which sets it. */
static const struct json_member call_members[] = {
    {"caller", json_read_address, offsetof(struct call_input, call.caller)},
    {"recipient", read_recipient, 0},
    {"input", json_read_data, offsetof(struct call_input, call.input)},
    {"value", json_read_integer, offsetof(struct call_input, call.value)},
    {"gasPrice", json_read_integer, offsetof(struct call_input, call.gas_price)},
    {"gas", json_read_integer, offsetof(struct call_input, call.gas_provided)},
    {"block", read_block, offsetof(struct call_input, call.block)},
    {"chain", read_chain, offsetof(struct call_input, call.chain)},
    {"accessList", read_access_list, 0},
    {"type", read_type, offsetof(struct call_input, call.type)},
};

static extvm_status read_call(const struct json_place *place, json_t *value, void *target) {
    return json_read_object(place, value, call_members, COUNT(call_members), target);
}

extvm_status call_json_read(const char *path, struct pool *pool, struct call_input *input,
                            extvm_error *error) {
    const struct json_reader reader = {.file = path, .pool = pool, .error = error};
    return json_read_document(&reader, read_call, input);
}
