/* An allocator that can be told to fail, for walks over every allocation of a piece of work. */
#ifndef EXTVM_TESTS_SCARCE_MEMORY_H
#define EXTVM_TESTS_SCARCE_MEMORY_H

#include <stdbool.h>
#include <stdlib.h>

#include <extvm/allocator.h>

struct scarce_memory {
    size_t allocations; /* asked for so far */
    size_t fail_at;     /* this one fails, counted from 1; 0: none */
    bool for_good;      /* and all after it */
    size_t live;        /* given and not taken back */
    size_t largest;     /* bytes that were asked for at once */
};

static inline int scarce_memory_refuses(struct scarce_memory *scarce, size_t size) {
    size_t number = ++scarce->allocations;
    scarce->largest = size > scarce->largest ? size : scarce->largest;
    return number == scarce->fail_at ||
           (scarce->for_good && scarce->fail_at > 0 && number > scarce->fail_at);
}

static inline void *scarce_memory_allocate(void *context, size_t size) {
    struct scarce_memory *scarce = context;
    void *memory = scarce_memory_refuses(scarce, size) ? NULL : malloc(size);
    scarce->live += memory != NULL;
    return memory;
}

static inline void *scarce_memory_resize(void *context, void *memory, size_t old_size,
                                         size_t new_size) {
    struct scarce_memory *scarce = context;
    (void)old_size;
    void *moved = scarce_memory_refuses(scarce, new_size) ? NULL : realloc(memory, new_size);
    scarce->live += memory == NULL && moved != NULL;
    return moved;
}

static inline void scarce_memory_release(void *context, void *memory) {
    struct scarce_memory *scarce = context;
    scarce->live -= memory != NULL;
    free(memory);
}

static inline extvm_allocator scarce_memory_allocator(struct scarce_memory *scarce) {
    return (extvm_allocator){scarce, scarce_memory_allocate, scarce_memory_resize,
                             scarce_memory_release};
}

#endif
