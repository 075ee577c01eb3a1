/* The contract BLAKE2 F (EIP-152): the compression function of BLAKE2b (RFC 7693, section 3.2) with
 * any number of rounds. */
#include "precompiled_contracts.h"

enum { STATE_WORDS = 8, MESSAGE_WORDS = 16, PERMUTATIONS = 10 };

/* The input, byte by byte: rounds (big-endian), h, m, t (little-endian), f. */
enum {
    ROUNDS_AT = 0,
    ROUNDS_SIZE = 4,
    STATE_AT = ROUNDS_AT + ROUNDS_SIZE,
    MESSAGE_AT = STATE_AT + 8 * STATE_WORDS,
    OFFSET_AT = MESSAGE_AT + 8 * MESSAGE_WORDS,
    FINAL_AT = OFFSET_AT + 2 * 8,
    INPUT_SIZE = FINAL_AT + 1
};

/* RFC 7693, section 2.6: the fractions of the square roots of the first eight primes. */
static const uint64_t initial_state[STATE_WORDS] = {
    UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x3c6ef372fe94f82b),
    UINT64_C(0xa54ff53a5f1d36f1), UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f),
    UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179)};

/* RFC 7693, section 2.7: the order of the message's words, by round modulo 10. */
static const uint8_t sigma[PERMUTATIONS][MESSAGE_WORDS] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

static uint32_t read_rounds(extvm_bytes input) {
    uint32_t rounds = 0;
    for (unsigned i = 0; i < ROUNDS_SIZE; i++) {
        rounds = rounds << 8 | input.data[ROUNDS_AT + i];
    }
    return rounds;
}

static void read_words(uint64_t *out, unsigned count, const uint8_t *bytes) {
    for (unsigned i = 0; i < count; i++) {
        out[i] = 0;
        for (unsigned j = 8; j-- > 0;) {
            out[i] = out[i] << 8 | bytes[8 * i + j];
        }
    }
}

static inline uint64_t rotate_right(uint64_t word, unsigned count) {
    return word >> count | word << (64 - count);
}

/* RFC 7693, section 3.1: G with the rotations of BLAKE2b. */
static inline void mix(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, uint64_t x, uint64_t y) {
    *a += *b + x;
    *d = rotate_right(*d ^ *a, 32);
    *c += *d;
    *b = rotate_right(*b ^ *c, 24);
    *a += *b + y;
    *d = rotate_right(*d ^ *a, 16);
    *c += *d;
    *b = rotate_right(*b ^ *c, 63);
}

static void mix_round(uint64_t v[2 * STATE_WORDS], const uint64_t m[MESSAGE_WORDS],
                      const uint8_t order[MESSAGE_WORDS]) {
    mix(&v[0], &v[4], &v[8], &v[12], m[order[0]], m[order[1]]);
    mix(&v[1], &v[5], &v[9], &v[13], m[order[2]], m[order[3]]);
    mix(&v[2], &v[6], &v[10], &v[14], m[order[4]], m[order[5]]);
    mix(&v[3], &v[7], &v[11], &v[15], m[order[6]], m[order[7]]);
    mix(&v[0], &v[5], &v[10], &v[15], m[order[8]], m[order[9]]);
    mix(&v[1], &v[6], &v[11], &v[12], m[order[10]], m[order[11]]);
    mix(&v[2], &v[7], &v[8], &v[13], m[order[12]], m[order[13]]);
    mix(&v[3], &v[4], &v[9], &v[14], m[order[14]], m[order[15]]);
}

/* Input of another size fails whatever it costs. */
bool blake2_price(const struct precompiled_price *price, extvm_bytes input, uint64_t *gas) {
    *gas = input.size == INPUT_SIZE ? price->per_unit * read_rounds(input) : 0;
    return true;
}

enum precompiled_status blake2_run(extvm_bytes input, struct buffer *output) {
    if (input.size != INPUT_SIZE || input.data[FINAL_AT] > 1) {
        return PRECOMPILED_FAILED;
    }
    uint64_t h[STATE_WORDS], m[MESSAGE_WORDS], t[2], v[2 * STATE_WORDS];
    read_words(h, STATE_WORDS, input.data + STATE_AT);
    read_words(m, MESSAGE_WORDS, input.data + MESSAGE_AT);
    read_words(t, 2, input.data + OFFSET_AT);
    memcpy(v, h, sizeof h);
    memcpy(v + STATE_WORDS, initial_state, sizeof initial_state);
    v[12] ^= t[0];
    v[13] ^= t[1];
    v[14] ^= 0 - (uint64_t)input.data[FINAL_AT];
    uint32_t rounds = read_rounds(input);
    for (uint32_t round = 0; round < rounds; round++) {
        mix_round(v, m, sigma[round % PERMUTATIONS]);
    }
    uint8_t bytes[8 * STATE_WORDS];
    for (unsigned i = 0; i < sizeof bytes; i++) {
        uint64_t word = h[i / 8] ^ v[i / 8] ^ v[i / 8 + STATE_WORDS];
        bytes[i] = (uint8_t)(word >> (8 * (i % 8)));
    }
    return precompiled_output(output, bytes, sizeof bytes);
}
