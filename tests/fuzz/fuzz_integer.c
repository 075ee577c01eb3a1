/* The integer codec: whatever bytes or text come in, the number stays the same through every form.
 * The input is taken both as bytes and as text. */
#include <extvm/integer.h>

#include "fuzz.h"

enum { LONGEST = 200 };

static void check_text(extvm_bytes canonical) {
    char text[EXTVM_DECIMAL_SIZE(LONGEST)];
    uint8_t buffer[LONGEST];
    extvm_bytes back;
    extvm_integer_to_decimal(canonical, text);
    MUST(strlen(text) < EXTVM_DECIMAL_SIZE(canonical.size));
    MUST(extvm_integer_from_text(text, buffer, canonical.size, &back) == EXTVM_OK);
    MUST(extvm_bytes_equal(back, canonical));
    extvm_integer_to_hex(canonical, text);
    MUST(strlen(text) < EXTVM_INTEGER_HEX_SIZE(canonical.size));
    MUST(extvm_integer_from_text(text, buffer, canonical.size, &back) == EXTVM_OK);
    MUST(extvm_bytes_equal(back, canonical));
}

static void check_number(extvm_bytes integer) {
    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE];
    uint64_t small;
    extvm_word word;
    extvm_bytes canonical = extvm_integer_normalise(integer);
    MUST(canonical.size >= 1 && extvm_integer_compare(integer, canonical) == 0);
    MUST(extvm_integer_sign(integer) == extvm_integer_sign(canonical));
    check_text(canonical);
    if (extvm_integer_to_u64(integer, &small) == EXTVM_OK) {
        MUST(extvm_bytes_equal(extvm_integer_from_u64(small, buffer), canonical));
    } else {
        MUST(extvm_integer_sign(integer) < 0 || canonical.size > 8);
    }
    if (extvm_integer_to_word(integer, &word) == EXTVM_OK) {
        MUST(extvm_bytes_equal(extvm_integer_from_word(&word, buffer), canonical));
    } else {
        MUST(extvm_integer_sign(integer) < 0 || canonical.size > EXTVM_WORD_SIZE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char text[LONGEST + 1];
    uint8_t buffer[LONGEST];
    extvm_bytes read;
    size = size < LONGEST ? size : LONGEST;
    check_number((extvm_bytes){data, size});
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    if (extvm_integer_from_text(text, buffer, sizeof buffer, &read) == EXTVM_OK) {
        MUST(extvm_bytes_equal(extvm_integer_normalise(read), read));
        check_number(read);
    }
    return 0;
}
