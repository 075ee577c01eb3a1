/* The calls that a probe makes, and whether a VM answers them right. */
#ifndef CLI_PROBE_CALLS_H
#define CLI_PROBE_CALLS_H

#include <stdbool.h>

#include <extvm/vm.h>

enum {
    PROBE_CALLS_MAXIMUM = 1000,
    PROBE_TRIPS = 5, /* that are timed in a call: from an answer to the VM's next query */
    PROBE_QUIRKS = 8,
    PROBE_QUIRK_SIZE = 40
};

struct probe_figures {
    double trips[PROBE_CALLS_MAXIMUM * PROBE_TRIPS]; /* seconds, ascending */
    size_t trip_count;
    unsigned calls; /* that were answered */
    bool has_asked; /* the VM has asked something about the call, so it took the Hello */
    char quirks[PROBE_QUIRKS][PROBE_QUIRK_SIZE]; /* that were met */
    size_t quirk_count;
};

/* Runs `calls` calls of a small contract, the same each time, and one that makes a contract, and
 * compares all that the VM decides about them with what is right, the gas too.
 * Errors: EXTVM_RESULT_REJECTED (an answer is wrong, as the text says), and those of extvm_run. */
extvm_status probe_calls_run(extvm_vm *vm, bool is_iele, unsigned calls,
                             struct probe_figures *figures, extvm_error *error);

#endif
