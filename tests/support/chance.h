/* Pseudo-random numbers that are the same in every run (xorshift64*). */
#ifndef EXTVM_TESTS_CHANCE_H
#define EXTVM_TESTS_CHANCE_H

#include <stdint.h>

static inline uint64_t chance(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

#endif
