/* KEVM's peculiarities that the library puts right, and lies of a VM that it finds
 * (protocol/kevm.md, sections 7, 8, 10, 11 and 14), each through a whole dialogue. */
#include "support/cmocka.h"

#include "common/call.h"
#include "support/dialogue.h"
#include "support/kevm_setting.h"

#define PAYEE "b2*20 "
#define PAID "00e8d4951000"
#define NEW STORE " " /* what the sender makes with nonce 0 */

struct rules {
    struct dialogue dialogue;
    extvm_address payee;
    extvm_call call, create;
    extvm_result *result;
};

static int begin(void **context) {
    static const uint8_t gas[] = {0x0f, 0x30, 0x04};
    struct rules *rules = test_calloc(1, sizeof *rules);
    dialogue_init(&rules->dialogue);
    rules->payee = hex_address(PAYEE);
    rules->create = setting_call();
    rules->create.gas_provided = (extvm_bytes){gas, sizeof gas};
    rules->call = rules->create;
    rules->call.recipient = &rules->payee;
    *context = rules;
    dialogue_account(&rules->dialogue, SENDER, "01", PAID);
    dialogue_account(&rules->dialogue, PAYEE, "05", "09");
    assert_int_equal(extvm_state_set_code(rules->dialogue.state, &rules->payee, HEX("6000")),
                     EXTVM_OK);
    return 0;
}

static int end(void **context) {
    struct rules *rules = *context;
    extvm_result_free(rules->result);
    dialogue_free(&rules->dialogue);
    test_free(rules);
    return 0;
}

/* Runs `call`, whose VM asks for the sender and then sends the CallResult with this body. */
static extvm_status run(struct rules *rules, const extvm_call *call, const char *result_body) {
    struct dialogue *dialogue = &rules->dialogue;
    uint8_t frame[4 + 3 + sizeof(struct hex_data)] = {0, 0, 0, 0, 0x2a};
    extvm_bytes body = HEX(result_body);
    size_t at = 5;
    if (body.size >= 0x80) {
        frame[at++] = (uint8_t)(body.size | 0x80);
        frame[at++] = (uint8_t)(body.size >> 7);
    } else {
        frame[at++] = (uint8_t)body.size;
    }
    memcpy(frame + at, body.data, body.size);
    frame[2] = (uint8_t)((at - 4 + body.size) >> 8);
    frame[3] = (uint8_t)(at - 4 + body.size);
    extvm_result_free(rules->result);
    rules->result = NULL;
    session_reset(&dialogue->session);
    buffer_drop(&dialogue->output, dialogue->output.size);
    extvm_status status = session_begin(&dialogue->session, call, &dialogue->error);
    assert_int_equal(status, EXTVM_OK);
    assert_int_equal(dialogue_step(dialogue, &rules->result), EXTVM_OK);
    session_feed(&dialogue->session, HEX(ASK_SENDER), SIZE_MAX);
    assert_int_equal(dialogue_step(dialogue, &rules->result), EXTVM_OK);
    session_feed(&dialogue->session, (extvm_bytes){frame, at + body.size}, SIZE_MAX);
    return dialogue_step(dialogue, &rules->result);
}

static bool has_quirk(const extvm_result *result, const char *name) {
    size_t count;
    const char *const *quirks = extvm_result_quirks(result, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(quirks[i], name) == 0) {
            return true;
        }
    }
    return false;
}

#define OK_CALL "120101 1a030f0000 220100 "
#define OK_CREATE "121500 " NEW "1a030f0000 220100 "
#define SENDER_NOW(nonce) "3221 0a14 " SENDER "1201" nonce " 1a06" PAID " "

static void check_sender_nonce(const struct rules *rules, const char *nonce) {
    size_t count;
    const extvm_modified_account *changed = extvm_result_modified(rules->result, &count);
    assert_int_equal(count, 1);
    assert_bytes(changed->nonce, HEX(nonce));
}

static void a_create_never_raises_the_senders_nonce(void **context) {
    struct rules *rules = *context;
    assert_int_equal(run(rules, &rules->create, OK_CREATE SENDER_NOW("02")), EXTVM_OK);
    check_sender_nonce(rules, "01");
    assert_true(has_quirk(rules->result, "sender-nonce-stepped"));
    /* Nor with a server that does not step it itself. */
    assert_int_equal(run(rules, &rules->create, OK_CREATE SENDER_NOW("01")), EXTVM_OK);
    check_sender_nonce(rules, "01");
    assert_false(has_quirk(rules->result, "sender-nonce-stepped"));
}

static void a_senders_nonce_that_went_elsewhere_is_a_lie(void **context) {
    struct rules *rules = *context;
    assert_int_equal(run(rules, &rules->create, OK_CREATE SENDER_NOW("03")), EXTVM_RESULT_REJECTED);
    assert_int_equal(run(rules, &rules->create, OK_CREATE SENDER_NOW("00")), EXTVM_RESULT_REJECTED);
    assert_int_equal(run(rules, &rules->call, OK_CALL SENDER_NOW("02")), EXTVM_RESULT_REJECTED);
    assert_int_equal(run(rules, &rules->call, OK_CALL SENDER_NOW("01")), EXTVM_OK);
}

static void a_contract_at_another_address_is_a_lie(void **context) {
    struct rules *rules = *context;
    assert_int_equal(run(rules, &rules->create, OK_CREATE), EXTVM_OK);
    extvm_address made = hex_address(NEW);
    assert_true(extvm_address_equal(extvm_result_created_address(rules->result), &made));
    assert_int_equal(run(rules, &rules->create, "1214 11*20 1a030f0000 220100"),
                     EXTVM_RESULT_REJECTED);
    assert_non_null(strstr(rules->dialogue.error.text, "a24dc96c"));
    assert_int_equal(run(rules, &rules->create, "120101 1a030f0000 220100"), EXTVM_RESULT_REJECTED);
}

static void error_and_return_code_must_agree(void **context) {
    struct rules *rules = *context;
    assert_int_equal(run(rules, &rules->call, "120100 1a0100 220100 2801"), EXTVM_OK);
    assert_int_equal(run(rules, &rules->call, "120101 1a0100 220100 2801"), EXTVM_RESULT_REJECTED);
    assert_int_equal(run(rules, &rules->call, "120100 1a0100 220100"), EXTVM_RESULT_REJECTED);
}

static void results_of_jvm_servers_are_understood(void **context) {
    struct rules *rules = *context;
    size_t count;
    /* No return code, an entry that changes nothing, one with only a balance and storage. */
    assert_int_equal(run(rules, &rules->call,
                         "1a030f0000 3216 0a14 " SENDER "3221 0a14 " PAYEE "1a0109"
                         "2206 0a0101 120107"),
                     EXTVM_OK);
    assert_bytes(extvm_result_return_code(rules->result), HEX("01"));
    assert_bytes(extvm_result_gas_refund(rules->result), HEX("00"));
    const extvm_modified_account *changed = extvm_result_modified(rules->result, &count);
    assert_int_equal(count, 1);
    assert_true(extvm_address_equal(&changed->address, &rules->payee));
    assert_bytes(changed->nonce, HEX("05")); /* the world's */
    assert_int_equal(changed->storage_count, 1);
    assert_int_equal(run(rules, &rules->create, "1a030f0000"), EXTVM_OK);
    assert_bytes(extvm_result_return_code(rules->result), HEX("00" NEW));
    assert_int_equal(run(rules, &rules->call, "2801"), EXTVM_OK);
    assert_int_equal(extvm_result_outcome(rules->result), EXTVM_OUTCOME_FAILURE);
}

static void precompiled_contracts_that_only_we_listed_leave_the_access_list(void **context) {
    struct rules *rules = *context;
    const extvm_access_entry entry = {hex_address("00*19 04"), NULL, 0};
    const extvm_access_list own = {&entry, 1};
    const char *body = OK_CALL "5284 01 0a14 a1*20 0a14 00*19 01 0a14 00*19 04 0a14 00*19 09 "
                               "0a14 00*19 0a 0a14 b2*20";
    assert_int_equal(run(rules, &rules->call, body), EXTVM_OK);
    const extvm_access_list *list = extvm_result_access_list(rules->result);
    assert_int_equal(list->count, 3);
    assert_int_equal(list->entries[0].address.bytes[19], 0x0a);
    assert_true(has_quirk(rules->result, "precompiles-warmed"));
    rules->call.type = EXTVM_TRANSACTION_ACCESS_LIST;
    rules->call.access_list = &own;
    assert_int_equal(run(rules, &rules->call, body), EXTVM_OK);
    list = extvm_result_access_list(rules->result);
    assert_int_equal(list->count, 4);
    assert_int_equal(list->entries[0].address.bytes[19], 0x04);
    /* Before Berlin nothing is added, so nothing is taken away. */
    extvm_chain_set_fork(&rules->call.chain, EXTVM_FORK_ISTANBUL);
    assert_int_equal(run(rules, &rules->call, body), EXTVM_OK);
    assert_int_equal(extvm_result_access_list(rules->result)->count, 6);
    assert_false(has_quirk(rules->result, "precompiles-warmed"));
}

static void queries_after_the_run_are_named(void **context) {
    struct rules *rules = *context;
    extvm_result *result = NULL;
    assert_int_equal(dialogue_play(&rules->dialogue, &rules->call,
                                   (const char *const[]){">" HELLO, NULL}, &result),
                     EXTVM_OK);
    buffer_drop(&rules->dialogue.output, rules->dialogue.output.size);
    static const char *const frames[] = {ASK_SENDER, "00000018 0a160a14 77*20",
                                         "0000001b 1219 0a14 77*20 120100",
                                         "0000000d 2a0b 120101 1a030f0000 220100"};
    for (size_t i = 0; i < 4; i++) {
        session_feed(&rules->dialogue.session, HEX(frames[i]), SIZE_MAX);
        assert_int_equal(dialogue_step(&rules->dialogue, &rules->result), EXTVM_OK);
    }
    assert_true(has_quirk(rules->result, "late-queries"));
    assert_int_equal(extvm_result_stats(rules->result).storage_queries, 1);
}

static void types_that_kevm_does_not_know_are_refused(void **context) {
    struct rules *rules = *context;
    const extvm_access_list empty = {NULL, 0};
    extvm_error error;
    rules->call.access_list = &empty;
    assert_int_equal(call_check(&rules->call, &error), EXTVM_INVALID_ARGUMENT);
    rules->call.type = (extvm_transaction_type)2;
    assert_int_equal(call_check(&rules->call, &error), EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "type 2"));
    rules->call.type = EXTVM_TRANSACTION_ACCESS_LIST;
    assert_int_equal(call_check(&rules->call, &error), EXTVM_OK);
}

static void a_create_with_an_impossible_nonce_is_refused(void **context) {
    struct rules *rules = *context;
    struct known_account caller = {.exists = true};
    caller.account.nonce = HEX("01 00*8");
    assert_int_equal(kevm_check_caller(&rules->create, &caller, NULL), EXTVM_OUT_OF_RANGE);
    assert_int_equal(kevm_check_caller(&rules->call, &caller, NULL), EXTVM_OK);
    caller.account.nonce = HEX("00 ff*8");
    assert_int_equal(kevm_check_caller(&rules->create, &caller, NULL), EXTVM_OK);
}

#define RULE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RULE(a_create_never_raises_the_senders_nonce),
        RULE(a_senders_nonce_that_went_elsewhere_is_a_lie),
        RULE(a_contract_at_another_address_is_a_lie),
        RULE(error_and_return_code_must_agree),
        RULE(results_of_jvm_servers_are_understood),
        RULE(precompiled_contracts_that_only_we_listed_leave_the_access_list),
        RULE(queries_after_the_run_are_named),
        RULE(types_that_kevm_does_not_know_are_refused),
        RULE(a_create_with_an_impossible_nonce_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
