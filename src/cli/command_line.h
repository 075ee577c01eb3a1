/* The frame of a command: its options, a table that is parsed and printed, and how it begins and
 * ends. */
#ifndef CLI_COMMAND_LINE_H
#define CLI_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "report.h"

/* Takes an option's value (NULL for an option without one). */
typedef extvm_status option_take(void *context, const char *value, extvm_error *error);

struct option_spec {
    const char *name;       /* "--gas", or one letter as "-v" */
    const char *value_name; /* "NUMBER"; NULL: the option has no value */
    const char *help;       /* a newline starts a new line in the help */
    option_take *take;      /* NULL: the value is put where `offset` says */
    size_t offset;          /* of a const char * in the context */
};

struct option_group {
    const char *title;
    const struct option_spec *options;
    size_t count;
    void *context; /* handed to each `take`; NULL will do for printing help */
};

struct command_line {
    const char *usage; /* "extvm run [OPTION...]" */
    const char *about; /* what the command does, lines with newlines */
    const char *notes; /* printed after the options */
    const struct option_group *groups;
    size_t group_count;
    bool operands; /* whether there may be arguments that are no options */

    /* Before the options are taken; NULL: there is nothing to do. */
    extvm_status (*begin)(void *command, extvm_error *error);
    /* When they are taken. `operands` are the arguments that are no options; `*code` is
     * EXIT_CODE_DONE, and how the command ends when EXTVM_OK is returned. */
    extvm_status (*run)(void *command, int count, char **operands, enum exit_code *code,
                        extvm_error *error);
};

/* Whether the option stands among the arguments; for what must be known before they are right. */
bool command_line_has(int argc, char **argv, const char *name);

/* Whether help is asked for, with --help or -h. */
bool command_line_wants_help(int argc, char **argv);

/* The whole command: prints the help, or takes all options ("--name VALUE", "--name=VALUE", "-vv";
 * "--" ends them), runs it, and says what failed. `command` is for `begin` and `run`, and is to be
 * one that can be freed whatever happens. Returns the exit status. */
int command_line_run(const struct command_line *line, void *command, int argc, char **argv);

#endif
