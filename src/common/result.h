/* A result while it is being made, and its finished form. */
#ifndef EXTVM_COMMON_RESULT_H
#define EXTVM_COMMON_RESULT_H

#include <extvm/result.h>

#include "buffer.h"
#include "memory.h"

enum { RESULT_QUIRKS_MAXIMUM = 8 };

/* Everything in it lies in its arena or in the message that it came in; the struct in the arena. */
struct extvm_result {
    extvm_allocator allocator;
    struct arena arena;
    struct buffer body; /* the message, where it was taken over with its buffer */
    extvm_outcome outcome;
    bool error; /* as the VM sent it */
    extvm_bytes return_data;
    extvm_bytes return_code;
    const char *return_code_name;
    extvm_bytes gas_remaining, gas_refund, gas_used;
    extvm_bytes milligas_remaining; /* empty: not reported */
    extvm_modified_account *modified;
    extvm_address *deleted, *touched;
    extvm_log_entry *logs;
    size_t modified_count, deleted_count, touched_count, log_count;
    extvm_access_list access_list;
    extvm_code_coverage *coverage;
    size_t coverage_count;
    bool created;
    extvm_address created_address;
    extvm_address beneficiary; /* of the call's block */
    bool clears_empty;         /* the call's block has EIP-161 */
    const char *quirks[RESULT_QUIRKS_MAXIMUM];
    size_t quirk_count;
    extvm_run_stats stats;
};

/* A result of zeros, or NULL. The allocator is copied: a result outlives what made it. `spare`
 * (NULL: there is none) is what its memory is taken from and given back to. */
extvm_result *result_new(const extvm_allocator *allocator, struct spare *spare);

/* Adds a quirk, once. `name` lives for ever. */
void result_add_quirk(extvm_result *result, const char *name);

/* Forgets the lists of changes, the logs, the access list and the refund. True when there was
 * anything in them. */
bool result_drop_changes(extvm_result *result);

/* Makes it a failed call's result: with this outcome and name of its return code, and without
 * changes; the quirk "lists-dropped" says that the VM listed some. */
void result_set_failed(extvm_result *result, extvm_outcome outcome, const char *return_code_name);

/* Puts the lists into the order that extvm/result.h promises; touched and deleted lose their
 * duplicates. */
void result_sort(extvm_result *result);

/* Sets gas_used to provided less remaining, which is not greater and is 0 or more; both below
 * 2^256. False when there is no memory. */
bool result_set_gas_used(extvm_result *result, extvm_bytes gas_provided);

static inline extvm_bytes address_bytes(const extvm_address *address) {
    return (extvm_bytes){address->bytes, EXTVM_ADDRESS_SIZE};
}

/* Orders addresses as qsort wants it. */
int address_compare(const void *a, const void *b);

#endif
