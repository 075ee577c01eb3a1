/* Each question that an IELE can ask and the bytes of its answer (protocol/iele.md, section 6),
 * over real sockets: what the world holds decides, and nothing but what was asked for is asked. */
#include "support/exchange.h"

#include "iele/iele.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"
#define PAYEE "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
#define PRECOMPILED "0000000000000000000000000000000000000001"

/* What begins each script, and what ends it: a result of nothing. */
#define START "define P1 " PRECOMPILED "\n> HELLO\n> any\n< AS\n> 00000008 0a0101 120164 1801\n"
#define DONE "< 0000000f 2a0d 0a01c0 120100 1a0203e8 220100\n"

static void begin(struct exchange *exchange) {
    exchange_begin(exchange);
    case_account(exchange->state, CALLER, "1", "100", "");
    case_call_init(&exchange->one, CONTRACT, "c26fc0", "0", "1000");
}

static void play(struct exchange *exchange, const char *text, const char *option,
                 const char *setting) {
    char *script = case_definitions_of("iele-common", text);
    exchange_play_text(exchange, &iele_protocol, script, option, setting);
    free(script);
}

/* -- accounts (section 6.1) -- */

static void vm_sees_which_accounts_exist_and_which_have_code(void **unused) {
    static const struct {
        const char *nonce, *balance, *code; /* NULL: no such account */
        const char *script;
    } rows[] = {
        {NULL, NULL, NULL, START "< ACC\n> 00000002 1801\n" DONE},
        {"0", "0", "", START "< ACC\n> 00000008 0a0100 120100 1801\n" DONE},
        {"1", "0", "00", START "< ACC\n> 00000006 0a0101 120100\n" DONE},
        /* A contract whose nonce and balance are both 0 exists all the same. */
        {"0", "0", "00", START "< ACC\n> 00000006 0a0100 120100\n" DONE},
        {"128", "200", "", START "< ACC\n> 0000000a 0a020080 120200c8 1801\n" DONE},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange exchange;
        begin(&exchange);
        if (rows[i].nonce != NULL) {
            case_account(exchange.state, CONTRACT, rows[i].nonce, rows[i].balance, rows[i].code);
        }
        play(&exchange, rows[i].script, NULL, NULL);
        exchange_end(&exchange);
    }
}

static void caller_is_answered_as_the_checkpoint_left_it(void **unused) {
    (void)unused;
    struct exchange exchange;
    exchange_begin(&exchange);
    case_account(exchange.state, CALLER, "2", "0xe8d4851000", "");
    case_call_init(&exchange.one, CONTRACT, "c26fc0", "0", "1000");
    play(&exchange, "> HELLO\n> any\n< AS\n> 0000000d 0a0102 120600e8d4851000 1801\n" DONE, NULL,
         NULL);
    exchange_end(&exchange);
}

/* -- storage and code (sections 6.2 and 6.3) -- */

static void storage_is_answered_for_every_account_and_every_integer(void **unused) {
    static const char script[] =
        START "< ACC\n> 00000002 1801\n"
              "< 0000001b 1219 0a14 CC 120105\n> 00000003 0a0100\n"
              "< 0000001b 1219 0a14 B2 120100\n> 00000003 0a0100\n"
              "< 0000001b 1219 0a14 B2 120105\n> 00000004 0a0200c8\n"
              "< 0000001c 121a 0a14 B2 1202ff80\n> 00000003 0a0180\n"
              "< 0000003f 123d 0a14 B2 1225 01000000 0000000000000000000000000000"
              " 00000000000000000000000000000000000000\n"
              "> 0000002b 0a29 80000000000000000000000000000000000000000000"
              "00000000000000000000000000000000000000\n" DONE;
    (void)unused;
    struct exchange exchange;
    begin(&exchange);
    case_account(exchange.state, PAYEE, "1", "0", "00");
    case_storage(exchange.state, PAYEE, "5", "200");
    case_storage(exchange.state, PAYEE, "-128", "-128");
    extvm_address payee = case_address(PAYEE);
    uint8_t key[37] = {1}, value[41] = {0x80};
    assert_int_equal(extvm_state_set_storage(exchange.state, &payee, (extvm_bytes){key, 37},
                                             (extvm_bytes){value, 41}),
                     EXTVM_OK);
    play(&exchange, script, NULL, NULL);
    assert_int_equal(extvm_result_stats(exchange.result).storage_queries, 5);
    size_t count;
    extvm_result_quirks(exchange.result, &count);
    assert_int_equal(count, 0); /* asking for an absent account's storage is ordinary here */
    exchange_end(&exchange);
}

static void code_is_given_back_as_the_vm_wrote_it(void **unused) {
    (void)unused;
    struct exchange exchange;
    begin(&exchange);
    case_account(exchange.state, CONTRACT, "1", "0", "00ff008000");
    play(&exchange,
         START "< ACC\n> CONTRACT\n< GETCODE\n> 00000007 0a05 00ff008000\n"
               "< 00000018 1a16 0a14 B2\n> 00000000\n" DONE,
         NULL, NULL);
    assert_int_equal(extvm_result_stats(exchange.result).code_queries, 2);
    exchange_end(&exchange);
}

/* -- block hashes (section 6.4) -- */

/* A call in block 300; the hash of block n is n, 32 bytes wide. */
static void play_in_block_300(const char *script, const char *policy, unsigned answered) {
    struct exchange exchange;
    begin(&exchange);
    exchange.one.call.block.number = case_number(&exchange.one, "300");
    static const uint64_t known[] = {0, 5, 44, 45, 255, 294, 299, 300};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        extvm_word hash = {{[30] = (uint8_t)(known[i] >> 8), [31] = (uint8_t)known[i]}};
        assert_int_equal(extvm_state_set_block_hash(exchange.state, known[i], &hash), EXTVM_OK);
    }
    play(&exchange, script, policy != NULL ? "block-hash" : NULL, policy);
    assert_int_equal(extvm_result_stats(exchange.result).block_hash_queries, answered);
    exchange_end(&exchange);
}

#define ZEROS_30 "000000000000000000000000000000000000000000000000000000000000"

static void block_hash_is_an_offset_from_the_parent_unless_told_otherwise(void **unused) {
    static const char script[] = START "< 00000002 2200\n> 00000022 0a20 " ZEROS_30 "012b\n"
                                       "< 00000004 2202 0805\n> 00000022 0a20 " ZEROS_30 "0126\n"
                                       "< 00000005 2203 08ff01\n> 00000022 0a20 " ZEROS_30 "002c\n"
                                       "< 00000004 2202 0806\n> 00000000\n" DONE;
    (void)unused;
    play_in_block_300(script, NULL, 4);
    play_in_block_300(script, "vm", 4);
    play_in_block_300(script, "parent", 4);
}

static void block_hash_is_a_number_where_the_option_says_so(void **unused) {
    (void)unused;
    /* Blocks 0 and 5 are known, but more than 256 blocks back. */
    play_in_block_300(START "< 00000005 2203 08ff01\n> 00000022 0a20 " ZEROS_30 "00ff\n"
                            "< 00000004 2202 082c\n> 00000022 0a20 " ZEROS_30 "002c\n"
                            "< 00000004 2202 082d\n> 00000022 0a20 " ZEROS_30 "002d\n"
                            "< 00000002 2200\n> 00000000\n"
                            "< 00000004 2202 0805\n> 00000000\n"
                            "< 00000005 2203 08ab02\n> 00000022 0a20 " ZEROS_30 "012b\n"
                            "< 00000005 2203 08ac02\n> 00000000\n" DONE,
                      "absolute", 7);
}

static void hash_of_no_block_is_nothing_and_the_world_is_not_asked(void **unused) {
    (void)unused;
    /* In block 1 only the parent, block 0, has a hash; a negative number is none. */
    struct exchange exchange;
    begin(&exchange);
    extvm_word hash = {{1}};
    assert_int_equal(extvm_state_set_block_hash(exchange.state, 1, &hash), EXTVM_OK);
    play(&exchange,
         START "< 00000004 2202 0801\n> 00000000\n"
               "< 0000000d 220b 08ffffffffffffffffff01\n> 00000000\n"
               "< 00000002 2200\n> 00000000\n" DONE,
         NULL, NULL);
    exchange_end(&exchange);
}

/* -- the order of queries (section 6.5) -- */

static void each_course_of_a_call_is_followed(void **unused) {
    static const struct {
        const char *recipient, *input; /* NULL: a create */
        const char *script;
    } rows[] = {
        /* create, code ill-formed: nothing after the caller */
        {NULL, "c886000000026300c0", START "< 00000011 2a0f 0a01c0 120109 1a0203e8 220100 2801\n"},
        /* to address 1: its account, for the value, and never its code */
        {PRECOMPILED, "c26fc0", START "< 00000018 0a16 0a14 P1\n> 00000002 1801\n" DONE},
        /* to the caller itself: its account is not asked for again; it has no code */
        {CALLER, "c26fc0", START DONE},
        /* to a wallet: no code, because the answer said so */
        {PAYEE, "c26fc0", START "< 00000018 0a16 0a14 B2\n> 00000008 0a0100 120107 1801\n" DONE},
        /* to a contract that calls a wallet and a contract, and gives its money to a third account
         * before it ends */
        {CONTRACT, "c26fc0",
         START "< ACC\n> CONTRACT\n< GETCODE\n> 00000003 0a01 00\n"
               "< 00000018 0a16 0a14 B2\n> 00000008 0a0100 120107 1801\n"
               "< 00000018 0a16 0a14 TINY\n> CONTRACT\n< 00000018 1a16 0a14 TINY\n> 00000021 0a1f "
               "TINYCODE\n"
               "< 0000001b 1219 0a14 TINY 120105\n> 00000003 0a0100\n"
               "< 00000018 0a16 0a14 DEMO\n> ABSENT\n" DONE},
        /* nothing is relied on but that the caller comes first */
        {CONTRACT, "c26fc0", START DONE},
        {CONTRACT, "c26fc0", START "< GETCODE\n> 00000003 0a01 00\n< ACC\n> CONTRACT\n" DONE},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange exchange;
        begin(&exchange);
        case_account(exchange.state, PAYEE, "0", "7", "");
        case_account(exchange.state, CONTRACT, "1", "0", "00");
        case_account(exchange.state, "a24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3", "1", "0",
                     "0000001b6302690003696e63670000000068000100016101010112f6000102");
        case_call_init(&exchange.one, rows[i].recipient, rows[i].input, "0", "1000");
        play(&exchange, rows[i].script, NULL, NULL);
        exchange_end(&exchange);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vm_sees_which_accounts_exist_and_which_have_code),
        cmocka_unit_test(caller_is_answered_as_the_checkpoint_left_it),
        cmocka_unit_test(storage_is_answered_for_every_account_and_every_integer),
        cmocka_unit_test(code_is_given_back_as_the_vm_wrote_it),
        cmocka_unit_test(block_hash_is_an_offset_from_the_parent_unless_told_otherwise),
        cmocka_unit_test(block_hash_is_a_number_where_the_option_says_so),
        cmocka_unit_test(hash_of_no_block_is_nothing_and_the_world_is_not_asked),
        cmocka_unit_test(each_course_of_a_call_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
