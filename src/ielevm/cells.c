/* Memory cells, in one table for all frames. */
#include "cells.h"

#include <string.h>

static extvm_bytes cell_key(const void *entry) {
    return (extvm_bytes){(const uint8_t *)&((const struct cell *)entry)->key,
                         sizeof(struct cell_key)};
}

void cells_init(struct cells *cells, const extvm_allocator *allocator) {
    cells->allocator = allocator;
    table_init(&cells->table, allocator, cell_key);
}

void cells_clear(struct cells *cells) {
    table_clear(&cells->table);
}

void cells_free(struct cells *cells) {
    table_free(&cells->table);
}

static struct cell_key key_of(const struct cell_list *list, const struct value *index) {
    struct cell_key key = {.frame = list->frame};
    value_to_word(index, &key.index);
    return key;
}

struct cell *cell_find(const struct cells *cells, const struct cell_list *list,
                       const struct value *index) {
    const struct cell_key key = key_of(list, index);
    return list->first == NULL
               ? NULL
               : table_find(&cells->table, (extvm_bytes){(const uint8_t *)&key, sizeof key});
}

struct cell *cell_add(struct cells *cells, struct cell_list *list, const struct value *index) {
    struct cell *cell = memory_zeroed(cells->allocator, sizeof *cell);
    if (cell == NULL) {
        return NULL;
    }
    cell->key = key_of(list, index);
    if (!table_insert(&cells->table, cell)) {
        memory_release(cells->allocator, cell);
        return NULL;
    }
    cell->next = list->first;
    list->first = cell;
    return cell;
}

/* Room for `size` bytes, half as much again as there was at least, so that a cell that grows byte
 * by byte is not copied each time; what is far too large is given back. */
static bool reserve(struct cells *cells, struct cell *cell, size_t size) {
    enum { SMALLEST = 32, LOOSE = 4 };
    const extvm_allocator *allocator = cells->allocator;
    if (size <= cell->capacity && cell->capacity / LOOSE <= size + SMALLEST) {
        return true;
    }
    size_t capacity = size;
    if (size > cell->capacity && cell->capacity + cell->capacity / 2 > size) {
        capacity = cell->capacity + cell->capacity / 2;
    }
    capacity = capacity < SMALLEST ? SMALLEST : capacity;
    uint8_t *data = allocator->resize(allocator->context, cell->data, cell->capacity, capacity);
    if (data == NULL) {
        return false;
    }
    cell->data = data;
    cell->capacity = capacity;
    return true;
}

bool cell_resize(struct cells *cells, struct cell *cell, size_t size) {
    cell->hash_known = false;
    if (!reserve(cells, cell, size)) {
        return false;
    }
    if (size > cell->size) {
        memset(cell->data + cell->size, 0, size - cell->size);
    }
    cell->size = size;
    return true;
}

void cell_list_drop(struct cells *cells, struct cell_list *list) {
    for (struct cell *cell = list->first, *next; cell != NULL; cell = next) {
        next = cell->next;
        table_remove(&cells->table, cell_key(cell));
        memory_release(cells->allocator, cell->data);
        memory_release(cells->allocator, cell);
    }
    list->first = NULL;
}
