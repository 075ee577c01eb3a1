/* Filling in the caller's extvm_error. */
#ifndef EXTVM_COMMON_ERROR_H
#define EXTVM_COMMON_ERROR_H

#include <extvm/status.h>

/* Puts `status` and the text into `error` (NULL allowed) and returns `status`, so that a function
 * can end with it. Text that is too long is cut. */
__attribute__((format(printf, 3, 4))) extvm_status
error_set(extvm_error *error, extvm_status status, const char *format, ...);

/* The one text for EXTVM_NO_MEMORY; `what` names what was to be made. */
extvm_status error_no_memory(extvm_error *error, const char *what);

/* Puts "`prefix`: " before the text that `error` already has. */
void error_prefix(extvm_error *error, const char *prefix);

#endif
