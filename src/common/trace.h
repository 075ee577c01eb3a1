/* The messages of a dialogue as one line of text each: fields by name, integers in decimal. */
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

#endif
