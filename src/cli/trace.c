/* The wire trace and the log lines of a command. */
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "terminal.h"

bool trace_format_from_name(const char *name, enum trace_format *format) {
    static const char *const names[] = {
        [TRACE_FORMAT_TEXT] = "text",
        [TRACE_FORMAT_REGRESS] = "regress",
        [TRACE_FORMAT_JSON] = "json",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            *format = (enum trace_format)i;
            return true;
        }
    }
    return false;
}

extvm_status trace_open(struct trace *trace, const char *path, enum trace_format format,
                        extvm_error *error) {
    bool to_stderr = strcmp(path, "-") == 0;
    FILE *file = to_stderr ? stderr : fopen(path, "we");
    if (file == NULL) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "--trace: cannot open %s: %s", path,
                        strerror(errno));
    }
    *trace = (struct trace){
        .file = file,
        .path = path,
        .format = format,
        .colour = format == TRACE_FORMAT_TEXT && terminal_has_colour(file),
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    setvbuf(file, NULL, _IOLBF, BUFSIZ);
    clock_gettime(CLOCK_MONOTONIC, &trace->start);
    if (format == TRACE_FORMAT_JSON) {
        trace_json_start(trace);
    }
    return EXTVM_OK;
}

static double seconds_since(const struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void print_line(const struct trace *trace, double time, const extvm_trace_message *message) {
    bool to_vm = message->direction == EXTVM_NODE_TO_VM;
    fprintf(trace->file, "%.6f %s%s%s %s %zu bytes %s\n", time,
            !trace->colour ? "" : (to_vm ? TERMINAL_CYAN : TERMINAL_YELLOW),
            to_vm ? "node -> VM" : "VM -> node", trace->colour ? TERMINAL_PLAIN : "", message->name,
            message->body.size, message->text);
}

static void print_regress_line(const struct trace *trace, const extvm_trace_message *message) {
    fprintf(trace->file, "%s %s %zu bytes %s\n",
            message->direction == EXTVM_NODE_TO_VM ? "node -> VM" : "VM -> node", message->name,
            message->body.size, message->text);
}

void trace_message(void *context, const extvm_trace_message *message) {
    struct trace *trace = context;
    pthread_mutex_lock(&trace->lock);
    double time = seconds_since(&trace->start);
    flockfile(trace->file); /* log lines may go there too */
    switch (trace->format) {
    case TRACE_FORMAT_TEXT:
        print_line(trace, time, message);
        break;
    case TRACE_FORMAT_REGRESS:
        print_regress_line(trace, message);
        break;
    case TRACE_FORMAT_JSON:
        trace_json_message(trace, time, message);
        break;
    }
    funlockfile(trace->file);
    pthread_mutex_unlock(&trace->lock);
}

extvm_status trace_close(struct trace *trace, extvm_error *error) {
    FILE *file = trace->file;
    trace->file = NULL;
    free(trace->sessions);
    trace->sessions = NULL;
    if (file == NULL) {
        return EXTVM_OK;
    }
    bool written = fflush(file) == 0 && ferror(file) == 0;
    if (file != stderr) {
        written = fclose(file) == 0 && written;
    }
    if (written && trace->failed) {
        return complain(error, EXTVM_NO_MEMORY,
                        "--trace: not all was written to %s: the system gives no more memory",
                        trace->path);
    }
    return written ? EXTVM_OK
                   : complain(error, EXTVM_SYSTEM_ERROR, "--trace: not all was written to %s: %s",
                              trace->path, strerror(errno));
}

/* The time is UTC as in RFC 3339, with milliseconds. */
static void print_json_event(const extvm_log_event *event) {
    struct timespec now;
    struct tm parts;
    char date[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    flockfile(stderr); /* one line, whichever threads log */
    fprintf(stderr, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"event\":\"%s\"", date,
            now.tv_nsec / 1000000, extvm_log_level_name(event->level), event->name);
    if (event->peer != NULL) {
        fputs(",\"peer\":\"", stderr);
        trace_json_text(stderr, event->peer);
        fputc('"', stderr);
    }
    if (event->status != EXTVM_OK) {
        fprintf(stderr, ",\"status\":\"%s\"", extvm_status_name(event->status));
    }
    if (event->attempt != 0) {
        fprintf(stderr, ",\"attempt\":%u", event->attempt);
    }
    if (event->nanoseconds != 0) {
        fprintf(stderr, ",\"microseconds\":%.3f", (double)event->nanoseconds / 1e3);
    }
    fputs(",\"message\":\"", stderr);
    trace_json_text(stderr, event->line);
    fputs("\"}\n", stderr);
    funlockfile(stderr);
}

void log_line(void *context, const extvm_log_event *event) {
    const struct log_lines *lines = context;
    if (lines->json) {
        print_json_event(event);
    } else {
        fprintf(stderr, "extvm: %s: %s\n", extvm_log_level_name(event->level), event->line);
    }
}
