/* A session of the test-mode server while no call of it runs: it waits in the loop for its Hello
 * and its calls, and is left with a half-close. */
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/memory.h"
#include "server.h"

enum { LEAVING_MILLISECONDS = 500 /* that a node has to close its end */ };

static void log_hosted(const struct hosted *hosted, extvm_log_level level, const char *what) {
    log_line(&hosted->server->logger, level, "test-mode: %s: %s", hosted->peer, what);
}

void hosted_free(struct hosted *hosted) {
    extvm_testvm *server = hosted->server;
    *(hosted->previous != NULL ? &hosted->previous->next : &server->all) = hosted->next;
    if (hosted->next != NULL) {
        hosted->next->previous = hosted->previous;
    }
    if (hosted->event != NULL) {
        event_free(hosted->event);
    }
    close(hosted->socket);
    session_free(&hosted->session);
    atomic_fetch_sub(&server->sessions, hosted->is_counted ? 1 : 0);
    server->turned_away -= hosted->is_counted ? 0 : 1;
    memory_release(&server->allocator, hosted);
    server_check_end(server);
}

static void wait_in_loop(struct hosted *hosted, uint64_t nanoseconds) {
    const struct timeval timeout = clock_timeval(nanoseconds);
    if (event_add(hosted->event, &timeout) != 0) {
        hosted_free(hosted);
    }
}

static void wait_while_leaving(struct hosted *hosted) {
    uint64_t now = clock_now();
    if (now < hosted->leave_end) {
        wait_in_loop(hosted, hosted->leave_end - now);
    } else {
        hosted_free(hosted);
    }
}

void hosted_leave(struct hosted *hosted) {
    hosted->state = HOSTED_LEAVING;
    hosted->leave_end = clock_now() + (uint64_t)LEAVING_MILLISECONDS * NANOSECONDS_IN_MILLISECOND;
    if (shutdown(hosted->socket, SHUT_WR) != 0) {
        hosted_free(hosted);
        return;
    }
    wait_while_leaving(hosted);
}

/* Takes what has been received; ends with waiting for more, a call, or the session's end. */
static void advance(struct hosted *hosted) {
    extvm_error error = {EXTVM_OK, ""};
    struct session_event event;
    bool greeted = hosted->session.greeted;
    extvm_status status = session_next(&hosted->session, &event, &error);
    hosted->host = hosted->session.greeted ? host_of(hosted->session.protocol) : NULL;
    if (status != EXTVM_OK) {
        log_hosted(hosted, EXTVM_LOG_WARNING, error.text);
        hosted_leave(hosted);
    } else if (!greeted && hosted->session.greeted && hosted->server->faults.close_after_hello) {
        hosted_leave(hosted);
    } else if (event.kind == SESSION_CALL) {
        worker_submit(hosted);
    } else {
        wait_in_loop(hosted, hosted->server->settings.idle_timeout);
    }
}

void hosted_resume(struct hosted *hosted) {
    hosted->state = HOSTED_IDLE;
    if (hosted->is_reset) {
        hosted_free(hosted);
    } else if (hosted->is_over) {
        hosted_leave(hosted);
    } else {
        advance(hosted);
    }
}

static void receive(struct hosted *hosted) {
    size_t room;
    extvm_error error = {EXTVM_OK, ""};
    uint8_t *space = session_space(&hosted->session, &room);
    if (space == NULL) {
        log_hosted(hosted, EXTVM_LOG_ERROR, "no memory for a received frame");
        hosted_leave(hosted);
        return;
    }
    ssize_t size = recv(hosted->socket, space, room, MSG_DONTWAIT);
    if (size > 0) {
        session_received(&hosted->session, (size_t)size);
        advance(hosted);
    } else if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        wait_in_loop(hosted, hosted->server->settings.idle_timeout);
    } else {
        (void)session_closed(&hosted->session, size < 0, &error);
        log_hosted(hosted, EXTVM_LOG_INFO, error.text);
        hosted_free(hosted);
    }
}

/* Reads on until the node has closed its end too, so that the close is no reset. */
static void read_to_end(struct hosted *hosted) {
    char discarded[4096];
    ssize_t size = recv(hosted->socket, discarded, sizeof discarded, MSG_DONTWAIT);
    if (size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR))) {
        wait_while_leaving(hosted);
    } else {
        hosted_free(hosted);
    }
}

static void on_event(evutil_socket_t socket, short what, void *context) {
    struct hosted *hosted = context;
    (void)socket;
    if (hosted->state == HOSTED_LEAVING) {
        if ((what & EV_TIMEOUT) != 0) {
            hosted_free(hosted);
        } else {
            read_to_end(hosted);
        }
    } else if ((what & EV_TIMEOUT) != 0) {
        log_hosted(hosted, EXTVM_LOG_WARNING,
                   "nothing came for too long (option idle-timeout): session ended");
        hosted_leave(hosted);
    } else {
        receive(hosted);
    }
}

/* What a worker's send and receive need: deadlines, and no delay. */
static bool prepare_socket(const extvm_testvm *server, int socket) {
    int on = 1;
    const struct timeval timeout = clock_timeval(server->settings.answer_timeout);
    if (server->path[0] == '\0') {
        (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0 &&
           setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) == 0;
}

static void add_to_all(struct hosted *hosted, bool wanted) {
    extvm_testvm *server = hosted->server;
    hosted->next = server->all;
    if (server->all != NULL) {
        server->all->previous = hosted;
    }
    server->all = hosted;
    hosted->is_counted = wanted;
    atomic_fetch_add(&server->sessions, wanted ? 1 : 0);
    server->turned_away += wanted ? 0 : 1;
}

void hosted_accept(extvm_testvm *server, int socket, const char *peer, bool wanted) {
    struct hosted *hosted = memory_zeroed(&server->allocator, sizeof *hosted);
    if (hosted == NULL || !prepare_socket(server, socket)) {
        log_line(&server->logger, EXTVM_LOG_ERROR, "test-mode: %s: no memory for a session", peer);
        memory_release(&server->allocator, hosted);
        close(socket);
        return;
    }
    hosted->server = server;
    hosted->socket = socket;
    snprintf(hosted->peer, sizeof hosted->peer, "%s", peer);
    struct session_settings settings = server->session_settings;
    settings.peer = hosted->peer;
    session_init_vm(&hosted->session, host_protocols, &server->allocator, &settings);
    add_to_all(hosted, wanted);
    hosted->event = event_new(server->base, socket, EV_READ, on_event, hosted);
    if (hosted->event == NULL) {
        hosted_free(hosted);
        return;
    }
    if (!wanted) {
        hosted_leave(hosted);
        return;
    }
    log_hosted(hosted, EXTVM_LOG_INFO, "session begun");
    wait_in_loop(hosted, server->settings.idle_timeout);
}
