/* One measure of a bench: the same calls by a bare ping-pong and by the library, turn by turn. */
#ifndef CLI_BENCH_MEASURE_H
#define CLI_BENCH_MEASURE_H

#include "bench_load.h"
#include "pingpong.h"

enum { BENCH_SIDES = 4, BENCH_ROUNDS = 9 /* at most */, BENCH_MOST_SESSIONS = 512 };

/* What a call takes that is not the first of its session, at the node's end; see bench_count.h. */
struct bench_counts {
    bool has_system_calls, has_allocations; /* else they are not known */
    uint64_t system_calls, sends, receives; /* the latter two are among the former */
    uint64_t allocations;
};

/* Who talks to whom; the first one is what the others are compared with. */
struct bench_side {
    const char *name;             /* "bare" */
    const char *address;          /* of the VM for the library's client; NULL: the ping-pong */
    const extvm_options *options; /* of the client */
    size_t sessions;

    /* What came of it. */
    double rates[BENCH_ROUNDS];                  /* calls per second, of each round */
    double queries_per_second, calls_per_second; /* the median of the rounds */
    double ratio; /* its queries per second to the ping-pong's, the median of the rounds */
    double own_nanoseconds; /* a query, of the library: neither in system calls nor in the world;
                             * 0: none of it is there */
    double own_cycles;      /* the same in cycles of the processor's time stamp counter; 0: not
                             * known */
    struct latency latency;
    struct bench_counts counts;
};

struct bench_measure {
    const struct bench_load *load;
    const struct pingpong_dialogue *dialogue;
    const struct pingpong_vm *pingpong;
    struct bench_side sides[BENCH_SIDES];
    size_t side_count;
    size_t sessions; /* of a side at most */
    unsigned rounds;
    double seconds; /* of each side in a round */
};

/* The middle one of the values, BENCH_ROUNDS at most. */
double bench_median(const double *values, unsigned count);

/* Opens all sessions, lets each run a call to warm up, measures, closes them; with one session it
 * counts what a call takes, too. Errors:
 * EXTVM_SYSTEM_ERROR (a thread or socket), EXTVM_NO_MEMORY, and those of extvm_run. */
extvm_status bench_measure_run(struct bench_measure *measure, extvm_error *error);

#endif
