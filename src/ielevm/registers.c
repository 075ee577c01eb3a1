/* Registers of activations, and the list on which values pass between them. */
#include <string.h>

#include "machine.h"

/* `*array` with room for `needed` elements of `size` bytes; false: no memory. */
static bool grow_array(const extvm_allocator *allocator, void *array, size_t *capacity,
                       size_t needed, size_t size) {
    enum { FIRST = 64 };
    void **pointer = array;
    size_t wanted = *capacity < FIRST ? FIRST : *capacity, bytes;
    while (wanted < needed) {
        if (!size_multiply(wanted, 2, &wanted)) {
            return false;
        }
    }
    if (!size_multiply(wanted, size, &bytes)) {
        return false;
    }
    void *moved = allocator->resize(allocator->context, *pointer, *capacity * size, bytes);
    if (moved == NULL) {
        return false;
    }
    *pointer = moved;
    *capacity = wanted;
    return true;
}

bool list_add(struct ielevm *vm, const struct value *value) {
    if (vm->list_count == vm->list_capacity &&
        !grow_array(&vm->allocator, &vm->list, &vm->list_capacity, vm->list_count + 1,
                    sizeof *vm->list)) {
        return accounts_fail_for_memory(&vm->accounts);
    }
    vm->list[vm->list_count++] = value_share(value);
    return true;
}

void list_clear(struct ielevm *vm) {
    while (vm->list_count > 0) {
        value_drop(vm_numbers(vm), &vm->list[--vm->list_count]);
    }
}

/* -- activations -- */

static uint32_t flat_count(uint32_t count) {
    return count < FLAT_REGISTERS ? count : FLAT_REGISTERS;
}

bool activation_push(struct ielevm *vm, const struct function *function, const uint8_t *call) {
    const uint32_t flat = flat_count(function->registers);
    const size_t registers = vm->register_count + flat;
    if ((registers > vm->register_capacity &&
         !grow_array(&vm->allocator, &vm->registers, &vm->register_capacity, registers,
                     sizeof *vm->registers)) ||
        (vm->activation_count == vm->activation_capacity &&
         !grow_array(&vm->allocator, &vm->activations, &vm->activation_capacity,
                     vm->activation_count + 1, sizeof *vm->activations))) {
        return accounts_fail_for_memory(&vm->accounts);
    }
    if (flat > 0) {
        memset(vm->registers + vm->register_count, 0, flat * sizeof *vm->registers);
    }
    vm->activations[vm->activation_count++] = (struct activation){.function = function,
                                                                  .pc = function->body,
                                                                  .call = call,
                                                                  .base = vm->register_count,
                                                                  .count = function->registers,
                                                                  .words = function->registers};
    vm->register_count = registers;
    vm->live_words += flat;
    return true;
}

/* Forgets `count` values from `values` on, and what they count as live. */
static void drop_values(struct ielevm *vm, struct value *values, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        vm->live_words -= value_words(&values[i]);
        value_drop(vm_numbers(vm), &values[i]);
    }
}

static void drop_pages(struct ielevm *vm, struct register_pages *pages) {
    for (unsigned i = 0; i < PAGE_GROUPS; i++) {
        for (unsigned j = 0; pages->groups[i] != NULL && j < PAGE_GROUP; j++) {
            if (pages->groups[i][j] != NULL) {
                drop_values(vm, pages->groups[i][j], PAGE_REGISTERS);
                memory_release(&vm->allocator, pages->groups[i][j]);
            }
        }
        memory_release(&vm->allocator, pages->groups[i]);
    }
    memory_release(&vm->allocator, pages);
}

void activation_pop(struct ielevm *vm) {
    struct activation *activation = newest_activation(vm);
    if (activation->count > 0) {
        drop_values(vm, vm->registers + activation->base, flat_count(activation->count));
    }
    if (activation->pages != NULL) {
        drop_pages(vm, activation->pages);
    }
    vm->register_count = activation->base;
    vm->activation_count--;
}

/* -- registers -- */

const struct value *register_value(const struct ielevm *vm, const struct activation *activation,
                                   uint32_t number) {
    static const struct value zero = {0};
    if (number < FLAT_REGISTERS) {
        return &vm->registers[activation->base + number];
    }
    if (activation->pages == NULL) {
        return &zero;
    }
    uint32_t page = number / PAGE_REGISTERS;
    struct value **group = activation->pages->groups[page / PAGE_GROUP];
    struct value *values = group != NULL ? group[page % PAGE_GROUP] : NULL;
    return values != NULL ? &values[number % PAGE_REGISTERS] : &zero;
}

/* The page with that register, made if it is not there; NULL: no memory. */
static struct value *page_for(struct ielevm *vm, struct activation *activation, uint32_t number) {
    const extvm_allocator *allocator = &vm->allocator;
    uint32_t page = number / PAGE_REGISTERS;
    if (activation->pages == NULL) {
        activation->pages = memory_zeroed(allocator, sizeof *activation->pages);
    }
    if (activation->pages == NULL) {
        return NULL;
    }
    struct value ***group = &activation->pages->groups[page / PAGE_GROUP];
    if (*group == NULL) {
        *group = memory_zeroed(allocator, PAGE_GROUP * sizeof(struct value *));
    }
    if (*group == NULL) {
        return NULL;
    }
    struct value **values = &(*group)[page % PAGE_GROUP];
    if (*values == NULL) {
        *values = memory_zeroed(allocator, PAGE_REGISTERS * sizeof **values);
        vm->live_words += *values != NULL ? PAGE_REGISTERS : 0;
    }
    return *values;
}

enum step register_write(struct ielevm *vm, struct frame *frame, uint32_t number,
                         struct value value) {
    struct activation *activation = newest_activation(vm);
    struct value *target = vm->registers + activation->base + number;
    if (number >= FLAT_REGISTERS) {
        target = page_for(vm, activation, number);
        if (target == NULL) {
            value_drop(vm_numbers(vm), &value);
            return abort_for_memory(vm);
        }
        target += number % PAGE_REGISTERS;
    }
    int64_t more = value_words(&value) - value_words(target);
    frame->current += more;
    activation->words += more;
    vm->live_words += more;
    value_drop(vm_numbers(vm), target);
    *target = value;
    return STEP_NEXT;
}
