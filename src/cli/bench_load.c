/* What a bench lets a VM do. The world answers at once, always the same. */
#include "bench_load.h"

#include <stdio.h>
#include <string.h>

#include <extvm/extvm.h>

#include "report.h"

#define CALLER "1111111111111111111111111111111111111111"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"

enum {
    GAS = 1000000000, /* for each call: more than any needs */
    CODE_SIZE = 24576,
    RESULT_SIZE = 1 << 20,
    KEPT_QUERIES = BENCH_UNTIMED + 1 /* those, and the result */
};

static const uint8_t value[] = {0x7f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
                                16,   1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

const char *bench_kind_name(enum bench_kind kind) {
    static const char *const names[BENCH_KINDS] = {"storage", "code", "result"};
    return names[kind];
}

/* -- the world -- */

struct timed_load {
    const struct bench_load *load;
    struct latency *latency;
    uint64_t answered; /* 0: nothing that is timed */
};

static void asked(struct timed_load *timed) {
    if (timed->answered != 0) {
        latency_add(timed->latency, latency_now() - timed->answered);
    }
}

static extvm_lookup account(void *context, const extvm_address *address, extvm_account *out) {
    static const uint8_t one = 1;
    const struct timed_load *timed = context;
    *out = (extvm_account){.nonce = {&one, 1},
                           .balance = {&one, 1},
                           .has_code = extvm_address_equal(address, &timed->load->contract)};
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup storage(void *context, const extvm_address *address, extvm_bytes key,
                            extvm_bytes *out) {
    struct timed_load *timed = context;
    (void)address;
    (void)key;
    asked(timed);
    *out = (extvm_bytes){value, sizeof value};
    timed->answered = latency_now();
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup code(void *context, const extvm_address *address, extvm_bytes *out) {
    struct timed_load *timed = context;
    (void)address;
    asked(timed);
    *out = timed->load->code;
    timed->answered = latency_now();
    return EXTVM_LOOKUP_FOUND;
}

static extvm_lookup block_hash(void *context, uint64_t number, extvm_word *out) {
    (void)context;
    (void)number;
    (void)out;
    return EXTVM_LOOKUP_ABSENT;
}

/* -- the programs -- */

/* KEVM: counts down from N, and at each step reads the storage at the counter's complement, whose
 * 32 bytes are all there; or nothing and STOP; or RETURN of fresh memory. */
static bool write_program(struct bench_load *load, unsigned storage_queries, struct pool *pool) {
    static const uint8_t result[] = {0x62, 0x10, 0x00, 0x00, 0x60, 0x00, 0xf3};
    const uint8_t count[] = {(uint8_t)(storage_queries >> 8), (uint8_t)storage_queries};
    const uint8_t loop[] = {0x61, count[0], count[1], 0x5b, 0x60, 0x01, 0x90, 0x03, 0x80,
                            0x19, 0x54,     0x50,     0x80, 0x60, 0x03, 0x57, 0x00};
    const extvm_bytes programs[BENCH_KINDS] = {
        [BENCH_STORAGE] = {loop, sizeof loop},
        [BENCH_CODE] = {NULL, 0},
        [BENCH_RESULT] = {result, sizeof result},
    };
    const extvm_bytes program = programs[load->kind];
    size_t size = load->kind == BENCH_CODE ? CODE_SIZE : program.size;
    uint8_t *memory = pool_take(pool, size); /* zeros: STOP */
    if (memory == NULL) {
        return false;
    }
    if (program.size > 0) {
        memcpy(memory, program.data, program.size);
    }
    load->code = (extvm_bytes){memory, size};
    return true;
}

/* Takes over memory of the library's default allocator. */
static bool keep(struct pool *pool, uint8_t *memory, size_t size, extvm_bytes *out) {
    const extvm_allocator *allocator = extvm_default_allocator();
    uint8_t *kept = pool_take(pool, size);
    if (kept != NULL) {
        memcpy(kept, memory, size);
        *out = (extvm_bytes){kept, size};
    }
    allocator->release(allocator->context, memory);
    return kept != NULL;
}

/* IELE: the same loop, with keys from 2^254 on. */
static extvm_status write_iele_program(struct bench_load *load, unsigned storage_queries,
                                       struct pool *pool, extvm_error *error) {
    static const char source[] = "contract Bench {\n"
                                 "  define @init() {}\n"
                                 "  define public @load(%left) {\n"
                                 "    %key = shift 1, 254\n"
                                 "  again:\n"
                                 "    %value = sload %key\n"
                                 "    %key = add %key, 1\n"
                                 "    %left = sub %left, 1\n"
                                 "    br %left, again\n"
                                 "    ret %value\n"
                                 "  }\n"
                                 "}\n";
    uint8_t number[EXTVM_U64_INTEGER_SIZE], *memory;
    const extvm_bytes left = extvm_integer_from_u64(storage_queries, number);
    size_t size;
    extvm_status status =
        extvm_iele_assemble(source, strlen(source), NULL, NULL, &memory, &size, error);
    if (status == EXTVM_OK && !keep(pool, memory, size, &load->code)) {
        status = complain_no_memory(error);
    }
    if (status == EXTVM_OK) {
        status = extvm_iele_call("load", &left, 1, NULL, &memory, &size, error);
    }
    if (status == EXTVM_OK && !keep(pool, memory, size, &load->call.input)) {
        status = complain_no_memory(error);
    }
    return status;
}

extvm_status bench_load_init(struct bench_load *load, enum bench_kind kind, bool is_iele,
                             unsigned storage_queries, struct pool *pool, extvm_error *error) {
    *load = (struct bench_load){.kind = kind};
    load->queries = KEPT_QUERIES + (kind == BENCH_STORAGE ? storage_queries : 0);
    extvm_address_from_hex(CALLER, &load->caller);
    extvm_address_from_hex(CONTRACT, &load->contract);
    load->call.caller = load->caller;
    load->call.recipient = &load->contract;
    load->call.gas_provided = extvm_integer_from_u64(GAS, load->gas);
    load->call.block.gas_limit = load->call.gas_provided;
    extvm_chain_set_fork(&load->call.chain, EXTVM_FORK_BERLIN);
    if (is_iele) {
        return write_iele_program(load, storage_queries, pool, error);
    }
    return write_program(load, storage_queries, pool) ? EXTVM_OK : complain_no_memory(error);
}

/* -- a call -- */

static bool is_done(const struct bench_load *load, const extvm_result *result) {
    const extvm_run_stats stats = extvm_result_stats(result);
    uint64_t asked_for = stats.account_queries + stats.storage_queries + stats.code_queries;
    size_t returned = extvm_result_return_data(result).size;
    return extvm_result_outcome(result) == EXTVM_OUTCOME_SUCCESS &&
           asked_for + 1 == load->queries &&
           (load->kind != BENCH_RESULT || returned == RESULT_SIZE);
}

extvm_status bench_load_run(const struct bench_load *load, extvm_vm *vm, struct latency *latency,
                            struct bench_spent *spent, extvm_error *error) {
    struct timed_load timed = {.load = load, .latency = latency};
    const extvm_world world = {&timed, account, storage, code, block_hash};
    extvm_result *result = NULL;
    extvm_status status = extvm_run(vm, &load->call, &world, &result, error);
    if (status != EXTVM_OK) {
        return status;
    }
    asked(&timed);
    const extvm_run_stats stats = extvm_result_stats(result);
    spent->calls++;
    spent->own_nanoseconds += stats.total_time - stats.vm_time - stats.wire_time - stats.world_time;
    if (!is_done(load, result)) {
        status =
            complain(error, EXTVM_RESULT_REJECTED,
                     "bench: the VM did something else than the %s calls want: the outcome is "
                     "%s, after %llu queries for storage",
                     bench_kind_name(load->kind), extvm_outcome_name(extvm_result_outcome(result)),
                     (unsigned long long)stats.storage_queries);
    }
    extvm_result_free(result);
    return status;
}
