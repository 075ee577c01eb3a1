/* Test data written as the protocol notes write it: hex with blanks between groups, and "a1*20" for
 * a byte that comes 20 times. */
#ifndef EXTVM_TESTS_HEX_H
#define EXTVM_TESTS_HEX_H

#include <stdlib.h>
#include <string.h>

#include <extvm/bytes.h>

struct hex_data {
    uint8_t data[1024];
};

static inline int hex_digit(char digit) {
    static const char digits[] = "0123456789abcdef";
    const char *found = digit == '\0' ? NULL : strchr(digits, digit);
    return found == NULL ? -1 : (int)(found - digits);
}

/* Bad hex, or too much of it, is a mistake in the test itself. */
static inline extvm_bytes hex_read(struct hex_data *out, const char *text) {
    size_t size = 0;
    while (*text != '\0') {
        if (*text == ' ') {
            text++;
            continue;
        }
        int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
        unsigned long count = 1;
        if (low < 0) {
            abort();
        }
        text += 2;
        if (*text == '*') {
            char *end;
            count = strtoul(text + 1, &end, 10);
            text = end;
        }
        for (; count > 0; count--) {
            if (size == sizeof out->data) {
                abort();
            }
            out->data[size++] = (uint8_t)(high << 4 | low);
        }
    }
    return (extvm_bytes){out->data, size};
}

/* The bytes; they live as long as the block that says so. */
#define HEX(text) hex_read(&(struct hex_data){.data = {0}}, text)

static inline extvm_address hex_address(const char *text) {
    extvm_address address = {{0}};
    extvm_bytes bytes = HEX(text);
    if (bytes.size != EXTVM_ADDRESS_SIZE) {
        abort();
    }
    memcpy(address.bytes, bytes.data, EXTVM_ADDRESS_SIZE);
    return address;
}

#define assert_bytes(got, expected)                                                                \
    do {                                                                                           \
        extvm_bytes got_bytes = (got), expected_bytes = (expected);                                \
        assert_int_equal(got_bytes.size, expected_bytes.size);                                     \
        if (got_bytes.size > 0) {                                                                  \
            assert_memory_equal(got_bytes.data, expected_bytes.data, got_bytes.size);              \
        }                                                                                          \
    } while (0)

#endif
