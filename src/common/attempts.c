/* The attempts of one call (DESIGN.md, decision 3): a VM keeps nothing between calls, so that a
 * call whose transport broke is run again from the start, a bounded number of times and within the
 * call's time. */
#include "attempts.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "error.h"

void attempts_begin(struct attempts *attempts, struct client *client, struct vm_run *run) {
    *attempts = (struct attempts){.client = client, .run = run, .start = clock_now()};
    attempts->deadline = attempts->start + client->settings.call_timeout;
    attempts->first.status = EXTVM_OK;
}

void attempts_start(struct attempts *attempts) {
    struct connection *connection = &attempts->run->slot->process->connection;
    attempts->began = connection->now = clock_now();
    connection->slot = attempts->run->slot;
    connection->vm_time = connection->wire_time = 0;
    connection->bytes_sent = connection->bytes_received = 0;
    attempts->run->slot->process->session.stats = (extvm_run_stats){0};
}

void attempts_note_world(struct attempts *attempts, uint64_t time) {
    attempts->run->stats.world_time += time;
    if (attempts->client->settings.world_time == WORLD_TIME_APART) {
        attempts->deadline += time;
    }
}

extvm_status attempts_no_turn(struct attempts *attempts, int number, extvm_error *error) {
    line_leave(&attempts->client->line, attempts->run->slot);
    if (number == ECANCELED) {
        return call_slot_cancelled(error);
    }
    if (number != ETIMEDOUT) {
        return error_set(error, EXTVM_SYSTEM_ERROR, "cannot wait for a VM: %s", strerror(number));
    }
    return error_set(error, EXTVM_DEADLINE_PASSED,
                     "other calls kept the VM%s busy for the whole of this call's time (option "
                     "call-timeout): a VM process runs one call at a time",
                     attempts->client->count > 1 ? "s" : "");
}

extvm_status attempts_world_failed(const struct query *query, extvm_error *error) {
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

/* Whether the transport broke, so that the call may run again from the start. */
static bool is_break(extvm_status status) {
    return status == EXTVM_VM_CLOSED || status == EXTVM_VM_CLOSED_IN_FRAME ||
           status == EXTVM_VM_RESET;
}

/* A VM that closed before it said anything may have died, or a load balancer had none to give: only
 * when it happens again is it a matter of versions. */
static bool may_be_break(extvm_status status) {
    return is_break(status) || status == EXTVM_VERSION_REJECTED;
}

/* -- leaving -- */

bool attempts_may_stay(const struct attempts *attempts) {
    const struct process *process = attempts->run->slot->process;
    bool is_kept = attempts->client->settings.after_call == AFTER_CALL_KEEP;
    return process->session.state == SESSION_IDLE && (is_kept || process->connection.socket < 0);
}

enum way_out attempts_way_out(struct attempts *attempts, extvm_status status) {
    struct process *process = attempts->run->slot->process;
    struct session *session = &process->session;
    bool is_ours = extvm_status_classify(status) == EXTVM_CLASS_DEADLINE;
    bool is_connected = process->connection.socket >= 0;
    process->connection.slot = NULL;
    if (status == EXTVM_OK) {
        bool is_replaced =
            process->keeper != NULL && process->keeper->operations->call_ended(process->keeper);
        return is_replaced || !attempts_may_stay(attempts) ? WAY_LEAVE : WAY_NONE;
    }
    if (is_connected && session->state == SESSION_ASKING_CALLER) {
        session_abandon(session); /* nothing of the call was sent */
    }
    if (session->state == SESSION_IDLE) {
        return attempts_may_stay(attempts) ? WAY_NONE : WAY_LEAVE;
    }
    if (is_connected && process->keeper != NULL && may_be_break(status)) {
        connection_reset_at_close(&process->connection);
    }
    return is_ours && is_connected && session->greeted &&
                   attempts->client->settings.leave == LEAVE_ANSWER
               ? WAY_ANSWER
               : WAY_LEAVE;
}

void attempts_left(struct process *process, bool was_connected) {
    session_reset(&process->session);
    if (was_connected && process->keeper != NULL) {
        const struct connection *connection = &process->connection;
        process->keeper->operations->left(process->keeper,
                                          !connection->is_cut_off && !connection->is_gone);
    }
}

/* -- between attempts -- */

static bool is_connect_failure(extvm_status status) {
    return extvm_status_classify(status) == EXTVM_CLASS_UNREACHABLE;
}

static enum turn_end turn_end_of(extvm_status status) {
    switch (extvm_status_classify(status)) {
    case EXTVM_CLASS_OK:
        return TURN_WORKED;
    case EXTVM_CLASS_USAGE:
    case EXTVM_CLASS_NODE:
        return TURN_NOTHING;
    case EXTVM_CLASS_DEADLINE:
        return status == EXTVM_CANCELLED ? TURN_NOTHING : TURN_FAILED;
    default:
        return TURN_FAILED;
    }
}

/* Adds what the attempt cost to what the call costs. */
static void note_attempt(struct attempts *attempts) {
    const struct process *process = attempts->run->slot->process;
    const struct connection *connection = &process->connection;
    extvm_run_stats *stats = &attempts->run->stats;
    stats->vm_time += connection->vm_time;
    stats->wire_time += connection->wire_time;
    stats->bytes_sent += connection->bytes_sent;
    stats->bytes_received += connection->bytes_received;
    stats->account_queries += process->session.stats.account_queries;
    stats->storage_queries += process->session.stats.storage_queries;
    stats->code_queries += process->session.stats.code_queries;
    stats->block_hash_queries += process->session.stats.block_hash_queries;
}

static void log_attempt(const struct attempts *attempts, const extvm_error *error, bool again) {
    unsigned number = attempts->count + attempts->connect_failures;
    log_event(&attempts->client->logger,
              &(extvm_log_event){.level = again && may_be_break(error->status) ? EXTVM_LOG_WARNING
                                                                               : EXTVM_LOG_INFO,
                                 .name = "attempt-failed",
                                 .peer = attempts->run->slot->process->endpoint.text,
                                 .status = error->status,
                                 .attempt = number,
                                 .nanoseconds = clock_now() - attempts->began},
              "attempt %u failed%s: %s", number, again ? ", trying again" : "", error->text);
}

static bool may_try_again(const struct attempts *attempts, extvm_status status) {
    const struct settings *settings = &attempts->client->settings;
    if (call_slot_stopped(attempts->run->slot) || clock_now() >= attempts->deadline) {
        return false;
    }
    return is_connect_failure(status)
               ? attempts->connect_failures <= settings->connect_retries
               : may_be_break(status) && attempts->count <= settings->call_retries;
}

/* How much a failure says: there was no VM, it said nothing, it was there. */
static int weight(extvm_status status) {
    return is_connect_failure(status) ? 0 : status == EXTVM_VERSION_REJECTED ? 1 : 2;
}

/* The first failure is what the caller will be told, of those that say most. */
static void keep_first(struct attempts *attempts, const extvm_error *error) {
    if (attempts->first.status == EXTVM_OK ||
        weight(error->status) > weight(attempts->first.status)) {
        attempts->first = *error;
    }
}

bool attempts_go_on(struct attempts *attempts, extvm_status status, extvm_error *error) {
    struct call_slot *slot = attempts->run->slot;
    if (slot->process == NULL) {
        return false; /* it never got a turn */
    }
    note_attempt(attempts);
    bool connected = !is_connect_failure(status);
    attempts->count += connected ? 1 : 0;
    attempts->connect_failures += connected ? 0 : 1;
    attempts->breaks += is_break(status) ? 1 : 0;
    bool again = status != EXTVM_OK && may_try_again(attempts, status);
    if (status != EXTVM_OK && extvm_status_classify(status) != EXTVM_CLASS_USAGE) {
        error_prefix(error, slot->process->endpoint.text);
        log_attempt(attempts, error, again);
        keep_first(attempts, error);
    }
    line_give(&attempts->client->line, slot, turn_end_of(status));
    return again;
}

/* -- the end -- */

/* The first failure is what the caller must know of; that another try failed too is added. */
static extvm_status failed_again(const struct attempts *attempts, const extvm_error *last,
                                 extvm_error *error) {
    const extvm_error *first = &attempts->first;
    if (extvm_status_classify(last->status) == EXTVM_CLASS_NODE ||
        last->status == EXTVM_CANCELLED) {
        return error_set(error, last->status, "%s", last->text);
    }
    if (attempts->breaks > 1) {
        return error_set(error, EXTVM_CALL_ENDS_VM,
                         "this call ends the VM: it broke off each of the %u times that the call "
                         "was run: %.300s",
                         attempts->breaks, last->text);
    }
    if (attempts->breaks == 0 && is_connect_failure(last->status)) {
        return error_set(
            error, last->status, "%s (tries: %u; options connect-retries %llu, retry-delay %.3g s)",
            last->text, attempts->connect_failures,
            (unsigned long long)attempts->client->settings.connect_retries,
            (double)attempts->client->settings.retry_delay / (double)NANOSECONDS_IN_SECOND);
    }
    if (attempts->count + attempts->connect_failures == 1 && last->status == first->status) {
        return error_set(error, last->status, "%s", last->text); /* it was not tried again */
    }
    return error_set(error, first->status, "%.280s; tried again: %.200s", first->text, last->text);
}

static void fill_stats(struct attempts *attempts) {
    extvm_run_stats *stats = &attempts->run->stats;
    stats->total_time = clock_now() - attempts->start;
    stats->attempts = attempts->count > 0 ? attempts->count : 1;
    if (attempts->run->result != NULL) {
        attempts->run->result->stats = *stats;
    }
}

extvm_status attempts_finish(struct attempts *attempts, extvm_status status,
                             const extvm_error *last, extvm_error *error) {
    const char *peer = attempts->client->processes[0].endpoint.text;
    bool failed_before = attempts->first.status != EXTVM_OK;
    fill_stats(attempts);
    if (status != EXTVM_OK) {
        status = failed_before ? failed_again(attempts, last, error)
                               : error_set(error, status, "%s", last->text);
    }
    log_event(&attempts->client->logger,
              &(extvm_log_event){.level = EXTVM_LOG_DEBUG,
                                 .name = "call",
                                 .peer = peer,
                                 .status = status,
                                 .attempt = attempts->run->stats.attempts,
                                 .nanoseconds = attempts->run->stats.total_time},
              "%s: call: %s, %.3f ms, attempts: %u", peer, extvm_status_name(status),
              (double)attempts->run->stats.total_time / NANOSECONDS_IN_MILLISECOND,
              attempts->run->stats.attempts);
    return status;
}
