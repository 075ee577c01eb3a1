/* VM processes outside as one VM: what the calls that wait (client.c) and those of an event loop
 * (src/async) share is in attempts.h. */
#ifndef EXTVM_COMMON_CLIENT_H
#define EXTVM_COMMON_CLIENT_H

#include "line.h"
#include "vm.h"

struct client {
    extvm_vm vm;
    struct settings settings;
    struct logger logger;
    struct line line;
    size_t count;
    struct process processes[];
};

/* Makes a client of the VM processes at `endpoints`, that speak `protocol`; all but the protocol is
 * copied. `keepers` NULL: nobody looks after them; else one for each, which the client takes over,
 * also when it fails. `calls` NULL: the system's. Errors: EXTVM_NO_MEMORY, EXTVM_SYSTEM_ERROR. */
extvm_status client_new(const struct protocol *protocol, const struct endpoint *endpoints,
                        size_t count, struct keeper *const *keepers, const extvm_options *options,
                        const struct socket_calls *calls, extvm_vm **out, extvm_error *error);

/* The client behind a handle; NULL when it is no client. */
struct client *client_of(extvm_vm *vm);

#endif
