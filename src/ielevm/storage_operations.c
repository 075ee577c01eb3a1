/* Storage, and the end of an account (protocol/iele-vm.md, sections 9.4 and 13). */
#include "machine.h"

/* The world is asked before anything is paid. */
enum step perform_sload(struct ielevm *vm, const struct context *context) {
    const struct value *key = context_operand(vm, context, 0);
    const struct slot *slot = account_slot(&vm->accounts, context->frame->self, key);
    if (slot == NULL) {
        return STEP_ABORT;
    }
    int64_t words = value_words(&slot->value);
    enum step step = context_pay(vm, context, words,
                                 GAS_SLOAD + GAS_SLOAD_KEY_WORD * value_words(key) +
                                     GAS_SLOAD_VALUE_WORD * words);
    return step == STEP_NEXT ? context_write(vm, context, value_share(&slot->value)) : step;
}

enum step perform_sstore(struct ielevm *vm, const struct context *context) {
    const struct value *value = context_operand(vm, context, 0);
    const struct value *key = context_operand(vm, context, 1);
    struct slot *slot = account_slot(&vm->accounts, context->frame->self, key);
    if (slot == NULL) {
        return STEP_ABORT;
    }
    int64_t old = value_words(&slot->value), new = value_words(value), keys = value_words(key);
    int64_t growth = !value_is_zero(value) && value_is_zero(&slot->value)
                         ? keys + new
                         : words_maximum(0, new - old);
    enum step step = gas_charge(vm, context->frame,
                                GAS_SSTORE + GAS_SSTORE_KEY_WORD * keys +
                                    GAS_SSTORE_VALUE_WORD * new + GAS_SSTORE_GROWTH *growth);
    if (step != STEP_NEXT) {
        return step;
    }
    vm->accounts.refund += REFUND_STORAGE_WORD * words_maximum(0, old - new);
    return step_or_abort(account_set_slot(&vm->accounts, slot, value));
}

enum step perform_selfdestruct(struct ielevm *vm, const struct context *context) {
    struct accounts *accounts = &vm->accounts;
    struct account *self = context->frame->self;
    const struct value nothing = value_small(0);
    extvm_address address;
    value_to_address(context_operand(vm, context, 0), &address);
    struct account *heir = accounts_load(accounts, &address);
    if (heir == NULL) {
        return STEP_ABORT;
    }
    bool makes_account = account_is_empty(heir) && !value_is_zero(&self->balance);
    enum step step = gas_charge(vm, context->frame, makes_account ? GAS_NEW_ACCOUNT : 0);
    if (step != STEP_NEXT) {
        return step;
    }
    if (!self->destructed) {
        accounts->refund += REFUND_SELFDESTRUCT;
    }
    bool done = account_set_destructed(accounts, self);
    if (done && heir == self) {
        done = account_set_balance(accounts, self, &nothing);
    } else if (done) {
        struct value all = value_share(&self->balance);
        done = account_transfer(accounts, self, heir, &all);
        value_drop(&accounts->numbers, &all);
    }
    list_clear(vm);
    vm->ending.kind = ENDED_WELL;
    return done ? STEP_LEAVE : STEP_ABORT;
}
