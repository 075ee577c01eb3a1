/* Heapsort (Williams, 1964; built from the bottom as Floyd has it). */
#include "sort.h"

#include <stdbool.h>
#include <string.h>

struct elements {
    char *first;
    size_t size; /* bytes of each */
    int (*compare)(const void *, const void *);
};

static char *element(const struct elements *elements, size_t i) {
    return elements->first + i * elements->size;
}

static void swap(const struct elements *elements, size_t i, size_t j) {
    char piece[64], *a = element(elements, i), *b = element(elements, j);
    for (size_t left = elements->size, taken; left > 0; left -= taken, a += taken, b += taken) {
        taken = left < sizeof piece ? left : sizeof piece;
        memcpy(piece, a, taken);
        memcpy(a, b, taken);
        memcpy(b, piece, taken);
    }
}

/* Lets an element sink until neither child in the heap of `count` is greater. */
static void sink(const struct elements *elements, size_t i, size_t count) {
    while (i < count / 2) {
        size_t child = 2 * i + 1;
        if (child + 1 < count &&
            elements->compare(element(elements, child), element(elements, child + 1)) < 0) {
            child++;
        }
        if (elements->compare(element(elements, i), element(elements, child)) >= 0) {
            return;
        }
        swap(elements, i, child);
        i = child;
    }
}

static bool is_sorted(const struct elements *elements, size_t count) {
    for (size_t i = 1; i < count; i++) {
        if (elements->compare(element(elements, i - 1), element(elements, i)) > 0) {
            return false;
        }
    }
    return true;
}

void sort_in_place(void *elements, size_t count, size_t size,
                   int (*compare)(const void *, const void *)) {
    const struct elements all = {elements, size, compare};
    if (is_sorted(&all, count)) {
        return;
    }
    for (size_t i = count / 2; i-- > 0;) {
        sink(&all, i, count);
    }
    for (size_t left = count - 1; left > 0; left--) {
        swap(&all, 0, left);
        sink(&all, 0, left);
    }
}
