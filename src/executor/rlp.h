/* Recursive length prefix, writing only (yellow paper, appendix B). */
#ifndef EXTVM_EXECUTOR_RLP_H
#define EXTVM_EXECUTOR_RLP_H

#include "common/buffer.h"

/* Each appends to `out`; false when there is no memory. */
bool rlp_string(struct buffer *out, extvm_bytes bytes);

/* An integer of 0 or more: its big-endian bytes without leading zeros, 0 is the empty string. */
bool rlp_integer(struct buffer *out, extvm_bytes integer);

/* What was appended since `out->size` was `start` becomes the payload of a list. */
bool rlp_list(struct buffer *out, size_t start);

#endif
