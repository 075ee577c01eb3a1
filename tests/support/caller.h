/* A thread that makes one call, with a world that can be held up. */
#ifndef EXTVM_TESTS_CALLER_H
#define EXTVM_TESTS_CALLER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "support/cases.h"

struct caller {
    struct case_call one;
    extvm_state *state;
    extvm_world world; /* the state's, through the gate */
    extvm_world inner;
    sem_t gate; /* the world's first answer waits for it when `is_gated` */
    bool is_gated;
    unsigned delay;        /* milliseconds that each answer takes */
    atomic_uint questions; /* that the world was asked so far */
    atomic_uint *order; /* NULL, or what the caller takes its number from when it is first asked */
    unsigned number;

    pthread_t thread;
    extvm_vm *vm;
    extvm_status status;
    extvm_result *result;
    extvm_error error;
    uint64_t time; /* nanoseconds that the call took */
};

/* A call of `code` (hex) in a small world; nothing runs yet. */
void caller_init(struct caller *caller, extvm_vm *vm, const char *code, const char *gas);
void caller_free(struct caller *caller);

/* Makes the call in this thread, or in one of its own. */
extvm_status caller_run(struct caller *caller);
void caller_start(struct caller *caller);
extvm_status caller_join(struct caller *caller);

/* Waits until the world was asked `count` times; fails the test after 10 seconds. */
void caller_wait_asked(struct caller *caller, unsigned count);

/* Waits until so many calls wait for their turn; fails the test after 10 seconds. */
void wait_in_line(extvm_vm *vm, unsigned count);

/* Waits until the server has so many sessions; fails the test after 10 seconds. */
void wait_sessions(const extvm_testvm *server, unsigned count);

/* Lets the world answer. */
void caller_open_gate(struct caller *caller);

void sleep_milliseconds(unsigned milliseconds);

#endif
