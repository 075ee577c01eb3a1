/* A small world for tests of the EVM: it holds a few accounts, writes down what it is asked, and
 * can fail or lie when told to. */
#ifndef EXTVM_TESTS_EVM_WORLD_H
#define EXTVM_TESTS_EVM_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <extvm/extvm.h>

#include "evm/evm.h"

enum { WORLD_ACCOUNTS = 16, WORLD_SLOTS = 8, WORLD_CODE = 1024, WORLD_TRACE = 4096 };

struct world_account {
    extvm_address address;
    uint64_t nonce, balance;
    uint8_t code[WORLD_CODE];
    size_t code_size;
    struct {
        uint64_t key, value;
    } slots[WORLD_SLOTS];
    size_t slot_count;
};

struct test_world {
    struct world_account accounts[WORLD_ACCOUNTS];
    size_t count;
    unsigned queries;
    unsigned fail_at;        /* this query fails, counted from 1; 0: none */
    extvm_bytes lie;         /* when it has bytes: the answer for nonces, or for storage values */
    bool lie_in_balance;     /* then the lie is told there */
    char trace[WORLD_TRACE]; /* one word for each query */
    uint8_t nonce_bytes[EXTVM_U64_INTEGER_SIZE], value_bytes[EXTVM_U64_INTEGER_SIZE];
};

/* An address that ends with this byte, the others 0x11. */
static inline extvm_address address_of(uint8_t last) {
    extvm_address address;
    memset(address.bytes, 0x11, sizeof address.bytes);
    address.bytes[EXTVM_ADDRESS_SIZE - 1] = last;
    return address;
}

static inline struct world_account *world_find(struct test_world *world,
                                               const extvm_address *address) {
    for (size_t i = 0; i < world->count; i++) {
        if (extvm_address_equal(&world->accounts[i].address, address)) {
            return &world->accounts[i];
        }
    }
    return NULL;
}

static inline struct world_account *world_add(struct test_world *world, extvm_address address,
                                              uint64_t nonce, uint64_t balance, const char *code) {
    assert_true(world->count < WORLD_ACCOUNTS);
    struct world_account *account = &world->accounts[world->count++];
    *account = (struct world_account){.address = address, .nonce = nonce, .balance = balance};
    assert_int_equal(
        extvm_bytes_from_hex(code, account->code, sizeof account->code, &account->code_size),
        EXTVM_OK);
    return account;
}

static inline void world_set(struct world_account *account, uint64_t key, uint64_t value) {
    assert_true(account->slot_count < WORLD_SLOTS);
    account->slots[account->slot_count].key = key;
    account->slots[account->slot_count++].value = value;
}

static inline bool world_answers(struct test_world *world, const char *what, unsigned which) {
    size_t length = strlen(world->trace);
    snprintf(world->trace + length, sizeof world->trace - length, "%s%02x ", what, which);
    return ++world->queries != world->fail_at;
}

static inline extvm_lookup world_account(void *context, const extvm_address *address,
                                         extvm_account *out) {
    struct test_world *world = context;
    if (!world_answers(world, "account:", address->bytes[EXTVM_ADDRESS_SIZE - 1])) {
        return EXTVM_LOOKUP_FAILED;
    }
    struct world_account *account = world_find(world, address);
    if (account == NULL) {
        return EXTVM_LOOKUP_ABSENT;
    }
    out->nonce = extvm_integer_from_u64(account->nonce, world->nonce_bytes);
    out->balance = extvm_integer_from_u64(account->balance, world->value_bytes);
    out->has_code = account->code_size > 0;
    out->has_storage = account->slot_count > 0;
    if (world->lie.size > 0) {
        *(world->lie_in_balance ? &out->balance : &out->nonce) = world->lie;
    }
    return EXTVM_LOOKUP_FOUND;
}

static inline extvm_lookup world_storage(void *context, const extvm_address *address,
                                         extvm_bytes key, extvm_bytes *out) {
    struct test_world *world = context;
    uint64_t number = UINT64_MAX;
    extvm_integer_to_u64(key, &number);
    if (!world_answers(world, "storage:", (unsigned)number & 0xff)) {
        return EXTVM_LOOKUP_FAILED;
    }
    struct world_account *account = world_find(world, address);
    for (size_t i = 0; account != NULL && i < account->slot_count; i++) {
        if (account->slots[i].key == number) {
            *out = extvm_integer_from_u64(account->slots[i].value, world->value_bytes);
            return EXTVM_LOOKUP_FOUND;
        }
    }
    return EXTVM_LOOKUP_ABSENT;
}

static inline extvm_lookup world_code(void *context, const extvm_address *address,
                                      extvm_bytes *out) {
    struct test_world *world = context;
    if (!world_answers(world, "code:", address->bytes[EXTVM_ADDRESS_SIZE - 1])) {
        return EXTVM_LOOKUP_FAILED;
    }
    struct world_account *account = world_find(world, address);
    if (account == NULL || account->code_size == 0) {
        return EXTVM_LOOKUP_ABSENT;
    }
    *out = (extvm_bytes){account->code, account->code_size};
    return EXTVM_LOOKUP_FOUND;
}

static inline extvm_lookup world_block_hash(void *context, uint64_t number, extvm_word *out) {
    struct test_world *world = context;
    if (!world_answers(world, "hash:", (unsigned)number & 0xff)) {
        return EXTVM_LOOKUP_FAILED;
    }
    memset(out->bytes, (int)(number & 0xff), sizeof out->bytes);
    return EXTVM_LOOKUP_FOUND;
}

static inline extvm_world world_table(struct test_world *world) {
    return (extvm_world){world, world_account, world_storage, world_code, world_block_hash};
}

/* Who calls, and whom, in these tests. */
enum { CALLER = 0xaa, CONTRACT = 0xcc };

/* A call from CALLER to CONTRACT with the rules of `fork`; what it borrows is in it. */
struct test_call {
    extvm_call call;
    extvm_address recipient;
    uint8_t gas[EXTVM_U64_INTEGER_SIZE], value[EXTVM_U64_INTEGER_SIZE];
    uint8_t number[EXTVM_U64_INTEGER_SIZE];
};

static inline void test_call_init(struct test_call *test, extvm_fork fork, uint64_t gas) {
    *test = (struct test_call){.recipient = address_of(CONTRACT)};
    test->call.caller = address_of(CALLER);
    test->call.recipient = &test->recipient;
    test->call.gas_provided = extvm_integer_from_u64(gas, test->gas);
    test->call.block.beneficiary = address_of(0xbe);
    extvm_chain_set_fork(&test->call.chain, fork);
}

static inline void test_call_set_value(struct test_call *test, uint64_t value) {
    test->call.value = extvm_integer_from_u64(value, test->value);
}

static const struct machine_terms no_terms = {.deadline = 0};

static inline extvm_result *run_in(struct evm *evm, const extvm_call *call,
                                   struct test_world *world) {
    extvm_result *result = NULL;
    extvm_error error = {EXTVM_OK, ""};
    const extvm_world table = world_table(world);
    if (evm_run(evm, &no_terms, call, &table, &result, &error) != EXTVM_OK) {
        fail_msg("%s: %s", extvm_status_name(error.status), error.text);
    }
    return result;
}

static inline extvm_result *run_call(const extvm_call *call, struct test_world *world) {
    struct evm *evm = evm_new(NULL, NULL);
    assert_non_null(evm);
    extvm_result *result = run_in(evm, call, world);
    evm_free(evm);
    return result;
}

static inline uint64_t u64_of(extvm_bytes integer) {
    uint64_t value = 0;
    assert_int_equal(extvm_integer_to_u64(integer, &value), EXTVM_OK);
    return value;
}

static inline void assert_hex(extvm_bytes bytes, const char *hex) {
    static char text[EXTVM_HEX_SIZE(WORLD_CODE)];
    assert_true(bytes.size <= WORLD_CODE);
    assert_string_equal(extvm_bytes_to_hex(bytes, text) + 2, hex);
}

/* The listed account, or NULL. */
static inline const extvm_modified_account *modified_of(const extvm_result *result,
                                                        extvm_address address) {
    size_t count;
    const extvm_modified_account *modified = extvm_result_modified(result, &count);
    for (size_t i = 0; i < count; i++) {
        if (extvm_address_equal(&modified[i].address, &address)) {
            return &modified[i];
        }
    }
    return NULL;
}

static inline bool has_address(const extvm_address *addresses, size_t count,
                               extvm_address address) {
    for (size_t i = 0; i < count; i++) {
        if (extvm_address_equal(&addresses[i], &address)) {
            return true;
        }
    }
    return false;
}

static inline bool is_touched(const extvm_result *result, extvm_address address) {
    size_t count;
    const extvm_address *touched = extvm_result_touched(result, &count);
    return has_address(touched, count, address);
}

/* The value that the account's update gives the key; fails when there is none. */
static inline uint64_t stored(const extvm_modified_account *account, uint64_t key) {
    assert_non_null(account);
    for (size_t i = 0; i < account->storage_count; i++) {
        if (u64_of(account->storage[i].key) == key) {
            return u64_of(account->storage[i].value);
        }
    }
    fail_msg("key %llu is not among the updates", (unsigned long long)key);
    return 0;
}

/* Code: the 20 bytes of address_of(last), pushed. */
#define PUSH_ADDRESS(last)                                                                         \
    "73"                                                                                           \
    "11111111111111111111111111111111111111" last
/* Code: the top of the stack as the output. */
#define RETURN_TOP "60005260206000f3"

#endif
