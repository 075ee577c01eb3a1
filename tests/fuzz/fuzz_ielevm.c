/* Any bytes as a contract, any call data and gas on the IELE VM, with a world that answers whatever
 * comes: the same contract elsewhere, numbers of any width, nothing, or failures.
 *
 * The input is: flags, gas (2 bytes, in units of 16), a seed for the world, then the contract, of
 * which the last 32 bytes are the call data too when a flag says so. Otherwise one of the functions
 * that the contract names is called, with two small numbers. */
#include <stdlib.h>
#include <string.h>

#include <extvm/extvm.h>

#include "ielevm/ielevm.h"
#include "ielevm/opcodes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    HEADER = 4,
    FLAG_CREATE = 1,
    FLAG_HONEST = 2,
    FLAG_RAW = 4,
    FLAG_ACCOUNT_1 = 8,
    GAS_UNIT = 16,
    NUMBER_SIZE = 40,
    RAW_SIZE = 32,
    NAME_SIZE = 32
};

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

static extvm_bytes number(struct fuzz_world *world, unsigned which, bool is_signed) {
    uint8_t *bytes = world->numbers[which];
    size_t size = draw(world, 4) == 0 ? draw(world, NUMBER_SIZE) : draw(world, 4);
    for (size_t i = 0; i < NUMBER_SIZE; i++) {
        bytes[i] = (uint8_t)draw(world, 256);
    }
    if (!is_signed && (world->honest || draw(world, 64) != 0)) {
        bytes[0] = 0;
    }
    return (extvm_bytes){bytes, size};
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
    *out = (extvm_account){.nonce = number(world, 0, false),
                           .balance = number(world, 1, false),
                           .has_code = address->bytes[0] == 0xcc || draw(world, 2) == 0};
    if (out->nonce.size > 8) {
        out->nonce.size = world->honest ? 8 : out->nonce.size;
    }
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
    *out = number(world, 0, true);
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup fuzz_code(void *context, const extvm_address *address, extvm_bytes *out) {
    struct fuzz_world *world = context;
    if (fails(world)) {
        return EXTVM_LOOKUP_FAILED;
    }
    size_t skipped = address->bytes[0] == 0xcc || world->code.size == 0 || draw(world, 8) != 0
                         ? 0
                         : draw(world, (unsigned)world->code.size);
    *out = world->code;
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
    uint64_t remaining = 0, milligas = 0;
    size_t modified, logs, deleted, returned;
    if (extvm_integer_to_u64(extvm_result_gas_remaining(result), &remaining) != EXTVM_OK ||
        extvm_integer_to_u64(extvm_result_milligas_remaining(result), &milligas) != EXTVM_OK ||
        remaining > gas || (milligas + 999) / 1000 != remaining ||
        extvm_iele_returns(extvm_result_return_data(result), NULL, 0, &returned, NULL) !=
            EXTVM_OK) {
        abort();
    }
    extvm_result_modified(result, &modified);
    extvm_result_logs(result, &logs);
    extvm_result_deleted(result, &deleted);
    if (extvm_result_outcome(result) != EXTVM_OUTCOME_SUCCESS &&
        modified + logs + deleted + returned > 0) {
        abort();
    }
}

/* One of the names at the start of the contract's table. */
static void choose_name(extvm_bytes code, unsigned which, char name[NAME_SIZE]) {
    size_t at = 6;
    strcpy(name, "deposit");
    for (unsigned i = 0; i <= which && code.size > at + 3 && code.data[at] == IELE_NAME; i++) {
        size_t size = (size_t)code.data[at + 1] << 8 | code.data[at + 2];
        if (size >= NAME_SIZE || size > code.size - at - 3) {
            return;
        }
        memcpy(name, code.data + at + 3, size);
        name[size] = '\0';
        at += 3 + size;
    }
}

/* The input, to be freed. */
static bool make_input(unsigned flags, unsigned seed, extvm_bytes code, uint8_t **input,
                       size_t *size) {
    const uint8_t first = (uint8_t)seed, second = (uint8_t)(seed * 7 + 3);
    const extvm_bytes arguments[] = {{&first, 1}, {&second, 1}};
    char name[NAME_SIZE];
    if ((flags & FLAG_RAW) != 0 && code.size >= RAW_SIZE) {
        *input = malloc(RAW_SIZE);
        *size = RAW_SIZE;
        if (*input != NULL) {
            memcpy(*input, code.data + code.size - RAW_SIZE, RAW_SIZE);
        }
        return *input != NULL;
    }
    if ((flags & FLAG_CREATE) != 0) {
        return extvm_iele_deploy(code, arguments, seed % 2, NULL, input, size, NULL) == EXTVM_OK;
    }
    choose_name(code, seed % 8, name);
    return extvm_iele_call(name, arguments, seed / 8 % 3, NULL, input, size, NULL) == EXTVM_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < HEADER) {
        return 0;
    }
    const extvm_address contract = {{0xcc, 1}}, first = {{[EXTVM_ADDRESS_SIZE - 1] = 1}};
    const uint8_t block_number[] = {0x01, 0x00};
    const unsigned flags = data[0];
    uint8_t gas_bytes[EXTVM_U64_INTEGER_SIZE], *input;
    size_t input_size;
    const uint64_t gas = ((uint64_t)data[1] << 8 | data[2]) * GAS_UNIT;
    const extvm_bytes code = {data + HEADER, size - HEADER};
    struct fuzz_world world = {.seed = data[3], .honest = (flags & FLAG_HONEST) != 0, .code = code};
    const extvm_world table = {&world, fuzz_account, fuzz_storage, fuzz_code, fuzz_block_hash};
    const struct machine_terms terms = {0};
    if (!make_input(flags, data[3], code, &input, &input_size)) {
        return 0;
    }
    extvm_call call = {.caller = {{0xaa, 2}},
                       .recipient = (flags & FLAG_ACCOUNT_1) != 0 ? &first : &contract,
                       .input = {input, input_size},
                       .gas_provided = extvm_integer_from_u64(gas, gas_bytes),
                       .block = {.number = {block_number, sizeof block_number}}};
    if ((flags & FLAG_CREATE) != 0) {
        call.recipient = NULL;
    }
    struct ielevm *vm = ielevm_new(NULL, NULL);
    extvm_result *result = NULL;
    /* Twice, so that nothing of a run is left for the next. */
    for (unsigned i = 0; i < 2 && vm != NULL; i++) {
        if (ielevm_run(vm, &terms, &call, &table, &result, NULL) == EXTVM_OK) {
            check(result, gas);
        }
        extvm_result_free(result);
    }
    ielevm_free(vm);
    free(input);
    return 0;
}
