/* The ledger of a call: which accounts the node told the VM of, and what it said. */
#include "ledger.h"

#include <extvm/integer.h>

#include "result.h"

static extvm_bytes address_of(const void *entry) {
    return address_bytes(&((const struct known_account *)entry)->address);
}

void ledger_init(struct ledger *ledger, const extvm_allocator *allocator, struct spare *spare) {
    table_init(&ledger->accounts, allocator, address_of);
    arena_init_spare(&ledger->arena, allocator, spare, SIZE_MAX);
}

void ledger_free(struct ledger *ledger) {
    table_free(&ledger->accounts);
    arena_free(&ledger->arena);
}

void ledger_clear(struct ledger *ledger) {
    table_clear(&ledger->accounts);
    arena_reset(&ledger->arena);
}

static struct known_account *entry_for(struct ledger *ledger, const extvm_address *address) {
    struct known_account *known = table_find(&ledger->accounts, address_bytes(address));
    if (known == NULL) {
        known = arena_array(&ledger->arena, 1, sizeof *known);
        if (known == NULL) {
            return NULL;
        }
        known->address = *address;
        if (!table_insert(&ledger->accounts, known)) {
            return NULL;
        }
    }
    return known;
}

bool ledger_note(struct ledger *ledger, const extvm_address *address,
                 const extvm_account *account) {
    extvm_account copy = {.has_code = account != NULL && account->has_code};
    extvm_bytes nonce = account != NULL ? account->nonce : (extvm_bytes){NULL, 0};
    extvm_bytes balance = account != NULL ? account->balance : (extvm_bytes){NULL, 0};
    if (!arena_copy(&ledger->arena, extvm_integer_normalise(nonce), &copy.nonce) ||
        !arena_copy(&ledger->arena, extvm_integer_normalise(balance), &copy.balance)) {
        return false;
    }
    struct known_account *known = entry_for(ledger, address);
    if (known == NULL) {
        return false;
    }
    known->exists = account != NULL;
    known->account = copy;
    return true;
}

const struct known_account *ledger_find(const struct ledger *ledger, const extvm_address *address) {
    return table_find(&ledger->accounts, address_bytes(address));
}
