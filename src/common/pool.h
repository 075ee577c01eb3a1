/* Several VM processes of one kind as one VM. */
#ifndef EXTVM_COMMON_POOL_H
#define EXTVM_COMMON_POOL_H

#include "vm.h"

/* Makes a VM of `count` members, which it takes over, also when it fails; the array is copied. A
 * call goes to the member with the fewest calls, and waits for its turn there as its options say.
 * Errors: EXTVM_NO_MEMORY, EXTVM_SYSTEM_ERROR. */
extvm_status pool_new(extvm_vm *const *members, size_t count, const extvm_allocator *allocator,
                      extvm_vm **out, extvm_error *error);

#endif
