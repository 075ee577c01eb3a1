/* Running a call on a VM process and waiting for it: the turn, the world's answers, and the
 * dialogue over a blocking connection. */
#include "client.h"

#include <errno.h>

#include "attempts.h"
#include "clock.h"
#include "error.h"
#include "memory.h"

/* -- the turn -- */

static extvm_status take_turn(struct attempts *attempts, bool ahead, extvm_error *error) {
    struct client *client = attempts->client;
    struct call_slot *slot = attempts->run->slot;
    int number = 0;
    uint64_t again;
    line_enter(&client->line, slot, ahead);
    while (!line_has_turn(&client->line, slot, &again)) {
        uint64_t until = again < attempts->deadline ? again : attempts->deadline;
        number = call_slot_wait(slot, ppoll, -1, 0, until);
        bool is_over =
            number == ETIMEDOUT ? until == attempts->deadline : number != 0 && number != EAGAIN;
        if (is_over) {
            return attempts_no_turn(attempts, number, error);
        }
    }
    return EXTVM_OK;
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

static extvm_status ask_world(struct attempts *attempts, struct process *process,
                              const struct query *query, extvm_error *error) {
    struct connection *connection = &process->connection;
    struct answer answer = {.found = false};
    uint64_t before = clock_now();
    extvm_lookup found = look_up(attempts->run->world, query, &answer);
    connection->now = clock_now();
    attempts_note_world(attempts, connection->now - before);
    if (found != EXTVM_LOOKUP_FOUND && found != EXTVM_LOOKUP_ABSENT) {
        return attempts_world_failed(query, error);
    }
    answer.found = found == EXTVM_LOOKUP_FOUND;
    return session_answer(&process->session, &answer, error);
}

/* -- one attempt -- */

static extvm_status connect_to(struct attempts *attempts, struct process *process,
                               extvm_error *error) {
    struct call_slot *slot = attempts->run->slot;
    extvm_status status = EXTVM_OK;
    if (process->keeper != NULL) {
        status = process->keeper->operations->ready(process->keeper, attempts->deadline,
                                                    &slot->stopped, error);
    }
    return status == EXTVM_OK ? connection_open(&process->connection, attempts->deadline, error)
                              : status;
}

/* What is left of the dialogue, until its result or `attempts->deadline`. */
static extvm_status go_through(struct attempts *attempts, struct process *process,
                               extvm_error *error) {
    struct session_event event;
    extvm_status status = EXTVM_OK;
    while (status == EXTVM_OK) {
        status = session_next(&process->session, &event, error);
        if (status != EXTVM_OK) {
            break;
        }
        if (event.kind == SESSION_RESULT) {
            attempts->run->result = event.result;
            break;
        }
        if (event.kind == SESSION_QUERY) {
            status = ask_world(attempts, process, event.query, error);
            continue;
        }
        if (process->connection.socket < 0) {
            status = connect_to(attempts, process, error);
        }
        if (status == EXTVM_OK) {
            status = connection_exchange(&process->connection, attempts->deadline, error);
        }
    }
    return status;
}

static void leave(struct process *process, uint64_t deadline) {
    bool was_connected = process->connection.socket >= 0;
    connection_leave(&process->connection, deadline);
    attempts_left(process, was_connected);
}

static void answer_to_the_end(struct attempts *attempts, struct process *process) {
    struct attempts rest = *attempts;
    struct vm_run run = *attempts->run;
    rest.run = &run;
    rest.deadline = clock_now() + attempts->client->settings.drain_timeout / 2;
    process->connection.now = clock_now();
    run.result = NULL;
    (void)go_through(&rest, process, NULL);
    extvm_result_free(run.result);
}

/* The attempt has ended: brings the process to a state in which the next call can begin. */
static void come_out(struct attempts *attempts, struct process *process, extvm_status status) {
    uint64_t deadline = clock_now() + attempts->client->settings.drain_timeout;
    enum way_out way = attempts_way_out(attempts, status);
    if (way == WAY_ANSWER) {
        answer_to_the_end(attempts, process);
        way = attempts_may_stay(attempts) ? WAY_NONE : WAY_LEAVE;
    }
    if (way == WAY_LEAVE) {
        leave(process, deadline);
    }
}

static extvm_status attempt(struct attempts *attempts, extvm_error *error) {
    struct process *process = attempts->run->slot->process;
    struct connection *connection = &process->connection;
    attempts_start(attempts);
    if (connection->socket >= 0 && !connection_is_usable(connection)) {
        leave(process, clock_now() + attempts->client->settings.drain_timeout);
        connection->slot = attempts->run->slot;
    }
    extvm_status status = session_begin(&process->session, attempts->run->call, error);
    if (status == EXTVM_OK) {
        status = go_through(attempts, process, error);
    }
    come_out(attempts, process, status);
    return status;
}

static extvm_status client_run(extvm_vm *vm, struct vm_run *run, extvm_error *error) {
    struct client *client = (struct client *)vm;
    struct attempts attempts;
    extvm_error last;
    extvm_status status;
    bool again = false;
    attempts_begin(&attempts, client, run);
    do {
        last = (extvm_error){EXTVM_OK, ""};
        status = take_turn(&attempts, again, &last);
        if (status == EXTVM_OK) {
            status = attempt(&attempts, &last);
        }
        again = attempts_go_on(&attempts, status, &last);
    } while (again);
    return attempts_finish(&attempts, status, &last, error);
}

/* -- the processes, for extvm_endpoint -- */

static size_t client_endpoint_count(const extvm_vm *vm) {
    return ((const struct client *)vm)->count;
}

static void client_endpoint(extvm_vm *vm, size_t index, extvm_endpoint_stats *out) {
    struct client *client = (struct client *)vm;
    const struct process *process = &client->processes[index];
    pthread_mutex_lock(&client->line.lock);
    out->address = process->endpoint.text;
    out->calls = process->calls;
    out->failures = process->failed_attempts;
    out->connects = process->connects;
    out->state = process->is_taken        ? EXTVM_ENDPOINT_BUSY
                 : process->needs_restart ? EXTVM_ENDPOINT_NEEDS_RESTART
                 : process->failures > 0  ? EXTVM_ENDPOINT_SET_ASIDE
                 : process->is_connected  ? EXTVM_ENDPOINT_IDLE
                                          : EXTVM_ENDPOINT_UNUSED;
    pthread_mutex_unlock(&client->line.lock);
}

/* -- making and ending -- */

static void client_release(extvm_vm *vm) {
    struct client *client = (struct client *)vm;
    uint64_t deadline = clock_now() + client->settings.drain_timeout;
    for (size_t i = 0; i < client->count; i++) {
        struct keeper *keeper = client->processes[i].keeper;
        leave(&client->processes[i], deadline);
        if (keeper != NULL) {
            keeper->operations->left(keeper, false); /* all processes end at the same time */
        }
    }
    for (size_t i = 0; i < client->count; i++) {
        session_free(&client->processes[i].session);
        if (client->processes[i].keeper != NULL) {
            client->processes[i].keeper->operations->release(client->processes[i].keeper);
        }
    }
    line_free(&client->line);
    vm_free(vm);
    extvm_allocator allocator = vm->allocator;
    memory_release(&allocator, client);
}

static const struct vm_operations client_operations = {client_run, client_release,
                                                       client_endpoint_count, client_endpoint};

struct client *client_of(extvm_vm *vm) {
    return vm->operations == &client_operations ? (struct client *)vm : NULL;
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

static void init_process(struct client *client, struct process *process,
                         const struct protocol *protocol, const extvm_options *options,
                         const struct socket_calls *calls) {
    struct session_settings settings = session_settings(protocol, options);
    settings.peer = process->endpoint.text;
    settings.spare = client->vm.spare;
    settings.vm_time = &process->connection.vm_time;
    settings.wire_time = &process->connection.wire_time;
    session_init_node(&process->session, protocol, &client->vm.allocator, &settings);
    process->connection = (struct connection){
        .endpoint = &process->endpoint,
        .settings = &client->settings,
        .logger = &client->logger,
        .calls = calls != NULL ? calls : &system_socket_calls,
        .statistics = &client->vm.statistics,
        .session = &process->session,
        .socket = -1,
    };
}

static extvm_status make(size_t count, const extvm_options *options, struct client **out,
                         extvm_error *error) {
    size_t size;
    struct client *client = NULL;
    if (size_multiply(count, sizeof(struct process), &size) &&
        size_add(size, sizeof *client, &size)) {
        client = memory_zeroed(&options->allocator, size);
    }
    if (client == NULL) {
        return error_no_memory(error, "a VM");
    }
    client->count = count;
    client->settings = options->settings;
    client->logger = options->logger;
    extvm_status status = vm_init(&client->vm, &client_operations, options, error);
    if (status == EXTVM_OK &&
        !line_init(&client->line, &client->settings, client->processes, count)) {
        vm_free(&client->vm);
        status = error_set(error, EXTVM_SYSTEM_ERROR,
                           "cannot make a lock: check the limits of memory and of threads");
    }
    if (status != EXTVM_OK) {
        memory_release(&options->allocator, client);
        return status;
    }
    *out = client;
    return EXTVM_OK;
}

extvm_status client_new(const struct protocol *protocol, const struct endpoint *endpoints,
                        size_t count, struct keeper *const *keepers, const extvm_options *options,
                        const struct socket_calls *calls, extvm_vm **out, extvm_error *error) {
    struct client *client = NULL;
    extvm_status status = make(count, options, &client, error);
    if (client == NULL) {
        for (size_t i = 0; keepers != NULL && i < count; i++) {
            keepers[i]->operations->release(keepers[i]);
        }
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        client->processes[i].endpoint = endpoints[i];
        client->processes[i].keeper = keepers != NULL ? keepers[i] : NULL;
        init_process(client, &client->processes[i], protocol, options, calls);
    }
    *out = &client->vm;
    return EXTVM_OK;
}
