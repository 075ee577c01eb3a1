/* Reading IELE test files, as `extvm help ieletest` describes them.
 *
 * A file is an object of tests by name. In a test are the state before and after, one block with
 * transactions that run one after the other, and for each what comes out of it. */
#ifndef CLI_IELETEST_FILE_H
#define CLI_IELETEST_FILE_H

#include <extvm/executor.h>
#include <extvm/state.h>

#include "json_read.h"

/* json_read functions of these files. A number is hex text, of any size, with "-" before it or not;
 * digits without "-" are never negative. Nothing is 0. */
json_read ieletest_read_number; /* extvm_bytes */
json_read ieletest_read_bytes;  /* extvm_bytes */

struct iele_numbers {
    extvm_bytes *list;
    size_t count;
};

json_read ieletest_read_numbers; /* struct iele_numbers */

struct iele_transaction {
    extvm_address sender, recipient;
    bool creates;
    const char *function; /* of a call */
    extvm_bytes code;     /* of a create */
    struct iele_numbers arguments;
    extvm_bytes value, gas_limit, gas_price;
};

/* What a transaction comes to. */
struct iele_expected {
    struct iele_numbers out;
    extvm_bytes status, gas, refund;
    extvm_word logs;
    bool has_milligas;
    extvm_bytes milligas;
};

struct iele_test {
    extvm_state *state, *expected; /* before, and as it must be after */
    extvm_block block;
    struct iele_transaction *transactions;
    struct iele_expected *results; /* one for each */
    size_t count;
};

/* Reads one test from its place in a file, whose reader's pool holds what is read. Freed with
 * iele_test_free, after an error too. Errors: EXTVM_INVALID_ARGUMENT (it is no test),
 * EXTVM_OUT_OF_RANGE, EXTVM_NO_MEMORY. */
extvm_status iele_test_read(struct iele_test *test, const struct json_place *place, json_t *json);
void iele_test_free(struct iele_test *test);

#endif
