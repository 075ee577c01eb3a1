/* vm-type "test-mode": a client of a server of our own, that keeps the server. */
#include "test_mode.h"

#include <extvm/testvm.h>

#include "common/client.h"
#include "common/error.h"
#include "common/memory.h"
#include "common/prefix.h"
#include "host.h"

struct server_keeper {
    struct keeper keeper;
    extvm_allocator allocator;
    extvm_testvm *server;
};

static extvm_status is_ready(struct keeper *keeper, uint64_t deadline, const atomic_bool *stop,
                             extvm_error *error) {
    (void)keeper;
    (void)deadline;
    (void)stop;
    (void)error;
    return EXTVM_OK;
}

static bool call_ended(struct keeper *keeper) {
    (void)keeper;
    return false;
}

static void left(struct keeper *keeper, bool politely) {
    (void)keeper;
    (void)politely;
}

static void release(struct keeper *keeper) {
    struct server_keeper *server_keeper = (struct server_keeper *)keeper;
    extvm_testvm_stop(server_keeper->server);
    extvm_allocator allocator = server_keeper->allocator;
    memory_release(&allocator, server_keeper);
}

/* Starts the server. */
static extvm_status start(const char *listen, const extvm_options *options,
                          struct server_keeper **out, extvm_error *error) {
    static const struct keeper_operations operations = {is_ready, call_ended, left, release};
    struct server_keeper *keeper = memory_zeroed(&options->allocator, sizeof *keeper);
    if (keeper == NULL) {
        return error_no_memory(error, "a VM");
    }
    keeper->keeper.operations = &operations;
    keeper->allocator = options->allocator;
    /* The wire is traced at the client's end only. */
    extvm_options server_options = *options;
    server_options.trace = NULL;
    extvm_status status = extvm_testvm_start(listen, NULL, &server_options, &keeper->server, error);
    if (status != EXTVM_OK) {
        memory_release(&options->allocator, keeper);
        return status;
    }
    *out = keeper;
    return EXTVM_OK;
}

extvm_status test_mode_new(const char *listen, const struct protocol *protocol,
                           const extvm_options *options, extvm_vm **out, extvm_error *error) {
    struct server_keeper *keeper = NULL;
    struct endpoint endpoint;
    extvm_status status = start(listen, options, &keeper, error);
    if (keeper == NULL) {
        return status;
    }
    const char *name = host_of(protocol)->name;
    const char *address = extvm_testvm_address_for(keeper->server, name);
    status =
        endpoint_parse_tcp(&endpoint, address, text_after(text_after(address, name), "://"), error);
    if (status != EXTVM_OK) {
        release(&keeper->keeper);
        return status;
    }
    struct keeper *const keepers[] = {&keeper->keeper};
    return client_new(protocol, &endpoint, 1, keepers, options, NULL, out, error);
}
