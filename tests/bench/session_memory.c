/* How much memory a session takes of the test-mode server while no call of it runs: the server is a
 * process of its own, and what it has resident is read before and after. The sessions make their
 * calls one after the other, and then all at once. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <extvm/extvm.h>

enum { SESSIONS = 512 };

/* KiB of a session, and a fifth for noise. */
static const double most = 64 * 1.2;

static void give_up(const char *what, const char *why) {
    fprintf(stderr, "session_memory: %s: %s\n", what, why);
    exit(1);
}

static void sleep_for(long nanoseconds) {
    const struct timespec time = {.tv_nsec = nanoseconds};
    nanosleep(&time, NULL);
}

/* -- the server -- */

static _Noreturn void serve(int output) {
    extvm_testvm *server;
    extvm_error error;
    if (extvm_testvm_start("127.0.0.1:0", NULL, NULL, &server, &error) != EXTVM_OK) {
        give_up("the server", error.text);
    }
    const char *address = extvm_testvm_address(server);
    if (write(output, address, strlen(address)) < 0) {
        give_up("the server", "cannot say its address");
    }
    close(output);
    for (;;) {
        pause();
    }
}

static pid_t start_server(char address[128]) {
    int ends[2];
    if (pipe(ends) != 0) {
        give_up("the server", "no pipe");
    }
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* it never outlives us */
        close(ends[0]);
        serve(ends[1]);
    }
    close(ends[1]);
    ssize_t size = child > 0 ? read(ends[0], address, 127) : -1;
    close(ends[0]);
    if (size <= 0) {
        give_up("the server", "it did not start");
    }
    address[size] = '\0';
    return child;
}

static double resident_kib(pid_t process) {
    char path[64], line[256];
    double kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)process);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kib = strtod(line + 6, NULL);
        }
    }
    if (file == NULL || kib <= 0) {
        give_up(path, "cannot be read");
    }
    fclose(file);
    return kib;
}

/* -- the sessions -- */

/* Asks for ten storage values. */
#define CODE "600a5b600190038054508060025700"

struct node {
    extvm_vm *vm;
    extvm_state *state;
    extvm_call call;
    long pause; /* nanoseconds, before each answer */
};

static extvm_lookup slow_storage(void *context, const extvm_address *address, extvm_bytes key,
                                 extvm_bytes *out) {
    const struct node *node = context;
    const extvm_world world = extvm_state_world(node->state);
    sleep_for(node->pause);
    return world.storage(world.context, address, key, out);
}

static extvm_lookup account(void *context, const extvm_address *address, extvm_account *out) {
    const extvm_world world = extvm_state_world(((struct node *)context)->state);
    return world.account(world.context, address, out);
}

static extvm_lookup code(void *context, const extvm_address *address, extvm_bytes *out) {
    const extvm_world world = extvm_state_world(((struct node *)context)->state);
    return world.code(world.context, address, out);
}

static extvm_lookup block_hash(void *context, uint64_t number, extvm_word *out) {
    (void)context;
    (void)number;
    (void)out;
    return EXTVM_LOOKUP_ABSENT;
}

static void *run(void *argument) {
    struct node *node = argument;
    const extvm_world world = {node, account, slow_storage, code, block_hash};
    extvm_result *result;
    extvm_error error;
    if (extvm_run(node->vm, &node->call, &world, &result, &error) != EXTVM_OK) {
        give_up("a call", error.text);
    }
    if (extvm_result_stats(result).storage_queries != 10) {
        give_up("a call", "it asked for something else");
    }
    extvm_result_free(result);
    return NULL;
}

static void run_all_at_once(struct node *nodes) {
    pthread_t threads[SESSIONS];
    for (size_t i = 0; i < SESSIONS; i++) {
        nodes[i].pause = 20000000;
        if (pthread_create(&threads[i], NULL, run, &nodes[i]) != 0) {
            give_up("a thread", "cannot be made");
        }
    }
    for (size_t i = 0; i < SESSIONS; i++) {
        pthread_join(threads[i], NULL);
    }
}

static extvm_state *make_state(const extvm_address *caller, const extvm_address *contract) {
    uint8_t program[sizeof CODE], number[EXTVM_U64_INTEGER_SIZE];
    size_t size;
    extvm_state *state = extvm_state_new(NULL);
    const extvm_bytes one = extvm_integer_from_u64(1, number);
    if (state == NULL || extvm_bytes_from_hex(CODE, program, sizeof program, &size) != EXTVM_OK ||
        extvm_state_set_account(state, caller, one, one) != EXTVM_OK ||
        extvm_state_set_code(state, contract, (extvm_bytes){program, size}) != EXTVM_OK) {
        give_up("the state", "it cannot be made");
    }
    return state;
}

/* Returns whether it is little enough. */
static bool report(const char *when, pid_t server, double before) {
    sleep_for(200000000); /* the sessions come back to the loop */
    double each = (resident_kib(server) - before) / SESSIONS;
    printf("%-28s %6.1f KiB (limit 64)\n", when, each);
    return each <= most;
}

int main(void) {
    static struct node nodes[SESSIONS];
    const extvm_address caller = {{0xa1}}, contract = {{0xcc}};
    char address[128];
    uint8_t gas[EXTVM_U64_INTEGER_SIZE];
    pid_t server = start_server(address);
    extvm_state *state = make_state(&caller, &contract);
    const double before = resident_kib(server);
    printf("Memory of an idle session of the test-mode server, %d of them\n\n", SESSIONS);
    for (size_t i = 0; i < SESSIONS; i++) {
        extvm_error error;
        nodes[i].state = state;
        nodes[i].call = (extvm_call){.caller = caller, .recipient = &contract};
        nodes[i].call.gas_provided = extvm_integer_from_u64(1000000, gas);
        extvm_chain_set_fork(&nodes[i].call.chain, EXTVM_FORK_BERLIN);
        if (extvm_open(address, NULL, &nodes[i].vm, &error) != EXTVM_OK) {
            give_up(address, error.text);
        }
        run(&nodes[i]);
    }
    bool alone = report("after calls one by one", server, before);
    run_all_at_once(nodes);
    bool together = report("after calls all at once", server, before);
    for (size_t i = 0; i < SESSIONS; i++) {
        extvm_close(nodes[i].vm);
    }
    extvm_state_free(state);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    return alone && together ? 0 : 1;
}
