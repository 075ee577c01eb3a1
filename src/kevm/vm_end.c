/* The VM's end of KEVM's protocol, as far as it is its own: CallContext is decoded, and the rules
 * by which the shared messages are read and written. */
#include <string.h>

#include <extvm/integer.h>

#include "codec.h"
#include "common/error.h"
#include "common/messages.h"
#include "kevm.h"

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
    return access_list_from_message(context->access_list, arena, list, error);
}

extvm_status kevm_decode_call(extvm_bytes body, struct arena *arena, extvm_call *call,
                              extvm_error *error) {
    ProtobufCMessage *message;
    extvm_status status =
        protobuf_decode(&kevm__call_context__descriptor, body, arena, &message, error);
    if (status != EXTVM_OK) {
        *call = (extvm_call){.recipient = NULL};
        return status;
    }
    const Kevm__CallContext *context = (const Kevm__CallContext *)message;
    const struct context_fields fields = {
        context->caller_addr, context->recipient_addr, context->input_data,  context->call_value,
        context->gas_price,   context->gas_provided,   context->block_header};
    status = messages_read_context(&fields, arena, call, error);
    if (context->config_case == KEVM__CALL_CONTEXT__CONFIG_ETHEREUM_CONFIG) {
        config_from_wire(context->ethereum_config, &call->chain);
    }
    return status == EXTVM_OK ? read_access_list(context, arena, call, error) : status;
}

/* Read signed, and a negative number is the word that it wraps to (section 4.3). */
static extvm_status read_storage_answer(const char *name, ProtobufCBinaryData field,
                                        struct arena *arena, extvm_bytes *out, extvm_error *error) {
    extvm_bytes value = extvm_integer_normalise(from_protobuf(field));
    if (extvm_integer_sign(value) >= 0 || value.size > EXTVM_WORD_SIZE) {
        return read_unsigned_field(name, to_protobuf(value), arena, out, error);
    }
    uint8_t word[EXTVM_WORD_SIZE];
    memset(word, 0xff, sizeof word);
    memcpy(word + EXTVM_WORD_SIZE - value.size, value.data, value.size);
    ProtobufCBinaryData wrapped = {sizeof word, word}; /* its top bit is set: it will be copied */
    return read_unsigned_field(name, wrapped, arena, out, error);
}

/* CallResult.extra is the access list; of more than one the last counts. */
static extvm_status read_extra(struct wire result_fields, uint32_t number, size_t count,
                               extvm_result *result, extvm_error *error) {
    struct wire_field field = {.number = 0};
    while (wire_find(&result_fields, number, &field)) {
    }
    if (count == 0) {
        return EXTVM_OK;
    }
    return access_list_from_wire((struct wire){field.data, field.data + field.size}, &result->arena,
                                 &result->access_list, error);
}

static bool write_extra(const extvm_result *result, struct arena *arena, Vm__CallResult *wire) {
    Kevm__AccessListData list;
    if (result->access_list.count == 0) {
        return true;
    }
    wire->extra = arena_array(arena, 1, sizeof *wire->extra);
    wire->n_extra = 1;
    return wire->extra != NULL &&
           access_list_to_wire(&result->access_list, ACCESS_LIST_OF_RESULT, arena, &list) &&
           protobuf_pack(&list, arena, &wire->extra[0]);
}

static ProtobufCBinaryData integer_from_vm(extvm_bytes integer, struct arena *arena) {
    (void)arena;
    return integer_field(integer);
}

const struct message_rules kevm_message_rules = {
    .read_integer = read_unsigned_field,
    .read_storage_answer = read_storage_answer,
    .integer_from_vm = integer_from_vm,
    .is_signed = false,
    .leaves_out = true,
    .read_extra = read_extra,
    .write_extra = write_extra,
};

extvm_status kevm_decode_answer(extvm_bytes body, const struct query *query, struct arena *arena,
                                struct answer *answer, extvm_error *error) {
    return messages_decode_answer(&kevm_message_rules, body, query, arena, answer, error);
}

bool kevm_encode_query(const struct query *query, struct buffer *out) {
    return messages_encode_query(&kevm_message_rules, query, out);
}

bool kevm_encode_result(const extvm_result *result, struct arena *scratch, struct buffer *out) {
    return messages_encode_result(&kevm_message_rules, result, scratch, out);
}
