/* One measure of a bench: the same calls by a bare ping-pong and by the library, turn by turn. */
#ifndef CLI_BENCH_MEASURE_H
#define CLI_BENCH_MEASURE_H

#include "bench_load.h"
#include "pingpong.h"

enum { BENCH_SIDES = 3, BENCH_ROUNDS = 9 /* at most */ };

/* Who talks to whom; the first one is what the others are compared with. */
struct bench_side {
    const char *name;    /* "bare" */
    const char *address; /* of the VM for the library's client; NULL: the ping-pong */

    /* What came of it. */
    double queries_per_second, calls_per_second; /* the median of the rounds */
    double ratio; /* its queries per second to the ping-pong's, the median of the rounds */
    struct latency latency;
};

struct bench_measure {
    const struct bench_load *load;
    const struct pingpong_dialogue *dialogue;
    const struct pingpong_vm *pingpong;
    const extvm_options *options;
    struct bench_side sides[BENCH_SIDES];
    size_t side_count;
    size_t sessions;
    unsigned rounds;
    double seconds; /* of each side in a round */
};

/* Opens all sessions, lets each run a call to warm up, measures, closes them. Errors:
 * EXTVM_SYSTEM_ERROR (a thread or socket), EXTVM_NO_MEMORY, and those of extvm_run. */
extvm_status bench_measure_run(struct bench_measure *measure, extvm_error *error);

#endif
