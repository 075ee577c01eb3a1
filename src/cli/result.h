/* A result, printed on stdout: as JSON for programs, or as text for people. */
#ifndef CLI_RESULT_H
#define CLI_RESULT_H

#include <jansson.h>

#include <extvm/call.h>
#include <extvm/result.h>

/* What the VM decided, as a JSON object: the document below without quirks and stats. NULL: no
 * memory. */
json_t *result_json_decided(const extvm_result *result);

/* One document on one line. Errors: EXTVM_NO_MEMORY, EXTVM_SYSTEM_ERROR (it was not all written).
 */
extvm_status result_print_json(const extvm_result *result, extvm_error *error);

/* For reading; `call` is what was run, and `integers` says that its return data is a list of them
 * (extvm/iele.h). Errors as above. */
extvm_status result_print_text(const extvm_result *result, const extvm_call *call, bool integers,
                               extvm_error *error);

#endif
