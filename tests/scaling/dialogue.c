/* A dialogue without a socket. */
#include "dialogue.h"

#include <string.h>

#include "common/result.h"
#include "kevm/kevm.h"

static const uint8_t zero = 0, one = 1, gas[] = {0x0f, 0x42, 0x40};
static const extvm_address caller = {{0xa1}}, contract = {{0xc0, 0xde}};

void dialogue_init(struct dialogue *dialogue) {
    static const struct protocol *const protocols[] = {&kevm_protocol, NULL};
    const struct session_settings settings = {.max_frame = (size_t)1 << 30};
    const extvm_allocator *allocator = extvm_default_allocator();
    *dialogue = (struct dialogue){.result = result_new(allocator, NULL)};
    session_init_node(&dialogue->node, &kevm_protocol, allocator, &settings);
    session_init_vm(&dialogue->vm, protocols, allocator, &settings);
    dialogue->call.caller = caller;
    dialogue->call.recipient = &contract;
    dialogue->call.gas_provided = (extvm_bytes){gas, sizeof gas};
    extvm_chain_set_fork(&dialogue->call.chain, EXTVM_FORK_ISTANBUL);
    if (dialogue->result == NULL) {
        give_up("a result", "no memory");
    }
    dialogue->result->return_code = (extvm_bytes){&one, 1};
    dialogue->result->gas_remaining = dialogue->result->gas_refund = (extvm_bytes){&one, 1};
}

void dialogue_free(struct dialogue *dialogue) {
    session_free(&dialogue->node);
    session_free(&dialogue->vm);
    extvm_result_free(dialogue->result);
}

static void demand(extvm_status status, const extvm_error *error) {
    if (status != EXTVM_OK) {
        give_up("a dialogue", error->text);
    }
}

static void carry(struct session *from, struct session *to) {
    for (extvm_bytes output; (output = session_output(from)).size > 0;) {
        size_t room;
        uint8_t *space = session_space(to, &room);
        if (space == NULL) {
            give_up("a dialogue", "no memory");
        }
        size_t size = output.size < room ? output.size : room;
        memcpy(space, output.data, size);
        session_received(to, size);
        session_sent(from, size);
    }
}

/* -- the VM's end -- */

/* The caller, the code, the storage; false when nothing is left to be asked. */
static bool next_query(struct dialogue *dialogue, struct query *query, extvm_word *key) {
    size_t number = dialogue->asked++;
    *query = (struct query){.kind = QUERY_ACCOUNT, .address = caller};
    if (number == 0) {
        return true;
    }
    query->address = contract;
    if (dialogue->code.size > 0 && number-- == 1) {
        query->kind = QUERY_CODE;
        return true;
    }
    *key = (extvm_word){{0x40}};
    memcpy(key->bytes + EXTVM_WORD_SIZE - sizeof number, &number, sizeof number);
    query->kind = QUERY_STORAGE;
    query->key = (extvm_bytes){key->bytes, EXTVM_WORD_SIZE};
    return number <= dialogue->storage_queries;
}

/* Takes what the node said, and answers with the next query or the result. True: with the result.
 */
static bool step_vm(struct dialogue *dialogue) {
    struct session_event event;
    extvm_error error;
    struct query query;
    extvm_word key;
    demand(session_next(&dialogue->vm, &event, &error), &error);
    if (next_query(dialogue, &query, &key)) {
        demand(session_ask(&dialogue->vm, &query, &error), &error);
        return false;
    }
    double start = now();
    demand(session_finish(&dialogue->vm, dialogue->result, &error), &error);
    dialogue->encoding = now() - start;
    return true;
}

/* -- the node's end -- */

static void answer(struct dialogue *dialogue, const struct query *query) {
    static const uint8_t value[EXTVM_WORD_SIZE] = {0x7f};
    struct answer answer = {.found = true};
    extvm_error error;
    switch (query->kind) {
    case QUERY_ACCOUNT:
        answer.account = (extvm_account){.nonce = {&zero, 1}, .balance = {&one, 1}};
        break;
    case QUERY_STORAGE:
        answer.bytes = (extvm_bytes){value, sizeof value};
        break;
    case QUERY_CODE:
        answer.bytes = dialogue->code;
        break;
    case QUERY_BLOCK_HASH:
        give_up("a dialogue", "nobody asked for a block's hash");
    }
    demand(session_answer(&dialogue->node, &answer, &error), &error);
}

/* Goes on until the VM's turn comes, or until the result; NULL before that. */
static extvm_result *step_node(struct dialogue *dialogue) {
    struct session_event event;
    extvm_error error;
    for (;;) {
        demand(session_next(&dialogue->node, &event, &error), &error);
        if (event.kind == SESSION_RESULT) {
            return event.result;
        }
        if (event.kind == SESSION_WANTS_BYTES) {
            return NULL;
        }
        answer(dialogue, event.query);
    }
}

extvm_result *dialogue_call(struct dialogue *dialogue) {
    extvm_error error;
    extvm_result *result;
    dialogue->asked = 0;
    demand(session_begin(&dialogue->node, &dialogue->call, &error), &error);
    while ((result = step_node(dialogue)) == NULL) {
        carry(&dialogue->node, &dialogue->vm);
        bool ends = step_vm(dialogue);
        double start = ends ? now() : 0;
        carry(&dialogue->vm, &dialogue->node);
        if (ends) {
            result = step_node(dialogue);
            dialogue->decoding = now() - start;
            break;
        }
    }
    return result;
}

static double call_once(void *context) {
    double start = now();
    extvm_result *result = dialogue_call(context);
    double seconds = now() - start;
    extvm_result_free(result);
    return seconds;
}

double dialogue_time(struct dialogue *dialogue) {
    return fastest(call_once, dialogue);
}
