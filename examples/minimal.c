/* Runs one call on a KEVM and prints what it decided: minimal kevm://127.0.0.1:8888 */
#include <stdio.h>

#include <extvm/extvm.h>

int main(int argc, char **argv) {
    extvm_error error;
    extvm_vm *vm = NULL;
    extvm_result *result = NULL;
    extvm_state *state = extvm_state_new(NULL);
    extvm_address caller, contract;
    uint8_t nonce[9], wei[9], gas[9], block[9], code[32], input[32] = {[31] = 42};
    size_t size;

    /* The world: a caller with its nonce counted up and its gas paid, and a contract that stores
     * the first word of its input at key 0. */
    extvm_address_from_hex("0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", &caller);
    extvm_address_from_hex("0xa24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3", &contract);
    extvm_bytes_from_hex("0x60003560005500", code, sizeof code, &size);
    extvm_state_set_account(state, &caller, extvm_integer_from_u64(2, nonce),
                            extvm_integer_from_u64(1000000, wei));
    extvm_state_set_code(state, &contract, (extvm_bytes){code, size});
    extvm_world world = extvm_state_world(state);

    extvm_call call = {
        .caller = caller,
        .recipient = &contract,
        .input = {input, sizeof input},
        .gas_provided = extvm_integer_from_u64(100000, gas),
        .block.number = extvm_integer_from_u64(1, block),
    };
    extvm_chain_set_fork(&call.chain, EXTVM_FORK_BERLIN);

    extvm_status status = extvm_open(argc > 1 ? argv[1] : "", NULL, &vm, &error);
    if (status == EXTVM_OK) {
        status = extvm_run(vm, &call, &world, &result, &error);
    }
    if (status != EXTVM_OK) { /* it did not run: no verdict on the transaction */
        fprintf(stderr, "%s: %s\n", extvm_status_name(status), error.text);
    } else {
        extvm_sink sink = extvm_state_sink(state);
        extvm_apply(result, &sink, NULL);
        char stored[EXTVM_DECIMAL_SIZE(EXTVM_WORD_INTEGER_SIZE)];
        extvm_bytes value = extvm_state_storage(state, &contract, (extvm_bytes){NULL, 0});
        printf("%s, storage[0] = %s\n", extvm_outcome_name(extvm_result_outcome(result)),
               extvm_integer_to_decimal(value, stored));
    }
    extvm_result_free(result);
    extvm_close(vm);
    extvm_state_free(state);
    return status == EXTVM_OK ? 0 : 1;
}
