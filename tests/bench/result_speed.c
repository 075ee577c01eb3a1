/* How fast a large CallResult is decoded and applied, beside what protobuf-c alone takes for it,
 * how much memory it needs, and what a call that returns much costs after the first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <extvm/extvm.h>

#include "common/frame.h"
#include "common/protobuf.h"
#include "common/result.h"
#include "common/spare.h"
#include "kevm/kevm.h"
#include "vm.pb-c.h"

enum { ACCOUNTS = 10000, UPDATES = 10 /* of each */, ROUNDS = 7, MEBIBYTE = 1 << 20 };

/* Floors less a fifth, for noise. */
static const double floor_speed = 500 * 0.8, floor_ratio = 0.9 * 0.8;

static void give_up(const char *what) {
    fprintf(stderr, "result_speed: %s\n", what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* -- memory that is counted -- */

struct counted {
    size_t live, most; /* bytes */
    size_t allocations;
};

static void *count_allocate(void *context, size_t size) {
    struct counted *counted = context;
    size_t *memory = malloc(size + 16);
    if (memory == NULL) {
        give_up("no memory");
    }
    memory[0] = size;
    counted->allocations++;
    counted->live += size;
    counted->most = counted->live > counted->most ? counted->live : counted->most;
    return memory + 2;
}

static void count_release(void *context, void *memory) {
    struct counted *counted = context;
    if (memory != NULL) {
        size_t *start = (size_t *)memory - 2;
        counted->live -= start[0];
        free(start);
    }
}

/* The old and the new memory are there at the same time. */
static void *count_resize(void *context, void *memory, size_t before, size_t size) {
    void *larger = count_allocate(context, size);
    if (memory != NULL) {
        memcpy(larger, memory, before < size ? before : size);
        count_release(context, memory);
    }
    return larger;
}

/* -- messages -- */

static void put(struct buffer *out, const void *data, size_t size) {
    if (!buffer_append(out, data, size)) {
        give_up("no memory for a message");
    }
}

static void put_varint(struct buffer *out, size_t value) {
    for (; value >= 0x80; value >>= 7) {
        put(out, &(uint8_t){(uint8_t)(value | 0x80)}, 1);
    }
    put(out, &(uint8_t){(uint8_t)value}, 1);
}

static void put_field(struct buffer *out, unsigned number, const void *data, size_t size) {
    put(out, &(uint8_t){(uint8_t)(number << 3 | 2)}, 1);
    put_varint(out, size);
    put(out, data, size);
}

static void put_address(uint8_t address[20], unsigned i) {
    memset(address, 0, 20);
    for (unsigned j = 0; j < 4; j++) {
        address[j] = (uint8_t)(i >> (8 * (3 - j)));
    }
}

/* A VMQuery whose CallResult has `accounts` changed accounts with `updates` storage values of
 * `width` bytes each. */
static void make_changes(struct buffer *out, unsigned accounts, unsigned updates, unsigned width) {
    const extvm_allocator *allocator = extvm_default_allocator();
    struct buffer result, account, update;
    uint8_t bytes[32], address[20];
    buffer_init(&result, allocator, SIZE_MAX);
    buffer_init(&account, allocator, SIZE_MAX);
    buffer_init(&update, allocator, SIZE_MAX);
    put_field(&result, 2, "\x01", 1);
    put_field(&result, 3, "\x01", 1);
    for (unsigned i = 0; i < accounts; i++) {
        account.size = 0;
        put_address(address, i);
        put_field(&account, 1, address, sizeof address);
        put_field(&account, 2, "\x01", 1);
        put_field(&account, 3, "\xe8\xd4\xa5\x10\x00", 5);
        for (unsigned j = 0; j < updates; j++) {
            memset(bytes, (int)(j + 1), sizeof bytes);
            update.size = 0;
            put_field(&update, 1, bytes, width);
            bytes[0] = (uint8_t)(i | 1);
            put_field(&update, 2, bytes, width);
            put_field(&account, 4, update.data, update.size);
        }
        put_field(&result, 6, account.data, account.size);
    }
    put_field(out, 5, result.data, result.size);
    buffer_free(&result);
    buffer_free(&account);
    buffer_free(&update);
}

/* A VMQuery whose CallResult has a return value of `size` bytes. */
static void make_value(struct buffer *out, size_t size) {
    struct buffer result;
    buffer_init(&result, extvm_default_allocator(), SIZE_MAX);
    uint8_t *value = calloc(1, size);
    if (value == NULL) {
        give_up("no memory");
    }
    put_field(&result, 1, value, size);
    put_field(&result, 2, "\x01", 1);
    put_field(&result, 3, "\x01", 1);
    put_field(out, 5, result.data, result.size);
    free(value);
    buffer_free(&result);
}

/* A VMQuery whose CallResult has an access list of `addresses`, and of `locations` at addresses of
 * their own, which are not in order. */
static void make_access_list(struct buffer *out, unsigned addresses, unsigned locations) {
    const extvm_allocator *allocator = extvm_default_allocator();
    struct buffer result, list, location;
    uint8_t address[20];
    buffer_init(&result, allocator, SIZE_MAX);
    buffer_init(&list, allocator, SIZE_MAX);
    buffer_init(&location, allocator, SIZE_MAX);
    for (unsigned i = 0; i < addresses; i++) {
        put_address(address, i);
        put_field(&list, 1, address, sizeof address);
    }
    for (unsigned i = 0; i < locations; i++) {
        put_address(address, i * 2654435761U); /* odd: each another */
        location.size = 0;
        put_field(&location, 1, address, sizeof address);
        put_field(&location, 2, "\x80", 1);
        put_field(&list, 2, location.data, location.size);
    }
    put_field(&result, 2, "\x01", 1);
    put_field(&result, 3, "\x01", 1);
    put_field(&result, 10, list.data, list.size);
    put_field(out, 5, result.data, result.size);
    buffer_free(&result);
    buffer_free(&list);
    buffer_free(&location);
}

/* -- time -- */

/* The frame as it comes from the socket, on a handle that has had no call; then the result of its
 * message. */
static extvm_result *receive(const struct buffer *message, const extvm_allocator *allocator) {
    struct frame_reader reader;
    struct arena arena;
    extvm_bytes body;
    uint8_t header[FRAME_HEADER_SIZE];
    size_t room, taken = 0;
    struct spare *spare = spare_new(allocator);
    if (spare == NULL) {
        give_up("no memory");
    }
    frame_reader_init(&reader, allocator, spare, SIZE_MAX);
    arena_init(&arena, allocator, SIZE_MAX);
    for (unsigned i = 0; i < sizeof header; i++) {
        header[i] = (uint8_t)(message->size >> (8 * (3 - i)));
    }
    memcpy(frame_space(&reader, &room), header, sizeof header);
    frame_received(&reader, sizeof header);
    while (frame_next(&reader, &body) != FRAME_COMPLETE) {
        uint8_t *space = frame_space(&reader, &room);
        size_t size = message->size - taken < room ? message->size - taken : room;
        memcpy(space, message->data + taken, size);
        taken += size;
        frame_received(&reader, size);
    }
    struct vm_message decoded = {.owner = &reader.buffer, .spare = spare};
    extvm_error error = {EXTVM_OK, ""};
    if (kevm_decode_vm_message(body, &arena, &decoded, &error) != EXTVM_OK ||
        decoded.result == NULL) {
        give_up(error.text);
    }
    result_sort(decoded.result);
    arena_free(&arena);
    frame_reader_free(&reader);
    spare_close(spare);
    return decoded.result;
}

/* Seconds to decode the message in `body` once. */
static double time_ours(extvm_bytes body, struct buffer *copy) {
    struct arena arena;
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX);
    memcpy(copy->data, body.data, body.size);
    struct vm_message decoded = {.owner = copy};
    double start = now();
    if (kevm_decode_vm_message((extvm_bytes){copy->data, body.size}, &arena, &decoded, NULL) !=
        EXTVM_OK) {
        give_up("a result cannot be decoded");
    }
    double time = now() - start;
    extvm_result_free(decoded.result);
    arena_free(&arena);
    return time;
}

static double time_protobuf(extvm_bytes body) {
    struct arena arena;
    ProtobufCMessage *message;
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX);
    double start = now();
    if (protobuf_decode(&vm__vmquery__descriptor, body, &arena, &message, NULL) != EXTVM_OK) {
        give_up("protobuf-c cannot decode");
    }
    double time = now() - start;
    arena_free(&arena);
    return time;
}

static double time_apply(const extvm_result *result) {
    extvm_state *state = extvm_state_new(NULL);
    const extvm_sink sink = extvm_state_sink(state);
    double start = now();
    if (extvm_apply(result, &sink, NULL) != EXTVM_OK) {
        give_up("a result cannot be applied");
    }
    double time = now() - start;
    extvm_state_free(state);
    return time;
}

static bool measure_speed(void) {
    const extvm_allocator *allocator = extvm_default_allocator();
    struct buffer message;
    double ours = 1e9, protobuf = 1e9;
    buffer_init(&message, allocator, SIZE_MAX);
    make_changes(&message, ACCOUNTS, UPDATES, 32);
    extvm_bytes body = {message.data, message.size};
    for (int round = 0; round < ROUNDS; round++) {
        struct buffer copy; /* is taken over by the result */
        buffer_init(&copy, allocator, SIZE_MAX);
        put(&copy, body.data, body.size);
        double one = time_ours(body, &copy), other = time_protobuf(body);
        ours = one < ours ? one : ours;
        protobuf = other < protobuf ? other : protobuf;
    }
    double megabytes = (double)body.size / 1e6;
    printf("CallResult with %d accounts and %d storage updates, %.1f MB\n\n", ACCOUNTS,
           ACCOUNTS * UPDATES, megabytes);
    printf("decoded by extvm      %7.0f MB/s\n", megabytes / ours);
    printf("by protobuf-c alone   %7.0f MB/s   ratio %.2f\n", megabytes / protobuf,
           protobuf / ours);
    buffer_free(&message);
    return megabytes / ours >= floor_speed || protobuf / ours >= floor_ratio;
}

static bool measure_apply(void) {
    static const unsigned sizes[] = {1000, 10000, 100000};
    double first = 0, last = 0;
    for (unsigned i = 0; i < 3; i++) {
        struct buffer message;
        double best = 1e9;
        buffer_init(&message, extvm_default_allocator(), SIZE_MAX);
        make_changes(&message, sizes[i], UPDATES, 32);
        extvm_result *result = receive(&message, extvm_default_allocator());
        for (int round = 0; round < 3; round++) {
            double one = time_apply(result);
            best = one < best ? one : best;
        }
        printf("applied: %6u accounts %7.0f ns for each\n", sizes[i], best / sizes[i] * 1e9);
        *(i == 0 ? &first : &last) = best / sizes[i];
        extvm_result_free(result);
        buffer_free(&message);
    }
    return last < 4 * first; /* out of the caches it takes longer, but not ever longer */
}

static bool measure_memory(const char *name, const struct buffer *message, double ceiling) {
    struct counted counted = {0};
    const extvm_allocator allocator = {&counted, count_allocate, count_resize, count_release};
    extvm_result *result = receive(message, &allocator);
    double times = (double)counted.most / (double)message->size;
    double kept = (double)counted.live / (double)message->size;
    printf("memory: %-26s %5.1f MiB: at most %.2f times, kept %.2f times (limit %.1f)\n", name,
           (double)message->size / MEBIBYTE, times, kept, ceiling);
    extvm_result_free(result);
    return times <= ceiling;
}

static bool measure_memories(void) {
    const extvm_allocator *allocator = extvm_default_allocator();
    static const size_t value_sizes[] = {MEBIBYTE, MEBIBYTE * 17 / 16, MEBIBYTE * 17 / 4,
                                         64 * MEBIBYTE - 64};
    struct buffer message;
    bool good = true;
    buffer_init(&message, allocator, SIZE_MAX);
    for (size_t i = 0; i < sizeof value_sizes / sizeof value_sizes[0]; i++) {
        message.size = 0;
        make_value(&message, value_sizes[i]);
        /* Up to 4 MiB it is rounded up to a piece that is kept for the next call. */
        good = measure_memory("one value", &message, i < 2 ? 3 : 2.2) && good;
    }
    message.size = 0;
    make_changes(&message, ACCOUNTS, 600, 1);
    good = measure_memory("storage of 1 byte", &message, 6) && good;
    message.size = 0;
    make_changes(&message, 100000, 1, 1);
    good = measure_memory("accounts with one update", &message, 6) && good;
    message.size = 0;
    make_changes(&message, ACCOUNTS, 80, 32);
    good = measure_memory("storage of 32 bytes", &message, 6) && good;
    message.size = 0;
    make_access_list(&message, 0, 1000000);
    good = measure_memory("access list", &message, 6) && good;
    message.size = 0;
    make_access_list(&message, 1000000, 0);
    good = measure_memory("access list of addresses", &message, 6) && good;
    buffer_free(&message);
    return good;
}

/* -- whole calls -- */

static double now_monotonic(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A handle on a test-mode server, which has an allocator of its own. */
static extvm_vm *open_counted(const extvm_testvm *server, struct counted *counted) {
    const extvm_allocator allocator = {counted, count_allocate, count_resize, count_release};
    extvm_options *options = extvm_options_new(&allocator);
    extvm_vm *vm = NULL;
    if (options == NULL ||
        extvm_open(extvm_testvm_address(server), options, &vm, NULL) != EXTVM_OK) {
        give_up("a VM cannot be opened");
    }
    extvm_options_free(options);
    return vm;
}

static void run_once(extvm_vm *vm, const extvm_call *call, const extvm_world *world, size_t size) {
    extvm_result *result = NULL;
    extvm_error error = {EXTVM_OK, ""};
    if (extvm_run(vm, call, world, &result, &error) != EXTVM_OK) {
        give_up(error.text);
    }
    if (extvm_result_return_data(result).size != size) {
        give_up("a call returned something else");
    }
    extvm_result_free(result);
}

/* A call of a contract in an empty chain; the numbers live for ever. */
static extvm_call make_call(const extvm_address *caller, const extvm_address *contract) {
    static const uint8_t gas[] = {0x10, 0, 0, 0}, zero[] = {0}, one[] = {1};
    const extvm_bytes nothing = {zero, 1}, number = {one, 1};
    extvm_call call = {.caller = *caller, .recipient = contract, .gas_provided = {gas, sizeof gas}};
    call.value = call.gas_price = call.block.difficulty = nothing;
    call.block.number = call.block.gas_limit = number;
    for (unsigned i = 0; i < EXTVM_FORK_COUNT; i++) {
        call.chain.fork_block[i] = nothing;
    }
    call.chain.max_code_size = call.chain.account_start_nonce = call.chain.chain_id = number;
    return call;
}

/* Calls of a program that returns `size` zeros: PUSH3 size PUSH1 0 RETURN. */
static bool measure_returning(extvm_vm *const vms[2], const struct counted *counted, size_t size) {
    enum { CALLS = 300 };
    static const uint8_t one[] = {1};
    static const extvm_address caller = {{0xa1}}, contract = {{0xcc}};
    const uint8_t code[] = {
        0x62, (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size, 0x60, 0, 0xf3};
    const extvm_bytes number = {one, 1};
    const extvm_call call = make_call(&caller, &contract);
    extvm_state *state = extvm_state_new(NULL);
    if (extvm_state_set_account(state, &caller, number, number) != EXTVM_OK ||
        extvm_state_set_code(state, &contract, (extvm_bytes){code, sizeof code}) != EXTVM_OK) {
        give_up("no memory for a state");
    }
    const extvm_world world = extvm_state_world(state);
    size_t allocations = 0;
    double time = 0;
    for (unsigned i = 0; i < 2; i++) { /* the one is counted, the other uses malloc */
        run_once(vms[i], &call, &world, size);
        size_t before = counted->allocations;
        double start = now_monotonic();
        for (unsigned j = 0; j < CALLS; j++) {
            run_once(vms[i], &call, &world, size);
        }
        time = (now_monotonic() - start) / CALLS;
        allocations += counted->allocations - before;
    }
    printf("a call that returns %7zu bytes: %6.0f us, %zu allocations in %d calls (limit 0)\n",
           size, time * 1e6, allocations, CALLS);
    extvm_state_free(state);
    return allocations == 0;
}

static bool measure_calls(void) {
    static const size_t sizes[] = {32, 24576, MEBIBYTE};
    struct counted counted = {0};
    extvm_testvm *server = NULL;
    bool good = true;
    if (extvm_testvm_start("127.0.0.1:0", NULL, NULL, &server, NULL) != EXTVM_OK) {
        give_up("a server cannot be started");
    }
    extvm_vm *vms[2] = {open_counted(server, &counted), NULL};
    if (extvm_open(extvm_testvm_address(server), NULL, &vms[1], NULL) != EXTVM_OK) {
        give_up("a VM cannot be opened");
    }
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        good = measure_returning(vms, &counted, sizes[i]) && good;
    }
    extvm_close(vms[0]);
    extvm_close(vms[1]);
    extvm_testvm_stop(server);
    return good;
}

int main(void) {
    /* First: once a process has freed very large pieces, malloc gives smaller ones back no more. */
    bool good = measure_calls();
    good = measure_speed() && good;
    good = measure_apply() && good;
    good = measure_memories() && good;
    if (!good) {
        fprintf(stderr, "result_speed: a figure is beyond its limit\n");
    }
    return good ? 0 : 1;
}
