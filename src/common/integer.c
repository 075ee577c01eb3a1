/* The only integer codec: two's complement, big-endian, minimal (protocol/kevm.md and
 * protocol/iele.md, section 4). */
#include <extvm/integer.h>

#include <string.h>

static const uint8_t zero_byte = 0;

static bool is_negative(extvm_bytes integer) {
    return integer.size > 0 && (integer.data[0] & 0x80) != 0;
}

extvm_bytes extvm_integer_normalise(extvm_bytes integer) {
    if (integer.size == 0) {
        return (extvm_bytes){&zero_byte, 1};
    }
    while (integer.size > 1 && ((integer.data[0] == 0x00 && (integer.data[1] & 0x80) == 0) ||
                                (integer.data[0] == 0xff && (integer.data[1] & 0x80) != 0))) {
        integer.data++;
        integer.size--;
    }
    return integer;
}

extvm_bytes extvm_integer_from_u64(uint64_t value, uint8_t buffer[EXTVM_U64_INTEGER_SIZE]) {
    buffer[0] = 0;
    for (unsigned i = 0; i < 8; i++) {
        buffer[1 + i] = (uint8_t)(value >> (8 * (7 - i)));
    }
    return extvm_integer_normalise((extvm_bytes){buffer, EXTVM_U64_INTEGER_SIZE});
}

extvm_bytes extvm_integer_from_word(const extvm_word *word,
                                    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE]) {
    buffer[0] = 0;
    memcpy(buffer + 1, word->bytes, EXTVM_WORD_SIZE);
    return extvm_integer_normalise((extvm_bytes){buffer, EXTVM_WORD_INTEGER_SIZE});
}

/* The number as `width` unsigned big-endian bytes; false when it is negative or wider. */
static bool to_unsigned(extvm_bytes integer, uint8_t *out, size_t width) {
    integer = extvm_integer_normalise(integer);
    if (is_negative(integer)) {
        return false;
    }
    if (integer.size > 1 && integer.data[0] == 0) {
        integer.data++;
        integer.size--;
    }
    if (integer.size > width) {
        return false;
    }
    memset(out, 0, width - integer.size);
    memcpy(out + width - integer.size, integer.data, integer.size);
    return true;
}

extvm_status extvm_integer_to_u64(extvm_bytes integer, uint64_t *out) {
    uint8_t bytes[8];
    if (!to_unsigned(integer, bytes, sizeof bytes)) {
        return EXTVM_OUT_OF_RANGE;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }
    *out = value;
    return EXTVM_OK;
}

extvm_status extvm_integer_to_word(extvm_bytes integer, extvm_word *out) {
    uint8_t bytes[EXTVM_WORD_SIZE];
    if (!to_unsigned(integer, bytes, sizeof bytes)) {
        return EXTVM_OUT_OF_RANGE;
    }
    memcpy(out->bytes, bytes, sizeof bytes);
    return EXTVM_OK;
}

int extvm_integer_sign(extvm_bytes integer) {
    if (is_negative(integer)) {
        return -1;
    }
    for (size_t i = 0; i < integer.size; i++) {
        if (integer.data[i] != 0) {
            return 1;
        }
    }
    return 0;
}

int extvm_integer_compare(extvm_bytes a, extvm_bytes b) {
    a = extvm_integer_normalise(a);
    b = extvm_integer_normalise(b);
    bool negative = is_negative(a);
    if (negative != is_negative(b)) {
        return negative ? -1 : 1;
    }
    if (a.size != b.size) { /* the wider one is further from zero */
        return (a.size < b.size) == negative ? 1 : -1;
    }
    return memcmp(a.data, b.data, a.size);
}

/* -- text -- */

/* The byte at `i` of the number's magnitude, less one for a negative number: |x| - 1 = ~x. */
static uint8_t magnitude_byte(extvm_bytes integer, size_t i, bool negative) {
    return negative ? (uint8_t)~integer.data[i] : integer.data[i];
}

/* digits = digits * 256 + carry, base 10, the last digit first; returns the new count. */
static size_t shift_in_byte(char *digits, size_t count, unsigned carry) {
    for (size_t i = 0; i < count; i++) {
        unsigned value = (unsigned)digits[i] * 256 + carry;
        digits[i] = (char)(value % 10);
        carry = value / 10;
    }
    for (; carry != 0; carry /= 10) {
        digits[count++] = (char)(carry % 10);
    }
    return count;
}

static size_t add_one(char *digits, size_t count) {
    size_t i = 0;
    while (i < count && digits[i] == 9) {
        digits[i++] = 0;
    }
    if (i == count) {
        digits[count++] = 0;
    }
    digits[i]++;
    return count;
}

char *extvm_integer_to_decimal(extvm_bytes integer, char *out) {
    integer = extvm_integer_normalise(integer);
    bool negative = is_negative(integer);
    char *digits = out + (negative ? 1 : 0);
    size_t count = 0;
    for (size_t i = 0; i < integer.size; i++) {
        count = shift_in_byte(digits, count, magnitude_byte(integer, i, negative));
    }
    if (negative) {
        out[0] = '-';
        count = add_one(digits, count);
    } else if (count == 0) {
        digits[count++] = 0;
    }
    for (size_t i = 0; i < (count + 1) / 2; i++) {
        char first = digits[i];
        digits[i] = (char)('0' + digits[count - 1 - i]);
        digits[count - 1 - i] = (char)('0' + first);
    }
    digits[count] = '\0';
    return out;
}

char *extvm_integer_to_hex(extvm_bytes integer, char *out) {
    static const char digits[] = "0123456789abcdef";
    integer = extvm_integer_normalise(integer);
    bool negative = is_negative(integer);
    /* Written from the end: the magnitude's digits, one more for the carry of -(2^4k). */
    size_t count = 2 * integer.size;
    char *text = out + (negative ? 3 : 2);
    unsigned carry = negative ? 1 : 0;
    for (size_t i = count; i-- > 0;) {
        uint8_t byte = magnitude_byte(integer, i / 2, negative);
        unsigned digit = (i % 2 == 0 ? byte >> 4 : byte & 15u) + carry;
        carry = digit >> 4;
        text[i] = digits[digit & 15];
    }
    size_t zeros = 0;
    while (zeros + 1 < count && text[zeros] == '0') {
        zeros++;
    }
    memmove(text, text + zeros, count - zeros);
    text[count - zeros] = '\0';
    memcpy(out, negative ? "-0x" : "0x", negative ? 3 : 2);
    return out;
}

/* A magnitude being read: big-endian, at the end of a buffer. */
struct magnitude {
    uint8_t *buffer;
    size_t capacity;
    size_t size; /* bytes in use, the last ones; the first of them is not 0 */
};

/* magnitude = magnitude * base + digit; false when that does not fit. */
static bool shift_in_digit(struct magnitude *magnitude, unsigned base, unsigned digit) {
    unsigned carry = digit;
    for (size_t i = 0; i < magnitude->size; i++) {
        uint8_t *byte = &magnitude->buffer[magnitude->capacity - 1 - i];
        unsigned value = *byte * base + carry;
        *byte = (uint8_t)value;
        carry = value >> 8;
    }
    if (carry == 0) {
        return true;
    }
    if (magnitude->size == magnitude->capacity) {
        return false;
    }
    magnitude->size++;
    magnitude->buffer[magnitude->capacity - magnitude->size] = (uint8_t)carry;
    return true;
}

static int read_digit(char character, unsigned base) {
    int digit = -1;
    if (character >= '0' && character <= '9') {
        digit = character - '0';
    } else if (character >= 'a' && character <= 'f') {
        digit = character - 'a' + 10;
    } else if (character >= 'A' && character <= 'F') {
        digit = character - 'A' + 10;
    }
    return digit < (int)base ? digit : -1;
}

static extvm_status read_digits(const char *text, unsigned base, struct magnitude *magnitude) {
    if (*text == '\0') {
        return EXTVM_INVALID_ARGUMENT;
    }
    bool fits = true;
    for (; *text != '\0'; text++) {
        int digit = read_digit(*text, base);
        if (digit < 0) {
            return EXTVM_INVALID_ARGUMENT;
        }
        fits = fits && shift_in_digit(magnitude, base, (unsigned)digit);
    }
    return fits ? EXTVM_OK : EXTVM_OUT_OF_RANGE;
}

static void negate(uint8_t *bytes, size_t size) {
    unsigned carry = 1;
    for (size_t i = size; i-- > 0;) {
        carry += (uint8_t)~bytes[i];
        bytes[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

extvm_status extvm_integer_from_text(const char *text, uint8_t *buffer, size_t capacity,
                                     extvm_bytes *out) {
    if (text == NULL || buffer == NULL || capacity == 0 || out == NULL) {
        return EXTVM_INVALID_ARGUMENT;
    }
    bool negative = text[0] == '-';
    text += negative ? 1 : 0;
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    struct magnitude magnitude = {buffer, capacity, 0};
    extvm_status status = read_digits(text + (hex ? 2 : 0), hex ? 16 : 10, &magnitude);
    if (status != EXTVM_OK) {
        return status;
    }
    uint8_t *first = buffer + capacity - magnitude.size;
    if (negative) {
        negate(first, magnitude.size);
    }
    /* A sign byte where the top bit says the wrong thing. */
    if (magnitude.size == 0 || ((first[0] & 0x80) != 0) != negative) {
        if (magnitude.size > 0 && magnitude.size == capacity) {
            return EXTVM_OUT_OF_RANGE;
        }
        if (magnitude.size == 0 || first > buffer) {
            *--first = (uint8_t)(negative && magnitude.size > 0 ? 0xff : 0x00);
            magnitude.size++;
        }
    }
    *out = extvm_integer_normalise((extvm_bytes){first, magnitude.size});
    return EXTVM_OK;
}
