/* Whether somebody listens at a place of this machine, found out without connecting to it. */
#ifndef EXTVM_SPAWN_LISTENING_H
#define EXTVM_SPAWN_LISTENING_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/endpoint.h"

enum { PLACE_ADDRESSES = 8 };

struct place {
    const char *path; /* of a unix socket, borrowed; NULL: a port */
    unsigned port;
    size_t count;
    struct in6_addr addresses[PLACE_ADDRESSES]; /* IPv4 as ::ffff:a.b.c.d */
};

/* Looks the endpoint's host up; the endpoint is borrowed.
 * Errors: EXTVM_INVALID_ARGUMENT (no such host), EXTVM_SYSTEM_ERROR, EXTVM_NO_MEMORY. */
extvm_status place_find(struct place *place, const struct endpoint *endpoint, extvm_error *error);

/* Whether a socket that listens at this address takes what comes for the place. */
bool place_is_taken(const struct place *place, const struct in6_addr *listens, unsigned port);

/* An IPv4 address, in the network's order, as ::ffff:a.b.c.d. */
struct in6_addr place_ipv4(const void *address);

enum listening { LISTENING_NOBODY, LISTENING_SOMEBODY, LISTENING_UNKNOWN };

/* A socket of any process that listens there, or at every address of the port. The first asks the
 * kernel in the fastest way that there is; UNKNOWN: neither way is there. */
enum listening place_listening(const struct place *place);

/* The two ways for a port: sock_diag(7), and /proc/net/tcp, which every kernel has but which can
 * take some 10 ms, as it goes through all of the kernel's table of connections. */
enum listening place_listening_by_diag(const struct place *place);
enum listening place_listening_by_proc(const struct place *place);

#endif
