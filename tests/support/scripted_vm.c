/* A VM for tests that plays a script over a real socket. */
#include "support/scripted_vm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <extvm/allocator.h>

#include "common/protobuf.h"
#include "common/session.h"
#include "support/script.h"

enum { PATIENCE = 20000 /* milliseconds; a test that waits longer has failed */ };

struct scripted_vm {
    const struct protocol *protocols[2]; /* the one, and NULL */
    struct script script;
    char address[128];
    int listener, stop;   /* sockets; `stop` becomes readable when the VM is to stop */
    int released, marked; /* become readable when the VM may go on, and when it was at a mark */
    pthread_t thread;
    struct scripted_vm_report report;
    size_t at;                         /* the step to be played */
    unsigned split, sip;               /* 0: no pieces */
    uint8_t header[FRAME_HEADER_SIZE]; /* of the frame that is taken in parts */
    size_t taken;                      /* bytes of it */
    int slow_end;                      /* milliseconds */
    struct session session;            /* follows the dialogue */
    bool follows;                      /* false once the script has left the protocol */
};

static void fail(struct scripted_vm *vm, const char *what, const char *detail) {
    if (vm->report.failure[0] == '\0') {
        unsigned line = vm->at < vm->script.count ? vm->script.steps[vm->at].line : 0;
        snprintf(vm->report.failure, sizeof vm->report.failure, "script line %u: %s%.380s", line,
                 what, detail);
    }
}

/* Waits for the socket; false when the VM is to stop, or patience is over. */
static bool wait_for(struct scripted_vm *vm, int socket, int milliseconds) {
    struct pollfd wanted[2] = {{.fd = socket, .events = POLLIN},
                               {.fd = vm->stop, .events = POLLIN}};
    return poll(wanted, 2, milliseconds) > 0 && wanted[1].revents == 0;
}

/* -- following the dialogue -- */

static size_t length_in(const uint8_t *header) {
    return (size_t)header[0] << 24 | (size_t)header[1] << 16 | (size_t)header[2] << 8 | header[3];
}

static void follow_received(struct scripted_vm *vm, const uint8_t *data, size_t size) {
    extvm_error error = {EXTVM_OK, ""};
    struct session_event event = {.kind = SESSION_WANTS_BYTES};
    while (size > 0 && vm->follows) {
        size_t room;
        uint8_t *space = session_space(&vm->session, &room);
        room = room < size ? room : size;
        memcpy(space, data, room);
        session_received(&vm->session, room);
        data += room;
        size -= room;
        if (session_next(&vm->session, &event, &error) != EXTVM_OK) {
            fail(vm, "the node broke the protocol: ", error.text);
            vm->follows = false;
        }
    }
}

/* What the script sends must be what this VM's end would encode; a frame that is no message, on
 * purpose, ends the following. */
static void follow_sent(struct scripted_vm *vm, const uint8_t *data, size_t size) {
    struct vm_message message = {.result = NULL};
    struct arena arena;
    size_t length = size < FRAME_HEADER_SIZE ? 0 : length_in(data);
    extvm_bytes body = {data + FRAME_HEADER_SIZE, size - FRAME_HEADER_SIZE};
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX);
    vm->follows = vm->follows && size >= FRAME_HEADER_SIZE && length == body.size &&
                  vm->session.state == SESSION_RUNNING &&
                  vm->protocols[0]->decode_vm_message(body, &arena, &message, NULL) == EXTVM_OK;
    if (vm->follows && message.result != NULL) {
        message.result->outcome =
            message.result->error ? EXTVM_OUTCOME_FAILURE : EXTVM_OUTCOME_SUCCESS;
        vm->follows = session_finish(&vm->session, message.result, NULL) == EXTVM_OK;
        bool same = extvm_bytes_equal(session_output(&vm->session), (extvm_bytes){data, size});
        vm->report.odd_results += same ? 0 : 1;
    } else if (vm->follows) {
        vm->follows = session_ask(&vm->session, &message.query, NULL) == EXTVM_OK;
        extvm_bytes output = session_output(&vm->session);
        if (vm->follows && !extvm_bytes_equal(output, (extvm_bytes){data, size})) {
            fail(vm, "this VM's end encodes the query in another way", "");
        }
    }
    session_sent(&vm->session, session_output(&vm->session).size);
    extvm_result_free(message.result);
    arena_free(&arena);
}

/* -- steps -- */

/* Reads exactly `size` bytes; false when the node ended the session first, or stopped. */
static bool receive(struct scripted_vm *vm, int socket, uint8_t *data, size_t size) {
    while (size > 0) {
        if (!wait_for(vm, socket, PATIENCE)) {
            fail(vm, "nothing came from the node in time", "");
            return false;
        }
        ssize_t got = recv(socket, data, vm->sip > 0 && vm->sip < size ? vm->sip : size, 0);
        if (got <= 0) {
            fail(vm, "the node ended the session: ", got == 0 ? "closed" : strerror(errno));
            return false;
        }
        follow_received(vm, data, (size_t)got);
        data += got;
        size -= (size_t)got;
    }
    return true;
}

static void report_difference(struct scripted_vm *vm, const uint8_t *got, const struct step *step) {
    char text[512];
    size_t at = 0, length = 0;
    while (at < step->size && got[at] == step->data[at]) {
        at++;
    }
    length = (size_t)snprintf(text, sizeof text, "at byte %zu of %zu: got", at, step->size);
    for (size_t i = at; i < step->size && i < at + 24; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, " %02x", got[i]);
    }
    length += (size_t)snprintf(text + length, sizeof text - length, ", expected");
    for (size_t i = at; i < step->size && i < at + 24; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, " %02x", step->data[i]);
    }
    fail(vm, "other bytes than expected ", text);
}

static bool expect_bytes(struct scripted_vm *vm, int socket, const struct step *step) {
    uint8_t *got = malloc(step->size);
    bool good = receive(vm, socket, got, step->size);
    if (good && memcmp(got, step->data, step->size) != 0) {
        report_difference(vm, got, step);
        good = false;
    }
    free(got);
    return good;
}

/* Takes `size` bytes more of the frame at hand, and keeps those of its header. */
static bool take(struct scripted_vm *vm, int socket, size_t size) {
    uint8_t *data = malloc(size > 0 ? size : 1);
    bool good = receive(vm, socket, data, size);
    for (size_t i = 0; good && i < size && vm->taken + i < FRAME_HEADER_SIZE; i++) {
        vm->header[vm->taken + i] = data[i];
    }
    vm->taken += good ? size : 0;
    free(data);
    return good;
}

static bool expect_any(struct scripted_vm *vm, int socket) {
    bool good = vm->taken >= FRAME_HEADER_SIZE || take(vm, socket, FRAME_HEADER_SIZE - vm->taken);
    good = good && take(vm, socket, FRAME_HEADER_SIZE + length_in(vm->header) - vm->taken);
    vm->taken = 0;
    return good;
}

static bool send_bytes(struct scripted_vm *vm, int socket, const uint8_t *data, size_t size) {
    size_t piece = vm->split > 0 ? vm->split : size;
    for (size_t at = 0; at < size; at += piece) {
        size_t part = size - at < piece ? size - at : piece;
        if (send(socket, data + at, part, MSG_NOSIGNAL) != (ssize_t)part) {
            fail(vm, "the node is gone: ", strerror(errno));
            return false;
        }
    }
    return true;
}

/* Sends all of a message, or one half of it; the dialogue goes on with its last byte. */
static bool send_step(struct scripted_vm *vm, int socket, const struct step *step) {
    size_t half = step->size / 2;
    if (step->kind == STEP_SEND_HALF) {
        return send_bytes(vm, socket, step->data, half);
    }
    follow_sent(vm, step->data, step->size);
    size_t start = step->kind == STEP_SEND_REST ? half : 0;
    return send_bytes(vm, socket, step->data + start, step->size - start);
}

/* Does nothing until the test says so. */
static void halt(struct scripted_vm *vm) {
    uint64_t count;
    if (wait_for(vm, vm->released, PATIENCE) &&
        read(vm->released, &count, sizeof count) != (ssize_t)sizeof count) {
        perror("scripted VM");
    }
}

static void raise_event(int event) {
    const uint64_t one = 1;
    if (write(event, &one, sizeof one) != (ssize_t)sizeof one) {
        perror("scripted VM");
    }
}

static void reset(int socket) {
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* Whether a reset follows the node's FIN, while there is still time. */
static bool reset_follows(const struct scripted_vm *vm, int socket) {
    struct pollfd ended = {.fd = socket};
    return poll(&ended, 1, vm->slow_end) > 0 && (ended.revents & POLLERR) != 0;
}

/* Reads until the node ends the session, as the real VM does. */
static void wait_for_end(struct scripted_vm *vm, int socket) {
    char discarded[4096];
    while (wait_for(vm, socket, PATIENCE)) {
        ssize_t size = recv(socket, discarded, sizeof discarded, 0);
        if (size <= 0) {
            bool was_reset = size < 0 || reset_follows(vm, socket);
            vm->report.resets += was_reset ? 1 : 0;
            vm->report.polite_ends += was_reset ? 0 : 1;
            return;
        }
        vm->report.bytes_unread += (unsigned)size;
    }
}

static void set_no_delay(int socket, int on) {
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Plays one step; false when it ended the session. */
static bool play_step(struct scripted_vm *vm, int socket, const struct step *step) {
    const struct timespec pause = {step->number / 1000, step->number % 1000 * 1000000L};
    switch (step->kind) {
    case STEP_EXPECT:
        return expect_bytes(vm, socket, step);
    case STEP_EXPECT_ANY:
        return expect_any(vm, socket);
    case STEP_TAKE:
        return take(vm, socket, step->number);
    case STEP_SIP:
        vm->sip = step->number;
        return true;
    case STEP_DEAF:
        vm->follows = false;
        return true;
    case STEP_SEND:
    case STEP_SEND_HALF:
    case STEP_SEND_REST:
        return send_step(vm, socket, step);
    case STEP_SPLIT:
        vm->split = step->number;
        return true;
    case STEP_HALT:
        halt(vm);
        return true;
    case STEP_MARK:
        raise_event(vm->marked);
        return true;
    case STEP_NAGLE:
        set_no_delay(socket, 0);
        return true;
    case STEP_DELAY:
        nanosleep(&pause, NULL);
        return true;
    case STEP_SLOW_END:
        vm->slow_end = (int)step->number;
        return true;
    case STEP_HALF_CLOSE:
        shutdown(socket, SHUT_WR);
        return true;
    case STEP_RESET:
        reset(socket);
        return false;
    case STEP_STALL:
        wait_for_end(vm, socket);
        return false;
    case STEP_CLOSE:
    case STEP_SESSION:
        return false;
    }
    return false;
}

static bool at_session_end(const struct scripted_vm *vm) {
    return vm->at >= vm->script.count || vm->script.steps[vm->at].kind == STEP_SESSION;
}

static void play_session(struct scripted_vm *vm, int socket) {
    set_no_delay(socket, 1);
    const struct session_settings settings = {.max_frame = 1u << 30};
    session_init_vm(&vm->session, vm->protocols, extvm_default_allocator(), &settings);
    vm->follows = true;
    vm->split = vm->sip = 0;
    vm->taken = 0;
    vm->slow_end = 0;
    bool going = true;
    while (!at_session_end(vm) && going) {
        going = play_step(vm, socket, &vm->script.steps[vm->at]);
        vm->at += going ? 1 : 0;
    }
    if (going) {
        wait_for_end(vm, socket);
    }
    while (!at_session_end(vm)) {
        vm->at++;
    }
    vm->at++;
    session_free(&vm->session);
    close(socket);
    raise_event(vm->marked);
}

static void *play(void *argument) {
    struct scripted_vm *vm = argument;
    while (vm->at < vm->script.count && wait_for(vm, vm->listener, -1)) {
        int socket = accept4(vm->listener, NULL, NULL, SOCK_CLOEXEC);
        if (socket >= 0) {
            vm->report.sessions++;
            play_session(vm, socket);
        }
    }
    /* Nobody is accepted any more: let connects be refused. */
    close(vm->listener);
    vm->listener = -1;
    return NULL;
}

/* -- starting and stopping -- */

static int listen_on_tcp(struct scripted_vm *vm) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    vm->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(vm->listener, (struct sockaddr *)&address, size) != 0 ||
        getsockname(vm->listener, (struct sockaddr *)&address, &size) != 0) {
        return -1;
    }
    snprintf(vm->address, sizeof vm->address, "127.0.0.1:%u", ntohs(address.sin_port));
    return listen(vm->listener, 50);
}

static int listen_on_unix(struct scripted_vm *vm, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    snprintf(vm->address, sizeof vm->address, "%s", path);
    unlink(path);
    vm->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return bind(vm->listener, (struct sockaddr *)&address, sizeof address) != 0
               ? -1
               : listen(vm->listener, 50);
}

struct scripted_vm *scripted_vm_start(const struct protocol *protocol, const char *script,
                                      const char *unix_path) {
    char error[256];
    struct scripted_vm *vm = calloc(1, sizeof *vm);
    vm->protocols[0] = protocol;
    if (!script_parse(script, &vm->script, error)) {
        fprintf(stderr, "%s\n", error);
        free(vm);
        return NULL;
    }
    if (vm->script.count > 0 && vm->script.steps[0].kind == STEP_SESSION) {
        vm->at = 1; /* the first session needs no word */
    }
    int listening = unix_path != NULL ? listen_on_unix(vm, unix_path) : listen_on_tcp(vm);
    vm->stop = eventfd(0, EFD_CLOEXEC);
    vm->released = eventfd(0, EFD_CLOEXEC);
    vm->marked = eventfd(0, EFD_CLOEXEC);
    if (listening != 0 || pthread_create(&vm->thread, NULL, play, vm) != 0) {
        perror("scripted VM");
        free(vm);
        return NULL;
    }
    return vm;
}

const char *scripted_vm_address(const struct scripted_vm *vm) {
    return vm->address;
}

const struct protocol *scripted_vm_protocol(const struct scripted_vm *vm) {
    return vm->protocols[0];
}

void scripted_vm_release(struct scripted_vm *vm) {
    raise_event(vm->released);
}

bool scripted_vm_wait_for_mark(struct scripted_vm *vm) {
    struct pollfd wanted = {.fd = vm->marked, .events = POLLIN};
    uint64_t count;
    return poll(&wanted, 1, PATIENCE) == 1 &&
           read(vm->marked, &count, sizeof count) == (ssize_t)sizeof count;
}

void scripted_vm_wait(struct scripted_vm *vm) {
    pthread_join(vm->thread, NULL);
    vm->thread = pthread_self();
}

struct scripted_vm_report scripted_vm_stop(struct scripted_vm *vm) {
    if (!pthread_equal(vm->thread, pthread_self())) {
        raise_event(vm->stop);
        pthread_join(vm->thread, NULL);
    }
    struct scripted_vm_report report = vm->report;
    if (vm->listener >= 0) {
        close(vm->listener);
    }
    close(vm->stop);
    close(vm->released);
    close(vm->marked);
    script_free(&vm->script);
    free(vm);
    return report;
}
