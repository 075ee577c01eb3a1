/* The contract that every vm-type must pass: the same calls give results that are equal field by
 * field on the internal VM, in test mode, and over TCP and a unix socket, for a caller that waits
 * and in an event loop; also where the server diverges like the real KEVM, for what the client puts
 * right. For the EVM and for IELE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <extvm/iele.h>

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
    assert_int_equal(extvm_state_set_block_hash(state, UINT64_MAX - 1, &hash), EXTVM_OK);
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

/* -- the same for IELE: the contracts of protocol/iele.md, section 13 -- */

#define TINY "0000001b6302690003696e63670000000068000100016101010112f6000102"
#define DEMO                                                                                       \
    "000000446302690003707574690004686173686900046661696c670000000068000100025402550161800353"     \
    "0d618003a103f600010268000200014001f60001016800030001f700"

static const struct {
    const char *name, *recipient, *code,
        *function; /* a create has no recipient, its code is made */
    const char *arguments[2];
    const char *value, *gas;
} iele_cases[] = {
    {"create", NULL, TINY, NULL, {NULL}, "5", "1000000"},
    {"create with an argument too many", NULL, TINY, NULL, {"1"}, "0", "1000000"},
    {"create of ill-formed code", NULL, "000000026300", NULL, {NULL}, "0", "1000000"},
    {"create out of gas", NULL, TINY, NULL, {NULL}, "0", "6000"},
    {"increase", CONTRACT, TINY, "inc", {"41"}, "0", "1000000"},
    {"increase a negative number", CONTRACT, TINY, "inc", {"-129"}, "0", "1000000"},
    {"increase, with value", CONTRACT, TINY, "inc", {"127"}, "3", "1000000"},
    {"out of gas", CONTRACT, TINY, "inc", {"41"}, "0", "3"},
    {"unknown function", CONTRACT, TINY, "nope", {NULL}, "0", "1000000"},
    {"constructor called", CONTRACT, TINY, "init", {NULL}, "0", "1000000"},
    {"wrong number of arguments", CONTRACT, TINY, "inc", {NULL}, "0", "1000000"},
    {"no contract", PAYEE, "", "inc", {"1"}, "0", "1000000"},
    {"store and log", CONTRACT, DEMO, "put", {"5", "128"}, "0", "1000000"},
    {"store what there is", CONTRACT, DEMO, "put", {"1", "2"}, "0", "1000000"},
    {"erase", CONTRACT, DEMO, "put", {"200", "0"}, "0", "1000000"},
    {"a negative key", CONTRACT, DEMO, "put", {"-128", "-32768"}, "0", "1000000"},
    {"the parent's hash", CONTRACT, DEMO, "hash", {"0"}, "0", "1000000"},
    {"an older block's hash", CONTRACT, DEMO, "hash", {"9"}, "0", "1000000"},
    {"the hash of a block before the first", CONTRACT, DEMO, "hash", {"11"}, "0", "1000000"},
    {"no block's hash", CONTRACT, DEMO, "hash", {"-1"}, "0", "1000000"},
    {"a hash that is too far away", CONTRACT, DEMO, "hash", {"300"}, "0", "1000000"},
    {"revert", CONTRACT, DEMO, "fail", {"1000"}, "7", "1000000"},
    {"revert with a status of the VM", CONTRACT, DEMO, "fail", {"5"}, "0", "1000000"},
    {"revert with 0", CONTRACT, DEMO, "fail", {"0"}, "0", "1000000"},
    {"payment", PAYEE, "", "deposit", {NULL}, "256", "1000000"},
    {"payment of nothing", PAYEE, "", "deposit", {NULL}, "0", "1000000"},
    {"payment to the caller", CALLER, "", "deposit", {NULL}, "9", "1000000"},
    {"value above the balance", CONTRACT, TINY, "inc", {"1"}, "10000000000000", "1000000"},
    {"precompiled",
     "0000000000000000000000000000000000000001",
     "",
     "iele.ecadd",
     {"1"},
     "0",
     "1000000"},
};

enum { IELE_CASE_COUNT = sizeof iele_cases / sizeof iele_cases[0] };

static extvm_bytes iele_input(struct case_call *one, unsigned i, uint8_t **data) {
    extvm_bytes arguments[2];
    size_t count = 0, size = 0;
    for (; count < 2 && iele_cases[i].arguments[count] != NULL; count++) {
        arguments[count] = case_number(one, iele_cases[i].arguments[count]);
    }
    if (iele_cases[i].function != NULL) {
        assert_int_equal(
            extvm_iele_call(iele_cases[i].function, arguments, count, NULL, data, &size, NULL),
            EXTVM_OK);
    } else {
        uint8_t code[128];
        assert_int_equal(extvm_bytes_from_hex(iele_cases[i].code, code, sizeof code, &size),
                         EXTVM_OK);
        assert_int_equal(
            extvm_iele_deploy((extvm_bytes){code, size}, arguments, count, NULL, data, &size, NULL),
            EXTVM_OK);
    }
    return (extvm_bytes){*data, size};
}

static extvm_result *run_iele_case(extvm_vm *vm, unsigned i, run_fn *run) {
    struct case_call one;
    extvm_result *result = NULL;
    extvm_error error = {EXTVM_OK, ""};
    uint8_t *data = NULL;
    extvm_state *state = make_state(iele_cases[i].recipient != NULL ? iele_cases[i].code : "");
    case_call_init(&one, iele_cases[i].recipient, "", iele_cases[i].value, iele_cases[i].gas);
    one.call.block.number = case_number(&one, "10");
    one.call.input = iele_input(&one, i, &data);
    const extvm_world world = extvm_state_world(state);
    if (run(vm, &one.call, &world, &result, &error) != EXTVM_OK) {
        fail_msg("%s: %s", iele_cases[i].name, error.text);
    }
    extvm_state_free(state);
    free(data);
    return result;
}

/* -- the comparison -- */

struct kind {
    const char *internal, *protocol; /* the VM in the process; its name in addresses */
    extvm_result *(*run)(extvm_vm *vm, unsigned i, run_fn *run);
    unsigned count;
};

static const struct kind evm = {"internal", "kevm", run_case, CASE_COUNT};
static const struct kind iele = {"internal-iele", "iele", run_iele_case, IELE_CASE_COUNT};

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
static void compare_with_internal(const struct kind *kind, const char *address) {
    extvm_vm *internal = NULL, *other = NULL;
    assert_int_equal(extvm_open(kind->internal, NULL, &internal, NULL), EXTVM_OK);
    assert_int_equal(extvm_open(address, NULL, &other, NULL), EXTVM_OK);
    for (unsigned i = 0; i < kind->count; i++) {
        const char *name = kind == &evm ? cases[i].name : iele_cases[i].name;
        extvm_result *wanted = kind->run(internal, i, extvm_run);
        extvm_result *got = kind->run(other, i, extvm_run);
        extvm_result *later = kind->run(other, i, async_run);
        assert_same(wanted, got, name);
        assert_same(wanted, later, name);
        extvm_result_free(wanted);
        extvm_result_free(got);
        extvm_result_free(later);
    }
    extvm_close(other);
    extvm_close(internal);
}

/* The server speaks both protocols. */
static void compare_server(const struct kind *kind, const char *listen, const char *faults) {
    extvm_testvm *server = NULL;
    extvm_error error = {EXTVM_OK, ""};
    if (extvm_testvm_start(listen, faults, NULL, &server, &error) != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
    compare_with_internal(kind, extvm_testvm_address_for(server, kind->protocol));
    extvm_testvm_stop(server);
}

static void compare_at_unix_socket(const struct kind *kind) {
    char listen[64];
    snprintf(listen, sizeof listen, "unix:/tmp/extvm-contract-%d", (int)getpid());
    compare_server(kind, listen, NULL);
    assert_int_not_equal(access(listen + 5, F_OK), 0); /* removed */
}

static void test_mode_gives_the_same_results_as_the_internal_vm(void **unused) {
    (void)unused;
    compare_with_internal(&evm, "test-mode");
    compare_with_internal(&iele, "test-mode-iele");
}

static void a_vm_over_tcp_gives_the_same_results_as_the_internal_one(void **unused) {
    (void)unused;
    compare_server(&evm, "127.0.0.1:0", NULL);
    compare_server(&iele, "127.0.0.1:0", NULL);
}

static void a_vm_over_a_unix_socket_gives_the_same_results_as_the_internal_one(void **unused) {
    (void)unused;
    compare_at_unix_socket(&evm);
    compare_at_unix_socket(&iele);
}

static void messages_in_small_pieces_give_the_same_results(void **unused) {
    (void)unused;
    compare_server(&evm, "127.0.0.1:0", "split=7");
    compare_server(&iele, "127.0.0.1:0", "split=7");
}

static void what_the_real_kevm_does_its_own_way_is_put_right(void **unused) {
    (void)unused;
    compare_server(&evm, "127.0.0.1:0", "like-kevm");
    compare_server(&iele, "127.0.0.1:0", "like-kevm"); /* is nothing to it */
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
    compare_with_internal(&evm, addresses);

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
        cmocka_unit_test(a_vm_over_tcp_gives_the_same_results_as_the_internal_one),
        cmocka_unit_test(a_vm_over_a_unix_socket_gives_the_same_results_as_the_internal_one),
        cmocka_unit_test(several_processes_share_the_work_and_give_the_same_results),
        cmocka_unit_test(messages_in_small_pieces_give_the_same_results),
        cmocka_unit_test(what_the_real_kevm_does_its_own_way_is_put_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
