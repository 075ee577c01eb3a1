/* The faults that a test-mode server can be told to have (extvm/testvm.h). */
#ifndef EXTVM_TESTVM_FAULT_H
#define EXTVM_TESTVM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include <extvm/status.h>

enum { FAULT_NEVER = UINT32_MAX };

struct faults {
    bool close_after_hello, oversize, garbage, wrong_type, like_kevm;
    uint32_t close_after, reset_after, stall_after; /* queries; FAULT_NEVER */
    uint32_t split;                                 /* bytes; 0: whole */
    uint64_t delay;                                 /* nanoseconds */
};

/* Reads a list of faults; NULL or "": none. Errors: EXTVM_INVALID_ARGUMENT, EXTVM_OUT_OF_RANGE. */
extvm_status faults_parse(const char *text, struct faults *faults, extvm_error *error);

#endif
