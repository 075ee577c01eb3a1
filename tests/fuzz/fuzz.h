/* What the fuzz targets share: their input as a stream with a few control bytes before it, pieces
 * of it fed to a session, memory that is counted, and an end that a fuzzer sees. */
#ifndef EXTVM_TESTS_FUZZ_H
#define EXTVM_TESTS_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "common/session.h"
#include "common/spare.h"
#include "support/scarce_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum { CONTROL_SIZE = 4, FUZZ_MAX_FRAME = 1 << 20 };

struct stream {
    const uint8_t *control; /* CONTROL_SIZE bytes */
    extvm_bytes bytes;      /* those that have not been fed */
    size_t frame_left;      /* of the frame at hand, header included; 0: a new one begins */
    unsigned pieces;        /* fed so far */
};

static inline bool stream_init(struct stream *stream, const uint8_t *data, size_t size) {
    if (size < CONTROL_SIZE) {
        return false;
    }
    *stream = (struct stream){data, {data + CONTROL_SIZE, size - CONTROL_SIZE}, 0, 0};
    return true;
}

static inline size_t frame_size(extvm_bytes bytes) {
    uint32_t size = 0;
    for (size_t i = 0; i < FRAME_HEADER_SIZE && i < bytes.size; i++) {
        size = size << 8 | bytes.data[i];
    }
    return size < bytes.size ? FRAME_HEADER_SIZE + size : bytes.size;
}

/* Feeds a piece, which with `polite` ends with its frame at the latest; false at the end. */
static inline bool stream_feed(struct stream *stream, struct session *session, bool polite) {
    if (stream->frame_left == 0) {
        stream->frame_left = frame_size(stream->bytes);
    }
    size_t size = 1 + (stream->control[2] + stream->pieces++ * stream->control[3]) % 200u;
    if (polite && size > stream->frame_left) {
        size = stream->frame_left;
    }
    if (size > stream->bytes.size) {
        size = stream->bytes.size;
    }
    if (size == 0) {
        return false;
    }
    size_t room;
    uint8_t *space = session_space(session, &room);
    MUST(space != NULL && room > 0);
    size = size < room ? size : room;
    memcpy(space, stream->bytes.data, size);
    session_received(session, size);
    stream->bytes = (extvm_bytes){stream->bytes.data + size, stream->bytes.size - size};
    stream->frame_left -= size < stream->frame_left ? size : stream->frame_left;
    return true;
}

/* A broken session does nothing more. */
static inline void check_broken(struct session *session) {
    struct session_event event;
    extvm_error error;
    MUST(session->state == SESSION_BROKEN);
    MUST(session_next(session, &event, &error) == EXTVM_OK);
    MUST(event.kind == SESSION_WANTS_BYTES && event.result == NULL);
}

/* Nothing is asked for that received bytes do not justify, and nothing is kept. */
static inline void check_memory(const struct scarce_memory *scarce, size_t input) {
    MUST(scarce->live == 0);
    MUST(scarce->largest <= ((size_t)1 << 17) + 64 * input);
}

#endif
