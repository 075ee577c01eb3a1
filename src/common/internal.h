/* A machine inside the library, as a VM: vm-type "internal". */
#ifndef EXTVM_COMMON_INTERNAL_H
#define EXTVM_COMMON_INTERNAL_H

#include "machine.h"
#include "options.h"
#include "vm.h"

/* Makes one; calls in several threads run side by side. The options are copied.
 * Errors: EXTVM_NO_MEMORY, EXTVM_SYSTEM_ERROR. */
extvm_status internal_new(const struct machine_kind *kind, const extvm_options *options,
                          extvm_vm **out, extvm_error *error);

#endif
