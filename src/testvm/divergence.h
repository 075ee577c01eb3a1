/* What the real KEVM does other than Ethereum's consensus, for a server that is to be like it. */
#ifndef EXTVM_TESTVM_DIVERGENCE_H
#define EXTVM_TESTVM_DIVERGENCE_H

#include <extvm/world.h>

#include "common/result.h"

/* BLOCKHASH gives the hash of no later block (protocol/kevm.md, section 15, D3). */
enum { DIVERGENCE_LAST_BLOCK_HASH = 255 };

/* Changes a right result into the real KEVM's: a create's caller with one nonce step more (D1), and
 * the beneficiary touched on a failure (section 10.2). `caller` is what the node said of it.
 * Errors: EXTVM_NO_MEMORY. */
extvm_status divergence_of_result(const extvm_call *call, const extvm_account *caller,
                                  extvm_result *result, extvm_error *error);

#endif
