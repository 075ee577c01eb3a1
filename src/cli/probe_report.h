/* What a probe says of a VM: in a table, or as JSON. */
#ifndef CLI_PROBE_REPORT_H
#define CLI_PROBE_REPORT_H

#include <jansson.h>

#include "probe_advice.h"
#include "probe_calls.h"
#include "report.h"

struct probe_protocol {
    const char *scheme, *shown, *version;
};

/* What is known of one VM. */
struct probed {
    const char *address, *opened;          /* as it was given, and as it was opened last, or NULL */
    bool reachable, answered;              /* answered: a call came to its end, right or wrong */
    const struct probe_protocol *protocol; /* NULL: not known */
    enum probe_finding finding;
    extvm_error error; /* status EXTVM_OK: it is good */
    struct probe_figures figures;
};

/* A result that cannot be true is a wrong answer; else as of every command. */
enum exit_code probe_exit_code(const struct probed *probed);

/* The table; addresses have at most `width` characters. */
void probe_print_head(int width);
void probe_print(const struct probed *probed, int width);

/* NULL: no memory. */
json_t *probe_json(const struct probed *probed);

#endif
