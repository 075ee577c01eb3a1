/* Values as text, in a pool. */
#include "text.h"

#include <extvm/integer.h>

char *text_hex(struct pool *pool, extvm_bytes bytes) {
    char *text = pool_take(pool, EXTVM_HEX_SIZE(bytes.size));
    return text == NULL ? NULL : extvm_bytes_to_hex(bytes, text);
}

char *text_decimal(struct pool *pool, extvm_bytes integer) {
    extvm_bytes number = extvm_integer_normalise(integer);
    char *text = pool_take(pool, EXTVM_DECIMAL_SIZE(number.size));
    return text == NULL ? NULL : extvm_integer_to_decimal(number, text);
}

char *text_integer_hex(struct pool *pool, extvm_bytes integer) {
    extvm_bytes number = extvm_integer_normalise(integer);
    char *text = pool_take(pool, EXTVM_INTEGER_HEX_SIZE(number.size));
    return text == NULL ? NULL : extvm_integer_to_hex(number, text);
}
