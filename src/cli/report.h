/* How a command ends: the exit status, and the one line that says what failed. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdbool.h>

#include <extvm/status.h>

/* The exit statuses of every command. */
enum exit_code {
    EXIT_CODE_DONE = 0,
    EXIT_CODE_CHECK_FAILED = 1,
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_UNREACHABLE = 3,
    EXIT_CODE_REJECTED = 4,
    EXIT_CODE_BROKEN = 5,
    EXIT_CODE_DEADLINE = 6,
    EXIT_CODE_NODE = 7,
    EXIT_CODE_INTERRUPTED = 130
};

/* The exit status that a status ends a command with. */
enum exit_code exit_code_of(extvm_status status);

/* Prints "extvm: TEXT" as one line on stderr, and with `json` {"error":{"status","message"}} on
 * stdout too. Returns the exit status. */
int report_error(bool json, const extvm_error *error);

/* Whether all that was printed to stdout has got there. Errors: EXTVM_SYSTEM_ERROR. */
extvm_status output_check(extvm_error *error);

/* The end of a command that has only printed text: as above, and the exit status. */
int report_output(void);

/* File names and peers may hold anything: after this no byte of theirs breaks the line, moves the
 * cursor, or makes a string that JSON cannot hold. */
void text_clean(char *text);

/* Fills `error` (never NULL here) and returns `status`. */
extvm_status complain(extvm_error *error, extvm_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
extvm_status complain_no_memory(extvm_error *error);

/* Puts "PREFIX: " before the text of `error` and returns its status. */
extvm_status complain_about(extvm_error *error, const char *prefix);

/* Text for a message: in quotes, and cut with "..." when it is long. */
struct quoted {
    char text[72];
};

struct quoted quote(const char *text);

#endif
