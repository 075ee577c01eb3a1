/* What every protocol does with protobuf-c. */
#include "protobuf.h"

#include <string.h>

#include <extvm/integer.h>

#include "error.h"

static void *allocate_from_arena(void *arena, size_t size) {
    return arena_allocate(arena, size);
}

static void leave_to_arena(void *arena, void *memory) {
    (void)arena;
    (void)memory;
}

/* Decoded, a message's many small fields take more room than on the wire: an 8-byte storage update
 * about 200 bytes. What takes more than this is made to take it. */
enum { DECODED_PER_BYTE = 40, DECODED_AT_LEAST = 65536 };

static size_t decoded_maximum(const struct arena *arena, size_t body_size) {
    size_t size;
    return size_multiply(body_size, DECODED_PER_BYTE, &size) &&
                   size_add(size, DECODED_AT_LEAST, &size) && size_add(size, arena->total, &size)
               ? size
               : SIZE_MAX;
}

extvm_status protobuf_no_memory(const struct arena *arena, const char *what, extvm_error *error) {
    return arena->over_maximum
               ? error_set(error, EXTVM_MALFORMED_MESSAGE,
                           "%s would take more than %zu bytes of memory", what, arena->maximum)
               : error_no_memory(error, what);
}

extvm_status protobuf_malformed(const char *what, size_t size, extvm_error *error) {
    return error_set(error, EXTVM_MALFORMED_MESSAGE,
                     "%zu bytes are no %s: check that the other end speaks this protocol", size,
                     what);
}

extvm_status protobuf_decode(const ProtobufCMessageDescriptor *descriptor, extvm_bytes body,
                             struct arena *arena, ProtobufCMessage **message, extvm_error *error) {
    static const uint8_t nothing = 0;
    ProtobufCAllocator allocator = {allocate_from_arena, leave_to_arena, arena};
    arena->maximum = decoded_maximum(arena, body.size);
    *message = protobuf_c_message_unpack(descriptor, &allocator, body.size,
                                         body.size > 0 ? body.data : &nothing);
    if (*message != NULL) {
        return EXTVM_OK;
    }
    if (arena->failed) {
        return protobuf_no_memory(arena, descriptor->short_name, error);
    }
    return protobuf_malformed(descriptor->short_name, body.size, error);
}

bool protobuf_encode(const void *message, struct buffer *out) {
    size_t size = protobuf_c_message_get_packed_size(message);
    if (!buffer_reserve(out, size)) {
        return false;
    }
    if (size > 0) {
        out->size += protobuf_c_message_pack(message, out->data + out->size);
    }
    return true;
}

bool protobuf_pack(const void *message, struct arena *arena, ProtobufCBinaryData *out) {
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *data = arena_allocate(arena, size > 0 ? size : 1);
    if (data == NULL) {
        return false;
    }
    *out = (ProtobufCBinaryData){protobuf_c_message_pack(message, data), data};
    return true;
}

ProtobufCBinaryData integer_field(extvm_bytes integer) {
    return to_protobuf(extvm_integer_normalise(integer));
}

ProtobufCBinaryData address_field(const extvm_address *address) {
    return to_protobuf((extvm_bytes){address->bytes, EXTVM_ADDRESS_SIZE});
}

ProtobufCBinaryData word_field(const extvm_word *word) {
    return to_protobuf((extvm_bytes){word->bytes, EXTVM_WORD_SIZE});
}

extvm_status read_unsigned_field(const char *name, ProtobufCBinaryData field, struct arena *arena,
                                 extvm_bytes *out, extvm_error *error) {
    size_t zeros = 0;
    while (zeros < field.len && field.data[zeros] == 0) {
        zeros++;
    }
    size_t size = field.len - zeros;
    if (size > EXTVM_WORD_SIZE) {
        return error_set(error, EXTVM_MALFORMED_MESSAGE,
                         "%s is a number of %zu bytes: at most %d: check which VM it is", name,
                         size, EXTVM_WORD_SIZE);
    }
    bool needs_zero = size == 0 || (field.data[zeros] & 0x80) != 0;
    if (!needs_zero) {
        *out = (extvm_bytes){field.data + zeros, size};
    } else if (zeros > 0) {
        *out = (extvm_bytes){field.data + zeros - 1, size + 1};
    } else {
        uint8_t *copy = arena_allocate(arena, size + 1);
        if (copy == NULL) {
            return protobuf_no_memory(arena, name, error);
        }
        copy[0] = 0;
        if (size > 0) {
            memcpy(copy + 1, field.data, size);
        }
        *out = (extvm_bytes){copy, size + 1};
    }
    return EXTVM_OK;
}

extvm_status read_signed_field(const char *name, ProtobufCBinaryData field, struct arena *arena,
                               extvm_bytes *out, extvm_error *error) {
    (void)name;
    (void)arena;
    (void)error;
    *out = extvm_integer_normalise(from_protobuf(field));
    return EXTVM_OK;
}

static extvm_status read_fixed(const char *name, ProtobufCBinaryData field, uint8_t *out,
                               size_t size, extvm_error *error) {
    if (field.len != size) {
        return error_set(error, EXTVM_MALFORMED_MESSAGE,
                         "%s has %zu bytes: it must have %zu: check which VM it is", name,
                         field.len, size);
    }
    memcpy(out, field.data, size);
    return EXTVM_OK;
}

extvm_status read_address_field(const char *name, ProtobufCBinaryData field, extvm_address *out,
                                extvm_error *error) {
    return read_fixed(name, field, out->bytes, EXTVM_ADDRESS_SIZE, error);
}

extvm_status read_word_field(const char *name, ProtobufCBinaryData field, extvm_word *out,
                             extvm_error *error) {
    return read_fixed(name, field, out->bytes, EXTVM_WORD_SIZE, error);
}
