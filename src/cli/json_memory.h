/* Memory for the JSON library. */
#ifndef CLI_JSON_MEMORY_H
#define CLI_JSON_MEMORY_H

#include <stdbool.h>

/* From here on the command ends, with its one line and exit status, when there is no memory for
 * JSON: jansson 2.14 drops a character of a string that it cannot grow and goes on, so that a
 * number would lose a digit. No session may be open while JSON is read or made. With `json` the
 * error is printed as JSON too. */
void json_memory_start(bool json);

#endif
