/* The options of a command: a table that is parsed and printed. */
#ifndef CLI_COMMAND_LINE_H
#define CLI_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <extvm/status.h>

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
};

/* Whether the option stands among the arguments; for what must be known before they are right. */
bool command_line_has(int argc, char **argv, const char *name);

/* Whether help is asked for, with --help or -h. */
bool command_line_wants_help(int argc, char **argv);

void command_line_print_help(const struct command_line *command, FILE *out);

/* Takes all options: "--name VALUE", "--name=VALUE", "-vv"; "--" ends them. Arguments that are no
 * options are moved to the front, from argv[1] on, `*operand_count` of them.
 * Errors: EXTVM_INVALID_ARGUMENT, and what the options' functions return. */
extvm_status command_line_parse(const struct command_line *command, int argc, char **argv,
                                int *operand_count, extvm_error *error);

#endif
