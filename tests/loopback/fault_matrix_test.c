/* Every fault at every place of a call, for both VMs: what the caller is told stands in one table,
 * `expected`. Each cell ends in time, never with a wrong result, our side never resets the VM, and
 * the next call on the same handle works. A VM's fault "in an answer" is one while the node still
 * sends. */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka.h"

#include "common/clock.h"
#include "support/async_run.h"
#include "support/rich_call.h"

enum fault {
    DELAY,
    STOP, /* the VM neither reads nor writes, and keeps the connection */
    CLOSE,
    HALF_CLOSE,
    RESET,
    SINGLE_BYTES, /* read and written */
    OVERSIZE,
    GARBAGE,
    DUPLICATE, /* a message twice; where the VM is to listen: what was said last comes again */
    SWAPPED,   /* the message after it comes before it */
    FAULTS
};

enum place {
    HELLO,
    CALL_CONTEXT,
    CALLER_QUERY, /* the first query, without whose answer the real VM loops for ever */
    ACCOUNT_QUERY,
    STORAGE_QUERY,
    CODE_QUERY,
    BLOCK_HASH_QUERY,
    ANSWER, /* to the code query, and larger than what sockets hold */
    RESULT,
    BETWEEN,            /* two calls, and the second is what counts */
    LATER_CALL_CONTEXT, /* the second on a connection */
    LATER_HELLO,        /* to a VM that has worked before */
    PLACES
};

static const char *const fault_names[FAULTS] = {
    "delay",        "stop",     "close",   "half-close", "reset",
    "single bytes", "oversize", "garbage", "duplicate",  "swapped"};
static const char *const place_names[PLACES] = {
    "Hello",           "CallContext",       "the caller's query",  "an account query",
    "a storage query", "a code query",      "a block-hash query",  "an answer",
    "CallResult",      "between two calls", "a later CallContext", "a later Hello"};

/* What becomes of the call. */
enum fate {
    GOOD, /* it works, and the connection is kept */
    ANEW, /* it works, and this call or the next has a new connection */
    SHUT,
    TORN,
    RSET,
    NOTV, /* or it died after Hello: only a second try tells */
    HUGE,
    JUNK,
    AMIS,
    LATE
};

static const struct {
    extvm_status status;
    bool is_retried; /* with call-retries 1 it works: the second session is a good one */
} fates[] = {
    [GOOD] = {EXTVM_OK, false},
    [ANEW] = {EXTVM_OK, false},
    [SHUT] = {EXTVM_VM_CLOSED, true},
    [TORN] = {EXTVM_VM_CLOSED_IN_FRAME, true},
    [RSET] = {EXTVM_VM_RESET, true},
    [NOTV] = {EXTVM_VERSION_REJECTED, true},
    [HUGE] = {EXTVM_FRAME_TOO_LARGE, false},
    [JUNK] = {EXTVM_MALFORMED_MESSAGE, false},
    [AMIS] = {EXTVM_UNEXPECTED_MESSAGE, false},
    [LATE] = {EXTVM_DEADLINE_PASSED, false},
};

/* A close while bytes of the node are unread is a reset, so that "close" is RSET where the VM
 * listens. What VMs say in another order is no fault where each message is one that may come. */
/* clang-format off */
static const enum fate expected[FAULTS][PLACES] = {
    /*               Hello CallC. caller account storage code blockh. answer result between laterC. laterH. */
    [DELAY]        = {GOOD, GOOD, GOOD,  GOOD,   GOOD,   GOOD, GOOD,  GOOD,  GOOD,  GOOD,   GOOD,   GOOD},
    [STOP]         = {LATE, LATE, LATE,  LATE,   LATE,   LATE, LATE,  LATE,  LATE,  LATE,   LATE,   LATE},
    [CLOSE]        = {NOTV, NOTV, TORN,  TORN,   TORN,   TORN, TORN,  RSET,  TORN,  ANEW,   RSET,   NOTV},
    [HALF_CLOSE]   = {NOTV, NOTV, TORN,  TORN,   TORN,   TORN, TORN,  SHUT,  TORN,  ANEW,   SHUT,   NOTV},
    [RESET]        = {NOTV, NOTV, RSET,  RSET,   RSET,   RSET, RSET,  RSET,  RSET,  ANEW,   RSET,   NOTV},
    [SINGLE_BYTES] = {GOOD, GOOD, GOOD,  GOOD,   GOOD,   GOOD, GOOD,  GOOD,  GOOD,  GOOD,   GOOD,   GOOD},
    [OVERSIZE]     = {HUGE, HUGE, HUGE,  HUGE,   HUGE,   HUGE, HUGE,  HUGE,  HUGE,  ANEW,   HUGE,   HUGE},
    [GARBAGE]      = {JUNK, JUNK, JUNK,  JUNK,   JUNK,   JUNK, JUNK,  JUNK,  JUNK,  ANEW,   JUNK,   JUNK},
    [DUPLICATE]    = {JUNK, JUNK, AMIS,  AMIS,   AMIS,   AMIS, AMIS,  GOOD,  ANEW,  ANEW,   AMIS,   JUNK},
    [SWAPPED]      = {AMIS, GOOD, GOOD,  GOOD,   GOOD,   GOOD, GOOD,  GOOD,  ANEW,  ANEW,   GOOD,   AMIS},
};
/* clang-format on */

/* How a call is run: extvm_run, or one that drives an event loop. */
typedef extvm_status run_fn(extvm_vm *vm, const extvm_call *call, const extvm_world *world,
                            extvm_result **result, extvm_error *error);

struct cell {
    const struct dialect *dialect;
    run_fn *run;
    enum fault fault;
    enum place place;
    bool may_retry;
    char failure[256]; /* "": the cell is as expected */
};

static enum fate fate_of(const struct cell *cell) {
    return expected[cell->fault][cell->place];
}

static bool is_retried(const struct cell *cell) {
    return cell->may_retry && fates[fate_of(cell)].is_retried;
}

/* -- the scripts -- */

/* Which message of the dialogue a place is about; RICH_MESSAGES: the VM listens there. */
static enum rich_message message_at(enum place place) {
    static const enum rich_message messages[PLACES] = {
        [HELLO] = RICH_MESSAGES,
        [CALL_CONTEXT] = RICH_MESSAGES,
        [CALLER_QUERY] = RICH_CALLER_QUERY,
        [ACCOUNT_QUERY] = RICH_ACCOUNT_QUERY,
        [STORAGE_QUERY] = RICH_STORAGE_QUERY,
        [CODE_QUERY] = RICH_CODE_QUERY,
        [BLOCK_HASH_QUERY] = RICH_BLOCK_HASH_QUERY,
        [ANSWER] = RICH_MESSAGES,
        [RESULT] = RICH_RESULT,
        [BETWEEN] = RICH_MESSAGES,
        [LATER_CALL_CONTEXT] = RICH_MESSAGES,
        [LATER_HELLO] = RICH_MESSAGES,
    };
    return messages[place];
}

static void put_good_calls(FILE *script, const struct dialect *dialect, unsigned count) {
    for (unsigned i = 0; i < count * RICH_MESSAGES; i++) {
        fprintf(script, "> any\n< %s\n", dialect->messages[i % RICH_MESSAGES]);
    }
}

#define TOO_LARGE "< 00100001 0a\n" /* a byte above max-frame */
#define NO_MESSAGE "< 00000004 ffffffff\n"

/* The fault in message `m`, or instead of it. */
static void put_in_message(FILE *script, const struct cell *cell, enum rich_message m) {
    static const struct {
        const char *before; /* the message; NULL: it is not said */
        const char *after;
        bool is_twice; /* it follows again */
    } forms[FAULTS] = {
        [DELAY] = {"<half ", "\ndelay 30\n<rest ", true},
        [STOP] = {"<half ", "\nhalt\n", false},
        [CLOSE] = {"<half ", "\nclose\n", false},
        [HALF_CLOSE] = {"<half ", "\nhalf-close\n", false},
        [RESET] = {"<half ", "\nreset\n", false},
        [SINGLE_BYTES] = {"sip 1\nsplit 1\n< ", "\n", false},
        [OVERSIZE] = {NULL, TOO_LARGE, false},
        [GARBAGE] = {NULL, NO_MESSAGE, false},
        [DUPLICATE] = {"< ", " ", true},
        [SWAPPED] = {"< RESULT ", "\n", false}, /* queries are exchanged by put_order */
    };
    const char *message =
        cell->dialect->messages[cell->fault == SWAPPED ? RICH_BLOCK_HASH_QUERY : m];
    if (forms[cell->fault].before != NULL) {
        fprintf(script, "%s%s", forms[cell->fault].before, message);
    }
    fputs(forms[cell->fault].after, script);
    if (forms[cell->fault].is_twice) {
        fprintf(script, "%s\n", message);
    }
}

/* What the VM says although it is to listen. */
static const char *unasked(const struct cell *cell) {
    static const char *const again[PLACES] = {
        [HELLO] = "HELLO",       [CALL_CONTEXT] = "0000002c 0a14 S 1214 CC",
        [ANSWER] = "GETCODE",    [BETWEEN] = "RESULT",
        [LATER_HELLO] = "HELLO", [LATER_CALL_CONTEXT] = "RESULT",
    };
    const char *const *messages = cell->dialect->messages;
    if (cell->fault == DUPLICATE) {
        return again[cell->place];
    }
    return cell->place == HELLO || cell->place == LATER_HELLO ? messages[RICH_RESULT]
           : cell->place == ANSWER                            ? messages[RICH_STORAGE_QUERY]
                                                              : messages[RICH_CALLER_QUERY];
}

/* The fault while the VM is to listen. */
static void put_in_listening(FILE *script, const struct cell *cell) {
    static const char *const words[FAULTS] = {
        [DELAY] = "delay 30\n",
        [STOP] = "halt\n",
        [CLOSE] = "close\n",
        [HALF_CLOSE] = "half-close\nmark\n",
        [RESET] = "reset\n",
        [SINGLE_BYTES] = "sip 1\nsplit 1\n",
        [OVERSIZE] = TOO_LARGE "mark\n",
        [GARBAGE] = NO_MESSAGE "mark\n",
    };
    if (words[cell->fault] != NULL) {
        fputs(words[cell->fault], script);
    } else {
        fprintf(script, "< %s\nmark\n", unasked(cell));
    }
    if (cell->fault == SINGLE_BYTES && cell->place == ANSWER) {
        fputs("take 5000\nsip 0\n", script);
    }
}

/* The order of the VM's messages in the faulty call: two are exchanged when that is the fault. */
static void put_order(const struct cell *cell, enum rich_message order[RICH_MESSAGES]) {
    for (unsigned i = 0; i < RICH_MESSAGES; i++) {
        order[i] = (enum rich_message)i;
    }
    enum rich_message m = message_at(cell->place);
    if (cell->fault == SWAPPED && m < RICH_RESULT) {
        unsigned first = m == RICH_BLOCK_HASH_QUERY ? m - 1 : m;
        order[first] = (enum rich_message)(first + 1);
        order[first + 1] = (enum rich_message)first;
    }
}

/* What the VM hears before each of its messages, with the fault where it belongs. */
static bool put_listening(FILE *script, const struct cell *cell, enum rich_message next) {
    bool in_context = next == RICH_CALLER_QUERY &&
                      (cell->place == CALL_CONTEXT || cell->place == LATER_CALL_CONTEXT);
    bool in_answer = next == RICH_STORAGE_QUERY && cell->place == ANSWER;
    if (in_context || in_answer) {
        fputs(in_answer ? "take 100\n" : "take 10\n", script);
        put_in_listening(script, cell);
        if (fates[fate_of(cell)].status != EXTVM_OK) {
            return false;
        }
        if (in_answer && cell->fault == DUPLICATE) {
            fputs("> any\n", script); /* it is answered twice */
        }
    }
    fputs("> any\n", script);
    return true;
}

/* The faulty call, after its Hello, as far as it goes. */
static void put_faulty_call(FILE *script, const struct cell *cell) {
    enum rich_message order[RICH_MESSAGES], at = message_at(cell->place);
    put_order(cell, order);
    for (unsigned i = 0; i < RICH_MESSAGES; i++) {
        if (!put_listening(script, cell, (enum rich_message)i)) {
            return;
        }
        bool is_said = cell->fault == SWAPPED &&
                       ((cell->place == ANSWER && i == RICH_STORAGE_QUERY) ||
                        (i == RICH_CALLER_QUERY &&
                         (cell->place == CALL_CONTEXT || cell->place == LATER_CALL_CONTEXT)));
        bool is_here = order[i] == at && !(cell->fault == SWAPPED && at != RICH_RESULT);
        if (is_here) {
            put_in_message(script, cell, order[i]);
            if (fates[fate_of(cell)].status != EXTVM_OK) {
                return;
            }
        } else if (!is_said) {
            fprintf(script, "< %s\n", cell->dialect->messages[order[i]]);
        }
    }
}

static void put_sessions(FILE *script, const struct cell *cell) {
    enum fate fate = fate_of(cell);
    bool is_later = cell->place >= BETWEEN;
    if (is_later) {
        fputs("> any\n", script);
        put_good_calls(script, cell->dialect, 1);
    }
    if (cell->place == LATER_HELLO) {
        fputs("half-close\nmark\nsession\n", script);
    }
    bool has_hello = !is_later || cell->place == LATER_HELLO;
    bool at_hello = cell->place == HELLO || cell->place == LATER_HELLO;
    bool is_early = at_hello && cell->fault == SINGLE_BYTES; /* Hello itself comes so */
    fputs(has_hello && !is_early ? "> any\n" : "", script);
    if (at_hello || cell->place == BETWEEN) {
        put_in_listening(script, cell);
    }
    fputs(is_early ? "> any\n" : "", script);
    bool goes_on = fate == GOOD || (cell->place != HELLO && cell->place < BETWEEN) ||
                   cell->place == LATER_CALL_CONTEXT;
    if (goes_on) {
        put_faulty_call(script, cell);
    }
    if (fate == GOOD) {
        put_good_calls(script, cell->dialect, 1);
    } else {
        bool again = is_retried(cell) || (fate == ANEW && cell->place == BETWEEN);
        fputs("session\n> any\n", script);
        put_good_calls(script, cell->dialect, again ? 2 : 1);
    }
}

static struct scripted_vm *start(const struct cell *cell) {
    char *text, *whole;
    size_t size;
    FILE *script = open_memstream(&text, &size);
    fputs(cell->dialect->result, script);
    put_sessions(script, cell);
    fclose(script);
    whole = case_definitions_of(cell->dialect->definitions, text);
    free(text);
    struct scripted_vm *scripted = scripted_vm_start(cell->dialect->protocol, whole, NULL);
    free(whole);
    return scripted;
}

/* -- one cell -- */

/* Milliseconds a call may take where the VM stops, and so also the calls that work before and after
 * it on the same handle: those on a busy machine, and valgrind needs more. */
static unsigned patience(void) {
    return getenv("WRAPPER") != NULL ? 5000 : 2000;
}

enum { DRAIN = 50, SLACK = 8000 /* of a busy machine; milliseconds */ };

static extvm_vm *open_for(const struct cell *cell, const struct scripted_vm *scripted) {
    char time[32], drain[32];
    extvm_options *options = case_options("15s");
    snprintf(time, sizeof time, "%ums", fate_of(cell) == LATE ? patience() : 15000);
    snprintf(drain, sizeof drain, "%dms", DRAIN);
    const char *const settings[][2] = {{"call-timeout", time},
                                       {"drain-timeout", drain},
                                       {"max-frame", "1MiB"},
                                       {"call-retries", cell->may_retry ? "1" : "0"}};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        assert_int_equal(extvm_options_set(options, settings[i][0], settings[i][1], NULL),
                         EXTVM_OK);
    }
    extvm_vm *vm = case_open(scripted, options);
    extvm_options_free(options);
    return vm;
}

static uint8_t large_code[6 << 20]; /* zeros; never written */

static extvm_lookup find_large_code(void *context, const extvm_address *address, extvm_bytes *out) {
    (void)context;
    (void)address;
    *out = (extvm_bytes){large_code, sizeof large_code};
    return EXTVM_LOOKUP_FOUND;
}

static void complain(struct cell *cell, const char *what, const char *detail) {
    if (cell->failure[0] == '\0') {
        snprintf(cell->failure, sizeof cell->failure, "%s: %.200s", what, detail);
    }
}

/* Runs a call that ends with `wanted`, in `attempts` attempts, within the time. */
static void run_one(struct cell *cell, extvm_vm *vm, const struct rich *rich, const char *which,
                    extvm_status wanted, unsigned attempts) {
    extvm_result *result = NULL;
    extvm_error error = {EXTVM_OK, ""};
    uint64_t start_time = clock_now();
    extvm_status status = cell->run(vm, &rich->one.call, &rich->world, &result, &error);
    uint64_t took = (clock_now() - start_time) / NANOSECONDS_IN_MILLISECOND;
    const char *difference = result != NULL ? rich_difference(rich->dialect, result) : NULL;
    char text[64];
    snprintf(text, sizeof text, "%llu ms", (unsigned long long)took);
    if (status != wanted) {
        complain(cell, which, status == EXTVM_OK ? "it worked" : error.text);
    } else if ((status == EXTVM_OK) != (result != NULL) || status != error.status) {
        complain(cell, which, "status, result and error do not go together");
    } else if (strstr(error.text, "tried again") != NULL) {
        complain(cell, "says so without another try", error.text);
    } else if (difference != NULL) {
        complain(cell, "a wrong result", difference);
    } else if (result != NULL && extvm_result_stats(result).attempts != attempts) {
        complain(cell, which, "not as many attempts as expected");
    } else if (took > (wanted == EXTVM_DEADLINE_PASSED ? patience() + DRAIN : 0) + SLACK ||
               (wanted == EXTVM_DEADLINE_PASSED && took + 1 < patience())) {
        complain(cell, "not in time", text);
    }
    extvm_result_free(result);
}

static void check_report(struct cell *cell, const struct scripted_vm_report *report) {
    unsigned sessions = (cell->place == LATER_HELLO ? 2U : 1U) + (fate_of(cell) == GOOD ? 0U : 1U);
    char text[64];
    snprintf(text, sizeof text, "%u sessions, expected %u; %u resets", report->sessions, sessions,
             report->resets);
    if (report->failure[0] != '\0') {
        complain(cell, "the VM", report->failure);
    } else if (report->sessions != sessions || report->resets != 0) {
        complain(cell, "the VM saw", text);
    }
}

static void run_cell(struct cell *cell) {
    struct rich rich;
    struct scripted_vm *scripted = start(cell);
    if (scripted == NULL) {
        complain(cell, "the script", "does not parse");
        return;
    }
    extvm_vm *vm = open_for(cell, scripted);
    rich_init(&rich, cell->dialect);
    rich.world.code = cell->place == ANSWER ? find_large_code : rich.world.code;
    if (cell->place >= BETWEEN) {
        run_one(cell, vm, &rich, "the call before", EXTVM_OK, 1);
    }
    bool is_told = fate_of(cell) == ANEW && cell->place == BETWEEN;
    if ((is_told || cell->place == LATER_HELLO) && !scripted_vm_wait_for_mark(scripted)) {
        complain(cell, "the VM", "did not come to its fault");
    }
    bool again = is_retried(cell);
    run_one(cell, vm, &rich, "the call", again ? EXTVM_OK : fates[fate_of(cell)].status,
            again ? 2 : 1);
    if (cell->fault == STOP) {
        scripted_vm_release(scripted);
        if (!scripted_vm_wait_for_mark(scripted)) {
            complain(cell, "the VM", "did not come back");
        }
    }
    rich.world.code = extvm_state_world(rich.state).code;
    run_one(cell, vm, &rich, "the call after", EXTVM_OK, 1);
    extvm_close(vm);
    struct scripted_vm_report report = scripted_vm_stop(scripted);
    check_report(cell, &report);
    rich_free(&rich);
}

/* -- all of them -- */

enum { THREADS = 8, CELLS = FAULTS * PLACES * 2, STOPS = PLACES * 2 };

struct matrix {
    struct cell cells[CELLS];
    atomic_uint next;
};

/* All but those in which the VM stops. */
static void *run_cells(void *argument) {
    struct matrix *matrix = argument;
    for (;;) {
        unsigned i = atomic_fetch_add(&matrix->next, 1);
        if (i >= CELLS) {
            return NULL;
        }
        if (matrix->cells[i].fault != STOP) {
            run_cell(&matrix->cells[i]);
        }
    }
}

static void *run_stop(void *cell) {
    run_cell(cell);
    return NULL;
}

/* A cell in which the VM stops only waits, so that each of those has a thread of its own. */
static void run_all_cells(struct matrix *matrix) {
    pthread_t threads[THREADS + STOPS];
    unsigned count = 0;
    for (unsigned i = 0; i < CELLS; i++) {
        struct cell *cell = &matrix->cells[i];
        if (cell->fault == STOP) {
            assert_int_equal(pthread_create(&threads[count++], NULL, run_stop, cell), 0);
        }
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[count++], NULL, run_cells, matrix), 0);
    }
    assert_int_equal(count, THREADS + STOPS);
    for (unsigned i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
}

static unsigned open_descriptors(void) {
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL) {
        count++;
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return count;
}

static unsigned all_cells;

static void run_matrix(const struct dialect *dialect, run_fn *run, const char *how) {
    static struct matrix matrix;
    unsigned failed = 0, before = open_descriptors();
    atomic_store(&matrix.next, 0);
    for (unsigned i = 0; i < CELLS; i++) {
        matrix.cells[i] = (struct cell){.dialect = dialect,
                                        .run = run,
                                        .fault = (enum fault)(i / 2 % FAULTS),
                                        .place = (enum place)(i / 2 / FAULTS),
                                        .may_retry = i % 2 == 1};
    }
    run_all_cells(&matrix);
    for (unsigned i = 0; i < CELLS; i++) {
        const struct cell *cell = &matrix.cells[i];
        if (cell->failure[0] != '\0') {
            print_error("%s, %s: %s%s: %s\n", fault_names[cell->fault], place_names[cell->place],
                        how, cell->may_retry ? ", retries" : "", cell->failure);
            failed++;
        }
    }
    print_message("# %u cells: %d faults, %d places, with and without a retry: %s\n",
                  (unsigned)CELLS, FAULTS, PLACES, how);
    all_cells += CELLS;
    assert_int_equal(failed, 0);
    assert_int_equal(open_descriptors(), before);
}

static void each_fault_at_each_place_of_a_kevm_call_has_its_status(void **unused) {
    (void)unused;
    run_matrix(&rich_kevm, extvm_run, "KEVM, blocking");
}

static void each_fault_at_each_place_of_an_iele_call_has_its_status(void **unused) {
    (void)unused;
    run_matrix(&rich_iele, extvm_run, "IELE, blocking");
}

static void each_fault_at_each_place_of_a_kevm_call_in_an_event_loop_has_its_status(void **unused) {
    (void)unused;
    run_matrix(&rich_kevm, async_run, "KEVM, async");
}

static void
each_fault_at_each_place_of_an_iele_call_in_an_event_loop_has_its_status(void **unused) {
    (void)unused;
    run_matrix(&rich_iele, async_run, "IELE, async");
    print_message("# %u cells in all\n", all_cells);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_at_each_place_of_a_kevm_call_has_its_status),
        cmocka_unit_test(each_fault_at_each_place_of_an_iele_call_has_its_status),
        cmocka_unit_test(each_fault_at_each_place_of_a_kevm_call_in_an_event_loop_has_its_status),
        cmocka_unit_test(each_fault_at_each_place_of_an_iele_call_in_an_event_loop_has_its_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
