/* What follows a prefix of a text. */
#ifndef EXTVM_COMMON_PREFIX_H
#define EXTVM_COMMON_PREFIX_H

#include <string.h>

/* Where `text` goes on after `prefix`, or NULL when it does not begin with it. */
static inline const char *text_after(const char *text, const char *prefix) {
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

#endif
