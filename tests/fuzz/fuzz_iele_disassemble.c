/* The disassembler: text of any contract, which assembles to the same bytes or says that it does
 * not. */
#include <extvm/ieleasm.h>

#include "fuzz.h"

static void check_text(extvm_bytes code, const char *text, size_t size, bool exact) {
    uint8_t *again;
    size_t again_size;
    MUST(strlen(text) == size);
    extvm_status status = extvm_iele_assemble(text, size, NULL, NULL, &again, &again_size, NULL);
    bool same = status == EXTVM_OK && extvm_bytes_equal(code, (extvm_bytes){again, again_size});
    MUST(same == exact);
    MUST(exact == (strncmp(text, "// ", 3) != 0));
    if (status == EXTVM_OK) {
        free(again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct scarce_memory scarce = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&scarce);
    const extvm_bytes code = {data, size};
    char *text;
    size_t text_size;
    bool exact;
    extvm_error error;
    extvm_status status =
        extvm_iele_disassemble(code, &allocator, &text, &text_size, &exact, &error);
    if (status == EXTVM_OK) {
        check_text(code, text, text_size, exact);
        allocator.release(allocator.context, text);
    }
    MUST(status == EXTVM_OK || status == EXTVM_INVALID_ARGUMENT || status == EXTVM_OUT_OF_RANGE);
    MUST(scarce.live == 0);
    return 0;
}
