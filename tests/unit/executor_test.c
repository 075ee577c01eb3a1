/* The node's executor: which transactions it refuses, what it tells the VM, who pays and is paid,
 * and that a transaction that could not be run never happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <extvm/integer.h>

#include "common/error.h"
#include "common/result.h"
#include "executor/execute.h"
#include "support/scarce_memory.h"

static const extvm_address alice = {{0xa1, 0x1c, 0xe0}};
static const extvm_address bob = {{0xb0, 0xb0}};
static const extvm_address miner = {{0xc0, 0x1b}};

#define BYTES(...)                                                                                 \
    ((extvm_bytes){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})
static const extvm_bytes nothing = {NULL, 0};

/* An integer that lives as long as the struct. */
struct integer {
    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE];
    extvm_bytes bytes;
};

static extvm_bytes integer(struct integer *out, const char *text) {
    assert_int_equal(extvm_integer_from_text(text, out->buffer, sizeof out->buffer, &out->bytes),
                     EXTVM_OK);
    return out->bytes;
}
#define INTEGER(text) integer(&(struct integer){{0}, {NULL, 0}}, text)

/* -- a VM that answers what it is told to -- */

struct fake_vm {
    extvm_status status;
    extvm_outcome outcome;
    const char *gas_remaining, *gas_refund;
    const extvm_modified_account *modified;
    size_t modified_count;
    extvm_address *deleted;
    size_t deleted_count;
    bool clears_empty;
    const extvm_allocator *allocator;
    /* what it saw */
    unsigned calls;
    extvm_call call;
    char gas_provided[40], sender_nonce[40], sender_balance[100];
    bool recipient_has_storage;
    uint8_t numbers[2][EXTVM_WORD_INTEGER_SIZE];
};

static void see(struct fake_vm *vm, const extvm_call *call, const extvm_world *world) {
    extvm_account account;
    vm->calls++;
    vm->call = *call;
    extvm_integer_to_decimal(call->gas_provided, vm->gas_provided);
    assert_int_equal(world->account(world->context, &call->caller, &account), EXTVM_LOOKUP_FOUND);
    extvm_integer_to_decimal(account.nonce, vm->sender_nonce);
    extvm_integer_to_decimal(account.balance, vm->sender_balance);
    vm->recipient_has_storage =
        call->recipient != NULL &&
        world->account(world->context, call->recipient, &account) == EXTVM_LOOKUP_FOUND &&
        account.has_storage;
}

static extvm_status run_fake(void *context, const extvm_call *call, const extvm_world *world,
                             extvm_result **out, extvm_error *error) {
    struct fake_vm *vm = context;
    see(vm, call, world);
    *out = NULL;
    if (vm->status != EXTVM_OK) {
        return error_set(error, vm->status, "the VM has gone");
    }
    extvm_result *result = result_new(vm->allocator, NULL);
    if (result == NULL) {
        return error_no_memory(error, "a result");
    }
    result->outcome = vm->outcome;
    assert_int_equal(extvm_integer_from_text(vm->gas_remaining, vm->numbers[0],
                                             EXTVM_WORD_INTEGER_SIZE, &result->gas_remaining),
                     EXTVM_OK);
    assert_int_equal(extvm_integer_from_text(vm->gas_refund, vm->numbers[1],
                                             EXTVM_WORD_INTEGER_SIZE, &result->gas_refund),
                     EXTVM_OK);
    result->modified = (extvm_modified_account *)vm->modified;
    result->modified_count = vm->modified_count;
    result->deleted = vm->deleted;
    result->deleted_count = vm->deleted_count;
    result->clears_empty = vm->clears_empty;
    result->beneficiary = call->block.beneficiary;
    *out = result;
    return EXTVM_OK;
}

/* -- the node -- */

/* alice has nonce 5 and 1,000,000 wei, and pays bob 7 wei at 2 wei for a unit of gas. */
struct node {
    struct scarce_memory scarce;
    struct fake_vm vm;
    extvm_execution execution;
    extvm_transaction transaction;
    extvm_receipt receipt;
    extvm_error error;
};

static void start_node(struct node *node, extvm_fork fork) {
    static extvm_allocator allocator;
    *node = (struct node){.vm = {.gas_remaining = "0", .gas_refund = "0"}};
    allocator = scarce_memory_allocator(&node->scarce);
    node->vm.allocator = &allocator;
    node->vm.clears_empty = fork >= EXTVM_FORK_EIP161;
    node->execution.state = extvm_state_new(&allocator);
    assert_non_null(node->execution.state);
    static const uint8_t number[] = {9}, limit[] = {0x10, 0x00, 0x00}, nonce[] = {5}, price[] = {2},
                         gas[] = {0x01, 0x00, 0x00}, value[] = {7}, input[] = {0, 1};
    node->execution.block = (extvm_block){
        .beneficiary = miner, .number = {number, 1}, .gas_limit = {limit, 3}, .timestamp = 1};
    extvm_chain_set_fork(&node->execution.chain, fork);
    node->transaction = (extvm_transaction){.sender = alice,
                                            .nonce = {nonce, 1},
                                            .gas_price = {price, 1},
                                            .gas_limit = {gas, 3},
                                            .recipient = &bob,
                                            .value = {value, 1},
                                            .input = {input, 2}};
    assert_int_equal(
        extvm_state_set_account(node->execution.state, &alice, BYTES(5), INTEGER("1000000")),
        EXTVM_OK);
}

static void stop_node(struct node *node) {
    extvm_receipt_clear(&node->receipt);
    extvm_state_free(node->execution.state);
    assert_int_equal(node->scarce.live, 0);
}

static extvm_status execute(struct node *node) {
    return execute_with(run_fake, &node->vm, &node->execution, &node->transaction, &node->receipt,
                        &node->error);
}

static void assert_account(const struct node *node, const extvm_address *address, const char *nonce,
                           const char *balance) {
    extvm_account account;
    char text[100];
    assert_true(extvm_state_account(node->execution.state, address, &account));
    assert_string_equal(extvm_integer_to_decimal(account.nonce, text), nonce);
    assert_string_equal(extvm_integer_to_decimal(account.balance, text), balance);
}

static extvm_word root_of(const struct node *node) {
    extvm_word root;
    assert_int_equal(extvm_state_root(node->execution.state, &root), EXTVM_OK);
    return root;
}

/* -- validity -- */

static void assert_refused(struct node *node, extvm_validity validity) {
    extvm_word before = root_of(node), after;
    assert_int_equal(execute(node), EXTVM_OK);
    after = root_of(node);
    assert_int_equal(node->receipt.validity, validity);
    assert_null(node->receipt.result);
    assert_int_equal(node->receipt.gas_used, 0);
    assert_int_equal(node->vm.calls, 0);
    assert_memory_equal(&before, &after, sizeof before);
}

/* What makes the node's transaction invalid; texts and numbers live as long as the program. */
static struct integer spoilt;

static void spoil_nonce_below(struct node *node) {
    node->transaction.nonce = integer(&spoilt, "4");
}
static void spoil_nonce_above(struct node *node) {
    node->transaction.nonce = integer(&spoilt, "6");
}
static void spoil_gas_below_intrinsic(struct node *node) {
    node->transaction.gas_limit = integer(&spoilt, "21019");
}
static void spoil_gas_above_block(struct node *node) {
    node->transaction.gas_limit = integer(&spoilt, "0x100001");
}
static void spoil_gas_above_rest_of_block(struct node *node) {
    node->execution.block_gas_used = 0x100000 - 0xffff;
}
static void spoil_gas_of_full_block(struct node *node) {
    node->execution.block_gas_used = UINT64_MAX;
}
static void spoil_gas_above_64_bits(struct node *node) {
    node->execution.block.gas_limit = node->transaction.gas_limit =
        integer(&spoilt, "0x10000000000000000");
}
static void spoil_value(struct node *node) {
    node->transaction.value = integer(&spoilt, "868929");
}
static void spoil_price(struct node *node) {
    node->transaction.gas_price =
        integer(&spoilt, "0x8000000000000000000000000000000000000000000000000000000000000000");
}
static void spoil_type_before_its_fork(struct node *node) {
    static const extvm_access_list empty_list = {NULL, 0};
    node->transaction.type = EXTVM_TRANSACTION_ACCESS_LIST;
    node->transaction.access_list = &empty_list;
}
static void spoil_type(struct node *node) {
    node->transaction.type = (extvm_transaction_type)2;
}
static void spoil_sender_by_code(struct node *node) {
    assert_int_equal(extvm_state_set_code(node->execution.state, &alice, BYTES(1)), EXTVM_OK);
}
static void spoil_sender_by_last_nonce(struct node *node) {
    node->transaction.nonce = integer(&spoilt, "18446744073709551615");
    assert_int_equal(
        extvm_state_set_account(node->execution.state, &alice, spoilt.bytes, INTEGER("1000000")),
        EXTVM_OK);
}

static void an_invalid_transaction_changes_nothing_and_costs_nothing(void **context) {
    static const struct {
        void (*spoil)(struct node *node);
        extvm_validity validity;
    } cases[] = {
        {spoil_nonce_below, EXTVM_VALIDITY_NONCE_TOO_LOW},
        {spoil_nonce_above, EXTVM_VALIDITY_NONCE_TOO_HIGH},
        {spoil_gas_below_intrinsic, EXTVM_VALIDITY_GAS_BELOW_INTRINSIC},
        {spoil_gas_above_block, EXTVM_VALIDITY_GAS_ABOVE_BLOCK},
        {spoil_gas_above_rest_of_block, EXTVM_VALIDITY_GAS_ABOVE_BLOCK},
        {spoil_gas_of_full_block, EXTVM_VALIDITY_GAS_ABOVE_BLOCK},
        {spoil_gas_above_64_bits, EXTVM_VALIDITY_GAS_ABOVE_BLOCK},
        {spoil_value, EXTVM_VALIDITY_BALANCE_TOO_LOW},
        {spoil_price, EXTVM_VALIDITY_BALANCE_TOO_LOW},
        {spoil_type_before_its_fork, EXTVM_VALIDITY_TYPE_UNKNOWN},
        {spoil_type, EXTVM_VALIDITY_TYPE_UNKNOWN},
        {spoil_sender_by_code, EXTVM_VALIDITY_SENDER_HAS_CODE},
        {spoil_sender_by_last_nonce, EXTVM_VALIDITY_NONCE_AT_END},
    };
    (void)context;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct node node;
        start_node(&node, EXTVM_FORK_ISTANBUL);
        cases[i].spoil(&node);
        assert_refused(&node, cases[i].validity);
        stop_node(&node);
    }
}

static void the_last_wei_and_the_last_gas_are_enough(void **context) {
    (void)context;
    struct node node;
    start_node(&node, EXTVM_FORK_ISTANBUL);
    node.transaction.value = INTEGER("868928"); /* 1,000,000 less 65,536 times 2 */
    node.execution.block_gas_used = 0x100000 - 0x10000;
    assert_int_equal(execute(&node), EXTVM_OK);
    assert_int_equal(node.receipt.validity, EXTVM_VALIDITY_VALID);
    assert_int_equal(node.vm.calls, 1);
    stop_node(&node);
}

static void numbers_that_no_transaction_can_have_are_errors(void **context) {
    (void)context;
    const uint8_t wide[34] = {1};
    const extvm_access_list list = {NULL, 0};
    struct node node;
    start_node(&node, EXTVM_FORK_BERLIN);
    extvm_transaction sound = node.transaction;
    node.transaction.value = BYTES(0x80);
    assert_int_equal(execute(&node), EXTVM_OUT_OF_RANGE);
    node.transaction = sound;
    node.transaction.gas_limit = (extvm_bytes){wide, sizeof wide};
    assert_int_equal(execute(&node), EXTVM_OUT_OF_RANGE);
    node.transaction = sound;
    node.transaction.access_list = &list;
    assert_int_equal(execute(&node), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(
        execute_with(run_fake, &node.vm, &node.execution, NULL, &node.receipt, &node.error),
        EXTVM_INVALID_ARGUMENT);
    assert_int_equal(node.vm.calls, 0);
    stop_node(&node);
}

static void intrinsic_gas_is_that_of_the_fork(void **context) {
    (void)context;
    const uint8_t input[] = {0, 1, 0, 2, 3}; /* 2 zeros, 3 others */
    const extvm_bytes keys[] = {{input, 1}, {input, 1}, {input + 1, 1}};
    const extvm_access_entry entries[] = {{alice, keys, 3}, {alice, NULL, 0}};
    const extvm_access_list list = {entries, 2};
    extvm_transaction transaction = {.recipient = &bob, .input = {input, sizeof input}};
    const uint64_t call_before_istanbul = 21000 + 2 * 4 + 3 * 68;
    for (unsigned fork = 0; fork < EXTVM_FORK_COUNT; fork++) {
        uint64_t call = fork >= EXTVM_FORK_ISTANBUL ? 21000 + 2 * 4 + 3 * 16 : call_before_istanbul;
        transaction.recipient = &bob;
        assert_int_equal(extvm_intrinsic_gas((extvm_fork)fork, &transaction), call);
        transaction.recipient = NULL;
        assert_int_equal(extvm_intrinsic_gas((extvm_fork)fork, &transaction),
                         call + (fork >= EXTVM_FORK_HOMESTEAD ? 32000 : 0));
    }
    transaction = (extvm_transaction){.recipient = &bob, .access_list = &list};
    assert_int_equal(extvm_intrinsic_gas(EXTVM_FORK_BERLIN, &transaction),
                     21000 + 2 * 2400 + 3 * 1900);
}

/* -- what the VM is told -- */

static void the_vm_sees_the_nonce_counted_and_the_gas_paid(void **context) {
    (void)context;
    struct node node;
    start_node(&node, EXTVM_FORK_ISTANBUL);
    assert_int_equal(execute(&node), EXTVM_OK);
    assert_string_equal(node.vm.gas_provided, "44516"); /* 65536 - 21000 - 4 - 16 */
    assert_string_equal(node.vm.sender_nonce, "6");
    assert_string_equal(node.vm.sender_balance, "868928");
    assert_ptr_equal(node.vm.call.recipient, &bob);
    assert_int_equal(extvm_integer_compare(node.vm.call.value, BYTES(7)), 0);
    assert_int_equal(extvm_integer_compare(node.vm.call.gas_price, BYTES(2)), 0);
    assert_true(extvm_address_equal(&node.vm.call.block.beneficiary, &miner));
    stop_node(&node);
}

static void a_sender_that_is_not_there_can_send_for_nothing(void **context) {
    (void)context;
    struct node node;
    start_node(&node, EXTVM_FORK_ISTANBUL);
    node.transaction.sender = bob;
    node.transaction.nonce = node.transaction.gas_price = node.transaction.value = nothing;
    assert_int_equal(execute(&node), EXTVM_OK);
    assert_int_equal(node.receipt.validity, EXTVM_VALIDITY_VALID);
    assert_string_equal(node.vm.sender_nonce, "1");
    assert_account(&node, &bob, "1", "0");
    stop_node(&node);
}

static void rules_that_are_younger_than_a_test_can_be_left_out(void **context) {
    (void)context;
    struct node node;
    start_node(&node, EXTVM_FORK_ISTANBUL);
    assert_int_equal(extvm_state_set_code(node.execution.state, &alice, BYTES(1)), EXTVM_OK);
    assert_int_equal(extvm_state_set_storage(node.execution.state, &bob, BYTES(1), BYTES(1)),
                     EXTVM_OK);
    node.execution.senders_may_have_code = true;
    assert_int_equal(execute(&node), EXTVM_OK);
    assert_int_equal(node.receipt.validity, EXTVM_VALIDITY_VALID);
    assert_true(node.vm.recipient_has_storage);
    extvm_receipt_clear(&node.receipt);
    node.execution.hides_leftover_storage = true;
    node.transaction.nonce = BYTES(6);
    assert_int_equal(execute(&node), EXTVM_OK);
    assert_false(node.vm.recipient_has_storage);
    stop_node(&node);
}

/* -- settling -- */

static void unused_gas_goes_back_and_the_beneficiary_is_paid(void **context) {
    (void)context;
    struct node node;
    start_node(&node, EXTVM_FORK_ISTANBUL);
    node.vm.gas_remaining = "40000";
    node.vm.gas_refund = "100";
    assert_int_equal(execute(&node), EXTVM_OK);
    assert_int_equal(node.receipt.gas_refunded, 100);
    assert_int_equal(node.receipt.gas_used, 65536 - 40000 - 100);
    assert_account(&node, &alice, "6", "949128"); /* 868928 + 2 * 40100 */
    assert_account(&node, &miner, "0", "50872");
    stop_node(&node);
}

static void a_refund_is_at_most_half_of_the_gas_used(void **context) {
    (void)context;
    struct node node;
    start_node(&node, EXTVM_FORK_ISTANBUL);
    node.vm.gas_remaining = "44515"; /* 21021 used */
    node.vm.gas_refund = "0x10000000000000000000";
    assert_int_equal(execute(&node), EXTVM_OK);
    assert_int_equal(node.receipt.gas_refunded, 10510);
    assert_int_equal(node.receipt.gas_used, 10511);
    assert_account(&node, &miner, "0", "21022");
    stop_node(&node);
}

static void a_revert_pays_for_what_was_used_and_keeps_the_nonce(void **context) {
    (void)context;
    struct node node;
    start_node(&node, EXTVM_FORK_ISTANBUL);
    node.vm.outcome = EXTVM_OUTCOME_REVERT;
    node.vm.gas_remaining = "44000";
    assert_int_equal(execute(&node), EXTVM_OK);
    assert_int_equal(extvm_result_outcome(node.receipt.result), EXTVM_OUTCOME_REVERT);
    assert_account(&node, &alice, "6", "956928");
    assert_account(&node, &miner, "0", "43072");
    stop_node(&node);
}

static void the_result_is_taken_over_into_the_state(void **context) {
    (void)context;
    const uint8_t code[] = {0x60}, key[] = {1}, value[] = {9}, zero[] = {0};
    const extvm_storage_update updates[] = {{{key, 1}, {zero, 1}}, {{value, 1}, {value, 1}}};
    const extvm_modified_account modified = {.address = bob,
                                             .nonce = {key, 1},
                                             .balance = {value, 1},
                                             .code = {code, 1},
                                             .storage = updates,
                                             .storage_count = 2};
    struct node node;
    start_node(&node, EXTVM_FORK_ISTANBUL);
    assert_int_equal(extvm_state_set_storage(node.execution.state, &bob, BYTES(3), BYTES(3)),
                     EXTVM_OK);
    node.vm.modified = &modified;
    node.vm.modified_count = 1;
    assert_int_equal(execute(&node), EXTVM_OK);
    assert_account(&node, &bob, "1", "9");
    assert_int_equal(extvm_state_code(node.execution.state, &bob).size, 1);
    extvm_bytes stored = extvm_state_storage(node.execution.state, &bob, BYTES(9));
    assert_int_equal(extvm_integer_compare(stored, BYTES(9)), 0);
    /* bob was made here: what was stored at the address before is gone */
    stored = extvm_state_storage(node.execution.state, &bob, BYTES(3));
    assert_int_equal(extvm_integer_sign(stored), 0);
    stop_node(&node);
}

static void an_empty_beneficiary_is_left_behind_only_before_eip161(void **context) {
    (void)context;
    struct node node;
    start_node(&node, EXTVM_FORK_EIP160);
    node.transaction.gas_price = nothing;
    assert_int_equal(execute(&node), EXTVM_OK);
    assert_account(&node, &miner, "0", "0");
    stop_node(&node);
    start_node(&node, EXTVM_FORK_EIP161);
    node.transaction.gas_price = nothing;
    assert_int_equal(execute(&node), EXTVM_OK);
    assert_false(extvm_state_account(node.execution.state, &miner, NULL));
    stop_node(&node);
}

static void a_beneficiary_that_destroyed_itself_loses_the_fee_too(void **context) {
    (void)context;
    struct node node;
    extvm_address deleted = miner;
    start_node(&node, EXTVM_FORK_ISTANBUL);
    node.vm.deleted = &deleted;
    node.vm.deleted_count = 1;
    assert_int_equal(execute(&node), EXTVM_OK);
    assert_false(extvm_state_account(node.execution.state, &miner, NULL));
    stop_node(&node);
}

/* -- what never happened -- */

static void assert_never_happened(struct node *node, extvm_status status) {
    extvm_word before = root_of(node), after;
    assert_int_equal(execute(node), status);
    after = root_of(node);
    assert_int_equal(node->error.status, status);
    assert_null(node->receipt.result);
    assert_memory_equal(&before, &after, sizeof before);
}

static void a_vm_that_breaks_off_leaves_the_state_as_it_was(void **context) {
    (void)context;
    struct node node;
    start_node(&node, EXTVM_FORK_ISTANBUL);
    node.vm.status = EXTVM_VM_CLOSED;
    assert_never_happened(&node, EXTVM_VM_CLOSED);
    assert_string_equal(node.error.text, "the VM has gone");
    stop_node(&node);
}

static void a_vm_that_leaves_more_gas_than_it_was_given_is_not_believed(void **context) {
    (void)context;
    struct node node;
    start_node(&node, EXTVM_FORK_ISTANBUL);
    node.vm.gas_remaining = "44517";
    assert_never_happened(&node, EXTVM_RESULT_REJECTED);
    node.vm.gas_remaining = "0x10000000000000000";
    assert_never_happened(&node, EXTVM_RESULT_REJECTED);
    node.vm.gas_remaining = "44516";
    assert_int_equal(execute(&node), EXTVM_OK);
    stop_node(&node);
}

static void a_balance_that_would_reach_two_to_the_256_takes_everything_back(void **context) {
    (void)context;
    struct integer most;
    struct node node;
    start_node(&node, EXTVM_FORK_ISTANBUL);
    integer(&most, "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
    assert_int_equal(extvm_state_set_account(node.execution.state, &miner, nothing, most.bytes),
                     EXTVM_OK);
    assert_never_happened(&node, EXTVM_OUT_OF_RANGE);
    stop_node(&node);
}

static void a_transaction_that_finds_no_memory_never_happened(void **context) {
    (void)context;
    const uint8_t code[] = {0x60}, key[] = {1}, value[] = {9};
    const extvm_storage_update update = {{key, 1}, {value, 1}};
    const extvm_modified_account modified = {.address = bob,
                                             .nonce = {key, 1},
                                             .balance = {value, 1},
                                             .code = {code, 1},
                                             .storage = &update,
                                             .storage_count = 1};
    extvm_status status = EXTVM_NO_MEMORY;
    size_t fail_at = 1;
    for (; status != EXTVM_OK; fail_at++) {
        struct node node;
        start_node(&node, EXTVM_FORK_ISTANBUL);
        node.vm.modified = &modified;
        node.vm.modified_count = 1;
        extvm_word before = root_of(&node), after;
        node.scarce.fail_at = node.scarce.allocations + fail_at;
        status = execute(&node);
        node.scarce.fail_at = 0;
        after = root_of(&node);
        if (status != EXTVM_OK) {
            assert_int_equal(status, EXTVM_NO_MEMORY);
            assert_memory_equal(&before, &after, sizeof before);
            assert_int_equal(execute(&node), EXTVM_OK);
        }
        stop_node(&node);
    }
    assert_true(fail_at > 8);
}

/* -- hashes -- */

static void assert_hash(const extvm_word *hash, const char *expected) {
    char hex[EXTVM_HEX_SIZE(EXTVM_WORD_SIZE)];
    extvm_bytes_to_hex((extvm_bytes){hash->bytes, sizeof hash->bytes}, hex);
    assert_string_equal(hex + 2, expected);
}

/* Accounts 1 to 3, as the program that computed the expected root has them. */
static void fill_state(extvm_state *state) {
    static const char *const storage[][2] = {
        {"0", "1"},
        {"0x8000000000000000000000000000000000000000000000000000000000000000",
         "0x100000000000000000000000000000000000000000000000005"},
        {"7", "128"},
        {"1", "127"}};
    extvm_address one = {{0}}, two = {{0}}, three = {{0}};
    struct integer nonce, balance;
    one.bytes[19] = 1;
    two.bytes[19] = 2;
    three.bytes[19] = 3;
    assert_int_equal(extvm_state_set_account(state, &one, nothing, nothing), EXTVM_OK);
    integer(&nonce, "9223372036854775808");
    integer(&balance, "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
    assert_int_equal(extvm_state_set_account(state, &two, nonce.bytes, balance.bytes), EXTVM_OK);
    assert_int_equal(extvm_state_set_code(state, &two, BYTES(0x60, 0x01, 0x60, 0x02, 0x55)),
                     EXTVM_OK);
    for (size_t i = 0; i < sizeof storage / sizeof storage[0]; i++) {
        integer(&nonce, storage[i][0]);
        integer(&balance, storage[i][1]);
        assert_int_equal(extvm_state_set_storage(state, &two, nonce.bytes, balance.bytes),
                         EXTVM_OK);
    }
    integer(&balance, "1000000000000000000");
    assert_int_equal(extvm_state_set_account(state, &three, BYTES(1), balance.bytes), EXTVM_OK);
}

static void the_state_root_is_the_one_that_other_nodes_compute(void **context) {
    (void)context;
    extvm_state *state = extvm_state_new(NULL);
    extvm_word root;
    assert_int_equal(extvm_state_root(state, &root), EXTVM_OK);
    assert_hash(&root, "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
    fill_state(state);
    assert_int_equal(extvm_state_root(state, &root), EXTVM_OK);
    assert_hash(&root, "614315697d50f8fc1c2f6edabbf77e119982235544d5598c2f0671793136ff62");
    assert_int_equal(extvm_state_set_storage(state, &alice, BYTES(1), BYTES(0x80)), EXTVM_OK);
    assert_int_equal(extvm_state_root(state, &root), EXTVM_OUT_OF_RANGE);
    extvm_state_free(state);
}

static void a_state_root_that_finds_no_memory_says_so(void **context) {
    (void)context;
    struct scarce_memory scarce = {0};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    extvm_state *state = extvm_state_new(&allocator);
    fill_state(state);
    extvm_status status = EXTVM_NO_MEMORY;
    size_t live = scarce.live, fail_at = 1;
    for (; status != EXTVM_OK; fail_at++) {
        extvm_word root;
        scarce.fail_at = scarce.allocations + fail_at;
        status = extvm_state_root(state, &root);
        assert_true(status == EXTVM_OK || status == EXTVM_NO_MEMORY);
        assert_int_equal(scarce.live, live);
    }
    assert_true(fail_at > 5);
    extvm_state_free(state);
}

static void the_logs_hash_is_the_one_that_other_nodes_compute(void **context) {
    (void)context;
    struct scarce_memory scarce = {0};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    extvm_word topics[4], zero = {{0}}, hash;
    uint8_t data[100], five = 5;
    extvm_address one = {{0}}, two = {{0}};
    one.bytes[19] = 1;
    two.bytes[19] = 2;
    for (unsigned i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)i;
    }
    for (unsigned i = 0; i < 4; i++) {
        memset(topics[i].bytes, (int)i, sizeof topics[i].bytes);
    }
    extvm_log_entry logs[] = {{one, topics, 4, {data, sizeof data}},
                              {two, NULL, 0, {NULL, 0}},
                              {one, &zero, 1, {&five, 1}}};
    extvm_result *result = result_new(extvm_default_allocator(), NULL);
    assert_int_equal(extvm_logs_hash(NULL, NULL, &hash), EXTVM_OK);
    assert_hash(&hash, "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347");
    result->logs = logs;
    result->log_count = 3;
    assert_int_equal(extvm_logs_hash(result, &allocator, &hash), EXTVM_OK);
    assert_hash(&hash, "42b6fd510b204ee45f88c84f4629f520c2681bc534e355c0a31b768565c37290");
    for (size_t fail_at = scarce.allocations; fail_at > 0; fail_at--) {
        scarce.allocations = 0;
        scarce.fail_at = fail_at;
        assert_int_equal(extvm_logs_hash(result, &allocator, &hash), EXTVM_NO_MEMORY);
    }
    assert_int_equal(scarce.live, 0);
    extvm_result_free(result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invalid_transaction_changes_nothing_and_costs_nothing),
        cmocka_unit_test(the_last_wei_and_the_last_gas_are_enough),
        cmocka_unit_test(numbers_that_no_transaction_can_have_are_errors),
        cmocka_unit_test(intrinsic_gas_is_that_of_the_fork),
        cmocka_unit_test(the_vm_sees_the_nonce_counted_and_the_gas_paid),
        cmocka_unit_test(a_sender_that_is_not_there_can_send_for_nothing),
        cmocka_unit_test(rules_that_are_younger_than_a_test_can_be_left_out),
        cmocka_unit_test(unused_gas_goes_back_and_the_beneficiary_is_paid),
        cmocka_unit_test(a_refund_is_at_most_half_of_the_gas_used),
        cmocka_unit_test(a_revert_pays_for_what_was_used_and_keeps_the_nonce),
        cmocka_unit_test(the_result_is_taken_over_into_the_state),
        cmocka_unit_test(an_empty_beneficiary_is_left_behind_only_before_eip161),
        cmocka_unit_test(a_beneficiary_that_destroyed_itself_loses_the_fee_too),
        cmocka_unit_test(a_vm_that_breaks_off_leaves_the_state_as_it_was),
        cmocka_unit_test(a_vm_that_leaves_more_gas_than_it_was_given_is_not_believed),
        cmocka_unit_test(a_balance_that_would_reach_two_to_the_256_takes_everything_back),
        cmocka_unit_test(a_transaction_that_finds_no_memory_never_happened),
        cmocka_unit_test(the_state_root_is_the_one_that_other_nodes_compute),
        cmocka_unit_test(a_state_root_that_finds_no_memory_says_so),
        cmocka_unit_test(the_logs_hash_is_the_one_that_other_nodes_compute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
