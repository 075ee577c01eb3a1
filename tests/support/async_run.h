/* extvm_run by way of extvm_run_async, in an event loop of its own: so that a test runs the same
 * call both ways. */
#ifndef EXTVM_TESTS_ASYNC_RUN_H
#define EXTVM_TESTS_ASYNC_RUN_H

#include <extvm/async.h>

/* What `done` said. */
struct async_end {
    unsigned calls; /* of it */
    extvm_status status;
    extvm_result *result;
    extvm_error error;
};

/* A `done` whose context is a struct async_end. */
void async_note_end(void *context, extvm_status status, extvm_result *result,
                    const extvm_error *error);

/* As extvm_run; `done` that is called twice, or never, ends the program. */
extvm_status async_run(extvm_vm *vm, const extvm_call *call, const extvm_world *world,
                       extvm_result **result, extvm_error *error);

#endif
