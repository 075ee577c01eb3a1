/* The test-mode server as an IELE process: on the wire as protocol/iele.md says, byte by byte, but
 * without what kills the real one; and beside KEVM on the same socket. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <extvm/iele.h>
#include <extvm/ieleasm.h>

#include "support/cases.h"
#include "support/script.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"
#define TINY "a24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3"
#define TINY_CODE "0000001b6302690003696e63670000000068000100016101010112f6000102"

enum { ACCOUNT_QUERY = 0x18 /* bytes of one in a frame */ };

static extvm_testvm *start(void) {
    extvm_testvm *server = NULL;
    extvm_error error = {EXTVM_OK, ""};
    if (extvm_testvm_start("127.0.0.1:0", NULL, NULL, &server, &error) != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
    return server;
}

/* -- a node that says what it is told to -- */

static int connect_raw(const extvm_testvm *server) {
    const struct timeval patience = {10, 0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const char *text = extvm_testvm_address_for(server, "iele");
    assert_memory_equal(text, "iele://127.0.0.1:", 17);
    address.sin_port = htons((uint16_t)atoi(strrchr(text, ':') + 1));
    int made = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(made, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    return made;
}

static void send_hex(int socket, const char *hex) {
    uint8_t bytes[512];
    size_t size;
    assert_int_equal(extvm_bytes_from_hex(hex, bytes, sizeof bytes, &size), EXTVM_OK);
    assert_int_equal(send(socket, bytes, size, MSG_NOSIGNAL), size);
}

/* Receives until the server ends the session, properly; how many bytes came. */
static size_t read_to_end(int socket) {
    char discarded[256];
    ssize_t size;
    size_t total = 0;
    while ((size = recv(socket, discarded, sizeof discarded, 0)) > 0) {
        total += (size_t)size;
    }
    if (size < 0) {
        fail_msg("the server did not end the session: %s", strerror(errno));
    }
    return total;
}

/* Receives one frame; the size of its body. */
static size_t read_frame(int socket) {
    uint8_t header[4], body[1024];
    assert_int_equal(recv(socket, header, sizeof header, MSG_WAITALL), sizeof header);
    size_t size = (size_t)header[2] << 8 | header[3];
    assert_true(header[0] == 0 && header[1] == 0 && size <= sizeof body);
    assert_int_equal(recv(socket, body, size, MSG_WAITALL), size);
    return size;
}

static void expect_bytes(int socket, const struct step *step, const char *script) {
    uint8_t got[1024];
    assert_true(step->size <= sizeof got);
    ssize_t size = recv(socket, got, step->size, MSG_WAITALL);
    if (size != (ssize_t)step->size || memcmp(got, step->data, step->size) != 0) {
        char text[EXTVM_HEX_SIZE(sizeof got)];
        fail_msg("%s: instead of what step %u says there came %s", script, step->line,
                 extvm_bytes_to_hex((extvm_bytes){got, size > 0 ? (size_t)size : 0}, text));
    }
}

/* What is compared of the last frame, the result. */
enum last { ALL_OF_IT, ITS_LENGTH };

/* Plays the node's part of a script that is written for a VM. */
static void play(const extvm_testvm *server, const char *name, enum last last) {
    struct script script;
    char error[256];
    char *text = case_script(name);
    assert_true(script_parse(text, &script, error));
    free(text);
    int socket = connect_raw(server);
    for (size_t i = 0; i < script.count; i++) {
        const struct step *step = &script.steps[i];
        if (step->kind == STEP_EXPECT) {
            assert_int_equal(send(socket, step->data, step->size, MSG_NOSIGNAL), step->size);
        } else if (i + 1 == script.count && last == ITS_LENGTH) {
            assert_int_equal(read_frame(socket) + 4, step->size);
        } else {
            assert_int_equal(step->kind, STEP_SEND);
            expect_bytes(socket, step, name);
        }
    }
    shutdown(socket, SHUT_WR);
    assert_int_equal(read_to_end(socket), 0);
    close(socket);
    script_free(&script);
}

/* -- the wire -- */

static void each_worked_exchange_is_played_byte_by_byte(void **unused) {
    static const char *const names[] = {"iele-create",
                                        "iele-increase",
                                        "iele-increase-127",
                                        "iele-increase-negative",
                                        "iele-put",
                                        "iele-erase",
                                        "iele-put-negative",
                                        "iele-payment",
                                        "iele-unknown-function",
                                        "iele-ill-formed",
                                        "iele-revert",
                                        "iele-revert-zero"};
    (void)unused;
    extvm_testvm *server = start();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        play(server, names[i], ALL_OF_IT);
    }
    /* The page does not say how much gas these leave. */
    play(server, "iele-block-hash", ITS_LENGTH);
    play(server, "iele-block-hash-far", ITS_LENGTH);
    extvm_testvm_stop(server);
}

static void assert_serves(const extvm_testvm *server) {
    play(server, "iele-increase", ALL_OF_IT);
}

static void hello_of_a_version_that_nobody_speaks_ends_the_session_without_a_word(void **unused) {
    static const char *const hellos[] = {
        "000000070a03332e311a00", /* 3.1 */
        "000000070a03322e311a00", /* 2.1 */
        "000000060a02332e1a00",   /* 3. */
        "000000090a05332e302e301a00",
        "00000000",   /* no version */
        "00000001ff", /* no message */
    };
    (void)unused;
    extvm_testvm *server = start();
    for (size_t i = 0; i < sizeof hellos / sizeof hellos[0]; i++) {
        int socket = connect_raw(server);
        send_hex(socket, hellos[i]);
        assert_int_equal(read_to_end(socket), 0);
        close(socket);
    }
    assert_serves(server);
    extvm_testvm_stop(server);
}

#define HELLO "000000070a03332e301a00"
/* A call from a1…a1 to cc…cc with 0xf0000 gas, but for its input, whose field follows. */
#define CALL_START "0a14" CALLER "1214" CONTRACT "32030f0000"
/* The same for a create. */
#define CREATE_START "0a14" CALLER "32030f0000"

/* The frame that holds this body. */
static void send_frame(int socket, const char *body) {
    char frame[600];
    snprintf(frame, sizeof frame, "%08zx%s", strlen(body) / 2, body);
    send_hex(socket, frame);
}

static void call_data_that_would_kill_the_real_vm_ends_the_session_cleanly(void **unused) {
    static const char *const calls[] = {
        "",                          /* an empty CallContext: a create of nothing */
        CALL_START,                  /* no input */
        CALL_START "1a0483616263",   /* a string */
        CALL_START "1a01c0",         /* an empty list */
        CALL_START "1a05c483616263", /* one element */
        CALL_START "1a06c5c0"
                   "83616263",           /* the list first */
        CALL_START "1a07c683616263c1c0", /* an argument that is a list */
        CALL_START "1a06c583616263c1",   /* past the end */
        CREATE_START "1a0483616263",
        "ffffff", /* no CallContext */
    };
    (void)unused;
    extvm_testvm *server = start();
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        int socket = connect_raw(server);
        send_hex(socket, HELLO);
        send_frame(socket, calls[i]);
        assert_int_equal(read_to_end(socket), 0);
        close(socket);
    }
    assert_serves(server);
    extvm_testvm_stop(server);
}

static void create_of_a_caller_with_nonce_0_ends_the_session_cleanly(void **unused) {
    (void)unused;
    extvm_testvm *server = start();
    int socket = connect_raw(server);
    send_hex(socket, HELLO);
    send_frame(socket, CREATE_START "1a22e19f" TINY_CODE "c0");
    assert_int_equal(read_frame(socket), ACCOUNT_QUERY);
    send_frame(socket, "0a0100"
                       "120109"
                       "1801");
    assert_int_equal(read_to_end(socket), 0);
    close(socket);
    assert_serves(server);
    extvm_testvm_stop(server);
}

/* The real one goes on with answers of its own making (section 12). */
static void node_that_closes_while_an_answer_is_due_ends_only_its_own_call(void **unused) {
    (void)unused;
    extvm_testvm *server = start();
    int socket = connect_raw(server);
    send_hex(socket, HELLO);
    send_frame(socket, CALL_START "1a07c683696e63c129");
    shutdown(socket, SHUT_WR);
    assert_int_equal(read_to_end(socket), 4 + ACCOUNT_QUERY); /* GetAccount, and no result */
    close(socket);
    assert_serves(server);
    extvm_testvm_stop(server);
}

/* -- beside KEVM -- */

enum { CALLS = 60 };

struct client {
    const char *address;
    void (*run)(extvm_vm *vm, unsigned number);
    pthread_t thread;
};

static void run_kevm(extvm_vm *vm, unsigned number) {
    struct case_call one;
    extvm_result *result = NULL;
    extvm_state *state = extvm_state_new(NULL);
    case_account(state, CALLER, "4", "1000000000000", "");
    case_account(state, CONTRACT, "1", "9", "60005460010160005260206000f3"); /* storage[0] + 1 */
    char text[16], wanted[80];
    snprintf(text, sizeof text, "%u", number);
    case_storage(state, CONTRACT, "0", text);
    case_call_init(&one, CONTRACT, "", "0", "1000000");
    const extvm_world world = extvm_state_world(state);
    assert_int_equal(extvm_run(vm, &one.call, &world, &result, NULL), EXTVM_OK);
    snprintf(wanted, sizeof wanted, "%064x", number + 1);
    assert_bytes(extvm_result_return_data(result), wanted);
    extvm_result_free(result);
    extvm_state_free(state);
}

static void run_iele(extvm_vm *vm, unsigned number) {
    struct case_call one;
    extvm_result *result = NULL;
    extvm_state *state = extvm_state_new(NULL);
    uint8_t *data;
    char text[16], wanted[16];
    extvm_bytes returned;
    size_t size, count;
    case_account(state, CALLER, "4", "1000000000000", "");
    case_account(state, TINY, "1", "0", TINY_CODE);
    case_call_init(&one, TINY, "", "0", "1000000");
    snprintf(text, sizeof text, "-%u", number);
    snprintf(wanted, sizeof wanted, "%d", 1 - (int)number);
    extvm_bytes argument = case_number(&one, text);
    assert_int_equal(extvm_iele_call("inc", &argument, 1, NULL, &data, &size, NULL), EXTVM_OK);
    one.call.input = (extvm_bytes){data, size};
    const extvm_world world = extvm_state_world(state);
    assert_int_equal(extvm_run(vm, &one.call, &world, &result, NULL), EXTVM_OK);
    assert_int_equal(
        extvm_iele_returns(extvm_result_return_data(result), &returned, 1, &count, NULL), EXTVM_OK);
    assert_int_equal(count, 1);
    assert_integer(returned, wanted);
    extvm_result_free(result);
    extvm_state_free(state);
    free(data);
}

static void *run_client(void *argument) {
    const struct client *client = argument;
    extvm_vm *vm = NULL;
    extvm_options *options = case_options("20s");
    assert_int_equal(extvm_open(client->address, options, &vm, NULL), EXTVM_OK);
    for (unsigned i = 0; i < CALLS; i++) {
        client->run(vm, i);
    }
    extvm_close(vm);
    extvm_options_free(options);
    return NULL;
}

static void both_protocols_are_spoken_on_one_socket_at_the_same_time(void **unused) {
    (void)unused;
    extvm_testvm *server = start();
    const char *kevm = extvm_testvm_address_for(server, "kevm");
    const char *iele = extvm_testvm_address_for(server, "iele");
    assert_string_equal(kevm, extvm_testvm_address(server));
    assert_string_equal(strchr(kevm, ':'), strchr(iele, ':'));
    assert_null(extvm_testvm_address_for(server, "evm"));
    assert_null(extvm_testvm_address_for(server, NULL));
    struct client clients[] = {{.address = kevm, .run = run_kevm},
                               {.address = iele, .run = run_iele},
                               {.address = kevm, .run = run_kevm},
                               {.address = iele, .run = run_iele}};
    enum { CLIENTS = sizeof clients / sizeof clients[0] };
    for (size_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), 0);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
    }
    extvm_testvm_stop(server);
}

/* -- programs without an end -- */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct endless {
    const char *address, *timeout; /* of the call */
    extvm_status status;
};

static void *run_endless(void *argument) {
    static const char source[] =
        "contract Spin { define @init() { ret void } define public @spin() { again: br again } }";
    struct endless *endless = argument;
    struct case_call one;
    extvm_vm *vm = NULL;
    extvm_result *result = NULL;
    uint8_t *code, *data;
    size_t code_size, size;
    extvm_options *options = case_options("20s");
    extvm_state *state = extvm_state_new(NULL);
    const extvm_address contract = case_address(CONTRACT);
    extvm_options_set(options, "call-timeout", endless->timeout, NULL);
    extvm_options_set(options, "call-retries", "0", NULL);
    assert_int_equal(
        extvm_iele_assemble(source, sizeof source - 1, NULL, NULL, &code, &code_size, NULL),
        EXTVM_OK);
    assert_int_equal(extvm_iele_call("spin", NULL, 0, NULL, &data, &size, NULL), EXTVM_OK);
    case_account(state, CALLER, "4", "1000000000000", "");
    case_account(state, CONTRACT, "1", "0", "");
    extvm_state_set_code(state, &contract, (extvm_bytes){code, code_size});
    case_call_init(&one, CONTRACT, "", "0", "9000000000000000");
    one.call.input = (extvm_bytes){data, size};
    const extvm_world world = extvm_state_world(state);
    assert_int_equal(extvm_open(endless->address, options, &vm, NULL), EXTVM_OK);
    endless->status = extvm_run(vm, &one.call, &world, &result, NULL);
    extvm_close(vm);
    extvm_state_free(state);
    extvm_options_free(options);
    free(code);
    free(data);
    return NULL;
}

static void endless_program_ends_at_its_deadline(void **unused) {
    (void)unused;
    static const char *const addresses[] = {"internal-iele", "test-mode-iele"};
    for (size_t i = 0; i < 2; i++) {
        struct endless endless = {addresses[i], "200ms", EXTVM_OK};
        double start_time = now();
        run_endless(&endless);
        assert_int_equal(endless.status, EXTVM_DEADLINE_PASSED);
        assert_true(now() - start_time < 5);
    }
}

static void stopping_while_an_endless_program_runs_takes_two_seconds_at_most(void **unused) {
    (void)unused;
    extvm_testvm *server = start();
    struct endless endless = {extvm_testvm_address_for(server, "iele"), "1m", EXTVM_OK};
    const struct timespec moment = {0, 300000000};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_endless, &endless), 0);
    nanosleep(&moment, NULL);
    double start_time = now();
    extvm_testvm_stop(server);
    assert_true(now() - start_time < 2.5);
    pthread_join(thread, NULL);
    assert_int_not_equal(endless.status, EXTVM_OK);
}

/* -- without memory -- */

/* An allocator of a server's that can be told to refuse once. */
struct refusing {
    atomic_long countdown; /* the allocation that is refused is the one that makes it 0 */
};

static bool refuses(void *context) {
    return atomic_fetch_sub(&((struct refusing *)context)->countdown, 1) == 1;
}

static void *refusing_allocate(void *context, size_t size) {
    return refuses(context) ? NULL : malloc(size);
}

static void *refusing_resize(void *context, void *memory, size_t old_size, size_t size) {
    (void)old_size;
    return refuses(context) ? NULL : realloc(memory, size);
}

static void refusing_release(void *context, void *memory) {
    (void)context;
    free(memory);
}

/* Runs one call of each protocol on a handle of its own; whether both worked. */
static bool run_both(const extvm_testvm *server) {
    static const struct {
        const char *protocol, *recipient, *code, *input;
    } calls[] = {{"kevm", CONTRACT, "60005460010160015500", ""},
                 {"iele", TINY, TINY_CODE, "c683696e63c129"}};
    bool worked = true;
    for (size_t i = 0; i < 2; i++) {
        struct case_call one;
        extvm_result *result = NULL;
        extvm_vm *vm = NULL;
        extvm_error error = {EXTVM_OK, ""};
        extvm_options *options = case_options("5s");
        extvm_state *state = extvm_state_new(NULL);
        case_account(state, CALLER, "4", "1000000000000", "");
        case_account(state, calls[i].recipient, "1", "0", calls[i].code);
        case_call_init(&one, calls[i].recipient, calls[i].input, "0", "1000000");
        extvm_options_set(options, "call-retries", "0", NULL);
        assert_int_equal(
            extvm_open(extvm_testvm_address_for(server, calls[i].protocol), options, &vm, NULL),
            EXTVM_OK);
        const extvm_world world = extvm_state_world(state);
        extvm_status status = extvm_run(vm, &one.call, &world, &result, &error);
        extvm_status_class what = extvm_status_classify(status);
        if (what != EXTVM_CLASS_OK && what != EXTVM_CLASS_REJECTED && what != EXTVM_CLASS_BROKEN) {
            fail_msg("%s", error.text);
        }
        worked = worked && status == EXTVM_OK;
        extvm_result_free(result);
        extvm_close(vm);
        extvm_state_free(state);
        extvm_options_free(options);
    }
    return worked;
}

static void a_server_short_of_memory_ends_a_session_and_lives_on(void **unused) {
    (void)unused;
    struct refusing refusing = {0};
    const extvm_allocator allocator = {&refusing, refusing_allocate, refusing_resize,
                                       refusing_release};
    unsigned refused = 0;
    bool is_enough = false; /* no allocation was refused any more */
    for (long n = 1; n < 1000 && !is_enough; n++) {
        extvm_options *options = extvm_options_new(&allocator);
        extvm_testvm *server = NULL;
        assert_int_equal(extvm_testvm_start("127.0.0.1:0", NULL, options, &server, NULL), EXTVM_OK);
        atomic_store(&refusing.countdown, n);
        bool worked = run_both(server);
        is_enough = atomic_load(&refusing.countdown) > 0;
        refused += worked ? 0 : 1;
        atomic_store(&refusing.countdown, 0);
        assert_true(worked || !is_enough);
        assert_true(run_both(server));
        extvm_testvm_stop(server);
        extvm_options_free(options);
    }
    assert_true(is_enough);
    assert_true(refused > 20);
}

static void a_session_stays_with_the_protocol_of_its_hello(void **unused) {
    (void)unused;
    extvm_testvm *server = start();
    int socket = connect_raw(server);
    send_hex(socket, "000000070a03322e321a00"); /* KEVM's, which does not mind such call data */
    send_frame(socket, CALL_START "1a07c683696e63c129");
    assert_int_equal(read_frame(socket), ACCOUNT_QUERY);
    send_frame(socket, "0a0102"
                       "120109"
                       "1801");
    assert_int_equal(read_frame(socket), ACCOUNT_QUERY);
    send_frame(socket, "1801");
    read_frame(socket);      /* the result */
    send_hex(socket, HELLO); /* not now: it is no CallContext */
    assert_int_equal(read_to_end(socket), 0);
    close(socket);
    assert_serves(server);
    extvm_testvm_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_worked_exchange_is_played_byte_by_byte),
        cmocka_unit_test(hello_of_a_version_that_nobody_speaks_ends_the_session_without_a_word),
        cmocka_unit_test(call_data_that_would_kill_the_real_vm_ends_the_session_cleanly),
        cmocka_unit_test(create_of_a_caller_with_nonce_0_ends_the_session_cleanly),
        cmocka_unit_test(node_that_closes_while_an_answer_is_due_ends_only_its_own_call),
        cmocka_unit_test(both_protocols_are_spoken_on_one_socket_at_the_same_time),
        cmocka_unit_test(endless_program_ends_at_its_deadline),
        cmocka_unit_test(stopping_while_an_endless_program_runs_takes_two_seconds_at_most),
        cmocka_unit_test(a_server_short_of_memory_ends_a_session_and_lives_on),
        cmocka_unit_test(a_session_stays_with_the_protocol_of_its_hello),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
