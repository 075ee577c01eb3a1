/* The VM's end of the messages that all protocols share: Hello and CallContext are decoded, results
 * encoded. */
#include <string.h>

#include <extvm/integer.h>

#include "error.h"
#include "messages.h"

extvm_status messages_decode_hello(extvm_bytes body, struct arena *arena, extvm_bytes *version,
                                   extvm_error *error) {
    ProtobufCMessage *message;
    extvm_status status = protobuf_decode(&vm__hello__descriptor, body, arena, &message, error);
    if (status == EXTVM_OK) {
        const char *text = ((Vm__Hello *)message)->version;
        *version = (extvm_bytes){(const uint8_t *)text, strlen(text)};
    }
    return status;
}

/* -- CallContext -- */

static extvm_status read_header(const Vm__BlockHeader *header, struct arena *arena,
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

static extvm_status read_recipient(const struct context_fields *fields, struct arena *arena,
                                   extvm_call *call, extvm_error *error) {
    if (fields->recipient.len == 0) {
        return EXTVM_OK; /* a create */
    }
    extvm_address *recipient = arena_array(arena, 1, sizeof *recipient);
    if (recipient == NULL) {
        return protobuf_no_memory(arena, "a CallContext", error);
    }
    call->recipient = recipient;
    return read_address_field("CallContext.recipientAddr", fields->recipient, recipient, error);
}

static extvm_status read_numbers(const struct context_fields *fields, struct arena *arena,
                                 extvm_call *call, extvm_error *error) {
    extvm_status status =
        read_unsigned_field("CallContext.callValue", fields->value, arena, &call->value, error);
    if (status == EXTVM_OK) {
        status = read_unsigned_field("CallContext.gasPrice", fields->gas_price, arena,
                                     &call->gas_price, error);
    }
    if (status == EXTVM_OK) {
        status = read_unsigned_field("CallContext.gasProvided", fields->gas_provided, arena,
                                     &call->gas_provided, error);
    }
    return status;
}

extvm_status messages_read_context(const struct context_fields *fields, struct arena *arena,
                                   extvm_call *call, extvm_error *error) {
    *call = (extvm_call){.input = from_protobuf(fields->input)};
    extvm_status status =
        read_address_field("CallContext.callerAddr", fields->caller, &call->caller, error);
    if (status == EXTVM_OK) {
        status = read_recipient(fields, arena, call, error);
    }
    if (status == EXTVM_OK) {
        status = read_numbers(fields, arena, call, error);
    }
    return status == EXTVM_OK && fields->header != NULL
               ? read_header(fields->header, arena, &call->block, error)
               : status;
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

static void storage_to_wire(const struct message_rules *rules,
                            const extvm_modified_account *account, struct arena *arena,
                            Vm__ModifiedAccount *wire) {
    size_t count = account->storage_count;
    Vm__StorageUpdate *updates = arena_array(arena, count, sizeof *updates);
    wire->storage_updates = arena_array(arena, count, sizeof(Vm__StorageUpdate *));
    if (updates == NULL || wire->storage_updates == NULL) {
        return;
    }
    wire->n_storage_updates = count;
    for (size_t i = 0; i < count; i++) {
        vm__storage_update__init(&updates[i]);
        updates[i].offset = rules->integer_from_vm(account->storage[i].key, arena);
        updates[i].data = rules->integer_from_vm(account->storage[i].value, arena);
        wire->storage_updates[i] = &updates[i];
    }
}

static void modified_to_wire(const struct message_rules *rules, const extvm_result *result,
                             struct arena *arena, Vm__CallResult *wire) {
    size_t count = result->modified_count;
    Vm__ModifiedAccount *accounts = arena_array(arena, count, sizeof *accounts);
    wire->modified_accounts = arena_array(arena, count, sizeof(Vm__ModifiedAccount *));
    if (accounts == NULL || wire->modified_accounts == NULL) {
        return;
    }
    wire->n_modified_accounts = count;
    for (size_t i = 0; i < count; i++) {
        const extvm_modified_account *account = &result->modified[i];
        vm__modified_account__init(&accounts[i]);
        accounts[i].address = address_field(&account->address);
        accounts[i].nonce = integer_field(account->nonce);
        accounts[i].balance = integer_field(account->balance);
        accounts[i].code = to_protobuf(account->code);
        storage_to_wire(rules, account, arena, &accounts[i]);
        wire->modified_accounts[i] = &accounts[i];
    }
}

static void logs_to_wire(const extvm_result *result, struct arena *arena, Vm__CallResult *wire) {
    size_t count = result->log_count;
    Vm__LogEntry *entries = arena_array(arena, count, sizeof *entries);
    wire->logs = arena_array(arena, count, sizeof(Vm__LogEntry *));
    if (entries == NULL || wire->logs == NULL) {
        return;
    }
    wire->n_logs = count;
    for (size_t i = 0; i < count; i++) {
        const extvm_log_entry *entry = &result->logs[i];
        vm__log_entry__init(&entries[i]);
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

bool messages_encode_result(const struct message_rules *rules, const extvm_result *result,
                            struct arena *scratch, struct buffer *out) {
    Vm__CallResult wire = VM__CALL_RESULT__INIT;
    wire.return_data = to_protobuf(result->return_data);
    wire.return_code = rules->integer_from_vm(result->return_code, scratch);
    wire.gas_remaining = integer_field(result->gas_remaining);
    wire.gas_refund = integer_field(result->gas_refund);
    wire.error = rules->error_is_code ? extvm_integer_sign(result->return_code) != 0
                                      : result->outcome != EXTVM_OUTCOME_SUCCESS;
    modified_to_wire(rules, result, scratch, &wire);
    logs_to_wire(result, scratch, &wire);
    wire.deleted_accounts = addresses_to_wire(result->deleted, result->deleted_count, scratch);
    wire.n_deleted_accounts = result->deleted_count;
    wire.touched_accounts = addresses_to_wire(result->touched, result->touched_count, scratch);
    wire.n_touched_accounts = result->touched_count;
    if (!rules->write_extra(result, scratch, &wire) || scratch->failed) {
        return false;
    }
    Vm__VMQuery message = VM__VMQUERY__INIT;
    message.query_case = VM__VMQUERY__QUERY_CALL_RESULT;
    message.call_result = &wire;
    return protobuf_encode(&message, out);
}
