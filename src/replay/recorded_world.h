/* The node's world, as far as it was recorded in one call. */
#ifndef EXTVM_REPLAY_RECORDED_WORLD_H
#define EXTVM_REPLAY_RECORDED_WORLD_H

#include "recording.h"

struct recorded_world {
    const struct recorded_call *call;
    enum block_hash_policy block_hash;
    struct table answers; /* by their query */
    struct arena arena;
    extvm_result *result; /* as the VM sent it; NULL: there is none */
    extvm_unknown_query_fn unknown;
    void *unknown_context;
};

/* Takes all answers of the call. To be freed, also after an error. Errors: EXTVM_NO_MEMORY. */
extvm_status recorded_world_init(struct recorded_world *world, const extvm_recording *recording,
                                 const struct recorded_call *call, extvm_error *error);
void recorded_world_free(struct recorded_world *world);

/* It as a world; valid as long as it stays where it is. */
extvm_world recorded_world_as_world(struct recorded_world *world);

#endif
