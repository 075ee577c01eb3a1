/* The recorded session of the real KEVM (protocol/kevm.md, section 13.1; vectors/kevm-session): a
 * player sends the VM's recorded frames, and our node must answer with the recorded bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kevm/kevm.h"
#include "support/recorded_call.h"

enum {
    HELLO_SIZE = 58,
    CALL_SIZE = 160,
    AFTER_HEADER = 53, /* bytes of the CallContext after its block header: txType and access list */
    NODE_SIZE = 259,
    VM_SIZE = RECORDED_VM_SIZE
};

struct recording {
    uint8_t node[NODE_SIZE], vm[VM_SIZE];
};

static void read_file(const char *name, uint8_t *out, size_t size) {
    char path[512];
    snprintf(path, sizeof path, "%s/vectors/kevm-session/%s", shared_folder(), name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(out, 1, size, file), size);
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
}

/* Before anything is made that would have to be freed. */
static void need_vectors(void) {
    if (shared_folder() == NULL) {
        print_message("the vectors are not there (EXTVM_SHARED)\n");
        skip();
    }
}

static void load(struct recording *recording) {
    read_file("accesslist_proto.bin", recording->node, NODE_SIZE);
    read_file("accesslist_proto.bin.expected", recording->vm, VM_SIZE);
}

static void put(FILE *script, const uint8_t *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        fprintf(script, "%02x", data[i]);
    }
}

/* The frame at `*at`, as a line of a script. */
static void put_frame(FILE *script, char direction, const uint8_t *stream, size_t *at) {
    size_t size = 4 + ((size_t)stream[*at + 2] << 8 | stream[*at + 3]);
    fprintf(script, "%c ", direction);
    put(script, stream + *at, size);
    fputc('\n', script);
    *at += size;
}

/* The recorded CallContext with the recorded Hello's EthereumConfig as its field 8. */
static void put_call(FILE *script, const uint8_t *hello, const uint8_t *call) {
    const uint8_t *config = hello + 4 + 5; /* after the version: tag, length, content */
    size_t config_size = 2 + (size_t)config[1];
    fprintf(script, "> %08zx", CALL_SIZE - 4 + config_size);
    put(script, call + 4, CALL_SIZE - 4 - AFTER_HEADER);
    fprintf(script, "42"); /* field 8 of CallContext instead of field 2 of Hello */
    put(script, config + 1, config_size - 1);
    put(script, call + CALL_SIZE - AFTER_HEADER, AFTER_HEADER);
    fputc('\n', script);
}

static char *make_script(const struct recording *recording, const char *before) {
    char *text;
    size_t size, node_at = HELLO_SIZE + CALL_SIZE, vm_at = 0, hello_at = 0;
    FILE *script = open_memstream(&text, &size);
    fputs(before, script);
    put_frame(script, '>', recording->node, &hello_at);
    put_call(script, recording->node, recording->node + HELLO_SIZE);
    while (vm_at < VM_SIZE) {
        put_frame(script, '<', recording->vm, &vm_at);
        if (node_at < NODE_SIZE) {
            put_frame(script, '>', recording->node, &node_at);
        }
    }
    fclose(script);
    return text;
}

static extvm_result *run_recording(const char *before, extvm_state *state) {
    struct recording recording;
    struct recorded_call made;
    load(&recording);
    char *script = make_script(&recording, before);
    struct scripted_vm *scripted = scripted_vm_start(&kevm_protocol, script, NULL);
    free(script);
    assert_non_null(scripted);
    recorded_call_init(&made);
    recorded_world_init(state);
    extvm_options *options = case_options("5s");
    assert_int_equal(extvm_options_set(options, "drain-timeout", "10s", NULL), EXTVM_OK);
    extvm_vm *vm = case_open(scripted, options);
    extvm_world world = extvm_state_world(state);
    extvm_result *result = NULL;
    extvm_error error = {EXTVM_OK, ""};
    extvm_status status = extvm_run(vm, &made.one.call, &world, &result, &error);
    extvm_close(vm);
    extvm_options_free(options);
    struct scripted_vm_report report = scripted_vm_stop(scripted);
    assert_string_equal(report.failure, "");
    assert_string_equal(error.text, "");
    assert_int_equal(status, EXTVM_OK);
    assert_int_equal(report.polite_ends, 1);
    return result;
}

static void assert_recorded_lists(const extvm_result *result) {
    size_t count;
    const extvm_modified_account *modified = extvm_result_modified(result, &count);
    assert_int_equal(count, 2);
    assert_address(&modified[0].address, RECORDED_CALLER);
    assert_integer(modified[0].nonce, "2"); /* the VM reports 3 */
    assert_integer(modified[0].balance, "0xfffffffffffff9e580");
    assert_address(&modified[1].address, RECORDED_CREATED);
    assert_integer(modified[1].nonce, "1");
    assert_integer(modified[1].balance, "0");
    assert_int_equal(modified[1].storage_count, 2);
    assert_integer(modified[1].storage[0].key, "0");
    assert_integer(modified[1].storage[0].value, "20008");
    assert_integer(modified[1].storage[1].key, "1");
    assert_integer(modified[1].storage[1].value, "106");
    extvm_result_touched(result, &count);
    assert_int_equal(count, 3);
    const extvm_access_list *list = extvm_result_access_list(result);
    assert_int_equal(list->count, 2);
    assert_address(&list->entries[0].address, RECORDED_CALLER);
    assert_address(&list->entries[1].address, RECORDED_CREATED);
    assert_int_equal(list->entries[1].storage_key_count, 2);
    assert_integer(list->entries[1].storage_keys[1], "1");
}

static void assert_recorded(const extvm_result *result) {
    assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
    assert_address(extvm_result_created_address(result), RECORDED_CREATED);
    assert_integer(extvm_result_return_code(result), "0x" RECORDED_CREATED);
    assert_integer(extvm_result_gas_remaining(result), "300032");
    assert_integer(extvm_result_gas_refund(result), "0");
    assert_integer(extvm_result_gas_used(result), "42336");
    assert_recorded_lists(result);
    extvm_run_stats stats = extvm_result_stats(result);
    assert_int_equal(stats.account_queries, 2);
    assert_int_equal(stats.storage_queries, 2);
}

static void run_and_check(const char *before) {
    need_vectors();
    extvm_state *state = extvm_state_new(NULL);
    extvm_result *result = run_recording(before, state);
    assert_recorded(result);
    extvm_result_free(result);
    extvm_state_free(state);
}

static void recorded_vm_gets_the_recorded_answers_byte_for_byte(void **unused) {
    (void)unused;
    run_and_check("");
}

static void recorded_vm_that_dribbles_single_bytes_is_understood(void **unused) {
    (void)unused;
    run_and_check("split 1\n");
}

static void applied_recording_keeps_the_nodes_own_nonce(void **unused) {
    (void)unused;
    need_vectors();
    extvm_state *state = extvm_state_new(NULL);
    extvm_result *result = run_recording("", state);
    extvm_sink sink = extvm_state_sink(state);
    assert_int_equal(extvm_apply(result, &sink, NULL), EXTVM_OK);
    extvm_account caller;
    extvm_address address = case_address(RECORDED_CALLER);
    assert_true(extvm_state_account(state, &address, &caller));
    assert_integer(caller.nonce, "2");
    extvm_result_free(result);
    extvm_state_free(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_vm_gets_the_recorded_answers_byte_for_byte),
        cmocka_unit_test(recorded_vm_that_dribbles_single_bytes_is_understood),
        cmocka_unit_test(applied_recording_keeps_the_nodes_own_nonce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
