/* The result of a run, from the state at its end: protocol/kevm.md, sections 10 and 11, but that
 * what a frame undid is undone everywhere. */
#include <extvm/integer.h>

#include "common/result.h"
#include "common/sort.h"
#include "machine.h"

/* What is listed of an account. */
static bool slot_is_changed(const struct slot *slot) {
    return slot->loaded && !word_equal(&slot->value, &slot->original);
}

static bool has_changed_slot(const struct account *account) {
    const struct slot *slot = account->slots;
    while (slot != NULL && !slot_is_changed(slot)) {
        slot = slot->next;
    }
    return slot != NULL;
}

static size_t changed_slots(const struct account *account) {
    size_t count = 0;
    for (const struct slot *slot = account->slots; slot != NULL; slot = slot->next) {
        count += slot_is_changed(slot);
    }
    return count;
}

static size_t warm_slots(const struct account *account) {
    size_t count = 0;
    for (const struct slot *slot = account->slots; slot != NULL; slot = slot->next) {
        count += slot->warm;
    }
    return count;
}

static bool account_is_modified(const struct account *account) {
    return account->exists && !account->destructed &&
           (!account->existed || account->new_code ||
            !word_equal(&account->nonce, &account->original_nonce) ||
            !word_equal(&account->balance, &account->original_balance) ||
            has_changed_slot(account));
}

/* -- parts, each in the result's arena; a failure is kept there -- */

static extvm_bytes keep_integer(extvm_result *result, const struct word *number) {
    uint8_t digits[EXTVM_WORD_INTEGER_SIZE];
    extvm_bytes kept;
    arena_copy(&result->arena, word_to_integer(number, digits), &kept);
    return kept;
}

static void fill_modified(extvm_result *result, extvm_modified_account *out,
                          const struct account *account) {
    *out = (extvm_modified_account){.address = account->address,
                                    .nonce = keep_integer(result, &account->nonce),
                                    .balance = keep_integer(result, &account->balance)};
    if (account->new_code) {
        arena_copy(&result->arena, (extvm_bytes){account->code->bytes, account->code->size},
                   &out->code);
    }
    extvm_storage_update *updates =
        arena_array(&result->arena, changed_slots(account), sizeof *updates);
    if (updates == NULL) {
        return;
    }
    out->storage = updates;
    for (const struct slot *slot = account->slots; slot != NULL; slot = slot->next) {
        if (slot_is_changed(slot)) {
            updates[out->storage_count++] =
                (extvm_storage_update){.key = keep_integer(result, &slot->at.key),
                                       .value = keep_integer(result, &slot->value)};
        }
    }
}

static void fill_access_entry(extvm_result *result, extvm_access_entry *out,
                              const struct account *account) {
    out->address = account->address;
    extvm_bytes *keys = arena_array(&result->arena, warm_slots(account), sizeof *keys);
    if (keys == NULL) {
        return;
    }
    out->storage_keys = keys;
    for (const struct slot *slot = account->slots; slot != NULL; slot = slot->next) {
        if (slot->warm) {
            keys[out->storage_key_count++] = keep_integer(result, &slot->at.key);
        }
    }
}

/* An account as it is sorted: by the address that it begins with. */
struct listed {
    extvm_address address;
    const struct account *account;
};

/* The run's accounts in the order of their addresses, in the run's own memory; NULL: none left. All
 * lists of the result are then made in order: one sort instead of three, a tenth of a create. */
static struct listed *sorted_accounts(struct state *state, size_t *count) {
    size_t all = 0;
    for (const struct account *account = state->all; account != NULL; account = account->next) {
        all++;
    }
    struct listed *accounts = arena_array(&state->arena, all, sizeof *accounts);
    *count = all;
    if (accounts != NULL) {
        size_t at = 0;
        for (const struct account *account = state->all; account != NULL; account = account->next) {
            accounts[at++] = (struct listed){account->address, account};
        }
        sort_by_first_bytes(accounts, all, sizeof *accounts, EXTVM_ADDRESS_SIZE);
    }
    return accounts;
}

static void fill_accounts(extvm_result *result, extvm_access_entry *access,
                          const struct listed *accounts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct account *account = accounts[i].account;
        if (account_is_modified(account)) {
            fill_modified(result, &result->modified[result->modified_count++], account);
        }
        if (account->destructed) {
            result->deleted[result->deleted_count++] = account->address;
        }
        if (account->warm) {
            fill_access_entry(result, &access[result->access_list.count++], account);
        }
    }
}

/* With the beneficiary in its place. */
static void fill_touched(extvm_result *result, const struct listed *accounts, size_t count) {
    extvm_address *touched = result->touched;
    size_t filled = 0, i = 0;
    while (i < count && address_compare(&accounts[i].address, &result->beneficiary) < 0) {
        if (accounts[i].account->touched) {
            touched[filled++] = accounts[i].address;
        }
        i++;
    }
    touched[filled++] = result->beneficiary;
    for (; i < count; i++) {
        if (accounts[i].account->touched) {
            touched[filled++] = accounts[i].address;
        }
    }
    result->touched_count = filled;
}

/* Counts, makes the arrays, and fills them. */
static void list_accounts(struct state *state, extvm_result *result) {
    size_t modified = 0, deleted = 0, touched = 1 /* the beneficiary */, warm = 0, count;
    const struct listed *accounts = sorted_accounts(state, &count);
    if (accounts == NULL) {
        result->arena.failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        modified += account_is_modified(accounts[i].account);
        deleted += accounts[i].account->destructed;
        touched += accounts[i].account->touched;
        warm += accounts[i].account->warm;
    }
    extvm_access_entry *access;
    result->modified = arena_array(&result->arena, modified, sizeof *result->modified);
    result->deleted = arena_array(&result->arena, deleted, sizeof *result->deleted);
    result->touched = arena_array(&result->arena, touched, sizeof *result->touched);
    access = arena_array(&result->arena, warm, sizeof *access);
    result->access_list.entries = access;
    if (!result->arena.failed) {
        fill_accounts(result, access, accounts, count);
        fill_touched(result, accounts, count);
    }
}

static void fill_log(extvm_result *result, extvm_log_entry *out, const struct log *log) {
    extvm_word *topics = arena_array(&result->arena, log->topic_count, sizeof *topics);
    out->address = log->address;
    if (topics != NULL) {
        for (unsigned i = 0; i < log->topic_count; i++) {
            word_store(&log->topics[i], topics[i].bytes);
        }
        out->topics = topics;
        out->topic_count = log->topic_count;
    }
    arena_copy(&result->arena, log->data, &out->data);
}

/* The state has the newest log first. */
static void list_logs(const struct state *state, extvm_result *result) {
    result->logs = arena_array(&result->arena, state->log_count, sizeof *result->logs);
    if (result->logs == NULL) {
        return;
    }
    result->log_count = state->log_count;
    size_t at = result->log_count;
    for (const struct log *log = state->last_log; log != NULL; log = log->previous) {
        fill_log(result, &result->logs[--at], log);
    }
}

static void set_return_code(extvm_result *result, enum step step, const struct account *created) {
    struct word code = word_from_u64(0);
    result->return_code_name = "failure";
    if (step == STEP_STOP && created != NULL) {
        result->return_code_name = "created";
        result->created = true;
        result->created_address = created->address;
        code = word_from_address(&created->address);
    } else if (step == STEP_STOP) {
        result->return_code_name = "success";
        code = word_from_u64(1);
    }
    result->return_code = keep_integer(result, &code);
}

extvm_result *outcome_make(struct evm *evm, const extvm_call *call, enum step step,
                           const struct word *gas_left, const struct account *created) {
    extvm_result *result = result_new(&evm->allocator, evm->spare);
    if (result == NULL) {
        return NULL;
    }
    const bool success = step == STEP_STOP;
    const struct word refund = word_from_u64(success ? (uint64_t)evm->state.refund : 0);
    result->outcome = success               ? EXTVM_OUTCOME_SUCCESS
                      : step == STEP_REVERT ? EXTVM_OUTCOME_REVERT
                                            : EXTVM_OUTCOME_FAILURE;
    result->error = !success;
    set_return_code(result, step, created);
    result->gas_remaining = keep_integer(result, gas_left);
    result->gas_refund = keep_integer(result, &refund);
    result_set_gas_used(result, call->gas_provided);
    result->beneficiary = call->block.beneficiary;
    result->clears_empty = evm->schedule->clears_empty;
    result->stats = evm->state.queries;
    result->stats.attempts = 1;
    arena_copy(&result->arena, (extvm_bytes){evm->return_data.data, evm->return_data.size},
               &result->return_data);
    if (success) {
        list_accounts(&evm->state, result);
        list_logs(&evm->state, result);
    }
    if (result->arena.failed) {
        extvm_result_free(result);
        return NULL;
    }
    result_sort(result);
    return result;
}
