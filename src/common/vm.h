/* What every kind of VM is to extvm_run and extvm_close. */
#ifndef EXTVM_COMMON_VM_H
#define EXTVM_COMMON_VM_H

#include <extvm/vm.h>

struct vm_operations {
    extvm_status (*run)(extvm_vm *vm, const extvm_call *call, const extvm_world *world,
                        extvm_result **result, extvm_error *error);
    void (*close)(extvm_vm *vm);
};

/* The first member of each kind's own struct. */
struct extvm_vm {
    const struct vm_operations *operations;
};

#endif
