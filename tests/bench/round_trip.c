/* Queries per second of the library beside a bare ping-pong: two plain blocking sockets that send
 * the same bytes back and forth, with the same VM thread, in the same run, turn by turn. The VM
 * asks for 32-byte storage values. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <extvm/extvm.h>

enum { QUERIES = 20000, ROUNDS = 9, KEY_SIZE = 33 };

/* Less a fifth, for noise. */
static const double floor_ratio = 0.95 * 0.8, floor_spin_ratio = 2.0 * 0.8;

#define SPIN "50us" /* how long both ends poll for where they spin */

/* Frames as in protocol/kevm.md, sections 6.5 and 13; the key's and the value's bytes are f0…. */
static uint8_t account_query[28] = {0, 0, 0, 0x18, 0x0a, 0x16, 0x0a, 0x14};
static uint8_t contract_query[28] = {0, 0, 0, 0x18, 0x0a, 0x16, 0x0a, 0x14};
static uint8_t storage_query[63] = {0, 0, 0, 0x3b, 0x12, 0x39, 0x0a, 0x14};
static uint8_t storage_answer[39] = {0, 0, 0, 0x23, 0x0a, 0x21};
static const uint8_t call_result[17] = {0,    0,    0, 0x0d, 0x2a, 0x0b, 0x12, 0x01, 0x01,
                                        0x1a, 0x03, 1, 0,    0,    0x22, 0x01, 0};

struct server {
    int listener;
    struct sockaddr_storage address;
    socklen_t size;
    atomic_bool spins; /* the VM polls, as one that answers fast */
};

static void make_frames(void) {
    memset(account_query + 8, 0xa1, 20);
    memset(contract_query + 8, 0xcc, 20);
    memset(storage_query + 8, 0xcc, 20);
    storage_query[28] = 0x12;
    storage_query[29] = KEY_SIZE;
    memset(storage_query + 31, 0xf0, KEY_SIZE - 1);
    memset(storage_answer + 7, 0xf0, KEY_SIZE - 1);
}

static void give_up(const char *what) {
    perror(what);
    exit(1);
}

static void send_all(int socket, const void *data, size_t size) {
    if (send(socket, data, size, MSG_NOSIGNAL) != (ssize_t)size) {
        give_up("send");
    }
}

/* One receive; the other end sends a message at a time. False at the end of the stream. */
static bool receive(int socket, bool spins) {
    enum { POLLS = 200 /* more than SPIN */ };
    uint8_t buffer[4096];
    ssize_t size = -1;
    for (int i = 0; spins && size < 0 && i < POLLS; i++) {
        size = recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
    }
    if (size < 0) {
        size = recv(socket, buffer, sizeof buffer, 0);
    }
    if (size < 0) {
        give_up("recv");
    }
    return size > 0;
}

static void no_delay(int socket) {
    int on = 1;
    (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* The VM: for each call it is sent, two accounts, QUERIES storage values, a result. */
static void *serve(void *argument) {
    const struct server *server = argument;
    for (;;) {
        int socket = accept(server->listener, NULL, NULL);
        if (socket < 0) {
            return NULL;
        }
        no_delay(socket);
        while (receive(socket, server->spins)) {
            send_all(socket, account_query, sizeof account_query);
            receive(socket, server->spins);
            send_all(socket, contract_query, sizeof contract_query);
            receive(socket, server->spins);
            for (int i = 0; i < QUERIES; i++) {
                send_all(socket, storage_query, sizeof storage_query);
                receive(socket, server->spins);
            }
            send_all(socket, call_result, sizeof call_result);
        }
        close(socket);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* -- the bare ping-pong -- */

static int connect_plain(const struct server *server) {
    int made = socket(server->address.ss_family, SOCK_STREAM, 0);
    if (made < 0 || connect(made, (const struct sockaddr *)&server->address, server->size) != 0) {
        give_up("connect");
    }
    no_delay(made);
    return made;
}

static double plain_seconds(int socket) {
    static const uint8_t account[10] = {0, 0, 0, 6};
    double start = now();
    send_all(socket, account, sizeof account); /* the call */
    for (int i = 0; i < 2; i++) {
        receive(socket, false);
        send_all(socket, account, sizeof account);
    }
    for (int i = 0; i < QUERIES; i++) {
        receive(socket, false);
        send_all(socket, storage_answer, sizeof storage_answer);
    }
    receive(socket, false);
    return now() - start;
}

/* -- the library -- */

static extvm_lookup account(void *context, const extvm_address *address, extvm_account *out) {
    static const uint8_t one = 1;
    (void)context;
    (void)address;
    *out = (extvm_account){.nonce = {&one, 1}, .balance = {&one, 1}};
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup storage(void *context, const extvm_address *address, extvm_bytes key,
                            extvm_bytes *out) {
    (void)context;
    (void)address;
    (void)key;
    *out = (extvm_bytes){storage_answer + 6, KEY_SIZE};
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup code(void *context, const extvm_address *address, extvm_bytes *out) {
    (void)context;
    (void)address;
    (void)out;
    return EXTVM_LOOKUP_ABSENT;
}

static extvm_lookup block_hash(void *context, uint64_t number, extvm_word *out) {
    (void)context;
    (void)number;
    (void)out;
    return EXTVM_LOOKUP_ABSENT;
}

static double library_seconds(extvm_vm *vm) {
    static const uint8_t gas[] = {1, 0, 0};
    const extvm_world world = {NULL, account, storage, code, block_hash};
    extvm_address contract;
    extvm_call call = {.recipient = &contract, .gas_provided = {gas, sizeof gas}};
    memset(&contract, 0xcc, sizeof contract);
    memset(&call.caller, 0xa1, sizeof call.caller);
    extvm_result *result;
    extvm_error error;
    double start = now();
    if (extvm_run(vm, &call, &world, &result, &error) != EXTVM_OK) {
        fprintf(stderr, "bench: %s\n", error.text);
        exit(1);
    }
    double seconds = now() - start;
    if (extvm_result_stats(result).storage_queries != QUERIES) {
        fprintf(stderr, "bench: not all queries were asked\n");
        exit(1);
    }
    extvm_result_free(result);
    return seconds;
}

/* -- the comparison -- */

static int compare(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double median(double *values) {
    qsort(values, ROUNDS, sizeof *values, compare);
    return values[ROUNDS / 2];
}

/* Prints the figures for one kind of socket; returns the library's share of the bare rate. */
static double measure(const char *name, const char *address, struct server *server,
                      const char *spin) {
    pthread_t thread;
    extvm_vm *vm;
    extvm_error error;
    bool spins = strcmp(spin, "0us") != 0;
    extvm_options *options = extvm_options_new(NULL);
    if (options == NULL || extvm_options_set(options, "spin", spin, &error) != EXTVM_OK) {
        exit(1);
    }
    double plain[ROUNDS], library[ROUNDS], ratios[ROUNDS];
    pthread_create(&thread, NULL, serve, server);
    if (extvm_open(address, options, &vm, &error) != EXTVM_OK) {
        fprintf(stderr, "bench: %s\n", error.text);
        exit(1);
    }
    for (int i = 0; i < ROUNDS; i++) {
        /* One connection at a time: the VM serves them in turn. */
        server->spins = false;
        int socket = connect_plain(server);
        plain[i] = plain_seconds(socket);
        close(socket);
        server->spins = spins;
        library[i] = library_seconds(vm);
        extvm_close(vm);
        if (extvm_open(address, options, &vm, &error) != EXTVM_OK) {
            exit(1);
        }
        ratios[i] = plain[i] / library[i];
    }
    extvm_close(vm);
    extvm_options_free(options);
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(server->listener);
    double bare = median(plain), ours = median(library), ratio = median(ratios);
    printf("%-8s %12.0f %12.0f %11.2f us %11.2f us %8.2f\n", name, QUERIES / bare, QUERIES / ours,
           bare / QUERIES * 1e6, ours / QUERIES * 1e6, ratio);
    return ratio;
}

static double measure_tcp(const char *name, const char *spin) {
    struct server server = {.size = sizeof(struct sockaddr_in)};
    struct sockaddr_in *address = (struct sockaddr_in *)&server.address;
    char text[64];
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server.listener, (struct sockaddr *)address, server.size) != 0 ||
        getsockname(server.listener, (struct sockaddr *)address, &server.size) != 0 ||
        listen(server.listener, 8) != 0) {
        give_up("listen");
    }
    snprintf(text, sizeof text, "kevm://127.0.0.1:%u", ntohs(address->sin_port));
    return measure(name, text, &server, spin);
}

static double measure_unix(void) {
    struct server server = {.size = sizeof(struct sockaddr_un)};
    struct sockaddr_un *address = (struct sockaddr_un *)&server.address;
    char text[160];
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof address->sun_path, "/tmp/extvm-bench-%d", (int)getpid());
    server.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(server.listener, (struct sockaddr *)address, server.size) != 0 ||
        listen(server.listener, 8) != 0) {
        give_up("listen");
    }
    snprintf(text, sizeof text, "kevm+unix:%s", address->sun_path);
    double ratio = measure("unix", text, &server, "0us");
    unlink(address->sun_path);
    return ratio;
}

int main(void) {
    make_frames();
    printf("One session, %d storage queries a call, median of %d rounds\n\n", QUERIES, ROUNDS);
    printf("%-8s %12s %12s %14s %14s %8s\n", "", "bare q/s", "extvm q/s", "bare trip", "extvm trip",
           "ratio");
    double tcp = measure_tcp("tcp", "0us"), local = measure_unix();
    double spinning = measure_tcp("spin", SPIN);
    printf("\nspin: both ends poll for " SPIN ", beside the bare ping-pong that sleeps\n");
    return tcp < floor_ratio || local < floor_ratio || spinning < floor_spin_ratio ? 1 : 0;
}
