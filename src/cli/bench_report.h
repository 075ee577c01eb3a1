/* What a bench says: a table or JSON, and whether what was measured is enough. */
#ifndef CLI_BENCH_REPORT_H
#define CLI_BENCH_REPORT_H

#include <jansson.h>

#include "bench_measure.h"

/* Zeros, and `json` and `checks` as they were asked for. */
struct bench_report {
    bool json, checks;
    bool has_head;      /* the table's is printed */
    bool is_short;      /* something is under its floor */
    json_t *measures;   /* NULL: none yet, or no memory */
    json_t *server;     /* the same */
    bool has_no_memory; /* … for all of them */
};

/* How it goes on. `socket` is "tcp" or "unix". */
void bench_report_add(struct bench_report *report, const struct bench_measure *measure,
                      const char *socket);

/* The same of a measure whose sides are the server with ever more sessions. */
void bench_report_server(struct bench_report *report, const struct bench_measure *measure,
                         const char *socket);

/* Ends the table, or prints the document. `given` is the VM that the user named, NULL: none.
 * Errors: EXTVM_NO_MEMORY, EXTVM_SYSTEM_ERROR (it was not all written). */
extvm_status bench_report_finish(struct bench_report *report, const char *given, bool quick,
                                 const char *cpus, extvm_error *error);

void bench_report_free(struct bench_report *report);

#endif
