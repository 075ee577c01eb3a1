/* The dialogue: what both ends share. The node's end is in session_node.c, the VM's in
 * session_vm.c. */
#include "session.h"

#include <string.h>

#include "error.h"

enum {
    KEPT_OUTPUT = 65536, /* bytes that a buffer may keep between two messages */
    TEXT_MAXIMUM = 1 << 20
};

static void init(struct session *session, const struct protocol *protocol,
                 const extvm_allocator *allocator, const struct session_settings *settings) {
    *session =
        (struct session){.protocol = protocol, .allocator = allocator, .settings = *settings};
    frame_reader_init(&session->reader, allocator, settings->spare, settings->max_frame);
    buffer_init(&session->out, allocator, SIZE_MAX / 2);
    buffer_init(&session->text, allocator, TEXT_MAXIMUM);
    arena_init_spare(&session->arena, allocator, settings->spare, SIZE_MAX);
    arena_init_spare(&session->call_arena, allocator, settings->spare, SIZE_MAX);
    ledger_init(&session->ledger, allocator, settings->spare);
}

void session_init_node(struct session *session, const struct protocol *protocol,
                       const extvm_allocator *allocator, const struct session_settings *settings) {
    init(session, protocol, allocator, settings);
    session->state = SESSION_IDLE;
}

void session_init_vm(struct session *session, const struct protocol *const *protocols,
                     const extvm_allocator *allocator, const struct session_settings *settings) {
    init(session, protocols[0], allocator, settings);
    session->protocols = protocols;
    session->at_vm = true;
    session->state = SESSION_GREETING;
}

void session_free(struct session *session) {
    extvm_result_free(session->result);
    session->result = NULL;
    frame_reader_free(&session->reader);
    buffer_free(&session->out);
    buffer_free(&session->text);
    arena_free(&session->arena);
    arena_free(&session->call_arena);
    ledger_free(&session->ledger);
}

void session_reset(struct session *session) {
    frame_reader_reset(&session->reader);
    session_abandon(session);
    session->greeted = session->heard = false;
    session->calls = 0;
    session->state = session->at_vm ? SESSION_GREETING : SESSION_IDLE;
    session->protocol = session->at_vm ? session->protocols[0] : session->protocol;
}

void session_abandon(struct session *session) {
    extvm_result_free(session->result);
    session->result = NULL;
    session->out.size = session->sent = 0;
    session->state = session->state == SESSION_ASKING_CALLER ? SESSION_IDLE : SESSION_BROKEN;
}

extvm_status session_break(struct session *session, extvm_status status) {
    session->state = SESSION_BROKEN;
    return status;
}

uint8_t *session_space(struct session *session, size_t *size) {
    return frame_space(&session->reader, size);
}

void session_received(struct session *session, size_t size) {
    session->heard = session->heard || size > 0;
    frame_received(&session->reader, size);
}

extvm_bytes session_output(const struct session *session) {
    size_t size = session->out.size - session->sent;
    return (extvm_bytes){size > 0 ? session->out.data + session->sent : NULL, size};
}

void session_sent(struct session *session, size_t size) {
    session->sent += size;
    if (session->sent == session->out.size) {
        session->out.size = session->sent = 0;
        buffer_shrink(&session->out, KEPT_OUTPUT);
    }
}

void session_trim(struct session *session) {
    if (session_is_quiet(session)) {
        frame_reader_reset(&session->reader);
    }
}

bool session_is_quiet(const struct session *session) {
    return frame_pending(&session->reader) == 0;
}

bool session_in_frame(const struct session *session) {
    size_t pending = frame_pending(&session->reader);
    return pending > 0 && (pending < FRAME_HEADER_SIZE ||
                           pending - FRAME_HEADER_SIZE < frame_announced(&session->reader));
}

extvm_status session_closed(struct session *session, bool reset, extvm_error *error) {
    const char *how = reset ? "reset" : "closed";
    const char *vm = session->protocol->vm_name;
    session->state = SESSION_BROKEN;
    if (session->at_vm) {
        return error_set(error, EXTVM_VM_CLOSED, "the node %s the session", how);
    }
    if (!session->heard) {
        return error_set(error, EXTVM_VERSION_REJECTED,
                         "the VM %s the session right after Hello: it does not speak %s protocol "
                         "%s, or it died: check that it is %s that listens there, and its version",
                         how, vm, session->protocol->version, vm);
    }
    if (reset) {
        return error_set(error, EXTVM_VM_RESET,
                         "the VM reset the session in the middle of a call: it died, or something "
                         "between cut the connection: check the VM's own log");
    }
    if (frame_pending(&session->reader) > 0) {
        return error_set(error, EXTVM_VM_CLOSED_IN_FRAME,
                         "the VM closed the session inside a frame (%zu bytes came, %zu were "
                         "announced): it died while it wrote: check the VM's own log",
                         frame_pending(&session->reader),
                         FRAME_HEADER_SIZE + frame_announced(&session->reader));
    }
    return error_set(error, EXTVM_VM_CLOSED,
                     "the VM closed the session in the middle of a call: it died or was stopped: "
                     "check the VM's own log");
}

extvm_status session_end_frame(struct session *session, size_t start, bool encoded,
                               extvm_error *error) {
    if (!encoded) {
        session->out.size = start;
        return session_break(session, error_no_memory(error, "a message to the other end"));
    }
    if (!frame_end(&session->out, start)) {
        session->out.size = start;
        return session_break(session,
                             error_set(error, EXTVM_OUT_OF_RANGE,
                                       "a message is longer than the 4 GiB that a frame can hold"));
    }
    return EXTVM_OK;
}

struct arena *session_scratch(struct session *session) {
    arena_reset(&session->arena);
    session->arena.maximum = SIZE_MAX;
    return &session->arena;
}

extvm_bytes session_encoded(const struct session *session, size_t start) {
    start += FRAME_HEADER_SIZE;
    return (extvm_bytes){session->out.data + start, session->out.size - start};
}

extvm_status session_take_frame(struct session *session, extvm_bytes *body, bool *whole,
                                extvm_error *error) {
    enum frame_state state = frame_next(&session->reader, body);
    *whole = state == FRAME_COMPLETE;
    if (state == FRAME_OVERSIZE) {
        return session_break(
            session, error_set(error, EXTVM_FRAME_TOO_LARGE,
                               "a frame of %zu bytes was announced, the limit is %zu "
                               "(option max-frame): raise it, or check that the other end "
                               "speaks this protocol",
                               frame_announced(&session->reader), session->settings.max_frame));
    }
    return EXTVM_OK;
}

bool session_traces(struct session *session) {
    session->text.size = 0;
    return session->settings.trace != NULL;
}

/* How much a counter has grown since `*last`; it begins again from 0 with each attempt. */
static uint64_t growth(const uint64_t *counter, uint64_t *last) {
    uint64_t now = counter != NULL ? *counter : 0;
    uint64_t grown = now >= *last ? now - *last : now;
    *last = now;
    return grown;
}

void session_trace(struct session *session, extvm_direction direction, const char *name,
                   extvm_bytes body) {
    struct buffer *text = &session->text;
    bool terminated = buffer_append(text, "", 1);
    session->calls += strcmp(name, "CallContext") == 0;
    extvm_trace_message message = {
        .direction = direction,
        .name = name,
        .body = body,
        .text = terminated ? (const char *)text->data : "(too long to show)",
        .protocol = session->protocol->version,
        .vm_name = session->protocol->vm_name,
        .peer = session->settings.peer,
        .session = session,
        .at_vm = session->at_vm,
        .call = session->calls,
        .vm_time = growth(session->settings.vm_time, &session->traced_vm_time),
        .wire_time = growth(session->settings.wire_time, &session->traced_wire_time),
    };
    session->settings.trace(session->settings.trace_context, &message);
}

extvm_status session_next(struct session *session, struct session_event *event,
                          extvm_error *error) {
    *event = (struct session_event){.kind = SESSION_WANTS_BYTES};
    return session->at_vm ? session_next_at_vm(session, event, error)
                          : session_next_at_node(session, event, error);
}
