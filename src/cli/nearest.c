/* "Did you mean": the search for the nearest name, and its text. */
#include "nearest.h"

#include <stdint.h>
#include <stdio.h>

#include <extvm/config.h>

struct nearest nearest_to(const char *wanted) {
    return (struct nearest){wanted, NULL, SIZE_MAX};
}

void nearest_offer(struct nearest *nearest, const char *name) {
    size_t distance = extvm_name_distance(nearest->wanted, name);
    if (distance < nearest->distance) {
        nearest->name = name;
        nearest->distance = distance;
    }
}

struct nearest_hint nearest_hint(const struct nearest *nearest) {
    struct nearest_hint hint = {""};
    if (nearest->name != NULL) {
        snprintf(hint.text, sizeof hint.text, ": did you mean %s?", nearest->name);
    }
    return hint;
}
