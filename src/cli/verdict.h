/* What a case of a test file came to: each thing that differs from what was expected, and the line
 * that says so. */
#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include <extvm/bytes.h>

#include "pool.h"
#include "suite_jobs.h"

enum { VERDICT_SHOWN = 12 /* differences of one case; more are counted */ };

struct difference {
    const char *what; /* "transaction 0: gas" */
    const char *got, *expected;
};

struct verdict {
    struct pool *pool; /* holds the texts; the caller's */
    struct difference shown[VERDICT_SHOWN];
    size_t count;
    extvm_status status; /* why the case could not be run to its end; EXTVM_OK: it was */
    extvm_error error;
    const char *where; /* "transaction 0"; of the error */
    const char *skip;  /* why the case was not run at all; NULL: it was */
    bool no_memory;    /* for the texts */
};

/* Text for `what` below, in the verdict's pool. */
const char *verdict_text(struct verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A difference in words. */
void verdict_differs(struct verdict *verdict, const char *what, const char *got,
                     const char *expected);

/* Looks at both and notes a difference; integers are shown in decimal, or in hex. */
void verdict_decimal(struct verdict *verdict, const char *what, extvm_bytes got,
                     extvm_bytes expected);
void verdict_hex(struct verdict *verdict, const char *what, extvm_bytes got, extvm_bytes expected);
void verdict_bytes(struct verdict *verdict, const char *what, extvm_bytes got,
                   extvm_bytes expected);

/* Notes that the case could not be run; `error` has the reason. */
void verdict_fail(struct verdict *verdict, const char *where, extvm_status status,
                  const extvm_error *error);

/* Counts the case and says what there is to say of it: a line for one that failed, or with --json
 * an object for each. Errors: EXTVM_NO_MEMORY, in the job's `error` too. */
extvm_status verdict_report(struct verdict *verdict, struct suite_job *job, const char *file,
                            const char *test);

#endif
