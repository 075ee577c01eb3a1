/* What a VM process writes to stdout and stderr, as lines of the log. */
#ifndef EXTVM_SPAWN_OUTPUT_H
#define EXTVM_SPAWN_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log.h"

enum {
    OUTPUT_LINE_SIZE = 512,   /* characters, after escaping; a longer line is split */
    OUTPUT_LAST_SIZE = 200,   /* of the last line, that is kept for errors */
    OUTPUT_LINES = 1000,      /* in the log, of one process in one second */
    OUTPUT_READ_SIZE = 65536, /* bytes, of one read: as much as a pipe has */
};

/* Where the lines of one process go. */
struct output_log {
    const struct logger *logger; /* borrowed, as the next */
    const char *peer;            /* the VM process, as its address was given */
    uint64_t second;             /* that `lines` is of */
    unsigned lines;
    uint64_t left_out;           /* lines, since the last that was written */
    char last[OUTPUT_LAST_SIZE]; /* the last line that is not empty; "": there was none */
};

/* One stream that is read line by line. */
struct output {
    size_t size;
    char line[OUTPUT_LINE_SIZE];
};

enum output_state { OUTPUT_MORE, OUTPUT_EMPTY, OUTPUT_ENDED };

/* Reads once from a descriptor that does not wait, and writes the lines that are whole. */
enum output_state output_read(struct output *output, int descriptor, struct output_log *log,
                              uint64_t now);

/* Writes what there is of a line, and how much was left out. */
void output_finish(struct output *output, struct output_log *log, uint64_t now);

#endif
