/* Making a connection to a VM: its host's addresses, and one connect after the other, each with a
 * deadline and to be stopped at any time. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"
#include "error.h"

/* Probes of a dead peer after the first, and the seconds between them. */
enum { KEEPALIVE_PROBES = 4, KEEPALIVE_INTERVAL = 10 };

static bool set(const struct connection *connection, int socket, int level, int option,
                const void *value, size_t size) {
    return connection->calls->set_option(socket, level, option, value, (socklen_t)size) == 0;
}

static bool set_number(const struct connection *connection, int socket, int level, int option,
                       int value) {
    return set(connection, socket, level, option, &value, sizeof value);
}

static bool set_tcp_options(const struct connection *connection, int socket) {
    int idle = (int)(connection->settings->tcp_keepalive / NANOSECONDS_IN_SECOND);
    return set_number(connection, socket, IPPROTO_TCP, TCP_NODELAY, 1) &&
           (idle == 0 ||
            (set_number(connection, socket, SOL_SOCKET, SO_KEEPALIVE, 1) &&
             set_number(connection, socket, IPPROTO_TCP, TCP_KEEPIDLE, idle) &&
             set_number(connection, socket, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL) &&
             set_number(connection, socket, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES)));
}

static bool set_sleep(const struct connection *connection, int socket) {
    const struct timeval sleep = clock_timeval(SOCKET_SLEEP);
    return set(connection, socket, SOL_SOCKET, SO_RCVTIMEO, &sleep, sizeof sleep) &&
           set(connection, socket, SOL_SOCKET, SO_SNDTIMEO, &sleep, sizeof sleep);
}

/* Connecting to a port of this machine where nobody listens can reach one's own socket. */
static bool is_own_socket(int socket) {
    struct sockaddr_storage own = {0}, peer = {0};
    socklen_t own_size = sizeof own, peer_size = sizeof peer;
    return getsockname(socket, (struct sockaddr *)&own, &own_size) == 0 &&
           getpeername(socket, (struct sockaddr *)&peer, &peer_size) == 0 &&
           own.ss_family != AF_UNIX && own_size == peer_size && memcmp(&own, &peer, own_size) == 0;
}

/* -- one step at a time -- */

int connection_give_up_connect(struct connection *connection, int number) {
    close(connection->socket);
    connection->socket = -1;
    return number;
}

int connection_begin_connect(struct connection *connection, const struct target *target) {
    int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    connection->socket = connection->calls->socket(target->address.ss_family, type, 0);
    if (connection->socket < 0) {
        connection->socket = -1;
        return errno;
    }
    if (connection->calls->connect(connection->socket, (const struct sockaddr *)&target->address,
                                   target->size) == 0) {
        return 0;
    }
    return errno == EINPROGRESS || errno == EINTR ? EINPROGRESS
                                                  : connection_give_up_connect(connection, errno);
}

int connection_finish_connect(struct connection *connection) {
    int number = 0;
    socklen_t size = sizeof number;
    if (getsockopt(connection->socket, SOL_SOCKET, SO_ERROR, &number, &size) != 0) {
        number = errno;
    }
    return number == 0 ? 0 : connection_give_up_connect(connection, number);
}

int connection_connected(struct connection *connection) {
    if (is_own_socket(connection->socket)) {
        return connection_give_up_connect(connection, ECONNREFUSED);
    }
    if ((!connection->endpoint->is_unix && !set_tcp_options(connection, connection->socket)) ||
        !set_sleep(connection, connection->socket) ||
        connection->calls->set_blocking(connection->socket) != 0) {
        return connection_give_up_connect(connection, errno);
    }
    statistics_count(&connection->statistics->connects, 1);
    statistics_count(&connection->statistics->reconnects, connection->connects > 0 ? 1 : 0);
    connection->connects++;
    connection->is_gone = false;
    log_event(connection->logger,
              &(extvm_log_event){
                  .level = EXTVM_LOG_INFO, .name = "connected", .peer = connection->endpoint->text},
              "%s: connected", connection->endpoint->text);
    return 0;
}

/* -- waiting -- */

/* Waits for the descriptor; 0, ECANCELED, ETIMEDOUT or what poll says. */
static int wait_until(struct connection *connection, int descriptor, short events, uint64_t end) {
    int number;
    do {
        number = call_slot_wait(connection->slot, connection->calls->poll, descriptor, events, end);
    } while (number == EAGAIN);
    return number;
}

static int find_targets(struct connection *connection, uint64_t end, struct targets *targets) {
    if (resolve_at_once(connection->endpoint, targets)) {
        return 0;
    }
    struct resolution *resolution = resolution_new(connection->endpoint);
    if (resolution == NULL) {
        return ENOMEM;
    }
    int number = wait_until(connection, resolution_descriptor(resolution), POLLIN, end);
    if (number == 0) {
        number = resolution_read(resolution, targets) ? targets->number : EIO;
    }
    resolution_free(resolution);
    return number;
}

static int connect_to(struct connection *connection, const struct target *target, uint64_t end) {
    int number = connection_begin_connect(connection, target);
    if (number == EINPROGRESS) {
        number = wait_until(connection, connection->socket, POLLOUT, end);
        number = number == 0 ? connection_finish_connect(connection)
                             : connection_give_up_connect(connection, number);
    }
    return number == 0 ? connection_connected(connection) : number;
}

static extvm_status connect_failure(const struct connection *connection, int number,
                                    const char *why, extvm_error *error) {
    const struct settings *settings = connection->settings;
    why = why != NULL ? why : strerror(number);
    switch (number) {
    case ECANCELED:
        return call_slot_cancelled(error);
    case ENOMEM:
        return error_no_memory(error, "a connection");
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
        return error_set(error, EXTVM_SYSTEM_ERROR, "cannot make a connection: %s", why);
    case ETIMEDOUT:
        return error_set(error, EXTVM_CONNECT_TIMEOUT,
                         "cannot reach the VM: no connection in time (option connect-timeout, "
                         "%.3g s): check the network between, and that the VM is not "
                         "overrun",
                         (double)settings->connect_timeout / (double)NANOSECONDS_IN_SECOND);
    default:
        return error_set(error, EXTVM_UNREACHABLE,
                         "cannot reach the VM: %s: check that it runs and listens there", why);
    }
}

extvm_status connection_opened(struct connection *connection, uint64_t start, uint64_t deadline,
                               int number, const char *why, extvm_error *error) {
    uint64_t limit = start + connection->settings->connect_timeout;
    connection->now = clock_now();
    connection->wire_time += connection->now - start;
    if (number == 0) {
        return EXTVM_OK;
    }
    if (number == ETIMEDOUT && deadline < limit) {
        return connection_too_late(connection, limit, deadline, error);
    }
    return connect_failure(connection, number, why, error);
}

extvm_status connection_open(struct connection *connection, uint64_t deadline, extvm_error *error) {
    uint64_t start = clock_now(), limit = start + connection->settings->connect_timeout;
    uint64_t end = limit < deadline ? limit : deadline;
    struct targets targets = {.why = NULL};
    int number = find_targets(connection, end, &targets);
    for (size_t i = 0; i < targets.count && number != ECANCELED; i++) {
        number = connect_to(connection, &targets.all[i], end);
        if (number == 0) {
            break;
        }
    }
    return connection_opened(connection, start, deadline, number, targets.why, error);
}
