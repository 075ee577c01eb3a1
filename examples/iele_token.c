/* A token on an IELE: assembles its contract, makes it with a supply that no 256-bit machine could
 * hold, transfers, tries to transfer more than there is, and reads a balance. Without arguments it
 * starts this library's IELE VM behind a socket and shows each dialogue as it goes over the wire:
 * iele_token [ADDRESS [FILE.iele]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <extvm/extvm.h>

#define ALICE "a11ce00000000000000000000000000000000001"
#define BOB "70b0000000000000000000000000000000000002"

enum { INTEGER_SIZE = 64 /* bytes; any would do */, SOURCE_SIZE = 1 << 16 };

struct demo {
    extvm_vm *vm;
    extvm_state *state;
    extvm_address alice, token;
};

static void show(void *context, const extvm_trace_message *message) {
    (void)context;
    printf("  %s %-14s %s\n", message->direction == EXTVM_NODE_TO_VM ? "node -> VM" : "VM -> node",
           message->name, message->text);
}

static bool complain(const extvm_error *error) {
    fprintf(stderr, "iele_token: %s\n", error->text);
    return false;
}

/* What a node does before the call: it counts the sender's nonce up (fees are left out here). */
static void begin_transaction(struct demo *demo) {
    extvm_account account = {0};
    uint64_t nonce = 0;
    uint8_t digits[EXTVM_U64_INTEGER_SIZE];
    extvm_state_account(demo->state, &demo->alice, &account);
    extvm_integer_to_u64(account.nonce, &nonce);
    extvm_state_set_account(demo->state, &demo->alice, extvm_integer_from_u64(nonce + 1, digits),
                            account.balance);
}

static void print_result(const extvm_result *result) {
    extvm_bytes returned;
    size_t count;
    char code[EXTVM_DECIMAL_SIZE(INTEGER_SIZE)], text[EXTVM_DECIMAL_SIZE(INTEGER_SIZE)];
    printf("  outcome: %s (status %s)", extvm_outcome_name(extvm_result_outcome(result)),
           extvm_integer_to_decimal(extvm_result_return_code(result), code));
    const extvm_address *created = extvm_result_created_address(result);
    if (created != NULL) {
        char address[EXTVM_HEX_SIZE(EXTVM_ADDRESS_SIZE)];
        printf(", the contract is at %s",
               extvm_bytes_to_hex((extvm_bytes){created->bytes, EXTVM_ADDRESS_SIZE}, address));
    } else if (extvm_iele_returns(extvm_result_return_data(result), &returned, 1, &count, NULL) ==
                   EXTVM_OK &&
               count == 1 && returned.size <= INTEGER_SIZE) {
        printf(", returned %s", extvm_integer_to_decimal(returned, text));
    }
    printf("\n");
}

/* Runs one transaction of Alice's, with call data that it frees, and takes its changes over; false
 * when it did not run at all. */
static bool transact(struct demo *demo, const extvm_address *recipient, uint8_t *input,
                     size_t size) {
    static const uint8_t gas[] = {0x0f, 0x42, 0x40}, number[] = {1};
    const extvm_call call = {.caller = demo->alice,
                             .recipient = recipient,
                             .input = {input, size},
                             .gas_provided = {gas, sizeof gas},
                             .block.number = {number, sizeof number}};
    begin_transaction(demo);
    const extvm_world world = extvm_state_world(demo->state);
    const extvm_sink sink = extvm_state_sink(demo->state);
    extvm_result *result;
    extvm_error error;
    extvm_status status = extvm_run(demo->vm, &call, &world, &result, &error);
    free(input);
    if (status == EXTVM_OK) {
        print_result(result);
        status = extvm_apply(result, &sink, &error);
    }
    if (status == EXTVM_OK && extvm_result_created_address(result) != NULL) {
        demo->token = *extvm_result_created_address(result);
    }
    extvm_result_free(result);
    return status == EXTVM_OK || complain(&error);
}

/* An integer from text, in memory of the caller's. */
static extvm_bytes integer(const char *text, uint8_t buffer[INTEGER_SIZE]) {
    extvm_bytes out = {NULL, 0};
    extvm_integer_from_text(text, buffer, INTEGER_SIZE, &out);
    return out;
}

static bool deploy(struct demo *demo, const char *path) {
    static char source[SOURCE_SIZE];
    uint8_t *code, *input, buffer[INTEGER_SIZE];
    size_t code_size, size = 0;
    extvm_error error;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "iele_token: cannot open %s\n", path);
        return false;
    }
    size = fread(source, 1, sizeof source, file);
    fclose(file);
    if (extvm_iele_assemble(source, size, path, NULL, &code, &code_size, &error) != EXTVM_OK) {
        return complain(&error);
    }
    printf("\n%s is %zu bytes of code; Alice makes it, with a supply of 10^80\n", path, code_size);
    char supply[82] = "1";
    memset(supply + 1, '0', 80);
    const extvm_bytes argument = integer(supply, buffer);
    extvm_status status = extvm_iele_deploy((extvm_bytes){code, code_size}, &argument, 1, NULL,
                                            &input, &size, &error);
    free(code);
    return status == EXTVM_OK ? transact(demo, NULL, input, size) : complain(&error);
}

static bool call(struct demo *demo, const char *what, const char *function, const char *first,
                 const char *second) {
    uint8_t *input, buffers[2][INTEGER_SIZE];
    size_t size;
    extvm_error error;
    const extvm_address token = demo->token;
    const extvm_bytes arguments[] = {integer(first, buffers[0]), second != NULL
                                                                     ? integer(second, buffers[1])
                                                                     : (extvm_bytes){NULL, 0}};
    printf("\n%s\n", what);
    if (extvm_iele_call(function, arguments, second != NULL ? 2 : 1, NULL, &input, &size, &error) !=
        EXTVM_OK) {
        return complain(&error);
    }
    return transact(demo, &token, input, size);
}

static bool play(struct demo *demo, const char *path) {
    static const char quarter[] = /* 25 * 10^78 */
        "25000000000000000000000000000000000000000000000000000000000000000000000000000000";
    return deploy(demo, path) &&
           call(demo, "Alice transfers a quarter to Bob", "transfer", "0x" BOB, quarter) &&
           call(demo, "Alice transfers less than nothing to Bob", "transfer", "0x" BOB, "-1") &&
           call(demo, "What does Bob have?", "balanceOf", "0x" BOB, NULL);
}

int main(int argc, char **argv) {
    struct demo demo = {.state = extvm_state_new(NULL)};
    extvm_error error;
    extvm_options *options = extvm_options_new(NULL);
    const char *address = argc > 1 ? argv[1] : "test-mode-iele";
    extvm_address_from_hex(ALICE, &demo.alice);
    extvm_state_set_account(demo.state, &demo.alice, (extvm_bytes){NULL, 0},
                            (extvm_bytes){NULL, 0});
    extvm_options_set_trace(options, show, NULL);
    printf("The node's VM is %s\n", address);
    bool done = extvm_open(address, options, &demo.vm, &error) == EXTVM_OK
                    ? play(&demo, argc > 2 ? argv[2] : "examples/token.iele")
                    : complain(&error);
    extvm_close(demo.vm);
    extvm_options_free(options);
    extvm_state_free(demo.state);
    return done ? 0 : 1;
}
