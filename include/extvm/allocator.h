/* Where the library's memory comes from. */
#ifndef EXTVM_ALLOCATOR_H
#define EXTVM_ALLOCATOR_H

#include <stddef.h>

#include <extvm/declare.h>

EXTVM_BEGIN_DECLARATIONS

/* A caller's own allocator. It is copied where it is handed in; `context` stays the caller's and
 * must outlive everything made with it. The functions are called from every thread that uses a
 * handle made with it, at the same time. What they give is aligned as malloc's. */
typedef struct extvm_allocator {
    void *context;
    /* `size` bytes, never 0; NULL when there are none. */
    void *(*allocate)(void *context, size_t size);
    /* `memory` with `new_size` bytes, its first min(old_size, new_size) bytes kept; NULL when there
     * are none, and then `memory` is as it was. `memory` may be NULL with an `old_size` of 0. */
    void *(*resize)(void *context, void *memory, size_t old_size, size_t new_size);
    /* Takes `memory` back; NULL is allowed. */
    void (*release)(void *context, void *memory);
} extvm_allocator;

/* malloc, realloc and free. Used wherever an allocator is handed in as NULL. */
const extvm_allocator *extvm_default_allocator(void);

EXTVM_END_DECLARATIONS

#endif
