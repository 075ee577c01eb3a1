/* The messages of a dialogue by their fields, integers in decimal: as one line of text for people,
 * or as JSON. */
#ifndef EXTVM_COMMON_TRACE_H
#define EXTVM_COMMON_TRACE_H

#include "buffer.h"
#include "protocol.h"

/* Each appends to `text`; what does not fit there is left out. */
void trace_hello(struct buffer *text, extvm_bytes version, const extvm_chain *chain);
void trace_call(struct buffer *text, const extvm_call *call, bool with_chain);
void trace_query(struct buffer *text, const struct query *query);
void trace_answer(struct buffer *text, const struct query *query, const struct answer *answer);
void trace_result(struct buffer *text, const extvm_result *result);

/* "GetAccount" and "Account", and so on. */
const char *trace_query_name(enum query_kind kind);
const char *trace_answer_name(enum query_kind kind);

/* The other way, for an answer; false: no answer has that name. */
bool trace_answer_kind(const char *name, enum query_kind *kind);

enum trace_form {
    TRACE_TEXT, /* as above; long data is cut */
    TRACE_JSON  /* one object; data is whole, integers are decimal strings, or hex over 40 bytes */
};

/* Decodes the message with that name and appends its fields. Errors: those of decoding, and
 * EXTVM_NO_MEMORY; what was appended means nothing then. */
extvm_status trace_decoded(struct buffer *out, const struct protocol *protocol, const char *name,
                           extvm_bytes body, enum trace_form form, struct arena *arena,
                           extvm_error *error);

#endif
