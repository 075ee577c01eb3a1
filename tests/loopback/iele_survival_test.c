/* What the real IELE does not survive, row by row of the table in protocol/iele.md, section 12:
 * whatever becomes of a call, this end never resets, never leaves a part of a frame, never closes
 * on what the VM still writes, and never sends a killing call for ever. */
#include "support/exchange.h"

#include <stdio.h>

#include <extvm/iele.h>

#include "iele/iele.h"
#include "support/given_up.h"
#include "support/scarce_memory.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"
#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* A whole call that goes well, after Hello; and a call up to the point where the VM has its
 * caller. */
#define GOOD_CALL "> any\n< AS\n> 00000008 0a0101 120164 1801\n" RESULT
#define RESULT "< 0000000f 2a0d 0a01c0 120100 1a0203e8 220100\n"
#define GOOD_SESSION "session\n> HELLO\n" GOOD_CALL
#define TOLD "> HELLO\n> any\n< AS\n> 00000008 0a0101 120164 1801\n"

struct host {
    struct scripted_vm *scripted;
    extvm_state *state;
    struct case_call one;
    extvm_world world;
    extvm_vm *vm;
    extvm_error error;
};

/* Plays the script; the handle is not opened yet. */
static void prepare(struct host *host, const char *script) {
    memset(host, 0, sizeof *host);
    char *whole = case_definitions_of("iele-common", script);
    host->scripted = scripted_vm_start(&iele_protocol, whole, NULL);
    free(whole);
    assert_non_null(host->scripted);
    host->state = extvm_state_new(NULL);
    host->world = extvm_state_world(host->state);
    case_account(host->state, CALLER, "1", "100", "");
    case_account(host->state, CONTRACT, "1", "0", "00");
    case_call_init(&host->one, CONTRACT, "c26fc0", "0", "1000");
}

static void begin_with(struct host *host, const char *script, extvm_options *options) {
    prepare(host, script);
    host->vm = case_open(host->scripted, options);
    extvm_options_free(options);
}

/* With all the time that the VM needs to answer and to be left. */
static void begin(struct host *host, const char *script, const char *option, const char *setting) {
    extvm_options *options = case_options("10s");
    assert_int_equal(extvm_options_set(options, "drain-timeout", "10s", NULL), EXTVM_OK);
    if (option != NULL) {
        assert_int_equal(extvm_options_set(options, option, setting, NULL), EXTVM_OK);
    }
    begin_with(host, script, options);
}

/* For calls that are given up: the first of them ends the VM's "halt". Other calls work in the same
 * time. */
#define SHORT_WAIT "1500ms"
static void begin_given_up(struct host *host, const char *script) {
    extvm_options *options = case_options(SHORT_WAIT);
    assert_int_equal(extvm_options_set(options, "drain-timeout", "10s", NULL), EXTVM_OK);
    prepare(host, script);
    host->vm = given_up_open(host->scripted, options);
    extvm_options_free(options);
}

static extvm_status run(struct host *host) {
    extvm_result *result = NULL;
    host->error = (extvm_error){EXTVM_OK, ""};
    extvm_status status = extvm_run(host->vm, &host->one.call, &host->world, &result, &host->error);
    assert_true((status == EXTVM_OK) == (result != NULL));
    extvm_result_free(result);
    return status;
}

/* Closes the handle, which may be closed already; in the end no session was reset. */
static struct scripted_vm_report end(struct host *host) {
    extvm_close(host->vm);
    extvm_state_free(host->state);
    struct scripted_vm_report report = scripted_vm_stop(host->scripted);
    assert_string_equal(report.failure, "");
    assert_int_equal(report.resets, 0);
    return report;
}

/* The VM has said what is before its "mark", or has closed. */
static void let_it_arrive(struct host *host) {
    assert_true(scripted_vm_wait_for_mark(host->scripted));
}

/* -- connecting -- */

static void vm_is_not_even_connected_to_without_a_call_that_it_can_take(void **unused) {
    (void)unused;
    struct host host;
    begin(&host, "> HELLO\n" GOOD_CALL, NULL, NULL);
    const extvm_bytes input = host.one.call.input;
    host.one.call.input = (extvm_bytes){NULL, 0}; /* would be an empty create */
    assert_int_equal(run(&host), EXTVM_INVALID_ARGUMENT);
    host.one.call.input = input;
    host.one.call.caller = case_address("d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1");
    host.one.call.value = case_number(&host.one, "1");
    assert_int_equal(run(&host), EXTVM_CALLER_ABSENT);
    host.one.call.recipient = NULL;
    case_account(host.state, "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1", "0", "1", "");
    assert_int_equal(run(&host), EXTVM_CREATE_NONCE_ZERO);
    assert_int_equal(end(&host).sessions, 0); /* no probe either, when it is opened or closed */
}

static void refused_call_does_not_cost_the_connection(void **unused) {
    (void)unused;
    struct host host;
    begin(&host, "> HELLO\n" GOOD_CALL GOOD_CALL, NULL, NULL);
    assert_int_equal(run(&host), EXTVM_OK);
    const extvm_bytes input = host.one.call.input;
    host.one.call.input = (extvm_bytes){NULL, 0};
    assert_int_equal(run(&host), EXTVM_INVALID_ARGUMENT);
    host.one.call.input = input;
    assert_int_equal(run(&host), EXTVM_OK);
    struct scripted_vm_report report = end(&host);
    assert_int_equal(report.sessions, 1);
    assert_int_equal(report.polite_ends, 1);
    assert_int_equal(report.bytes_unread, 0);
}

/* -- an idle connection -- */

static void idle_connection_ends_with_a_fin(void **unused) {
    /* Quiet, and with bytes that nobody will read: a plain close would be a reset. */
    static const char *const scripts[] = {
        "slow-end 50\n> HELLO\n" GOOD_CALL "mark\n",
        "slow-end 50\n> HELLO\n" GOOD_CALL "delay 20\n< 0000ffff 0102030405060708\nmark\n",
        "slow-end 50\n> HELLO\n" GOOD_CALL "delay 20\n" RESULT "mark\n",
    };
    static const char *const patience[] = {"500ms", "0s"};
    (void)unused;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        for (size_t j = 0; j < COUNT(patience); j++) {
            struct host host;
            begin(&host, scripts[i], "drain-timeout", patience[j]);
            assert_int_equal(run(&host), EXTVM_OK);
            let_it_arrive(&host);
            extvm_close(host.vm);
            host.vm = NULL;
            scripted_vm_wait(host.scripted);
            struct scripted_vm_report report = end(&host);
            assert_int_equal(report.polite_ends, 1);
            assert_int_equal(report.bytes_unread, 0);
        }
    }
}

static void connection_that_spoke_out_of_turn_is_left_politely_for_a_new_one(void **unused) {
    (void)unused;
    struct host host;
    begin(&host, "slow-end 50\n> HELLO\n" GOOD_CALL "delay 20\n" RESULT "mark\n" GOOD_SESSION, NULL,
          NULL);
    assert_int_equal(run(&host), EXTVM_OK);
    let_it_arrive(&host);
    assert_int_equal(run(&host), EXTVM_OK);
    struct scripted_vm_report report = end(&host);
    assert_int_equal(report.sessions, 2);
    assert_int_equal(report.polite_ends, 2);
}

static void vm_that_was_restarted_between_two_calls_costs_nothing(void **unused) {
    (void)unused;
    struct host host;
    begin(&host, "> HELLO\n" GOOD_CALL "close\n" GOOD_SESSION, NULL, NULL);
    assert_int_equal(run(&host), EXTVM_OK);
    let_it_arrive(&host);
    assert_int_equal(run(&host), EXTVM_OK);
    assert_int_equal(end(&host).sessions, 2);
}

/* -- a call that is given up -- */

static void vm_that_asks_too_late_still_gets_its_caller(void **unused) {
    (void)unused;
    struct host host;
    /* The end of the stream would be an account with nonce 0: a create is the VM's death then. */
    begin_given_up(&host,
                   "> HELLO\n> any\nhalt\n< AS\n> 00000008 0a0101 120164 1801\n" GOOD_SESSION);
    host.one.call.recipient = NULL;
    assert_int_equal(run(&host), EXTVM_DEADLINE_PASSED);
    host.one.call.recipient = &host.one.recipient;
    assert_int_equal(run(&host), EXTVM_OK);
    struct scripted_vm_report report = end(&host);
    assert_int_equal(report.polite_ends, 2);
    assert_int_equal(report.bytes_unread, 0);
}

static void what_the_vm_writes_after_it_was_given_up_is_read_to_its_end(void **unused) {
    /* Once; twice; and a result that takes the VM two writes. */
    static const char *const late[] = {
        RESULT,
        "< ACC\ndelay 50\n" RESULT,
        "split 7\n< ACC\ndelay 50\n< GETCODE\ndelay 50\n" RESULT,
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(late); i++) {
        char script[1024];
        struct host host;
        snprintf(script, sizeof script, "slow-end 50\n%shalt\n%s%s", TOLD, late[i], GOOD_SESSION);
        begin_given_up(&host, script);
        assert_int_equal(run(&host), EXTVM_DEADLINE_PASSED);
        assert_int_equal(run(&host), EXTVM_OK);
        struct scripted_vm_report report = end(&host);
        assert_int_equal(report.sessions, 2);
        assert_int_equal(report.polite_ends, 2);
        assert_int_equal(report.bytes_unread, 0); /* no late query was answered */
    }
}

static void call_given_up_while_it_is_sent_ends_with_a_fin(void **unused) {
    enum { CODE = 16 << 20 }; /* more than the kernel takes */
    (void)unused;
    struct host host;
    uint8_t *code = calloc(1, CODE), *data;
    size_t size;
    extvm_options *options = case_options(SHORT_WAIT);
    assert_int_equal(extvm_options_set(options, "drain-timeout", "100ms", NULL), EXTVM_OK);
    begin_with(&host, "halt\nstall\n" GOOD_SESSION, options);
    const extvm_bytes input = host.one.call.input;
    assert_int_equal(
        extvm_iele_deploy((extvm_bytes){code, CODE}, NULL, 0, NULL, &data, &size, NULL), EXTVM_OK);
    host.one.call.input = (extvm_bytes){data, size};
    assert_int_equal(run(&host), EXTVM_DEADLINE_PASSED);
    host.one.call.input = input;
    scripted_vm_release(host.scripted);
    assert_true(scripted_vm_wait_for_mark(host.scripted)); /* it has read all, and closed */
    assert_int_equal(run(&host), EXTVM_OK);
    free(code);
    free(data);
    extvm_close(host.vm);
    host.vm = NULL;
    scripted_vm_wait(host.scripted); /* it may be slower than drain-timeout */
    assert_int_equal(end(&host).polite_ends, 2);
}

static void note_warning(void *context, const extvm_log_event *event) {
    unsigned *warnings = context;
    *warnings += event->level == EXTVM_LOG_WARNING && strcmp(event->name, "needs-restart") == 0;
}

static void vm_that_may_die_of_being_left_is_warned_of(void **unused) {
    /* It stays busy for longer than drain-timeout, with a call that was given up or with none. */
    static const struct {
        const char *script, *wait;
        unsigned warnings;
    } rows[] = {
        {TOLD "halt\n", SHORT_WAIT, 1},
        {"> HELLO\n" GOOD_CALL "halt\n", "10s", 0},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct host host;
        unsigned warnings = 0;
        extvm_options *options = case_options(rows[i].wait);
        assert_int_equal(extvm_options_set(options, "drain-timeout", "100ms", NULL), EXTVM_OK);
        extvm_options_set_log(options, note_warning, &warnings, EXTVM_LOG_WARNING);
        begin_with(&host, rows[i].script, options);
        assert_int_equal(run(&host), rows[i].warnings > 0 ? EXTVM_DEADLINE_PASSED : EXTVM_OK);
        extvm_close(host.vm);
        host.vm = NULL;
        scripted_vm_release(host.scripted);
        scripted_vm_wait(host.scripted);
        end(&host);
        assert_int_equal(warnings, rows[i].warnings);
    }
}

/* -- a VM that dies -- */

static void call_that_kills_the_vm_is_not_sent_for_ever(void **unused) {
    /* The CallContext is not understood, the program gets stuck, the process is gone. */
    static const char *const dies[] = {"> any\nclose\n", "> any\nreset\n",
                                       "> any\n< AS\n> any\nclose\n",
                                       "> any\n< AS\n> any\nreset\n"};
    (void)unused;
    for (size_t i = 0; i < COUNT(dies); i++) {
        char script[1024];
        struct host host;
        /* The first call goes well: that the VM closes is no matter of the version then. */
        snprintf(script, sizeof script,
                 "> HELLO\n" GOOD_CALL "%ssession\n> HELLO\n> any\n< AS\n> any\nclose\n%s", dies[i],
                 GOOD_SESSION);
        begin(&host, script, "call-retries", "1");
        assert_int_equal(run(&host), EXTVM_OK);
        assert_int_equal(run(&host), EXTVM_CALL_ENDS_VM);
        assert_non_null(strstr(host.error.text, "this call ends the VM"));
        assert_int_equal(run(&host), EXTVM_OK);
        assert_int_equal(end(&host).sessions, 3);
    }
}

/* -- the size of frames -- */

static void frame_over_64_mib_is_refused_and_memory_follows_what_came(void **unused) {
    static const struct {
        const char *header;
        extvm_status status;
        const char *text;
    } rows[] = {
        {"04000000", EXTVM_VM_CLOSED_IN_FRAME, "67108868 were announced"},
        {"04000001", EXTVM_FRAME_TOO_LARGE, "67108865 bytes was announced, the limit is 67108864"},
        {"40000000", EXTVM_FRAME_TOO_LARGE, "max-frame"},
        {"ffffffff", EXTVM_FRAME_TOO_LARGE, "4294967295"},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char script[512];
        struct host host;
        struct scarce_memory memory = {.fail_at = 0};
        extvm_allocator allocator = scarce_memory_allocator(&memory);
        extvm_options *options = extvm_options_new(&allocator);
        assert_int_equal(extvm_options_set(options, "call-retries", "0", NULL), EXTVM_OK);
        snprintf(script, sizeof script, "%s< %s\n< 2a\nhalf-close\n%s", TOLD, rows[i].header,
                 GOOD_SESSION);
        begin_with(&host, script, options);
        assert_int_equal(run(&host), rows[i].status);
        if (strstr(host.error.text, rows[i].text) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", host.error.text, rows[i].text);
        }
        assert_true(memory.largest <= 65536);
        assert_int_equal(run(&host), EXTVM_OK);
        end(&host);
        assert_int_equal(memory.live, 0);
    }
}

/* A result whose frame has a body of 1024 bytes, and `more`: one returned value of 1002. */
static char *large_result(unsigned more) {
    char *text;
    size_t size;
    FILE *script = open_memstream(&text, &size);
    fprintf(script, TOLD "< %08x 2a %02x07 0a %02x07 f9 %04x b9 %04x ", 1024 + more,
            0x80 | ((1021 + more) & 0x7f), 0x80 | ((1008 + more) & 0x7f), 1005 + more, 1002 + more);
    for (unsigned i = 0; i < 1002 + more; i++) {
        fputs("77", script);
    }
    fputs(" 120100 1a0203e8 220100\n", script);
    fclose(script);
    return text;
}

static void frame_of_just_the_limit_is_taken(void **unused) {
    (void)unused;
    for (unsigned more = 0; more < 2; more++) {
        struct host host;
        char *script = large_result(more);
        begin(&host, script, "max-frame", "1KiB");
        free(script);
        assert_int_equal(run(&host), more == 0 ? EXTVM_OK : EXTVM_FRAME_TOO_LARGE);
        end(&host);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vm_is_not_even_connected_to_without_a_call_that_it_can_take),
        cmocka_unit_test(refused_call_does_not_cost_the_connection),
        cmocka_unit_test(idle_connection_ends_with_a_fin),
        cmocka_unit_test(connection_that_spoke_out_of_turn_is_left_politely_for_a_new_one),
        cmocka_unit_test(vm_that_was_restarted_between_two_calls_costs_nothing),
        cmocka_unit_test(vm_that_asks_too_late_still_gets_its_caller),
        cmocka_unit_test(what_the_vm_writes_after_it_was_given_up_is_read_to_its_end),
        cmocka_unit_test(call_given_up_while_it_is_sent_ends_with_a_fin),
        cmocka_unit_test(vm_that_may_die_of_being_left_is_warned_of),
        cmocka_unit_test(call_that_kills_the_vm_is_not_sent_for_ever),
        cmocka_unit_test(frame_over_64_mib_is_refused_and_memory_follows_what_came),
        cmocka_unit_test(frame_of_just_the_limit_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
