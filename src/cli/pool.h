/* Memory of one command run, given back all at once. */
#ifndef CLI_POOL_H
#define CLI_POOL_H

#include <stddef.h>

/* A pool of zeros is an empty pool. */
struct pool {
    struct pool_block *blocks;
};

/* `size` bytes of zeros, also for a size of 0; NULL when there is no memory. */
void *pool_take(struct pool *pool, size_t size);

/* As above, for `count` elements of `size` bytes. */
void *pool_array(struct pool *pool, size_t count, size_t size);

/* Gives everything back; the pool is empty then and can be used again. */
void pool_free(struct pool *pool);

#endif
