/* Keccak-256 against known answers and a slow reference that works bit by bit: every table of the
 * fast one is computed here from its definition (Keccak reference 3.0, sections 1.2 and 2.3). */
#include <stdbool.h>
#include <string.h>

#include "support/cmocka.h"

#include "common/keccak.h"
#include "support/hex.h"

enum { LANE = 64, RATE_BITS = 1088, LONGEST = 300 };

struct cube {
    bool bit[5][5][LANE]; /* x, y, z */
};

static void theta(struct cube *a) {
    struct cube old = *a;
    for (int x = 0; x < 5; x++) {
        for (int z = 0; z < LANE; z++) {
            bool parity = false;
            for (int y = 0; y < 5; y++) {
                parity ^= old.bit[(x + 4) % 5][y][z] ^ old.bit[(x + 1) % 5][y][(z + 63) % 64];
            }
            for (int y = 0; y < 5; y++) {
                a->bit[x][y][z] = old.bit[x][y][z] ^ parity;
            }
        }
    }
}

static void rho(struct cube *a) {
    struct cube old = *a;
    int x = 1, y = 0;
    for (int t = 0; t < 24; t++) {
        int offset = (t + 1) * (t + 2) / 2 % LANE;
        for (int z = 0; z < LANE; z++) {
            a->bit[x][y][(z + offset) % LANE] = old.bit[x][y][z];
        }
        int next = (2 * x + 3 * y) % 5;
        x = y;
        y = next;
    }
}

static void pi(struct cube *a) {
    struct cube old = *a;
    for (int x = 0; x < 5; x++) {
        for (int y = 0; y < 5; y++) {
            memcpy(a->bit[y][(2 * x + 3 * y) % 5], old.bit[x][y], sizeof old.bit[x][y]);
        }
    }
}

static void chi(struct cube *a) {
    struct cube old = *a;
    for (int x = 0; x < 5; x++) {
        for (int y = 0; y < 5; y++) {
            for (int z = 0; z < LANE; z++) {
                a->bit[x][y][z] =
                    old.bit[x][y][z] ^ (!old.bit[(x + 1) % 5][y][z] && old.bit[(x + 2) % 5][y][z]);
            }
        }
    }
}

/* The feedback register x^8 + x^6 + x^5 + x^4 + 1 gives the constants' bits. */
static bool register_bit(unsigned *state) {
    bool out = *state & 1;
    *state = (*state << 1) ^ ((*state >> 7 & 1) * 0x171u);
    return out;
}

static void iota(struct cube *a, unsigned *state) {
    for (int j = 0; j < 7; j++) {
        a->bit[0][0][(1 << j) - 1] ^= register_bit(state);
    }
}

static void permute_slowly(struct cube *a) {
    unsigned state = 1;
    for (int round = 0; round < 24; round++) {
        theta(a);
        rho(a);
        pi(a);
        chi(a);
        iota(a, &state);
    }
}

static bool *bit_at(struct cube *a, size_t index) {
    size_t lane = index / LANE;
    return &a->bit[lane % 5][lane / 5][index % LANE];
}

static void keccak256_slowly(extvm_bytes bytes, extvm_word *out) {
    struct cube a = {{{{false}}}};
    size_t message = 8 * bytes.size, whole = (message + 2 + RATE_BITS - 1) / RATE_BITS * RATE_BITS;
    for (size_t i = 0; i < whole; i++) { /* the message, then 1 0…0 1 */
        bool bit = i == message || i == whole - 1;
        if (i < message) {
            bit = bytes.data[i / 8] >> (i % 8) & 1;
        }
        *bit_at(&a, i % RATE_BITS) ^= bit;
        if (i % RATE_BITS == RATE_BITS - 1) {
            permute_slowly(&a);
        }
    }
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < 8 * EXTVM_WORD_SIZE; i++) {
        out->bytes[i / 8] = (uint8_t)(out->bytes[i / 8] | (unsigned)*bit_at(&a, i) << (i % 8));
    }
}

static void check_answer(extvm_bytes message, const char *expected) {
    extvm_word fast, slow;
    keccak256(message, &fast);
    keccak256_slowly(message, &slow);
    assert_memory_equal(fast.bytes, HEX(expected).data, EXTVM_WORD_SIZE);
    assert_memory_equal(slow.bytes, HEX(expected).data, EXTVM_WORD_SIZE);
}

static void known_hashes_come_out(void **context) {
    (void)context;
    check_answer((extvm_bytes){NULL, 0},
                 "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    check_answer(HEX("616263"), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    check_answer(HEX("80"), "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
}

static void no_message_length_is_hashed_wrongly(void **context) {
    (void)context;
    uint8_t message[LONGEST];
    for (size_t i = 0; i < LONGEST; i++) {
        message[i] = (uint8_t)(i * 167 + 13);
    }
    for (size_t size = 0; size <= LONGEST; size++) { /* 135, 136, 137, 271, 272, 273 among them */
        extvm_word fast, slow;
        keccak256((extvm_bytes){message, size}, &fast);
        keccak256_slowly((extvm_bytes){message, size}, &slow);
        assert_memory_equal(fast.bytes, slow.bytes, EXTVM_WORD_SIZE);
        bool anywhere = false;
        for (int way = 0; way < KECCAK_WAYS; way++) {
            anywhere = keccak256_by((enum keccak_way)way, (extvm_bytes){message, size}, &fast);
            assert_true(!anywhere || memcmp(fast.bytes, slow.bytes, EXTVM_WORD_SIZE) == 0);
        }
        assert_true(anywhere); /* the last way is every processor's */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_hashes_come_out),
        cmocka_unit_test(no_message_length_is_hashed_wrongly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
