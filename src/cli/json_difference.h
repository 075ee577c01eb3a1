/* Where two JSON documents differ. */
#ifndef CLI_JSON_DIFFERENCE_H
#define CLI_JSON_DIFFERENCE_H

#include <jansson.h>

/* Takes one place, as "logs[0].data", or "modifiedAccounts[0xADDRESS].nonce" where a list is
 * ascending by address, and what is there in each document (NULL: nothing). */
typedef void json_difference(void *context, const char *path, const json_t *one,
                             const json_t *other);

/* Calls `take` for each place that differs, in the order of the documents. */
void json_differences(const json_t *one, const json_t *other, json_difference *take, void *context);

#endif
