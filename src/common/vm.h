/* What every kind of VM is to the functions of extvm/vm.h. */
#ifndef EXTVM_COMMON_VM_H
#define EXTVM_COMMON_VM_H

#include <extvm/stats.h>
#include <extvm/vm.h>

#include "calls.h"
#include "statistics.h"

/* One call, as a VM runs it. */
struct vm_run {
    struct call_slot *slot;
    const extvm_call *call;
    const extvm_world *world;
    extvm_result *result;  /* out: when it worked */
    extvm_run_stats stats; /* out: also when it failed */
};

struct vm_operations {
    extvm_status (*run)(extvm_vm *vm, struct vm_run *run, extvm_error *error);
    /* Frees the handle; no call is on it. */
    void (*release)(extvm_vm *vm);
    /* NULL: there are none. */
    size_t (*endpoint_count)(const extvm_vm *vm);
    void (*endpoint)(extvm_vm *vm, size_t index, extvm_endpoint_stats *out);
};

/* The first member of each kind's own struct. */
struct extvm_vm {
    const struct vm_operations *operations;
    extvm_allocator allocator;
    struct spare *spare;  /* memory of results and calls that ended, for the next */
    uint64_t close_limit; /* nanoseconds that closing waits for running calls */
    struct calls calls;
    struct statistics statistics;
};

/* Fills a handle's common part. Errors: EXTVM_SYSTEM_ERROR, EXTVM_NO_MEMORY. */
extvm_status vm_init(extvm_vm *vm, const struct vm_operations *operations,
                     const extvm_options *options, extvm_error *error);

/* Frees the common part; then vm->allocator frees the rest. */
void vm_free(extvm_vm *vm);

/* Begins and ends a call on a handle: all that is the same for every kind. */
extvm_status vm_enter(extvm_vm *vm, struct vm_run *run, extvm_error *error);
void vm_leave(extvm_vm *vm, struct vm_run *run, extvm_status status);

#endif
