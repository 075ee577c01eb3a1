/* An IELE that breaks off or breaks the protocol, and an IELE that is left in the middle of a call
 * (protocol/iele.md, sections 2, 3 and 12): a clean status, and never a reset from our side, which
 * would make the real VM exit. */
#include "support/exchange.h"

#include "iele/iele.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"

static extvm_lookup no_code(void *context, const extvm_address *address, extvm_bytes *out) {
    (void)context;
    (void)address;
    (void)out;
    return EXTVM_LOOKUP_FAILED;
}

/* Runs a call of cc…cc; with `failing` the world cannot answer for its code. */
static extvm_status run_broken(const char *script_text, bool failing,
                               struct scripted_vm_report *report) {
    struct case_call one;
    extvm_result *result = NULL;
    extvm_state *state = extvm_state_new(NULL);
    extvm_world world = extvm_state_world(state);
    extvm_options *options = case_options("5s");
    char *script = case_definitions_of("iele-common", script_text);
    struct scripted_vm *scripted = scripted_vm_start(&iele_protocol, script, NULL);
    free(script);
    assert_non_null(scripted);
    case_account(state, CALLER, "1", "100", "");
    case_account(state, CONTRACT, "1", "0", "00");
    case_call_init(&one, CONTRACT, "c261c0", "0", "1000");
    world.code = failing ? no_code : world.code;
    assert_int_equal(extvm_options_set(options, "max-frame", "1MiB", NULL), EXTVM_OK);
    assert_int_equal(extvm_options_set(options, "drain-timeout", "5s", NULL), EXTVM_OK);
    extvm_vm *vm = case_open(scripted, options);
    extvm_status status = extvm_run(vm, &one.call, &world, &result, NULL);
    assert_true((status == EXTVM_OK) == (result != NULL));
    extvm_result_free(result);
    extvm_close(vm);
    extvm_options_free(options);
    extvm_state_free(state);
    *report = scripted_vm_stop(scripted);
    return status;
}

static void each_way_to_break_off_has_its_status(void **unused) {
    static const struct {
        const char *script;
        extvm_status status;
    } rows[] = {
        {"> any\n> any\nclose\n", EXTVM_VERSION_REJECTED},
        {"> any\n> any\nreset\n", EXTVM_VERSION_REJECTED},
        {"> any\n> any\n< AS\n> any\nclose\n", EXTVM_VM_CLOSED},
        {"> any\n> any\n< AS\n> any\nreset\n", EXTVM_VM_RESET},
        {"> any\n> any\n< AS\n> any\n< 0000001a\nclose\n", EXTVM_VM_CLOSED_IN_FRAME},
        {"> any\n> any\n< 00000000\n", EXTVM_EMPTY_QUERY},
        {"> any\n> any\n< 40000000\n", EXTVM_FRAME_TOO_LARGE},
        {"> any\n> any\n< 00000002 0a05\n", EXTVM_MALFORMED_MESSAGE},
        {"> any\n> any\n< 00000017 0a150a13 a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\n",
         EXTVM_MALFORMED_MESSAGE},
        {"> any\n> any\n< 00000018 0a160a14 S 00000011 2a0f 0a02c12a 120100 1a0203e8 220100 2800\n",
         EXTVM_UNEXPECTED_MESSAGE},
        {"> any\n> any\n< AS\n> any\n< 00000012 2a10 0a01c0 120100 1a0307a120 220100 2800\n",
         EXTVM_RESULT_REJECTED},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scripted_vm_report report;
        extvm_status status = run_broken(rows[i].script, false, &report);
        if (status != rows[i].status) {
            fail_msg("%s: %s", rows[i].script, extvm_status_name(status));
        }
        assert_int_equal(report.resets, 0);
    }
}

static void split_frames_unknown_fields_and_repeated_questions_do_no_harm(void **unused) {
    (void)unused;
    struct scripted_vm_report report;
    assert_int_equal(run_broken("split 1\n> any\n> any\n< AS\n> any\n< ACC\n> any\n< ACC\n> any\n"
                                "< 00000011 2a0f 0a02c12a 120100 1a0203e8 2800 7801\n",
                                false, &report),
                     EXTVM_OK);
    assert_int_equal(report.polite_ends, 1);
    assert_int_equal(report.resets, 0);
}

static void abandoned_call_is_half_closed_and_read_to_its_end(void **unused) {
    (void)unused;
    struct scripted_vm_report report;
    /* What the VM goes on to send is read and thrown away. */
    assert_int_equal(run_broken("> any\n> any\n< AS\n> any\n< ACC\n> any\n< GETCODE\ndelay 100\n"
                                "< ACC\n< 0000000e 2a0c 0a01c0 120100 1a0203e8 2800\n",
                                true, &report),
                     EXTVM_WORLD_FAILED);
    assert_int_equal(report.polite_ends, 1);
    assert_int_equal(report.resets, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_break_off_has_its_status),
        cmocka_unit_test(split_frames_unknown_fields_and_repeated_questions_do_no_harm),
        cmocka_unit_test(abandoned_call_is_half_closed_and_read_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
