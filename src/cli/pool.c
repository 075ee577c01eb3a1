/* Memory of one command run, given back all at once: a chain of blocks. */
#include "pool.h"

#include <stdint.h>
#include <string.h>

#include <extvm/allocator.h>

struct pool_block {
    struct pool_block *next;
    max_align_t content[];
};

void *pool_take(struct pool *pool, size_t size) {
    const extvm_allocator *allocator = extvm_default_allocator();
    if (size > SIZE_MAX - sizeof(struct pool_block)) {
        return NULL;
    }
    struct pool_block *block = allocator->allocate(allocator->context, sizeof *block + size);
    if (block == NULL) {
        return NULL;
    }
    block->next = pool->blocks;
    pool->blocks = block;
    return memset(block->content, 0, size);
}

void *pool_array(struct pool *pool, size_t count, size_t size) {
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : pool_take(pool, bytes);
}

void pool_free(struct pool *pool) {
    const extvm_allocator *allocator = extvm_default_allocator();
    while (pool->blocks != NULL) {
        struct pool_block *block = pool->blocks;
        pool->blocks = block->next;
        allocator->release(allocator->context, block);
    }
}
