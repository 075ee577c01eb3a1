/* What every protocol does with protobuf-c: decoding into an arena, encoding at the end of a
 * buffer, and the fields that mean the same everywhere. */
#ifndef EXTVM_COMMON_PROTOBUF_H
#define EXTVM_COMMON_PROTOBUF_H

#include <protobuf-c/protobuf-c.h>

#include <extvm/call.h>

#include "buffer.h"
#include "memory.h"

/* The message in `body`, decoded into `arena`, whose maximum is set by the size of `body`: neither
 * the decoding nor what is made of the message afterwards can take more than in proportion.
 * Errors: EXTVM_MALFORMED_MESSAGE, EXTVM_NO_MEMORY. */
extvm_status protobuf_decode(const ProtobufCMessageDescriptor *descriptor, extvm_bytes body,
                             struct arena *arena, ProtobufCMessage **message, extvm_error *error);

/* Says that `size` bytes are no `what`; returns EXTVM_MALFORMED_MESSAGE. */
extvm_status protobuf_malformed(const char *what, size_t size, extvm_error *error);

/* The status of an allocation that `arena` did not give after protobuf_decode: no memory, or a
 * message that was made to take too much. `what` was to be made. */
extvm_status protobuf_no_memory(const struct arena *arena, const char *what, extvm_error *error);

/* Appends the encoded message; false when there is no memory. */
bool protobuf_encode(const void *message, struct buffer *out);

/* The encoded message in the arena; false when there is no memory. */
bool protobuf_pack(const void *message, struct arena *arena, ProtobufCBinaryData *out);

static inline extvm_bytes from_protobuf(ProtobufCBinaryData data) {
    return (extvm_bytes){data.data, data.len};
}

/* protobuf-c only reads what it encodes, although its type does not say so. */
static inline ProtobufCBinaryData to_protobuf(extvm_bytes bytes) {
    return (ProtobufCBinaryData){bytes.size, (uint8_t *)(uintptr_t)bytes.data};
}

/* An integer in canonical form, an address, a word as a field. */
ProtobufCBinaryData integer_field(extvm_bytes integer);
ProtobufCBinaryData address_field(const extvm_address *address);
ProtobufCBinaryData word_field(const extvm_word *word);

/* Reads an unsigned field, empty meaning 0, into canonical form, in place or in the arena.
 * Errors: EXTVM_MALFORMED_MESSAGE (2^256 and above), EXTVM_NO_MEMORY. */
extvm_status read_unsigned_field(const char *name, ProtobufCBinaryData field, struct arena *arena,
                                 extvm_bytes *out, extvm_error *error);

/* Reads a signed field of any width, empty meaning 0, into canonical form, in place: the parameters
 * are those of read_unsigned_field. Never fails. */
extvm_status read_signed_field(const char *name, ProtobufCBinaryData field, struct arena *arena,
                               extvm_bytes *out, extvm_error *error);

/* Reads a field of exactly 20, or 32, bytes. Errors: EXTVM_MALFORMED_MESSAGE. */
extvm_status read_address_field(const char *name, ProtobufCBinaryData field, extvm_address *out,
                                extvm_error *error);
extvm_status read_word_field(const char *name, ProtobufCBinaryData field, extvm_word *out,
                             extvm_error *error);

#endif
