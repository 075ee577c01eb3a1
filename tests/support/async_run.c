/* extvm_run by way of extvm_run_async. */
#include "support/async_run.h"

#include <event2/event.h>
#include <stdlib.h>

void async_note_end(void *context, extvm_status status, extvm_result *result,
                    const extvm_error *error) {
    struct async_end *end = context;
    end->calls++;
    end->status = status;
    end->result = result;
    end->error = *error;
}

extvm_status async_run(extvm_vm *vm, const extvm_call *call, const extvm_world *world,
                       extvm_result **result, extvm_error *error) {
    struct async_end end = {.calls = 0};
    struct event_base *base = event_base_new();
    const extvm_async_world async_world = extvm_async_world_of(world);
    *result = NULL;
    extvm_status status =
        extvm_run_async(vm, base, call, &async_world, async_note_end, &end, error);
    if (end.calls != 0 || event_base_dispatch(base) < 0 ||
        end.calls != (status == EXTVM_OK ? 1 : 0)) {
        abort();
    }
    event_base_free(base);
    if (status == EXTVM_OK) {
        status = end.status;
        *result = end.result;
        if (status != EXTVM_OK && error != NULL) {
            *error = end.error;
        }
    }
    return status;
}
