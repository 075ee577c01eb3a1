/* A contract as bytes (protocol/iele-vm.md, section 19, steps 3 and 8). */
#include <string.h>

#include "assembly.h"

enum { LENGTH_SIZE = 4 }; /* bytes, before what they count */

static bool put(struct assembly *assembly, const void *data, size_t size) {
    return buffer_append(&assembly->code, data, size) || assembly_no_memory(assembly);
}

static bool put_byte(struct assembly *assembly, uint8_t byte) {
    return put(assembly, &byte, 1);
}

/* The lowest `size` bytes of the number. */
static bool put_number(struct assembly *assembly, uint64_t number, unsigned size) {
    uint8_t bytes[sizeof number];
    for (unsigned i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(number >> (8 * (size - 1 - i)));
    }
    return put(assembly, bytes, size);
}

static bool put_u16(struct assembly *assembly, uint32_t number) {
    return put_number(assembly, number, 2);
}

static bool put_magnitude(struct assembly *assembly, extvm_bytes magnitude) {
    enum { SHORT = 0x80, LONG = 0xb7, SHORT_MAXIMUM = 55 };
    size_t size = magnitude.size;
    if (size == 1 && magnitude.data[0] < SHORT) {
        return put(assembly, magnitude.data, 1);
    }
    if (size <= SHORT_MAXIMUM) {
        return put_byte(assembly, (uint8_t)(SHORT + size)) && put(assembly, magnitude.data, size);
    }
    unsigned width = 0;
    for (size_t rest = size; rest != 0; rest >>= 8) {
        width++;
    }
    return put_byte(assembly, (uint8_t)(LONG + width)) && put_number(assembly, size, width) &&
           put(assembly, magnitude.data, size);
}

/* The first register is in the lowest bits, at the field's end. */
static bool put_registers(struct assembly *assembly, const struct statement *statement) {
    const unsigned bits = assembly->bits;
    const size_t size = ((size_t)statement->count * bits + 7) / 8;
    if (!buffer_reserve(&assembly->code, size)) {
        return assembly_no_memory(assembly);
    }
    if (size == 0) {
        return true; /* there may be no memory at all yet */
    }
    uint8_t *field = assembly->code.data + assembly->code.size;
    memset(field, 0, size);
    assembly->code.size += size;
    size_t position = 0;
    for (uint32_t i = 0; i < statement->count; i++) {
        for (unsigned bit = 0; bit < bits; bit++, position++) {
            uint32_t set = statement->registers[i]->number >> bit & 1;
            field[size - 1 - position / 8] |= (uint8_t)(set << position % 8);
        }
    }
    return true;
}

/* The label, name or child that an instruction has in it; there is one at the most. */
static uint32_t statement_number(const struct statement *statement) {
    return statement->label != NULL    ? statement->label->number
           : statement->global != NULL ? statement->global->number
           : statement->child != NULL  ? statement->child->number
                                       : 0;
}

static bool put_immediate(struct assembly *assembly, const struct statement *statement,
                          uint8_t immediate) {
    switch (immediate) {
    case IMMEDIATE_LABEL:
    case IMMEDIATE_NAME:
    case IMMEDIATE_CHILD:
        return put_u16(assembly, statement_number(statement));
    case IMMEDIATE_ARGUMENTS:
        return put_u16(assembly, statement->arguments);
    case IMMEDIATE_RETURNS:
        return put_u16(assembly, statement->returns);
    default: /* IMMEDIATE_MAGNITUDE */
        return put_magnitude(assembly, statement->value.magnitude);
    }
}

/* What a global is worth as an operand (step 3). */
static bool resolve_global(struct assembly *assembly, struct statement *statement,
                           uint8_t number[2]) {
    const struct global_symbol *global = statement->global;
    if (global->is_constant) {
        statement->value = global->value;
    } else if (global->is_numbered) {
        number[0] = (uint8_t)(global->number >> 8);
        number[1] = (uint8_t)global->number;
        size_t skipped = number[0] != 0 ? 0 : number[1] != 0 ? 1 : 2;
        statement->value = (struct integer){.magnitude = {number + skipped, 2 - skipped}};
    } else {
        char spelled[ASSEMBLY_SPELLED];
        return assembly_fail(assembly, statement->at,
                             "there is no constant or function @%s in this contract",
                             assembly_spell(global->symbol.name, spelled));
    }
    statement->opcode = statement->value.negative ? IELE_CONSTANTMINUS : IELE_CONSTANT;
    return true;
}

static bool put_statement(struct assembly *assembly, struct statement *statement) {
    uint8_t number[2];
    const bool is_constant =
        statement->opcode == IELE_CONSTANT || statement->opcode == IELE_CONSTANTMINUS;
    if (is_constant && statement->global != NULL && !resolve_global(assembly, statement, number)) {
        return false;
    }
    if (statement->child != NULL && statement->child->contract == NULL) {
        char spelled[ASSEMBLY_SPELLED];
        return assembly_fail(assembly, statement->child->at,
                             "contract %s is not declared external in this contract",
                             assembly_spell(statement->child->symbol.name, spelled));
    }
    if (!put_byte(assembly, statement->opcode)) {
        return false;
    }
    if (statement->opcode == IELE_LABEL) {
        return put_u16(assembly, statement_number(statement));
    }
    const struct iele_opcode_info *info = &iele_opcodes[statement->opcode];
    for (unsigned i = 0; i < IELE_IMMEDIATES && info->immediate[i] != IMMEDIATE_NONE; i++) {
        if (!put_immediate(assembly, statement, info->immediate[i])) {
            return false;
        }
    }
    return put_registers(assembly, statement);
}

static bool put_function(struct assembly *assembly, const struct function_text *function) {
    bool written = put_byte(assembly, function->is_public ? IELE_PUBLIC : IELE_PRIVATE) &&
                   put_u16(assembly, function->name->number) &&
                   put_u16(assembly, function->parameters);
    for (struct statement *one = function->first; one != NULL && written; one = one->next) {
        written = put_statement(assembly, one);
    }
    return written;
}

static bool put_entry(struct assembly *assembly, uint8_t kind, extvm_bytes bytes) {
    return put_byte(assembly, kind) && put_u16(assembly, (uint32_t)bytes.size) &&
           put(assembly, bytes.data, bytes.size);
}

/* A name that functions and mentions share stands where it was numbered: the numbers ascend. */
static bool put_name(struct assembly *assembly, const struct global_symbol *global,
                     uint32_t *written) {
    if (global->number <= *written) {
        return true;
    }
    *written = global->number;
    return put_entry(assembly, IELE_NAME, global->symbol.name);
}

static bool put_entries(struct assembly *assembly) {
    uint32_t written = 0; /* `init` has no entry */
    for (struct function_text *one = assembly->first_function; one != NULL; one = one->next) {
        if (!put_name(assembly, one->name, &written)) {
            return false;
        }
    }
    for (struct global_symbol *one = assembly->first_mention; one != NULL; one = one->next) {
        if (!put_name(assembly, one, &written)) {
            return false;
        }
    }
    for (struct child_symbol *one = assembly->first_child; one != NULL; one = one->next) {
        if (!put_entry(assembly, IELE_CHILD, one->contract->code)) {
            return false;
        }
    }
    return true;
}

static bool put_length(struct assembly *assembly) {
    size_t length = assembly->code.size - LENGTH_SIZE;
    if (length > UINT32_MAX) {
        return assembly_fail(assembly, assembly->at, "a contract may have 2^32-1 bytes, not %zu",
                             length);
    }
    for (unsigned i = 0; i < LENGTH_SIZE; i++) {
        assembly->code.data[i] = (uint8_t)(length >> (8 * (LENGTH_SIZE - 1 - i)));
    }
    return true;
}

bool assembly_emit(struct assembly *assembly) {
    assembly->code.size = 0;
    bool written = put_number(assembly, 0, LENGTH_SIZE) && put_byte(assembly, IELE_HEADER) &&
                   put_byte(assembly, (uint8_t)assembly->bits) && put_entries(assembly);
    for (const struct function_text *one = assembly->first_function; one != NULL && written;
         one = one->next) {
        written = put_function(assembly, one);
    }
    return written && put_length(assembly);
}
