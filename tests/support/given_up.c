/* A handle on a scripted VM that goes on when the node has waited in vain. */
#include "support/given_up.h"

#include "support/cmocka.h"

#include "common/client.h"

/* The handle only borrows its calls. */
static struct socket_calls calls;
static struct scripted_vm *halted;

/* A wait of the node's that nothing has ended is over. */
static int poll_and_release(struct pollfd *wanted, nfds_t count, const struct timespec *timeout,
                            const sigset_t *signals) {
    int ready = system_socket_calls.poll(wanted, count, timeout, signals);
    if (ready == 0) {
        scripted_vm_release(halted);
    }
    return ready;
}

extvm_vm *given_up_open(struct scripted_vm *vm, const extvm_options *options) {
    struct endpoint endpoint;
    extvm_vm *opened = NULL;
    const char *address = scripted_vm_address(vm);
    halted = vm;
    calls = system_socket_calls;
    calls.poll = poll_and_release;
    assert_int_equal(endpoint_parse_tcp(&endpoint, address, address, NULL), EXTVM_OK);
    assert_int_equal(
        client_new(scripted_vm_protocol(vm), &endpoint, 1, NULL, options, &calls, &opened, NULL),
        EXTVM_OK);
    return opened;
}
