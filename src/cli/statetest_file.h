/* Reading GeneralStateTests files.
 *
 * A file holds tests by name: `pre` is the state before, `env` the block, `transaction` lists of
 * data, gas limits and values, and `post` for each fork the cases: which of each list, and the
 * state root and logs hash that come out. */
#ifndef EXTVM_CLI_STATETEST_FILE_H
#define EXTVM_CLI_STATETEST_FILE_H

#include <jansson.h>
#include <secp256k1.h>

#include <extvm/executor.h>
#include <extvm/integer.h>

enum { WHY_SIZE = 256 }; /* characters of a text that says what is wrong with a file */

struct number {
    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE];
    extvm_bytes bytes; /* in `buffer` */
};

/* What all cases of one test share. The JSON is borrowed from the file. */
struct state_test {
    const char *name;
    json_t *post, *data, *gas_limits, *values, *access_lists;
    extvm_state *state; /* as `pre` has it, with block hashes */
    extvm_address coinbase, sender, recipient;
    bool creates;
    bool predates_eip7610;
    struct number nonce, gas_price, difficulty, block_number, block_gas_limit;
    uint64_t timestamp;
};

/* Reads one test of a file. False when it is none, and `why` says what is wrong; true: freed with
 * state_test_free. `curve` can sign. */
bool state_test_read(struct state_test *test, const char *name, json_t *json,
                     const secp256k1_context *curve, char why[WHY_SIZE]);
void state_test_free(struct state_test *test);

extvm_block state_test_block(const struct state_test *test);

/* One case of a test. */
struct state_case {
    size_t data, gas, value; /* indexes into the test's lists */
    extvm_word root, logs;   /* expected */
};

bool state_case_read(struct state_case *state_case, const struct state_test *test, json_t *json,
                     char why[WHY_SIZE]);

/* A case's transaction. */
struct case_transaction {
    extvm_transaction transaction;
    bool too_wide; /* a number is 2^256 or more: no transaction can be like this */
    struct number gas_limit, value;
    extvm_access_list list;
    void *input, *keys; /* memory */
};

/* False when the test's lists are malformed; freed with case_transaction_free in any case. */
bool case_transaction_read(struct case_transaction *out, const struct state_test *test,
                           const struct state_case *state_case, char why[WHY_SIZE]);
void case_transaction_free(struct case_transaction *transaction);

#endif
