/* The node's end of KEVM's protocol: Hello, CallContext and answers are encoded, queries and
 * results decoded (protocol/kevm.md, sections 2, 6, 7 and 10). */
#include <extvm/integer.h>

#include "codec.h"
#include "common/error.h"
#include "common/protobuf.h"
#include "kevm.h"

bool kevm_encode_hello(const extvm_call *first_call, struct buffer *out) {
    Kevm__EthereumConfig config;
    config_to_wire(&first_call->chain, &config);
    Kevm__Hello hello = KEVM__HELLO__INIT;
    hello.version = (char *)(uintptr_t)kevm_protocol.version;
    hello.config_case = KEVM__HELLO__CONFIG_ETHEREUM_CONFIG;
    hello.ethereum_config = &config;
    return protobuf_encode(&hello, out);
}

static void header_to_wire(const extvm_block *block, Kevm__BlockHeader *header) {
    kevm__block_header__init(header);
    header->beneficiary = address_field(&block->beneficiary);
    header->difficulty = integer_field(block->difficulty);
    header->number = integer_field(block->number);
    header->gas_limit = integer_field(block->gas_limit);
    header->unix_timestamp = (int64_t)block->timestamp;
}

bool kevm_encode_call(const extvm_call *call, struct arena *scratch, struct buffer *out) {
    static const extvm_access_list no_list = {NULL, 0};
    Kevm__EthereumConfig config;
    Kevm__BlockHeader header;
    Kevm__AccessListData access_list;
    config_to_wire(&call->chain, &config);
    header_to_wire(&call->block, &header);

    Kevm__CallContext context = KEVM__CALL_CONTEXT__INIT;
    context.caller_addr = address_field(&call->caller);
    if (call->recipient != NULL) {
        context.recipient_addr = address_field(call->recipient);
    }
    context.input_data = to_protobuf(call->input);
    context.call_value = integer_field(call->value);
    context.gas_price = integer_field(call->gas_price);
    context.gas_provided = integer_field(call->gas_provided);
    context.block_header = &header;
    /* Without it the VM runs Berlin at every height (section 5.2). */
    context.config_case = KEVM__CALL_CONTEXT__CONFIG_ETHEREUM_CONFIG;
    context.ethereum_config = &config;
    if (kevm_sends_access_list(call)) {
        const extvm_access_list *own = call->access_list != NULL ? call->access_list : &no_list;
        enum access_list_use use =
            kevm_in_berlin(call) ? ACCESS_LIST_OF_BERLIN_CALL : ACCESS_LIST_OF_CALL;
        if (!access_list_to_wire(own, use, scratch, &access_list)) {
            return false;
        }
        context.tx_type = KEVM__CALL_CONTEXT__TX_TYPE__ACCESSLIST;
        context.extra_data_case = KEVM__CALL_CONTEXT__EXTRA_DATA_ACCESS_LIST;
        context.access_list = &access_list;
    }
    return protobuf_encode(&context, out);
}

/* An account exists when its nonce or balance field is not empty (section 6.1). */
static bool encode_account(const struct answer *answer, struct buffer *out) {
    Kevm__Account account = KEVM__ACCOUNT__INIT;
    account.code_empty = true;
    if (answer->found) {
        account.nonce = integer_field(answer->account.nonce);
        account.balance = integer_field(answer->account.balance);
        account.code_empty = !answer->account.has_code;
        account.has_storage = answer->account.has_storage && !answer->account.has_code &&
                              extvm_integer_sign(answer->account.nonce) == 0;
    }
    return protobuf_encode(&account, out);
}

bool kevm_encode_answer(const struct query *query, const struct answer *answer,
                        struct buffer *out) {
    Kevm__StorageData data = KEVM__STORAGE_DATA__INIT;
    Kevm__Code code = KEVM__CODE__INIT;
    Kevm__Blockhash hash = KEVM__BLOCKHASH__INIT;
    switch (query->kind) {
    case QUERY_ACCOUNT:
        return encode_account(answer, out);
    case QUERY_STORAGE:
        data.data = integer_field(answer->found ? answer->bytes : (extvm_bytes){NULL, 0});
        return protobuf_encode(&data, out);
    case QUERY_CODE:
        code.code = to_protobuf(answer->found ? answer->bytes : (extvm_bytes){NULL, 0});
        return protobuf_encode(&code, out);
    case QUERY_BLOCK_HASH:
        if (answer->found) {
            hash.hash = word_field(&answer->hash);
        }
        return protobuf_encode(&hash, out);
    }
    return false;
}

/* -- queries -- */

static extvm_status read_query(const Kevm__VMQuery *message, struct arena *arena,
                               struct query *query, extvm_error *error) {
    extvm_status status;
    switch (message->query_case) {
    case KEVM__VMQUERY__QUERY_GET_ACCOUNT:
        query->kind = QUERY_ACCOUNT;
        return read_address_field("GetAccount.address", message->get_account->address,
                                  &query->address, error);
    case KEVM__VMQUERY__QUERY_GET_STORAGE_DATA:
        query->kind = QUERY_STORAGE;
        status = read_address_field("GetStorageData.address", message->get_storage_data->address,
                                    &query->address, error);
        return status != EXTVM_OK
                   ? status
                   : read_unsigned_field("GetStorageData.offset", message->get_storage_data->offset,
                                         arena, &query->key, error);
    case KEVM__VMQUERY__QUERY_GET_CODE:
        query->kind = QUERY_CODE;
        return read_address_field("GetCode.address", message->get_code->address, &query->address,
                                  error);
    case KEVM__VMQUERY__QUERY_GET_BLOCKHASH:
        query->kind = QUERY_BLOCK_HASH;
        query->block = message->get_blockhash->offset;
        return EXTVM_OK;
    default:
        return error_set(error, EXTVM_EMPTY_QUERY,
                         "the VM sent a query with nothing in it: check that it is a KEVM and its "
                         "version");
    }
}

/* -- results -- */

/* As read_unsigned_field, but an empty field stays empty: some servers leave out what is unchanged
 * (section 14). */
static extvm_status read_optional(const char *name, ProtobufCBinaryData field, struct arena *arena,
                                  extvm_bytes *out, extvm_error *error) {
    *out = (extvm_bytes){NULL, 0};
    return field.len == 0 ? EXTVM_OK : read_unsigned_field(name, field, arena, out, error);
}

static extvm_status read_storage(const Kevm__ModifiedAccount *wire, struct arena *arena,
                                 extvm_modified_account *account, extvm_error *error) {
    extvm_storage_update *updates = arena_array(arena, wire->n_storage_updates, sizeof *updates);
    if (updates == NULL && wire->n_storage_updates > 0) {
        return protobuf_no_memory(arena, "storage updates", error);
    }
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < wire->n_storage_updates && status == EXTVM_OK; i++) {
        const Kevm__StorageUpdate *update = wire->storage_updates[i];
        status = read_unsigned_field("StorageUpdate.offset", update->offset, arena, &updates[i].key,
                                     error);
        if (status == EXTVM_OK) {
            status = read_unsigned_field("StorageUpdate.data", update->data, arena,
                                         &updates[i].value, error);
        }
    }
    account->storage = updates;
    account->storage_count = wire->n_storage_updates;
    return status;
}

static extvm_status read_modified(const Kevm__ModifiedAccount *wire, struct arena *arena,
                                  extvm_modified_account *account, extvm_error *error) {
    extvm_status status =
        read_address_field("ModifiedAccount.address", wire->address, &account->address, error);
    if (status == EXTVM_OK) {
        status = read_optional("ModifiedAccount.nonce", wire->nonce, arena, &account->nonce, error);
    }
    if (status == EXTVM_OK) {
        status = read_optional("ModifiedAccount.balance", wire->balance, arena, &account->balance,
                               error);
    }
    account->code = from_protobuf(wire->code);
    return status == EXTVM_OK ? read_storage(wire, arena, account, error) : status;
}

static extvm_status read_log(const Kevm__LogEntry *wire, struct arena *arena,
                             extvm_log_entry *entry, extvm_error *error) {
    extvm_word *topics = arena_array(arena, wire->n_topics, sizeof *topics);
    if (topics == NULL && wire->n_topics > 0) {
        return protobuf_no_memory(arena, "log topics", error);
    }
    extvm_status status =
        read_address_field("LogEntry.address", wire->address, &entry->address, error);
    for (size_t i = 0; i < wire->n_topics && status == EXTVM_OK; i++) {
        status = read_word_field("a topic of LogEntry", wire->topics[i], &topics[i], error);
    }
    entry->topics = topics;
    entry->topic_count = wire->n_topics;
    entry->data = from_protobuf(wire->data);
    return status;
}

static extvm_status read_changes(const Kevm__CallResult *wire, extvm_result *result,
                                 extvm_error *error) {
    struct arena *arena = &result->arena;
    result->modified = arena_array(arena, wire->n_modified_accounts, sizeof *result->modified);
    result->logs = arena_array(arena, wire->n_logs, sizeof *result->logs);
    if (arena->failed) {
        return protobuf_no_memory(arena, "a CallResult", error);
    }
    result->modified_count = wire->n_modified_accounts;
    result->log_count = wire->n_logs;
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < wire->n_modified_accounts && status == EXTVM_OK; i++) {
        status = read_modified(wire->modified_accounts[i], arena, &result->modified[i], error);
    }
    for (size_t i = 0; i < wire->n_logs && status == EXTVM_OK; i++) {
        status = read_log(wire->logs[i], arena, &result->logs[i], error);
    }
    return status;
}

static extvm_status read_lists(const Kevm__CallResult *wire, extvm_result *result,
                               extvm_error *error) {
    extvm_status status =
        read_address_fields("an address of deletedAccounts", wire->deleted_accounts,
                            wire->n_deleted_accounts, &result->arena, &result->deleted, error);
    if (status == EXTVM_OK) {
        result->deleted_count = wire->n_deleted_accounts;
        status =
            read_address_fields("an address of touchedAccounts", wire->touched_accounts,
                                wire->n_touched_accounts, &result->arena, &result->touched, error);
    }
    if (status == EXTVM_OK) {
        result->touched_count = wire->n_touched_accounts;
    }
    if (status == EXTVM_OK && wire->access_list != NULL) {
        status =
            access_list_from_wire(wire->access_list, &result->arena, &result->access_list, error);
    }
    return status;
}

static extvm_status read_result(const Kevm__CallResult *wire, extvm_result *result,
                                extvm_error *error) {
    result->return_data = from_protobuf(wire->return_data);
    result->error = wire->error;
    extvm_status status = read_optional("CallResult.returnCode", wire->return_code, &result->arena,
                                        &result->return_code, error);
    if (status == EXTVM_OK) {
        status = read_unsigned_field("CallResult.gasRemaining", wire->gas_remaining, &result->arena,
                                     &result->gas_remaining, error);
    }
    if (status == EXTVM_OK) {
        status = read_unsigned_field("CallResult.gasRefund", wire->gas_refund, &result->arena,
                                     &result->gas_refund, error);
    }
    if (status == EXTVM_OK) {
        status = read_changes(wire, result, error);
    }
    return status == EXTVM_OK ? read_lists(wire, result, error) : status;
}

/* `*out` stays NULL when the message is no result after all: of two members of the oneof the last
 * counts. */
static extvm_status decode_result(extvm_bytes body, const extvm_allocator *allocator,
                                  extvm_result **out, extvm_error *error) {
    extvm_result *result = result_new(allocator);
    if (result == NULL) {
        return error_no_memory(error, "a CallResult");
    }
    ProtobufCMessage *decoded;
    extvm_status status =
        protobuf_decode(&kevm__vmquery__descriptor, body, &result->arena, &decoded, error);
    const Kevm__VMQuery *message = (const Kevm__VMQuery *)decoded;
    bool is_result = status == EXTVM_OK && message->query_case == KEVM__VMQUERY__QUERY_CALL_RESULT;
    if (is_result) {
        status = read_result(message->call_result, result, error);
    }
    if (is_result && status == EXTVM_OK) {
        *out = result;
    } else {
        extvm_result_free(result);
    }
    return status;
}

/* A result is field 5 of VMQuery. A message that begins so is decoded into the memory of a result,
 * which the caller keeps; all others into `arena`, which is used again for each. */
enum { RESULT_TAG = 5 << 3 | 2 };

extvm_status kevm_decode_vm_message(extvm_bytes body, struct arena *arena,
                                    struct vm_message *message, extvm_error *error) {
    message->result = NULL;
    if (body.size > 0 && body.data[0] == RESULT_TAG) {
        extvm_status status = decode_result(body, arena->allocator, &message->result, error);
        if (status != EXTVM_OK || message->result != NULL) {
            return status;
        }
    }
    ProtobufCMessage *decoded;
    extvm_status status = protobuf_decode(&kevm__vmquery__descriptor, body, arena, &decoded, error);
    if (status != EXTVM_OK) {
        return status;
    }
    if (((Kevm__VMQuery *)decoded)->query_case == KEVM__VMQUERY__QUERY_CALL_RESULT) {
        return decode_result(body, arena->allocator, &message->result, error);
    }
    return read_query((Kevm__VMQuery *)decoded, arena, &message->query, error);
}
