/* What an IELE's results mean and how a node takes them over (protocol/iele.md, sections 10 and
 * 11), over real sockets: each field, each way an account changes, and what cannot be true. */
#include "support/exchange.h"

#include <extvm/iele.h>

#include "iele/iele.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"
#define PAYEE "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
#define FRESH "0707070707070707070707070707070707070707"
#define TINY "a24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3"
#define TINY_CODE "0000001b6302690003696e63670000000068000100016101010112f6000102"
#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* The dialogue up to the result; what follows is the CallResult's fields. */
#define START                                                                                      \
    "define D1 " FRESH "\ndefine HASH "                                                            \
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"                           \
    "define W 0000000000000000000000000000000000000000000000000000000000000005\n"                  \
    "> HELLO\n> any\n< AS\n> any\n< ACC\n> any\n"
#define GOOD "0a01c0 120100 1a0203e8 220100 "

/* A contract with 5 wei, code and storage; the payee has 7 wei. */
static void begin(struct exchange *exchange) {
    exchange_begin(exchange);
    case_account(exchange->state, CALLER, "1", "100", "");
    case_account(exchange->state, CONTRACT, "1", "5", "00ff");
    case_account(exchange->state, PAYEE, "0", "7", "");
    case_storage(exchange->state, CONTRACT, "5", "128");
    case_storage(exchange->state, CONTRACT, "6", "-1");
    case_storage(exchange->state, CONTRACT, "-128", "7");
    case_call_init(&exchange->one, CONTRACT, "c26fc0", "0", "1000");
}

static char *definitions(const char *script) {
    return case_definitions_of("iele-common", script);
}

/* Plays the script and applies its result. */
static void apply(struct exchange *exchange, const char *text) {
    char *script = definitions(text);
    exchange_play_text(exchange, &iele_protocol, script, NULL, NULL);
    free(script);
    exchange_apply(exchange);
}

static void assert_storage(const struct exchange *exchange, const char *address, const char *key,
                           const char *value) {
    uint8_t digits[64];
    extvm_bytes number;
    extvm_address at = case_address(address);
    assert_int_equal(extvm_integer_from_text(key, digits, sizeof digits, &number), EXTVM_OK);
    assert_integer(extvm_state_storage(exchange->state, &at, number), value);
}

static void assert_code(const struct exchange *exchange, const char *address, const char *code) {
    extvm_address at = case_address(address);
    assert_bytes(extvm_state_code(exchange->state, &at), code);
}

static bool exists(const struct exchange *exchange, const char *address) {
    extvm_address at = case_address(address);
    return extvm_state_account(exchange->state, &at, NULL);
}

/* -- the fields of a result (section 10) -- */

static void each_field_of_a_result_reaches_the_node(void **unused) {
    static const char script[] =
        START "< 0000012e 2aab02 0a04 c32a 8180 120100 1a0200c8 22025dc0 "
              "3224 0a14 CC 120101 1a0105 2206 0a0106 120100 3a14 D1 "
              "4a5e 0a14 CC 1220 W 1220 HASH 1a028000 4a16 0a14 B2 4a38 0a14 CC 1220 W "
              "522a 0a20 HASH 12026000 1a020105\n";
    (void)unused;
    struct exchange exchange;
    begin(&exchange);
    apply(&exchange, script);
    const extvm_result *result = exchange.result;
    extvm_bytes returned[2];
    size_t count;
    assert_int_equal(
        extvm_iele_returns(extvm_result_return_data(result), returned, 2, &count, NULL), EXTVM_OK);
    assert_int_equal(count, 2);
    assert_integer(returned[0], "42");
    assert_integer(returned[1], "-128");
    assert_integer(extvm_result_return_code(result), "0");
    assert_integer(extvm_result_gas_remaining(result), "200");
    assert_integer(extvm_result_gas_used(result), "800");
    assert_integer(extvm_result_gas_refund(result), "24000"); /* the node caps it */
    const extvm_address *deleted = extvm_result_deleted(result, &count);
    assert_int_equal(count, 1);
    assert_address(deleted, FRESH);
    const extvm_log_entry *logs = extvm_result_logs(result, &count);
    assert_int_equal(count, 3); /* in the order they were written */
    assert_address(&logs[0].address, CONTRACT);
    assert_int_equal(logs[0].topic_count, 2);
    assert_int_equal(logs[0].topics[0].bytes[31], 5);
    assert_int_equal(logs[0].topics[1].bytes[31], 0xbb);
    assert_bytes(logs[0].data, "8000");
    assert_address(&logs[1].address, PAYEE);
    assert_int_equal(logs[1].topic_count, 0);
    assert_int_equal(logs[1].data.size, 0);
    assert_int_equal(logs[2].topic_count, 1);
    const extvm_code_coverage *coverage = extvm_result_coverage(result, &count);
    assert_int_equal(count, 1);
    assert_int_equal(coverage[0].code_hash.bytes[0], 0xbb);
    assert_bytes(coverage[0].code, "6000");
    assert_bytes(coverage[0].coverage, "0105");
    extvm_result_touched(result, &count); /* IELE never fills it */
    assert_int_equal(count, 0);
    assert_int_equal(extvm_result_access_list(result)->count, 0);
    exchange_end(&exchange);
}

static void program_may_revert_with_any_integer(void **unused) {
    static const struct {
        const char *script, *code;
    } rows[] = {
        {START "< 00000011 2a0f 0a01c0 1201ff 1a020100 220100 2801\n", "-1"},
        {START "< 00000012 2a10 0a01c0 1202ff80 1a020100 220100 2801\n", "-128"},
        {START "< 00000011 2a0f 0a01c0 120180 1a020100 220100 2801\n", "-128"},
        {START "< 00000012 2a10 0a01c0 12020080 1a020100 220100 2801\n", "128"},
        {START "< 00000031 2a2f 0a01c0 1221 01 HASH 1a020100 220100 2801\n",
         "0x01bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange;
        begin(&exchange);
        apply(&exchange, rows[i].script);
        assert_int_equal(extvm_result_outcome(exchange.result), EXTVM_OUTCOME_REVERT);
        assert_integer(extvm_result_return_code(exchange.result), rows[i].code);
        assert_integer(extvm_result_gas_remaining(exchange.result), "256");
        assert_nothing_changes(exchange.result);
        exchange_end(&exchange);
    }
}

/* -- how accounts change (section 11) -- */

static void empty_code_is_unchanged_and_zero_storage_is_deleted(void **unused) {
    (void)unused;
    struct exchange exchange;
    begin(&exchange);
    /* The keys 5 and -128 go, 7 comes with -128, 6 is not touched; the code is not sent. */
    apply(&exchange, START "< 00000047 2a45 " GOOD "3236 0a14 CC 120101 1a0105 2206 0a0105 120100 "
                           "2207 0a02ff80 120100 2207 0a0107 1202ff80\n");
    assert_account(&exchange, CONTRACT, "1", "5");
    assert_code(&exchange, CONTRACT, "00ff");
    assert_storage(&exchange, CONTRACT, "5", "0");
    assert_storage(&exchange, CONTRACT, "6", "-1");
    assert_storage(&exchange, CONTRACT, "7", "-128");
    extvm_address contract = case_address(CONTRACT);
    extvm_storage_update *entries;
    size_t count;
    assert_int_equal(extvm_state_storage_entries(exchange.state, &contract, &entries, &count),
                     EXTVM_OK);
    assert_int_equal(count, 2); /* what is 0 is gone, and not a 0 that is kept */
    free(entries);
    exchange_end(&exchange);
}

static void destroyed_contract_goes_with_its_code_and_storage(void **unused) {
    (void)unused;
    struct exchange exchange;
    begin(&exchange);
    apply(&exchange, START "< 00000043 2a41 " GOOD "321c 0a14 B2 120100 1a010c 3a14 CC\n");
    assert_false(exists(&exchange, CONTRACT));
    assert_code(&exchange, CONTRACT, "");
    assert_storage(&exchange, CONTRACT, "6", "0");
    assert_account(&exchange, PAYEE, "0", "12");
    assert_account(&exchange, CALLER, "1", "100");
    exchange_end(&exchange);
}

static void contract_made_and_destroyed_in_one_call_leaves_nothing(void **unused) {
    (void)unused;
    struct exchange exchange;
    begin(&exchange);
    apply(&exchange, START "< 00000043 2a41 " GOOD "321c 0a14 CC 120102 1a0105 3a14 D1\n");
    assert_false(exists(&exchange, FRESH));
    assert_account(&exchange, CONTRACT, "2", "5");
    exchange_end(&exchange);
}

static void contract_made_by_a_contract_is_stored_and_its_maker_counts_on(void **unused) {
    (void)unused;
    struct exchange exchange;
    begin(&exchange);
    apply(&exchange, START "< 00000074 2a72 " GOOD
                           "321c 0a14 CC 120102 1a0102 3245 0a14 D1 120101 1a0103 2a1f TINYCODE "
                           "2206 0a01ff 120180\n");
    assert_account(&exchange, CONTRACT, "2", "2");
    assert_code(&exchange, CONTRACT, "00ff");
    assert_account(&exchange, FRESH, "1", "3");
    assert_code(&exchange, FRESH, TINY_CODE);
    assert_storage(&exchange, FRESH, "-1", "-128");
    exchange_end(&exchange);
}

static void new_contract_keeps_the_money_that_its_address_held(void **unused) {
    (void)unused;
    struct exchange exchange;
    begin(&exchange);
    case_account(exchange.state, TINY, "0", "7", "");
    case_call_init(&exchange.one, NULL, "c26fc0", "3", "1000");
    apply(&exchange,
          "> HELLO\n> any\n< AS\n> any\n< ATINY\n> 00000008 0a0100 120107 1801\n"
          "< 00000083 2a8001 0a17 d69500 TINY 120100 1a0203e8 220100 321c 0a14 S 120101 1a0161 "
          "323d 0a14 TINY 120101 1a010a 2a1f TINYCODE\n");
    assert_address(extvm_result_created_address(exchange.result), TINY);
    assert_account(&exchange, TINY, "1", "10");
    assert_code(&exchange, TINY, TINY_CODE);
    assert_account(&exchange, CALLER, "1", "97"); /* the VM counts no nonce of the caller */
    exchange_end(&exchange);
}

static void failed_call_leaves_the_state_alone_whatever_it_lists(void **unused) {
    static const char *const scripts[] = {
        START "< 00000090 2a8d01 0a01c0 120107 1a0100 2201ff 2801 3224 0a14 CC 120109 1a0100 "
              "2206 0a0105 120100 3a14 B2 4a16 0a14 CC 5229 0a20 HASH 12026000 1a0101\n",
        START
        "< 00000073 2a71 0a01c0 1201ff 1a0203e8 220101 2801 321f 0a14 CC 120109 1a0100 2a0160 "
        "3a14 B2 5229 0a20 HASH 12026000 1a0101\n",
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        struct exchange exchange;
        begin(&exchange);
        apply(&exchange, scripts[i]);
        assert_nothing_changes(exchange.result);
        assert_true(has_quirk(exchange.result, "lists-dropped"));
        assert_account(&exchange, CONTRACT, "1", "5");
        assert_code(&exchange, CONTRACT, "00ff");
        assert_storage(&exchange, CONTRACT, "5", "128");
        assert_account(&exchange, PAYEE, "0", "7");
        size_t count;
        extvm_result_coverage(exchange.result, &count); /* what ran did run */
        assert_int_equal(count, 1);
        exchange_end(&exchange);
    }
}

/* -- what cannot be true (section 11) -- */

static void result_that_cannot_be_true_is_never_taken_over(void **unused) {
    static const struct {
        const char *script;
        extvm_status status;
        const char *text;
    } rows[] = {
        {START "< 0000004b 2a49 " GOOD "321c 0a14 CC 120101 1a0105 321c 0a14 CC 120101 1a0105\n",
         EXTVM_RESULT_REJECTED, "changed twice"},
        {START "< 00000043 2a41 " GOOD "321c 0a14 CC 120101 1a0105 3a14 CC\n",
         EXTVM_RESULT_REJECTED, "both changed and deleted"},
        {START "< 0000002d 2a2b " GOOD "321c 0a14 CC 120101 1a0106\n", EXTVM_RESULT_REJECTED,
         "more than before"},
        {START "< 0000002d 2a2b " GOOD "321c 0a14 D1 120100 1a0101\n", EXTVM_RESULT_REJECTED,
         "more than before"},
        {START "< 0000002d 2a2b " GOOD "321c 0a14 CC 120100 1a0105\n", EXTVM_RESULT_REJECTED,
         "went down"},
        {START "< 0000003e 2a3c " GOOD "322d 0a14 CC 120101 1a0105 2207 0a02ff80 120101 "
               "2206 0a0180 120102\n",
         EXTVM_RESULT_REJECTED, "two values"},
        {START "< 0000000f 2a0d 0a01c0 120100 1a0203e9 220100\n", EXTVM_RESULT_REJECTED,
         "more gas"},
        {START "< 0000000e 2a0c 0a01c0 120101 1a0100 220100\n", EXTVM_RESULT_REJECTED,
         "error is not set and the return code is not 0"},
        {START "< 00000010 2a0e 0a01c0 120100 1a0100 220100 2801\n", EXTVM_RESULT_REJECTED,
         "error is set and the return code is 0"},
        {START "< 00000011 2a0f 0a04 83616263 120100 1a0100 220100\n", EXTVM_RESULT_REJECTED,
         "is a string"},
        {START "< 0000000b 2a09 120100 1a0100 220100\n", EXTVM_RESULT_REJECTED, "is missing"},
        {START "< 0000002c 2a2a " GOOD "321b 0a13 07070707070707070707070707070707070707 120100 "
               "1a0100\n",
         EXTVM_MALFORMED_MESSAGE, "it must have 20"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange exchange;
        begin(&exchange);
        char *script = definitions(rows[i].script);
        assert_int_equal(exchange_run(&exchange, &iele_protocol, script, NULL, NULL),
                         rows[i].status);
        free(script);
        if (strstr(exchange.error.text, rows[i].text) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", exchange.error.text, rows[i].text);
        }
        assert_int_equal(exchange.report.resets, 0);
        exchange_end(&exchange);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_of_a_result_reaches_the_node),
        cmocka_unit_test(program_may_revert_with_any_integer),
        cmocka_unit_test(empty_code_is_unchanged_and_zero_storage_is_deleted),
        cmocka_unit_test(destroyed_contract_goes_with_its_code_and_storage),
        cmocka_unit_test(contract_made_and_destroyed_in_one_call_leaves_nothing),
        cmocka_unit_test(contract_made_by_a_contract_is_stored_and_its_maker_counts_on),
        cmocka_unit_test(new_contract_keeps_the_money_that_its_address_held),
        cmocka_unit_test(failed_call_leaves_the_state_alone_whatever_it_lists),
        cmocka_unit_test(result_that_cannot_be_true_is_never_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
