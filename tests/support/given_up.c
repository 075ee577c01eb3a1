/* A handle on a scripted VM that goes on when the node has waited in vain. */
#include "support/given_up.h"

#include <errno.h>

#include "support/cmocka.h"

#include "common/client.h"
#include "common/clock.h"

/* The handle only borrows its calls. */
static struct socket_calls calls;
static struct scripted_vm *halted;
static uint64_t patience, last_sent; /* nanoseconds */

static ssize_t send_and_note(int socket, const void *data, size_t size, int flags) {
    last_sent = clock_now();
    return system_socket_calls.send(socket, data, size, flags);
}

/* A node that looks again when its time is over is one that has given up: it is about to leave. */
static ssize_t receive_and_release(int socket, void *data, size_t size, int flags) {
    ssize_t received = system_socket_calls.receive(socket, data, size, flags);
    int number = errno;
    if (received < 0 && number == EAGAIN && clock_now() - last_sent > patience) {
        scripted_vm_release(halted);
    }
    errno = number;
    return received;
}

extvm_vm *given_up_open(struct scripted_vm *vm, const extvm_options *options) {
    struct endpoint endpoint;
    extvm_vm *opened = NULL;
    const char *address = scripted_vm_address(vm);
    halted = vm;
    calls = system_socket_calls;
    calls.send = send_and_note;
    calls.receive = receive_and_release;
    assert_int_equal(endpoint_parse_tcp(&endpoint, address, address, NULL), EXTVM_OK);
    assert_int_equal(
        client_new(scripted_vm_protocol(vm), &endpoint, 1, NULL, options, &calls, &opened, NULL),
        EXTVM_OK);
    patience = client_of(opened)->settings.wait_timeout;
    return opened;
}
