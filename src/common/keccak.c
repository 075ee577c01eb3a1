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

static inline uint64_t rotate_left(uint64_t lane, unsigned count) {
    return count == 0 ? lane : lane << count | lane >> (64 - count);
}

/* theta, rho, pi and chi for one row of the new state: five lanes of the old one, each with the
 * parity of its column and the turn that brings it here. */
#define ROW(to, l0, p0, r0, l1, p1, r1, l2, p2, r2, l3, p3, r3, l4, p4, r4)                        \
    do {                                                                                           \
        const uint64_t b0 = rotate_left((l0) ^ (p0), r0), b1 = rotate_left((l1) ^ (p1), r1),       \
                       b2 = rotate_left((l2) ^ (p2), r2), b3 = rotate_left((l3) ^ (p3), r3),       \
                       b4 = rotate_left((l4) ^ (p4), r4);                                          \
        to##0 = b0 ^ (~b1 & b2);                                                                   \
        to##1 = b1 ^ (~b2 & b3);                                                                   \
        to##2 = b2 ^ (~b3 & b4);                                                                   \
        to##3 = b3 ^ (~b4 & b0);                                                                   \
        to##4 = b4 ^ (~b0 & b1);                                                                   \
    } while (0)

/* A round from the rows a, e, i, o, u (y = 0 ... 4) with the lanes 0 ... 4 (x) of `f` to those of
 * `t`. Which lane goes where, and how far it is turned, is the reference's table 2.3. */
#define ROUND(f, t, constant)                                                                      \
    do {                                                                                           \
        const uint64_t c0 = f##a0 ^ f##e0 ^ f##i0 ^ f##o0 ^ f##u0,                                 \
                       c1 = f##a1 ^ f##e1 ^ f##i1 ^ f##o1 ^ f##u1,                                 \
                       c2 = f##a2 ^ f##e2 ^ f##i2 ^ f##o2 ^ f##u2,                                 \
                       c3 = f##a3 ^ f##e3 ^ f##i3 ^ f##o3 ^ f##u3,                                 \
                       c4 = f##a4 ^ f##e4 ^ f##i4 ^ f##o4 ^ f##u4;                                 \
        const uint64_t d0 = c4 ^ rotate_left(c1, 1), d1 = c0 ^ rotate_left(c2, 1),                 \
                       d2 = c1 ^ rotate_left(c3, 1), d3 = c2 ^ rotate_left(c4, 1),                 \
                       d4 = c3 ^ rotate_left(c0, 1);                                               \
        ROW(t##a, f##a0, d0, 0, f##e1, d1, 44, f##i2, d2, 43, f##o3, d3, 21, f##u4, d4, 14);       \
        t##a0 ^= (constant); /* iota */                                                            \
        ROW(t##e, f##a3, d3, 28, f##e4, d4, 20, f##i0, d0, 3, f##o1, d1, 45, f##u2, d2, 61);       \
        ROW(t##i, f##a1, d1, 1, f##e2, d2, 6, f##i3, d3, 25, f##o4, d4, 8, f##u0, d0, 18);         \
        ROW(t##o, f##a4, d4, 27, f##e0, d0, 36, f##i1, d1, 10, f##o2, d2, 15, f##u3, d3, 56);      \
        ROW(t##u, f##a2, d2, 62, f##e3, d3, 55, f##i4, d4, 39, f##o0, d0, 41, f##u1, d1, 2);       \
    } while (0)

#define ROW_LANES(name) name##0, name##1, name##2, name##3, name##4
#define STATE_LANES(s)                                                                             \
    ROW_LANES(s##a), ROW_LANES(s##e), ROW_LANES(s##i), ROW_LANES(s##o), ROW_LANES(s##u)
#define LOAD_ROW(name, at)                                                                         \
    name##0 = state[at], name##1 = state[(at) + 1], name##2 = state[(at) + 2],                     \
    name##3 = state[(at) + 3], name##4 = state[(at) + 4]
#define STORE_ROW(name, at)                                                                        \
    state[at] = name##0, state[(at) + 1] = name##1, state[(at) + 2] = name##2,                     \
    state[(at) + 3] = name##3, state[(at) + 4] = name##4

/* All lanes are local variables, and two rounds go from one set of them to another and back, so
 * that nothing is looked up or moved. */
static inline __attribute__((always_inline)) void permute_lanes(uint64_t state[LANES]) {
    uint64_t STATE_LANES(x), STATE_LANES(y);
    LOAD_ROW(xa, 0), LOAD_ROW(xe, 5), LOAD_ROW(xi, 10), LOAD_ROW(xo, 15), LOAD_ROW(xu, 20);
    for (unsigned round = 0; round < ROUNDS; round += 2) {
        ROUND(x, y, round_constants[round]);
        ROUND(y, x, round_constants[round + 1]);
    }
    STORE_ROW(xa, 0), STORE_ROW(xe, 5), STORE_ROW(xi, 10), STORE_ROW(xo, 15), STORE_ROW(xu, 20);
}

static void permute_anywhere(uint64_t state[LANES]) {
    permute_lanes(state);
}

#if defined(__x86_64__)
/* With "and not" and rotations into another register, as all but old processors have them. */
static __attribute__((target("bmi,bmi2"))) void permute_bmi(uint64_t state[LANES]) {
    permute_lanes(state);
}

static void permute(uint64_t state[LANES]) {
    if (__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) {
        permute_bmi(state);
    } else {
        permute_anywhere(state);
    }
}
#else
static void permute(uint64_t state[LANES]) {
    permute_anywhere(state);
}
#endif

static uint64_t load_lane(const uint8_t *bytes) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t lane;
    memcpy(&lane, bytes, sizeof lane);
#else
    uint64_t lane = 0;
    for (unsigned i = 0; i < 8; i++) {
        lane |= (uint64_t)bytes[i] << (8 * i);
    }
#endif
    return lane;
}

/* Adds `size` bytes, at most RATE, to the state. */
static void add_bytes(uint64_t state[LANES], const uint8_t *bytes, size_t size) {
    size_t at = 0;
    for (; size - at >= 8; at += 8) {
        state[at / 8] ^= load_lane(bytes + at);
    }
    for (; at < size; at++) {
        state[at / 8] ^= (uint64_t)bytes[at] << (8 * (at % 8));
    }
}

void keccak256(extvm_bytes bytes, extvm_word *out) {
    uint64_t state[LANES] = {0};
    size_t at = 0;
    for (; bytes.size - at >= RATE; at += RATE) {
        add_bytes(state, bytes.data + at, RATE);
        permute(state);
    }
    const size_t rest = bytes.size - at;
    if (rest > 0) {
        add_bytes(state, bytes.data + at, rest);
    }
    state[rest / 8] ^= UINT64_C(0x01) << (8 * (rest % 8));
    state[RATE / 8 - 1] ^= UINT64_C(0x80) << 56;
    permute(state);
    for (unsigned i = 0; i < EXTVM_WORD_SIZE; i++) {
        out->bytes[i] = (uint8_t)(state[i / 8] >> (8 * (i % 8)));
    }
}
