/* The disassembler: a binary contract as text (protocol/iele-vm.md, sections 3 and 18).
 *
 * Registers are written as their numbers and constants as instructions of their own, so that the
 * assembler adds and numbers nothing by itself. Whether it makes the same bytes is not argued but
 * tried out. */
#include <extvm/ieleasm.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assembly.h"
#include "common/error.h"
#include "contract.h"
#include "instruction.h"

struct numbered_contract {
    const struct contract *contract;
    size_t number; /* in the name: C1, C2 … */
};

struct disassembly {
    struct buffer text;
    bool is_too_long;
    struct numbered_contract *contracts; /* in order of the pointers */
    size_t count;
    const struct contract *contract; /* the one at hand */
    const struct function *function;
    bool has_named_labels; /* the function's labels are numbered as the assembler would */
};

/* -- pieces of text -- */

static bool put_bytes(struct disassembly *to, const void *data, size_t size) {
    to->is_too_long = to->is_too_long || size > to->text.maximum - to->text.size;
    return buffer_append(&to->text, data, size);
}

static bool put_text(struct disassembly *to, const char *text) {
    return put_bytes(to, text, strlen(text));
}

static bool put_number(struct disassembly *to, const char *before, uint64_t number) {
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    return put_text(to, before) && put_text(to, digits);
}

static bool put_name(struct disassembly *to, extvm_bytes name) {
    enum { PER_BYTE = 3, QUOTES = 2 };
    to->is_too_long =
        to->is_too_long || name.size * PER_BYTE + QUOTES > to->text.maximum - to->text.size;
    return !to->is_too_long && spelling_print(&to->text, name);
}

/* Decimal where people may read it, else hex. */
static bool put_magnitude(struct disassembly *to, extvm_bytes magnitude) {
    while (magnitude.size > 0 && magnitude.data[0] == 0) {
        magnitude.data++;
        magnitude.size--;
    }
    if (magnitude.size <= sizeof(uint64_t)) {
        uint64_t value = 0;
        for (size_t i = 0; i < magnitude.size; i++) {
            value = value << 8 | magnitude.data[i];
        }
        return put_number(to, "", value);
    }
    bool put = put_text(to, "0x");
    for (size_t i = 0; i < magnitude.size && put; i++) {
        char digits[3];
        snprintf(digits, sizeof digits, "%02x", magnitude.data[i]);
        put = put_text(to, digits);
    }
    return put;
}

/* -- what instructions name -- */

static bool put_registers(struct disassembly *to, const struct instruction *instruction,
                          uint32_t from, uint32_t count) {
    bool put = true;
    for (uint32_t i = 0; i < count && put; i++) {
        put = put_number(to, i == 0 ? "%" : ", %",
                         instruction_register(instruction, to->contract->bits, from + i));
    }
    return put;
}

/* Functions whose number is no name have the number for their name. */
static bool put_function_name(struct disassembly *to, uint16_t number) {
    const struct entry *entry = contract_name(to->contract, number);
    return put_text(to, "@") &&
           (entry != NULL ? put_name(to, entry->name) : put_number(to, "", number));
}

static int compare_contracts(const void *a, const void *b) {
    const struct contract *first = ((const struct numbered_contract *)a)->contract;
    const struct contract *second = ((const struct numbered_contract *)b)->contract;
    return ((uintptr_t)first > (uintptr_t)second) - ((uintptr_t)first < (uintptr_t)second);
}

static bool put_contract_name(struct disassembly *to, const struct contract *contract) {
    const struct numbered_contract key = {.contract = contract};
    const struct numbered_contract *found =
        bsearch(&key, to->contracts, to->count, sizeof key, compare_contracts);
    return found->number == to->count ? put_text(to, "Main") : put_number(to, "C", found->number);
}

static bool put_child(struct disassembly *to, uint16_t number) {
    const struct contract *child =
        number < to->contract->entry_count ? to->contract->entries[number].child : NULL;
    return child != NULL ? put_contract_name(to, child) : put_number(to, "missing", number);
}

static bool put_label(struct disassembly *to, uint16_t number) {
    return put_number(to, to->has_named_labels ? "L" : "", number);
}

/* -- instructions -- */

/* What stands for a piece of an instruction in its form; everything else stands for itself.
 * $0 to $3 are fixed operands. */
enum piece {
    PIECE_RESULTS = 'r',
    PIECE_RESULTS_IF_ANY = 'q', /* and " = " */
    PIECE_MNEMONIC = 'i',
    PIECE_OPERANDS = 'o', /* all the fixed ones */
    PIECE_ARGUMENTS = 'a',
    PIECE_VALUES = 'v', /* the same, or "void" */
    PIECE_FUNCTION = 'f',
    PIECE_CHILD = 'c',
    PIECE_LABEL = 'l',
    PIECE_MAGNITUDE = 'm'
};

static const char computation[] = "$r = $i $o", builtin[] = "$r = call @iele.$i($o)";

/* The forms of section 18; those that are not here are a computation or a built-in function. */
static const char *const forms[IELE_OPCODES] = {
    [IELE_NE] = "$r = cmp $i $o",
    [IELE_LT] = "$r = cmp $i $o",
    [IELE_GT] = "$r = cmp $i $o",
    [IELE_LE] = "$r = cmp $i $o",
    [IELE_GE] = "$r = cmp $i $o",
    [IELE_EQ] = "$r = cmp $i $o",
    [IELE_LOADRANGE] = "$r = load $o",
    [IELE_LOAD] = "$r = load $o",
    [IELE_STORERANGE] = "store $o",
    [IELE_STORE] = "store $o",
    [IELE_SSTORE] = "sstore $o",
    [IELE_MOVE] = "$r = $o",
    [IELE_CONSTANT] = "$r = $m",
    [IELE_CONSTANTMINUS] = "$r = -$m",
    [IELE_BR] = "br $l",
    [IELE_BRIF] = "br $o, $l",
    [IELE_LOG0] = "log $o",
    [IELE_LOG1] = "log $o",
    [IELE_LOG2TOPICS] = "log $o",
    [IELE_LOG3] = "log $o",
    [IELE_LOG4] = "log $o",
    [IELE_CREATE] = "$r = create $c($a) send $0",
    [IELE_COPYCREATE] = "$r = copycreate $1($a) send $0",
    [IELE_CALL] = "$r = call $f at $1($a) send $2, gaslimit $0",
    [IELE_CALLPTR] = "$r = call $0 at $2($a) send $3, gaslimit $1",
    [IELE_STATICCALL] = "$r = staticcall $f at $1($a) gaslimit $0",
    [IELE_STATICCALLPTR] = "$r = staticcall $0 at $2($a) gaslimit $1",
    [IELE_RET] = "ret $v",
    [IELE_REVERT] = "revert $o",
    [IELE_LOCALCALL] = "$qcall $f($a)",
    [IELE_LOCALCALLPTR] = "$qcall $0($a)",
    [IELE_CALLADDRESS] = "$r = calladdress $f at $o",
    [IELE_INVALID] = "call @iele.$i()",
    [IELE_SELFDESTRUCT] = "selfdestruct $o",
};

static const char *form_of(uint8_t opcode) {
    if (forms[opcode] != NULL) {
        return forms[opcode];
    }
    for (size_t i = 0; i < iele_builtin_count; i++) {
        if (iele_builtins[i] == opcode) {
            return builtin;
        }
    }
    return computation;
}

static bool put_piece(struct disassembly *to, const struct instruction *instruction, char piece) {
    const struct iele_opcode_info *info = &iele_opcodes[instruction->opcode];
    const uint32_t results = instruction->results;
    switch (piece) {
    case PIECE_RESULTS:
        return put_registers(to, instruction, 0, results);
    case PIECE_RESULTS_IF_ANY:
        return results == 0 || (put_registers(to, instruction, 0, results) && put_text(to, " = "));
    case PIECE_MNEMONIC:
        return put_text(to, info->name);
    case PIECE_OPERANDS:
        return put_registers(to, instruction, results, info->operands);
    case PIECE_VALUES:
        if (instruction->arguments == 0) {
            return put_text(to, "void");
        }
        return put_registers(to, instruction, results, instruction->arguments);
    case PIECE_ARGUMENTS:
        return put_registers(to, instruction, results + info->operands, instruction->arguments);
    case PIECE_FUNCTION:
        return put_function_name(to, instruction->number);
    case PIECE_CHILD:
        return put_child(to, instruction->number);
    case PIECE_LABEL:
        return put_label(to, instruction->number);
    case PIECE_MAGNITUDE:
        return put_magnitude(to, instruction->magnitude);
    default:
        return put_registers(to, instruction, results + (uint32_t)(piece - '0'), 1);
    }
}

static bool put_instruction(struct disassembly *to, const struct instruction *instruction) {
    bool put = put_text(to, "    ");
    for (const char *at = form_of(instruction->opcode); *at != '\0' && put; at++) {
        if (*at == '$') {
            put = put_piece(to, instruction, *++at);
        } else {
            put = put_bytes(to, at, 1);
        }
    }
    return put && put_text(to, "\n");
}

/* -- functions and contracts -- */

/* Labels 0, 1, 2 … in this order are those that the assembler gives numbers to itself. */
static bool labels_are_regular(const struct function *function) {
    for (uint32_t i = 0; i < function->label_count; i++) {
        if (function->labels[i].number != i ||
            (i > 0 && function->labels[i].offset <= function->labels[i - 1].offset)) {
            return false;
        }
    }
    return true;
}

static bool put_head(struct disassembly *to) {
    const struct function *function = to->function;
    const struct function_name *name = &function->name;
    bool put = put_text(to, function->is_public ? "  define public @" : "  define @") &&
               (name->is_number ? put_number(to, "", name->number) : put_name(to, name->text)) &&
               put_text(to, "(");
    for (uint32_t i = 0; i < function->parameters && put; i++) {
        put = put_number(to, i == 0 ? "%" : ", %", i);
    }
    return put && put_text(to, ") {\n");
}

static bool put_function(struct disassembly *to, const struct function *function) {
    const uint8_t *at = function->body;
    struct instruction instruction;
    to->function = function;
    to->has_named_labels = labels_are_regular(function);
    bool put = put_head(to);
    while (at < function->end && put) {
        at = instruction_read(at, function->end, to->contract->bits, &instruction);
        if (instruction.opcode == IELE_LABEL) {
            put = put_text(to, "  ") && put_label(to, instruction.number) && put_text(to, ":\n");
        } else {
            put = put_instruction(to, &instruction);
        }
    }
    return put && put_text(to, "  }\n");
}

static bool put_contract(struct disassembly *to, const struct contract *contract) {
    to->contract = contract;
    bool put = put_text(to, "contract ") && put_contract_name(to, contract) && put_text(to, " {\n");
    for (uint32_t i = 0; i < contract->entry_count && put; i++) {
        const struct contract *child = contract->entries[i].child;
        put = child == NULL || (put_text(to, "  external contract ") &&
                                put_contract_name(to, child) && put_text(to, "\n"));
    }
    for (uint32_t i = 0; i < contract->function_count && put; i++) {
        put = (i == 0 || put_text(to, "\n")) && put_function(to, &contract->functions[i]);
    }
    return put && put_text(to, "}\n");
}

/* All contracts, each one after those within it: in the decoder's list it stands before them. */
static bool put_contracts(struct disassembly *to, const struct contract *list,
                          struct arena *arena) {
    for (const struct contract *one = list; one != NULL; one = one->next) {
        to->count++;
    }
    const struct contract **order = arena_array(arena, to->count, sizeof(const struct contract *));
    to->contracts = arena_array(arena, to->count, sizeof *to->contracts);
    if (order == NULL || to->contracts == NULL) {
        return false;
    }
    size_t number = to->count;
    for (const struct contract *one = list; one != NULL; one = one->next) {
        number--;
        order[number] = one;
        to->contracts[number] = (struct numbered_contract){one, number + 1};
    }
    qsort(to->contracts, to->count, sizeof *to->contracts, compare_contracts);
    for (size_t i = 0; i < to->count; i++) {
        if ((i > 0 && !put_text(to, "\n")) || !put_contract(to, order[i])) {
            return false;
        }
    }
    return true;
}

static extvm_status write_text(struct disassembly *to, extvm_bytes code,
                               const extvm_allocator *allocator, extvm_error *error) {
    struct arena arena;
    struct contract *contract;
    extvm_status status = EXTVM_OK;
    arena_init(&arena, allocator, SIZE_MAX);
    enum decode_status decoded = contract_decode(code, &arena, NULL, &contract);
    if (decoded == DECODE_INVALID) {
        status = error_set(error, EXTVM_INVALID_ARGUMENT, "these %zu bytes are no IELE contract",
                           code.size);
    } else if (decoded != DECODE_OK || !put_contracts(to, contract, &arena)) {
        status = to->is_too_long
                     ? error_set(error, EXTVM_OUT_OF_RANGE,
                                 "the text of these %zu bytes would have over %zu bytes", code.size,
                                 to->text.maximum)
                     : error_no_memory(error, "disassembling a contract");
    }
    arena_free(&arena);
    return status;
}

/* -- trying it out -- */

/* What the assembler makes otherwise; nothing when it makes the same. */
struct difference {
    char text[EXTVM_ERROR_TEXT_SIZE + 64];
};

static void compare_code(extvm_bytes code, extvm_bytes again, struct difference *out) {
    size_t common = code.size < again.size ? code.size : again.size, at = 0;
    while (at < common && code.data[at] == again.data[at]) {
        at++;
    }
    if (at < common) {
        snprintf(out->text, sizeof out->text,
                 "This text assembles to other bytes: byte %zu of %zu is %02x, and not %02x as "
                 "here.",
                 at, again.size, again.data[at], code.data[at]);
    } else if (code.size != again.size) {
        snprintf(out->text, sizeof out->text,
                 "This text assembles to the first %zu of these %zu bytes.", again.size, code.size);
    }
}

static extvm_status find_difference(const struct disassembly *from, extvm_bytes code,
                                    const extvm_allocator *allocator, struct difference *out,
                                    extvm_error *error) {
    enum { NOTE_LINES = 1 };
    struct buffer again;
    extvm_error wrong;
    out->text[0] = '\0';
    extvm_status status = assemble_text((extvm_bytes){from->text.data, from->text.size}, NULL,
                                        NOTE_LINES, allocator, &again, &wrong);
    if (status == EXTVM_NO_MEMORY) {
        return error_no_memory(error, "disassembling a contract");
    }
    if (status != EXTVM_OK) {
        snprintf(out->text, sizeof out->text, "This text does not assemble: %s.", wrong.text);
        return EXTVM_OK;
    }
    compare_code(code, (extvm_bytes){again.data, again.size}, out);
    buffer_free(&again);
    return EXTVM_OK;
}

/* The text with a note before it, if there is one, and a NUL after it. */
static extvm_status finish_text(const struct disassembly *from, const struct difference *difference,
                                const extvm_allocator *allocator, char **text, size_t *size,
                                extvm_error *error) {
    struct buffer out;
    buffer_init(&out, allocator, SIZE_MAX);
    bool noted = difference->text[0] == '\0' || buffer_print(&out, "// %s\n", difference->text);
    if (!noted || !buffer_append(&out, from->text.data, from->text.size) ||
        !buffer_append(&out, "", 1)) {
        buffer_free(&out);
        return error_no_memory(error, "disassembling a contract");
    }
    *text = (char *)out.data;
    *size = out.size - 1;
    return EXTVM_OK;
}

/* Few bytes can name many registers, which a text has to spell out. */
static size_t text_maximum(size_t code) {
    enum { BASE = 1 << 20, PER_BYTE = 256 }; /* bytes; of code */
    size_t maximum;
    return size_multiply(code, PER_BYTE, &maximum) && size_add(maximum, BASE, &maximum) ? maximum
                                                                                        : SIZE_MAX;
}

extvm_status extvm_iele_disassemble(extvm_bytes code, const extvm_allocator *allocator, char **text,
                                    size_t *size, bool *exact, extvm_error *error) {
    struct disassembly disassembly = {.is_too_long = false};
    struct difference difference;
    if ((code.data == NULL && code.size > 0) || text == NULL || size == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_iele_disassemble needs code, and a place for the text");
    }
    if (allocator == NULL) {
        allocator = extvm_default_allocator();
    }
    buffer_init(&disassembly.text, allocator, text_maximum(code.size));
    extvm_status status = write_text(&disassembly, code, allocator, error);
    if (status == EXTVM_OK) {
        status = find_difference(&disassembly, code, allocator, &difference, error);
    }
    if (status == EXTVM_OK) {
        status = finish_text(&disassembly, &difference, allocator, text, size, error);
    }
    if (status == EXTVM_OK && exact != NULL) {
        *exact = difference.text[0] == '\0';
    }
    buffer_free(&disassembly.text);
    return status;
}
