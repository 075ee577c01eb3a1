/* WORLD.json, written: the same form that is read, sorted by address, key and block number. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "json_write.h"
#include "report.h"
#include "world_json.h"

static json_t *json_from_account(const extvm_state *state, const extvm_address *address) {
    extvm_account values;
    extvm_storage_update *storage;
    size_t count;
    if (!extvm_state_account(state, address, &values) ||
        extvm_state_storage_entries(state, address, &storage, &count) != EXTVM_OK) {
        return NULL;
    }
    const extvm_modified_account account = {
        *address, values.nonce, values.balance, extvm_state_code(state, address), storage, count};
    json_t *object = json_object();
    object = json_complete(object, json_put_account(object, &account));
    free(storage);
    return object;
}

static bool put_accounts(json_t *document, const extvm_state *state) {
    extvm_address *addresses;
    size_t count;
    bool complete = extvm_state_addresses(state, &addresses, &count) == EXTVM_OK;
    if (!complete) {
        return false;
    }
    for (size_t i = 0; i < count && complete; i++) {
        char name[EXTVM_HEX_SIZE(EXTVM_ADDRESS_SIZE)];
        extvm_bytes_to_hex((extvm_bytes){addresses[i].bytes, EXTVM_ADDRESS_SIZE}, name);
        complete = json_put(document, name, json_from_account(state, &addresses[i]));
    }
    free(addresses);
    return complete;
}

static bool put_block_hashes(json_t *document, const struct world_input *world) {
    json_t *object = json_object();
    bool complete = object != NULL;
    for (size_t i = 0; i < world->hash_count && complete; i++) {
        const struct block_hash *hash = &world->hashes[i];
        char number[24];
        snprintf(number, sizeof number, "%" PRIu64, hash->number);
        complete = json_put(object, number,
                            json_from_bytes((extvm_bytes){hash->hash.bytes, EXTVM_WORD_SIZE}));
    }
    return json_put(document, "blockHashes", json_complete(object, complete));
}

extvm_status world_json_write(const char *path, const struct world_input *world,
                              extvm_error *error) {
    json_t *document = json_object();
    bool complete = document != NULL && put_accounts(document, world->state) &&
                    (world->hash_count == 0 || put_block_hashes(document, world));
    char *text = complete ? json_dumps(document, JSON_INDENT(2)) : NULL;
    json_decref(document);
    if (text == NULL) {
        return complain_no_memory(error);
    }
    size_t length = strlen(text);
    text[length] = '\n'; /* in the place of the NUL */
    extvm_status status =
        file_replace(path, (extvm_bytes){(const uint8_t *)text, length + 1}, error);
    free(text);
    return status;
}
