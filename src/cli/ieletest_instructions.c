/* Running lists of single IELE instructions, each in a fresh frame, and comparing what comes out
 * and what it costs. They run in the VM of this library, which only an IELE of its own is: for one
 * behind a foreign socket they are skipped. */
#include <stdio.h>
#include <string.h>

#include <extvm/ielevm.h>

#include "ieletest_file.h"
#include "ieletest_run.h"
#include "report.h"

enum { BUDGET_EXPONENT = 15 /* each has 10^15 milligas */ };

struct cell {
    bool is_there;
    extvm_bytes content;
};

/* One case, as it is written. */
struct instruction_case {
    const char *mnemonic;
    struct iele_numbers operands;
    struct cell cell;
    struct {
        bool estimate, out, cell, accounts, status;
    } has;
    extvm_bytes estimate, computation, out;
    struct cell cell_after;
    extvm_bytes current, peak, charged, status;
};

/* -- reading -- */

static extvm_status read_mnemonic(const struct json_place *place, json_t *value, void *target) {
    const char *text = json_string_value(value);
    *(const char **)target = text;
    return text != NULL ? EXTVM_OK
                        : json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "an instruction");
}

static extvm_status read_cell(const struct json_place *place, json_t *value, void *target) {
    struct cell *cell = target;
    cell->is_there = !json_is_null(value);
    return cell->is_there ? ieletest_read_bytes(place, value, &cell->content) : EXTVM_OK;
}

/* A JSON integer, however long. */
static extvm_status read_count(const struct json_place *place, json_t *value, void *target) {
    return json_read_signed(place, value, target);
}

#define IN_CASE(member) offsetof(struct instruction_case, member)

static const struct json_member members[] = {
    {"op", read_mnemonic, IN_CASE(mnemonic)},
    {"in", ieletest_read_numbers, IN_CASE(operands)},
    {"cell", read_cell, IN_CASE(cell)},
    {"M", read_count, IN_CASE(estimate)},
    {"C", read_count, IN_CASE(computation)},
    {"out", ieletest_read_number, IN_CASE(out)},
    {"cell_after", read_cell, IN_CASE(cell_after)},
    {"cur", read_count, IN_CASE(current)},
    {"peak", read_count, IN_CASE(peak)},
    {"charged", read_count, IN_CASE(charged)},
    {"status", read_count, IN_CASE(status)},
};

static extvm_status read_case(struct instruction_case *out, const struct json_place *place,
                              json_t *json) {
    *out = (struct instruction_case){.mnemonic = NULL};
    extvm_status status =
        json_read_object(place, json, members, sizeof members / sizeof members[0], out);
    if (status != EXTVM_OK) {
        return status;
    }
    if (out->mnemonic == NULL || json_object_get(json, "in") == NULL ||
        out->operands.count > EXTVM_IELE_OPERANDS) {
        return json_refuse_place(place, "op or in is missing, or has too many operands");
    }
    out->has.estimate = json_object_get(json, "M") != NULL;
    out->has.out = json_object_get(json, "out") != NULL;
    out->has.cell = json_object_get(json, "cell_after") != NULL;
    out->has.accounts = json_object_get(json, "charged") != NULL;
    out->has.status = json_object_get(json, "status") != NULL;
    return EXTVM_OK;
}

/* -- comparing -- */

static void compare_cell(struct verdict *verdict, const struct cell *got,
                         const struct cell *expected) {
    if (got->is_there != expected->is_there) {
        verdict_differs(verdict, "cell 0", got->is_there ? "there" : "absent",
                        expected->is_there ? "there" : "absent");
    } else {
        verdict_bytes(verdict, "cell 0", got->content, expected->content);
    }
}

/* `got` as two's complement of 64 bits: an estimate in words may be below 0. */
static void compare_number(struct verdict *verdict, const char *what, int64_t got,
                           extvm_bytes expected) {
    uint8_t bytes[sizeof got];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[sizeof bytes - 1 - i] = (uint8_t)((uint64_t)got >> (8 * i));
    }
    verdict_decimal(verdict, what, (extvm_bytes){bytes, sizeof bytes}, expected);
}

static void compare(struct verdict *verdict, const struct instruction_case *expected,
                    const extvm_iele_step *step) {
    static const uint8_t zero_digit[] = {0};
    const struct cell cell = {step->has_cell, step->cell};
    compare_number(verdict, "status", (int64_t)step->status,
                   expected->has.status ? expected->status : (extvm_bytes){zero_digit, 1});
    if (expected->has.estimate) {
        verdict_decimal(verdict, "M", step->estimate, expected->estimate);
    }
    verdict_decimal(verdict, "C", step->computation, expected->computation);
    if (expected->has.out) {
        verdict_hex(verdict, "out", step->result, expected->out);
    }
    if (expected->has.cell) {
        compare_cell(verdict, &cell, &expected->cell_after);
    }
    if (expected->has.accounts) {
        compare_number(verdict, "cur", step->current_words, expected->current);
        compare_number(verdict, "peak", step->peak_words, expected->peak);
        compare_number(verdict, "charged", (int64_t)step->charged, expected->charged);
    }
}

/* -- running -- */

static uint64_t budget(void) {
    uint64_t milligas = 1;
    for (unsigned i = 0; i < BUDGET_EXPONENT; i++) {
        milligas *= 10;
    }
    return milligas;
}

static extvm_status run_instruction(struct verdict *verdict, const struct instruction_case *one,
                                    struct suite_job *job) {
    extvm_iele_instruction instruction = {.mnemonic = one->mnemonic,
                                          .operand_count = one->operands.count,
                                          .has_cell = one->cell.is_there,
                                          .cell = one->cell.content,
                                          .milligas = budget()};
    for (size_t i = 0; i < one->operands.count; i++) {
        instruction.operands[i] = one->operands.list[i];
    }
    extvm_iele_step *step = NULL;
    extvm_error error = {EXTVM_OK, ""};
    extvm_status status = extvm_iele_run_instruction(&instruction, NULL, &step, &error);
    if (status == EXTVM_OK) {
        compare(verdict, one, step);
    } else if (status == EXTVM_NO_MEMORY) {
        job->error = error;
        return status;
    } else {
        verdict_fail(verdict, "the instruction", status, &error);
    }
    extvm_iele_step_free(step);
    return EXTVM_OK;
}

static bool has_own_vm(const struct suite_job *job) {
    static const char *const own[] = {"internal-iele", "test-mode-iele"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strncmp(job->vm_address, own[i], strlen(own[i])) == 0) {
            return true;
        }
    }
    return false;
}

static extvm_status run_case(const struct json_place *place, json_t *json, const char *file,
                             struct suite_job *job) {
    const struct iele_selection *selection = job->selection;
    struct pool pool = {NULL};
    const struct json_reader reader = {
        .file = place->reader->file, .pool = &pool, .error = &job->error};
    const struct json_place here = {&reader, place->outer, NULL, place->index};
    struct verdict verdict = {.pool = &pool};
    struct instruction_case one;
    extvm_status status = read_case(&one, &here, json);
    const char *name =
        status == EXTVM_OK ? verdict_text(&verdict, "%s[%zu]", one.mnemonic, place->index) : "";
    if (status == EXTVM_OK && suite_wants(selection->filter, file, name)) {
        if (has_own_vm(job)) {
            status = run_instruction(&verdict, &one, job);
        } else {
            verdict.skip = "single instructions run only on the VM of this library";
        }
        status = status == EXTVM_OK ? verdict_report(&verdict, job, file, name) : status;
    }
    pool_free(&pool);
    return status;
}

extvm_status ieletest_run_instructions(const struct json_place *place, json_t *list, void *target) {
    struct suite_job *job = target;
    char file[SUITE_NAME_SIZE];
    extvm_status status = EXTVM_OK;
    suite_file_name(place->reader->file, file);
    for (size_t i = 0; i < json_array_size(list) && status == EXTVM_OK; i++) {
        const struct json_place here = {place->reader, place, NULL, i};
        status = run_case(&here, json_array_get(list, i), file, job);
    }
    return status;
}
