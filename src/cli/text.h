/* Values as text, in a pool; NULL when there is no memory. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <extvm/bytes.h>

#include "pool.h"

/* "0x" and two digits a byte. */
char *text_hex(struct pool *pool, extvm_bytes bytes);

/* A canonical integer: "1000", and "0x3e8". */
char *text_decimal(struct pool *pool, extvm_bytes integer);
char *text_integer_hex(struct pool *pool, extvm_bytes integer);

#endif
