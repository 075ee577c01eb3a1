/* JSON with integers that the JSON library could not hold. */
#ifndef CLI_JSON_LONG_H
#define CLI_JSON_LONG_H

#include <extvm/bytes.h>

#include "pool.h"

/* The same JSON in `pool`, but with each integer of 16 digits or more in quotes, as a string; no
 * data when there is no memory. Other text is left as it is, whether it is JSON or not. */
extvm_bytes json_quote_long_integers(struct pool *pool, extvm_bytes text);

#endif
