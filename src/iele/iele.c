/* IELE's protocol table. */
#include "iele.h"

#include "common/messages.h"

const struct protocol iele_protocol = {
    .vm_name = "IELE",
    .version = "3.0",
    .block_hash = BLOCK_HASH_PARENT, /* protocol/iele.md, section 6.4 */
    .balances_may_shrink = true,     /* section 11 asks only that they do not grow */
    .check_call = iele_check_call,
    .check_caller = iele_check_caller,
    .check_storage = iele_check_storage,
    .encode_hello = iele_encode_hello,
    .encode_call = iele_encode_call,
    .encode_answer = messages_encode_answer,
    .decode_vm_message = iele_decode_vm_message,
    .read_outcome = iele_read_outcome,
    .conclude = iele_conclude,
    .decode_hello = messages_decode_hello,
    .decode_call = iele_decode_call,
    .decode_answer = iele_decode_answer,
    .encode_query = iele_encode_query,
    .encode_result = iele_encode_result,
};
