/* A bare ping-pong: plain blocking sockets that send the bytes of a dialogue back and forth. */
#include "pingpong.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "report.h"

/* -- recording -- */

enum { HEADER_SIZE = 4, FIRST_CAPACITY = 64 };

static bool frame(struct pool *pool, extvm_bytes body, struct pingpong_message *out) {
    out->size = HEADER_SIZE + body.size;
    out->bytes = pool_take(pool, out->size);
    if (out->bytes == NULL) {
        return false;
    }
    const uint32_t length = htonl((uint32_t)body.size);
    memcpy(out->bytes, &length, sizeof length);
    if (body.size > 0) {
        memcpy(out->bytes + HEADER_SIZE, body.data, body.size);
    }
    return true;
}

static bool make_room(struct pingpong_dialogue *dialogue) {
    if (dialogue->count < dialogue->capacity) {
        return true;
    }
    size_t capacity = dialogue->capacity == 0 ? FIRST_CAPACITY : dialogue->capacity * 2;
    struct pingpong_message *messages =
        pool_array(dialogue->pool, capacity, sizeof *dialogue->messages);
    if (messages == NULL) {
        return false;
    }
    if (dialogue->count > 0) {
        memcpy(messages, dialogue->messages, dialogue->count * sizeof *messages);
    }
    dialogue->messages = messages;
    dialogue->capacity = capacity;
    return true;
}

void pingpong_record(void *context, const extvm_trace_message *message) {
    struct pingpong_dialogue *dialogue = context;
    struct pingpong_message made = {.to_vm = message->direction == EXTVM_NODE_TO_VM};
    if (!frame(dialogue->pool, message->body, &made) || !make_room(dialogue)) {
        dialogue->has_no_memory = true;
    } else if (strcmp(message->name, "Hello") == 0) {
        dialogue->hello = made;
    } else {
        dialogue->messages[dialogue->count++] = made;
        dialogue->from_vm += made.to_vm ? 0 : 1;
    }
}

/* -- sockets -- */

static bool send_all(int socket, const struct pingpong_message *message) {
    for (size_t sent = 0; sent < message->size;) {
        ssize_t size = send(socket, message->bytes + sent, message->size - sent, MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size <= 0) {
            return false;
        }
        sent += (size_t)size;
    }
    return true;
}

/* Reads as many bytes as the message has, whatever they are. */
static bool receive_all(int socket, size_t size) {
    enum { BUFFER_SIZE = 65536 };
    uint8_t buffer[BUFFER_SIZE];
    while (size > 0) {
        ssize_t part = recv(socket, buffer, size < BUFFER_SIZE ? size : BUFFER_SIZE, 0);
        if (part < 0 && errno == EINTR) {
            continue;
        }
        if (part <= 0) {
            return false;
        }
        size -= (size_t)part;
    }
    return true;
}

static void no_delay(int socket) {
    int on = 1;
    (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* -- the VM's end -- */

struct session {
    struct pingpong_vm *vm;
    struct session *next;
    int socket;
    pthread_t thread;
};

struct pingpong_vm {
    const struct pingpong_dialogue *dialogue;
    int listener;
    struct sockaddr_storage address;
    socklen_t size;
    char place[128], folder[32];
    pthread_t thread;
    struct session *sessions;
    struct pool pool; /* of the sessions; used by its thread until that has ended */
};

static bool play(int socket, const struct pingpong_dialogue *dialogue) {
    for (size_t i = 0; i < dialogue->count; i++) {
        const struct pingpong_message *message = &dialogue->messages[i];
        if (message->to_vm ? !receive_all(socket, message->size) : !send_all(socket, message)) {
            return false;
        }
    }
    return true;
}

static void *serve(void *argument) {
    struct session *session = argument;
    const struct pingpong_dialogue *dialogue = session->vm->dialogue;
    if (receive_all(session->socket, dialogue->hello.size)) {
        while (play(session->socket, dialogue)) {
        }
    }
    close(session->socket);
    return NULL;
}

static void *accept_all(void *argument) {
    struct pingpong_vm *vm = argument;
    for (;;) {
        int socket = accept(vm->listener, NULL, NULL);
        if (socket < 0 && errno == EINTR) {
            continue;
        }
        struct session *session = socket >= 0 ? pool_take(&vm->pool, sizeof *session) : NULL;
        if (session == NULL) {
            if (socket >= 0) {
                close(socket);
            }
            break;
        }
        no_delay(socket);
        *session = (struct session){.vm = vm, .next = vm->sessions, .socket = socket};
        if (pthread_create(&session->thread, NULL, serve, session) != 0) {
            close(socket);
            break;
        }
        vm->sessions = session;
    }
    return NULL;
}

static bool listen_tcp(struct pingpong_vm *vm) {
    struct sockaddr_in *address = (struct sockaddr_in *)&vm->address;
    vm->size = sizeof *address;
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    vm->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (vm->listener < 0 || bind(vm->listener, (struct sockaddr *)address, vm->size) != 0 ||
        getsockname(vm->listener, (struct sockaddr *)address, &vm->size) != 0) {
        return false;
    }
    snprintf(vm->place, sizeof vm->place, "://127.0.0.1:%u", ntohs(address->sin_port));
    return true;
}

static bool listen_unix(struct pingpong_vm *vm) {
    struct sockaddr_un *address = (struct sockaddr_un *)&vm->address;
    vm->size = sizeof *address;
    address->sun_family = AF_UNIX;
    strcpy(vm->folder, "/tmp/extvm-bench-XXXXXX");
    if (mkdtemp(vm->folder) == NULL) {
        vm->folder[0] = '\0';
        return false;
    }
    snprintf(address->sun_path, sizeof address->sun_path, "%s/vm", vm->folder);
    snprintf(vm->place, sizeof vm->place, "+unix:%.100s", address->sun_path);
    vm->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return vm->listener >= 0 && bind(vm->listener, (struct sockaddr *)address, vm->size) == 0;
}

static void vm_end(struct pingpong_vm *vm) {
    if (vm->listener >= 0) {
        close(vm->listener);
    }
    if (vm->folder[0] != '\0') {
        unlink(((struct sockaddr_un *)&vm->address)->sun_path);
        rmdir(vm->folder);
    }
    pool_free(&vm->pool);
}

extvm_status pingpong_vm_start(const struct pingpong_dialogue *dialogue, bool is_unix,
                               struct pingpong_vm **out, extvm_error *error) {
    struct pingpong_vm *vm = pool_take(dialogue->pool, sizeof *vm);
    if (vm == NULL) {
        return complain_no_memory(error);
    }
    *vm = (struct pingpong_vm){.dialogue = dialogue, .listener = -1};
    if ((is_unix ? !listen_unix(vm) : !listen_tcp(vm)) || listen(vm->listener, SOMAXCONN) != 0 ||
        (errno = pthread_create(&vm->thread, NULL, accept_all, vm)) != 0) {
        complain(error, EXTVM_SYSTEM_ERROR, "bench: cannot listen for a ping-pong: %s",
                 strerror(errno));
        vm_end(vm);
        return error->status;
    }
    *out = vm;
    return EXTVM_OK;
}

const char *pingpong_vm_place(const struct pingpong_vm *vm) {
    return vm->place;
}

void pingpong_vm_stop(struct pingpong_vm *vm) {
    if (vm == NULL) {
        return;
    }
    shutdown(vm->listener, SHUT_RDWR); /* ends the accept */
    pthread_join(vm->thread, NULL);
    while (vm->sessions != NULL) {
        struct session *session = vm->sessions;
        vm->sessions = session->next;
        pthread_join(session->thread, NULL);
    }
    vm_end(vm);
}

/* -- the node's end -- */

int pingpong_node_open(const struct pingpong_vm *vm, const struct pingpong_dialogue *dialogue) {
    int made = socket(vm->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0) {
        return -1;
    }
    no_delay(made);
    if (connect(made, (const struct sockaddr *)&vm->address, vm->size) != 0 ||
        !send_all(made, &dialogue->hello)) {
        close(made);
        return -1;
    }
    return made;
}

bool pingpong_node_call(int socket, const struct pingpong_dialogue *dialogue,
                        struct latency *latency) {
    uint64_t sent = 0;
    size_t from_vm = 0;
    for (size_t i = 0; i < dialogue->count; i++) {
        const struct pingpong_message *message = &dialogue->messages[i];
        if (message->to_vm) {
            sent = latency_now();
            if (!send_all(socket, message)) {
                return false;
            }
        } else {
            if (!receive_all(socket, message->size)) {
                return false;
            }
            if (from_vm++ >= dialogue->untimed) {
                latency_add(latency, latency_now() - sent);
            }
        }
    }
    return true;
}

void pingpong_node_close(int socket) {
    if (socket >= 0) {
        close(socket);
    }
}
