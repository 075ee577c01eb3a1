/* The wire trace and the log lines of a command. */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include <extvm/log.h>
#include <extvm/status.h>

/* One line per message; zeros are a trace that goes nowhere. */
struct trace {
    FILE *file;
    const char *path;
    struct timespec start; /* monotonic clock */
    bool colour;
};

/* Opens the trace; `path` "-" is stderr. Errors: EXTVM_INVALID_ARGUMENT. */
extvm_status trace_open(struct trace *trace, const char *path, extvm_error *error);

/* An extvm_trace_fn; the context is the struct trace. */
void trace_message(void *context, const extvm_trace_message *message);

/* Closes the trace if it is open. Errors: EXTVM_SYSTEM_ERROR when not all of it was written. */
extvm_status trace_close(struct trace *trace, extvm_error *error);

struct log_lines {
    extvm_log_level level; /* the last that is shown */
    bool json;
};

/* An extvm_log_fn for stderr; the context is the struct log_lines. */
void log_line(void *context, const extvm_log_event *event);

#endif
