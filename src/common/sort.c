/* Heapsort (Williams, 1964; built from the bottom as Floyd has it), and a sort by bytes that deals
 * the elements out in place. */
#include "sort.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct elements {
    char *first;
    size_t size; /* bytes of each */
    int (*compare)(const void *, const void *);
};

static char *element(const struct elements *elements, size_t i) {
    return elements->first + i * elements->size;
}

static void swap_bytes(char *a, char *b, size_t size) {
    char piece[64];
    for (size_t left = size, taken; left > 0; left -= taken, a += taken, b += taken) {
        taken = left < sizeof piece ? left : sizeof piece;
        memcpy(piece, a, taken);
        memcpy(a, b, taken);
        memcpy(b, piece, taken);
    }
}

static void swap(const struct elements *elements, size_t i, size_t j) {
    swap_bytes(element(elements, i), element(elements, j), elements->size);
}

/* -- by a comparison -- */

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

/* -- by the bytes that elements begin with -- */

enum { FEW = 32 /* elements that are sorted one by one */, BYTE_VALUES = 256 };

struct run {
    char *first;
    size_t count, size, width;
};

static char *of_run(const struct run *run, size_t i) {
    return run->first + i * run->size;
}

static uint8_t byte_of(const struct run *run, size_t i, size_t at) {
    return (uint8_t)of_run(run, i)[at];
}

static void insert_one_by_one(const struct run *run) {
    for (size_t i = 1; i < run->count; i++) {
        for (size_t at = i; at > 0; at--) {
            char *here = of_run(run, at), *before = here - run->size;
            if (memcmp(before, here, run->width) <= 0) {
                break;
            }
            swap_bytes(before, here, run->size);
        }
    }
}

/* Deals the elements out in place by their byte `at`; those with byte b end before `ends[b]`. */
static void deal_out(const struct run *run, size_t at, size_t ends[BYTE_VALUES]) {
    size_t next[BYTE_VALUES], sum = 0;
    memset(ends, 0, BYTE_VALUES * sizeof *ends);
    for (size_t i = 0; i < run->count; i++) {
        ends[byte_of(run, i, at)]++;
    }
    for (size_t byte = 0; byte < BYTE_VALUES; byte++) {
        next[byte] = sum;
        sum += ends[byte];
        ends[byte] = sum;
    }
    for (size_t byte = 0; byte < BYTE_VALUES; byte++) {
        while (next[byte] < ends[byte]) {
            size_t from = next[byte], home = byte_of(run, from, at);
            size_t to = next[home]++;
            if (home != byte) {
                swap_bytes(of_run(run, from), of_run(run, to), run->size);
            }
        }
    }
}

/* The first `same` bytes are the same in all. */
static void sort_from(const struct run *run, size_t same) {
    size_t ends[BYTE_VALUES], start = 0;
    if (run->count <= FEW || same == run->width) {
        insert_one_by_one(run);
        return;
    }
    deal_out(run, same, ends);
    for (size_t byte = 0; byte < BYTE_VALUES; byte++) {
        const struct run part = {of_run(run, start), ends[byte] - start, run->size, run->width};
        if (part.count > 1) {
            sort_from(&part, same + 1);
        }
        start = ends[byte];
    }
}

void sort_by_first_bytes(void *elements, size_t count, size_t size, size_t width) {
    const struct run all = {elements, count, size, width};
    for (size_t i = 1; i < count; i++) {
        if (memcmp(of_run(&all, i - 1), of_run(&all, i), width) > 0) {
            sort_from(&all, 0);
            return;
        }
    }
}
