/* The verbs of `extvm trace`: each takes its own arguments, argv[0] is its name for messages, and
 * returns the exit status. */
#ifndef CLI_TRACE_COMMAND_H
#define CLI_TRACE_COMMAND_H

#include "trace_file.h"

int trace_show(int argc, char **argv);
int trace_replay(int argc, char **argv);

/* Reads a trace as a recording, to be freed with extvm_recording_free. The pool may go then.
 * Errors, with the file's name and the line: EXTVM_INVALID_ARGUMENT, EXTVM_NO_MEMORY. */
extvm_status trace_recording_read(const char *path, const extvm_options *options,
                                  extvm_recording **out, extvm_error *error);

/* Writes the page. Errors: EXTVM_SYSTEM_ERROR, EXTVM_NO_MEMORY, and those of the file. */
extvm_status trace_html_write(const struct trace_file *file, const char *path, extvm_error *error);

#endif
