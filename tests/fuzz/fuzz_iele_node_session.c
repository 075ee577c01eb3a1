/* The node's end of IELE's session against any bytes: see node_session.h. */
#include "iele/iele.h"
#include "node_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t input[] = {0xc2, 'f', 0xc0};
    return fuzz_node_session(&iele_protocol, (extvm_bytes){input, sizeof input}, data, size);
}
