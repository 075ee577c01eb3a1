/* Changes of the state of one run, and undoing them (protocol/iele-vm.md, section 6.3). */
#include "accounts.h"

/* How an entry of the journal is undone. */
enum change_kind {
    CHANGE_VALUE, /* `target` is a struct value: it becomes `old` again */
    CHANGE_NONCE, /* `target` is an account */
    CHANGE_FLAG,  /* `target` is a bool: it becomes false again */
    CHANGE_CODE   /* `target` is an account: its code is what the world said */
};

struct change {
    enum change_kind kind;
    void *target;
    union {
        struct value value;
        uint64_t nonce;
    } old;
};

static bool grow(struct accounts *accounts) {
    enum { FIRST_ENTRIES = 64 };
    const extvm_allocator *allocator = accounts->allocator;
    size_t capacity = accounts->journal_capacity == 0 ? FIRST_ENTRIES : accounts->journal_capacity;
    size_t size;
    if (accounts->journal_capacity != 0 && !size_multiply(capacity, 2, &capacity)) {
        return accounts_fail_for_memory(accounts);
    }
    if (!size_multiply(capacity, sizeof(struct change), &size)) {
        return accounts_fail_for_memory(accounts);
    }
    struct change *journal =
        allocator->resize(allocator->context, accounts->journal,
                          accounts->journal_capacity * sizeof(struct change), size);
    if (journal == NULL) {
        return accounts_fail_for_memory(accounts);
    }
    accounts->journal = journal;
    accounts->journal_capacity = capacity;
    return true;
}

static struct change *add(struct accounts *accounts, enum change_kind kind, void *target) {
    if (accounts->journal_size == accounts->journal_capacity && !grow(accounts)) {
        return NULL;
    }
    struct change *change = &accounts->journal[accounts->journal_size++];
    *change = (struct change){.kind = kind, .target = target};
    return change;
}

/* The journal takes over the old value. */
static bool set_value(struct accounts *accounts, struct value *target, const struct value *value) {
    struct change *change = add(accounts, CHANGE_VALUE, target);
    if (change == NULL) {
        return false;
    }
    change->old.value = *target;
    *target = value_share(value);
    return true;
}

static bool set_flag(struct accounts *accounts, bool *flag) {
    if (!*flag && add(accounts, CHANGE_FLAG, flag) == NULL) {
        return false;
    }
    *flag = true;
    return true;
}

bool account_set_loaded(struct accounts *accounts, struct account *account) {
    return set_flag(accounts, &account->loaded);
}

bool account_set_destructed(struct accounts *accounts, struct account *account) {
    return set_flag(accounts, &account->destructed);
}

bool account_set_balance(struct accounts *accounts, struct account *account,
                         const struct value *balance) {
    return set_value(accounts, &account->balance, balance);
}

bool account_set_slot(struct accounts *accounts, struct slot *slot, const struct value *value) {
    return set_value(accounts, &slot->value, value);
}

bool account_set_nonce(struct accounts *accounts, struct account *account, uint64_t nonce) {
    struct change *change = add(accounts, CHANGE_NONCE, account);
    if (change == NULL) {
        return false;
    }
    change->old.nonce = account->nonce;
    account->nonce = nonce;
    return true;
}

/* Only an account with the wallet gets code. */
bool account_set_code(struct accounts *accounts, struct account *account,
                      const struct contract *contract) {
    if (add(accounts, CHANGE_CODE, account) == NULL) {
        return false;
    }
    account->code = (struct code){CODE_CONTRACT, contract};
    account->new_code = true;
    return true;
}

bool account_forget_storage(struct accounts *accounts, struct account *account) {
    for (struct slot *slot = account->slots; slot != NULL; slot = slot->next) {
        if (slot->known && !set_value(accounts, &slot->value, &slot->original)) {
            return false;
        }
    }
    return true;
}

/* `from` with the amount added, or taken off. */
static bool change_balance(struct accounts *accounts, struct account *account,
                           const struct value *amount,
                           void (*function)(mpz_ptr, mpz_srcptr, mpz_srcptr)) {
    struct value_view old, change;
    struct number *number = number_new(&accounts->numbers);
    if (number == NULL) {
        return accounts_fail_for_memory(accounts);
    }
    function(number->integer, value_view(&account->balance, &old), value_view(amount, &change));
    struct value balance = value_of_number(&accounts->numbers, number);
    bool done = account_set_balance(accounts, account, &balance);
    value_drop(&accounts->numbers, &balance);
    return done;
}

bool account_transfer(struct accounts *accounts, struct account *from, struct account *to,
                      const struct value *amount) {
    return from == to || value_is_zero(amount) ||
           (change_balance(accounts, from, amount, mpz_sub) &&
            change_balance(accounts, to, amount, mpz_add));
}

bool accounts_add_log(struct accounts *accounts, const struct log *log) {
    struct log *copy = arena_array(&accounts->arena, 1, sizeof *copy);
    if (copy == NULL) {
        return accounts_fail_for_memory(accounts);
    }
    *copy = *log;
    copy->previous = accounts->last_log;
    accounts->last_log = copy;
    accounts->log_count++;
    return true;
}

struct snapshot accounts_snapshot(const struct accounts *accounts) {
    return (struct snapshot){accounts->journal_size, accounts->last_log, accounts->log_count,
                             accounts->refund};
}

static void undo(struct accounts *accounts, const struct change *change) {
    struct account *account = change->target;
    struct value *value = change->target;
    switch (change->kind) {
    case CHANGE_VALUE:
        value_drop(&accounts->numbers, value);
        *value = change->old.value;
        break;
    case CHANGE_NONCE:
        account->nonce = change->old.nonce;
        break;
    case CHANGE_FLAG:
        *(bool *)change->target = false;
        break;
    case CHANGE_CODE:
        account->code = account->original_code;
        account->new_code = false;
        break;
    }
}

void accounts_restore(struct accounts *accounts, const struct snapshot *snapshot) {
    while (accounts->journal_size > snapshot->journal_size) {
        undo(accounts, &accounts->journal[--accounts->journal_size]);
    }
    accounts->last_log = snapshot->last_log;
    accounts->log_count = snapshot->log_count;
    accounts->refund = snapshot->refund;
}
