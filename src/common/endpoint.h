/* Where a VM process listens. */
#ifndef EXTVM_COMMON_ENDPOINT_H
#define EXTVM_COMMON_ENDPOINT_H

#include <netdb.h>
#include <stdbool.h>

#include <extvm/status.h>

enum { ENDPOINT_TEXT_SIZE = 320 };

struct endpoint {
    char text[ENDPOINT_TEXT_SIZE]; /* as the user wrote it, for messages */
    bool is_unix;
    char path[108];        /* of a unix socket; the size that the kernel takes */
    char host[NI_MAXHOST]; /* name or number, without brackets */
    char port[sizeof "65535"];
};

/* Reads "HOST:PORT" or "[IPV6]:PORT"; `whole` is the address as the user wrote it.
 * Errors: EXTVM_INVALID_ARGUMENT, EXTVM_OUT_OF_RANGE. */
extvm_status endpoint_parse_tcp(struct endpoint *endpoint, const char *whole, const char *host_port,
                                extvm_error *error);

/* The same for an address to listen at, where port 0 is a free one. */
extvm_status endpoint_parse_listen(struct endpoint *endpoint, const char *host_port,
                                   extvm_error *error);

/* Takes the path of a unix socket. Errors: as above. */
extvm_status endpoint_parse_unix(struct endpoint *endpoint, const char *whole, const char *path,
                                 extvm_error *error);

#endif
