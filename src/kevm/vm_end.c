/* The VM's end of KEVM's protocol: Hello, CallContext and answers are decoded, queries and results
 * encoded. */
#include <string.h>

#include <extvm/integer.h>

#include "codec.h"
#include "common/error.h"
#include "common/protobuf.h"
#include "kevm.h"

extvm_status kevm_decode_hello(extvm_bytes body, struct arena *arena, extvm_bytes *version,
                               extvm_error *error) {
    ProtobufCMessage *message;
    extvm_status status = protobuf_decode(&kevm__hello__descriptor, body, arena, &message, error);
    if (status == EXTVM_OK) {
        const char *text = ((Kevm__Hello *)message)->version;
        *version = (extvm_bytes){(const uint8_t *)text, strlen(text)};
    }
    return status;
}

/* -- CallContext -- */

static extvm_status read_header(const Kevm__BlockHeader *header, struct arena *arena,
                                extvm_block *block, extvm_error *error) {
    const struct {
        const char *name;
        ProtobufCBinaryData field;
        extvm_bytes *out;
    } numbers[] = {
        {"BlockHeader.difficulty", header->difficulty, &block->difficulty},
        {"BlockHeader.number", header->number, &block->number},
        {"BlockHeader.gasLimit", header->gas_limit, &block->gas_limit},
    };
    if (header->unix_timestamp < 0) {
        return error_set(error, EXTVM_MALFORMED_MESSAGE, "BlockHeader.unixTimestamp is negative");
    }
    block->timestamp = (uint64_t)header->unix_timestamp;
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && status == EXTVM_OK; i++) {
        status =
            read_unsigned_field(numbers[i].name, numbers[i].field, arena, numbers[i].out, error);
    }
    return status == EXTVM_OK ? read_address_field("BlockHeader.beneficiary", header->beneficiary,
                                                   &block->beneficiary, error)
                              : status;
}

static extvm_status read_recipient(const Kevm__CallContext *context, struct arena *arena,
                                   extvm_call *call, extvm_error *error) {
    if (context->recipient_addr.len == 0) {
        return EXTVM_OK; /* a create */
    }
    extvm_address *recipient = arena_array(arena, 1, sizeof *recipient);
    if (recipient == NULL) {
        return protobuf_no_memory(arena, "a CallContext", error);
    }
    call->recipient = recipient;
    return read_address_field("CallContext.recipientAddr", context->recipient_addr, recipient,
                              error);
}

static extvm_status read_numbers(const Kevm__CallContext *context, struct arena *arena,
                                 extvm_call *call, extvm_error *error) {
    extvm_status status = read_unsigned_field("CallContext.callValue", context->call_value, arena,
                                              &call->value, error);
    if (status == EXTVM_OK) {
        status = read_unsigned_field("CallContext.gasPrice", context->gas_price, arena,
                                     &call->gas_price, error);
    }
    if (status == EXTVM_OK) {
        status = read_unsigned_field("CallContext.gasProvided", context->gas_provided, arena,
                                     &call->gas_provided, error);
    }
    return status;
}

static extvm_status read_access_list(const Kevm__CallContext *context, struct arena *arena,
                                     extvm_call *call, extvm_error *error) {
    if (context->tx_type != KEVM__CALL_CONTEXT__TX_TYPE__ACCESSLIST) {
        call->type = EXTVM_TRANSACTION_LEGACY; /* any other number too (section 7) */
        return EXTVM_OK;
    }
    call->type = EXTVM_TRANSACTION_ACCESS_LIST;
    if (context->extra_data_case != KEVM__CALL_CONTEXT__EXTRA_DATA_ACCESS_LIST) {
        return error_set(error, EXTVM_ACCESS_LIST_MISSING,
                         "a CallContext of type ACCESSLIST has no accessList");
    }
    extvm_access_list *list = arena_array(arena, 1, sizeof *list);
    if (list == NULL) {
        return protobuf_no_memory(arena, "a CallContext", error);
    }
    call->access_list = list;
    return access_list_from_wire(context->access_list, arena, list, error);
}

extvm_status kevm_decode_call(extvm_bytes body, struct arena *arena, extvm_call *call,
                              extvm_error *error) {
    ProtobufCMessage *message;
    *call = (extvm_call){.recipient = NULL};
    extvm_status status =
        protobuf_decode(&kevm__call_context__descriptor, body, arena, &message, error);
    if (status != EXTVM_OK) {
        return status;
    }
    const Kevm__CallContext *context = (const Kevm__CallContext *)message;
    call->input = from_protobuf(context->input_data);
    if (context->config_case == KEVM__CALL_CONTEXT__CONFIG_ETHEREUM_CONFIG) {
        config_from_wire(context->ethereum_config, &call->chain);
    }
    status =
        read_address_field("CallContext.callerAddr", context->caller_addr, &call->caller, error);
    if (status == EXTVM_OK) {
        status = read_recipient(context, arena, call, error);
    }
    if (status == EXTVM_OK) {
        status = read_numbers(context, arena, call, error);
    }
    if (status == EXTVM_OK && context->block_header != NULL) {
        status = read_header(context->block_header, arena, &call->block, error);
    }
    return status == EXTVM_OK ? read_access_list(context, arena, call, error) : status;
}

/* -- answers -- */

static extvm_status read_account(const Kevm__Account *account, struct arena *arena,
                                 struct answer *answer, extvm_error *error) {
    answer->found = account->nonce.len > 0 || account->balance.len > 0;
    answer->account.has_code = answer->found && !account->code_empty;
    answer->account.has_storage = account->has_storage;
    extvm_status status =
        read_unsigned_field("Account.nonce", account->nonce, arena, &answer->account.nonce, error);
    return status == EXTVM_OK ? read_unsigned_field("Account.balance", account->balance, arena,
                                                    &answer->account.balance, error)
                              : status;
}

/* Read signed, and a negative number is the word that it wraps to (section 4.3). */
static extvm_status read_storage(ProtobufCBinaryData field, struct arena *arena,
                                 struct answer *answer, extvm_error *error) {
    extvm_bytes value = extvm_integer_normalise(from_protobuf(field));
    answer->found = true;
    if (extvm_integer_sign(value) >= 0 || value.size > EXTVM_WORD_SIZE) {
        return read_unsigned_field("StorageData.data", to_protobuf(value), arena, &answer->bytes,
                                   error);
    }
    uint8_t word[EXTVM_WORD_SIZE];
    memset(word, 0xff, sizeof word);
    memcpy(word + EXTVM_WORD_SIZE - value.size, value.data, value.size);
    ProtobufCBinaryData wrapped = {sizeof word, word}; /* its top bit is set: it will be copied */
    return read_unsigned_field("StorageData.data", wrapped, arena, &answer->bytes, error);
}

static extvm_status read_hash(ProtobufCBinaryData field, struct arena *arena, struct answer *answer,
                              extvm_error *error) {
    extvm_bytes number;
    extvm_status status = read_unsigned_field("Blockhash.hash", field, arena, &number, error);
    answer->found = field.len > 0;
    if (status == EXTVM_OK) {
        extvm_integer_to_word(number, &answer->hash);
    }
    return status;
}

static const ProtobufCMessageDescriptor *answer_descriptor(enum query_kind kind) {
    const ProtobufCMessageDescriptor *const descriptors[] = {
        [QUERY_ACCOUNT] = &kevm__account__descriptor,
        [QUERY_STORAGE] = &kevm__storage_data__descriptor,
        [QUERY_CODE] = &kevm__code__descriptor,
        [QUERY_BLOCK_HASH] = &kevm__blockhash__descriptor,
    };
    return descriptors[kind];
}

extvm_status kevm_decode_answer(extvm_bytes body, const struct query *query, struct arena *arena,
                                struct answer *answer, extvm_error *error) {
    ProtobufCMessage *message;
    extvm_status status =
        protobuf_decode(answer_descriptor(query->kind), body, arena, &message, error);
    if (status != EXTVM_OK) {
        return status;
    }
    switch (query->kind) {
    case QUERY_ACCOUNT:
        return read_account((const Kevm__Account *)message, arena, answer, error);
    case QUERY_STORAGE:
        return read_storage(((const Kevm__StorageData *)message)->data, arena, answer, error);
    case QUERY_CODE:
        answer->bytes = from_protobuf(((const Kevm__Code *)message)->code);
        answer->found = answer->bytes.size > 0;
        return EXTVM_OK;
    case QUERY_BLOCK_HASH:
        return read_hash(((const Kevm__Blockhash *)message)->hash, arena, answer, error);
    }
    return EXTVM_OK;
}

/* -- queries -- */

bool kevm_encode_query(const struct query *query, struct buffer *out) {
    Kevm__GetAccount account = KEVM__GET_ACCOUNT__INIT;
    Kevm__GetStorageData storage = KEVM__GET_STORAGE_DATA__INIT;
    Kevm__GetCode code = KEVM__GET_CODE__INIT;
    Kevm__GetBlockhash hash = KEVM__GET_BLOCKHASH__INIT;
    Kevm__VMQuery message = KEVM__VMQUERY__INIT;
    switch (query->kind) {
    case QUERY_ACCOUNT:
        account.address = address_field(&query->address);
        message.query_case = KEVM__VMQUERY__QUERY_GET_ACCOUNT;
        message.get_account = &account;
        break;
    case QUERY_STORAGE:
        storage.address = address_field(&query->address);
        storage.offset = integer_field(query->key);
        message.query_case = KEVM__VMQUERY__QUERY_GET_STORAGE_DATA;
        message.get_storage_data = &storage;
        break;
    case QUERY_CODE:
        code.address = address_field(&query->address);
        message.query_case = KEVM__VMQUERY__QUERY_GET_CODE;
        message.get_code = &code;
        break;
    case QUERY_BLOCK_HASH:
        hash.offset = (int32_t)query->block;
        message.query_case = KEVM__VMQUERY__QUERY_GET_BLOCKHASH;
        message.get_blockhash = &hash;
        break;
    }
    return protobuf_encode(&message, out);
}

/* -- CallResult -- */

static ProtobufCBinaryData *addresses_to_wire(const extvm_address *addresses, size_t count,
                                              struct arena *arena) {
    ProtobufCBinaryData *fields = arena_array(arena, count, sizeof *fields);
    for (size_t i = 0; fields != NULL && i < count; i++) {
        fields[i] = address_field(&addresses[i]);
    }
    return fields;
}

static void storage_to_wire(const extvm_modified_account *account, struct arena *arena,
                            Kevm__ModifiedAccount *wire) {
    size_t count = account->storage_count;
    Kevm__StorageUpdate *updates = arena_array(arena, count, sizeof *updates);
    wire->storage_updates = arena_array(arena, count, sizeof(Kevm__StorageUpdate *));
    if (updates == NULL || wire->storage_updates == NULL) {
        return;
    }
    wire->n_storage_updates = count;
    for (size_t i = 0; i < count; i++) {
        kevm__storage_update__init(&updates[i]);
        updates[i].offset = integer_field(account->storage[i].key);
        updates[i].data = integer_field(account->storage[i].value);
        wire->storage_updates[i] = &updates[i];
    }
}

static void modified_to_wire(const extvm_result *result, struct arena *arena,
                             Kevm__CallResult *wire) {
    size_t count = result->modified_count;
    Kevm__ModifiedAccount *accounts = arena_array(arena, count, sizeof *accounts);
    wire->modified_accounts = arena_array(arena, count, sizeof(Kevm__ModifiedAccount *));
    if (accounts == NULL || wire->modified_accounts == NULL) {
        return;
    }
    wire->n_modified_accounts = count;
    for (size_t i = 0; i < count; i++) {
        const extvm_modified_account *account = &result->modified[i];
        kevm__modified_account__init(&accounts[i]);
        accounts[i].address = address_field(&account->address);
        accounts[i].nonce = integer_field(account->nonce);
        accounts[i].balance = integer_field(account->balance);
        accounts[i].code = to_protobuf(account->code);
        storage_to_wire(account, arena, &accounts[i]);
        wire->modified_accounts[i] = &accounts[i];
    }
}

static void logs_to_wire(const extvm_result *result, struct arena *arena, Kevm__CallResult *wire) {
    size_t count = result->log_count;
    Kevm__LogEntry *entries = arena_array(arena, count, sizeof *entries);
    wire->logs = arena_array(arena, count, sizeof(Kevm__LogEntry *));
    if (entries == NULL || wire->logs == NULL) {
        return;
    }
    wire->n_logs = count;
    for (size_t i = 0; i < count; i++) {
        const extvm_log_entry *entry = &result->logs[i];
        kevm__log_entry__init(&entries[i]);
        entries[i].address = address_field(&entry->address);
        entries[i].data = to_protobuf(entry->data);
        entries[i].topics = arena_array(arena, entry->topic_count, sizeof(ProtobufCBinaryData));
        for (size_t j = 0; entries[i].topics != NULL && j < entry->topic_count; j++) {
            entries[i].topics[j] = word_field(&entry->topics[j]);
            entries[i].n_topics = j + 1;
        }
        wire->logs[i] = &entries[i];
    }
}

bool kevm_encode_result(const extvm_result *result, struct arena *scratch, struct buffer *out) {
    Kevm__CallResult wire = KEVM__CALL_RESULT__INIT;
    Kevm__AccessListData access_list;
    wire.return_data = to_protobuf(result->return_data);
    wire.return_code = integer_field(result->return_code);
    wire.gas_remaining = integer_field(result->gas_remaining);
    wire.gas_refund = integer_field(result->gas_refund);
    wire.error = result->outcome != EXTVM_OUTCOME_SUCCESS;
    modified_to_wire(result, scratch, &wire);
    logs_to_wire(result, scratch, &wire);
    wire.deleted_accounts = addresses_to_wire(result->deleted, result->deleted_count, scratch);
    wire.n_deleted_accounts = result->deleted_count;
    wire.touched_accounts = addresses_to_wire(result->touched, result->touched_count, scratch);
    wire.n_touched_accounts = result->touched_count;
    if (result->access_list.count > 0) {
        access_list_to_wire(&result->access_list, ACCESS_LIST_OF_RESULT, scratch, &access_list);
        wire.access_list = &access_list;
    }
    if (scratch->failed) {
        return false;
    }
    Kevm__VMQuery message = KEVM__VMQUERY__INIT;
    message.query_case = KEVM__VMQUERY__QUERY_CALL_RESULT;
    message.call_result = &wire;
    return protobuf_encode(&message, out);
}
