/* Reading JSON files whose members are all known: each error names the file, the member's path, the
 * value, and what is allowed. */
#ifndef CLI_JSON_READ_H
#define CLI_JSON_READ_H

#include <stdbool.h>

#include <jansson.h>

#include <extvm/bytes.h>
#include <extvm/integer.h>
#include <extvm/status.h>

#include "pool.h"

/* A file that is being read. */
struct json_reader {
    const char *file;
    struct pool *pool; /* what is read lives in it */
    extvm_error *error;
    bool long_integers; /* those of 16 digits and more are given to `read` as strings */
};

/* A value's place in its file: the place that holds it, and its name or index there. */
struct json_place {
    const struct json_reader *reader;
    const struct json_place *outer; /* NULL: the whole document */
    const char *name;               /* NULL: an element of a list */
    size_t index;
};

/* Reads a value into `target`. */
typedef extvm_status json_read(const struct json_place *place, json_t *value, void *target);

struct json_member {
    const char *name;
    json_read *read;
    size_t offset; /* of what `read` fills, in the object's target */
};

/* Reads the reader's file with `read`. Errors: EXTVM_INVALID_ARGUMENT (no such file; no JSON: the
 * text says line and column; a member twice), EXTVM_NO_MEMORY, and what `read` returns. */
extvm_status json_read_document(const struct json_reader *reader, json_read *read, void *target);

/* Reads an object's members, those that are there, in the order of the table.
 * Errors: EXTVM_INVALID_ARGUMENT (no object; a member that the table does not have), and what the
 * members' functions return. */
extvm_status json_read_object(const struct json_place *place, json_t *value,
                              const struct json_member *members, size_t count, void *target);

/* As above, but every member of the table must be there, and others are passed over. */
extvm_status json_read_required(const struct json_place *place, json_t *value,
                                const struct json_member *members, size_t count, void *target);

/* json_read functions; the target's type stands beside each. */
extvm_status json_read_integer(const struct json_place *place, json_t *value,
                               void *target); /* extvm_bytes, 0 to 2^256-1 */
extvm_status json_read_address(const struct json_place *place, json_t *value,
                               void *target); /* extvm_address */
extvm_status json_read_data(const struct json_place *place, json_t *value,
                            void *target); /* extvm_bytes */
extvm_status json_read_word(const struct json_place *place, json_t *value,
                            void *target); /* extvm_word */

/* As json_read_integer, but into the caller's `buffer`. */
extvm_status json_read_integer_into(const struct json_place *place, json_t *value,
                                    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE], extvm_bytes *out);

/* A whole number of any size and sign, in the reader's pool. */
extvm_status json_read_signed(const struct json_place *place, json_t *value, extvm_bytes *out);

/* "FILE: PATH is VALUE: it must be ALLOWED"; returns `status`. */
extvm_status json_refuse(const struct json_place *place, const json_t *value, extvm_status status,
                         const char *allowed);

/* "FILE: PATH: WHAT"; returns EXTVM_INVALID_ARGUMENT. */
extvm_status json_refuse_place(const struct json_place *place, const char *what);

#endif
