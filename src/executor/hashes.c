/* The two hashes by which nodes agree on what a transaction did: the root of the state (yellow
 * paper, section 4.1, appendix D) and the hash of the logs (section 4.3.1). */
#include <extvm/executor.h>

#include <stdlib.h>
#include <string.h>

#include <extvm/integer.h>

#include "common/keccak.h"
#include "common/memory.h"
#include "common/rlp.h"
#include "trie.h"

/* TRIE(empty) = KEC(RLP("")), and KEC(""). */
static const extvm_word empty_trie_root = {{0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6,
                                            0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
                                            0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0,
                                            0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21}};
static const extvm_word empty_code_hash = {{0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c,
                                            0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
                                            0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b,
                                            0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70}};

void extvm_keccak256(extvm_bytes bytes, extvm_word *hash) {
    keccak256(bytes, hash);
}

static extvm_bytes word_bytes(const extvm_word *word) {
    return (extvm_bytes){word->bytes, EXTVM_WORD_SIZE};
}

/* The memory of one computation. */
struct work {
    const extvm_state *state;
    struct arena accounts, storage; /* the items of the state's trie, and of one account's */
    struct buffer rlp;              /* the value or the nodes that are being written */
};

static void work_init(struct work *work, const extvm_state *state) {
    const extvm_allocator *allocator = extvm_state_allocator(state);
    work->state = state;
    arena_init(&work->accounts, allocator, SIZE_MAX);
    arena_init(&work->storage, allocator, SIZE_MAX);
    buffer_init(&work->rlp, allocator, SIZE_MAX);
}

static void work_free(struct work *work) {
    arena_free(&work->accounts);
    arena_free(&work->storage);
    buffer_free(&work->rlp);
}

static void give_back(const extvm_state *state, void *memory) {
    const extvm_allocator *allocator = extvm_state_allocator(state);
    allocator->release(allocator->context, memory);
}

/* Fills an item: the hash of the key, and the value that lies in `work->rlp`, which is emptied. */
static extvm_status finish_item(struct work *work, struct arena *arena, extvm_bytes key,
                                struct trie_item *item) {
    extvm_word *hash = arena_allocate(arena, sizeof *hash);
    extvm_bytes value = {work->rlp.data, work->rlp.size};
    if (hash == NULL || !arena_copy(arena, value, &item->value)) {
        return EXTVM_NO_MEMORY;
    }
    keccak256(key, hash);
    item->key = word_bytes(hash);
    work->rlp.size = 0;
    return EXTVM_OK;
}

static int compare_items(const void *a, const void *b) {
    return memcmp(((const struct trie_item *)a)->key.data, ((const struct trie_item *)b)->key.data,
                  EXTVM_WORD_SIZE);
}

static extvm_status sorted_root(struct work *work, struct trie_item *items, size_t count,
                                extvm_word *root) {
    qsort(items, count, sizeof *items, compare_items);
    return trie_root(items, count, &work->rlp, root);
}

/* -- an account's storage -- */

static extvm_status storage_item(struct work *work, const extvm_storage_update *entry,
                                 struct trie_item *item) {
    extvm_word key, value;
    if (extvm_integer_to_word(entry->key, &key) != EXTVM_OK ||
        extvm_integer_to_word(entry->value, &value) != EXTVM_OK) {
        return EXTVM_OUT_OF_RANGE;
    }
    if (!rlp_integer(&work->rlp, entry->value)) {
        return EXTVM_NO_MEMORY;
    }
    return finish_item(work, &work->storage, word_bytes(&key), item);
}

static extvm_status entries_root(struct work *work, const extvm_storage_update *entries,
                                 size_t count, extvm_word *root) {
    arena_reset(&work->storage);
    struct trie_item *items = arena_array(&work->storage, count, sizeof *items);
    extvm_status status = items != NULL ? EXTVM_OK : EXTVM_NO_MEMORY;
    for (size_t i = 0; i < count && status == EXTVM_OK; i++) {
        status = storage_item(work, &entries[i], &items[i]);
    }
    return status == EXTVM_OK ? sorted_root(work, items, count, root) : status;
}

static extvm_status storage_root(struct work *work, const extvm_address *address,
                                 extvm_word *root) {
    extvm_storage_update *entries;
    size_t count;
    extvm_status status = extvm_state_storage_entries(work->state, address, &entries, &count);
    if (status == EXTVM_OK && count == 0) {
        *root = empty_trie_root;
    } else if (status == EXTVM_OK) {
        status = entries_root(work, entries, count, root);
        give_back(work->state, entries);
    }
    return status;
}

/* -- accounts -- */

static extvm_status account_item(struct work *work, const extvm_address *address,
                                 struct trie_item *item) {
    extvm_account account;
    extvm_word root, code_hash = empty_code_hash;
    (void)extvm_state_account(work->state, address, &account);
    extvm_status status = storage_root(work, address, &root);
    if (status != EXTVM_OK) {
        return status;
    }
    if (account.has_code) {
        keccak256(extvm_state_code(work->state, address), &code_hash);
    }
    if (!rlp_integer(&work->rlp, account.nonce) || !rlp_integer(&work->rlp, account.balance) ||
        !rlp_string(&work->rlp, word_bytes(&root)) ||
        !rlp_string(&work->rlp, word_bytes(&code_hash)) || !rlp_list(&work->rlp, 0)) {
        return EXTVM_NO_MEMORY;
    }
    return finish_item(work, &work->accounts, (extvm_bytes){address->bytes, EXTVM_ADDRESS_SIZE},
                       item);
}

static extvm_status accounts_root(struct work *work, const extvm_address *addresses, size_t count,
                                  extvm_word *root) {
    struct trie_item *items = arena_array(&work->accounts, count, sizeof *items);
    extvm_status status = items != NULL ? EXTVM_OK : EXTVM_NO_MEMORY;
    for (size_t i = 0; i < count && status == EXTVM_OK; i++) {
        status = account_item(work, &addresses[i], &items[i]);
    }
    return status == EXTVM_OK ? sorted_root(work, items, count, root) : status;
}

extvm_status extvm_state_root(const extvm_state *state, extvm_word *root) {
    extvm_address *addresses;
    size_t count;
    extvm_status status = extvm_state_addresses(state, &addresses, &count);
    if (status == EXTVM_OK && count == 0) {
        *root = empty_trie_root;
    } else if (status == EXTVM_OK) {
        struct work work;
        work_init(&work, state);
        status = accounts_root(&work, addresses, count, root);
        work_free(&work);
        give_back(state, addresses);
    }
    return status;
}

/* -- logs -- */

static bool write_log(struct buffer *out, const extvm_log_entry *entry) {
    size_t start = out->size;
    if (!rlp_string(out, (extvm_bytes){entry->address.bytes, EXTVM_ADDRESS_SIZE})) {
        return false;
    }
    size_t topics = out->size;
    for (size_t i = 0; i < entry->topic_count; i++) {
        if (!rlp_string(out, word_bytes(&entry->topics[i]))) {
            return false;
        }
    }
    return rlp_list(out, topics) && rlp_string(out, entry->data) && rlp_list(out, start);
}

static bool write_logs(struct buffer *out, const extvm_result *result) {
    size_t count = 0;
    const extvm_log_entry *logs = result != NULL ? extvm_result_logs(result, &count) : NULL;
    for (size_t i = 0; i < count; i++) {
        if (!write_log(out, &logs[i])) {
            return false;
        }
    }
    return rlp_list(out, 0);
}

extvm_status extvm_logs_hash(const extvm_result *result, const extvm_allocator *allocator,
                             extvm_word *hash) {
    struct buffer out;
    buffer_init(&out, allocator != NULL ? allocator : extvm_default_allocator(), SIZE_MAX);
    bool written = write_logs(&out, result);
    if (written) {
        keccak256((extvm_bytes){out.data, out.size}, hash);
    }
    buffer_free(&out);
    return written ? EXTVM_OK : EXTVM_NO_MEMORY;
}
