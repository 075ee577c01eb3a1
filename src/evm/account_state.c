/* The state of one run and its journal (yellow paper, sections 4.1, 6.1 and 9.4.4). */
#include "account_state.h"

#include <extvm/integer.h>

enum {
    FIRST_JOURNAL_ENTRIES = 64,
    /* What is kept from one run to the next; a run that needed more gives it back. */
    KEPT_JOURNAL_ENTRIES = 4096
};

/* How an entry of the journal is undone. */
enum change_kind {
    CHANGE_WORD, /* `target` is a struct word: it becomes `old` again */
    CHANGE_SLOT, /* `target` is a slot: its value and note become those again */
    CHANGE_FLAG, /* `target` is a bool: it becomes false again */
    CHANGE_CODE  /* `target` is an account: it has no code again */
};

struct change {
    enum change_kind kind;
    void *target;
    struct word old;
    size_t noted; /* of a slot */
};

static extvm_bytes account_key(const void *entry) {
    return (extvm_bytes){((const struct account *)entry)->address.bytes, EXTVM_ADDRESS_SIZE};
}

static extvm_bytes slot_key(const void *entry) {
    return (extvm_bytes){(const uint8_t *)&((const struct slot *)entry)->at,
                         sizeof(struct slot_key)};
}

void state_init(struct state *state, const extvm_allocator *allocator, struct spare *spare) {
    *state = (struct state){.allocator = allocator};
    arena_init_spare(&state->arena, allocator, spare, SIZE_MAX / 2);
    table_init(&state->accounts, allocator, account_key);
    table_init(&state->slots, allocator, slot_key);
}

static void journal_free(struct state *state) {
    memory_release(state->allocator, state->journal);
    state->journal = NULL;
    state->journal_capacity = 0;
}

void state_free(struct state *state) {
    journal_free(state);
    table_free(&state->slots);
    table_free(&state->accounts);
    arena_free(&state->arena);
}

void state_clear(struct state *state) {
    table_clear(&state->accounts);
    table_clear(&state->slots);
    arena_reset(&state->arena);
    if (state->journal_capacity > KEPT_JOURNAL_ENTRIES) {
        journal_free(state);
    }
    if (state->any_block_hash) {
        memset(state->block_hashes, 0, sizeof state->block_hashes);
        state->any_block_hash = false;
    }
    memset(state->recent_accounts, 0, sizeof state->recent_accounts);
    memset(state->recent_slots, 0, sizeof state->recent_slots);
    state->all = NULL;
    state->journal_size = 0;
    state->last_log = NULL;
    state->log_count = 0;
    state->refund = 0;
    state->queries = (extvm_run_stats){0};
    state->failure = EXTVM_OK;
    state->failure_text = NULL;
}

bool state_fail(struct state *state, extvm_status status, const char *text) {
    if (state->failure == EXTVM_OK) {
        state->failure = status;
        state->failure_text = text;
    }
    return false;
}

static bool fail_for_memory(struct state *state) {
    return state_fail(state, EXTVM_NO_MEMORY, "no memory for the EVM's state");
}

static bool fail_for_world(struct state *state, const char *text) {
    return state_fail(state, EXTVM_WORLD_FAILED, text);
}

void *state_allocate(struct state *state, size_t size) {
    void *memory = arena_allocate(&state->arena, size);
    if (memory == NULL) {
        fail_for_memory(state);
    }
    return memory;
}

/* -- what the world knows -- */

static struct account *find_or_make_account(struct state *state, const extvm_address *address) {
    struct account *account =
        table_find(&state->accounts, (extvm_bytes){address->bytes, EXTVM_ADDRESS_SIZE});
    if (account != NULL) {
        return account;
    }
    account = state_allocate(state, sizeof *account);
    if (account == NULL) {
        return NULL;
    }
    *account = (struct account){.address = *address};
    if (!table_insert(&state->accounts, account)) {
        fail_for_memory(state);
        return NULL;
    }
    account->next = state->all;
    state->all = account;
    return account;
}

/* A third of what a call of memcmp takes. */
static bool is_address_of(const struct account *account, const extvm_address *address) {
    const struct address_limbs a = address_limbs(&account->address), b = address_limbs(address);
    return ((a.high ^ b.high) | (a.middle ^ b.middle) | (a.low ^ b.low)) == 0;
}

struct account *state_account(struct state *state, const extvm_address *address) {
    struct account **recent =
        &state->recent_accounts[address->bytes[EXTVM_ADDRESS_SIZE - 1] % RECENT_ACCOUNTS];
    if (*recent != NULL && is_address_of(*recent, address)) {
        return *recent;
    }
    struct account *account = find_or_make_account(state, address);
    if (account != NULL) {
        *recent = account;
    }
    return account;
}

/* Answers are borrowed until the world's next call: all of them are copied at once. */
bool account_load(struct state *state, struct account *account) {
    if (account->loaded) {
        return true;
    }
    extvm_account answer = {0};
    state->queries.account_queries++;
    switch (state->world->account(state->world->context, &account->address, &answer)) {
    case EXTVM_LOOKUP_FOUND:
        break;
    case EXTVM_LOOKUP_ABSENT:
        account->loaded = true;
        return true;
    default:
        return fail_for_world(state, "the world could not answer for an account");
    }
    if (!word_from_integer(answer.nonce, &account->nonce) ||
        !word_from_integer(answer.balance, &account->balance)) {
        return fail_for_world(
            state, "the world answered a nonce or balance that is negative or not below 2^256");
    }
    account->original_nonce = account->nonce;
    account->original_balance = account->balance;
    account->has_code = answer.has_code;
    account->has_old_storage = answer.has_storage;
    account->existed = account->exists = account->loaded = true;
    return true;
}

bool account_load_as_absent(struct state *state, struct account *account) {
    extvm_account ignored = {0};
    if (account->loaded) {
        return true;
    }
    state->queries.account_queries++;
    account->loaded = true;
    return state->world->account(state->world->context, &account->address, &ignored) !=
               EXTVM_LOOKUP_FAILED ||
           fail_for_world(state, "the world could not answer for an account");
}

struct account *state_loaded_account(struct state *state, const extvm_address *address) {
    struct account *account = state_account(state, address);
    return account != NULL && account_load(state, account) ? account : NULL;
}

bool account_load_code(struct state *state, struct account *account) {
    if (!account->has_code || account->code != NULL) {
        return true;
    }
    extvm_bytes answer = {NULL, 0};
    state->queries.code_queries++;
    switch (state->world->code(state->world->context, &account->address, &answer)) {
    case EXTVM_LOOKUP_FOUND:
        break;
    case EXTVM_LOOKUP_ABSENT:
        answer = (extvm_bytes){NULL, 0};
        break;
    default:
        return fail_for_world(state, "the world could not answer for a code");
    }
    if (answer.data == NULL && answer.size > 0) {
        return fail_for_world(state, "the world answered a code that is not there");
    }
    size_t size;
    void *block = code_block_size(answer.size, &size) ? state_allocate(state, size) : NULL;
    if (block == NULL) {
        return fail_for_memory(state);
    }
    account->code = code_place(block, answer);
    account->has_code = answer.size > 0;
    return true;
}

static struct slot *find_or_make_slot(struct state *state, struct account *account,
                                      const struct word *key) {
    const struct slot_key at = {account, *key};
    struct slot *slot = table_find(&state->slots, (extvm_bytes){(const uint8_t *)&at, sizeof at});
    if (slot != NULL) {
        return slot;
    }
    slot = state_allocate(state, sizeof *slot);
    if (slot == NULL) {
        return NULL;
    }
    *slot = (struct slot){.at = at};
    if (!table_insert(&state->slots, slot)) {
        fail_for_memory(state);
        return NULL;
    }
    slot->next = account->slots;
    account->slots = slot;
    return slot;
}

struct slot *state_slot(struct state *state, struct account *account, const struct word *key) {
    const uint64_t mixed = key->limb[0] + ((uintptr_t)account >> 8);
    struct slot **recent = &state->recent_slots[mixed % RECENT_SLOTS];
    if (*recent != NULL && (*recent)->at.account == account &&
        word_equal(&(*recent)->at.key, key)) {
        return *recent;
    }
    struct slot *slot = find_or_make_slot(state, account, key);
    if (slot != NULL) {
        *recent = slot;
    }
    return slot;
}

bool slot_load(struct state *state, struct slot *slot) {
    if (slot->loaded) {
        return true;
    }
    const struct account *account = slot->at.account;
    if (!account->fresh && account->existed) {
        uint8_t digits[EXTVM_WORD_INTEGER_SIZE];
        extvm_bytes answer = {NULL, 0};
        state->queries.storage_queries++;
        extvm_lookup lookup =
            state->world->storage(state->world->context, &account->address,
                                  word_to_integer(&slot->at.key, digits), &answer);
        if (lookup != EXTVM_LOOKUP_FOUND && lookup != EXTVM_LOOKUP_ABSENT) {
            return fail_for_world(state, "the world could not answer for a storage value");
        }
        if (lookup == EXTVM_LOOKUP_FOUND && !word_from_integer(answer, &slot->original)) {
            return fail_for_world(
                state, "the world answered a storage value that is negative or not below 2^256");
        }
        slot->value = slot->original;
    }
    slot->loaded = true;
    return true;
}

bool state_block_hash(struct state *state, uint64_t number, extvm_word *out) {
    struct known_hash *known = &state->block_hashes[number % BLOCK_HASHES];
    if (!known->known) {
        state->queries.block_hash_queries++;
        extvm_lookup lookup = state->world->block_hash(state->world->context, number, &known->hash);
        if (lookup == EXTVM_LOOKUP_ABSENT) {
            known->hash = (extvm_word){{0}};
        } else if (lookup != EXTVM_LOOKUP_FOUND) {
            return fail_for_world(state, "the world could not answer for a block hash");
        }
        known->known = state->any_block_hash = true;
    }
    *out = known->hash;
    return true;
}

bool account_is_dead(const struct account *account) {
    return !account->exists ||
           (!account->has_code && word_is_zero(&account->nonce) && word_is_zero(&account->balance));
}

/* -- changes -- */

static bool journal_grow(struct state *state) {
    const extvm_allocator *allocator = state->allocator;
    size_t capacity =
        state->journal_capacity == 0 ? FIRST_JOURNAL_ENTRIES : 2 * state->journal_capacity;
    size_t size;
    if (capacity < state->journal_capacity ||
        !size_multiply(capacity, sizeof *state->journal, &size)) {
        return fail_for_memory(state);
    }
    struct change *journal = allocator->resize(
        allocator->context, state->journal, state->journal_capacity * sizeof *state->journal, size);
    if (journal == NULL) {
        return fail_for_memory(state);
    }
    state->journal = journal;
    state->journal_capacity = capacity;
    return true;
}

static bool journal_add(struct state *state, enum change_kind kind, void *target,
                        const struct word *old) {
    if (state->journal_size == state->journal_capacity && !journal_grow(state)) {
        return false;
    }
    struct change *change = &state->journal[state->journal_size++];
    change->kind = kind;
    change->target = target;
    if (old != NULL) {
        change->old = *old;
    }
    return true;
}

bool state_set_word(struct state *state, struct word *target, const struct word *value) {
    if (!journal_add(state, CHANGE_WORD, target, target)) {
        return false;
    }
    *target = *value;
    return true;
}

bool state_set_slot(struct state *state, struct slot *slot, const struct word *value,
                    const struct snapshot *since) {
    if (slot->noted <= since->journal_size) {
        if (!journal_add(state, CHANGE_SLOT, slot, &slot->value)) {
            return false;
        }
        state->journal[state->journal_size - 1].noted = slot->noted;
        slot->noted = state->journal_size;
    }
    slot->value = *value;
    return true;
}

bool state_set_flag(struct state *state, bool *flag) {
    if (!*flag) {
        if (!journal_add(state, CHANGE_FLAG, flag, NULL)) {
            return false;
        }
        *flag = true;
    }
    return true;
}

bool state_set_code(struct state *state, struct account *account, struct code *code) {
    if (!journal_add(state, CHANGE_CODE, account, NULL)) {
        return false;
    }
    account->code = code;
    account->has_code = account->new_code = true;
    return true;
}

bool state_add_log(struct state *state, const struct log *log) {
    struct log *copy = state_allocate(state, sizeof *copy);
    if (copy == NULL) {
        return false;
    }
    *copy = *log;
    copy->previous = state->last_log;
    state->last_log = copy;
    state->log_count++;
    return true;
}

bool state_make_exist(struct state *state, struct account *account) {
    if (account->exists) {
        return true;
    }
    return state_set_flag(state, &account->exists) &&
           (word_is_zero(&state->start_nonce) ||
            state_set_word(state, &account->nonce, &state->start_nonce));
}

bool state_touch(struct state *state, struct account *account) {
    static const extvm_address ripemd160 = {{[EXTVM_ADDRESS_SIZE - 1] = 3}};
    if (account->touched) {
        return true;
    }
    /* Block 2,675,119 of the main net: the contract of RIPEMD-160 stayed touched though its call
     * ran out of gas, and every client has to agree (EIP-716). */
    if (extvm_address_equal(&account->address, &ripemd160)) {
        account->touched = true;
        return true;
    }
    return state_set_flag(state, &account->touched);
}

struct snapshot state_snapshot(const struct state *state) {
    return (struct snapshot){state->journal_size, state->last_log, state->log_count, state->refund};
}

static void undo(const struct change *change) {
    struct account *account;
    struct slot *slot;
    switch (change->kind) {
    case CHANGE_WORD:
        *(struct word *)change->target = change->old;
        break;
    case CHANGE_SLOT:
        slot = change->target;
        slot->value = change->old;
        slot->noted = change->noted;
        break;
    case CHANGE_FLAG:
        *(bool *)change->target = false;
        break;
    case CHANGE_CODE:
        account = change->target;
        account->code = NULL;
        account->has_code = account->new_code = false;
        break;
    }
}

void state_restore(struct state *state, const struct snapshot *snapshot) {
    while (state->journal_size > snapshot->journal_size) {
        undo(&state->journal[--state->journal_size]);
    }
    state->last_log = snapshot->last_log;
    state->log_count = snapshot->log_count;
    state->refund = snapshot->refund;
}
