/* The same calls on two VMs, and what they answer differently: differential A B, for example
 * differential internal kevm://127.0.0.1:8888. Without arguments: this library's EVM beside a
 * server of its own that differs from Ethereum as the real KEVM does. The exit status is 0 when
 * both always answered the same, 1 when not, 2 when one did not answer. */
#include <stdio.h>
#include <string.h>

#include <extvm/extvm.h>

enum { VMS = 2, CODE_MAXIMUM = 64, BLOCK = 300 };

/* What is run: each is the code of the contract that is called. */
static const struct program {
    const char *what, *code;
} programs[] = {
    {"a payment", ""},
    {"a word is stored", "60003560005500"},
    {"a revert with a word", "602a60005260206000fd"},
    {"no gas is enough", "5b600056"},
    {"the hash of the block before", "61012b4060005260206000f3"},
    {"a precompiled contract", "60206000602060006000600461fffff160005260206000f3"},
};

enum { PROGRAMS = sizeof programs / sizeof programs[0] };

struct comparison {
    const char *addresses[VMS];
    extvm_vm *vms[VMS];
    extvm_result *results[VMS];
    unsigned different;
};

static void difference(struct comparison *comparison, const char *what, const char *first,
                       const char *second) {
    printf("  %s: %s, and %s\n", what, first, second);
    comparison->different++;
}

static bool are_equal(extvm_bytes a, extvm_bytes b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static void compare_integers(struct comparison *comparison, const char *what, extvm_bytes a,
                             extvm_bytes b) {
    char first[EXTVM_DECIMAL_SIZE(EXTVM_WORD_INTEGER_SIZE)];
    char second[EXTVM_DECIMAL_SIZE(EXTVM_WORD_INTEGER_SIZE)];
    if (!are_equal(a, b)) {
        difference(comparison, what, extvm_integer_to_decimal(a, first),
                   extvm_integer_to_decimal(b, second));
    }
}

/* The accounts that a call changed: as many, the same, with the same balances and storage. */
static bool same_changes(const extvm_result *a, const extvm_result *b) {
    size_t count, other_count;
    const extvm_modified_account *one = extvm_result_modified(a, &count);
    const extvm_modified_account *other = extvm_result_modified(b, &other_count);
    bool same = count == other_count;
    for (size_t i = 0; i < count && same; i++) {
        same = memcmp(&one[i].address, &other[i].address, sizeof one[i].address) == 0 &&
               are_equal(one[i].nonce, other[i].nonce) &&
               are_equal(one[i].balance, other[i].balance) &&
               are_equal(one[i].code, other[i].code) &&
               one[i].storage_count == other[i].storage_count;
        for (size_t j = 0; same && j < one[i].storage_count; j++) {
            same = are_equal(one[i].storage[j].key, other[i].storage[j].key) &&
                   are_equal(one[i].storage[j].value, other[i].storage[j].value);
        }
    }
    return same;
}

static void compare(struct comparison *comparison) {
    const extvm_result *a = comparison->results[0], *b = comparison->results[1];
    const unsigned before = comparison->different;
    if (extvm_result_outcome(a) != extvm_result_outcome(b)) {
        difference(comparison, "outcome", extvm_outcome_name(extvm_result_outcome(a)),
                   extvm_outcome_name(extvm_result_outcome(b)));
    }
    compare_integers(comparison, "gas used", extvm_result_gas_used(a), extvm_result_gas_used(b));
    compare_integers(comparison, "gas refund", extvm_result_gas_refund(a),
                     extvm_result_gas_refund(b));
    if (!are_equal(extvm_result_return_data(a), extvm_result_return_data(b))) {
        difference(comparison, "return data", "one thing", "another");
    }
    if (!same_changes(a, b)) {
        difference(comparison, "accounts", "some changes", "others");
    }
    if (comparison->different == before) {
        char gas[EXTVM_DECIMAL_SIZE(EXTVM_WORD_INTEGER_SIZE)];
        printf("  the same: %s, %s gas\n", extvm_outcome_name(extvm_result_outcome(a)),
               extvm_integer_to_decimal(extvm_result_gas_used(a), gas));
    }
}

/* The caller with its nonce counted up and its gas paid, the contract, and a block's hash. */
static extvm_state *make_state(const extvm_address *caller, const extvm_address *contract,
                               const char *code) {
    extvm_state *state = extvm_state_new(NULL);
    uint8_t nonce[EXTVM_U64_INTEGER_SIZE], wei[EXTVM_U64_INTEGER_SIZE], bytes[CODE_MAXIMUM];
    const extvm_word hash = {{0xb1, 0x0c}};
    size_t size = 0;
    extvm_bytes_from_hex(code, bytes, sizeof bytes, &size);
    extvm_state_set_account(state, caller, extvm_integer_from_u64(2, nonce),
                            extvm_integer_from_u64(1000000, wei));
    extvm_state_set_code(state, contract, (extvm_bytes){bytes, size});
    extvm_state_set_block_hash(state, BLOCK - 1, &hash);
    return state;
}

/* Runs one call on both, each with the same world; false: one did not answer. */
static bool run_both(struct comparison *comparison, const struct program *program) {
    uint8_t gas[EXTVM_U64_INTEGER_SIZE], block[EXTVM_U64_INTEGER_SIZE];
    uint8_t value[EXTVM_U64_INTEGER_SIZE], input[EXTVM_WORD_SIZE] = {[EXTVM_WORD_SIZE - 1] = 42};
    extvm_address contract;
    extvm_call call = {.recipient = &contract,
                       .input = {input, sizeof input},
                       .value = extvm_integer_from_u64(1, value),
                       .gas_provided = extvm_integer_from_u64(100000, gas),
                       .block.number = extvm_integer_from_u64(BLOCK, block)};
    extvm_chain_set_fork(&call.chain, EXTVM_FORK_BERLIN);
    extvm_address_from_hex("0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", &call.caller);
    extvm_address_from_hex("0xcccccccccccccccccccccccccccccccccccccccc", &contract);
    extvm_state *state = make_state(&call.caller, &contract, program->code);
    const extvm_world world = extvm_state_world(state);
    bool answered = true;
    printf("%s\n", program->what);
    for (int i = 0; i < VMS; i++) {
        extvm_error error;
        if (extvm_run(comparison->vms[i], &call, &world, &comparison->results[i], &error) !=
            EXTVM_OK) {
            printf("  %s: %s\n", comparison->addresses[i], error.text);
            answered = false;
        }
    }
    if (answered) {
        compare(comparison);
    }
    for (int i = 0; i < VMS; i++) {
        extvm_result_free(comparison->results[i]);
    }
    extvm_state_free(state);
    return answered;
}

int main(int argc, char **argv) {
    struct comparison comparison = {.addresses = {"internal", NULL}};
    extvm_testvm *server = NULL;
    extvm_error error = {EXTVM_OK, ""};
    bool answered = true;
    if (argc == 1 + VMS) {
        comparison.addresses[0] = argv[1];
        comparison.addresses[1] = argv[2];
    } else if (extvm_testvm_start("127.0.0.1:0", "like-kevm", NULL, &server, &error) == EXTVM_OK) {
        comparison.addresses[1] = extvm_testvm_address(server);
    }
    for (int i = 0; i < VMS && error.status == EXTVM_OK; i++) {
        if (extvm_open(comparison.addresses[i], NULL, &comparison.vms[i], &error) != EXTVM_OK) {
            break;
        }
    }
    for (int i = 0; i < PROGRAMS && error.status == EXTVM_OK && answered; i++) {
        answered = run_both(&comparison, &programs[i]);
    }
    if (error.status != EXTVM_OK) {
        fprintf(stderr, "differential: %s\n", error.text);
        answered = false;
    } else {
        printf("%u difference%s\n", comparison.different, comparison.different == 1 ? "" : "s");
    }
    for (int i = 0; i < VMS; i++) {
        extvm_close(comparison.vms[i]);
    }
    extvm_testvm_stop(server);
    return !answered ? 2 : comparison.different > 0 ? 1 : 0;
}
