/* Making a connection to a VM: resolving, connecting with a deadline, trying again. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"
#include "error.h"

/* Probes of a dead peer after the first, and the seconds between them. */
enum { KEEPALIVE_PROBES = 4, KEEPALIVE_INTERVAL = 10 };

static bool set(int socket, int level, int option, int value) {
    return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

static bool set_tcp_options(const struct settings *settings, int socket) {
    int idle = (int)(settings->tcp_keepalive / NANOSECONDS_IN_SECOND);
    return set(socket, IPPROTO_TCP, TCP_NODELAY, 1) &&
           (idle == 0 || (set(socket, SOL_SOCKET, SO_KEEPALIVE, 1) &&
                          set(socket, IPPROTO_TCP, TCP_KEEPIDLE, idle) &&
                          set(socket, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL) &&
                          set(socket, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES)));
}

/* Connecting to a port of this machine where nobody listens can reach one's own socket. */
static bool is_own_socket(int socket) {
    struct sockaddr_storage own = {0}, peer = {0};
    socklen_t own_size = sizeof own, peer_size = sizeof peer;
    return getsockname(socket, (struct sockaddr *)&own, &own_size) == 0 &&
           getpeername(socket, (struct sockaddr *)&peer, &peer_size) == 0 &&
           own.ss_family != AF_UNIX && own_size == peer_size && memcmp(&own, &peer, own_size) == 0;
}

/* Waits until a connect that has begun is done; returns its errno, ETIMEDOUT at the deadline. */
static int finish_connect(int socket, uint64_t deadline) {
    for (;;) {
        uint64_t now = clock_now();
        if (now >= deadline) {
            return ETIMEDOUT;
        }
        struct pollfd wanted = {.fd = socket, .events = POLLOUT};
        struct timespec left = clock_timespec(deadline - now);
        int ready = ppoll(&wanted, 1, &left, NULL);
        if (ready > 0) {
            int number = 0;
            socklen_t size = sizeof number;
            return getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &size) == 0 ? number : errno;
        }
        if (ready < 0 && errno != EINTR) {
            return errno;
        }
    }
}

/* One connect to one address; returns 0 with the connection's socket set, or an errno. */
static int connect_to(struct connection *connection, const struct sockaddr *address, socklen_t size,
                      uint64_t deadline) {
    int type = SOCK_STREAM | SOCK_CLOEXEC;
    int made = socket(address->sa_family, type | SOCK_NONBLOCK, 0);
    if (made < 0) {
        return errno;
    }
    int number = connection->calls->connect(made, address, size) == 0 ? 0 : errno;
    if (number == EINPROGRESS || number == EINTR) {
        number = finish_connect(made, deadline);
    }
    if (number == 0 && is_own_socket(made)) {
        number = ECONNREFUSED;
    }
    if (number == 0 && !connection->endpoint->is_unix &&
        !set_tcp_options(connection->settings, made)) {
        number = errno;
    }
    if (number == 0 && fcntl(made, F_SETFL, 0) != 0) { /* blocking, from now on */
        number = errno;
    }
    if (number != 0) {
        close(made);
        return number;
    }
    connection->socket = made;
    connection->armed = 0;
    return 0;
}

static int connect_unix(struct connection *connection, uint64_t deadline) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, connection->endpoint->path, sizeof address.sun_path);
    return connect_to(connection, (const struct sockaddr *)&address, sizeof address, deadline);
}

/* Every address that the host has, in the resolver's order. */
static int connect_tcp(struct connection *connection, uint64_t deadline, const char **why) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses;
    int resolved =
        getaddrinfo(connection->endpoint->host, connection->endpoint->port, &hints, &addresses);
    if (resolved != 0) {
        *why = gai_strerror(resolved);
        return resolved == EAI_MEMORY ? ENOMEM : ENXIO;
    }
    int number = ENXIO;
    for (const struct addrinfo *one = addresses; one != NULL && number != 0; one = one->ai_next) {
        number = connect_to(connection, one->ai_addr, one->ai_addrlen, deadline);
    }
    freeaddrinfo(addresses);
    return number;
}

static extvm_status connect_status(int number) {
    switch (number) {
    case ETIMEDOUT:
        return EXTVM_CONNECT_TIMEOUT;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
        return EXTVM_SYSTEM_ERROR;
    case ENOMEM:
        return EXTVM_NO_MEMORY;
    default:
        return EXTVM_UNREACHABLE;
    }
}

/* Waits before the next try; false when that would be too late. */
static bool pause_before_retry(const struct connection *connection, uint64_t deadline) {
    uint64_t end = clock_now() + connection->settings->retry_delay;
    if (end >= deadline) {
        return false;
    }
    const struct timespec until = clock_timespec(end);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
    return true;
}

extvm_status connection_open(struct connection *connection, uint64_t retries, uint64_t deadline,
                             extvm_error *error) {
    const struct settings *settings = connection->settings;
    for (uint64_t tries = 1;; tries++) {
        uint64_t limit = clock_now() + settings->connect_timeout;
        const char *why = NULL;
        int number = connection->endpoint->is_unix
                         ? connect_unix(connection, limit < deadline ? limit : deadline)
                         : connect_tcp(connection, limit < deadline ? limit : deadline, &why);
        connection->now = clock_now();
        if (number == 0) {
            log_line(connection->logger, EXTVM_LOG_INFO, "%s: connected",
                     connection->endpoint->text);
            return EXTVM_OK;
        }
        why = why != NULL ? why : strerror(number);
        extvm_status status = connect_status(number);
        bool worth = status == EXTVM_UNREACHABLE || status == EXTVM_CONNECT_TIMEOUT;
        bool again = worth && tries <= retries && connection->now < deadline;
        log_line(connection->logger, EXTVM_LOG_INFO, "%s: cannot connect (try %llu): %s",
                 connection->endpoint->text, (unsigned long long)tries, why);
        if (!again || !pause_before_retry(connection, deadline)) {
            return error_set(
                error, status,
                "cannot reach the VM: %s (tries: %llu; options connect-timeout %.3g s, "
                "connect-retries %llu, retry-delay %.3g s): check that it runs and "
                "listens there",
                why, (unsigned long long)tries,
                (double)settings->connect_timeout / (double)NANOSECONDS_IN_SECOND,
                (unsigned long long)settings->connect_retries,
                (double)settings->retry_delay / (double)NANOSECONDS_IN_SECOND);
        }
    }
}
