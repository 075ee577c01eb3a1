/* A world state in memory (yellow paper, section 4.1): a hash table of accounts, each with a hash
 * table of its storage. Every change is whole or not made at all. */
#include <extvm/state.h>

#include <stdlib.h>
#include <string.h>

#include <extvm/integer.h>

#include "memory.h"
#include "result.h"
#include "table.h"

/* An integer below 2^256 in canonical form. */
struct number {
    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE];
    extvm_bytes bytes; /* in `buffer` */
};

struct account {
    extvm_address address;
    struct number nonce, balance;
    extvm_bytes code;     /* allocated; NULL when empty */
    struct table storage; /* of struct slot; not made before the first */
};

/* A storage value that is not 0; key and value lie in `data`, in this order. */
struct slot {
    extvm_bytes key, value;
    size_t room; /* bytes that a value may have */
    uint8_t data[];
};

struct block_hash {
    uint64_t number;
    extvm_word hash;
};

struct extvm_state {
    extvm_allocator allocator;
    struct table accounts;     /* of struct account */
    struct table block_hashes; /* of struct block_hash */
};

/* -- keys of the tables -- */

static extvm_bytes address_bytes(const extvm_address *address) {
    return (extvm_bytes){address->bytes, EXTVM_ADDRESS_SIZE};
}

static extvm_bytes number_bytes(const uint64_t *number) {
    return (extvm_bytes){(const uint8_t *)number, sizeof *number};
}

static extvm_bytes account_key(const void *entry) {
    return address_bytes(&((const struct account *)entry)->address);
}

static extvm_bytes slot_key(const void *entry) {
    return ((const struct slot *)entry)->key;
}

static extvm_bytes block_hash_key(const void *entry) {
    return number_bytes(&((const struct block_hash *)entry)->number);
}

/* -- making and freeing -- */

extvm_state *extvm_state_new(const extvm_allocator *allocator) {
    if (allocator == NULL) {
        allocator = extvm_default_allocator();
    }
    extvm_state *state = memory_allocate(allocator, sizeof *state);
    if (state != NULL) {
        state->allocator = *allocator;
        table_init(&state->accounts, &state->allocator, account_key);
        table_init(&state->block_hashes, &state->allocator, block_hash_key);
    }
    return state;
}

/* Frees all entries of a table, each of which is one allocation, and the table. */
static void free_table(struct table *table) {
    size_t position = 0;
    for (void *entry; (entry = table_next(table, &position)) != NULL;) {
        memory_release(table->allocator, entry);
    }
    table_free(table);
}

static void free_account(extvm_state *state, struct account *account) {
    if (account->storage.key_of != NULL) {
        free_table(&account->storage);
    }
    memory_release(&state->allocator, (void *)account->code.data);
    memory_release(&state->allocator, account);
}

void extvm_state_free(extvm_state *state) {
    if (state == NULL) {
        return;
    }
    size_t position = 0;
    for (struct account *account; (account = table_next(&state->accounts, &position)) != NULL;) {
        free_account(state, account);
    }
    table_free(&state->accounts);
    free_table(&state->block_hashes);
    extvm_allocator allocator = state->allocator;
    memory_release(&allocator, state);
}

/* -- accounts -- */

static struct account *find_account(const extvm_state *state, const extvm_address *address) {
    return table_find(&state->accounts, address_bytes(address));
}

static void number_set(struct number *number, const extvm_word *word) {
    number->bytes = extvm_integer_from_word(word, number->buffer);
}

/* The account, made with nonce and balance 0 when it is not there; NULL when there is no memory. */
static struct account *obtain_account(extvm_state *state, const extvm_address *address) {
    struct account *account = find_account(state, address);
    if (account != NULL) {
        return account;
    }
    account = memory_zeroed(&state->allocator, sizeof *account);
    if (account == NULL) {
        return NULL;
    }
    account->address = *address;
    number_set(&account->nonce, &(extvm_word){{0}});
    number_set(&account->balance, &(extvm_word){{0}});
    if (!table_insert(&state->accounts, account)) {
        memory_release(&state->allocator, account);
        return NULL;
    }
    return account;
}

void extvm_state_remove(extvm_state *state, const extvm_address *address) {
    struct account *account = table_remove(&state->accounts, address_bytes(address));
    if (account != NULL) {
        free_account(state, account);
    }
}

extvm_status extvm_state_set_account(extvm_state *state, const extvm_address *address,
                                     extvm_bytes nonce, extvm_bytes balance) {
    extvm_word nonce_word, balance_word; /* copies, should the arguments be the account's own */
    if (extvm_integer_to_word(nonce, &nonce_word) != EXTVM_OK ||
        extvm_integer_to_word(balance, &balance_word) != EXTVM_OK) {
        return EXTVM_OUT_OF_RANGE;
    }
    struct account *account = obtain_account(state, address);
    if (account == NULL) {
        return EXTVM_NO_MEMORY;
    }
    number_set(&account->nonce, &nonce_word);
    number_set(&account->balance, &balance_word);
    return EXTVM_OK;
}

extvm_status extvm_state_set_code(extvm_state *state, const extvm_address *address,
                                  extvm_bytes code) {
    uint8_t *copy = NULL;
    if (code.size > 0) {
        copy = memory_allocate(&state->allocator, code.size);
        if (copy == NULL) {
            return EXTVM_NO_MEMORY;
        }
        memcpy(copy, code.data, code.size);
    }
    struct account *account = obtain_account(state, address);
    if (account == NULL) {
        memory_release(&state->allocator, copy);
        return EXTVM_NO_MEMORY;
    }
    memory_release(&state->allocator, (void *)account->code.data);
    account->code = (extvm_bytes){copy, code.size};
    return EXTVM_OK;
}

/* -- storage -- */

/* A slot with copies of both, whose value can later become any word; NULL when there is no memory.
 */
static struct slot *make_slot(extvm_state *state, extvm_bytes key, extvm_bytes value) {
    size_t room = value.size > EXTVM_WORD_INTEGER_SIZE ? value.size : EXTVM_WORD_INTEGER_SIZE;
    size_t whole;
    if (!size_add(key.size, room, &whole) || !size_add(whole, sizeof(struct slot), &whole)) {
        return NULL;
    }
    struct slot *slot = memory_allocate(&state->allocator, whole);
    if (slot != NULL) {
        memcpy(slot->data, key.data, key.size);
        memcpy(slot->data + key.size, value.data, value.size);
        slot->key = (extvm_bytes){slot->data, key.size};
        slot->value = (extvm_bytes){slot->data + key.size, value.size};
        slot->room = room;
    }
    return slot;
}

/* Both are canonical; the value is not 0. */
static bool put_slot(extvm_state *state, struct account *account, extvm_bytes key,
                     extvm_bytes value) {
    if (account->storage.key_of == NULL) {
        table_init(&account->storage, &state->allocator, slot_key);
    }
    struct slot *old = table_find(&account->storage, key);
    if (old != NULL && value.size <= old->room) {
        memmove(old->data + old->key.size, value.data, value.size);
        old->value.size = value.size;
        return true;
    }
    struct slot *slot = make_slot(state, key, value);
    if (slot == NULL) {
        return false;
    }
    if (old != NULL) {
        table_remove(&account->storage, slot->key); /* which leaves room for the new one */
    }
    if (!table_insert(&account->storage, slot)) {
        memory_release(&state->allocator, slot);
        return false;
    }
    memory_release(&state->allocator, old);
    return true;
}

extvm_status extvm_state_set_storage(extvm_state *state, const extvm_address *address,
                                     extvm_bytes key, extvm_bytes value) {
    bool known = find_account(state, address) != NULL;
    struct account *account = obtain_account(state, address);
    if (account == NULL) {
        return EXTVM_NO_MEMORY;
    }
    key = extvm_integer_normalise(key);
    value = extvm_integer_normalise(value);
    if (extvm_integer_sign(value) == 0) {
        memory_release(&state->allocator, table_remove(&account->storage, key));
        return EXTVM_OK;
    }
    if (!put_slot(state, account, key, value)) {
        if (!known) {
            extvm_state_remove(state, address);
        }
        return EXTVM_NO_MEMORY;
    }
    return EXTVM_OK;
}

/* -- block hashes -- */

extvm_status extvm_state_set_block_hash(extvm_state *state, uint64_t number,
                                        const extvm_word *hash) {
    struct block_hash *entry = table_find(&state->block_hashes, number_bytes(&number));
    if (entry == NULL) {
        entry = memory_allocate(&state->allocator, sizeof *entry);
        if (entry == NULL) {
            return EXTVM_NO_MEMORY;
        }
        entry->number = number;
        if (!table_insert(&state->block_hashes, entry)) {
            memory_release(&state->allocator, entry);
            return EXTVM_NO_MEMORY;
        }
    }
    entry->hash = *hash;
    return EXTVM_OK;
}

/* -- reading -- */

bool extvm_state_account(const extvm_state *state, const extvm_address *address,
                         extvm_account *out) {
    const struct account *account = find_account(state, address);
    if (account != NULL && out != NULL) {
        *out =
            (extvm_account){account->nonce.bytes, account->balance.bytes, account->code.size > 0};
    }
    return account != NULL;
}

extvm_bytes extvm_state_code(const extvm_state *state, const extvm_address *address) {
    const struct account *account = find_account(state, address);
    return account != NULL ? account->code : (extvm_bytes){NULL, 0};
}

static const struct slot *find_slot(const extvm_state *state, const extvm_address *address,
                                    extvm_bytes key) {
    const struct account *account = find_account(state, address);
    return account != NULL ? table_find(&account->storage, extvm_integer_normalise(key)) : NULL;
}

extvm_bytes extvm_state_storage(const extvm_state *state, const extvm_address *address,
                                extvm_bytes key) {
    const struct slot *slot = find_slot(state, address, key);
    return slot != NULL ? slot->value : extvm_integer_normalise((extvm_bytes){NULL, 0});
}

/* Memory for the entries of a table: EXTVM_OK with NULL when it has none. */
static extvm_status array_for(const extvm_state *state, const struct table *table, size_t size,
                              void **array) {
    size_t whole;
    *array = NULL;
    if (table->count == 0) {
        return EXTVM_OK;
    }
    if (size_multiply(table->count, size, &whole)) {
        *array = memory_allocate(&state->allocator, whole);
    }
    return *array != NULL ? EXTVM_OK : EXTVM_NO_MEMORY;
}

extvm_status extvm_state_addresses(const extvm_state *state, extvm_address **addresses,
                                   size_t *count) {
    void *array;
    *addresses = NULL;
    *count = 0;
    extvm_status status = array_for(state, &state->accounts, sizeof **addresses, &array);
    if (status != EXTVM_OK || array == NULL) {
        return status;
    }
    *addresses = array;
    size_t position = 0;
    for (const struct account *account;
         (account = table_next(&state->accounts, &position)) != NULL;) {
        (*addresses)[(*count)++] = account->address;
    }
    qsort(*addresses, *count, sizeof **addresses, address_compare);
    return EXTVM_OK;
}

static int compare_entries(const void *a, const void *b) {
    return extvm_integer_compare(((const extvm_storage_update *)a)->key,
                                 ((const extvm_storage_update *)b)->key);
}

extvm_status extvm_state_storage_entries(const extvm_state *state, const extvm_address *address,
                                         extvm_storage_update **entries, size_t *count) {
    void *array;
    *entries = NULL;
    *count = 0;
    const struct account *account = find_account(state, address);
    if (account == NULL) {
        return EXTVM_OK;
    }
    extvm_status status = array_for(state, &account->storage, sizeof **entries, &array);
    if (status != EXTVM_OK || array == NULL) {
        return status;
    }
    *entries = array;
    size_t position = 0;
    for (const struct slot *slot; (slot = table_next(&account->storage, &position)) != NULL;) {
        (*entries)[(*count)++] = (extvm_storage_update){slot->key, slot->value};
    }
    qsort(*entries, *count, sizeof **entries, compare_entries);
    return EXTVM_OK;
}

/* -- the state as a world -- */

static extvm_lookup world_account(void *context, const extvm_address *address, extvm_account *out) {
    return extvm_state_account(context, address, out) ? EXTVM_LOOKUP_FOUND : EXTVM_LOOKUP_ABSENT;
}

static extvm_lookup world_storage(void *context, const extvm_address *address, extvm_bytes key,
                                  extvm_bytes *out) {
    const struct slot *slot = find_slot(context, address, key);
    if (slot == NULL) {
        return EXTVM_LOOKUP_ABSENT;
    }
    *out = slot->value;
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup world_code(void *context, const extvm_address *address, extvm_bytes *out) {
    extvm_bytes code = extvm_state_code(context, address);
    if (code.size == 0) {
        return EXTVM_LOOKUP_ABSENT;
    }
    *out = code;
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup world_block_hash(void *context, uint64_t number, extvm_word *out) {
    const extvm_state *state = context;
    const struct block_hash *entry = table_find(&state->block_hashes, number_bytes(&number));
    if (entry == NULL) {
        return EXTVM_LOOKUP_ABSENT;
    }
    *out = entry->hash;
    return EXTVM_LOOKUP_FOUND;
}

extvm_world extvm_state_world(const extvm_state *state) {
    return (extvm_world){(void *)state, world_account, world_storage, world_code, world_block_hash};
}

/* -- the state as a sink -- */

static bool sink_account(void *context, const extvm_address *address, extvm_bytes nonce,
                         extvm_bytes balance) {
    return extvm_state_set_account(context, address, nonce, balance) == EXTVM_OK;
}

static bool sink_code(void *context, const extvm_address *address, extvm_bytes code) {
    return extvm_state_set_code(context, address, code) == EXTVM_OK;
}

static bool sink_storage(void *context, const extvm_address *address, extvm_bytes key,
                         extvm_bytes value) {
    return extvm_state_set_storage(context, address, key, value) == EXTVM_OK;
}

static bool sink_storage_erased(void *context, const extvm_address *address, extvm_bytes key) {
    return extvm_state_set_storage(context, address, key, (extvm_bytes){NULL, 0}) == EXTVM_OK;
}

static bool sink_deleted(void *context, const extvm_address *address) {
    extvm_state_remove(context, address);
    return true;
}

static bool sink_remove_if_empty(void *context, const extvm_address *address) {
    extvm_account account;
    if (extvm_state_account(context, address, &account) && !account.has_code &&
        extvm_integer_sign(account.nonce) == 0 && extvm_integer_sign(account.balance) == 0) {
        extvm_state_remove(context, address);
    }
    return true;
}

extvm_sink extvm_state_sink(extvm_state *state) {
    return (extvm_sink){.context = state,
                        .account = sink_account,
                        .code = sink_code,
                        .storage = sink_storage,
                        .storage_erased = sink_storage_erased,
                        .deleted = sink_deleted,
                        .remove_if_empty = sink_remove_if_empty};
}
