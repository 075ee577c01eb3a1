/* How long many things took. */
#include "latency.h"

#include <time.h>

enum { STEP_BITS = 5 };

uint64_t latency_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* The power of 2 below the number, and the five bits that follow its first. */
static size_t bucket_of(uint64_t nanoseconds) {
    if (nanoseconds < LATENCY_STEPS) {
        return (size_t)nanoseconds;
    }
    unsigned power = 63u - (unsigned)__builtin_clzll(nanoseconds);
    size_t step = (size_t)(nanoseconds >> (power - STEP_BITS)) - LATENCY_STEPS;
    size_t bucket = (size_t)(power - STEP_BITS + 1) * LATENCY_STEPS + step;
    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

/* The least number in the bucket. */
static uint64_t bucket_start(size_t bucket) {
    if (bucket < LATENCY_STEPS) {
        return bucket;
    }
    uint64_t first = LATENCY_STEPS + bucket % LATENCY_STEPS;
    return first << (bucket / LATENCY_STEPS - 1);
}

void latency_add(struct latency *latency, uint64_t nanoseconds) {
    latency->count++;
    latency->buckets[bucket_of(nanoseconds)]++;
}

void latency_merge(struct latency *latency, const struct latency *other) {
    latency->count += other->count;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        latency->buckets[i] += other->buckets[i];
    }
}

uint64_t latency_at(const struct latency *latency, double share) {
    uint64_t wanted = (uint64_t)((double)latency->count * share), seen = 0;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        seen += latency->buckets[i];
        if (seen > wanted) {
            return bucket_start(i);
        }
    }
    return 0;
}
