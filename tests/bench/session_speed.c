/* What a storage query costs the node's end without a socket: the frame, the dialogue, the codec
 * and a world that answers at once. With a number as argument it only makes so many queries, for a
 * profiler that counts instructions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <extvm/extvm.h>

#include "common/session.h"
#include "iele/iele.h"
#include "kevm/kevm.h"
#include "support/scarce_memory.h"

enum { QUERIES = 400000, ROUNDS = 7 };

/* The limit, and a fifth for noise. */
static const double most_nanoseconds = 300 * 1.2;

static void give_up(const char *what) {
    fprintf(stderr, "session_speed: %s\n", what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double cycles_now(void) {
#if defined(__x86_64__)
    return (double)__builtin_ia32_rdtsc();
#else
    return 0;
#endif
}

/* -- the dialogue -- */

/* The bytes of a query as they come from the socket. */
static void encode_query(const struct protocol *protocol, const struct query *query,
                         struct buffer *out) {
    if (!frame_begin(out) || !protocol->encode_query(query, out) || !frame_end(out, 0)) {
        give_up("no memory for a query");
    }
}

static void answer(struct session *session, const struct query *query) {
    static const uint8_t one = 1, value[] = {0x7f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                                             11,   1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const struct answer known = {.found = true,
                                 .account = {.nonce = {&one, 1}, .balance = {&one, 1}},
                                 .bytes = {value, sizeof value}};
    (void)query;
    if (session_answer(session, &known, NULL) != EXTVM_OK) {
        give_up("the session refuses an answer");
    }
}

static void send_all(struct session *session) {
    session_sent(session, session_output(session).size);
}

/* Feeds a query and answers it. */
static void take(struct session *session, const struct buffer *frame) {
    struct session_event event;
    size_t room;
    uint8_t *space = session_space(session, &room);
    if (space == NULL || room < frame->size) {
        give_up("no memory for a received frame");
    }
    memcpy(space, frame->data, frame->size);
    session_received(session, frame->size);
    while (session_next(session, &event, NULL) == EXTVM_OK) {
        if (event.kind != SESSION_QUERY) {
            send_all(session);
            return;
        }
        answer(session, event.query);
    }
    give_up("the session refuses a query");
}

/* Up to where the VM has its caller. */
static void begin(struct session *session, const struct protocol *protocol,
                  const extvm_call *call) {
    struct session_event event;
    struct buffer frame;
    const struct query caller = {.kind = QUERY_ACCOUNT, .address = call->caller};
    if (session_begin(session, call, NULL) != EXTVM_OK ||
        session_next(session, &event, NULL) != EXTVM_OK || event.kind != SESSION_QUERY) {
        give_up("the session begins with no query for the caller");
    }
    answer(session, event.query);
    send_all(session);
    buffer_init(&frame, extvm_default_allocator(), 1024);
    encode_query(protocol, &caller, &frame);
    take(session, &frame);
    buffer_free(&frame);
}

struct figures {
    double nanoseconds, cycles; /* of a query */
    size_t allocations;         /* of all but the first */
};

/* An IELE is called by a function's name. */
static uint8_t *iele_input(extvm_bytes *input) {
    uint8_t *memory;
    if (extvm_iele_call("load", NULL, 0, NULL, &memory, &input->size, NULL) != EXTVM_OK) {
        give_up("no memory for an input");
    }
    input->data = memory;
    return memory;
}

static struct figures measure(const struct protocol *protocol, size_t queries) {
    const extvm_address caller = {{0xa1}}, contract = {{0xcc}};
    static const uint8_t key[] = {0, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
                                  1, 2,    3, 4, 5, 6, 7, 8, 9, 1, 2, 3,  4,  5,  6,  7};
    const struct query query = {
        .kind = QUERY_STORAGE, .address = contract, .key = {key, sizeof key}};
    extvm_call call = {.caller = caller, .recipient = &contract};
    struct scarce_memory memory = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&memory);
    const struct session_settings settings = {.max_frame = 1 << 20,
                                              .block_hash = protocol->block_hash};
    struct session session;
    struct buffer frame;
    uint8_t gas[EXTVM_U64_INTEGER_SIZE];
    call.gas_provided = extvm_integer_from_u64(1000000, gas);
    call.block.gas_limit = call.gas_provided;
    extvm_chain_set_fork(&call.chain, EXTVM_FORK_BERLIN);
    uint8_t *input = protocol == &iele_protocol ? iele_input(&call.input) : NULL;
    session_init_node(&session, protocol, &allocator, &settings);
    begin(&session, protocol, &call);
    buffer_init(&frame, extvm_default_allocator(), 1024);
    encode_query(protocol, &query, &frame);
    take(&session, &frame);
    struct figures figures = {.allocations = memory.allocations};
    double start = now(), cycles = cycles_now();
    for (size_t i = 0; i < queries; i++) {
        take(&session, &frame);
    }
    figures.cycles = (cycles_now() - cycles) / (double)queries;
    figures.nanoseconds = (now() - start) / (double)queries;
    figures.allocations = memory.allocations - figures.allocations;
    buffer_free(&frame);
    session_free(&session);
    free(input);
    return figures;
}

static bool report(const struct protocol *protocol) {
    struct figures best = measure(protocol, QUERIES);
    for (int i = 1; i < ROUNDS; i++) {
        struct figures one = measure(protocol, QUERIES);
        best.allocations += one.allocations;
        best.nanoseconds = one.nanoseconds < best.nanoseconds ? one.nanoseconds : best.nanoseconds;
        best.cycles = one.cycles < best.cycles ? one.cycles : best.cycles;
    }
    printf("%-6s %10.0f %10.0f %12zu\n", protocol->vm_name, best.nanoseconds, best.cycles,
           best.allocations);
    return best.nanoseconds <= most_nanoseconds && best.allocations == 0;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        measure(&kevm_protocol, strtoul(argv[1], NULL, 10));
        return 0;
    }
    printf("A storage query at the node's end without a socket: best of %d times %d queries\n\n",
           ROUNDS, QUERIES);
    printf("%-6s %10s %10s %12s\n", "", "ns", "cycles", "allocations");
    bool kevm = report(&kevm_protocol), iele = report(&iele_protocol);
    return kevm && iele ? 0 : 1;
}
