/* A trace as JSON lines (trace_json.c), read. */
#ifndef CLI_TRACE_FILE_H
#define CLI_TRACE_FILE_H

#include <stdint.h>

#include <extvm/recording.h>

#include "pool.h"

struct traced_session {
    uint64_t number;
    const char *protocol, *vm_name, *peer;
    bool at_vm;
};

struct traced_message {
    size_t line; /* of the file, from 1 */
    const struct traced_session *session;
    uint64_t call;
    extvm_direction direction;
    const char *name;
    extvm_bytes body;
    double time, node_time, vm_time, wire_time; /* seconds */
};

/* Everything in it lives in the pool that it was read with. */
struct trace_file {
    const char *path;
    const char *started; /* UTC; "": it does not say */
    struct traced_session **sessions;
    size_t session_count;
    struct traced_message *messages;
    size_t message_count;
};

/* Errors, with the file's name and the line: EXTVM_INVALID_ARGUMENT, EXTVM_NO_MEMORY. */
extvm_status trace_file_read(const char *path, struct pool *pool, struct trace_file *out,
                             extvm_error *error);

/* The fields of a message of the file, which the caller frees. Errors: as above. */
extvm_status trace_file_fields(const struct trace_file *file, const struct traced_message *message,
                               extvm_message_form form, char **text, extvm_error *error);

#endif
