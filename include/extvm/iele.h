/* IELE's call data and returned values: which function, with which signed integers of any width
 * (protocol/iele.md, section 5). */
#ifndef EXTVM_IELE_H
#define EXTVM_IELE_H

#include <extvm/allocator.h>
#include <extvm/bytes.h>
#include <extvm/declare.h>

EXTVM_BEGIN_DECLARATIONS

/* Makes the input of a call: the function's name, without "@", and `count` integers. A plain
 * account has the one function "deposit", without arguments. `*data` (`*size` bytes) is new, made
 * with `allocator` (NULL: the default one) and given back with its release.
 * Errors: EXTVM_INVALID_ARGUMENT (something is missing), EXTVM_NO_MEMORY. */
extvm_status extvm_iele_call(const char *function, const extvm_bytes *args, size_t count,
                             const extvm_allocator *allocator, uint8_t **data, size_t *size,
                             extvm_error *error);

/* Makes the input of a create: the contract's code, and `count` integers for its constructor.
 * Memory and errors as above. */
extvm_status extvm_iele_deploy(extvm_bytes code, const extvm_bytes *args, size_t count,
                               const extvm_allocator *allocator, uint8_t **data, size_t *size,
                               extvm_error *error);

/* Reads the integers that a call returned from the return data of its result: their number into
 * `*count`, and the first `capacity` of them, canonical and borrowed from `return_data`, into
 * `integers` (NULL with a `capacity` of 0: only count).
 * Errors: EXTVM_INVALID_ARGUMENT (no list of integers, as the text says). */
extvm_status extvm_iele_returns(extvm_bytes return_data, extvm_bytes *integers, size_t capacity,
                                size_t *count, extvm_error *error);

EXTVM_END_DECLARATIONS

#endif
