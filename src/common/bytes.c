/* Bytes as hex text, and back. */
#include <extvm/bytes.h>

#include <string.h>

static int digit_value(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

extvm_status extvm_bytes_from_hex(const char *text, uint8_t *out, size_t capacity, size_t *size) {
    if (text == NULL || size == NULL || (out == NULL && capacity > 0)) {
        return EXTVM_INVALID_ARGUMENT;
    }
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        text += 2;
    }
    size_t count = 0;
    for (; text[0] != '\0'; text += 2) {
        int high = digit_value(text[0]);
        int low = high < 0 ? -1 : digit_value(text[1]);
        if (low < 0) {
            return EXTVM_INVALID_ARGUMENT;
        }
        if (count == capacity) {
            return EXTVM_OUT_OF_RANGE;
        }
        out[count++] = (uint8_t)(high << 4 | low);
    }
    *size = count;
    return EXTVM_OK;
}

char *extvm_bytes_to_hex(extvm_bytes bytes, char *out) {
    static const char digits[] = "0123456789abcdef";
    char *at = out;
    *at++ = '0';
    *at++ = 'x';
    for (size_t i = 0; i < bytes.size; i++) {
        *at++ = digits[bytes.data[i] >> 4];
        *at++ = digits[bytes.data[i] & 15];
    }
    *at = '\0';
    return out;
}

static extvm_status fixed_from_hex(const char *text, uint8_t *out, size_t wanted) {
    uint8_t bytes[EXTVM_WORD_SIZE];
    size_t size;
    extvm_status status = extvm_bytes_from_hex(text, bytes, wanted, &size);
    if (status != EXTVM_OK) {
        return status;
    }
    if (size != wanted) {
        return EXTVM_OUT_OF_RANGE;
    }
    memcpy(out, bytes, wanted);
    return EXTVM_OK;
}

extvm_status extvm_address_from_hex(const char *text, extvm_address *out) {
    return out == NULL ? EXTVM_INVALID_ARGUMENT
                       : fixed_from_hex(text, out->bytes, EXTVM_ADDRESS_SIZE);
}

extvm_status extvm_word_from_hex(const char *text, extvm_word *out) {
    return out == NULL ? EXTVM_INVALID_ARGUMENT : fixed_from_hex(text, out->bytes, EXTVM_WORD_SIZE);
}

bool extvm_bytes_equal(extvm_bytes a, extvm_bytes b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool extvm_address_equal(const extvm_address *a, const extvm_address *b) {
    return memcmp(a->bytes, b->bytes, EXTVM_ADDRESS_SIZE) == 0;
}
