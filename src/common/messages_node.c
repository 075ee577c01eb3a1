/* The node's end of the messages that all protocols share: CallContext and answers are encoded,
 * queries and results decoded (protocol/kevm.md and protocol/iele.md, sections 6, 7 and 10). */
#include <extvm/integer.h>

#include "error.h"
#include "messages.h"
#include "result_read.h"

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

/* -- what the VM sends -- */

/* A result is field 5 of VMQuery, and may be large; all others are small, and are decoded into
 * `arena`, which is used again for each. */
enum { RESULT_TAG = 5 << 3 | 2 };

extvm_status messages_decode_vm_message(const struct message_rules *rules, extvm_bytes body,
                                        struct arena *arena, struct vm_message *message,
                                        extvm_error *error) {
    message->result = NULL;
    if (body.size > 0 && body.data[0] == RESULT_TAG) {
        extvm_status status = result_read(rules, body, arena->allocator, message, error);
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
        return result_read(rules, body, arena->allocator, message, error);
    }
    return read_query(rules, (Vm__VMQuery *)decoded, arena, &message->query, error);
}
