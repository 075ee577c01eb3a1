/* Both ends of IELE's protocol, as far as it is its own: Hello, CallContext, code coverage, and the
 * rules by which the shared messages are read and written (protocol/iele.md, sections 2, 4, 7). */
#include <string.h>

#include <extvm/integer.h>

#include "common/error.h"
#include "common/messages.h"
#include "iele.h"
#include "iele.pb-c.h"

/* -- the node's end -- */

bool iele_encode_hello(const extvm_call *first_call, struct buffer *out) {
    (void)first_call;
    Iele__IeleConfig config = IELE__IELE_CONFIG__INIT;
    Iele__Hello hello = IELE__HELLO__INIT;
    hello.version = (char *)(uintptr_t)iele_protocol.version;
    hello.config_case = IELE__HELLO__CONFIG_IELE_CONFIG;
    hello.iele_config = &config;
    return protobuf_encode(&hello, out);
}

bool iele_encode_call(const extvm_call *call, struct arena *scratch, struct buffer *out) {
    (void)scratch;
    Vm__BlockHeader header;
    const struct context_fields fields = messages_context_fields(call, &header);
    Iele__IeleConfig config = IELE__IELE_CONFIG__INIT;
    Iele__CallContext context = IELE__CALL_CONTEXT__INIT;
    context.caller_addr = fields.caller;
    context.recipient_addr = fields.recipient;
    context.input_data = fields.input;
    context.call_value = fields.value;
    context.gas_price = fields.gas_price;
    context.gas_provided = fields.gas_provided;
    context.block_header = &header;
    context.config_case = IELE__CALL_CONTEXT__CONFIG_IELE_CONFIG;
    context.iele_config = &config;
    return protobuf_encode(&context, out);
}

/* -- the VM's end -- */

extvm_status iele_decode_call(extvm_bytes body, struct arena *arena, extvm_call *call,
                              extvm_error *error) {
    ProtobufCMessage *message;
    *call = (extvm_call){.recipient = NULL};
    extvm_status status =
        protobuf_decode(&iele__call_context__descriptor, body, arena, &message, error);
    if (status != EXTVM_OK) {
        return status;
    }
    const Iele__CallContext *context = (const Iele__CallContext *)message;
    const struct context_fields fields = {
        context->caller_addr, context->recipient_addr, context->input_data,  context->call_value,
        context->gas_price,   context->gas_provided,   context->block_header};
    return messages_read_context(&fields, arena, call, error);
}

/* -- what differs in the shared messages -- */

static extvm_status read_coverage(extvm_bytes message, struct arena *arena,
                                  extvm_code_coverage *coverage, extvm_error *error) {
    ProtobufCMessage *decoded;
    extvm_status status =
        protobuf_decode(&iele__code_coverage__descriptor, message, arena, &decoded, error);
    if (status != EXTVM_OK) {
        return status;
    }
    const Iele__CodeCoverage *one = (const Iele__CodeCoverage *)decoded;
    coverage->code = from_protobuf(one->bytecode);
    coverage->coverage = from_protobuf(one->coverage);
    if (one->coverage.len > one->bytecode.len) {
        /* A byte for each instruction, and no instruction is shorter (section 10). */
        return error_set(error, EXTVM_MALFORMED_MESSAGE,
                         "CodeCoverage.coverage has %zu bytes for a bytecode of %zu",
                         one->coverage.len, one->bytecode.len);
    }
    return read_word_field("CodeCoverage.codehash", one->codehash, &coverage->code_hash, error);
}

static extvm_status read_extra(struct wire result_fields, uint32_t number, size_t count,
                               extvm_result *result, extvm_error *error) {
    struct wire_field field;
    extvm_code_coverage *coverage = arena_array(&result->arena, count, sizeof *coverage);
    if (coverage == NULL && count > 0) {
        return error_no_memory(error, "code coverage");
    }
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < count && status == EXTVM_OK && wire_find(&result_fields, number, &field);
         i++) {
        status = read_coverage((extvm_bytes){field.data, field.size}, &result->arena, &coverage[i],
                               error);
    }
    result->coverage = coverage;
    result->coverage_count = count;
    result->arena.maximum = SIZE_MAX; /* what the decoding set was for the coverage alone */
    return status;
}

static bool write_extra(const extvm_result *result, struct arena *arena, Vm__CallResult *wire) {
    wire->extra = arena_array(arena, result->coverage_count, sizeof *wire->extra);
    for (size_t i = 0; wire->extra != NULL && i < result->coverage_count; i++) {
        Iele__CodeCoverage one = IELE__CODE_COVERAGE__INIT;
        one.codehash = word_field(&result->coverage[i].code_hash);
        one.bytecode = to_protobuf(result->coverage[i].code);
        one.coverage = to_protobuf(result->coverage[i].coverage);
        if (!protobuf_pack(&one, arena, &wire->extra[i])) {
            return false;
        }
        wire->n_extra = i + 1;
    }
    return !arena->failed;
}

/* The VM takes a byte more than it needs for the numbers -2^(8k-1) (section 4.2). */
static ProtobufCBinaryData integer_from_vm(extvm_bytes integer, struct arena *arena) {
    integer = extvm_integer_normalise(integer);
    bool is_power = integer.data[0] == 0x80;
    for (size_t i = 1; i < integer.size && is_power; i++) {
        is_power = integer.data[i] == 0;
    }
    uint8_t *wide = is_power ? arena_allocate(arena, integer.size + 1) : NULL;
    if (wide == NULL) {
        return to_protobuf(integer);
    }
    wide[0] = 0xff;
    memcpy(wide + 1, integer.data, integer.size);
    return (ProtobufCBinaryData){integer.size + 1, wide};
}

static const struct message_rules rules = {
    .read_integer = read_signed_field,
    .read_storage_answer = read_signed_field,
    .integer_from_vm = integer_from_vm,
    .is_signed = true,
    .leaves_out = false,
    .error_is_code = true, /* section 10.3: a program that reverts with 0 leaves no trace of it */
    .read_extra = read_extra,
    .write_extra = write_extra,
};

extvm_status iele_decode_vm_message(extvm_bytes body, struct arena *arena,
                                    struct vm_message *message, extvm_error *error) {
    return messages_decode_vm_message(&rules, body, arena, message, error);
}

extvm_status iele_decode_answer(extvm_bytes body, const struct query *query, struct arena *arena,
                                struct answer *answer, extvm_error *error) {
    return messages_decode_answer(&rules, body, query, arena, answer, error);
}

bool iele_encode_query(const struct query *query, struct buffer *out) {
    return messages_encode_query(&rules, query, out);
}

bool iele_encode_result(const extvm_result *result, struct arena *scratch, struct buffer *out) {
    return messages_encode_result(&rules, result, scratch, out);
}
