/* Recursive length prefix: writing, and strict reading (yellow paper, appendix B). */
#include "rlp.h"

#include <string.h>

#include <extvm/integer.h>

/* First bytes: below 0x80 a byte stands for itself; a payload of up to 55 bytes has its length in
 * the first byte, a longer one the length of its length. */
enum { STRING = 0x80, LIST = 0xc0, SHORT_PAYLOAD = 55, HEADER_MAXIMUM = 1 + sizeof(size_t) };

/* The header of a payload, and how many bytes it has. */
static size_t write_header(uint8_t header[HEADER_MAXIMUM], uint8_t kind, size_t payload) {
    if (payload <= SHORT_PAYLOAD) {
        header[0] = (uint8_t)(kind + payload);
        return 1;
    }
    size_t width = 0;
    for (size_t rest = payload; rest != 0; rest >>= 8) {
        width++;
    }
    header[0] = (uint8_t)(kind + SHORT_PAYLOAD + width);
    for (size_t i = 0; i < width; i++) {
        header[1 + i] = (uint8_t)(payload >> (8 * (width - 1 - i)));
    }
    return 1 + width;
}

bool rlp_string(struct buffer *out, extvm_bytes bytes) {
    uint8_t header[HEADER_MAXIMUM];
    bool stands_for_itself = bytes.size == 1 && bytes.data[0] < STRING;
    size_t size = stands_for_itself ? 0 : write_header(header, STRING, bytes.size);
    return buffer_append(out, header, size) && buffer_append(out, bytes.data, bytes.size);
}

bool rlp_integer(struct buffer *out, extvm_bytes integer) {
    integer = extvm_integer_normalise(integer);
    if (integer.data[0] == 0) { /* the sign's byte, or the number 0 */
        integer.data++;
        integer.size--;
    }
    return rlp_string(out, integer);
}

bool rlp_list(struct buffer *out, size_t start) {
    uint8_t header[HEADER_MAXIMUM];
    size_t payload = out->size - start;
    size_t size = write_header(header, LIST, payload);
    if (!buffer_reserve(out, size)) {
        return false;
    }
    memmove(out->data + start + size, out->data + start, payload);
    memcpy(out->data + start, header, size);
    out->size += size;
    return true;
}

/* -- reading -- */

/* The length behind a header's first byte that says its width. */
static const char *read_long_length(extvm_bytes rest, size_t width, size_t *length) {
    if (rest.size <= width) {
        return "ends inside a length";
    }
    if (rest.data[1] == 0) {
        return "has a length that begins with 00";
    }
    if (width > sizeof *length) {
        return "is shorter than its length says";
    }
    *length = 0;
    for (size_t i = 1; i <= width; i++) {
        *length = *length << 8 | rest.data[i];
    }
    return *length > SHORT_PAYLOAD ? NULL : "has a length of more bytes than it needs";
}

const char *rlp_take(extvm_bytes *rest, struct rlp_item *item) {
    if (rest->size == 0) {
        return "is missing";
    }
    uint8_t first = rest->data[0];
    *item = (struct rlp_item){.is_list = first >= LIST};
    if (first < STRING) {
        item->payload = (extvm_bytes){rest->data, 1};
        *rest = (extvm_bytes){rest->data + 1, rest->size - 1};
        return NULL;
    }
    size_t length = (size_t)(first - (item->is_list ? LIST : STRING)), header = 1;
    if (length > SHORT_PAYLOAD) {
        size_t width = length - SHORT_PAYLOAD;
        const char *wrong = read_long_length(*rest, width, &length);
        if (wrong != NULL) {
            return wrong;
        }
        header += width;
    }
    if (length > rest->size - header) {
        return "is shorter than its length says";
    }
    item->payload = (extvm_bytes){rest->data + header, length};
    if (!item->is_list && length == 1 && item->payload.data[0] < STRING) {
        return "is one byte below 80 with a length before it";
    }
    *rest = (extvm_bytes){item->payload.data + length, rest->size - header - length};
    return NULL;
}
