/* What the test-mode server hosts: for each protocol that it speaks the machine behind it. */
#ifndef EXTVM_TESTVM_HOST_H
#define EXTVM_TESTVM_HOST_H

#include "common/machine.h"
#include "common/protocol.h"

struct host {
    const char *name; /* of the kind of VM, as in its address: "kevm" */
    const struct protocol *protocol;
    const struct machine_kind *machine;

    /* -- fault like-kevm; NULL and 0: it means nothing here -- */

    /* Makes of a right result the real VM's. `caller` is what the node said of it. */
    extvm_status (*diverge)(const extvm_call *call, const extvm_account *caller,
                            extvm_result *result, extvm_error *error);
    uint64_t last_block_hash; /* the hash of no later block is asked for */
};

enum { HOST_COUNT = 2 };
extern const struct host hosts[HOST_COUNT];

/* The protocols of all of them, NULL behind the last; and the host of one of these. */
extern const struct protocol *const host_protocols[HOST_COUNT + 1];
const struct host *host_of(const struct protocol *protocol);

#endif
