/* Calls of an event loop that are cancelled, run out of time, or whose handle is closed, at every
 * point: each ends once and in time, the VM is left politely, the next call works, and a world that
 * answers after the end does no harm. */
#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <extvm/stats.h>

#include "common/client.h"
#include "common/clock.h"
#include "common/error.h"
#include "kevm/kevm.h"
#include "support/async_run.h"
#include "support/cases.h"
#include "support/scarce_memory.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"
#define BEFORE_FIRST_QUERY "> any\n> any\n"
#define AFTER_CALLER BEFORE_FIRST_QUERY "< AS\n> any\n"
#define RESULT "< 00000023 2a21 120101 1a030fadf8 220100 TC0\n"
#define GOOD_CALL "> any\n< AS\n> any\n" RESULT
#define GOOD_SESSION "session\n> any\n" GOOD_CALL

/* -- a world that falls silent -- */

struct silent {
    extvm_async_world now;
    unsigned left;      /* queries that it still answers */
    extvm_answer *open; /* the one that it does not */
    struct event_base *base;
    void (*on_silence)(void *context);
    void *context;
};

/* Whether this query is answered. */
static bool speaks(struct silent *silent, extvm_answer *answer) {
    if (silent->left > 0) {
        silent->left--;
        return true;
    }
    silent->open = answer;
    if (silent->on_silence != NULL) {
        silent->on_silence(silent->context);
    }
    return false;
}

static void silent_account(void *context, extvm_answer *answer, const extvm_address *address) {
    struct silent *silent = context;
    if (speaks(silent, answer)) {
        silent->now.account(silent->now.context, answer, address);
    }
}

static void silent_storage(void *context, extvm_answer *answer, const extvm_address *address,
                           extvm_bytes key) {
    struct silent *silent = context;
    if (speaks(silent, answer)) {
        silent->now.storage(silent->now.context, answer, address, key);
    }
}

static void silent_code(void *context, extvm_answer *answer, const extvm_address *address) {
    struct silent *silent = context;
    if (speaks(silent, answer)) {
        silent->now.code(silent->now.context, answer, address);
    }
}

static void silent_block_hash(void *context, extvm_answer *answer, uint64_t number) {
    struct silent *silent = context;
    if (speaks(silent, answer)) {
        silent->now.block_hash(silent->now.context, answer, number);
    }
}

/* -- a setting -- */

enum { ALWAYS = 1000 /* queries: more than there are */ };

struct setting {
    struct scripted_vm *scripted;
    extvm_state *state;
    extvm_world world;
    struct silent silent;
    struct case_call one;
    struct event_base *base;
    extvm_vm *vm;
    double begun;   /* when the last call began */
    double seconds; /* that it took */
};

static double now(void) {
    return (double)clock_now() / 1e9;
}

static void setting_init(struct setting *setting) {
    memset(setting, 0, sizeof *setting);
    setting->state = extvm_state_new(NULL);
    case_account(setting->state, CALLER, "4", "1000000", "");
    case_account(setting->state, CONTRACT, "1", "5", "00");
    setting->world = extvm_state_world(setting->state);
    setting->silent.now = extvm_async_world_of(&setting->world);
    setting->silent.left = ALWAYS;
    case_call_init(&setting->one, CONTRACT, "", "0", "0xfadf8");
    setting->base = event_base_new();
}

/* A VM that plays the script. */
static void setting_play(struct setting *setting, const char *script,
                         const extvm_options *options) {
    char *whole = case_definitions(script);
    setting->scripted = scripted_vm_start(&kevm_protocol, whole, NULL);
    free(whole);
    assert_non_null(setting->scripted);
    setting->vm = case_open(setting->scripted, options);
}

static struct scripted_vm_report setting_free(struct setting *setting) {
    struct scripted_vm_report report = {.failure = ""};
    extvm_close(setting->vm);
    extvm_state_free(setting->state);
    event_base_free(setting->base);
    if (setting->scripted != NULL) {
        report = scripted_vm_stop(setting->scripted);
    }
    return report;
}

static void set(extvm_options *options, const char *name, const char *value) {
    if (name != NULL) {
        assert_int_equal(extvm_options_set(options, name, value, NULL), EXTVM_OK);
    }
}

/* Calls that begin from here on have so many seconds, as if the options had said so: those that are
 * to work may need them, where those before them were to end soon. */
static void allow(struct setting *setting, uint64_t seconds) {
    struct settings *settings = &client_of(setting->vm)->settings;
    settings->call_timeout = settings->wait_timeout = seconds * NANOSECONDS_IN_SECOND;
}

static void start(struct setting *setting, struct async_end *end) {
    const extvm_async_world world = {&setting->silent, silent_account, silent_storage, silent_code,
                                     silent_block_hash};
    *end = (struct async_end){.calls = 0};
    setting->begun = now();
    assert_int_equal(extvm_run_async(setting->vm, setting->base, &setting->one.call, &world,
                                     async_note_end, end, NULL),
                     EXTVM_OK);
    assert_int_equal(end->calls, 0);
}

static void finish(struct setting *setting, struct async_end *end) {
    assert_int_equal(event_base_dispatch(setting->base), 1);
    setting->seconds = now() - setting->begun;
    assert_int_equal(end->calls, 1);
    assert_int_equal(end->status, end->error.status);
    assert_true((end->status == EXTVM_OK) == (end->result != NULL));
    extvm_result_free(end->result);
}

/* The world answers at last; nothing may come of it. */
static void answer_late(struct setting *setting, struct async_end *end) {
    if (setting->silent.open != NULL) {
        extvm_answer_absent(setting->silent.open);
        setting->silent.open = NULL;
        event_base_dispatch(setting->base);
        assert_int_equal(end->calls, 1);
    }
}

static void cancel_call(evutil_socket_t unused, short what, void *context) {
    struct setting *setting = context;
    (void)unused;
    (void)what;
    extvm_cancel(setting->vm, &setting->one.call);
}

static void cancel_after(struct setting *setting, long milliseconds) {
    const struct timeval time = {milliseconds / 1000, milliseconds % 1000 * 1000};
    assert_int_equal(event_base_once(setting->base, -1, EV_TIMEOUT, cancel_call, setting, &time),
                     0);
}

/* -- cancelled, or too late, at every point -- */

static const struct stop_case {
    const char *name, *script; /* of the session that is stopped; NULL: none is begun */
    unsigned answered;         /* queries, before the world falls silent */
    const char *time;          /* call-timeout: enough for the VM to come to the point */
    const char *option, *value;
    bool is_cancelled; /* after 50 ms */
    const char *text;  /* of the status EXTVM_DEADLINE_PASSED; NULL: EXTVM_CANCELLED */
} stop_cases[] = {
    {"cancelled before the caller is known", NULL, 0, "30s", NULL, NULL, true, NULL},
    {"cancelled before the first query", BEFORE_FIRST_QUERY "stall\n", ALWAYS, "30s",
     "drain-timeout", "500ms", true, NULL},
    {"cancelled after an answer", AFTER_CALLER "stall\n", ALWAYS, "30s", NULL, NULL, true, NULL},
    {"cancelled inside a frame", AFTER_CALLER "< 0000\nstall\n", ALWAYS, "30s", NULL, NULL, true,
     NULL},
    {"cancelled while the world looks", AFTER_CALLER "< ACC\nstall\n", 1, "30s", NULL, NULL, true,
     NULL},
    {"cancelled while the result is checked",
     AFTER_CALLER "< 0000002b 2a29 120101 1a030fadf8 220100 321c 0a14 CC 120101 1a0105\nstall\n", 1,
     "30s", NULL, NULL, true, NULL},
    {"too late before the caller is known", NULL, 0, "400ms", "world-time", "counted", false,
     "world"},
    {"too late before the first query", BEFORE_FIRST_QUERY "stall\n", ALWAYS, "400ms",
     "drain-timeout", "50ms", false, "call-timeout"},
    {"a wait too long", AFTER_CALLER "stall\n", ALWAYS, "30s", "wait-timeout", "300ms", false,
     "wait-timeout"},
    {"too late inside a frame", AFTER_CALLER "< 0000\nstall\n", ALWAYS, "400ms", "call-retries",
     "3", false, "call-timeout"},
    {"too late while the world looks", AFTER_CALLER "< ACC\nstall\n", 1, "2s", "world-time",
     "counted", false, "world"},
};

static void stop(const struct stop_case *one) {
    struct setting setting;
    struct async_end end;
    char script[2048];
    setting_init(&setting);
    snprintf(script, sizeof script, "%s%s", one->script != NULL ? one->script : "",
             one->script != NULL ? GOOD_SESSION : GOOD_SESSION + strlen("session\n"));
    extvm_options *options = case_options("20s");
    set(options, "call-timeout", one->time);
    set(options, "drain-timeout", "10s"); /* what the VM is about to say is still taken */
    set(options, one->option, one->value);
    setting_play(&setting, script, options);
    extvm_options_free(options);
    setting.silent.left = one->answered;
    start(&setting, &end);
    if (one->is_cancelled) {
        cancel_after(&setting, 50);
    }
    finish(&setting, &end);
    if (end.status != (one->text != NULL ? EXTVM_DEADLINE_PASSED : EXTVM_CANCELLED) ||
        strstr(end.error.text, one->text != NULL ? one->text : "cancelled") == NULL) {
        fail_msg("%s: %s", one->name, end.error.text);
    }
    assert_true(setting.seconds > 0.045 && setting.seconds < 8.0); /* of 20 that it may wait */
    answer_late(&setting, &end);
    setting.silent.left = ALWAYS;
    allow(&setting, 20);
    start(&setting, &end);
    finish(&setting, &end);
    if (end.status != EXTVM_OK) {
        fail_msg("after %s: %s", one->name, end.error.text);
    }
    struct scripted_vm_report report = setting_free(&setting);
    assert_int_equal(report.resets, 0);
    assert_int_equal(report.sessions, one->script != NULL ? 2 : 1);
}

static void call_is_stopped_at_every_point_and_the_next_one_works(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof stop_cases / sizeof stop_cases[0]; i++) {
        stop(&stop_cases[i]);
    }
}

static void call_that_is_being_left_ends_within_the_drain_time(void **unused) {
    (void)unused;
    struct setting setting;
    struct async_end end;
    setting_init(&setting);
    extvm_options *options = case_options("300ms");
    set(options, "drain-timeout", "1s");
    setting_play(&setting, AFTER_CALLER "halt\n", options);
    extvm_options_free(options);
    start(&setting, &end);
    cancel_after(&setting, 1000); /* it is being left already, after one or two waits */
    finish(&setting, &end);
    assert_int_equal(end.status, EXTVM_DEADLINE_PASSED);
    assert_true(setting.seconds > 1.25 && setting.seconds < 8.0);
    extvm_endpoint_stats stats;
    assert_int_equal(extvm_endpoint(setting.vm, 0, &stats, NULL), EXTVM_OK);
    assert_int_equal(stats.state, EXTVM_ENDPOINT_NEEDS_RESTART);
    setting_free(&setting);
}

static void vm_that_is_left_is_told_of_its_caller_first(void **unused) {
    (void)unused;
    struct setting setting;
    struct async_end end;
    setting_init(&setting);
    extvm_options *options = case_options("15s");
    set(options, "call-timeout", "300ms");
    set(options, "drain-timeout", "10s");
    setting_play(&setting,
                 BEFORE_FIRST_QUERY
                 "delay 1000\n< AS\n> 0000000a 0a0104 12030f4240 1801\n" GOOD_SESSION,
                 options);
    extvm_options_free(options);
    start(&setting, &end);
    finish(&setting, &end);
    assert_int_equal(end.status, EXTVM_DEADLINE_PASSED);
    struct scripted_vm_report report = setting_free(&setting);
    assert_string_equal(report.failure, "");
    assert_int_equal(report.polite_ends, 1);
}

static void vm_is_answered_to_its_end_where_the_option_wants_it(void **unused) {
    (void)unused;
    struct setting setting;
    struct async_end end;
    setting_init(&setting);
    extvm_options *options = case_options("5s");
    set(options, "leave", "answer");
    set(options, "drain-timeout", "20s");
    setting_play(&setting,
                 AFTER_CALLER "< ACC\n> any\ndelay 100\n< GETCODE\n> any\n" RESULT GOOD_CALL,
                 options);
    extvm_options_free(options);
    /* The world has the query when the call is cancelled; its answer is the VM's all the same. */
    setting.silent.left = 1;
    start(&setting, &end);
    while (setting.silent.open == NULL) {
        event_base_loop(setting.base, EVLOOP_ONCE);
    }
    extvm_cancel(setting.vm, &setting.one.call);
    for (int i = 0; i < 3; i++) {
        event_base_loop(setting.base, EVLOOP_NONBLOCK); /* the cancel comes */
    }
    assert_int_equal(end.calls, 0);
    setting.silent.left = ALWAYS;
    extvm_answer_absent(setting.silent.open);
    finish(&setting, &end);
    assert_int_equal(end.status, EXTVM_CANCELLED);
    start(&setting, &end);
    finish(&setting, &end);
    assert_int_equal(end.status, EXTVM_OK);
    struct scripted_vm_report report = setting_free(&setting);
    assert_string_equal(report.failure, "");
    assert_int_equal(report.sessions, 1); /* it was never left */
}

static void cancel_soon(void *context) {
    cancel_after(context, 50);
}

static void
world_that_stays_silent_does_not_hold_a_call_that_is_answered_to_its_end(void **unused) {
    (void)unused;
    struct setting setting;
    struct async_end end;
    setting_init(&setting);
    extvm_options *options = case_options("15s");
    set(options, "leave", "answer");
    set(options, "drain-timeout", "200ms");
    setting_play(&setting, AFTER_CALLER "< ACC\nstall\n", options);
    extvm_options_free(options);
    setting.silent.left = 1;
    setting.silent.on_silence = cancel_soon;
    setting.silent.context = &setting;
    start(&setting, &end);
    finish(&setting, &end);
    assert_int_equal(end.status, EXTVM_CANCELLED);
    assert_true(setting.seconds > 0.14 && setting.seconds < 8.0);
    answer_late(&setting, &end);
    assert_int_equal(setting_free(&setting).resets, 0);
}

/* -- in the line -- */

static void call_in_the_line_is_cancelled_or_too_late_while_another_runs(void **unused) {
    (void)unused;
    struct setting setting;
    struct async_end ends[3];
    struct case_call others[2];
    setting_init(&setting);
    extvm_options *options = case_options("15s");
    set(options, "call-timeout", "2s");
    set(options, "drain-timeout", "10s");
    setting_play(&setting, AFTER_CALLER "stall\n" GOOD_SESSION, options);
    extvm_options_free(options);
    const extvm_async_world world = extvm_async_world_of(&setting.world);
    start(&setting, &ends[0]);
    /* Those behind it have less, so that none of them gets the turn that it gives back. */
    client_of(setting.vm)->settings.call_timeout = 300 * NANOSECONDS_IN_MILLISECOND;
    for (int i = 0; i < 2; i++) {
        case_call_init(&others[i], CONTRACT, "", "0", "0xfadf8");
        ends[i + 1] = (struct async_end){.calls = 0};
        assert_int_equal(extvm_run_async(setting.vm, setting.base, &others[i].call, &world,
                                         async_note_end, &ends[i + 1], NULL),
                         EXTVM_OK);
    }
    extvm_cancel(setting.vm, &others[0].call); /* before the loop runs */
    assert_int_equal(event_base_dispatch(setting.base), 1);
    assert_int_equal(ends[0].status, EXTVM_DEADLINE_PASSED);
    assert_int_equal(ends[1].status, EXTVM_CANCELLED);
    assert_int_equal(ends[2].status, EXTVM_DEADLINE_PASSED);
    assert_non_null(strstr(ends[2].error.text, "other calls"));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ends[i].calls, 1);
    }
    allow(&setting, 15);
    start(&setting, &ends[0]);
    finish(&setting, &ends[0]);
    assert_int_equal(ends[0].status, EXTVM_OK);
    setting_free(&setting);
}

enum { UNLUCKY = 3 };

struct unlucky {
    pthread_t thread;
    struct setting *setting;
    extvm_status status;
};

static void *run_unlucky(void *context) {
    struct unlucky *unlucky = context;
    struct setting own;
    extvm_result *result;
    setting_init(&own);
    unlucky->status = extvm_run(unlucky->setting->vm, &own.one.call, &own.world, &result, NULL);
    setting_free(&own);
    return NULL;
}

/* A process that fails is set aside, and whoever waits for it must learn when it comes back. */
static void calls_that_wait_for_a_vm_that_is_gone_are_told_one_after_the_other(void **unused) {
    (void)unused;
    struct setting setting;
    struct async_end ends[UNLUCKY];
    struct unlucky unlucky[UNLUCKY];
    setting_init(&setting);
    extvm_options *options = case_options("5s");
    set(options, "connect-retries", "2");
    set(options, "retry-delay", "30ms");
    set(options, "call-timeout", "1m");
    setting_play(&setting, "> any\n" GOOD_CALL, options);
    extvm_options_free(options);
    scripted_vm_stop(setting.scripted);
    setting.scripted = NULL;
    for (int i = 0; i < UNLUCKY; i++) {
        start(&setting, &ends[i]);
        unlucky[i] = (struct unlucky){.setting = &setting};
        assert_int_equal(pthread_create(&unlucky[i].thread, NULL, run_unlucky, &unlucky[i]), 0);
    }
    double begun = now();
    assert_int_equal(event_base_dispatch(setting.base), 1);
    for (int i = 0; i < UNLUCKY; i++) {
        pthread_join(unlucky[i].thread, NULL);
        assert_int_equal(ends[i].calls, 1);
        assert_int_equal(ends[i].status, EXTVM_UNREACHABLE);
        assert_int_equal(unlucky[i].status, EXTVM_UNREACHABLE);
    }
    assert_true(now() - begun < 20.0); /* of 60 seconds that each may take */
    setting_free(&setting);
}

static void *cancel_from_outside(void *context) {
    struct setting *setting = context;
    const struct timespec moment = {0, 50000000};
    nanosleep(&moment, NULL);
    extvm_cancel(setting->vm, NULL);
    return NULL;
}

static void another_thread_cancels_a_call_of_the_loop(void **unused) {
    (void)unused;
    struct setting setting;
    struct async_end end;
    pthread_t thread;
    setting_init(&setting);
    extvm_options *options = case_options("15s");
    setting_play(&setting, AFTER_CALLER "stall\n", options);
    extvm_options_free(options);
    start(&setting, &end);
    assert_int_equal(pthread_create(&thread, NULL, cancel_from_outside, &setting), 0);
    finish(&setting, &end);
    pthread_join(thread, NULL);
    assert_int_equal(end.status, EXTVM_CANCELLED);
    assert_true(setting.seconds < 5.0); /* of 15 that it may wait */
    setting_free(&setting);
}

/* -- connecting -- */

enum { FILLERS = 4 };

/* A listener that takes no connection more: connects to it hang. */
struct full {
    int listener, fillers[FILLERS];
    char address[64];
};

static void full_init(struct full *full) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    full->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(full->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(full->listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(listen(full->listener, 0), 0);
    for (int i = 0; i < FILLERS; i++) {
        full->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(full->fillers[i], (struct sockaddr *)&address, size);
    }
    snprintf(full->address, sizeof full->address, "kevm://127.0.0.1:%u", ntohs(address.sin_port));
}

static void full_free(struct full *full) {
    for (int i = 0; i < FILLERS; i++) {
        close(full->fillers[i]);
    }
    close(full->listener);
}

static void connect_that_hangs_ends_in_time_or_with_a_cancel(void **unused) {
    static const struct {
        const char *option, *value;
        bool is_cancelled;
        extvm_status wanted;
    } cases[] = {
        {"connect-timeout", "15s", true, EXTVM_CANCELLED},
        {"connect-timeout", "100ms", false, EXTVM_CONNECT_TIMEOUT},
        {"call-timeout", "100ms", false, EXTVM_DEADLINE_PASSED},
    };
    struct full full;
    (void)unused;
    full_init(&full);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct setting setting;
        struct async_end end;
        setting_init(&setting);
        extvm_options *options = case_options("15s");
        set(options, "connect-timeout", "15s");
        set(options, "call-timeout", "30s");
        set(options, cases[i].option, cases[i].value);
        assert_int_equal(extvm_open(full.address, options, &setting.vm, NULL), EXTVM_OK);
        extvm_options_free(options);
        start(&setting, &end);
        if (cases[i].is_cancelled) {
            cancel_after(&setting, 50);
        }
        finish(&setting, &end);
        assert_int_equal(end.status, cases[i].wanted);
        assert_true(setting.seconds > 0.045 && setting.seconds < 5.0); /* of 15 */
        setting_free(&setting);
    }
    full_free(&full);
}

static void cancel_now(void *context) {
    struct setting *setting = context;
    extvm_cancel(setting->vm, &setting->one.call);
    extvm_answer *open = setting->silent.open;
    setting->silent.open = NULL;
    extvm_account account;
    extvm_address caller = case_address(CALLER);
    assert_true(extvm_state_account(setting->state, &caller, &account));
    extvm_answer_account(open, &account);
}

static void host_is_looked_up_by_its_name_unless_the_call_is_cancelled(void **unused) {
    (void)unused;
    struct setting setting;
    struct async_end end;
    char address[64];
    setting_init(&setting);
    extvm_options *options = case_options("15s");
    set(options, "connect-timeout", "10s");
    setting_play(&setting, "> any\n" GOOD_CALL, options);
    extvm_close(setting.vm);
    snprintf(address, sizeof address, "kevm://localhost%s",
             strchr(scripted_vm_address(setting.scripted), ':'));
    assert_int_equal(extvm_open(address, options, &setting.vm, NULL), EXTVM_OK);
    extvm_options_free(options);
    setting.silent.left = 0;
    setting.silent.on_silence = cancel_now;
    setting.silent.context = &setting;
    start(&setting, &end);
    finish(&setting, &end);
    assert_int_equal(end.status, EXTVM_CANCELLED);
    setting.silent.left = ALWAYS;
    start(&setting, &end);
    finish(&setting, &end);
    assert_int_equal(end.status, EXTVM_OK);
    assert_int_equal(setting_free(&setting).sessions, 1);
}

/* -- a keeper whose process takes its time -- */

struct slow_keeper {
    struct keeper keeper;
    unsigned not_yet; /* how often it says so */
    unsigned asked;
    unsigned left;
    bool ends_each_session;
    extvm_status then;
};

static extvm_status slow_ready(struct keeper *keeper, uint64_t deadline, const atomic_bool *stop,
                               extvm_error *error) {
    struct slow_keeper *slow = (struct slow_keeper *)keeper;
    assert_true(deadline < clock_now()); /* it is not to wait */
    assert_false(atomic_load(stop) && slow->asked == 0);
    if (slow->asked++ < slow->not_yet) {
        return error_set(error, EXTVM_DEADLINE_PASSED, "not yet");
    }
    return slow->then == EXTVM_OK ? EXTVM_OK
                                  : error_set(error, slow->then, "the process does not start");
}

static bool slow_call_ended(struct keeper *keeper) {
    return ((struct slow_keeper *)keeper)->ends_each_session;
}

static void slow_left(struct keeper *keeper, bool politely) {
    struct slow_keeper *slow = (struct slow_keeper *)keeper;
    slow->left += politely ? 1 : 0;
}

static void slow_release(struct keeper *keeper) {
    (void)keeper;
}

/* One call on the scripted VM that `slow` looks after. */
static struct async_end run_kept(struct slow_keeper *slow, const char *call_timeout, bool cancels) {
    static const struct keeper_operations operations = {slow_ready, slow_call_ended, slow_left,
                                                        slow_release};
    struct setting setting;
    struct async_end end;
    struct endpoint endpoint;
    struct keeper *const keepers[] = {&slow->keeper};
    slow->keeper.operations = &operations;
    setting_init(&setting);
    extvm_options *options = case_options("15s");
    set(options, "call-timeout", call_timeout);
    set(options, "drain-timeout", "10s"); /* the keeper counts the VMs that were left politely */
    setting_play(&setting, "> any\n" GOOD_CALL, options);
    extvm_close(setting.vm);
    const char *where = scripted_vm_address(setting.scripted);
    assert_int_equal(endpoint_parse_tcp(&endpoint, where, where, NULL), EXTVM_OK);
    assert_int_equal(
        client_new(&kevm_protocol, &endpoint, 1, keepers, options, NULL, &setting.vm, NULL),
        EXTVM_OK);
    extvm_options_free(options);
    start(&setting, &end);
    if (cancels) {
        cancel_after(&setting, 50);
    }
    finish(&setting, &end);
    setting_free(&setting);
    return end;
}

static void loop_goes_on_while_a_vm_process_is_started(void **unused) {
    (void)unused;
    struct slow_keeper slow = {.not_yet = 5, .ends_each_session = true};
    assert_int_equal(run_kept(&slow, "15s", false).status, EXTVM_OK);
    assert_int_equal(slow.asked, 6);
    assert_int_equal(slow.left, 1); /* it was to be replaced */

    slow = (struct slow_keeper){.not_yet = 2, .then = EXTVM_UNREACHABLE};
    struct async_end end = run_kept(&slow, "15s", false);
    assert_int_equal(end.status, EXTVM_UNREACHABLE);
    assert_non_null(strstr(end.error.text, "does not start"));

    slow = (struct slow_keeper){.not_yet = UINT32_MAX};
    assert_int_equal(run_kept(&slow, "100ms", false).status, EXTVM_DEADLINE_PASSED);
    slow = (struct slow_keeper){.not_yet = UINT32_MAX};
    assert_int_equal(run_kept(&slow, "15s", true).status, EXTVM_CANCELLED);
}

/* -- the handle is closed -- */

struct closing {
    struct setting *setting;
    struct async_end end;
    double seconds; /* that extvm_close took */
    bool starts_anew;
};

static void close_handle(evutil_socket_t unused, short what, void *context) {
    struct closing *closing = context;
    (void)unused;
    (void)what;
    double begun = now();
    extvm_close(closing->setting->vm);
    closing->setting->vm = NULL;
    closing->seconds = now() - begun;
}

/* The world has the query now; the handle is closed as soon as it has returned. */
static void close_soon(void *context) {
    struct closing *closing = context;
    const struct timeval at_once = {0, 0};
    assert_int_equal(
        event_base_once(closing->setting->base, -1, EV_TIMEOUT, close_handle, closing, &at_once),
        0);
}

static void closing_a_handle_in_the_loop_ends_its_calls_and_waits_for_none(void **unused) {
    enum { CALLS = 3 };
    (void)unused;
    struct scarce_memory memory = {.fail_at = 0};
    extvm_allocator allocator = scarce_memory_allocator(&memory);
    struct setting setting;
    struct async_end ends[CALLS];
    setting_init(&setting);
    extvm_options *options = extvm_options_new(&allocator);
    set(options, "drain-timeout", "15s");
    setting_play(&setting, AFTER_CALLER "< ACC\nstall\n", options);
    extvm_options_free(options);
    struct closing closing = {.setting = &setting};
    setting.silent.left = 1;
    setting.silent.on_silence = close_soon;
    setting.silent.context = &closing;
    for (int i = 0; i < CALLS; i++) {
        start(&setting, &ends[i]);
    }
    assert_int_equal(event_base_dispatch(setting.base), 1);
    assert_null(setting.vm);
    assert_true(closing.seconds < 5.0); /* of 15 */
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(ends[i].calls, 1);
        assert_int_equal(ends[i].status, EXTVM_CANCELLED);
    }
    assert_int_equal(memory.live, 2); /* the query that the world still has, and what keeps it */
    extvm_answer_failed(setting.silent.open);
    assert_int_equal(memory.live, 0);
    struct scripted_vm_report report = setting_free(&setting);
    assert_int_equal(report.polite_ends, 1);
}

static void end_then_close(void *context, extvm_status status, extvm_result *result,
                           const extvm_error *error) {
    struct closing *closing = context;
    async_note_end(&closing->end, status, result, error);
    extvm_result_free(result);
    if (closing->starts_anew && closing->end.calls < 5) {
        const extvm_async_world world = extvm_async_world_of(&closing->setting->world);
        assert_int_equal(extvm_run_async(closing->setting->vm, closing->setting->base,
                                         &closing->setting->one.call, &world, end_then_close,
                                         closing, NULL),
                         EXTVM_OK);
        return;
    }
    close_handle(-1, 0, closing);
}

static void done_makes_new_calls_and_closes_the_handle(void **unused) {
    (void)unused;
    struct setting setting;
    setting_init(&setting);
    extvm_options *options = case_options("15s");
    set(options, "drain-timeout", "10s");
    setting_play(&setting, "> any\n" GOOD_CALL GOOD_CALL GOOD_CALL GOOD_CALL GOOD_CALL, options);
    extvm_options_free(options);
    struct closing closing = {.setting = &setting, .starts_anew = true};
    const extvm_async_world world = extvm_async_world_of(&setting.world);
    assert_int_equal(extvm_run_async(setting.vm, setting.base, &setting.one.call, &world,
                                     end_then_close, &closing, NULL),
                     EXTVM_OK);
    assert_int_equal(event_base_dispatch(setting.base), 1);
    assert_int_equal(closing.end.calls, 5);
    assert_int_equal(closing.end.status, EXTVM_OK);
    struct scripted_vm_report report = setting_free(&setting);
    assert_string_equal(report.failure, "");
    assert_int_equal(report.sessions, 1);
    assert_int_equal(report.polite_ends, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_is_stopped_at_every_point_and_the_next_one_works),
        cmocka_unit_test(call_that_is_being_left_ends_within_the_drain_time),
        cmocka_unit_test(vm_that_is_left_is_told_of_its_caller_first),
        cmocka_unit_test(vm_is_answered_to_its_end_where_the_option_wants_it),
        cmocka_unit_test(world_that_stays_silent_does_not_hold_a_call_that_is_answered_to_its_end),
        cmocka_unit_test(call_in_the_line_is_cancelled_or_too_late_while_another_runs),
        cmocka_unit_test(calls_that_wait_for_a_vm_that_is_gone_are_told_one_after_the_other),
        cmocka_unit_test(another_thread_cancels_a_call_of_the_loop),
        cmocka_unit_test(connect_that_hangs_ends_in_time_or_with_a_cancel),
        cmocka_unit_test(host_is_looked_up_by_its_name_unless_the_call_is_cancelled),
        cmocka_unit_test(loop_goes_on_while_a_vm_process_is_started),
        cmocka_unit_test(closing_a_handle_in_the_loop_ends_its_calls_and_waits_for_none),
        cmocka_unit_test(done_makes_new_calls_and_closes_the_handle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
