/* The worked exchanges of protocol/kevm.md, section 13.2 to 13.10: our end sends exactly these
 * bytes, and reads those of the VM as these values. */
#include "support/cmocka.h"

#include <extvm/integer.h>

#include "support/dialogue.h"
#include "support/kevm_setting.h"

struct exchange {
    struct dialogue dialogue;
    extvm_result *result;
};

static int begin(void **context) {
    struct exchange *exchange = test_calloc(1, sizeof *exchange);
    dialogue_init(&exchange->dialogue);
    *context = exchange;
    return 0;
}

static int end(void **context) {
    struct exchange *exchange = *context;
    extvm_result_free(exchange->result);
    dialogue_free(&exchange->dialogue);
    test_free(exchange);
    return 0;
}

static extvm_result *play(struct exchange *exchange, const extvm_call *call,
                          const char *const *lines) {
    extvm_result_free(exchange->result);
    assert_int_equal(dialogue_play(&exchange->dialogue, call, lines, &exchange->result), EXTVM_OK);
    assert_non_null(exchange->result);
    assert_int_equal(exchange->dialogue.output.size, 0);
    return exchange->result;
}

static void set_code(struct exchange *exchange, const char *address, const char *code) {
    extvm_address at = hex_address(address);
    assert_int_equal(extvm_state_set_code(exchange->dialogue.state, &at, HEX(code)), EXTVM_OK);
}

static void check_gas(const extvm_result *result, const char *remaining, const char *refund) {
    assert_bytes(extvm_result_gas_remaining(result), HEX(remaining));
    assert_bytes(extvm_result_gas_refund(result), HEX(refund));
}

static const extvm_modified_account *modified(const extvm_result *result, size_t i,
                                              const char *address, const char *nonce,
                                              const char *balance) {
    size_t count;
    const extvm_modified_account *account = &extvm_result_modified(result, &count)[i];
    assert_true(i < count);
    extvm_address expected = hex_address(address);
    assert_true(extvm_address_equal(&account->address, &expected));
    assert_bytes(account->nonce, HEX(nonce));
    assert_bytes(account->balance, HEX(balance));
    return account;
}

static void check_counts(const extvm_result *result, size_t changed, size_t gone, size_t seen) {
    size_t count;
    extvm_result_modified(result, &count);
    assert_int_equal(count, changed);
    extvm_result_deleted(result, &count);
    assert_int_equal(count, gone);
    extvm_result_touched(result, &count);
    assert_int_equal(count, seen);
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

static void a_create_makes_its_contract_and_leaves_the_sender_its_nonce(void **context) {
    struct exchange *exchange = *context;
    extvm_call call = setting_call();
    call.input = HEX("6007600c60003960076000f360003560005500");
    call.gas_provided = HEX("0f3004");
    dialogue_account(&exchange->dialogue, SENDER, "01", "00e8d4951000");
    const extvm_result *result = play(
        exchange, &call,
        (const char *const[]){
            ">" HELLO,
            "> 00000156 0a14" SENDER "1a136007600c60003960076000f360003560005500 220100 2a0101 "
            "32030f3004" HDR CFG WARM,
            "<" ASK_SENDER, "> 0000000d 0a0101 120600e8d4951000 1801", "< 00000018 0a160a14" STORE,
            "> 00000002 1801",
            "< 000000ae 2aab01 121500" STORE " 1a030f2a74 220100 3221 0a14" SENDER
            "120102 1a0600e8d4951000 3225 0a14" STORE
            "120101 1a0100 2a0760003560005500" TOUCHED(SENDER) TOUCHED(STORE) TOUCHED(COINBASE),
            NULL});
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    assert_string_equal(extvm_result_return_code_name(result), "created");
    check_gas(result, "0f2a74", "00");
    assert_bytes(extvm_result_gas_used(result), HEX("0590")); /* 1424 */
    extvm_address store = hex_address(STORE);
    assert_true(extvm_address_equal(extvm_result_created_address(result), &store));
    check_counts(result, 2, 0, 3);
    modified(result, 0, SENDER, "01", "00e8d4951000");
    assert_bytes(modified(result, 1, STORE, "01", "00")->code, HEX("60003560005500"));
    assert_true(has_quirk(result, "sender-nonce-stepped"));
    assert_true(has_quirk(result, "precompiles-warmed"));
}

static void a_stored_value_with_its_top_bit_set_stays_what_it_is(void **context) {
    struct exchange *exchange = *context;
    extvm_call call = setting_call();
    extvm_address store = hex_address(STORE);
    call.recipient = &store;
    call.input = HEX("ff*31 fe");
    call.gas_provided = HEX("0fabf8");
    dialogue_account(&exchange->dialogue, SENDER, "02", "00e8d4943a74");
    dialogue_account(&exchange->dialogue, STORE, "01", "00");
    set_code(exchange, STORE, "60003560005500");
    const extvm_result *result =
        play(exchange, &call,
             (const char *const[]){">" HELLO,
                                   "> 00000179 0a14" SENDER "1214" STORE
                                   "1a20ff*31 fe 220100 2a0101 32030fabf8" HDR CFG WARM,
                                   "<" ASK_SENDER, "> 0000000d 0a0102 120600e8d4943a74 1801",
                                   "< 00000018 0a160a14" STORE, "> 00000006 0a0101 120100",
                                   "< 00000018 1a160a14" STORE, "> 00000009 0a0760003560005500",
                                   "< 0000001b 12190a14" STORE "120100", "> 00000003 0a0100",
                                   "< 00000096 2a9301 120101 1a030f559b 220100 3244 0a14" STORE
                                   "120101 1a0100 2226 0a0100 122100ff*31 fe" TOUCHED(SENDER)
                                       TOUCHED(STORE) TOUCHED(COINBASE),
                                   NULL});
    check_gas(result, "0f559b", "00");
    const extvm_modified_account *account = modified(result, 0, STORE, "01", "00");
    assert_int_equal(account->storage_count, 1);
    assert_bytes(account->storage[0].key, HEX("00"));
    assert_bytes(account->storage[0].value, HEX("00ff*31 fe"));
    assert_null(extvm_result_created_address(result));
    /* The next call on the same session reads it back, and has no Hello. */
    assert_int_equal(
        extvm_state_set_storage(exchange->dialogue.state, &store, HEX("00"), HEX("00ff*31 fe")),
        EXTVM_OK);
    play(exchange, &call,
         (const char *const[]){"> 00000179 0a14" SENDER "1214" STORE
                               "1a20ff*31 fe 220100 2a0101 32030fabf8" HDR CFG WARM,
                               "<" ASK_SENDER, "> 0000000d 0a0102 120600e8d4943a74 1801",
                               "< 0000001b 12190a14" STORE "120100", "> 00000023 0a2100ff*31 fe",
                               "< 0000000d 2a0b 120101 1a030f559b 220100", NULL});
}

/* A call of the contract at cc*20, up to the VM's questions about both accounts. */
static extvm_call call_contract(struct exchange *exchange, const char *code) {
    static extvm_address contract;
    extvm_call call = setting_call();
    contract = hex_address(CONTRACT);
    call.recipient = &contract;
    static const uint8_t gas[] = {0x0f, 0xad, 0xf8};
    call.gas_provided = (extvm_bytes){gas, sizeof gas};
    dialogue_account(&exchange->dialogue, SENDER, "02", "00e8d4951000");
    dialogue_account(&exchange->dialogue, CONTRACT, "01", "07");
    set_code(exchange, CONTRACT, code);
    return call;
}

#define CALL_BODY "0a14" SENDER "1214" CONTRACT "220100 2a0101 32030fadf8" HDR CFG WARM
#define OPENING(code_answer)                                                                       \
    ">" HELLO, "> 00000157" CALL_BODY, "<" ASK_SENDER, "> 0000000d 0a0102 120600e8d4951000 1801",  \
        "< 00000018 0a160a14" CONTRACT, "> 00000006 0a0101 120107",                                \
        "< 00000018 1a160a14" CONTRACT, code_answer

static void a_log_comes_with_address_topic_and_data(void **context) {
    struct exchange *exchange = *context;
    extvm_call call = call_contract(exchange, "600035805460005260206000a160206000f3");
    extvm_address contract = hex_address(CONTRACT);
    assert_int_equal(
        extvm_state_set_storage(exchange->dialogue.state, &contract, HEX("00c8"), HEX("0080")),
        EXTVM_OK);
    const extvm_result *result =
        play(exchange, &call,
             (const char *const[]){OPENING("> 00000014 0a12600035805460005260206000a160206000f3"),
                                   "< 0000001c 121a0a14" CONTRACT "120200c8", "> 00000004 0a020080",
                                   "< 000000ce 2acb01 0a2000*31 80 120101 1a030fa12c 220100" TCC
                                   "4a5a 0a14" CONTRACT "122000*31 c8 1a2000*31 80",
                                   NULL});
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    assert_bytes(extvm_result_return_data(result), HEX("00*31 80"));
    check_counts(result, 0, 0, 3);
    size_t count;
    const extvm_log_entry *logs = extvm_result_logs(result, &count);
    assert_int_equal(count, 1);
    assert_true(extvm_address_equal(&logs[0].address, &contract));
    assert_int_equal(logs[0].topic_count, 1);
    assert_memory_equal(logs[0].topics[0].bytes, HEX("00*31 c8").data, 32);
    assert_bytes(logs[0].data, HEX("00*31 80"));
}

#define PAYEE "b2*20 "

static void a_payment_reaches_an_account_that_was_not_there(void **context) {
    struct exchange *exchange = *context;
    extvm_call call = setting_call();
    extvm_address payee = hex_address(PAYEE);
    call.recipient = &payee;
    call.value = HEX("0100");
    call.gas_provided = HEX("0fadf8");
    dialogue_account(&exchange->dialogue, SENDER, "04", "00e8d4951000");
    const extvm_result *result =
        play(exchange, &call,
             (const char *const[]){
                 ">" HELLO,
                 "> 00000158 0a14" SENDER "1214" PAYEE "22020100 2a0101 32030fadf8" HDR CFG WARM,
                 "<" ASK_SENDER, "> 0000000d 0a0104 120600e8d4951000 1801",
                 "< 00000018 0a160a14" PAYEE, "> 00000002 1801",
                 "< 00000092 2a8f01 120101 1a030fadf8 220100 3221 0a14" SENDER
                 "120104 1a0600e8d4950f00 321d 0a14" PAYEE "120100 1a020100" TOUCHED(SENDER)
                     TOUCHED(PAYEE) TOUCHED(COINBASE),
                 NULL});
    modified(result, 0, SENDER, "04", "00e8d4950f00");
    modified(result, 1, PAYEE, "00", "0100");
    assert_false(has_quirk(result, "sender-nonce-stepped"));
    /* The second payment: it is there now, with 256 wei. */
    dialogue_account(&exchange->dialogue, PAYEE, "00", "0100");
    result =
        play(exchange, &call,
             (const char *const[]){"> 00000158 0a14" SENDER "1214" PAYEE
                                   "22020100 2a0101 32030fadf8" HDR CFG WARM,
                                   "<" ASK_SENDER, "> 0000000d 0a0104 120600e8d4951000 1801",
                                   "< 00000018 0a160a14" PAYEE, "> 00000009 0a0100 12020100 1801",
                                   "< 0000004f 2a4d 120101 1a030fadf8 220100 3221 0a14" SENDER
                                   "120104 1a0600e8d4950f00 321d 0a14" PAYEE "120100 1a020200",
                                   NULL});
    modified(result, 1, PAYEE, "00", "0200");
}

static void a_failed_call_changes_nothing_whatever_the_vm_lists(void **context) {
    static const struct {
        const char *line, *gas, *data;
        extvm_outcome outcome;
    } rows[] = {
        {"< 00000057 2a55 0a04deadbeef 120100 1a030fade6 220100 2801" TCC, "0fade6", "deadbeef",
         EXTVM_OUTCOME_REVERT},
        {"< 0000004f 2a4d 120100 1a0100 220100 2801" TCC, "00", "", EXTVM_OUTCOME_FAILURE},
        {"< 00000023 2a21 120100 1a0100 220100 2801 4214" COINBASE, "00", "",
         EXTVM_OUTCOME_FAILURE},
        {"< 0000000f 2a0d 120100 1a030fade6 220100 2801", "0fade6", "", EXTVM_OUTCOME_REVERT},
        {"< 00000013 2a11 0a04deadbeef 120100 1a0100 220100 2801", "00", "deadbeef",
         EXTVM_OUTCOME_REVERT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange *exchange = *context;
        extvm_call call = call_contract(exchange, "63deadbeef6000526004601cfd");
        session_reset(&exchange->dialogue.session);
        const extvm_result *result =
            play(exchange, &call,
                 (const char *const[]){OPENING("> 0000000f 0a0d63deadbeef6000526004601cfd"),
                                       rows[i].line, NULL});
        assert_int_equal(extvm_result_outcome(result), rows[i].outcome);
        assert_string_equal(extvm_result_return_code_name(result), "failure");
        assert_bytes(extvm_result_return_code(result), HEX("00"));
        assert_bytes(extvm_result_return_data(result), HEX(rows[i].data));
        check_gas(result, rows[i].gas, "00");
        check_counts(result, 0, 0, 0);
        assert_true(has_quirk(result, "outcome-inferred"));
        assert_int_equal(has_quirk(result, "lists-dropped"), i < 3);
    }
}

static void a_failed_create_does_not_step_the_senders_nonce(void **context) {
    static const char *const results[] = {
        "< 0000007a 2a78 0a04deadbeef 120100 1a030f3022 220100 2801 3221 0a14" SENDER
        "120105 1a0600e8d4951000" TOUCHED(SENDER) TOUCHED(COINBASE)
            TOUCHED("e2acf560ade578741fd0d342fdf079914ac6eba0"),
        "< 00000072 2a70 120100 1a0100 220100 2801 3221 0a14" SENDER
        "120105 1a0600e8d4951000" TOUCHED(SENDER) TOUCHED(COINBASE)
            TOUCHED("e2acf560ade578741fd0d342fdf079914ac6eba0"),
    };
    for (size_t i = 0; i < 2; i++) {
        struct exchange *exchange = *context;
        extvm_call call = setting_call();
        call.input = HEX("fe");
        call.gas_provided = HEX("0f3034");
        session_reset(&exchange->dialogue.session);
        dialogue_account(&exchange->dialogue, SENDER, "04", "00e8d4951000");
        const extvm_result *result = play(
            exchange, &call,
            (const char *const[]){
                ">" HELLO, "> 00000144 0a14" SENDER "1a01fe 220100 2a0101 32030f3034" HDR CFG WARM,
                "<" ASK_SENDER, "> 0000000d 0a0104 120600e8d4951000 1801",
                "< 00000018 0a160a14 e2acf560ade578741fd0d342fdf079914ac6eba0", "> 00000002 1801",
                results[i], NULL});
        assert_int_equal(extvm_result_outcome(result),
                         i == 0 ? EXTVM_OUTCOME_REVERT : EXTVM_OUTCOME_FAILURE);
        assert_null(extvm_result_created_address(result));
        check_counts(result, 0, 0, 0);
        assert_true(has_quirk(result, "lists-dropped"));
    }
}

static void block_hashes_are_those_of_the_blocks_asked_for(void **context) {
    struct exchange *exchange = *context;
    extvm_call call = call_contract(exchange, "6000354060005260206000f3");
    extvm_word hash;
    memset(hash.bytes, 0xbb, sizeof hash.bytes);
    assert_int_equal(extvm_state_set_block_hash(exchange->dialogue.state, 0, &hash), EXTVM_OK);
    assert_int_equal(extvm_state_set_block_hash(exchange->dialogue.state, 5, &hash), EXTVM_OK);
    const extvm_result *result =
        play(exchange, &call,
             (const char *const[]){OPENING("> 0000000e 0a0c6000354060005260206000f3"),
                                   "< 00000002 2200", "> 00000022 0a20bb*32",
                                   /* Block 5 is not before block 1, nor is block 1 itself. */
                                   "< 00000004 2202 0805", "> 00000000", "< 00000004 2202 0801",
                                   "> 00000000", "< 00000005 2203 08ff01", "> 00000000",
                                   "< 0000002f 2a2d 0a20bb*32 120101 1a030fadcf 220100", NULL});
    assert_bytes(extvm_result_return_data(result), HEX("bb*32"));
    assert_int_equal(extvm_result_stats(result).block_hash_queries, 4);
}

static void a_destroyed_contract_is_deleted_and_its_heir_paid(void **context) {
    struct exchange *exchange = *context;
    extvm_call call = call_contract(exchange, "73 b2*20 ff");
    dialogue_account(&exchange->dialogue, CONTRACT, "01", "09");
    const extvm_result *result =
        play(exchange, &call,
             (const char *const[]){">" HELLO, "> 00000157" CALL_BODY, "<" ASK_SENDER,
                                   "> 0000000d 0a0102 120600e8d4951000 1801",
                                   "< 00000018 0a160a14" CONTRACT, "> 00000006 0a0101 120109",
                                   "< 00000018 1a160a14" CONTRACT, "> 00000018 0a1673 b2*20 ff",
                                   "< 00000018 0a160a14" PAYEE, "> 00000002 1801",
                                   "< 0000009b 2a9801 120101 1a030f2e9d 22025dc0 321c 0a14" PAYEE
                                   "120100 1a0109 3a14" CONTRACT TOUCHED(SENDER) TOUCHED(PAYEE)
                                       TOUCHED(COINBASE) TOUCHED(CONTRACT),
                                   NULL});
    check_gas(result, "0f2e9d", "5dc0");
    check_counts(result, 1, 1, 4);
    modified(result, 0, PAYEE, "00", "09");
    size_t count;
    assert_memory_equal(extvm_result_deleted(result, &count)[0].bytes, HEX(CONTRACT).data, 20);
}

static void contracts_made_inside_are_listed_with_their_maker(void **context) {
    struct exchange *exchange = *context;
    extvm_call call = call_contract(exchange, "600060006000f0506000600060006000f55000");
    dialogue_account(&exchange->dialogue, CONTRACT, "05", "07");
    const extvm_result *result = play(
        exchange, &call,
        (const char *const[]){
            ">" HELLO, "> 00000157" CALL_BODY, "<" ASK_SENDER,
            "> 0000000d 0a0102 120600e8d4951000 1801", "< 00000018 0a160a14" CONTRACT,
            "> 00000006 0a0105 120107", "< 00000018 1a160a14" CONTRACT,
            "> 00000015 0a13600060006000f0506000600060006000f55000",
            "< 00000018 0a160a14 051cac 1f*15 780a", "> 00000002 1801",
            "< 00000018 0a160a14 7d54c3 5d*15 fd10", "> 00000002 1801",
            "< 00000067 2a65 120101 1a030f0000 220100 321c 0a14 7d54c3 5d*15 fd10 120101 1a0100"
            "321c 0a14" CONTRACT "120107 1a0107 321c 0a14 051cac 1f*15 780a 120101 1a0100",
            NULL});
    check_counts(result, 3, 0, 0);
    modified(result, 0, "051cac 1f*15 780a", "01", "00");
    modified(result, 1, "7d54c3 5d*15 fd10", "01", "00");
    modified(result, 2, CONTRACT, "07", "07");
}

#define EXCHANGE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        EXCHANGE(a_create_makes_its_contract_and_leaves_the_sender_its_nonce),
        EXCHANGE(a_stored_value_with_its_top_bit_set_stays_what_it_is),
        EXCHANGE(a_log_comes_with_address_topic_and_data),
        EXCHANGE(a_payment_reaches_an_account_that_was_not_there),
        EXCHANGE(a_failed_call_changes_nothing_whatever_the_vm_lists),
        EXCHANGE(a_failed_create_does_not_step_the_senders_nonce),
        EXCHANGE(block_hashes_are_those_of_the_blocks_asked_for),
        EXCHANGE(a_destroyed_contract_is_deleted_and_its_heir_paid),
        EXCHANGE(contracts_made_inside_are_listed_with_their_maker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
