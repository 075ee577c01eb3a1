/* The root of a hexary Merkle-Patricia trie (yellow paper, appendix D). The items are sorted, so
 * those below one node are neighbours: each node is written from its range of items, children
 * first, and only its reference is kept. */
#include "trie.h"

#include "common/keccak.h"
#include "common/rlp.h"

enum {
    BRANCHES = 16,
    FLAG_ODD = 1,  /* hex-prefix encoding (appendix C): an odd number of nibbles */
    FLAG_LEAF = 2, /* a leaf's path, not an extension's */
};

/* The items below one node, and how many nibbles of their keys lie above it. */
struct range {
    const struct trie_item *items;
    size_t count;
    size_t depth;
};

static size_t nibble_count(extvm_bytes key) {
    return 2 * key.size;
}

static unsigned nibble_at(extvm_bytes key, size_t i) {
    uint8_t byte = key.data[i / 2];
    return i % 2 == 0 ? byte >> 4 : byte & 15u;
}

/* How many nibbles all keys have in common; in sorted keys, the first and the last. */
static size_t common_depth(const struct range *range) {
    extvm_bytes first = range->items[0].key, last = range->items[range->count - 1].key;
    size_t depth = range->depth;
    while (depth < nibble_count(first) && depth < nibble_count(last) &&
           nibble_at(first, depth) == nibble_at(last, depth)) {
        depth++;
    }
    return depth;
}

/* The nibbles of `key` from `from` to `to`, hex-prefix encoded, as an RLP string. */
static bool write_path(struct buffer *out, extvm_bytes key, size_t from, size_t to, unsigned flag) {
    uint8_t path[1 + TRIE_KEY_MAXIMUM];
    size_t size = 0;
    bool odd = (to - from) % 2 != 0;
    path[size++] = (uint8_t)((flag | (odd ? FLAG_ODD : 0u)) << 4);
    if (odd) {
        path[0] = (uint8_t)(path[0] | nibble_at(key, from++));
    }
    for (; from < to; from += 2) {
        path[size++] = (uint8_t)(nibble_at(key, from) << 4 | nibble_at(key, from + 1));
    }
    return rlp_string(out, (extvm_bytes){path, size});
}

static bool write_node(struct buffer *out, const struct range *range);

/* What a parent holds of a node: the node itself when it is shorter than a hash, else its hash. */
static bool write_reference(struct buffer *out, const struct range *range) {
    size_t start = out->size;
    if (!write_node(out, range)) {
        return false;
    }
    if (out->size - start < EXTVM_WORD_SIZE) {
        return true;
    }
    extvm_word hash;
    keccak256((extvm_bytes){out->data + start, out->size - start}, &hash);
    out->size = start;
    return rlp_string(out, (extvm_bytes){hash.bytes, sizeof hash.bytes});
}

/* The children by their next nibble, and the value whose key ends here. */
static bool write_branch(struct buffer *out, const struct range *range) {
    const struct trie_item *item = range->items, *end = range->items + range->count;
    extvm_bytes value = {NULL, 0};
    if (nibble_count(item->key) == range->depth) {
        value = item->value;
        item++;
    }
    for (unsigned nibble = 0; nibble < BRANCHES; nibble++) {
        const struct trie_item *first = item;
        while (item < end && nibble_at(item->key, range->depth) == nibble) {
            item++;
        }
        struct range child = {first, (size_t)(item - first), range->depth + 1};
        bool written = child.count > 0 ? write_reference(out, &child)
                                       : rlp_string(out, (extvm_bytes){NULL, 0});
        if (!written) {
            return false;
        }
    }
    return rlp_string(out, value);
}

/* Recursion is bounded by the nibbles of a key. */
static bool write_node(struct buffer *out, const struct range *range) {
    size_t start = out->size;
    extvm_bytes key = range->items[0].key;
    size_t depth = common_depth(range);
    struct range below = {range->items, range->count, depth};
    bool written;
    if (range->count == 1) {
        written = write_path(out, key, range->depth, depth, FLAG_LEAF) &&
                  rlp_string(out, range->items[0].value);
    } else if (depth > range->depth) {
        written = write_path(out, key, range->depth, depth, 0) && write_reference(out, &below);
    } else {
        written = write_branch(out, &below);
    }
    return written && rlp_list(out, start);
}

extvm_status trie_root(const struct trie_item *items, size_t count, struct buffer *work,
                       extvm_word *root) {
    size_t start = work->size;
    struct range all = {items, count, 0};
    bool written = count > 0 ? write_node(work, &all) : rlp_string(work, (extvm_bytes){NULL, 0});
    if (written) {
        keccak256((extvm_bytes){work->data + start, work->size - start}, root);
    }
    work->size = start;
    return written ? EXTVM_OK : EXTVM_NO_MEMORY;
}
