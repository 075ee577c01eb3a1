/* Memory that was given back and is kept for the next who needs as much. Pieces are rounded up to
 * a power of two, and each size has its list, so that taking and giving are a few steps under the
 * lock whatever is kept. */
#include "spare.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "memory.h"

enum { SMALLEST = 8192 /* bytes: a chunk of an arena */, SIZES = 10 /* up to SPARE_LARGEST */ };

struct piece {
    struct piece *next;
};

struct spare {
    extvm_allocator allocator;
    pthread_mutex_t lock; /* of what follows */
    struct piece *kept[SIZES];
    size_t total;   /* bytes that are kept */
    size_t taken;   /* pieces that are to be given back, also of sizes that are not kept */
    bool is_closed; /* nothing is kept any more */
};

struct spare *spare_new(const extvm_allocator *allocator) {
    struct spare *spare = memory_zeroed(allocator, sizeof *spare);
    if (spare == NULL) {
        return NULL;
    }
    spare->allocator = *allocator;
    if (pthread_mutex_init(&spare->lock, NULL) != 0) {
        memory_release(allocator, spare);
        return NULL;
    }
    return spare;
}

static void release(struct spare *spare) {
    extvm_allocator allocator = spare->allocator;
    pthread_mutex_destroy(&spare->lock);
    memory_release(&allocator, spare);
}

static void release_all(const extvm_allocator *allocator, struct piece *pieces) {
    for (struct piece *next; pieces != NULL; pieces = next) {
        next = pieces->next;
        memory_release(allocator, pieces);
    }
}

void spare_close(struct spare *spare) {
    if (spare == NULL) {
        return;
    }
    pthread_mutex_lock(&spare->lock);
    for (unsigned i = 0; i < SIZES; i++) {
        release_all(&spare->allocator, spare->kept[i]);
        spare->kept[i] = NULL;
    }
    spare->total = 0;
    spare->is_closed = true;
    bool is_last = spare->taken == 0;
    pthread_mutex_unlock(&spare->lock);
    if (is_last) {
        release(spare);
    }
}

/* The list that pieces of `*size` bytes belong to, and the size of all in it; SIZES: in none. */
static unsigned list_of(size_t *size) {
    unsigned list = 0;
    size_t rounded = SMALLEST;
    while (list < SIZES && rounded < *size) {
        rounded *= 2;
        list++;
    }
    *size = list < SIZES ? rounded : *size;
    return list;
}

void *spare_take_kept(struct spare *spare, size_t size) {
    unsigned list = list_of(&size);
    pthread_mutex_lock(&spare->lock);
    struct piece *piece = list < SIZES ? spare->kept[list] : NULL;
    if (piece != NULL) {
        spare->kept[list] = piece->next;
        spare->total -= size;
        spare->taken++;
    }
    pthread_mutex_unlock(&spare->lock);
    return piece;
}

void *spare_take(struct spare *spare, size_t size) {
    void *memory = spare_take_kept(spare, size);
    if (memory != NULL) {
        return memory;
    }
    list_of(&size);
    memory = memory_allocate(&spare->allocator, size);
    if (memory != NULL) {
        pthread_mutex_lock(&spare->lock);
        spare->taken++;
        pthread_mutex_unlock(&spare->lock);
    }
    return memory;
}

void *spare_grow(struct spare *spare, void *memory, size_t used, size_t size, size_t larger) {
    if (memory != NULL && size > SPARE_LARGEST) { /* the system may have room behind it */
        return spare->allocator.resize(spare->allocator.context, memory, size, larger);
    }
    void *grown = spare_take(spare, larger);
    if (grown != NULL && memory != NULL) {
        memcpy(grown, memory, used);
        spare_give(spare, memory, size);
    }
    return grown;
}

/* Takes kept pieces of larger sizes out until there is room for one of `list`, of `size` bytes:
 * what nobody asks for any more must not keep the others from being kept. Returns them. */
static struct piece *make_room(struct spare *spare, unsigned list, size_t size) {
    struct piece *out = NULL;
    size_t larger = SPARE_LARGEST;
    for (unsigned from = SIZES - 1; from > list; from--, larger /= 2) {
        while (spare->kept[from] != NULL && size > SPARE_TOTAL - spare->total) {
            struct piece *piece = spare->kept[from];
            spare->kept[from] = piece->next;
            spare->total -= larger;
            piece->next = out;
            out = piece;
        }
    }
    return out;
}

void spare_give(struct spare *spare, void *memory, size_t size) {
    unsigned list = list_of(&size);
    extvm_allocator allocator = spare->allocator;
    struct piece *dropped = NULL;
    pthread_mutex_lock(&spare->lock);
    if (!spare->is_closed && list < SIZES) {
        dropped = make_room(spare, list, size);
    }
    bool is_kept = !spare->is_closed && list < SIZES && size <= SPARE_TOTAL - spare->total;
    if (is_kept) {
        struct piece *piece = memory;
        piece->next = spare->kept[list];
        spare->kept[list] = piece;
        spare->total += size;
    }
    spare->taken--;
    bool is_last = spare->is_closed && spare->taken == 0;
    pthread_mutex_unlock(&spare->lock);
    release_all(&allocator, dropped);
    if (!is_kept) {
        memory_release(&allocator, memory);
    }
    if (is_last) {
        release(spare);
    }
}
