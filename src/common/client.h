/* A VM in another process, as a VM: its calls are run one after the other over one connection. */
#ifndef EXTVM_COMMON_CLIENT_H
#define EXTVM_COMMON_CLIENT_H

#include "connection.h"
#include "vm.h"

/* Makes a client of the VM at `endpoint`, that speaks `protocol`; all but the protocol is copied.
 * `calls` NULL: the system's. Errors: EXTVM_NO_MEMORY, EXTVM_SYSTEM_ERROR. */
extvm_status client_new(const struct protocol *protocol, const struct endpoint *endpoint,
                        const extvm_options *options, const struct socket_calls *calls,
                        extvm_vm **out, extvm_error *error);

#endif
