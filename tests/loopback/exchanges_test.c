/* The worked exchanges of protocol/kevm.md, section 13, over real sockets: the scripted VM checks
 * each byte that it receives, and the results must mean what the page says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kevm/kevm.h"
#include "support/exchange.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"
#define STORE "a24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3"
#define PAYEE "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"

static void create_gives_the_new_contract_and_keeps_the_callers_nonce(void **unused) {
    (void)unused;
    struct exchange exchange;
    exchange_begin(&exchange);
    case_account(exchange.state, CALLER, "1", "0xe8d4951000", "");
    case_call_init(&exchange.one, NULL, "6007600c60003960076000f360003560005500", "0", "995332");
    exchange_play(&exchange, &kevm_protocol, "create");
    const extvm_result *result = exchange.result;
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    assert_string_equal(extvm_result_return_code_name(result), "created");
    assert_address(extvm_result_created_address(result), STORE);
    assert_integer(extvm_result_gas_remaining(result), "993908");
    assert_integer(extvm_result_gas_used(result), "1424");
    assert_true(has_quirk(result, "sender-nonce-stepped"));
    assert_true(has_quirk(result, "precompiles-warmed"));
    exchange_apply(&exchange);
    assert_account(&exchange, CALLER, "1", "0xe8d4951000");
    assert_account(&exchange, STORE, "1", "0");
    extvm_address store = case_address(STORE);
    assert_bytes(extvm_state_code(exchange.state, &store), "60003560005500");
    extvm_run_stats stats = extvm_result_stats(result);
    assert_int_equal(stats.account_queries, 2);
    assert_int_equal(stats.code_queries, 0);
    assert_int_equal(stats.attempts, 1);
    assert_int_equal(stats.bytes_sent, 4 + 0x30 + 4 + 0x156 + 4 + 0x0d + 4 + 0x02);
    assert_int_equal(stats.bytes_received, 4 + 0x18 + 4 + 0x18 + 4 + 0xae);
    exchange_end(&exchange);
}

static void call_with_value(struct exchange *exchange) {
    exchange_begin(exchange);
    case_account(exchange->state, CALLER, "2", "0xe8d4943a74", "");
    case_account(exchange->state, STORE, "1", "0", "60003560005500");
    case_call_init(&exchange->one, STORE,
                   "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe", "0",
                   "1027064");
}

static void stored_value_with_the_top_bit_set_is_no_negative_number(void **unused) {
    (void)unused;
    struct exchange exchange;
    call_with_value(&exchange);
    exchange_play(&exchange, &kevm_protocol, "store");
    assert_integer(extvm_result_gas_used(exchange.result), "22109");
    exchange_apply(&exchange);
    extvm_address store = case_address(STORE);
    assert_integer(
        extvm_state_storage(exchange.state, &store, (extvm_bytes){NULL, 0}),
        "115792089237316195423570985008687907853269984665640564039457584007913129639934");
    exchange_end(&exchange);
}

static void unix_socket_carries_the_same_dialogue(void **unused) {
    (void)unused;
    struct exchange exchange;
    char path[64];
    snprintf(path, sizeof path, "/tmp/extvm-test-%d.socket", (int)getpid());
    call_with_value(&exchange);
    exchange.unix_path = path;
    exchange_play(&exchange, &kevm_protocol, "store");
    assert_integer(extvm_result_gas_used(exchange.result), "22109");
    remove(path);
    exchange_end(&exchange);
}

static void log_and_returned_word_arrive_whole(void **unused) {
    (void)unused;
    struct exchange exchange;
    exchange_begin(&exchange);
    case_account(exchange.state, CALLER, "1", "0xe8d4951000", "");
    case_account(exchange.state, CONTRACT, "1", "7", "600035805460005260206000a160206000f3");
    case_storage(exchange.state, CONTRACT, "200", "128");
    case_call_init(&exchange.one, CONTRACT,
                   "00000000000000000000000000000000000000000000000000000000000000c8", "0",
                   "1027064");
    exchange_play(&exchange, &kevm_protocol, "log");
    size_t count;
    assert_bytes(extvm_result_return_data(exchange.result),
                 "0000000000000000000000000000000000000000000000000000000000000080");
    const extvm_log_entry *logs = extvm_result_logs(exchange.result, &count);
    assert_int_equal(count, 1);
    assert_address(&logs[0].address, CONTRACT);
    assert_int_equal(logs[0].topic_count, 1);
    assert_bytes((extvm_bytes){logs[0].topics[0].bytes, EXTVM_WORD_SIZE},
                 "00000000000000000000000000000000000000000000000000000000000000c8");
    assert_bytes(logs[0].data, "0000000000000000000000000000000000000000000000000000000000000080");
    extvm_result_modified(exchange.result, &count);
    assert_int_equal(count, 0);
    const extvm_address *touched = extvm_result_touched(exchange.result, &count);
    assert_int_equal(count, 3);
    assert_address(&touched[1], "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0");
    exchange_end(&exchange);
}

static void payment_reaches_an_account_that_did_not_exist(void **unused) {
    (void)unused;
    struct exchange exchange;
    exchange_begin(&exchange);
    case_account(exchange.state, CALLER, "4", "0xe8d4951000", "");
    case_call_init(&exchange.one, PAYEE, "", "256", "0xfadf8");
    exchange_play(&exchange, &kevm_protocol, "payment");
    exchange_apply(&exchange);
    assert_account(&exchange, PAYEE, "0", "256");
    assert_account(&exchange, CALLER, "4", "0xe8d4950f00");
    assert_integer(extvm_result_gas_used(exchange.result), "0");
    exchange_end(&exchange);
}

static void payment_adds_to_an_account_that_exists(void **unused) {
    (void)unused;
    struct exchange exchange;
    exchange_begin(&exchange);
    case_account(exchange.state, CALLER, "4", "0xe8d4951000", "");
    case_account(exchange.state, PAYEE, "0", "256", "");
    case_call_init(&exchange.one, PAYEE, "", "256", "0xfadf8");
    exchange_play(&exchange, &kevm_protocol, "payment-again");
    exchange_apply(&exchange);
    assert_account(&exchange, PAYEE, "0", "512");
    exchange_end(&exchange);
}

static void payment_of_nothing_leaves_no_empty_account_behind(void **unused) {
    (void)unused;
    struct exchange exchange;
    exchange_begin(&exchange);
    case_account(exchange.state, CALLER, "4", "0xe8d4951000", "");
    case_call_init(&exchange.one, PAYEE, "", "0", "0xfadf8");
    exchange_play(&exchange, &kevm_protocol, "payment-of-nothing");
    exchange_apply(&exchange);
    extvm_address payee = case_address(PAYEE);
    assert_false(extvm_state_account(exchange.state, &payee, NULL));
    exchange_end(&exchange);
}

/* A call of the contract cc…cc with this code, that fails. */
static void run_failure(struct exchange *exchange, const char *code, const char *value,
                        const char *script) {
    exchange_begin(exchange);
    case_account(exchange->state, CALLER, "1", "1000", "");
    case_account(exchange->state, CONTRACT, "1", "0", code);
    case_call_init(&exchange->one, CONTRACT, "", value, "0xfadf8");
    exchange_play(exchange, &kevm_protocol, script);
    assert_nothing_changes(exchange->result);
    assert_true(has_quirk(exchange->result, "lists-dropped"));
}

static void revert_keeps_its_data_and_the_rest_of_the_gas(void **unused) {
    (void)unused;
    struct exchange exchange;
    run_failure(&exchange, "63deadbeef6000526004601cfd", "0", "revert");
    assert_int_equal(extvm_result_outcome(exchange.result), EXTVM_OUTCOME_REVERT);
    assert_bytes(extvm_result_return_data(exchange.result), "deadbeef");
    assert_integer(extvm_result_gas_used(exchange.result), "18");
    exchange_end(&exchange);
}

static void exception_is_told_apart_from_a_revert(void **unused) {
    (void)unused;
    struct exchange exchange;
    run_failure(&exchange, "5b600056", "0", "out-of-gas");
    assert_int_equal(extvm_result_outcome(exchange.result), EXTVM_OUTCOME_FAILURE);
    assert_integer(extvm_result_gas_remaining(exchange.result), "0");
    exchange_end(&exchange);
}

static void value_above_the_balance_is_a_failure_of_the_transaction(void **unused) {
    (void)unused;
    struct exchange exchange;
    run_failure(&exchange, "", "1001", "value-over-balance");
    assert_int_equal(extvm_result_outcome(exchange.result), EXTVM_OUTCOME_FAILURE);
    exchange_end(&exchange);
}

static void run_failed_create(struct exchange *exchange, const char *init_code,
                              const char *script) {
    exchange_begin(exchange);
    case_account(exchange->state, CALLER, "4", "0xe8d4951000", "");
    case_call_init(&exchange->one, NULL, init_code, "0", "0xf3042");
    exchange_play(exchange, &kevm_protocol, script);
    assert_nothing_changes(exchange->result);
    exchange_apply(exchange);
    assert_account(exchange, CALLER, "4", "0xe8d4951000");
}

static void failed_create_does_not_step_the_callers_nonce(void **unused) {
    (void)unused;
    struct exchange exchange;
    run_failed_create(&exchange, "63deadbeef6000526004601cfd", "create-revert");
    assert_int_equal(extvm_result_outcome(exchange.result), EXTVM_OUTCOME_REVERT);
    exchange_end(&exchange);
    run_failed_create(&exchange, "fe", "create-invalid");
    assert_int_equal(extvm_result_outcome(exchange.result), EXTVM_OUTCOME_FAILURE);
    exchange_end(&exchange);
}

static void block_hash_is_asked_by_absolute_number(void **unused) {
    (void)unused;
    struct exchange exchange;
    extvm_word hash;
    exchange_begin(&exchange);
    case_account(exchange.state, CALLER, "1", "1000", "");
    case_account(exchange.state, CONTRACT, "1", "0", "6000354060005260206000f3");
    assert_int_equal(extvm_word_from_hex(
                         "1122334455667788112233445566778811223344556677881122334455667788", &hash),
                     EXTVM_OK);
    assert_int_equal(extvm_state_set_block_hash(exchange.state, 0, &hash), EXTVM_OK);
    /* Not before the call's block: must not be told, although the state has it. */
    assert_int_equal(extvm_state_set_block_hash(exchange.state, 5, &hash), EXTVM_OK);
    case_call_init(&exchange.one, CONTRACT, "", "0", "0xfadf8");
    exchange_play(&exchange, &kevm_protocol, "block-hash");
    assert_bytes(extvm_result_return_data(exchange.result),
                 "1122334455667788112233445566778811223344556677881122334455667788");
    assert_int_equal(extvm_result_stats(exchange.result).block_hash_queries, 2);
    exchange_end(&exchange);
}

static void self_destructed_contract_is_removed_and_its_heir_paid(void **unused) {
    (void)unused;
    struct exchange exchange;
    exchange_begin(&exchange);
    case_account(exchange.state, CALLER, "1", "1000", "");
    case_account(exchange.state, CONTRACT, "1", "9", "73" PAYEE "ff");
    case_storage(exchange.state, CONTRACT, "1", "2");
    case_call_init(&exchange.one, CONTRACT, "", "0", "0xfadf8");
    exchange_play(&exchange, &kevm_protocol, "self-destruct");
    assert_integer(extvm_result_gas_refund(exchange.result), "24000");
    exchange_apply(&exchange);
    extvm_address contract = case_address(CONTRACT);
    assert_false(extvm_state_account(exchange.state, &contract, NULL));
    assert_account(&exchange, PAYEE, "0", "9");
    exchange_end(&exchange);
}

static void precompiled_contracts_are_not_in_the_access_list_that_the_node_sees(void **unused) {
    (void)unused;
    struct exchange exchange;
    exchange_begin(&exchange);
    case_account(exchange.state, CALLER, "1", "1000", "");
    case_call_init(&exchange.one, "0000000000000000000000000000000000000002", "616263", "0",
                   "0xfadc8");
    exchange_play(&exchange, &kevm_protocol, "precompiled");
    assert_integer(extvm_result_gas_used(exchange.result), "72");
    const extvm_access_list *list = extvm_result_access_list(exchange.result);
    assert_int_equal(list->count, 2); /* the recipient stays */
    assert_address(&list->entries[0].address, "0000000000000000000000000000000000000002");
    assert_address(&list->entries[1].address, CALLER);
    exchange_end(&exchange);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_gives_the_new_contract_and_keeps_the_callers_nonce),
        cmocka_unit_test(stored_value_with_the_top_bit_set_is_no_negative_number),
        cmocka_unit_test(unix_socket_carries_the_same_dialogue),
        cmocka_unit_test(log_and_returned_word_arrive_whole),
        cmocka_unit_test(payment_reaches_an_account_that_did_not_exist),
        cmocka_unit_test(payment_adds_to_an_account_that_exists),
        cmocka_unit_test(payment_of_nothing_leaves_no_empty_account_behind),
        cmocka_unit_test(revert_keeps_its_data_and_the_rest_of_the_gas),
        cmocka_unit_test(exception_is_told_apart_from_a_revert),
        cmocka_unit_test(value_above_the_balance_is_a_failure_of_the_transaction),
        cmocka_unit_test(failed_create_does_not_step_the_callers_nonce),
        cmocka_unit_test(block_hash_is_asked_by_absolute_number),
        cmocka_unit_test(self_destructed_contract_is_removed_and_its_heir_paid),
        cmocka_unit_test(precompiled_contracts_are_not_in_the_access_list_that_the_node_sees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
