/* What a VM process writes, as lines of the log. It is always read, whatever becomes of it: a
 * process must not wait for the log, so that lines over a limit per second are only counted. */
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

enum { ESCAPED = 4 /* characters of "\x1b" */ };

static void say_left_out(struct output_log *log) {
    if (log->left_out > 0) {
        log_event(
            log->logger,
            &(extvm_log_event){.level = EXTVM_LOG_INFO, .name = "vm-output", .peer = log->peer},
            "%s: the VM process wrote %" PRIu64 " more lines (over %d in a second are left "
            "out)",
            log->peer, log->left_out, OUTPUT_LINES);
        log->left_out = 0;
    }
}

static void write_line(struct output *output, struct output_log *log, uint64_t now) {
    output->line[output->size] = '\0';
    uint64_t second = now / NANOSECONDS_IN_SECOND;
    if (second != log->second) {
        log->second = second;
        log->lines = 0;
        say_left_out(log);
    }
    if (log->lines < OUTPUT_LINES) {
        log->lines++;
        log_event(
            log->logger,
            &(extvm_log_event){.level = EXTVM_LOG_INFO, .name = "vm-output", .peer = log->peer},
            "%s: the VM says: %s", log->peer, output->line);
    } else {
        log->left_out++;
    }
    if (output->size > 0) {
        size_t kept = output->size < OUTPUT_LAST_SIZE ? output->size : OUTPUT_LAST_SIZE - 1;
        memcpy(log->last, output->line, kept);
        log->last[kept] = '\0';
    }
    output->size = 0;
}

static void take_byte(struct output *output, unsigned char byte) {
    static const char digits[] = "0123456789abcdef";
    char *at = output->line + output->size;
    if (byte >= ' ' && byte <= '~') {
        *at = (char)byte;
        output->size++;
        return;
    }
    at[0] = '\\';
    at[1] = 'x';
    at[2] = digits[byte >> 4];
    at[3] = digits[byte & 15];
    output->size += ESCAPED;
}

static void take_bytes(struct output *output, const char *data, size_t size, struct output_log *log,
                       uint64_t now) {
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n') {
            write_line(output, log, now);
            continue;
        }
        if (output->size + ESCAPED >= sizeof output->line) {
            write_line(output, log, now);
        }
        take_byte(output, (unsigned char)data[i]);
    }
}

enum output_state output_read(struct output *output, int descriptor, struct output_log *log,
                              uint64_t now) {
    char data[OUTPUT_READ_SIZE];
    ssize_t size;
    do {
        size = read(descriptor, data, sizeof data);
    } while (size < 0 && errno == EINTR);
    if (size < 0 && errno == EAGAIN) {
        return OUTPUT_EMPTY;
    }
    take_bytes(output, data, size > 0 ? (size_t)size : 0, log, now);
    return size > 0 ? OUTPUT_MORE : OUTPUT_ENDED;
}

void output_finish(struct output *output, struct output_log *log, uint64_t now) {
    if (output->size > 0) {
        write_line(output, log, now);
    }
    say_left_out(log);
}
