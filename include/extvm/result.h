/* A CallResult: what the virtual machine decided, and how a node takes it over. */
#ifndef EXTVM_RESULT_H
#define EXTVM_RESULT_H

#include <extvm/bytes.h>
#include <extvm/call.h>
#include <extvm/declare.h>

EXTVM_BEGIN_DECLARATIONS

/* The VM's verdict on the transaction. On anything but success the lists of changes, the logs and
 * the refund are empty: the node keeps its checkpoint and settles the gas. */
typedef enum extvm_outcome {
    EXTVM_OUTCOME_SUCCESS,
    EXTVM_OUTCOME_REVERT, /* the program reverted: the rest of the gas comes back */
    EXTVM_OUTCOME_FAILURE /* an exception: all gas is used, except for IELE's status 9 */
} extvm_outcome;

/* "success", "revert" or "failure"; lives for ever. */
const char *extvm_outcome_name(extvm_outcome outcome);

/* One change in an account's storage; canonical integers. A value of 0 deletes the key. */
typedef struct extvm_storage_update {
    extvm_bytes key;
    extvm_bytes value;
} extvm_storage_update;

/* An account as it is after the call; nonce and balance are the new values, not differences. A VM
 * may list an account of which nothing has changed: KEVM does so with the caller of a create. */
typedef struct extvm_modified_account {
    extvm_address address;
    extvm_bytes nonce;
    extvm_bytes balance;                 /* wei */
    extvm_bytes code;                    /* empty: unchanged */
    const extvm_storage_update *storage; /* ascending by key */
    size_t storage_count;
} extvm_modified_account;

typedef struct extvm_log_entry {
    extvm_address address;
    const extvm_word *topics;
    size_t topic_count;
    extvm_bytes data;
} extvm_log_entry;

/* Which instructions of a contract ran, as an IELE VM with --coverage counts them. */
typedef struct extvm_code_coverage {
    extvm_word code_hash; /* keccak256 of `code` */
    extvm_bytes code;
    /* A byte for each instruction, labels not counted: bit 0 it ran, bit 1 it raised an exception,
     * bit 2 its branch was taken, bit 3 it was not (protocol/iele.md, section 10). */
    extvm_bytes coverage;
} extvm_code_coverage;

/* What a run cost. Time is in nanoseconds of the monotonic clock. */
typedef struct extvm_run_stats {
    uint64_t account_queries, storage_queries, code_queries, block_hash_queries; /* of the VM */
    uint64_t bytes_sent, bytes_received;
    uint64_t total_time; /* from extvm_run's start to its end */
    uint64_t vm_time;    /* from a message sent to the first byte that comes back, of each */
    uint64_t
        wire_time; /* connecting, sending, and receiving the rest of messages that came in parts */
    uint64_t world_time; /* in the world's functions */
    unsigned attempts;   /* 1, and one for each retry */
} extvm_run_stats;

/* A result belongs to the caller of extvm_run and is freed with extvm_result_free. It is never
 * changed, so that many threads may read it. All that the functions below give lives as long as it
 * does. It does not depend on the handle that made it, and may be freed after it, from any thread;
 * before, the handle keeps a small one's memory for its next (extvm/vm.h). */
typedef struct extvm_result extvm_result;

/* Frees a result; NULL is allowed. */
void extvm_result_free(extvm_result *result);

extvm_outcome extvm_result_outcome(const extvm_result *result);

/* The output of a call, the revert data of a revert, else empty. Of IELE it is a list of integers:
 * see extvm_iele_returns. */
extvm_bytes extvm_result_return_data(const extvm_result *result);

/* The VM's own code, a canonical integer, and its name. KEVM: 1 for a call that succeeded, the new
 * address for a create that did, 0 for a failure (protocol/kevm.md, section 10); the names are
 * "success", "created" and "failure". IELE: the status; "success" for 0, FUNC_NOT_FOUND and so on
 * for the VM's own (protocol/iele.md, section 10.1), "revert" for whatever a program reverts with.
 */
extvm_bytes extvm_result_return_code(const extvm_result *result);
const char *extvm_result_return_code_name(const extvm_result *result);

/* Canonical integers, in gas. The refund is not capped: that is the node's part (yellow paper,
 * section 6.2). Used is provided less remaining. */
extvm_bytes extvm_result_gas_remaining(const extvm_result *result);
extvm_bytes extvm_result_gas_refund(const extvm_result *result);
extvm_bytes extvm_result_gas_used(const extvm_result *result);

/* The gas that the IELE VM inside the library had left, in 1/1000 gas, before it rounded up; empty
 * from every other VM. */
extvm_bytes extvm_result_milligas_remaining(const extvm_result *result);

/* The address of the contract that a successful create made; NULL for anything else. */
const extvm_address *extvm_result_created_address(const extvm_result *result);

/* Arrays of `*count` elements, ascending by address without duplicates; not NULL-terminated. */
const extvm_modified_account *extvm_result_modified(const extvm_result *result, size_t *count);
const extvm_address *extvm_result_deleted(const extvm_result *result, size_t *count);
const extvm_address *extvm_result_touched(const extvm_result *result, size_t *count);

/* The logs in the order they were written. */
const extvm_log_entry *extvm_result_logs(const extvm_result *result, size_t *count);

/* What was warm at the end (EIP-2929): ascending by address, keys ascending. Empty before Berlin.
 */
const extvm_access_list *extvm_result_access_list(const extvm_result *result);

/* The coverage of each contract that ran, also of a call that failed: ascending by code hash. Empty
 * unless the VM is an IELE that counts it. */
const extvm_code_coverage *extvm_result_coverage(const extvm_result *result, size_t *count);

/* The names of the VM's peculiarities that this run met and that the library put right
 * (docs/quirks.md); `*count` strings. */
const char *const *extvm_result_quirks(const extvm_result *result, size_t *count);

extvm_run_stats extvm_result_stats(const extvm_result *result);

/* Where a node takes the changes. Each function returns false when it could not do its part; the
 * application stops there with EXTVM_WORLD_FAILED, and the node must go back to its checkpoint.
 * Arguments are borrowed until the function returns. A function that is NULL is left out. */
typedef struct extvm_sink {
    void *context; /* the node's own; handed to each function */

    /* Set nonce and balance (wei); the account is made when it is not there. */
    bool (*account)(void *context, const extvm_address *address, extvm_bytes nonce,
                    extvm_bytes balance);
    bool (*code)(void *context, const extvm_address *address, extvm_bytes code);
    /* `value` is never 0; that comes as `storage_erased`. */
    bool (*storage)(void *context, const extvm_address *address, extvm_bytes key,
                    extvm_bytes value);
    bool (*storage_erased)(void *context, const extvm_address *address, extvm_bytes key);
    bool (*log)(void *context, const extvm_log_entry *entry);
    /* The node gives the rest of the gas back to the caller and pays the beneficiary, here and for
     * every outcome (protocol/kevm.md, section 9). */
    bool (*settle)(void *context, const extvm_result *result);
    /* Remove the account with its code and storage; it may be unknown. */
    bool (*deleted)(void *context, const extvm_address *address);
    /* EIP-161: remove the account if its nonce and balance are 0 and it has no code. Called for
     * each touched account and the beneficiary, when the call's block has that rule. */
    bool (*remove_if_empty)(void *context, const extvm_address *address);
} extvm_sink;

/* Hands the changes to the node in the one right order (protocol/kevm.md, section 11): accounts
 * with code and storage, logs, settle, deletions, empty accounts. On a revert or failure only
 * settle is called, and remove_if_empty for the beneficiary. Linear in the size of the result.
 * Errors: EXTVM_WORLD_FAILED (a function of the sink said no), EXTVM_INVALID_ARGUMENT (NULL). */
extvm_status extvm_apply(const extvm_result *result, const extvm_sink *sink, extvm_error *error);

EXTVM_END_DECLARATIONS

#endif
