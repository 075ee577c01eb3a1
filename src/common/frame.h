/* Frames: a 4-byte big-endian length and that many bytes (protocol/kevm.md, section 1). No I/O. */
#ifndef EXTVM_COMMON_FRAME_H
#define EXTVM_COMMON_FRAME_H

#include "buffer.h"

enum {
    FRAME_HEADER_SIZE = 4,
    /* What is read at once while no frame needs more; a whole query dialogue fits in less. */
    FRAME_READ_SIZE = 16384
};

/* Takes received bytes and gives whole frames. Memory that is taken from the allocator grows with
 * the bytes that have come, never with the length that a header promises. */
struct frame_reader {
    struct buffer buffer;
    size_t start;   /* where in the buffer the next frame begins */
    size_t maximum; /* bytes of a frame's body */
};

/* `spare` NULL: memory comes from the allocator alone. */
void frame_reader_init(struct frame_reader *reader, const extvm_allocator *allocator,
                       struct spare *spare, size_t maximum);
void frame_reader_free(struct frame_reader *reader);

/* Where the next received bytes go, at least one; `*size` is how many there is room for. NULL when
 * there is no memory. What frame_next gave before is gone. */
uint8_t *frame_space(struct frame_reader *reader, size_t *size);
void frame_received(struct frame_reader *reader, size_t size);

enum frame_state { FRAME_INCOMPLETE, FRAME_COMPLETE, FRAME_OVERSIZE };

/* Takes the next frame out; `*body` is borrowed until frame_space is called. */
enum frame_state frame_next(struct frame_reader *reader, extvm_bytes *body);

/* After a body may have been taken over with `reader->buffer`. */
void frame_body_taken(struct frame_reader *reader);

/* The length that the frame at hand has, by its header; 0 while there is no header. */
size_t frame_announced(const struct frame_reader *reader);

/* Received bytes that no frame_next has given. */
size_t frame_pending(const struct frame_reader *reader);

/* Forgets all bytes, and gives the buffer back when it has more than FRAME_READ_SIZE. */
void frame_reader_reset(struct frame_reader *reader);

/* Begins a frame at the end of `out`, and ends it when its body is there. `start` is what
 * `out->size` was before the beginning. False when there is no room, or the body is longer than 4
 * bytes tell. */
bool frame_begin(struct buffer *out);
bool frame_end(struct buffer *out, size_t start);

#endif
