/* Rules on calls that hold for every VM. */
#ifndef EXTVM_COMMON_CALL_H
#define EXTVM_COMMON_CALL_H

#include <extvm/call.h>
#include <extvm/world.h>

#include "ledger.h"
#include "result.h"

/* Whether `integer` is 0 or more and below 2^256. */
bool integer_is_word(extvm_bytes integer);

/* Refuses numbers that are negative or too wide, pointers that are missing, and types of
 * transaction that do not agree with the access list (EIP-2718, EIP-2930). Errors:
 * EXTVM_OUT_OF_RANGE, EXTVM_INVALID_ARGUMENT, EXTVM_ACCESS_LIST_MISSING. */
extvm_status call_check(const extvm_call *call, extvm_error *error);

/* Refuses a caller that does not exist, and for a create one whose nonce is 0 or 2^64 and above:
 * the node counts the nonce up before the call (protocol/kevm.md, section 8; EIP-2681). The real
 * KEVM would loop for ever or abort, and an IELE die. Errors: EXTVM_CALLER_ABSENT,
 * EXTVM_CREATE_NONCE_ZERO, EXTVM_OUT_OF_RANGE. */
extvm_status call_check_caller(const extvm_call *call, bool exists, extvm_bytes nonce,
                               extvm_error *error);

/* The address of the contract that `creator` makes with this nonce: the last 20 bytes of
 * keccak256(rlp([creator, nonce])) (yellow paper, section 7). */
void create_address(const extvm_address *creator, uint64_t nonce, extvm_address *out);

/* Sets the result's new address to the one for the caller and its nonce before that was counted up;
 * the ledger has it counted up. */
void result_set_created(extvm_result *result, const extvm_call *call, const struct ledger *ledger);

/* The error that the VM made the contract elsewhere, at `told`. */
extvm_status created_elsewhere(const extvm_result *result, extvm_bytes told, extvm_error *error);

#endif
