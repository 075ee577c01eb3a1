/* One socket to a VM process. The socket blocks, with the kernel's own timeouts, so that a query
 * costs one send and one receive and nothing else (protocol/kevm.md, sections 1 and 12). */
#include "connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"

const struct socket_calls system_socket_calls = {connect, send, recv, shutdown};

/* A timeout that ends a little after a deadline is left as it is: setting it costs a system call.
 * The overshoot is at most 1/64 of the time left, or a millisecond. */
static bool close_enough(uint64_t armed, uint64_t left) {
    uint64_t slack =
        left / 64 > NANOSECONDS_IN_MILLISECOND ? left / 64 : NANOSECONDS_IN_MILLISECOND;
    return armed >= left && armed - left <= slack;
}

/* Makes send and receive give up after `left` nanoseconds. */
static bool arm(struct connection *connection, uint64_t left) {
    if (close_enough(connection->armed, left)) {
        return true;
    }
    struct timeval timeout = clock_timeval(left);
    if (timeout.tv_sec == 0 && timeout.tv_usec == 0) {
        timeout.tv_usec = 1; /* 0 would mean for ever */
    }
    connection->armed = left;
    return setsockopt(connection->socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0 &&
           setsockopt(connection->socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) == 0;
}

static extvm_status deadline_passed(const struct connection *connection, bool of_call,
                                    extvm_error *error) {
    uint64_t limit =
        of_call ? connection->settings->call_timeout : connection->settings->wait_timeout;
    return error_set(error, EXTVM_DEADLINE_PASSED,
                     "the VM did not answer in time (option %s, %.3f s): it is busy, stuck, or "
                     "serves another client first",
                     of_call ? "call-timeout" : "wait-timeout",
                     (double)limit / (double)NANOSECONDS_IN_SECOND);
}

/* Arms the socket for the next wait, that ends at `limit` or at `deadline`. */
static extvm_status arm_until(struct connection *connection, uint64_t limit, uint64_t deadline,
                              extvm_error *error) {
    uint64_t end = limit < deadline ? limit : deadline;
    if (connection->now >= end) {
        return deadline_passed(connection, deadline <= limit, error);
    }
    if (!arm(connection, end - connection->now)) {
        return error_set(error, EXTVM_SYSTEM_ERROR, "cannot set a socket's timeout: %s",
                         strerror(errno));
    }
    return EXTVM_OK;
}

/* What an errno of send or receive means; EXTVM_OK: try again. */
static extvm_status socket_failure(struct connection *connection, int number, extvm_error *error) {
    switch (number) {
    case EINTR:
    case EAGAIN: /* the timeout; whether time is over is for arm_until to say */
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

static extvm_status send_output(struct connection *connection, uint64_t limit, uint64_t deadline,
                                extvm_error *error) {
    extvm_bytes output = session_output(connection->session);
    while (output.size > 0) {
        extvm_status status = arm_until(connection, limit, deadline, error);
        if (status != EXTVM_OK) {
            return status;
        }
        ssize_t size =
            connection->calls->send(connection->socket, output.data, output.size, MSG_NOSIGNAL);
        if (size < 0) {
            status = socket_failure(connection, errno, error);
            if (status != EXTVM_OK) {
                return status;
            }
            connection->now = clock_now();
        } else {
            connection->bytes_sent += (uint64_t)size;
            session_sent(connection->session, (size_t)size);
            if ((size_t)size < output.size) { /* it took its time */
                connection->now = clock_now();
            }
        }
        output = session_output(connection->session);
    }
    return EXTVM_OK;
}

/* The VM's writes are delayed until we acknowledge the part of a frame that has come; the kernel
 * would take 40 ms for that (protocol/kevm.md, section 1). A unix socket knows no such option. */
static void acknowledge_now(struct connection *connection) {
    int on = 1;
    if (!connection->endpoint->is_unix) {
        (void)setsockopt(connection->socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    }
}

static extvm_status receive_once(struct connection *connection, uint64_t limit, uint64_t deadline,
                                 extvm_error *error) {
    size_t room;
    uint8_t *space = session_space(connection->session, &room);
    if (space == NULL) {
        return error_no_memory(error, "a received frame");
    }
    for (;;) {
        extvm_status status = arm_until(connection, limit, deadline, error);
        if (status != EXTVM_OK) {
            return status;
        }
        ssize_t size = connection->calls->receive(connection->socket, space, room, 0);
        int number = errno;
        connection->now = clock_now();
        if (size > 0) {
            connection->bytes_received += (uint64_t)size;
            session_received(connection->session, (size_t)size);
            if (session_in_frame(connection->session)) {
                acknowledge_now(connection);
            }
            return EXTVM_OK;
        }
        status = size == 0 ? session_closed(connection->session, false, error)
                           : socket_failure(connection, number, error);
        if (status != EXTVM_OK) {
            return status;
        }
    }
}

extvm_status connection_exchange(struct connection *connection, uint64_t deadline,
                                 extvm_error *error) {
    uint64_t start = connection->now;
    uint64_t limit = start + connection->settings->wait_timeout;
    extvm_status status = send_output(connection, limit, deadline, error);
    if (status == EXTVM_OK) {
        status = receive_once(connection, limit, deadline, error);
    }
    connection->waited += connection->now - start;
    return status;
}

bool connection_is_usable(struct connection *connection) {
    uint8_t byte;
    ssize_t size;
    do {
        size = connection->calls->receive(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    } while (size < 0 && errno == EINTR);
    bool silent = size < 0 && errno == EAGAIN;
    if (size > 0 || !session_is_quiet(connection->session)) {
        log_line(connection->logger, EXTVM_LOG_WARNING,
                 "%s: the VM said something while no call was running: connecting again",
                 connection->endpoint->text);
        return false;
    }
    return silent;
}

/* -- leaving -- */

/* A VM that waits for its caller's account takes the end of the stream for "absent", and loops for
 * ever: it is given the account first. */
static void tell_caller(struct connection *connection, uint64_t deadline) {
    struct session_event event;
    while (!session_may_leave(connection->session) &&
           connection->session->state == SESSION_WAITING &&
           session_next(connection->session, &event, NULL) == EXTVM_OK &&
           event.kind == SESSION_WANTS_BYTES && !session_may_leave(connection->session) &&
           connection_exchange(connection, deadline, NULL) == EXTVM_OK) {
    }
    if (session_output(connection->session).size > 0) {
        (void)send_output(connection, deadline, deadline, NULL);
    }
}

/* Reads to the end of the stream; false when it did not come in time. What has come already is
 * always read: a close with unread bytes would be a reset. */
static bool drain(struct connection *connection, uint64_t deadline) {
    char discarded[4096];
    int flags = MSG_DONTWAIT;
    for (;;) {
        ssize_t size =
            connection->calls->receive(connection->socket, discarded, sizeof discarded, flags);
        if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN)) {
            return true;
        }
        connection->now = clock_now();
        bool is_late = arm_until(connection, deadline, deadline, NULL) != EXTVM_OK;
        if (is_late && size < 0) {
            return false;
        }
        flags = is_late || size > 0 ? MSG_DONTWAIT : 0;
    }
}

void connection_leave(struct connection *connection) {
    if (connection->socket < 0) {
        return;
    }
    connection->now = clock_now();
    uint64_t deadline = connection->now + connection->settings->drain_timeout;
    tell_caller(connection, deadline);
    bool ended = connection->calls->shutdown(connection->socket, SHUT_WR) != 0 ||
                 drain(connection, deadline);
    close(connection->socket);
    connection->socket = -1;
    if (!ended) {
        /* A VM that is busy with an abandoned call will write to a closed socket, and the real ones
         * die of that (protocol/iele.md and protocol/kevm.md, section 12). */
        bool was_idle = connection->session->state == SESSION_IDLE;
        log_line(connection->logger, was_idle ? EXTVM_LOG_INFO : EXTVM_LOG_WARNING,
                 "%s: the VM did not end the session within %.3f s (option drain-timeout): it may "
                 "still be busy with an abandoned call, or need a restart",
                 connection->endpoint->text,
                 (double)connection->settings->drain_timeout / (double)NANOSECONDS_IN_SECOND);
    } else {
        log_line(connection->logger, EXTVM_LOG_INFO, "%s: session closed",
                 connection->endpoint->text);
    }
}
