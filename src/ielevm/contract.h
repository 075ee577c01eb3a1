/* Binary contracts: decoding, finding functions and labels in them, and what an uploaded one must
 * hold to (protocol/iele-vm.md, sections 3 and 4). */
#ifndef EXTVM_IELEVM_CONTRACT_H
#define EXTVM_IELEVM_CONTRACT_H

#include "common/memory.h"
#include "value.h"

/* What a name number stands for. The number of a function that has no name is its name. */
struct function_name {
    bool is_number;
    uint16_t number;
    extvm_bytes text;
};

struct label {
    uint16_t number;
    uint32_t offset; /* of what follows it, in the contract's bytes */
};

struct function {
    struct function_name name;
    bool is_public;
    uint16_t parameters;
    uint32_t registers; /* nregs */
    uint32_t pointer;   /* its number as a function pointer; 0: it is an `init` */
    const uint8_t *body, *end;
    const struct label *labels; /* ascending */
    uint32_t label_count;
    int32_t results; /* while a contract is checked: how many; below 0: not known yet */
};

/* An entry of the table of names and children; number 0 is `init`. */
struct entry {
    extvm_bytes name;                /* of a function */
    const struct contract *child;    /* or this */
    const struct function *function; /* that the contract has under this name; NULL: none */
    uint8_t builtin;                 /* opcode that a local call of this name stands for; 0: none */
};

/* A constant of more than one word, made into a value when it is first needed. */
struct constant {
    uint32_t offset; /* of its magnitude, in the contract's bytes */
    bool known;
    struct value value;
};

struct contract {
    extvm_bytes bytes; /* all that was stored, with what follows the contract */
    size_t size;       /* bytes of the contract itself */
    unsigned bits;     /* of a register's number */
    bool repeats_label;
    struct entry *entries;
    struct function *functions;
    const struct function **by_name;    /* all functions, in order of their names */
    const struct function **by_pointer; /* by pointer number, less 1 */
    struct constant *constants;         /* ascending */
    uint32_t entry_count, function_count, pointer_count, constant_count;
    struct contract *next; /* the next one that was decoded */
};

enum decode_status { DECODE_OK, DECODE_INVALID, DECODE_NO_MEMORY };

/* Decodes a contract with all its children. `bytes` must live as long as the contract, which lies
 * in the arena. The children, and theirs, follow it by `next`, the last one with `after`. */
enum decode_status contract_decode(extvm_bytes bytes, struct arena *arena, struct contract *after,
                                   struct contract **out);

/* Whether the contract and its children, up to but not `end` by `next`, keep the rules of section
 * 4. */
bool contract_is_well_formed(struct contract *contract, const struct contract *end);

/* The function of that name, or the name of that number; NULL: none. */
const struct function *contract_function(const struct contract *contract, extvm_bytes name);
const struct function *contract_numbered_function(const struct contract *contract, uint16_t number);

/* The function with that pointer number, NULL: none. */
const struct function *contract_pointer(const struct contract *contract,
                                        const struct value *pointer);

/* The entry when that number is a function's name, else NULL. */
const struct entry *contract_name(const struct contract *contract, uint16_t number);

/* Where a branch to that label goes on; NULL: there is none. */
const uint8_t *function_label(const struct contract *contract, const struct function *function,
                              uint16_t label);

/* The constant with this magnitude of the contract's, or NULL when it has one word. */
struct constant *contract_constant(const struct contract *contract, const uint8_t *magnitude);

/* -- contract_lookup.c, for decoding -- */

/* Below 0, 0 or above: the order of `by_name`. */
int function_name_compare(const struct function_name *a, const struct function_name *b);

extern const extvm_bytes init_name;

enum { CONSTANT_BYTES = 8 /* magnitudes of so many bytes and more are kept as constants */ };

#endif
