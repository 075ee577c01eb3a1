/* A CallResult that can be decoded means the same after it was encoded and decoded again. The input
 * is the CallResult's body, without the VMQuery around it. */
#include "fuzz.h"
#include "kevm/kevm.h"
#include "support/result_equal.h"

enum { TAG = 5 << 3 | 2, LONGEST = 1 << 16 };

/* VMQuery{callResult: `data`}. */
static bool wrap(const uint8_t *data, size_t size, struct buffer *out) {
    uint8_t header[1 + 3] = {TAG};
    size_t used = 1;
    for (size_t rest = size; rest > 0 || used == 1; rest >>= 7) {
        header[used++] = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    }
    return buffer_append(out, header, used) && buffer_append(out, data, size);
}

static extvm_result *decode(const struct buffer *body, const extvm_allocator *allocator) {
    struct vm_message message = {.result = NULL};
    struct arena arena;
    arena_init(&arena, allocator, SIZE_MAX);
    extvm_error error = {.status = EXTVM_OK};
    extvm_status status =
        kevm_decode_vm_message((extvm_bytes){body->data, body->size}, &arena, &message, &error);
    arena_free(&arena);
    MUST(status == error.status && (status == EXTVM_OK) == (message.result != NULL));
    MUST(status == EXTVM_OK || status == EXTVM_MALFORMED_MESSAGE);
    if (message.result != NULL) {
        message.result->outcome =
            message.result->error ? EXTVM_OUTCOME_FAILURE : EXTVM_OUTCOME_SUCCESS;
        result_sort(message.result);
    }
    return message.result;
}

static void encode_and_compare(const extvm_result *first, const extvm_allocator *allocator) {
    struct buffer body;
    struct arena scratch;
    buffer_init(&body, allocator, SIZE_MAX / 2);
    arena_init(&scratch, allocator, SIZE_MAX);
    MUST(kevm_encode_result(first, &scratch, &body));
    extvm_result *second = decode(&body, allocator);
    MUST(second != NULL && result_equal(first, second));
    extvm_result_free(second);
    arena_free(&scratch);
    buffer_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct scarce_memory scarce = {0};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    struct buffer body;
    if (size > LONGEST) {
        return 0;
    }
    buffer_init(&body, &allocator, SIZE_MAX / 2);
    MUST(wrap(data, size, &body));
    extvm_result *first = decode(&body, &allocator);
    buffer_free(&body); /* a result does not need the bytes that it came from */
    if (first != NULL) {
        encode_and_compare(first, &allocator);
    }
    extvm_result_free(first);
    check_memory(&scarce, size);
    return 0;
}
