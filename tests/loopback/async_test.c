/* Calls in an event loop: worlds that answer at once or later, many calls at once from one thread,
 * beside calls that wait, and the same statuses as for those wherever the VM breaks off. */
#include <event2/event.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <extvm/stats.h>

#include "common/client.h"
#include "common/clock.h"
#include "kevm/kevm.h"
#include "support/async_run.h"
#include "support/cases.h"
#include "support/result_equal.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"
#define PAYEE "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
/* Storage, a balance, code, a block's hash, and a log. */
#define CURIOUS "60015460c85473" PAYEE "3173" PAYEE "3b60094060005260206000a100"
/* Reads storage 0, 1, 2, … until the gas is used up: 2123 gas each (EIP-2929). */
#define READER "60005b80545060010160025600"

/* -- a world that answers when a timer ends -- */

struct later {
    struct event_base *base;
    extvm_state *state;
    extvm_async_world now; /* the same answers, at once */
    struct timeval delay;
    unsigned queries, open, most_open;
};

struct waiting {
    struct later *later;
    extvm_answer *answer;
    int kind; /* 0 to 3, in the order of the world's functions */
    extvm_address address;
    uint8_t key[EXTVM_WORD_INTEGER_SIZE];
    size_t key_size;
    uint64_t number;
};

static void answer_now(evutil_socket_t unused, short what, void *context) {
    struct waiting *waiting = context;
    extvm_async_world *now = &waiting->later->now;
    (void)unused;
    (void)what;
    waiting->later->open--;
    switch (waiting->kind) {
    case 0:
        now->account(now->context, waiting->answer, &waiting->address);
        break;
    case 1:
        now->storage(now->context, waiting->answer, &waiting->address,
                     (extvm_bytes){waiting->key, waiting->key_size});
        break;
    case 2:
        now->code(now->context, waiting->answer, &waiting->address);
        break;
    default:
        now->block_hash(now->context, waiting->answer, waiting->number);
    }
    free(waiting);
}

static void wait_with(struct later *later, struct waiting waiting) {
    struct waiting *copy = malloc(sizeof *copy);
    *copy = waiting;
    copy->later = later;
    later->queries++;
    later->open++;
    later->most_open = later->open > later->most_open ? later->open : later->most_open;
    assert_int_equal(event_base_once(later->base, -1, EV_TIMEOUT, answer_now, copy, &later->delay),
                     0);
}

static void later_account(void *context, extvm_answer *answer, const extvm_address *address) {
    wait_with(context, (struct waiting){.answer = answer, .kind = 0, .address = *address});
}

static void later_storage(void *context, extvm_answer *answer, const extvm_address *address,
                          extvm_bytes key) {
    struct waiting waiting = {
        .answer = answer, .kind = 1, .address = *address, .key_size = key.size};
    memcpy(waiting.key, key.data, key.size);
    wait_with(context, waiting);
}

static void later_code(void *context, extvm_answer *answer, const extvm_address *address) {
    wait_with(context, (struct waiting){.answer = answer, .kind = 2, .address = *address});
}

static void later_block_hash(void *context, extvm_answer *answer, uint64_t number) {
    wait_with(context, (struct waiting){.answer = answer, .kind = 3, .number = number});
}

static extvm_async_world later_world(struct later *later) {
    return (extvm_async_world){later, later_account, later_storage, later_code, later_block_hash};
}

/* -- a setting -- */

struct setting {
    struct event_base *base;
    extvm_state *state;
    extvm_world world;
    struct case_call one;
    extvm_vm *vm;
    struct later later;
};

static void setting_init(struct setting *setting, const char *address, const char *code) {
    const extvm_word hash = {{7}};
    memset(setting, 0, sizeof *setting);
    setting->base = event_base_new();
    setting->state = extvm_state_new(NULL);
    case_account(setting->state, CALLER, "4", "1000000000000", "");
    case_account(setting->state, CONTRACT, "1", "9", code);
    case_account(setting->state, PAYEE, "1", "77", "6000");
    case_storage(setting->state, CONTRACT, "1", "2");
    case_storage(setting->state, CONTRACT, "200", "128");
    assert_int_equal(extvm_state_set_block_hash(setting->state, 9, &hash), EXTVM_OK);
    setting->world = extvm_state_world(setting->state);
    case_call_init(&setting->one, CONTRACT, "", "0", "1000000");
    setting->one.call.block.number = case_number(&setting->one, "10");
    extvm_options *options = case_options("5s");
    extvm_error error = {EXTVM_OK, ""};
    /* The 100,000 queries of one of the calls take 10 s under valgrind. */
    assert_int_equal(extvm_options_set(options, "call-timeout", "5m", NULL), EXTVM_OK);
    if (extvm_open(address, options, &setting->vm, &error) != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
    extvm_options_free(options);
    setting->later = (struct later){.base = setting->base,
                                    .state = setting->state,
                                    .now = extvm_async_world_of(&setting->world),
                                    .delay = {0, 0}};
}

static void setting_free(struct setting *setting) {
    extvm_close(setting->vm);
    extvm_state_free(setting->state);
    event_base_free(setting->base);
}

static struct async_end run_with(struct setting *setting, const extvm_async_world *world) {
    struct async_end end = {.calls = 0};
    assert_int_equal(extvm_run_async(setting->vm, setting->base, &setting->one.call, world,
                                     async_note_end, &end, NULL),
                     EXTVM_OK);
    assert_int_equal(end.calls, 0); /* not from inside */
    assert_int_equal(event_base_dispatch(setting->base), 1);
    assert_int_equal(end.calls, 1);
    assert_true((end.status == EXTVM_OK) == (end.result != NULL));
    assert_int_equal(end.error.status, end.status);
    return end;
}

/* -- worlds -- */

static void world_that_answers_later_gives_the_same_result(void **unused) {
    (void)unused;
    struct setting setting;
    setting_init(&setting, "test-mode", CURIOUS);
    extvm_result *wanted = NULL;
    extvm_async_world world = later_world(&setting.later);
    setting.later.delay.tv_usec = 1000;
    assert_int_equal(extvm_run(setting.vm, &setting.one.call, &setting.world, &wanted, NULL),
                     EXTVM_OK);
    struct async_end end = run_with(&setting, &world);
    assert_string_equal(end.error.text, "");
    assert_true(result_equal(wanted, end.result));
    extvm_run_stats stats = extvm_result_stats(end.result);
    assert_true(setting.later.queries >= 8);
    assert_true(stats.world_time >= setting.later.queries * UINT64_C(900000));
    assert_int_equal(stats.block_hash_queries, 1);
    extvm_result_free(wanted);
    extvm_result_free(end.result);
    setting_free(&setting);
}

/* An ordinary world that measures the stack it is called with. */
struct measured {
    extvm_world world;
    uintptr_t lowest, highest;
    unsigned queries;
};

static extvm_lookup measured_account(void *context, const extvm_address *address,
                                     extvm_account *out) {
    const struct measured *measured = context;
    return measured->world.account(measured->world.context, address, out);
}

static extvm_lookup measured_storage(void *context, const extvm_address *address, extvm_bytes key,
                                     extvm_bytes *out) {
    struct measured *measured = context;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    measured->queries++;
    measured->lowest = here < measured->lowest ? here : measured->lowest;
    measured->highest = here > measured->highest ? here : measured->highest;
    return measured->world.storage(measured->world.context, address, key, out);
}

static extvm_lookup measured_code(void *context, const extvm_address *address, extvm_bytes *out) {
    const struct measured *measured = context;
    return measured->world.code(measured->world.context, address, out);
}

static extvm_lookup measured_block_hash(void *context, uint64_t number, extvm_word *out) {
    const struct measured *measured = context;
    return measured->world.block_hash(measured->world.context, number, out);
}

static void hundred_thousand_answers_at_once_take_no_more_stack_than_one(void **unused) {
    (void)unused;
    struct setting setting;
    setting_init(&setting, "test-mode", READER);
    setting.one.call.gas_provided = case_number(&setting.one, "212310000");
    setting.one.call.block.gas_limit = setting.one.call.gas_provided;
    struct measured measured = {.world = setting.world, .lowest = UINTPTR_MAX};
    const extvm_world plain = {&measured, measured_account, measured_storage, measured_code,
                               measured_block_hash};
    extvm_async_world world = extvm_async_world_of(&plain);
    struct async_end end = run_with(&setting, &world);
    assert_int_equal(end.status, EXTVM_OK);
    assert_true(measured.queries >= 100000);
    assert_true(measured.highest - measured.lowest < 4096);
    extvm_result_free(end.result);
    setting_free(&setting);
}

static void fail_code(void *context, extvm_answer *answer, const extvm_address *address) {
    (void)context;
    (void)address;
    extvm_answer_failed(answer);
}

static void confuse_code(void *context, extvm_answer *answer, const extvm_address *address) {
    (void)context;
    (void)address;
    extvm_answer_storage(answer, (extvm_bytes){(const uint8_t *)"\x01", 1});
}

static void huge_account(void *context, extvm_answer *answer, const extvm_address *address) {
    static const uint8_t huge[40] = {1};
    const extvm_account account = {.nonce = {huge, 1}, .balance = {huge, sizeof huge}};
    (void)context;
    (void)address;
    extvm_answer_account(answer, &account);
}

static void world_that_cannot_answer_is_no_verdict_and_no_guess(void **unused) {
    (void)unused;
    struct setting setting;
    setting_init(&setting, "test-mode", CURIOUS);
    extvm_async_world good = extvm_async_world_of(&setting.world);
    extvm_async_world bad[] = {good, good, good};
    bad[0].code = fail_code;
    bad[1].code = confuse_code;
    bad[2].account = huge_account;
    for (size_t i = 0; i < 3; i++) {
        struct async_end end = run_with(&setting, &bad[i]);
        assert_int_equal(end.status, EXTVM_WORLD_FAILED);
        assert_non_null(strstr(end.error.text, i < 2 ? "code of 0x" CONTRACT : "2^256"));
        end = run_with(&setting, &good);
        assert_int_equal(end.status, EXTVM_OK);
        extvm_result_free(end.result);
    }
    setting_free(&setting);
}

static void answer_twice(void *context, extvm_answer *answer, const extvm_address *address) {
    struct setting *setting = context;
    extvm_bytes code = {NULL, 0};
    setting->world.code(setting->world.context, address, &code);
    extvm_answer_code(answer, code);
    extvm_answer_failed(answer);
}

static void twice_account(void *context, extvm_answer *answer, const extvm_address *address) {
    struct setting *setting = context;
    setting->later.now.account(setting->later.now.context, answer, address);
}

static void twice_storage(void *context, extvm_answer *answer, const extvm_address *address,
                          extvm_bytes key) {
    struct setting *setting = context;
    setting->later.now.storage(setting->later.now.context, answer, address, key);
}

static void twice_block_hash(void *context, extvm_answer *answer, uint64_t number) {
    struct setting *setting = context;
    setting->later.now.block_hash(setting->later.now.context, answer, number);
}

static void first_answer_to_a_query_is_the_one_that_counts(void **unused) {
    (void)unused;
    struct setting setting;
    setting_init(&setting, "test-mode", CURIOUS);
    const extvm_async_world world = {&setting, twice_account, twice_storage, answer_twice,
                                     twice_block_hash};
    struct async_end end = run_with(&setting, &world);
    assert_int_equal(end.status, EXTVM_OK);
    extvm_result_free(end.result);
    setting_free(&setting);
}

/* -- what is refused -- */

static void arguments_that_cannot_work_are_refused_at_once(void **unused) {
    (void)unused;
    struct setting setting;
    setting_init(&setting, "internal", "00");
    extvm_error error = {EXTVM_OK, ""};
    struct async_end end = {.calls = 0};
    extvm_async_world world = extvm_async_world_of(&setting.world), part = world;
    part.code = NULL;
    assert_int_equal(extvm_run_async(setting.vm, setting.base, &setting.one.call, &world,
                                     async_note_end, &end, &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "inside the library"));
    assert_int_equal(extvm_run_async(setting.vm, setting.base, &setting.one.call, &part,
                                     async_note_end, &end, &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "all its functions"));
    assert_int_equal(
        extvm_run_async(setting.vm, NULL, &setting.one.call, &world, async_note_end, &end, NULL),
        EXTVM_INVALID_ARGUMENT);
    event_base_dispatch(setting.base);
    assert_int_equal(end.calls, 0);
    setting_free(&setting);
}

static void call_that_no_vm_survives_is_refused_and_nothing_is_sent(void **unused) {
    (void)unused;
    struct setting setting;
    setting_init(&setting, "test-mode", CURIOUS);
    setting.one.call.caller = case_address("dddddddddddddddddddddddddddddddddddddddd");
    extvm_async_world world = later_world(&setting.later);
    struct async_end end = run_with(&setting, &world);
    assert_int_equal(end.status, EXTVM_CALLER_ABSENT);
    extvm_vm_stats stats;
    assert_int_equal(extvm_stats(setting.vm, &stats, NULL), EXTVM_OK);
    assert_int_equal(stats.connects, 0);
    assert_int_equal(stats.failures[EXTVM_CALLER_ABSENT], 1);
    setting_free(&setting);
}

/* -- many calls -- */

enum { PROCESSES = 8, CALLS = 200 };

struct many {
    struct setting setting;
    struct case_call calls[CALLS];
    struct many_world {
        struct many *many;
        unsigned number;
        bool was_asked;
        extvm_async_world later;
        struct async_end end;
    } worlds[CALLS];
    unsigned order[CALLS]; /* the calls, as their worlds were asked first */
    unsigned begun, under_way, most_under_way;
};

static void many_account(void *context, extvm_answer *answer, const extvm_address *address) {
    struct many_world *world = context;
    struct many *many = world->many;
    if (!world->was_asked) {
        world->was_asked = true;
        many->order[many->begun++] = world->number;
        many->under_way++;
        many->most_under_way =
            many->under_way > many->most_under_way ? many->under_way : many->most_under_way;
    }
    world->later.account(world->later.context, answer, address);
}

static void many_storage(void *context, extvm_answer *answer, const extvm_address *address,
                         extvm_bytes key) {
    struct many_world *world = context;
    world->later.storage(world->later.context, answer, address, key);
}

static void many_code(void *context, extvm_answer *answer, const extvm_address *address) {
    struct many_world *world = context;
    world->later.code(world->later.context, answer, address);
}

static void many_block_hash(void *context, extvm_answer *answer, uint64_t number) {
    struct many_world *world = context;
    world->later.block_hash(world->later.context, answer, number);
}

static void many_done(void *context, extvm_status status, extvm_result *result,
                      const extvm_error *error) {
    struct many_world *world = context;
    async_note_end(&world->end, status, result, error);
    world->many->under_way--;
}

/* Each call stores its own number: 600035600055. */
static void start_many(struct many *many) {
    for (unsigned i = 0; i < CALLS; i++) {
        char input[65];
        snprintf(input, sizeof input, "%064x", i + 1);
        case_call_init(&many->calls[i], CONTRACT, input, "0", "100000");
        many->worlds[i] = (struct many_world){
            .many = many, .number = i, .later = later_world(&many->setting.later)};
        const extvm_async_world world = {&many->worlds[i], many_account, many_storage, many_code,
                                         many_block_hash};
        assert_int_equal(extvm_run_async(many->setting.vm, many->setting.base, &many->calls[i].call,
                                         &world, many_done, &many->worlds[i], NULL),
                         EXTVM_OK);
    }
}

static void check_many(struct many *many) {
    for (unsigned i = 0; i < CALLS; i++) {
        struct async_end *end = &many->worlds[i].end;
        char number[16];
        size_t count;
        assert_int_equal(end->calls, 1);
        assert_int_equal(end->status, EXTVM_OK);
        const extvm_modified_account *modified = extvm_result_modified(end->result, &count);
        snprintf(number, sizeof number, "%u", i + 1);
        assert_int_equal(modified[0].storage_count, 1);
        assert_integer(modified[0].storage[0].value, number);
        extvm_result_free(end->result);
    }
}

static void run_many(unsigned processes, struct many *many) {
    extvm_testvm *servers[PROCESSES];
    char addresses[1024] = "";
    for (unsigned i = 0; i < processes; i++) {
        assert_int_equal(extvm_testvm_start("127.0.0.1:0", NULL, NULL, &servers[i], NULL),
                         EXTVM_OK);
        snprintf(addresses + strlen(addresses), sizeof addresses - strlen(addresses), "%s%s",
                 i > 0 ? "," : "", extvm_testvm_address(servers[i]));
    }
    memset(many, 0, sizeof *many);
    setting_init(&many->setting, addresses, "60003560005500");
    many->setting.later.delay.tv_usec = processes > 1 ? 1000 : 0;
    start_many(many);
    assert_int_equal(event_base_dispatch(many->setting.base), 1);
    check_many(many);
    extvm_vm_stats stats;
    assert_int_equal(extvm_stats(many->setting.vm, &stats, NULL), EXTVM_OK);
    assert_int_equal(stats.failures[EXTVM_OK], CALLS);
    assert_true(stats.connects <= processes);
    setting_free(&many->setting);
    for (unsigned i = 0; i < processes; i++) {
        extvm_testvm_stop(servers[i]);
    }
}

static void many_calls_on_eight_processes_run_eight_at_a_time_in_order(void **unused) {
    (void)unused;
    static struct many many;
    run_many(PROCESSES, &many);
    assert_int_equal(many.most_under_way, PROCESSES);
    for (unsigned i = 0; i < CALLS; i++) {
        /* Turns that come in the same round of the loop may begin in any order. */
        assert_true(many.order[i] < i + PROCESSES && i < many.order[i] + PROCESSES);
    }
}

static void many_calls_on_one_process_run_one_after_the_other_in_order(void **unused) {
    (void)unused;
    static struct many many;
    run_many(1, &many);
    assert_int_equal(many.most_under_way, 1);
    for (unsigned i = 0; i < CALLS; i++) {
        assert_int_equal(many.order[i], i);
    }
}

enum { THREADS = 4, CALLS_OF_EACH = 25 };

struct waiter {
    pthread_t thread;
    struct setting *setting;
    unsigned good;
};

static void *run_waiting(void *argument) {
    struct waiter *waiter = argument;
    struct setting own; /* a state is one thread's */
    own.state = extvm_state_new(NULL);
    case_account(own.state, CALLER, "4", "1000000000000", "");
    case_account(own.state, CONTRACT, "1", "9", "60003560005500");
    own.world = extvm_state_world(own.state);
    case_call_init(&own.one, CONTRACT, "07", "0", "100000");
    for (unsigned i = 0; i < CALLS_OF_EACH; i++) {
        extvm_result *result = NULL;
        waiter->good +=
            extvm_run(waiter->setting->vm, &own.one.call, &own.world, &result, NULL) == EXTVM_OK
                ? 1
                : 0;
        extvm_result_free(result);
    }
    extvm_state_free(own.state);
    return NULL;
}

static void calls_that_wait_and_calls_of_a_loop_share_a_handle(void **unused) {
    (void)unused;
    static struct many many;
    struct waiter waiters[THREADS];
    memset(&many, 0, sizeof many);
    setting_init(&many.setting, "test-mode", "60003560005500");
    for (unsigned i = 0; i < THREADS; i++) {
        waiters[i] = (struct waiter){.setting = &many.setting};
        assert_int_equal(pthread_create(&waiters[i].thread, NULL, run_waiting, &waiters[i]), 0);
    }
    start_many(&many);
    assert_int_equal(event_base_dispatch(many.setting.base), 1);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(waiters[i].thread, NULL);
        assert_int_equal(waiters[i].good, CALLS_OF_EACH);
    }
    check_many(&many);
    setting_free(&many.setting);
}

/* -- a VM that breaks off -- */

/* The pieces of a call with each kind of query; it may be cut after each. */
static const char *const pieces[] = {"> any\n",
                                     "> any\n",
                                     "< AS\n",
                                     "> any\n",
                                     "< ACC\n",
                                     "> any\n",
                                     "< GETCODE\n",
                                     "> any\n",
                                     "< 0000001c 121a0a14 CC 120200c8\n",
                                     "> any\n",
                                     "< 00000002 2200\n",
                                     "> any\n",
                                     "< 0000\n",
                                     "< 0023 2a21 120101 1a03\n"};
enum { PIECES = sizeof pieces / sizeof pieces[0] };

typedef extvm_status run_fn(extvm_vm *vm, const extvm_call *call, const extvm_world *world,
                            extvm_result **result, extvm_error *error);

/* A VM on which a call is run that breaks off. A stall costs the call the whole wait-timeout, and
 * the whole drain-timeout as well where the VM has not asked for its caller: both are short there.
 * Elsewhere what the VM is about to say is still taken, so that nothing is reset. */
static extvm_vm *open_cut(const struct scripted_vm *scripted, unsigned count, bool stalls,
                          const char *retries) {
    enum { ASKED_FOR_CALLER = 4 /* pieces, and it was answered */ };
    extvm_options *options = case_options(stalls ? "250ms" : "10s");
    const char *drain = stalls && count < ASKED_FOR_CALLER ? "500ms" : "10s";
    assert_int_equal(extvm_options_set(options, "drain-timeout", drain, NULL), EXTVM_OK);
    assert_int_equal(extvm_options_set(options, "call-retries", retries, NULL), EXTVM_OK);
    extvm_vm *vm = case_open(scripted, options);
    extvm_options_free(options);
    return vm;
}

/* The end of a call on a VM that plays `count` pieces and then `end`, and of the good call after.
 */
static extvm_error run_cut(run_fn *run, unsigned count, const char *end, const char *retries) {
    struct setting setting;
    char script[2048] = "";
    for (unsigned i = 0; i < count; i++) {
        strcat(script, pieces[i]);
    }
    strcat(script, end);
    strcat(script, "session\n> any\n> any\n< AS\n> any\n"
                   "< 00000023 2a21 120101 1a030fadf8 220100 TC0\n");
    char *whole = case_definitions(script), address[256];
    struct scripted_vm *scripted = scripted_vm_start(&kevm_protocol, whole, NULL);
    free(whole);
    setting_init(&setting, case_vm_address(scripted, address), "6000");
    extvm_close(setting.vm);
    setting.vm = open_cut(scripted, count, strcmp(end, "stall\n") == 0, retries);
    setting.one.call.gas_provided = case_number(&setting.one, "0xfadf8");
    extvm_error error = {EXTVM_OK, ""}, after = {EXTVM_OK, ""};
    extvm_result *result = NULL;
    run(setting.vm, &setting.one.call, &setting.world, &result, &error);
    extvm_result_free(result);
    if (error.status != EXTVM_OK) {
        /* The good call may take longer than the one that met a stall. */
        client_of(setting.vm)->settings.wait_timeout = 10 * NANOSECONDS_IN_SECOND;
        run(setting.vm, &setting.one.call, &setting.world, &result, &after);
        extvm_result_free(result);
    }
    assert_string_equal(after.text, "");
    setting_free(&setting);
    assert_int_equal(scripted_vm_stop(scripted).resets, 0);
    return error;
}

static void
vm_that_breaks_off_anywhere_has_the_same_status_as_for_a_caller_that_waits(void **unused) {
    static const char *const ends[] = {"half-close\n", "close\n", "reset\n", "stall\n"};
    (void)unused;
    unsigned cells = 0;
    for (unsigned count = 0; count <= PIECES; count++) {
        for (unsigned i = 0; i < sizeof ends / sizeof ends[0]; i++) {
            bool has_read = count > 0 && pieces[count - 1][0] == '>';
            if (!has_read && i > 0) {
                continue; /* which of our answer and its end is first there is left to chance */
            }
            extvm_error wanted = run_cut(extvm_run, count, ends[i], "0");
            extvm_error got = run_cut(async_run, count, ends[i], "0");
            if (got.status != wanted.status || got.status == EXTVM_OK) {
                fail_msg("after %u pieces, %s: waiting: %s; in a loop: %s", count, ends[i],
                         wanted.text, got.text);
            }
            assert_null(strstr(got.text, "again")); /* nothing was */
            cells++;
        }
    }
    print_message("%u places to break off\n", cells);
}

static void call_whose_transport_broke_is_run_again(void **unused) {
    (void)unused;
    for (unsigned count = 4; count <= PIECES; count++) {
        assert_int_equal(run_cut(async_run, count, "half-close\n", "1").status, EXTVM_OK);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(world_that_answers_later_gives_the_same_result),
        cmocka_unit_test(hundred_thousand_answers_at_once_take_no_more_stack_than_one),
        cmocka_unit_test(world_that_cannot_answer_is_no_verdict_and_no_guess),
        cmocka_unit_test(first_answer_to_a_query_is_the_one_that_counts),
        cmocka_unit_test(arguments_that_cannot_work_are_refused_at_once),
        cmocka_unit_test(call_that_no_vm_survives_is_refused_and_nothing_is_sent),
        cmocka_unit_test(many_calls_on_eight_processes_run_eight_at_a_time_in_order),
        cmocka_unit_test(many_calls_on_one_process_run_one_after_the_other_in_order),
        cmocka_unit_test(calls_that_wait_and_calls_of_a_loop_share_a_handle),
        cmocka_unit_test(
            vm_that_breaks_off_anywhere_has_the_same_status_as_for_a_caller_that_waits),
        cmocka_unit_test(call_whose_transport_broke_is_run_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
