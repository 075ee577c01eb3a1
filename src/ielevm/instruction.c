/* Instructions from bytes (protocol/iele-vm.md, section 3). */
#include "instruction.h"

#include <endian.h>
#include <string.h>

enum { REGISTER_BITS = 20 };

static uint16_t read_u16(const uint8_t *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

/* The length-prefixed magnitude; NULL when it goes beyond `end`. */
static const uint8_t *read_magnitude(const uint8_t *at, const uint8_t *end, extvm_bytes *out) {
    enum { SHORT = 0x80, LONG = 0xb8, BARE = 0xc0 };
    if (at == end) {
        return NULL;
    }
    uint8_t first = *at;
    if (first < SHORT || first >= BARE) {
        *out = (extvm_bytes){at, 1};
        return at + 1;
    }
    at++;
    size_t size = 0;
    if (first < LONG) {
        size = first - SHORT;
    } else {
        size_t width = first - LONG + 1; /* at most 8 bytes */
        if ((size_t)(end - at) < width) {
            return NULL;
        }
        for (size_t i = 0; i < width; i++) {
            size = size << 8 | at[i];
        }
        at += width;
    }
    if ((size_t)(end - at) < size) {
        return NULL;
    }
    *out = (extvm_bytes){at, size};
    return at + size;
}

static const uint8_t *read_immediates(const uint8_t *at, const uint8_t *end,
                                      const struct iele_opcode_info *info,
                                      struct instruction *out) {
    for (unsigned i = 0; i < IELE_IMMEDIATES && info->immediate[i] != IMMEDIATE_NONE; i++) {
        if (info->immediate[i] == IMMEDIATE_MAGNITUDE) {
            return read_magnitude(at, end, &out->magnitude);
        }
        if (end - at < 2) {
            return NULL;
        }
        uint16_t value = read_u16(at);
        at += 2;
        switch (info->immediate[i]) {
        case IMMEDIATE_ARGUMENTS:
            out->arguments = value;
            break;
        case IMMEDIATE_RETURNS:
            out->returns = value;
            break;
        default:
            out->number = value;
            break;
        }
    }
    return at;
}

const uint8_t *instruction_read(const uint8_t *at, const uint8_t *end, unsigned bits,
                                struct instruction *out) {
    *out = (struct instruction){.start = at, .opcode = *at};
    at++;
    if (out->opcode == IELE_LABEL) {
        if (end - at < 2) {
            return NULL;
        }
        out->number = read_u16(at);
        return at + 2;
    }
    const struct iele_opcode_info *info = &iele_opcodes[out->opcode];
    if (info->name == NULL) {
        return NULL;
    }
    at = read_immediates(at, end, info, out);
    if (at == NULL) {
        return NULL;
    }
    out->results = (uint32_t)info->results + out->returns;
    out->registers = out->results + info->operands + out->arguments;
    size_t size = ((size_t)out->registers * bits + 7) / 8;
    if ((size_t)(end - at) < size) {
        return NULL;
    }
    out->field = (extvm_bytes){at, size};
    return at + size;
}

/* The byte of the field with bits 8 * index to 8 * index + 7; zeros beyond its top. */
static uint32_t field_byte(extvm_bytes field, size_t index) {
    return index < field.size ? field.data[field.size - 1 - index] : 0;
}

/* Four of them, from that one on. */
static uint32_t field_piece(extvm_bytes field, size_t index) {
    uint32_t piece;
    if (field.size >= sizeof piece && index <= field.size - sizeof piece) {
        memcpy(&piece, field.data + (field.size - sizeof piece - index), sizeof piece);
        return be32toh(piece);
    }
    return field_byte(field, index) | field_byte(field, index + 1) << 8 |
           field_byte(field, index + 2) << 16 | field_byte(field, index + 3) << 24;
}

/* `width` bits, at most 20, from bit `position` on. */
static uint32_t field_bits(extvm_bytes field, size_t position, unsigned width) {
    return field_piece(field, position / 8) >> position % 8 & ((UINT32_C(1) << width) - 1);
}

uint32_t instruction_register(const struct instruction *instruction, unsigned bits,
                              uint32_t index) {
    return field_bits(instruction->field, (size_t)index * bits,
                      bits < REGISTER_BITS ? bits : REGISTER_BITS);
}

uint32_t instruction_registers(const struct instruction *instruction, unsigned bits) {
    uint32_t highest = 0;
    if (bits == 0) {
        return instruction->registers > 0;
    }
    for (uint32_t i = 0; i < instruction->registers; i++) {
        uint32_t number = instruction_register(instruction, bits, i);
        highest = number > highest ? number : highest;
        for (unsigned bit = REGISTER_BITS; bit < bits; bit += REGISTER_BITS) {
            unsigned width = bits - bit < REGISTER_BITS ? bits - bit : REGISTER_BITS;
            if (field_bits(instruction->field, (size_t)i * bits + bit, width) != 0) {
                return UINT32_MAX;
            }
        }
    }
    return instruction->registers > 0 ? highest + 1 : 0;
}
