/* Text that a user wrote, as a number or data; the same in options and in files. */
#include "value.h"

#include <stdio.h>
#include <string.h>

#include "nearest.h"

extvm_status value_integer(const char *text, uint8_t buffer[EXTVM_WORD_INTEGER_SIZE],
                           extvm_bytes *out) {
    extvm_word word;
    extvm_status status = extvm_integer_from_text(text, buffer, EXTVM_WORD_INTEGER_SIZE, out);
    return status == EXTVM_OK ? extvm_integer_to_word(*out, &word) : status;
}

extvm_status value_signed(const char *text, struct pool *pool, extvm_bytes *out) {
    size_t capacity = strlen(text) + 1; /* a digit is less than a byte; one for the sign */
    uint8_t *buffer = pool_take(pool, capacity);
    return buffer == NULL ? EXTVM_NO_MEMORY : extvm_integer_from_text(text, buffer, capacity, out);
}

extvm_status value_data(const char *text, struct pool *pool, extvm_bytes *out) {
    size_t capacity = strlen(text) / 2;
    uint8_t *data = pool_take(pool, capacity);
    if (data == NULL) {
        return EXTVM_NO_MEMORY;
    }
    size_t size;
    extvm_status status = extvm_bytes_from_hex(text, data, capacity, &size);
    if (status == EXTVM_OK) {
        *out = (extvm_bytes){data, size};
    }
    /* Only text that is no hex can have more bytes than half its characters. */
    return status == EXTVM_OUT_OF_RANGE ? EXTVM_INVALID_ARGUMENT : status;
}

struct fork_allowed value_fork_allowed(const char *text) {
    struct fork_allowed allowed = {"a fork's name:"};
    size_t length = strlen(allowed.text);
    struct nearest nearest = nearest_to(text);
    for (unsigned i = 0; i < EXTVM_FORK_COUNT && length < sizeof allowed.text; i++) {
        const char *known = extvm_fork_name((extvm_fork)i);
        nearest_offer(&nearest, known);
        length += (size_t)snprintf(allowed.text + length, sizeof allowed.text - length, "%s %s",
                                   i > 0 ? "," : "", known);
    }
    if (length < sizeof allowed.text) {
        snprintf(allowed.text + length, sizeof allowed.text - length, "%s",
                 nearest_hint(&nearest).text);
    }
    return allowed;
}
