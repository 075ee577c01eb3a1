/* The EVM inside the library, as a VM: vm-type "internal". */
#ifndef EXTVM_EVM_INTERNAL_H
#define EXTVM_EVM_INTERNAL_H

#include "common/options.h"
#include "common/vm.h"

/* Makes one; calls in several threads run side by side. The options are copied.
 * Errors: EXTVM_NO_MEMORY, EXTVM_SYSTEM_ERROR. */
extvm_status internal_new(const extvm_options *options, extvm_vm **out, extvm_error *error);

#endif
