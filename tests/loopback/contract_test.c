/* The contract that every vm-type must pass: the same calls give results that are equal field by
 * field on the internal EVM, in test mode, and over TCP and a unix socket, for a caller that waits
 * and in an event loop; also where the server diverges like the real KEVM, for what the client puts
 * right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/async_run.h"
#include "support/cases.h"
#include "support/result_equal.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"
#define PAYEE "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
#define WORD "00000000000000000000000000000000000000000000000000000000000000c8"

static const struct {
    const char *name, *recipient, *code, *input, *value;
    extvm_fork fork;
    bool has_access_list;
} cases[] = {
    {"create", NULL, "", "6007600c60003960076000f360003560005500", "5", EXTVM_FORK_BERLIN, false},
    {"create before EIP-161", NULL, "", "6007600c60003960076000f360003560005500", "5",
     EXTVM_FORK_HOMESTEAD, false},
    {"create that reverts", NULL, "", "63deadbeef6000526004601cfd", "0", EXTVM_FORK_BERLIN, false},
    {"create that fails", NULL, "", "fe", "0", EXTVM_FORK_BERLIN, false},
    {"store", CONTRACT, "60003560005500", WORD, "0", EXTVM_FORK_BERLIN, false},
    {"store over 2", CONTRACT, "600035600155", WORD, "0", EXTVM_FORK_ISTANBUL, false},
    {"erase", CONTRACT, "6000600155", "", "0", EXTVM_FORK_CONSTANTINOPLE, false},
    {"load and log", CONTRACT, "600035805460005260206000a160206000f3", WORD, "0", EXTVM_FORK_BERLIN,
     false},
    {"revert", CONTRACT, "6001600055a163deadbeef6000526004601cfd", "", "7", EXTVM_FORK_BERLIN,
     false},
    {"out of gas", CONTRACT, "5b600056", "", "0", EXTVM_FORK_BERLIN, false},
    {"value above the balance", CONTRACT, "00", "", "10000000000000", EXTVM_FORK_BERLIN, false},
    {"payment to nobody", PAYEE, "", "", "256", EXTVM_FORK_BERLIN, false},
    {"payment of nothing, Frontier", PAYEE, "", "", "0", EXTVM_FORK_FRONTIER, false},
    {"payment to the caller", CALLER, "", "", "9", EXTVM_FORK_BERLIN, false},
    {"self-destruct", CONTRACT, "73" PAYEE "ff", "", "0", EXTVM_FORK_BERLIN, false},
    {"precompiled", "0000000000000000000000000000000000000002", "", "616263", "0",
     EXTVM_FORK_BERLIN, false},
    {"call of a precompiled", CONTRACT, "6000600060006000600060045af100", "", "0",
     EXTVM_FORK_BERLIN, true},
    {"create inside", CONTRACT, "600060006000f0506000600060006000f55000", "", "0",
     EXTVM_FORK_BERLIN, false},
    {"balance and code size", CONTRACT, "73" PAYEE "315073" PAYEE "3b5000", "", "0",
     EXTVM_FORK_BERLIN, true},
    {"block hashes", CONTRACT, "600040600055600940600155", "", "0", EXTVM_FORK_BERLIN, false},
    {"chain id", CONTRACT, "4660005260206000f3", "", "0", EXTVM_FORK_ISTANBUL, false},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

static extvm_state *make_state(const char *code) {
    extvm_word hash = {{7}};
    extvm_state *state = extvm_state_new(NULL);
    case_account(state, CALLER, "4", "1000000000000", "");
    case_account(state, CONTRACT, "1", "9", code);
    case_storage(state, CONTRACT, "1", "2");
    case_storage(state, CONTRACT, "200", "128");
    assert_int_equal(extvm_state_set_block_hash(state, 0, &hash), EXTVM_OK);
    assert_int_equal(extvm_state_set_block_hash(state, 9, &hash), EXTVM_OK);
    return state;
}

typedef extvm_status run_fn(extvm_vm *vm, const extvm_call *call, const extvm_world *world,
                            extvm_result **result, extvm_error *error);

static extvm_result *run_case(extvm_vm *vm, unsigned i, run_fn *run) {
    static const extvm_bytes key = {(const uint8_t *)"\x01", 1};
    struct case_call one;
    extvm_result *result = NULL;
    extvm_error error = {EXTVM_OK, ""};
    extvm_state *state = make_state(cases[i].code);
    extvm_access_entry entry = {.storage_keys = &key, .storage_key_count = 1};
    const extvm_access_list list = {&entry, 1};
    entry.address = case_address(PAYEE);
    case_call_init(&one, cases[i].recipient, cases[i].input, cases[i].value, "1000000");
    one.call.block.number = case_number(&one, "10");
    extvm_chain_set_fork(&one.call.chain, cases[i].fork);
    if (cases[i].has_access_list) {
        one.call.type = EXTVM_TRANSACTION_ACCESS_LIST;
        one.call.access_list = &list;
    }
    const extvm_world world = extvm_state_world(state);
    if (run(vm, &one.call, &world, &result, &error) != EXTVM_OK) {
        fail_msg("%s: %s", cases[i].name, error.text);
    }
    extvm_state_free(state);
    return result;
}

static void assert_same(const extvm_result *a, const extvm_result *b, const char *name) {
    bool same = a->outcome == b->outcome && extvm_bytes_equal(a->return_data, b->return_data) &&
                extvm_bytes_equal(a->return_code, b->return_code) &&
                strcmp(a->return_code_name, b->return_code_name) == 0 &&
                extvm_bytes_equal(a->gas_remaining, b->gas_remaining) &&
                extvm_bytes_equal(a->gas_refund, b->gas_refund) &&
                extvm_bytes_equal(a->gas_used, b->gas_used) && a->created == b->created &&
                extvm_address_equal(&a->created_address, &b->created_address) &&
                a->clears_empty == b->clears_empty &&
                extvm_address_equal(&a->beneficiary, &b->beneficiary);
    if (!same) {
        fail_msg("%s: outcome, gas or created address differ", name);
    }
    if (!same_modified(a, b)) {
        fail_msg("%s: modified accounts differ", name);
    }
    if (!same_addresses(a->deleted, a->deleted_count, b->deleted, b->deleted_count) ||
        !same_addresses(a->touched, a->touched_count, b->touched, b->touched_count)) {
        fail_msg("%s: deleted or touched accounts differ", name);
    }
    if (!same_logs(a, b) || !same_access_list(&a->access_list, &b->access_list)) {
        fail_msg("%s: logs or access lists differ", name);
    }
}

/* Every case on the internal VM, and on the one at `address` by extvm_run and in an event loop. */
static void compare_with_internal(const char *address) {
    extvm_vm *internal = NULL, *other = NULL;
    assert_int_equal(extvm_open("internal", NULL, &internal, NULL), EXTVM_OK);
    assert_int_equal(extvm_open(address, NULL, &other, NULL), EXTVM_OK);
    for (unsigned i = 0; i < CASE_COUNT; i++) {
        extvm_result *wanted = run_case(internal, i, extvm_run);
        extvm_result *got = run_case(other, i, extvm_run), *later = run_case(other, i, async_run);
        assert_same(wanted, got, cases[i].name);
        assert_same(wanted, later, cases[i].name);
        extvm_result_free(wanted);
        extvm_result_free(got);
        extvm_result_free(later);
    }
    extvm_close(other);
    extvm_close(internal);
}

static void compare_server(const char *listen, const char *faults) {
    extvm_testvm *server = NULL;
    extvm_error error = {EXTVM_OK, ""};
    if (extvm_testvm_start(listen, faults, NULL, &server, &error) != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
    compare_with_internal(extvm_testvm_address(server));
    extvm_testvm_stop(server);
}

static void test_mode_gives_the_same_results_as_the_internal_vm(void **unused) {
    (void)unused;
    compare_with_internal("test-mode");
}

static void kevm_over_tcp_gives_the_same_results_as_the_internal_vm(void **unused) {
    (void)unused;
    compare_server("127.0.0.1:0", NULL);
}

static void kevm_over_a_unix_socket_gives_the_same_results_as_the_internal_vm(void **unused) {
    (void)unused;
    char listen[64];
    snprintf(listen, sizeof listen, "unix:/tmp/extvm-contract-%d", (int)getpid());
    compare_server(listen, NULL);
    assert_int_not_equal(access(listen + 5, F_OK), 0); /* removed */
}

static void messages_in_small_pieces_give_the_same_results(void **unused) {
    (void)unused;
    compare_server("127.0.0.1:0", "split=7");
}

static void what_the_real_kevm_does_its_own_way_is_put_right(void **unused) {
    (void)unused;
    compare_server("127.0.0.1:0", "like-kevm");
}

static void several_processes_share_the_work_and_give_the_same_results(void **unused) {
    (void)unused;
    char listen[2][64], addresses[320];
    extvm_testvm *servers[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        snprintf(listen[i], sizeof listen[i], "unix:/tmp/extvm-contract-%d,%d", (int)getpid(), i);
        assert_int_equal(
            extvm_testvm_start(i == 0 ? "127.0.0.1:0" : listen[i], NULL, NULL, &servers[i], NULL),
            EXTVM_OK);
    }
    snprintf(addresses, sizeof addresses, "%s,%s", extvm_testvm_address(servers[0]),
             extvm_testvm_address(servers[1]));
    compare_with_internal(addresses);

    extvm_vm *vm = NULL;
    assert_int_equal(extvm_open(addresses, NULL, &vm, NULL), EXTVM_OK);
    for (unsigned i = 0; i < 4; i++) {
        extvm_result_free(run_case(vm, 4, extvm_run));
    }
    /* A connection is made when it is needed, and kept. */
    assert_int_equal(extvm_testvm_sessions(servers[0]) + extvm_testvm_sessions(servers[1]), 1);
    extvm_close(vm);
    for (int i = 0; i < 2; i++) {
        extvm_testvm_stop(servers[i]);
    }
    extvm_error error = {EXTVM_OK, ""};
    assert_int_equal(extvm_open("kevm://a:1,kevm://b", NULL, &vm, &error), EXTVM_INVALID_ARGUMENT);
    assert_null(vm);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mode_gives_the_same_results_as_the_internal_vm),
        cmocka_unit_test(kevm_over_tcp_gives_the_same_results_as_the_internal_vm),
        cmocka_unit_test(kevm_over_a_unix_socket_gives_the_same_results_as_the_internal_vm),
        cmocka_unit_test(several_processes_share_the_work_and_give_the_same_results),
        cmocka_unit_test(messages_in_small_pieces_give_the_same_results),
        cmocka_unit_test(what_the_real_kevm_does_its_own_way_is_put_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
