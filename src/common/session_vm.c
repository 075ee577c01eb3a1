/* The VM's end of the dialogue: Hello, CallContext, then queries and a result. */
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "session.h"
#include "trace.h"

/* What the protocols' versions are, for people: "2.2 and 3.0". */
static void list_versions(const struct protocol *const *protocols, char *text, size_t size) {
    size_t length = 0;
    for (size_t i = 0; protocols[i] != NULL && length < size; i++) {
        const char *before = i == 0 ? "" : protocols[i + 1] != NULL ? ", " : " and ";
        length +=
            (size_t)snprintf(text + length, size - length, "%s%s", before, protocols[i]->version);
    }
}

static extvm_status reject_version(struct session *session, extvm_bytes version,
                                   extvm_error *error) {
    char versions[64];
    list_versions(session->protocols, versions, sizeof versions);
    return session_break(session,
                         error_set(error, EXTVM_VERSION_REJECTED,
                                   "the node's Hello has version \"%.*s\", this VM speaks %s",
                                   (int)(version.size < 32 ? version.size : 32),
                                   version.size > 0 ? (const char *)version.data : "", versions));
}

/* The protocol whose Hello this is, NULL when it is of none; and the version that it has. */
static extvm_status find_protocol(struct session *session, extvm_bytes body,
                                  const struct protocol **protocol, extvm_bytes *version,
                                  extvm_error *error) {
    extvm_status status = EXTVM_OK;
    *version = (extvm_bytes){NULL, 0};
    arena_reset(&session->arena);
    for (const struct protocol *const *one = session->protocols; *one != NULL; one++) {
        status = (*one)->decode_hello(body, &session->arena, version, error);
        const extvm_bytes wanted = {(const uint8_t *)(*one)->version, strlen((*one)->version)};
        *protocol = *one;
        if (status == EXTVM_NO_MEMORY ||
            (status == EXTVM_OK && extvm_bytes_equal(*version, wanted))) {
            return status;
        }
    }
    *protocol = NULL;
    return status;
}

static extvm_status take_hello(struct session *session, extvm_bytes body, extvm_error *error) {
    const struct protocol *protocol;
    extvm_bytes version;
    extvm_status status = find_protocol(session, body, &protocol, &version, error);
    if (status != EXTVM_OK) {
        return session_break(session, status);
    }
    session->protocol = protocol != NULL ? protocol : session->protocol;
    if (session_traces(session)) {
        trace_hello(&session->text, version, NULL);
        session_trace(session, EXTVM_NODE_TO_VM, "Hello", body);
    }
    if (protocol == NULL) {
        return reject_version(session, version, error);
    }
    session->greeted = true;
    session->state = SESSION_IDLE;
    return EXTVM_OK;
}

static extvm_status take_call(struct session *session, extvm_bytes body,
                              struct session_event *event, extvm_error *error) {
    arena_reset(&session->call_arena);
    extvm_status status =
        session->protocol->decode_call(body, &session->call_arena, &session->received_call, error);
    if (status != EXTVM_OK) {
        return session_break(session, status);
    }
    session->call = &session->received_call;
    if (session_traces(session)) {
        trace_call(&session->text, session->call, session->protocol->sends_chain);
        session_trace(session, EXTVM_NODE_TO_VM, "CallContext", body);
    }
    session->state = SESSION_RUNNING;
    event->kind = SESSION_CALL;
    event->call = session->call;
    return EXTVM_OK;
}

static extvm_status take_answer(struct session *session, extvm_bytes body,
                                struct session_event *event, extvm_error *error) {
    struct answer answer = {.found = false};
    arena_reset(&session->arena);
    extvm_status status =
        session->protocol->decode_answer(body, &session->query, &session->arena, &answer, error);
    if (status != EXTVM_OK) {
        return session_break(session, status);
    }
    if (session_traces(session)) {
        trace_answer(&session->text, &session->query, &answer);
        session_trace(session, EXTVM_NODE_TO_VM, trace_answer_name(session->query.kind), body);
    }
    session->state = SESSION_RUNNING;
    event->kind = SESSION_ANSWER;
    event->answer = answer;
    return EXTVM_OK;
}

extvm_status session_next_at_vm(struct session *session, struct session_event *event,
                                extvm_error *error) {
    extvm_bytes body;
    bool whole = true;
    extvm_status status = EXTVM_OK;
    while (status == EXTVM_OK && session->state != SESSION_RUNNING &&
           session->state != SESSION_BROKEN) {
        status = session_take_frame(session, &body, &whole, error);
        if (status != EXTVM_OK || !whole) {
            return status;
        }
        switch (session->state) {
        case SESSION_GREETING:
            status = take_hello(session, body, error);
            break;
        case SESSION_IDLE:
            return take_call(session, body, event, error);
        default:
            return take_answer(session, body, event, error);
        }
    }
    return status;
}

extvm_status session_ask(struct session *session, const struct query *query, extvm_error *error) {
    if (session->state != SESSION_RUNNING) {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "no call is running on this session");
    }
    size_t start = session->out.size;
    bool encoded =
        frame_begin(&session->out) && session->protocol->encode_query(query, &session->out);
    extvm_status status = session_end_frame(session, start, encoded, error);
    if (status == EXTVM_OK) {
        /* The answer is decoded by kind and needs no key, which is only borrowed here. */
        session->query = *query;
        session->query.key = (extvm_bytes){NULL, 0};
        session->state = SESSION_WAITING;
        if (session_traces(session)) {
            trace_query(&session->text, query);
            session_trace(session, EXTVM_VM_TO_NODE, trace_query_name(query->kind),
                          session_encoded(session, start));
        }
    }
    return status;
}

extvm_status session_finish(struct session *session, const extvm_result *result,
                            extvm_error *error) {
    if (session->state != SESSION_RUNNING) {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "no call is running on this session");
    }
    size_t start = session->out.size;
    bool encoded =
        frame_begin(&session->out) &&
        session->protocol->encode_result(result, session_scratch(session), &session->out);
    extvm_status status = session_end_frame(session, start, encoded, error);
    if (status == EXTVM_OK) {
        session->state = SESSION_IDLE;
        arena_reset(&session->call_arena);
        session_trim(session);
        if (session_traces(session)) {
            trace_result(&session->text, result);
            session_trace(session, EXTVM_VM_TO_NODE, "CallResult", session_encoded(session, start));
        }
    }
    return status;
}
