/* A recorded call once more: on a VM, and on the recorded VM itself. */
#include <string.h>

#include "common/error.h"
#include "common/session.h"
#include "recorded_world.h"

static extvm_status no_such_call(extvm_error *error) {
    return error_set(error, EXTVM_INVALID_ARGUMENT, "the recording has no call with this number");
}

extvm_status extvm_recording_run(const extvm_recording *recording, size_t index, extvm_vm *vm,
                                 extvm_unknown_query_fn unknown, void *context,
                                 extvm_result **result, extvm_error *error) {
    const struct recorded_call *call = recording_at(recording, index);
    if (call == NULL) {
        return no_such_call(error);
    }
    struct recorded_world recorded;
    extvm_status status = recorded_world_init(&recorded, recording, call, error);
    if (status == EXTVM_OK) {
        const extvm_world world = recorded_world_as_world(&recorded);
        recorded.unknown = unknown;
        recorded.unknown_context = context;
        status = extvm_run(vm, &call->call, &world, result, error);
    }
    recorded_world_free(&recorded);
    return status;
}

/* -- the recorded VM: a session whose other end is the record -- */

static extvm_status receive(struct session *session, const void *data, size_t size,
                            extvm_error *error) {
    const uint8_t *at = data;
    while (size > 0) {
        size_t room;
        uint8_t *space = session_space(session, &room);
        if (space == NULL) {
            return error_no_memory(error, "a recorded frame");
        }
        room = room < size ? room : size;
        memcpy(space, at, room);
        session_received(session, room);
        at += room;
        size -= room;
    }
    return EXTVM_OK;
}

/* The next message of the recorded VM, as it came. */
static extvm_status receive_next(struct session *session, const struct recorded **next,
                                 extvm_error *error) {
    while (*next != NULL && !message_type_is_vm((*next)->type)) {
        *next = (*next)->next;
    }
    if (*next == NULL) {
        return error_set(error, EXTVM_VM_CLOSED, "the record ends before the result");
    }
    extvm_bytes body = (*next)->body;
    const uint8_t header[FRAME_HEADER_SIZE] = {(uint8_t)(body.size >> 24),
                                               (uint8_t)(body.size >> 16),
                                               (uint8_t)(body.size >> 8), (uint8_t)body.size};
    *next = (*next)->next;
    extvm_status status = receive(session, header, sizeof header, error);
    return status == EXTVM_OK ? receive(session, body.data, body.size, error) : status;
}

static extvm_status answer_from(struct recorded_world *recorded, struct session *session,
                                const struct query *query, extvm_error *error) {
    const extvm_world world = recorded_world_as_world(recorded);
    struct answer answer = {.found = false};
    extvm_lookup lookup = EXTVM_LOOKUP_FAILED;
    switch (query->kind) {
    case QUERY_ACCOUNT:
        lookup = world.account(recorded, &query->address, &answer.account);
        break;
    case QUERY_STORAGE:
        lookup = world.storage(recorded, &query->address, query->key, &answer.bytes);
        break;
    case QUERY_CODE:
        lookup = world.code(recorded, &query->address, &answer.bytes);
        break;
    case QUERY_BLOCK_HASH:
        lookup = world.block_hash(recorded, query->block_number, &answer.hash);
        break;
    }
    if (lookup == EXTVM_LOOKUP_FAILED) {
        return error_no_memory(error, "an answer");
    }
    answer.found = lookup == EXTVM_LOOKUP_FOUND;
    return session_answer(session, &answer, error);
}

static extvm_status go_through(struct recorded_world *recorded, struct session *session,
                               extvm_result **result, extvm_error *error) {
    const struct recorded *next = recorded->call->first;
    extvm_status status = session_begin(session, &recorded->call->call, error);
    while (status == EXTVM_OK) {
        struct session_event event;
        status = session_next(session, &event, error);
        if (status != EXTVM_OK) {
            break;
        }
        if (event.kind == SESSION_RESULT) {
            *result = event.result;
            break;
        }
        if (event.kind == SESSION_QUERY) {
            status = answer_from(recorded, session, event.query, error);
            continue;
        }
        session_sent(session, session_output(session).size);
        status = receive_next(session, &next, error);
    }
    return status;
}

extvm_status extvm_recording_result(const extvm_recording *recording, size_t index,
                                    extvm_result **result, extvm_error *error) {
    const struct recorded_call *call = recording_at(recording, index);
    if (result != NULL) {
        *result = NULL;
    }
    if (call == NULL || result == NULL) {
        return no_such_call(error);
    }
    struct recorded_world recorded;
    struct session session;
    const struct session_settings settings = {.max_frame = UINT32_MAX,
                                              .block_hash = recording_block_hash(recording, call)};
    session_init_node(&session, call->protocol, &recording->allocator, &settings);
    extvm_status status = recorded_world_init(&recorded, recording, call, error);
    if (status == EXTVM_OK) {
        status = go_through(&recorded, &session, result, error);
    }
    recorded_world_free(&recorded);
    session_free(&session);
    return status;
}
