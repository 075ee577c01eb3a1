/* base.conf's section vm: one table of keys, and for each what it takes. libconfig reads the text,
 * and is known here only. */
#include <ctype.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "config.h"
#include "config_text.h"
#include "error.h"
#include "memory.h"

const struct vm_type_rule vm_type_rules[VM_TYPES] = {
    [VM_INTERNAL] = {"internal", NULL, false, true},
    [VM_KEVM] = {"kevm", "2.2", false, false},
    [VM_IELE] = {"iele", "3.0", false, false},
    [VM_TEST_MODE] = {"test-mode", "2.2", true, true},
};

const struct config_protocol_rule config_protocol_rules[CONFIG_PROTOCOLS] = {
    [CONFIG_KEVM] = {"kevm", "2.2", ""},
    [CONFIG_IELE] = {"iele", "3.0", "-iele"},
};

struct reader {
    extvm_config *config;
    const char *origin;
    extvm_error *error;
};

/* -- names -- */

struct nearest {
    const char *wanted, *name;
    size_t distance;
};

static void offer(struct nearest *nearest, const char *name) {
    size_t distance = extvm_name_distance(nearest->wanted, name);
    if (distance < nearest->distance) {
        nearest->name = name;
        nearest->distance = distance;
    }
}

struct hint {
    char text[80];
};

static struct hint hint_of(const struct nearest *nearest) {
    struct hint hint = {""};
    if (nearest->name != NULL) {
        snprintf(hint.text, sizeof hint.text, "did you mean %s? ", nearest->name);
    }
    return hint;
}

/* -- checks shared with the environment -- */

extvm_status vm_type_check(const char *text, enum vm_type *type, extvm_error *error) {
    struct nearest nearest = {text, NULL, SIZE_MAX};
    for (unsigned i = 0; i < VM_TYPES; i++) {
        if (strcmp(vm_type_rules[i].name, text) == 0) {
            *type = (enum vm_type)i;
            return EXTVM_OK;
        }
        offer(&nearest, vm_type_rules[i].name);
    }
    return error_set(error, EXTVM_INVALID_ARGUMENT,
                     "there is no such VM: %sallowed are internal, kevm, iele and test-mode",
                     hint_of(&nearest).text);
}

extvm_status host_check(const char *text, char host[HOST_SIZE], extvm_error *error) {
    size_t length = strlen(text);
    if (length >= HOST_SIZE) {
        return error_set(error, EXTVM_OUT_OF_RANGE,
                         "a host of %zu characters: allowed is at most %d", length, HOST_SIZE - 1);
    }
    for (const char *at = text; *at != '\0' || length == 0; at++) {
        if (!isalnum((unsigned char)*at) && (*at == '\0' || strchr("-._:%", *at) == NULL)) {
            return error_set(error, EXTVM_INVALID_ARGUMENT,
                             "it is no host: allowed is a name, an IPv4 address, or an IPv6 "
                             "address as ::1");
        }
    }
    memcpy(host, text, length + 1);
    return EXTVM_OK;
}

extvm_status port_check(long long number, unsigned *port, extvm_error *error) {
    if (number < 1 || number > 65535) {
        return error_set(error, EXTVM_OUT_OF_RANGE, "out of range: allowed is 1 to 65535");
    }
    *port = (unsigned)number;
    return EXTVM_OK;
}

/* -- errors, with their place -- */

enum { WHERE_SIZE = 240 };

/* The end of a path says more than its beginning. */
static void print_file_line(char where[WHERE_SIZE], const char *file, unsigned line) {
    enum { SHOWN = 100 };
    size_t length = strlen(file);
    bool cut = length > SHOWN;
    snprintf(where, WHERE_SIZE, "%s%s:%u", cut ? "..." : "", cut ? file + length - SHOWN : file,
             line);
}

static void print_value(char *text, size_t size, const config_setting_t *setting) {
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        snprintf(text, size, " = %lld", config_setting_get_int64(setting));
        break;
    case CONFIG_TYPE_FLOAT:
        snprintf(text, size, " = %.10g", config_setting_get_float(setting));
        break;
    case CONFIG_TYPE_BOOL:
        snprintf(text, size, " = %s", config_setting_get_bool(setting) ? "true" : "false");
        break;
    case CONFIG_TYPE_STRING:
        snprintf(text, size, " = \"%.40s\"", config_setting_get_string(setting));
        break;
    default: /* a group or a list: its content is not what is wrong with it */
        text[0] = '\0';
    }
}

/* "base.conf:4: vm.kevm.port = 0" before the text that the error has. */
static extvm_status locate(const struct reader *reader, const config_setting_t *setting,
                           extvm_status status) {
    char where[WHERE_SIZE], value[60];
    const char *file = config_setting_source_file(setting);
    print_file_line(where, file != NULL ? file : reader->origin,
                    config_setting_source_line(setting));
    const config_setting_t *parent = config_setting_parent(setting);
    const char *group = config_setting_name(parent);
    const config_setting_t *outer = config_setting_parent(parent);
    bool in_group = outer != NULL && !config_setting_is_root(outer);
    print_value(value, sizeof value, setting);
    size_t length = strlen(where);
    snprintf(where + length, sizeof where - length, ": %s%s%s%.40s%s", in_group ? "vm." : "",
             group != NULL ? group : "", group != NULL ? "." : "", config_setting_name(setting),
             value);
    error_prefix(reader->error, where);
    return status;
}

__attribute__((format(printf, 4, 5))) static extvm_status refuse(const struct reader *reader,
                                                                 const config_setting_t *setting,
                                                                 extvm_status status,
                                                                 const char *format, ...) {
    char text[EXTVM_ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    error_set(reader->error, status, "%s", text);
    return locate(reader, setting, status);
}

/* -- what each key takes -- */

typedef extvm_status key_take(const struct reader *reader, const config_setting_t *setting,
                              struct config_section *section);

/* The setting's text; `allowed` is said when it has none. */
static extvm_status string_of(const struct reader *reader, const config_setting_t *setting,
                              const char *allowed, const char **text) {
    *text = config_setting_get_string(setting);
    return *text != NULL ? EXTVM_OK
                         : refuse(reader, setting, EXTVM_INVALID_ARGUMENT,
                                  "it must be a string: %s", allowed);
}

static bool is_integer(const config_setting_t *setting) {
    return config_setting_type(setting) == CONFIG_TYPE_INT ||
           config_setting_type(setting) == CONFIG_TYPE_INT64;
}

static extvm_status take_vm_type(const struct reader *reader, const config_setting_t *setting,
                                 struct config_section *section) {
    const char *text;
    (void)section;
    extvm_status status =
        string_of(reader, setting, "\"internal\", \"kevm\", \"iele\" or \"test-mode\"", &text);
    if (status != EXTVM_OK) {
        return status;
    }
    reader->config->has_vm_type = true;
    status = vm_type_check(text, &reader->config->vm_type, reader->error);
    return status == EXTVM_OK ? EXTVM_OK : locate(reader, setting, status);
}

static extvm_status take_host(const struct reader *reader, const config_setting_t *setting,
                              struct config_section *section) {
    const char *text;
    extvm_status status = string_of(reader, setting, "a name or an IP address", &text);
    if (status != EXTVM_OK) {
        return status;
    }
    status = host_check(text, section->places[0].host, reader->error);
    return status == EXTVM_OK ? EXTVM_OK : locate(reader, setting, status);
}

static extvm_status take_port(const struct reader *reader, const config_setting_t *setting,
                              struct config_section *section) {
    if (!is_integer(setting)) {
        return refuse(reader, setting, EXTVM_INVALID_ARGUMENT, "it must be an integer: 1 to 65535");
    }
    extvm_status status =
        port_check(config_setting_get_int64(setting), &section->places[0].port, reader->error);
    return status == EXTVM_OK ? EXTVM_OK : locate(reader, setting, status);
}

static const struct vm_type_rule *rule_of(const struct reader *reader,
                                          const struct config_section *section) {
    return &vm_type_rules[section - reader->config->sections];
}

static bool protocol_find(const char *text, enum config_protocol *protocol) {
    for (unsigned i = 0; i < CONFIG_PROTOCOLS; i++) {
        if (strcmp(config_protocol_rules[i].name, text) == 0) {
            *protocol = (enum config_protocol)i;
            return true;
        }
    }
    return false;
}

static extvm_status take_protocol(const struct reader *reader, const config_setting_t *setting,
                                  struct config_section *section) {
    static const char allowed[] = "\"kevm\" or \"iele\"";
    const char *text;
    extvm_status status = string_of(reader, setting, allowed, &text);
    section->has_protocol = status == EXTVM_OK;
    if (status == EXTVM_OK && !protocol_find(text, &section->protocol)) {
        return refuse(reader, setting, EXTVM_INVALID_ARGUMENT,
                      "there is no such protocol: allowed is %s", allowed);
    }
    return status;
}

/* The version that the setting must have. Of this library's own VMs it depends on the key protocol,
 * which may stand behind it, in the same group or in vm. */
static const char *version_of(const struct vm_type_rule *rule, const config_setting_t *setting) {
    enum config_protocol protocol;
    const config_setting_t *group = config_setting_parent(setting);
    for (; rule->is_own && !config_setting_is_root(group); group = config_setting_parent(group)) {
        const config_setting_t *key = config_setting_get_member(group, "protocol");
        const char *text = key != NULL ? config_setting_get_string(key) : NULL;
        if (text != NULL && protocol_find(text, &protocol)) {
            return config_protocol_rules[protocol].version;
        }
    }
    return rule->version;
}

static extvm_status take_version(const struct reader *reader, const config_setting_t *setting,
                                 struct config_section *section) {
    const char *text, *version = version_of(rule_of(reader, section), setting);
    char allowed[16];
    snprintf(allowed, sizeof allowed, "\"%s\"", version);
    extvm_status status = string_of(reader, setting, allowed, &text);
    if (status == EXTVM_OK && strcmp(text, version) != 0) {
        return refuse(reader, setting, EXTVM_INVALID_ARGUMENT,
                      "this library does not speak that version: allowed is \"%s\"", version);
    }
    return status;
}

static const char endpoint_form[] = "\"HOST:PORT\" or \"unix:PATH\"";

static extvm_status take_endpoint(const struct reader *reader, const config_setting_t *setting,
                                  const char *text, struct config_place *place) {
    static const char unix_prefix[] = "unix:";
    size_t prefix = sizeof unix_prefix - 1;
    struct endpoint endpoint;
    bool is_unix = strncmp(text, unix_prefix, prefix) == 0;
    extvm_status status = is_unix
                              ? endpoint_parse_unix(&endpoint, text, text + prefix, reader->error)
                              : endpoint_parse_tcp(&endpoint, text, text, reader->error);
    if (status == EXTVM_OK && is_unix) {
        memcpy(place->path, endpoint.path, sizeof place->path);
    } else if (status == EXTVM_OK) {
        place->port = (unsigned)strtoul(endpoint.port, NULL, 10);
        status = host_check(endpoint.host, place->host, reader->error);
    }
    return status == EXTVM_OK ? EXTVM_OK : locate(reader, setting, status);
}

static extvm_status take_endpoints(const struct reader *reader, const config_setting_t *setting,
                                   struct config_section *section) {
    const config_setting_t *group = config_setting_parent(setting);
    if (config_setting_type(setting) != CONFIG_TYPE_LIST &&
        config_setting_type(setting) != CONFIG_TYPE_ARRAY) {
        return refuse(reader, setting, EXTVM_INVALID_ARGUMENT, "it must be a list: (%s)",
                      endpoint_form);
    }
    int count = config_setting_length(setting);
    if (count < 1 || count > ENDPOINTS_MAXIMUM) {
        return refuse(reader, setting, EXTVM_OUT_OF_RANGE, "%d endpoints: allowed is 1 to %d",
                      count, ENDPOINTS_MAXIMUM);
    }
    if (config_setting_get_member(group, "host") != NULL ||
        config_setting_get_member(group, "port") != NULL) {
        return refuse(reader, setting, EXTVM_INVALID_ARGUMENT,
                      "endpoints say where the VM is, and so do host and port: allowed is one of "
                      "the two");
    }
    extvm_status status = EXTVM_OK;
    for (int i = 0; i < count && status == EXTVM_OK; i++) {
        const char *text = config_setting_get_string_elem(setting, i);
        status = text != NULL ? take_endpoint(reader, setting, text, &section->places[i])
                              : refuse(reader, setting, EXTVM_INVALID_ARGUMENT,
                                       "each endpoint must be a string: %s", endpoint_form);
    }
    section->more_places = (size_t)count - 1;
    return status;
}

static extvm_status take_command(const struct reader *reader, const config_setting_t *setting,
                                 struct config_section *section) {
    const char *text;
    extvm_status status =
        string_of(reader, setting, "a program and its words, with {port} or {path}", &text);
    if (status != EXTVM_OK) {
        return status;
    }
    if (text[strspn(text, " \t\r\n")] == '\0') {
        return refuse(reader, setting, EXTVM_INVALID_ARGUMENT,
                      "it is empty: its first word is the program");
    }
    size_t size = strlen(text) + 1;
    section->command = memory_allocate(&reader->config->allocator, size);
    if (section->command == NULL) {
        return error_no_memory(reader->error, "the configuration");
    }
    memcpy(section->command, text, size);
    return EXTVM_OK;
}

static extvm_status take_log_level(const struct reader *reader, const config_setting_t *setting,
                                   struct config_section *section) {
    static const char allowed[] = "\"error\", \"warning\", \"info\" or \"debug\"";
    const char *text;
    extvm_status status = string_of(reader, setting, allowed, &text);
    if (status != EXTVM_OK) {
        return status;
    }
    struct nearest nearest = {text, NULL, SIZE_MAX};
    for (unsigned i = 0; i < LOG_LEVELS; i++) {
        const char *name = extvm_log_level_name((extvm_log_level)i);
        if (strcmp(name, text) == 0) {
            section->log_level = (extvm_log_level)i;
            section->has_log_level = true;
            return EXTVM_OK;
        }
        offer(&nearest, name);
    }
    return refuse(reader, setting, EXTVM_INVALID_ARGUMENT, "%sallowed is %s",
                  hint_of(&nearest).text, allowed);
}

/* An option of extvm_options_set, under its name there. */
static extvm_status take_option(const struct reader *reader, const config_setting_t *setting,
                                const struct option_rule *rule, struct config_section *section) {
    static const struct {
        bool string, integer;
        const char *wanted;
    } forms[] = {
        [OPTION_TIME] = {true, false, "a number with a unit, in quotes"},
        [OPTION_SIZE] = {true, true, "an integer, or a number with a unit in quotes"},
        [OPTION_COUNT] = {false, true, "an integer"},
        [OPTION_WORD] = {true, false, "one of these words, in quotes"},
    };
    char number[24];
    const char *text = forms[rule->form].string ? config_setting_get_string(setting) : NULL;
    if (forms[rule->form].integer && is_integer(setting)) {
        long long value = config_setting_get_int64(setting);
        snprintf(number, sizeof number, "%lld", value);
        text = number;
        if (value < 0) {
            return refuse(reader, setting, EXTVM_OUT_OF_RANGE, "out of range: allowed is %s",
                          rule->allowed);
        }
    }
    if (text == NULL) {
        return refuse(reader, setting, EXTVM_INVALID_ARGUMENT, "it must be %s: %s",
                      forms[rule->form].wanted, rule->allowed);
    }
    extvm_status status =
        extvm_options_set(&section->options, config_setting_name(setting), text, NULL);
    return status == EXTVM_OK ? EXTVM_OK
           : status == EXTVM_OUT_OF_RANGE
               ? refuse(reader, setting, status, "out of range: allowed is %s", rule->allowed)
               : refuse(reader, setting, status, "it must be %s: %s", forms[rule->form].wanted,
                        rule->allowed);
}

/* -- the keys -- */

static key_take take_group;

enum { IN_VM = 1 << VM_INTERNAL, IN_KEVM = 1 << VM_KEVM, IN_IELE = 1 << VM_IELE };
enum { IN_TEST_MODE = 1 << VM_TEST_MODE, IN_GROUPS = IN_KEVM | IN_IELE | IN_TEST_MODE };

/* Those that are no options; they are allowed in every section. */
static const struct key {
    const char *name;
    unsigned sections;
    key_take *take;
} keys[] = {
    {"vm-type", IN_VM, take_vm_type},
    {"kevm", IN_VM, take_group},
    {"iele", IN_VM, take_group},
    {"test-mode", IN_VM, take_group},
    {"host", IN_GROUPS, take_host},
    {"port", IN_GROUPS, take_port},
    {"protocol", IN_VM | IN_TEST_MODE, take_protocol},
    {"proto-api-version", IN_GROUPS, take_version},
    {"endpoints", IN_KEVM | IN_IELE, take_endpoints},
    {"command", IN_KEVM | IN_IELE, take_command},
    {"log-level", IN_VM | IN_GROUPS, take_log_level},
};

enum { KEYS = sizeof keys / sizeof keys[0] };

static unsigned section_bit(const struct reader *reader, const struct config_section *section) {
    return 1u << (section - reader->config->sections);
}

/* The name of the index-th key of the section, options included; NULL when there are no more. */
static const char *key_name(unsigned section, size_t index) {
    for (size_t i = 0; i < KEYS; i++) {
        if ((keys[i].sections & section) != 0 && index-- == 0) {
            return keys[i].name;
        }
    }
    return extvm_options_name(index);
}

static extvm_status refuse_key(const struct reader *reader, const config_setting_t *setting,
                               const struct config_section *section) {
    char allowed[EXTVM_ERROR_TEXT_SIZE] = "";
    unsigned bit = section_bit(reader, section);
    struct nearest nearest = {config_setting_name(setting), NULL, SIZE_MAX};
    const char *name;
    for (size_t i = 0; (name = key_name(bit, i)) != NULL; i++) {
        offer(&nearest, name);
        size_t length = strlen(allowed);
        snprintf(allowed + length, sizeof allowed - length, "%s%s", i > 0 ? ", " : "", name);
    }
    return refuse(reader, setting, EXTVM_INVALID_ARGUMENT, "there is no such key: %sallowed are %s",
                  hint_of(&nearest).text, allowed);
}

static extvm_status take_key(const struct reader *reader, const config_setting_t *setting,
                             struct config_section *section) {
    const char *name = config_setting_name(setting);
    unsigned bit = section_bit(reader, section);
    struct option_rule rule;
    for (size_t i = 0; i < KEYS; i++) {
        if ((keys[i].sections & bit) != 0 && strcmp(keys[i].name, name) == 0) {
            return keys[i].take(reader, setting, section);
        }
    }
    return option_find(name, &rule) ? take_option(reader, setting, &rule, section)
                                    : refuse_key(reader, setting, section);
}

static extvm_status take_keys(const struct reader *reader, const config_setting_t *group,
                              struct config_section *section) {
    extvm_status status = EXTVM_OK;
    int count = config_setting_length(group);
    for (int i = 0; i < count && status == EXTVM_OK; i++) {
        status = take_key(reader, config_setting_get_elem(group, (unsigned)i), section);
    }
    return status;
}

static extvm_status take_group(const struct reader *reader, const config_setting_t *setting,
                               struct config_section *section) {
    enum vm_type type = VM_INTERNAL;
    vm_type_check(config_setting_name(setting), &type, NULL);
    (void)section;
    if (!config_setting_is_group(setting)) {
        return refuse(reader, setting, EXTVM_INVALID_ARGUMENT,
                      "it must be a group: { host = \"127.0.0.1\", port = 8888 }");
    }
    return take_keys(reader, setting, &reader->config->sections[type]);
}

/* -- the file -- */

/* libconfig says only the line: what stands there says the rest. */
static extvm_status refuse_syntax(const struct reader *reader, const config_t *file,
                                  const char *text) {
    char where[WHERE_SIZE];
    const char *name = config_error_file(file);
    unsigned line = (unsigned)config_error_line(file);
    print_file_line(where, name != NULL ? name : reader->origin, line);
    const char *at = name != NULL ? "" : text;
    for (unsigned i = 1; i < line && *at != '\0'; i++) {
        at += strcspn(at, "\n");
        at += *at == '\n' ? 1 : 0;
    }
    at += strspn(at, " \t\r");
    int length = (int)strcspn(at, "\r\n");
    return error_set(reader->error, EXTVM_INVALID_ARGUMENT, "%s: %s%s%.*s", where,
                     config_error_text(file), length > 0 ? ", here or before: " : "",
                     length < 80 ? length : 80, at);
}

static extvm_status refuse_no_vm(const struct reader *reader, const config_setting_t *root) {
    static const char example[] = "vm { vm-type = \"internal\" }";
    int count = config_setting_length(root);
    for (int i = 0; i < count; i++) {
        const config_setting_t *setting = config_setting_get_elem(root, (unsigned)i);
        if (extvm_name_distance(config_setting_name(setting), "vm") != SIZE_MAX) {
            return refuse(reader, setting, EXTVM_INVALID_ARGUMENT,
                          "there is no section vm: did you mean this one? Allowed is %s", example);
        }
    }
    return error_set(reader->error, EXTVM_INVALID_ARGUMENT,
                     "%.200s: there is no section vm: allowed is %s", reader->origin, example);
}

static extvm_status take_file(const struct reader *reader, const config_t *file) {
    const config_setting_t *root = config_root_setting(file);
    const config_setting_t *vm = config_setting_get_member(root, "vm");
    if (vm == NULL) {
        return refuse_no_vm(reader, root);
    }
    if (!config_setting_is_group(vm)) {
        return refuse(reader, vm, EXTVM_INVALID_ARGUMENT,
                      "it must be a group: vm { vm-type = \"internal\" }");
    }
    reader->config->line = config_setting_source_line(vm);
    return take_keys(reader, vm, &reader->config->sections[VM_INTERNAL]);
}

static extvm_status parse(const struct reader *reader, const char *text) {
    char folder[4096] = "";
    const char *slash = strrchr(reader->origin, '/');
    if (slash != NULL && (size_t)(slash - reader->origin) < sizeof folder - 1) {
        memcpy(folder, reader->origin, (size_t)(slash - reader->origin) + 1);
    }
    config_t file;
    config_init(&file);
    config_set_include_dir(&file, folder[0] != '\0' ? folder : ".");
    extvm_status status = config_read_string(&file, text) == CONFIG_TRUE
                              ? take_file(reader, &file)
                              : refuse_syntax(reader, &file, text);
    config_destroy(&file);
    return status;
}

extvm_status base_conf_read(extvm_config *config, const char *text, const char *origin,
                            bool include, extvm_error *error) {
    const struct reader reader = {config, origin, error};
    /* The worst is "a{a{a{": each two bytes grow by two. */
    struct buffer prepared;
    struct config_flaw flaw;
    buffer_init(&prepared, &config->allocator, 2 * (size_t)CONFIG_MAXIMUM + 1);
    extvm_status status;
    if (strlen(text) > CONFIG_MAXIMUM) {
        status = error_set(error, EXTVM_OUT_OF_RANGE,
                           "%.200s: a text of %zu bytes: allowed is at most %d", origin,
                           strlen(text), CONFIG_MAXIMUM);
    } else if (!config_text_prepare(text, include, &prepared, &flaw)) {
        status = error_no_memory(error, "the configuration's text");
    } else if (flaw.what != NULL) {
        char where[WHERE_SIZE];
        print_file_line(where, origin, flaw.line);
        status = error_set(error, EXTVM_INVALID_ARGUMENT, "%s: %s", where, flaw.what);
    } else {
        status = parse(&reader, (const char *)prepared.data);
    }
    buffer_free(&prepared);
    return status;
}
