/* IELE's call data and returned values: any bytes are taken or refused with a reason, and what is
 * taken is written again as the same bytes. */
#include <extvm/iele.h>

#include "common/rlp.h"
#include "fuzz.h"
#include "iele/iele.h"

static void write_items(struct buffer *out, extvm_bytes list) {
    struct rlp_item item;
    while (list.size > 0) {
        MUST(rlp_take(&list, &item) == NULL);
        size_t start = out->size;
        if (item.is_list) {
            write_items(out, item.payload);
            MUST(rlp_list(out, start));
        } else {
            MUST(rlp_string(out, item.payload));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const extvm_bytes input = {data, size};
    extvm_error error = {EXTVM_OK, ""};
    extvm_bytes integers[4];
    size_t count;
    bool is_call_data = iele_check_call_data(input, &error) == EXTVM_OK;
    MUST(is_call_data || (error.status == EXTVM_INVALID_ARGUMENT && error.text[0] != '\0'));
    error = (extvm_error){EXTVM_OK, ""};
    bool is_returns = extvm_iele_returns(input, integers, 4, &count, &error) == EXTVM_OK;
    MUST(is_returns || (error.status == EXTVM_INVALID_ARGUMENT && error.text[0] != '\0'));
    MUST(!(is_call_data && is_returns));
    for (size_t i = 0; is_returns && i < count && i < 4; i++) {
        MUST(integers[i].size > 0 && integers[i].size <= size);
    }
    if (is_call_data || is_returns) {
        struct buffer again;
        buffer_init(&again, extvm_default_allocator(), SIZE_MAX);
        write_items(&again, input);
        MUST(extvm_bytes_equal(input, (extvm_bytes){again.data, again.size}));
        buffer_free(&again);
    }
    return 0;
}
