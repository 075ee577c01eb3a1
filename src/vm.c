/* Opening a VM by its address: the one place that knows which kinds there are. */
#include <string.h>

#include <extvm/extvm.h>

#include "common/client.h"
#include "common/error.h"
#include "common/internal.h"
#include "common/memory.h"
#include "common/prefix.h"
#include "common/vm.h"
#include "evm/evm.h"
#include "iele/iele.h"
#include "ielevm/ielevm.h"
#include "kevm/kevm.h"
#include "spawn/supervisor.h"
#include "testvm/test_mode.h"

/* "NAME://HOST:PORT" and "NAME+unix:PATH". */
static const struct {
    const char *name;
    const struct protocol *protocol;
} kinds[] = {
    {"kevm", &kevm_protocol},
    {"iele", &iele_protocol},
};

const char *extvm_version(void) {
    return EXTVM_VERSION;
}

/* The protocol of `address` and where its VM listens. */
static extvm_status parse_address(const char *address, const struct protocol **protocol,
                                  struct endpoint *endpoint, extvm_error *error) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *rest = text_after(address, kinds[i].name);
        *protocol = kinds[i].protocol;
        if (rest != NULL && text_after(rest, "://") != NULL) {
            return endpoint_parse_tcp(endpoint, address, text_after(rest, "://"), error);
        }
        if (rest != NULL && text_after(rest, "+unix:") != NULL) {
            return endpoint_parse_unix(endpoint, address, text_after(rest, "+unix:"), error);
        }
    }
    return error_set(
        error, EXTVM_INVALID_ARGUMENT,
        "\"%.200s\" names no VM: allowed is internal, internal-iele, kevm://HOST:PORT, "
        "kevm+unix:PATH, iele://HOST:PORT, iele+unix:PATH, test-mode or test-mode-iele, and both "
        "with ://HOST:PORT",
        address);
}

/* The library's own, by "NAME", "test-mode..." also by "NAME://HOST:PORT". */
static const struct {
    const char *name;
    const struct machine_kind *machine; /* NULL: in test mode */
    const struct protocol *protocol;
} own_kinds[] = {
    {"internal", &evm_machine, &kevm_protocol},
    {"internal-iele", &ielevm_machine, &iele_protocol},
    {"test-mode", NULL, &kevm_protocol},
    {"test-mode-iele", NULL, &iele_protocol},
};

/* Opens it when the address is one of the library's own; `*is_own` says whether. */
static extvm_status open_own(const char *address, const extvm_options *options, bool *is_own,
                             extvm_vm **out, extvm_error *error) {
    for (size_t i = 0; i < sizeof own_kinds / sizeof own_kinds[0]; i++) {
        const char *rest = text_after(address, own_kinds[i].name);
        const struct machine_kind *machine = own_kinds[i].machine;
        const char *listen = rest == NULL || machine != NULL ? NULL
                             : rest[0] == '\0'               ? "127.0.0.1:0"
                                                             : text_after(rest, "://");
        *is_own = listen != NULL || (machine != NULL && rest != NULL && rest[0] == '\0');
        if (*is_own) {
            return machine != NULL
                       ? internal_new(machine, options, out, error)
                       : test_mode_new(listen, own_kinds[i].protocol, options, out, error);
        }
    }
    return EXTVM_OK;
}

/* The comma before the next address of the same kind, or NULL: a path may have commas of its own.
 */
static const char *next_comma(const char *addresses, size_t kind_length) {
    const char *comma = strchr(addresses, ',');
    while (comma != NULL && (strncmp(comma + 1, addresses, kind_length) != 0 ||
                             (text_after(comma + 1 + kind_length, "://") == NULL &&
                              text_after(comma + 1 + kind_length, "+unix:") == NULL))) {
        comma = strchr(comma + 1, ',');
    }
    return comma;
}

enum { PROCESSES_MAXIMUM = 64 };

/* How many addresses there are, with commas between. */
static size_t count_addresses(const char *addresses, size_t kind_length) {
    size_t count = 1;
    for (const char *at = addresses; (at = next_comma(at, kind_length)) != NULL; at++) {
        count++;
    }
    return count;
}

/* Reads `count` addresses. */
static extvm_status parse_addresses(const char *addresses, size_t kind_length, size_t count,
                                    const struct protocol **protocol, struct endpoint *endpoints,
                                    extvm_error *error) {
    extvm_status status = EXTVM_OK;
    const char *at = addresses;
    for (size_t i = 0; i < count && status == EXTVM_OK; i++) {
        char one[ENDPOINT_TEXT_SIZE];
        const char *comma = next_comma(at, kind_length);
        size_t length = comma != NULL ? (size_t)(comma - at) : strlen(at);
        if (length >= sizeof one) {
            return error_set(error, EXTVM_OUT_OF_RANGE,
                             "the address of a VM has %zu characters: at most %zu", length,
                             sizeof one - 1);
        }
        memcpy(one, at, length);
        one[length] = '\0';
        status = parse_address(one, protocol, &endpoints[i], error);
        at = comma != NULL ? comma + 1 : at + length;
    }
    return status;
}

/* One VM process, or several whose addresses have commas between. `command` NULL: nobody starts
 * them. */
static extvm_status open_processes(const char *addresses, const char *command,
                                   const extvm_options *options, extvm_vm **out,
                                   extvm_error *error) {
    const struct protocol *protocol = NULL;
    struct keeper *keepers[PROCESSES_MAXIMUM];
    size_t kind_length = strcspn(addresses, ":+");
    size_t count = count_addresses(addresses, kind_length);
    if (count > PROCESSES_MAXIMUM) {
        return error_set(error, EXTVM_OUT_OF_RANGE, "%zu addresses of VMs: at most %d", count,
                         PROCESSES_MAXIMUM);
    }
    struct endpoint *endpoints = memory_allocate(&options->allocator, count * sizeof *endpoints);
    if (endpoints == NULL) {
        return error_no_memory(error, "the addresses of VMs");
    }
    extvm_status status =
        parse_addresses(addresses, kind_length, count, &protocol, endpoints, error);
    if (status == EXTVM_OK && command != NULL) {
        status = keepers_new(endpoints, count, command, options, keepers, error);
    }
    if (status == EXTVM_OK) {
        status = client_new(protocol, endpoints, count, command != NULL ? keepers : NULL, options,
                            NULL, out, error);
    }
    memory_release(&options->allocator, endpoints);
    return status;
}

extvm_status extvm_open(const char *address, const extvm_options *options, extvm_vm **out,
                        extvm_error *error) {
    if (address == NULL || out == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_open needs an address and a place for the handle");
    }
    *out = NULL;
    extvm_options defaults;
    if (options == NULL) {
        options_init(&defaults, NULL);
        options = &defaults;
    }
    bool is_own;
    extvm_status status = open_own(address, options, &is_own, out, error);
    return is_own ? status : open_processes(address, NULL, options, out, error);
}

extvm_status extvm_spawn(const char *address, const char *command, const extvm_options *options,
                         extvm_vm **out, extvm_error *error) {
    if (address == NULL || command == NULL || out == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_spawn needs an address, a command and a place for the handle");
    }
    *out = NULL;
    if (text_after(address, "internal") != NULL || text_after(address, "test-mode") != NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "\"%.200s\" has no process that a command could start: allowed are kevm "
                         "and iele",
                         address);
    }
    extvm_options defaults;
    if (options == NULL) {
        options_init(&defaults, NULL);
        options = &defaults;
    }
    return open_processes(address, command, options, out, error);
}

void extvm_close(extvm_vm *vm) {
    if (vm != NULL && calls_close(&vm->calls, vm->close_limit)) {
        vm->operations->release(vm);
    }
}

void extvm_cancel(extvm_vm *vm, const extvm_call *call) {
    if (vm != NULL) {
        calls_stop(&vm->calls, call);
    }
}

extvm_status extvm_run(extvm_vm *vm, const extvm_call *call, const extvm_world *world,
                       extvm_result **result, extvm_error *error) {
    if (vm == NULL || call == NULL || world == NULL || result == NULL || world->account == NULL ||
        world->storage == NULL || world->code == NULL || world->block_hash == NULL) {
        return error_set(
            error, EXTVM_INVALID_ARGUMENT,
            "extvm_run needs a VM, a call, a world with all its functions, and a place "
            "for the result");
    }
    struct vm_run run = {.call = call, .world = world};
    *result = NULL;
    extvm_status status = vm_enter(vm, &run, error);
    if (status == EXTVM_OK) {
        status = vm->operations->run(vm, &run, error);
        *result = run.result;
        vm_leave(vm, &run, status);
    }
    return status;
}
