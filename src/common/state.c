/* A world state in memory (yellow paper, section 4.1): a hash table of accounts, each with a hash
 * table of its storage. Every change is noted in a journal, so that it is whole or not made at all,
 * and so that many changes can be taken back together. */
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

/* What the journal notes of a change. */
enum change_kind { ACCOUNT_MADE, ACCOUNT_REMOVED, NUMBERS_SET, CODE_SET, SLOT_SET, CHANGE_KINDS };

struct change {
    struct change *before;
    enum change_kind kind;
    struct account *account;
    union {
        struct {
            extvm_word nonce, balance;
        } numbers;        /* as they were */
        extvm_bytes code; /* as it was */
        struct {
            struct slot *was, *is; /* NULL: none */
        } slot;
    } u;
};

struct account {
    extvm_address address;
    struct number nonce, balance;
    extvm_bytes code;      /* allocated; NULL when empty */
    struct table storage;  /* of struct slot; not made before the first */
    struct change removal; /* in the journal while removed: a removal needs no memory */
};

/* A storage value that is not 0; key and value lie in `data`, in this order. Never changed. */
struct slot {
    extvm_bytes key, value;
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
    struct change *journal;    /* the newest first; empty while no checkpoint is open */
    size_t change_count;       /* in the journal */
    size_t open_checkpoints;
};

/* -- keys of the tables -- */

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
    extvm_state *state = memory_zeroed(allocator, sizeof *state);
    if (state != NULL) {
        state->allocator = *allocator;
        table_init(&state->accounts, &state->allocator, account_key);
        table_init(&state->block_hashes, &state->allocator, block_hash_key);
    }
    return state;
}

const extvm_allocator *extvm_state_allocator(const extvm_state *state) {
    return &state->allocator;
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

/* -- the journal -- */

/* Puts a change that is about to be made into the journal. */
static void journal_add(extvm_state *state, struct change *change) {
    change->before = state->journal;
    state->journal = change;
    state->change_count++;
}

/* A new change in the journal, or NULL. */
static struct change *journal_note(extvm_state *state, enum change_kind kind,
                                   struct account *account) {
    struct change *change = memory_zeroed(&state->allocator, sizeof *change);
    if (change != NULL) {
        change->kind = kind;
        change->account = account;
        journal_add(state, change);
    }
    return change;
}

static void number_set(struct number *number, const extvm_word *word) {
    number->bytes = extvm_integer_from_word(word, number->buffer);
}

/* Undoing never fails: a table that held an entry before has room for it. */

static void undo_account_made(extvm_state *state, struct change *change) {
    table_remove(&state->accounts, address_bytes(&change->account->address));
    free_account(state, change->account);
}

static void undo_account_removed(extvm_state *state, struct change *change) {
    (void)table_insert(&state->accounts, change->account);
}

static void undo_numbers(extvm_state *state, struct change *change) {
    (void)state;
    number_set(&change->account->nonce, &change->u.numbers.nonce);
    number_set(&change->account->balance, &change->u.numbers.balance);
}

static void undo_code(extvm_state *state, struct change *change) {
    memory_release(&state->allocator, (void *)change->account->code.data);
    change->account->code = change->u.code;
}

static void undo_slot(extvm_state *state, struct change *change) {
    struct table *storage = &change->account->storage;
    struct slot *is = change->u.slot.is;
    if (is != NULL) {
        table_remove(storage, is->key);
        memory_release(&state->allocator, is);
    }
    if (change->u.slot.was != NULL) {
        (void)table_insert(storage, change->u.slot.was);
    }
}

/* Forgetting gives back what the change had replaced. */

static void forget_account_removed(extvm_state *state, struct change *change) {
    free_account(state, change->account);
}

static void forget_code(extvm_state *state, struct change *change) {
    memory_release(&state->allocator, (void *)change->u.code.data);
}

static void forget_slot(extvm_state *state, struct change *change) {
    memory_release(&state->allocator, change->u.slot.was);
}

static const struct {
    void (*undo)(extvm_state *state, struct change *change);
    void (*forget)(extvm_state *state, struct change *change); /* NULL: nothing was replaced */
} change_kinds[CHANGE_KINDS] = {
    [ACCOUNT_MADE] = {undo_account_made, NULL},
    [ACCOUNT_REMOVED] = {undo_account_removed, forget_account_removed},
    [NUMBERS_SET] = {undo_numbers, NULL},
    [CODE_SET] = {undo_code, forget_code},
    [SLOT_SET] = {undo_slot, forget_slot},
};

/* Takes the newest change out of the journal. A removal lies in its account, which the change's
 * function may have freed: then it must not be looked at any more. */
static void journal_end(extvm_state *state,
                        void (*end)(extvm_state *state, struct change *change)) {
    struct change *change = state->journal;
    bool lies_in_account = change->kind == ACCOUNT_REMOVED;
    state->journal = change->before;
    state->change_count--;
    if (end != NULL) {
        end(state, change);
    }
    if (!lies_in_account) {
        memory_release(&state->allocator, change);
    }
}

static void forget_journal(extvm_state *state) {
    while (state->journal != NULL) {
        journal_end(state, change_kinds[state->journal->kind].forget);
    }
}

size_t extvm_state_checkpoint(extvm_state *state) {
    state->open_checkpoints++;
    return state->change_count;
}

void extvm_state_rollback(extvm_state *state, size_t checkpoint) {
    while (state->change_count > checkpoint) {
        journal_end(state, change_kinds[state->journal->kind].undo);
    }
    state->open_checkpoints--;
}

void extvm_state_keep(extvm_state *state, size_t checkpoint) {
    (void)checkpoint;
    state->open_checkpoints--;
    if (state->open_checkpoints == 0) {
        forget_journal(state);
    }
}

/* Ends a checkpoint that was made for one change. */
static extvm_status end_change(extvm_state *state, size_t checkpoint, bool made) {
    if (made) {
        extvm_state_keep(state, checkpoint);
        return EXTVM_OK;
    }
    extvm_state_rollback(state, checkpoint);
    return EXTVM_NO_MEMORY;
}

void extvm_state_free(extvm_state *state) {
    if (state == NULL) {
        return;
    }
    forget_journal(state);
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
    if (journal_note(state, ACCOUNT_MADE, account) == NULL) {
        table_remove(&state->accounts, address_bytes(address));
        memory_release(&state->allocator, account);
        return NULL;
    }
    return account;
}

void extvm_state_remove(extvm_state *state, const extvm_address *address) {
    struct account *account = table_remove(&state->accounts, address_bytes(address));
    if (account == NULL) {
        return;
    }
    if (state->open_checkpoints == 0) {
        free_account(state, account);
        return;
    }
    account->removal.kind = ACCOUNT_REMOVED;
    account->removal.account = account;
    journal_add(state, &account->removal);
}

static bool set_numbers(extvm_state *state, const extvm_address *address, const extvm_word *nonce,
                        const extvm_word *balance) {
    struct account *account = obtain_account(state, address);
    struct change *change = account != NULL ? journal_note(state, NUMBERS_SET, account) : NULL;
    if (change == NULL) {
        return false;
    }
    (void)extvm_integer_to_word(account->nonce.bytes, &change->u.numbers.nonce);
    (void)extvm_integer_to_word(account->balance.bytes, &change->u.numbers.balance);
    number_set(&account->nonce, nonce);
    number_set(&account->balance, balance);
    return true;
}

extvm_status extvm_state_set_account(extvm_state *state, const extvm_address *address,
                                     extvm_bytes nonce, extvm_bytes balance) {
    extvm_word nonce_word, balance_word; /* copies, should the arguments be the account's own */
    if (extvm_integer_to_word(nonce, &nonce_word) != EXTVM_OK ||
        extvm_integer_to_word(balance, &balance_word) != EXTVM_OK) {
        return EXTVM_OUT_OF_RANGE;
    }
    size_t checkpoint = extvm_state_checkpoint(state);
    return end_change(state, checkpoint, set_numbers(state, address, &nonce_word, &balance_word));
}

static bool copy_bytes(extvm_state *state, extvm_bytes bytes, extvm_bytes *out) {
    *out = (extvm_bytes){NULL, 0};
    if (bytes.size == 0) {
        return true;
    }
    uint8_t *copy = memory_allocate(&state->allocator, bytes.size);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, bytes.data, bytes.size);
    *out = (extvm_bytes){copy, bytes.size};
    return true;
}

static bool set_code(extvm_state *state, const extvm_address *address, extvm_bytes code) {
    struct account *account = obtain_account(state, address);
    extvm_bytes copy;
    if (account == NULL || !copy_bytes(state, code, &copy)) {
        return false;
    }
    struct change *change = journal_note(state, CODE_SET, account);
    if (change == NULL) {
        memory_release(&state->allocator, (void *)copy.data);
        return false;
    }
    change->u.code = account->code;
    account->code = copy;
    return true;
}

extvm_status extvm_state_set_code(extvm_state *state, const extvm_address *address,
                                  extvm_bytes code) {
    size_t checkpoint = extvm_state_checkpoint(state);
    return end_change(state, checkpoint, set_code(state, address, code));
}

/* -- storage -- */

/* A slot with copies of both, NULL when there is no memory. */
static struct slot *make_slot(extvm_state *state, extvm_bytes key, extvm_bytes value) {
    size_t whole;
    if (!size_add(key.size, value.size, &whole) || !size_add(whole, sizeof(struct slot), &whole)) {
        return NULL;
    }
    struct slot *slot = memory_allocate(&state->allocator, whole);
    if (slot != NULL) {
        memcpy(slot->data, key.data, key.size);
        memcpy(slot->data + key.size, value.data, value.size);
        slot->key = (extvm_bytes){slot->data, key.size};
        slot->value = (extvm_bytes){slot->data + key.size, value.size};
    }
    return slot;
}

/* Puts `slot` (NULL: nothing) in the place of `was` (NULL: nothing). */
static bool replace_slot(extvm_state *state, struct account *account, struct slot *was,
                         struct slot *slot) {
    struct change *change = journal_note(state, SLOT_SET, account);
    if (change == NULL) {
        return false;
    }
    if (was != NULL) { /* which leaves room for the new one */
        change->u.slot.was = table_remove(&account->storage, was->key);
    }
    if (slot != NULL && !table_insert(&account->storage, slot)) {
        return false; /* undone with the whole change */
    }
    change->u.slot.is = slot;
    return true;
}

/* Both are canonical. */
static bool set_slot(extvm_state *state, const extvm_address *address, extvm_bytes key,
                     extvm_bytes value) {
    struct account *account = obtain_account(state, address);
    if (account == NULL) {
        return false;
    }
    if (account->storage.key_of == NULL) {
        table_init(&account->storage, &state->allocator, slot_key);
    }
    struct slot *was = table_find(&account->storage, key), *slot = NULL;
    if (extvm_integer_sign(value) == 0) {
        return was == NULL || replace_slot(state, account, was, NULL);
    }
    slot = make_slot(state, key, value);
    if (slot == NULL) {
        return false;
    }
    if (!replace_slot(state, account, was, slot)) {
        memory_release(&state->allocator, slot);
        return false;
    }
    return true;
}

extvm_status extvm_state_set_storage(extvm_state *state, const extvm_address *address,
                                     extvm_bytes key, extvm_bytes value) {
    size_t checkpoint = extvm_state_checkpoint(state);
    return end_change(
        state, checkpoint,
        set_slot(state, address, extvm_integer_normalise(key), extvm_integer_normalise(value)));
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
        *out = (extvm_account){.nonce = account->nonce.bytes,
                               .balance = account->balance.bytes,
                               .has_code = account->code.size > 0,
                               .has_storage = account->storage.count > 0};
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
