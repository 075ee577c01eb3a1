/* Making JSON documents: values as the command's contract writes them. */
#include "json_write.h"

#include <stdio.h>
#include <stdlib.h>

#include "report.h"
#include "text.h"

static json_t *json_from_value(char *(*write)(struct pool *, extvm_bytes), extvm_bytes value) {
    struct pool pool = {NULL};
    json_t *string = json_string(write(&pool, value));
    pool_free(&pool);
    return string;
}

json_t *json_from_bytes(extvm_bytes bytes) {
    return json_from_value(text_hex, bytes);
}

json_t *json_from_address(const extvm_address *address) {
    char text[EXTVM_HEX_SIZE(EXTVM_ADDRESS_SIZE)];
    return json_string(extvm_bytes_to_hex((extvm_bytes){address->bytes, EXTVM_ADDRESS_SIZE}, text));
}

json_t *json_from_quantity(extvm_bytes integer) {
    return json_from_value(text_decimal, integer);
}

json_t *json_from_storage_integer(extvm_bytes integer) {
    return json_from_value(text_integer_hex, integer);
}

json_t *json_from_addresses(const extvm_address *addresses, size_t count) {
    json_t *list = json_array();
    bool complete = list != NULL;
    for (size_t i = 0; i < count && complete; i++) {
        complete = json_add(list, json_from_address(&addresses[i]));
    }
    return json_complete(list, complete);
}

bool json_put(json_t *object, const char *name, json_t *value) {
    return json_object_set_new(object, name, value) == 0;
}

bool json_add(json_t *list, json_t *value) {
    return json_array_append_new(list, value) == 0;
}

json_t *json_complete(json_t *value, bool complete) {
    if (!complete) {
        json_decref(value);
        return NULL;
    }
    return value;
}

static json_t *json_from_storage(const extvm_storage_update *storage, size_t count) {
    struct pool pool = {NULL};
    json_t *object = json_object();
    bool complete = object != NULL;
    for (size_t i = 0; i < count && complete; i++) {
        const char *key = text_integer_hex(&pool, storage[i].key);
        complete =
            key != NULL && json_put(object, key, json_from_storage_integer(storage[i].value));
        pool_free(&pool);
    }
    return json_complete(object, complete);
}

bool json_put_account(json_t *object, const extvm_modified_account *account) {
    return json_put(object, "nonce", json_from_quantity(account->nonce)) &&
           json_put(object, "balance", json_from_quantity(account->balance)) &&
           json_put(object, "code", json_from_bytes(account->code)) &&
           json_put(object, "storage", json_from_storage(account->storage, account->storage_count));
}

extvm_status json_print(json_t *document, extvm_error *error) {
    char *text = document != NULL ? json_dumps(document, JSON_COMPACT) : NULL;
    json_decref(document);
    if (text == NULL) {
        return complain_no_memory(error);
    }
    puts(text);
    free(text);
    return output_check(error);
}
