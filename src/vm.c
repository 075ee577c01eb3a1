/* Opening a VM by its address: the one place that knows which kinds there are. */
#include <string.h>

#include <extvm/extvm.h>

#include "common/client.h"
#include "common/error.h"
#include "common/prefix.h"
#include "common/vm.h"
#include "evm/internal.h"
#include "iele/iele.h"
#include "kevm/kevm.h"
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
        return internal_new(options, out, error);
    }
    if (strcmp(address, "test-mode") == 0) {
        return test_mode_new("127.0.0.1:0", options, out, error);
    }
    if (text_after(address, "test-mode://") != NULL) {
        return test_mode_new(text_after(address, "test-mode://"), options, out, error);
    }
    const struct protocol *protocol;
    struct endpoint endpoint;
    extvm_status status = parse_address(address, &protocol, &endpoint, error);
    return status != EXTVM_OK ? status : client_new(protocol, &endpoint, options, NULL, out, error);
}

void extvm_close(extvm_vm *vm) {
    if (vm != NULL) {
        vm->operations->close(vm);
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
    *result = NULL;
    return vm->operations->run(vm, call, world, result, error);
}
