/* One call on the test-mode server: a machine whose world asks the node over the socket, and the
 * faults that the server was told to have. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <extvm/integer.h>

#include "common/clock.h"
#include "common/error.h"
#include "server.h"

/* The node's world, seen over the socket of one session. */
struct remote_world {
    struct hosted *hosted;
    extvm_error error; /* why it could not answer */
    struct machine_terms terms;
    bool stalls; /* on purpose: say nothing more */
    extvm_account caller;
    uint8_t numbers[2][EXTVM_WORD_INTEGER_SIZE]; /* of the caller */
};

/* Waits, unless the server stops. */
static void pause_for(const extvm_testvm *server, uint64_t nanoseconds) {
    const uint64_t slice = (uint64_t)20 * NANOSECONDS_IN_MILLISECOND;
    while (nanoseconds > 0 && !atomic_load(&server->is_stopping)) {
        uint64_t part = nanoseconds < slice ? nanoseconds : slice;
        const struct timespec pause = clock_timespec(part);
        nanosleep(&pause, NULL);
        nanoseconds -= part;
    }
}

/* When the node must have taken, or given, what is due now. */
static uint64_t answer_end(const struct hosted *hosted) {
    return clock_now() + hosted->server->settings.answer_timeout;
}

static extvm_status too_late(const struct hosted *hosted, const char *what, extvm_error *error) {
    return error_set(
        error, EXTVM_DEADLINE_PASSED, "the node did not %s in time (option answer-timeout, %.3f s)",
        what, (double)hosted->server->settings.answer_timeout / (double)NANOSECONDS_IN_SECOND);
}

/* -- bytes -- */

static extvm_status send_bytes(struct hosted *hosted, const void *data, size_t size,
                               extvm_error *error) {
    const struct faults *faults = &hosted->server->faults;
    const char *at = data;
    pause_for(hosted->server, faults->delay);
    const uint64_t end = answer_end(hosted);
    while (size > 0) {
        size_t piece = faults->split > 0 && size > faults->split ? faults->split : size;
        ssize_t sent = send(hosted->socket, at, piece, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if ((sent < 0 && errno == EAGAIN) || ((size_t)sent < size && clock_now() >= end)) {
            return too_late(hosted, "read", error);
        }
        if (sent < 0) {
            return error_set(error, EXTVM_VM_CLOSED, "the node is gone: %s", strerror(errno));
        }
        at += sent;
        size -= (size_t)sent;
    }
    return EXTVM_OK;
}

static extvm_status send_output(struct hosted *hosted, extvm_error *error) {
    extvm_bytes output = session_output(&hosted->session);
    extvm_status status = send_bytes(hosted, output.data, output.size, error);
    session_sent(&hosted->session, output.size);
    return status;
}

/* Receives; first without sleeping, for as long as the option spin says. */
static ssize_t receive_bytes(const struct hosted *hosted, uint8_t *space, size_t room) {
    ssize_t size = -1;
    uint64_t spin = hosted->server->settings.spin;
    uint64_t spin_end = spin > 0 ? clock_now() + spin : 0;
    bool spins = spin > 0;
    do {
        size = recv(hosted->socket, space, room, spins ? MSG_DONTWAIT : 0);
        bool again = size < 0 && (errno == EINTR || (spins && errno == EAGAIN));
        if (!again) {
            break;
        }
        spins = spins && clock_now() < spin_end;
    } while (true);
    return size;
}

static extvm_status receive(struct hosted *hosted, uint64_t end, extvm_error *error) {
    size_t room;
    uint8_t *space = session_space(&hosted->session, &room);
    if (space == NULL) {
        return error_no_memory(error, "a received frame");
    }
    ssize_t size = receive_bytes(hosted, space, room);
    if (size > 0) {
        session_received(&hosted->session, (size_t)size);
    }
    if ((size < 0 && errno == EAGAIN) ||
        (session_in_frame(&hosted->session) && clock_now() >= end)) {
        return too_late(hosted, "answer", error);
    }
    if (size > 0) {
        return EXTVM_OK;
    }
    return session_closed(&hosted->session, size < 0, error);
}

/* -- faults -- */

/* What is sent instead of the first query. */
static extvm_status send_nonsense(struct remote_world *world) {
    static const uint8_t oversize[] = {0xff, 0xff, 0xff, 0xff};
    static const uint8_t garbage[] = {0, 0, 0, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t account[] = {0, 0, 0, 6, 0x0a, 1, 1, 0x12, 1, 0};
    struct hosted *hosted = world->hosted;
    const struct faults *faults = &hosted->server->faults;
    if (faults->oversize) {
        return send_bytes(hosted, oversize, sizeof oversize, &world->error);
    }
    return faults->garbage ? send_bytes(hosted, garbage, sizeof garbage, &world->error)
                           : send_bytes(hosted, account, sizeof account, &world->error);
}

static void reset_on_close(struct hosted *hosted) {
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(hosted->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    hosted->is_reset = true;
}

/* Misbehaves before the next message if it was told to; false: the call ends here. */
static bool behaves(struct remote_world *world) {
    struct hosted *hosted = world->hosted;
    extvm_error *error = &world->error;
    const struct faults *faults = &hosted->server->faults;
    if (faults->oversize || faults->garbage || faults->wrong_type) {
        world->stalls = send_nonsense(world) == EXTVM_OK;
        error_set(error, EXTVM_VM_CLOSED, "nonsense on purpose, as the faults say");
        return false;
    }
    if (hosted->queries >= faults->reset_after) {
        reset_on_close(hosted);
        error_set(error, EXTVM_VM_CLOSED, "reset on purpose, as the faults say");
        return false;
    }
    world->stalls = hosted->queries >= faults->stall_after;
    bool ends = world->stalls || hosted->queries >= faults->close_after;
    if (ends) {
        error_set(error, EXTVM_VM_CLOSED, "on purpose, as the faults say");
    }
    return !ends;
}

/* Waits for the node to end the session. */
static void wait_for_end(struct hosted *hosted) {
    char discarded[1024];
    while (!atomic_load(&hosted->server->is_stopping)) {
        ssize_t size = recv(hosted->socket, discarded, sizeof discarded, 0);
        if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN)) {
            return;
        }
    }
}

/* -- the world -- */

/* The node's time does not count for the machine's, unless the options say so. */
static void prolong(struct remote_world *world, uint64_t start) {
    if (world->hosted->server->settings.world_time == WORLD_TIME_APART) {
        world->terms.deadline += clock_now() - start;
    }
}

/* Asks and waits for the answer; `answer` is valid until the next query. */
static bool ask(struct remote_world *world, const struct query *query, struct answer *answer) {
    struct hosted *hosted = world->hosted;
    struct session_event event = {.kind = SESSION_WANTS_BYTES};
    if (!behaves(world)) {
        return false;
    }
    hosted->queries++;
    const uint64_t start = clock_now();
    atomic_fetch_add_explicit(&hosted->steps, 1, memory_order_relaxed);
    extvm_status status = session_ask(&hosted->session, query, &world->error);
    if (status == EXTVM_OK) {
        status = send_output(hosted, &world->error);
    }
    const uint64_t end = answer_end(hosted);
    while (status == EXTVM_OK && event.kind != SESSION_ANSWER) {
        status = session_next(&hosted->session, &event, &world->error);
        if (status == EXTVM_OK && event.kind != SESSION_ANSWER) {
            status = receive(hosted, end, &world->error);
        }
    }
    prolong(world, start);
    *answer = event.answer;
    return status == EXTVM_OK;
}

static extvm_lookup lookup(bool answered, const struct answer *answer) {
    if (!answered) {
        return EXTVM_LOOKUP_FAILED;
    }
    return answer->found ? EXTVM_LOOKUP_FOUND : EXTVM_LOOKUP_ABSENT;
}

/* Keeps what the node says of the caller: a result that is to be like KEVM's needs it. */
static void keep_caller(struct remote_world *world, const extvm_account *account) {
    memcpy(world->numbers[0], account->nonce.data, account->nonce.size);
    memcpy(world->numbers[1], account->balance.data, account->balance.size);
    world->caller.nonce = (extvm_bytes){world->numbers[0], account->nonce.size};
    world->caller.balance = (extvm_bytes){world->numbers[1], account->balance.size};
}

static extvm_lookup remote_account(void *context, const extvm_address *address,
                                   extvm_account *out) {
    struct answer answer;
    const struct query query = {.kind = QUERY_ACCOUNT, .address = *address};
    struct remote_world *world = context;
    bool answered = ask(world, &query, &answer);
    if (answered) {
        *out = answer.account;
        if (extvm_address_equal(address, &world->hosted->session.call->caller)) {
            keep_caller(world, &answer.account);
        }
    }
    return lookup(answered, &answer);
}

static extvm_lookup remote_storage(void *context, const extvm_address *address, extvm_bytes key,
                                   extvm_bytes *out) {
    struct answer answer;
    const struct query query = {.kind = QUERY_STORAGE, .address = *address, .key = key};
    bool answered = ask(context, &query, &answer);
    if (answered) {
        *out = answer.bytes;
    }
    return lookup(answered, &answer);
}

static extvm_lookup remote_code(void *context, const extvm_address *address, extvm_bytes *out) {
    struct answer answer;
    const struct query query = {.kind = QUERY_CODE, .address = *address};
    bool answered = ask(context, &query, &answer);
    if (answered) {
        *out = answer.bytes;
    }
    return lookup(answered, &answer);
}

static bool is_like_real(const struct hosted *hosted) {
    return hosted->server->faults.like_kevm && hosted->host->diverge != NULL;
}

/* What a query for this block's hash has as its number; false: it cannot be asked for. */
static bool block_to_ask(const struct hosted *hosted, uint64_t number, int64_t *block) {
    const uint64_t last =
        is_like_real(hosted) ? hosted->host->last_block_hash : INT32_MAX; /* the field's type */
    if (hosted->host->protocol->block_hash == BLOCK_HASH_PARENT) {
        uint64_t current = 0;
        if (extvm_integer_to_u64(hosted->session.call->block.number, &current) != EXTVM_OK) {
            return false;
        }
        number = current - 1 - number; /* modulo 2^64, as the number is (extvm/world.h) */
    }
    *block = (int64_t)number;
    return number <= last;
}

static extvm_lookup remote_block_hash(void *context, uint64_t number, extvm_word *out) {
    struct remote_world *world = context;
    struct answer answer;
    struct query query = {.kind = QUERY_BLOCK_HASH};
    if (!block_to_ask(world->hosted, number, &query.block)) {
        return EXTVM_LOOKUP_ABSENT;
    }
    bool answered = ask(world, &query, &answer);
    if (answered) {
        *out = answer.hash;
    }
    return lookup(answered, &answer);
}

/* -- the call -- */

static extvm_status give_result(struct remote_world *world, extvm_result *result) {
    struct hosted *hosted = world->hosted;
    extvm_status status = EXTVM_OK;
    if (hosted->session.call->type != EXTVM_TRANSACTION_ACCESS_LIST) {
        result->access_list.count = 0; /* protocol/kevm.md, section 10 */
    }
    if (is_like_real(hosted)) {
        status = hosted->host->diverge(hosted->session.call, &world->caller, result, &world->error);
    }
    if (status == EXTVM_OK && !behaves(world)) {
        return EXTVM_VM_CLOSED;
    }
    if (status == EXTVM_OK) {
        status = session_finish(&hosted->session, result, &world->error);
    }
    return status == EXTVM_OK ? send_output(hosted, &world->error) : status;
}

static void log_end(const struct remote_world *world, const extvm_error *error) {
    const struct hosted *hosted = world->hosted;
    const char *why = world->error.text[0] != '\0' ? world->error.text : error->text;
    log_line(&hosted->server->logger, EXTVM_LOG_WARNING, "test-mode: %s: call given up: %s",
             hosted->peer, why[0] != '\0' ? why : "as the faults say");
}

bool hosted_run_call(struct hosted *hosted, void *machine) {
    struct remote_world world = {.hosted = hosted};
    const extvm_world remote = {&world, remote_account, remote_storage, remote_code,
                                remote_block_hash};
    extvm_error error = {EXTVM_OK, ""};
    extvm_result *result = NULL;
    const extvm_testvm *server = hosted->server;
    hosted->queries = 0;
    world.terms = (struct machine_terms){.deadline = clock_now() + server->settings.call_timeout,
                                         .stop = &server->is_cut,
                                         .like_real = is_like_real(hosted)};
    extvm_status status = hosted->host->machine->run(machine, &world.terms, hosted->session.call,
                                                     &remote, &result, &error);
    if (status == EXTVM_OK) {
        status = give_result(&world, result);
    }
    extvm_result_free(result);
    if (status != EXTVM_OK) {
        log_end(&world, &error);
        if (world.stalls) {
            wait_for_end(hosted);
        }
    }
    return status == EXTVM_OK;
}
