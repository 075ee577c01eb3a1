/* A recording from the inside: the messages of each call in their order, decoded as far as they are
 * needed again. */
#ifndef EXTVM_REPLAY_RECORDING_H
#define EXTVM_REPLAY_RECORDING_H

#include <extvm/recording.h>

#include "common/buffer.h"
#include "common/memory.h"
#include "common/table.h"
#include "message.h"

/* A message, in the recording's arena. */
struct recorded {
    const struct message_type *type;
    extvm_bytes body;
    uint64_t place;
    struct query query;    /* of a query, and of an answer the one that it answers */
    struct answer answer;  /* of an answer */
    struct recorded *next; /* of the same call */
};

struct recorded_call {
    const struct protocol *protocol;
    uint64_t session;
    extvm_call call;
    const struct recorded *hello;  /* of its dialogue */
    struct recorded *first, *last; /* the first is the CallContext */
    size_t queries;
    bool is_complete;
};

/* A dialogue while it is recorded. */
struct dialogue {
    uint64_t session;
    const struct protocol *protocol;
    const struct recorded *hello;
    struct recorded_call *call; /* the last one that began; NULL: none */
};

struct extvm_recording {
    extvm_allocator allocator;
    uint64_t block_hash; /* an enum block_hash_choice */
    struct arena arena;
    struct table dialogues; /* by their session */
    struct buffer calls;    /* pointers to them */
};

/* The call with this number; NULL: there is none. */
const struct recorded_call *recording_at(const extvm_recording *recording, size_t index);

/* What the number of a block-hash query of the call means. */
enum block_hash_policy recording_block_hash(const extvm_recording *recording,
                                            const struct recorded_call *call);

#endif
