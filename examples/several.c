/* Several VM processes behind one handle: each runs one call at a time, so that a node with many
 * transactions wants many. Threads share the handle, and calls get their turns in the order they
 * come. With addresses as its argument it uses those VMs: several kevm://a:8888,kevm://b:8888 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include <extvm/extvm.h>

enum { SERVERS = 3, THREADS = 6, CALLS = 4 }; /* calls of each thread */

struct worker {
    pthread_t thread;
    extvm_vm *vm;
    unsigned failed;
};

/* A payment, again and again; each run has a world of its own. */
static void *work(void *context) {
    struct worker *worker = context;
    uint8_t nonce[EXTVM_U64_INTEGER_SIZE], wei[EXTVM_U64_INTEGER_SIZE];
    uint8_t gas[EXTVM_U64_INTEGER_SIZE], value[EXTVM_U64_INTEGER_SIZE];
    extvm_address recipient;
    extvm_call call = {.recipient = &recipient,
                       .value = extvm_integer_from_u64(1, value),
                       .gas_provided = extvm_integer_from_u64(21000, gas)};
    extvm_state *state = extvm_state_new(NULL);
    extvm_chain_set_fork(&call.chain, EXTVM_FORK_BERLIN);
    extvm_address_from_hex("0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", &call.caller);
    extvm_address_from_hex("0xb2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2", &recipient);
    extvm_state_set_account(state, &call.caller, extvm_integer_from_u64(1, nonce),
                            extvm_integer_from_u64(1000, wei));
    const extvm_world world = extvm_state_world(state);
    for (int i = 0; i < CALLS; i++) {
        extvm_result *result;
        extvm_error error;
        if (extvm_run(worker->vm, &call, &world, &result, &error) != EXTVM_OK) {
            fprintf(stderr, "several: %s\n", error.text);
            worker->failed++;
        }
        extvm_result_free(result);
    }
    extvm_state_free(state);
    return NULL;
}

static unsigned run_workers(extvm_vm *vm) {
    struct worker workers[THREADS];
    unsigned failed = 0;
    int started = 0;
    while (started < THREADS) {
        workers[started] = (struct worker){.vm = vm};
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0) {
            failed++;
            break;
        }
        started++;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        failed += workers[i].failed;
    }
    return failed;
}

static void print_processes(const extvm_vm *vm) {
    for (size_t i = 0; i < extvm_endpoint_count(vm); i++) {
        extvm_endpoint_stats process;
        if (extvm_endpoint(vm, i, &process, NULL) == EXTVM_OK) {
            printf("%s: %" PRIu64 " calls on %" PRIu64 " connections, %s\n", process.address,
                   process.calls, process.connects, extvm_endpoint_state_name(process.state));
        }
    }
}

int main(int argc, char **argv) {
    extvm_testvm *servers[SERVERS] = {NULL};
    extvm_error error = {EXTVM_OK, ""};
    extvm_vm *vm = NULL;
    char addresses[200] = "";
    int length = 0;
    unsigned failed = 0;
    for (int i = 0; argc == 1 && i < SERVERS && error.status == EXTVM_OK; i++) {
        /* Servers of our own, slow enough that all get some of the calls. */
        if (extvm_testvm_start("127.0.0.1:0", "delay=5ms", NULL, &servers[i], &error) == EXTVM_OK) {
            length += snprintf(addresses + length, sizeof addresses - (size_t)length, "%s%s",
                               i > 0 ? "," : "", extvm_testvm_address(servers[i]));
        }
    }
    if (error.status == EXTVM_OK) {
        extvm_open(argc > 1 ? argv[1] : addresses, NULL, &vm, &error);
    }
    if (error.status == EXTVM_OK) {
        failed = run_workers(vm);
        print_processes(vm);
    } else {
        fprintf(stderr, "several: %s\n", error.text);
    }
    extvm_close(vm);
    for (int i = 0; i < SERVERS; i++) {
        extvm_testvm_stop(servers[i]);
    }
    return error.status == EXTVM_OK && failed == 0 ? 0 : 1;
}
