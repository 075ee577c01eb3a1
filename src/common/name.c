/* "Did you mean": how near one name is to another, by edit distance (Levenshtein, with neighbours
 * swapped as one step). */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <extvm/config.h>

enum { LONGEST_NAME = 40 }; /* characters; nothing we know is longer */

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static bool same_letter(char a, char b) {
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Steps from `a` to `b`, both at most LONGEST_NAME characters. */
static size_t edit_distance(const char *a, const char *b) {
    size_t rows[3][LONGEST_NAME + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    size_t width = strlen(b);
    for (size_t j = 0; j <= width; j++) {
        above[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t changed = above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);
            row[j] = smaller(changed, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                same_letter(a[i - 2], b[j - 1])) {
                row[j] = smaller(row[j], before[j - 2] + 1);
            }
        }
        size_t *free_row = before;
        before = above;
        above = row;
        row = free_row;
    }
    return above[width];
}

size_t extvm_name_distance(const char *wanted, const char *name) {
    size_t length = strlen(wanted);
    if (length > LONGEST_NAME || strlen(name) > LONGEST_NAME) {
        return SIZE_MAX;
    }
    size_t distance = edit_distance(wanted, name);
    /* A third of the letters may be wrong; one may also in a short name. */
    size_t allowed = length / 3 > 1 ? length / 3 : 1;
    if (distance > allowed && length >= 4 && strncasecmp(wanted, name, length) == 0) {
        distance = allowed; /* the start of a name: near, but no nearer than a slip */
    }
    return distance <= allowed && distance < length ? distance : SIZE_MAX;
}
