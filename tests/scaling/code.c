/* Bytes of code that a call runs. */
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "dialogue.h"

enum { SMALLEST = 1 << 10, STEP = 4, LARGEST = 1 << 24, MIDDLE = 1 << 20 };

enum content { STOP_FIRST, JUMP_TO_THE_END };

/* Zeros, or a jump over JUMPDESTs to the last of them, for which all of them have to be found. */
static uint8_t *make_code(size_t size, enum content content) {
    uint8_t *code = calloc(size, 1);
    if (code == NULL) {
        give_up("code", "no memory");
    }
    if (content == JUMP_TO_THE_END) {
        const size_t last = size - 1;
        const uint8_t jump[] = {
            0x63, (uint8_t)(last >> 24), (uint8_t)(last >> 16), (uint8_t)(last >> 8), (uint8_t)last,
            0x56};
        memset(code, 0x5b, size);
        memcpy(code, jump, sizeof jump);
    }
    return code;
}

static double time_program(extvm_vm *vm, size_t size, enum content content) {
    struct program_call program;
    uint8_t *code = make_code(size, content);
    program_call_init(&program, vm, EXTVM_FORK_BERLIN);
    program.code = (extvm_bytes){code, size};
    double seconds = program_call_time(&program);
    free(code);
    return seconds;
}

static double measure_socket(const struct machines *machines, size_t size) {
    return time_program(machines->socket, size, STOP_FIRST);
}

static double measure_internal(const struct machines *machines, size_t size) {
    return time_program(machines->internal, size, STOP_FIRST);
}

static double measure_analysis(const struct machines *machines, size_t size) {
    return time_program(machines->internal, size, JUMP_TO_THE_END);
}

static double measure_sessions(const struct machines *machines, size_t size) {
    struct dialogue dialogue;
    uint8_t *code = make_code(size, STOP_FIRST);
    (void)machines;
    dialogue_init(&dialogue);
    dialogue.code = (extvm_bytes){code, size};
    double seconds = dialogue_time(&dialogue);
    dialogue_free(&dialogue);
    free(code);
    return seconds;
}

static const struct curve curves[] = {
    {"client and test-mode server, unix socket", SMALLEST, STEP, LARGEST, LARGEST, MIDDLE,
     LIMIT_IN_MEMORY, measure_socket},
    {"both ends of the library, no socket, no VM", SMALLEST, STEP, LARGEST, LARGEST, MIDDLE,
     LIMIT_IN_MEMORY, measure_sessions},
    {"the EVM inside the library", SMALLEST, STEP, LARGEST, LARGEST, MIDDLE, LIMIT_IN_MEMORY,
     measure_internal},
    {"the same, with jump destinations found", SMALLEST, STEP, LARGEST, LARGEST, MIDDLE, LIMIT,
     measure_analysis},
};

const struct subject code_subject = {"code", "byte", "bytes of code", curves,
                                     sizeof curves / sizeof curves[0]};
