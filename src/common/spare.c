/* Memory that was given back and is kept for the next who needs as much. Pieces are rounded up to
 * one of a few sizes, and each size has its list, so that taking and giving are a few steps under
 * the lock whatever is kept. */
#include "spare.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "memory.h"

enum {
    SMALLEST = 8192, /* bytes: a chunk of an arena */
    SMALL = 16384,   /* what is read into at first */
    SIZES = 10       /* up to SPARE_LARGEST */
};

struct piece {
    struct piece *next;
};

struct spare {
    extvm_allocator allocator;
    pthread_mutex_t lock; /* of what follows */
    struct piece *kept[SIZES];
    size_t counts[SIZES]; /* of the pieces in each list */
    size_t total;         /* bytes that are kept */
    size_t taken;         /* pieces that are to be given back, also of sizes that are not kept */
    bool is_closed;       /* nothing is kept any more */
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

/* What a piece of this list has: a power of two, and some more, for a message that is one with its
 * head. */
static size_t size_in(unsigned list) {
    size_t power = (size_t)SMALLEST << list;
    return power < SPARE_LARGEST ? power + power / 64 : SPARE_LARGEST;
}

/* The list that pieces of `*size` bytes belong to, and the size of all in it; SIZES: in none. */
static unsigned list_of(size_t *size) {
    unsigned list = 0;
    while (list < SIZES && size_in(list) < *size) {
        list++;
    }
    *size = list < SIZES ? size_in(list) : *size;
    return list;
}

/* A piece of the list, NULL when it has none; under the lock. */
static struct piece *take_out(struct spare *spare, unsigned list) {
    struct piece *piece = spare->kept[list];
    if (piece != NULL) {
        spare->kept[list] = piece->next;
        spare->counts[list]--;
        spare->total -= size_in(list);
    }
    return piece;
}

void *spare_take_kept(struct spare *spare, size_t size) {
    unsigned list = list_of(&size);
    pthread_mutex_lock(&spare->lock);
    struct piece *piece = list < SIZES ? take_out(spare, list) : NULL;
    spare->taken += piece != NULL ? 1 : 0;
    pthread_mutex_unlock(&spare->lock);
    return piece;
}

static void *take_new(struct spare *spare, size_t size) {
    list_of(&size);
    void *memory = memory_allocate(&spare->allocator, size);
    if (memory != NULL) {
        pthread_mutex_lock(&spare->lock);
        spare->taken++;
        pthread_mutex_unlock(&spare->lock);
    }
    return memory;
}

void *spare_take(struct spare *spare, size_t size) {
    void *memory = spare_take_kept(spare, size);
    return memory != NULL ? memory : take_new(spare, size);
}

/* What is kept is not touched: it is there for those who need just as much. A small piece is given
 * back, because it will be wanted again; another goes on, so that the steps on the way to a large
 * one are not kept. */
void *spare_grow(struct spare *spare, void *memory, size_t used, size_t size, size_t larger) {
    if (memory == NULL) {
        return spare_take(spare, larger);
    }
    if (size <= SMALL) {
        void *grown = take_new(spare, larger);
        if (grown != NULL) {
            memcpy(grown, memory, used);
            spare_give(spare, memory, size);
        }
        return grown;
    }
    list_of(&size);
    list_of(&larger);
    return size == larger ? memory
                          : spare->allocator.resize(spare->allocator.context, memory, size, larger);
}

/* The list with the most bytes in it. */
static unsigned fullest(const struct spare *spare) {
    unsigned most = 0;
    for (unsigned list = 1; list < SIZES; list++) {
        most =
            spare->counts[list] * size_in(list) > spare->counts[most] * size_in(most) ? list : most;
    }
    return most;
}

/* Takes pieces out of the fullest lists until there is room for one of `size` bytes, or its own
 * list is the fullest: what nobody asks for any more must not keep the others from being kept.
 * Returns them. */
static struct piece *make_room(struct spare *spare, unsigned list, size_t size) {
    struct piece *out = NULL;
    while (size > SPARE_TOTAL - spare->total) {
        unsigned from = fullest(spare);
        if (from == list) {
            break;
        }
        struct piece *piece = take_out(spare, from);
        piece->next = out;
        out = piece;
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
        spare->counts[list]++;
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
