/* The root of a hexary Merkle-Patricia trie (yellow paper, appendix D), without a trie. */
#ifndef EXTVM_EXECUTOR_TRIE_H
#define EXTVM_EXECUTOR_TRIE_H

#include <extvm/allocator.h>
#include <extvm/status.h>

#include "common/buffer.h"

enum { TRIE_KEY_MAXIMUM = EXTVM_WORD_SIZE }; /* bytes */

/* Borrowed. The key has at most TRIE_KEY_MAXIMUM bytes, the value at least one. */
struct trie_item {
    extvm_bytes key, value;
};

/* The root of the trie with these items, which are ascending by key, without duplicates. `work`
 * takes the nodes that are being written, behind what it holds already.
 * Errors: EXTVM_NO_MEMORY. */
extvm_status trie_root(const struct trie_item *items, size_t count, struct buffer *work,
                       extvm_word *root);

#endif
