/* Memory: checked sizes, the caller's allocator, and an arena that is freed at once. */
#ifndef EXTVM_COMMON_MEMORY_H
#define EXTVM_COMMON_MEMORY_H

#include <stdbool.h>

#include <extvm/allocator.h>
#include <extvm/bytes.h>

/* a + b and a * b into `*out`; false when they do not fit. */
static inline bool size_add(size_t a, size_t b, size_t *out) {
    return !__builtin_add_overflow(a, b, out);
}
static inline bool size_multiply(size_t a, size_t b, size_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}

static inline void *memory_allocate(const extvm_allocator *allocator, size_t size) {
    return allocator->allocate(allocator->context, size);
}
static inline void memory_release(const extvm_allocator *allocator, void *memory) {
    allocator->release(allocator->context, memory);
}

/* `size` bytes of zeros, or NULL. */
void *memory_zeroed(const extvm_allocator *allocator, size_t size);

/* An arena gives memory that is all freed together. The allocator is borrowed. */
struct arena_chunk;
struct spare;
struct arena {
    const extvm_allocator *allocator;
    struct spare *spare;        /* what chunks are taken from; NULL: the allocator */
    struct arena_chunk *chunks; /* the newest first */
    size_t used;                /* bytes of the newest chunk */
    size_t total;               /* bytes of all chunks */
    size_t maximum;             /* bytes that `total` may reach */
    bool failed;                /* an allocation did not succeed; stays so until arena_reset */
    bool over_maximum;          /* it was the maximum, not the allocator, that refused */
};

void arena_init(struct arena *arena, const extvm_allocator *allocator, size_t maximum);

/* The same, with chunks from `spare` (borrowed); NULL: as above. */
void arena_init_spare(struct arena *arena, const extvm_allocator *allocator, struct spare *spare,
                      size_t maximum);

/* `size` bytes, aligned for any type, or NULL. */
void *arena_allocate(struct arena *arena, size_t size);

/* Zeros for `count` elements of `size` bytes, or NULL; NULL also when `count` is 0. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A copy of `bytes` in the arena; on failure `*out` is empty. */
bool arena_copy(struct arena *arena, extvm_bytes bytes, extvm_bytes *out);

/* Gives all memory back but one ordinary chunk, which is used again. */
void arena_reset(struct arena *arena);

/* Gives all memory back. */
void arena_free(struct arena *arena);

#endif
