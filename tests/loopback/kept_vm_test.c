/* A VM process that somebody looks after and that died: its port must be free for the next one at
 * once, since the real VMs do not set SO_REUSEADDR. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/client.h"
#include "kevm/kevm.h"
#include "support/caller.h"

/* -- a VM that ends after the CallContext -- */

struct dying_vm {
    int listener;
    unsigned port;
    pthread_t thread;
};

/* Listens at the port, 0 for a free one; the errno when it cannot. */
static int listen_at(struct dying_vm *vm, unsigned port) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    vm->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(vm->listener >= 0);
    if (bind(vm->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(vm->listener, 1) != 0) {
        return errno;
    }
    assert_int_equal(getsockname(vm->listener, (struct sockaddr *)&address, &size), 0);
    vm->port = ntohs(address.sin_port);
    return 0;
}

static void *serve_and_die(void *context) {
    static const uint8_t caller_query[] = {
        0,    0,    0,    0x18, 0x0a, 0x16, 0x0a, 0x14, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1,
        0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1};
    const struct dying_vm *vm = context;
    uint8_t received[4096];
    int session = accept(vm->listener, NULL, NULL);
    close(vm->listener);
    if (session >= 0) {
        (void)!recv(session, received, sizeof received, 0);
        (void)!send(session, caller_query, sizeof caller_query, MSG_NOSIGNAL);
        (void)!recv(session, received, sizeof received, 0); /* the caller's account */
        close(session);
    }
    return NULL;
}

/* -- a keeper that does nothing -- */

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
    (void)keeper;
}

static const struct keeper_operations operations = {is_ready, call_ended, left, release};

static void next_vm_can_listen_where_the_last_one_died(void **unused) {
    (void)unused;
    struct keeper keeper = {&operations};
    struct keeper *const keepers[] = {&keeper};
    struct dying_vm vm, next;
    struct endpoint endpoint;
    struct caller caller;
    char address[64];
    extvm_vm *handle = NULL;
    extvm_options *options = extvm_options_new(NULL);
    assert_int_equal(extvm_options_set(options, "call-retries", "0", NULL), EXTVM_OK);
    assert_int_equal(listen_at(&vm, 0), 0);
    assert_int_equal(pthread_create(&vm.thread, NULL, serve_and_die, &vm), 0);
    snprintf(address, sizeof address, "127.0.0.1:%u", vm.port);
    assert_int_equal(endpoint_parse_tcp(&endpoint, address, address, NULL), EXTVM_OK);
    assert_int_equal(
        client_new(&kevm_protocol, &endpoint, 1, keepers, options, NULL, &handle, NULL), EXTVM_OK);
    caller_init(&caller, handle, "00", "100000");
    assert_int_equal(caller_run(&caller), EXTVM_VM_CLOSED);
    assert_int_equal(pthread_join(vm.thread, NULL), 0);
    int number = listen_at(&next, vm.port);
    if (number != 0) {
        fail_msg("port %u: %s", vm.port, strerror(number));
    }
    close(next.listener);
    caller_free(&caller);
    extvm_close(handle);
    extvm_options_free(options);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_vm_can_listen_where_the_last_one_died),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
