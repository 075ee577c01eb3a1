/* What the test-mode server hosts. */
#include "host.h"

#include "divergence.h"
#include "evm/evm.h"
#include "iele/iele.h"
#include "ielevm/ielevm.h"
#include "kevm/kevm.h"

const struct host hosts[HOST_COUNT] = {
    {"kevm", &kevm_protocol, &evm_machine, divergence_of_result, DIVERGENCE_LAST_BLOCK_HASH},
    {"iele", &iele_protocol, &ielevm_machine, NULL, 0},
};

const struct protocol *const host_protocols[HOST_COUNT + 1] = {&kevm_protocol, &iele_protocol,
                                                               NULL};

const struct host *host_of(const struct protocol *protocol) {
    const struct host *host = hosts;
    while (host->protocol != protocol) {
        host++;
    }
    return host;
}
