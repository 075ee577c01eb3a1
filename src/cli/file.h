/* Whole files: read into memory, and replaced without ever being half written. */
#ifndef CLI_FILE_H
#define CLI_FILE_H

#include <extvm/bytes.h>
#include <extvm/status.h>

#include "pool.h"

/* Reads the file into `pool`; a NUL that is not counted follows the last byte.
 * Errors: EXTVM_INVALID_ARGUMENT (it cannot be read, or has over 1 GiB), EXTVM_NO_MEMORY. */
extvm_status file_read(const char *path, struct pool *pool, extvm_bytes *out, extvm_error *error);

/* Whether file_replace can be expected to work; asked before the work whose outcome it keeps.
 * Errors: EXTVM_INVALID_ARGUMENT. */
extvm_status file_check_replaceable(const char *path, extvm_error *error);

/* Writes `content` into a new file beside `path` and then gives it that name, so that the old
 * content is there until the new one is complete. A symbolic link stays one; what is no regular
 * file (a pipe, a terminal) is written to as it is. Errors: EXTVM_SYSTEM_ERROR, EXTVM_NO_MEMORY. */
extvm_status file_replace(const char *path, extvm_bytes content, extvm_error *error);

#endif
