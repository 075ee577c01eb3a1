/* One socket to a VM process, driven with deadlines and closed without harm to the VM. */
#ifndef EXTVM_COMMON_CONNECTION_H
#define EXTVM_COMMON_CONNECTION_H

#include <sys/socket.h>
#include <sys/types.h>

#include "endpoint.h"
#include "options.h"
#include "session.h"

/* The system's socket calls, behind a table so that a test can split, delay or fail any of them. */
struct socket_calls {
    int (*connect)(int socket, const struct sockaddr *address, socklen_t size);
    ssize_t (*send)(int socket, const void *data, size_t size, int flags);
    ssize_t (*receive)(int socket, void *data, size_t size, int flags);
    int (*shutdown)(int socket, int how);
};

extern const struct socket_calls system_socket_calls;

struct connection {
    const struct endpoint *endpoint; /* borrowed, as all pointers here */
    const struct settings *settings;
    const struct logger *logger;
    const struct socket_calls *calls;
    struct session *session;
    int socket;      /* -1: none */
    uint64_t now;    /* the clock when it was last read, in nanoseconds; its user reads it too */
    uint64_t armed;  /* the timeout that the socket has, in nanoseconds */
    uint64_t waited; /* time in connection_exchange, in nanoseconds */
    uint64_t bytes_sent, bytes_received;
};

/* Connects, with at most `retries` further tries; nothing takes longer than `deadline`.
 * Errors: EXTVM_UNREACHABLE, EXTVM_CONNECT_TIMEOUT, EXTVM_SYSTEM_ERROR. */
extvm_status connection_open(struct connection *connection, uint64_t retries, uint64_t deadline,
                             extvm_error *error);

/* Sends all of the session's output, then receives once: one send and one receive when the system
 * takes and has everything.
 * Errors: EXTVM_DEADLINE_PASSED, what session_closed says, EXTVM_NO_MEMORY, EXTVM_SYSTEM_ERROR. */
extvm_status connection_exchange(struct connection *connection, uint64_t deadline,
                                 extvm_error *error);

/* Whether an idle connection can still be used: the VM has neither closed it nor said anything. */
bool connection_is_usable(struct connection *connection);

/* Leaves the VM: answers for the caller's account if that is due, half-closes, reads to the end,
 * all within the drain timeout, and closes (protocol/kevm.md, section 12). No socket: nothing. */
void connection_leave(struct connection *connection);

#endif
