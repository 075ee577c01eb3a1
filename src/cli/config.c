/* extvm config: checks a base.conf, and shows what it means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <extvm/config.h>

#include "command.h"
#include "command_line.h"
#include "json_write.h"
#include "nearest.h"
#include "report.h"

static const char about[] =
    "check says whether a base.conf is right as it stands: exit status 0, or 2 and a line with\n"
    "the file, the line, the key, its value and what is allowed. show prints what it means: the "
    "VM\n"
    "and each option, after the defaults and the environment.";

static const char notes[] =
    "The environment, over the file: EXTVM_VM_TYPE, EXTVM_HOST, EXTVM_PORT; EXTVM_CONFIG is the\n"
    "file when show is given none. base.conf(5) describes the keys.\n"
    "\n"
    "Example:\n"
    "  EXTVM_PORT=9999 extvm config show base.conf";

struct config_command {
    bool json;
    bool include;
    extvm_config *config;
    extvm_options *options;
};

static extvm_status take_json(void *context, const char *value, extvm_error *error) {
    (void)value;
    (void)error;
    ((struct config_command *)context)->json = true;
    return EXTVM_OK;
}

static extvm_status take_include(void *context, const char *value, extvm_error *error) {
    (void)value;
    (void)error;
    ((struct config_command *)context)->include = true;
    return EXTVM_OK;
}

static const struct option_spec specs[] = {
    {"--json", NULL, "print one JSON document instead of text", take_json, 0},
    {"--include", NULL, "allow @include \"FILE\" in the file", take_include, 0},
};

/* -- printing -- */

static extvm_log_level level_of(const extvm_config *config) {
    extvm_log_level level;
    extvm_config_log_level(config, &level);
    return level;
}

static extvm_status show_json(const struct config_command *command, extvm_error *error) {
    json_t *document = json_object(), *options = json_object();
    bool complete = document != NULL && options != NULL;
    const char *name;
    for (size_t i = 0; (name = extvm_options_name(i)) != NULL && complete; i++) {
        char value[EXTVM_OPTION_TEXT_SIZE];
        extvm_options_get(command->options, name, value, NULL);
        complete = json_put(options, name, json_string(value));
    }
    options = json_complete(options, complete);
    const char *level = extvm_log_level_name(level_of(command->config));
    const char *text = extvm_config_command(command->config);
    complete =
        complete &&
        json_put(document, "vmType", json_string(extvm_config_vm_type(command->config))) &&
        json_put(document, "address", json_string(extvm_config_address(command->config))) &&
        (text == NULL || json_put(document, "command", json_string(text))) &&
        json_put(document, "logLevel", json_string(level)) &&
        json_put(document, "protocol", json_string(extvm_config_protocol(command->config))) &&
        json_put(document, "options", options);
    return json_print(json_complete(document, complete), error);
}

static extvm_status show_text(const struct config_command *command, extvm_error *error) {
    printf("%-16s %s\n", "vm-type", extvm_config_vm_type(command->config));
    printf("%-16s %s\n", "protocol", extvm_config_protocol(command->config));
    printf("%-16s %s\n", "address", extvm_config_address(command->config));
    if (extvm_config_command(command->config) != NULL) {
        printf("%-16s %s\n", "command", extvm_config_command(command->config));
    }
    printf("%-16s %s\n", "log-level", extvm_log_level_name(level_of(command->config)));
    const char *name;
    for (size_t i = 0; (name = extvm_options_name(i)) != NULL; i++) {
        char value[EXTVM_OPTION_TEXT_SIZE];
        extvm_options_get(command->options, name, value, NULL);
        printf("%-16s %s\n", name, value);
    }
    return output_check(error);
}

/* -- the two verbs -- */

static extvm_status check(struct config_command *command, const char *path, extvm_error *error) {
    if (path == NULL) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "config check needs a FILE");
    }
    extvm_status status = extvm_config_load(path, command->include ? EXTVM_CONFIG_INCLUDE : 0, NULL,
                                            &command->config, error);
    if (status != EXTVM_OK) {
        return status;
    }
    if (command->json) {
        json_t *document = json_object();
        bool complete = document != NULL && json_put(document, "valid", json_true());
        return json_print(json_complete(document, complete), error);
    }
    printf("%s: it is right\n", path);
    return output_check(error);
}

static extvm_status show(struct config_command *command, const char *path, extvm_error *error) {
    unsigned flags = EXTVM_CONFIG_ENVIRONMENT | (command->include ? EXTVM_CONFIG_INCLUDE : 0);
    extvm_status status = extvm_config_load(path, flags, NULL, &command->config, error);
    if (status != EXTVM_OK) {
        return status;
    }
    command->options = extvm_options_new(NULL);
    if (command->options == NULL) {
        return complain_no_memory(error);
    }
    extvm_config_apply(command->config, command->options);
    return command->json ? show_json(command, error) : show_text(command, error);
}

static const struct verb {
    const char *name;
    extvm_status (*run)(struct config_command *command, const char *path, extvm_error *error);
} verbs[] = {{"check", check}, {"show", show}};

static extvm_status run_verb(void *context, int count, char **operands, enum exit_code *code,
                             extvm_error *error) {
    struct config_command *command = context;
    (void)code;
    if (count == 0) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "config needs check or show (extvm config --help says more)");
    }
    if (count > 2) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "config %s takes one FILE, not also %s",
                        quote(operands[0]).text, quote(operands[2]).text);
    }
    struct nearest nearest = nearest_to(operands[0]);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, operands[0]) == 0) {
            return verbs[i].run(command, count == 2 ? operands[1] : NULL, error);
        }
        nearest_offer(&nearest, verbs[i].name);
    }
    return complain(error, EXTVM_INVALID_ARGUMENT, "config %s: it must be check or show%s",
                    quote(operands[0]).text, nearest_hint(&nearest).text);
}

int command_config(int argc, char **argv) {
    struct config_command command = {.json = false};
    const struct option_group group = {"Options", specs, sizeof specs / sizeof specs[0], &command};
    const struct command_line line = {
        .usage = "extvm config check FILE\n       extvm config show [FILE]",
        .about = about,
        .notes = notes,
        .groups = &group,
        .group_count = 1,
        .operands = true,
        .run = run_verb,
    };
    int exit_status = command_line_run(&line, &command, argc, argv);
    extvm_options_free(command.options);
    extvm_config_free(command.config);
    return exit_status;
}
