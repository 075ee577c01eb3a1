/* A node's executor: one signed transaction on the world state, with any virtual machine.
 *
 * What the node does around the VM (yellow paper, section 6; protocol/kevm.md, section 9): check
 * that the transaction is valid, take the price of its gas and count the sender's nonce up, have
 * the call run, take the result over, give gas back and pay the beneficiary. The functions here do
 * it on an extvm_state. src/executor/execute.c does it with nothing but this library's public
 * functions, so that a node with a state of its own can read it as the model. */
#ifndef EXTVM_EXECUTOR_H
#define EXTVM_EXECUTOR_H

#include <extvm/call.h>
#include <extvm/declare.h>
#include <extvm/result.h>
#include <extvm/state.h>
#include <extvm/vm.h>

EXTVM_BEGIN_DECLARATIONS

/* A transaction whose signature the node has checked. All of it is the caller's, and borrowed until
 * the function that takes it returns. Integers are 0 or more and below 2^256. */
typedef struct extvm_transaction {
    extvm_transaction_type type;
    extvm_address sender; /* as recovered from the signature */
    extvm_bytes nonce;
    extvm_bytes gas_price;          /* wei for a unit of gas */
    extvm_bytes gas_limit;          /* gas, the intrinsic gas included */
    const extvm_address *recipient; /* NULL: create a contract, `input` is its init code */
    extvm_bytes value;              /* wei */
    extvm_bytes input;
    const extvm_access_list *access_list; /* EIP-2930; NULL for another type */
} extvm_transaction;

/* Where a transaction runs. Borrowed as above; the state is changed. */
typedef struct extvm_execution {
    extvm_vm *vm;
    extvm_state *state;
    extvm_block block;
    extvm_chain chain;
    uint64_t block_gas_used; /* gas that the block's earlier transactions used */
    /* Execute a transaction even when its sender has code. A node refuses it: nobody can have the
     * key (EIP-3607). Tests that were made before that rule need it. */
    bool senders_may_have_code;
    /* Do not tell the VM that an account has storage, so that a contract can be made at an address
     * that has no code but storage left. EIP-7610 forbids it; tests that were made before that rule
     * need it. */
    bool hides_leftover_storage;
} extvm_execution;

/* Whether a transaction may be executed, and if not, why. An invalid transaction changes nothing
 * and costs nothing: it may not be in a block at all (yellow paper, section 6). */
typedef enum extvm_validity {
    EXTVM_VALIDITY_VALID = 0,
    EXTVM_VALIDITY_TYPE_UNKNOWN,        /* the block's fork does not have this type (EIP-2718) */
    EXTVM_VALIDITY_GAS_BELOW_INTRINSIC, /* gas limit below what the transaction costs before a VM */
    EXTVM_VALIDITY_GAS_ABOVE_BLOCK,     /* gas limit above what the block has left */
    EXTVM_VALIDITY_NONCE_TOO_LOW,       /* below the sender's: it was executed before */
    EXTVM_VALIDITY_NONCE_TOO_HIGH,      /* above the sender's */
    EXTVM_VALIDITY_NONCE_AT_END,    /* the sender's nonce is 2^64 - 1 and cannot grow (EIP-2681) */
    EXTVM_VALIDITY_SENDER_HAS_CODE, /* the sender is a contract (EIP-3607) */
    EXTVM_VALIDITY_BALANCE_TOO_LOW  /* below gas limit times gas price plus value */
} extvm_validity;

/* A sentence without a full stop; lives for ever. */
const char *extvm_validity_text(extvm_validity validity);

/* The gas that a transaction costs before the VM runs (yellow paper, g0): a basic price, more for a
 * create from Homestead on (EIP-2), for each byte of input (EIP-2028), and for the access list
 * (EIP-2930). UINT64_MAX stands for all that is more. */
uint64_t extvm_intrinsic_gas(extvm_fork fork, const extvm_transaction *transaction);

/* What became of a transaction. */
typedef struct extvm_receipt {
    extvm_validity validity;
    /* What the VM answered: outcome, logs, return data, created address. NULL when the transaction
     * is invalid. */
    extvm_result *result;
    uint64_t gas_used;     /* what was paid for: intrinsic gas and the VM's, less the refund */
    uint64_t gas_refunded; /* the refund, at most half of what was used before it */
} extvm_receipt;

/* Frees the result in it; a receipt of zeros is allowed. The struct is the caller's. */
void extvm_receipt_clear(extvm_receipt *receipt);

/* Executes one transaction. On EXTVM_OK the receipt is filled, to be cleared with
 * extvm_receipt_clear, and the state is what it is after the transaction; when the transaction is
 * invalid, the VM was not asked and the state was left alone. On anything else nothing happened:
 * the state is as before and the receipt is zeros.
 *
 * Gas is a 64-bit number here: of a block's gas limit only UINT64_MAX is used, and a transaction
 * with a wider gas limit is invalid as EXTVM_VALIDITY_GAS_ABOVE_BLOCK.
 *
 * Errors: EXTVM_INVALID_ARGUMENT (NULL, an access list that the type has not), EXTVM_OUT_OF_RANGE
 * (an integer of the transaction, block or chain; a balance that would reach 2^256),
 * EXTVM_NO_MEMORY, and each error of extvm_run. */
extvm_status extvm_execute(const extvm_execution *execution, const extvm_transaction *transaction,
                           extvm_receipt *receipt, extvm_error *error);

/* Root of the state (yellow paper, section 4.1 and appendix D): the trie from the Keccak-256 of
 * each address to the RLP of its nonce, balance, storage root and code hash.
 * Errors: EXTVM_NO_MEMORY, EXTVM_OUT_OF_RANGE (a storage key or value that is negative, or 2^256
 * and above, as only IELE has them). */
extvm_status extvm_state_root(const extvm_state *state, extvm_word *root);

/* Keccak-256 of the RLP of a result's logs, each the list of address, topics and data (yellow
 * paper, section 4.3.1). `result` NULL: no logs. Memory comes from `allocator`; NULL: the default
 * one.
 * Errors: EXTVM_NO_MEMORY. */
extvm_status extvm_logs_hash(const extvm_result *result, const extvm_allocator *allocator,
                             extvm_word *hash);

/* Keccak-256, Ethereum's hash (yellow paper, KEC). */
void extvm_keccak256(extvm_bytes bytes, extvm_word *hash);

EXTVM_END_DECLARATIONS

#endif
