/* A CallContext: one transaction as a virtual machine is told of it.
 *
 * Everything in it is the caller's, and borrowed until the run that it is handed to has returned.
 * A struct of zeros is a create with empty init code, from address 0, with no gas, in block 0 of a
 * chain where every fork is active from block 0 on; set what differs. */
#ifndef EXTVM_CALL_H
#define EXTVM_CALL_H

#include <extvm/bytes.h>
#include <extvm/declare.h>

EXTVM_BEGIN_DECLARATIONS

/* The rule changes that the protocol's EthereumConfig can name, in the order they came. */
typedef enum extvm_fork {
    EXTVM_FORK_FRONTIER,
    EXTVM_FORK_HOMESTEAD,
    EXTVM_FORK_EIP150, /* Tangerine Whistle */
    EXTVM_FORK_EIP160, /* Spurious Dragon, the price of EXP */
    EXTVM_FORK_EIP161, /* Spurious Dragon, clearing empty accounts; with EIP-170 */
    EXTVM_FORK_BYZANTIUM,
    EXTVM_FORK_CONSTANTINOPLE,
    EXTVM_FORK_PETERSBURG,
    EXTVM_FORK_ISTANBUL,
    EXTVM_FORK_BERLIN
} extvm_fork;

enum { EXTVM_FORK_COUNT = EXTVM_FORK_BERLIN + 1 };

/* The chain's rules. All integers canonical, 0 or more, below 2^256. */
typedef struct extvm_chain {
    /* For each fork the number of the first block that has it; empty is block 0. For a fork that
     * the chain does not have, a number that no block reaches. */
    extvm_bytes fork_block[EXTVM_FORK_COUNT];
    extvm_bytes max_code_size; /* bytes of a contract's code from EIP-170 on; 0: the EIP's 24576 */
    extvm_bytes account_start_nonce; /* nonce of a new account; 0 on every known chain */
    extvm_bytes chain_id;            /* EIP-155, EIP-1344 */
} extvm_chain;

/* Sets `chain->fork_block` so that `fork` and all before it hold from block 0 on and none after it
 * ever does; the rest of `chain` is left alone. The numbers live for ever. */
void extvm_chain_set_fork(extvm_chain *chain, extvm_fork fork);

/* The newest fork that block `number` has (EXTVM_FORK_FRONTIER when it has none). */
extvm_fork extvm_chain_fork_at(const extvm_chain *chain, extvm_bytes number);

/* The name as CLI and documents write it: "Frontier", "Homestead", "EIP150", "EIP160", "EIP161",
 * "Byzantium", "Constantinople", "Petersburg", "Istanbul", "Berlin"; lives for ever. */
const char *extvm_fork_name(extvm_fork fork);

/* The fork of that name, in any case; also "TangerineWhistle" (EIP150), "SpuriousDragon" and
 * "EIP158" (EIP161), "ConstantinopleFix" (Petersburg).
 * Errors: EXTVM_INVALID_ARGUMENT (no such fork). */
extvm_status extvm_fork_from_name(const char *name, extvm_fork *out);

/* The block that the call is part of (yellow paper, section 4.3). Integers canonical, 0 or more,
 * below 2^256. */
typedef struct extvm_block {
    extvm_address beneficiary; /* COINBASE */
    extvm_bytes difficulty;
    extvm_bytes number;
    extvm_bytes gas_limit; /* gas */
    uint64_t timestamp;    /* seconds since 1970; below 2^63 */
} extvm_block;

/* EIP-2930: an address that is warm from the start, and keys of its storage that are. */
typedef struct extvm_access_entry {
    extvm_address address;
    const extvm_bytes *storage_keys; /* canonical integers, 0 or more, below 2^256 */
    size_t storage_key_count;
} extvm_access_entry;

typedef struct extvm_access_list {
    const extvm_access_entry *entries;
    size_t count;
} extvm_access_list;

/* The transaction's type (EIP-2718); its number is the protocol's TxType. */
typedef enum extvm_transaction_type {
    EXTVM_TRANSACTION_LEGACY = 0,
    EXTVM_TRANSACTION_ACCESS_LIST = 1 /* EIP-2930; `access_list` must be there */
} extvm_transaction_type;

typedef struct extvm_call {
    extvm_address caller;           /* the transaction's sender: ORIGIN and the first CALLER */
    const extvm_address *recipient; /* NULL: create a contract, `input` is its init code */
    extvm_bytes input;              /* call data or init code; may be empty */
    extvm_bytes value;              /* wei; the VM moves it */
    extvm_bytes gas_price;          /* wei for a unit of gas; the VM only shows it to the program */
    extvm_bytes gas_provided;       /* gas limit less intrinsic gas (protocol/kevm.md, section 9) */
    extvm_block block;
    extvm_chain chain;
    extvm_transaction_type type;
    const extvm_access_list *access_list; /* NULL: none */
} extvm_call;

EXTVM_END_DECLARATIONS

#endif
