/* The contracts of Frontier: ecrecover, SHA-256, RIPEMD-160 and identity (yellow paper, appendix E:
 * ECREC, SHA256, RIP160, ID). */
#include <nettle/ripemd160.h>
#include <nettle/sha2.h>
#include <secp256k1_recovery.h>

#include "common/keccak.h"
#include "precompiled_contracts.h"

enum { ADDRESS_PADDING = EXTVM_WORD_SIZE - EXTVM_ADDRESS_SIZE }; /* bytes of zeros */

/* The input: hash, v, r and s, a word each. */
struct signature {
    uint8_t hash[EXTVM_WORD_SIZE];
    uint8_t v[EXTVM_WORD_SIZE];
    uint8_t r_and_s[2 * EXTVM_WORD_SIZE];
};

/* v is 27 or 28: the y of the signature's point is even or odd. */
static bool recovery_id(const uint8_t v[EXTVM_WORD_SIZE], int *id) {
    enum { V_OF_EVEN = 27, LAST = EXTVM_WORD_SIZE - 1 };
    static const uint8_t zeros[LAST] = {0};
    *id = v[LAST] - V_OF_EVEN;
    return memcmp(v, zeros, sizeof zeros) == 0 && (*id == 0 || *id == 1);
}

/* secp256k1_context_static is constant, and enough for what has no secret key in it. */
static bool recover_address(const struct signature *input, uint8_t address[EXTVM_ADDRESS_SIZE]) {
    enum { KEY_SIZE = 65 }; /* 04, x, y */
    const secp256k1_context *context = secp256k1_context_static;
    secp256k1_ecdsa_recoverable_signature signature;
    secp256k1_pubkey key;
    int id;
    if (!recovery_id(input->v, &id) ||
        !secp256k1_ecdsa_recoverable_signature_parse_compact(context, &signature, input->r_and_s,
                                                             id) ||
        !secp256k1_ecdsa_recover(context, &key, &signature, input->hash)) {
        return false;
    }
    uint8_t bytes[KEY_SIZE];
    size_t size = sizeof bytes;
    secp256k1_ec_pubkey_serialize(context, bytes, &size, &key, SECP256K1_EC_UNCOMPRESSED);
    extvm_word hash;
    keccak256((extvm_bytes){bytes + 1, KEY_SIZE - 1}, &hash);
    memcpy(address, hash.bytes + ADDRESS_PADDING, EXTVM_ADDRESS_SIZE);
    return true;
}

/* A signature that is none has no output, and is no failure. */
enum precompiled_status ecrecover_run(extvm_bytes input, struct buffer *output) {
    struct signature signature;
    _Static_assert(sizeof signature == (size_t)4 * EXTVM_WORD_SIZE,
                   "the input's words, and nothing else");
    precompiled_read((uint8_t *)&signature, sizeof signature, input);
    uint8_t word[EXTVM_WORD_SIZE] = {0};
    if (!recover_address(&signature, word + ADDRESS_PADDING)) {
        return PRECOMPILED_OK;
    }
    return precompiled_output(output, word, sizeof word);
}

enum precompiled_status sha256_run(extvm_bytes input, struct buffer *output) {
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    sha256_update(&context, input.size, input.data);
    sha256_digest(&context, sizeof digest, digest);
    return precompiled_output(output, digest, sizeof digest);
}

enum precompiled_status ripemd160_run(extvm_bytes input, struct buffer *output) {
    struct ripemd160_ctx context;
    uint8_t word[EXTVM_WORD_SIZE] = {0};
    ripemd160_init(&context);
    ripemd160_update(&context, input.size, input.data);
    ripemd160_digest(&context, RIPEMD160_DIGEST_SIZE, word + sizeof word - RIPEMD160_DIGEST_SIZE);
    return precompiled_output(output, word, sizeof word);
}

enum precompiled_status identity_run(extvm_bytes input, struct buffer *output) {
    return precompiled_output(output, input.data, input.size);
}
