/* The result of a run, from the state at its end (protocol/iele-vm.md, section 16). */
#include <string.h>

#include <extvm/integer.h>

#include "common/result.h"
#include "common/rlp.h"
#include "iele/iele.h"
#include "machine.h"

/* -- what is listed of an account -- */

static bool slot_is_changed(const struct slot *slot) {
    return slot->known && value_compare(&slot->value, &slot->original) != 0;
}

static size_t changed_slots(const struct account *account) {
    size_t count = 0;
    for (const struct slot *slot = account->slots; slot != NULL; slot = slot->next) {
        count += slot_is_changed(slot);
    }
    return count;
}

static bool account_is_modified(const struct account *account) {
    if (!account->loaded || account->destructed || account_is_empty(account)) {
        return false;
    }
    return !account->existed || account->new_code || account->nonce != account->original_nonce ||
           value_compare(&account->balance, &account->original_balance) != 0 ||
           changed_slots(account) > 0;
}

/* -- parts, each in the result's arena; a failure is kept there -- */

static extvm_bytes keep_integer(extvm_result *result, const struct value *value) {
    return value_to_integer(value, &result->arena);
}

static extvm_bytes keep_u64(extvm_result *result, uint64_t number) {
    uint8_t digits[EXTVM_U64_INTEGER_SIZE];
    extvm_bytes kept;
    arena_copy(&result->arena, extvm_integer_from_u64(number, digits), &kept);
    return kept;
}

static void fill_modified(extvm_result *result, extvm_modified_account *out,
                          const struct account *account) {
    *out = (extvm_modified_account){.address = account->address,
                                    .nonce = keep_u64(result, account->nonce),
                                    .balance = keep_integer(result, &account->balance)};
    if (account->new_code) {
        arena_copy(&result->arena, account->code.contract->bytes, &out->code);
    }
    extvm_storage_update *updates =
        arena_array(&result->arena, changed_slots(account), sizeof *updates);
    if (updates == NULL) {
        return;
    }
    out->storage = updates;
    for (const struct slot *slot = account->slots; slot != NULL; slot = slot->next) {
        if (slot_is_changed(slot)) {
            extvm_storage_update *update = &updates[out->storage_count++];
            arena_copy(&result->arena,
                       (extvm_bytes){slot->key.data + EXTVM_ADDRESS_SIZE,
                                     slot->key.size - EXTVM_ADDRESS_SIZE},
                       &update->key);
            update->value = keep_integer(result, &slot->value);
        }
    }
}

/* Counts, makes the arrays, and fills them. */
static void list_accounts(const struct accounts *accounts, extvm_result *result) {
    size_t modified = 0, deleted = 0;
    for (const struct account *one = accounts->all; one != NULL; one = one->next) {
        modified += account_is_modified(one);
        deleted += one->destructed;
    }
    result->modified = arena_array(&result->arena, modified, sizeof *result->modified);
    result->deleted = arena_array(&result->arena, deleted, sizeof *result->deleted);
    if (result->arena.failed) {
        return;
    }
    for (const struct account *one = accounts->all; one != NULL; one = one->next) {
        if (account_is_modified(one)) {
            fill_modified(result, &result->modified[result->modified_count++], one);
        }
        if (one->destructed) {
            result->deleted[result->deleted_count++] = one->address;
        }
    }
}

/* The state has the newest log first. */
static void list_logs(const struct accounts *accounts, extvm_result *result) {
    result->logs = arena_array(&result->arena, accounts->log_count, sizeof *result->logs);
    if (result->logs == NULL) {
        return;
    }
    result->log_count = accounts->log_count;
    size_t at = result->log_count;
    for (const struct log *log = accounts->last_log; log != NULL; log = log->previous) {
        extvm_log_entry *out = &result->logs[--at];
        extvm_word *topics = arena_array(&result->arena, log->topic_count, sizeof *topics);
        out->address = log->address;
        if (topics != NULL) {
            memcpy(topics, log->topics, log->topic_count * sizeof *topics);
            out->topics = topics;
            out->topic_count = log->topic_count;
        }
        arena_copy(&result->arena, log->data, &out->data);
    }
}

/* -- what was returned -- */

static bool write_outputs(struct ielevm *vm, extvm_result *result, struct buffer *out,
                          const struct account *created) {
    if (created != NULL) {
        struct value address;
        bool done = value_from_unsigned_big(
            vm_numbers(vm), (extvm_bytes){created->address.bytes, EXTVM_ADDRESS_SIZE}, &address);
        done = done && rlp_string(out, keep_integer(result, &address));
        value_drop(vm_numbers(vm), &address);
        return done;
    }
    bool done = true;
    for (size_t i = 0; i < vm->list_count && done; i++) {
        done = rlp_string(out, keep_integer(result, &vm->list[i]));
    }
    return done;
}

/* An RLP list of integers; of no integers after a failure. */
static bool set_return_data(struct ielevm *vm, extvm_result *result,
                            const struct account *created) {
    struct buffer *out = &vm->scratch;
    out->size = 0;
    bool done = vm->ending.kind != ENDED_WELL || write_outputs(vm, result, out, created);
    return done && rlp_list(out, 0) && !result->arena.failed &&
           arena_copy(&result->arena, (extvm_bytes){out->data, out->size}, &result->return_data);
}

/* A call that reverts with 0 is told as one that succeeded and did nothing, as over the wire, where
 * the two cannot be told apart (protocol/iele.md, section 10.3). */
static void set_status(const struct ielevm *vm, const extvm_call *call, extvm_result *result) {
    static const enum extvm_outcome outcomes[] = {[ENDED_WELL] = EXTVM_OUTCOME_SUCCESS,
                                                  [ENDED_REVERTED] = EXTVM_OUTCOME_REVERT,
                                                  [ENDED_BY_EXCEPTION] = EXTVM_OUTCOME_FAILURE};
    const struct value success = value_small(0);
    const struct value *status = vm->ending.kind == ENDED_WELL ? &success : &vm->ending.status;
    const bool is_silent = value_is_zero(status) && call->recipient != NULL;
    result->outcome = is_silent ? EXTVM_OUTCOME_SUCCESS : outcomes[vm->ending.kind];
    result->return_code = keep_integer(result, status);
    result->return_code_name = result->outcome == EXTVM_OUTCOME_REVERT
                                   ? "revert"
                                   : iele_status_name((unsigned)status->small);
    result->error = !value_is_zero(status);
}

static void set_gas(const struct ielevm *vm, const extvm_call *call, extvm_result *result) {
    const bool success = vm->ending.kind == ENDED_WELL;
    const uint64_t left = (uint64_t)vm->gas_left;
    result->milligas_remaining = keep_u64(result, left);
    result->gas_remaining =
        keep_u64(result, left / MILLIGAS_IN_GAS + (left % MILLIGAS_IN_GAS != 0));
    result->gas_refund = keep_u64(result, success ? (uint64_t)vm->accounts.refund : 0);
    result_set_gas_used(result, call->gas_provided);
}

extvm_result *vm_outcome(struct ielevm *vm, const extvm_call *call, const struct account *created) {
    extvm_result *result = result_new(&vm->allocator, vm->spare);
    if (result == NULL) {
        return NULL;
    }
    const bool success = vm->ending.kind == ENDED_WELL;
    set_status(vm, call, result);
    set_gas(vm, call, result);
    result->beneficiary = call->block.beneficiary;
    result->clears_empty =
        extvm_chain_fork_at(&call->chain, call->block.number) >= EXTVM_FORK_EIP161;
    result->stats = vm->accounts.queries;
    result->stats.attempts = 1;
    if (success && created != NULL) {
        result->created = true;
        result->created_address = created->address;
    }
    bool done = set_return_data(vm, result, created);
    if (done && success) {
        list_accounts(&vm->accounts, result);
        list_logs(&vm->accounts, result);
    }
    if (!done || result->arena.failed) {
        extvm_result_free(result);
        return NULL;
    }
    result_sort(result);
    return result;
}
