/* The monotonic clock, in nanoseconds. */
#ifndef EXTVM_COMMON_CLOCK_H
#define EXTVM_COMMON_CLOCK_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

enum { NANOSECONDS_IN_MICROSECOND = 1000, NANOSECONDS_IN_MILLISECOND = 1000000 };
#define NANOSECONDS_IN_SECOND UINT64_C(1000000000)

static inline uint64_t clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NANOSECONDS_IN_SECOND + (uint64_t)now.tv_nsec;
}

static inline struct timespec clock_timespec(uint64_t nanoseconds) {
    return (struct timespec){.tv_sec = (time_t)(nanoseconds / NANOSECONDS_IN_SECOND),
                             .tv_nsec = (long)(nanoseconds % NANOSECONDS_IN_SECOND)};
}

static inline struct timeval clock_timeval(uint64_t nanoseconds) {
    return (struct timeval){
        .tv_sec = (time_t)(nanoseconds / NANOSECONDS_IN_SECOND),
        .tv_usec = (suseconds_t)(nanoseconds % NANOSECONDS_IN_SECOND / NANOSECONDS_IN_MICROSECOND)};
}

#endif
