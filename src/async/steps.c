/* The steps of a call in an event loop, from its turn to the end of its last attempt. None waits.
 * What may be tried again, how a VM is left and what the caller is told are rules of
 * common/attempts.h and common/connection.h, the same as for calls that wait. */
#include <errno.h>
#include <poll.h>

#include "async.h"
#include "common/clock.h"
#include "common/error.h"

/* How often a process that is being started is asked after, in nanoseconds. */
enum { LOOK_FOR_START = 5 * NANOSECONDS_IN_MILLISECOND };

static enum async_step go_to(struct async *call, enum async_state state) {
    call->state = state;
    return STEP_GO_ON;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* The end of what the call does now. */
static uint64_t deadline_of(const struct async *call) {
    return call->is_ending ? call->until : call->attempts.deadline;
}

/* Whether there may be waiting until then: 0, ECANCELED or ETIMEDOUT. */
static int may_wait(const struct async *call, uint64_t until) {
    if (!call->is_ending && call_slot_stopped(call->run.slot)) {
        return ECANCELED;
    }
    return clock_now() >= until ? ETIMEDOUT : 0;
}

static bool can_write(int socket) {
    struct pollfd wanted = {.fd = socket, .events = POLLOUT};
    return poll(&wanted, 1, 0) > 0;
}

/* -- the way out of an attempt -- */

static enum async_step leave(struct async *call, uint64_t until, enum async_state after) {
    struct connection *connection = &async_process(call)->connection;
    call->after_leaving = after;
    call->until = until;
    call->is_exchanging = false;
    call->reads = 0;
    async_unwatch(call);
    connection->slot = NULL;
    connection->now = clock_now();
    if (connection->socket < 0) {
        attempts_left(async_process(call), false);
        return go_to(call, after);
    }
    return go_to(call, ASYNC_TELL);
}

/* The VM was answered to its end, or there was no more time for that. */
static enum async_step end_answering(struct async *call) {
    if (attempts_may_stay(&call->attempts)) {
        return go_to(call, ASYNC_ATTEMPT_ENDED);
    }
    return leave(call, call->leave_until, ASYNC_ATTEMPT_ENDED);
}

static enum async_step end_attempt(struct async *call, extvm_status status) {
    uint64_t now = clock_now(), drain = call->client->settings.drain_timeout;
    call->is_exchanging = false;
    async_unwatch(call);
    if (call->is_ending) {
        return end_answering(call);
    }
    call->status = status;
    switch (attempts_way_out(&call->attempts, status)) {
    case WAY_ANSWER:
        call->is_ending = true;
        call->leave_until = now + drain;
        call->until = now + drain / 2;
        async_process(call)->connection.now = now;
        /* A query that the world has already is not asked again. */
        return go_to(call, call->question.is_open ? ASYNC_WORLD : ASYNC_TALK);
    case WAY_LEAVE:
        return leave(call, now + drain, ASYNC_ATTEMPT_ENDED);
    case WAY_NONE:
        break;
    }
    return go_to(call, ASYNC_ATTEMPT_ENDED);
}

static enum async_step step_attempt_ended(struct async *call) {
    call->is_ending = false;
    bool again = attempts_go_on(&call->attempts, call->status, &call->last);
    if (!again) {
        return async_finish(call);
    }
    call->last = (extvm_error){EXTVM_OK, ""};
    async_enter_line(call, true);
    return STEP_GO_ON;
}

/* -- the turn -- */

void async_enter_line(struct async *call, bool ahead) {
    call->state = ASYNC_TURN;
    line_enter(&call->client->line, call->run.slot, ahead);
}

static enum async_step step_turn(struct async *call) {
    uint64_t again;
    if (line_has_turn(&call->client->line, call->run.slot, &again)) {
        return go_to(call, ASYNC_BEGIN);
    }
    int number = may_wait(call, call->attempts.deadline);
    if (number != 0) {
        call->status = attempts_no_turn(&call->attempts, number, &call->last);
        return go_to(call, ASYNC_ATTEMPT_ENDED);
    }
    return async_wait(call, -1, 0, earlier(again, call->attempts.deadline));
}

static enum async_step step_begin(struct async *call) {
    struct connection *connection = &async_process(call)->connection;
    attempts_start(&call->attempts);
    if (connection->socket >= 0 && !connection_is_usable(connection)) {
        return leave(call, connection->now + call->client->settings.drain_timeout, ASYNC_SESSION);
    }
    return go_to(call, ASYNC_SESSION);
}

static enum async_step step_session(struct async *call) {
    struct process *process = async_process(call);
    process->connection.slot = call->run.slot;
    call->is_exchanging = false;
    extvm_status status = session_begin(&process->session, call->run.call, &call->last);
    return status == EXTVM_OK ? go_to(call, ASYNC_TALK) : end_attempt(call, status);
}

/* -- connecting -- */

static enum async_step end_connecting(struct async *call, int number) {
    extvm_status status =
        connection_opened(&async_process(call)->connection, call->connect_start, deadline_of(call),
                          number, call->targets.why, async_error(call));
    return status == EXTVM_OK ? go_to(call, ASYNC_TALK) : end_attempt(call, status);
}

static uint64_t connect_end(const struct async *call) {
    uint64_t limit = call->connect_start + call->client->settings.connect_timeout;
    return earlier(limit, deadline_of(call));
}

static enum async_step begin_connecting(struct async *call) {
    const struct endpoint *endpoint = &async_process(call)->endpoint;
    call->connect_start = clock_now();
    call->connect_number = 0;
    call->target = 0;
    call->targets.why = NULL;
    if (resolve_at_once(endpoint, &call->targets)) {
        return go_to(call, ASYNC_CONNECT);
    }
    call->resolution = resolution_new(endpoint);
    return call->resolution != NULL ? go_to(call, ASYNC_RESOLVE) : end_connecting(call, ENOMEM);
}

/* The keeper is asked again and again, since it would wait for its process. */
static enum async_step step_ready(struct async *call) {
    struct keeper *keeper = async_process(call)->keeper;
    uint64_t deadline = deadline_of(call);
    if (keeper == NULL) {
        return begin_connecting(call);
    }
    extvm_status status =
        keeper->operations->ready(keeper, 0, &call->run.slot->stopped, async_error(call));
    if (status == EXTVM_OK) {
        return begin_connecting(call);
    }
    int number = may_wait(call, deadline);
    if (number == ECANCELED) {
        return end_attempt(call, call_slot_cancelled(async_error(call)));
    }
    if (status != EXTVM_DEADLINE_PASSED || number != 0) {
        return end_attempt(call, status);
    }
    return async_wait(call, -1, 0, earlier(clock_now() + LOOK_FOR_START, deadline));
}

static enum async_step step_resolve(struct async *call) {
    int number = may_wait(call, connect_end(call));
    if (resolution_read(call->resolution, &call->targets)) {
        call->connect_number = call->targets.number;
        number = number == ECANCELED ? number : 0; /* no VM is to see a call that was cancelled */
    } else if (number == 0) {
        return async_wait(call, resolution_descriptor(call->resolution), POLLIN, connect_end(call));
    }
    async_unwatch(call);
    resolution_free(call->resolution);
    call->resolution = NULL;
    return number == 0 ? go_to(call, ASYNC_CONNECT) : end_connecting(call, number);
}

/* What came of one address: connected, or on to the next. */
static enum async_step note_target(struct async *call, int number) {
    struct connection *connection = &async_process(call)->connection;
    call->connect_number = number == 0 ? connection_connected(connection) : number;
    bool is_over = call->connect_number == 0 || call->connect_number == ECANCELED;
    return is_over ? end_connecting(call, call->connect_number) : go_to(call, ASYNC_CONNECT);
}

static enum async_step step_connect(struct async *call) {
    struct connection *connection = &async_process(call)->connection;
    if (call->target == call->targets.count) {
        return end_connecting(call, call->connect_number);
    }
    int number = connection_begin_connect(connection, &call->targets.all[call->target++]);
    return number == EINPROGRESS ? go_to(call, ASYNC_CONNECTING) : note_target(call, number);
}

static enum async_step step_connecting(struct async *call) {
    struct connection *connection = &async_process(call)->connection;
    int number = 0;
    bool is_connected = can_write(connection->socket);
    if (!is_connected) {
        number = may_wait(call, connect_end(call));
        if (number == 0) {
            return async_wait(call, connection->socket, POLLOUT, connect_end(call));
        }
    }
    async_unwatch(call);
    return note_target(call, is_connected ? connection_finish_connect(connection)
                                          : connection_give_up_connect(connection, number));
}

/* -- the dialogue -- */

/* The exchange is not done: waits for more of it, or gives it up. */
static enum async_step wait_exchange(struct async *call, short wanted) {
    struct connection *connection = &async_process(call)->connection;
    uint64_t limit = call->exchange.limit, deadline = deadline_of(call);
    int number = may_wait(call, earlier(limit, deadline));
    if (number == 0) {
        return async_wait(call, connection->socket, wanted, earlier(limit, deadline));
    }
    connection->now = clock_now();
    connection_end_exchange(connection, &call->exchange);
    return end_attempt(call, number == ECANCELED ? call_slot_cancelled(async_error(call))
                                                 : connection_too_late(connection, limit, deadline,
                                                                       async_error(call)));
}

static enum async_step step_exchange(struct async *call) {
    short wanted = 0;
    extvm_status status =
        connection_step_exchange(&async_process(call)->connection, &call->exchange, MSG_DONTWAIT,
                                 &wanted, async_error(call));
    if (status == EXTVM_OK && wanted != 0) {
        return wait_exchange(call, wanted);
    }
    call->is_exchanging = false;
    return status == EXTVM_OK ? STEP_GO_ON : end_attempt(call, status);
}

static enum async_step take_result(struct async *call, extvm_result *result) {
    if (call->is_ending) {
        extvm_result_free(result);
    } else {
        call->run.result = result;
    }
    return end_attempt(call, EXTVM_OK);
}

static enum async_step step_talk(struct async *call) {
    struct process *process = async_process(call);
    struct session_event event;
    if (call->is_exchanging) {
        return step_exchange(call);
    }
    extvm_status status = session_next(&process->session, &event, async_error(call));
    if (status != EXTVM_OK) {
        return end_attempt(call, status);
    }
    if (event.kind == SESSION_RESULT) {
        return take_result(call, event.result);
    }
    if (event.kind == SESSION_QUERY) {
        async_ask(call, event.query);
        return STEP_GO_ON;
    }
    if (process->connection.socket < 0) {
        return go_to(call, ASYNC_READY);
    }
    status = connection_begin_exchange(&process->connection, &call->exchange, deadline_of(call),
                                       async_error(call));
    call->is_exchanging = status == EXTVM_OK;
    return status == EXTVM_OK ? step_exchange(call) : end_attempt(call, status);
}

static extvm_status world_too_late(const struct async *call, extvm_error *error) {
    return error_set(error, EXTVM_DEADLINE_PASSED,
                     "the node's world had not answered when the call's time was over (options "
                     "call-timeout, %.3f s, and world-time)",
                     (double)call->client->settings.call_timeout / (double)NANOSECONDS_IN_SECOND);
}

static enum async_step step_world(struct async *call) {
    bool is_timed = call->is_ending || call->client->settings.world_time == WORLD_TIME_COUNTED;
    uint64_t until = is_timed ? deadline_of(call) : UINT64_MAX;
    if (!call->question.is_open) {
        return call->answer_status == EXTVM_OK ? go_to(call, ASYNC_TALK)
                                               : end_attempt(call, call->answer_status);
    }
    int number = may_wait(call, until);
    if (number == 0) {
        return async_wait(call, -1, 0, until);
    }
    async_note_world(call);
    return end_attempt(call, number == ECANCELED ? call_slot_cancelled(async_error(call))
                                                 : world_too_late(call, async_error(call)));
}

/* -- leaving, until call->until -- */

static enum async_step step_tell(struct async *call) {
    struct connection *connection = &async_process(call)->connection;
    short wanted = 0;
    if (!call->is_exchanging &&
        (!connection_owes_caller(connection) ||
         connection_begin_exchange(connection, &call->exchange, call->until, NULL) != EXTVM_OK)) {
        return go_to(call, ASYNC_FLUSH);
    }
    call->is_exchanging = true;
    if (connection_step_exchange(connection, &call->exchange, MSG_DONTWAIT, &wanted, NULL) !=
        EXTVM_OK) {
        return go_to(call, ASYNC_FLUSH);
    }
    uint64_t end = earlier(call->exchange.limit, call->until);
    if (wanted != 0 && clock_now() >= end) {
        return go_to(call, ASYNC_FLUSH);
    }
    call->is_exchanging = wanted != 0;
    return wanted != 0 ? async_wait(call, connection->socket, wanted, end) : STEP_GO_ON;
}

static enum async_step end_leaving(struct async *call, bool was_ended_by_vm) {
    async_unwatch(call);
    connection_close(&async_process(call)->connection, was_ended_by_vm);
    attempts_left(async_process(call), true);
    return go_to(call, call->after_leaving);
}

static enum async_step step_flush(struct async *call) {
    struct connection *connection = &async_process(call)->connection;
    bool would_wait = false;
    if (session_output(connection->session).size > 0 &&
        connection_send(connection, MSG_DONTWAIT, &would_wait, NULL) == EXTVM_OK &&
        session_output(connection->session).size > 0 && clock_now() < call->until) {
        return would_wait ? async_wait(call, connection->socket, POLLOUT, call->until) : STEP_GO_ON;
    }
    return connection_half_close(connection) ? go_to(call, ASYNC_DRAIN) : end_leaving(call, true);
}

static enum async_step step_drain(struct async *call) {
    struct connection *connection = &async_process(call)->connection;
    bool would_wait;
    if (!connection_drain(connection, MSG_DONTWAIT, &would_wait)) {
        return end_leaving(call, true);
    }
    call->reads++;
    if ((would_wait || call->reads % DRAIN_READS == 0) && clock_now() >= call->until) {
        return end_leaving(call, false);
    }
    return would_wait ? async_wait(call, connection->socket, POLLIN, call->until) : STEP_GO_ON;
}

enum async_step async_step(struct async *call) {
    static enum async_step (*const steps[ASYNC_STATE_COUNT])(struct async *) = {
        [ASYNC_TURN] = step_turn,
        [ASYNC_BEGIN] = step_begin,
        [ASYNC_SESSION] = step_session,
        [ASYNC_READY] = step_ready,
        [ASYNC_RESOLVE] = step_resolve,
        [ASYNC_CONNECT] = step_connect,
        [ASYNC_CONNECTING] = step_connecting,
        [ASYNC_TALK] = step_talk,
        [ASYNC_WORLD] = step_world,
        [ASYNC_TELL] = step_tell,
        [ASYNC_FLUSH] = step_flush,
        [ASYNC_DRAIN] = step_drain,
        [ASYNC_ATTEMPT_ENDED] = step_attempt_ended,
    };
    return steps[call->state](call);
}
