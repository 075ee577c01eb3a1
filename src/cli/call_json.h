/* CALL.json: a call as a file. */
#ifndef CLI_CALL_JSON_H
#define CLI_CALL_JSON_H

#include <extvm/call.h>

#include "json_read.h"

/* A call with what it points to; it must stay where it is while `call` is used. */
struct call_input {
    extvm_call call;
    extvm_address recipient; /* where call.recipient points, unless it is NULL */
    extvm_access_list access_list;
};

/* Reads the file; what `input` points to lives in `pool`. Errors: EXTVM_INVALID_ARGUMENT,
 * EXTVM_OUT_OF_RANGE, EXTVM_NO_MEMORY. */
extvm_status call_json_read(const char *path, struct pool *pool, struct call_input *input,
                            extvm_error *error);

/* json_read functions; the target's type stands beside each. */
extvm_status call_json_read_timestamp(const struct json_place *place, json_t *value,
                                      void *target); /* uint64_t, seconds below 2^63 */
extvm_status call_json_read_access_list(const struct json_place *place, json_t *value,
                                        void *target); /* extvm_access_list */

#endif
