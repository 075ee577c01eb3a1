/* The world: the only door through which a virtual machine sees the node's state.
 *
 * The node answers from one snapshot, taken after it has counted the caller's nonce up and paid for
 * the gas (protocol/kevm.md, section 3). */
#ifndef EXTVM_WORLD_H
#define EXTVM_WORLD_H

#include <extvm/bytes.h>
#include <extvm/declare.h>

EXTVM_BEGIN_DECLARATIONS

/* What a look-up came to. A world that cannot answer says so: the run ends with EXTVM_WORLD_FAILED,
 * and nothing is ever taken for an empty account. */
typedef enum extvm_lookup {
    EXTVM_LOOKUP_FAILED = 0,
    EXTVM_LOOKUP_ABSENT,
    EXTVM_LOOKUP_FOUND
} extvm_lookup;

typedef struct extvm_account {
    extvm_bytes nonce;   /* integer, 0 or more, below 2^256 */
    extvm_bytes balance; /* wei; integer, 0 or more, below 2^256 */
    bool has_code;       /* whether there is code to ask for */
    /* Whether any storage value is not 0. Looked at by the internal VM and the test-mode server
     * only: no contract is made at such an address (EIP-7610). A node may leave it false, since no
     * public chain has an account without code that has storage, apart from a few of Ethereum's
     * first months. */
    bool has_storage;
} extvm_account;

/* The node's answers. The functions are called from the thread that runs the call, one at a time.
 * What they put into `out` is borrowed until the next call of any function of the same world by the
 * same run, or until that run returns. They must not use the handle that runs the call. */
typedef struct extvm_world {
    void *context; /* the node's own; handed to each function */

    /* The account at `address`. FOUND fills `out`; ABSENT: no such account. */
    extvm_lookup (*account)(void *context, const extvm_address *address, extvm_account *out);

    /* The value at `key` (canonical integer) in the account's storage. ABSENT is the value 0. For
     * KEVM a value is 0 or more and below 2^256; IELE's are any integers. */
    extvm_lookup (*storage)(void *context, const extvm_address *address, extvm_bytes key,
                            extvm_bytes *out);

    /* The account's code. ABSENT is no code. */
    extvm_lookup (*code)(void *context, const extvm_address *address, extvm_bytes *out);

    /* The hash of the block with this number, one of the 256 before the call's block: the library
     * asks for no other. ABSENT is the hash 0. An IELE program may ask for blocks before the first
     * one, and the node decides what it is told: their numbers count down from 2^64. */
    extvm_lookup (*block_hash)(void *context, uint64_t number, extvm_word *out);
} extvm_world;

EXTVM_END_DECLARATIONS

#endif
