/* What tests of the IELE VM share: contracts written instruction by instruction, a world that notes
 * what it is asked, and runs with what came of them. */
#ifndef EXTVM_TESTS_IELEVM_CASE_H
#define EXTVM_TESTS_IELEVM_CASE_H

#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <extvm/extvm.h>

#include "ielevm/ielevm.h"
#include "ielevm/opcodes.h"

/* -- contracts -- */

enum { PROGRAM_MAXIMUM = 1 << 17, REGISTER_BITS = 8, END = -1 };

/* Lists of numbers for `emit`. */
#define N(...) ((const int[]){__VA_ARGS__, END})
#define NONE ((const int[]){END})

struct program {
    uint8_t bytes[PROGRAM_MAXIMUM];
    size_t size;
};

static inline void put(struct program *program, const void *bytes, size_t size) {
    assert_true(program->size + size <= PROGRAM_MAXIMUM);
    if (size > 0) {
        memcpy(program->bytes + program->size, bytes, size);
    }
    program->size += size;
    size_t length = program->size < 4 ? 0 : program->size - 4;
    for (unsigned i = 0; i < 4; i++) {
        program->bytes[i] = (uint8_t)(length >> (8 * (3 - i)));
    }
}

static inline void put_byte(struct program *program, int byte) {
    put(program, &(const uint8_t){(uint8_t)byte}, 1);
}

static inline void put_u16(struct program *program, int number) {
    put_byte(program, number >> 8);
    put_byte(program, number & 0xff);
}

/* The header, and a register width of 8 bits. */
static inline void begin(struct program *program) {
    program->size = 0;
    put(program, (const uint8_t[]){0, 0, 0, 0, IELE_HEADER, REGISTER_BITS}, 6);
}

static inline void add_name(struct program *program, const char *name) {
    put_byte(program, IELE_NAME);
    put_u16(program, (int)strlen(name));
    put(program, name, strlen(name));
}

static inline void add_child(struct program *program, const struct program *child) {
    put_byte(program, IELE_CHILD);
    put_u16(program, (int)child->size);
    put(program, child->bytes, child->size);
}

static inline void add_function(struct program *program, bool is_public, int number,
                                int parameters) {
    put_byte(program, is_public ? IELE_PUBLIC : IELE_PRIVATE);
    put_u16(program, number);
    put_u16(program, parameters);
}

/* An instruction with its immediates and its registers in order. */
static inline void emit(struct program *program, int opcode, const int *immediates,
                        const int *registers) {
    size_t count = 0;
    put_byte(program, opcode);
    for (; *immediates != END; immediates++) {
        put_u16(program, *immediates);
    }
    while (registers[count] != END) {
        count++;
    }
    while (count > 0) {
        put_byte(program, registers[--count]);
    }
}

static inline void emit_constant(struct program *program, int target, int64_t number) {
    uint8_t bytes[8];
    uint64_t magnitude = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(magnitude >> (8 * (7 - i)));
    }
    put_byte(program, number < 0 ? IELE_CONSTANTMINUS : IELE_CONSTANT);
    put_byte(program, 0x80 + (int)sizeof bytes);
    put(program, bytes, sizeof bytes);
    put_byte(program, target);
}

/* A contract with an empty init and one public function "f" of so many parameters, the body of
 * which is to follow. Names 2 and on may be given. */
static inline void begin_function(struct program *program, int parameters,
                                  const char *const *names) {
    begin(program);
    add_name(program, "f");
    for (; names != NULL && *names != NULL; names++) {
        add_name(program, *names);
    }
    add_function(program, false, 0, 0);
    add_function(program, true, 1, parameters);
}

static inline extvm_bytes program_bytes(const struct program *program) {
    return (extvm_bytes){program->bytes, program->size};
}

/* -- the world -- */

enum { TRACE_MAXIMUM = 1 << 12, BLOCK = 300 };

struct case_world {
    extvm_state *state;
    char trace[TRACE_MAXIMUM]; /* a word for each query; accounts by their last byte */
    unsigned queries;
    unsigned fail_at; /* this one fails, counted from 1; 0: none */
};

static inline extvm_address address_ending(uint8_t last) {
    extvm_address address = {{0xee}};
    address.bytes[EXTVM_ADDRESS_SIZE - 1] = last;
    return address;
}

enum { CALLER = 0xaa, CONTRACT = 0xcc };

/* Notes the query; true when it is to fail. */
static inline bool note(struct case_world *world, const char *kind, unsigned what) {
    size_t used = strlen(world->trace);
    snprintf(world->trace + used, sizeof world->trace - used, "%s%s:%02x", used == 0 ? "" : " ",
             kind, what);
    return ++world->queries == world->fail_at;
}

static inline extvm_lookup case_world_account(void *context, const extvm_address *address,
                                              extvm_account *out) {
    struct case_world *world = context;
    extvm_world inner = extvm_state_world(world->state);
    return note(world, "account", address->bytes[EXTVM_ADDRESS_SIZE - 1])
               ? EXTVM_LOOKUP_FAILED
               : inner.account(inner.context, address, out);
}

static inline extvm_lookup case_world_storage(void *context, const extvm_address *address,
                                              extvm_bytes key, extvm_bytes *out) {
    struct case_world *world = context;
    extvm_world inner = extvm_state_world(world->state);
    return note(world, "storage", key.data[key.size - 1])
               ? EXTVM_LOOKUP_FAILED
               : inner.storage(inner.context, address, key, out);
}

static inline extvm_lookup case_world_code(void *context, const extvm_address *address,
                                           extvm_bytes *out) {
    struct case_world *world = context;
    extvm_world inner = extvm_state_world(world->state);
    return note(world, "code", address->bytes[EXTVM_ADDRESS_SIZE - 1])
               ? EXTVM_LOOKUP_FAILED
               : inner.code(inner.context, address, out);
}

static inline extvm_lookup case_world_block_hash(void *context, uint64_t number, extvm_word *out) {
    struct case_world *world = context;
    extvm_world inner = extvm_state_world(world->state);
    return note(world, "hash", (unsigned)(number & 0xffff))
               ? EXTVM_LOOKUP_FAILED
               : inner.block_hash(inner.context, number, out);
}

/* -- runs -- */

/* A number from decimal or hex text, borrowed from a buffer of the function's own that is used
 * again after some more. */
static inline extvm_bytes integer_of(const char *text) {
    enum { BUFFERS = 32, SIZE = 512 };
    static uint8_t buffers[BUFFERS][SIZE];
    static unsigned next;
    extvm_bytes integer;
    uint8_t *buffer = buffers[next++ % BUFFERS];
    assert_int_equal(extvm_integer_from_text(text, buffer, SIZE, &integer), EXTVM_OK);
    return integer;
}

static inline void add_account(struct case_world *world, uint8_t last, const char *nonce,
                               const char *balance, extvm_bytes code) {
    const extvm_address address = address_ending(last);
    assert_int_equal(
        extvm_state_set_account(world->state, &address, integer_of(nonce), integer_of(balance)),
        EXTVM_OK);
    if (code.size > 0) {
        assert_int_equal(extvm_state_set_code(world->state, &address, code), EXTVM_OK);
    }
}

static inline void case_world_init(struct case_world *world) {
    *world = (struct case_world){.state = extvm_state_new(NULL)};
    assert_non_null(world->state);
    add_account(world, CALLER, "5", "1000000", (extvm_bytes){NULL, 0});
}

/* A world in which the contract is at CONTRACT. */
static inline void case_world_with(struct case_world *world, const struct program *program) {
    case_world_init(world);
    add_account(world, CONTRACT, "1", "1000", program_bytes(program));
}

struct case_run {
    const char *function; /* NULL: create with `code` */
    extvm_bytes code;
    const char *const *arguments; /* text; NULL at the end; NULL: none */
    const char *value;            /* NULL: 0 */
    uint64_t gas;                 /* 0: 10^8 */
    uint8_t recipient;            /* 0: CONTRACT */
    const extvm_address *address; /* when it is not NULL: the recipient */
    const extvm_allocator *allocator;
    const struct machine_terms *terms;
};

enum { CASE_GAS = 100000000 };

/* Runs; the result is the caller's, NULL when the status is not EXTVM_OK. */
static inline extvm_status run_case(struct case_world *world, const struct case_run *run,
                                    extvm_result **result, extvm_error *error) {
    enum { MOST_ARGUMENTS = 16 };
    extvm_bytes arguments[MOST_ARGUMENTS];
    size_t count = 0, size;
    uint8_t *input, gas_digits[EXTVM_U64_INTEGER_SIZE];
    const struct machine_terms no_terms = {0};
    for (; run->arguments != NULL && run->arguments[count] != NULL; count++) {
        arguments[count] = integer_of(run->arguments[count]);
    }
    assert_int_equal(
        run->function != NULL
            ? extvm_iele_call(run->function, arguments, count, NULL, &input, &size, NULL)
            : extvm_iele_deploy(run->code, arguments, count, NULL, &input, &size, NULL),
        EXTVM_OK);
    const extvm_address recipient =
        run->address != NULL ? *run->address
                             : address_ending(run->recipient != 0 ? run->recipient : CONTRACT);
    const extvm_call call = {
        .caller = address_ending(CALLER),
        .recipient = run->function != NULL ? &recipient : NULL,
        .input = {input, size},
        .value = integer_of(run->value != NULL ? run->value : "0"),
        .gas_price = integer_of("7"),
        .gas_provided = extvm_integer_from_u64(run->gas != 0 ? run->gas : CASE_GAS, gas_digits),
        .block = {.beneficiary = address_ending(0xbb),
                  .difficulty = integer_of("0x20000"),
                  .number = integer_of("300"),
                  .gas_limit = integer_of("8000000"),
                  .timestamp = 1000}};
    const extvm_world table = {world, case_world_account, case_world_storage, case_world_code,
                               case_world_block_hash};
    struct ielevm *vm = ielevm_new(run->allocator, NULL);
    *result = NULL;
    extvm_status status = vm == NULL ? EXTVM_NO_MEMORY
                                     : ielevm_run(vm, run->terms != NULL ? run->terms : &no_terms,
                                                  &call, &table, result, error);
    ielevm_free(vm);
    free(input);
    return status;
}

/* -- what came of it -- */

/* "status [outputs] milligas used[, refund]" into `out`. */
static inline void describe(const extvm_result *result, uint64_t gas, char *out, size_t size) {
    enum { MOST = 16, TEXT = 512 };
    extvm_bytes integers[MOST];
    size_t count, used;
    uint64_t left = 0;
    char text[TEXT];
    assert_int_equal(
        extvm_iele_returns(extvm_result_return_data(result), integers, MOST, &count, NULL),
        EXTVM_OK);
    assert_int_equal(extvm_integer_to_u64(extvm_result_milligas_remaining(result), &left),
                     EXTVM_OK);
    used = (size_t)snprintf(out, size, "%s [",
                            extvm_integer_to_decimal(extvm_result_return_code(result), text));
    for (size_t i = 0; i < count && i < MOST; i++) {
        assert_true(integers[i].size < TEXT / 4);
        used += (size_t)snprintf(out + used, size - used, "%s%s", i == 0 ? "" : " ",
                                 extvm_integer_to_decimal(integers[i], text));
    }
    used += (size_t)snprintf(out + used, size - used, "] %llu",
                             (unsigned long long)(gas * 1000 - left));
    if (extvm_integer_sign(extvm_result_gas_refund(result)) != 0) {
        snprintf(out + used, size - used, ", %s",
                 extvm_integer_to_decimal(extvm_result_gas_refund(result), text));
    }
}

/* Fails the test unless the run ends as described. */
static inline void expect_run(struct case_world *world, const struct case_run *run,
                              const char *expected) {
    enum { TEXT = 4096 };
    char text[TEXT];
    extvm_result *result;
    extvm_error error = {0};
    extvm_status status = run_case(world, run, &result, &error);
    if (status != EXTVM_OK) {
        fail_msg("wanted %s, got %s: %s", expected, extvm_status_name(status), error.text);
    }
    describe(result, run->gas != 0 ? run->gas : CASE_GAS, text, sizeof text);
    assert_string_equal(text, expected);
    extvm_result_free(result);
}

/* The same for the function "f" of the contract, in a world of its own. */
static inline void expect_call(const struct program *program, const char *const *arguments,
                               const char *expected) {
    struct case_world world;
    case_world_with(&world, program);
    expect_run(&world, &(struct case_run){.function = "f", .arguments = arguments}, expected);
    extvm_state_free(world.state);
}

#endif
