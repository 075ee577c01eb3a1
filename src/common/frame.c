/* Frames: a 4-byte big-endian length and that many bytes (protocol/kevm.md, section 1). */
#include "frame.h"

void frame_reader_init(struct frame_reader *reader, const extvm_allocator *allocator,
                       struct spare *spare, size_t maximum) {
    *reader = (struct frame_reader){.maximum = maximum};
    buffer_init_spare(&reader->buffer, allocator, spare, FRAME_READ_SIZE);
}

void frame_reader_free(struct frame_reader *reader) {
    buffer_free(&reader->buffer);
    reader->start = 0;
}

void frame_reader_reset(struct frame_reader *reader) {
    reader->buffer.size = 0;
    reader->start = 0;
    buffer_shrink(&reader->buffer, FRAME_READ_SIZE);
}

size_t frame_pending(const struct frame_reader *reader) {
    return reader->buffer.size - reader->start;
}

size_t frame_announced(const struct frame_reader *reader) {
    if (frame_pending(reader) < FRAME_HEADER_SIZE) {
        return 0;
    }
    const uint8_t *header = reader->buffer.data + reader->start;
    return (size_t)header[0] << 24 | (size_t)header[1] << 16 | (size_t)header[2] << 8 | header[3];
}

uint8_t *frame_space(struct frame_reader *reader, size_t *size) {
    struct buffer *buffer = &reader->buffer;
    buffer_drop(buffer, reader->start);
    reader->start = 0;
    if (buffer->size == buffer->capacity) {
        /* Room for the whole frame at hand where it costs no new memory; else double, but not
         * beyond that frame's end. */
        size_t whole = FRAME_HEADER_SIZE + frame_announced(reader);
        buffer->maximum = whole > FRAME_READ_SIZE ? whole : FRAME_READ_SIZE;
        if (!buffer_reserve_kept(buffer, buffer->maximum - buffer->size) &&
            !buffer_reserve(buffer, buffer->size == 0 ? FRAME_READ_SIZE : 1)) {
            return NULL;
        }
    }
    *size = buffer->capacity - buffer->size;
    return buffer->data + buffer->size;
}

void frame_received(struct frame_reader *reader, size_t size) {
    reader->buffer.size += size;
}

enum frame_state frame_next(struct frame_reader *reader, extvm_bytes *body) {
    size_t pending = frame_pending(reader);
    if (pending < FRAME_HEADER_SIZE) {
        return FRAME_INCOMPLETE;
    }
    size_t size = frame_announced(reader);
    if (size > reader->maximum) {
        return FRAME_OVERSIZE;
    }
    if (pending - FRAME_HEADER_SIZE < size) {
        return FRAME_INCOMPLETE;
    }
    *body = (extvm_bytes){reader->buffer.data + reader->start + FRAME_HEADER_SIZE, size};
    reader->start += FRAME_HEADER_SIZE + size;
    return FRAME_COMPLETE;
}

void frame_body_taken(struct frame_reader *reader) {
    if (reader->buffer.data == NULL) {
        reader->start = 0;
    }
}

bool frame_begin(struct buffer *out) {
    static const uint8_t header[FRAME_HEADER_SIZE] = {0};
    return buffer_append(out, header, sizeof header);
}

bool frame_end(struct buffer *out, size_t start) {
    size_t size = out->size - start - FRAME_HEADER_SIZE;
    if (size > UINT32_MAX) {
        return false;
    }
    for (unsigned i = 0; i < FRAME_HEADER_SIZE; i++) {
        out->data[start + i] = (uint8_t)(size >> (8 * (FRAME_HEADER_SIZE - 1 - i)));
    }
    return true;
}
