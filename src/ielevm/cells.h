/* The memory cells of all frames (protocol/iele-vm.md, section 2). */
#ifndef EXTVM_IELEVM_CELLS_H
#define EXTVM_IELEVM_CELLS_H

#include "common/table.h"
#include "value.h"

/* A cell that is there; it may be empty. */
struct cell {
    struct cell_key {
        uint64_t frame; /* its number */
        extvm_word index;
    } key;
    struct cell *next; /* of the same frame */
    uint8_t *data;
    size_t size, capacity; /* bytes */
    bool hash_known;
    extvm_word hash; /* of the bytes, as long as they stay */
};

/* Words of memory that a cell takes besides its bytes, for the limit of section 17. */
enum { CELL_WORDS = 16 };

/* Cells of one frame. */
struct cell_list {
    uint64_t frame;
    struct cell *first;
};

struct cells {
    const extvm_allocator *allocator;
    struct table table;
};

void cells_init(struct cells *cells, const extvm_allocator *allocator);
/* For cells whose lists were all dropped. */
void cells_clear(struct cells *cells);
void cells_free(struct cells *cells);

/* The cell with the index chop(index), or NULL. */
struct cell *cell_find(const struct cells *cells, const struct cell_list *list,
                       const struct value *index);

/* A new, empty one, which is not there yet; NULL: no memory. */
struct cell *cell_add(struct cells *cells, struct cell_list *list, const struct value *index);

/* Makes the cell `size` bytes long, new ones being zeros; false: no memory. */
bool cell_resize(struct cells *cells, struct cell *cell, size_t size);

/* Drops all cells of a frame. */
void cell_list_drop(struct cells *cells, struct cell_list *list);

#endif
