/* Whether a result can be true, by rules that hold for every VM. */
#ifndef EXTVM_COMMON_VERIFY_H
#define EXTVM_COMMON_VERIFY_H

#include "ledger.h"
#include "result.h"

/* Checks a result that is sorted, against what the node told the VM; every account in it is in the
 * ledger. With `may_shrink` the balances may add up to less than before although no account was
 * deleted. Errors: EXTVM_RESULT_REJECTED. */
extvm_status verify_result(const extvm_call *call, const struct ledger *ledger,
                           const extvm_result *result, bool may_shrink, extvm_error *error);

#endif
