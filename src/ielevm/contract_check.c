/* What an uploaded contract must hold to (protocol/iele-vm.md, section 4). */
#include <string.h>

#include "contract.h"
#include "instruction.h"

enum { RESULTS_UNKNOWN = -1 };

static bool is_init(const struct function *function) {
    return !function->name.is_number && extvm_bytes_equal(function->name.text, init_name);
}

/* Rules 1 to 3. */
static bool names_are_good(const struct contract *contract) {
    static const char reserved[] = "iele.";
    enum { RESERVED = sizeof reserved - 1 };
    const struct function *init = contract_function(contract, init_name);
    for (uint32_t i = 0; i < contract->function_count; i++) {
        const struct function_name *name = &contract->by_name[i]->name;
        if (i > 0 && function_name_compare(&contract->by_name[i - 1]->name, name) == 0) {
            return false;
        }
        if (!name->is_number && name->text.size >= RESERVED &&
            memcmp(name->text.data, reserved, RESERVED) == 0) {
            return false;
        }
    }
    return init != NULL && !init->is_public;
}

/* Rule 6: the first occurrence fixes the number, all others agree with it. */
static bool results_agree(const struct function *function, int32_t results) {
    struct function *fixed = (struct function *)(uintptr_t)function;
    if (fixed->results == RESULTS_UNKNOWN) {
        fixed->results = results;
    }
    return fixed->results == results;
}

/* Rules 5 and 6. */
static bool local_call_is_good(const struct contract *contract,
                               const struct instruction *instruction) {
    const struct function *callee = contract_numbered_function(contract, instruction->number);
    if (callee != NULL) {
        return callee->parameters == instruction->arguments &&
               results_agree(callee, instruction->returns);
    }
    const struct entry *entry = contract_name(contract, instruction->number);
    if (entry == NULL || entry->builtin == 0) {
        return false;
    }
    const struct iele_opcode_info *builtin = &iele_opcodes[entry->builtin];
    return builtin->operands == instruction->arguments && builtin->results == instruction->returns;
}

/* Rules 5 to 8. */
static bool instruction_is_good(const struct contract *contract, const struct function *function,
                                const struct instruction *instruction) {
    switch (instruction->opcode) {
    case IELE_LOCALCALL:
        return local_call_is_good(contract, instruction);
    case IELE_RET:
        return results_agree(function, instruction->arguments);
    case IELE_BR:
    case IELE_BRIF:
        return function_label(contract, function, instruction->number) != NULL;
    case IELE_CREATE:
        return instruction->number < contract->entry_count &&
               contract->entries[instruction->number].child != NULL;
    default:
        return true;
    }
}

static bool body_is_good(const struct contract *contract, const struct function *function) {
    struct instruction instruction;
    for (const uint8_t *at = function->body; at < function->end;) {
        at = instruction_read(at, function->end, contract->bits, &instruction);
        if (!instruction_is_good(contract, function, &instruction)) {
            return false;
        }
    }
    return true;
}

static bool is_well_formed(struct contract *contract) {
    if (contract->repeats_label || !names_are_good(contract)) {
        return false;
    }
    for (uint32_t i = 0; i < contract->function_count; i++) {
        struct function *function = &contract->functions[i];
        function->results = is_init(function) ? 0 : RESULTS_UNKNOWN;
    }
    for (uint32_t i = 0; i < contract->function_count; i++) {
        if (!body_is_good(contract, &contract->functions[i])) {
            return false;
        }
    }
    return true;
}

bool contract_is_well_formed(struct contract *contract, const struct contract *end) {
    for (struct contract *one = contract; one != end; one = one->next) {
        if (!is_well_formed(one)) {
            return false;
        }
    }
    return true;
}
