/* A hash table from byte keys to entries that hold their own key. */
#ifndef EXTVM_COMMON_TABLE_H
#define EXTVM_COMMON_TABLE_H

#include <stdbool.h>

#include <extvm/allocator.h>
#include <extvm/bytes.h>

struct table_slot;
struct table {
    const extvm_allocator *allocator; /* borrowed */
    extvm_bytes (*key_of)(const void *entry);
    struct table_slot *slots;
    size_t capacity; /* 0 or a power of two */
    size_t count;
    uint64_t seed; /* random, so that whoever chooses the keys cannot make them collide */
};

void table_init(struct table *table, const extvm_allocator *allocator,
                extvm_bytes (*key_of)(const void *entry));

/* Gives the table's own memory back; the entries are their owner's. */
void table_free(struct table *table);

/* Forgets all entries; keeps the memory, but not that of a large table. */
void table_clear(struct table *table);

/* The entry with that key, or NULL. */
void *table_find(const struct table *table, extvm_bytes key);

/* Adds an entry (borrowed) whose key is not in the table. False when there is no memory. */
bool table_insert(struct table *table, void *entry);

/* Takes the entry with that key out and returns it, or NULL. */
void *table_remove(struct table *table, extvm_bytes key);

/* All entries in no order: start with `*position` 0; NULL after the last. */
void *table_next(const struct table *table, size_t *position);

#endif
