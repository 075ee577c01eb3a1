/* A handle on a scripted VM that goes on from its "halt" when the node has waited for it in vain
 * (option wait-timeout): what the VM says then is late, whatever the machine does meanwhile. One
 * such handle at a time. */
#ifndef EXTVM_TESTS_GIVEN_UP_H
#define EXTVM_TESTS_GIVEN_UP_H

#include "support/cases.h"

/* As case_open, for a VM on TCP. */
extvm_vm *given_up_open(struct scripted_vm *vm, const extvm_options *options);

#endif
