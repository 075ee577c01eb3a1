/* Keccak-256, the hash of Ethereum. */
#ifndef EXTVM_COMMON_KECCAK_H
#define EXTVM_COMMON_KECCAK_H

#include <extvm/bytes.h>

/* The Keccak-256 of `bytes`: the SHA-3 competition's padding, not that of FIPS 202 (yellow paper,
 * appendix "Conventions", KEC). */
void keccak256(extvm_bytes bytes, extvm_word *out);

#endif
