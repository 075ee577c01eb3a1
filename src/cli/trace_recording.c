/* A trace file as a recording of the library's. */
#include <stdio.h>

#include "report.h"
#include "trace_command.h"

static extvm_status add_all(const struct trace_file *file, extvm_recording *recording,
                            extvm_error *error) {
    for (size_t i = 0; i < file->message_count; i++) {
        const struct traced_message *message = &file->messages[i];
        const extvm_recorded_message recorded = {.protocol = message->session->protocol,
                                                 .session = message->session->number,
                                                 .name = message->name,
                                                 .body = message->body,
                                                 .place = message->line};
        extvm_status status = extvm_recording_add(recording, &recorded, error);
        if (status == EXTVM_NO_MEMORY) {
            return status;
        }
        if (status != EXTVM_OK) {
            char place[200];
            snprintf(place, sizeof place, "%.150s:%zu", file->path, message->line);
            complain_about(error, place);
            error->status = EXTVM_INVALID_ARGUMENT; /* the file is wrong, whatever is in it */
            return EXTVM_INVALID_ARGUMENT;
        }
    }
    return EXTVM_OK;
}

extvm_status trace_recording_read(const char *path, const extvm_options *options,
                                  extvm_recording **out, extvm_error *error) {
    struct pool pool = {NULL};
    struct trace_file file;
    extvm_status status = trace_file_read(path, &pool, &file, error);
    *out = NULL;
    if (status == EXTVM_OK) {
        *out = extvm_recording_new(options);
        status = *out != NULL ? add_all(&file, *out, error) : complain_no_memory(error);
    }
    if (status == EXTVM_OK && extvm_recording_count(*out) == 0) {
        status = complain(error, EXTVM_INVALID_ARGUMENT, "%s: no call is recorded in it", path);
    }
    pool_free(&pool);
    if (status != EXTVM_OK) {
        extvm_recording_free(*out);
        *out = NULL;
    }
    return status;
}
