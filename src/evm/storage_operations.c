/* SLOAD, SSTORE and SELFDESTRUCT (yellow paper, appendix H.2; EIP-150, 161, 1283, 2200, 2929). */
#include "machine.h"

/* The slot of the running account, warm from now on; the first time costs `extra`. */
static enum step slot_access(struct evm *evm, struct frame *frame, const struct word *key,
                             int64_t extra, struct slot **out) {
    struct slot *slot = state_slot(&evm->state, frame->self, key);
    *out = slot;
    if (slot == NULL) {
        return STEP_ABORT;
    }
    if (!evm->schedule->has_warm || slot->warm) {
        return STEP_NEXT;
    }
    enum step step = gas_pay(frame, extra);
    return step != STEP_NEXT ? step : step_or_abort(state_set_flag(&evm->state, &slot->warm));
}

enum step operation_sload(struct evm *evm, struct frame *frame) {
    struct slot *slot;
    enum step step = slot_access(evm, frame, frame->top - 1, evm->schedule->cold_sload, &slot);
    if (step == STEP_NEXT) {
        step = step_or_abort(slot_load(&evm->state, slot));
    }
    if (step == STEP_NEXT) {
        frame->top[-1] = slot->value;
    }
    return step;
}

struct sstore_price {
    int64_t gas, refund; /* the refund may be taken back: below 0 */
};

/* Yellow paper, appendix H.2, SSTORE. */
static struct sstore_price price_by_value(const struct schedule *schedule, const struct slot *slot,
                                          const struct word *value) {
    bool was_zero = word_is_zero(&slot->value), becomes_zero = word_is_zero(value);
    return (struct sstore_price){.gas = was_zero && !becomes_zero ? GAS_SSTORE_SET
                                                                  : schedule->sstore_reset,
                                 .refund = !was_zero && becomes_zero ? REFUND_SSTORE_CLEAR : 0};
}

/* EIP-1283 and EIP-2200 (the same but for the price of SLOAD that they are made of), EIP-2929. */
static struct sstore_price price_net(const struct schedule *schedule, const struct slot *slot,
                                     const struct word *value) {
    struct sstore_price price = {.gas = schedule->sstore_unchanged};
    if (word_equal(&slot->value, value)) {
        return price;
    }
    bool was_zero = word_is_zero(&slot->original);
    int64_t first_change = was_zero ? GAS_SSTORE_SET : schedule->sstore_reset;
    if (word_equal(&slot->original, &slot->value)) {
        price.gas = first_change;
        price.refund = !was_zero && word_is_zero(value) ? REFUND_SSTORE_CLEAR : 0;
        return price;
    }
    if (!was_zero) {
        price.refund -= word_is_zero(&slot->value) ? REFUND_SSTORE_CLEAR : 0;
        price.refund += word_is_zero(value) ? REFUND_SSTORE_CLEAR : 0;
    }
    if (word_equal(&slot->original, value)) {
        price.refund += first_change - schedule->sstore_unchanged;
    }
    return price;
}

enum step operation_sstore(struct evm *evm, struct frame *frame) {
    const struct schedule *schedule = evm->schedule;
    const struct word *key = frame->top - 1, *value = frame->top - 2;
    /* No store costs less than one that changes nothing, so that the world need not be asked. */
    if (frame->is_static || frame->gas <= schedule->sstore_sentry ||
        frame->gas < schedule->sstore_unchanged) {
        return STEP_FAIL;
    }
    struct slot *slot;
    enum step step = slot_access(evm, frame, key, schedule->cold_sstore, &slot);
    if (step == STEP_NEXT) {
        step = step_or_abort(slot_load(&evm->state, slot));
    }
    if (step != STEP_NEXT) {
        return step;
    }
    const struct sstore_price price = schedule->meters_net ? price_net(schedule, slot, value)
                                                           : price_by_value(schedule, slot, value);
    step = gas_pay(frame, price.gas);
    if (step != STEP_NEXT) {
        return step;
    }
    evm->state.refund += price.refund;
    frame->top -= 2;
    return word_equal(&slot->value, value)
               ? STEP_NEXT
               : step_or_abort(state_set_slot(&evm->state, slot, value, &frame->snapshot));
}

/* EIP-150: an heir that has to be made costs more; EIP-161: only when it inherits something. */
static enum step pay_for_new_heir(struct evm *evm, struct frame *frame,
                                  const struct account *heir) {
    bool is_new = evm->schedule->clears_empty
                      ? account_is_dead(heir) && !word_is_zero(&frame->self->balance)
                      : !heir->exists;
    return is_new ? gas_pay(frame, evm->schedule->selfdestruct_new) : STEP_NEXT;
}

/* The balance goes to the heir; an account that is its own heir loses it. */
static bool bequeath(struct state *state, struct account *from, struct account *heir) {
    const struct word zero = {{0}};
    if (heir != from) {
        const struct word sum = word_add(&heir->balance, &from->balance);
        if (!state_make_exist(state, heir) || !state_set_word(state, &heir->balance, &sum)) {
            return false;
        }
    }
    return state_set_word(state, &from->balance, &zero);
}

enum step operation_selfdestruct(struct evm *evm, struct frame *frame) {
    struct state *state = &evm->state;
    struct account *self = frame->self;
    if (frame->is_static) {
        return STEP_FAIL;
    }
    struct account *heir = operand_account(evm, frame->top - 1);
    if (heir == NULL) {
        return STEP_ABORT;
    }
    enum step step = gas_pay_access(evm, frame, heir, evm->schedule->cold_selfdestruct);
    if (step != STEP_NEXT) {
        return step;
    }
    /* From EIP-161 on nothing happens to the heir of nothing, so that it need not be known. */
    if (!evm->schedule->clears_empty || !word_is_zero(&self->balance)) {
        if (!account_load(state, heir)) {
            return STEP_ABORT;
        }
        step = pay_for_new_heir(evm, frame, heir);
        if (step != STEP_NEXT) {
            return step;
        }
        if (!bequeath(state, self, heir)) {
            return STEP_ABORT;
        }
    }
    state->refund += self->destructed ? 0 : REFUND_SELFDESTRUCT;
    if (!state_set_flag(state, &self->destructed) || !state_touch(state, self) ||
        !state_touch(state, heir)) {
        return STEP_ABORT;
    }
    frame->output = (struct range){0, 0};
    return STEP_STOP;
}
