/* One socket to a VM process, driven with deadlines and closed without harm to the VM. The first
 * part waits; the second does one step at a time and never waits, for whoever has an event loop. */
#ifndef EXTVM_COMMON_CONNECTION_H
#define EXTVM_COMMON_CONNECTION_H

#include <sys/socket.h>
#include <sys/types.h>

#include "calls.h"
#include "endpoint.h"
#include "options.h"
#include "resolve.h"
#include "session.h"
#include "statistics.h"

/* The system's socket calls, behind a table so that a test can split, delay or fail any of them. */
struct socket_calls {
    int (*socket)(int domain, int type, int protocol);
    int (*connect)(int socket, const struct sockaddr *address, socklen_t size);
    int (*set_option)(int socket, int level, int option, const void *value, socklen_t size);
    int (*set_blocking)(int socket);
    poll_fn poll;
    ssize_t (*send)(int socket, const void *data, size_t size, int flags);
    ssize_t (*receive)(int socket, void *data, size_t size, int flags);
    int (*shutdown)(int socket, int how);
};

/* How long a send or receive sleeps in the kernel, where nothing but the socket wakes it, before it
 * is left for a poll, that ends at once when the call is stopped; nanoseconds. Most answers come
 * sooner. It is a timer in the kernel, and one that is near makes each sleep of a processor dearer:
 * with 10 ms the client did 0.91 to 0.97 of a bare socket's queries, with 100 ms 0.98 to 1.01. */
#define SOCKET_SLEEP UINT64_C(100000000)

extern const struct socket_calls system_socket_calls;

struct connection {
    const struct endpoint *endpoint; /* borrowed, as all pointers here */
    const struct settings *settings;
    const struct logger *logger;
    const struct socket_calls *calls;
    struct statistics *statistics;
    struct session *session;
    struct call_slot *slot; /* the call that uses it now; NULL: none that could be stopped */
    int socket;             /* -1: none */
    uint64_t connects;      /* made so far */
    bool is_gone;           /* the VM of the last connection, which goes without a word */
    bool is_cut_off;        /* the last session was not ended by the VM in time */
    uint64_t now; /* the clock when it was last read, in nanoseconds; its user reads it too */
    uint64_t vm_time, wire_time; /* nanoseconds, since the user set them to 0 */
    uint64_t bytes_sent, bytes_received;
};

/* Connects: looks the host up, and tries each of its addresses; nothing takes longer than
 * connect-timeout, nor than `deadline`. Errors: EXTVM_UNREACHABLE, EXTVM_CONNECT_TIMEOUT,
 * EXTVM_DEADLINE_PASSED, EXTVM_CANCELLED, EXTVM_NO_MEMORY, EXTVM_SYSTEM_ERROR. */
extvm_status connection_open(struct connection *connection, uint64_t deadline, extvm_error *error);

/* Sends all of the session's output, then receives once: one send and one receive when the system
 * takes and has everything.
 * Errors: EXTVM_DEADLINE_PASSED, EXTVM_CANCELLED, what session_closed says, EXTVM_NO_MEMORY,
 * EXTVM_SYSTEM_ERROR. */
extvm_status connection_exchange(struct connection *connection, uint64_t deadline,
                                 extvm_error *error);

/* Whether an idle connection can still be used: the VM has neither closed it nor said anything. */
bool connection_is_usable(struct connection *connection);

/* Leaves the VM: answers for the caller's account if that is due, half-closes, reads to the end,
 * all until `deadline`, and closes (protocol/kevm.md, section 12). No socket: nothing. */
void connection_leave(struct connection *connection, uint64_t deadline);

/* -- one step at a time -- */

/* Makes a socket and begins to connect it. 0: connected; EINPROGRESS: when the socket can be
 * written to, connection_finish_connect says; anything else: why not. */
int connection_begin_connect(struct connection *connection, const struct target *target);
int connection_finish_connect(struct connection *connection);

/* Prepares a connected socket, and says so to the log. 0, or an errno, and the socket is closed. */
int connection_connected(struct connection *connection);

/* Closes a socket that is still being connected; returns `number`. */
int connection_give_up_connect(struct connection *connection, int number);

/* What came of connecting, that began at `start`: 0, or an errno, or a host without addresses and
 * `why`. Errors: as of connection_open. */
extvm_status connection_opened(struct connection *connection, uint64_t start, uint64_t deadline,
                               int number, const char *why, extvm_error *error);

/* An exchange in steps. The first begins it; each more goes on, until `*wanted` is 0: all output
 * was sent and something received. Else the socket must be ready for it (POLLIN or POLLOUT) first,
 * until `limit` or the deadline at the latest; one that is given up then is ended, so that its time
 * counts. Errors: as of connection_exchange. */
struct exchange {
    uint64_t limit;
    uint64_t since; /* it was begun, or the output was sent */
    bool is_sent;
    bool is_rest; /* what is waited for is the rest of a frame */
};
extvm_status connection_begin_exchange(struct connection *connection, struct exchange *exchange,
                                       uint64_t deadline, extvm_error *error);
extvm_status connection_step_exchange(struct connection *connection, struct exchange *exchange,
                                      int flags, short *wanted, extvm_error *error);
void connection_end_exchange(struct connection *connection, struct exchange *exchange);

/* One send of the session's output. `*would_wait`: the system did not take all of it.
 * Errors: as of connection_exchange. */
extvm_status connection_send(struct connection *connection, int flags, bool *would_wait,
                             extvm_error *error);

/* The status of a wait that took until `limit` (the end of one wait) or `deadline` (the call's). */
extvm_status connection_too_late(const struct connection *connection, uint64_t limit,
                                 uint64_t deadline, extvm_error *error);

/* Whether the VM must be told of its caller before it is left: then one more exchange is due, and
 * this is to be asked again. */
bool connection_owes_caller(struct connection *connection);

/* Half-closes; false: there is nothing more to be read. Then one receive of what is thrown away;
 * false: the other end has closed too. What has come already is always read, since a close with
 * unread bytes would be a reset; but a VM that goes on sending when the time is over is cut off
 * after so many reads, which are more than a socket holds. */
enum { DRAIN_READS = 4096 };
bool connection_half_close(struct connection *connection);
bool connection_drain(struct connection *connection, int flags, bool *would_wait);

/* A VM that broke off is gone: its end of the connection is to go with ours, since the real VMs
 * cannot listen again while it lingers. Only where the VM is known to be gone: a reset would end a
 * real one. */
void connection_reset_at_close(struct connection *connection);

/* Closes the socket and says to the log how the session ended. */
void connection_close(struct connection *connection, bool was_ended_by_vm);

#endif
