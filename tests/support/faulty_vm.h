/* A VM process that misbehaves at random: it is started with some fault or with none, stopped after
 * a random time, also in the middle of calls, and started again with another fault: a test-mode
 * server, or one that plays scripts with the rich call of IELE (support/rich_call.h). */
#ifndef EXTVM_TESTS_FAULTY_VM_H
#define EXTVM_TESTS_FAULTY_VM_H

#include <stdbool.h>
#include <stdint.h>

struct faulty_vm;

enum faulty_kind { FAULTY_KEVM, FAULTY_IELE, FAULTY_SCRIPT };

/* `unix_path` NULL: a free port of 127.0.0.1, not for scripts. NULL after a failure. */
struct faulty_vm *faulty_vm_start(enum faulty_kind kind, const char *unix_path, uint64_t seed);

/* As extvm_open takes it; the same for ever. */
const char *faulty_vm_address(const struct faulty_vm *vm);

/* How often it was started so far. */
unsigned faulty_vm_starts(const struct faulty_vm *vm);

void faulty_vm_stop(struct faulty_vm *vm);

/* The statuses that a call may have because of all this, a bit for each. */
uint32_t faulty_vm_statuses(void);

#endif
