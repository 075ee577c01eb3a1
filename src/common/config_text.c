/* base.conf's text, before libconfig reads it: node operators write `vm {`, libconfig wants
 * `vm = {`, and its @include opens files that nobody asked for. Comments and strings are
 * libconfig's: # and // to the end of the line, slash-star to star-slash, "..." with backslashes.
 */
#include "config_text.h"

#include <string.h>

static bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

/* Of names and of numbers. */
static bool is_word_character(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           is_digit(character) || strchr("-_*+.", character) != NULL;
}

/* What stands at `at`, which is not the end: its length in bytes, at least 1. */
static size_t string_length(const char *at) {
    size_t length = 1;
    while (at[length] != '\0' && at[length] != '"') {
        length += at[length] == '\\' && at[length + 1] != '\0' ? 2 : 1;
    }
    return at[length] == '"' ? length + 1 : length;
}

static size_t comment_length(const char *at) {
    if (at[0] == '#' || (at[0] == '/' && at[1] == '/')) {
        return strcspn(at, "\n");
    }
    if (at[0] != '/' || at[1] != '*') {
        return 0;
    }
    const char *end = strstr(at + 2, "*/");
    return end != NULL ? (size_t)(end - at) + 2 : strlen(at);
}

static size_t word_length(const char *at) {
    size_t length = 0;
    while (at[length] != '\0' && is_word_character(at[length])) {
        length++;
    }
    return length;
}

static unsigned count_lines(const char *from, const char *to) {
    unsigned lines = 0;
    for (; from < to; from++) {
        lines += *from == '\n';
    }
    return lines;
}

bool config_text_prepare(const char *text, bool include, struct buffer *out,
                         struct config_flaw *flaw) {
    bool after_name = false; /* nothing but space and comments since a name */
    *flaw = (struct config_flaw){NULL, 0};
    for (const char *at = text; *at != '\0';) {
        size_t length = comment_length(at);
        bool is_space = length > 0 || strchr(" \t\r\n\f", *at) != NULL;
        bool is_word = !is_space && is_word_character(*at);
        if (is_word) {
            length = word_length(at);
        } else if (!is_space) {
            length = *at == '"' ? string_length(at) : 1;
        } else if (length == 0) {
            length = 1;
        }
        if (*at == '@' && !include) {
            *flaw = (struct config_flaw){"@include is off", 1 + count_lines(text, at)};
            break;
        }
        if ((*at == '{' && after_name && !buffer_append(out, "= ", 2)) ||
            !buffer_append(out, at, length)) {
            return false;
        }
        after_name = is_space ? after_name : is_word && !is_digit(*at);
        at += length;
    }
    return buffer_append(out, "", 1);
}
