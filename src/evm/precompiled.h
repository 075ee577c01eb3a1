/* The EVM's precompiled contracts 1 to 9, from Frontier to Berlin. */
#ifndef EXTVM_EVM_PRECOMPILED_H
#define EXTVM_EVM_PRECOMPILED_H

#include <extvm/bytes.h>
#include <extvm/call.h>

#include "common/buffer.h"

enum precompiled_status {
    PRECOMPILED_OK,
    PRECOMPILED_FAILED,   /* all gas is gone */
    PRECOMPILED_NO_MEMORY /* nothing is known of what the contract does */
};

/* Whether `address` is a precompiled contract under `fork`, and which (1 to 9); 0: none. */
unsigned precompiled_number(extvm_fork fork, const extvm_address *address);

/* Runs contract `number`, one that precompiled_number gave for `fork`. `output` is emptied first
 * and receives the output; `input` must not be in it. `*gas_used` is set on PRECOMPILED_OK. Not
 * enough gas, and bad input where the rules say so, are PRECOMPILED_FAILED. Also
 * PRECOMPILED_NO_MEMORY when the output does not fit in the buffer's maximum. */
enum precompiled_status precompiled_run(unsigned number, extvm_fork fork, extvm_bytes input,
                                        uint64_t gas, struct buffer *output, uint64_t *gas_used);

#endif
