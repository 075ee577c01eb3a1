/* The node's end of the dialogue. The session asks the world for the caller itself before it sends
 * anything, and after the result for accounts that the VM changes but never asked for and for code
 * that the VM says again; all come as ordinary queries, so that whoever drives the session knows
 * nothing of them. */
#include <extvm/integer.h>

#include "call.h"
#include "error.h"
#include "session.h"
#include "trace.h"
#include "verify.h"

/* Blocks whose hash a program may see (yellow paper, section 9.4.2, BLOCKHASH). */
enum { BLOCK_HASH_WINDOW = 256 };

extvm_status session_begin(struct session *session, const extvm_call *call, extvm_error *error) {
    if (session->state != SESSION_IDLE) {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "a call is running on this session");
    }
    if (frame_pending(&session->reader) > 0) {
        return session_break(session, error_set(error, EXTVM_UNEXPECTED_MESSAGE,
                                                "the VM sent %zu bytes while no call was running",
                                                frame_pending(&session->reader)));
    }
    extvm_status status = call_check(call, error);
    if (status == EXTVM_OK && session->protocol->check_call != NULL) {
        status = session->protocol->check_call(call, error);
    }
    if (status == EXTVM_OK) {
        ledger_clear(&session->ledger);
        session->call = call;
        session->caller_told = session->late_query = false;
        session->stats = (extvm_run_stats){0};
        session->state = SESSION_ASKING_CALLER;
    }
    return status;
}

/* -- sending -- */

static extvm_status send_hello(struct session *session, extvm_error *error) {
    const struct protocol *protocol = session->protocol;
    size_t start = session->out.size;
    bool encoded =
        frame_begin(&session->out) && protocol->encode_hello(session->call, &session->out);
    extvm_status status = session_end_frame(session, start, encoded, error);
    if (status == EXTVM_OK) {
        session->greeted = true;
        if (session_traces(session)) {
            extvm_bytes version = {(const uint8_t *)protocol->version,
                                   __builtin_strlen(protocol->version)};
            trace_hello(&session->text, version,
                        protocol->sends_chain ? &session->call->chain : NULL);
            session_trace(session, EXTVM_NODE_TO_VM, "Hello", session_encoded(session, start));
        }
    }
    return status;
}

static extvm_status send_call(struct session *session, extvm_error *error) {
    size_t start = session->out.size;
    bool encoded =
        frame_begin(&session->out) &&
        session->protocol->encode_call(session->call, session_scratch(session), &session->out);
    extvm_status status = session_end_frame(session, start, encoded, error);
    if (status == EXTVM_OK) {
        session->state = SESSION_WAITING;
        if (session_traces(session)) {
            trace_call(&session->text, session->call, session->protocol->sends_chain);
            session_trace(session, EXTVM_NODE_TO_VM, "CallContext",
                          session_encoded(session, start));
        }
    }
    return status;
}

static extvm_status send_answer(struct session *session, const struct answer *answer,
                                extvm_error *error) {
    size_t start = session->out.size;
    bool encoded = frame_begin(&session->out) &&
                   session->protocol->encode_answer(&session->query, answer, &session->out);
    extvm_status status = session_end_frame(session, start, encoded, error);
    if (status == EXTVM_OK) {
        session->state = SESSION_WAITING;
        if (session_traces(session)) {
            trace_answer(&session->text, &session->query, answer);
            session_trace(session, EXTVM_NODE_TO_VM, trace_answer_name(session->query.kind),
                          session_encoded(session, start));
        }
    }
    return status;
}

/* -- the world's answers -- */

static extvm_status note_account(struct session *session, const struct answer *answer,
                                 extvm_error *error) {
    if (answer->found &&
        (!integer_is_word(answer->account.nonce) || !integer_is_word(answer->account.balance))) {
        return session_break(session, error_set(error, EXTVM_WORLD_FAILED,
                                                "the world answered an account whose nonce or "
                                                "balance is negative or 2^256 and above"));
    }
    if (!ledger_note(&session->ledger, &session->query.address,
                     answer->found ? &answer->account : NULL)) {
        return session_break(session, error_no_memory(error, "the accounts of a call"));
    }
    return EXTVM_OK;
}

static extvm_status start_with_caller(struct session *session, extvm_error *error) {
    const struct known_account *caller = ledger_find(&session->ledger, &session->call->caller);
    extvm_status status = session->protocol->check_caller(session->call, caller, error);
    if (status != EXTVM_OK) {
        session->state = SESSION_IDLE;
        return status;
    }
    if (!session->greeted) {
        status = send_hello(session, error);
    }
    return status == EXTVM_OK ? send_call(session, error) : status;
}

static extvm_status answer_query(struct session *session, const struct answer *answer,
                                 extvm_error *error) {
    extvm_status status = EXTVM_OK;
    if (session->query.kind == QUERY_ACCOUNT) {
        status = note_account(session, answer, error);
    } else if (session->query.kind == QUERY_STORAGE && answer->found) {
        status = session->protocol->check_storage(answer->bytes, error);
        if (status != EXTVM_OK) {
            session_break(session, status);
        }
    }
    return status == EXTVM_OK ? send_answer(session, answer, error) : status;
}

/* A contract keeps its code for good; a server that sends it again (protocol/kevm.md, section 14)
 * must send the same. */
static extvm_status compare_code(struct session *session, const struct answer *answer,
                                 extvm_error *error) {
    extvm_modified_account *account = &session->result->modified[session->compared];
    if (!answer->found || !extvm_bytes_equal(answer->bytes, account->code)) {
        char hex[EXTVM_HEX_SIZE(EXTVM_ADDRESS_SIZE)];
        extvm_bytes_to_hex((extvm_bytes){account->address.bytes, EXTVM_ADDRESS_SIZE}, hex);
        return session_break(session,
                             error_set(error, EXTVM_RESULT_REJECTED,
                                       "the VM's result cannot be true: account %s has another "
                                       "code than before",
                                       hex));
    }
    account->code = (extvm_bytes){NULL, 0};
    return EXTVM_OK;
}

extvm_status session_answer(struct session *session, const struct answer *answer,
                            extvm_error *error) {
    extvm_status status;
    switch (session->state) {
    case SESSION_ASKING_CALLER:
        status = note_account(session, answer, error);
        return status == EXTVM_OK ? start_with_caller(session, error) : status;
    case SESSION_ASKING:
        return answer_query(session, answer, error);
    case SESSION_CHECKING:
        return session->query.kind == QUERY_CODE ? compare_code(session, answer, error)
                                                 : note_account(session, answer, error);
    default:
        return error_set(error, EXTVM_INVALID_ARGUMENT, "no query is open on this session");
    }
}

/* -- the VM's messages -- */

/* The block whose hash the VM wants; false when it is none that a program may see. */
static bool find_block(struct session *session) {
    struct query *query = &session->query;
    uint64_t current;
    if (extvm_integer_to_u64(session->call->block.number, &current) != EXTVM_OK ||
        query->block < 0) {
        return false;
    }
    uint64_t asked = (uint64_t)query->block;
    if (session->settings.block_hash == BLOCK_HASH_PARENT) {
        query->block_number = current - 1 - asked; /* before the first: see extvm/world.h */
        return asked < BLOCK_HASH_WINDOW;
    }
    query->block_number = asked;
    return asked < current && current - asked <= BLOCK_HASH_WINDOW;
}

static bool is_for_caller(const struct session *session) {
    return session->query.kind == QUERY_ACCOUNT &&
           extvm_address_equal(&session->query.address, &session->call->caller);
}

/* Answers what needs no world: the caller, whom it was asked for already, and blocks out of reach.
 */
static extvm_status answer_alone(struct session *session, bool *done, extvm_error *error) {
    struct answer answer = {.found = false};
    *done = true;
    if (is_for_caller(session)) {
        const struct known_account *caller = ledger_find(&session->ledger, &session->call->caller);
        answer.found = caller->exists;
        answer.account = caller->account;
        session->caller_told = true;
        return send_answer(session, &answer, error);
    }
    if (session->query.kind == QUERY_BLOCK_HASH && !find_block(session)) {
        return send_answer(session, &answer, error);
    }
    *done = false;
    return EXTVM_OK;
}

static void count_query(struct session *session) {
    extvm_run_stats *stats = &session->stats;
    uint64_t *const counters[] = {
        [QUERY_ACCOUNT] = &stats->account_queries,
        [QUERY_STORAGE] = &stats->storage_queries,
        [QUERY_CODE] = &stats->code_queries,
        [QUERY_BLOCK_HASH] = &stats->block_hash_queries,
    };
    ++*counters[session->query.kind];
    if (session->query.kind == QUERY_STORAGE) {
        const struct known_account *known = ledger_find(&session->ledger, &session->query.address);
        session->late_query = session->late_query || (known != NULL && !known->exists);
    }
}

static extvm_status take_query(struct session *session, struct session_event *event,
                               extvm_error *error) {
    if (frame_pending(&session->reader) > 0) {
        return session_break(session,
                             error_set(error, EXTVM_UNEXPECTED_MESSAGE,
                                       "the VM sent %zu more bytes while the answer to its %s was "
                                       "due: a VM waits for each answer",
                                       frame_pending(&session->reader),
                                       trace_query_name(session->query.kind)));
    }
    count_query(session);
    bool done;
    session->state = SESSION_ASKING;
    extvm_status status = answer_alone(session, &done, error);
    if (status == EXTVM_OK && !done) {
        event->kind = SESSION_QUERY;
        event->query = &session->query;
    }
    return status;
}

/* Every VM asks for its caller first (section 6), so that a result before is none of this call:
 * an earlier one that comes again must not be taken for it. */
static extvm_status take_result(struct session *session, extvm_result *result, extvm_error *error) {
    session->result = result;
    if (!session->caller_told) {
        return session_break(
            session, error_set(error, EXTVM_UNEXPECTED_MESSAGE,
                               "the VM sent a result before it asked for the call's caller: it is "
                               "of another call: check that nothing between mixes connections"));
    }
    session->checked = session->compared = 0;
    session->state = SESSION_CHECKING;
    extvm_status status = session->protocol->read_outcome(session->call, result, error);
    if (status != EXTVM_OK) {
        return session_break(session, status);
    }
    result_sort(result);
    return EXTVM_OK;
}

static void trace_vm_message(struct session *session, extvm_bytes body,
                             const struct vm_message *message) {
    if (message->result != NULL) {
        trace_result(&session->text, message->result);
        session_trace(session, EXTVM_VM_TO_NODE, "CallResult", body);
    } else {
        trace_query(&session->text, &message->query);
        session_trace(session, EXTVM_VM_TO_NODE, trace_query_name(message->query.kind), body);
    }
}

/* A query leads to an event, or to an answer that is ready to be sent; a result to its checks. */
static extvm_status take_message(struct session *session, struct session_event *event,
                                 extvm_error *error) {
    extvm_bytes body;
    bool whole;
    extvm_status status = session_take_frame(session, &body, &whole, error);
    if (status != EXTVM_OK || !whole) {
        return status;
    }
    /* The trace shows the message as it came: it is not taken over then. */
    bool alone = frame_pending(&session->reader) == 0 && !session_traces(session);
    struct vm_message message = {.owner = alone ? &session->reader.buffer : NULL,
                                 .spare = session->settings.spare};
    arena_reset(&session->arena);
    status = session->protocol->decode_vm_message(body, &session->arena, &message, error);
    frame_body_taken(&session->reader);
    if (status != EXTVM_OK) {
        return session_break(session, status);
    }
    if (session_traces(session)) {
        trace_vm_message(session, body, &message);
    }
    if (message.result != NULL) {
        return take_result(session, message.result, error);
    }
    session->query = message.query;
    return take_query(session, event, error);
}

/* -- the result -- */

/* Sets the query to the next account that the result changes and the ledger does not know; false:
 * there is none. */
static bool ask_for_account(struct session *session) {
    const extvm_result *result = session->result;
    size_t count = result->modified_count + result->deleted_count;
    for (; session->checked < count; session->checked++) {
        size_t i = session->checked;
        const extvm_address *address = i < result->modified_count
                                           ? &result->modified[i].address
                                           : &result->deleted[i - result->modified_count];
        if (ledger_find(&session->ledger, address) == NULL) {
            session->query = (struct query){.kind = QUERY_ACCOUNT, .address = *address};
            return true;
        }
    }
    return false;
}

/* The same to the next account that the result gives code to although it has some. */
static bool ask_for_code(struct session *session) {
    const extvm_result *result = session->result;
    for (; session->compared < result->modified_count; session->compared++) {
        const extvm_modified_account *account = &result->modified[session->compared];
        if (account->code.size > 0 &&
            ledger_find(&session->ledger, &account->address)->account.has_code) {
            session->query = (struct query){.kind = QUERY_CODE, .address = account->address};
            return true;
        }
    }
    return false;
}

static extvm_status conclude(struct session *session, struct session_event *event,
                             extvm_error *error) {
    extvm_result *result = session->result;
    const extvm_call *call = session->call;
    const struct protocol *protocol = session->protocol;
    if (session->late_query && protocol->late_query_quirk != NULL) {
        result_add_quirk(result, protocol->late_query_quirk);
    }
    extvm_status status = protocol->conclude(call, &session->ledger, result, error);
    if (status == EXTVM_OK) {
        status =
            verify_result(call, &session->ledger, result, protocol->balances_may_shrink, error);
    }
    if (status == EXTVM_OK && !result_set_gas_used(result, call->gas_provided)) {
        status = error_no_memory(error, "a result");
    }
    if (status != EXTVM_OK) {
        return session_break(session, status);
    }
    result->beneficiary = call->block.beneficiary;
    result->clears_empty =
        extvm_chain_fork_at(&call->chain, call->block.number) >= EXTVM_FORK_EIP161;
    result->stats = session->stats;
    *event = (struct session_event){.kind = SESSION_RESULT, .result = result};
    session->result = NULL;
    session->state = SESSION_IDLE;
    session_trim(session);
    return EXTVM_OK;
}

static extvm_status check_next(struct session *session, struct session_event *event,
                               extvm_error *error) {
    if (!ask_for_account(session) && !ask_for_code(session)) {
        return conclude(session, event, error);
    }
    event->kind = SESSION_QUERY;
    event->query = &session->query;
    return EXTVM_OK;
}

extvm_status session_next_at_node(struct session *session, struct session_event *event,
                                  extvm_error *error) {
    extvm_status status = EXTVM_OK;
    if (session->state == SESSION_WAITING && session_output(session).size == 0) {
        status = take_message(session, event, error);
    }
    if (status != EXTVM_OK || event->kind != SESSION_WANTS_BYTES) {
        return status;
    }
    switch (session->state) {
    case SESSION_ASKING_CALLER:
        session->query = (struct query){.kind = QUERY_ACCOUNT, .address = session->call->caller};
        /* fall through */
    case SESSION_ASKING:
        event->kind = SESSION_QUERY;
        event->query = &session->query;
        return EXTVM_OK;
    case SESSION_CHECKING:
        return check_next(session, event, error);
    default:
        return EXTVM_OK;
    }
}

bool session_may_leave(const struct session *session) {
    bool running = session->state != SESSION_IDLE && session->state != SESSION_ASKING_CALLER;
    return !running || !session->greeted || session->caller_told;
}
