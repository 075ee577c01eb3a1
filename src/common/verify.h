/* Whether a result can be true, by rules that hold for every VM. */
#ifndef EXTVM_COMMON_VERIFY_H
#define EXTVM_COMMON_VERIFY_H

#include "ledger.h"
#include "result.h"

/* A VM says twice whether a call failed, by CallResult.error and by the return code, in which 0 is
 * one VM's success and another's failure: the two must agree. Errors: EXTVM_RESULT_REJECTED. */
extvm_status verify_error_flag(const extvm_result *result, bool zero_is_success,
                               extvm_error *error);

/* Checks a result that is sorted, against what the node told the VM; every account in it is in the
 * ledger. With `may_shrink` the balances may add up to less than before although no account was
 * deleted. Errors: EXTVM_RESULT_REJECTED. */
extvm_status verify_result(const extvm_call *call, const struct ledger *ledger,
                           const extvm_result *result, bool may_shrink, extvm_error *error);

#endif
