/* The wire trace and the log lines of a command. */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include <extvm/log.h>
#include <extvm/status.h>

/* How a message is written, always on one line. */
enum trace_format {
    TRACE_FORMAT_TEXT,    /* time, direction, name, size, fields */
    TRACE_FORMAT_REGRESS, /* the same without what differs between two runs of the same calls */
    TRACE_FORMAT_JSON     /* one object, with the message's bytes; see trace_json.c */
};

/* A dialogue in a JSON trace: messages name it by its number. */
struct trace_session {
    const void *session; /* as extvm_trace_message has it */
    uint64_t number;
    double last; /* when its last message was seen, seconds since the start */
};

/* One line per message; zeros are a trace that goes nowhere. */
struct trace {
    FILE *file;
    const char *path;
    enum trace_format format;
    struct timespec start; /* monotonic clock */
    bool colour;
    pthread_mutex_t lock;           /* of what follows, and of the order of the lines */
    struct trace_session *sessions; /* of a JSON trace */
    size_t session_count, session_capacity;
    uint64_t session_numbers; /* given so far */
    bool failed;              /* a message could not be written whole: no memory */
};

/* "text", "regress" or "json"; false: none of these. */
bool trace_format_from_name(const char *name, enum trace_format *format);

/* Opens the trace; `path` "-" is stderr. Errors: EXTVM_INVALID_ARGUMENT. */
extvm_status trace_open(struct trace *trace, const char *path, enum trace_format format,
                        extvm_error *error);

/* An extvm_trace_fn; the context is the struct trace. */
void trace_message(void *context, const extvm_trace_message *message);

/* Closes the trace if it is open. Errors: EXTVM_SYSTEM_ERROR when not all of it was written. */
extvm_status trace_close(struct trace *trace, extvm_error *error);

/* -- trace_json.c, for trace.c -- */

void trace_json_start(struct trace *trace);
void trace_json_message(struct trace *trace, double time, const extvm_trace_message *message);

/* Text inside a JSON string. It is written here, and not by the JSON library, because a session is
 * open: see json_memory.h. */
void trace_json_text(FILE *file, const char *text);

struct log_lines {
    extvm_log_level level; /* the last that is shown */
    bool json;
};

/* An extvm_log_fn for stderr; the context is the struct log_lines. */
void log_line(void *context, const extvm_log_event *event);

#endif
