/* How long many things took: a histogram with buckets of 1/32 of a power of 2. */
#ifndef CLI_LATENCY_H
#define CLI_LATENCY_H

#include <stddef.h>
#include <stdint.h>

enum { LATENCY_STEPS = 32, LATENCY_BUCKETS = 41 * LATENCY_STEPS /* up to 2^40 ns and more */ };

/* Zeros are an empty one. */
struct latency {
    uint64_t count;
    uint64_t buckets[LATENCY_BUCKETS];
};

/* The monotonic clock, in nanoseconds. */
uint64_t latency_now(void);

void latency_add(struct latency *latency, uint64_t nanoseconds);
void latency_merge(struct latency *latency, const struct latency *other);

/* The time that a share of all (0.5: the median) stayed within, in nanoseconds; 0: there is none.
 */
uint64_t latency_at(const struct latency *latency, double share);

#endif
