/* What a trace says of the dialogue that a message is part of, and how fields are written. */
#include "support/cmocka.h"

#include <string.h>

#include "common/trace.h"
#include "iele/iele.h"
#include "support/dialogue.h"

struct seen {
    extvm_trace_message last;
    unsigned count;
};

static void look(void *context, const extvm_trace_message *message) {
    struct seen *seen = context;
    seen->last = *message;
    seen->count++;
}

static void a_server_traces_a_hello_with_the_protocol_that_it_asks_for(void **context) {
    static const struct protocol *const both[] = {&kevm_protocol, &iele_protocol, NULL};
    static const struct {
        const char *hello, *protocol, *vm_name;
    } hellos[] = {{"00000005 0a03322e32", "2.2", "KEVM"}, {"00000005 0a03332e30", "3.0", "IELE"}};
    (void)context;
    for (size_t i = 0; i < sizeof hellos / sizeof hellos[0]; i++) {
        struct seen seen = {.count = 0};
        const struct session_settings settings = {
            .max_frame = 1 << 20, .trace = look, .trace_context = &seen, .peer = "somebody"};
        struct session session;
        struct session_event event;
        session_init_vm(&session, both, extvm_default_allocator(), &settings);
        session_feed(&session, HEX(hellos[i].hello), SIZE_MAX);
        assert_int_equal(session_next(&session, &event, NULL), EXTVM_OK);
        assert_int_equal(seen.count, 1);
        assert_string_equal(seen.last.protocol, hellos[i].protocol);
        assert_string_equal(seen.last.vm_name, hellos[i].vm_name);
        assert_string_equal(seen.last.peer, "somebody");
        assert_ptr_equal(seen.last.session, &session);
        assert_true(seen.last.at_vm);
        assert_int_equal(seen.last.call, 0);
        session_free(&session);
    }
}

static void the_calls_of_a_dialogue_are_counted_and_begin_anew_with_the_next(void **context) {
    struct seen seen = {.count = 0};
    const struct session_settings settings = {
        .max_frame = 1 << 20, .trace = look, .trace_context = &seen};
    struct session session;
    (void)context;
    session_init_node(&session, &kevm_protocol, extvm_default_allocator(), &settings);
    for (uint64_t call = 1; call <= 3; call++) {
        session.text.size = 0;
        session_trace(&session, EXTVM_NODE_TO_VM, "CallContext", HEX("00"));
        assert_int_equal(seen.last.call, call);
        session.text.size = 0;
        session_trace(&session, EXTVM_VM_TO_NODE, "CallResult", HEX("00"));
        assert_int_equal(seen.last.call, call);
    }
    session_reset(&session);
    session_trace(&session, EXTVM_NODE_TO_VM, "Hello", HEX("00"));
    assert_int_equal(seen.last.call, 0);
    session_free(&session);
}

/* The connection's counters begin again from 0 with each attempt. */
static void a_message_has_the_time_that_was_counted_since_the_last(void **context) {
    static const struct {
        uint64_t counted, expected;
    } steps[] = {{100, 100}, {100, 0}, {250, 150}, {30, 30}, {0, 0}, {7, 7}};
    struct seen seen = {.count = 0};
    uint64_t vm_time = 0, wire_time = 0;
    const struct session_settings settings = {.max_frame = 1 << 20,
                                              .trace = look,
                                              .trace_context = &seen,
                                              .vm_time = &vm_time,
                                              .wire_time = &wire_time};
    struct session session;
    (void)context;
    session_init_node(&session, &kevm_protocol, extvm_default_allocator(), &settings);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        session.text.size = 0;
        vm_time = steps[i].counted;
        wire_time = 2 * steps[i].counted;
        session_trace(&session, EXTVM_VM_TO_NODE, "GetCode", HEX("00"));
        assert_int_equal(seen.last.vm_time, steps[i].expected);
        assert_int_equal(seen.last.wire_time, 2 * steps[i].expected);
    }
    session_free(&session);
}

/* -- fields -- */

static void expect_storage(extvm_bytes value, enum trace_form form, const char *expected) {
    struct buffer out;
    struct arena arena;
    uint8_t body[256] = {0x0a};
    size_t head = value.size < 128 ? 2 : 3; /* bytes of the tag and the length */
    body[1] = (uint8_t)(value.size < 128 ? value.size : (value.size & 127) | 128);
    body[2] = (uint8_t)(value.size >> 7);
    memcpy(body + head, value.data, value.size);
    buffer_init(&out, extvm_default_allocator(), 1 << 20);
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX);
    assert_int_equal(trace_decoded(&out, &iele_protocol, "StorageData",
                                   (extvm_bytes){body, head + value.size}, form, &arena, NULL),
                     EXTVM_OK);
    assert_true(buffer_append(&out, "", 1));
    assert_string_equal((const char *)out.data, expected);
    buffer_free(&out);
    arena_free(&arena);
}

static void integers_are_decimal_up_to_40_bytes_and_whole_hex_beyond(void **context) {
    char wide[300];
    (void)context;
    expect_storage(HEX("80"), TRACE_TEXT, "value=-128");
    expect_storage(HEX("80"), TRACE_JSON, "{\"value\":\"-128\"}");
    expect_storage(HEX("7f ff*7"), TRACE_JSON, "{\"value\":\"9223372036854775807\"}");
    strcpy(wide, "{\"value\":\"0x7f");
    for (int i = 0; i < 99; i++) {
        strcat(wide, "01");
    }
    strcat(wide, "\"}");
    expect_storage(HEX("7f 01*99"), TRACE_JSON, wide);
    strcpy(wide, "value=0xff"); /* of 64 bytes */
    for (int i = 0; i < 63; i++) {
        strcat(wide, "00");
    }
    strcat(wide, "...(100 bytes)");
    expect_storage(HEX("ff 00*99"), TRACE_TEXT, wide);
}

static void a_version_cannot_break_out_of_its_line(void **context) {
    struct buffer text;
    (void)context;
    buffer_init(&text, extvm_default_allocator(), 1 << 20);
    trace_hello(&text, HEX("32 0a 22 5c 1b 7f ff 2e"), NULL);
    assert_true(buffer_append(&text, "", 1));
    assert_string_equal((const char *)text.data, "version=2??????.");
    buffer_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_traces_a_hello_with_the_protocol_that_it_asks_for),
        cmocka_unit_test(the_calls_of_a_dialogue_are_counted_and_begin_anew_with_the_next),
        cmocka_unit_test(a_message_has_the_time_that_was_counted_since_the_last),
        cmocka_unit_test(integers_are_decimal_up_to_40_bytes_and_whole_hex_beyond),
        cmocka_unit_test(a_version_cannot_break_out_of_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
