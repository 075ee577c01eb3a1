/* The frame of a command: its options, a table that is parsed and printed, and how it begins and
 * ends. */
#include "command_line.h"

#include <stdio.h>
#include <string.h>

#include "nearest.h"

bool command_line_has(int argc, char **argv, const char *name) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], name) == 0) {
            return true;
        }
    }
    return false;
}

bool command_line_wants_help(int argc, char **argv) {
    return command_line_has(argc, argv, "--help") || command_line_has(argc, argv, "-h");
}

/* -- help -- */

enum { HELP_COLUMN = 30 }; /* characters before an option's help */

static void print_option(const struct option_spec *option, FILE *out) {
    int width = fprintf(out, "  %s%s%s", option->name, option->value_name == NULL ? "" : " ",
                        option->value_name == NULL ? "" : option->value_name);
    const char *line = option->help;
    for (;;) {
        if (width > HELP_COLUMN - 2) {
            fputc('\n', out);
            width = 0;
        }
        size_t length = strcspn(line, "\n");
        fprintf(out, "%*s%.*s\n", HELP_COLUMN - width, "", (int)length, line);
        width = 0;
        if (line[length] == '\0') {
            return;
        }
        line += length + 1;
    }
}

static void print_help(const struct command_line *command, FILE *out) {
    fprintf(out, "Usage: %s\n\n%s\n", command->usage, command->about);
    for (size_t i = 0; i < command->group_count; i++) {
        const struct option_group *group = &command->groups[i];
        fprintf(out, "\n%s:\n", group->title);
        for (size_t j = 0; j < group->count; j++) {
            print_option(&group->options[j], out);
        }
    }
    fprintf(out, "\n%s\n", command->notes);
}

/* -- parsing -- */

struct found_option {
    const struct option_spec *spec;
    void *context;
};

/* The option whose name is the first `length` characters of `name`; its spec is NULL: none. */
static struct found_option find_option(const struct command_line *command, const char *name,
                                       size_t length) {
    for (size_t i = 0; i < command->group_count; i++) {
        const struct option_group *group = &command->groups[i];
        for (size_t j = 0; j < group->count; j++) {
            const char *known = group->options[j].name;
            if (strncmp(known, name, length) == 0 && known[length] == '\0') {
                return (struct found_option){&group->options[j], group->context};
            }
        }
    }
    return (struct found_option){NULL, NULL};
}

static extvm_status refuse_unknown(const struct command_line *command, const char *command_name,
                                   const char *name, size_t length, extvm_error *error) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%.*s", (int)length, name);
    struct nearest nearest = nearest_to(wanted);
    for (size_t i = 0; i < command->group_count; i++) {
        for (size_t j = 0; j < command->groups[i].count; j++) {
            const char *known = command->groups[i].options[j].name;
            nearest_offer(&nearest, known[1] == '-' ? known : "");
        }
    }
    if (nearest.name == NULL) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "%s has no option %s (extvm %s --help lists them)", command_name,
                        quote(wanted).text, command_name);
    }
    return complain(error, EXTVM_INVALID_ARGUMENT, "%s has no option %s%s", command_name,
                    quote(wanted).text, nearest_hint(&nearest).text);
}

static extvm_status take_option(struct found_option option, const char *value, extvm_error *error) {
    if (option.spec->take != NULL) {
        return option.spec->take(option.context, value, error);
    }
    memcpy((char *)option.context + option.spec->offset, &value, sizeof value);
    return EXTVM_OK;
}

/* "--name", "--name=VALUE" or "--name VALUE" at argv[*at]; moves *at over a value. */
static extvm_status parse_long(const struct command_line *command, int argc, char **argv, int *at,
                               extvm_error *error) {
    const char *name = argv[*at];
    size_t length = strcspn(name, "=");
    struct found_option option = find_option(command, name, length);
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    if (option.spec == NULL) {
        return refuse_unknown(command, argv[0], name, length, error);
    }
    if (option.spec->value_name == NULL) {
        return value == NULL ? take_option(option, NULL, error)
                             : complain(error, EXTVM_INVALID_ARGUMENT, "%s takes no value, not %s",
                                        option.spec->name, quote(value).text);
    }
    if (value == NULL && *at + 1 < argc && strncmp(argv[*at + 1], "--", 2) != 0) {
        value = argv[++*at];
    }
    if (value == NULL) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "%s needs a value: %s %s", option.spec->name,
                        option.spec->name, option.spec->value_name);
    }
    return take_option(option, value, error);
}

/* "-v" and several letters at once, as "-vv"; none of them has a value. */
static extvm_status parse_letters(const struct command_line *command, const char *command_name,
                                  const char *argument, extvm_error *error) {
    extvm_status status = EXTVM_OK;
    for (const char *letter = argument + 1; *letter != '\0' && status == EXTVM_OK; letter++) {
        const char name[] = {'-', *letter, '\0'};
        struct found_option option = find_option(command, name, 2);
        status = option.spec == NULL || option.spec->value_name != NULL
                     ? refuse_unknown(command, command_name, argument, strlen(argument), error)
                     : take_option(option, NULL, error);
    }
    return status;
}

/* "-o VALUE": a letter by itself whose option has a value. */
static bool is_letter_with_value(const struct command_line *command, const char *argument) {
    struct found_option option = find_option(command, argument, strlen(argument));
    return option.spec != NULL && option.spec->value_name != NULL;
}

/* Arguments that are no options are moved to the front, from argv[1] on, `*operand_count` of them.
 */
static extvm_status parse(const struct command_line *command, int argc, char **argv,
                          int *operand_count, extvm_error *error) {
    extvm_status status = EXTVM_OK;
    bool options_over = false;
    *operand_count = 0;
    for (int i = 1; i < argc && status == EXTVM_OK; i++) {
        char *argument = argv[i];
        if (options_over || argument[0] != '-' || argument[1] == '\0') {
            argv[1 + (*operand_count)++] = argument;
        } else if (strcmp(argument, "--") == 0) {
            options_over = true;
        } else if (argument[1] == '-' || is_letter_with_value(command, argument)) {
            status = parse_long(command, argc, argv, &i, error);
        } else {
            status = parse_letters(command, argv[0], argument, error);
        }
    }
    if (status == EXTVM_OK && *operand_count > 0 && !command->operands) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "%s takes options only, not %s (extvm %s --help lists them)", argv[0],
                        quote(argv[1]).text, argv[0]);
    }
    return status;
}

/* -- the whole command -- */

int command_line_run(const struct command_line *line, void *command, int argc, char **argv) {
    if (command_line_wants_help(argc, argv)) {
        print_help(line, stdout);
        return report_output();
    }
    extvm_error error;
    enum exit_code code = EXIT_CODE_DONE;
    int count = 0;
    /* Also for what is said of wrong options; and parsing moves the arguments. */
    const bool json = command_line_has(argc, argv, "--json");
    extvm_status status = line->begin != NULL ? line->begin(command, &error) : EXTVM_OK;
    if (status == EXTVM_OK) {
        status = parse(line, argc, argv, &count, &error);
    }
    if (status == EXTVM_OK) {
        status = line->run(command, count, argv + 1, &code, &error);
    }
    return status == EXTVM_OK ? (int)code : report_error(json, &error);
}
