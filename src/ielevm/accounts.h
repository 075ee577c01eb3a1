/* The state that one run sees and changes: accounts, storage, logs, the refund, and who destroyed
 * himself (protocol/iele-vm.md, sections 2, 6.3 and 15).
 *
 * What the world says is asked for when it is first needed and kept for the run, through rollbacks
 * too. Each change goes into a journal, so that a frame that fails is undone by going back to where
 * the journal stood. It is not the EVM's journal (evm/account_state.h): keys and values have no
 * bound here, and even having loaded an account is undone. */
#ifndef EXTVM_IELEVM_ACCOUNTS_H
#define EXTVM_IELEVM_ACCOUNTS_H

#include <extvm/result.h>
#include <extvm/world.h>

#include "common/table.h"
#include "contract.h"

enum { LOG_TOPICS_MAXIMUM = 4, BLOCK_HASHES = 256 };

/* One key of an account's storage. */
struct slot {
    extvm_bytes key;       /* for the table: the address and the canonical key behind it */
    struct value original; /* the world's */
    struct value value;    /* now */
    bool known;            /* the two above are */
    struct slot *next;     /* of the same account */
};

/* What an account has for code. */
enum code_kind {
    CODE_WALLET,
    CODE_UNKNOWN, /* there is some, which was not asked for */
    CODE_CONTRACT
};

struct code {
    enum code_kind kind;
    const struct contract *contract;
};

struct account {
    extvm_address address;

    /* what the world said */
    bool asked;
    bool existed;
    uint64_t original_nonce;
    struct value original_balance;
    struct code original_code; /* as far as it is known */

    /* now */
    bool loaded; /* by a frame that is not undone */
    bool destructed;
    bool new_code; /* this run gave it its code */
    uint64_t nonce;
    struct value balance;
    struct code code;

    struct slot *slots;
    struct account *next; /* of all */
};

struct log {
    struct log *previous;
    extvm_address address;
    unsigned topic_count;
    extvm_word topics[LOG_TOPICS_MAXIMUM];
    extvm_bytes data;
};

struct accounts {
    const extvm_allocator *allocator; /* borrowed */
    const extvm_world *world;         /* borrowed for one run */
    struct arena arena;
    struct numbers numbers; /* all values of the run */
    struct table accounts, slots;
    struct account *all; /* the newest first */
    struct contract *contracts;
    struct change *journal;
    size_t journal_size, journal_capacity; /* entries */
    struct log *last_log;
    size_t log_count;
    int64_t refund; /* gas */
    extvm_run_stats queries;
    struct known_hash {
        bool known;
        extvm_word hash;
    } block_hashes[BLOCK_HASHES]; /* by how far back the block is */
    /* Why the run has to end without a result: EXTVM_OK while it need not. */
    extvm_status failure;
    const char *failure_text;
};

void accounts_init(struct accounts *accounts, const extvm_allocator *allocator,
                   struct spare *spare);
void accounts_free(struct accounts *accounts);

/* Forgets everything, for the next run. The registers have given their values back. */
void accounts_clear(struct accounts *accounts);

/* Ends the run with `status`; `text` lives for ever. Returns false. */
bool accounts_fail(struct accounts *accounts, extvm_status status, const char *text);
bool accounts_fail_for_memory(struct accounts *accounts);

/* -- asking, at most once; NULL or false: the run has failed -- */

/* The account, loaded. */
struct account *accounts_load(struct accounts *accounts, const extvm_address *address);

/* Makes sure that the account's code is known. */
bool accounts_load_code(struct accounts *accounts, struct account *account);

/* The account's storage at that key. */
struct slot *account_slot(struct accounts *accounts, struct account *account,
                          const struct value *key);

/* The hash of the block `back` before the newest that is done, `number` of it. */
bool accounts_block_hash(struct accounts *accounts, unsigned back, uint64_t number,
                         extvm_word *out);

/* Decodes code that then lives as long as the run; `*out` is NULL when it is none. */
bool accounts_decode(struct accounts *accounts, extvm_bytes code, struct contract **out);

/* Whether the account has the wallet for code, nonce 0 and balance 0. */
bool account_is_empty(const struct account *account);

/* -- changes (journal.c); each can be undone. False: the run has failed -- */

bool account_set_loaded(struct accounts *accounts, struct account *account);

/* The value is shared. */
bool account_set_balance(struct accounts *accounts, struct account *account,
                         const struct value *balance);
bool account_set_nonce(struct accounts *accounts, struct account *account, uint64_t nonce);
bool account_set_code(struct accounts *accounts, struct account *account,
                      const struct contract *contract);
bool account_set_destructed(struct accounts *accounts, struct account *account);
bool account_set_slot(struct accounts *accounts, struct slot *slot, const struct value *value);

/* Takes the account's storage back to what the world said. */
bool account_forget_storage(struct accounts *accounts, struct account *account);

/* Moves money that is there. */
bool account_transfer(struct accounts *accounts, struct account *from, struct account *to,
                      const struct value *amount);

/* The log's data lies in the arena. */
bool accounts_add_log(struct accounts *accounts, const struct log *log);

struct snapshot {
    size_t journal_size;
    struct log *last_log;
    size_t log_count;
    int64_t refund;
};

struct snapshot accounts_snapshot(const struct accounts *accounts);

/* Undoes all since the snapshot. */
void accounts_restore(struct accounts *accounts, const struct snapshot *snapshot);

#endif
