/* A recorded result and a new one of the same call. */
#ifndef CLI_TRACE_COMPARE_H
#define CLI_TRACE_COMPARE_H

#include <jansson.h>

#include <extvm/recording.h>

/* What became of a call; without a result, the status says why. */
struct trace_outcome {
    extvm_status status;
    extvm_result *result;
};

/* A list of {"what":PATH,"recorded":VALUE,"now":VALUE}, null for what is not there. Accounts that a
 * VM lists though nothing of them changes, as KEVM does, are left out. */
json_t *trace_compare(const extvm_recording *recording, size_t index,
                      const struct trace_outcome *recorded, const struct trace_outcome *now);

#endif
