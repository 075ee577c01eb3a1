/* The default allocator and the arena. */
#include "memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spare.h"

static void *default_allocate(void *context, size_t size) {
    (void)context;
    return malloc(size);
}

static void *default_resize(void *context, void *memory, size_t old_size, size_t new_size) {
    (void)context;
    (void)old_size;
    return realloc(memory, new_size);
}

static void default_release(void *context, void *memory) {
    (void)context;
    free(memory);
}

const extvm_allocator *extvm_default_allocator(void) {
    static const extvm_allocator allocator = {NULL, default_allocate, default_resize,
                                              default_release};
    return &allocator;
}

void *memory_zeroed(const extvm_allocator *allocator, size_t size) {
    void *memory = memory_allocate(allocator, size);
    if (memory != NULL) {
        memset(memory, 0, size);
    }
    return memory;
}

struct arena_chunk {
    alignas(max_align_t) struct arena_chunk *next;
    size_t size; /* bytes of data */
    alignas(max_align_t) unsigned char data[];
};

enum { ORDINARY_CHUNK = 8192 - sizeof(struct arena_chunk), ALIGNMENT = alignof(max_align_t) };

void arena_init(struct arena *arena, const extvm_allocator *allocator, size_t maximum) {
    arena_init_spare(arena, allocator, NULL, maximum);
}

void arena_init_spare(struct arena *arena, const extvm_allocator *allocator, struct spare *spare,
                      size_t maximum) {
    *arena = (struct arena){.allocator = allocator, .spare = spare, .maximum = maximum};
}

static void release_chunk(const struct arena *arena, struct arena_chunk *chunk) {
    if (arena->spare != NULL) {
        spare_give(arena->spare, chunk, sizeof *chunk + chunk->size);
    } else {
        memory_release(arena->allocator, chunk);
    }
}

/* Chunks double with what the arena holds, so that their number stays small. */
static struct arena_chunk *add_chunk(struct arena *arena, size_t needed) {
    size_t size = arena->total > ORDINARY_CHUNK ? arena->total : ORDINARY_CHUNK;
    if (size < needed) {
        size = needed;
    }
    if (size > arena->maximum - arena->total) {
        size = needed;
    }
    size_t whole;
    if (size > arena->maximum - arena->total ||
        !size_add(size, sizeof(struct arena_chunk), &whole)) {
        arena->over_maximum = true;
        return NULL;
    }
    struct arena_chunk *chunk = arena->spare != NULL ? spare_take(arena->spare, whole)
                                                     : memory_allocate(arena->allocator, whole);
    if (chunk != NULL) {
        chunk->next = arena->chunks;
        chunk->size = size;
        arena->chunks = chunk;
        arena->used = 0;
        arena->total += size;
    }
    return chunk;
}

void *arena_allocate(struct arena *arena, size_t size) {
    size_t rounded;
    if (!size_add(size, ALIGNMENT - 1, &rounded)) {
        arena->failed = true;
        return NULL;
    }
    rounded -= rounded % ALIGNMENT;
    struct arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || rounded > chunk->size - arena->used) {
        chunk = add_chunk(arena, rounded);
        if (chunk == NULL) {
            arena->failed = true;
            return NULL;
        }
    }
    void *memory = chunk->data + arena->used;
    arena->used += rounded;
    return memory;
}

void *arena_array(struct arena *arena, size_t count, size_t size) {
    size_t whole;
    if (!size_multiply(count, size, &whole)) {
        arena->failed = true;
        return NULL;
    }
    void *memory = whole == 0 ? NULL : arena_allocate(arena, whole);
    if (memory != NULL) {
        memset(memory, 0, whole);
    }
    return memory;
}

bool arena_copy(struct arena *arena, extvm_bytes bytes, extvm_bytes *out) {
    *out = (extvm_bytes){NULL, 0};
    if (bytes.size == 0) {
        return true;
    }
    uint8_t *copy = arena_allocate(arena, bytes.size);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, bytes.data, bytes.size);
    *out = (extvm_bytes){copy, bytes.size};
    return true;
}

void arena_reset(struct arena *arena) {
    struct arena_chunk *kept = NULL;
    for (struct arena_chunk *chunk = arena->chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        if (kept == NULL && chunk->size == ORDINARY_CHUNK) {
            kept = chunk;
        } else {
            release_chunk(arena, chunk);
        }
    }
    if (kept != NULL) {
        kept->next = NULL;
    }
    arena->chunks = kept;
    arena->total = kept != NULL ? kept->size : 0;
    arena->used = 0;
    arena->failed = arena->over_maximum = false;
}

void arena_free(struct arena *arena) {
    for (struct arena_chunk *chunk = arena->chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        release_chunk(arena, chunk);
    }
    arena_init_spare(arena, arena->allocator, arena->spare, arena->maximum);
}
