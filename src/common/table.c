/* A hash table with linear probing. Deletion moves later entries back, so that there are no
 * tombstones and look-ups stay short. */
#include "table.h"

#include <string.h>
#include <sys/random.h>

#include "memory.h"

struct table_slot {
    uint64_t hash;
    void *entry; /* NULL: free */
};

enum { SMALLEST_CAPACITY = 16, KEPT_CAPACITY = 4096 /* when it is cleared: for 3,072 entries */ };

static uint64_t mix(uint64_t a, uint64_t b) {
    __extension__ typedef unsigned __int128 uint128;
    uint128 product = (uint128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Folded 128-bit products of the key's 8-byte pieces with secret seeds. */
static uint64_t hash_key(const struct table *table, extvm_bytes key) {
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = table->seed ^ mix(key.size ^ odd, table->seed);
    size_t at = 0;
    for (; key.size - at >= 8; at += 8) {
        uint64_t piece;
        memcpy(&piece, key.data + at, 8);
        hash = mix(hash ^ piece, table->seed ^ odd);
    }
    if (at < key.size) {
        uint64_t piece = 0;
        memcpy(&piece, key.data + at, key.size - at);
        hash = mix(hash ^ piece, table->seed ^ odd);
    }
    return mix(hash ^ odd, table->seed);
}

void table_init(struct table *table, const extvm_allocator *allocator,
                extvm_bytes (*key_of)(const void *entry)) {
    *table = (struct table){.allocator = allocator, .key_of = key_of};
    if (getrandom(&table->seed, sizeof table->seed, GRND_NONBLOCK) != sizeof table->seed) {
        table->seed = (uint64_t)(uintptr_t)table; /* early at boot: an address must do */
    }
    table->seed |= 1;
}

void table_free(struct table *table) {
    memory_release(table->allocator, table->slots);
    table->slots = NULL;
    table->capacity = table->count = 0;
}

/* Clearing costs as much as the table is large: a large one would make each small use after it
 * expensive. */
void table_clear(struct table *table) {
    if (table->capacity > KEPT_CAPACITY) {
        table_free(table);
    } else if (table->count != 0) {
        memset(table->slots, 0, table->capacity * sizeof *table->slots);
        table->count = 0;
    }
}

/* The slot that holds the key, or the free one where it would go. Needs a slot that is free. */
static struct table_slot *slot_for(const struct table *table, uint64_t hash, extvm_bytes key) {
    size_t mask = table->capacity - 1;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        struct table_slot *slot = &table->slots[i];
        if (slot->entry == NULL ||
            (slot->hash == hash && extvm_bytes_equal(table->key_of(slot->entry), key))) {
            return slot;
        }
    }
}

void *table_find(const struct table *table, extvm_bytes key) {
    return table->count == 0 ? NULL : slot_for(table, hash_key(table, key), key)->entry;
}

static bool grow(struct table *table) {
    size_t capacity, whole;
    if (table->capacity == 0) {
        capacity = SMALLEST_CAPACITY;
    } else if (!size_multiply(table->capacity, 2, &capacity)) {
        return false;
    }
    if (!size_multiply(capacity, sizeof(struct table_slot), &whole)) {
        return false;
    }
    struct table_slot *slots = memory_zeroed(table->allocator, whole);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].entry != NULL) {
            size_t at = (size_t)table->slots[i].hash & (capacity - 1);
            while (slots[at].entry != NULL) {
                at = (at + 1) & (capacity - 1);
            }
            slots[at] = table->slots[i];
        }
    }
    memory_release(table->allocator, table->slots);
    table->slots = slots;
    table->capacity = capacity;
    return true;
}

bool table_insert(struct table *table, void *entry) {
    if (table->count >= table->capacity - table->capacity / 4 && !grow(table)) {
        return false;
    }
    extvm_bytes key = table->key_of(entry);
    uint64_t hash = hash_key(table, key);
    *slot_for(table, hash, key) = (struct table_slot){hash, entry};
    table->count++;
    return true;
}

void *table_remove(struct table *table, extvm_bytes key) {
    if (table->count == 0) {
        return NULL;
    }
    struct table_slot *slot = slot_for(table, hash_key(table, key), key);
    void *entry = slot->entry;
    if (entry == NULL) {
        return NULL;
    }
    size_t mask = table->capacity - 1;
    size_t hole = (size_t)(slot - table->slots);
    for (size_t i = (hole + 1) & mask; table->slots[i].entry != NULL; i = (i + 1) & mask) {
        size_t home = (size_t)table->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table->slots[hole] = table->slots[i];
            hole = i;
        }
    }
    table->slots[hole].entry = NULL;
    table->count--;
    return entry;
}

void *table_next(const struct table *table, size_t *position) {
    while (*position < table->capacity) {
        void *entry = table->slots[(*position)++].entry;
        if (entry != NULL) {
            return entry;
        }
    }
    return NULL;
}
