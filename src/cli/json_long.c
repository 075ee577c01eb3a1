/* JSON with integers that the JSON library could not hold. */
#include "json_long.h"

#include <stdbool.h>
#include <string.h>

enum { LONG_DIGITS = 16 /* the first number that long is above 2^53 - 1 or near it */ };

/* The characters from `at` on that a number could be made of. */
static size_t number_length(extvm_bytes text, size_t at) {
    size_t length = 0;
    while (at + length < text.size && text.data[at + length] != '\0' &&
           strchr("0123456789+-.eE", text.data[at + length]) != NULL) {
        length++;
    }
    return length;
}

static bool is_long_integer(const uint8_t *number, size_t length) {
    size_t sign = length > 0 && number[0] == '-' ? 1 : 0;
    for (size_t i = sign; i < length; i++) {
        if (number[i] < '0' || number[i] > '9') {
            return false;
        }
    }
    return length - sign >= LONG_DIGITS;
}

/* The characters of a string from its first quote on, both quotes counted. */
static size_t string_length(extvm_bytes text, size_t at) {
    size_t length = 1;
    while (at + length < text.size && text.data[at + length] != '"') {
        length += text.data[at + length] == '\\' ? 2 : 1;
    }
    return at + length < text.size ? length + 1 : text.size - at;
}

extvm_bytes json_quote_long_integers(struct pool *pool, extvm_bytes text) {
    uint8_t *out = pool_take(pool, text.size + text.size / (LONG_DIGITS / 2) + 2);
    size_t size = 0, length;
    for (size_t at = 0; out != NULL && at < text.size; at += length) {
        size_t number = number_length(text, at);
        bool quoted = is_long_integer(text.data + at, number);
        length = text.data[at] == '"' ? string_length(text, at) : number > 0 ? number : 1;
        if (quoted) {
            out[size++] = '"';
        }
        memcpy(out + size, text.data + at, length);
        size += length;
        if (quoted) {
            out[size++] = '"';
        }
    }
    return (extvm_bytes){out, size};
}
