/* Keccak-256: the sponge over Keccak-f[1600] with a rate of 136 bytes. The permutation's steps and
 * constants are those of the Keccak reference (version 3.0, sections 1.2 and 2.3), as FIPS 202
 * repeats them; the padding is the reference's 0x01 … 0x80. */
#include "keccak.h"

#include <string.h>

enum { LANES = 25, RATE = 136, ROUNDS = 24 };

static const uint64_t round_constants[ROUNDS] = {
    UINT64_C(0x0000000000000001), UINT64_C(0x0000000000008082), UINT64_C(0x800000000000808a),
    UINT64_C(0x8000000080008000), UINT64_C(0x000000000000808b), UINT64_C(0x0000000080000001),
    UINT64_C(0x8000000080008081), UINT64_C(0x8000000000008009), UINT64_C(0x000000000000008a),
    UINT64_C(0x0000000000000088), UINT64_C(0x0000000080008009), UINT64_C(0x000000008000000a),
    UINT64_C(0x000000008000808b), UINT64_C(0x800000000000008b), UINT64_C(0x8000000000008089),
    UINT64_C(0x8000000000008003), UINT64_C(0x8000000000008002), UINT64_C(0x8000000000000080),
    UINT64_C(0x000000000000800a), UINT64_C(0x800000008000000a), UINT64_C(0x8000000080008081),
    UINT64_C(0x8000000000008080), UINT64_C(0x0000000080000001), UINT64_C(0x8000000080008008)};

/* rho and pi together: lane pi_lane[i] takes the lane before it in the cycle, turned by
 * rho_offset[i]. */
static const unsigned rho_offset[LANES - 1] = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                               27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};
static const unsigned pi_lane[LANES - 1] = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                            15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};

static inline uint64_t rotate_left(uint64_t lane, unsigned count) {
    return lane << count | lane >> (64 - count);
}

static void permute(uint64_t state[LANES]) {
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t column[5];
        for (unsigned x = 0; x < 5; x++) { /* theta */
            column[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
        }
        for (unsigned x = 0; x < 5; x++) {
            uint64_t parity = column[(x + 4) % 5] ^ rotate_left(column[(x + 1) % 5], 1);
            for (unsigned y = 0; y < LANES; y += 5) {
                state[y + x] ^= parity;
            }
        }
        uint64_t moving = state[1];
        for (unsigned i = 0; i < LANES - 1; i++) {
            uint64_t next = state[pi_lane[i]];
            state[pi_lane[i]] = rotate_left(moving, rho_offset[i]);
            moving = next;
        }
        for (unsigned y = 0; y < LANES; y += 5) { /* chi */
            uint64_t row[5];
            memcpy(row, state + y, sizeof row);
            for (unsigned x = 0; x < 5; x++) {
                state[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
            }
        }
        state[0] ^= round_constants[round]; /* iota */
    }
}

static uint64_t load_lane(const uint8_t *bytes) {
    uint64_t lane = 0;
    for (unsigned i = 0; i < 8; i++) {
        lane |= (uint64_t)bytes[i] << (8 * i);
    }
    return lane;
}

static void absorb(uint64_t state[LANES], const uint8_t block[RATE]) {
    for (size_t i = 0; i < RATE / 8; i++) {
        state[i] ^= load_lane(block + 8 * i);
    }
    permute(state);
}

void keccak256(extvm_bytes bytes, extvm_word *out) {
    uint64_t state[LANES] = {0};
    size_t at = 0;
    for (; bytes.size - at >= RATE; at += RATE) {
        absorb(state, bytes.data + at);
    }
    uint8_t last[RATE] = {0};
    if (at < bytes.size) {
        memcpy(last, bytes.data + at, bytes.size - at);
    }
    last[bytes.size - at] = 0x01;
    last[RATE - 1] |= 0x80;
    absorb(state, last);
    for (unsigned i = 0; i < EXTVM_WORD_SIZE; i++) {
        out->bytes[i] = (uint8_t)(state[i / 8] >> (8 * (i % 8)));
    }
}
