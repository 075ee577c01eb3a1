/* Calls: forks by block number, checks that hold for every VM, the address of a new contract. */
#include "call.h"

#include <string.h>
#include <strings.h>

#include <extvm/integer.h>

#include "error.h"
#include "keccak.h"

static const char *const fork_names[EXTVM_FORK_COUNT] = {
    [EXTVM_FORK_FRONTIER] = "Frontier",
    [EXTVM_FORK_HOMESTEAD] = "Homestead",
    [EXTVM_FORK_EIP150] = "EIP150",
    [EXTVM_FORK_EIP160] = "EIP160",
    [EXTVM_FORK_EIP161] = "EIP161",
    [EXTVM_FORK_BYZANTIUM] = "Byzantium",
    [EXTVM_FORK_CONSTANTINOPLE] = "Constantinople",
    [EXTVM_FORK_PETERSBURG] = "Petersburg",
    [EXTVM_FORK_ISTANBUL] = "Istanbul",
    [EXTVM_FORK_BERLIN] = "Berlin",
};

static const struct {
    const char *name;
    extvm_fork fork;
} other_fork_names[] = {
    {"TangerineWhistle", EXTVM_FORK_EIP150},
    {"SpuriousDragon", EXTVM_FORK_EIP161},
    {"EIP158", EXTVM_FORK_EIP161},
    {"ConstantinopleFix", EXTVM_FORK_PETERSBURG},
};

const char *extvm_fork_name(extvm_fork fork) {
    return (unsigned)fork < EXTVM_FORK_COUNT ? fork_names[fork] : "unknown";
}

extvm_status extvm_fork_from_name(const char *name, extvm_fork *out) {
    if (name == NULL || out == NULL) {
        return EXTVM_INVALID_ARGUMENT;
    }
    for (unsigned i = 0; i < EXTVM_FORK_COUNT; i++) {
        if (strcasecmp(name, fork_names[i]) == 0) {
            *out = (extvm_fork)i;
            return EXTVM_OK;
        }
    }
    for (unsigned i = 0; i < sizeof other_fork_names / sizeof other_fork_names[0]; i++) {
        if (strcasecmp(name, other_fork_names[i].name) == 0) {
            *out = other_fork_names[i].fork;
            return EXTVM_OK;
        }
    }
    return EXTVM_INVALID_ARGUMENT;
}

void extvm_chain_set_fork(extvm_chain *chain, extvm_fork fork) {
    static const uint8_t at_once = 0;
    /* Far off but not negative: a set top bit would mean "for ever" (protocol/kevm.md, 5.2). */
    static const uint8_t never[] = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    for (unsigned i = 0; i < EXTVM_FORK_COUNT; i++) {
        chain->fork_block[i] =
            i <= (unsigned)fork ? (extvm_bytes){&at_once, 1} : (extvm_bytes){never, sizeof never};
    }
}

extvm_fork extvm_chain_fork_at(const extvm_chain *chain, extvm_bytes number) {
    for (unsigned i = EXTVM_FORK_COUNT; i-- > 0;) {
        if (extvm_integer_compare(number, chain->fork_block[i]) >= 0) {
            return (extvm_fork)i;
        }
    }
    return EXTVM_FORK_FRONTIER;
}

bool integer_is_word(extvm_bytes integer) {
    extvm_word word;
    return extvm_integer_to_word(integer, &word) == EXTVM_OK;
}

struct named_integer {
    const char *name;
    extvm_bytes integer;
};

static extvm_status check_integer(const char *name, extvm_bytes integer, extvm_error *error) {
    if (integer.data == NULL && integer.size > 0) {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "%s has %zu bytes at NULL", name,
                         integer.size);
    }
    if (integer_is_word(integer)) {
        return EXTVM_OK;
    }
    if (extvm_integer_sign(integer) < 0) {
        return error_set(error, EXTVM_OUT_OF_RANGE, "%s is negative: it must be 0 or more", name);
    }
    return error_set(error, EXTVM_OUT_OF_RANGE, "%s is too wide: it must be below 2^256", name);
}

static extvm_status check_integers(const struct named_integer *integers, size_t count,
                                   extvm_error *error) {
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < count && status == EXTVM_OK; i++) {
        status = check_integer(integers[i].name, integers[i].integer, error);
    }
    return status;
}

static extvm_status check_chain(const extvm_chain *chain, extvm_error *error) {
    extvm_status status = EXTVM_OK;
    for (unsigned i = 0; i < EXTVM_FORK_COUNT && status == EXTVM_OK; i++) {
        status = check_integer(fork_names[i], chain->fork_block[i], error);
        if (status != EXTVM_OK) {
            error_prefix(error, "the block number of a fork");
        }
    }
    return status;
}

static extvm_status check_access_list(const extvm_access_list *list, extvm_error *error) {
    if (list->entries == NULL && list->count > 0) {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "the access list has %zu entries at NULL",
                         list->count);
    }
    for (size_t i = 0; i < list->count; i++) {
        const extvm_access_entry *entry = &list->entries[i];
        if (entry->storage_keys == NULL && entry->storage_key_count > 0) {
            return error_set(error, EXTVM_INVALID_ARGUMENT,
                             "entry %zu of the access list has %zu storage keys at NULL", i,
                             entry->storage_key_count);
        }
        for (size_t j = 0; j < entry->storage_key_count; j++) {
            extvm_status status =
                check_integer("a storage key of the access list", entry->storage_keys[j], error);
            if (status != EXTVM_OK) {
                return status;
            }
        }
    }
    return EXTVM_OK;
}

static extvm_status check_type(const extvm_call *call, extvm_error *error) {
    switch (call->type) {
    case EXTVM_TRANSACTION_LEGACY:
        return call->access_list == NULL
                   ? EXTVM_OK
                   : error_set(error, EXTVM_INVALID_ARGUMENT,
                               "a legacy transaction (type 0) has an access list: only type 1 has");
    case EXTVM_TRANSACTION_ACCESS_LIST:
        return call->access_list != NULL
                   ? check_access_list(call->access_list, error)
                   : error_set(error, EXTVM_ACCESS_LIST_MISSING,
                               "an access-list transaction (type 1) has no access list: the real "
                               "VM would abort; give it one, which may be empty");
    }
    return error_set(error, EXTVM_INVALID_ARGUMENT,
                     "transaction type %u: there are 0 (legacy) and 1 (access list)",
                     (unsigned)call->type);
}

extvm_status call_check(const extvm_call *call, extvm_error *error) {
    const struct named_integer integers[] = {
        {"value", call->value},
        {"gas price", call->gas_price},
        {"gas provided", call->gas_provided},
        {"the block's difficulty", call->block.difficulty},
        {"the block's number", call->block.number},
        {"the block's gas limit", call->block.gas_limit},
        {"max code size", call->chain.max_code_size},
        {"account start nonce", call->chain.account_start_nonce},
        {"chain id", call->chain.chain_id},
    };
    if (call->input.data == NULL && call->input.size > 0) {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "input has %zu bytes at NULL",
                         call->input.size);
    }
    if (call->block.timestamp > INT64_MAX) {
        return error_set(error, EXTVM_OUT_OF_RANGE,
                         "the block's timestamp is %llu seconds: it must be below 2^63",
                         (unsigned long long)call->block.timestamp);
    }
    extvm_status status = check_integers(integers, sizeof integers / sizeof integers[0], error);
    if (status == EXTVM_OK) {
        status = check_chain(&call->chain, error);
    }
    return status == EXTVM_OK ? check_type(call, error) : status;
}

extvm_status call_check_caller(const extvm_call *call, bool exists, extvm_bytes nonce,
                               extvm_error *error) {
    char hex[EXTVM_HEX_SIZE(EXTVM_ADDRESS_SIZE)];
    uint64_t number;
    extvm_bytes_to_hex((extvm_bytes){call->caller.bytes, EXTVM_ADDRESS_SIZE}, hex);
    if (!exists) {
        return error_set(
            error, EXTVM_CALLER_ABSENT,
            "the caller %s does not exist in the world: add it there, with the gas paid "
            "and the nonce counted up (no real VM takes such a call)",
            hex);
    }
    if (call->recipient != NULL) {
        return EXTVM_OK;
    }
    if (extvm_integer_to_u64(nonce, &number) != EXTVM_OK) {
        return error_set(error, EXTVM_OUT_OF_RANGE,
                         "a create whose caller %s has a nonce of 2^64 or above (EIP-2681)", hex);
    }
    if (number == 0) {
        return error_set(error, EXTVM_CREATE_NONCE_ZERO,
                         "a create whose caller %s has nonce 0: the real VM would abort; the node "
                         "counts the nonce up before the call",
                         hex);
    }
    return EXTVM_OK;
}

void create_address(const extvm_address *creator, uint64_t nonce, extvm_address *out) {
    uint8_t digits[EXTVM_U64_INTEGER_SIZE];
    extvm_bytes number = extvm_integer_from_u64(nonce, digits);
    if (number.data[0] == 0) { /* RLP numbers are unsigned, and 0 is empty */
        number.data++;
        number.size--;
    }
    uint8_t rlp[1 + 1 + EXTVM_ADDRESS_SIZE + 1 + 8];
    size_t size = 1;
    rlp[size++] = 0x80 + EXTVM_ADDRESS_SIZE;
    memcpy(rlp + size, creator->bytes, EXTVM_ADDRESS_SIZE);
    size += EXTVM_ADDRESS_SIZE;
    if (number.size != 1 || number.data[0] >= 0x80) {
        rlp[size++] = (uint8_t)(0x80 + number.size);
    }
    if (number.size > 0) {
        memcpy(rlp + size, number.data, number.size);
        size += number.size;
    }
    rlp[0] = (uint8_t)(0xc0 + size - 1);
    extvm_word hash;
    keccak256((extvm_bytes){rlp, size}, &hash);
    memcpy(out->bytes, hash.bytes + EXTVM_WORD_SIZE - EXTVM_ADDRESS_SIZE, EXTVM_ADDRESS_SIZE);
}

void result_set_created(extvm_result *result, const extvm_call *call, const struct ledger *ledger) {
    uint64_t nonce = 0; /* call_check_caller saw to it that it fits and is not 0 */
    extvm_integer_to_u64(ledger_find(ledger, &call->caller)->account.nonce, &nonce);
    create_address(&call->caller, nonce - 1, &result->created_address);
    result->created = true;
}

extvm_status created_elsewhere(const extvm_result *result, extvm_bytes told, extvm_error *error) {
    char wanted[EXTVM_HEX_SIZE(EXTVM_ADDRESS_SIZE)];
    char got[EXTVM_INTEGER_HEX_SIZE(EXTVM_WORD_INTEGER_SIZE)] = "something";
    if (told.size <= EXTVM_WORD_INTEGER_SIZE) {
        extvm_integer_to_hex(told, got);
    }
    extvm_bytes_to_hex((extvm_bytes){result->created_address.bytes, EXTVM_ADDRESS_SIZE}, wanted);
    return error_set(error, EXTVM_RESULT_REJECTED,
                     "the VM's result cannot be true: it created %s, the address for this caller "
                     "and nonce is %s",
                     got, wanted);
}
