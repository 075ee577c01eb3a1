/* IELE, protocol 3.0 (protocol/iele.md). */
#ifndef EXTVM_IELE_IELE_H
#define EXTVM_IELE_IELE_H

#include "common/protocol.h"

extern const struct protocol iele_protocol;

/* The name of a status of the VM's own, "success" or "FUNC_NOT_FOUND" and so on (section 10.1);
 * lives for ever. There are 0 to 9. */
const char *iele_status_name(unsigned status);

/* -- for src/iele only: the functions of the table; see common/protocol.h -- */

/* Whether `input` is what the VM survives: strict RLP, a string and a list of strings, nothing
 * after (section 5.2). Errors: EXTVM_INVALID_ARGUMENT. */
extvm_status iele_check_call_data(extvm_bytes input, extvm_error *error);

extvm_status iele_check_call(const extvm_call *call, extvm_error *error);
extvm_status iele_check_caller(const extvm_call *call, const struct known_account *caller,
                               extvm_error *error);
extvm_status iele_check_storage(extvm_bytes value, extvm_error *error);
extvm_status iele_read_outcome(const extvm_call *call, extvm_result *result, extvm_error *error);
extvm_status iele_conclude(const extvm_call *call, const struct ledger *ledger,
                           extvm_result *result, extvm_error *error);

bool iele_encode_hello(const extvm_call *first_call, struct buffer *out);
bool iele_encode_call(const extvm_call *call, struct arena *scratch, struct buffer *out);
extvm_status iele_decode_vm_message(extvm_bytes body, struct arena *arena,
                                    struct vm_message *message, extvm_error *error);

extvm_status iele_decode_call(extvm_bytes body, struct arena *arena, extvm_call *call,
                              extvm_error *error);
extvm_status iele_decode_answer(extvm_bytes body, const struct query *query, struct arena *arena,
                                struct answer *answer, extvm_error *error);
bool iele_encode_query(const struct query *query, struct buffer *out);
bool iele_encode_result(const extvm_result *result, struct arena *scratch, struct buffer *out);

#endif
