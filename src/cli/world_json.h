/* WORLD.json: a world state as a file. */
#ifndef CLI_WORLD_JSON_H
#define CLI_WORLD_JSON_H

#include <extvm/state.h>

#include "json_read.h"

struct block_hash {
    uint64_t number;
    extvm_word hash;
};

struct world_input {
    extvm_state *state;        /* the caller's; filled */
    struct block_hash *hashes; /* ascending by number; in the state too */
    size_t hash_count;
};

/* Reads the file into `world->state`, which is empty; `pool` holds the hashes.
 * Errors: EXTVM_INVALID_ARGUMENT, EXTVM_OUT_OF_RANGE, EXTVM_NO_MEMORY. */
extvm_status world_json_read(const char *path, struct pool *pool, struct world_input *world,
                             extvm_error *error);

/* The same from JSON that has been read: a json_read function, `target` is a struct world_input. */
extvm_status world_json_read_value(const struct json_place *place, json_t *value, void *target);

/* Writes the file, sorted, or leaves the old one as it was.
 * Errors: EXTVM_SYSTEM_ERROR, EXTVM_NO_MEMORY. */
extvm_status world_json_write(const char *path, const struct world_input *world,
                              extvm_error *error);

#endif
