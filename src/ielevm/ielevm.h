/* The IELE VM of this library: runs one call against a world (protocol/iele-vm.md; the gas schedule
 * is always DANSE). */
#ifndef EXTVM_IELEVM_IELEVM_H
#define EXTVM_IELEVM_IELEVM_H

#include <extvm/allocator.h>
#include <extvm/call.h>
#include <extvm/result.h>
#include <extvm/world.h>

#include "common/machine.h"

/* The reusable memory of one running VM: one call at a time, in one thread at a time. */
struct ielevm;

/* `allocator` is copied; NULL: the default one. `spare` is borrowed, and may be NULL: see
 * common/machine.h. NULL when there is no memory. */
struct ielevm *ielevm_new(const extvm_allocator *allocator, struct spare *spare);
void ielevm_free(struct ielevm *vm);

/* Runs one call to its end. The gas has the intrinsic gas taken off and the caller's nonce is
 * counted up: that is the node's part (section 5). `terms->like_real` makes no difference. On
 * EXTVM_OK `*result` is the caller's, with the milligas that are left; on anything else NULL.
 * Errors: EXTVM_INVALID_ARGUMENT and EXTVM_OUT_OF_RANGE (the call, or its input),
 * EXTVM_CREATE_NONCE_ZERO, EXTVM_WORLD_FAILED (no answer, one that cannot be, or code that does not
 * decode), EXTVM_DEADLINE_PASSED, EXTVM_CANCELLED, EXTVM_NO_MEMORY. */
extvm_status ielevm_run(struct ielevm *vm, const struct machine_terms *terms,
                        const extvm_call *call, const extvm_world *world, extvm_result **result,
                        extvm_error *error);

/* It, for those who host machines. */
extern const struct machine_kind ielevm_machine;

#endif
