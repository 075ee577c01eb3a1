/* Each field of protocol/iele.md, section 4.1, on its way to the VM and back, with the integers of
 * section 4.2 in every place where the VM writes them, and the messages as another encoder may
 * write them (section 12, rule 7). */
#include <stdio.h>

#include "support/cmocka.h"

#include <extvm/integer.h>

#include "common/call.h"
#include "iele/iele.h"
#include "support/hex.h"

#define CONTRACT "cc*20"
#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

struct setting {
    extvm_call call;
    extvm_address recipient;
    struct arena arena;
    struct buffer out;
    struct vm_message message;
};

static int begin(void **context) {
    struct setting *setting = test_calloc(1, sizeof *setting);
    setting->recipient = hex_address(CONTRACT);
    setting->call = (extvm_call){.caller = hex_address("a1*20"),
                                 .recipient = &setting->recipient,
                                 .block.beneficiary = hex_address("c0*20")};
    arena_init(&setting->arena, extvm_default_allocator(), SIZE_MAX);
    buffer_init(&setting->out, extvm_default_allocator(), 1 << 16);
    *context = setting;
    return 0;
}

static int end(void **context) {
    struct setting *setting = *context;
    extvm_result_free(setting->message.result);
    arena_free(&setting->arena);
    buffer_free(&setting->out);
    test_free(setting);
    return 0;
}

/* -- to the VM -- */

static void assert_call_is(struct setting *setting, const char *expected) {
    setting->out.size = 0;
    setting->arena.maximum = SIZE_MAX;
    assert_true(iele_protocol.encode_call(&setting->call, &setting->arena, &setting->out));
    assert_bytes(((extvm_bytes){setting->out.data, setting->out.size}), HEX(expected));
}

static void each_number_of_a_call_is_sent_in_its_shortest_form_with_a_sign(void **context) {
    static const struct {
        const char *field;
        size_t offset;
        bool in_header;
    } fields[] = {
        {"22", offsetof(extvm_call, value), false},
        {"2a", offsetof(extvm_call, gas_price), false},
        {"32", offsetof(extvm_call, gas_provided), false},
        {"12", offsetof(extvm_call, block.difficulty), true},
        {"1a", offsetof(extvm_call, block.number), true},
        {"22", offsetof(extvm_call, block.gas_limit), true},
    };
    static const struct {
        const char *given, *sent;
    } numbers[] = {
        {"", "01 00"},          {"00", "01 00"},           {"01", "01 01"},
        {"7f", "01 7f"},        {"0080", "02 0080"},       {"00c8", "02 00c8"},
        {"00ff", "02 00ff"},    {"0100", "02 0100"},       {"7fff", "02 7fff"},
        {"0000 80", "02 0080"}, {"00 80 00", "03 008000"}, {"00 ff*32", "21 00 ff*32"},
    };
    struct setting *setting = *context;
    for (size_t i = 0; i < COUNT(fields); i++) {
        for (size_t j = 0; j < COUNT(numbers); j++) {
            const char *sent[COUNT(fields)] = {"01 00", "01 00", "01 00",
                                               "01 00", "01 00", "01 00"};
            char expected[512];
            extvm_bytes *number =
                (extvm_bytes *)(void *)((char *)&setting->call + fields[i].offset);
            *number = HEX(numbers[j].given);
            sent[i] = numbers[j].sent;
            size_t size = HEX(numbers[j].sent).size - 2; /* more than a 0 takes */
            snprintf(
                expected, sizeof expected,
                "0a14 a1*20 1214 cc*20 22 %s 2a %s 32 %s 3a %02zx 0a14 c0*20 12 %s 1a %s 22 %s "
                "4a00",
                sent[0], sent[1], sent[2], 31 + (fields[i].in_header ? size : 0), sent[3], sent[4],
                sent[5]);
            assert_call_is(setting, expected);
            *number = (extvm_bytes){NULL, 0};
        }
    }
}

static void only_a_call_without_recipient_is_a_create(void **context) {
    struct setting *setting = *context;
    setting->call.input = HEX("c26fc0");
    setting->recipient = hex_address("00*20");
    assert_call_is(setting, "0a14 a1*20 1214 00*20 1a03c26fc0 220100 2a0100 320100 "
                            "3a1f 0a14 c0*20 120100 1a0100 220100 4a00");
    setting->call.recipient = NULL;
    assert_call_is(setting, "0a14 a1*20 1a03c26fc0 220100 2a0100 320100 "
                            "3a1f 0a14 c0*20 120100 1a0100 220100 4a00");
}

static void timestamp_is_never_sent_negative(void **context) {
    struct setting *setting = *context;
    setting->call.block.timestamp = 1000;
    assert_call_is(setting, "0a14 a1*20 1214 cc*20 220100 2a0100 320100 "
                            "3a22 0a14 c0*20 120100 1a0100 220100 28e807 4a00");
    setting->call.block.timestamp = INT64_MAX;
    assert_int_equal(call_check(&setting->call, NULL), EXTVM_OK);
    assert_call_is(setting, "0a14 a1*20 1214 cc*20 220100 2a0100 320100 "
                            "3a29 0a14 c0*20 120100 1a0100 220100 28 ff*8 7f 4a00");
    setting->call.block.timestamp++;
    assert_int_equal(call_check(&setting->call, NULL), EXTVM_OUT_OF_RANGE);
}

static void each_answer_has_the_bytes_that_the_vm_reads(void **context) {
    static const struct {
        enum query_kind kind;
        bool found;
        const char *value, *body;
    } rows[] = {
        {QUERY_STORAGE, true, "00c8", "0a02 00c8"}, /* c8 would be -56 */
        {QUERY_STORAGE, true, "c8", "0a01 c8"},
        {QUERY_STORAGE, true, "00 00c8", "0a02 00c8"},
        {QUERY_STORAGE, true, "ff80", "0a01 80"},
        {QUERY_STORAGE, true, "00", "0a01 00"},
        {QUERY_STORAGE, true, "", "0a01 00"},
        {QUERY_STORAGE, false, "", "0a01 00"},
        {QUERY_STORAGE, true, "7f ff*39", "0a28 7f ff*39"},
        {QUERY_CODE, true, "00ff0080 00", "0a05 00ff0080 00"},
        {QUERY_CODE, true, "", ""},
        {QUERY_CODE, false, "", ""},
        {QUERY_BLOCK_HASH, true, "00*3 80 24*28", "0a20 00*3 80 24*28"},
        {QUERY_BLOCK_HASH, true, "00*32", "0a20 00*32"},
        {QUERY_BLOCK_HASH, false, "", ""},
    };
    struct setting *setting = *context;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const extvm_bytes value = HEX(rows[i].value);
        const struct query query = {.kind = rows[i].kind};
        struct answer answer = {.found = rows[i].found, .bytes = value};
        if (rows[i].kind == QUERY_BLOCK_HASH && value.size > 0) {
            assert_int_equal(value.size, EXTVM_WORD_SIZE);
            memcpy(answer.hash.bytes, value.data, value.size);
        }
        setting->out.size = 0;
        assert_true(iele_protocol.encode_answer(&query, &answer, &setting->out));
        assert_bytes(((extvm_bytes){setting->out.data, setting->out.size}), HEX(rows[i].body));
    }
}

/* -- from the VM -- */

static extvm_status decode(struct setting *setting, extvm_bytes body) {
    extvm_result_free(setting->message.result);
    setting->message = (struct vm_message){.result = NULL};
    return iele_protocol.decode_vm_message(body, &setting->arena, &setting->message, NULL);
}

/* The result with these fields: a VMQuery around a CallResult, shorter than 128 bytes. */
static const extvm_result *decode_result(struct setting *setting, extvm_bytes fields) {
    uint8_t body[2 + 127] = {0x2a, (uint8_t)fields.size};
    assert_true(fields.size < 128);
    memcpy(body + 2, fields.data, fields.size);
    /* A result's bytes lie in its own memory, so that `body` may go. */
    assert_int_equal(decode(setting, (extvm_bytes){body, fields.size + 2}), EXTVM_OK);
    assert_non_null(setting->message.result);
    return setting->message.result;
}

static void integers_of_programs_are_understood_in_every_place_and_spelling(void **context) {
    static const struct {
        const char *vm, *canonical;
    } rows[] = {
        {"", "00"},           {"00", "00"},     {"01", "01"},       {"7f", "7f"},
        {"0080", "0080"},     {"00ff", "00ff"}, {"0100", "0100"},   {"7fff", "7fff"},
        {"008000", "008000"}, {"ff", "ff"},     {"81", "81"},       {"ff80", "80"},
        {"80", "80"},         {"ff7f", "ff7f"}, {"ff01", "ff01"},   {"ff00", "ff00"},
        {"ff8000", "8000"},   {"8000", "8000"}, {"00 00 05", "05"}, {"ff ff 80 00*16", "80 00*16"},
    };
    struct setting *setting = *context;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const extvm_bytes integer = HEX(rows[i].vm), canonical = HEX(rows[i].canonical);
        char text[512];
        snprintf(text, sizeof text,
                 "1a0100 12 %02zx %s 32 %02zx 0a14 cc*20 120100 1a0100 22 %02zx 0a %02zx %s 12 "
                 "%02zx %s",
                 /* A return code is always said, and a storage value need not be. */
                 integer.size > 0 ? integer.size : 1, integer.size > 0 ? rows[i].vm : "00",
                 22 + 6 + 2 + 4 + 2 * integer.size, 4 + 2 * integer.size, integer.size, rows[i].vm,
                 integer.size, rows[i].vm);
        const extvm_result *result = decode_result(setting, HEX(text));
        assert_bytes(result->return_code, canonical);
        assert_int_equal(result->modified_count, 1);
        assert_int_equal(result->modified[0].storage_count, 1);
        assert_bytes(result->modified[0].storage[0].key, canonical);
        assert_bytes(result->modified[0].storage[0].value, canonical);
    }
}

static void gas_nonce_and_balance_are_never_taken_for_negative(void **context) {
    static const struct {
        const char *vm, *canonical;
    } rows[] = {
        {"00 00", "00"},    {"00", "00"},         {"7f", "7f"},
        {"0080", "0080"},   {"00ffff", "00ffff"}, {"ff", "00ff"},
        {"00 00 01", "01"}, {"0f1278", "0f1278"}, {"00 ff*32", "00 ff*32"},
    };
    struct setting *setting = *context;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const extvm_bytes canonical = HEX(rows[i].canonical);
        const size_t size = HEX(rows[i].vm).size;
        char text[512];
        snprintf(text, sizeof text, "120100 1a %02zx %s 22 %02zx %s", size, rows[i].vm, size,
                 rows[i].vm);
        const extvm_result *result = decode_result(setting, HEX(text));
        assert_bytes(result->gas_remaining, canonical);
        assert_bytes(result->gas_refund, canonical);
        snprintf(text, sizeof text, "120100 1a0100 32 %02zx 0a14 cc*20 12 %02zx %s 1a %02zx %s",
                 26 + 2 * size, size, rows[i].vm, size, rows[i].vm);
        result = decode_result(setting, HEX(text));
        assert_bytes(result->modified[0].nonce, canonical);
        assert_bytes(result->modified[0].balance, canonical);
    }
}

static void block_hash_offset_is_read_also_where_it_is_absent(void **context) {
    static const struct {
        const char *body;
        int64_t offset;
    } rows[] = {
        {"2200", 0},          {"2202 0800", 0},        {"2202 0805", 5},
        {"2203 08ff01", 255}, {"220b 08 ff*9 01", -1},
    };
    struct setting *setting = *context;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(decode(setting, HEX(rows[i].body)), EXTVM_OK);
        assert_int_equal(setting->message.query.kind, QUERY_BLOCK_HASH);
        assert_int_equal(setting->message.query.block, rows[i].offset);
    }
}

static void address_or_word_of_another_width_is_no_message(void **context) {
    static const char *const bodies[] = {
        "0a15 0a13 a1*19",                              /* GetAccount.address */
        "0a17 0a15 a1*21",                              /* */
        "0a00",                                         /* */
        "1218 0a13 a1*19 120105",                       /* GetStorageData.address */
        "121a 0a15 00 a1*20 120105",                    /* */
        "1a15 0a13 a1*19",                              /* GetCode.address */
        "1a22 0a20 a1*32",                              /* */
        "2a20 120100 321b 0a13 cc*19 120100 1a0100",    /* ModifiedAccount.address */
        "2a22 120100 321d 0a15 00 cc*20 120100 1a0100", /* */
        "2a18 120100 3a13 cc*19",                       /* deletedAccounts */
        "2a1a 120100 3a15 00 cc*20",                    /* */
        "2a1a 120100 4215 cc*21",                       /* touchedAccounts */
        "2a1a 120100 4a15 0a13 cc*19",                  /* LogEntry.address */
        "2a1e 120100 4a19 0a14 cc*20 1201 05",          /* LogEntry.topics */
        "2a3c 120100 4a37 0a14 cc*20 121f 00*31",       /* */
        "2a3e 120100 4a39 0a14 cc*20 1221 00*33",       /* */
        "2a2c 120100 5227 0a1f aa*31 120100 1a0100",    /* CodeCoverage.codehash */
        "2a0b 120100 5206 120100 1a0100",               /* */
    };
    struct setting *setting = *context;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        assert_int_equal(decode(setting, HEX(bodies[i])), EXTVM_MALFORMED_MESSAGE);
        assert_null(setting->message.result);
    }
}

static void order_of_fields_explicit_defaults_and_unknown_fields_change_nothing(void **context) {
    static const char *const queries[] = {
        "121a 0a14 cc*20 1202ff80",
        "121a 1202ff80 0a14 cc*20",
        "1221 780c 1202ff80 0a14 cc*20 a20602 0102",
        "780c 1233 1201 05 0a14 a1*20 1202ff80 0a14 cc*20 a20602 0102",
    };
    static const char *const results[] = {
        "2a25 0a01c0 120107 1a0203e8 220100 2801 3a14 cc*20",
        "2a25 3a14 cc*20 2801 220100 1a0203e8 120107 0a01c0",
        "2a2e 0a01c0 120107 1a0203e8 220100 2800 2801 3a14 cc*20 780c a20602 0102",
        "780c 2a28 0a00 0a01c0 1200 120107 1a0203e8 2200 2801 3a14 cc*20",
    };
    struct setting *setting = *context;
    for (size_t i = 0; i < COUNT(queries); i++) {
        assert_int_equal(decode(setting, HEX(queries[i])), EXTVM_OK);
        const struct query *query = &setting->message.query;
        assert_int_equal(query->kind, QUERY_STORAGE);
        assert_true(extvm_address_equal(&query->address, &setting->recipient));
        assert_bytes(query->key, HEX("80"));
    }
    for (size_t i = 0; i < COUNT(results); i++) {
        assert_int_equal(decode(setting, HEX(results[i])), EXTVM_OK);
        const extvm_result *result = setting->message.result;
        assert_non_null(result);
        assert_bytes(result->return_data, HEX("c0"));
        assert_bytes(result->return_code, HEX("07"));
        assert_bytes(result->gas_remaining, HEX("03e8"));
        assert_bytes(result->gas_refund, HEX("00"));
        assert_true(result->error);
        assert_int_equal(result->deleted_count, 1);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

static void short_coverage_leaves_room_for_a_long_result(void **context) {
    enum { UPDATES = 10000 };
    static const uint8_t one = 1, covered[] = {0x60, 0x00};
    static extvm_storage_update updates[UPDATES];
    static uint8_t keys[UPDATES][EXTVM_U64_INTEGER_SIZE];
    (void)context;
    const extvm_allocator *allocator = extvm_default_allocator();
    extvm_code_coverage coverage = {.code = {covered, 2}, .coverage = {covered, 1}};
    extvm_modified_account account = {
        .nonce = {&one, 1}, .balance = {&one, 1}, .storage = updates, .storage_count = UPDATES};
    struct arena arena;
    struct buffer out;
    struct vm_message message = {.owner = NULL};
    extvm_result *result = result_new(allocator, NULL);
    assert_non_null(result);
    for (uint64_t i = 0; i < UPDATES; i++) {
        updates[i].key = extvm_integer_from_u64(i, keys[i]);
        updates[i].value = (extvm_bytes){&one, 1};
    }
    result->return_code = result->gas_remaining = result->gas_refund = (extvm_bytes){&one, 1};
    result->modified = &account;
    result->modified_count = 1;
    result->coverage = &coverage;
    result->coverage_count = 1;
    arena_init(&arena, allocator, SIZE_MAX);
    buffer_init(&out, allocator, SIZE_MAX);
    assert_true(iele_protocol.encode_result(result, &arena, &out));
    arena_reset(&arena);
    assert_int_equal(
        iele_protocol.decode_vm_message((extvm_bytes){out.data, out.size}, &arena, &message, NULL),
        EXTVM_OK);
    assert_non_null(message.result);
    assert_int_equal(message.result->coverage_count, 1);
    assert_int_equal(message.result->modified[0].storage_count, UPDATES);
    extvm_result_free(message.result);
    extvm_result_free(result);
    buffer_free(&out);
    arena_free(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_coverage_leaves_room_for_a_long_result),
        TEST(each_number_of_a_call_is_sent_in_its_shortest_form_with_a_sign),
        TEST(only_a_call_without_recipient_is_a_create),
        TEST(timestamp_is_never_sent_negative),
        TEST(each_answer_has_the_bytes_that_the_vm_reads),
        TEST(integers_of_programs_are_understood_in_every_place_and_spelling),
        TEST(gas_nonce_and_balance_are_never_taken_for_negative),
        TEST(block_hash_offset_is_read_also_where_it_is_absent),
        TEST(address_or_word_of_another_width_is_no_message),
        TEST(order_of_fields_explicit_defaults_and_unknown_fields_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
