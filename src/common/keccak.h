/* Keccak-256, the hash of Ethereum. */
#ifndef EXTVM_COMMON_KECCAK_H
#define EXTVM_COMMON_KECCAK_H

#include <stdbool.h>

#include <extvm/bytes.h>

/* The Keccak-256 of `bytes`: the SHA-3 competition's padding, not that of FIPS 202 (yellow paper,
 * appendix "Conventions", KEC). */
void keccak256(extvm_bytes bytes, extvm_word *out);

/* The ways to do it, the fastest first. */
enum keccak_way { KECCAK_AVX512, KECCAK_BMI, KECCAK_ANYWHERE, KECCAK_WAYS };

/* The same in one way, so that each can be tested; false: this processor cannot go it. */
bool keccak256_by(enum keccak_way way, extvm_bytes bytes, extvm_word *out);

#endif
