/* A world state in memory: accounts, code, storage and block hashes, both a world that a VM can ask
 * and a sink that takes a result. For tests, tools and examples. */
#ifndef EXTVM_STATE_H
#define EXTVM_STATE_H

#include <extvm/allocator.h>
#include <extvm/declare.h>
#include <extvm/result.h>
#include <extvm/world.h>

EXTVM_BEGIN_DECLARATIONS

/* One state. It has no lock: reads may go on in many threads at once, a change must be alone. */
typedef struct extvm_state extvm_state;

/* An empty state; freed with extvm_state_free. `allocator` NULL: the default one.
 * Returns NULL when there is no memory. */
extvm_state *extvm_state_new(const extvm_allocator *allocator);

/* Frees the state and all that was borrowed from it; NULL is allowed. */
void extvm_state_free(extvm_state *state);

/* The allocator that the state was made with; valid as long as the state. */
const extvm_allocator *extvm_state_allocator(const extvm_state *state);

/* Sets nonce and balance (wei) of the account, made if it is not there. Both are copied.
 * Errors: EXTVM_OUT_OF_RANGE (negative, or 2^256 and above), EXTVM_NO_MEMORY. */
extvm_status extvm_state_set_account(extvm_state *state, const extvm_address *address,
                                     extvm_bytes nonce, extvm_bytes balance);

/* Sets the code, copied; the account is made, with nonce and balance 0, if it is not there.
 * Errors: EXTVM_NO_MEMORY. */
extvm_status extvm_state_set_code(extvm_state *state, const extvm_address *address,
                                  extvm_bytes code);

/* Sets one storage value; key and value are any integers and are copied; the value 0 deletes the
 * key. The account is made, with nonce and balance 0, if it is not there.
 * Errors: EXTVM_NO_MEMORY. */
extvm_status extvm_state_set_storage(extvm_state *state, const extvm_address *address,
                                     extvm_bytes key, extvm_bytes value);

/* Sets the hash that the block with this number has.
 * Errors: EXTVM_NO_MEMORY. */
extvm_status extvm_state_set_block_hash(extvm_state *state, uint64_t number,
                                        const extvm_word *hash);

/* Removes the account with its code and storage; one that is not there is no error. */
void extvm_state_remove(extvm_state *state, const extvm_address *address);

/* Marks the state as it is, so that the changes that follow can be taken back together. Checkpoints
 * nest; each is ended with one of the two functions below, the last one made first. While any is
 * open, everything that changes replace is kept in memory. Block hashes are left out of it: they
 * are no part of the accounts. Neither function can fail. */
size_t extvm_state_checkpoint(extvm_state *state);

/* Ends the checkpoint and takes back all that was changed since. */
void extvm_state_rollback(extvm_state *state, size_t checkpoint);

/* Ends the checkpoint; the changes stay, and are those of the next older one that is open. */
void extvm_state_keep(extvm_state *state, size_t checkpoint);

/* The account, with borrowed values, or false when there is none. `out` may be NULL. The values are
 * valid until the account is changed or removed, or the state freed. */
bool extvm_state_account(const extvm_state *state, const extvm_address *address,
                         extvm_account *out);

/* The code, or empty; valid as above. */
extvm_bytes extvm_state_code(const extvm_state *state, const extvm_address *address);

/* The value at `key`, canonical, 0 when there is none; valid as above. */
extvm_bytes extvm_state_storage(const extvm_state *state, const extvm_address *address,
                                extvm_bytes key);

/* All addresses, ascending, in memory that the caller gives back with the state's allocator (for
 * the default one: free). `*count` elements; NULL with a count of 0 when there are none.
 * Errors: EXTVM_NO_MEMORY. */
extvm_status extvm_state_addresses(const extvm_state *state, extvm_address **addresses,
                                   size_t *count);

/* All storage of one account that is not 0, ascending by key: the array is given back as above, the
 * keys and values in it are borrowed.
 * Errors: EXTVM_NO_MEMORY. */
extvm_status extvm_state_storage_entries(const extvm_state *state, const extvm_address *address,
                                         extvm_storage_update **entries, size_t *count);

/* The state as a world, and as a sink, with the state as their context; valid as long as it. The
 * sink settles no gas, keeps no logs, and removes empty accounts as it is told to. */
extvm_world extvm_state_world(const extvm_state *state);
extvm_sink extvm_state_sink(extvm_state *state);

EXTVM_END_DECLARATIONS

#endif
