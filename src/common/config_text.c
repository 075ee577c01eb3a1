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

/* Any 64-bit integer has at least so many digits without overflow; any 32-bit one, too. */
enum { DECIMALS_IN_32 = 9, DECIMALS_IN_64 = 18, HEX_IN_32 = 7, HEX_IN_64 = 15 };

/* A number that is too wide for 64 bits becomes a string, so that it is shown as it was written. */
static bool append_word(struct buffer *out, const char *word, size_t length) {
    size_t sign = *word == '-' || *word == '+' ? 1 : 0;
    bool hex = word[sign] == '0' && (word[sign + 1] | 0x20) == 'x';
    const char *digits = word + sign + (hex ? 2 : 0);
    size_t count = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
    size_t rest = length - (size_t)(digits + count - word);
    bool has_suffix = rest > 0 && strspn(digits + count, "L") >= rest;
    if (count == 0 || (rest > 0 && !has_suffix) ||
        count <= (size_t)(hex ? HEX_IN_32 : DECIMALS_IN_32)) {
        return buffer_append(out, word, length);
    }
    if (count <= (size_t)(hex ? HEX_IN_64 : DECIMALS_IN_64)) {
        return buffer_append(out, word, length - rest) && buffer_append(out, "L", 1);
    }
    return buffer_append(out, "\"", 1) && buffer_append(out, word, length - rest) &&
           buffer_append(out, "\"", 1);
}

static unsigned count_lines(const char *from, const char *to) {
    unsigned lines = 0;
    for (; from < to; from++) {
        lines += *from == '\n';
    }
    return lines;
}

static const char *flaw_at(const char *at, size_t length, bool include) {
    if (*at == '@' && !include) {
        return "@: no key or value begins so, and @include is off";
    }
    bool ends = length > 1 && at[length - 1] == '"';
    return *at == '"' && !ends ? "a string begins here and does not end" : NULL;
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
        flaw->what = flaw_at(at, length, include);
        if (flaw->what != NULL) {
            flaw->line = 1 + count_lines(text, at);
            break;
        }
        if ((*at == '{' && after_name && !buffer_append(out, "= ", 2)) ||
            !(is_word ? append_word(out, at, length) : buffer_append(out, at, length))) {
            return false;
        }
        after_name = is_space ? after_name : is_word && !is_digit(*at);
        at += length;
    }
    return buffer_append(out, "", 1);
}
