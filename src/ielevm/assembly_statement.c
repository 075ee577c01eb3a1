/* Instructions in the text: those that compute, and those for memory, storage, branches, ends and
 * logs; and how an instruction is put into its function (protocol/iele-vm.md, sections 18 and 19).
 */
#include <string.h>

#include "assembly.h"

/* -- operands -- */

bool assembly_take_register(struct assembly *assembly, struct register_symbol **out) {
    struct spelling name;
    if (!assembly_expect(assembly, '%', "a register") ||
        !assembly_take_name(assembly, "a register", false, &name)) {
        return false;
    }
    *out = assembly_register(assembly, &name);
    return *out != NULL;
}

bool assembly_take_operand(struct assembly *assembly, struct operand *out) {
    char c = assembly_peek(assembly);
    *out = (struct operand){.at = assembly->at};
    if (c == '%') {
        out->kind = OPERAND_REGISTER;
        return assembly_take_register(assembly, &out->reg);
    }
    if (c == '@') {
        assembly->at++;
        out->kind = OPERAND_GLOBAL;
        return assembly_take_name(assembly, "a function or constant", true, &out->global);
    }
    if (assembly_at_integer(assembly)) {
        out->kind = OPERAND_INTEGER;
        return assembly_take_integer(assembly, &out->integer);
    }
    return assembly_fail(assembly, assembly->at,
                         "an operand must stand here: a %%register, an integer or a @global");
}

bool assembly_take_operands(struct assembly *assembly, struct operand *out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if ((i > 0 && !assembly_expect(assembly, ',', "the list of operands")) ||
            !assembly_take_operand(assembly, &out[i])) {
            return false;
        }
    }
    return true;
}

bool assembly_take_argument(struct assembly *assembly) {
    struct operand operand;
    return assembly_take_operand(assembly, &operand) &&
           (buffer_append(&assembly->args, &operand, sizeof operand) ||
            assembly_no_memory(assembly));
}

size_t assembly_results(const struct assembly *assembly) {
    return assembly->results.size / sizeof(struct register_symbol *);
}

size_t assembly_arguments(const struct assembly *assembly) {
    return assembly->args.size / sizeof(struct operand);
}

static const struct operand *argument(const struct assembly *assembly, size_t index) {
    return (const struct operand *)(const void *)assembly->args.data + index;
}

static struct register_symbol *result(const struct assembly *assembly, size_t index) {
    return ((struct register_symbol **)(void *)assembly->results.data)[index];
}

/* -- adding -- */

static struct statement *statement_new(struct assembly *assembly, size_t registers) {
    struct statement *made = arena_array(
        &assembly->arena, 1, sizeof *made + registers * sizeof(struct register_symbol *));
    if (made == NULL) {
        assembly_no_room(assembly, &assembly->arena);
        return NULL;
    }
    made->at = assembly->at;
    made->count = (uint32_t)registers;
    return made;
}

/* Puts a statement at the function's end. Its registers appear now, if they have not before. */
static void function_append(struct assembly *assembly, struct statement *statement) {
    struct function_text *function = assembly->function;
    for (uint32_t i = 0; i < statement->count; i++) {
        struct register_symbol *symbol = statement->registers[i];
        if (symbol->appears) {
            continue;
        }
        symbol->appears = true;
        *(assembly->last_register != NULL ? &assembly->last_register->next
                                          : &assembly->first_register) = symbol;
        assembly->last_register = symbol;
    }
    *(function->last != NULL ? &function->last->next : &function->first) = statement;
    function->last = statement;
}

/* What a global is as an operand is only known at the contract's end. */
static bool add_constant(struct assembly *assembly, const struct operand *operand,
                         struct register_symbol *into) {
    struct statement *made = statement_new(assembly, 1);
    if (made == NULL) {
        return false;
    }
    made->at = operand->at;
    made->opcode = operand->integer.negative ? IELE_CONSTANTMINUS : IELE_CONSTANT;
    made->value = operand->integer;
    made->registers[0] = into;
    if (operand->kind == OPERAND_GLOBAL) {
        if (name_is_reserved(operand->global.bytes)) {
            char spelled[ASSEMBLY_SPELLED];
            return assembly_fail(assembly, operand->at, "@%s can be called, but is no operand",
                                 assembly_spell(operand->global.bytes, spelled));
        }
        made->global = assembly_global(assembly, &operand->global);
        if (made->global == NULL) {
            return false;
        }
    }
    function_append(assembly, made);
    return true;
}

/* The operand's register: of what is none, a temporary that a constant is put into. */
static struct register_symbol *operand_register(struct assembly *assembly,
                                                const struct operand *operand) {
    if (operand->kind == OPERAND_REGISTER) {
        return operand->reg;
    }
    struct register_symbol *temporary = assembly_temporary(assembly);
    return temporary != NULL && add_constant(assembly, operand, temporary) ? temporary : NULL;
}

/* `rets…` are the results but the fixed ones. */
static bool check_counts(struct assembly *assembly, const struct statement_parts *parts) {
    size_t results = assembly_results(assembly), arguments = assembly_arguments(assembly);
    size_t fixed = iele_opcodes[parts->opcode].results;
    if (results - fixed > ASSEMBLY_U16_MAXIMUM || arguments > ASSEMBLY_U16_MAXIMUM) {
        return assembly_fail(assembly, parts->at, "an instruction may have %d %s, not %zu",
                             ASSEMBLY_U16_MAXIMUM,
                             arguments > ASSEMBLY_U16_MAXIMUM ? "arguments" : "results",
                             arguments > ASSEMBLY_U16_MAXIMUM ? arguments : results - fixed);
    }
    return true;
}

bool assembly_add(struct assembly *assembly, const struct statement_parts *parts) {
    size_t results = assembly_results(assembly), arguments = assembly_arguments(assembly);
    if (!check_counts(assembly, parts)) {
        return false;
    }
    struct statement *made = statement_new(assembly, results + parts->fixed_count + arguments);
    if (made == NULL) {
        return false;
    }
    struct register_symbol **next = made->registers;
    for (size_t i = 0; i < results; i++) {
        *next++ = result(assembly, i);
    }
    for (size_t i = 0; i < parts->fixed_count + arguments; i++) {
        const struct operand *operand =
            i < parts->fixed_count ? &parts->fixed[i] : argument(assembly, i - parts->fixed_count);
        *next = operand_register(assembly, operand);
        if (*next++ == NULL) {
            return false;
        }
    }
    made->at = parts->at;
    made->opcode = parts->opcode;
    made->arguments = (uint16_t)arguments;
    made->returns = (uint16_t)(results - iele_opcodes[parts->opcode].results);
    made->label = parts->label;
    made->global = parts->global;
    made->child = parts->child;
    function_append(assembly, made);
    return true;
}

/* -- instructions with one result -- */

/* Those whose word is the opcode's name, and whose operands are as many as the opcode's. */
static const uint8_t computations[] = {
    IELE_ADD,    IELE_MUL,    IELE_SUB,   IELE_DIV,   IELE_MOD,  IELE_EXP,  IELE_ADDMOD, IELE_SEXT,
    IELE_MULMOD, IELE_EXPMOD, IELE_TWOS,  IELE_BSWAP, IELE_AND,  IELE_OR,   IELE_XOR,    IELE_NOT,
    IELE_BYTE,   IELE_ISZERO, IELE_SHIFT, IELE_LOG2,  IELE_SHA3, IELE_SLOAD};

static const uint8_t comparisons[] = {IELE_LT, IELE_LE, IELE_GT, IELE_GE, IELE_EQ, IELE_NE};

/* The opcode of the list whose name stands next, which is taken; 0: none. */
static uint8_t take_opcode(struct assembly *assembly, const uint8_t *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (assembly_skip_word(assembly, iele_opcodes[list[i]].name)) {
            return list[i];
        }
    }
    return 0;
}

static bool take_fixed(struct assembly *assembly, size_t at, uint8_t opcode) {
    struct statement_parts parts = {
        .at = at, .opcode = opcode, .fixed_count = iele_opcodes[opcode].operands};
    return assembly_take_operands(assembly, parts.fixed, parts.fixed_count) &&
           assembly_add(assembly, &parts);
}

static bool take_comparison(struct assembly *assembly, size_t at) {
    uint8_t opcode = take_opcode(assembly, comparisons, sizeof comparisons);
    if (opcode == 0) {
        return assembly_fail(assembly, assembly->at, "cmp needs lt, le, gt, ge, eq or ne here");
    }
    return take_fixed(assembly, at, opcode);
}

static bool take_load(struct assembly *assembly, size_t at) {
    struct statement_parts parts = {.at = at, .opcode = IELE_LOAD, .fixed_count = 1};
    if (!assembly_take_operand(assembly, &parts.fixed[0])) {
        return false;
    }
    if (assembly_skip(assembly, ',')) {
        parts.opcode = IELE_LOADRANGE;
        parts.fixed_count = 3;
        if (!assembly_take_operands(assembly, parts.fixed + 1, 2)) {
            return false;
        }
    }
    return assembly_add(assembly, &parts);
}

/* "%d = X" */
static bool take_move(struct assembly *assembly, size_t at) {
    struct statement_parts parts = {.at = at, .opcode = IELE_MOVE, .fixed_count = 1};
    if (!assembly_take_operand(assembly, &parts.fixed[0])) {
        return false;
    }
    if (parts.fixed[0].kind != OPERAND_REGISTER) {
        return add_constant(assembly, &parts.fixed[0], result(assembly, 0));
    }
    return assembly_add(assembly, &parts);
}

static bool take_one_result(struct assembly *assembly, size_t at) {
    if (!assembly_at_name(assembly) || assembly_at_integer(assembly)) {
        return take_move(assembly, at);
    }
    uint8_t opcode = take_opcode(assembly, computations, sizeof computations);
    if (opcode != 0) {
        return take_fixed(assembly, at, opcode);
    }
    if (assembly_skip_word(assembly, "cmp")) {
        return take_comparison(assembly, at);
    }
    if (assembly_skip_word(assembly, "load")) {
        return take_load(assembly, at);
    }
    if (assembly_skip_word(assembly, "calladdress")) {
        return assembly_take_calladdress(assembly, at);
    }
    struct spelling word;
    char spelled[ASSEMBLY_SPELLED];
    const size_t here = assembly->at;
    return assembly_take_name(assembly, "an instruction", true, &word) &&
           assembly_fail(assembly, here, "there is no instruction %s with a result",
                         assembly_spell(word.bytes, spelled));
}

/* "%r, … = …" */
static bool take_with_results(struct assembly *assembly, size_t at) {
    do {
        struct register_symbol *symbol;
        if (!assembly_take_register(assembly, &symbol)) {
            return false;
        }
        if (!buffer_append(&assembly->results, &symbol, sizeof symbol)) {
            return assembly_no_memory(assembly);
        }
    } while (assembly_skip(assembly, ','));
    if (!assembly_expect(assembly, '=', "an instruction with results")) {
        return false;
    }
    assembly_peek(assembly);
    const size_t here = assembly->at;
    static const struct {
        const char *word;
        bool (*take)(struct assembly *assembly, size_t at);
    } calls[] = {{"call", assembly_take_call},
                 {"staticcall", assembly_take_static_call},
                 {"create", assembly_take_create},
                 {"copycreate", assembly_take_copycreate}};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (assembly_skip_word(assembly, calls[i].word)) {
            return calls[i].take(assembly, at);
        }
    }
    if (assembly_results(assembly) > 1) {
        return assembly_fail(assembly, here,
                             "more than one result comes only from call, staticcall, create "
                             "and copycreate");
    }
    return take_one_result(assembly, at);
}

/* -- instructions without a result -- */

static bool take_store(struct assembly *assembly, size_t at) {
    struct statement_parts parts = {.at = at, .opcode = IELE_STORE, .fixed_count = 2};
    if (!assembly_take_operands(assembly, parts.fixed, 2)) {
        return false;
    }
    if (assembly_skip(assembly, ',')) {
        parts.opcode = IELE_STORERANGE;
        parts.fixed_count = 4;
        if (!assembly_take_operands(assembly, parts.fixed + 2, 2)) {
            return false;
        }
    }
    return assembly_add(assembly, &parts);
}

static bool take_sstore(struct assembly *assembly, size_t at) {
    return take_fixed(assembly, at, IELE_SSTORE);
}

static bool take_revert(struct assembly *assembly, size_t at) {
    return take_fixed(assembly, at, IELE_REVERT);
}

static bool take_selfdestruct(struct assembly *assembly, size_t at) {
    return take_fixed(assembly, at, IELE_SELFDESTRUCT);
}

static bool take_log(struct assembly *assembly, size_t at) {
    struct statement_parts parts = {.at = at, .fixed_count = 0};
    do {
        if (parts.fixed_count == ASSEMBLY_FIXED) {
            assembly_peek(assembly);
            return assembly_fail(assembly, assembly->at, "a log has four topics at most");
        }
        if (!assembly_take_operand(assembly, &parts.fixed[parts.fixed_count++])) {
            return false;
        }
    } while (assembly_skip(assembly, ','));
    parts.opcode = (uint8_t)(IELE_LOG0 + parts.fixed_count - 1);
    return assembly_add(assembly, &parts);
}

static bool take_ret(struct assembly *assembly, size_t at) {
    const struct statement_parts parts = {.at = at, .opcode = IELE_RET};
    if (assembly_skip_word(assembly, "void")) {
        return assembly_add(assembly, &parts);
    }
    do {
        if (!assembly_take_argument(assembly)) {
            return false;
        }
    } while (assembly_skip(assembly, ','));
    return assembly_add(assembly, &parts);
}

static bool take_target(struct assembly *assembly, struct statement_parts *parts) {
    struct spelling name;
    assembly_peek(assembly);
    if (!assembly_take_name(assembly, "a label", false, &name)) {
        return false;
    }
    parts->label = assembly_label(assembly, &name);
    return parts->label != NULL;
}

/* Digits and "true" are a condition when a comma follows, else a label. */
static bool take_br(struct assembly *assembly, size_t at) {
    struct statement_parts parts = {.at = at, .opcode = IELE_BR};
    char c = assembly_peek(assembly);
    const size_t here = assembly->at;
    if (c == '%' || c == '@' || assembly_at_integer(assembly)) {
        if (!assembly_take_operand(assembly, &parts.fixed[0])) {
            return false;
        }
        if (parts.fixed[0].kind != OPERAND_INTEGER || assembly_peek(assembly) == ',') {
            parts.opcode = IELE_BRIF;
            parts.fixed_count = 1;
            return assembly_expect(assembly, ',', "br with a condition") &&
                   take_target(assembly, &parts) && assembly_add(assembly, &parts);
        }
        assembly->at = here;
    }
    return take_target(assembly, &parts) && assembly_add(assembly, &parts);
}

static bool take_label(struct assembly *assembly, const struct spelling *name) {
    if (name_is_reserved(name->bytes)) {
        return assembly_fail(assembly, name->at, "names that begin with iele. are reserved");
    }
    struct label_symbol *label = assembly_label(assembly, name);
    if (label == NULL) {
        return false;
    }
    if (label->is_defined) {
        char spelled[ASSEMBLY_SPELLED];
        return assembly_fail(assembly, name->at, "this function has a label %s already",
                             assembly_spell(name->bytes, spelled));
    }
    label->is_defined = true;
    label->at = name->at;
    *(assembly->last_label != NULL ? &assembly->last_label->next : &assembly->first_label) = label;
    assembly->last_label = label;
    struct statement *made = statement_new(assembly, 0);
    if (made == NULL) {
        return false;
    }
    made->opcode = IELE_LABEL;
    made->label = label;
    function_append(assembly, made);
    return true;
}

static bool take_without_result(struct assembly *assembly, size_t at) {
    static const struct {
        const char *word;
        bool (*take)(struct assembly *assembly, size_t at);
    } instructions[] = {{"br", take_br},
                        {"ret", take_ret},
                        {"call", assembly_take_call},
                        {"store", take_store},
                        {"sstore", take_sstore},
                        {"log", take_log},
                        {"revert", take_revert},
                        {"selfdestruct", take_selfdestruct}};
    for (size_t i = 0; i < sizeof instructions / sizeof instructions[0]; i++) {
        if (assembly_skip_word(assembly, instructions[i].word)) {
            return instructions[i].take(assembly, at);
        }
    }
    struct spelling word;
    char spelled[ASSEMBLY_SPELLED];
    return assembly_take_name(assembly, "an instruction", true, &word) &&
           assembly_fail(assembly, at, "there is no instruction %s without a result",
                         assembly_spell(word.bytes, spelled));
}

bool assembly_take_statement(struct assembly *assembly) {
    assembly->results.size = assembly->args.size = 0;
    assembly->temporaries = 0;
    char c = assembly_peek(assembly);
    const size_t at = assembly->at;
    if (c == '%') {
        return take_with_results(assembly, at);
    }
    if (!assembly_at_name(assembly)) {
        return assembly_fail(assembly, at, "an instruction, a label or a \"}\" must stand here");
    }
    struct spelling name;
    if (!assembly_take_name(assembly, "a label", true, &name)) {
        return false;
    }
    if (assembly_skip(assembly, ':')) {
        return take_label(assembly, &name);
    }
    assembly->at = at;
    return take_without_result(assembly, at);
}
