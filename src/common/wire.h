/* Protobuf's wire format, read in place: one field after the other, without a copy and without
 * memory. Used where messages are large; for the small ones protobuf-c does the same. */
#ifndef EXTVM_COMMON_WIRE_H
#define EXTVM_COMMON_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is left of a message. */
struct wire {
    uint8_t *at, *end;
};

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct wire_field {
    uint32_t number;
    enum wire_type type;
    uint64_t varint; /* of WIRE_VARINT */
    uint8_t *data;   /* of WIRE_BYTES: the byte before it is the end of its length */
    size_t size;
};

/* The next field; false at the end of the message, or where it is broken: `*broken` says which. */
bool wire_next(struct wire *wire, struct wire_field *field, bool *broken);

/* The next field with this number; false, with `*field` as it was, when there is none. */
bool wire_find(struct wire *wire, uint32_t number, struct wire_field *field);

#endif
