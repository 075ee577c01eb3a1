/* A protocol: how one kind of VM writes the messages of the dialogue that all of them share. The
 * session works with this table only and does not know which VM it is. Both ends of a protocol are
 * in one table, so that a server cannot drift from the client. No I/O. */
#ifndef EXTVM_COMMON_PROTOCOL_H
#define EXTVM_COMMON_PROTOCOL_H

#include <extvm/call.h>
#include <extvm/world.h>

#include "buffer.h"
#include "ledger.h"
#include "memory.h"
#include "result.h"

enum query_kind { QUERY_ACCOUNT, QUERY_STORAGE, QUERY_CODE, QUERY_BLOCK_HASH };

struct query {
    enum query_kind kind;
    extvm_address address; /* of all but block hash */
    extvm_bytes key;       /* of storage: canonical integer */
    int64_t block;         /* of block hash: the number as the VM sent it */
    uint64_t block_number; /* of block hash: the block that the session takes it for */
};

/* What the node says to a query; which member counts depends on the query's kind. */
struct answer {
    bool found; /* false: the account does not exist, the value is 0, there is no code or hash */
    extvm_account account;
    extvm_bytes bytes; /* storage: canonical integer; code: raw */
    extvm_word hash;
};

/* What the VM sends while a call runs: a query, or the result that ends it. */
struct vm_message {
    struct buffer *owner; /* in: what the message lies in; a large result takes it over. NULL: it is
                             copied */
    struct spare *spare;  /* in: what a result's memory is taken from; NULL: the allocator */
    extvm_result *result; /* NULL: a query */
    struct query query;
};

/* What the number in a block-hash query means. */
enum block_hash_policy {
    BLOCK_HASH_ABSOLUTE, /* a block's number */
    BLOCK_HASH_PARENT    /* 0 is the parent block, 1 its parent, … */
};

struct protocol {
    const char *vm_name; /* for people: "KEVM" */
    const char *version; /* what Hello says: "2.2" */
    enum block_hash_policy block_hash;
    bool sends_chain;             /* the VM is told the chain's rules */
    bool balances_may_shrink;     /* those of a result, also where no account was deleted */
    const char *late_query_quirk; /* the name of it that the VM asks for storage of an account that
                                   * does not exist; NULL: it is nothing special */

    /* -- the node's end. Encoders append a message's body to `out`; false: no room or memory. -- */

    /* Refuses a call that the VM cannot take, before the world is asked; NULL: there is none. */
    extvm_status (*check_call)(const extvm_call *call, extvm_error *error);
    /* Refuses a call that the real VM would not survive, by what the world says of the caller. */
    extvm_status (*check_caller)(const extvm_call *call, const struct known_account *caller,
                                 extvm_error *error);
    /* Refuses a storage value that the VM cannot take. */
    extvm_status (*check_storage)(extvm_bytes value, extvm_error *error);
    bool (*encode_hello)(const extvm_call *first_call, struct buffer *out);
    bool (*encode_call)(const extvm_call *call, struct arena *scratch, struct buffer *out);
    bool (*encode_answer)(const struct query *query, const struct answer *answer,
                          struct buffer *out);
    /* A query's parts lie in the body and in `arena`. A result is new, made with the arena's
     * allocator, and holds what the VM sent, canonical but neither checked nor sorted. */
    extvm_status (*decode_vm_message)(extvm_bytes body, struct arena *arena,
                                      struct vm_message *message, extvm_error *error);
    /* Finds the outcome, and drops what means nothing with it. */
    extvm_status (*read_outcome)(const extvm_call *call, extvm_result *result, extvm_error *error);
    /* Puts the VM's peculiarities right and checks what only this protocol can. The ledger knows
     * each account that the result changes. */
    extvm_status (*conclude)(const extvm_call *call, const struct ledger *ledger,
                             extvm_result *result, extvm_error *error);

    /* -- the VM's end; what is decoded lies in the body and in `arena` -- */

    extvm_status (*decode_hello)(extvm_bytes body, struct arena *arena, extvm_bytes *version,
                                 extvm_error *error);
    extvm_status (*decode_call)(extvm_bytes body, struct arena *arena, extvm_call *call,
                                extvm_error *error);
    extvm_status (*decode_answer)(extvm_bytes body, const struct query *query, struct arena *arena,
                                  struct answer *answer, extvm_error *error);
    bool (*encode_query)(const struct query *query, struct buffer *out);
    bool (*encode_result)(const extvm_result *result, struct arena *scratch, struct buffer *out);
};

#endif
