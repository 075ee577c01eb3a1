/* A token on a VM behind a socket: deploys the contract, mints, transfers, and tries to transfer
 * more than there is. Starts the test-mode server, connects a KEVM client to it, and shows each
 * dialogue as it goes over the wire, and the balances. With an address as its argument it uses that
 * VM. */
#include <stdio.h>
#include <string.h>

#include <extvm/extvm.h>

/* The token. Its storage has the owner at key 0, and each balance at the holder's address. It is
 * called with three words: 1 (mint, the owner's) or 2 (transfer), whom, how much. */
static const char token_init_code[] =
    "33600055"                                  /* SSTORE(0, CALLER) */
    "605f80600f600039"                          /* CODECOPY(0, 15, 95): what follows */
    "6000f3"                                    /* RETURN it: the contract's code */
    "60003580600114601357600214602057604b56"    /* word 0: 1 to mint, 2 to transfer, else fail */
    "5b336000541415604b57603056"                /* mint: the owner, or fail; go to credit */
    "5b3354604035818111604b5790033355"          /* transfer: enough, or fail; take it away */
    "5b6020358054604035019055"                  /* credit: balance of word 1 += word 2 */
    "60403560005260203560206000a100"            /* LOG1(topic word 1, data word 2), STOP */
    "5b696e6f7420656e6f756768600052600a6016fd"; /* fail: REVERT("not enough") */

/* Keys and values of this token are far below 2^64, but for addresses as keys. */
struct party {
    const char *name, *hex;
    extvm_address address;
};

struct demo {
    extvm_vm *vm;
    extvm_state *state;
    extvm_address token;
    struct party *parties;
};

enum { PARTY_COUNT = 3, WORDS = 3 };

static void show(void *context, const extvm_trace_message *message) {
    (void)context;
    printf("  %s %-14s %s\n", message->direction == EXTVM_NODE_TO_VM ? "node -> VM" : "VM -> node",
           message->name, message->text);
}

/* The key of somebody's balance: the address as a number. */
static extvm_bytes balance_key(const extvm_address *holder,
                               uint8_t buffer[EXTVM_WORD_INTEGER_SIZE]) {
    extvm_word word = {{0}};
    memcpy(word.bytes + EXTVM_WORD_SIZE - EXTVM_ADDRESS_SIZE, holder->bytes, EXTVM_ADDRESS_SIZE);
    return extvm_integer_from_word(&word, buffer);
}

static void print_balances(const struct demo *demo) {
    printf("  balances:");
    for (int i = 0; i < PARTY_COUNT; i++) {
        char text[EXTVM_DECIMAL_SIZE(EXTVM_WORD_INTEGER_SIZE)];
        uint8_t key[EXTVM_WORD_INTEGER_SIZE];
        extvm_bytes balance = extvm_state_storage(demo->state, &demo->token,
                                                  balance_key(&demo->parties[i].address, key));
        printf(" %s %s", demo->parties[i].name, extvm_integer_to_decimal(balance, text));
    }
    printf("\n");
}

/* What a node does before the call: it counts the sender's nonce up (fees are left out here). */
static void begin_transaction(struct demo *demo, const extvm_address *sender) {
    extvm_account account = {0};
    uint64_t nonce = 0;
    uint8_t digits[EXTVM_U64_INTEGER_SIZE];
    extvm_state_account(demo->state, sender, &account);
    extvm_integer_to_u64(account.nonce, &nonce);
    extvm_state_set_account(demo->state, sender, extvm_integer_from_u64(nonce + 1, digits),
                            account.balance);
}

/* Runs one transaction and takes its changes over; false when it did not run at all. */
static bool transact(struct demo *demo, const extvm_address *sender, const extvm_address *recipient,
                     extvm_bytes input) {
    static const uint8_t gas[] = {0x0f, 0x42, 0x40}, number[] = {1};
    extvm_call call = {.caller = *sender,
                       .recipient = recipient,
                       .input = input,
                       .gas_provided = {gas, sizeof gas},
                       .block.number = {number, sizeof number}};
    extvm_chain_set_fork(&call.chain, EXTVM_FORK_BERLIN);
    begin_transaction(demo, sender);
    const extvm_world world = extvm_state_world(demo->state);
    const extvm_sink sink = extvm_state_sink(demo->state);
    extvm_result *result;
    extvm_error error;
    extvm_status status = extvm_run(demo->vm, &call, &world, &result, &error);
    if (status == EXTVM_OK) {
        status = extvm_apply(result, &sink, &error);
    }
    if (status != EXTVM_OK) {
        fprintf(stderr, "token: %s\n", error.text);
        return false;
    }
    extvm_bytes data = extvm_result_return_data(result);
    char used[EXTVM_DECIMAL_SIZE(EXTVM_WORD_INTEGER_SIZE)];
    printf("  outcome: %s, %s gas%s%.*s\n", extvm_outcome_name(extvm_result_outcome(result)),
           extvm_integer_to_decimal(extvm_result_gas_used(result), used),
           data.size > 0 ? ", it says: " : "", (int)data.size,
           data.size > 0 ? (const char *)data.data : "");
    if (extvm_result_created_address(result) != NULL) {
        demo->token = *extvm_result_created_address(result);
    }
    extvm_result_free(result);
    print_balances(demo);
    return true;
}

static bool deploy(struct demo *demo) {
    uint8_t code[256];
    size_t size;
    printf("\n%s deploys the token\n", demo->parties[0].name);
    return extvm_bytes_from_hex(token_init_code, code, sizeof code, &size) == EXTVM_OK &&
           transact(demo, &demo->parties[0].address, NULL, (extvm_bytes){code, size});
}

static bool call_token(struct demo *demo, const char *what, int sender, uint8_t function, int whom,
                       uint8_t amount) {
    uint8_t input[WORDS * EXTVM_WORD_SIZE] = {0};
    const extvm_address token = demo->token;
    printf("\n%s %s %s %u\n", demo->parties[sender].name, what, demo->parties[whom].name, amount);
    input[EXTVM_WORD_SIZE - 1] = function;
    memcpy(input + 2 * EXTVM_WORD_SIZE - EXTVM_ADDRESS_SIZE, demo->parties[whom].address.bytes,
           EXTVM_ADDRESS_SIZE);
    input[3 * EXTVM_WORD_SIZE - 1] = amount;
    return transact(demo, &demo->parties[sender].address, &token,
                    (extvm_bytes){input, sizeof input});
}

static bool play(struct demo *demo) {
    enum { ALICE, BOB, CAROL, MINT = 1, TRANSFER = 2 };
    return deploy(demo) && call_token(demo, "mints for", ALICE, MINT, BOB, 100) &&
           call_token(demo, "transfers to", BOB, TRANSFER, CAROL, 30) &&
           call_token(demo, "transfers to", CAROL, TRANSFER, ALICE, 31) &&
           call_token(demo, "transfers to", CAROL, TRANSFER, ALICE, 30);
}

static bool open_vm(struct demo *demo, const char *address, extvm_testvm **server) {
    extvm_error error;
    extvm_options *options = extvm_options_new(NULL);
    extvm_status status = EXTVM_OK;
    extvm_options_set_trace(options, show, NULL);
    if (address == NULL) {
        status = extvm_testvm_start("127.0.0.1:0", NULL, NULL, server, &error);
        address = status == EXTVM_OK ? extvm_testvm_address(*server) : NULL;
    }
    if (status == EXTVM_OK) {
        printf("The node's VM is %s\n", address);
        status = extvm_open(address, options, &demo->vm, &error);
    }
    extvm_options_free(options);
    if (status != EXTVM_OK) {
        fprintf(stderr, "token: %s\n", error.text);
    }
    return status == EXTVM_OK;
}

int main(int argc, char **argv) {
    struct party parties[PARTY_COUNT] = {
        {"Alice", "a11ce00000000000000000000000000000000001", {{0}}},
        {"Bob", "b0b0000000000000000000000000000000000002", {{0}}},
        {"Carol", "ca401000000000000000000000000000000000c3", {{0}}}};
    struct demo demo = {.state = extvm_state_new(NULL), .parties = parties};
    extvm_testvm *server = NULL;
    for (int i = 0; i < PARTY_COUNT; i++) {
        extvm_address_from_hex(parties[i].hex, &parties[i].address);
        extvm_state_set_account(demo.state, &parties[i].address, (extvm_bytes){NULL, 0},
                                (extvm_bytes){NULL, 0});
    }
    bool done = open_vm(&demo, argc > 1 ? argv[1] : NULL, &server) && play(&demo);
    extvm_close(demo.vm);
    extvm_testvm_stop(server);
    extvm_state_free(demo.state);
    return done ? 0 : 1;
}
