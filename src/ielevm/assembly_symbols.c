/* What the names of a text stand for, and the numbers that they get (protocol/iele-vm.md,
 * section 19). */
#include <stdio.h>
#include <string.h>

#include "assembly.h"
#include "instruction.h"

static extvm_bytes symbol_name(const void *entry) {
    return ((const struct symbol *)entry)->name;
}

/* The table's entry of that name; if there is none yet, a new one of `size` zero bytes. */
static void *symbol_of(struct assembly *assembly, struct table *table, extvm_bytes name,
                       size_t size, bool *is_new) {
    struct symbol *symbol = table_find(table, name);
    *is_new = symbol == NULL;
    if (symbol != NULL) {
        return symbol;
    }
    symbol = arena_array(&assembly->arena, 1, size);
    if (symbol == NULL) {
        assembly_no_room(assembly, &assembly->arena);
        return NULL;
    }
    symbol->name = name;
    if (!table_insert(table, symbol)) {
        assembly_no_memory(assembly);
        return NULL;
    }
    return symbol;
}

/* -- registers -- */

struct register_symbol *assembly_register(struct assembly *assembly, const struct spelling *name) {
    bool is_new;
    if (name->is_number && name->number > IELE_REGISTER_MAXIMUM) {
        assembly_fail(assembly, name->at, "register numbers go up to %d", IELE_REGISTER_MAXIMUM);
        return NULL;
    }
    struct register_symbol *symbol =
        symbol_of(assembly, &assembly->registers, name->bytes, sizeof *symbol, &is_new);
    if (symbol != NULL && is_new && name->is_number) {
        symbol->is_number = true;
        symbol->number = name->number;
    }
    return symbol;
}

struct register_symbol *assembly_temporary(struct assembly *assembly) {
    char text[32];
    int length = snprintf(text, sizeof text, "iele.tmp%u", assembly->temporaries++);
    extvm_bytes name = {(const uint8_t *)text, (size_t)length};
    struct register_symbol *known = table_find(&assembly->registers, name);
    if (known != NULL) {
        return known;
    }
    if (!arena_copy(&assembly->arena, name, &name)) {
        assembly_no_room(assembly, &assembly->arena);
        return NULL;
    }
    return assembly_register(assembly, &(struct spelling){.bytes = name});
}

/* Notes a number in `taken`, which has a byte for each one below `size`. */
static void take_number(uint8_t *taken, size_t size, uint32_t number) {
    if (number < size) {
        taken[number] = 1;
    }
}

static uint32_t next_free(const uint8_t *taken, uint32_t from) {
    while (taken[from] != 0) {
        from++;
    }
    return from;
}

static unsigned bits_of(uint32_t number) {
    unsigned bits = 0;
    for (; number != 0; number >>= 1) {
        bits++;
    }
    return bits;
}

/* Section 19, step 5. No number is above the count of registers but those that are given. */
static bool number_registers(struct assembly *assembly) {
    const size_t size = assembly->registers.count + 1;
    uint8_t *taken = arena_array(&assembly->arena, size, 1);
    if (taken == NULL) {
        return assembly_no_room(assembly, &assembly->arena);
    }
    size_t position = 0;
    const struct register_symbol *symbol;
    while ((symbol = table_next(&assembly->registers, &position)) != NULL) {
        if (symbol->is_number ? symbol->appears : symbol->is_parameter) {
            take_number(taken, size, symbol->number);
        }
    }
    uint32_t next = 0;
    for (struct register_symbol *one = assembly->first_register; one != NULL; one = one->next) {
        if (!one->is_number && !one->is_parameter) {
            next = next_free(taken, next);
            one->number = next++;
        }
        unsigned bits = bits_of(one->number);
        assembly->bits = bits > assembly->bits ? bits : assembly->bits;
    }
    return true;
}

/* -- labels -- */

struct label_symbol *assembly_label(struct assembly *assembly, const struct spelling *name) {
    bool is_new;
    if (name->is_number && name->number > ASSEMBLY_U16_MAXIMUM) {
        assembly_fail(assembly, name->at, "label numbers go up to %d", ASSEMBLY_U16_MAXIMUM);
        return NULL;
    }
    struct label_symbol *symbol =
        symbol_of(assembly, &assembly->labels, name->bytes, sizeof *symbol, &is_new);
    if (symbol != NULL && is_new) {
        symbol->at = name->at;
        symbol->is_fixed = name->is_number;
        symbol->number = name->number;
    }
    return symbol;
}

static bool check_labels(struct assembly *assembly) {
    const struct label_symbol *symbol, *first = NULL;
    size_t position = 0;
    while ((symbol = table_next(&assembly->labels, &position)) != NULL) {
        if (!symbol->is_defined && (first == NULL || symbol->at < first->at)) {
            first = symbol;
        }
    }
    if (first != NULL) {
        char spelled[ASSEMBLY_SPELLED];
        return assembly_fail(assembly, first->at, "there is no label %s in this function",
                             assembly_spell(first->symbol.name, spelled));
    }
    return true;
}

/* Section 19, step 6. */
static bool number_labels(struct assembly *assembly) {
    const size_t size = assembly->labels.count + 1;
    uint8_t *taken = arena_array(&assembly->arena, size, 1);
    if (taken == NULL) {
        return assembly_no_room(assembly, &assembly->arena);
    }
    for (const struct label_symbol *one = assembly->first_label; one != NULL; one = one->next) {
        if (one->is_fixed) {
            take_number(taken, size, one->number);
        }
    }
    uint32_t next = 0;
    for (struct label_symbol *one = assembly->first_label; one != NULL; one = one->next) {
        if (one->is_fixed) {
            continue;
        }
        next = next_free(taken, next);
        one->number = next++;
        if (one->number > ASSEMBLY_U16_MAXIMUM) {
            return assembly_fail(assembly, one->at, "a function may have %d labels",
                                 ASSEMBLY_U16_MAXIMUM + 1);
        }
    }
    return true;
}

bool assembly_number_function(struct assembly *assembly) {
    return check_labels(assembly) && number_labels(assembly) && number_registers(assembly);
}

/* -- functions, constants and children -- */

struct global_symbol *assembly_global(struct assembly *assembly, const struct spelling *name) {
    bool is_new;
    if (name->bytes.size > ASSEMBLY_U16_MAXIMUM) {
        assembly_fail(assembly, name->at, "a name may have %d bytes, not %zu", ASSEMBLY_U16_MAXIMUM,
                      name->bytes.size);
        return NULL;
    }
    struct global_symbol *symbol =
        symbol_of(assembly, &assembly->globals, name->bytes, sizeof *symbol, &is_new);
    if (symbol != NULL && is_new) {
        symbol->at = name->at;
    }
    return symbol;
}

struct child_symbol *assembly_child(struct assembly *assembly, const struct spelling *name) {
    bool is_new;
    struct child_symbol *symbol =
        symbol_of(assembly, &assembly->children, name->bytes, sizeof *symbol, &is_new);
    if (symbol != NULL && is_new) {
        symbol->at = name->at;
    }
    return symbol;
}

static bool number_global(struct assembly *assembly, struct global_symbol *global,
                          uint32_t *number) {
    if (global->is_numbered) {
        return true;
    }
    global->is_numbered = true;
    global->number = ++*number;
    return global->number <= ASSEMBLY_U16_MAXIMUM ||
           assembly_fail(assembly, global->at,
                         "a contract may name %d functions, its own and those that it calls",
                         ASSEMBLY_U16_MAXIMUM);
}

/* Section 19, steps 1 and 2. */
bool assembly_number_contract(struct assembly *assembly) {
    static const uint8_t first_name[] = {'i', 'n', 'i', 't'}; /* whether it is defined or not */
    uint32_t number = 0;
    struct global_symbol *first =
        table_find(&assembly->globals, (extvm_bytes){first_name, sizeof first_name});
    if (first != NULL) {
        first->is_numbered = true;
    }
    for (struct function_text *one = assembly->first_function; one != NULL; one = one->next) {
        if (!number_global(assembly, one->name, &number)) {
            return false;
        }
    }
    for (struct global_symbol *one = assembly->first_mention; one != NULL; one = one->next) {
        if (!number_global(assembly, one, &number)) {
            return false;
        }
    }
    for (struct child_symbol *one = assembly->first_child; one != NULL; one = one->next) {
        one->number = ++number;
        if (number > ASSEMBLY_U16_MAXIMUM) {
            return assembly_fail(assembly, one->at,
                                 "a contract may have %d names and children together",
                                 ASSEMBLY_U16_MAXIMUM);
        }
    }
    return true;
}

/* -- beginnings and ends -- */

void assembly_start_function(struct assembly *assembly, struct function_text *function) {
    assembly->function = function;
    table_init(&assembly->registers, assembly->allocator, symbol_name);
    table_init(&assembly->labels, assembly->allocator, symbol_name);
    assembly->first_register = assembly->last_register = NULL;
    assembly->first_label = assembly->last_label = NULL;
}

void assembly_end_function(struct assembly *assembly) {
    table_free(&assembly->registers);
    table_free(&assembly->labels);
    assembly->function = NULL;
}

void assembly_start_contract(struct assembly *assembly) {
    table_init(&assembly->globals, assembly->allocator, symbol_name);
    table_init(&assembly->children, assembly->allocator, symbol_name);
    assembly->first_function = assembly->last_function = NULL;
    assembly->first_mention = assembly->last_mention = NULL;
    assembly->first_child = assembly->last_child = NULL;
    assembly->bits = 0;
}

void assembly_end_contract(struct assembly *assembly) {
    table_free(&assembly->globals);
    table_free(&assembly->children);
    arena_reset(&assembly->arena);
}
