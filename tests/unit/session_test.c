/* The order of the dialogue: each message that may not come then has its status, after which the
 * session is broken; refused calls leave it as it was. Both ends, over memory. */
#include "support/cmocka.h"

#include <extvm/integer.h>

#include "iele/iele.h"
#include "support/dialogue.h"
#include "support/kevm_setting.h"

#define PAYEE "b2*20 "
#define ASK_PAYEE "00000018 0a160a14" PAYEE
#define DONE "0000000d 2a0b 120101 1a030fadf8 220100"

static extvm_address payee;

static int begin(void **context) {
    struct dialogue *dialogue = test_calloc(1, sizeof *dialogue);
    dialogue_init(dialogue);
    dialogue_account(dialogue, SENDER, "01", "00e8d4951000");
    *context = dialogue;
    return 0;
}

static int end(void **context) {
    dialogue_free(*context);
    test_free(*context);
    return 0;
}

static extvm_call payment(void) {
    static const uint8_t gas[] = {0x0f, 0xad, 0xf8};
    extvm_call call = setting_call();
    payee = hex_address(PAYEE);
    call.recipient = &payee;
    call.gas_provided = (extvm_bytes){gas, sizeof gas};
    return call;
}

/* Plays from a fresh session; what our end sends is not looked at. */
static extvm_status play(struct dialogue *dialogue, const extvm_call *call,
                         const char *const *frames) {
    extvm_result *result = NULL;
    session_reset(&dialogue->session);
    extvm_status status = session_begin(&dialogue->session, call, &dialogue->error);
    if (status == EXTVM_OK) {
        status = dialogue_step(dialogue, &result);
    }
    for (; status == EXTVM_OK && *frames != NULL; frames++) {
        session_feed(&dialogue->session, HEX(*frames), SIZE_MAX);
        status = dialogue_step(dialogue, &result);
    }
    extvm_result_free(result);
    buffer_drop(&dialogue->output, dialogue->output.size);
    return status;
}

static void check_broken(struct dialogue *dialogue) {
    struct session_event event;
    assert_int_equal(dialogue->session.state, SESSION_BROKEN);
    extvm_call call = payment();
    assert_int_equal(session_begin(&dialogue->session, &call, NULL), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(session_next(&dialogue->session, &event, NULL), EXTVM_OK);
    assert_int_equal(event.kind, SESSION_WANTS_BYTES);
}

static void each_message_that_may_not_come_has_its_status(void **context) {
    struct dialogue *dialogue = *context;
    static const struct {
        const char *frames[4];
        extvm_status status;
    } rows[] = {
        {{"00000000"}, EXTVM_EMPTY_QUERY},
        {{"00000003 320100"}, EXTVM_EMPTY_QUERY}, /* a field that there is not */
        {{"00000004 474554 20"}, EXTVM_MALFORMED_MESSAGE},
        {{"00000003 0a0500"}, EXTVM_MALFORMED_MESSAGE},
        {{"00000017 0a150a13 a1*19"}, EXTVM_MALFORMED_MESSAGE},
        {{"00000002 0a00"}, EXTVM_MALFORMED_MESSAGE}, /* GetAccount without an address */
        {{"00100001"}, EXTVM_FRAME_TOO_LARGE},
        {{"ffffffff"}, EXTVM_FRAME_TOO_LARGE},
        {{ASK_SENDER ASK_PAYEE}, EXTVM_UNEXPECTED_MESSAGE},
        {{ASK_PAYEE DONE}, EXTVM_UNEXPECTED_MESSAGE},
        {{ASK_SENDER, ASK_PAYEE "00"}, EXTVM_UNEXPECTED_MESSAGE},
        {{DONE}, EXTVM_UNEXPECTED_MESSAGE}, /* of an earlier call: the caller was not asked for */
        {{ASK_SENDER, "0000000d 2a0b 120100 1a030fadf8 220100"}, EXTVM_RESULT_REJECTED},
        {{ASK_SENDER, "0000000d 2a0b 120101 1a030fadf9 220100"}, EXTVM_RESULT_REJECTED},
    };
    extvm_call call = payment();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(play(dialogue, &call, rows[i].frames), rows[i].status);
        assert_int_equal(dialogue->error.status, rows[i].status);
        assert_true(strlen(dialogue->error.text) > 20);
        check_broken(dialogue);
    }
    assert_int_equal(play(dialogue, &call, (const char *const[]){ASK_SENDER, DONE, NULL}),
                     EXTVM_OK);
}

static void bytes_after_a_result_break_the_session_before_the_next_call(void **context) {
    struct dialogue *dialogue = *context;
    extvm_call call = payment();
    assert_int_equal(play(dialogue, &call, (const char *const[]){ASK_SENDER, DONE "00", NULL}),
                     EXTVM_OK);
    assert_int_equal(session_begin(&dialogue->session, &call, &dialogue->error),
                     EXTVM_UNEXPECTED_MESSAGE);
    check_broken(dialogue);
}

static void what_closing_means_depends_on_what_came_before(void **context) {
    struct dialogue *dialogue = *context;
    static const struct {
        const char *frames[3];
        bool reset;
        extvm_status status;
    } rows[] = {
        {{NULL}, false, EXTVM_VERSION_REJECTED},
        {{NULL}, true, EXTVM_VERSION_REJECTED},
        {{ASK_SENDER}, false, EXTVM_VM_CLOSED},
        {{ASK_SENDER}, true, EXTVM_VM_RESET},
        {{"000000"}, false, EXTVM_VM_CLOSED_IN_FRAME},
        {{ASK_SENDER, "00000018 0a16"}, false, EXTVM_VM_CLOSED_IN_FRAME},
        {{ASK_SENDER, "00000018 0a16"}, true, EXTVM_VM_RESET},
    };
    extvm_call call = payment();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        extvm_error error;
        assert_int_equal(play(dialogue, &call, rows[i].frames), EXTVM_OK);
        assert_int_equal(session_closed(&dialogue->session, rows[i].reset, &error), rows[i].status);
        assert_int_equal(error.status, rows[i].status);
        assert_non_null(strstr(error.text, "check"));
        check_broken(dialogue);
    }
}

static void a_vm_that_waits_for_the_callers_account_may_not_be_left(void **context) {
    struct dialogue *dialogue = *context;
    extvm_call call = payment();
    assert_true(session_may_leave(&dialogue->session));
    assert_int_equal(play(dialogue, &call, (const char *const[]){NULL}), EXTVM_OK);
    assert_false(session_may_leave(&dialogue->session));
    assert_int_equal(play(dialogue, &call, (const char *const[]){ASK_SENDER, NULL}), EXTVM_OK);
    assert_true(session_may_leave(&dialogue->session));
    assert_int_equal(play(dialogue, &call, (const char *const[]){ASK_SENDER, DONE, NULL}),
                     EXTVM_OK);
    assert_true(session_may_leave(&dialogue->session));
}

static void a_refused_call_sends_nothing_and_the_next_one_runs(void **context) {
    struct dialogue *dialogue = *context;
    extvm_call good = payment(), absent = payment(), create = payment(), listless = payment(),
               negative = payment(), wide = payment();
    extvm_result *result = NULL;
    absent.caller = hex_address("dd*20");
    create.caller = hex_address("ee*20");
    create.recipient = NULL;
    dialogue_account(dialogue, "ee*20", "00", "01");
    listless.type = EXTVM_TRANSACTION_ACCESS_LIST;
    negative.gas_provided = HEX("ff");
    wide.value = HEX("01 00*32");
    const struct {
        const extvm_call *call;
        extvm_status status;
    } rows[] = {
        {&absent, EXTVM_CALLER_ABSENT},
        {&create, EXTVM_CREATE_NONCE_ZERO},
        {&listless, EXTVM_ACCESS_LIST_MISSING},
        {&negative, EXTVM_OUT_OF_RANGE},
        {&wide, EXTVM_OUT_OF_RANGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(
            dialogue_play(dialogue, rows[i].call, (const char *const[]){NULL}, &result),
            rows[i].status);
        assert_int_equal(session_output(&dialogue->session).size, 0);
        assert_int_equal(dialogue->output.size, 0);
        assert_int_equal(dialogue->session.state, SESSION_IDLE);
    }
    assert_int_equal(
        dialogue_play(dialogue, &good, (const char *const[]){">" HELLO, NULL}, &result), EXTVM_OK);
}

static void a_second_call_cannot_begin_while_one_runs(void **context) {
    struct dialogue *dialogue = *context;
    extvm_call call = payment();
    struct answer answer = {.found = false};
    extvm_result *result = NULL;
    assert_int_equal(session_answer(&dialogue->session, &answer, NULL), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(play(dialogue, &call, (const char *const[]){ASK_SENDER, NULL}), EXTVM_OK);
    assert_int_equal(session_begin(&dialogue->session, &call, NULL), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(session_answer(&dialogue->session, &answer, NULL), EXTVM_INVALID_ARGUMENT);
    session_feed(&dialogue->session, HEX(DONE), 1);
    assert_int_equal(dialogue_step(dialogue, &result), EXTVM_OK);
    assert_non_null(result);
    extvm_result_free(result);
}

static void a_world_with_impossible_values_ends_the_run(void **context) {
    struct dialogue *dialogue = *context;
    static const struct {
        const char *frame, *nonce, *balance, *value;
    } rows[] = {
        {ASK_PAYEE, "ff", "00", ""},
        {ASK_PAYEE, "00", "80", ""},
        {ASK_PAYEE, "00", "01 00*32", ""},
        {"0000001b 12190a14" PAYEE "120100", "", "", "ff"},
        {"0000001b 12190a14" PAYEE "120100", "", "", "01 00*32"},
    };
    extvm_call call = payment();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session_event event;
        struct answer answer = {.found = true};
        answer.account.nonce = HEX(rows[i].nonce);
        answer.account.balance = HEX(rows[i].balance);
        answer.bytes = HEX(rows[i].value);
        assert_int_equal(play(dialogue, &call, (const char *const[]){ASK_SENDER, NULL}), EXTVM_OK);
        session_feed(&dialogue->session, HEX(rows[i].frame), SIZE_MAX);
        assert_int_equal(session_next(&dialogue->session, &event, NULL), EXTVM_OK);
        assert_int_equal(event.kind, SESSION_QUERY);
        assert_int_equal(session_answer(&dialogue->session, &answer, NULL), EXTVM_WORLD_FAILED);
        assert_int_equal(session_output(&dialogue->session).size, 0);
        check_broken(dialogue);
    }
}

static void accounts_that_the_vm_changes_unasked_are_checked_against_the_world(void **context) {
    struct dialogue *dialogue = *context;
    extvm_call call = payment();
#define CHANGED(nonce, balance)                                                                    \
    "0000002c 2a2a 120101 1a0100 220100 321f 0a14" PAYEE "1201" nonce " 1a04" balance
    dialogue_account(dialogue, PAYEE, "05", "0ffffff0");
    assert_int_equal(
        play(dialogue, &call, (const char *const[]){ASK_SENDER, CHANGED("05", "0ffffff0"), NULL}),
        EXTVM_OK);
    assert_int_equal(
        play(dialogue, &call, (const char *const[]){ASK_SENDER, CHANGED("04", "0ffffff0"), NULL}),
        EXTVM_RESULT_REJECTED);
    assert_int_equal(
        play(dialogue, &call, (const char *const[]){ASK_SENDER, CHANGED("05", "0ffffff1"), NULL}),
        EXTVM_RESULT_REJECTED);
}

static void only_the_256_blocks_before_the_calls_have_a_hash(void **context) {
    struct dialogue *dialogue = *context;
    static const struct {
        enum block_hash_policy policy;
        uint64_t number; /* of the call's block */
        const char *frame;
        int64_t block; /* whose hash must come; -1: none */
    } rows[] = {
        {BLOCK_HASH_ABSOLUTE, 300, "00000005 2203 08ab02", 299},
        {BLOCK_HASH_ABSOLUTE, 300, "00000005 2203 08ac02", -1},
        {BLOCK_HASH_ABSOLUTE, 300, "00000004 2202 082c", 44},
        {BLOCK_HASH_ABSOLUTE, 300, "00000004 2202 082b", -1},
        {BLOCK_HASH_ABSOLUTE, 300, "00000002 2200", -1},
        {BLOCK_HASH_PARENT, 300, "00000002 2200", 299},
        {BLOCK_HASH_PARENT, 300, "00000005 2203 08ff01", 44},
        {BLOCK_HASH_PARENT, 300, "00000005 2203 088002", -1},
        {BLOCK_HASH_ABSOLUTE, 300, "0000000d 220b 08 ff*9 01", -1},
        {BLOCK_HASH_PARENT, 5, "00000004 2202 0804", 0},
        {BLOCK_HASH_PARENT, 5, "00000004 2202 0805", 0x200}, /* before the first: UINT64_MAX */
        {BLOCK_HASH_PARENT, 5, "00000004 2202 0806", -1},    /* which the world has not */
    };
    extvm_call call = payment();
    for (uint64_t block = 0; block <= 300; block++) {
        extvm_word hash = {{0xbb, (uint8_t)(block >> 8), (uint8_t)block}};
        assert_int_equal(extvm_state_set_block_hash(dialogue->state, block, &hash), EXTVM_OK);
    }
    const extvm_word before_the_first = {{0xbb, 0x02}};
    assert_int_equal(extvm_state_set_block_hash(dialogue->state, UINT64_MAX, &before_the_first),
                     EXTVM_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        extvm_result *result = NULL;
        uint8_t number[EXTVM_U64_INTEGER_SIZE];
        call.block.number = extvm_integer_from_u64(rows[i].number, number);
        dialogue->session.settings.block_hash = rows[i].policy;
        assert_int_equal(play(dialogue, &call, (const char *const[]){ASK_SENDER, NULL}), EXTVM_OK);
        session_feed(&dialogue->session, HEX(rows[i].frame), SIZE_MAX);
        assert_int_equal(dialogue_step(dialogue, &result), EXTVM_OK);
        const uint8_t *answer = dialogue->output.data;
        if (rows[i].block < 0) {
            assert_int_equal(dialogue->output.size, 4);
        } else {
            assert_int_equal(dialogue->output.size, 4 + 2 + EXTVM_WORD_SIZE);
            assert_int_equal(answer[7] << 8 | answer[8], rows[i].block);
        }
    }
}

/* -- sizes of messages that follow one another -- */

enum { MANY_KEYS = 3000 };

static void a_long_access_list_can_follow_a_short_dialogue(void **context) {
    struct dialogue *dialogue = *context;
    static const uint8_t key = 1;
    static extvm_bytes keys[MANY_KEYS];
    for (size_t i = 0; i < MANY_KEYS; i++) {
        keys[i] = (extvm_bytes){&key, 1};
    }
    const extvm_access_entry entry = {hex_address(PAYEE), keys, MANY_KEYS};
    const extvm_access_list list = {&entry, 1};
    extvm_call call = payment(), large = payment();
    extvm_result *result = NULL;
    large.type = EXTVM_TRANSACTION_ACCESS_LIST;
    large.access_list = &list;
    assert_int_equal(play(dialogue, &call, (const char *const[]){ASK_SENDER, DONE, NULL}),
                     EXTVM_OK);
    assert_int_equal(dialogue_play(dialogue, &large, (const char *const[]){NULL}, &result),
                     EXTVM_OK);
}

static const char vm_opening[] = "00000005 0a03322e32 0000002c 0a14" SENDER "1214" PAYEE;

static const struct protocol *const only_kevm[] = {&kevm_protocol, NULL};

/* A VM's end that has been told of a call; the node's further bytes are fed by the test. */
static void open_vm(struct session *session) {
    const struct session_settings settings = {.max_frame = 1000};
    struct session_event event;
    session_init_vm(session, only_kevm, extvm_default_allocator(), &settings);
    session_feed(session, HEX(vm_opening), SIZE_MAX);
    assert_int_equal(session_next(session, &event, NULL), EXTVM_OK);
    assert_int_equal(event.kind, SESSION_CALL);
}

static void a_large_result_can_follow_a_small_answer(void **context) {
    (void)context;
    struct session session;
    struct session_event event;
    const struct query query = {.kind = QUERY_ACCOUNT};
    open_vm(&session);
    assert_int_equal(session_ask(&session, &query, NULL), EXTVM_OK);
    session_feed(&session, HEX("00000002 1801"), SIZE_MAX);
    assert_int_equal(session_next(&session, &event, NULL), EXTVM_OK);
    extvm_result *result = result_new(extvm_default_allocator(), NULL);
    result->modified = arena_array(&result->arena, MANY_KEYS, sizeof *result->modified);
    result->modified_count = MANY_KEYS;
    assert_int_equal(session_finish(&session, result, NULL), EXTVM_OK);
    extvm_result_free(result);
    session_free(&session);
}

static void the_vms_end_refuses_what_is_out_of_turn(void **context) {
    (void)context;
    static const struct {
        const char *bytes;
        extvm_status status;
    } rows[] = {
        {"00000007 0a03332e30 1a00", EXTVM_VERSION_REJECTED},
        {"00000000", EXTVM_VERSION_REJECTED},
        {"00000002 ffff", EXTVM_MALFORMED_MESSAGE},
        {"000003e9", EXTVM_FRAME_TOO_LARGE},
        {"00000005 0a03322e32 00000000", EXTVM_MALFORMED_MESSAGE}, /* no caller */
        {"00000005 0a03322e32 00000018 0a14" SENDER "5001", EXTVM_ACCESS_LIST_MISSING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct session_settings settings = {.max_frame = 1000};
        const struct query query = {.kind = QUERY_ACCOUNT};
        struct session session;
        struct session_event event;
        session_init_vm(&session, only_kevm, extvm_default_allocator(), &settings);
        assert_int_equal(session_ask(&session, &query, NULL), EXTVM_INVALID_ARGUMENT);
        session_feed(&session, HEX(rows[i].bytes), SIZE_MAX);
        assert_int_equal(session_next(&session, &event, NULL), rows[i].status);
        assert_int_equal(session.state, SESSION_BROKEN);
        assert_int_equal(session_next(&session, &event, NULL), EXTVM_OK);
        assert_int_equal(event.kind, SESSION_WANTS_BYTES);
        session_free(&session);
    }
}

static void a_vm_that_speaks_two_protocols_goes_by_the_hello(void **context) {
    (void)context;
    static const struct protocol *const both[] = {&kevm_protocol, &iele_protocol, NULL};
    static const struct {
        const char *hello;
        const struct protocol *protocol; /* NULL: rejected */
    } rows[] = {
        {"00000007 0a03322e32 1a00", &kevm_protocol}, /* only the version counts */
        {"00000007 0a03332e30 1a00", &iele_protocol},
        {"00000005 0a03332e30", &iele_protocol},
        {"00000005 0a03322e31", NULL},
        {"00000005 0a03332e31", NULL},
        {"00000004 0a02332e", NULL},
        {"00000000", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct session_settings settings = {.max_frame = 1000};
        struct session session;
        struct session_event event;
        extvm_error error = {EXTVM_OK, ""};
        session_init_vm(&session, both, extvm_default_allocator(), &settings);
        session_feed(&session, HEX(rows[i].hello), SIZE_MAX);
        extvm_status status = session_next(&session, &event, &error);
        assert_int_equal(session.greeted, rows[i].protocol != NULL);
        if (rows[i].protocol != NULL) {
            assert_int_equal(status, EXTVM_OK);
            assert_ptr_equal(session.protocol, rows[i].protocol);
        } else {
            assert_int_equal(status, EXTVM_VERSION_REJECTED);
            assert_non_null(strstr(error.text, "this VM speaks 2.2 and 3.0"));
        }
        session_free(&session);
    }
}

#define DIALOGUE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        DIALOGUE(each_message_that_may_not_come_has_its_status),
        DIALOGUE(bytes_after_a_result_break_the_session_before_the_next_call),
        DIALOGUE(what_closing_means_depends_on_what_came_before),
        DIALOGUE(a_vm_that_waits_for_the_callers_account_may_not_be_left),
        DIALOGUE(a_refused_call_sends_nothing_and_the_next_one_runs),
        DIALOGUE(a_second_call_cannot_begin_while_one_runs),
        DIALOGUE(a_world_with_impossible_values_ends_the_run),
        DIALOGUE(accounts_that_the_vm_changes_unasked_are_checked_against_the_world),
        DIALOGUE(only_the_256_blocks_before_the_calls_have_a_hash),
        DIALOGUE(a_long_access_list_can_follow_a_short_dialogue),
        cmocka_unit_test(a_large_result_can_follow_a_small_answer),
        cmocka_unit_test(the_vms_end_refuses_what_is_out_of_turn),
        cmocka_unit_test(a_vm_that_speaks_two_protocols_goes_by_the_hello),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
