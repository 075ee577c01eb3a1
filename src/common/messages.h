/* The messages that all protocols share (proto/vm.proto): how both ends write and read them. What
 * differs between protocols comes as rules. */
#ifndef EXTVM_COMMON_MESSAGES_H
#define EXTVM_COMMON_MESSAGES_H

#include "protobuf.h"
#include "protocol.h"
#include "vm.pb-c.h"
#include "wire.h"

typedef extvm_status read_field(const char *name, ProtobufCBinaryData field, struct arena *arena,
                                extvm_bytes *out, extvm_error *error);

struct message_rules {
    /* Integers of programs, which a protocol has signed or unsigned: storage keys and values, and
     * the return code. */
    read_field *read_integer;
    bool is_signed; /* those integers are */
    /* An answer's storage value, as the VM takes it. */
    read_field *read_storage_answer;
    /* The same integers as the VM writes them, perhaps in `arena`. */
    ProtobufCBinaryData (*integer_from_vm)(extvm_bytes integer, struct arena *arena);
    /* Whether a field that is empty in a result was left out, and stays empty; else that is wrong.
     */
    bool leaves_out;
    /* Whether CallResult.error says that the return code is not 0, and not what the outcome is. */
    bool error_is_code;
    /* The `count` fields of a CallResult with the number of CallResult.extra. */
    extvm_status (*read_extra)(struct wire result_fields, uint32_t number, size_t count,
                               extvm_result *result, extvm_error *error);
    bool (*write_extra)(const extvm_result *result, struct arena *arena, Vm__CallResult *wire);
};

/* -- reading in place -- */

static inline ProtobufCBinaryData wire_bytes(const struct wire_field *field) {
    return (ProtobufCBinaryData){field->size, field->data};
}

/* An unsigned field with a zero before it, which takes the place of the end of its length: so it is
 * canonical in place whatever its first bit is. The message cannot be gone through again then. */
static inline ProtobufCBinaryData wire_unsigned(const struct wire_field *field) {
    field->data[-1] = 0;
    return (ProtobufCBinaryData){field->size + 1, field->data - 1};
}

/* -- the CallContext; each protocol has its own, with these fields -- */

struct context_fields {
    ProtobufCBinaryData caller, recipient, input, value, gas_price, gas_provided;
    const Vm__BlockHeader *header; /* NULL: all zeros */
};

/* The fields borrow from `call` and `header`. */
struct context_fields messages_context_fields(const extvm_call *call, Vm__BlockHeader *header);

/* The other way; everything else of the call is zeros. */
extvm_status messages_read_context(const struct context_fields *fields, struct arena *arena,
                                   extvm_call *call, extvm_error *error);

/* -- what is in a VMQuery -- */

/* Its members, as in proto/vm.proto. */
enum message_member {
    MEMBER_GET_ACCOUNT = 1,
    MEMBER_GET_STORAGE_DATA,
    MEMBER_GET_CODE,
    MEMBER_GET_BLOCKHASH,
    MEMBER_CALL_RESULT,
    MEMBER_LAST = MEMBER_CALL_RESULT
};

/* A member that is no result. Errors: EXTVM_MALFORMED_MESSAGE, EXTVM_NO_MEMORY. */
extvm_status messages_read_query(const struct message_rules *rules, const struct wire_field *member,
                                 struct arena *arena, struct query *query, extvm_error *error);

/* -- the functions of a protocol table; see protocol.h -- */

extvm_status messages_decode_hello(extvm_bytes body, struct arena *arena, extvm_bytes *version,
                                   extvm_error *error);
bool messages_encode_answer(const struct query *query, const struct answer *answer,
                            struct buffer *out);
extvm_status messages_decode_vm_message(const struct message_rules *rules, extvm_bytes body,
                                        struct arena *arena, struct vm_message *message,
                                        extvm_error *error);
extvm_status messages_decode_answer(const struct message_rules *rules, extvm_bytes body,
                                    const struct query *query, struct arena *arena,
                                    struct answer *answer, extvm_error *error);
bool messages_encode_query(const struct message_rules *rules, const struct query *query,
                           struct buffer *out);
bool messages_encode_result(const struct message_rules *rules, const extvm_result *result,
                            struct arena *scratch, struct buffer *out);

#endif
