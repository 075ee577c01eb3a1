/* The worked exchanges of protocol/iele.md, section 13, over real sockets: the scripted VM checks
 * each byte that it receives, and the results must mean what the page says. */
#include "support/exchange.h"

#include <extvm/iele.h>

#include "iele/iele.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define PAYEE "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
#define TINY "a24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3"
#define DEMO "813eff013aec419c94b1c337db7317683f446d5a"
#define TINY_CODE "0000001b6302690003696e63670000000068000100016101010112f6000102"
#define DEMO_CODE                                                                                  \
    "000000446302690003707574690004686173686900046661696c670000000068000100025402550161800353"     \
    "0d618003a103f600010268000200014001f60001016800030001f700"

/* Puts the input of a call of `function` into the case. */
static void set_call_data(struct exchange *exchange, const char *function, const char *const *args,
                          size_t count) {
    uint8_t *data;
    size_t size;
    extvm_bytes integers[4];
    for (size_t i = 0; i < count; i++) {
        integers[i] = case_number(&exchange->one, args[i]);
    }
    assert_int_equal(extvm_iele_call(function, integers, count, NULL, &data, &size, NULL),
                     EXTVM_OK);
    memcpy(exchange->one.input, data, size);
    exchange->one.call.input = (extvm_bytes){exchange->one.input, size};
    free(data);
}

/* The frames of both directions: those that the VM sends are just what this library's own VM's end
 * writes, too. */
static void play(struct exchange *exchange, const char *script) {
    exchange_play(exchange, &iele_protocol, script);
    assert_int_equal(exchange->report.odd_results, 0);
}

static void run_call(struct exchange *exchange, const char *contract, const char *code,
                     const char *function, const char *const *args, size_t count, const char *gas,
                     const char *script) {
    case_account(exchange->state, CALLER, "2", "0xe8d4851000", "");
    case_account(exchange->state, contract, "1", "0", code);
    case_call_init(&exchange->one, contract, "", "0", gas);
    set_call_data(exchange, function, args, count);
    play(exchange, script);
}

static void assert_returned(const extvm_result *result, const char *text) {
    extvm_bytes integer;
    size_t count;
    assert_int_equal(
        extvm_iele_returns(extvm_result_return_data(result), &integer, 1, &count, NULL), EXTVM_OK);
    assert_int_equal(count, 1);
    assert_integer(integer, text);
}

static void assert_outcome(const extvm_result *result, extvm_outcome outcome, const char *code,
                           const char *name, const char *gas) {
    assert_int_equal(extvm_result_outcome(result), outcome);
    assert_integer(extvm_result_return_code(result), code);
    assert_string_equal(extvm_result_return_code_name(result), name);
    assert_integer(extvm_result_gas_remaining(result), gas);
}

static void run_create(struct exchange *exchange, const char *code, const char *gas,
                       const char *script) {
    uint8_t *data, bytes[64];
    size_t size;
    exchange_begin(exchange);
    case_account(exchange->state, CALLER, "1", "0xe8d4951000", "");
    case_call_init(&exchange->one, NULL, "", "0", gas);
    assert_int_equal(extvm_bytes_from_hex(code, bytes, sizeof bytes, &size), EXTVM_OK);
    assert_int_equal(
        extvm_iele_deploy((extvm_bytes){bytes, size}, NULL, 0, NULL, &data, &size, NULL), EXTVM_OK);
    memcpy(exchange->one.input, data, size);
    exchange->one.call.input = (extvm_bytes){exchange->one.input, size};
    free(data);
    play(exchange, script);
}

static void create_makes_the_contract_and_leaves_the_caller_alone(void **unused) {
    (void)unused;
    struct exchange exchange;
    run_create(&exchange, TINY_CODE, "993968", "iele-create");
    assert_outcome(exchange.result, EXTVM_OUTCOME_SUCCESS, "0", "success", "987768");
    assert_address(extvm_result_created_address(exchange.result), TINY);
    exchange_apply(&exchange);
    assert_account(&exchange, CALLER, "1", "0xe8d4951000");
    assert_account(&exchange, TINY, "1", "0");
    extvm_address tiny = case_address(TINY);
    assert_bytes(extvm_state_code(exchange.state, &tiny), TINY_CODE);
    size_t count;
    extvm_result_quirks(exchange.result, &count);
    assert_int_equal(count, 0);
    exchange_end(&exchange);
}

static void create_that_reverts_with_zero_is_no_success(void **unused) {
    (void)unused;
    struct exchange exchange;
    run_create(&exchange, TINY_CODE, "993968", "iele-create-revert-zero");
    assert_outcome(exchange.result, EXTVM_OUTCOME_REVERT, "0", "revert", "987768");
    assert_nothing_changes(exchange.result);
    exchange_end(&exchange);
}

static void refused_code_is_a_failure_that_gives_all_gas_back(void **unused) {
    (void)unused;
    struct exchange exchange;
    run_create(&exchange, "000000026300", "995220", "iele-ill-formed");
    assert_outcome(exchange.result, EXTVM_OUTCOME_FAILURE, "9", "CONTRACT_INVALID", "995220");
    assert_integer(extvm_result_gas_used(exchange.result), "0");
    assert_nothing_changes(exchange.result);
    exchange_end(&exchange);
}

static void arguments_and_returned_values_are_signed(void **unused) {
    static const struct {
        const char *arg, *gas, *script, *returned;
    } rows[] = {
        {"41", "1027100", "iele-increase", "42"},
        {"-1", "0xfabd8", "iele-increase-negative", "0"},
        {"127", "1027100", "iele-increase-127", "128"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange exchange;
        exchange_begin(&exchange);
        run_call(&exchange, TINY, TINY_CODE, "inc", &rows[i].arg, 1, rows[i].gas, rows[i].script);
        assert_int_equal(extvm_result_outcome(exchange.result), EXTVM_OUTCOME_SUCCESS);
        assert_returned(exchange.result, rows[i].returned);
        assert_integer(extvm_result_gas_used(exchange.result), "4");
        exchange_end(&exchange);
    }
}

static void function_that_is_not_there_uses_all_gas_up(void **unused) {
    (void)unused;
    struct exchange exchange;
    exchange_begin(&exchange);
    run_call(&exchange, TINY, TINY_CODE, "nope", NULL, 0, "0xfac1c", "iele-unknown-function");
    assert_outcome(exchange.result, EXTVM_OUTCOME_FAILURE, "1", "FUNC_NOT_FOUND", "0");
    assert_nothing_changes(exchange.result);
    exchange_end(&exchange);
}

static void stored_value_and_its_log_reach_the_node_and_zero_erases(void **unused) {
    static const char *const put[] = {"5", "128"}, *const erase[] = {"5", "0"};
    (void)unused;
    struct exchange exchange;
    exchange_begin(&exchange);
    run_call(&exchange, DEMO, DEMO_CODE, "put", put, 2, "1026960", "iele-put");
    assert_returned(exchange.result, "0");
    assert_integer(extvm_result_gas_remaining(exchange.result), "1017295");
    size_t count;
    const extvm_log_entry *logs = extvm_result_logs(exchange.result, &count);
    assert_int_equal(count, 1);
    assert_address(&logs[0].address, DEMO);
    assert_int_equal(logs[0].topics[0].bytes[31], 5);
    assert_bytes(logs[0].data, "8000");
    exchange_apply(&exchange);
    extvm_address demo = case_address(DEMO);
    uint8_t five = 5;
    assert_integer(extvm_state_storage(exchange.state, &demo, (extvm_bytes){&five, 1}), "128");
    extvm_result_free(exchange.result);
    run_call(&exchange, DEMO, DEMO_CODE, "put", erase, 2, "0xfac18", "iele-erase");
    assert_returned(exchange.result, "128");
    exchange_apply(&exchange);
    assert_integer(extvm_state_storage(exchange.state, &demo, (extvm_bytes){&five, 1}), "0");
    exchange_end(&exchange);
}

static void key_of_minus_128_is_one_key_in_both_spellings(void **unused) {
    static const char *const put[] = {"-128", "1"};
    (void)unused;
    struct exchange exchange;
    exchange_begin(&exchange);
    run_call(&exchange, DEMO, DEMO_CODE, "put", put, 2, "0xfab94", "iele-put-negative");
    exchange_apply(&exchange);
    extvm_address demo = case_address(DEMO);
    uint8_t key = 0x80;
    assert_integer(extvm_state_storage(exchange.state, &demo, (extvm_bytes){&key, 1}), "1");
    exchange_end(&exchange);
}

static void block_hash_is_asked_by_the_offset_from_the_parent(void **unused) {
    static const char *const near[] = {"0"}, *const far[] = {"300"};
    (void)unused;
    struct exchange exchange;
    extvm_word hash;
    memset(hash.bytes, 0x11, sizeof hash.bytes);
    exchange_begin(&exchange);
    assert_int_equal(extvm_state_set_block_hash(exchange.state, 0, &hash), EXTVM_OK);
    run_call(&exchange, DEMO, DEMO_CODE, "hash", near, 1, "0xfac18", "iele-block-hash");
    assert_returned(exchange.result,
                    "0x1111111111111111111111111111111111111111111111111111111111111111");
    extvm_result_free(exchange.result);
    run_call(&exchange, DEMO, DEMO_CODE, "hash", far, 1, "0xfab50", "iele-block-hash-far");
    assert_returned(exchange.result, "0");
    assert_int_equal(extvm_result_stats(exchange.result).block_hash_queries, 0);
    exchange_end(&exchange);
}

static void programs_own_status_is_a_revert_with_the_rest_of_the_gas(void **unused) {
    static const char *const seven[] = {"7"}, *const zero[] = {"0"};
    (void)unused;
    struct exchange exchange;
    exchange_begin(&exchange);
    run_call(&exchange, DEMO, DEMO_CODE, "fail", seven, 1, "1027032", "iele-revert");
    assert_outcome(exchange.result, EXTVM_OUTCOME_REVERT, "7", "revert", "1027032");
    assert_nothing_changes(exchange.result);
    extvm_result_free(exchange.result);
    run_call(&exchange, DEMO, DEMO_CODE, "fail", zero, 1, "0xfac18", "iele-revert-zero");
    assert_outcome(exchange.result, EXTVM_OUTCOME_SUCCESS, "0", "success", "0xfac18");
    assert_nothing_changes(exchange.result);
    exchange_end(&exchange);
}

static void payment_is_a_deposit_and_makes_the_account(void **unused) {
    (void)unused;
    struct exchange exchange;
    exchange_begin(&exchange);
    case_account(exchange.state, CALLER, "14", "0xe8d3c51000", "");
    case_call_init(&exchange.one, PAYEE, "", "256", "0xfab50");
    set_call_data(&exchange, "deposit", NULL, 0);
    play(&exchange, "iele-payment");
    exchange_apply(&exchange);
    assert_account(&exchange, CALLER, "14", "0xe8d3c50f00");
    assert_account(&exchange, PAYEE, "0", "256");
    assert_integer(extvm_result_gas_used(exchange.result), "0");
    exchange_end(&exchange);
}

static void malformed_input_is_refused_and_the_vm_never_sees_it(void **unused) {
    static const char *const inputs[] = {"",       "83616263", "c0",       "c180",    "c28080",
                                         "c2c0c0", "c480c2c1", "c580c382", "c280c000"};
    (void)unused;
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        struct case_call one;
        extvm_vm *vm;
        extvm_result *result = NULL;
        extvm_error error = {EXTVM_OK, ""};
        extvm_state *state = extvm_state_new(NULL);
        extvm_world world = extvm_state_world(state);
        case_account(state, CALLER, "1", "1", "");
        case_call_init(&one, TINY, inputs[i], "0", "1");
        assert_int_equal(extvm_open("iele://127.0.0.1:1", NULL, &vm, NULL), EXTVM_OK);
        assert_int_equal(extvm_run(vm, &one.call, &world, &result, &error), EXTVM_INVALID_ARGUMENT);
        assert_non_null(strstr(error.text, "at byte "));
        assert_null(result);
        extvm_close(vm);
        extvm_state_free(state);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_makes_the_contract_and_leaves_the_caller_alone),
        cmocka_unit_test(create_that_reverts_with_zero_is_no_success),
        cmocka_unit_test(refused_code_is_a_failure_that_gives_all_gas_back),
        cmocka_unit_test(arguments_and_returned_values_are_signed),
        cmocka_unit_test(function_that_is_not_there_uses_all_gas_up),
        cmocka_unit_test(stored_value_and_its_log_reach_the_node_and_zero_erases),
        cmocka_unit_test(key_of_minus_128_is_one_key_in_both_spellings),
        cmocka_unit_test(block_hash_is_asked_by_the_offset_from_the_parent),
        cmocka_unit_test(programs_own_status_is_a_revert_with_the_rest_of_the_gas),
        cmocka_unit_test(payment_is_a_deposit_and_makes_the_account),
        cmocka_unit_test(malformed_input_is_refused_and_the_vm_never_sees_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
