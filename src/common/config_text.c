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

/* With its quotes; to the end of the text when it has no end. */
static size_t string_length(const char *at) {
    size_t length = 1;
    while (at[length] != '\0' && at[length] != '"') {
        length += at[length] == '\\' && at[length + 1] != '\0' ? 2 : 1;
    }
    return at[length] == '"' ? length + 1 : length;
}

/* Space and comments, the length of what begins here. */
static size_t space_length(const char *at) {
    if (at[0] == '#' || (at[0] == '/' && at[1] == '/')) {
        return strcspn(at, "\n");
    }
    if (at[0] != '/' || at[1] != '*') {
        return strspn(at, " \t\r\n\f");
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
static bool append_word(struct buffer *out, const char *word, size_t length, bool may_be_string) {
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
    if (!may_be_string) {
        return buffer_append(out, word, length);
    }
    return buffer_append(out, "\"", 1) && buffer_append(out, word, length - rest) &&
           buffer_append(out, "\"", 1);
}

/* What stands before, as far as it matters. */
enum token {
    TOKEN_NONE,
    TOKEN_NAME,
    TOKEN_STRING,
    TOKEN_ASSIGN,
    TOKEN_OPEN,
    TOKEN_COMMA,
    TOKEN_OTHER
};

enum { DEEPEST = 64 }; /* groups and lists inside each other: libconfig calls itself for each */

struct scan {
    enum token before;
    uint64_t lists; /* a bit for each bracket that is open: whether it is a list's */
    unsigned depth;
};

static bool in_list(const struct scan *scan) {
    return scan->depth > 0 && (scan->lists >> (scan->depth - 1) & 1) != 0;
}

/* Elsewhere a string is an error, and libconfig then loses its memory. */
static bool string_may_stand(const struct scan *scan) {
    return scan->before == TOKEN_ASSIGN || scan->before == TOKEN_STRING ||
           (in_list(scan) && (scan->before == TOKEN_OPEN || scan->before == TOKEN_COMMA));
}

static enum token token_at(const char *at) {
    switch (*at) {
    case '"':
        return TOKEN_STRING;
    case '=':
    case ':':
        return TOKEN_ASSIGN;
    case '(':
    case '[':
    case '{':
        return TOKEN_OPEN;
    case ',':
        return TOKEN_COMMA;
    default:
        return is_word_character(*at) && !is_digit(*at) ? TOKEN_NAME : TOKEN_OTHER;
    }
}

/* Why libconfig must not see what stands here; NULL: it may. */
static const char *flaw_at(const struct scan *scan, const char *at, size_t length, bool include) {
    if (*at == '@' && !include) {
        return "@: no key or value begins so, and @include is off";
    }
    if (*at == '"' && (length == 1 || at[length - 1] != '"')) {
        return "a string begins here and does not end";
    }
    if (*at == '"' && !string_may_stand(scan)) {
        return "there is a string where none can be: a value has KEY = before it";
    }
    if (token_at(at) == TOKEN_OPEN && scan->depth == DEEPEST) {
        return "a group or list begins here inside 64 others: allowed are 64";
    }
    return NULL;
}

static void step(struct scan *scan, const char *at) {
    scan->before = token_at(at);
    if (scan->before == TOKEN_OPEN) {
        uint64_t bit = UINT64_C(1) << scan->depth++;
        scan->lists = *at == '{' ? scan->lists & ~bit : scan->lists | bit;
    } else if (scan->depth > 0 && strchr(")]}", *at) != NULL) {
        scan->depth--;
    }
}

static bool append_token(struct buffer *out, const struct scan *scan, const char *at,
                         size_t length) {
    if (is_word_character(*at)) {
        return append_word(out, at, length, string_may_stand(scan));
    }
    return (*at != '{' || scan->before != TOKEN_NAME || buffer_append(out, "= ", 2)) &&
           buffer_append(out, at, length);
}

/* What follows an @include on its line is its own. */
static size_t token_length(const char *at) {
    return *at == '"'               ? string_length(at)
           : *at == '@'             ? strcspn(at, "\n")
           : is_word_character(*at) ? word_length(at)
                                    : 1;
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
    struct scan scan = {TOKEN_NONE, 0, 0};
    *flaw = (struct config_flaw){NULL, 0};
    for (const char *at = text; *at != '\0';) {
        size_t length = space_length(at);
        if (length > 0) {
            if (!buffer_append(out, at, length)) {
                return false;
            }
            at += length;
            continue;
        }
        length = token_length(at);
        flaw->what = flaw_at(&scan, at, length, include);
        if (flaw->what != NULL) {
            flaw->line = 1 + count_lines(text, at);
            break;
        }
        if (!append_token(out, &scan, at, length)) {
            return false;
        }
        step(&scan, at);
        at += length;
    }
    return buffer_append(out, "", 1);
}
