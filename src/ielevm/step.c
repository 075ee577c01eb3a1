/* One instruction by itself, for extvm/ielevm.h. */
#include <extvm/ielevm.h>

#include <string.h>

#include <extvm/integer.h>

#include "calculation.h"
#include "common/error.h"
#include "machine.h"

/* The registers: one for the result, then the operands. Each has a byte of the field. */
enum { RESULT_REGISTER = 0, FIRST_OPERAND = 1, REGISTERS = FIRST_OPERAND + EXTVM_IELE_OPERANDS };
enum { REGISTER_BITS = 8 };

struct step_memory {
    extvm_iele_step step;
    extvm_allocator allocator;
    struct arena arena;
};

/* -- which instructions there are -- */

/* Which of an instruction's operands is the cell's index. */
static bool find_cell_operand(uint8_t opcode, size_t *index) {
    switch (opcode) {
    case IELE_LOAD:
    case IELE_LOADRANGE:
    case IELE_SHA3:
        *index = 0;
        return true;
    case IELE_STORE:
    case IELE_STORERANGE:
        *index = 1;
        return true;
    default:
        return false;
    }
}

static extvm_status check(const extvm_iele_instruction *instruction, uint8_t *opcode,
                          extvm_error *error) {
    size_t cell;
    if (instruction->mnemonic == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "an instruction needs a mnemonic");
    }
    *opcode = iele_opcode_named(instruction->mnemonic);
    if (*opcode == 0 || (calculations[*opcode].run == NULL && !find_cell_operand(*opcode, &cell))) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "\"%s\" is no instruction that can be run by itself",
                         instruction->mnemonic);
    }
    const size_t wanted = iele_opcodes[*opcode].operands;
    if (instruction->operand_count != wanted) {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "\"%s\" has %zu operands, not %zu",
                         instruction->mnemonic, wanted, instruction->operand_count);
    }
    if (find_cell_operand(*opcode, &cell) && extvm_integer_sign(instruction->operands[cell]) != 0) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "operand %zu of \"%s\" must be cell 0: there is no other", cell + 1,
                         instruction->mnemonic);
    }
    if (instruction->milligas > INT64_MAX) {
        return error_set(error, EXTVM_OUT_OF_RANGE, "milligas must be below 2^63");
    }
    return EXTVM_OK;
}

/* -- what it costs, exactly also where nobody can pay it -- */

struct exact {
    bool known;
    mpz_t estimate, computation;
};

/* w8 and w64 of section 1. */
static void exact_words(mpz_ptr out, mpz_srcptr count, unsigned in_word) {
    mpz_add_ui(out, count, in_word - 1);
    mpz_tdiv_q_ui(out, out, in_word);
}

static void exact_chop(mpz_ptr out, mpz_srcptr value) {
    enum { WORD_BITS = 256 };
    mpz_fdiv_r_2exp(out, value, WORD_BITS);
}

/* The price of a power that cannot be paid: K of section 7 is of a size above 1024, or negative. */
static void exact_power(struct exact *exact, const struct value *base, mpz_srcptr exponent) {
    enum { BIT = 80, LINEAR = 432, FIXED = 197376, SMALL = 1024 };
    int64_t bits = bits_about(value_words(base), base);
    mpz_mul_si(exact->estimate, exponent, bits);
    mpz_tdiv_q_ui(exact->estimate, exact->estimate, 64);
    mpz_mul(exact->computation, exact->estimate, exact->estimate);
    if (mpz_cmp_ui(exact->estimate, SMALL) > 0) {
        mpz_tdiv_q_ui(exact->computation, exact->computation, 16);
        mpz_addmul_ui(exact->computation, exact->estimate, LINEAR);
        mpz_sub_ui(exact->computation, exact->computation, FIXED);
    }
    mpz_mul_ui(exact->computation, exact->computation, 2);
    mpz_add_ui(exact->computation, exact->computation, GAS_EXP + BIT * (unsigned long)bits);
}

static void exact_width(struct exact *exact, mpz_srcptr width, unsigned base, unsigned each) {
    exact_chop(exact->estimate, width);
    exact_words(exact->estimate, exact->estimate, 8);
    if (mpz_sgn(exact->estimate) == 0) {
        mpz_set_ui(exact->computation, each);
    } else {
        mpz_mul_ui(exact->computation, exact->estimate, each);
    }
    mpz_add_ui(exact->computation, exact->computation, base);
}

static void exact_shift(struct exact *exact, const struct value *value, mpz_srcptr amount) {
    exact_words(exact->estimate, amount, 64);
    mpz_add_ui(exact->estimate, exact->estimate, (unsigned long)value_words(value));
    if (mpz_sgn(exact->estimate) <= 0) {
        mpz_set_ui(exact->estimate, 1);
    }
    mpz_add_ui(exact->computation, exact->estimate, GAS_AND);
}

static void exact_load_range(struct exact *exact, mpz_srcptr width) {
    exact_chop(exact->estimate, width);
    exact_words(exact->estimate, exact->estimate, 8);
    exact_words(exact->computation, width, 8);
    mpz_mul_ui(exact->computation, exact->computation, GAS_LOAD_WORD);
    mpz_add_ui(exact->computation, exact->computation, GAS_LOADRANGE);
}

/* What a store would cost; the frame has no other memory yet. */
static void exact_store(struct exact *exact, int64_t base, mpz_srcptr words, mpz_srcptr grown) {
    enum { FREE_WORDS = 4096, WORD = 750, QUADRATIC_DIVISOR = 8192 };
    mpz_mul_ui(exact->computation, words, GAS_STORE_WORD);
    mpz_add_ui(exact->computation, exact->computation, (unsigned long)base);
    mpz_sub_ui(exact->estimate, grown, FREE_WORDS);
    if (mpz_sgn(exact->estimate) > 0) {
        mpz_addmul_ui(exact->computation, exact->estimate, WORD);
        mpz_mul(exact->estimate, exact->estimate, exact->estimate);
        mpz_fdiv_q_ui(exact->estimate, exact->estimate, QUADRATIC_DIVISOR);
        mpz_add(exact->computation, exact->computation, exact->estimate);
    }
}

static void exact_store_cell(struct exact *exact, const struct value *value, int64_t cell) {
    mpz_t words, grown;
    mpz_init_set_si(words, value_words(value));
    mpz_init_set_si(grown, value_words(value) - cell);
    exact_store(exact, GAS_STORE, words, grown);
    mpz_clears(words, grown, NULL);
}

static void exact_store_range(struct exact *exact, mpz_srcptr offset, mpz_srcptr width,
                              int64_t cell) {
    mpz_t words, grown;
    mpz_inits(words, grown, NULL);
    exact_words(words, width, 8);
    mpz_add(grown, offset, width);
    exact_words(grown, grown, 8);
    mpz_sub_ui(grown, grown, (unsigned long)cell);
    exact_store(exact, GAS_STORERANGE, words, grown);
    mpz_clears(words, grown, NULL);
    exact->known = mpz_sgn(width) >= 0 && mpz_sgn(offset) >= 0;
}

static void exact_load(struct exact *exact, int64_t cell) {
    mpz_set_si(exact->estimate, cell);
    mpz_set_si(exact->computation, GAS_LOAD + GAS_LOAD_WORD * cell);
}

static void exact_sha3(struct exact *exact, int64_t cell) {
    enum { RESULT_WORDS = 4 };
    mpz_set_si(exact->estimate, RESULT_WORDS);
    mpz_set_si(exact->computation, GAS_SHA3 + GAS_SHA3_WORD * cell);
}

/* What a calculation costs; the prices of these few grow with an operand itself, and not only with
 * its size. */
static void exact_calculation(struct exact *exact, uint8_t opcode, const struct value *operands,
                              mpz_srcptr const *numbers) {
    enum { TWOS_WORD = 1, SEXT_WORD = 5, BSWAP_WORD = 10 };
    const struct estimate estimate = calculations[opcode].estimate(operands);
    switch (opcode) {
    case IELE_TWOS:
        exact_width(exact, numbers[0], GAS_TWOS, TWOS_WORD);
        break;
    case IELE_SEXT:
        exact_width(exact, numbers[0], GAS_SEXT, SEXT_WORD);
        break;
    case IELE_BSWAP:
        exact_width(exact, numbers[0], GAS_BSWAP, BSWAP_WORD);
        break;
    case IELE_SHIFT:
        exact_shift(exact, &operands[0], numbers[1]);
        break;
    default:
        mpz_set_si(exact->estimate, estimate.memory);
        mpz_set_si(exact->computation, estimate.compute);
        if (opcode == IELE_EXP && estimate.compute == PRICE_UNPAYABLE) {
            exact_power(exact, &operands[0], numbers[1]);
        }
        break;
    }
}

/* `cell` is the words that the cell had. */
static void exact_price(struct exact *exact, uint8_t opcode, const struct value *operands,
                        int64_t cell) {
    struct value_view views[EXTVM_IELE_OPERANDS];
    mpz_srcptr numbers[EXTVM_IELE_OPERANDS];
    for (unsigned i = 0; i < EXTVM_IELE_OPERANDS; i++) {
        numbers[i] = value_view(&operands[i], &views[i]);
    }
    exact->known = true;
    switch (opcode) {
    case IELE_LOAD:
        exact_load(exact, cell);
        break;
    case IELE_LOADRANGE:
        exact_load_range(exact, numbers[2]);
        exact->known = mpz_sgn(numbers[2]) >= 0;
        break;
    case IELE_SHA3:
        exact_sha3(exact, cell);
        break;
    case IELE_STORE:
        exact_store_cell(exact, &operands[0], cell);
        break;
    case IELE_STORERANGE:
        exact_store_range(exact, numbers[2], numbers[3], cell);
        break;
    default:
        exact_calculation(exact, opcode, operands, numbers);
        break;
    }
}

/* -- running -- */

/* The instruction's bytes: opcode, and its registers from the end. */
static void encode(uint8_t opcode, uint8_t bytes[1 + REGISTERS], struct instruction *out) {
    const struct iele_opcode_info *info = &iele_opcodes[opcode];
    const unsigned count = (unsigned)info->results + info->operands;
    bytes[0] = opcode;
    for (unsigned i = 0; i < count; i++) {
        bytes[count - i] =
            (uint8_t)(i < info->results ? RESULT_REGISTER : FIRST_OPERAND + i - info->results);
    }
    instruction_read(bytes, bytes + 1 + count, REGISTER_BITS, out);
}

/* The operands as registers, and the cell, none of them counted. */
static bool set_up(struct ielevm *vm, const extvm_iele_instruction *instruction) {
    struct frame *frame = newest_frame(vm);
    struct numbers *numbers = vm_numbers(vm);
    const struct value zero = value_small(0);
    for (size_t i = 0; i < instruction->operand_count; i++) {
        struct value value;
        if (!value_from_integer(numbers, instruction->operands[i], &value)) {
            return accounts_fail_for_memory(&vm->accounts);
        }
        if (register_write(vm, frame, (uint32_t)(FIRST_OPERAND + i), value) != STEP_NEXT) {
            return false;
        }
    }
    frame->current = 0;
    if (instruction->has_cell) {
        struct cell *cell = cell_add(&vm->cells, &frame->cells, &zero);
        if (cell == NULL || !cell_resize(&vm->cells, cell, instruction->cell.size)) {
            return accounts_fail_for_memory(&vm->accounts);
        }
        if (cell->size > 0) {
            memcpy(cell->data, instruction->cell.data, cell->size);
        }
    }
    return true;
}

/* -- reporting -- */

static extvm_bytes integer_of(mpz_srcptr integer, struct numbers *numbers, struct arena *arena) {
    extvm_bytes bytes = {NULL, 0};
    struct number *number = number_new(numbers);
    if (number == NULL) {
        arena->failed = true;
        return bytes;
    }
    mpz_set(number->integer, integer);
    struct value value = value_of_number(numbers, number);
    bytes = value_to_integer(&value, arena);
    value_drop(numbers, &value);
    return bytes;
}

static bool is_store(uint8_t opcode) {
    return opcode == IELE_STORE || opcode == IELE_STORERANGE;
}

static void report_price(struct ielevm *vm, uint8_t opcode, int64_t cell,
                         struct step_memory *memory) {
    struct exact exact = {.known = false};
    struct value operands[EXTVM_IELE_OPERANDS];
    for (uint32_t i = 0; i < EXTVM_IELE_OPERANDS; i++) {
        operands[i] = *register_value(vm, newest_activation(vm), FIRST_OPERAND + i);
    }
    mpz_inits(exact.estimate, exact.computation, NULL);
    exact_price(&exact, opcode, operands, cell);
    if (is_store(opcode) && memory->step.status == 0) {
        mpz_set_ui(exact.computation, memory->step.charged);
        exact.known = true;
    }
    if (exact.known) {
        memory->step.computation = integer_of(exact.computation, vm_numbers(vm), &memory->arena);
        if (!is_store(opcode)) {
            memory->step.estimate = integer_of(exact.estimate, vm_numbers(vm), &memory->arena);
        }
    }
    mpz_clears(exact.estimate, exact.computation, NULL);
}

static void report(struct ielevm *vm, const extvm_iele_instruction *instruction,
                   struct step_memory *memory) {
    const struct value zero = value_small(0);
    const struct frame *frame = newest_frame(vm);
    const struct cell *cell = cell_find(&vm->cells, &frame->cells, &zero);
    extvm_iele_step *step = &memory->step;
    step->charged = instruction->milligas - (uint64_t)frame->gas;
    step->current_words = frame->current;
    step->peak_words = frame->peak;
    step->has_cell = cell != NULL;
    if (cell != NULL) {
        arena_copy(&memory->arena, (extvm_bytes){cell->data, cell->size}, &step->cell);
    }
    step->result = value_to_integer(register_value(vm, newest_activation(vm), RESULT_REGISTER),
                                    &memory->arena);
}

static extvm_status run(struct ielevm *vm, const extvm_iele_instruction *instruction,
                        uint8_t opcode, struct step_memory *memory) {
    static const struct contract contract = {.bits = REGISTER_BITS};
    static const struct function function = {.registers = REGISTERS};
    uint8_t bytes[1 + REGISTERS];
    struct instruction encoded;
    struct account nobody = {.loaded = true};
    const struct entrance entrance = {.caller = &nobody,
                                      .gas = (int64_t)instruction->milligas,
                                      .code = {CODE_CONTRACT, &contract}};
    if (!frame_make(vm, &entrance) || !activation_push(vm, &function, NULL) ||
        !set_up(vm, instruction)) {
        return vm->accounts.failure;
    }
    encode(opcode, bytes, &encoded);
    const int64_t cell =
        instruction->has_cell ? words_of_bytes((int64_t)instruction->cell.size) : 0;
    enum step step = vm_step(vm, &encoded);
    if (step == STEP_ABORT) {
        return vm->accounts.failure;
    }
    memory->step.status = step == STEP_LEAVE ? (unsigned)vm->ending.status.small : 0;
    report(vm, instruction, memory);
    report_price(vm, opcode, cell, memory);
    return memory->arena.failed ? EXTVM_NO_MEMORY : EXTVM_OK;
}

static struct step_memory *memory_new(const extvm_allocator *allocator) {
    struct step_memory *memory = memory_zeroed(allocator, sizeof *memory);
    if (memory != NULL) {
        memory->allocator = *allocator;
        arena_init(&memory->arena, &memory->allocator, SIZE_MAX / 2);
    }
    return memory;
}

extvm_status extvm_iele_run_instruction(const extvm_iele_instruction *instruction,
                                        const extvm_allocator *allocator, extvm_iele_step **step,
                                        extvm_error *error) {
    uint8_t opcode = 0;
    if (instruction == NULL || step == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "an instruction and a place for the step are needed");
    }
    *step = NULL;
    extvm_status status = check(instruction, &opcode, error);
    if (status != EXTVM_OK) {
        return status;
    }
    if (allocator == NULL) {
        allocator = extvm_default_allocator();
    }
    struct step_memory *memory = memory_new(allocator);
    struct ielevm *vm = ielevm_new(allocator, NULL);
    status = memory != NULL && vm != NULL ? run(vm, instruction, opcode, memory) : EXTVM_NO_MEMORY;
    ielevm_free(vm);
    if (status != EXTVM_OK) {
        extvm_iele_step_free(memory != NULL ? &memory->step : NULL);
        return error_no_memory(error, "an instruction's step");
    }
    *step = &memory->step;
    return EXTVM_OK;
}

void extvm_iele_step_free(extvm_iele_step *step) {
    if (step != NULL) {
        struct step_memory *memory = (struct step_memory *)step;
        const extvm_allocator allocator = memory->allocator;
        arena_free(&memory->arena);
        memory_release(&allocator, memory);
    }
}
