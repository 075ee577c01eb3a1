/* Call data, read as the reference does: RLP, of which the shortest form is not asked for, unlike
 * what common/rlp.h reads (protocol/iele-vm.md, section 5). */
#include "call_data.h"

enum { STRING = 0x80, LIST = 0xc0, SHORT_PAYLOAD = 55 };

struct item {
    bool is_list;
    extvm_bytes payload;
};

/* Takes the first item off `rest`; false: there is none, or it goes beyond the end. */
static bool take(extvm_bytes *rest, struct item *item) {
    if (rest->size == 0) {
        return false;
    }
    const uint8_t first = rest->data[0];
    size_t header = 1, length = 1;
    item->is_list = first >= LIST;
    if (first < STRING) {
        header = 0;
    } else {
        length = (size_t)(first - (item->is_list ? LIST : STRING));
    }
    if (length > SHORT_PAYLOAD) {
        size_t width = length - SHORT_PAYLOAD;
        if (rest->size - header < width) {
            return false;
        }
        for (length = 0; header <= width; header++) {
            if (length > SIZE_MAX >> 8) {
                return false;
            }
            length = length << 8 | rest->data[header];
        }
    }
    if (rest->size - header < length) {
        return false;
    }
    item->payload = (extvm_bytes){rest->data + header, length};
    *rest = (extvm_bytes){item->payload.data + length, rest->size - header - length};
    return true;
}

bool call_data_read(extvm_bytes input, struct call_data *out) {
    struct item whole, first, arguments, argument;
    if (!take(&input, &whole) || !whole.is_list || input.size != 0) {
        return false;
    }
    extvm_bytes rest = whole.payload;
    if (!take(&rest, &first) || first.is_list || !take(&rest, &arguments) || !arguments.is_list ||
        rest.size != 0) {
        return false;
    }
    *out = (struct call_data){first.payload, arguments.payload, 0};
    for (rest = arguments.payload; rest.size > 0; out->count++) {
        if (!take(&rest, &argument) || argument.is_list) {
            return false;
        }
    }
    return true;
}

extvm_bytes call_data_next(extvm_bytes *arguments) {
    struct item item = {.payload = {NULL, 0}};
    take(arguments, &item);
    return item.payload;
}
