/* Recordings: what a trace has seen gives the same result again, on the VM inside and from the
 * record itself, and can be played to a node. */
#include "support/cmocka.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <extvm/extvm.h>

#include "support/cases.h"
#include "support/scarce_memory.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"

/* Stores the input at 0, reads 1, logs, and returns what is at 1. */
#define CODE "600035600055600154600052600160206000a160206000f3"

enum { MESSAGES_MAXIMUM = 64 };

/* -- a trace that is kept -- */

struct kept {
    extvm_recorded_message message;
    uint8_t *body;
    extvm_direction direction;
    char *text;
};

struct tape {
    struct kept kept[MESSAGES_MAXIMUM];
    size_t count;
};

static void keep(void *context, const extvm_trace_message *message) {
    struct tape *tape = context;
    assert_true(tape->count < MESSAGES_MAXIMUM);
    struct kept *kept = &tape->kept[tape->count++];
    kept->body = malloc(message->body.size + 1);
    assert_non_null(kept->body);
    if (message->body.size > 0) {
        memcpy(kept->body, message->body.data, message->body.size);
    }
    kept->direction = message->direction;
    kept->text = strdup(message->text);
    kept->message = (extvm_recorded_message){.protocol = message->protocol,
                                             .session = 7,
                                             .name = message->name,
                                             .body = {kept->body, message->body.size},
                                             .place = 10 + tape->count};
}

static void tape_free(struct tape *tape) {
    for (size_t i = 0; i < tape->count; i++) {
        free(tape->kept[i].body);
        free(tape->kept[i].text);
    }
}

static extvm_state *make_world(const char *code) {
    extvm_state *state = extvm_state_new(NULL);
    case_account(state, CALLER, "4", "1000000000000", "");
    case_account(state, CONTRACT, "1", "9", code);
    case_storage(state, CONTRACT, "1", "77");
    return state;
}

/* Runs `count` calls of the contract on a test-mode server. */
static void record(struct tape *tape, const char *code, unsigned count) {
    struct case_call one;
    extvm_vm *vm = NULL;
    *tape = (struct tape){.count = 0};
    extvm_state *state = make_world(code);
    const extvm_world world = extvm_state_world(state);
    extvm_options *options = extvm_options_new(NULL);
    extvm_options_set_trace(options, keep, tape);
    assert_int_equal(extvm_open("test-mode", options, &vm, NULL), EXTVM_OK);
    for (unsigned i = 0; i < count; i++) {
        extvm_result *result;
        case_call_init(&one, CONTRACT, "2a", "5", "100000");
        assert_int_equal(extvm_run(vm, &one.call, &world, &result, NULL), EXTVM_OK);
        extvm_result_free(result);
    }
    extvm_close(vm);
    extvm_options_free(options);
    extvm_state_free(state);
}

static extvm_status add(extvm_recording *recording, const struct tape *tape, size_t count,
                        extvm_error *error) {
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < count && status == EXTVM_OK; i++) {
        status = extvm_recording_add(recording, &tape->kept[i].message, error);
    }
    return status;
}

static extvm_recording *recording_of(const struct tape *tape, size_t count) {
    extvm_error error = {EXTVM_OK, ""};
    extvm_recording *recording = extvm_recording_new(NULL);
    if (add(recording, tape, count, &error) != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
    return recording;
}

static void assert_like_recorded(const extvm_result *result) {
    size_t count;
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    assert_bytes(extvm_result_return_data(result),
                 "000000000000000000000000000000000000000000000000000000000000004d");
    const extvm_modified_account *modified = extvm_result_modified(result, &count);
    assert_int_equal(count, 2); /* the caller, who has paid, and the contract */
    assert_integer(modified[1].balance, "14");
    assert_int_equal(modified[1].storage_count, 1);
    extvm_result_logs(result, &count);
    assert_int_equal(count, 1);
}

/* -- calls once more -- */

static void a_record_tells_which_calls_are_in_it(void **context) {
    struct tape tape;
    extvm_recorded_call call;
    (void)context;
    record(&tape, CODE, 2);
    extvm_recording *recording = recording_of(&tape, tape.count);
    assert_int_equal(extvm_recording_count(recording), 2);
    assert_true(extvm_recording_call(recording, 0, &call));
    assert_string_equal(call.protocol, "2.2");
    assert_int_equal(call.session, 7);
    assert_int_equal(call.place, 12);
    assert_int_equal(call.queries, 5); /* two accounts, code, two storage values */
    assert_true(call.is_complete);
    assert_address(&call.call->caller, CALLER);
    assert_integer(call.call->gas_provided, "100000");
    assert_true(extvm_recording_call(recording, 1, &call));
    assert_false(extvm_recording_call(recording, 2, &call));
    extvm_recording_free(recording);
    tape_free(&tape);
}

static void the_recorded_result_is_what_the_node_got(void **context) {
    struct tape tape;
    extvm_result *result;
    (void)context;
    record(&tape, CODE, 1);
    extvm_recording *recording = recording_of(&tape, tape.count);
    assert_int_equal(extvm_recording_result(recording, 0, &result, NULL), EXTVM_OK);
    assert_like_recorded(result);
    extvm_result_free(result);
    assert_int_equal(extvm_recording_result(recording, 1, &result, NULL), EXTVM_INVALID_ARGUMENT);
    assert_null(result);
    extvm_recording_free(recording);
    tape_free(&tape);
}

static void count_unknown(void *context, const char *query) {
    char *text = context;
    strcat(text, query);
    strcat(text, ";");
}

static void a_recorded_call_runs_on_another_vm_without_its_world(void **context) {
    static const char *const addresses[] = {"internal", "test-mode"};
    struct tape tape;
    (void)context;
    record(&tape, CODE, 1);
    extvm_recording *recording = recording_of(&tape, tape.count);
    for (size_t i = 0; i < 2; i++) {
        extvm_vm *vm;
        extvm_result *result;
        char unknown[1024] = "";
        assert_int_equal(extvm_open(addresses[i], NULL, &vm, NULL), EXTVM_OK);
        assert_int_equal(
            extvm_recording_run(recording, 0, vm, count_unknown, unknown, &result, NULL), EXTVM_OK);
        assert_like_recorded(result);
        assert_string_equal(unknown, "");
        extvm_result_free(result);
        extvm_close(vm);
    }
    extvm_recording_free(recording);
    tape_free(&tape);
}

/* The recorded code is changed to one that reads storage at 5 and asks for an account. */
static void a_query_without_a_recorded_answer_is_told(void **context) {
    static const uint8_t other[] = {0x0a, 9, 0x60, 5, 0x54, 0x50, 0x60, 9, 0x3b, 0x50, 0x00};
    struct tape tape;
    extvm_vm *vm;
    extvm_result *result;
    char unknown[1024] = "";
    (void)context;
    record(&tape, CODE, 1);
    for (size_t i = 0; i < tape.count; i++) {
        if (strcmp(tape.kept[i].message.name, "Code") == 0) {
            tape.kept[i].message.body = (extvm_bytes){other, sizeof other};
        }
    }
    extvm_recording *recording = recording_of(&tape, tape.count);
    assert_int_equal(extvm_open("internal", NULL, &vm, NULL), EXTVM_OK);
    assert_int_equal(extvm_recording_run(recording, 0, vm, count_unknown, unknown, &result, NULL),
                     EXTVM_OK);
    assert_string_equal(unknown,
                        "GetStorageData address=0x" CONTRACT
                        " key=5;GetAccount address=0x0000000000000000000000000000000000000009;");
    extvm_result_free(result);
    extvm_close(vm);
    extvm_recording_free(recording);
    tape_free(&tape);
}

static void a_dialogue_that_broke_off_has_no_result(void **context) {
    struct tape tape;
    extvm_recorded_call call;
    extvm_result *result;
    (void)context;
    record(&tape, CODE, 1);
    extvm_recording *recording = recording_of(&tape, tape.count - 1);
    assert_true(extvm_recording_call(recording, 0, &call));
    assert_false(call.is_complete);
    assert_int_equal(extvm_recording_result(recording, 0, &result, NULL), EXTVM_VM_CLOSED);
    assert_null(result);
    extvm_recording_free(recording);
    tape_free(&tape);
}

/* -- what is no record -- */

static void expect_refusal(const extvm_recorded_message *message, const struct tape *tape,
                           size_t after, extvm_status expected) {
    extvm_error error = {EXTVM_OK, ""};
    extvm_recording *recording = recording_of(tape, after);
    assert_int_equal(extvm_recording_add(recording, message, &error), expected);
    assert_string_not_equal(error.text, "");
    extvm_recording_free(recording);
}

static void messages_that_no_dialogue_has_are_refused(void **context) {
    struct tape tape;
    (void)context;
    record(&tape, CODE, 1);
    extvm_recorded_message message = tape.kept[0].message;
    expect_refusal(&tape.kept[1].message, &tape, 0, EXTVM_UNEXPECTED_MESSAGE);
    expect_refusal(&tape.kept[0].message, &tape, 1, EXTVM_UNEXPECTED_MESSAGE);
    expect_refusal(&tape.kept[2].message, &tape, 3, EXTVM_UNEXPECTED_MESSAGE);
    message.protocol = "2.3";
    expect_refusal(&message, &tape, 0, EXTVM_INVALID_ARGUMENT);
    message.protocol = "3.0";
    expect_refusal(&message, &tape, 1, EXTVM_INVALID_ARGUMENT);
    message = tape.kept[0].message;
    message.name = "Goodbye";
    expect_refusal(&message, &tape, 0, EXTVM_INVALID_ARGUMENT);
    message = tape.kept[2].message;
    message.name = "GetCode"; /* and the bytes ask for an account */
    expect_refusal(&message, &tape, 2, EXTVM_MALFORMED_MESSAGE);
    message = tape.kept[1].message;
    message.body.size--;
    expect_refusal(&message, &tape, 1, EXTVM_MALFORMED_MESSAGE);
    tape_free(&tape);
}

static void every_allocation_may_fail(void **context) {
    struct tape tape;
    size_t fail_at = 0;
    bool complete = false;
    (void)context;
    record(&tape, CODE, 1);
    while (!complete) {
        struct scarce_memory scarce = {.fail_at = ++fail_at};
        const extvm_allocator allocator = scarce_memory_allocator(&scarce);
        extvm_options *options = extvm_options_new(&allocator);
        extvm_recording *recording = options != NULL ? extvm_recording_new(options) : NULL;
        extvm_result *result = NULL;
        extvm_status status =
            recording != NULL ? add(recording, &tape, tape.count, NULL) : EXTVM_NO_MEMORY;
        if (status == EXTVM_OK) {
            status = extvm_recording_result(recording, 0, &result, NULL);
        }
        complete = status == EXTVM_OK;
        assert_true(complete ? result != NULL : status == EXTVM_NO_MEMORY);
        extvm_result_free(result);
        extvm_recording_free(recording);
        extvm_options_free(options);
        assert_int_equal(scarce.live, 0);
        assert_true(fail_at < 10000);
    }
    assert_true(fail_at > 5);
    tape_free(&tape);
}

/* -- messages by their fields -- */

static void the_fields_of_a_message_are_those_of_the_trace(void **context) {
    struct tape tape;
    (void)context;
    record(&tape, CODE, 1);
    for (size_t i = 1; i < tape.count; i++) { /* a Hello's chain is in the trace only */
        const extvm_recorded_message *message = &tape.kept[i].message;
        extvm_direction direction;
        char *text;
        assert_int_equal(extvm_message_direction(message->name, &direction), EXTVM_OK);
        assert_int_equal(direction, tape.kept[i].direction);
        assert_int_equal(extvm_message_fields("2.2", message->name, message->body,
                                              EXTVM_MESSAGE_TEXT, NULL, &text, NULL),
                         EXTVM_OK);
        if (strcmp(message->name, "CallContext") == 0) {
            /* of the access list the node's text has what the caller gave only */
            assert_memory_equal(text, tape.kept[i].text, strlen(tape.kept[i].text));
        } else {
            assert_string_equal(text, tape.kept[i].text);
        }
        free(text);
    }
    tape_free(&tape);
}

static void fields_are_json_for_programs(void **context) {
    static const uint8_t storage[] = {0x12, 0x19, 0x0a, 20, 1,  2,  3,    4,  5,
                                      6,    7,    8,    9,  10, 11, 12,   13, 14,
                                      15,   16,   17,   18, 19, 20, 0x12, 1,  0x2a};
    char *text;
    extvm_direction direction;
    (void)context;
    assert_int_equal(extvm_message_fields("2.2", "GetStorageData",
                                          (extvm_bytes){storage, sizeof storage},
                                          EXTVM_MESSAGE_JSON, NULL, &text, NULL),
                     EXTVM_OK);
    assert_string_equal(
        text, "{\"address\":\"0x0102030405060708090a0b0c0d0e0f1011121314\",\"key\":\"42\"}");
    free(text);
    assert_int_equal(extvm_message_fields("2.2", "Account", (extvm_bytes){NULL, 0},
                                          EXTVM_MESSAGE_JSON, NULL, &text, NULL),
                     EXTVM_OK);
    assert_string_equal(text, "{\"absent\":true}");
    free(text);
    assert_int_equal(extvm_message_direction("Nothing", &direction), EXTVM_INVALID_ARGUMENT);
}

/* -- a record as a VM -- */

struct playing {
    extvm_playback *playback;
    char differences[8192];
    size_t played;
    extvm_status status;
    pthread_t thread;
};

static void note_difference(void *context, const char *difference) {
    struct playing *playing = context;
    strcat(playing->differences, difference);
    strcat(playing->differences, "\n");
}

static void *play(void *context) {
    struct playing *playing = context;
    playing->status =
        extvm_playback_run(playing->playback, note_difference, playing, &playing->played, NULL);
    return NULL;
}

static void start(struct playing *playing, const extvm_recording *recording) {
    *playing = (struct playing){.played = 99};
    assert_int_equal(extvm_playback_open(recording, "127.0.0.1:0", NULL, &playing->playback, NULL),
                     EXTVM_OK);
    assert_int_equal(pthread_create(&playing->thread, NULL, play, playing), 0);
}

static void finish(struct playing *playing) {
    assert_int_equal(pthread_join(playing->thread, NULL), 0);
    assert_int_equal(playing->status, EXTVM_OK);
    extvm_playback_close(playing->playback);
}

/* Runs the recorded call, with this input, over the playback. */
static extvm_status call_it(const struct playing *playing, const char *code, const char *input,
                            extvm_result **result) {
    struct case_call one;
    extvm_vm *vm;
    extvm_state *state = make_world(code);
    const extvm_world world = extvm_state_world(state);
    extvm_options *options = case_options("5s");
    assert_int_equal(extvm_options_set(options, "call-retries", "0", NULL), EXTVM_OK);
    assert_int_equal(extvm_open(extvm_playback_address(playing->playback), options, &vm, NULL),
                     EXTVM_OK);
    case_call_init(&one, CONTRACT, input, "5", "100000");
    extvm_status status = extvm_run(vm, &one.call, &world, result, NULL);
    extvm_close(vm);
    extvm_options_free(options);
    extvm_state_free(state);
    return status;
}

static void a_node_that_does_the_same_gets_the_same(void **context) {
    struct tape tape;
    struct playing playing;
    extvm_result *result;
    (void)context;
    record(&tape, CODE, 2);
    extvm_recording *recording = recording_of(&tape, tape.count);
    start(&playing, recording);
    for (int i = 0; i < 2; i++) { /* each over a session of its own */
        assert_int_equal(call_it(&playing, CODE, "2a", &result), EXTVM_OK);
        assert_like_recorded(result);
        extvm_result_free(result);
    }
    finish(&playing);
    assert_string_equal(playing.differences, "");
    assert_int_equal(playing.played, 2);
    extvm_recording_free(recording);
    tape_free(&tape);
}

static void a_node_that_does_otherwise_is_told_of(void **context) {
    struct tape tape;
    struct playing playing;
    extvm_result *result;
    (void)context;
    record(&tape, CODE, 1);
    extvm_recording *recording = recording_of(&tape, tape.count);
    start(&playing, recording);
    assert_int_equal(call_it(&playing, "6000", "2b", &result), EXTVM_OK);
    extvm_result_free(result);
    finish(&playing);
    assert_string_equal(playing.differences,
                        "call 1 (line 12): CallContext differs: recorded input=0x2a, now "
                        "input=0x2b\ncall 1 (line 18): Code differs: recorded code=0x" CODE
                        ", now code=0x6000\n");
    extvm_recording_free(recording);
    tape_free(&tape);
}

static void a_recorded_break_is_played_too(void **context) {
    struct tape tape;
    struct playing playing;
    extvm_result *result;
    (void)context;
    record(&tape, CODE, 1);
    extvm_recording *recording = recording_of(&tape, tape.count - 1);
    start(&playing, recording);
    assert_int_equal(call_it(&playing, CODE, "2a", &result), EXTVM_VM_CLOSED);
    finish(&playing);
    assert_string_equal(playing.differences, "");
    assert_int_equal(playing.played, 1);
    extvm_recording_free(recording);
    tape_free(&tape);
}

static void a_playback_can_be_stopped_while_it_waits(void **context) {
    struct tape tape;
    struct playing playing;
    (void)context;
    record(&tape, CODE, 1);
    extvm_recording *recording = recording_of(&tape, tape.count);
    start(&playing, recording);
    extvm_playback_stop(playing.playback);
    finish(&playing);
    assert_int_equal(playing.played, 0);
    extvm_recording_free(recording);
    tape_free(&tape);
}

static void a_place_that_cannot_be_listened_at_is_refused(void **context) {
    static const struct {
        const char *listen;
        extvm_status expected;
    } places[] = {{"127.0.0.1:65536", EXTVM_OUT_OF_RANGE},
                  {"127.0.0.1", EXTVM_INVALID_ARGUMENT},
                  {"192.0.2.1:8888", EXTVM_SYSTEM_ERROR},
                  {"unix:/nowhere/at/all", EXTVM_SYSTEM_ERROR}};
    extvm_recording *recording = extvm_recording_new(NULL);
    (void)context;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        extvm_playback *playback;
        assert_int_equal(extvm_playback_open(recording, places[i].listen, NULL, &playback, NULL),
                         places[i].expected);
        assert_null(playback);
    }
    extvm_recording_free(recording);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_tells_which_calls_are_in_it),
        cmocka_unit_test(the_recorded_result_is_what_the_node_got),
        cmocka_unit_test(a_recorded_call_runs_on_another_vm_without_its_world),
        cmocka_unit_test(a_query_without_a_recorded_answer_is_told),
        cmocka_unit_test(a_dialogue_that_broke_off_has_no_result),
        cmocka_unit_test(messages_that_no_dialogue_has_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(the_fields_of_a_message_are_those_of_the_trace),
        cmocka_unit_test(fields_are_json_for_programs),
        cmocka_unit_test(a_node_that_does_the_same_gets_the_same),
        cmocka_unit_test(a_node_that_does_otherwise_is_told_of),
        cmocka_unit_test(a_recorded_break_is_played_too),
        cmocka_unit_test(a_playback_can_be_stopped_while_it_waits),
        cmocka_unit_test(a_place_that_cannot_be_listened_at_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
