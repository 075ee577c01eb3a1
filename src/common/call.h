/* Rules on calls that hold for every VM. */
#ifndef EXTVM_COMMON_CALL_H
#define EXTVM_COMMON_CALL_H

#include <extvm/call.h>
#include <extvm/world.h>

/* Whether `integer` is 0 or more and below 2^256. */
bool integer_is_word(extvm_bytes integer);

/* Refuses numbers that are negative or too wide, and pointers that are missing.
 * Errors: EXTVM_OUT_OF_RANGE, EXTVM_INVALID_ARGUMENT. */
extvm_status call_check(const extvm_call *call, extvm_error *error);

/* The address of the contract that `creator` makes with this nonce: the last 20 bytes of
 * keccak256(rlp([creator, nonce])) (yellow paper, section 7). */
void create_address(const extvm_address *creator, uint64_t nonce, extvm_address *out);

#endif
