/* KEVM's messages, byte for byte: the tables of protocol/kevm.md, sections 2, 4, 5, 6 and 7, at
 * both ends, and what a decoder has to put up with (section 14). */
#include <stdlib.h>

#include "support/cmocka.h"

#include <extvm/integer.h>

#include "kevm/kevm.h"
#include "support/hex.h"
#include "support/kevm_setting.h"
#include "support/scarce_memory.h"

struct codec {
    struct buffer out;
    struct arena arena;
};

static int begin(void **context) {
    struct codec *codec = test_calloc(1, sizeof *codec);
    buffer_init(&codec->out, extvm_default_allocator(), 1 << 20);
    arena_init(&codec->arena, extvm_default_allocator(), SIZE_MAX);
    *context = codec;
    return 0;
}

static int end(void **context) {
    struct codec *codec = *context;
    buffer_free(&codec->out);
    arena_free(&codec->arena);
    test_free(codec);
    return 0;
}

/* What was encoded since the last time. */
static extvm_bytes encoded(struct codec *codec) {
    extvm_bytes bytes = {codec->out.data, codec->out.size};
    codec->out.size = 0;
    return bytes;
}

static void hello_carries_version_and_chain(void **context) {
    struct codec *codec = *context;
    extvm_call local = setting_call(), main_net = setting_call();
    assert_true(kevm_encode_hello(&local, &codec->out));
    assert_bytes(encoded(codec), HEX("0a03322e32 1229" CONFIG));
    static const uint64_t blocks[EXTVM_FORK_COUNT] = {0,       1150000, 2463000, 2675000, 2675000,
                                                      4370000, 7280000, 7280000, 9069000, 12244000};
    uint8_t numbers[EXTVM_FORK_COUNT][EXTVM_U64_INTEGER_SIZE];
    for (unsigned i = 0; i < EXTVM_FORK_COUNT; i++) {
        main_net.chain.fork_block[i] = extvm_integer_from_u64(blocks[i], numbers[i]);
    }
    main_net.chain.chain_id = HEX("01");
    assert_true(kevm_encode_hello(&main_net, &codec->out));
    assert_bytes(
        encoded(codec),
        HEX("0a03322e32 123c 0a0100 1203118c30 1a03259518 220328d138 2a0328d138 320342ae50 "
            "3a036f1580 42036f1580 4a04008a61c8 520400bad420 5a026000 620100 6a0101"));
}

static void the_vms_end_reads_the_version_of_any_hello(void **context) {
    struct codec *codec = *context;
    static const struct {
        const char *hex, *version;
    } rows[] = {
        {"0a03322e32", "2.2"},
        {"0a03322e32 1200", "2.2"},
        {"0a03332e30 1a00", "3.0"},
        {"0a03322e32 1204 62023432", "2.2"}, /* hello_proto.bin */
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        extvm_bytes version;
        assert_int_equal(
            kevm_protocol.decode_hello(HEX(rows[i].hex), &codec->arena, &version, NULL), EXTVM_OK);
        assert_bytes(version,
                     ((extvm_bytes){(const uint8_t *)rows[i].version, strlen(rows[i].version)}));
    }
    extvm_bytes version;
    assert_int_equal(kevm_protocol.decode_hello(HEX("0a05"), &codec->arena, &version, NULL),
                     EXTVM_MALFORMED_MESSAGE);
}

static void an_account_exists_exactly_when_a_number_is_sent(void **context) {
    struct codec *codec = *context;
    static const struct {
        const char *nonce, *balance, *frame;
        bool found, has_code;
    } rows[] = {
        {"", "", "1801", false, false},
        {"", "", "0a0100 120100 1801", true, false},
        {"00", "00", "0a0100 120100 1801", true, false},
        {"01", "00", "0a0101 120100", true, true},
        {"0080", "00ff", "0a020080 120200ff 1801", true, false},
        {"02", "00fffffffffffff9e580", "0a0102 120a00fffffffffffff9e580 1801", true, false},
    };
    const struct query query = {.kind = QUERY_ACCOUNT};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer answer = {.found = rows[i].found}, read = {.found = false};
        answer.account.nonce = HEX(rows[i].nonce);
        answer.account.balance = HEX(rows[i].balance);
        answer.account.has_code = rows[i].has_code;
        assert_true(kevm_protocol.encode_answer(&query, &answer, &codec->out));
        assert_bytes(encoded(codec), HEX(rows[i].frame));
        assert_int_equal(kevm_decode_answer(HEX(rows[i].frame), &query, &codec->arena, &read, NULL),
                         EXTVM_OK);
        assert_int_equal(read.found, rows[i].found);
        assert_int_equal(read.account.has_code, rows[i].has_code);
    }
}

static void every_query_of_the_catalogue_is_written_and_read(void **context) {
    struct codec *codec = *context;
    static const struct {
        enum query_kind kind;
        const char *address, *key;
        int64_t block;
        const char *frame;
    } rows[] = {
        {QUERY_ACCOUNT, SENDER, "", 0, "0a16 0a14 a1*20"},
        {QUERY_STORAGE, CONTRACT, "00", 0, "1219 0a14 cc*20 120100"},
        {QUERY_STORAGE, CONTRACT, "00c8", 0, "121a 0a14 cc*20 120200c8"},
        {QUERY_STORAGE, CONTRACT, "00 ff*32", 0, "1239 0a14 cc*20 122100 ff*32"},
        {QUERY_CODE, CONTRACT, "", 0, "1a16 0a14 cc*20"},
        {QUERY_BLOCK_HASH, "00*20", "", 0, "2200"},
        {QUERY_BLOCK_HASH, "00*20", "", 5, "2202 0805"},
        {QUERY_BLOCK_HASH, "00*20", "", 255, "2203 08ff01"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct query query = {rows[i].kind, hex_address(rows[i].address), HEX(rows[i].key),
                              rows[i].block, 0};
        struct vm_message message = {.result = NULL};
        assert_true(kevm_encode_query(&query, &codec->out));
        assert_bytes(encoded(codec), HEX(rows[i].frame));
        assert_int_equal(kevm_decode_vm_message(HEX(rows[i].frame), &codec->arena, &message, NULL),
                         EXTVM_OK);
        assert_null(message.result);
        assert_int_equal(message.query.kind, query.kind);
        assert_int_equal(message.query.block, query.block);
        if (query.kind != QUERY_BLOCK_HASH) {
            assert_true(extvm_address_equal(&message.query.address, &query.address));
        }
        if (query.kind == QUERY_STORAGE) {
            assert_bytes(message.query.key, query.key);
        }
    }
}

static void every_reply_of_the_catalogue_is_written(void **context) {
    struct codec *codec = *context;
    static const struct {
        enum query_kind kind;
        bool found;
        const char *value, *frame;
    } rows[] = {
        {QUERY_STORAGE, false, "", "0a0100"},
        {QUERY_STORAGE, true, "00", "0a0100"},
        {QUERY_STORAGE, true, "0080", "0a020080"},
        {QUERY_STORAGE, true, "00000080", "0a020080"},
        {QUERY_STORAGE, true, "00 ff*32", "0a2100 ff*32"},
        {QUERY_CODE, true, "60003560005500", "0a0760003560005500"},
        {QUERY_CODE, false, "", ""},
        {QUERY_BLOCK_HASH, true, "bb*32", "0a20 bb*32"},
        {QUERY_BLOCK_HASH, false, "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct query query = {.kind = rows[i].kind};
        struct answer answer = {.found = rows[i].found, .bytes = HEX(rows[i].value)};
        memset(answer.hash.bytes, 0xbb, sizeof answer.hash.bytes);
        assert_true(kevm_protocol.encode_answer(&query, &answer, &codec->out));
        assert_bytes(encoded(codec), HEX(rows[i].frame));
    }
}

static void the_vms_end_reads_storage_as_the_real_vm_does(void **context) {
    struct codec *codec = *context;
    static const struct {
        const char *frame, *value;
    } rows[] = {
        {"", "00"},
        {"0a0100", "00"},
        {"0a020080", "0080"},
        {"0a0405000000", "05000000"},
        {"0a050000000005", "05"},
        {"0a01c8", "00 ff*31 c8"}, /* signed: 2^256 - 56, not 200 (section 0.10) */
        {"0a20 80 00*31", "0080 00*31"},
        {"0a2100 ff*32", "00 ff*32"},
    };
    const struct query query = {.kind = QUERY_STORAGE};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answer answer = {.found = false};
        assert_int_equal(
            kevm_decode_answer(HEX(rows[i].frame), &query, &codec->arena, &answer, NULL), EXTVM_OK);
        assert_bytes(answer.bytes, HEX(rows[i].value));
    }
    struct answer answer = {.found = false};
    assert_int_equal(kevm_decode_answer(HEX("0a2101 00*32"), &query, &codec->arena, &answer, NULL),
                     EXTVM_MALFORMED_MESSAGE);
}

#define BODY_TO_CFG "0a14" SENDER "1214" CONTRACT "220100 2a0101 32030fadf8" HDR
#define NEVER "087fffffffffffffff"

static extvm_call contract_call(const extvm_address *contract) {
    static const uint8_t gas[] = {0x0f, 0xad, 0xf8};
    extvm_call call = setting_call();
    call.recipient = contract;
    call.gas_provided = (extvm_bytes){gas, sizeof gas};
    return call;
}

static void only_berlin_calls_carry_the_precompiled_contracts(void **context) {
    struct codec *codec = *context;
    const extvm_address contract = hex_address(CONTRACT);
    const extvm_access_list empty = {NULL, 0};
    extvm_call call = contract_call(&contract);
    assert_true(kevm_encode_call(&call, &codec->arena, &codec->out));
    assert_bytes(encoded(codec), HEX(BODY_TO_CFG CFG WARM));
    extvm_chain_set_fork(&call.chain, EXTVM_FORK_ISTANBUL);
    assert_true(kevm_encode_call(&call, &codec->arena, &codec->out));
#define ISTANBUL                                                                                   \
    "4230 0a0100 120100 1a0100 220100 2a0100 320100 3a0100 420100 4a0100 52" NEVER                 \
    " 5a026000 620100 6a020089"
    assert_bytes(encoded(codec), HEX(BODY_TO_CFG ISTANBUL));
    call.type = EXTVM_TRANSACTION_ACCESS_LIST;
    call.access_list = &empty;
    assert_true(kevm_encode_call(&call, &codec->arena, &codec->out));
    assert_bytes(encoded(codec), HEX(BODY_TO_CFG ISTANBUL "5001 5a00"));
}

static void an_own_access_list_follows_the_precompiled_contracts(void **context) {
    struct codec *codec = *context;
    const extvm_address contract = hex_address(CONTRACT);
    const extvm_bytes keys[] = {HEX("00"), HEX("00c8")};
    const extvm_access_entry entries[] = {{hex_address("00*19 04"), keys, 1}, {contract, keys, 2}};
    const extvm_access_list list = {entries, 2};
    extvm_call call = contract_call(&contract);
    call.type = EXTVM_TRANSACTION_ACCESS_LIST;
    call.access_list = &list;
    assert_true(kevm_encode_call(&call, &codec->arena, &codec->out));
    assert_bytes(encoded(codec),
                 HEX(BODY_TO_CFG CFG "5001 5aae02" PRECOMPILED "0a14 cc*20 "
                                     "1219 0a14 00*19 04 120100"
                                     "1219 0a14 cc*20 120100 121a 0a14 cc*20 120200c8"));
}

static void the_vms_end_reads_a_call_back(void **context) {
    struct codec *codec = *context;
    const extvm_address contract = hex_address(CONTRACT);
    extvm_call call = contract_call(&contract), read;
    assert_true(kevm_encode_call(&call, &codec->arena, &codec->out));
    assert_int_equal(kevm_decode_call(encoded(codec), &codec->arena, &read, NULL), EXTVM_OK);
    assert_true(extvm_address_equal(&read.caller, &call.caller));
    assert_true(extvm_address_equal(read.recipient, &contract));
    assert_bytes(read.gas_provided, call.gas_provided);
    assert_bytes(read.block.gas_limit, call.block.gas_limit);
    assert_true(extvm_address_equal(&read.block.beneficiary, &call.block.beneficiary));
    assert_int_equal(read.block.timestamp, 1000);
    assert_bytes(read.chain.chain_id, HEX("0089"));
    assert_int_equal(read.access_list->count, 9);
    /* A config number with the top bit set is negative: that fork holds from the first block. */
    assert_int_equal(
        kevm_decode_call(HEX("0a14" SENDER "4206 5204 ffffffff"), &codec->arena, &read, NULL),
        EXTVM_OK);
    assert_int_equal(extvm_chain_fork_at(&read.chain, HEX("00")), EXTVM_FORK_BERLIN);
    assert_null(read.recipient);
}

/* -- what a decoder has to put up with, and what not -- */

static extvm_status decode(struct codec *codec, extvm_bytes body, struct vm_message *message) {
    extvm_error error;
    arena_reset(&codec->arena);
    message->result = NULL;
    return kevm_decode_vm_message(body, &codec->arena, message, &error);
}

static void unknown_fields_order_and_written_defaults_do_not_matter(void **context) {
    struct codec *codec = *context;
    static const char *const same[] = {"2a0d 120101 1a030fadf8 220100 2800",
                                       "2a0d 2800 220100 1a030fadf8 120101",
                                       "2a10 120101 1a030fadf8 220100 f80105 2800",
                                       "7205aabbccddee 2a0d 120101 1a030fadf8 220100 2800",
                                       "0a16 0a14 a1*20 2a0d 120101 1a030fadf8 220100 2800"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        struct vm_message message = {.result = NULL};
        assert_int_equal(decode(codec, HEX(same[i]), &message), EXTVM_OK);
        assert_non_null(message.result);
        assert_false(message.result->error);
        assert_bytes(message.result->return_code, HEX("01"));
        assert_bytes(message.result->gas_remaining, HEX("0fadf8"));
        extvm_result_free(message.result);
    }
    const struct query query = {.kind = QUERY_ACCOUNT};
    struct answer answer = {.found = false};
    assert_int_equal(
        kevm_decode_answer(HEX("1800 1201050a0101"), &query, &codec->arena, &answer, NULL),
        EXTVM_OK);
    assert_true(answer.found && answer.account.has_code);
}

static void a_message_that_cannot_be_right_is_refused(void **context) {
    struct codec *codec = *context;
    static const struct {
        const char *body;
        extvm_status status;
    } rows[] = {
        {"", EXTVM_EMPTY_QUERY},
        {"7205aabbccddee", EXTVM_EMPTY_QUERY},
        {"0a15 0a13 a1*19", EXTVM_MALFORMED_MESSAGE},
        {"0a17 0a15 a1*21", EXTVM_MALFORMED_MESSAGE},
        {"0a00", EXTVM_MALFORMED_MESSAGE},
        {"1238 0a14 cc*20 1220", EXTVM_MALFORMED_MESSAGE},
        {"1239 0a14 cc*20 122101 00*32", EXTVM_MALFORMED_MESSAGE},
        {"2a23 122101 00*32", EXTVM_MALFORMED_MESSAGE},            /* returnCode */
        {"2a23 1a2101 00*32", EXTVM_MALFORMED_MESSAGE},            /* gasRemaining */
        {"2a04 3a020000", EXTVM_MALFORMED_MESSAGE},                /* deleted */
        {"2a15 4213 a1*19", EXTVM_MALFORMED_MESSAGE},              /* touched */
        {"2a02 3200", EXTVM_MALFORMED_MESSAGE},                    /* modified */
        {"2a1b 4a19 0a14 cc*20 1201 aa", EXTVM_MALFORMED_MESSAGE}, /* a topic */
        {"2a05 5203 0a0100", EXTVM_MALFORMED_MESSAGE},             /* accessList */
        {"2aff", EXTVM_MALFORMED_MESSAGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vm_message message = {.result = NULL};
        assert_int_equal(decode(codec, HEX(rows[i].body), &message), rows[i].status);
        assert_null(message.result);
    }
}

/* `count` empty entries of two bytes each in a CallResult: `tag` is the list's. */
static uint8_t *empty_entries(uint8_t tag, size_t count, size_t *size) {
    uint8_t *body = calloc(1, 5 + 2 * count);
    assert_non_null(body);
    body[0] = 0x2a;
    for (size_t i = 0; i < 4; i++) {
        body[1 + i] = (uint8_t)((2 * count >> (7 * i) & 0x7f) | (i < 3 ? 0x80 : 0));
    }
    for (size_t i = 0; i < count; i++) {
        body[5 + 2 * i] = tag;
    }
    *size = 5 + 2 * count;
    return body;
}

static void many_empty_entries_cannot_eat_the_memory(void **context) {
    (void)context;
    enum { ENTRIES = 1000000 };
    static const uint8_t tags[] = {0x32, 0x3a, 0x42, 0x4a}; /* modified, deleted, touched, logs */
    for (size_t i = 0; i < sizeof tags; i++) {
        struct scarce_memory scarce = {0};
        extvm_allocator allocator = scarce_memory_allocator(&scarce);
        struct codec codec;
        struct vm_message message = {.result = NULL};
        size_t size;
        uint8_t *body = empty_entries(tags[i], ENTRIES, &size);
        arena_init(&codec.arena, &allocator, SIZE_MAX);
        assert_int_equal(decode(&codec, (extvm_bytes){body, size}, &message),
                         EXTVM_MALFORMED_MESSAGE);
        assert_true(scarce.largest <= 40 * size + 65536);
        arena_free(&codec.arena);
        assert_int_equal(scarce.live, 0);
        free(body);
    }
}

#define CODEC(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        CODEC(hello_carries_version_and_chain),
        CODEC(the_vms_end_reads_the_version_of_any_hello),
        CODEC(an_account_exists_exactly_when_a_number_is_sent),
        CODEC(every_query_of_the_catalogue_is_written_and_read),
        CODEC(every_reply_of_the_catalogue_is_written),
        CODEC(the_vms_end_reads_storage_as_the_real_vm_does),
        CODEC(only_berlin_calls_carry_the_precompiled_contracts),
        CODEC(an_own_access_list_follows_the_precompiled_contracts),
        CODEC(the_vms_end_reads_a_call_back),
        CODEC(unknown_fields_order_and_written_defaults_do_not_matter),
        CODEC(a_message_that_cannot_be_right_is_refused),
        cmocka_unit_test(many_empty_entries_cannot_eat_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
