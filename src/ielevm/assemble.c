/* The assembler as a whole (protocol/iele-vm.md, section 19). */
#include <extvm/ieleasm.h>

#include "assembly.h"
#include "common/error.h"

/* Children are copied into each contract that has them, so a short text can make much code. */
static size_t memory_maximum(size_t text) {
    enum { BASE = 256 << 20, PER_BYTE = 64 }; /* bytes; of text */
    size_t maximum;
    return size_multiply(text, PER_BYTE, &maximum) && size_add(maximum, BASE, &maximum) ? maximum
                                                                                        : SIZE_MAX;
}

static extvm_bytes contract_name(const void *entry) {
    return ((const struct symbol *)entry)->name;
}

extvm_status assemble_text(extvm_bytes text, const char *origin, size_t lines_before,
                           const extvm_allocator *allocator, struct buffer *code,
                           extvm_error *error) {
    struct assembly assembly = {.text = (const char *)text.data,
                                .size = text.size,
                                .origin = origin,
                                .lines_before = lines_before,
                                .allocator = allocator,
                                .status = EXTVM_OK,
                                .error = error};
    size_t maximum = memory_maximum(text.size);
    arena_init(&assembly.kept, allocator, maximum);
    arena_init(&assembly.arena, allocator, maximum);
    table_init(&assembly.contracts, allocator, contract_name);
    buffer_init(&assembly.code, allocator, SIZE_MAX);
    buffer_init(&assembly.results, allocator, SIZE_MAX);
    buffer_init(&assembly.args, allocator, SIZE_MAX);
    if (assembly_take_file(&assembly)) {
        *code = assembly.code;
    } else {
        buffer_free(&assembly.code);
    }
    buffer_free(&assembly.args);
    buffer_free(&assembly.results);
    table_free(&assembly.contracts);
    arena_free(&assembly.arena);
    arena_free(&assembly.kept);
    return assembly.status;
}

extvm_status extvm_iele_assemble(const char *text, size_t text_size, const char *origin,
                                 const extvm_allocator *allocator, uint8_t **code, size_t *size,
                                 extvm_error *error) {
    struct buffer made = {.data = NULL};
    if ((text == NULL && text_size > 0) || code == NULL || size == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_iele_assemble needs a text, and a place for the code");
    }
    extvm_status status =
        assemble_text((extvm_bytes){(const uint8_t *)text, text_size}, origin, 0,
                      allocator != NULL ? allocator : extvm_default_allocator(), &made, error);
    if (status == EXTVM_OK) {
        *code = made.data;
        *size = made.size;
    }
    return status;
}
