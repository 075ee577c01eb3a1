/* Finding things in a decoded contract (protocol/iele-vm.md, sections 2 and 3). */
#include <string.h>

#include "contract.h"

const extvm_bytes init_name = {(const uint8_t *)"init", 4};

static int compare_text(extvm_bytes a, extvm_bytes b) {
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

int function_name_compare(const struct function_name *a, const struct function_name *b) {
    if (a->is_number != b->is_number) {
        return a->is_number - b->is_number;
    }
    return a->is_number ? a->number - b->number : compare_text(a->text, b->text);
}

/* The first of the functions whose name is not below `name`, when it is that. */
static const struct function *find(const struct contract *contract,
                                   const struct function_name *name) {
    size_t from = 0, to = contract->function_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (function_name_compare(&contract->by_name[middle]->name, name) < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    const struct function *found = from < contract->function_count ? contract->by_name[from] : NULL;
    return found != NULL && function_name_compare(&found->name, name) == 0 ? found : NULL;
}

const struct function *contract_function(const struct contract *contract, extvm_bytes name) {
    const struct function_name wanted = {.text = name};
    return find(contract, &wanted);
}

const struct entry *contract_name(const struct contract *contract, uint16_t number) {
    return number < contract->entry_count && contract->entries[number].child == NULL
               ? &contract->entries[number]
               : NULL;
}

const struct function *contract_numbered_function(const struct contract *contract,
                                                  uint16_t number) {
    const struct entry *entry = contract_name(contract, number);
    const struct function_name wanted = {.is_number = true, .number = number};
    return entry != NULL ? entry->function : find(contract, &wanted);
}

const struct function *contract_pointer(const struct contract *contract,
                                        const struct value *pointer) {
    return pointer->wide == NULL && pointer->small >= 1 &&
                   pointer->small <= (int64_t)contract->pointer_count
               ? contract->by_pointer[pointer->small - 1]
               : NULL;
}

const uint8_t *function_label(const struct contract *contract, const struct function *function,
                              uint16_t label) {
    size_t from = 0, to = function->label_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (function->labels[middle].number < label) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from < function->label_count && function->labels[from].number == label
               ? contract->bytes.data + function->labels[from].offset
               : NULL;
}

struct constant *contract_constant(const struct contract *contract, const uint8_t *magnitude) {
    uint32_t offset = (uint32_t)(magnitude - contract->bytes.data);
    size_t from = 0, to = contract->constant_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (contract->constants[middle].offset < offset) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from < contract->constant_count && contract->constants[from].offset == offset
               ? &contract->constants[from]
               : NULL;
}
