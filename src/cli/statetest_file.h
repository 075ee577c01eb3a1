/* Reading GeneralStateTests files.
 *
 * A file holds tests by name: `pre` is the state before, `env` the block, `transaction` lists of
 * data, gas limits and values, and `post` for each fork the cases: which of each list, and the
 * state root and logs hash that come out. */
#ifndef CLI_STATETEST_FILE_H
#define CLI_STATETEST_FILE_H

#include <secp256k1.h>

#include <extvm/executor.h>

#include "json_read.h"

/* What all cases of one test share. The JSON is borrowed from the file. */
struct state_test {
    const struct json_place *place;
    const secp256k1_context *curve;
    struct pool pool;   /* holds the numbers */
    extvm_state *state; /* as `pre` has it, with block hashes */
    extvm_block block;
    extvm_address sender, recipient;
    extvm_bytes nonce, gas_price;
    bool creates;
    bool predates_eip7610;
    json_t *data, *gas_limits, *values, *access_lists, *post;
};

/* Reads one test of a file, from its place there. `curve` can sign. The place stays as it is until
 * state_test_free, which is called after an error too. Errors: EXTVM_INVALID_ARGUMENT (it is no
 * test), EXTVM_OUT_OF_RANGE, EXTVM_NO_MEMORY. */
extvm_status state_test_read(struct state_test *test, const struct json_place *place, json_t *json,
                             const secp256k1_context *curve);
void state_test_free(struct state_test *test);

/* One case of a test. */
struct state_case {
    uint64_t data, gas, value; /* indexes into the test's lists */
    extvm_word root, logs;     /* expected */
};

extvm_status state_case_read(struct state_case *state_case, const struct json_place *place,
                             json_t *json);

/* A case's transaction. */
struct case_transaction {
    extvm_transaction transaction;
    bool too_wide; /* a number is 2^256 or more: no transaction can be like this */
    extvm_access_list list;
    struct pool pool;
};

/* Takes the elements of the test's lists that the case names; freed with case_transaction_free,
 * after an error too. */
extvm_status case_transaction_read(struct case_transaction *out, const struct state_test *test,
                                   const struct state_case *state_case);
void case_transaction_free(struct case_transaction *transaction);

#endif
