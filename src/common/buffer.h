/* A growable run of bytes that is made with its maximum. */
#ifndef EXTVM_COMMON_BUFFER_H
#define EXTVM_COMMON_BUFFER_H

#include <stdbool.h>

#include <extvm/allocator.h>
#include <extvm/bytes.h>

struct spare;
struct buffer {
    const extvm_allocator *allocator; /* borrowed */
    struct spare *spare; /* what its memory is taken from; NULL: the allocator; borrowed */
    uint8_t *data;
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes there are */
    size_t maximum;  /* bytes there may ever be */
};

void buffer_init(struct buffer *buffer, const extvm_allocator *allocator, size_t maximum);
/* The same, with memory from `spare` (borrowed); NULL: as above. */
void buffer_init_spare(struct buffer *buffer, const extvm_allocator *allocator, struct spare *spare,
                       size_t maximum);
void buffer_free(struct buffer *buffer);

/* Makes room for `more` bytes after those in use. False when that is over the maximum or there is
 * no memory; the buffer is as before then. */
bool buffer_reserve(struct buffer *buffer, size_t more);

/* The same, but only with memory that its `spare` keeps already. */
bool buffer_reserve_kept(struct buffer *buffer, size_t more);

/* Appends; false as above. */
bool buffer_append(struct buffer *buffer, const void *data, size_t size);

/* Appends formatted text, without a NUL; false as above. */
__attribute__((format(printf, 2, 3))) bool buffer_print(struct buffer *buffer, const char *format,
                                                        ...);

/* Drops the first `size` bytes, moving the rest to the front. */
void buffer_drop(struct buffer *buffer, size_t size);

/* Gives memory back until no more than `capacity` bytes are kept. Only for an empty buffer. */
void buffer_shrink(struct buffer *buffer, size_t capacity);

#endif
