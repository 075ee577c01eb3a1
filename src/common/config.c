/* base.conf for a program: loading it, the environment over it, and what it says. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "error.h"
#include "memory.h"

enum { PORT_BY_DEFAULT = 8888, READ_SIZE = 16 * 1024, KIND_SIZE = sizeof "test-mode-iele" };
static const char host_by_default[] = "127.0.0.1";

/* -- the environment -- */

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static extvm_status take_vm_type(extvm_config *config, const char *value, extvm_error *error) {
    config->has_vm_type = true;
    return vm_type_check(value, &config->vm_type, error);
}

/* A host or a port says where the VM is: no unix socket of the file's endpoints counts then. */
static extvm_status take_host(extvm_config *config, const char *value, extvm_error *error) {
    struct config_section *section = &config->sections[config->vm_type];
    section->places[0].path[0] = '\0';
    section->more_places = 0;
    return host_check(value, section->places[0].host, error);
}

static extvm_status take_port(extvm_config *config, const char *value, extvm_error *error) {
    struct config_section *section = &config->sections[config->vm_type];
    size_t digits = strspn(value, "0123456789");
    section->places[0].path[0] = '\0';
    section->more_places = 0;
    if (digits == 0 || value[digits] != '\0') {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "it must be a number: 1 to 65535");
    }
    return port_check(strtoll(value, NULL, 10), &section->places[0].port,
                      error); /* too large stays so */
}

/* In this order: the type says whose host and port they are. */
static extvm_status take_environment(extvm_config *config, extvm_error *error) {
    static const struct {
        const char *name;
        extvm_status (*take)(extvm_config *config, const char *value, extvm_error *error);
    } variables[] = {
        {"EXTVM_VM_TYPE", take_vm_type},
        {"EXTVM_HOST", take_host},
        {"EXTVM_PORT", take_port},
    };
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = variable(variables[i].name);
        extvm_status status = value == NULL ? EXTVM_OK : variables[i].take(config, value, error);
        if (status != EXTVM_OK) {
            char where[160];
            snprintf(where, sizeof where, "environment variable %s = \"%.80s\"", variables[i].name,
                     value);
            error_prefix(error, where);
            return status;
        }
    }
    return EXTVM_OK;
}

/* -- where the VM is -- */

static const char *host_to_connect(const char *host) {
    static const char *const everywhere[][2] = {{"0.0.0.0", "127.0.0.1"}, {"::", "::1"}};
    for (size_t i = 0; i < sizeof everywhere / sizeof everywhere[0]; i++) {
        if (strcmp(host, everywhere[i][0]) == 0) {
            return everywhere[i][1];
        }
    }
    return host;
}

static void print_tcp(char text[ENDPOINT_TEXT_SIZE], const char *before, const char *host,
                      unsigned port) {
    bool ipv6 = strchr(host, ':') != NULL;
    snprintf(text, ENDPOINT_TEXT_SIZE, "%s%s%s%s:%u", before, ipv6 ? "[" : "", host,
             ipv6 ? "]" : "", port);
}

/* Of a VM that is this library's own; any other has its own protocol. */
static const struct config_protocol_rule *protocol_of(const extvm_config *config) {
    const struct config_section *group = &config->sections[config->vm_type];
    const struct config_section *section =
        group->has_protocol ? group : &config->sections[VM_INTERNAL];
    return &config_protocol_rules[section->has_protocol ? section->protocol : CONFIG_KEVM];
}

/* What its address begins with: "kevm", "test-mode-iele". */
static void print_kind(const extvm_config *config, char *text, size_t size) {
    const struct vm_type_rule *rule = &vm_type_rules[config->vm_type];
    snprintf(text, size, "%s%s", rule->name, rule->is_own ? protocol_of(config)->suffix : "");
}

/* One process, at the end of the address, and as an endpoint. */
static void add_place(extvm_config *config, struct config_place *place) {
    const struct vm_type_rule *rule = &vm_type_rules[config->vm_type];
    size_t used = strlen(config->address);
    char *address = config->address + used + (used > 0 ? 1 : 0);
    char *endpoint = config->endpoints[config->endpoint_count++];
    if (used > 0) {
        config->address[used] = ',';
    }
    if (place->path[0] != '\0') {
        snprintf(address, ENDPOINT_TEXT_SIZE, "%s+unix:%s", rule->name, place->path);
        snprintf(endpoint, ENDPOINT_TEXT_SIZE, "unix:%s", place->path);
        return;
    }
    if (place->host[0] == '\0') {
        memcpy(place->host, host_by_default, sizeof host_by_default);
    }
    place->port = place->port == 0 ? PORT_BY_DEFAULT : place->port;
    char kind[KIND_SIZE], scheme[KIND_SIZE + 3];
    print_kind(config, kind, sizeof kind);
    snprintf(scheme, sizeof scheme, "%s://", kind);
    print_tcp(address, scheme, rule->listens ? place->host : host_to_connect(place->host),
              place->port);
    print_tcp(endpoint, "", place->host, place->port);
}

static void place_vm(extvm_config *config) {
    const struct vm_type_rule *rule = &vm_type_rules[config->vm_type];
    struct config_section *section = &config->sections[config->vm_type];
    if (rule->version == NULL) {
        print_kind(config, config->address, sizeof config->address);
        return;
    }
    for (size_t i = 0; i <= section->more_places; i++) {
        add_place(config, &section->places[i]);
    }
}

/* -- loading -- */

static extvm_status complete(extvm_config *config, unsigned flags, const char *origin,
                             extvm_error *error) {
    extvm_status status = EXTVM_OK;
    if ((flags & EXTVM_CONFIG_ENVIRONMENT) != 0) {
        status = take_environment(config, error);
    }
    if (status == EXTVM_OK && !config->has_vm_type) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "%.120s:%u: vm: vm-type is missing: allowed are \"internal\", \"kevm\", "
                         "\"iele\" and \"test-mode\"",
                         origin, config->line);
    }
    if (status == EXTVM_OK) {
        place_vm(config);
    }
    return status;
}

/* An error is one line, whatever stands in the file, its name or the environment. */
static extvm_status in_one_line(extvm_error *error, extvm_status status) {
    for (char *at = error != NULL && status != EXTVM_OK ? error->text : NULL;
         at != NULL && *at != '\0'; at++) {
        if ((unsigned char)*at < ' ') {
            *at = ' ';
        }
    }
    return status;
}

extvm_status extvm_config_parse(const char *text, const char *origin, unsigned flags,
                                const extvm_allocator *allocator, extvm_config **out,
                                extvm_error *error) {
    if (text == NULL || out == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_config_parse needs a text and a place for the configuration");
    }
    *out = NULL;
    allocator = allocator != NULL ? allocator : extvm_default_allocator();
    origin = origin != NULL ? origin : "configuration";
    extvm_config *config = memory_zeroed(allocator, sizeof *config);
    if (config == NULL) {
        return error_no_memory(error, "the configuration");
    }
    config->allocator = *allocator;
    bool include = (flags & EXTVM_CONFIG_INCLUDE) != 0;
    extvm_status status = base_conf_read(config, text, origin, include, error);
    if (status == EXTVM_OK) {
        status = complete(config, flags, origin, error);
    }
    if (status != EXTVM_OK) {
        extvm_config_free(config);
        config = NULL;
    }
    *out = config;
    return in_one_line(error, status);
}

/* Appends the whole file and a NUL. */
static extvm_status read_file(const char *path, struct buffer *text, extvm_error *error) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    int reason = descriptor < 0 ? errno : 0;
    extvm_status status = EXTVM_OK;
    for (ssize_t count = 1; descriptor >= 0 && count > 0;) {
        if (text->size >= CONFIG_MAXIMUM) {
            status = error_set(error, EXTVM_OUT_OF_RANGE,
                               "%.300s: the file has over %d bytes, which is the most", path,
                               CONFIG_MAXIMUM);
            break;
        }
        if (!buffer_reserve(text, READ_SIZE + 1)) {
            status = error_no_memory(error, "the configuration's text");
            break;
        }
        count = read(descriptor, text->data + text->size, READ_SIZE);
        text->size += count > 0 ? (size_t)count : 0;
        reason = count < 0 ? errno : 0;
        count = count < 0 && errno == EINTR ? 1 : count;
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    if (status == EXTVM_OK && reason != 0) {
        status = error_set(error, EXTVM_INVALID_ARGUMENT, "%.300s: cannot read it: %s", path,
                           strerror(reason));
    }
    if (status == EXTVM_OK && memchr(text->data, '\0', text->size) != NULL) {
        status = error_set(error, EXTVM_INVALID_ARGUMENT,
                           "%.300s: there is a NUL byte in it: it is no text", path);
    }
    if (status == EXTVM_OK && !buffer_append(text, "", 1)) {
        status = error_no_memory(error, "the configuration's text");
    }
    return status;
}

extvm_status extvm_config_load(const char *path, unsigned flags, const extvm_allocator *allocator,
                               extvm_config **out, extvm_error *error) {
    if (path == NULL && (flags & EXTVM_CONFIG_ENVIRONMENT) != 0) {
        path = variable("EXTVM_CONFIG");
    }
    if (out == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_config_load needs a place for the configuration");
    }
    *out = NULL;
    if (path == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "no configuration: neither a path nor EXTVM_CONFIG names one");
    }
    struct buffer text;
    buffer_init(&text, allocator != NULL ? allocator : extvm_default_allocator(),
                CONFIG_MAXIMUM + 2 * READ_SIZE);
    extvm_status status = read_file(path, &text, error);
    if (status == EXTVM_OK) {
        status = extvm_config_parse((const char *)text.data, path, flags, allocator, out, error);
    }
    buffer_free(&text);
    return in_one_line(error, status);
}

void extvm_config_free(extvm_config *config) {
    if (config != NULL) {
        extvm_allocator allocator = config->allocator;
        for (size_t i = 0; i < VM_TYPES; i++) {
            memory_release(&allocator, config->sections[i].command);
        }
        memory_release(&allocator, config);
    }
}

/* -- what it says -- */

/* What the group of the VM says goes before what the section vm says. */
void extvm_config_apply(const extvm_config *config, extvm_options *options) {
    options_fill(options, &config->sections[config->vm_type].options);
    options_fill(options, &config->sections[VM_INTERNAL].options);
    extvm_log_level level;
    if (extvm_config_log_level(config, &level)) {
        options->logger.level = level;
    }
}

bool extvm_config_log_level(const extvm_config *config, extvm_log_level *level) {
    const struct config_section *group = &config->sections[config->vm_type];
    const struct config_section *section =
        group->has_log_level ? group : &config->sections[VM_INTERNAL];
    *level = section->has_log_level ? section->log_level : EXTVM_LOG_WARNING;
    return section->has_log_level;
}

const char *extvm_config_vm_type(const extvm_config *config) {
    return vm_type_rules[config->vm_type].name;
}

const char *extvm_config_protocol(const extvm_config *config) {
    const struct vm_type_rule *rule = &vm_type_rules[config->vm_type];
    return rule->is_own ? protocol_of(config)->name : rule->name;
}

const char *extvm_config_address(const extvm_config *config) {
    return config->address;
}

const char *extvm_config_host(const extvm_config *config) {
    const struct config_section *section = &config->sections[config->vm_type];
    return extvm_config_port(config) != 0 ? section->places[0].host : NULL;
}

unsigned extvm_config_port(const extvm_config *config) {
    const struct config_section *section = &config->sections[config->vm_type];
    bool tcp = config->vm_type != VM_INTERNAL && section->places[0].path[0] == '\0';
    return tcp ? section->places[0].port : 0;
}

size_t extvm_config_endpoint_count(const extvm_config *config) {
    return config->endpoint_count;
}

const char *extvm_config_endpoint(const extvm_config *config, size_t index) {
    return index < config->endpoint_count ? config->endpoints[index] : NULL;
}

const char *extvm_config_command(const extvm_config *config) {
    return config->sections[config->vm_type].command;
}
