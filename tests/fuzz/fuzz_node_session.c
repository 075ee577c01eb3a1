/* The node's end of KEVM's session against any bytes: see node_session.h. */
#include "kevm/kevm.h"
#include "node_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_node_session(&kevm_protocol, (extvm_bytes){NULL, 0}, data, size);
}
