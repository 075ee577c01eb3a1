/* Gas and memory of a frame (protocol/iele-vm.md, section 7), and the clock. */
#include "common/clock.h"
#include "machine.h"

enum { WORK_BETWEEN_LOOKS = 1 << 12 /* instructions: about a tenth of a millisecond */ };

enum step raise_exception(struct ielevm *vm, enum exception status) {
    vm->ending.kind = ENDED_BY_EXCEPTION;
    vm->ending.status = value_small(status);
    return STEP_LEAVE;
}

enum step gas_charge(struct ielevm *vm, struct frame *frame, int64_t amount) {
    if (amount == PRICE_UNPAYABLE || frame->gas < amount) {
        return raise_exception(vm, OUT_OF_GAS);
    }
    frame->gas -= amount;
    return STEP_NEXT;
}

/* mem: `want` words at once. */
static enum step use_memory(struct ielevm *vm, struct frame *frame, iele_wide want) {
    if (want <= frame->peak) {
        return STEP_NEXT;
    }
    int64_t words = price_clamp(want);
    int64_t price = price_of_memory(words);
    if (price != PRICE_UNPAYABLE) {
        price -= price_of_memory(frame->peak);
    }
    enum step step = gas_charge(vm, frame, price);
    if (step == STEP_NEXT) {
        frame->peak = words;
    }
    return step;
}

enum step memory_expect_live(struct ielevm *vm, struct frame *frame, int64_t old, int64_t words,
                             int64_t live) {
    if (live > LIVE_WORDS_MAXIMUM - vm->live_words) {
        return raise_exception(vm, OUT_OF_GAS);
    }
    return use_memory(vm, frame, (iele_wide)frame->current + words - old);
}

enum step memory_adjust(struct ielevm *vm, struct frame *frame, int64_t words) {
    if (words > LIVE_WORDS_MAXIMUM - vm->live_words) {
        return raise_exception(vm, OUT_OF_GAS);
    }
    frame->current += words;
    return use_memory(vm, frame, frame->current);
}

bool vm_looks_up(struct ielevm *vm) {
    vm->work_left = WORK_BETWEEN_LOOKS;
    const struct machine_terms *terms = vm->terms;
    if (terms->stop != NULL && atomic_load_explicit(terms->stop, memory_order_relaxed)) {
        return accounts_fail(&vm->accounts, EXTVM_CANCELLED, "the run was stopped");
    }
    if (terms->deadline != 0 && clock_now() >= terms->deadline) {
        return accounts_fail(&vm->accounts, EXTVM_DEADLINE_PASSED,
                             "the program ran longer than the call may take (option call-timeout)");
    }
    return true;
}
