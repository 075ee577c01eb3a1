/* The ledger of a call: which accounts the node told the VM of, and what it said. The result is
 * checked against it. */
#ifndef EXTVM_COMMON_LEDGER_H
#define EXTVM_COMMON_LEDGER_H

#include <extvm/world.h>

#include "memory.h"
#include "table.h"

struct known_account {
    extvm_address address;
    bool exists;
    extvm_account account; /* nonce 0, balance 0, no code when it does not exist */
};

struct ledger {
    struct table accounts;
    struct arena arena;
};

/* `spare` (NULL: there is none) is what more than a table's memory is taken from. */
void ledger_init(struct ledger *ledger, const extvm_allocator *allocator, struct spare *spare);
void ledger_free(struct ledger *ledger);
void ledger_clear(struct ledger *ledger);

/* Notes what the node said of an account (NULL: that it does not exist), replacing what it said
 * before; the values are copied. False when there is no memory. */
bool ledger_note(struct ledger *ledger, const extvm_address *address, const extvm_account *account);

/* What was said, or NULL. */
const struct known_account *ledger_find(const struct ledger *ledger, const extvm_address *address);

#endif
