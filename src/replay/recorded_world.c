/* A recorded call's answers, to be asked for again in any order. */
#include "recorded_world.h"

#include <string.h>

#include <extvm/integer.h>

#include "common/error.h"
#include "common/result.h"
#include "common/trace.h"

struct known_answer {
    extvm_bytes key;
    const struct answer *answer;
};

static extvm_bytes key_of_answer(const void *entry) {
    return ((const struct known_answer *)entry)->key;
}

/* -- what a query asks for, as bytes: its kind, and then the address and key, or the block -- */

enum { KEY_HEAD = 1 + EXTVM_ADDRESS_SIZE };

struct key {
    uint8_t fixed[KEY_HEAD + EXTVM_WORD_INTEGER_SIZE];
    extvm_bytes bytes;
};

/* A storage key that is longer than a word is taken from `arena`. False: no memory. */
static bool make_key(enum query_kind kind, const extvm_address *address, extvm_bytes rest,
                     struct arena *arena, struct key *key) {
    uint8_t *data = rest.size <= EXTVM_WORD_INTEGER_SIZE
                        ? key->fixed
                        : arena_allocate(arena, KEY_HEAD + rest.size);
    if (data == NULL) {
        return false;
    }
    data[0] = (uint8_t)kind;
    memset(data + 1, 0, EXTVM_ADDRESS_SIZE);
    if (address != NULL) {
        memcpy(data + 1, address->bytes, EXTVM_ADDRESS_SIZE);
    }
    if (rest.size > 0) {
        memcpy(data + KEY_HEAD, rest.data, rest.size);
    }
    key->bytes = (extvm_bytes){data, KEY_HEAD + rest.size};
    return true;
}

/* The block that the number of a query stands for; false: none that the world is asked for. */
static bool find_block(const struct recorded_world *world, int64_t number, uint64_t *block) {
    uint64_t current;
    if (number < 0 || extvm_integer_to_u64(world->call->call.block.number, &current) != EXTVM_OK) {
        return false;
    }
    *block = (uint64_t)number;
    if (world->block_hash == BLOCK_HASH_PARENT) {
        *block = current - 1 - (uint64_t)number;
        return (uint64_t)number < current;
    }
    return true;
}

static bool note_answer(struct recorded_world *world, const struct recorded *recorded) {
    const struct query *query = &recorded->query;
    struct known_answer *known = arena_array(&world->arena, 1, sizeof *known);
    struct key key;
    uint64_t block;
    extvm_bytes rest = query->kind == QUERY_STORAGE ? query->key : (extvm_bytes){NULL, 0};
    if (query->kind == QUERY_BLOCK_HASH) {
        if (!find_block(world, query->block, &block)) {
            return true;
        }
        rest = (extvm_bytes){(const uint8_t *)&block, sizeof block};
    }
    if (known == NULL ||
        !make_key(query->kind, query->kind == QUERY_BLOCK_HASH ? NULL : &query->address, rest,
                  &world->arena, &key) ||
        !arena_copy(&world->arena, key.bytes, &known->key)) {
        return false;
    }
    known->answer = &recorded->answer;
    return table_find(&world->answers, known->key) != NULL || table_insert(&world->answers, known);
}

extvm_status recorded_world_init(struct recorded_world *world, const extvm_recording *recording,
                                 const struct recorded_call *call, extvm_error *error) {
    *world =
        (struct recorded_world){.call = call, .block_hash = recording_block_hash(recording, call)};
    table_init(&world->answers, &recording->allocator, key_of_answer);
    arena_init(&world->arena, &recording->allocator, SIZE_MAX);
    for (const struct recorded *one = call->first; one != NULL; one = one->next) {
        if (one->type->kind == MESSAGE_ANSWER && !note_answer(world, one)) {
            return error_no_memory(error, "a recorded world");
        }
    }
    struct vm_message message = {.result = NULL};
    extvm_status status = EXTVM_OK;
    if (call->is_complete) {
        struct arena scratch;
        arena_init(&scratch, &recording->allocator, SIZE_MAX);
        status = call->protocol->decode_vm_message(call->last->body, &scratch, &message, error);
        arena_free(&scratch);
    }
    world->result = message.result;
    return status;
}

void recorded_world_free(struct recorded_world *world) {
    extvm_result_free(world->result);
    table_free(&world->answers);
    arena_free(&world->arena);
}

/* -- being asked -- */

static void tell_unknown(struct recorded_world *world, const struct query *query) {
    struct buffer text;
    if (world->unknown == NULL) {
        return;
    }
    const char *name = trace_query_name(query->kind);
    buffer_init(&text, world->answers.allocator, SIZE_MAX / 2);
    if (query->kind == QUERY_BLOCK_HASH) {
        buffer_print(&text, "block=%llu", (unsigned long long)query->block_number);
    } else {
        trace_query(&text, query);
    }
    /* Without memory the query has no fields. */
    struct buffer whole;
    buffer_init(&whole, world->answers.allocator, SIZE_MAX / 2);
    bool made = buffer_print(&whole, "%s %.*s", name, (int)text.size,
                             text.data != NULL ? (const char *)text.data : "") &&
                buffer_append(&whole, "", 1);
    world->unknown(world->unknown_context, made ? (const char *)whole.data : name);
    buffer_free(&whole);
    buffer_free(&text);
}

/* The recorded answer to the query; NULL: there is none, and that was told. */
static const struct answer *find_answer(struct recorded_world *world, const struct query *query,
                                        extvm_lookup *lookup) {
    struct key key;
    bool is_block = query->kind == QUERY_BLOCK_HASH;
    const extvm_bytes block = {(const uint8_t *)&query->block_number, sizeof query->block_number};
    extvm_bytes rest = query->kind == QUERY_STORAGE ? query->key : (extvm_bytes){NULL, 0};
    if (!make_key(query->kind, is_block ? NULL : &query->address, is_block ? block : rest,
                  &world->arena, &key)) {
        *lookup = EXTVM_LOOKUP_FAILED;
        return NULL;
    }
    const struct known_answer *known = table_find(&world->answers, key.bytes);
    if (known == NULL) {
        *lookup = EXTVM_LOOKUP_ABSENT;
        return NULL;
    }
    *lookup = known->answer->found ? EXTVM_LOOKUP_FOUND : EXTVM_LOOKUP_ABSENT;
    return known->answer;
}

/* Accounts that the library asks for and the VM did not: see extvm_recording_run. */
static bool find_unasked(const struct recorded_world *world, const extvm_address *address,
                         extvm_account *out, extvm_lookup *lookup) {
    static const uint8_t zero[1] = {0}, one[1] = {1};
    const extvm_result *result = world->result;
    *lookup = EXTVM_LOOKUP_FOUND;
    *out = (extvm_account){.nonce = {one, sizeof one}, .balance = {zero, sizeof zero}};
    if (extvm_address_equal(address, &world->call->call.caller)) {
        return true;
    }
    for (size_t i = 0; result != NULL && i < result->modified_count; i++) {
        if (extvm_address_equal(address, &result->modified[i].address)) {
            out->nonce = extvm_integer_normalise(result->modified[i].nonce);
            out->balance = extvm_integer_normalise(result->modified[i].balance);
            return true;
        }
    }
    *lookup = EXTVM_LOOKUP_ABSENT;
    for (size_t i = 0; result != NULL && i < result->deleted_count; i++) {
        if (extvm_address_equal(address, &result->deleted[i])) {
            return true;
        }
    }
    return false;
}

static extvm_lookup recorded_account(void *context, const extvm_address *address,
                                     extvm_account *out) {
    struct recorded_world *world = context;
    const struct query query = {.kind = QUERY_ACCOUNT, .address = *address};
    extvm_lookup lookup;
    const struct answer *answer = find_answer(world, &query, &lookup);
    if (answer != NULL) {
        *out = answer->account;
        return lookup;
    }
    if (lookup == EXTVM_LOOKUP_ABSENT && !find_unasked(world, address, out, &lookup)) {
        tell_unknown(world, &query);
    }
    return lookup;
}

static extvm_lookup recorded_storage(void *context, const extvm_address *address, extvm_bytes key,
                                     extvm_bytes *out) {
    const struct query query = {.kind = QUERY_STORAGE, .address = *address, .key = key};
    extvm_lookup lookup;
    const struct answer *answer = find_answer(context, &query, &lookup);
    if (answer != NULL) {
        *out = answer->bytes;
    } else if (lookup == EXTVM_LOOKUP_ABSENT) {
        tell_unknown(context, &query);
    }
    return lookup;
}

static extvm_lookup recorded_code(void *context, const extvm_address *address, extvm_bytes *out) {
    const struct query query = {.kind = QUERY_CODE, .address = *address};
    extvm_lookup lookup;
    const struct answer *answer = find_answer(context, &query, &lookup);
    if (answer != NULL) {
        *out = answer->bytes;
    } else if (lookup == EXTVM_LOOKUP_ABSENT) {
        tell_unknown(context, &query);
    }
    return lookup;
}

static extvm_lookup recorded_block_hash(void *context, uint64_t number, extvm_word *out) {
    const struct query query = {.kind = QUERY_BLOCK_HASH, .block_number = number};
    extvm_lookup lookup;
    const struct answer *answer = find_answer(context, &query, &lookup);
    if (answer != NULL) {
        *out = answer->hash;
    } else if (lookup == EXTVM_LOOKUP_ABSENT) {
        tell_unknown(context, &query);
    }
    return lookup;
}

extvm_world recorded_world_as_world(struct recorded_world *world) {
    return (extvm_world){world, recorded_account, recorded_storage, recorded_code,
                         recorded_block_hash};
}
