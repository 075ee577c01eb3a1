/* Results that lie, for both VMs, each with the status that it must have, and beside them what
 * looks like a lie and is not: protocol/kevm.md and protocol/iele.md, sections 4, 10 and 11, say
 * what real VMs may send. After a lie the next call works as if nothing had been said. */
#include "support/cmocka.h"

#include <stdio.h>

#include <extvm/state.h>

#include "iele/iele.h"
#include "support/dialogue.h"
#include "support/kevm_setting.h"

/* The world: the caller a1…, a contract cc… with balance 5, a wallet e5… that has sent
 * transactions, an address f0… that has money and nothing else; b2… does not exist. */
static void make_world(extvm_state *state) {
    static const struct {
        const char *address, *nonce, *balance;
    } accounts[] = {
        {"a1*20", "04", "64"}, {"cc*20", "01", "05"}, {"e5*20", "03", "32"}, {"f0*20", "00", "07"}};
    for (size_t i = 0; i < sizeof accounts / sizeof accounts[0]; i++) {
        const extvm_address address = hex_address(accounts[i].address);
        assert_int_equal(extvm_state_set_account(state, &address, HEX(accounts[i].nonce),
                                                 HEX(accounts[i].balance)),
                         EXTVM_OK);
    }
    const extvm_address contract = hex_address("cc*20");
    assert_int_equal(extvm_state_set_code(state, &contract, HEX("6000")), EXTVM_OK);
}

/* -- protobuf from text: "3:0fad" a field of bytes, "5#100" one of 100 bytes, "5=1" a number, and
 * "6{…}" a message -- */

static void put_number(struct buffer *out, size_t number) {
    uint8_t byte;
    do {
        byte = (uint8_t)(number & 0x7f);
        number >>= 7;
        byte |= number > 0 ? 0x80 : 0;
        assert_true(buffer_append(out, &byte, 1));
    } while (number > 0);
}

static void put_bytes(struct buffer *out, size_t field, extvm_bytes bytes) {
    put_number(out, field << 3 | 2);
    put_number(out, bytes.size);
    assert_true(buffer_append(out, bytes.data, bytes.size));
}

static const char *put_fields(struct buffer *out, const char *text);

static const char *put_message(struct buffer *out, size_t field, const char *text) {
    struct buffer inner;
    buffer_init(&inner, extvm_default_allocator(), 1 << 20);
    text = put_fields(&inner, text);
    put_bytes(out, field, (extvm_bytes){inner.data, inner.size});
    buffer_free(&inner);
    assert_int_equal(*text, '}');
    return text + 1;
}

static const char *put_hex(struct buffer *out, size_t field, const char *text) {
    char hex[256];
    size_t length = strcspn(text, " }");
    assert_true(length < sizeof hex);
    memcpy(hex, text, length);
    hex[length] = '\0';
    put_bytes(out, field, HEX(hex));
    return text + length;
}

/* Up to the end of the text or the message; returns where that is. */
static const char *put_fields(struct buffer *out, const char *text) {
    static const uint8_t filling[1 << 15] = {0};
    for (text += strspn(text, " "); *text != '\0' && *text != '}'; text += strspn(text, " ")) {
        char *rest;
        size_t field = strtoul(text, &rest, 10);
        char kind = *rest++;
        text = rest;
        if (kind == '{') {
            text = put_message(out, field, text);
        } else if (kind == ':') {
            text = put_hex(out, field, text);
        } else {
            size_t number = strtoul(text, &rest, 10);
            text = rest;
            if (kind == '#') {
                put_bytes(out, field, (extvm_bytes){filling, number});
            } else {
                assert_int_equal(kind, '=');
                put_number(out, field << 3);
                put_number(out, number);
            }
        }
    }
    return text;
}

/* -- the calls -- */

static void init(struct dialogue *dialogue, const struct protocol *protocol) {
    const struct session_settings settings = {.max_frame = 1 << 20};
    dialogue_init(dialogue);
    session_free(&dialogue->session);
    session_init_node(&dialogue->session, protocol, extvm_default_allocator(), &settings);
    make_world(dialogue->state);
}

/* The CallResult in `text`, as a frame. */
static void put_frame(struct buffer *out, const char *text) {
    struct buffer body;
    buffer_init(&body, extvm_default_allocator(), 1 << 20);
    assert_int_equal(*put_fields(&body, text), '\0');
    assert_true(frame_begin(out));
    put_bytes(out, 5, (extvm_bytes){body.data, body.size});
    assert_true(frame_end(out, 0));
    buffer_free(&body);
}

/* Runs a call of the contract, whose VM asks for its caller and then says `text`. */
static extvm_status run(struct dialogue *dialogue, const char *text) {
    static const extvm_address contract = {{0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
                                            0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
                                            0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc}};
    struct session *session = &dialogue->session;
    struct buffer frame;
    extvm_result *result = NULL;
    extvm_call call = setting_call();
    call.recipient = &contract;
    call.input = HEX("c26fc0");
    call.gas_provided = HEX("03e8");
    session_reset(session);
    dialogue->error = (extvm_error){EXTVM_OK, ""};
    assert_int_equal(session_begin(session, &call, NULL), EXTVM_OK);
    assert_int_equal(dialogue_step(dialogue, &result), EXTVM_OK);
    session_feed(session, HEX(ASK_SENDER), SIZE_MAX);
    assert_int_equal(dialogue_step(dialogue, &result), EXTVM_OK);
    buffer_init(&frame, extvm_default_allocator(), 1 << 20);
    put_frame(&frame, text);
    session_feed(session, (extvm_bytes){frame.data, frame.size}, SIZE_MAX);
    extvm_status status = dialogue_step(dialogue, &result);
    assert_true((status == EXTVM_OK) == (result != NULL));
    assert_int_equal(session->state, status == EXTVM_OK ? SESSION_IDLE : SESSION_BROKEN);
    extvm_result_free(result);
    buffer_free(&frame);
    buffer_drop(&dialogue->output, dialogue->output.size);
    return status;
}

/* -- the lies -- */

enum { K = 1, I = 2, BOTH = K | I }; /* of which VM */

#define GOOD EXTVM_OK
#define FALSE EXTVM_RESULT_REJECTED
#define WRONG EXTVM_MALFORMED_MESSAGE

/* What stands before each row that does not begin with "!". */
static const char *const heads[] = {[K] = "2:01 3:03e8 4:00 ", [I] = "1:c0 2:00 3:03e8 4:00 "};

static const struct {
    int vms;
    extvm_status status;
    const char *text;
} rows[] = {
    /* gas and outcome */
    {K, FALSE, "!2:01 3:03e9 4:00"},
    {I, FALSE, "!1:c0 2:00 3:03e9 4:00"},
    {K, WRONG, "!2:01 3:01*33 4:00"},
    {K, WRONG, "!2:01 4:00"},
    {I, WRONG, "!1:c0 2:00 4:00"},
    {K, GOOD, "!2:01 3:00*9 4:00"}, /* 0, at length */
    {K, WRONG, "!2:01 3:00 4:01*33"},
    {I, WRONG, "!1:c0 2:00 3:00 4:01*33"},
    {K, FALSE, "!2:01 3:00 4:00 5=1"},
    {K, FALSE, "!2:00 3:00 4:00"},
    {I, FALSE, "!1:c0 2:00 3:00 4:00 5=1"},
    {I, FALSE, "!1:c0 2:05 3:00 4:00"},
    {I, WRONG, "!1:c0 3:00 4:00"},      /* no status is not the status 0 */
    {I, FALSE, "!1:83 2:00 3:00 4:00"}, /* not RLP */
    {K, WRONG, "!2:01*33 3:00 4:00"},
    {BOTH, WRONG, "!"}, /* nothing at all is no success */

    /* which account */
    {BOTH, WRONG, "6{1:cc*19 2:01 3:05}"},
    {BOTH, WRONG, "6{1:cc*21 2:01 3:05}"},
    {BOTH, WRONG, "6{2:01 3:05}"},
    {BOTH, GOOD, "6{1:cc*20 2:01 3:05}"}, /* as it was */
    {BOTH, FALSE, "6{1:cc*20 2:01 3:05} 6{1:cc*20 2:01 3:05}"},
    {BOTH, FALSE, "6{1:cc*20 2:01 3:05} 7:cc*20"},
    {BOTH, FALSE, "6{1:cc*20 2:01 3:05} 6{1:f0*20 2:00 3:07} 6{1:cc*20 2:02 3:05}"},
    {BOTH, WRONG, "7:cc*19"},
    {BOTH, WRONG, "8:cc*21"},
    {BOTH, GOOD, "7:b2*20"},         /* made and destroyed in the call */
    {BOTH, GOOD, "7:cc*20 7:cc*20"}, /* a set */
    {BOTH, FALSE, "7:e5*20"},
    {BOTH, FALSE, "7:a1*20"},
    {BOTH, GOOD, "7:f0*20"}, /* a contract made there may be gone again */

    /* nonce and balance */
    {BOTH, FALSE, "6{1:cc*20 2:00 3:05}"},
    {BOTH, GOOD, "6{1:cc*20 2:09 3:05}"},
    {BOTH, WRONG, "6{1:cc*20 2:01*33 3:05}"},
    {BOTH, WRONG, "6{1:cc*20 2:01 3:01*33}"},
    {BOTH, FALSE, "6{1:cc*20 2:01 3:ff}"}, /* 255: nothing here is negative */
    {BOTH, FALSE, "6{1:cc*20 2:01 3:06}"},
    {BOTH, FALSE, "6{1:b2*20 2:00 3:01}"},
    {K, FALSE, "6{1:cc*20 2:01 3:04}"},
    {I, GOOD, "6{1:cc*20 2:01 3:04}"}, /* what an emptied account got is not told */
    {BOTH, GOOD, "6{1:a1*20 2:04 3:63} 6{1:cc*20 2:01 3:06}"},
    {BOTH, GOOD, "6{1:cc*20 2:01 3:04} 6{1:e5*20 2:03 3:33}"},
    {BOTH, FALSE, "6{1:e5*20 2:03 3:31} 6{1:cc*20 2:01 3:06}"},
    {BOTH, FALSE, "6{1:a1*20 2:05 3:64}"},
    {BOTH, FALSE, "6{1:e5*20 2:04 3:32}"},
    {I, WRONG, "6{1:cc*20 3:05}"},
    {I, WRONG, "6{1:cc*20 2:01}"},
    {K, GOOD, "6{1:cc*20 3:05}"}, /* of JVM servers: unchanged */
    {K, GOOD, "6{1:cc*20 2:01}"},

    /* storage */
    {BOTH, GOOD, "6{1:cc*20 2:01 3:05 4{1:01 2:05} 4{1:02 2:06}}"},
    {BOTH, FALSE, "6{1:cc*20 2:01 3:05 4{1:01 2:05} 4{1:01 2:06}}"},
    {BOTH, FALSE, "6{1:cc*20 2:01 3:05 4{1:01 2:05} 4{1:02 2:05} 4{1:0001 2:06}}"},
    {I, FALSE, "6{1:cc*20 2:01 3:05 4{1:ff80 2:05} 4{1:80 2:06}}"}, /* both -128 */
    {K, GOOD, "6{1:cc*20 2:01 3:05 4{1:ff80 2:05} 4{1:80 2:06}}"},
    {BOTH, FALSE, "6{1:cc*20 2:01 3:05 4{2:05} 4{1:00 2:06}}"}, /* both 0 */
    {K, WRONG, "6{1:cc*20 2:01 3:05 4{1:01 2:01*33}}"},
    {K, WRONG, "6{1:cc*20 2:01 3:05 4{1:01*33 2:01}}"},
    {I, GOOD, "6{1:cc*20 2:01 3:05 4{1:01*33 2:01*200}}"}, /* integers without end */
    {BOTH, FALSE, "6{1:e5*20 2:03 3:32 4{1:01 2:01}}"},
    {BOTH, FALSE, "6{1:a1*20 2:04 3:64 4{1:01 2:01}}"},

    /* code */
    {BOTH, GOOD, "6{1:f0*20 2:01 3:07 5:6001}"}, /* a contract where money was */
    {BOTH, FALSE, "6{1:e5*20 2:03 3:32 5:6001}"},
    {BOTH, FALSE, "6{1:a1*20 2:04 3:64 5:6001}"},
    {BOTH, FALSE, "6{1:cc*20 2:01 3:05 5:6001}"},
    {BOTH, FALSE, "6{1:cc*20 2:01 3:05 5:60}"},
    {BOTH, GOOD, "6{1:cc*20 2:01 3:05 5:6000}"}, /* its own, again */
    {K, GOOD, "6{1:f0*20 2:01 3:07 5#24576}"},
    {K, FALSE, "6{1:f0*20 2:01 3:07 5#24577}"},
    {I, GOOD, "6{1:f0*20 2:01 3:07 5#24577}"},

    /* logs */
    {BOTH, WRONG, "9{1:cc*19}"},
    {BOTH, WRONG, "9{1:cc*20 2:01*31}"},
    {BOTH, WRONG, "9{1:cc*20 2:01*33}"},
    {BOTH, GOOD, "9{1:cc*20 2:01*32 2:01*32 2:01*32 2:01*32}"},
    {BOTH, WRONG, "9{1:cc*20 2:01*32 2:01*32 2:01*32 2:01*32 2:01*32}"},

    /* the access list, and code coverage */
    {K, WRONG, "10{1:cc*19}"},
    {K, WRONG, "10{2{1:cc*20 2:01*33}}"},
    {K, WRONG, "10{2{1:cc*19 2:01*32}}"},
    {K, GOOD, "10{1:cc*20 2{1:cc*20 2:01*32} 2{1:cc*20 2:01*32}}"}, /* a set */
    {I, WRONG, "10{1:aa*31 2:6000 3:01}"},
    {I, GOOD, "10{1:aa*32 2:6000 3:0101}"},
    {I, WRONG, "10{1:aa*32 2:6000 3:010101}"},
};

static void tell_lies(int vm, const struct protocol *protocol) {
    struct dialogue dialogue;
    unsigned lies = 0, told = 0;
    init(&dialogue, protocol);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        bool is_whole = rows[i].text[0] == '!';
        if ((rows[i].vms & vm) == 0) {
            continue;
        }
        snprintf(text, sizeof text, "%s%s", is_whole ? "" : heads[vm],
                 rows[i].text + (is_whole ? 1 : 0));
        extvm_status status = run(&dialogue, text);
        if (status != rows[i].status) {
            fail_msg("%s: %s: %s", text, extvm_status_name(status), dialogue.error.text);
        }
        assert_int_equal(run(&dialogue, heads[vm]), EXTVM_OK);
        told++;
        lies += status != EXTVM_OK ? 1 : 0;
    }
    print_message("# %s: %u results, %u of them lies\n", protocol->vm_name, told, lies);
    dialogue_free(&dialogue);
}

static void kevm_that_lies_changes_nothing(void **unused) {
    (void)unused;
    tell_lies(K, &kevm_protocol);
}

static void iele_that_lies_changes_nothing(void **unused) {
    (void)unused;
    tell_lies(I, &iele_protocol);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kevm_that_lies_changes_nothing),
        cmocka_unit_test(iele_that_lies_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
