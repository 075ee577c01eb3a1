/* A call of a program that a curve writes, and the world that it sees: a caller and a contract with
 * that program; every storage value is the same, and no other account is there. */
#ifndef EXTVM_TESTS_SCALING_CALLS_H
#define EXTVM_TESTS_SCALING_CALLS_H

#include "scaling.h"

enum { PROGRAM_MAXIMUM = 128 /* bytes */ };

struct program_call {
    extvm_call call;
    extvm_world world;
    extvm_vm *vm;
    extvm_bytes code;
    extvm_address caller, contract;
    uint8_t gas[EXTVM_U64_INTEGER_SIZE];
    uint8_t program[PROGRAM_MAXIMUM];
};

/* Without code yet. */
void program_call_init(struct program_call *program, extvm_vm *vm, extvm_fork fork);

/* Makes the code from hex with at most one "%06x" in it, which becomes `number`. */
void program_call_write(struct program_call *program, const char *hex, size_t number);

/* Runs it; the result is freed by the caller. Gives up when the program does not succeed. */
extvm_result *program_call_run(const struct program_call *program);

/* Seconds that one run takes, its result thrown away. */
double program_call_time(struct program_call *program);

#endif
