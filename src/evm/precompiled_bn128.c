/* The contracts on the curve alt_bn128: addition and multiplication (EIP-196), pairing (EIP-197).
 */
#include "bn128_pairing.h"
#include "precompiled_contracts.h"

enum { /* bytes */
       G1_SIZE = 2 * FP_SIZE,
       G2_SIZE = 4 * FP_SIZE,
       PAIR_SIZE = G1_SIZE + G2_SIZE
};

/* x, y. False when a coordinate is not below p, or the point is not on the curve. */
static bool read_g1(struct g1 *out, const uint8_t bytes[G1_SIZE]) {
    return fp_from_bytes(&out->x, bytes) && fp_from_bytes(&out->y, bytes + FP_SIZE) &&
           g1_is_valid(out);
}

/* EIP-197: the coefficient of i comes first. */
static bool read_fp2(struct fp2 *out, const uint8_t bytes[2 * FP_SIZE]) {
    return fp_from_bytes(&out->c1, bytes) && fp_from_bytes(&out->c0, bytes + FP_SIZE);
}

static bool read_g2(struct g2 *out, const uint8_t bytes[G2_SIZE]) {
    return read_fp2(&out->x, bytes) && read_fp2(&out->y, bytes + (size_t)2 * FP_SIZE) &&
           g2_is_on_curve(out) && g2_is_in_subgroup(out);
}

static enum precompiled_status output_g1(struct buffer *output, const struct g1 *point) {
    uint8_t bytes[G1_SIZE];
    fp_to_bytes(bytes, &point->x);
    fp_to_bytes(bytes + FP_SIZE, &point->y);
    return precompiled_output(output, bytes, sizeof bytes);
}

enum precompiled_status bn128_add_run(extvm_bytes input, struct buffer *output) {
    uint8_t bytes[2 * G1_SIZE];
    struct g1 a, b;
    precompiled_read(bytes, sizeof bytes, input);
    if (!read_g1(&a, bytes) || !read_g1(&b, bytes + G1_SIZE)) {
        return PRECOMPILED_FAILED;
    }
    g1_add(&a, &a, &b);
    return output_g1(output, &a);
}

enum precompiled_status bn128_multiply_run(extvm_bytes input, struct buffer *output) {
    uint8_t bytes[G1_SIZE + BN128_SCALAR_SIZE];
    struct g1 point;
    precompiled_read(bytes, sizeof bytes, input);
    if (!read_g1(&point, bytes)) {
        return PRECOMPILED_FAILED;
    }
    g1_multiply(&point, &point, bytes + G1_SIZE);
    return output_g1(output, &point);
}

/* Reads up to a batch of pairs from the front of `*input`, and takes them off it. */
static bool read_pairs(struct bn128_pair pairs[BN128_BATCH], size_t *count, extvm_bytes *input) {
    size_t read = 0;
    for (; read < BN128_BATCH && input->size > 0; read++) {
        if (!read_g1(&pairs[read].p, input->data) ||
            !read_g2(&pairs[read].q, input->data + G1_SIZE)) {
            return false;
        }
        *input = (extvm_bytes){input->data + PAIR_SIZE, input->size - PAIR_SIZE};
    }
    *count = read;
    return true;
}

/* Whether the pairings' product is 1; no pairs at all make 1. */
enum precompiled_status bn128_pairing_run(extvm_bytes input, struct buffer *output) {
    if (input.size % PAIR_SIZE != 0) {
        return PRECOMPILED_FAILED;
    }
    struct bn128_pair pairs[BN128_BATCH];
    struct fp12 product = fp12_one;
    while (input.size > 0) {
        size_t count;
        if (!read_pairs(pairs, &count, &input)) {
            return PRECOMPILED_FAILED;
        }
        bn128_miller(&product, pairs, count);
    }
    bn128_final_power(&product, &product);
    uint8_t word[EXTVM_WORD_SIZE] = {0};
    word[sizeof word - 1] = fp12_equal(&product, &fp12_one);
    return precompiled_output(output, word, sizeof word);
}
