/* Nodes of a fleet: several threads, each with a handle of its own on the same address, that make
 * calls for some time and hold each result against that of the internal VM.
 *
 *   fleet_client ADDRESS THREADS MILLISECONDS SEED
 *
 * Prints one line of figures; fails when a call was lost or a result was wrong. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "support/workload.h"

enum { THREADS_MAXIMUM = 64 };

struct node {
    pthread_t thread;
    const char *address;
    uint64_t end, seed;
    uint64_t lost, wrong, longest;
    extvm_vm_stats stats;
    extvm_error error; /* of the last call that was lost */
};

static void run_one(struct node *node, extvm_vm *vm, struct workload *workload) {
    extvm_result *result = NULL;
    workload_next(workload);
    uint64_t start = clock_now();
    extvm_status status =
        extvm_run(vm, &workload->one.call, &workload->world, &result, &node->error);
    uint64_t time = clock_now() - start;
    node->longest = time > node->longest ? time : node->longest;
    node->lost += status != EXTVM_OK;
    node->wrong += status == EXTVM_OK && !workload_same(result, workload->expected);
    extvm_result_free(result);
}

/* As conf/haproxy.cfg says that a node's options should be. */
static extvm_vm *open_fleet(const char *address) {
    extvm_vm *vm = NULL;
    extvm_error error = {EXTVM_OK, ""};
    extvm_options *options = extvm_options_new(NULL);
    if (extvm_options_set(options, "after-call", "leave", &error) != EXTVM_OK ||
        extvm_options_set(options, "call-retries", "3", &error) != EXTVM_OK ||
        extvm_open(address, options, &vm, &error) != EXTVM_OK) {
        fprintf(stderr, "fleet_client: %s\n", error.text);
        exit(2);
    }
    extvm_options_free(options);
    return vm;
}

static void *run_node(void *context) {
    struct node *node = context;
    struct workload workload;
    extvm_vm *vm = open_fleet(node->address);
    workload_init(&workload, false, node->seed);
    while (clock_now() < node->end) {
        run_one(node, vm, &workload);
    }
    extvm_stats(vm, &node->stats, NULL);
    extvm_close(vm);
    workload_free(&workload);
    return NULL;
}

static bool report(const struct node *nodes, unsigned count) {
    uint64_t calls = 0, retries = 0, connects = 0, lost = 0, wrong = 0, longest = 0;
    for (unsigned i = 0; i < count; i++) {
        calls += nodes[i].stats.calls;
        retries += nodes[i].stats.retries;
        connects += nodes[i].stats.connects;
        lost += nodes[i].lost;
        wrong += nodes[i].wrong;
        longest = nodes[i].longest > longest ? nodes[i].longest : longest;
        if (nodes[i].lost > 0) {
            fprintf(stderr, "fleet_client: %s\n", nodes[i].error.text);
        }
    }
    printf("# %" PRIu64 " calls of %u nodes, %" PRIu64 " connections, %" PRIu64
           " calls run again, longest call %.3f s, lost calls %" PRIu64 ", wrong results %" PRIu64
           "\n",
           calls, count, connects, retries, (double)longest / (double)NANOSECONDS_IN_SECOND, lost,
           wrong);
    return lost == 0 && wrong == 0;
}

int main(int argc, char **argv) {
    struct node nodes[THREADS_MAXIMUM];
    unsigned count = argc == 5 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    if (count == 0 || count > THREADS_MAXIMUM) {
        fputs("usage: fleet_client ADDRESS THREADS MILLISECONDS SEED\n", stderr);
        return 2;
    }
    uint64_t end = clock_now() + strtoull(argv[3], NULL, 10) * NANOSECONDS_IN_MILLISECOND;
    for (unsigned i = 0; i < count; i++) {
        nodes[i] = (struct node){
            .address = argv[1], .end = end, .seed = strtoull(argv[4], NULL, 10) * 1000 + i + 1};
        if (pthread_create(&nodes[i].thread, NULL, run_node, &nodes[i]) != 0) {
            perror("fleet_client");
            return 2;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(nodes[i].thread, NULL);
    }
    return report(nodes, count) ? 0 : 1;
}
