/* "Did you mean": the known name that is nearest to one that nobody knows. */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *wanted;
    const char *name; /* the nearest so far; NULL: none is near */
    size_t distance;
};

/* A search for `wanted`, which is borrowed. */
struct nearest nearest_to(const char *wanted);

/* Shows the search one known name, borrowed. */
void nearest_offer(struct nearest *nearest, const char *name);

/* ": did you mean NAME?", or nothing when no name is near. */
struct nearest_hint {
    char text[80];
};

struct nearest_hint nearest_hint(const struct nearest *nearest);

#endif
