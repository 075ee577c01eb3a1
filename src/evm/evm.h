/* The EVM of this library: runs one call against a world (yellow paper, sections 8 and 9; Frontier
 * to Berlin). */
#ifndef EXTVM_EVM_EVM_H
#define EXTVM_EVM_EVM_H

#include <extvm/allocator.h>
#include <extvm/call.h>
#include <extvm/result.h>
#include <extvm/world.h>

#include "common/machine.h"

/* The reusable memory of one running EVM: one call at a time, in one thread at a time. */
struct evm;

/* `allocator` is copied; NULL: the default one. `spare` is borrowed, and may be NULL: see
 * common/machine.h. NULL when there is no memory. */
struct evm *evm_new(const extvm_allocator *allocator, struct spare *spare);
void evm_free(struct evm *evm);

/* Runs one call to its end, under the rules that its chain has at its block. Gas is not intrinsic
 * gas, fees are not paid and the caller's nonce is not counted: that is the node's part. `terms` is
 * borrowed for the run; like the real VM means here: precompiled contracts that no access list
 * names are cold, and an address operand with dirty upper bytes names an account that is asked for
 * and taken for absent (protocol/kevm.md, section 15, D2 and D4). On EXTVM_OK `*result` is the
 * caller's, on anything else NULL. Errors: EXTVM_INVALID_ARGUMENT and EXTVM_OUT_OF_RANGE (the
 * call), EXTVM_CALLER_ABSENT, EXTVM_CREATE_NONCE_ZERO, EXTVM_ACCESS_LIST_MISSING,
 * EXTVM_WORLD_FAILED, EXTVM_NO_MEMORY, EXTVM_DEADLINE_PASSED, EXTVM_CANCELLED. */
extvm_status evm_run(struct evm *evm, const struct machine_terms *terms, const extvm_call *call,
                     const extvm_world *world, extvm_result **result, extvm_error *error);

/* It, for those who host machines. */
extern const struct machine_kind evm_machine;

#endif
