/* vm-type "test-mode": a server of our own and a client of it, as one VM. */
#ifndef EXTVM_TESTVM_TEST_MODE_H
#define EXTVM_TESTVM_TEST_MODE_H

#include "common/options.h"
#include "common/protocol.h"
#include "common/vm.h"

/* Starts the server at `listen` ("HOST:PORT", port 0 for a free one) and makes a client of its VM
 * that speaks `protocol`.
 * Errors: those of extvm_testvm_start and extvm_open. */
extvm_status test_mode_new(const char *listen, const struct protocol *protocol,
                           const extvm_options *options, extvm_vm **out, extvm_error *error);

#endif
