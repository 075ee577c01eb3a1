/* The assembler's parts and what they hand on: text is read into the contract at hand, whose names,
 * registers and labels get their numbers, and which is then written as bytes
 * (protocol/iele-vm.md, sections 18 and 19). */
#ifndef EXTVM_IELEVM_ASSEMBLY_H
#define EXTVM_IELEVM_ASSEMBLY_H

#include <extvm/status.h>

#include "common/buffer.h"
#include "common/memory.h"
#include "common/table.h"
#include "opcodes.h"

enum {
    ASSEMBLY_U16_MAXIMUM = UINT16_MAX, /* of whatever the format has 16 bits for */
    ASSEMBLY_FIXED = 5,                /* operands that are no `args…`: log has most */
    ASSEMBLY_SPELLED = 80              /* characters of a name in a message, NUL included */
};

/* A place in the text is the number of bytes before it. */

/* A name as it is meant, without quotes. One of digits only is a number. */
struct spelling {
    extvm_bytes bytes; /* a number has no leading zeros here */
    size_t at;
    bool is_number;
    uint32_t number; /* UINT32_MAX also when it is larger */
};

struct integer {
    bool negative;
    extvm_bytes magnitude; /* big-endian without leading zeros; 0 has no bytes */
};

/* Every entry of the tables starts with its name. */
struct symbol {
    extvm_bytes name;
};

struct register_symbol {
    struct symbol symbol;
    struct register_symbol *next; /* in order of first appearance */
    uint32_t number;
    bool is_number;    /* it has digits for a name */
    bool is_parameter; /* its place is its number */
    bool appears;      /* in an instruction */
};

struct label_symbol {
    struct symbol symbol;
    struct label_symbol *next; /* in order of definition, or of first mention until then */
    size_t at;
    uint32_t number;
    bool is_fixed, is_defined;
};

/* What @ stands before: a function of this contract or another's, or a constant. */
struct global_symbol {
    struct symbol symbol;
    struct global_symbol *next; /* in the order in which they are numbered */
    size_t at;                  /* of the definition or, without one, the first mention */
    uint32_t number;            /* of the name */
    bool is_mentioned;          /* by a call or calladdress */
    bool is_numbered;
    bool is_function, is_constant;
    struct integer value; /* of the constant */
};

/* A contract of the file that is complete. */
struct made_contract {
    struct symbol symbol;
    extvm_bytes code;
};

struct child_symbol {
    struct symbol symbol;
    struct child_symbol *next; /* in order of declaration */
    size_t at;                 /* of the declaration or, without one, the first mention */
    const struct made_contract *contract; /* NULL: not declared, so far */
    uint32_t number;
};

/* An instruction, or a label with the opcode IELE_LABEL. */
struct statement {
    struct statement *next;
    size_t at;
    uint8_t opcode;
    uint16_t arguments, returns;
    struct label_symbol *label;   /* of IMMEDIATE_LABEL and IELE_LABEL */
    struct global_symbol *global; /* of IMMEDIATE_NAME; of a constant: its value, unless NULL */
    struct child_symbol *child;   /* of IMMEDIATE_CHILD */
    struct integer value;         /* of a constant */
    uint32_t count;
    struct register_symbol *registers[]; /* as in the field */
};

struct function_text {
    struct function_text *next;
    struct global_symbol *name;
    bool is_public;
    uint16_t parameters;
    struct statement *first, *last;
};

/* An operand in the text. */
struct operand {
    enum { OPERAND_REGISTER, OPERAND_INTEGER, OPERAND_GLOBAL } kind;
    size_t at;
    struct register_symbol *reg;
    struct integer integer;
    struct spelling global;
};

struct assembly {
    const char *text;
    size_t size, at;
    const char *origin;  /* stands before line and column in messages; NULL: nothing does */
    size_t lines_before; /* the text's first line has this number, plus 1 */
    const extvm_allocator *allocator;
    extvm_status status;
    extvm_error *error;

    struct arena kept;      /* lives as long as the assembly */
    struct table contracts; /* struct made_contract */
    struct buffer code;     /* of the latest one */

    /* The contract at hand. */
    struct arena arena;
    struct table globals, children; /* struct global_symbol, struct child_symbol */
    struct function_text *first_function, *last_function;
    struct global_symbol *first_mention, *last_mention; /* by calls and calladdress */
    struct child_symbol *first_child, *last_child;
    unsigned bits; /* of a register's number */

    /* The function at hand. */
    struct function_text *function;
    struct table registers, labels; /* struct register_symbol, struct label_symbol */
    struct register_symbol *first_register, *last_register;
    struct label_symbol *first_label, *last_label;
    uint32_t temporaries; /* of the instruction at hand */

    /* The instruction at hand. */
    struct buffer results; /* struct register_symbol * */
    struct buffer args;    /* struct operand */
};

/* All that follows returns false (or NULL) after a failure, which is in `status` and `error`. */

/* -- assembly_text.c: characters, names and integers -- */

/* Puts "ORIGIN:LINE:COLUMN: " and the text into the error. Returns false. */
__attribute__((format(printf, 3, 4))) bool assembly_fail(struct assembly *assembly, size_t at,
                                                         const char *format, ...);
bool assembly_no_memory(struct assembly *assembly);
/* An allocation of the arena that did not succeed. */
bool assembly_no_room(struct assembly *assembly, const struct arena *arena);

/* A name as the text has it, for messages; long ones are cut. */
const char *assembly_spell(extvm_bytes name, char out[ASSEMBLY_SPELLED]);

/* Appends a name as the text has it: in quotes where it needs them. */
bool spelling_print(struct buffer *out, extvm_bytes name);

/* Goes on to the next character that is neither white space nor in a comment, and returns it; NUL
 * at the end, also for a NUL that is in the text. */
char assembly_peek(struct assembly *assembly);

bool assembly_at_end(struct assembly *assembly);

/* Takes the character when it is the next one. */
bool assembly_skip(struct assembly *assembly, char character);
bool assembly_expect(struct assembly *assembly, char character, const char *where);

/* Takes the word when it stands next, as a whole name without quotes. */
bool assembly_skip_word(struct assembly *assembly, const char *word);

/* Whether a name may begin at the next character. */
bool assembly_at_name(struct assembly *assembly);

/* Takes a name that follows without white space; `what` is it that the name is of. Those that
 * begin with "iele." fail but when `reserved_too`. */
bool assembly_take_name(struct assembly *assembly, const char *what, bool reserved_too,
                        struct spelling *out);

/* Whether an integer stands next. */
bool assembly_at_integer(struct assembly *assembly);
bool assembly_take_integer(struct assembly *assembly, struct integer *out);

bool name_is_reserved(extvm_bytes name);

/* -- assembly_symbols.c: what names stand for, and their numbers -- */

struct register_symbol *assembly_register(struct assembly *assembly, const struct spelling *name);
struct label_symbol *assembly_label(struct assembly *assembly, const struct spelling *name);
struct global_symbol *assembly_global(struct assembly *assembly, const struct spelling *name);
struct child_symbol *assembly_child(struct assembly *assembly, const struct spelling *name);

/* The temporary that is next in this instruction. */
struct register_symbol *assembly_temporary(struct assembly *assembly);

/* The registers and labels of the function at hand get their numbers. */
bool assembly_number_function(struct assembly *assembly);

/* The names and children of the contract at hand get theirs. */
bool assembly_number_contract(struct assembly *assembly);

void assembly_start_function(struct assembly *assembly, struct function_text *function);
void assembly_end_function(struct assembly *assembly);
void assembly_start_contract(struct assembly *assembly);
void assembly_end_contract(struct assembly *assembly);

/* -- assembly_statement.c and assembly_call.c: the forms of instructions -- */

/* Takes the instruction or label that stands next, into the function at hand. */
bool assembly_take_statement(struct assembly *assembly);

bool assembly_take_operand(struct assembly *assembly, struct operand *out);
bool assembly_take_register(struct assembly *assembly, struct register_symbol **out);

/* `count` operands with commas between them. */
bool assembly_take_operands(struct assembly *assembly, struct operand *out, size_t count);

/* Takes one more of `args…`. */
bool assembly_take_argument(struct assembly *assembly);

/* How many results and `args…` the instruction at hand has. */
size_t assembly_results(const struct assembly *assembly);
size_t assembly_arguments(const struct assembly *assembly);

/* What an instruction is made of, beside the results and `args…` at hand. */
struct statement_parts {
    size_t at;
    uint8_t opcode;
    struct label_symbol *label;
    struct global_symbol *global;
    struct child_symbol *child;
    struct operand fixed[ASSEMBLY_FIXED]; /* in the field's order */
    size_t fixed_count;
};

/* Adds the instruction to the function, after the constants that it needs in registers. */
bool assembly_add(struct assembly *assembly, const struct statement_parts *parts);

/* The forms that begin with these words, which have been taken. */
bool assembly_take_call(struct assembly *assembly, size_t at);
bool assembly_take_static_call(struct assembly *assembly, size_t at);
bool assembly_take_create(struct assembly *assembly, size_t at);
bool assembly_take_copycreate(struct assembly *assembly, size_t at);
bool assembly_take_calladdress(struct assembly *assembly, size_t at);

/* -- assembly_parse.c, assembly_emit.c, assemble.c -- */

/* Takes the whole text, each contract of it into `code`. */
bool assembly_take_file(struct assembly *assembly);

/* Writes the contract at hand, all numbers of which are known, into `code`. */
bool assembly_emit(struct assembly *assembly);

/* extvm_iele_assemble for text that has `lines_before` lines before it. */
extvm_status assemble_text(extvm_bytes text, const char *origin, size_t lines_before,
                           const extvm_allocator *allocator, struct buffer *code,
                           extvm_error *error);

#endif
