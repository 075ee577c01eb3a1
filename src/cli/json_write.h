/* Making JSON documents. Every function that makes a value gives NULL when there is no memory, and
 * takes such a NULL as a part, so that one check at the end will do. */
#ifndef CLI_JSON_WRITE_H
#define CLI_JSON_WRITE_H

#include <stdbool.h>

#include <jansson.h>

#include <extvm/bytes.h>
#include <extvm/result.h>

json_t *json_from_bytes(extvm_bytes bytes);              /* "0x" and two digits a byte */
json_t *json_from_address(const extvm_address *address); /* the same */
json_t *json_from_quantity(extvm_bytes integer);         /* "1000" */
json_t *json_from_storage_integer(extvm_bytes integer);  /* "0x3e8" */
json_t *json_from_addresses(const extvm_address *addresses, size_t count);

/* Puts a new value, which is taken over, under a name, or at a list's end; false: no memory. */
bool json_put(json_t *object, const char *name, json_t *value);
bool json_add(json_t *list, json_t *value);

/* `value` when it is complete, else NULL, and then it is freed. */
json_t *json_complete(json_t *value, bool complete);

/* Prints a document, which is taken over (NULL: no memory), on one line of stdout.
 * Errors: EXTVM_NO_MEMORY, EXTVM_SYSTEM_ERROR (it was not all written). */
extvm_status json_print(json_t *document, extvm_error *error);

/* Puts "nonce", "balance", "code" and "storage", as WORLD.json and results have them. */
bool json_put_account(json_t *object, const extvm_modified_account *account);

#endif
