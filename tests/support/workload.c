/* Calls at random whose results are known. */
#include "support/workload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/chance.h"
#include "support/result_equal.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define PAYEE "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
#define ADDER "cccccccccccccccccccccccccccccccccccccccc"

/* Contracts that take one word x. */
static const struct {
    const char *address, *code;
} contracts[] = {
    /* storage[x] += x; a log and the sum */
    {ADDER, "6000358054810180825560005260206000a160206000f3"},
    /* calls the adder; its sum and the payee's balance */
    {"c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1",
     "600035600052602060006020600060007f000000000000000000000000" ADDER "5af15073" PAYEE
     "3160205260406000f3"},
    /* reverts with x */
    {"c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2", "60003560005260206000fd"},
    /* jumps to x, where nothing is: all gas is gone */
    {"c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3", "60003556"},
    /* the hash of x, and of block 0 */
    {"c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4",
     "6000356000526020600020600052600040602052604060006000a060406000f3"},
};

enum { CONTRACTS = sizeof contracts / sizeof contracts[0], KEYS = 8 };

/* Contracts of IELE (tests/scripts/iele-common.script, "Tiny" and "Demo"), with the call data of a
 * call; x is the last byte. */
static const char tiny[] = "0000001b6302690003696e63670000000068000100016101010112f6000102";
static const char demo[] =
    "000000446302690003707574690004686173686900046661696c67000000006800010002540255016180035"
    "30d618003a103f600010268000200014001f60001016800030001f700";
static const struct {
    const char *address, *code, *input;
} iele_calls[] = {
    {"d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1", tiny, "c683696e63c1"},   /* inc(x) */
    {"d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2", demo, "c783707574c205"}, /* put(5, x) */
    {"d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2", demo, "c78468617368c1"}, /* hash(x) */
    {"d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2", demo, "c7846661696cc1"}, /* fail(x) */
};

enum { IELE_CALLS = sizeof iele_calls / sizeof iele_calls[0] };

static extvm_state *make_state(bool is_iele) {
    extvm_word hash = {{7}};
    extvm_state *state = extvm_state_new(NULL);
    case_account(state, CALLER, "4", "1000000000000", "");
    case_account(state, PAYEE, "0", "77", "");
    for (size_t i = 0; i < IELE_CALLS && is_iele; i++) {
        case_account(state, iele_calls[i].address, "1", "9", iele_calls[i].code);
    }
    for (size_t i = 0; i < CONTRACTS && !is_iele; i++) {
        case_account(state, contracts[i].address, "1", "9", contracts[i].code);
    }
    for (unsigned key = 0; key < KEYS && !is_iele; key++) {
        char name[8], value[16];
        snprintf(name, sizeof name, "%u", key);
        snprintf(value, sizeof value, "%u", key * 1000 + 128);
        case_storage(state, ADDER, name, value);
    }
    assert_int_equal(extvm_state_set_block_hash(state, 0, &hash), EXTVM_OK);
    return state;
}

void workload_init(struct workload *workload, bool is_iele, uint64_t seed) {
    memset(workload, 0, sizeof *workload);
    workload->is_iele = is_iele;
    workload->chance = seed != 0 ? seed : 1;
    workload->state = make_state(is_iele);
    workload->world = extvm_state_world(workload->state);
    assert_int_equal(
        extvm_open(is_iele ? "internal-iele" : "internal", NULL, &workload->internal, NULL),
        EXTVM_OK);
}

void workload_free(struct workload *workload) {
    extvm_result_free(workload->expected);
    extvm_close(workload->internal);
    extvm_state_free(workload->state);
}

static void choose_iele_call(struct workload *workload) {
    char input[65];
    size_t i = chance(&workload->chance) % IELE_CALLS;
    unsigned x = 1 + (unsigned)(chance(&workload->chance) % 127); /* one byte of RLP */
    snprintf(input, sizeof input, "%s%02x", iele_calls[i].input, x);
    case_call_init(&workload->one, iele_calls[i].address, input, "0", "1000000");
}

static void choose_kevm_call(struct workload *workload) {
    char input[65], value[24];
    size_t i = chance(&workload->chance) % CONTRACTS;
    bool is_transfer = chance(&workload->chance) % 8 == 0;
    snprintf(input, sizeof input, "%064x", (unsigned)(chance(&workload->chance) % (2 * KEYS)));
    snprintf(value, sizeof value, "%u", (unsigned)(chance(&workload->chance) % 1000));
    case_call_init(&workload->one, is_transfer ? PAYEE : contracts[i].address, input, value,
                   "1000000");
    extvm_chain_set_fork(&workload->one.call.chain, EXTVM_FORK_BERLIN);
}

void workload_next(struct workload *workload) {
    (workload->is_iele ? choose_iele_call : choose_kevm_call)(workload);
    extvm_result_free(workload->expected);
    assert_int_equal(extvm_run(workload->internal, &workload->one.call, &workload->world,
                               &workload->expected, NULL),
                     EXTVM_OK);
}

bool workload_same(const extvm_result *a, const extvm_result *b) {
    return a->outcome == b->outcome && extvm_bytes_equal(a->return_data, b->return_data) &&
           extvm_bytes_equal(a->return_code, b->return_code) &&
           same_number(a->gas_remaining, b->gas_remaining) &&
           same_number(a->gas_refund, b->gas_refund) && same_modified(a, b) &&
           same_addresses(a->deleted, a->deleted_count, b->deleted, b->deleted_count) &&
           same_logs(a, b);
}
