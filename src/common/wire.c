/* Reading and writing protobuf's wire format (protobuf.dev, "Encoding"). Groups, which proto3 has
 * not, are taken for broken. */
#include "wire.h"

#include <string.h>

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

struct wire wire_of_bytes(extvm_bytes message) {
    uint8_t *data = (uint8_t *)(uintptr_t)message.data;
    return (struct wire){data, data + message.size};
}

struct wire wire_of(const struct wire_field *field) {
    return (struct wire){field->data, field->data + field->size};
}

/* -- whole messages -- */

bool wire_take(struct wire wire, const struct wire_known *known, struct wire_field *fields) {
    struct wire_field field;
    bool broken;
    for (size_t i = 0; known[i].number != 0; i++) {
        fields[i] = (struct wire_field){.number = 0};
    }
    while (wire_next(&wire, &field, &broken)) {
        size_t i = 0;
        while (known[i].number != 0 && known[i].number != field.number) {
            i++;
        }
        if (known[i].number == 0) {
            continue;
        }
        if (known[i].type != field.type) {
            return false;
        }
        fields[i] = field;
    }
    return !broken;
}

static size_t varint_size(uint64_t value) {
    size_t size = 1;
    for (; value > 0x7f; value >>= 7) {
        size++;
    }
    return size;
}

static size_t write_varint(uint8_t *out, uint64_t value) {
    size_t size = 0;
    for (; value > 0x7f; value >>= 7) {
        out[size++] = (uint8_t)(value | 0x80);
    }
    out[size++] = (uint8_t)value;
    return size;
}

static uint64_t tag_of(uint32_t number, enum wire_type type) {
    return (uint64_t)number << TAG_TYPE_BITS | type;
}

static bool is_left_out(const struct wire_known *known, const struct wire_field *field) {
    return known->type == WIRE_VARINT ? field->varint == 0 : field->size == 0;
}

size_t wire_size(const struct wire_known *known, const struct wire_field *fields) {
    size_t size = 0;
    for (; known->number != 0; known++, fields++) {
        if (!is_left_out(known, fields)) {
            bool is_varint = known->type == WIRE_VARINT;
            size += varint_size(tag_of(known->number, known->type)) +
                    varint_size(is_varint ? fields->varint : fields->size) +
                    (is_varint ? 0 : fields->size);
        }
    }
    return size;
}

bool wire_put(struct buffer *out, const struct wire_known *known, const struct wire_field *fields) {
    if (!buffer_reserve(out, wire_size(known, fields))) {
        return false;
    }
    uint8_t *at = out->data + out->size;
    for (; known->number != 0; known++, fields++) {
        if (is_left_out(known, fields)) {
            continue;
        }
        at += write_varint(at, tag_of(known->number, known->type));
        if (known->type == WIRE_VARINT) {
            at += write_varint(at, fields->varint);
        } else {
            at += write_varint(at, fields->size);
            memcpy(at, fields->data, fields->size);
            at += fields->size;
        }
    }
    out->size = (size_t)(at - out->data);
    return true;
}

bool wire_put_member(struct buffer *out, uint32_t number, size_t size) {
    uint8_t head[2 * VARINT_MAXIMUM];
    size_t length = write_varint(head, tag_of(number, WIRE_BYTES));
    length += write_varint(head + length, size);
    return buffer_append(out, head, length);
}
