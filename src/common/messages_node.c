/* The node's end of the messages that all protocols share: CallContext is encoded, what the VM
 * sends is decoded (protocol/kevm.md and protocol/iele.md, sections 6, 7 and 10). */
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

/* The member of the oneof that counts: the last one. False when the message is broken. */
static bool find_member(struct wire wire, struct wire_field *member) {
    struct wire_field field;
    bool broken;
    *member = (struct wire_field){.number = 0};
    while (wire_next(&wire, &field, &broken)) {
        if (field.number <= MEMBER_LAST && field.type != WIRE_BYTES) {
            return false;
        }
        *member = field.number <= MEMBER_LAST ? field : *member;
    }
    return !broken;
}

extvm_status messages_decode_vm_message(const struct message_rules *rules, extvm_bytes body,
                                        struct arena *arena, struct vm_message *message,
                                        extvm_error *error) {
    struct wire_field member;
    message->result = NULL;
    if (!find_member(wire_of_bytes(body), &member)) {
        return protobuf_malformed("VMQuery", body.size, error);
    }
    switch (member.number) {
    case 0:
        return error_set(error, EXTVM_EMPTY_QUERY,
                         "the VM sent a query with nothing in it: check which VM it is and its "
                         "version");
    case MEMBER_CALL_RESULT:
        return result_read(rules, body, &member, arena->allocator, message, error);
    default:
        return messages_read_query(rules, &member, arena, &message->query, error);
    }
}
