/* Whether a transaction may be executed. */
#ifndef EXTVM_EXECUTOR_VALIDITY_H
#define EXTVM_EXECUTOR_VALIDITY_H

#include <extvm/executor.h>

#include "wei.h"

/* A transaction's numbers, and what its sender has before it. */
struct terms {
    extvm_fork fork;
    uint64_t gas_limit;     /* UINT64_MAX stands for all that is wider */
    uint64_t intrinsic_gas; /* gas */
    struct wei gas_price, value;
    struct wei balance; /* the sender's; 0 when there is no such account */
    extvm_bytes nonce;  /* the sender's; borrowed from the state or the chain */
    bool sender_has_code;
    struct wei prepaid; /* gas limit times gas price */
};

/* Reads the numbers. Errors: EXTVM_OUT_OF_RANGE. */
extvm_status terms_read(struct terms *terms, const extvm_execution *execution,
                        const extvm_transaction *transaction, extvm_error *error);

/* Judges, and fills in what was prepaid when the transaction is valid. */
extvm_validity terms_judge(struct terms *terms, const extvm_execution *execution,
                           const extvm_transaction *transaction);

#endif
