/* A dialogue written down: what our end of the session must send (">"), what the other end sends
 * ("<"), in hex as in the protocol notes. The world is an extvm_state. No sockets. */
#ifndef EXTVM_TESTS_DIALOGUE_H
#define EXTVM_TESTS_DIALOGUE_H

#include "support/cmocka.h"

#include <extvm/state.h>

#include "common/session.h"
#include "kevm/kevm.h"
#include "support/hex.h"

struct dialogue {
    struct session session;
    extvm_state *state;
    extvm_error error;
    struct buffer output; /* what was sent and not yet compared */
};

static inline void dialogue_init(struct dialogue *dialogue) {
    const struct session_settings settings = {.max_frame = 1 << 20,
                                              .block_hash = BLOCK_HASH_ABSOLUTE};
    *dialogue = (struct dialogue){.state = extvm_state_new(NULL)};
    assert_non_null(dialogue->state);
    session_init_node(&dialogue->session, &kevm_protocol, extvm_default_allocator(), &settings);
    buffer_init(&dialogue->output, extvm_default_allocator(), 1 << 20);
}

static inline void dialogue_free(struct dialogue *dialogue) {
    session_free(&dialogue->session);
    extvm_state_free(dialogue->state);
    buffer_free(&dialogue->output);
}

static inline void dialogue_account(struct dialogue *dialogue, const char *address,
                                    const char *nonce, const char *balance) {
    extvm_address at = hex_address(address);
    assert_int_equal(extvm_state_set_account(dialogue->state, &at, HEX(nonce), HEX(balance)),
                     EXTVM_OK);
}

/* Received bytes, in pieces of at most `piece` bytes. */
static inline void session_feed(struct session *session, extvm_bytes bytes, size_t piece) {
    while (bytes.size > 0) {
        size_t room;
        uint8_t *space = session_space(session, &room);
        assert_non_null(space);
        size_t size = bytes.size < piece ? bytes.size : piece;
        size = size < room ? size : room;
        memcpy(space, bytes.data, size);
        session_received(session, size);
        bytes = (extvm_bytes){bytes.data + size, bytes.size - size};
    }
}

static inline void session_drain(struct session *session, struct buffer *into) {
    extvm_bytes output = session_output(session);
    assert_true(buffer_append(into, output.data, output.size));
    session_sent(session, output.size);
}

/* Answers a query of the session from the state, as the library's client does from a world. */
static inline extvm_status session_answer_from(struct session *session, const extvm_state *state,
                                               const struct query *query, extvm_error *error) {
    struct answer answer = {.found = true};
    extvm_world world = extvm_state_world(state);
    extvm_lookup lookup = EXTVM_LOOKUP_FAILED;
    switch (query->kind) {
    case QUERY_ACCOUNT:
        lookup = world.account(world.context, &query->address, &answer.account);
        break;
    case QUERY_STORAGE:
        lookup = world.storage(world.context, &query->address, query->key, &answer.bytes);
        break;
    case QUERY_CODE:
        lookup = world.code(world.context, &query->address, &answer.bytes);
        break;
    case QUERY_BLOCK_HASH:
        lookup = world.block_hash(world.context, query->block_number, &answer.hash);
        break;
    }
    assert_int_not_equal(lookup, EXTVM_LOOKUP_FAILED);
    answer.found = lookup == EXTVM_LOOKUP_FOUND;
    return session_answer(session, &answer, error);
}

/* Drives the node's end until it has nothing to do but wait, fails, or has a result. */
static inline extvm_status dialogue_step(struct dialogue *dialogue, extvm_result **result) {
    struct session *session = &dialogue->session;
    for (;;) {
        struct session_event event;
        extvm_status status = session_next(session, &event, &dialogue->error);
        if (status == EXTVM_OK && event.kind == SESSION_QUERY) {
            status = session_answer_from(session, dialogue->state, event.query, &dialogue->error);
        } else if (status == EXTVM_OK && event.kind == SESSION_WANTS_BYTES) {
            if (session_output(session).size == 0) {
                return EXTVM_OK;
            }
            session_drain(session, &dialogue->output);
        } else if (status == EXTVM_OK) {
            assert_int_equal(event.kind, SESSION_RESULT);
            *result = event.result;
            return EXTVM_OK;
        }
        if (status != EXTVM_OK) {
            return status;
        }
    }
}

/* Plays the lines, which end with NULL, from the beginning of a call. `*result` stays NULL unless
 * the call ended. Returns the first status that is not EXTVM_OK. */
static inline extvm_status dialogue_play(struct dialogue *dialogue, const extvm_call *call,
                                         const char *const *lines, extvm_result **result) {
    *result = NULL;
    extvm_status status = session_begin(&dialogue->session, call, &dialogue->error);
    if (status == EXTVM_OK) {
        status = dialogue_step(dialogue, result);
    }
    for (; status == EXTVM_OK && *lines != NULL; lines++) {
        extvm_bytes bytes = HEX(*lines + 1);
        if ((*lines)[0] == '>') {
            assert_true(dialogue->output.size >= bytes.size);
            assert_memory_equal(dialogue->output.data, bytes.data, bytes.size);
            buffer_drop(&dialogue->output, bytes.size);
        } else {
            assert_int_equal(dialogue->output.size, 0);
            session_feed(&dialogue->session, bytes, SIZE_MAX);
            status = dialogue_step(dialogue, result);
        }
    }
    return status;
}

#endif
