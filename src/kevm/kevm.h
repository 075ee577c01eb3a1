/* KEVM, protocol 2.2 (protocol/kevm.md). */
#ifndef EXTVM_KEVM_KEVM_H
#define EXTVM_KEVM_KEVM_H

#include "common/protocol.h"

extern const struct protocol kevm_protocol;

/* -- for src/kevm only: the functions of the table; see common/protocol.h -- */

/* The access list that goes to the VM with a call: in Berlin every call has one, that begins with
 * the precompiled contracts, because the VM does not warm them itself (protocol/kevm.md,
 * section 7.1). */
bool kevm_sends_access_list(const extvm_call *call);
bool kevm_in_berlin(const extvm_call *call);
enum { KEVM_PRECOMPILED_COUNT = 9 };
bool kevm_is_precompiled(const extvm_address *address);

extvm_status kevm_check_caller(const extvm_call *call, const struct known_account *caller,
                               extvm_error *error);
extvm_status kevm_check_storage(extvm_bytes value, extvm_error *error);
extvm_status kevm_read_outcome(const extvm_call *call, extvm_result *result, extvm_error *error);
extvm_status kevm_conclude(const extvm_call *call, const struct ledger *ledger,
                           extvm_result *result, extvm_error *error);

bool kevm_encode_hello(const extvm_call *first_call, struct buffer *out);
bool kevm_encode_call(const extvm_call *call, struct arena *scratch, struct buffer *out);
extvm_status kevm_decode_vm_message(extvm_bytes body, struct arena *arena,
                                    struct vm_message *message, extvm_error *error);

extvm_status kevm_decode_call(extvm_bytes body, struct arena *arena, extvm_call *call,
                              extvm_error *error);
extvm_status kevm_decode_answer(extvm_bytes body, const struct query *query, struct arena *arena,
                                struct answer *answer, extvm_error *error);
bool kevm_encode_query(const struct query *query, struct buffer *out);
bool kevm_encode_result(const extvm_result *result, struct arena *scratch, struct buffer *out);

#endif
