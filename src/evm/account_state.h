/* The state that one run sees and changes: accounts, storage, logs, the refund, what is warm and
 * what was touched.
 *
 * What the world says is asked for when it is first needed and kept, so that nothing is asked
 * twice. Each change goes into a journal, so that a frame that fails is undone by going back to
 * where the journal stood (yellow paper, section 6.1 and 9.4.4). */
#ifndef EXTVM_EVM_ACCOUNT_STATE_H
#define EXTVM_EVM_ACCOUNT_STATE_H

#include <extvm/result.h>
#include <extvm/world.h>

#include "code.h"
#include "common/memory.h"
#include "common/table.h"
#include "word.h"

enum { LOG_TOPICS_MAXIMUM = 4, BLOCK_HASHES = 256, RECENT_SLOTS = 64, RECENT_ACCOUNTS = 16 };

/* One key of an account's storage. */
struct slot {
    struct slot_key {
        const struct account *account;
        struct word key;
    } at;
    struct word original; /* the world's value; 0 for a contract that this run made */
    struct word value;    /* now */
    bool loaded;          /* the two above are known */
    bool warm;            /* EIP-2929 */
    size_t noted;         /* the journal's size after its newest entry for this slot; 0: none */
    struct slot *next;    /* of the same account */
};

struct account {
    extvm_address address;
    bool loaded; /* the world was asked */

    /* what the world said */
    bool existed;
    struct word original_nonce, original_balance;
    bool has_old_storage; /* EIP-7610 */

    /* now */
    bool exists;
    bool has_code; /* the code's text may still be unknown */
    bool fresh;    /* this run made the contract: the world knows nothing of its storage */
    bool destructed;
    bool touched;  /* EIP-161 */
    bool warm;     /* EIP-2929 */
    bool new_code; /* this run gave it its code */
    struct word nonce, balance;
    struct code *code; /* NULL: none, or not asked for */

    struct slot *slots;
    struct account *next; /* of all */
};

struct log {
    struct log *previous;
    extvm_address address;
    unsigned topic_count;
    struct word topics[LOG_TOPICS_MAXIMUM];
    extvm_bytes data;
};

struct state {
    const extvm_allocator *allocator; /* borrowed */
    const extvm_world *world;         /* borrowed for one run */
    struct word start_nonce;          /* of a new account */
    struct arena arena;
    struct table accounts, slots;
    /* Those that were found last, by a part of their key, without a hash: 15 of the 110 ns of a
     * call, 17 of the 77 ns of a warm SLOAD and SSTORE. */
    struct account *recent_accounts[RECENT_ACCOUNTS];
    struct slot *recent_slots[RECENT_SLOTS];
    struct account *all; /* the newest first */
    struct change *journal;
    size_t journal_size, journal_capacity; /* entries */
    struct log *last_log;
    size_t log_count;
    int64_t refund; /* gas; may be below 0 in between */
    extvm_run_stats queries;
    struct known_hash {
        bool known;
        extvm_word hash;
    } block_hashes[BLOCK_HASHES]; /* by the low byte of the number */
    bool any_block_hash;
    /* Why the run has to end without a result: EXTVM_OK while it need not. */
    extvm_status failure;
    const char *failure_text;
};

void state_init(struct state *state, const extvm_allocator *allocator, struct spare *spare);
void state_free(struct state *state);

/* Forgets everything, for the next run. */
void state_clear(struct state *state);

/* Ends the run with `status`; `text` lives for ever. Returns false. */
bool state_fail(struct state *state, extvm_status status, const char *text);

/* Memory that lasts to the end of the run, or NULL, and then the run has failed. */
void *state_allocate(struct state *state, size_t size);

/* The account of that address without asking for it, or NULL (no memory). */
struct account *state_account(struct state *state, const extvm_address *address);

/* Ask what is not known yet. False: the run has failed. */
bool account_load(struct state *state, struct account *account);
/* Asks for an account that is not loaded, and then takes it for absent whatever the answer. */
bool account_load_as_absent(struct state *state, struct account *account);
bool account_load_code(struct state *state, struct account *account);

/* The same at once: the account with nonce and balance, or NULL (the run has failed). */
struct account *state_loaded_account(struct state *state, const extvm_address *address);

/* The account's storage at that key, without asking or with; NULL: the run has failed. */
struct slot *state_slot(struct state *state, struct account *account, const struct word *key);
bool slot_load(struct state *state, struct slot *slot);

/* The hash of one of the last 256 blocks. */
bool state_block_hash(struct state *state, uint64_t number, extvm_word *out);

/* Whether the account does not exist or is empty (EIP-161). It must be loaded. */
bool account_is_dead(const struct account *account);

/* -- changes; each can be undone. False: the run has failed -- */

bool state_set_word(struct state *state, struct word *target, const struct word *value);
bool state_set_flag(struct state *state, bool *flag);
bool state_set_code(struct state *state, struct account *account, struct code *code);
bool state_add_log(struct state *state, const struct log *log);

struct snapshot {
    size_t journal_size;
    struct log *last_log;
    size_t log_count;
    int64_t refund;
};

/* The value of a (loaded) slot. `since` is where the running frame began: only what a slot held
 * there can come back, so that a second store in a frame needs no note: that is 26 ns of an SLOAD
 * and SSTORE, and the journal does not grow with a loop. */
bool state_set_slot(struct state *state, struct slot *slot, const struct word *value,
                    const struct snapshot *since);

/* Makes a (loaded) account exist, with the chain's first nonce. */
bool state_make_exist(struct state *state, struct account *account);

/* Marks the account as touched. */
bool state_touch(struct state *state, struct account *account);

struct snapshot state_snapshot(const struct state *state);

/* Undoes all since the snapshot. */
void state_restore(struct state *state, const struct snapshot *snapshot);

#endif
