/* One socket to a VM process. The socket blocks for a little while, so that a query that is
 * answered soon costs one send and one receive and nothing else; longer waits are polls, which a
 * cancel ends at once (protocol/kevm.md, sections 1 and 12). */
#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"

static int set_blocking(int socket) {
    return fcntl(socket, F_SETFL, 0);
}

const struct socket_calls system_socket_calls = {
    socket, connect, setsockopt, set_blocking, ppoll, send, recv, shutdown,
};

extvm_status connection_too_late(const struct connection *connection, uint64_t limit,
                                 uint64_t deadline, extvm_error *error) {
    bool of_call = deadline <= limit;
    uint64_t time =
        of_call ? connection->settings->call_timeout : connection->settings->wait_timeout;
    return error_set(error, EXTVM_DEADLINE_PASSED,
                     "the VM did not answer in time (option %s, %.3f s): it is busy, stuck, or "
                     "serves another client first",
                     of_call ? "call-timeout" : "wait-timeout",
                     (double)time / (double)NANOSECONDS_IN_SECOND);
}

/* What an errno of send or receive means; EXTVM_OK: try again. */
static extvm_status socket_failure(struct connection *connection, int number, extvm_error *error) {
    switch (number) {
    case EINTR:
    case EAGAIN:
        return EXTVM_OK;
    case ECONNRESET:
    case EPIPE:
        return session_closed(connection->session, true, error);
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
        session_break(connection->session, EXTVM_VM_RESET);
        return error_set(error, EXTVM_VM_RESET,
                         "the connection to the VM broke in the middle of a call: %s: check the "
                         "network between",
                         strerror(number));
    default:
        return error_set(error, EXTVM_SYSTEM_ERROR, "a socket call failed: %s", strerror(number));
    }
}

/* -- one step -- */

extvm_status connection_send(struct connection *connection, int flags, bool *would_wait,
                             extvm_error *error) {
    extvm_bytes output = session_output(connection->session);
    ssize_t size =
        connection->calls->send(connection->socket, output.data, output.size, flags | MSG_NOSIGNAL);
    *would_wait = size < 0 && (errno == EAGAIN || errno == EINTR);
    if (size < 0) {
        return socket_failure(connection, errno, error);
    }
    connection->bytes_sent += (uint64_t)size;
    session_sent(connection->session, (size_t)size);
    *would_wait = (size_t)size < output.size;
    return EXTVM_OK;
}

/* The VM's writes are delayed until we acknowledge the part of a frame that has come; the kernel
 * would take 40 ms for that (protocol/kevm.md, section 1). A unix socket knows no such option. */
static void acknowledge_now(struct connection *connection) {
    int on = 1;
    if (!connection->endpoint->is_unix) {
        (void)connection->calls->set_option(connection->socket, IPPROTO_TCP, TCP_QUICKACK, &on,
                                            sizeof on);
    }
}

static extvm_status receive(struct connection *connection, int flags, bool *would_wait,
                            extvm_error *error) {
    size_t room;
    uint8_t *space = session_space(connection->session, &room);
    *would_wait = false;
    if (space == NULL) {
        return error_no_memory(error, "a received frame");
    }
    ssize_t size = connection->calls->receive(connection->socket, space, room, flags);
    if (size > 0) {
        connection->bytes_received += (uint64_t)size;
        session_received(connection->session, (size_t)size);
        if (session_in_frame(connection->session)) {
            acknowledge_now(connection);
        }
        return EXTVM_OK;
    }
    *would_wait = size < 0 && (errno == EAGAIN || errno == EINTR);
    return size == 0 ? session_closed(connection->session, false, error)
                     : socket_failure(connection, errno, error);
}

extvm_status connection_begin_exchange(struct connection *connection, struct exchange *exchange,
                                       uint64_t deadline, extvm_error *error) {
    uint64_t limit = connection->now + connection->settings->wait_timeout;
    *exchange = (struct exchange){.limit = limit,
                                  .since = connection->now,
                                  .is_sent = session_output(connection->session).size == 0,
                                  .is_rest = session_in_frame(connection->session)};
    if (call_slot_stopped(connection->slot)) {
        return call_slot_cancelled(error);
    }
    return connection->now < deadline ? EXTVM_OK
                                      : connection_too_late(connection, limit, deadline, error);
}

void connection_end_exchange(struct connection *connection, struct exchange *exchange) {
    bool is_wire = !exchange->is_sent || exchange->is_rest;
    *(is_wire ? &connection->wire_time : &connection->vm_time) += connection->now - exchange->since;
    exchange->since = connection->now;
}

static extvm_status step_send(struct connection *connection, struct exchange *exchange, int flags,
                              bool *would_wait, extvm_error *error) {
    extvm_status status = EXTVM_OK;
    *would_wait = false;
    while (status == EXTVM_OK && !*would_wait && session_output(connection->session).size > 0) {
        status = connection_send(connection, flags, would_wait, error);
    }
    connection->now = clock_now();
    if (status != EXTVM_OK || !*would_wait) {
        connection_end_exchange(connection, exchange);
        exchange->is_sent = status == EXTVM_OK;
    }
    return status;
}

extvm_status connection_step_exchange(struct connection *connection, struct exchange *exchange,
                                      int flags, short *wanted, extvm_error *error) {
    extvm_status status = EXTVM_OK;
    bool would_wait = false;
    *wanted = 0;
    if (!exchange->is_sent) {
        *wanted = POLLOUT;
        status = step_send(connection, exchange, flags, &would_wait, error);
    }
    if (status == EXTVM_OK && !would_wait) {
        *wanted = POLLIN;
        status = receive(connection, flags, &would_wait, error);
        connection->now = clock_now();
        if (status != EXTVM_OK || !would_wait) {
            connection_end_exchange(connection, exchange);
            *wanted = 0;
        }
    }
    return status;
}

/* -- waiting -- */

/* Waits until the socket is ready, the call is stopped, or time is over. */
static extvm_status wait_ready(struct connection *connection, short events, uint64_t limit,
                               uint64_t deadline, extvm_error *error) {
    int number;
    do {
        number = call_slot_wait(connection->slot, connection->calls->poll, connection->socket,
                                events, limit < deadline ? limit : deadline);
    } while (number == EAGAIN);
    connection->now = clock_now();
    switch (number) {
    case 0:
        return EXTVM_OK;
    case ECANCELED:
        return call_slot_cancelled(error);
    case ETIMEDOUT:
        return connection_too_late(connection, limit, deadline, error);
    default:
        return error_set(error, EXTVM_SYSTEM_ERROR, "cannot wait for a socket: %s",
                         strerror(number));
    }
}

/* Whether the socket's own timeout may be waited for: it is not later than the end. */
static int sleep_flags(const struct connection *connection, uint64_t end) {
    return connection->now + SOCKET_SLEEP <= end ? 0 : MSG_DONTWAIT;
}

extvm_status connection_exchange(struct connection *connection, uint64_t deadline,
                                 extvm_error *error) {
    struct exchange exchange;
    bool has_waited = false;
    uint64_t spin_end = connection->now + connection->settings->spin;
    extvm_status status = connection_begin_exchange(connection, &exchange, deadline, error);
    uint64_t end = exchange.limit < deadline ? exchange.limit : deadline;
    while (status == EXTVM_OK) {
        short wanted;
        bool spins = connection->now < spin_end && connection->settings->spin > 0;
        int flags = has_waited || spins ? MSG_DONTWAIT : sleep_flags(connection, end);
        status = connection_step_exchange(connection, &exchange, flags, &wanted, error);
        if (status != EXTVM_OK || wanted == 0) {
            break;
        }
        if (spins && !call_slot_stopped(connection->slot)) {
            connection->now = clock_now();
            continue;
        }
        status = wait_ready(connection, wanted, exchange.limit, deadline, error);
        has_waited = true;
        if (status != EXTVM_OK) {
            connection_end_exchange(connection, &exchange);
        }
    }
    return status;
}

bool connection_is_usable(struct connection *connection) {
    enum { TRIES = 16 /* to be interrupted that often, without any waiting, is an error */ };
    uint8_t byte;
    ssize_t size;
    unsigned tries = 0;
    do {
        size = connection->calls->receive(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    } while (size < 0 && errno == EINTR && ++tries < TRIES);
    bool silent = size < 0 && errno == EAGAIN;
    if (size > 0 || !session_is_quiet(connection->session)) {
        log_event(connection->logger,
                  &(extvm_log_event){.level = EXTVM_LOG_WARNING,
                                     .name = "spoke-unasked",
                                     .peer = connection->endpoint->text},
                  "%s: the VM said something while no call was running: connecting again",
                  connection->endpoint->text);
        return false;
    }
    return silent;
}

/* -- leaving -- */

bool connection_half_close(struct connection *connection) {
    if (connection->is_gone) {
        return false;
    }
    return connection->calls->shutdown(connection->socket, SHUT_WR) == 0;
}

bool connection_drain(struct connection *connection, int flags, bool *would_wait) {
    char discarded[4096];
    ssize_t size =
        connection->calls->receive(connection->socket, discarded, sizeof discarded, flags);
    *would_wait = size < 0 && (errno == EINTR || errno == EAGAIN);
    return size > 0 || *would_wait;
}

void connection_reset_at_close(struct connection *connection) {
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    connection->is_gone = connection->calls->set_option(connection->socket, SOL_SOCKET, SO_LINGER,
                                                        &at_once, sizeof at_once) == 0;
}

void connection_close(struct connection *connection, bool was_ended_by_vm) {
    const char *peer = connection->endpoint->text;
    close(connection->socket);
    connection->socket = -1;
    connection->is_cut_off = !was_ended_by_vm;
    if (was_ended_by_vm) {
        log_event(connection->logger,
                  &(extvm_log_event){.level = EXTVM_LOG_INFO, .name = "closed", .peer = peer},
                  "%s: session closed", peer);
        return;
    }
    /* A VM that is busy with an abandoned call will write to a closed socket, and the real ones die
     * of that (protocol/iele.md and protocol/kevm.md, section 12). */
    bool was_idle = connection->session->state == SESSION_IDLE;
    statistics_count(&connection->statistics->cut_off, 1);
    log_event(connection->logger,
              &(extvm_log_event){.level = was_idle ? EXTVM_LOG_INFO : EXTVM_LOG_WARNING,
                                 .name = "needs-restart",
                                 .peer = peer},
              "%s: the VM did not end the session within %.3f s (option drain-timeout): it %s",
              peer, (double)connection->settings->drain_timeout / (double)NANOSECONDS_IN_SECOND,
              session_may_leave(connection->session)
                  ? "may still be busy with an abandoned call, or need a restart"
                  : "waits for its caller's account for ever now: restart it");
}

/* A VM that waits for its caller's account takes the end of the stream for "absent", and loops for
 * ever: it is given the account first. */
bool connection_owes_caller(struct connection *connection) {
    struct session_event event;
    return !session_may_leave(connection->session) &&
           connection->session->state == SESSION_WAITING &&
           session_next(connection->session, &event, NULL) == EXTVM_OK &&
           event.kind == SESSION_WANTS_BYTES && !session_may_leave(connection->session);
}

static void tell_caller(struct connection *connection, uint64_t deadline) {
    while (connection_owes_caller(connection) &&
           connection_exchange(connection, deadline, NULL) == EXTVM_OK) {
    }
    bool would_wait = false;
    while (session_output(connection->session).size > 0 &&
           connection_send(connection, MSG_DONTWAIT, &would_wait, NULL) == EXTVM_OK &&
           (!would_wait || wait_ready(connection, POLLOUT, deadline, deadline, NULL) == EXTVM_OK)) {
    }
}

/* Reads to the end of the stream; false when it did not come in time. */
static bool drain(struct connection *connection, uint64_t deadline) {
    bool would_wait;
    for (unsigned reads = 1; connection_drain(connection, MSG_DONTWAIT, &would_wait); reads++) {
        bool is_over = reads % DRAIN_READS == 0 && clock_now() >= deadline;
        if (is_over ||
            (would_wait && wait_ready(connection, POLLIN, deadline, deadline, NULL) != EXTVM_OK)) {
            return false;
        }
    }
    return true;
}

void connection_leave(struct connection *connection, uint64_t deadline) {
    if (connection->socket < 0) {
        return;
    }
    connection->slot = NULL;
    connection->now = clock_now();
    tell_caller(connection, deadline);
    connection_close(connection, !connection_half_close(connection) || drain(connection, deadline));
}
