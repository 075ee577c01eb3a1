/* Several calls at once from one thread, in an event loop: each of four transactions is run on one
 * of two VM processes, and the world answers each query a little later, as one that reads a disk
 * would. With addresses as its argument it uses those VMs: async kevm://a:8888,kevm://b:8888 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include <extvm/extvm.h>

enum { CALLS = 4 };

struct node {
    struct event_base *base;
    extvm_vm *vm;
    extvm_state *state;
    unsigned under_way, failed;
};

/* -- the world: every account is looked up for a millisecond; the rest is known -- */

struct look_up {
    struct node *node;
    extvm_answer *answer;
    extvm_address address;
};

static void found(evutil_socket_t unused, short what, void *context) {
    struct look_up *look_up = context;
    extvm_account account;
    (void)unused;
    (void)what;
    if (extvm_state_account(look_up->node->state, &look_up->address, &account)) {
        extvm_answer_account(look_up->answer, &account);
    } else {
        extvm_answer_absent(look_up->answer);
    }
    free(look_up);
}

static void account(void *context, extvm_answer *answer, const extvm_address *address) {
    struct node *node = context;
    const struct timeval millisecond = {.tv_usec = 1000};
    struct look_up *look_up = malloc(sizeof *look_up);
    if (look_up == NULL) {
        extvm_answer_failed(answer);
        return;
    }
    *look_up = (struct look_up){node, answer, *address};
    if (event_base_once(node->base, -1, EV_TIMEOUT, found, look_up, &millisecond) != 0) {
        extvm_answer_failed(answer);
        free(look_up);
    }
}

static void storage(void *context, extvm_answer *answer, const extvm_address *address,
                    extvm_bytes key) {
    struct node *node = context;
    extvm_answer_storage(answer, extvm_state_storage(node->state, address, key));
}

static void code(void *context, extvm_answer *answer, const extvm_address *address) {
    struct node *node = context;
    extvm_world world = extvm_state_world(node->state);
    extvm_bytes bytes;
    if (world.code(world.context, address, &bytes) == EXTVM_LOOKUP_FOUND) {
        extvm_answer_code(answer, bytes);
    } else {
        extvm_answer_absent(answer);
    }
}

static void block_hash(void *context, extvm_answer *answer, uint64_t number) {
    (void)context;
    (void)number;
    extvm_answer_absent(answer);
}

/* -- the calls: each stores its own number in the contract -- */

struct transaction {
    struct node *node;
    extvm_call call;
    extvm_address recipient;
    uint8_t input[EXTVM_WORD_SIZE], gas[9], block[9];
};

static void done(void *context, extvm_status status, extvm_result *result,
                 const extvm_error *error) {
    struct transaction *transaction = context;
    struct node *node = transaction->node;
    unsigned number = transaction->input[EXTVM_WORD_SIZE - 1];
    if (status == EXTVM_OK) {
        printf("call %u: %s\n", number, extvm_outcome_name(extvm_result_outcome(result)));
    } else {
        node->failed++;
        printf("call %u: %s: %s\n", number, extvm_status_name(status), error->text);
    }
    extvm_result_free(result);
    if (--node->under_way == 0) {
        extvm_close(node->vm); /* the loop has nothing more to do then, and ends */
        node->vm = NULL;
    }
}

static void start(struct node *node, struct transaction *transaction, uint8_t number) {
    const extvm_async_world world = {node, account, storage, code, block_hash};
    extvm_error error;
    *transaction = (struct transaction){.node = node, .input = {[EXTVM_WORD_SIZE - 1] = number}};
    extvm_address_from_hex("0xcccccccccccccccccccccccccccccccccccccccc", &transaction->recipient);
    extvm_address_from_hex("0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", &transaction->call.caller);
    transaction->call.recipient = &transaction->recipient;
    transaction->call.input = (extvm_bytes){transaction->input, EXTVM_WORD_SIZE};
    transaction->call.gas_provided = extvm_integer_from_u64(100000, transaction->gas);
    transaction->call.block.number = extvm_integer_from_u64(1, transaction->block);
    extvm_chain_set_fork(&transaction->call.chain, EXTVM_FORK_BERLIN);
    if (extvm_run_async(node->vm, node->base, &transaction->call, &world, done, transaction,
                        &error) == EXTVM_OK) {
        node->under_way++;
    } else {
        node->failed++;
        fprintf(stderr, "%s\n", error.text);
    }
}

/* The caller, with its nonce counted up and its gas paid, and the contract: STORE(0, word 0). */
static extvm_state *make_state(void) {
    static const uint8_t program[] = {0x60, 0x00, 0x35, 0x60, 0x00, 0x55, 0x00};
    extvm_state *state = extvm_state_new(NULL);
    extvm_address address;
    uint8_t nonce[9], wei[9];
    extvm_address_from_hex("0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", &address);
    extvm_state_set_account(state, &address, extvm_integer_from_u64(2, nonce),
                            extvm_integer_from_u64(1000000, wei));
    extvm_address_from_hex("0xcccccccccccccccccccccccccccccccccccccccc", &address);
    extvm_state_set_code(state, &address, (extvm_bytes){program, sizeof program});
    return state;
}

int main(int argc, char **argv) {
    struct node node = {.base = event_base_new(), .state = make_state()};
    struct transaction transactions[CALLS];
    extvm_testvm *servers[2] = {NULL, NULL};
    extvm_error error = {EXTVM_OK, ""};
    char addresses[200] = "";
    for (int i = 0; argc == 1 && i < 2; i++) { /* two servers of our own */
        if (extvm_testvm_start("127.0.0.1:0", NULL, NULL, &servers[i], &error) != EXTVM_OK) {
            fprintf(stderr, "%s\n", error.text);
        }
    }
    if (error.status == EXTVM_OK && argc == 1) {
        snprintf(addresses, sizeof addresses, "%s,%s", extvm_testvm_address(servers[0]),
                 extvm_testvm_address(servers[1]));
    }
    if (extvm_open(argc > 1 ? argv[1] : addresses, NULL, &node.vm, &error) == EXTVM_OK) {
        for (int i = 0; i < CALLS; i++) {
            start(&node, &transactions[i], (uint8_t)(i + 1));
        }
        event_base_dispatch(node.base);
    } else {
        fprintf(stderr, "%s\n", error.text);
    }
    extvm_close(node.vm); /* NULL when `done` has closed it */
    for (int i = 0; i < 2; i++) {
        extvm_testvm_stop(servers[i]);
    }
    extvm_state_free(node.state);
    event_base_free(node.base);
    return error.status == EXTVM_OK && node.failed == 0 ? 0 : 1;
}
