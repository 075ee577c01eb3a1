/* The addresses of an endpoint. A host's name is looked up on a thread of its own, since the
 * system's resolver knows no deadline and cannot be stopped. */
#ifndef EXTVM_COMMON_RESOLVE_H
#define EXTVM_COMMON_RESOLVE_H

#include <sys/socket.h>

#include "endpoint.h"

struct target {
    struct sockaddr_storage address;
    socklen_t size;
};

enum { TARGETS_MAXIMUM = 16 /* addresses of a host that are tried */ };
struct targets {
    struct target all[TARGETS_MAXIMUM];
    size_t count;
    const char *why; /* there are none; lives for ever */
    int number;      /* the same as an errno */
};

/* Fills `targets` when no name must be looked up: a unix socket, or a host that is a number. */
bool resolve_at_once(const struct endpoint *endpoint, struct targets *targets);

/* A look-up that is going on. NULL: the system has no memory or thread for it. */
struct resolution;
struct resolution *resolution_new(const struct endpoint *endpoint);

/* Becomes readable when it is done. */
int resolution_descriptor(const struct resolution *resolution);

/* What came of it; false: it is not done yet. */
bool resolution_read(const struct resolution *resolution, struct targets *targets);

/* Lets go of it; a look-up that is still going on ends by itself. NULL is allowed. */
void resolution_free(struct resolution *resolution);

#endif
