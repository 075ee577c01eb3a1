/* Accounts that a result changes. */
#include <string.h>

#include "calls.h"
#include "common/result.h"
#include "dialogue.h"

enum {
    SMALLEST = 10,
    STEP = 10,
    LARGEST = 1000000,
    QUICK = 100000,
    MIDDLE = 10000,
    ON_THE_WIRE = 100000, /* where each account is a round trip */
    QUICK_ON_THE_WIRE = 10000,
    MIDDLE_ON_THE_WIRE = 1000
};

/* Multiples of it, modulo 2^160, are addresses in no order. */
#define ODD "9e3779b97f4a7c15f39cc0605cedc8341082276b"
#define MASK "ffffffffffffffffffffffffffffffffffffffff"

/* -- a program that makes them -- */

/* PUSH3 N; again: subtract 1; CALL number * ODD with 1 wei, which must succeed; again unless 0. */
#define PROGRAM                                                                                    \
    "62%06x"                                                                                       \
    "5b60019003"                                                                                   \
    "60006000600060006001"                                                                         \
    "8573" ODD "0273" MASK "166000f1"                                                              \
    "604757fe5b"                                                                                   \
    "8060045700"

static double time_program(extvm_vm *vm, size_t accounts) {
    struct program_call program;
    size_t count;
    program_call_init(&program, vm, EXTVM_FORK_BERLIN);
    program_call_write(&program, PROGRAM, accounts);
    extvm_result *result = program_call_run(&program);
    (void)extvm_result_modified(result, &count);
    extvm_result_free(result);
    if (count != accounts + 1) { /* and who pays */
        give_up("accounts", "their number is another one");
    }
    return program_call_time(&program);
}

static double measure_socket(const struct machines *machines, size_t accounts) {
    return time_program(machines->socket, accounts);
}

static double measure_internal(const struct machines *machines, size_t accounts) {
    return time_program(machines->internal, accounts);
}

/* -- the result alone -- */

/* address = number * ODD modulo 2^160 */
static void set_address(extvm_address *address, size_t number) {
    extvm_address odd;
    size_t carry = 0;
    extvm_address_from_hex(ODD, &odd);
    for (size_t i = EXTVM_ADDRESS_SIZE; i-- > 0;) {
        carry += number * odd.bytes[i];
        address->bytes[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* Gives the result accounts with a new nonce, their old balance and one storage value. */
static void add_accounts(extvm_result *result, size_t accounts) {
    static const uint8_t two = 2, one = 1, value[EXTVM_WORD_SIZE] = {0x7f};
    extvm_storage_update *updates = arena_array(&result->arena, accounts, sizeof *updates);
    result->modified = arena_array(&result->arena, accounts, sizeof *result->modified);
    if (updates == NULL || result->modified == NULL) {
        give_up("accounts", "no memory");
    }
    for (size_t i = 0; i < accounts; i++) {
        extvm_modified_account *account = &result->modified[i];
        updates[i] = (extvm_storage_update){{value, sizeof value}, {value, sizeof value}};
        *account = (extvm_modified_account){
            .nonce = {&two, 1}, .balance = {&one, 1}, .storage = &updates[i], .storage_count = 1};
        set_address(&account->address, i + 1);
    }
    result->modified_count = accounts;
}

static double encode_once(void *context) {
    struct dialogue *dialogue = context;
    extvm_result_free(dialogue_call(dialogue));
    return dialogue->encoding;
}

static double decode_once(void *context) {
    struct dialogue *dialogue = context;
    extvm_result_free(dialogue_call(dialogue));
    return dialogue->decoding;
}

static double apply_once(void *context) {
    extvm_state *state = extvm_state_new(NULL);
    const extvm_sink sink = extvm_state_sink(state);
    double start = now();
    size_t checkpoint = extvm_state_checkpoint(state);
    if (extvm_apply(context, &sink, NULL) != EXTVM_OK) {
        give_up("accounts", "a result cannot be applied");
    }
    extvm_state_keep(state, checkpoint);
    double seconds = now() - start;
    extvm_state_free(state);
    return seconds;
}

static double time_result(size_t accounts, double (*once)(void *context)) {
    struct dialogue dialogue;
    dialogue_init(&dialogue);
    add_accounts(dialogue.result, accounts);
    double seconds = fastest(once, &dialogue);
    dialogue_free(&dialogue);
    return seconds;
}

static double measure_encoding(const struct machines *machines, size_t accounts) {
    (void)machines;
    return time_result(accounts, encode_once);
}

static double measure_decoding(const struct machines *machines, size_t accounts) {
    (void)machines;
    return time_result(accounts, decode_once);
}

static double measure_applying(const struct machines *machines, size_t accounts) {
    struct dialogue dialogue;
    (void)machines;
    dialogue_init(&dialogue);
    add_accounts(dialogue.result, accounts);
    extvm_result *result = dialogue_call(&dialogue);
    double seconds = fastest(apply_once, result);
    extvm_result_free(result);
    dialogue_free(&dialogue);
    return seconds;
}

static const struct curve curves[] = {
    {"client and test-mode server, unix socket", SMALLEST, STEP, ON_THE_WIRE, QUICK_ON_THE_WIRE,
     MIDDLE_ON_THE_WIRE, LIMIT, measure_socket},
    {"the EVM inside the library", SMALLEST, STEP, LARGEST, QUICK, MIDDLE, LIMIT_IN_MEMORY,
     measure_internal},
    {"the VM's end writes the result", SMALLEST, STEP, LARGEST, QUICK, MIDDLE, LIMIT_IN_MEMORY,
     measure_encoding},
    {"the node's end reads and checks it", SMALLEST, STEP, LARGEST, QUICK, MIDDLE, LIMIT_IN_MEMORY,
     measure_decoding},
    {"it is applied to the state in memory", SMALLEST, STEP, LARGEST, QUICK, MIDDLE,
     LIMIT_IN_MEMORY, measure_applying},
};

const struct subject accounts_subject = {"accounts", "account", "accounts", curves,
                                         sizeof curves / sizeof curves[0]};
