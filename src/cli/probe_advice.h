/* What a probe found: the cause in plain words, and what to try. */
#ifndef CLI_PROBE_ADVICE_H
#define CLI_PROBE_ADVICE_H

#include <extvm/status.h>

/* What is found beside the statuses of a call. */
enum probe_finding {
    PROBE_FOUND_STATUS, /* see the call's status */
    PROBE_FOUND_SILENCE,
    PROBE_FOUND_SPEECH,
    PROBE_FOUND_OTHER_PROTOCOL,
    PROBE_FOUND_SLOW
};

struct probe_advice {
    const char *cause, *try; /* NULL: nothing is wrong */
};

struct probe_advice probe_advise(enum probe_finding finding, extvm_status status);

#endif
