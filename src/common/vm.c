/* What all kinds of VM have in common: the calls on a handle, and its numbers. */
#include "vm.h"

#include "error.h"
#include "options.h"
#include "spare.h"

extvm_status vm_init(extvm_vm *vm, const struct vm_operations *operations,
                     const extvm_options *options, extvm_error *error) {
    vm->operations = operations;
    vm->allocator = options->allocator;
    vm->close_limit = options->settings.drain_timeout;
    vm->spare = spare_new(&vm->allocator);
    if (vm->spare == NULL) {
        return error_no_memory(error, "a VM");
    }
    if (!calls_init(&vm->calls, &vm->allocator)) {
        spare_close(vm->spare);
        return error_set(error, EXTVM_SYSTEM_ERROR,
                         "cannot make a lock: check the limits of memory and of threads");
    }
    return EXTVM_OK;
}

void vm_free(extvm_vm *vm) {
    calls_free(&vm->calls);
    spare_close(vm->spare);
}

extvm_status vm_enter(extvm_vm *vm, struct vm_run *run, extvm_error *error) {
    return calls_enter(&vm->calls, run->call, &run->slot, error);
}

void vm_leave(extvm_vm *vm, struct vm_run *run, extvm_status status) {
    statistics_note(&vm->statistics, status, &run->stats);
    if (calls_leave(&vm->calls, run->slot)) {
        vm->operations->release(vm);
    }
}

/* -- extvm/stats.h -- */

extvm_status extvm_stats(const extvm_vm *vm, extvm_vm_stats *out, extvm_error *error) {
    if (vm == NULL || out == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_stats needs a VM and a place for the numbers");
    }
    statistics_read(&vm->statistics, out);
    return EXTVM_OK;
}

const char *extvm_endpoint_state_name(extvm_endpoint_state state) {
    static const char *const names[] = {[EXTVM_ENDPOINT_UNUSED] = "unused",
                                        [EXTVM_ENDPOINT_IDLE] = "idle",
                                        [EXTVM_ENDPOINT_BUSY] = "busy",
                                        [EXTVM_ENDPOINT_SET_ASIDE] = "set-aside",
                                        [EXTVM_ENDPOINT_NEEDS_RESTART] = "needs-restart"};
    return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

size_t extvm_endpoint_count(const extvm_vm *vm) {
    return vm != NULL && vm->operations->endpoint_count != NULL ? vm->operations->endpoint_count(vm)
                                                                : 0;
}

extvm_status extvm_endpoint(const extvm_vm *vm, size_t index, extvm_endpoint_stats *out,
                            extvm_error *error) {
    size_t count = extvm_endpoint_count(vm);
    if (out == NULL || index >= count) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_endpoint: no VM process number %zu: there are %zu", index, count);
    }
    /* Only its lock changes. */
    vm->operations->endpoint((extvm_vm *)(uintptr_t)vm, index, out);
    return EXTVM_OK;
}
