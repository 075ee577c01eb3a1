/* Contracts and their parts in the text (protocol/iele-vm.md, section 18). */
#include <string.h>

#include "assembly.h"

/* A name that must not be a number, as only registers and labels may. */
static bool take_word_name(struct assembly *assembly, const char *what, struct spelling *out) {
    return assembly_take_name(assembly, what, false, out) &&
           (!out->is_number ||
            assembly_fail(assembly, out->at, "the name of %s must not be a number", what));
}

/* -- functions -- */

static bool take_parameter(struct assembly *assembly, uint32_t position) {
    struct register_symbol *symbol;
    assembly_peek(assembly);
    const size_t at = assembly->at;
    if (position == ASSEMBLY_U16_MAXIMUM) {
        return assembly_fail(assembly, at, "a function may have %d parameters",
                             ASSEMBLY_U16_MAXIMUM);
    }
    if (!assembly_take_register(assembly, &symbol)) {
        return false;
    }
    if (symbol->is_parameter) {
        return assembly_fail(assembly, at, "this function has a parameter of that name already");
    }
    if (symbol->is_number && symbol->number != position) {
        return assembly_fail(assembly, at,
                             "this parameter is number %u, so digits for its name must be %%%u",
                             position, position);
    }
    symbol->is_parameter = true;
    symbol->number = position;
    return true;
}

static bool take_parameters(struct assembly *assembly) {
    uint32_t count = 0;
    if (!assembly_expect(assembly, '(', "define")) {
        return false;
    }
    if (assembly_skip(assembly, ')')) {
        return true;
    }
    do {
        if (!take_parameter(assembly, count)) {
            return false;
        }
        count++;
    } while (assembly_skip(assembly, ','));
    assembly->function->parameters = (uint16_t)count;
    return assembly_expect(assembly, ')', "the list of parameters");
}

static bool take_body(struct assembly *assembly) {
    if (!assembly_expect(assembly, '{', "define")) {
        return false;
    }
    while (!assembly_skip(assembly, '}')) {
        if (!assembly_take_statement(assembly)) {
            return false;
        }
    }
    return true;
}

static bool function_name(struct assembly *assembly, struct function_text *function) {
    struct spelling name;
    if (!assembly_expect(assembly, '@', "define") ||
        !take_word_name(assembly, "a function", &name)) {
        return false;
    }
    function->name = assembly_global(assembly, &name);
    if (function->name == NULL) {
        return false;
    }
    if (function->name->is_function) {
        char spelled[ASSEMBLY_SPELLED];
        return assembly_fail(assembly, name.at, "this contract has a function @%s already",
                             assembly_spell(name.bytes, spelled));
    }
    function->name->is_function = true;
    function->name->at = name.at;
    return true;
}

/* "define …", of which the first word has been taken */
static bool take_function(struct assembly *assembly) {
    struct function_text *function = arena_array(&assembly->arena, 1, sizeof *function);
    if (function == NULL) {
        return assembly_no_room(assembly, &assembly->arena);
    }
    function->is_public = assembly_skip_word(assembly, "public");
    if (!function_name(assembly, function)) {
        return false;
    }
    *(assembly->last_function != NULL ? &assembly->last_function->next
                                      : &assembly->first_function) = function;
    assembly->last_function = function;
    assembly_start_function(assembly, function);
    bool taken =
        take_parameters(assembly) && take_body(assembly) && assembly_number_function(assembly);
    assembly_end_function(assembly);
    return taken;
}

/* -- constants and children -- */

static bool take_constant(struct assembly *assembly) {
    struct spelling name;
    if (!take_word_name(assembly, "a constant", &name) ||
        !assembly_expect(assembly, '=', "a constant")) {
        return false;
    }
    struct global_symbol *global = assembly_global(assembly, &name);
    if (global == NULL) {
        return false;
    }
    if (global->is_constant) {
        char spelled[ASSEMBLY_SPELLED];
        return assembly_fail(assembly, name.at, "this contract has a constant @%s already",
                             assembly_spell(name.bytes, spelled));
    }
    global->is_constant = true;
    assembly_peek(assembly);
    return assembly_take_integer(assembly, &global->value);
}

/* "external contract NAME", of which the first word has been taken */
static bool take_external(struct assembly *assembly) {
    struct spelling name;
    char spelled[ASSEMBLY_SPELLED];
    if (!assembly_skip_word(assembly, "contract")) {
        return assembly_fail(assembly, assembly->at, "external needs \"contract\" here");
    }
    assembly_peek(assembly);
    if (!take_word_name(assembly, "a contract", &name)) {
        return false;
    }
    const struct made_contract *made = table_find(&assembly->contracts, name.bytes);
    if (made == NULL) {
        return assembly_fail(assembly, name.at, "there is no contract %s above this one",
                             assembly_spell(name.bytes, spelled));
    }
    if (made->code.size > ASSEMBLY_U16_MAXIMUM) {
        return assembly_fail(
            assembly, name.at, "contract %s has %zu bytes: a contract within another may have %d",
            assembly_spell(name.bytes, spelled), made->code.size, ASSEMBLY_U16_MAXIMUM);
    }
    struct child_symbol *child = assembly_child(assembly, &name);
    if (child == NULL) {
        return false;
    }
    if (child->contract != NULL) {
        return assembly_fail(assembly, name.at, "contract %s is declared external already",
                             assembly_spell(name.bytes, spelled));
    }
    child->contract = made;
    child->at = name.at;
    *(assembly->last_child != NULL ? &assembly->last_child->next : &assembly->first_child) = child;
    assembly->last_child = child;
    return true;
}

/* -- contracts -- */

static bool take_item(struct assembly *assembly) {
    if (assembly_skip(assembly, '@')) {
        return take_constant(assembly);
    }
    if (assembly_skip_word(assembly, "define")) {
        return take_function(assembly);
    }
    if (assembly_skip_word(assembly, "external")) {
        return take_external(assembly);
    }
    return assembly_fail(assembly, assembly->at,
                         "define, external contract, a @constant or a \"}\" must stand here");
}

/* "!integer" after a contract's name, which means nothing. */
static bool take_size(struct assembly *assembly) {
    struct integer ignored;
    if (!assembly_skip(assembly, '!')) {
        return true;
    }
    assembly_peek(assembly);
    return assembly_take_integer(assembly, &ignored);
}

/* Keeps the code of a contract that others may have as their child. */
static bool keep_contract(struct assembly *assembly, const struct spelling *name) {
    struct made_contract *made = arena_array(&assembly->kept, 1, sizeof *made);
    if (made == NULL ||
        !arena_copy(&assembly->kept, (extvm_bytes){assembly->code.data, assembly->code.size},
                    &made->code)) {
        return assembly_no_room(assembly, &assembly->kept);
    }
    made->symbol.name = name->bytes;
    return table_insert(&assembly->contracts, made) || assembly_no_memory(assembly);
}

static bool take_items(struct assembly *assembly) {
    if (!take_size(assembly) || !assembly_expect(assembly, '{', "contract")) {
        return false;
    }
    while (!assembly_skip(assembly, '}')) {
        if (!take_item(assembly)) {
            return false;
        }
    }
    return assembly_number_contract(assembly) && assembly_emit(assembly);
}

static bool take_contract(struct assembly *assembly) {
    struct spelling name;
    if (!assembly_skip_word(assembly, "contract")) {
        return assembly_fail(assembly, assembly->at, "a contract must begin here");
    }
    assembly_peek(assembly);
    if (!take_word_name(assembly, "a contract", &name)) {
        return false;
    }
    if (table_find(&assembly->contracts, name.bytes) != NULL) {
        char spelled[ASSEMBLY_SPELLED];
        return assembly_fail(assembly, name.at, "there is a contract %s above already",
                             assembly_spell(name.bytes, spelled));
    }
    assembly_start_contract(assembly);
    bool taken = take_items(assembly);
    assembly_end_contract(assembly);
    return taken && (assembly_at_end(assembly) || keep_contract(assembly, &name));
}

bool assembly_take_file(struct assembly *assembly) {
    do {
        if (!take_contract(assembly)) {
            return false;
        }
    } while (!assembly_at_end(assembly));
    return true;
}
