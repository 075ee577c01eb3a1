/* Calls of an event loop: their beginning and end, the loop, and the world's answers. Whatever
 * wakes a call makes it go on where it is; a step that cannot go on says what it waits for. */
#include "async.h"

#include <event2/event.h>
#include <poll.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/spare.h"

/* Steps that a call makes before the other events of the loop have their turn: about 16 queries. */
enum { STEPS_AT_ONCE = 64 };

/* How soon a call looks again where the loop cannot wake it, in nanoseconds. */
enum { LOOK_AGAIN = 10 * NANOSECONDS_IN_MILLISECOND };

/* -- the loop -- */

/* The next step is to be made as soon as the loop comes to it. */
static void go_on_soon(struct async *call) {
    event_active(call->timer, EV_TIMEOUT, 0);
}

static void on_event(evutil_socket_t descriptor, short what, void *context) {
    struct async *call = context;
    (void)descriptor;
    (void)what;
    enum async_step step = STEP_GO_ON;
    for (unsigned i = 0; i < STEPS_AT_ONCE && step == STEP_GO_ON; i++) {
        step = async_step(call);
    }
    if (step == STEP_GO_ON) {
        go_on_soon(call);
    }
}

static void on_wake(evutil_socket_t descriptor, short what, void *context) {
    struct async *call = context;
    call_slot_woken(call->run.slot);
    on_event(descriptor, what, call);
}

void async_unwatch(struct async *call) {
    if (call->watched >= 0) {
        event_del(call->io);
        call->watched = -1;
    }
}

/* False: the loop has no room for it. */
static bool watch(struct async *call, int descriptor, short events) {
    if (call->watched == descriptor && call->watched_for == events) {
        return true;
    }
    async_unwatch(call);
    if (descriptor < 0) {
        return true;
    }
    short wanted = (short)((events == POLLIN ? EV_READ : EV_WRITE) | EV_PERSIST);
    if (event_assign(call->io, call->base, descriptor, wanted, on_event, call) != 0 ||
        event_add(call->io, NULL) != 0) {
        return false;
    }
    call->watched = descriptor;
    call->watched_for = events;
    return true;
}

enum async_step async_wait(struct async *call, int descriptor, short events, uint64_t until) {
    uint64_t now = clock_now();
    if (!watch(call, descriptor, events) && until > now + LOOK_AGAIN) {
        until = now + LOOK_AGAIN;
    }
    if (until == UINT64_MAX) {
        event_del(call->timer);
        return STEP_WAIT;
    }
    uint64_t left = until > now ? until - now + NANOSECONDS_IN_MICROSECOND - 1 : 0;
    const struct timeval timeout = clock_timeval(left);
    if (event_add(call->timer, &timeout) != 0) {
        go_on_soon(call);
    }
    return STEP_WAIT;
}

/* -- a call's memory -- */

enum { EVENTS = 3, ALIGNMENT = alignof(max_align_t) };

/* The call, in front of its events; their size is libevent's secret. */
static size_t call_part(void) {
    return (sizeof(struct async) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t event_part(void) {
    return (event_get_struct_event_size() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t size_of_call(void) {
    return call_part() + EVENTS * event_part();
}

static struct async *new_call(struct spare *spare) {
    struct async *call = spare_take(spare, size_of_call());
    if (call == NULL) {
        return NULL;
    }
    memset(call, 0, size_of_call());
    struct event **const events[EVENTS] = {&call->wake, &call->io, &call->timer};
    for (size_t i = 0; i < EVENTS; i++) {
        *events[i] = (struct event *)(void *)((char *)call + call_part() + i * event_part());
    }
    call->spare = spare;
    call->watched = -1;
    call->last.status = EXTVM_OK;
    return call;
}

static void release(struct async *call) {
    struct event *const events[EVENTS] = {call->wake, call->io, call->timer};
    for (size_t i = 0; i < EVENTS; i++) {
        event_debug_unassign(events[i]); /* for programs with libevent's debug mode */
    }
    spare_give(call->spare, call, size_of_call());
}

/* -- the world -- */

void async_ask(struct async *call, const struct query *query) {
    const extvm_async_world *world = &call->world;
    extvm_answer *answer = &call->question;
    *answer = (extvm_answer){.call = call, .kind = query->kind, .is_open = true};
    call->state = ASYNC_WORLD;
    call->in_world = true;
    switch (query->kind) {
    case QUERY_ACCOUNT:
        world->account(world->context, answer, &query->address);
        break;
    case QUERY_STORAGE:
        world->storage(world->context, answer, &query->address, query->key);
        break;
    case QUERY_CODE:
        world->code(world->context, answer, &query->address);
        break;
    case QUERY_BLOCK_HASH:
        world->block_hash(world->context, answer, query->block_number);
        break;
    }
    call->in_world = false;
}

void async_note_world(struct async *call) {
    struct connection *connection = &async_process(call)->connection;
    uint64_t before = connection->now;
    connection->now = clock_now();
    if (!call->is_ending) {
        attempts_note_world(&call->attempts, connection->now - before);
    }
}

/* `value` NULL: the world cannot answer. */
static void take_answer(extvm_answer *question, const struct answer *value) {
    if (question == NULL || !question->is_open) {
        return;
    }
    struct async *call = question->call;
    question->is_open = false;
    if (call->is_over) {
        release(call);
    } else if (call->state == ASYNC_WORLD) { /* else the call was given up */
        struct session *session = &async_process(call)->session;
        async_note_world(call);
        call->answer_status = value != NULL
                                  ? session_answer(session, value, async_error(call))
                                  : attempts_world_failed(&session->query, async_error(call));
        if (!call->in_world) {
            go_on_soon(call);
        }
    }
}

static bool asks_for(const extvm_answer *answer, enum query_kind kind) {
    return answer != NULL && answer->kind == kind;
}

void extvm_answer_account(extvm_answer *answer, const extvm_account *account) {
    struct answer value = {.found = true};
    bool fits = account != NULL && asks_for(answer, QUERY_ACCOUNT);
    if (fits) {
        value.account = *account;
    }
    take_answer(answer, fits ? &value : NULL);
}

void extvm_answer_storage(extvm_answer *answer, extvm_bytes value) {
    const struct answer given = {.found = true, .bytes = value};
    take_answer(answer, asks_for(answer, QUERY_STORAGE) ? &given : NULL);
}

void extvm_answer_code(extvm_answer *answer, extvm_bytes code) {
    const struct answer value = {.found = true, .bytes = code};
    take_answer(answer, asks_for(answer, QUERY_CODE) ? &value : NULL);
}

void extvm_answer_block_hash(extvm_answer *answer, const extvm_word *hash) {
    struct answer value = {.found = true};
    bool fits = hash != NULL && asks_for(answer, QUERY_BLOCK_HASH);
    if (fits) {
        value.hash = *hash;
    }
    take_answer(answer, fits ? &value : NULL);
}

void extvm_answer_absent(extvm_answer *answer) {
    const struct answer value = {.found = false};
    take_answer(answer, &value);
}

void extvm_answer_failed(extvm_answer *answer) {
    take_answer(answer, NULL);
}

/* -- an ordinary world -- */

/* Answers when there is no value to be given. */
static void answer_without_value(extvm_answer *answer, extvm_lookup lookup) {
    if (lookup == EXTVM_LOOKUP_ABSENT) {
        extvm_answer_absent(answer);
    } else {
        extvm_answer_failed(answer);
    }
}

static void world_account(void *context, extvm_answer *answer, const extvm_address *address) {
    const extvm_world *world = context;
    extvm_account account = {.has_code = false};
    extvm_lookup lookup = world->account(world->context, address, &account);
    if (lookup == EXTVM_LOOKUP_FOUND) {
        extvm_answer_account(answer, &account);
    } else {
        answer_without_value(answer, lookup);
    }
}

static void world_storage(void *context, extvm_answer *answer, const extvm_address *address,
                          extvm_bytes key) {
    const extvm_world *world = context;
    extvm_bytes value = {NULL, 0};
    extvm_lookup lookup = world->storage(world->context, address, key, &value);
    if (lookup == EXTVM_LOOKUP_FOUND) {
        extvm_answer_storage(answer, value);
    } else {
        answer_without_value(answer, lookup);
    }
}

static void world_code(void *context, extvm_answer *answer, const extvm_address *address) {
    const extvm_world *world = context;
    extvm_bytes code = {NULL, 0};
    extvm_lookup lookup = world->code(world->context, address, &code);
    if (lookup == EXTVM_LOOKUP_FOUND) {
        extvm_answer_code(answer, code);
    } else {
        answer_without_value(answer, lookup);
    }
}

static void world_block_hash(void *context, extvm_answer *answer, uint64_t number) {
    const extvm_world *world = context;
    extvm_word hash = {{0}};
    extvm_lookup lookup = world->block_hash(world->context, number, &hash);
    if (lookup == EXTVM_LOOKUP_FOUND) {
        extvm_answer_block_hash(answer, &hash);
    } else {
        answer_without_value(answer, lookup);
    }
}

extvm_async_world extvm_async_world_of(const extvm_world *world) {
    /* It is only read. */
    return (extvm_async_world){(void *)(uintptr_t)world, world_account, world_storage, world_code,
                               world_block_hash};
}

/* -- beginning and end -- */

static void end_events(struct async *call) {
    event_del(call->wake);
    event_del(call->io);
    event_del(call->timer);
}

/* The handle knows nothing of the call any more when `done` is called, which may close it. */
enum async_step async_finish(struct async *call) {
    extvm_error error = {EXTVM_OK, ""};
    extvm_status status = attempts_finish(&call->attempts, call->status, &call->last, &error);
    end_events(call);
    vm_leave(&call->client->vm, &call->run, status);
    call->done(call->context, status, call->run.result, &error);
    call->is_over = true;
    if (!call->question.is_open) {
        release(call);
    }
    return STEP_OVER;
}

static extvm_status make_events(struct async *call, extvm_error *error) {
    int descriptor = call_slot_descriptor(call->run.slot);
    if (descriptor < 0) {
        return error_set(error, EXTVM_SYSTEM_ERROR,
                         "cannot make a descriptor that wakes a call: check the limit of open "
                         "files");
    }
    bool watches = event_assign(call->wake, call->base, descriptor, EV_READ | EV_PERSIST, on_wake,
                                call) == 0 &&
                   event_assign(call->io, call->base, -1, 0, on_event, call) == 0 &&
                   event_assign(call->timer, call->base, -1, 0, on_event, call) == 0 &&
                   event_add(call->wake, NULL) == 0;
    return watches ? EXTVM_OK
                   : error_set(error, EXTVM_SYSTEM_ERROR,
                               "the event loop cannot watch the descriptor that wakes a call");
}

static bool is_whole(const extvm_async_world *world) {
    return world != NULL && world->account != NULL && world->storage != NULL &&
           world->code != NULL && world->block_hash != NULL;
}

static extvm_status begin(struct async *call, extvm_error *error) {
    extvm_vm *vm = &call->client->vm;
    extvm_status status = vm_enter(vm, &call->run, error);
    if (status != EXTVM_OK) {
        return status;
    }
    calls_note_in_loop(&vm->calls, call->run.slot);
    status = make_events(call, error);
    if (status != EXTVM_OK) {
        vm_leave(vm, &call->run, status);
        return status;
    }
    attempts_begin(&call->attempts, call->client, &call->run);
    async_enter_line(call, false);
    go_on_soon(call);
    return EXTVM_OK;
}

extvm_status extvm_run_async(extvm_vm *vm, struct event_base *base, const extvm_call *call,
                             const extvm_async_world *world, extvm_done_fn done, void *context,
                             extvm_error *error) {
    if (vm == NULL || base == NULL || call == NULL || !is_whole(world) || done == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_run_async needs a VM, an event loop, a call, a world with all its "
                         "functions, and a function for the end");
    }
    struct client *client = client_of(vm);
    if (client == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_run_async is for VMs in other processes: this one runs inside the "
                         "library and would keep the event loop busy for the whole call: use "
                         "extvm_run in a thread");
    }
    struct async *async = new_call(vm->spare);
    if (async == NULL) {
        return error_no_memory(error, "a call");
    }
    async->client = client;
    async->run.call = call;
    async->world = *world;
    async->done = done;
    async->context = context;
    async->base = base;
    extvm_status status = begin(async, error);
    if (status != EXTVM_OK) {
        release(async);
    }
    return status;
}
