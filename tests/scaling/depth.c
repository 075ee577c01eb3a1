/* Calls inside calls. */
#include "calls.h"

enum { SMALLEST = 1, STEP = 4, LARGEST = 1024, MIDDLE = 64, MIDDLE_ON_THE_WIRE = 256 };

/* A contract that calls itself as often as its input says, with all gas but 1000, and fails when
 * one of these calls fails: STOP at 0; the input of the next is 1 less; CALL; it must succeed. */
#define PROGRAM                                                                                    \
    "600035"                                                                                       \
    "8060085700"                                                                                   \
    "5b60019003600052"                                                                             \
    "6000600060206000600030"                                                                       \
    "6103e85a03f1"                                                                                 \
    "602557fe5b00"

static double time_program(extvm_vm *vm, size_t depth, extvm_fork fork) {
    const uint8_t input[EXTVM_WORD_SIZE] = {[30] = (uint8_t)(depth >> 8), [31] = (uint8_t)depth};
    struct program_call program;
    program_call_init(&program, vm, fork);
    program_call_write(&program, PROGRAM, 0);
    program.call.input = (extvm_bytes){input, sizeof input};
    return program_call_time(&program);
}

static double measure_socket(const struct machines *machines, size_t depth) {
    return time_program(machines->socket, depth, EXTVM_FORK_BERLIN);
}

static double measure_internal(const struct machines *machines, size_t depth) {
    return time_program(machines->internal, depth, EXTVM_FORK_BERLIN);
}

/* Before EIP-150 a call may get all gas. */
static double measure_homestead(const struct machines *machines, size_t depth) {
    return time_program(machines->internal, depth, EXTVM_FORK_HOMESTEAD);
}

static const struct curve curves[] = {
    {"client and test-mode server, unix socket", SMALLEST, STEP, LARGEST, LARGEST,
     MIDDLE_ON_THE_WIRE, LIMIT, measure_socket},
    {"the EVM inside the library", SMALLEST, STEP, LARGEST, LARGEST, MIDDLE, LIMIT,
     measure_internal},
    {"the same, Homestead", SMALLEST, STEP, LARGEST, LARGEST, MIDDLE, LIMIT, measure_homestead},
};

const struct subject depth_subject = {"depth", "call", "calls inside each other", curves,
                                      sizeof curves / sizeof curves[0]};
