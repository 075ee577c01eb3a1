/* Memory cells, and the logs that are made of them (protocol/iele-vm.md, sections 9.3 and 9.6). */
#include <string.h>

#include "calculation.h"
#include "common/keccak.h"
#include "machine.h"

static struct cell *find_cell(const struct ielevm *vm, const struct context *context,
                              uint32_t operand) {
    return cell_find(&vm->cells, &context->frame->cells, context_operand(vm, context, operand));
}

static int64_t cell_words(const struct cell *cell) {
    return cell != NULL ? words_of_bytes((int64_t)cell->size) : 0;
}

/* -- reading -- */

/* Writes the number of `size` little-endian bytes at `bytes`. */
static enum step write_bytes(struct ielevm *vm, const struct context *context,
                             bool (*make)(struct numbers *, const uint8_t *, size_t,
                                          struct value *),
                             const uint8_t *bytes, size_t size) {
    struct value value;
    return make(vm_numbers(vm), bytes, size, &value) ? context_write(vm, context, value)
                                                     : abort_for_memory(vm);
}

enum step perform_load(struct ielevm *vm, const struct context *context) {
    const struct cell *cell = find_cell(vm, context, 0);
    int64_t words = cell_words(cell);
    enum step step = context_pay(vm, context, words, GAS_LOAD + GAS_LOAD_WORD * words);
    if (step != STEP_NEXT) {
        return step;
    }
    return cell == NULL ? context_write(vm, context, value_small(0))
                        : write_bytes(vm, context, value_from_signed, cell->data, cell->size);
}

enum step perform_load_range(struct ielevm *vm, const struct context *context) {
    const struct cell *cell = find_cell(vm, context, 0);
    int64_t offset = value_amount(context_operand(vm, context, 1));
    int64_t width = value_amount(context_operand(vm, context, 2));
    if (width < 0) {
        return raise_exception(vm, OUT_OF_GAS);
    }
    int64_t words = words_of_bytes(width);
    enum step step = context_pay(vm, context, words, GAS_LOADRANGE + GAS_LOAD_WORD * words);
    if (step != STEP_NEXT) {
        return step;
    }
    if (cell != NULL && offset < 0) {
        return raise_exception(vm, USER_ERROR);
    }
    if (cell == NULL || (uint64_t)offset >= cell->size) {
        return context_write(vm, context, value_small(0));
    }
    size_t there = cell->size - (size_t)offset;
    return write_bytes(vm, context, value_from_unsigned, cell->data + offset,
                       (size_t)width < there ? (size_t)width : there);
}

enum step perform_sha3(struct ielevm *vm, const struct context *context) {
    enum { RESULT_WORDS = 4 };
    struct cell *cell = find_cell(vm, context, 0);
    enum step step =
        context_pay(vm, context, RESULT_WORDS, GAS_SHA3 + GAS_SHA3_WORD * cell_words(cell));
    if (step != STEP_NEXT) {
        return step;
    }
    extvm_word hash;
    if (cell == NULL) {
        keccak256((extvm_bytes){NULL, 0}, &hash);
    } else {
        if (!cell->hash_known) {
            keccak256((extvm_bytes){cell->data, cell->size}, &cell->hash);
            cell->hash_known = true;
            vm->work_left -= cell_words(cell) / 16;
        }
        hash = cell->hash;
    }
    struct value value;
    if (!value_from_unsigned_big(vm_numbers(vm), (extvm_bytes){hash.bytes, sizeof hash.bytes},
                                 &value)) {
        return abort_for_memory(vm);
    }
    return context_write(vm, context, value);
}

/* -- writing -- */

/* The cell that operand 1 names, with `size` bytes, made if it is not there. */
static struct cell *cell_for(struct ielevm *vm, const struct context *context, struct cell *cell,
                             size_t size) {
    if (cell == NULL) {
        cell = cell_add(&vm->cells, &context->frame->cells, context_operand(vm, context, 1));
        vm->live_words += cell != NULL ? CELL_WORDS : 0;
    }
    int64_t before = cell_words(cell);
    if (cell == NULL || !cell_resize(&vm->cells, cell, size)) {
        accounts_fail_for_memory(&vm->accounts);
        return NULL;
    }
    vm->live_words += cell_words(cell) - before;
    return cell;
}

/* Zero is charged as a word while the cell stays or becomes empty [quirk]. */
enum step perform_store(struct ielevm *vm, const struct context *context) {
    const struct value *value = context_operand(vm, context, 0);
    struct cell *cell = find_cell(vm, context, 1);
    int64_t words = value_words(value);
    enum step step = memory_adjust(vm, context->frame, words - cell_words(cell));
    if (step == STEP_NEXT) {
        step = gas_charge(vm, context->frame, GAS_STORE + GAS_STORE_WORD * words);
    }
    if (step != STEP_NEXT || (cell == NULL && value_is_zero(value))) {
        return step;
    }
    cell = cell_for(vm, context, cell, value_signed_size(value));
    if (cell == NULL) {
        return STEP_ABORT;
    }
    value_low_bytes(value, cell->data, cell->size);
    return STEP_NEXT;
}

enum step perform_store_range(struct ielevm *vm, const struct context *context) {
    struct cell *cell = find_cell(vm, context, 1);
    int64_t offset = value_amount(context_operand(vm, context, 2));
    int64_t width = value_amount(context_operand(vm, context, 3));
    if (width < 0 || (width > 0 && offset < 0)) {
        return raise_exception(vm, OUT_OF_GAS);
    }
    enum step step = STEP_NEXT;
    if (width > 0) {
        int64_t more = words_of_bytes(offset + width) - cell_words(cell);
        step = memory_adjust(vm, context->frame, words_maximum(0, more));
    }
    if (step == STEP_NEXT) {
        step =
            gas_charge(vm, context->frame, GAS_STORERANGE + GAS_STORE_WORD * words_of_bytes(width));
    }
    if (step != STEP_NEXT || width == 0) {
        return step;
    }
    size_t end = (size_t)offset + (size_t)width;
    cell = cell_for(vm, context, cell, cell != NULL && cell->size > end ? cell->size : end);
    if (cell == NULL) {
        return STEP_ABORT;
    }
    value_low_bytes(context_operand(vm, context, 0), cell->data + offset, (size_t)width);
    return STEP_NEXT;
}

/* -- logs -- */

/* The cell of a log, which is present and empty from then on when it was absent. */
static struct cell *logged_cell(struct ielevm *vm, const struct context *context) {
    struct cell *cell = find_cell(vm, context, 0);
    if (cell == NULL) {
        cell = cell_add(&vm->cells, &context->frame->cells, context_operand(vm, context, 0));
        vm->live_words += cell != NULL ? CELL_WORDS : 0;
    }
    return cell;
}

enum step perform_log(struct ielevm *vm, const struct context *context) {
    struct accounts *accounts = &vm->accounts;
    struct log log = {.address = context->frame->self->address,
                      .topic_count = context->instruction->registers - 1};
    int64_t words = cell_words(find_cell(vm, context, 0));
    enum step step =
        gas_charge(vm, context->frame,
                   GAS_LOG + GAS_LOG_WORD * words + (int64_t)GAS_LOG_TOPIC * log.topic_count);
    if (step != STEP_NEXT) {
        return step;
    }
    const struct cell *cell = logged_cell(vm, context);
    if (cell == NULL ||
        !arena_copy(&accounts->arena, (extvm_bytes){cell->data, cell->size}, &log.data)) {
        return abort_for_memory(vm);
    }
    for (unsigned i = 0; i < log.topic_count; i++) {
        value_to_word(context_operand(vm, context, 1 + i), &log.topics[i]);
    }
    return step_or_abort(accounts_add_log(accounts, &log));
}
