/* The assembler's characters, names and integers (protocol/iele-vm.md, section 18). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <gmp.h>

#include "assembly.h"
#include "common/error.h"

/* -- failures -- */

bool assembly_fail(struct assembly *assembly, size_t at, const char *format, ...) {
    size_t line = 1 + assembly->lines_before, start = 0;
    for (size_t i = 0; i < at; i++) {
        if (assembly->text[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    char message[EXTVM_ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    const char *origin = assembly->origin != NULL ? assembly->origin : "";
    assembly->status =
        error_set(assembly->error, EXTVM_INVALID_ARGUMENT, "%s%s%zu:%zu: %s", origin,
                  assembly->origin != NULL ? ":" : "", line, at - start + 1, message);
    return false;
}

bool assembly_no_memory(struct assembly *assembly) {
    assembly->status = error_no_memory(assembly->error, "assembling a contract");
    return false;
}

bool assembly_no_room(struct assembly *assembly, const struct arena *arena) {
    if (!arena->over_maximum) {
        return assembly_no_memory(assembly);
    }
    assembly_fail(assembly, assembly->at, "the contracts up to here take over %zu MiB of memory",
                  arena->maximum >> 20);
    if (assembly->error != NULL) {
        assembly->error->status = EXTVM_OUT_OF_RANGE;
    }
    assembly->status = EXTVM_OUT_OF_RANGE;
    return false;
}

/* -- characters -- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static int hex_value(char c) {
    return is_digit(c)              ? c - '0'
           : (c >= 'a' && c <= 'f') ? c - 'a' + 10
           : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                    : -1;
}

static bool starts_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '$' ||
           c == '-';
}

static bool continues_name(char c) {
    return starts_name(c) || is_digit(c);
}

/* The character `ahead` of the next one; NUL beyond the end. */
static char look(const struct assembly *assembly, size_t ahead) {
    if (ahead >= assembly->size - assembly->at) {
        return '\0';
    }
    return assembly->text[assembly->at + ahead];
}

char assembly_peek(struct assembly *assembly) {
    for (;;) {
        char c = look(assembly, 0);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            assembly->at++;
        } else if (c == '/' && look(assembly, 1) == '/') {
            const char *from = assembly->text + assembly->at;
            const char *newline = memchr(from, '\n', assembly->size - assembly->at);
            assembly->at = newline != NULL ? (size_t)(newline - assembly->text) : assembly->size;
        } else {
            return c;
        }
    }
}

bool assembly_at_end(struct assembly *assembly) {
    assembly_peek(assembly);
    return assembly->at == assembly->size;
}

bool assembly_skip(struct assembly *assembly, char character) {
    if (assembly_peek(assembly) != character || assembly->at == assembly->size) {
        return false;
    }
    assembly->at++;
    return true;
}

bool assembly_expect(struct assembly *assembly, char character, const char *where) {
    return assembly_skip(assembly, character) ||
           assembly_fail(assembly, assembly->at, "%s needs a \"%c\" here", where, character);
}

bool assembly_skip_word(struct assembly *assembly, const char *word) {
    size_t length = strlen(word);
    assembly_peek(assembly);
    if (assembly->size - assembly->at < length ||
        memcmp(assembly->text + assembly->at, word, length) != 0 ||
        continues_name(look(assembly, length))) {
        return false;
    }
    assembly->at += length;
    return true;
}

/* -- names -- */

bool name_is_reserved(extvm_bytes name) {
    static const char prefix[] = "iele.";
    return name.size >= sizeof prefix - 1 && memcmp(name.data, prefix, sizeof prefix - 1) == 0;
}

bool assembly_at_name(struct assembly *assembly) {
    char c = assembly_peek(assembly);
    return continues_name(c) || c == '"';
}

/* Where the quotes around a name end, or 0. */
static size_t closing_quote(const struct assembly *assembly) {
    for (size_t i = assembly->at + 1; i < assembly->size; i++) {
        if (assembly->text[i] == '"') {
            return i;
        }
    }
    return 0;
}

static bool take_quoted(struct assembly *assembly, extvm_bytes *out) {
    size_t start = assembly->at, end = closing_quote(assembly);
    if (end == 0) {
        return assembly_fail(assembly, start, "these quotes are never closed");
    }
    uint8_t *bytes = arena_allocate(&assembly->kept, end - start);
    if (bytes == NULL) {
        return assembly_no_room(assembly, &assembly->kept);
    }
    size_t size = 0;
    for (size_t i = start + 1; i < end; i++) {
        char c = assembly->text[i];
        if (c == '\\') {
            int high = i + 2 < end ? hex_value(assembly->text[i + 1]) : -1;
            int low = i + 2 < end ? hex_value(assembly->text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return assembly_fail(assembly, i, "two hex digits must follow a \\ in quotes");
            }
            c = (char)(high << 4 | low);
            i += 2;
        }
        bytes[size++] = (uint8_t)c;
    }
    assembly->at = end + 1;
    *out = (extvm_bytes){bytes, size};
    return true;
}

static bool take_bare(struct assembly *assembly, const char *what, extvm_bytes *out) {
    size_t length = 0;
    bool is_number = is_digit(look(assembly, 0));
    while (is_number ? is_digit(look(assembly, length)) : continues_name(look(assembly, length))) {
        length++;
    }
    if (length == 0) {
        return assembly_fail(assembly, assembly->at, "the name of %s must stand here", what);
    }
    if (is_number && continues_name(look(assembly, length))) {
        return assembly_fail(assembly, assembly->at,
                             "a name that begins with a digit must have digits only");
    }
    *out = (extvm_bytes){(const uint8_t *)assembly->text + assembly->at, length};
    assembly->at += length;
    return true;
}

/* Digits only: then the name is a number, with or without zeros before it. */
static void spelling_find_number(struct spelling *name) {
    uint32_t number = 0;
    extvm_bytes bytes = name->bytes;
    for (size_t i = 0; i < bytes.size; i++) {
        if (!is_digit((char)bytes.data[i])) {
            return;
        }
        uint32_t digit = bytes.data[i] - (uint32_t)'0';
        number = number > (UINT32_MAX - digit) / 10 ? UINT32_MAX : number * 10 + digit;
    }
    while (bytes.size > 1 && bytes.data[0] == '0') {
        bytes.data++;
        bytes.size--;
    }
    name->is_number = bytes.size > 0;
    name->number = number;
    name->bytes = bytes;
}

bool assembly_take_name(struct assembly *assembly, const char *what, bool reserved_too,
                        struct spelling *out) {
    *out = (struct spelling){.at = assembly->at};
    bool taken = look(assembly, 0) == '"' ? take_quoted(assembly, &out->bytes)
                                          : take_bare(assembly, what, &out->bytes);
    if (!taken) {
        return false;
    }
    if (!reserved_too && name_is_reserved(out->bytes)) {
        char spelled[ASSEMBLY_SPELLED];
        return assembly_fail(assembly, out->at,
                             "%s: names that begin with iele. are reserved, except for what is "
                             "called",
                             assembly_spell(out->bytes, spelled));
    }
    spelling_find_number(out);
    return true;
}

/* -- names, written -- */

static bool is_bare(extvm_bytes name) {
    for (size_t i = 0; i < name.size; i++) {
        char c = (char)name.data[i];
        if (i == 0 ? !starts_name(c) : !continues_name(c)) {
            return false;
        }
    }
    return name.size > 0;
}

/* A byte within quotes: what it takes, at most 3 characters and a NUL. */
static size_t spell_byte(uint8_t byte, char out[4]) {
    bool plain = byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
    return (size_t)snprintf(out, 4, plain ? "%c" : "\\%02x", byte);
}

bool spelling_print(struct buffer *out, extvm_bytes name) {
    if (is_bare(name)) {
        return buffer_append(out, name.data, name.size);
    }
    bool printed = buffer_append(out, "\"", 1);
    for (size_t i = 0; i < name.size && printed; i++) {
        char byte[4];
        size_t length = spell_byte(name.data[i], byte);
        printed = buffer_append(out, byte, length);
    }
    return printed && buffer_append(out, "\"", 1);
}

const char *assembly_spell(extvm_bytes name, char out[ASSEMBLY_SPELLED]) {
    enum { CUT = ASSEMBLY_SPELLED - 9 }; /* room for one more byte, dots, a quote and the NUL */
    struct spelling spelling = {.bytes = name};
    spelling_find_number(&spelling);
    bool bare = is_bare(name) || spelling.is_number;
    size_t length = 0;
    if (!bare) {
        out[length++] = '"';
    }
    size_t i = 0;
    while (i < name.size && length < CUT) {
        char byte[4];
        size_t width = spell_byte(name.data[i++], byte);
        memcpy(out + length, byte, width);
        length += width;
    }
    snprintf(out + length, ASSEMBLY_SPELLED - length, "%s%s", i < name.size ? "..." : "",
             bare ? "" : "\"");
    return out;
}

/* -- integers -- */

bool assembly_at_integer(struct assembly *assembly) {
    char c = assembly_peek(assembly);
    if (is_digit(c) || (c == '-' && is_digit(look(assembly, 1)))) {
        return true;
    }
    const size_t at = assembly->at;
    bool is_word = assembly_skip_word(assembly, "true") || assembly_skip_word(assembly, "false");
    assembly->at = at;
    return is_word;
}

/* The number that `length` digits, which GMP reads, stand for. */
static bool number_of(struct assembly *assembly, const char *digits, size_t length, int base,
                      extvm_bytes *out) {
    char *text = memory_allocate(assembly->allocator, length + 1);
    if (text == NULL) {
        return assembly_no_memory(assembly);
    }
    memcpy(text, digits, length);
    text[length] = '\0';
    mpz_t number;
    mpz_init(number);
    mpz_set_str(number, text, base);
    memory_release(assembly->allocator, text);
    size_t size = mpz_sgn(number) == 0 ? 0 : (mpz_sizeinbase(number, 2) + 7) / 8;
    uint8_t *bytes = arena_allocate(&assembly->arena, size + 1);
    if (bytes != NULL) {
        mpz_export(bytes, NULL, 1, 1, 1, 0, number);
    }
    mpz_clear(number);
    *out = (extvm_bytes){bytes, size};
    return bytes != NULL || assembly_no_room(assembly, &assembly->arena);
}

bool assembly_take_integer(struct assembly *assembly, struct integer *out) {
    static const uint8_t one = 1;
    *out = (struct integer){.negative = false};
    if (assembly_skip_word(assembly, "false")) {
        return true;
    }
    if (assembly_skip_word(assembly, "true")) {
        out->magnitude = (extvm_bytes){&one, 1};
        return true;
    }
    const size_t at = assembly->at;
    out->negative = assembly_skip(assembly, '-');
    bool hex = look(assembly, 0) == '0' && look(assembly, 1) == 'x';
    assembly->at += hex ? 2 : 0;
    size_t length = 0;
    while (hex ? hex_value(look(assembly, length)) >= 0 : is_digit(look(assembly, length))) {
        length++;
    }
    if (length == 0 || continues_name(look(assembly, length))) {
        return assembly_fail(assembly, at,
                             "an integer must stand here: digits, or 0x and hex digits, with "
                             "white space or punctuation after them");
    }
    const char *digits = assembly->text + assembly->at;
    assembly->at += length;
    if (!number_of(assembly, digits, length, hex ? 16 : 10, &out->magnitude)) {
        return false;
    }
    out->negative = out->negative && out->magnitude.size > 0;
    return true;
}
