/* The assembler: whatever is assembled comes back from the disassembler as text that assembles to
 * the same bytes. */
#include <extvm/ieleasm.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct scarce_memory scarce = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&scarce);
    uint8_t *code;
    char *text;
    size_t code_size, text_size;
    bool exact;
    extvm_error error;
    extvm_status status = extvm_iele_assemble((const char *)data, size, "fuzz", &allocator, &code,
                                              &code_size, &error);
    if (status != EXTVM_OK) {
        MUST(scarce.live == 0);
        MUST(strncmp(error.text, "fuzz:", 5) == 0);
        return 0;
    }
    status = extvm_iele_disassemble((extvm_bytes){code, code_size}, &allocator, &text, &text_size,
                                    &exact, &error);
    MUST(status == EXTVM_OK || status == EXTVM_OUT_OF_RANGE);
    if (status == EXTVM_OK) {
        MUST(exact);
        MUST(text[text_size] == '\0' && strlen(text) == text_size);
        allocator.release(allocator.context, text);
    }
    allocator.release(allocator.context, code);
    MUST(scarce.live == 0);
    return 0;
}
