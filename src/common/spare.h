/* Memory that was given back and is kept for the next who needs as much: with it a call like one
 * before allocates nothing. A result may be freed in another thread, and after its handle: so the
 * spare memory has a lock, and lives until its owner has closed it and all that was taken from it
 * was given back. */
#ifndef EXTVM_COMMON_SPARE_H
#define EXTVM_COMMON_SPARE_H

#include <extvm/allocator.h>

enum {
    SPARE_LARGEST = 4 << 20, /* bytes; larger pieces are not kept */
    SPARE_TOTAL = 8 << 20    /* bytes that are kept at most */
};

struct spare;

/* Nothing is kept yet. The allocator is copied. NULL: no memory, or no lock. */
struct spare *spare_new(const extvm_allocator *allocator);

/* The owner's word that it takes nothing more: what is kept is freed, and from now on what is given
 * back. NULL is allowed. */
void spare_close(struct spare *spare);

/* `size` bytes, aligned for any type; NULL when there is no memory. */
void *spare_take(struct spare *spare, size_t size);

/* The same, but only memory that is kept already; NULL when there is none. */
void *spare_take_kept(struct spare *spare, size_t size);

/* Makes `size` bytes, taken before, to `larger` ones, of which the first `used` are as before; NULL
 * when there is no memory, and all is as before then. `memory` NULL: as spare_take. */
void *spare_grow(struct spare *spare, void *memory, size_t used, size_t size, size_t larger);

/* Gives back what was taken with the same `size`. Not NULL. Whoever gives the last piece after
 * spare_close frees `spare` by it. */
void spare_give(struct spare *spare, void *memory, size_t size);

#endif
