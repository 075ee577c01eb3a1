/* A VM that breaks off, breaks the protocol or lies, over real sockets: each has its own status, in
 * time, the VM is left politely, and the next call on the same handle works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "kevm/kevm.h"
#include "support/given_up.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"
/* A whole session whose call succeeds. */
#define GOOD_CALL "> any\n< AS\n> any\n< 00000023 2a21 120101 1a030fadf8 220100 TC0\n"
#define GOOD_SESSION "session\n> any\n" GOOD_CALL

struct broken {
    struct scripted_vm *scripted;
    extvm_state *state;
    struct case_call one;
    extvm_vm *vm;
    extvm_world world;
    extvm_result *result;
    extvm_error error;
    double seconds; /* that the last run took */
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A VM that plays `script`, and a call; the handle is not opened yet. */
static void prepare(struct broken *broken, const char *script) {
    memset(broken, 0, sizeof *broken);
    char *whole = case_definitions(script);
    broken->scripted = scripted_vm_start(&kevm_protocol, whole, NULL);
    free(whole);
    assert_non_null(broken->scripted);
    broken->state = extvm_state_new(NULL);
    case_account(broken->state, CALLER, "4", "1000000", "");
    case_account(broken->state, CONTRACT, "1", "5", "00");
    case_call_init(&broken->one, CONTRACT, "", "0", "0xfadf8");
    broken->world = extvm_state_world(broken->state);
}

/* All waits are long: only the tests about a deadline set one. `option` and `value` may be NULL. */
static extvm_options *long_waits(const char *option, const char *value) {
    extvm_options *options = case_options("10s");
    assert_int_equal(extvm_options_set(options, "drain-timeout", "10s", NULL), EXTVM_OK);
    if (option != NULL) {
        assert_int_equal(extvm_options_set(options, option, value, NULL), EXTVM_OK);
    }
    return options;
}

static void begin(struct broken *broken, const char *script, const char *option,
                  const char *value) {
    prepare(broken, script);
    extvm_options *options = long_waits(option, value);
    broken->vm = case_open(broken->scripted, options);
    extvm_options_free(options);
}

static extvm_status run(struct broken *broken) {
    extvm_result_free(broken->result);
    broken->error = (extvm_error){EXTVM_OK, ""};
    double start = now();
    extvm_status status =
        extvm_run(broken->vm, &broken->one.call, &broken->world, &broken->result, &broken->error);
    broken->seconds = now() - start;
    assert_true((status == EXTVM_OK) == (broken->result != NULL));
    assert_int_equal(status, broken->error.status);
    return status;
}

static struct scripted_vm_report end(struct broken *broken) {
    extvm_result_free(broken->result);
    extvm_close(broken->vm);
    extvm_state_free(broken->state);
    return scripted_vm_stop(broken->scripted);
}

/* The script's only session fails with `wanted` at once, is left without a reset, and a call after
 * it succeeds. */
static void fails_with(const char *script, extvm_status wanted, const char *text) {
    struct broken broken;
    char whole[2048];
    snprintf(whole, sizeof whole, "%s%s", script, GOOD_SESSION);
    begin(&broken, whole, NULL, NULL);
    extvm_status status = run(&broken);
    if (status != wanted) {
        fail_msg("got %s: %s", extvm_status_name(status), broken.error.text);
    }
    if (strstr(broken.error.text, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", broken.error.text, text);
    }
    assert_true(broken.seconds < 5.0);
    assert_int_equal(run(&broken), EXTVM_OK);
    struct scripted_vm_report report = end(&broken);
    assert_int_equal(report.sessions, 2);
    assert_int_equal(report.resets, 0);
    assert_string_equal(report.failure, "");
}

#define BEFORE_FIRST_QUERY "> any\n> any\n"
#define AFTER_CALLER "> any\n> any\n< AS\n> any\n"

static void vm_closing_after_hello_is_reported_as_version_rejected(void **unused) {
    (void)unused;
    fails_with("> any\nclose\n", EXTVM_VERSION_REJECTED, "protocol 2.2");
}

static void vm_resetting_after_hello_is_reported_as_version_rejected(void **unused) {
    (void)unused;
    fails_with("> any\nreset\n", EXTVM_VERSION_REJECTED, "KEVM");
}

static void vm_closing_before_its_first_query_is_reported_as_version_rejected(void **unused) {
    (void)unused;
    fails_with(BEFORE_FIRST_QUERY "half-close\n", EXTVM_VERSION_REJECTED, "check");
}

static void vm_closing_inside_a_frame_has_its_own_status(void **unused) {
    (void)unused;
    fails_with(BEFORE_FIRST_QUERY "< 00000018 0a160a\nhalf-close\n", EXTVM_VM_CLOSED_IN_FRAME,
               "7 bytes came, 28 were announced");
    fails_with(AFTER_CALLER "< 0000\nhalf-close\n", EXTVM_VM_CLOSED_IN_FRAME, "2 bytes came");
}

static void vm_closing_in_the_middle_of_a_call_has_its_own_status(void **unused) {
    (void)unused;
    fails_with(AFTER_CALLER "half-close\n", EXTVM_VM_CLOSED, "middle of a call");
}

static void vm_resetting_in_the_middle_of_a_call_has_its_own_status(void **unused) {
    (void)unused;
    fails_with(AFTER_CALLER "reset\n", EXTVM_VM_RESET, "reset");
}

static void oversize_frame_is_refused_before_memory_is_taken(void **unused) {
    (void)unused;
    fails_with(AFTER_CALLER "< 7fffffff 0a\n", EXTVM_FRAME_TOO_LARGE, "max-frame");
    fails_with(AFTER_CALLER "< 04000001\n", EXTVM_FRAME_TOO_LARGE, "67108864");
}

static void bytes_that_are_no_message_have_their_own_status(void **unused) {
    (void)unused;
    fails_with(AFTER_CALLER "< 00000004 ffffffff\n", EXTVM_MALFORMED_MESSAGE, "4 bytes");
    fails_with(AFTER_CALLER "< 00000005 0a030a01aa\n", EXTVM_MALFORMED_MESSAGE, "20");
}

static void query_with_nothing_in_it_has_its_own_status(void **unused) {
    (void)unused;
    fails_with(AFTER_CALLER "< 00000000\n", EXTVM_EMPTY_QUERY, "nothing in it");
    fails_with(AFTER_CALLER "< 00000002 7801\n", EXTVM_EMPTY_QUERY, "nothing in it");
}

static void result_when_an_answer_was_due_is_not_taken(void **unused) {
    (void)unused;
    fails_with(AFTER_CALLER "< ACC 00000023 2a21 120101 1a030fadf8 220100 TC0\n",
               EXTVM_UNEXPECTED_MESSAGE, "GetAccount");
    fails_with(BEFORE_FIRST_QUERY "< AS 0000\n", EXTVM_UNEXPECTED_MESSAGE, "answer");
}

static void result_that_makes_money_is_rejected(void **unused) {
    (void)unused;
    fails_with(AFTER_CALLER "< 00000031 2a2f 120101 1a030fadf8 220100 "
                            "3222 0a14 S 120104 1a07 01000000000000\n",
               EXTVM_RESULT_REJECTED, "more than before");
}

static void result_with_more_gas_than_provided_is_rejected(void **unused) {
    (void)unused;
    fails_with(AFTER_CALLER "< 00000023 2a21 120101 1a030fadf9 220100 TC0\n", EXTVM_RESULT_REJECTED,
               "gas");
}

static void result_about_an_account_never_asked_for_is_checked_against_the_world(void **unused) {
    (void)unused;
    /* The contract's nonce is 1 and its balance 5; the result says nonce 0. */
    fails_with(AFTER_CALLER "< 0000002b 2a29 120101 1a030fadf8 220100 321c 0a14 CC 120100 1a0105\n"
                            "stall\n",
               EXTVM_RESULT_REJECTED, "went down");
}

static void silent_vm_ends_with_the_deadline_and_is_told_of_its_caller(void **unused) {
    (void)unused;
    struct broken broken;
    /* The VM wakes up while we leave: it must get the caller's account, or it would loop for ever.
     */
    prepare(&broken, "> any\n> any\nhalt\n< AS\n> 0000000a 0a0104 12030f4240 1801\n" GOOD_SESSION);
    extvm_options *options =
        long_waits("wait-timeout", "1500ms"); /* in which the next call works */
    broken.vm = given_up_open(broken.scripted, options);
    extvm_options_free(options);
    assert_int_equal(run(&broken), EXTVM_DEADLINE_PASSED);
    assert_true(broken.seconds > 1.49 && broken.seconds < 10.0);
    assert_non_null(strstr(broken.error.text, "wait-timeout"));
    assert_int_equal(run(&broken), EXTVM_OK);
    struct scripted_vm_report report = end(&broken);
    assert_string_equal(report.failure, "");
    assert_int_equal(report.resets, 0);
}

static void vm_that_stalls_for_good_costs_the_deadline_and_the_drain(void **unused) {
    (void)unused;
    struct broken broken;
    /* The call after it works in the same time. */
    begin(&broken, AFTER_CALLER "stall\n" GOOD_SESSION, "call-timeout", "1500ms");
    assert_int_equal(run(&broken), EXTVM_DEADLINE_PASSED);
    assert_true(broken.seconds > 1.49 && broken.seconds < 6.0);
    assert_non_null(strstr(broken.error.text, "call-timeout"));
    assert_int_equal(run(&broken), EXTVM_OK);
    assert_int_equal(end(&broken).resets, 0);
}

static extvm_lookup no_code(void *context, const extvm_address *address, extvm_bytes *out) {
    (void)context;
    (void)address;
    (void)out;
    return EXTVM_LOOKUP_FAILED;
}

static void world_that_cannot_answer_is_no_verdict_and_no_guess(void **unused) {
    (void)unused;
    struct broken broken;
    begin(&broken, AFTER_CALLER "< ACC\n> any\n< GETCODE\nstall\n" GOOD_SESSION, NULL, NULL);
    broken.world.code = no_code;
    assert_int_equal(run(&broken), EXTVM_WORLD_FAILED);
    assert_non_null(strstr(broken.error.text, "code of 0x" CONTRACT));
    assert_int_equal(run(&broken), EXTVM_OK);
    struct scripted_vm_report report = end(&broken);
    assert_int_equal(report.bytes_unread, 0); /* nothing was answered */
    assert_int_equal(report.resets, 0);
}

static void broken_transport_is_tried_again_once_and_counted(void **unused) {
    (void)unused;
    struct broken broken;
    begin(&broken, AFTER_CALLER "close\n" GOOD_SESSION, "call-retries", "1");
    assert_int_equal(run(&broken), EXTVM_OK);
    assert_int_equal(extvm_result_stats(broken.result).attempts, 2);
    assert_int_equal(end(&broken).sessions, 2);
}

static void call_that_ends_the_vm_twice_is_given_back_as_such(void **unused) {
    (void)unused;
    struct broken broken;
    begin(&broken, AFTER_CALLER "close\nsession\n" AFTER_CALLER "reset\n" GOOD_SESSION,
          "call-retries", "1");
    assert_int_equal(run(&broken), EXTVM_CALL_ENDS_VM);
    assert_non_null(strstr(broken.error.text, "this call ends the VM"));
    assert_non_null(strstr(broken.error.text, "each of the 2 times"));
    assert_non_null(strstr(broken.error.text, "reset"));
    assert_int_equal(run(&broken), EXTVM_OK);
    assert_int_equal(end(&broken).sessions, 3);
}

static void vm_that_dies_for_good_is_reported_as_what_it_did_first(void **unused) {
    (void)unused;
    struct broken broken;
    begin(&broken, AFTER_CALLER "close\n", "call-retries", "1");
    assert_int_equal(run(&broken), EXTVM_VM_CLOSED);
    assert_non_null(strstr(broken.error.text, "tried again"));
    assert_true(broken.seconds < 5.0);
    assert_int_equal(end(&broken).sessions, 1);
}

static void vm_restarted_between_two_calls_costs_no_failed_call(void **unused) {
    (void)unused;
    struct broken broken;
    begin(&broken, "> any\n" GOOD_CALL "close\n" GOOD_SESSION, NULL, NULL);
    assert_int_equal(run(&broken), EXTVM_OK);
    assert_true(scripted_vm_wait_for_mark(broken.scripted)); /* it has closed */
    assert_int_equal(run(&broken), EXTVM_OK);
    assert_int_equal(extvm_result_stats(broken.result).attempts, 1);
    assert_int_equal(end(&broken).sessions, 2);
}

static void words_between_two_calls_are_never_taken_for_the_next_result(void **unused) {
    (void)unused;
    struct broken broken;
    begin(&broken,
          "> any\n" GOOD_CALL "< 00000023 2a21 120101 1a030fadf8 220100 TC0\nmark\n" GOOD_SESSION,
          NULL, NULL);
    assert_int_equal(run(&broken), EXTVM_OK);
    assert_true(scripted_vm_wait_for_mark(broken.scripted));
    assert_int_equal(run(&broken), EXTVM_OK);
    struct scripted_vm_report report = end(&broken);
    assert_int_equal(report.sessions, 2);
    assert_int_equal(report.resets, 0);
}

static void close_with_unread_bytes(const char *drain_timeout) {
    struct broken broken;
    begin(&broken, "slow-end 50\n> any\n" GOOD_CALL "delay 20\n< 0000ffff 0102030405060708\nmark\n",
          "drain-timeout", drain_timeout);
    assert_int_equal(run(&broken), EXTVM_OK);
    assert_true(scripted_vm_wait_for_mark(broken.scripted));
    extvm_close(broken.vm);
    broken.vm = NULL;
    scripted_vm_wait(broken.scripted);
    struct scripted_vm_report report = end(&broken);
    assert_int_equal(report.polite_ends, 1);
    assert_int_equal(report.resets, 0);
}

static void closing_with_unread_bytes_still_ends_with_a_fin(void **unused) {
    (void)unused;
    close_with_unread_bytes("500ms");
    close_with_unread_bytes("0s"); /* no patience, and no reset all the same */
}

static void many_calls_share_one_session(void **unused) {
    (void)unused;
    struct broken broken;
    begin(&broken, "> any\n" GOOD_CALL GOOD_CALL GOOD_CALL, NULL, NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(&broken), EXTVM_OK);
    }
    struct scripted_vm_report report = end(&broken);
    assert_int_equal(report.sessions, 1);
    assert_string_equal(report.failure, "");
}

/* 6,000 bytes of return data, written as the real VM does: 4,096 bytes, then the rest, with Nagle's
 * algorithm on. Without a quick acknowledgement it takes the kernel 40 ms to let the rest go. */
static void large_result_is_not_held_back_by_a_delayed_acknowledgement(void **unused) {
    (void)unused;
    enum { DATA = 6000, CALLS = 8 };
    char *script = malloc(CALLS * (2 * DATA + 400));
    strcpy(script, "nagle\nsplit 4096\n> any\n");
    for (int i = 0; i < CALLS; i++) {
        strcat(script, "> any\n< AS\n> any\n< 00001781 2afe2e 0af02e ");
        char *at = script + strlen(script);
        memset(at, '7', 2 * DATA);
        strcpy(at + 2 * DATA, " 120101 1a030fadf8 220100 ");
        strcat(script, "\n");
    }
    struct broken broken;
    begin(&broken, script, NULL, NULL);
    free(script);
    double best = 1;
    for (int i = 0; i < CALLS; i++) {
        if (run(&broken) != EXTVM_OK) {
            fail_msg("%s", broken.error.text);
        }
        best = broken.seconds < best ? broken.seconds : best;
    }
    assert_int_equal(extvm_result_return_data(broken.result).size, DATA);
    struct scripted_vm_report report = end(&broken);
    assert_string_equal(report.failure, "");
    assert_true(best < 0.020);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vm_closing_after_hello_is_reported_as_version_rejected),
        cmocka_unit_test(vm_resetting_after_hello_is_reported_as_version_rejected),
        cmocka_unit_test(vm_closing_before_its_first_query_is_reported_as_version_rejected),
        cmocka_unit_test(vm_closing_inside_a_frame_has_its_own_status),
        cmocka_unit_test(vm_closing_in_the_middle_of_a_call_has_its_own_status),
        cmocka_unit_test(vm_resetting_in_the_middle_of_a_call_has_its_own_status),
        cmocka_unit_test(oversize_frame_is_refused_before_memory_is_taken),
        cmocka_unit_test(bytes_that_are_no_message_have_their_own_status),
        cmocka_unit_test(query_with_nothing_in_it_has_its_own_status),
        cmocka_unit_test(result_when_an_answer_was_due_is_not_taken),
        cmocka_unit_test(result_that_makes_money_is_rejected),
        cmocka_unit_test(result_with_more_gas_than_provided_is_rejected),
        cmocka_unit_test(result_about_an_account_never_asked_for_is_checked_against_the_world),
        cmocka_unit_test(silent_vm_ends_with_the_deadline_and_is_told_of_its_caller),
        cmocka_unit_test(vm_that_stalls_for_good_costs_the_deadline_and_the_drain),
        cmocka_unit_test(world_that_cannot_answer_is_no_verdict_and_no_guess),
        cmocka_unit_test(broken_transport_is_tried_again_once_and_counted),
        cmocka_unit_test(call_that_ends_the_vm_twice_is_given_back_as_such),
        cmocka_unit_test(vm_that_dies_for_good_is_reported_as_what_it_did_first),
        cmocka_unit_test(vm_restarted_between_two_calls_costs_no_failed_call),
        cmocka_unit_test(words_between_two_calls_are_never_taken_for_the_next_result),
        cmocka_unit_test(closing_with_unread_bytes_still_ends_with_a_fin),
        cmocka_unit_test(many_calls_share_one_session),
        cmocka_unit_test(large_result_is_not_held_back_by_a_delayed_acknowledgement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
