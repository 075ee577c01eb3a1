/* The node's end of the messages that all protocols share: CallContext and answers are encoded,
 * queries and results decoded (protocol/kevm.md and protocol/iele.md, sections 6, 7 and 10). */
#include <extvm/integer.h>

#include "error.h"
#include "messages.h"

static void header_to_wire(const extvm_block *block, Vm__BlockHeader *header) {
    vm__block_header__init(header);
    header->beneficiary = address_field(&block->beneficiary);
    header->difficulty = integer_field(block->difficulty);
    header->number = integer_field(block->number);
    header->gas_limit = integer_field(block->gas_limit);
    header->unix_timestamp = (int64_t)block->timestamp;
}

struct context_fields messages_context_fields(const extvm_call *call, Vm__BlockHeader *header) {
    header_to_wire(&call->block, header);
    return (struct context_fields){
        .caller = address_field(&call->caller),
        .recipient = call->recipient != NULL ? address_field(call->recipient)
                                             : to_protobuf((extvm_bytes){NULL, 0}),
        .input = to_protobuf(call->input),
        .value = integer_field(call->value),
        .gas_price = integer_field(call->gas_price),
        .gas_provided = integer_field(call->gas_provided),
        .header = header,
    };
}

/* An account exists when its nonce or balance field is not empty (section 6.1). */
static bool encode_account(const struct answer *answer, struct buffer *out) {
    Vm__Account account = VM__ACCOUNT__INIT;
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

bool messages_encode_answer(const struct query *query, const struct answer *answer,
                            struct buffer *out) {
    Vm__StorageData data = VM__STORAGE_DATA__INIT;
    Vm__Code code = VM__CODE__INIT;
    Vm__Blockhash hash = VM__BLOCKHASH__INIT;
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

static extvm_status read_query(const struct message_rules *rules, const Vm__VMQuery *message,
                               struct arena *arena, struct query *query, extvm_error *error) {
    extvm_status status;
    switch (message->query_case) {
    case VM__VMQUERY__QUERY_GET_ACCOUNT:
        query->kind = QUERY_ACCOUNT;
        return read_address_field("GetAccount.address", message->get_account->address,
                                  &query->address, error);
    case VM__VMQUERY__QUERY_GET_STORAGE_DATA:
        query->kind = QUERY_STORAGE;
        status = read_address_field("GetStorageData.address", message->get_storage_data->address,
                                    &query->address, error);
        return status != EXTVM_OK
                   ? status
                   : rules->read_integer("GetStorageData.offset", message->get_storage_data->offset,
                                         arena, &query->key, error);
    case VM__VMQUERY__QUERY_GET_CODE:
        query->kind = QUERY_CODE;
        return read_address_field("GetCode.address", message->get_code->address, &query->address,
                                  error);
    case VM__VMQUERY__QUERY_GET_BLOCKHASH:
        query->kind = QUERY_BLOCK_HASH;
        query->block = message->get_blockhash->offset;
        return EXTVM_OK;
    default:
        return error_set(error, EXTVM_EMPTY_QUERY,
                         "the VM sent a query with nothing in it: check which VM it is and its "
                         "version");
    }
}

/* -- results -- */

/* A number that the VM always sends, 0 as 00: without it a result would say 0 by saying nothing. */
static extvm_status read_present(read_field *read, const char *name, ProtobufCBinaryData field,
                                 struct arena *arena, extvm_bytes *out, extvm_error *error) {
    return field.len > 0 ? read(name, field, arena, out, error)
                         : error_set(error, EXTVM_MALFORMED_MESSAGE, "%s is missing", name);
}

/* Some servers leave out what is unchanged (protocol/kevm.md, section 14). */
static extvm_status read_optional(const struct message_rules *rules, read_field *read,
                                  const char *name, ProtobufCBinaryData field, struct arena *arena,
                                  extvm_bytes *out, extvm_error *error) {
    *out = (extvm_bytes){NULL, 0};
    return field.len == 0 && rules->leaves_out ? EXTVM_OK
                                               : read_present(read, name, field, arena, out, error);
}

static extvm_status read_storage(const struct message_rules *rules, const Vm__ModifiedAccount *wire,
                                 struct arena *arena, extvm_modified_account *account,
                                 extvm_error *error) {
    extvm_storage_update *updates = arena_array(arena, wire->n_storage_updates, sizeof *updates);
    if (updates == NULL && wire->n_storage_updates > 0) {
        return protobuf_no_memory(arena, "storage updates", error);
    }
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < wire->n_storage_updates && status == EXTVM_OK; i++) {
        const Vm__StorageUpdate *update = wire->storage_updates[i];
        status = rules->read_integer("StorageUpdate.offset", update->offset, arena, &updates[i].key,
                                     error);
        if (status == EXTVM_OK) {
            status = rules->read_integer("StorageUpdate.data", update->data, arena,
                                         &updates[i].value, error);
        }
    }
    account->storage = updates;
    account->storage_count = wire->n_storage_updates;
    return status;
}

static extvm_status read_modified(const struct message_rules *rules,
                                  const Vm__ModifiedAccount *wire, struct arena *arena,
                                  extvm_modified_account *account, extvm_error *error) {
    extvm_status status =
        read_address_field("ModifiedAccount.address", wire->address, &account->address, error);
    if (status == EXTVM_OK) {
        status = read_optional(rules, read_unsigned_field, "ModifiedAccount.nonce", wire->nonce,
                               arena, &account->nonce, error);
    }
    if (status == EXTVM_OK) {
        status = read_optional(rules, read_unsigned_field, "ModifiedAccount.balance", wire->balance,
                               arena, &account->balance, error);
    }
    account->code = from_protobuf(wire->code);
    return status == EXTVM_OK ? read_storage(rules, wire, arena, account, error) : status;
}

enum { TOPICS_MAXIMUM = 4 /* LOG4; protocol/iele-vm.md: "log with 0 … 4 topics" */ };

static extvm_status read_log(const Vm__LogEntry *wire, struct arena *arena, extvm_log_entry *entry,
                             extvm_error *error) {
    if (wire->n_topics > TOPICS_MAXIMUM) {
        return error_set(error, EXTVM_MALFORMED_MESSAGE, "a LogEntry has %zu topics: at most %d",
                         wire->n_topics, TOPICS_MAXIMUM);
    }
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

static extvm_status read_changes(const struct message_rules *rules, const Vm__CallResult *wire,
                                 extvm_result *result, extvm_error *error) {
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
        status =
            read_modified(rules, wire->modified_accounts[i], arena, &result->modified[i], error);
    }
    for (size_t i = 0; i < wire->n_logs && status == EXTVM_OK; i++) {
        status = read_log(wire->logs[i], arena, &result->logs[i], error);
    }
    return status;
}

static extvm_status read_lists(const Vm__CallResult *wire, extvm_result *result,
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
    return status;
}

static extvm_status read_result(const struct message_rules *rules, const Vm__CallResult *wire,
                                extvm_result *result, extvm_error *error) {
    result->return_data = from_protobuf(wire->return_data);
    result->error = wire->error;
    extvm_status status =
        read_optional(rules, rules->read_integer, "CallResult.returnCode", wire->return_code,
                      &result->arena, &result->return_code, error);
    if (status == EXTVM_OK) {
        /* A failure may do without where servers leave things out: it has used up everything. */
        status =
            wire->error && rules->leaves_out && wire->gas_remaining.len == 0
                ? read_unsigned_field("CallResult.gasRemaining", wire->gas_remaining,
                                      &result->arena, &result->gas_remaining, error)
                : read_present(read_unsigned_field, "CallResult.gasRemaining", wire->gas_remaining,
                               &result->arena, &result->gas_remaining, error);
    }
    if (status == EXTVM_OK) {
        status = read_unsigned_field("CallResult.gasRefund", wire->gas_refund, &result->arena,
                                     &result->gas_refund, error);
    }
    if (status == EXTVM_OK) {
        status = read_changes(rules, wire, result, error);
    }
    if (status == EXTVM_OK) {
        status = read_lists(wire, result, error);
    }
    return status == EXTVM_OK ? rules->read_extra(wire, result, error) : status;
}

/* `*out` stays NULL when the message is no result after all: of two members of the oneof the last
 * counts. */
static extvm_status decode_result(const struct message_rules *rules, extvm_bytes body,
                                  const extvm_allocator *allocator, extvm_result **out,
                                  extvm_error *error) {
    extvm_result *result = result_new(allocator);
    if (result == NULL) {
        return error_no_memory(error, "a CallResult");
    }
    ProtobufCMessage *decoded;
    extvm_status status =
        protobuf_decode(&vm__vmquery__descriptor, body, &result->arena, &decoded, error);
    const Vm__VMQuery *message = (const Vm__VMQuery *)decoded;
    bool is_result = status == EXTVM_OK && message->query_case == VM__VMQUERY__QUERY_CALL_RESULT;
    if (is_result) {
        status = read_result(rules, message->call_result, result, error);
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

extvm_status messages_decode_vm_message(const struct message_rules *rules, extvm_bytes body,
                                        struct arena *arena, struct vm_message *message,
                                        extvm_error *error) {
    message->result = NULL;
    if (body.size > 0 && body.data[0] == RESULT_TAG) {
        extvm_status status = decode_result(rules, body, arena->allocator, &message->result, error);
        if (status != EXTVM_OK || message->result != NULL) {
            return status;
        }
    }
    ProtobufCMessage *decoded;
    extvm_status status = protobuf_decode(&vm__vmquery__descriptor, body, arena, &decoded, error);
    if (status != EXTVM_OK) {
        return status;
    }
    if (((Vm__VMQuery *)decoded)->query_case == VM__VMQUERY__QUERY_CALL_RESULT) {
        return decode_result(rules, body, arena->allocator, &message->result, error);
    }
    return read_query(rules, (Vm__VMQuery *)decoded, arena, &message->query, error);
}
