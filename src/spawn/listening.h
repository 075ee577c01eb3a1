/* Whether somebody listens at a place of this machine, found out without connecting to it. */
#ifndef EXTVM_SPAWN_LISTENING_H
#define EXTVM_SPAWN_LISTENING_H

#include <netinet/in.h>
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

enum listening { LISTENING_NOBODY, LISTENING_SOMEBODY, LISTENING_UNKNOWN /* no /proc */ };

/* A socket of any process that listens there, or at every address of the port. */
enum listening place_listening(const struct place *place);

#endif
