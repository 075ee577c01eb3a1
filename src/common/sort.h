/* Sorting in place. qsort takes memory of its own, from malloc and not from the caller's allocator,
 * for anything over a kilobyte. */
#ifndef EXTVM_COMMON_SORT_H
#define EXTVM_COMMON_SORT_H

#include <stddef.h>

/* Sorts as qsort does, but never takes memory, and never more than n log n steps whatever the
 * elements are. Elements that are in order already, as the VMs mostly send them, are only looked
 * at. */
void sort_in_place(void *elements, size_t count, size_t size,
                   int (*compare)(const void *, const void *));

#endif
