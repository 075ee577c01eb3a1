/* Recursive length prefix: writing, and strict reading (yellow paper, appendix B). */
#ifndef EXTVM_COMMON_RLP_H
#define EXTVM_COMMON_RLP_H

#include "buffer.h"

/* Each appends to `out`; false when there is no memory. */
bool rlp_string(struct buffer *out, extvm_bytes bytes);

/* An integer of 0 or more: its big-endian bytes without leading zeros, 0 is the empty string. */
bool rlp_integer(struct buffer *out, extvm_bytes integer);

/* What was appended since `out->size` was `start` becomes the payload of a list. */
bool rlp_list(struct buffer *out, size_t start);

/* -- reading -- */

struct rlp_item {
    bool is_list;
    extvm_bytes payload; /* part of what is read */
};

/* Takes the first item off `rest`. Strict: only the shortest form of a header is allowed. Returns
 * NULL, or what is wrong, as the end of a sentence; then `rest` is as it was. */
const char *rlp_take(extvm_bytes *rest, struct rlp_item *item);

#endif
