/* Calls and creations in the text (protocol/iele-vm.md, section 18). */
#include "assembly.h"

/* "( X, … )" */
static bool take_arguments(struct assembly *assembly, const char *what) {
    if (!assembly_expect(assembly, '(', what)) {
        return false;
    }
    if (assembly_skip(assembly, ')')) {
        return true;
    }
    do {
        if (!assembly_take_argument(assembly)) {
            return false;
        }
    } while (assembly_skip(assembly, ','));
    return assembly_expect(assembly, ')', what);
}

static bool expect_word(struct assembly *assembly, const char *word, const char *what) {
    return assembly_skip_word(assembly, word) ||
           assembly_fail(assembly, assembly->at, "%s needs \"%s\" here", what, word);
}

/* The name that an instruction has in it, which is so numbered. */
static struct global_symbol *mention(struct assembly *assembly, const struct spelling *name) {
    if (name->is_number) {
        assembly_fail(assembly, name->at, "a function's name must not be a number");
        return NULL;
    }
    struct global_symbol *global = assembly_global(assembly, name);
    if (global == NULL || global->is_mentioned) {
        return global;
    }
    global->is_mentioned = true;
    *(assembly->last_mention != NULL ? &assembly->last_mention->next : &assembly->first_mention) =
        global;
    assembly->last_mention = global;
    return global;
}

/* What is called: a name, or else a pointer, which comes first among the operands. */
static bool take_callee(struct assembly *assembly, struct operand *callee) {
    assembly_peek(assembly);
    return assembly_take_operand(assembly, callee);
}

static bool set_callee(struct assembly *assembly, const struct operand *callee, uint8_t by_name,
                       uint8_t by_pointer, struct statement_parts *parts) {
    if (callee->kind == OPERAND_GLOBAL) {
        parts->opcode = by_name;
        parts->global = mention(assembly, &callee->global);
        return parts->global != NULL;
    }
    parts->opcode = by_pointer;
    parts->fixed[parts->fixed_count++] = *callee;
    return true;
}

/* -- local calls -- */

/* The opcode that stands for the call of a built-in function. */
static bool add_builtin(struct assembly *assembly, size_t at, uint8_t opcode) {
    const struct iele_opcode_info *info = &iele_opcodes[opcode];
    size_t results = assembly_results(assembly), arguments = assembly_arguments(assembly);
    if (results != info->results || arguments != info->operands) {
        return assembly_fail(assembly, at,
                             "@iele.%s takes %u arguments and gives %u results, not %zu and %zu",
                             info->name, info->operands, info->results, arguments, results);
    }
    struct statement_parts parts = {.at = at, .opcode = opcode, .fixed_count = arguments};
    for (size_t i = 0; i < arguments; i++) {
        parts.fixed[i] = ((const struct operand *)(const void *)assembly->args.data)[i];
    }
    assembly->args.size = 0;
    return assembly_add(assembly, &parts);
}

static bool take_local_call(struct assembly *assembly, size_t at, const struct operand *callee) {
    struct statement_parts parts = {.at = at};
    if (!take_arguments(assembly, "a call")) {
        return false;
    }
    if (callee->kind == OPERAND_GLOBAL) {
        uint8_t builtin = iele_builtin_named(callee->global.bytes.data, callee->global.bytes.size);
        if (builtin != 0) {
            return add_builtin(assembly, at, builtin);
        }
    }
    return set_callee(assembly, callee, IELE_LOCALCALL, IELE_LOCALCALLPTR, &parts) &&
           assembly_add(assembly, &parts);
}

/* -- account calls -- */

static bool check_results(struct assembly *assembly, size_t at, const char *what, bool enough) {
    return enough || assembly_fail(assembly, at, "%s", what);
}

bool assembly_take_call(struct assembly *assembly, size_t at) {
    struct operand callee, account, value, gas;
    struct statement_parts parts = {.at = at};
    if (!take_callee(assembly, &callee)) {
        return false;
    }
    if (assembly_peek(assembly) == '(') {
        return take_local_call(assembly, at, &callee);
    }
    if (!assembly_skip_word(assembly, "at")) {
        return assembly_fail(assembly, assembly->at, "a call needs a \"(\" or \"at\" here");
    }
    if (!check_results(assembly, at, "a call of an account needs a register for the status",
                       assembly_results(assembly) > 0) ||
        !assembly_take_operand(assembly, &account) ||
        !take_arguments(assembly, "a call of an account") ||
        !expect_word(assembly, "send", "a call of an account") ||
        !assembly_take_operand(assembly, &value) ||
        !assembly_expect(assembly, ',', "a call of an account") ||
        !expect_word(assembly, "gaslimit", "a call of an account") ||
        !assembly_take_operand(assembly, &gas) ||
        !set_callee(assembly, &callee, IELE_CALL, IELE_CALLPTR, &parts)) {
        return false;
    }
    parts.fixed[parts.fixed_count++] = gas;
    parts.fixed[parts.fixed_count++] = account;
    parts.fixed[parts.fixed_count++] = value;
    return assembly_add(assembly, &parts);
}

bool assembly_take_static_call(struct assembly *assembly, size_t at) {
    struct operand callee, account, gas;
    struct statement_parts parts = {.at = at};
    if (!take_callee(assembly, &callee) || !expect_word(assembly, "at", "a static call") ||
        !assembly_take_operand(assembly, &account) || !take_arguments(assembly, "a static call") ||
        !expect_word(assembly, "gaslimit", "a static call") ||
        !assembly_take_operand(assembly, &gas) ||
        !set_callee(assembly, &callee, IELE_STATICCALL, IELE_STATICCALLPTR, &parts)) {
        return false;
    }
    parts.fixed[parts.fixed_count++] = gas;
    parts.fixed[parts.fixed_count++] = account;
    return assembly_add(assembly, &parts);
}

bool assembly_take_calladdress(struct assembly *assembly, size_t at) {
    struct spelling name;
    struct statement_parts parts = {.at = at, .opcode = IELE_CALLADDRESS, .fixed_count = 1};
    if (!assembly_expect(assembly, '@', "calladdress") ||
        !assembly_take_name(assembly, "a function", false, &name) ||
        !expect_word(assembly, "at", "calladdress") ||
        !assembly_take_operand(assembly, &parts.fixed[0])) {
        return false;
    }
    parts.global = mention(assembly, &name);
    return parts.global != NULL && assembly_add(assembly, &parts);
}

/* -- creations -- */

static const char creation_results[] =
    "a creation needs two registers, for the status and the address";

bool assembly_take_create(struct assembly *assembly, size_t at) {
    struct spelling name;
    struct statement_parts parts = {.at = at, .opcode = IELE_CREATE, .fixed_count = 1};
    assembly_peek(assembly);
    if (!check_results(assembly, at, creation_results, assembly_results(assembly) == 2) ||
        !assembly_take_name(assembly, "a contract", false, &name) ||
        !take_arguments(assembly, "create") || !expect_word(assembly, "send", "create") ||
        !assembly_take_operand(assembly, &parts.fixed[0])) {
        return false;
    }
    parts.child = assembly_child(assembly, &name);
    return parts.child != NULL && assembly_add(assembly, &parts);
}

bool assembly_take_copycreate(struct assembly *assembly, size_t at) {
    struct statement_parts parts = {.at = at, .opcode = IELE_COPYCREATE, .fixed_count = 2};
    return check_results(assembly, at, creation_results, assembly_results(assembly) == 2) &&
           assembly_take_operand(assembly, &parts.fixed[1]) &&
           take_arguments(assembly, "copycreate") && expect_word(assembly, "send", "copycreate") &&
           assembly_take_operand(assembly, &parts.fixed[0]) && assembly_add(assembly, &parts);
}
