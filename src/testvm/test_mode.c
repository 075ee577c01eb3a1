/* vm-type "test-mode": a server of our own and a client of it, as one VM. */
#include "test_mode.h"

#include <extvm/testvm.h>

#include "common/error.h"
#include "common/memory.h"

struct test_mode {
    extvm_vm vm;
    extvm_allocator allocator;
    extvm_testvm *server;
    extvm_vm *client;
};

static extvm_status test_mode_run(extvm_vm *vm, const extvm_call *call, const extvm_world *world,
                                  extvm_result **result, extvm_error *error) {
    return extvm_run(((struct test_mode *)vm)->client, call, world, result, error);
}

static void test_mode_close(extvm_vm *vm) {
    struct test_mode *test_mode = (struct test_mode *)vm;
    extvm_close(test_mode->client);
    extvm_testvm_stop(test_mode->server);
    extvm_allocator allocator = test_mode->allocator;
    memory_release(&allocator, test_mode);
}

extvm_status test_mode_new(const char *listen, const char *protocol, const extvm_options *options,
                           extvm_vm **out, extvm_error *error) {
    static const struct vm_operations operations = {test_mode_run, test_mode_close};
    struct test_mode *test_mode = memory_zeroed(&options->allocator, sizeof *test_mode);
    if (test_mode == NULL) {
        return error_no_memory(error, "a VM");
    }
    test_mode->vm.operations = &operations;
    test_mode->allocator = options->allocator;
    /* The wire is traced at the client's end only. */
    extvm_options server_options = *options;
    server_options.trace = NULL;
    extvm_status status =
        extvm_testvm_start(listen, NULL, &server_options, &test_mode->server, error);
    if (status == EXTVM_OK) {
        status = extvm_open(extvm_testvm_address_for(test_mode->server, protocol), options,
                            &test_mode->client, error);
    }
    if (status != EXTVM_OK) {
        test_mode_close(&test_mode->vm);
        return status;
    }
    *out = &test_mode->vm;
    return EXTVM_OK;
}
