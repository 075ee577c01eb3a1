/* What an interrupt (SIGINT) does: the calls that run are given up, and their VMs are left
 * politely; a second one, or one while nothing runs, ends the command at once. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <extvm/vm.h>

void interrupt_watch(void);

/* Calls on this handle are given up at an interrupt, until interrupt_forget; NULL is allowed
 * there. */
void interrupt_reaches(extvm_vm *vm);
void interrupt_forget(extvm_vm *vm);

#endif
