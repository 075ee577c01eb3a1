/* Any code, input and gas on the EVM, with a world that answers whatever comes: other accounts with
 * the same code, numbers of any width, nothing, or failures.
 *
 * The input is: fork, flags, gas (2 bytes, in units of 64), a seed for the world, then the code, of
 * which the last 32 bytes are the call data too. */
#include <stdlib.h>
#include <string.h>

#include <extvm/extvm.h>

#include "evm/evm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 5, FLAG_CREATE = 1, FLAG_HONEST = 2, GAS_UNIT = 64, NUMBER_SIZE = 34 };

struct fuzz_world {
    uint64_t seed;
    bool honest;
    extvm_bytes code;
    uint8_t numbers[2][NUMBER_SIZE];
};

static unsigned draw(struct fuzz_world *world, unsigned below) {
    world->seed = world->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(world->seed >> 33) % below;
}

/* 1 in 128 answers fails, unless the world is honest. */
static bool fails(struct fuzz_world *world) {
    return draw(world, 128) == 0 && !world->honest;
}

/* A number: mostly a good one. */
static extvm_bytes number(struct fuzz_world *world, unsigned which) {
    uint8_t *bytes = world->numbers[which];
    size_t size = draw(world, 4) == 0 ? draw(world, 33) : draw(world, 3);
    for (size_t i = 0; i < NUMBER_SIZE; i++) {
        bytes[i] = (uint8_t)draw(world, 256);
    }
    if (world->honest || draw(world, 64) != 0) {
        bytes[0] = 0; /* not negative */
    } else {
        size = NUMBER_SIZE - 1;
    }
    return (extvm_bytes){bytes, size + 1};
}

static extvm_lookup fuzz_account(void *context, const extvm_address *address, extvm_account *out) {
    struct fuzz_world *world = context;
    bool is_party = address->bytes[0] == 0xaa || address->bytes[0] == 0xcc;
    if (fails(world)) {
        return EXTVM_LOOKUP_FAILED;
    }
    if (!is_party && draw(world, 4) == 0) {
        return EXTVM_LOOKUP_ABSENT;
    }
    *out = (extvm_account){.nonce = number(world, 0),
                           .balance = number(world, 1),
                           .has_code = address->bytes[0] == 0xcc || draw(world, 2) == 0,
                           .has_storage = draw(world, 16) == 0};
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup fuzz_storage(void *context, const extvm_address *address, extvm_bytes key,
                                 extvm_bytes *out) {
    struct fuzz_world *world = context;
    (void)address;
    (void)key;
    if (fails(world)) {
        return EXTVM_LOOKUP_FAILED;
    }
    if (draw(world, 2) == 0) {
        return EXTVM_LOOKUP_ABSENT;
    }
    *out = number(world, 0);
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup fuzz_code(void *context, const extvm_address *address, extvm_bytes *out) {
    struct fuzz_world *world = context;
    if (fails(world)) {
        return EXTVM_LOOKUP_FAILED;
    }
    size_t skipped = address->bytes[0] == 0xcc || world->code.size == 0
                         ? 0
                         : draw(world, (unsigned)world->code.size);
    *out = (extvm_bytes){world->code.data, world->code.size};
    if (skipped > 0) {
        out->data += skipped;
        out->size -= skipped;
    }
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup fuzz_block_hash(void *context, uint64_t block, extvm_word *out) {
    struct fuzz_world *world = context;
    memset(out->bytes, (int)(block & 0xff), sizeof out->bytes);
    return fails(world) ? EXTVM_LOOKUP_FAILED : EXTVM_LOOKUP_FOUND;
}

/* What must hold of every result. */
static void check(const extvm_result *result, uint64_t gas) {
    uint64_t used = 0, remaining = 0, refund = UINT64_MAX;
    size_t modified, logs, deleted;
    extvm_result_deleted(result, &deleted);
    /* Before EIP-150 a self-destruct cost nothing and its refund was 24000 all the same. */
    const uint64_t refund_limit = 10 * gas + 24000 * (uint64_t)deleted;
    if (extvm_integer_to_u64(extvm_result_gas_used(result), &used) != EXTVM_OK ||
        extvm_integer_to_u64(extvm_result_gas_remaining(result), &remaining) != EXTVM_OK ||
        extvm_integer_to_u64(extvm_result_gas_refund(result), &refund) != EXTVM_OK ||
        used + remaining != gas || refund > refund_limit) {
        abort();
    }
    extvm_result_modified(result, &modified);
    extvm_result_logs(result, &logs);
    if (extvm_result_outcome(result) != EXTVM_OUTCOME_SUCCESS && modified + logs > 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < HEADER) {
        return 0;
    }
    const extvm_address recipient = {{0xcc, 1}};
    const uint8_t block_number[] = {0x01, 0x00};
    uint8_t gas_bytes[EXTVM_U64_INTEGER_SIZE];
    const uint64_t gas = ((uint64_t)data[2] << 8 | data[3]) * GAS_UNIT;
    const extvm_bytes code = {data + HEADER, size - HEADER};
    struct fuzz_world world = {
        .seed = data[4], .honest = (data[1] & FLAG_HONEST) != 0, .code = code};
    const extvm_world table = {&world, fuzz_account, fuzz_storage, fuzz_code, fuzz_block_hash};
    extvm_call call = {.caller = {{0xaa, 2}},
                       .recipient = (data[1] & FLAG_CREATE) != 0 ? NULL : &recipient,
                       .gas_provided = extvm_integer_from_u64(gas, gas_bytes),
                       .block = {.number = {block_number, sizeof block_number}}};
    call.input = call.recipient == NULL || code.size < 32
                     ? code
                     : (extvm_bytes){code.data + code.size - 32, 32};
    extvm_chain_set_fork(&call.chain, (extvm_fork)(data[0] % EXTVM_FORK_COUNT));
    const struct machine_terms no_terms = {.deadline = 0};
    struct evm *evm = evm_new(NULL, NULL);
    extvm_result *result = NULL;
    if (evm != NULL && evm_run(evm, &no_terms, &call, &table, &result, NULL) == EXTVM_OK) {
        check(result, gas);
    }
    extvm_result_free(result);
    evm_free(evm);
    return 0;
}
