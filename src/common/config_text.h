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
 * that needs it, every line where it was, a NUL at the end. A flaw ends the copy: a `@` outside
 * strings and comments unless `include`, a string that does not end or cannot be there, groups too
 * deep in each other. False when there is no
 * memory, or no room in `out`. */
bool config_text_prepare(const char *text, bool include, struct buffer *out,
                         struct config_flaw *flaw);

#endif
