/* Protobuf's wire format, read in place and written field by field, without memory of its own. For
 * what a node and a VM say in the course of a call; Hello and CallContext, which open it, are
 * protobuf-c's. */
#ifndef EXTVM_COMMON_WIRE_H
#define EXTVM_COMMON_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

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

/* Bytes that are left. */
static inline size_t wire_left(struct wire wire) {
    return (size_t)(wire.end - wire.at);
}

/* The next field; false at the end of the message, or where it is broken: `*broken` says which. */
bool wire_next(struct wire *wire, struct wire_field *field, bool *broken);

/* The next field with this number; false, with `*field` as it was, when there is none. */
bool wire_find(struct wire *wire, uint32_t number, struct wire_field *field);

/* A message as it came, or a field that is one. */
struct wire wire_of_bytes(extvm_bytes message); /* only to be read */
struct wire wire_of(const struct wire_field *field);

/* -- whole messages without repeated fields -- */

/* A field that a message may have: a varint or a byte string. Number 0 ends a list of them. */
struct wire_known {
    uint32_t number;
    enum wire_type type;
};

/* Takes all known fields; those that are not there are zeros, of those that come again the last
 * counts, others are skipped. False: it is broken, or a known field has another type. */
bool wire_take(struct wire wire, const struct wire_known *known, struct wire_field *fields);

/* Appends the known fields; 0 and empty ones are left out, as proto3 wants it. False when there is
 * no memory, or room. */
bool wire_put(struct buffer *out, const struct wire_known *known, const struct wire_field *fields);

/* The bytes that wire_put appends. */
size_t wire_size(const struct wire_known *known, const struct wire_field *fields);

/* Appends the head of a field that is a message of `size` bytes. */
bool wire_put_member(struct buffer *out, uint32_t number, size_t size);

/* Sets a byte string that is to be written. */
static inline void wire_set_bytes(struct wire_field *field, extvm_bytes bytes) {
    field->data = (uint8_t *)(uintptr_t)bytes.data;
    field->size = bytes.size;
}

#endif
