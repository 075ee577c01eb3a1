/* The state of one run: what the world says of it (protocol/iele-vm.md, section 15). */
#include "accounts.h"

#include <string.h>

#include <extvm/integer.h>

/* What is kept from one run to the next; a run that needed more gives it back. */
enum { KEPT_JOURNAL_BYTES = 1 << 18 };

static extvm_bytes account_key(const void *entry) {
    return (extvm_bytes){((const struct account *)entry)->address.bytes, EXTVM_ADDRESS_SIZE};
}

static extvm_bytes slot_key(const void *entry) {
    return ((const struct slot *)entry)->key;
}

void accounts_init(struct accounts *accounts, const extvm_allocator *allocator,
                   struct spare *spare) {
    *accounts = (struct accounts){.allocator = allocator};
    arena_init_spare(&accounts->arena, allocator, spare, SIZE_MAX / 2);
    numbers_init(&accounts->numbers, allocator);
    table_init(&accounts->accounts, allocator, account_key);
    table_init(&accounts->slots, allocator, slot_key);
}

/* Gives back the values that accounts, contracts and the journal hold. */
static void drop_values(struct accounts *accounts) {
    struct numbers *numbers = &accounts->numbers;
    accounts_restore(accounts, &(const struct snapshot){0});
    for (struct account *account = accounts->all; account != NULL; account = account->next) {
        value_drop(numbers, &account->balance);
        value_drop(numbers, &account->original_balance);
        for (struct slot *slot = account->slots; slot != NULL; slot = slot->next) {
            value_drop(numbers, &slot->original);
            value_drop(numbers, &slot->value);
        }
    }
    for (struct contract *one = accounts->contracts; one != NULL; one = one->next) {
        for (uint32_t i = 0; i < one->constant_count; i++) {
            value_drop(numbers, &one->constants[i].value);
        }
    }
}

static void free_journal(struct accounts *accounts) {
    memory_release(accounts->allocator, accounts->journal);
    accounts->journal = NULL;
    accounts->journal_capacity = 0;
}

void accounts_clear(struct accounts *accounts) {
    drop_values(accounts);
    numbers_clear(&accounts->numbers);
    table_clear(&accounts->accounts);
    table_clear(&accounts->slots);
    arena_reset(&accounts->arena);
    if (accounts->journal_capacity > KEPT_JOURNAL_BYTES / sizeof(struct value)) {
        free_journal(accounts);
    }
    memset(accounts->block_hashes, 0, sizeof accounts->block_hashes);
    accounts->all = NULL;
    accounts->contracts = NULL;
    accounts->queries = (extvm_run_stats){0};
    accounts->failure = EXTVM_OK;
    accounts->failure_text = NULL;
}

void accounts_free(struct accounts *accounts) {
    accounts_clear(accounts);
    free_journal(accounts);
    table_free(&accounts->slots);
    table_free(&accounts->accounts);
    numbers_free(&accounts->numbers);
    arena_free(&accounts->arena);
}

bool accounts_fail(struct accounts *accounts, extvm_status status, const char *text) {
    if (accounts->failure == EXTVM_OK) {
        accounts->failure = status;
        accounts->failure_text = text;
    }
    return false;
}

bool accounts_fail_for_memory(struct accounts *accounts) {
    return accounts_fail(accounts, EXTVM_NO_MEMORY, "no memory for the IELE VM's state");
}

static bool fail_for_world(struct accounts *accounts, const char *text) {
    return accounts_fail(accounts, EXTVM_WORLD_FAILED, text);
}

static void *allocate(struct accounts *accounts, size_t size) {
    void *memory = arena_array(&accounts->arena, 1, size);
    if (memory == NULL) {
        accounts_fail_for_memory(accounts);
    }
    return memory;
}

/* -- accounts -- */

static struct account *find_account(struct accounts *accounts, const extvm_address *address) {
    struct account *account =
        table_find(&accounts->accounts, (extvm_bytes){address->bytes, EXTVM_ADDRESS_SIZE});
    if (account != NULL) {
        return account;
    }
    account = allocate(accounts, sizeof *account);
    if (account == NULL) {
        return NULL;
    }
    account->address = *address;
    if (!table_insert(&accounts->accounts, account)) {
        accounts_fail_for_memory(accounts);
        return NULL;
    }
    account->next = accounts->all;
    accounts->all = account;
    return account;
}

/* Answers are borrowed until the world's next call: all of them are copied at once. */
static bool take_account(struct accounts *accounts, struct account *account,
                         const extvm_account *answer) {
    if (extvm_integer_to_u64(answer->nonce, &account->nonce) != EXTVM_OK) {
        return fail_for_world(accounts,
                              "the world answered a nonce that is negative or not below 2^64");
    }
    if (extvm_integer_sign(answer->balance) < 0) {
        return fail_for_world(accounts, "the world answered a balance that is negative");
    }
    if (!value_from_integer(&accounts->numbers, answer->balance, &account->balance)) {
        return accounts_fail_for_memory(accounts);
    }
    account->original_nonce = account->nonce;
    account->original_balance = value_share(&account->balance);
    account->existed = true;
    account->code.kind = answer->has_code ? CODE_UNKNOWN : CODE_WALLET;
    account->original_code = account->code;
    return true;
}

static bool ask_for_account(struct accounts *accounts, struct account *account) {
    extvm_account answer = {0};
    accounts->queries.account_queries++;
    switch (accounts->world->account(accounts->world->context, &account->address, &answer)) {
    case EXTVM_LOOKUP_FOUND:
        account->asked = take_account(accounts, account, &answer);
        break;
    case EXTVM_LOOKUP_ABSENT:
        account->asked = true;
        break;
    default:
        return fail_for_world(accounts, "the world could not answer for an account");
    }
    return account->asked;
}

/* -- code -- */

bool accounts_decode(struct accounts *accounts, extvm_bytes code, struct contract **out) {
    extvm_bytes kept;
    struct contract *contract = NULL;
    *out = NULL;
    if (!arena_copy(&accounts->arena, code, &kept)) {
        return accounts_fail_for_memory(accounts);
    }
    switch (contract_decode(kept, &accounts->arena, accounts->contracts, &contract)) {
    case DECODE_OK:
        accounts->contracts = contract;
        *out = contract;
        return true;
    case DECODE_INVALID:
        return true;
    default:
        return accounts_fail_for_memory(accounts);
    }
}

/* The code goes through the world's promise, not the checks of an upload (section 3.3). */
static bool take_code(struct accounts *accounts, struct account *account, extvm_bytes answer) {
    struct contract *contract = NULL;
    if (answer.data == NULL && answer.size > 0) {
        return fail_for_world(accounts, "the world answered a code that is not there");
    }
    if (answer.size > 0) {
        if (!accounts_decode(accounts, answer, &contract)) {
            return false;
        }
        if (contract == NULL) {
            return fail_for_world(accounts, "the world answered a code that is no IELE contract");
        }
    }
    account->code = (struct code){contract != NULL ? CODE_CONTRACT : CODE_WALLET, contract};
    account->original_code = account->code;
    return true;
}

bool accounts_load_code(struct accounts *accounts, struct account *account) {
    if (account->code.kind != CODE_UNKNOWN) {
        return true;
    }
    extvm_bytes answer = {NULL, 0};
    accounts->queries.code_queries++;
    switch (accounts->world->code(accounts->world->context, &account->address, &answer)) {
    case EXTVM_LOOKUP_FOUND:
        return take_code(accounts, account, answer);
    case EXTVM_LOOKUP_ABSENT:
        return take_code(accounts, account, (extvm_bytes){NULL, 0});
    default:
        return fail_for_world(accounts, "the world could not answer for a code");
    }
}

bool account_is_empty(const struct account *account) {
    return account->code.kind == CODE_WALLET && account->nonce == 0 &&
           value_is_zero(&account->balance);
}

/* -- storage -- */

/* Asked for also when the account is new, or absent (section 15). */
static bool ask_for_slot(struct accounts *accounts, struct account *account, struct slot *slot) {
    const extvm_bytes key = {slot->key.data + EXTVM_ADDRESS_SIZE,
                             slot->key.size - EXTVM_ADDRESS_SIZE};
    extvm_bytes answer = {NULL, 0};
    accounts->queries.storage_queries++;
    extvm_lookup lookup =
        accounts->world->storage(accounts->world->context, &account->address, key, &answer);
    if (lookup != EXTVM_LOOKUP_FOUND && lookup != EXTVM_LOOKUP_ABSENT) {
        return fail_for_world(accounts, "the world could not answer for a storage value");
    }
    if (lookup == EXTVM_LOOKUP_FOUND &&
        !value_from_integer(&accounts->numbers, answer, &slot->value)) {
        return accounts_fail_for_memory(accounts);
    }
    slot->original = value_share(&slot->value);
    slot->known = true;
    return true;
}

static struct slot *add_slot(struct accounts *accounts, struct account *account, extvm_bytes key) {
    struct slot *slot = allocate(accounts, sizeof *slot);
    if (slot == NULL) {
        return NULL;
    }
    slot->key = key;
    if (!table_insert(&accounts->slots, slot)) {
        accounts_fail_for_memory(accounts);
        return NULL;
    }
    slot->next = account->slots;
    account->slots = slot;
    return slot;
}

struct slot *account_slot(struct accounts *accounts, struct account *account,
                          const struct value *key) {
    enum { ON_STACK = 64 };
    struct arena scratch;
    uint8_t few[EXTVM_ADDRESS_SIZE + ON_STACK], *bytes = few;
    struct slot *slot = NULL;
    size_t digits = value_is_zero(key) ? 1 : value_signed_size(key);
    arena_init(&scratch, accounts->allocator, SIZE_MAX / 2);
    if (digits > ON_STACK) {
        bytes = arena_allocate(&scratch, EXTVM_ADDRESS_SIZE + digits);
    }
    if (bytes != NULL) {
        extvm_bytes wanted = {bytes, EXTVM_ADDRESS_SIZE + digits}, kept;
        memcpy(bytes, account->address.bytes, EXTVM_ADDRESS_SIZE);
        value_to_bytes(key, bytes + EXTVM_ADDRESS_SIZE, digits);
        slot = table_find(&accounts->slots, wanted);
        if (slot == NULL && arena_copy(&accounts->arena, wanted, &kept)) {
            slot = add_slot(accounts, account, kept);
        }
    }
    arena_free(&scratch);
    if (slot == NULL) {
        accounts_fail_for_memory(accounts);
        return NULL;
    }
    return slot->known || ask_for_slot(accounts, account, slot) ? slot : NULL;
}

/* -- block hashes -- */

bool accounts_block_hash(struct accounts *accounts, unsigned back, uint64_t number,
                         extvm_word *out) {
    struct known_hash *known = &accounts->block_hashes[back];
    if (!known->known) {
        accounts->queries.block_hash_queries++;
        extvm_lookup lookup =
            accounts->world->block_hash(accounts->world->context, number, &known->hash);
        if (lookup == EXTVM_LOOKUP_ABSENT) {
            known->hash = (extvm_word){{0}};
        } else if (lookup != EXTVM_LOOKUP_FOUND) {
            return fail_for_world(accounts, "the world could not answer for a block hash");
        }
        known->known = true;
    }
    *out = known->hash;
    return true;
}

/* -- loading, which a rollback undoes -- */

struct account *accounts_load(struct accounts *accounts, const extvm_address *address) {
    struct account *account = find_account(accounts, address);
    if (account == NULL || (!account->asked && !ask_for_account(accounts, account))) {
        return NULL;
    }
    return account->loaded || account_set_loaded(accounts, account) ? account : NULL;
}
