/* Storage queries of a call. */
#include "calls.h"
#include "dialogue.h"

/* PUSH3 N; again: subtract 1; DUP1 SLOAD POP; again unless 0. */
#define PROGRAM                                                                                    \
    "62%06x"                                                                                       \
    "5b60019003"                                                                                   \
    "805450"                                                                                       \
    "8060045700"

static double time_program(extvm_vm *vm, size_t queries) {
    struct program_call program;
    program_call_init(&program, vm, EXTVM_FORK_BERLIN);
    program_call_write(&program, PROGRAM, queries);
    extvm_result *result = program_call_run(&program);
    if (extvm_result_stats(result).storage_queries != queries) {
        give_up("queries", "their number is another one");
    }
    extvm_result_free(result);
    return program_call_time(&program);
}

static double measure_socket(const struct machines *machines, size_t queries) {
    return time_program(machines->socket, queries);
}

static double measure_internal(const struct machines *machines, size_t queries) {
    return time_program(machines->internal, queries);
}

static double measure_sessions(const struct machines *machines, size_t queries) {
    struct dialogue dialogue;
    (void)machines;
    dialogue_init(&dialogue);
    dialogue.storage_queries = queries;
    double seconds = dialogue_time(&dialogue);
    dialogue_free(&dialogue);
    return seconds;
}

static const struct curve curves[] = {
    {"client and test-mode server, unix socket", 1, 10, 1000000, 10000, 1000, LIMIT,
     measure_socket},
    {"both ends of the library, no socket, no VM", 1, 10, 1000000, 100000, 10000, LIMIT,
     measure_sessions},
    {"the EVM inside the library", 1, 10, 1000000, 100000, 10000, LIMIT_IN_MEMORY,
     measure_internal},
};

const struct subject queries_subject = {"queries", "query", "queries", curves,
                                        sizeof curves / sizeof curves[0]};
