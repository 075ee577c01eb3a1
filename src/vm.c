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
#include "kevm/kevm.h"
#include "spawn/program.h"
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
        "\"%.200s\" names no VM: allowed is internal, kevm://HOST:PORT, "
        "kevm+unix:PATH, iele://HOST:PORT, iele+unix:PATH, test-mode or test-mode://HOST:PORT",
        address);
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

/* Where the VM processes are: one, or several whose addresses have commas between. */
static extvm_status parse_addresses(const char *addresses, const struct protocol **protocol,
                                    struct endpoint endpoints[PROCESSES_MAXIMUM], size_t *count,
                                    extvm_error *error) {
    size_t kind_length = strcspn(addresses, ":+");
    extvm_status status = EXTVM_OK;
    *count = 0;
    for (const char *at = addresses; status == EXTVM_OK && at != NULL;) {
        char one[ENDPOINT_TEXT_SIZE];
        const char *comma = next_comma(at, kind_length);
        size_t length = comma != NULL ? (size_t)(comma - at) : strlen(at);
        if (length >= sizeof one || *count == PROCESSES_MAXIMUM) {
            return error_set(error, EXTVM_OUT_OF_RANGE,
                             "an address of %zu characters, or over %d addresses: at most %zu "
                             "characters each",
                             length, PROCESSES_MAXIMUM, sizeof one - 1);
        }
        memcpy(one, at, length);
        one[length] = '\0';
        status = parse_address(one, protocol, &endpoints[(*count)++], error);
        at = comma != NULL ? comma + 1 : NULL;
    }
    return status;
}

/* A keeper for each process; none on anything but EXTVM_OK. */
static extvm_status make_keepers(const char *command, const char *kind,
                                 const struct endpoint *endpoints, size_t count,
                                 const extvm_options *options, struct keeper **keepers,
                                 extvm_error *error) {
    extvm_status status = EXTVM_OK;
    size_t made = 0;
    if (count > 1 && !program_has_place(command)) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "a command for %zu VM processes needs {port} or {path}, so that each "
                         "listens at its own place",
                         count);
    }
    while (made < count && status == EXTVM_OK) {
        keepers[made] = keeper_new(&endpoints[made], command, kind, options, &status, error);
        made += status == EXTVM_OK ? 1 : 0;
    }
    while (status != EXTVM_OK && made > 0) {
        made--;
        keepers[made]->operations->release(keepers[made]);
    }
    return status;
}

/* `command` NULL: nobody starts the processes. */
static extvm_status open_processes(const char *addresses, const char *command,
                                   const extvm_options *options, extvm_vm **out,
                                   extvm_error *error) {
    const struct protocol *protocol = NULL;
    struct keeper *keepers[PROCESSES_MAXIMUM];
    size_t count = 0, kind_length = strcspn(addresses, ":+");
    struct endpoint *endpoints =
        memory_allocate(&options->allocator, PROCESSES_MAXIMUM * sizeof *endpoints);
    if (endpoints == NULL) {
        return error_no_memory(error, "the addresses of VMs");
    }
    extvm_status status = parse_addresses(addresses, &protocol, endpoints, &count, error);
    if (status == EXTVM_OK && command != NULL) {
        char kind[sizeof "kevm"] = ""; /* it is a name in `kinds` */
        memcpy(kind, addresses, kind_length < sizeof kind ? kind_length : sizeof kind - 1);
        status = make_keepers(command, kind, endpoints, count, options, keepers, error);
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
    if (strcmp(address, "internal") == 0) {
        return internal_new(&evm_machine, options, out, error);
    }
    if (strcmp(address, "test-mode") == 0) {
        return test_mode_new("127.0.0.1:0", options, out, error);
    }
    if (text_after(address, "test-mode://") != NULL) {
        return test_mode_new(text_after(address, "test-mode://"), options, out, error);
    }
    return open_processes(address, NULL, options, out, error);
}

extvm_status extvm_spawn(const char *address, const char *command, const extvm_options *options,
                         extvm_vm **out, extvm_error *error) {
    if (address == NULL || command == NULL || out == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_spawn needs an address, a command and a place for the handle");
    }
    *out = NULL;
    if (strcmp(address, "internal") == 0 || text_after(address, "test-mode") != NULL) {
        return error_set(
            error, EXTVM_INVALID_ARGUMENT,
            "\"%.200s\" has no process that a command could start: allowed are kevm and "
            "iele",
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
