/* What a program can learn of its call, its block and other accounts (protocol/iele-vm.md, section
 * 9.5). */
#include "machine.h"

enum { ADDRESS_WORDS = 3, WORD_WORDS = 4 };

/* Pays for `words` and writes the value, which is taken over. */
static enum step give(struct ielevm *vm, const struct context *context, int64_t words,
                      struct value value) {
    enum step step = context_pay(vm, context, words, GAS_ENVIRONMENT);
    if (step != STEP_NEXT) {
        value_drop(vm_numbers(vm), &value);
        return step;
    }
    return context_write(vm, context, value);
}

static enum step give_address(struct ielevm *vm, const struct context *context,
                              const extvm_address *address) {
    struct value value;
    return value_from_unsigned_big(vm_numbers(vm),
                                   (extvm_bytes){address->bytes, sizeof address->bytes}, &value)
               ? give(vm, context, ADDRESS_WORDS, value)
               : abort_for_memory(vm);
}

enum step perform_address(struct ielevm *vm, const struct context *context) {
    return give_address(vm, context, &context->frame->self->address);
}

enum step perform_origin(struct ielevm *vm, const struct context *context) {
    return give_address(vm, context, &vm->environment.origin);
}

enum step perform_caller(struct ielevm *vm, const struct context *context) {
    return give_address(vm, context, &context->frame->caller);
}

enum step perform_beneficiary(struct ielevm *vm, const struct context *context) {
    return give_address(vm, context, &vm->environment.beneficiary);
}

enum step perform_callvalue(struct ielevm *vm, const struct context *context) {
    return give(vm, context, WORD_WORDS, value_share(&context->frame->value));
}

enum step perform_timestamp(struct ielevm *vm, const struct context *context) {
    return give(vm, context, WORD_WORDS, value_share(&vm->environment.timestamp));
}

enum step perform_difficulty(struct ielevm *vm, const struct context *context) {
    return give(vm, context, WORD_WORDS, value_share(&vm->environment.difficulty));
}

enum step perform_number(struct ielevm *vm, const struct context *context) {
    return give(vm, context, 1, value_share(&vm->environment.number));
}

enum step perform_gaslimit(struct ielevm *vm, const struct context *context) {
    return give(vm, context, 1, value_share(&vm->environment.gas_limit));
}

enum step perform_gasprice(struct ielevm *vm, const struct context *context) {
    return give(vm, context, 1, value_share(&vm->environment.gas_price));
}

enum step perform_codesize(struct ielevm *vm, const struct context *context) {
    return give(vm, context, 1, value_small((int64_t)context->frame->contract->size));
}

/* These two show what they themselves have changed. */
enum step perform_msize(struct ielevm *vm, const struct context *context) {
    enum { WORD = 8 };
    enum step step = context_pay(vm, context, 1, GAS_ENVIRONMENT);
    return step == STEP_NEXT ? context_write(vm, context, value_small(WORD * context->frame->peak))
                             : step;
}

enum step perform_gas(struct ielevm *vm, const struct context *context) {
    enum step step = context_pay(vm, context, 1, GAS_ENVIRONMENT);
    return step == STEP_NEXT
               ? context_write(vm, context, value_small(context->frame->gas / MILLIGAS_IN_GAS))
               : step;
}

/* -- other accounts, asked for after paying -- */

static struct account *operand_account(struct ielevm *vm, const struct context *context) {
    extvm_address address;
    value_to_address(context_operand(vm, context, 0), &address);
    return accounts_load(&vm->accounts, &address);
}

enum step perform_balance(struct ielevm *vm, const struct context *context) {
    enum step step = context_pay(vm, context, WORD_WORDS, GAS_BALANCE);
    if (step != STEP_NEXT) {
        return step;
    }
    const struct account *account = operand_account(vm, context);
    return account != NULL ? context_write(vm, context, value_share(&account->balance))
                           : STEP_ABORT;
}

/* The account with its code; STEP_NEXT when it was paid for. */
static enum step load_code(struct ielevm *vm, const struct context *context,
                           const struct account **out) {
    enum step step = context_pay(vm, context, 1, GAS_EXTCODE);
    if (step != STEP_NEXT) {
        return step;
    }
    struct account *account = operand_account(vm, context);
    *out = account;
    return step_or_abort(account != NULL && accounts_load_code(&vm->accounts, account));
}

enum step perform_extcodesize(struct ielevm *vm, const struct context *context) {
    const struct account *account;
    enum step step = load_code(vm, context, &account);
    if (step != STEP_NEXT) {
        return step;
    }
    size_t size = account->code.kind == CODE_CONTRACT ? account->code.contract->size : 0;
    return context_write(vm, context, value_small((int64_t)size));
}

enum step perform_calladdress(struct ielevm *vm, const struct context *context) {
    const struct account *account;
    enum step step = load_code(vm, context, &account);
    if (step != STEP_NEXT) {
        return step;
    }
    const extvm_bytes name =
        contract_name(context->frame->contract, context->instruction->number)->name;
    int64_t pointer = 0;
    if (account->code.kind == CODE_CONTRACT) {
        const struct function *function = contract_function(account->code.contract, name);
        pointer = function != NULL && function->is_public ? function->pointer : 0;
    } else {
        pointer = extvm_bytes_equal(name, wallet_function) ? WALLET_POINTER : 0;
    }
    return context_write(vm, context, value_small(pointer));
}

/* The world is asked by number; the offset counts back from the newest block that is done
 * (protocol/iele.md, section 6.4). The node decides on each of them (section 15), so that one
 * before the first block is asked for too, modulo 2^64. */
enum step perform_blockhash(struct ielevm *vm, const struct context *context) {
    enum step step = context_pay(vm, context, WORD_WORDS, GAS_BLOCKHASH);
    if (step != STEP_NEXT) {
        return step;
    }
    const struct value *offset = context_operand(vm, context, 0);
    struct value value = value_small(0);
    if (offset->wide == NULL && offset->small >= 0 && offset->small < BLOCK_HASHES) {
        const unsigned back = (unsigned)offset->small;
        extvm_word hash;
        if (!accounts_block_hash(&vm->accounts, back, vm->environment.block_number - 1 - back,
                                 &hash)) {
            return STEP_ABORT;
        }
        if (!value_from_unsigned_big(vm_numbers(vm), (extvm_bytes){hash.bytes, sizeof hash.bytes},
                                     &value)) {
            return abort_for_memory(vm);
        }
    }
    return context_write(vm, context, value);
}
