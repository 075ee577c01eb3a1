/* KEVM's protocol table. */
#include "kevm.h"

#include "common/messages.h"

const struct protocol kevm_protocol = {
    .vm_name = "KEVM",
    .version = "2.2",
    .block_hash = BLOCK_HASH_ABSOLUTE, /* protocol/kevm.md, section 6.4 */
    .sends_chain = true,
    .late_query_quirk = "late-queries", /* section 6.6 */
    .check_caller = kevm_check_caller,
    .check_storage = kevm_check_storage,
    .encode_hello = kevm_encode_hello,
    .encode_call = kevm_encode_call,
    .encode_answer = messages_encode_answer,
    .decode_vm_message = kevm_decode_vm_message,
    .read_outcome = kevm_read_outcome,
    .conclude = kevm_conclude,
    .decode_hello = messages_decode_hello,
    .decode_call = kevm_decode_call,
    .decode_answer = kevm_decode_answer,
    .encode_query = kevm_encode_query,
    .encode_result = kevm_encode_result,
};
