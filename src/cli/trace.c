/* The wire trace and the log lines of a command. */
#include "trace.h"

#include <errno.h>
#include <string.h>

#include "report.h"
#include "terminal.h"

extvm_status trace_open(struct trace *trace, const char *path, extvm_error *error) {
    bool to_stderr = strcmp(path, "-") == 0;
    FILE *file = to_stderr ? stderr : fopen(path, "we");
    if (file == NULL) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "--trace: cannot open %s: %s", path,
                        strerror(errno));
    }
    *trace = (struct trace){.file = file, .path = path, .colour = terminal_has_colour(file)};
    setvbuf(file, NULL, _IOLBF, BUFSIZ);
    clock_gettime(CLOCK_MONOTONIC, &trace->start);
    return EXTVM_OK;
}

static double seconds_since(const struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

void trace_message(void *context, const extvm_trace_message *message) {
    const struct trace *trace = context;
    bool to_vm = message->direction == EXTVM_NODE_TO_VM;
    fprintf(trace->file, "%.6f %s%s%s %s %zu bytes %s\n", seconds_since(&trace->start),
            !trace->colour ? "" : (to_vm ? TERMINAL_CYAN : TERMINAL_YELLOW),
            to_vm ? "node -> VM" : "VM -> node", trace->colour ? TERMINAL_PLAIN : "", message->name,
            message->body.size, message->text);
}

extvm_status trace_close(struct trace *trace, extvm_error *error) {
    FILE *file = trace->file;
    trace->file = NULL;
    if (file == NULL) {
        return EXTVM_OK;
    }
    bool written = fflush(file) == 0 && ferror(file) == 0;
    if (file != stderr) {
        written = fclose(file) == 0 && written;
    }
    return written ? EXTVM_OK
                   : complain(error, EXTVM_SYSTEM_ERROR, "--trace: not all was written to %s: %s",
                              trace->path, strerror(errno));
}

/* Text inside a JSON string. It is written here because a session is open: see json_memory.h. */
static void print_json_text(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', stderr);
        }
        fputc(*text >= ' ' && *text <= '~' ? *text : '?', stderr);
    }
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
        print_json_text(event->peer);
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
    print_json_text(event->line);
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
