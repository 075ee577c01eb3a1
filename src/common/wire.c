/* Reading protobuf's wire format (protobuf.dev, "Encoding"). Groups, which proto3 has not, are
 * taken for broken. */
#include "wire.h"

enum { VARINT_MAXIMUM = 10 /* bytes */, TAG_TYPE_BITS = 3, NUMBER_MAXIMUM = (1 << 29) - 1 };

static bool read_varint(struct wire *wire, uint64_t *value) {
    *value = 0;
    for (unsigned i = 0; i < VARINT_MAXIMUM && wire->at < wire->end; i++) {
        uint8_t byte = *wire->at++;
        *value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            return true;
        }
    }
    return false;
}

/* Takes the `size` bytes of a field's value. */
static bool take(struct wire *wire, struct wire_field *field, uint64_t size) {
    if (size > (uint64_t)(wire->end - wire->at)) {
        return false;
    }
    field->data = wire->at;
    field->size = (size_t)size;
    wire->at += size;
    return true;
}

static bool read_value(struct wire *wire, struct wire_field *field) {
    uint64_t size;
    switch (field->type) {
    case WIRE_VARINT:
        return read_varint(wire, &field->varint);
    case WIRE_FIXED64:
        return take(wire, field, 8);
    case WIRE_BYTES:
        return read_varint(wire, &size) && take(wire, field, size);
    case WIRE_FIXED32:
        return take(wire, field, 4);
    }
    return false;
}

bool wire_next(struct wire *wire, struct wire_field *field, bool *broken) {
    uint64_t tag;
    *broken = false;
    if (wire->at == wire->end) {
        return false;
    }
    if (read_varint(wire, &tag)) {
        *field = (struct wire_field){.number = (uint32_t)(tag >> TAG_TYPE_BITS),
                                     .type = (enum wire_type)(tag & ((1 << TAG_TYPE_BITS) - 1))};
        if (tag >> TAG_TYPE_BITS >= 1 && tag >> TAG_TYPE_BITS <= NUMBER_MAXIMUM &&
            read_value(wire, field)) {
            return true;
        }
    }
    *broken = true;
    return false;
}

bool wire_find(struct wire *wire, uint32_t number, struct wire_field *field) {
    struct wire_field one;
    bool broken;
    while (wire_next(wire, &one, &broken)) {
        if (one.number == number) {
            *field = one;
            return true;
        }
    }
    return false;
}
