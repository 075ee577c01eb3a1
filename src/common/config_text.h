/* base.conf's text, before libconfig reads it. */
#ifndef EXTVM_COMMON_CONFIG_TEXT_H
#define EXTVM_COMMON_CONFIG_TEXT_H

#include <stdbool.h>

#include "buffer.h"

/* What is found in a text that libconfig must not see. */
struct config_flaw {
    const char *what; /* NULL: nothing */
    unsigned line;    /* counted from 1 */
};

/* Appends `text` to `out` as libconfig wants it: with an `=` in each `name {`, an L at each number
 * that needs it, every line where it was, a NUL at the end. A `@` outside strings and comments,
 * unless `include`, and a string without an end are flaws, and end the copy. False when there is no
 * memory, or no room in `out`. */
bool config_text_prepare(const char *text, bool include, struct buffer *out,
                         struct config_flaw *flaw);

#endif
