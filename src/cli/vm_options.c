/* The options of every command that talks to a VM: which VM, how long, what is shown. */
#include "vm_options.h"

#include <stdlib.h>
#include <string.h>

#include <extvm/spawn.h>

#include "interrupt.h"
#include "report.h"

static extvm_status take_address(void *context, const char *value, extvm_error *error) {
    struct vm_options *vm_options = context;
    if (vm_options->address_count < vm_options->address_maximum) {
        vm_options->addresses[vm_options->address_count++] = value;
        return EXTVM_OK;
    }
    return vm_options->address_maximum == 1
               ? complain(error, EXTVM_INVALID_ARGUMENT,
                          "--vm %s: one VM can be named, and that is %s already", quote(value).text,
                          quote(vm_options->addresses[0]).text)
               : complain(error, EXTVM_INVALID_ARGUMENT, "--vm %s: at most %zu VMs can be named",
                          quote(value).text, vm_options->address_maximum);
}

/* Seconds, as "3" or "0.25": the library's options want a unit too. */
static extvm_status set_seconds(struct vm_options *vm_options, const char *option, const char *name,
                                const char *value, extvm_error *error) {
    char duration[40];
    size_t whole = strspn(value, "0123456789");
    size_t fraction = value[whole] == '.' ? 1 + strspn(value + whole + 1, "0123456789") : 0;
    if (whole == 0 || fraction == 1 || value[whole + fraction] != '\0' ||
        snprintf(duration, sizeof duration, "%ss", value) >= (int)sizeof duration) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "%s %s: it must be a number of seconds, as 3 or 0.25", option,
                        quote(value).text);
    }
    extvm_status status = extvm_options_set(vm_options->options, name, duration, error);
    return status == EXTVM_OK ? EXTVM_OK : complain_about(error, option);
}

static extvm_status take_timeout(void *context, const char *value, extvm_error *error) {
    return set_seconds(context, "--timeout", "call-timeout", value, error);
}

static extvm_status take_connect_timeout(void *context, const char *value, extvm_error *error) {
    return set_seconds(context, "--connect-timeout", "connect-timeout", value, error);
}

static extvm_status take_verbose(void *context, const char *value, extvm_error *error) {
    (void)value;
    (void)error;
    struct vm_options *vm_options = context;
    if (vm_options->log.level < EXTVM_LOG_DEBUG) {
        vm_options->log.level++;
    }
    return EXTVM_OK;
}

static extvm_status take_log_format(void *context, const char *value, extvm_error *error) {
    struct vm_options *vm_options = context;
    vm_options->log.json = strcmp(value, "json") == 0;
    if (!vm_options->log.json && strcmp(value, "text") != 0) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "--log-format %s: it must be text or json",
                        quote(value).text);
    }
    return EXTVM_OK;
}

static extvm_status take_trace_format(void *context, const char *value, extvm_error *error) {
    struct vm_options *vm_options = context;
    return trace_format_from_name(value, &vm_options->trace_format)
               ? EXTVM_OK
               : complain(error, EXTVM_INVALID_ARGUMENT,
                          "--trace-format %s: it must be text, regress or json", quote(value).text);
}

static extvm_status take_json(void *context, const char *value, extvm_error *error) {
    (void)value;
    (void)error;
    ((struct vm_options *)context)->json = true;
    return EXTVM_OK;
}

/* NAME=VALUE for the library, which knows the names and says what is allowed. */
static extvm_status take_option(void *context, const char *value, extvm_error *error) {
    struct vm_options *vm_options = context;
    char name[64];
    size_t length = strcspn(value, "=");
    if (length == 0 || value[length] == '\0' || length >= sizeof name) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "--option %s: it must be NAME=VALUE, as retry-delay=250ms",
                        quote(value).text);
    }
    memcpy(name, value, length);
    name[length] = '\0';
    extvm_status status = extvm_options_set(vm_options->options, name, value + length + 1, error);
    return status == EXTVM_OK ? EXTVM_OK : complain_about(error, "--option");
}

static const struct option_spec specs[] = {
    {"--vm", "ADDRESS",
     "the VM: kevm://HOST:PORT (IPv6: kevm://[::1]:8888), kevm+unix:PATH,\n"
     "iele://HOST:PORT, iele+unix:PATH; or of this library: internal (its\n"
     "EVM, which is what is taken without --vm and --config), internal-iele,\n"
     "test-mode and test-mode-iele (the same behind a server of its own)",
     take_address, 0},
    {"--config", "FILE",
     "take the VM and its options from a base.conf, instead of --vm; other\n"
     "options here are over it (without both: the file in EXTVM_CONFIG)",
     NULL, offsetof(struct vm_options, config_path)},
    {"--timeout", "SECONDS", "for a whole call, connects and retries included (600)", take_timeout,
     0},
    {"--connect-timeout", "SECONDS", "for one connect (5)", take_connect_timeout, 0},
    {"--json", NULL, "print JSON instead of text", take_json, 0},
    {"--option", "NAME=VALUE",
     "one option of the library: connect-timeout, connect-retries,\n"
     "retry-delay, wait-timeout, call-timeout, world-time, call-retries,\n"
     "drain-timeout, leave, after-call, spin, max-frame, tcp-keepalive, block-hash;\n"
     "of a VM that base.conf starts: start-timeout, stop-timeout,\n"
     "recycle-calls, recycle-memory; of a server: max-sessions, idle-timeout,\n"
     "answer-timeout, call-timeout, max-frame; may be repeated",
     take_option, 0},
    {"--trace", "FILE",
     "write each message to FILE (- is stderr) as one line: seconds since\n"
     "the start, direction, name, size in bytes, content",
     NULL, offsetof(struct vm_options, trace_path)},
    {"--trace-format", "FORMAT",
     "text (default); regress: without the time, so that two runs of the\n"
     "same calls give the same lines; json: an object a line, for extvm trace",
     take_trace_format, 0},
    {"-v", NULL, "log more to stderr: connects and retries; -vv: each call", take_verbose, 0},
    {"--log-format", "FORMAT", "log lines as text (default) or json", take_log_format, 0},
};

enum { SPEC_COUNT = sizeof specs / sizeof specs[0] };

/* The first option that has nothing to do with calling a VM. */
static const char first_common[] = "--option";

struct option_group vm_options_group(struct vm_options *vm_options) {
    return (struct option_group){"The VM, and what is shown", specs, SPEC_COUNT, vm_options};
}

struct option_group vm_options_server_group(struct vm_options *vm_options) {
    size_t first = 0;
    while (strcmp(specs[first].name, first_common) != 0) {
        first++;
    }
    return (struct option_group){"Limits, and what is shown", specs + first, SPEC_COUNT - first,
                                 vm_options};
}

extvm_status vm_options_init(struct vm_options *vm_options, size_t vm_maximum, extvm_error *error) {
    *vm_options = (struct vm_options){.address_maximum = vm_maximum,
                                      .log = {.level = EXTVM_LOG_WARNING},
                                      .options = extvm_options_new(NULL)};
    return vm_options->options == NULL ? complain_no_memory(error) : EXTVM_OK;
}

void vm_options_free(struct vm_options *vm_options) {
    extvm_error ignored; /* something has failed already and is reported */
    trace_close(&vm_options->trace, &ignored);
    extvm_options_free(vm_options->options);
    vm_options->options = NULL;
    extvm_config_free(vm_options->config);
    vm_options->config = NULL;
}

/* Takes the VM that the configuration names; each -v logs more than it says. */
static extvm_status take_config(struct vm_options *vm_options, extvm_error *error) {
    const char *variable = getenv("EXTVM_CONFIG");
    bool is_server = vm_options->address_maximum == 0;
    if (vm_options->config_path != NULL && vm_options->address_count > 0) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "--config %s: the VM is named already, by --vm %s",
                        quote(vm_options->config_path).text, quote(vm_options->addresses[0]).text);
    }
    if (is_server || vm_options->address_count > 0 ||
        (vm_options->config_path == NULL && (variable == NULL || variable[0] == '\0'))) {
        return EXTVM_OK;
    }
    extvm_status status = extvm_config_load(vm_options->config_path, EXTVM_CONFIG_ENVIRONMENT, NULL,
                                            &vm_options->config, error);
    if (status != EXTVM_OK) {
        return status;
    }
    extvm_log_level level;
    extvm_config_apply(vm_options->config, vm_options->options);
    if (extvm_config_log_level(vm_options->config, &level)) {
        level += vm_options->log.level - EXTVM_LOG_WARNING;
        vm_options->log.level = level < EXTVM_LOG_DEBUG ? level : EXTVM_LOG_DEBUG;
    }
    vm_options->addresses[vm_options->address_count++] = extvm_config_address(vm_options->config);
    return EXTVM_OK;
}

/* Several VMs are processes of one kind: they get the same calls. */
static extvm_status check_kinds(const struct vm_options *vm_options, extvm_error *error) {
    const char *first = vm_options->addresses[0];
    for (size_t i = 1; i < vm_options->address_count; i++) {
        const char *address = vm_options->addresses[i];
        size_t kind = strcspn(first, ":+");
        if (strcspn(address, ":+") != kind || strncmp(first, address, kind) != 0) {
            return complain(error, EXTVM_INVALID_ARGUMENT,
                            "--vm %s: all must be of one kind, and the first is %s",
                            quote(address).text, quote(first).text);
        }
    }
    return EXTVM_OK;
}

extvm_status vm_options_start(struct vm_options *vm_options, extvm_error *error) {
    extvm_options *options = vm_options->options;
    extvm_status status = take_config(vm_options, error);
    if (status == EXTVM_OK) {
        status = check_kinds(vm_options, error);
    }
    if (status != EXTVM_OK) {
        return status;
    }
    if (vm_options->trace_path != NULL) {
        status =
            trace_open(&vm_options->trace, vm_options->trace_path, vm_options->trace_format, error);
        if (status != EXTVM_OK) {
            return status;
        }
        extvm_options_set_trace(options, trace_message, &vm_options->trace);
    }
    extvm_options_set_log(options, log_line, &vm_options->log, vm_options->log.level);
    return EXTVM_OK;
}

const char *vm_options_address(const struct vm_options *vm_options, size_t index) {
    size_t count = vm_options->address_count;
    return count > 0 ? vm_options->addresses[index % count] : "internal";
}

/* "iele", "internal-iele" and "test-mode-iele" are their kinds. */
bool vm_options_is_iele(const char *address) {
    static const char iele[] = "iele";
    size_t kind = strcspn(address, ":+"), length = sizeof iele - 1;
    return kind >= length && strncmp(address + kind - length, iele, length) == 0;
}

extvm_status vm_options_open(const struct vm_options *vm_options, size_t index, extvm_vm **vm,
                             extvm_error *error) {
    const extvm_config *config = vm_options->config;
    const char *address = vm_options_address(vm_options, index);
    const char *command = config != NULL ? extvm_config_command(config) : NULL;
    extvm_status status = command != NULL
                              ? extvm_spawn(address, command, vm_options->options, vm, error)
                              : extvm_open(address, vm_options->options, vm, error);
    if (status == EXTVM_OK) {
        interrupt_reaches(*vm);
    }
    return status;
}

void vm_options_close(extvm_vm *vm) {
    interrupt_forget(vm);
    extvm_close(vm);
}

extvm_status vm_options_finish(struct vm_options *vm_options, extvm_error *error) {
    return trace_close(&vm_options->trace, error);
}
