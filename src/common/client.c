/* Running a call on a VM process: taking turns, the world's answers, the call's deadline, and a
 * bounded number of new starts when the transport breaks (DESIGN.md, decisions 2 and 3). */
#include "client.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "memory.h"

struct client {
    extvm_vm vm;
    extvm_allocator allocator;
    struct endpoint endpoint;
    struct settings settings;
    struct logger logger;
    pthread_mutex_t lock; /* of `busy` */
    pthread_cond_t free;
    bool busy;
    /* for whoever has made it busy */
    struct session session;
    struct connection connection;
};

/* One run of a call, through all its attempts. */
struct run {
    struct client *client;
    const extvm_call *call;
    const extvm_world *world;
    uint64_t start, deadline; /* nanoseconds */
    uint64_t world_time;
    unsigned attempts;
    bool heard; /* the VM has sent something in this attempt */
};

/* -- turns -- */

static extvm_status take_turn(struct client *client, uint64_t deadline, extvm_error *error) {
    const struct timespec until = clock_timespec(deadline);
    int waited = 0;
    pthread_mutex_lock(&client->lock);
    while (client->busy && waited != ETIMEDOUT) {
        waited = pthread_cond_clockwait(&client->free, &client->lock, CLOCK_MONOTONIC, &until);
    }
    bool mine = !client->busy;
    client->busy = true;
    pthread_mutex_unlock(&client->lock);
    return mine
               ? EXTVM_OK
               : error_set(error, EXTVM_DEADLINE_PASSED,
                           "other calls kept the VM busy for the whole of this call's time (option "
                           "call-timeout): a VM process runs one call at a time");
}

static void give_turn(struct client *client) {
    pthread_mutex_lock(&client->lock);
    client->busy = false;
    pthread_cond_signal(&client->free);
    pthread_mutex_unlock(&client->lock);
}

/* -- the world -- */

static extvm_lookup look_up(const extvm_world *world, const struct query *query,
                            struct answer *answer) {
    switch (query->kind) {
    case QUERY_ACCOUNT:
        return world->account(world->context, &query->address, &answer->account);
    case QUERY_STORAGE:
        return world->storage(world->context, &query->address, query->key, &answer->bytes);
    case QUERY_CODE:
        return world->code(world->context, &query->address, &answer->bytes);
    case QUERY_BLOCK_HASH:
        return world->block_hash(world->context, query->block_number, &answer->hash);
    }
    return EXTVM_LOOKUP_FAILED;
}

static extvm_status world_failed(const struct query *query, extvm_error *error) {
    static const char *const wanted[] = {[QUERY_ACCOUNT] = "an account",
                                         [QUERY_STORAGE] = "a storage value",
                                         [QUERY_CODE] = "an account's code",
                                         [QUERY_BLOCK_HASH] = "a block's hash"};
    char hex[EXTVM_HEX_SIZE(EXTVM_ADDRESS_SIZE)] = "";
    if (query->kind != QUERY_BLOCK_HASH) {
        extvm_bytes_to_hex((extvm_bytes){query->address.bytes, EXTVM_ADDRESS_SIZE}, hex);
    }
    return error_set(error, EXTVM_WORLD_FAILED,
                     "the node's world could not answer for %s%s%s: the call was given up",
                     wanted[query->kind], hex[0] != '\0' ? " of " : "", hex);
}

static extvm_status ask_world(struct run *run, const struct query *query, extvm_error *error) {
    struct connection *connection = &run->client->connection;
    struct answer answer = {.found = false};
    extvm_lookup found = look_up(run->world, query, &answer);
    uint64_t before = connection->now;
    connection->now = clock_now();
    run->world_time += connection->now - before;
    if (found != EXTVM_LOOKUP_FOUND && found != EXTVM_LOOKUP_ABSENT) {
        return world_failed(query, error);
    }
    answer.found = found == EXTVM_LOOKUP_FOUND;
    return session_answer(&run->client->session, &answer, error);
}

/* -- one attempt -- */

static extvm_status exchange(struct run *run, extvm_error *error) {
    struct client *client = run->client;
    struct connection *connection = &client->connection;
    if (connection->socket < 0) {
        uint64_t retries = run->attempts == 1 ? client->settings.connect_retries : 0;
        extvm_status status = connection_open(connection, retries, run->deadline, error);
        if (status != EXTVM_OK) {
            return status;
        }
    }
    extvm_status status = connection_exchange(connection, run->deadline, error);
    run->heard = run->heard || status == EXTVM_OK;
    return status;
}

static extvm_status dialogue(struct run *run, extvm_result **result, extvm_error *error) {
    struct session *session = &run->client->session;
    struct session_event event;
    extvm_status status = session_begin(session, run->call, error);
    while (status == EXTVM_OK) {
        status = session_next(session, &event, error);
        if (status != EXTVM_OK) {
            break;
        }
        if (event.kind == SESSION_RESULT) {
            *result = event.result;
            break;
        }
        status =
            event.kind == SESSION_QUERY ? ask_world(run, event.query, error) : exchange(run, error);
    }
    return status;
}

/* Leaves the VM, whatever the session was in, so that the next call begins anew. */
static void leave(struct client *client) {
    connection_leave(&client->connection);
    session_reset(&client->session);
}

static extvm_status attempt(struct run *run, extvm_result **result, extvm_error *error) {
    struct client *client = run->client;
    bool reused = client->connection.socket >= 0;
    if (reused && !connection_is_usable(&client->connection)) {
        leave(client);
    }
    run->heard = false;
    extvm_status status = dialogue(run, result, error);
    if (status != EXTVM_OK) {
        if (client->connection.socket >= 0 && client->session.state == SESSION_ASKING_CALLER) {
            session_abandon(&client->session); /* nothing of the call was sent */
        }
        if (client->session.state != SESSION_IDLE) {
            leave(client);
        }
    }
    return status;
}

/* -- all attempts -- */

/* Whether the transport broke, so that the call may run again from the start. */
static bool is_transport_failure(extvm_status status) {
    return status == EXTVM_VM_CLOSED || status == EXTVM_VM_CLOSED_IN_FRAME ||
           status == EXTVM_VM_RESET;
}

/* The first failure is what the caller must know of; that another try failed too is added. */
static extvm_status failed_again(const extvm_error *first, const extvm_error *last,
                                 extvm_error *error) {
    if (extvm_status_classify(last->status) == EXTVM_CLASS_NODE) {
        return error_set(error, last->status, "%s", last->text);
    }
    return error_set(error, first->status, "%.280s; tried again: %.200s", first->text, last->text);
}

static extvm_status run_attempts(struct run *run, extvm_result **result, extvm_error *error) {
    struct client *client = run->client;
    extvm_error first = {EXTVM_OK, ""}, last = {EXTVM_OK, ""};
    for (;;) {
        run->attempts++;
        extvm_status status = attempt(run, result, &last);
        if (status == EXTVM_OK) {
            return EXTVM_OK;
        }
        if (run->attempts == 1) {
            first = last;
        }
        if (!is_transport_failure(status) || run->attempts > client->settings.call_retries ||
            clock_now() >= run->deadline) {
            break;
        }
        log_line(&client->logger, EXTVM_LOG_WARNING, "%s: running the call again: %s",
                 client->endpoint.text, last.text);
    }
    return run->attempts == 1 ? error_set(error, first.status, "%s", first.text)
                              : failed_again(&first, &last, error);
}

static void fill_stats(const struct run *run, extvm_result *result) {
    const struct connection *connection = &run->client->connection;
    result->stats.bytes_sent = connection->bytes_sent;
    result->stats.bytes_received = connection->bytes_received;
    result->stats.total_time = clock_now() - run->start;
    result->stats.vm_time = connection->waited;
    result->stats.world_time = run->world_time;
    result->stats.attempts = run->attempts;
}

static extvm_status client_run(extvm_vm *vm, const extvm_call *call, const extvm_world *world,
                               extvm_result **result, extvm_error *error) {
    struct client *client = (struct client *)vm;
    struct run run = {.client = client, .call = call, .world = world, .start = clock_now()};
    run.deadline = run.start + client->settings.call_timeout;
    extvm_status status = take_turn(client, run.deadline, error);
    if (status == EXTVM_OK) {
        struct connection *connection = &client->connection;
        connection->now = clock_now();
        connection->waited = connection->bytes_sent = connection->bytes_received = 0;
        status = run_attempts(&run, result, error);
        if (status == EXTVM_OK) {
            fill_stats(&run, *result);
        }
        give_turn(client);
    }
    if (status != EXTVM_OK && extvm_status_classify(status) != EXTVM_CLASS_USAGE) {
        error_prefix(error, client->endpoint.text);
    }
    log_line(&client->logger, EXTVM_LOG_DEBUG, "%s: call: %s, %.3f ms, attempts: %u",
             client->endpoint.text, extvm_status_name(status),
             (double)(clock_now() - run.start) / NANOSECONDS_IN_MILLISECOND, run.attempts);
    return status;
}

/* -- making and ending -- */

static void client_close(extvm_vm *vm) {
    struct client *client = (struct client *)vm;
    connection_leave(&client->connection);
    session_free(&client->session);
    pthread_cond_destroy(&client->free);
    pthread_mutex_destroy(&client->lock);
    extvm_allocator allocator = client->allocator;
    memory_release(&allocator, client);
}

static bool make_lock(struct client *client) {
    if (pthread_mutex_init(&client->lock, NULL) != 0) {
        return false;
    }
    if (pthread_cond_init(&client->free, NULL) != 0) {
        pthread_mutex_destroy(&client->lock);
        return false;
    }
    return true;
}

static struct session_settings session_settings(const struct protocol *protocol,
                                                const extvm_options *options) {
    static const enum block_hash_policy chosen[] = {[BLOCK_HASH_CHOSEN_ABSOLUTE] =
                                                        BLOCK_HASH_ABSOLUTE,
                                                    [BLOCK_HASH_CHOSEN_PARENT] = BLOCK_HASH_PARENT};
    uint64_t choice = options->settings.block_hash;
    return (struct session_settings){.max_frame = (size_t)options->settings.max_frame,
                                     .block_hash = choice == BLOCK_HASH_OF_VM ? protocol->block_hash
                                                                              : chosen[choice],
                                     .trace = options->trace,
                                     .trace_context = options->trace_context};
}

extvm_status client_new(const struct protocol *protocol, const struct endpoint *endpoint,
                        const extvm_options *options, const struct socket_calls *calls,
                        extvm_vm **out, extvm_error *error) {
    static const struct vm_operations operations = {client_run, client_close};
    struct client *client = memory_zeroed(&options->allocator, sizeof *client);
    if (client == NULL) {
        return error_no_memory(error, "a VM");
    }
    client->vm.operations = &operations;
    client->allocator = options->allocator;
    client->endpoint = *endpoint;
    client->settings = options->settings;
    client->logger = options->logger;
    if (!make_lock(client)) {
        memory_release(&options->allocator, client);
        return error_set(error, EXTVM_SYSTEM_ERROR, "cannot make a lock");
    }
    struct session_settings settings = session_settings(protocol, options);
    session_init_node(&client->session, protocol, &client->allocator, &settings);
    client->connection = (struct connection){
        .endpoint = &client->endpoint,
        .settings = &client->settings,
        .logger = &client->logger,
        .calls = calls != NULL ? calls : &system_socket_calls,
        .session = &client->session,
        .socket = -1,
    };
    *out = &client->vm;
    return EXTVM_OK;
}
