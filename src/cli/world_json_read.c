/* WORLD.json, read: accounts by address, and "blockHashes" by number. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_read.h"
#include "report.h"
#include "value.h"
#include "world_json.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A member's name as a number; names are text, as in {"0x1": ...} or {"17": ...}. */
static extvm_status read_name(const struct json_place *place,
                              uint8_t buffer[EXTVM_WORD_INTEGER_SIZE], extvm_bytes *out) {
    extvm_status status = value_integer(place->name, buffer, out);
    if (status == EXTVM_OK) {
        return EXTVM_OK;
    }
    json_refuse_place(place, "the name must be " VALUE_INTEGER_ALLOWED);
    return place->reader->error->status = status;
}

/* -- accounts -- */

struct account_input {
    extvm_state *state;
    const extvm_address *address;
    extvm_bytes nonce;
    extvm_bytes balance;
    extvm_bytes code;
};

/* Keys and values are any integers: IELE's are signed and unbounded. */
static extvm_status read_storage_value(const struct json_place *place, json_t *value,
                                       const struct account_input *account) {
    extvm_bytes key, number;
    extvm_status status = value_signed(place->name, place->reader->pool, &key);
    if (status == EXTVM_NO_MEMORY) {
        return complain_no_memory(place->reader->error);
    }
    if (status != EXTVM_OK) {
        json_refuse_place(place, "the name must be " VALUE_SIGNED_ALLOWED);
        return place->reader->error->status = status;
    }
    status = json_read_signed(place, value, &number);
    if (status != EXTVM_OK) {
        return status;
    }
    if (extvm_integer_sign(extvm_state_storage(account->state, account->address, key)) != 0) {
        return json_refuse_place(place, "the same key stands here twice, written in two ways");
    }
    status = extvm_state_set_storage(account->state, account->address, key, number);
    return status == EXTVM_OK ? EXTVM_OK : complain_no_memory(place->reader->error);
}

static extvm_status read_storage(const struct json_place *place, json_t *value, void *target) {
    const struct account_input *account = target;
    const char *name;
    json_t *element;
    if (!json_is_object(value)) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "an object of keys and values");
    }
    json_object_foreach(value, name, element) {
        const struct json_place inner = {place->reader, place, name, 0};
        extvm_status status = read_storage_value(&inner, element, account);
        if (status != EXTVM_OK) {
            return status;
        }
    }
    return EXTVM_OK;
}

static const struct json_member account_members[] = {
    {"nonce", json_read_integer, offsetof(struct account_input, nonce)},
    {"balance", json_read_integer, offsetof(struct account_input, balance)},
    {"code", json_read_data, offsetof(struct account_input, code)},
    {"storage", read_storage, 0},
};

static extvm_status read_account_members(const struct json_place *place, json_t *value,
                                         struct account_input *account) {
    extvm_state *state = account->state;
    extvm_status status =
        json_read_object(place, value, account_members, COUNT(account_members), account);
    if (status != EXTVM_OK) {
        return status;
    }
    status = extvm_state_set_account(state, account->address, account->nonce, account->balance);
    if (status == EXTVM_OK && account->code.size > 0) {
        status = extvm_state_set_code(state, account->address, account->code);
    }
    return status == EXTVM_OK ? EXTVM_OK : complain_no_memory(place->reader->error);
}

static extvm_status read_account(const struct json_place *place, json_t *value,
                                 extvm_state *state) {
    extvm_address address;
    struct pool pool = {NULL}; /* the state copies what it is given */
    const struct json_reader reader = {
        .file = place->reader->file, .pool = &pool, .error = place->reader->error};
    const struct json_place here = {&reader, place->outer, place->name, 0};
    if (extvm_address_from_hex(place->name, &address) != EXTVM_OK) {
        return json_refuse_place(place, "the name must be blockHashes or " VALUE_ADDRESS_ALLOWED);
    }
    if (extvm_state_account(state, &address, NULL)) {
        return json_refuse_place(place, "the same address stands here twice, written in two ways");
    }
    struct account_input account = {.state = state, .address = &address};
    extvm_status status = read_account_members(&here, value, &account);
    pool_free(&pool);
    return status;
}

/* -- block hashes -- */

static int compare_block_hashes(const void *a, const void *b) {
    uint64_t first = ((const struct block_hash *)a)->number;
    uint64_t second = ((const struct block_hash *)b)->number;
    return first < second ? -1 : first > second;
}

static extvm_status read_block_hash(const struct json_place *place, json_t *value,
                                    struct block_hash *out) {
    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE];
    extvm_bytes number;
    extvm_status status = read_name(place, buffer, &number);
    if (status != EXTVM_OK) {
        return status;
    }
    if (extvm_integer_to_u64(number, &out->number) != EXTVM_OK) {
        json_refuse_place(place, "the name must be a block's number, below 2^64");
        return place->reader->error->status = EXTVM_OUT_OF_RANGE;
    }
    return json_read_word(place, value, &out->hash);
}

/* Sorts them and puts them into the state. */
static extvm_status settle_block_hashes(const struct json_place *place, struct world_input *world) {
    qsort(world->hashes, world->hash_count, sizeof *world->hashes, compare_block_hashes);
    for (size_t i = 0; i < world->hash_count; i++) {
        const struct block_hash *hash = &world->hashes[i];
        if (i > 0 && hash->number == hash[-1].number) {
            char what[96];
            snprintf(what, sizeof what, "block %llu stands here twice, written in two ways",
                     (unsigned long long)hash->number);
            return json_refuse_place(place, what);
        }
        if (extvm_state_set_block_hash(world->state, hash->number, &hash->hash) != EXTVM_OK) {
            return complain_no_memory(place->reader->error);
        }
    }
    return EXTVM_OK;
}

static extvm_status read_block_hashes(const struct json_place *place, json_t *value,
                                      struct world_input *world) {
    const char *name;
    json_t *hash;
    if (!json_is_object(value)) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "an object of numbers and hashes");
    }
    world->hashes = pool_array(place->reader->pool, json_object_size(value), sizeof *world->hashes);
    if (world->hashes == NULL) {
        return complain_no_memory(place->reader->error);
    }
    json_object_foreach(value, name, hash) {
        const struct json_place inner = {place->reader, place, name, 0};
        extvm_status status = read_block_hash(&inner, hash, &world->hashes[world->hash_count]);
        if (status != EXTVM_OK) {
            return status;
        }
        world->hash_count++;
    }
    return settle_block_hashes(place, world);
}

/* -- the world -- */

extvm_status world_json_read_value(const struct json_place *place, json_t *value, void *target) {
    struct world_input *world = target;
    const char *name;
    json_t *element;
    if (!json_is_object(value)) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "an object of accounts");
    }
    json_object_foreach(value, name, element) {
        const struct json_place inner = {place->reader, place, name, 0};
        extvm_status status = strcmp(name, "blockHashes") == 0
                                  ? read_block_hashes(&inner, element, world)
                                  : read_account(&inner, element, world->state);
        if (status != EXTVM_OK) {
            return status;
        }
    }
    return EXTVM_OK;
}

extvm_status world_json_read(const char *path, struct pool *pool, struct world_input *world,
                             extvm_error *error) {
    const struct json_reader reader = {.file = path, .pool = pool, .error = error};
    return json_read_document(&reader, world_json_read_value, world);
}
