/* The EVM of this library: runs one call against a world (yellow paper, sections 8 and 9; Frontier
 * to Berlin). */
#ifndef EXTVM_EVM_EVM_H
#define EXTVM_EVM_EVM_H

#include <extvm/allocator.h>
#include <extvm/call.h>
#include <extvm/result.h>
#include <extvm/world.h>

/* The reusable memory of one running EVM: one call at a time, in one thread at a time. */
struct evm;

/* `allocator` is copied; NULL: the default one. NULL when there is no memory. */
struct evm *evm_new(const extvm_allocator *allocator);
void evm_free(struct evm *evm);

/* Sets when the next run must have ended, on the monotonic clock in nanoseconds; 0: never. It then
 * ends with EXTVM_DEADLINE_PASSED, a little late. */
void evm_set_deadline(struct evm *evm, uint64_t deadline);

/* Ends the run that is going on, or the next one, with EXTVM_CANCELLED. From any thread. */
void evm_stop(struct evm *evm);

/* Whether the runs that follow diverge from Ethereum as the real KEVM does while it runs a program
 * (protocol/kevm.md, section 15): precompiled contracts that no access list names are cold (D2),
 * and an address operand with dirty upper bytes names an account that is asked for and taken for
 * absent (D4). */
void evm_set_like_kevm(struct evm *evm, bool like_kevm);

/* Runs one call to its end, under the rules that its chain has at its block. Gas is not intrinsic
 * gas, fees are not paid and the caller's nonce is not counted: that is the node's part. On
 * EXTVM_OK `*result` is the caller's, on anything else NULL.
 * Errors: EXTVM_INVALID_ARGUMENT and EXTVM_OUT_OF_RANGE (the call), EXTVM_CALLER_ABSENT,
 * EXTVM_CREATE_NONCE_ZERO, EXTVM_ACCESS_LIST_MISSING, EXTVM_WORLD_FAILED, EXTVM_NO_MEMORY. */
extvm_status evm_run(struct evm *evm, const extvm_call *call, const extvm_world *world,
                     extvm_result **result, extvm_error *error);

#endif
