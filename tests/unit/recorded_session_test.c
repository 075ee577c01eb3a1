/* The recorded session of the real KEVM (protocol/kevm.md, section 13.1), replayed at both ends of
 * the session over memory. The files are found through the environment variable EXTVM_SHARED. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka.h"

#include "support/dialogue.h"
#include "support/result_equal.h"

enum {
    NODE_BYTES = 259,
    VM_BYTES = 471,
    HELLO_END = 58,    /* in the node's stream */
    CALL_END = 218,    /* and from here on it answers */
    HEADER_END = 165,  /* of field 7 of the CallContext: ours has field 8 after it */
    RESULT_START = 118 /* in the VM's stream */
};

#define SENDER "a94f5374fce5edbc8e2a8697c15331677e6ebf0b"
#define CREATED "ec0e71ad0a90ffe1909d27dac207f7680abba42d"

static uint8_t node_stream[NODE_BYTES + 1], vm_stream[VM_BYTES + 1];
static bool found;

static bool load(const char *name, uint8_t *into, size_t size) {
    char path[1024];
    const char *shared = getenv("EXTVM_SHARED");
    snprintf(path, sizeof path, "%s/vectors/kevm-session/%s", shared != NULL ? shared : "../shared",
             name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        print_message("%s is not there: set EXTVM_SHARED\n", path);
        return false;
    }
    size_t got = fread(into, 1, size + 1, file);
    fclose(file);
    assert_int_equal(got, size);
    return true;
}

static int load_recording(void **context) {
    (void)context;
    found = load("accesslist_proto.bin", node_stream, NODE_BYTES) &&
            load("accesslist_proto.bin.expected", vm_stream, VM_BYTES);
    return 0;
}

#define NEEDS_RECORDING()                                                                          \
    if (!found) {                                                                                  \
        skip();                                                                                    \
    }

/* The recorded call, with the chain that the recorded Hello carries. */
struct recorded_call {
    struct hex_data input, gas, gas_limit, never;
    extvm_bytes key;
    extvm_access_entry entry;
    extvm_access_list list;
    extvm_call call;
};

static void make_call(struct recorded_call *made) {
    static const uint8_t zero = 0, one = 1, size[] = {0x60, 0x00}, difficulty[] = {2, 0, 0};
    made->key = (extvm_bytes){&zero, 1};
    made->entry = (extvm_access_entry){hex_address(CREATED), &made->key, 1};
    made->list = (extvm_access_list){&made->entry, 1};
    made->call = (extvm_call){
        .caller = hex_address(SENDER),
        .input = hex_read(&made->input, "5a3031505a90036001555a60ff6000555a900360005500"),
        .value = {&zero, 1},
        .gas_price = {&one, 1},
        .gas_provided = hex_read(&made->gas, "053960"),
        .block = {.beneficiary = hex_address("2adc25665018aa1fe0e6bc666dac8fc2697ff9ba"),
                  .difficulty = {difficulty, 3},
                  .number = {&one, 1},
                  .gas_limit = hex_read(&made->gas_limit, "00ff112233445566"),
                  .timestamp = 1000},
        .chain = {.max_code_size = {size, 2},
                  .account_start_nonce = {&zero, 1},
                  .chain_id = {&one, 1}},
        .type = EXTVM_TRANSACTION_ACCESS_LIST,
        .access_list = &made->list,
    };
    for (unsigned fork = 0; fork < EXTVM_FORK_BERLIN; fork++) {
        made->call.chain.fork_block[fork] = (extvm_bytes){&zero, 1};
    }
    made->call.chain.fork_block[EXTVM_FORK_BERLIN] = hex_read(&made->never, "0de0b6b3a7640000");
}

static size_t frame_end_at(size_t start) {
    const uint8_t *header = vm_stream + start;
    return start + 4 + ((size_t)header[2] << 8) + header[3];
}

/* Runs the node's end against the VM's stream, which is cut at `cut` and into pieces of at most
 * `piece` bytes. What was sent goes to dialogue->output. */
static extvm_result *replay(struct dialogue *dialogue, const extvm_call *call, size_t cut,
                            size_t piece) {
    struct session *session = &dialogue->session;
    extvm_result *result = NULL;
    size_t at = 0, frame = 0;
    assert_int_equal(session_begin(session, call, &dialogue->error), EXTVM_OK);
    assert_int_equal(dialogue_step(dialogue, &result), EXTVM_OK);
    while (result == NULL) {
        frame = at == frame ? frame_end_at(at) : frame;
        assert_true(frame <= VM_BYTES);
        size_t stop = at < cut && cut < frame ? cut : frame;
        stop = stop - at > piece ? at + piece : stop;
        session_feed(session, (extvm_bytes){vm_stream + at, stop - at}, SIZE_MAX);
        at = stop;
        assert_int_equal(session_in_frame(session), at < frame);
        assert_int_equal(dialogue_step(dialogue, &result), EXTVM_OK);
    }
    assert_int_equal(at, VM_BYTES);
    return result;
}

static void check_sent(const struct dialogue *dialogue) {
    enum { CONFIG = 49, OURS = CALL_END + CONFIG };
    const uint8_t *sent = dialogue->output.data;
    assert_int_equal(dialogue->output.size, NODE_BYTES + CONFIG);
    assert_memory_equal(sent, node_stream, HELLO_END);
    assert_memory_equal(sent + HELLO_END, HEX("000000cd").data, 4);
    assert_memory_equal(sent + HELLO_END + 4, node_stream + HELLO_END + 4,
                        HEADER_END - HELLO_END - 4);
    assert_memory_equal(sent + HEADER_END, HEX("422f").data, 2);
    assert_memory_equal(sent + HEADER_END + 2, node_stream + HELLO_END - 47, 47);
    assert_memory_equal(sent + HEADER_END + CONFIG, node_stream + HEADER_END,
                        CALL_END - HEADER_END);
    assert_memory_equal(sent + OURS, node_stream + CALL_END, NODE_BYTES - CALL_END);
}

static void check_result(const extvm_result *result) {
    size_t count;
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    assert_bytes(extvm_result_return_code(result), HEX("00" CREATED));
    assert_bytes(extvm_result_gas_remaining(result), HEX("049400"));
    assert_bytes(extvm_result_gas_used(result), HEX("00a560")); /* 42336 */
    assert_bytes(extvm_result_gas_refund(result), HEX("00"));
    assert_int_equal(extvm_result_return_data(result).size, 0);
    const extvm_modified_account *changed = extvm_result_modified(result, &count);
    assert_int_equal(count, 2);
    assert_bytes(changed[0].nonce, HEX("02")); /* the VM says 3 */
    assert_bytes(changed[0].balance, HEX("00fffffffffffff9e580"));
    assert_memory_equal(changed[1].address.bytes, HEX(CREATED).data, 20);
    assert_int_equal(changed[1].storage_count, 2);
    assert_bytes(changed[1].storage[0].value, HEX("4e28"));
    assert_bytes(changed[1].storage[1].value, HEX("6a"));
    extvm_result_touched(result, &count);
    assert_int_equal(count, 3);
    const extvm_access_list *list = extvm_result_access_list(result);
    assert_int_equal(list->count, 2);
    assert_memory_equal(list->entries[1].address.bytes, HEX(CREATED).data, 20);
    assert_int_equal(list->entries[1].storage_key_count, 2);
    assert_bytes(list->entries[1].storage_keys[1], HEX("01"));
    assert_int_equal(extvm_result_stats(result).account_queries, 2);
    assert_int_equal(extvm_result_stats(result).storage_queries, 2);
}

static void replay_and_check(size_t cut, size_t piece) {
    struct dialogue dialogue;
    struct recorded_call made;
    make_call(&made);
    dialogue_init(&dialogue);
    dialogue_account(&dialogue, SENDER, "02", "00fffffffffffff9e580");
    extvm_result *result = replay(&dialogue, &made.call, cut, piece);
    check_sent(&dialogue);
    check_result(result);
    extvm_result_free(result);
    dialogue_free(&dialogue);
}

static void the_node_sends_what_the_recorded_node_sent(void **context) {
    (void)context;
    NEEDS_RECORDING();
    replay_and_check(0, SIZE_MAX);
}

static void the_vms_bytes_one_at_a_time_give_the_same_run(void **context) {
    (void)context;
    NEEDS_RECORDING();
    replay_and_check(0, 1);
    replay_and_check(0, 3);
}

static void no_cut_in_the_vms_bytes_changes_the_run(void **context) {
    (void)context;
    NEEDS_RECORDING();
    for (size_t cut = 1; cut < VM_BYTES; cut++) {
        replay_and_check(cut, SIZE_MAX);
    }
}

/* -- the VM's end -- */

static extvm_result *decode_result(const uint8_t *body, size_t size) {
    struct vm_message message = {.result = NULL};
    struct arena arena;
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX);
    assert_int_equal(kevm_decode_vm_message((extvm_bytes){body, size}, &arena, &message, NULL),
                     EXTVM_OK);
    arena_free(&arena);
    assert_non_null(message.result);
    result_sort(message.result);
    return message.result;
}

/* Takes events until `kind` comes, feeding `piece` bytes whenever more are wanted. */
static struct session_event vm_event(struct session *session, enum session_event_kind kind,
                                     size_t *at, size_t piece) {
    struct session_event event;
    for (;;) {
        assert_int_equal(session_next(session, &event, NULL), EXTVM_OK);
        if (event.kind != SESSION_WANTS_BYTES) {
            assert_int_equal(event.kind, kind);
            return event;
        }
        assert_true(*at < NODE_BYTES);
        size_t size = NODE_BYTES - *at < piece ? NODE_BYTES - *at : piece;
        session_feed(session, (extvm_bytes){node_stream + *at, size}, SIZE_MAX);
        *at += size;
    }
}

static void check_call(const extvm_call *call) {
    struct recorded_call made;
    make_call(&made);
    assert_true(extvm_address_equal(&call->caller, &made.call.caller));
    assert_null(call->recipient);
    assert_bytes(call->input, made.call.input);
    assert_bytes(call->gas_provided, made.call.gas_provided);
    assert_bytes(call->block.gas_limit, made.call.block.gas_limit);
    assert_int_equal(call->block.timestamp, 1000);
    assert_int_equal(call->type, EXTVM_TRANSACTION_ACCESS_LIST);
    assert_true(same_access_list(call->access_list, made.call.access_list));
    /* It came without a config: Berlin, whatever Hello said. */
    assert_int_equal(extvm_chain_fork_at(&call->chain, call->block.number), EXTVM_FORK_BERLIN);
}

static const struct protocol *const only_kevm[] = {&kevm_protocol, NULL};

static void run_vm_end(size_t piece) {
    static const struct query queries[] = {{.kind = QUERY_ACCOUNT},
                                           {.kind = QUERY_ACCOUNT},
                                           {.kind = QUERY_STORAGE},
                                           {.kind = QUERY_STORAGE}};
    const struct session_settings settings = {.max_frame = 1000};
    struct session session;
    struct buffer output;
    size_t at = 0;
    session_init_vm(&session, only_kevm, extvm_default_allocator(), &settings);
    buffer_init(&output, extvm_default_allocator(), 1000);
    check_call(vm_event(&session, SESSION_CALL, &at, piece).call);
    for (size_t i = 0; i < 4; i++) {
        struct query query = queries[i];
        query.address = hex_address(i == 0 ? SENDER : CREATED);
        query.key = i == 3 ? HEX("01") : HEX("00");
        assert_int_equal(session_ask(&session, &query, NULL), EXTVM_OK);
        session_drain(&session, &output);
        struct answer answer = vm_event(&session, SESSION_ANSWER, &at, piece).answer;
        assert_int_equal(answer.found, i != 1);
        if (i == 0) {
            assert_bytes(answer.account.nonce, HEX("02"));
            assert_bytes(answer.account.balance, HEX("00fffffffffffff9e580"));
            assert_false(answer.account.has_code);
        } else if (i > 1) {
            assert_bytes(answer.bytes, HEX("00"));
        }
    }
    assert_int_equal(at, NODE_BYTES);
    extvm_result *recorded =
        decode_result(vm_stream + RESULT_START + 4, VM_BYTES - RESULT_START - 4);
    assert_int_equal(session_finish(&session, recorded, NULL), EXTVM_OK);
    session_drain(&session, &output);
    assert_memory_equal(output.data, vm_stream, RESULT_START);
    extvm_result *sent =
        decode_result(output.data + RESULT_START + 4, output.size - RESULT_START - 4);
    assert_true(result_equal(recorded, sent));
    extvm_result_free(sent);
    extvm_result_free(recorded);
    buffer_free(&output);
    session_free(&session);
}

static void the_vms_end_understands_the_recorded_node_and_answers_as_the_vm_did(void **context) {
    (void)context;
    NEEDS_RECORDING();
    run_vm_end(SIZE_MAX); /* the node may send its answers ahead of the queries */
}

static void no_cut_in_the_nodes_bytes_changes_what_the_vm_understands(void **context) {
    (void)context;
    NEEDS_RECORDING();
    for (size_t piece = 1; piece < NODE_BYTES; piece++) {
        run_vm_end(piece);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_node_sends_what_the_recorded_node_sent),
        cmocka_unit_test(the_vms_bytes_one_at_a_time_give_the_same_run),
        cmocka_unit_test(no_cut_in_the_vms_bytes_changes_the_run),
        cmocka_unit_test(the_vms_end_understands_the_recorded_node_and_answers_as_the_vm_did),
        cmocka_unit_test(no_cut_in_the_nodes_bytes_changes_what_the_vm_understands),
    };
    return cmocka_run_group_tests(tests, load_recording, NULL);
}
