/* One run of the EVM: from a CallContext to a result (yellow paper, sections 6.2, 7 and 8; EIP-2929
 * and EIP-2930 for what is warm at the start). */
#include "evm.h"

#include <extvm/integer.h>

#include "common/call.h"
#include "common/clock.h"
#include "common/error.h"
#include "machine.h"

enum {
    EIP170_CODE_LIMIT = 24576, /* bytes */
    /* What is kept from one run to the next; a run that needed more gives it back. */
    KEPT_MEMORY = 1 << 20,        /* bytes */
    KEPT_STACK = 1 << 15,         /* words */
    FIRST_MEMORY = 4096,          /* bytes */
    JUMPS_BETWEEN_LOOKS = 1 << 12 /* at the clock: less than a tenth of a millisecond */
};

struct evm *evm_new(const extvm_allocator *allocator, struct spare *spare) {
    if (allocator == NULL) {
        allocator = extvm_default_allocator();
    }
    struct evm *evm = memory_zeroed(allocator, sizeof *evm);
    if (evm != NULL) {
        evm->allocator = *allocator;
        evm->spare = spare;
        state_init(&evm->state, &evm->allocator, spare);
        buffer_init(&evm->return_data, &evm->allocator, SIZE_MAX / 2);
    }
    return evm;
}

void evm_free(struct evm *evm) {
    if (evm != NULL) {
        const extvm_allocator allocator = evm->allocator;
        state_free(&evm->state);
        buffer_free(&evm->return_data);
        memory_release(&allocator, evm->memory);
        memory_release(&allocator, evm->stack);
        memory_release(&allocator, evm->frames);
        memory_release(&allocator, evm);
    }
}

bool evm_goes_on(struct evm *evm) {
    const struct machine_terms *terms = evm->terms;
    evm->jumps_left = JUMPS_BETWEEN_LOOKS;
    if (terms->stop != NULL && atomic_load_explicit(terms->stop, memory_order_relaxed)) {
        return state_fail(&evm->state, EXTVM_CANCELLED, "the run was stopped");
    }
    if (terms->deadline != 0 && clock_now() >= terms->deadline) {
        return state_fail(&evm->state, EXTVM_DEADLINE_PASSED,
                          "the program ran longer than the call may take (option call-timeout)");
    }
    return true;
}

/* Gives back what only an unusual run needs. */
static void trim(struct evm *evm) {
    evm->return_data.size = 0;
    buffer_shrink(&evm->return_data, KEPT_MEMORY);
    if (evm->memory_capacity > KEPT_MEMORY) {
        memory_release(&evm->allocator, evm->memory);
        evm->memory = NULL;
        evm->memory_capacity = 0;
    }
    if (evm->stack_capacity > KEPT_STACK) {
        memory_release(&evm->allocator, evm->stack);
        evm->stack = NULL;
        evm->stack_capacity = 0;
    }
    state_clear(&evm->state);
}

/* A number that call_check has found good. */
static struct word checked_word(extvm_bytes integer) {
    struct word word = {{0}};
    word_from_integer(integer, &word);
    return word;
}

static void set_rules(struct evm *evm, const extvm_call *call) {
    const extvm_chain *chain = &call->chain;
    evm->fork = extvm_chain_fork_at(chain, call->block.number);
    evm->schedule = schedule_of(evm->fork);
    evm->code_limit = UINT64_MAX;
    if (evm->schedule->limits_code) {
        const struct word limit = checked_word(chain->max_code_size);
        evm->code_limit = word_is_zero(&limit) ? EIP170_CODE_LIMIT : word_to_u64_capped(&limit);
    }
    evm->state.start_nonce = checked_word(chain->account_start_nonce);
    evm->environment =
        (struct environment){.origin = word_from_address(&call->caller),
                             .gas_price = checked_word(call->gas_price),
                             .beneficiary = word_from_address(&call->block.beneficiary),
                             .timestamp = word_from_u64(call->block.timestamp),
                             .number = checked_word(call->block.number),
                             .difficulty = checked_word(call->block.difficulty),
                             .gas_limit = checked_word(call->block.gas_limit),
                             .chain_id = checked_word(chain->chain_id)};
}

/* EIP-2930 */
static bool warm_access_list(struct state *state, const extvm_access_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        const extvm_access_entry *entry = &list->entries[i];
        struct account *account = state_account(state, &entry->address);
        if (account == NULL) {
            return false;
        }
        account->warm = true;
        for (size_t j = 0; j < entry->storage_key_count; j++) {
            const struct word key = checked_word(entry->storage_keys[j]);
            struct slot *slot = state_slot(state, account, &key);
            if (slot == NULL) {
                return false;
            }
            slot->warm = true;
        }
    }
    return true;
}

/* EIP-2929: the caller, the recipient or new account, and what the transaction lists. The
 * precompiled contracts are always warm. */
static bool warm_up(struct evm *evm, const extvm_call *call, struct account *caller,
                    struct account *recipient) {
    if (!evm->schedule->has_warm) {
        return true;
    }
    caller->warm = recipient->warm = true;
    return call->type != EXTVM_TRANSACTION_ACCESS_LIST ||
           warm_access_list(&evm->state, call->access_list);
}

static enum step run_frames(struct evm *evm) {
    for (;;) {
        enum step step = interpreter_run(evm);
        if (step == STEP_ABORT) {
            return step;
        }
        if (step != STEP_ENTER) {
            step = frame_finish(evm, step);
            if (step != STEP_NEXT) {
                return step;
            }
        }
    }
}

/* Runs the call with all the gas that a counter holds; what there is above that can never be
 * used, and is left over. */
static enum step run_call(struct evm *evm, const extvm_call *call, struct account *caller,
                          struct account *recipient, struct word *gas_left) {
    const struct word provided = checked_word(call->gas_provided);
    const struct word largest = word_from_u64(INT64_MAX);
    const struct word gas = word_less(&largest, &provided) ? largest : provided;
    *gas_left = word_from_u64(0);
    if (!warm_up(evm, call, caller, recipient)) {
        return STEP_ABORT;
    }
    enum step step = call_start(evm, call, caller, recipient, (int64_t)gas.limb[0]);
    if (step == STEP_ENTER) {
        step = run_frames(evm);
    }
    if (step == STEP_STOP || step == STEP_REVERT) {
        const struct word above = word_subtract(&provided, &gas);
        const struct word rest = word_from_u64((uint64_t)evm->gas_left);
        *gas_left = word_add(&above, &rest);
    }
    return step;
}

/* The caller's nonce is already counted up, so that the transaction's is one lower. */
static struct account *find_recipient(struct evm *evm, const extvm_call *call,
                                      const struct account *caller) {
    extvm_address address;
    if (call->recipient != NULL) {
        return state_account(&evm->state, call->recipient);
    }
    create_address(&call->caller, caller->nonce.limb[0] - 1, &address);
    return state_account(&evm->state, &address);
}

static extvm_status check_caller(const extvm_call *call, const struct account *caller,
                                 extvm_error *error) {
    uint8_t digits[EXTVM_WORD_INTEGER_SIZE];
    return call_check_caller(call, caller->exists, word_to_integer(&caller->nonce, digits), error);
}

static extvm_status run_checked(struct evm *evm, const extvm_call *call, extvm_result **result,
                                extvm_error *error) {
    struct state *state = &evm->state;
    struct account *caller = state_loaded_account(state, &call->caller), *recipient = NULL;
    enum step step = STEP_ABORT;
    struct word gas_left;
    if (caller != NULL) {
        extvm_status status = check_caller(call, caller, error);
        if (status != EXTVM_OK) {
            return status;
        }
        recipient = find_recipient(evm, call, caller);
    }
    if (recipient != NULL) {
        step = run_call(evm, call, caller, recipient, &gas_left);
    }
    frames_drop(evm);
    if (step == STEP_ABORT) {
        return error_set(error, state->failure, "%s", state->failure_text);
    }
    *result = outcome_make(evm, call, step, &gas_left, call->recipient == NULL ? recipient : NULL);
    return *result != NULL ? EXTVM_OK : error_no_memory(error, "the result");
}

extvm_status evm_run(struct evm *evm, const struct machine_terms *terms, const extvm_call *call,
                     const extvm_world *world, extvm_result **result, extvm_error *error) {
    *result = NULL;
    extvm_status status = call_check(call, error);
    if (status != EXTVM_OK) {
        return status;
    }
    if (evm->memory_capacity < FIRST_MEMORY && !memory_pool_grow(evm, FIRST_MEMORY)) {
        return error_no_memory(error, "the memory of the EVM's frames");
    }
    set_rules(evm, call);
    evm->terms = terms;
    evm->jumps_left = 1;
    evm->state.world = world;
    status = run_checked(evm, call, result, error);
    trim(evm);
    return status;
}

/* -- among the library's machines -- */

static void *machine_make(const extvm_allocator *allocator, struct spare *spare) {
    return evm_new(allocator, spare);
}

static void machine_release(void *machine) {
    evm_free(machine);
}

static extvm_status machine_run(void *machine, const struct machine_terms *terms,
                                const extvm_call *call, const extvm_world *world,
                                extvm_result **result, extvm_error *error) {
    return evm_run(machine, terms, call, world, result, error);
}

const struct machine_kind evm_machine = {"EVM", machine_make, machine_release, machine_run};
