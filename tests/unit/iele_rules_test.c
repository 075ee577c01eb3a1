/* What IELE's messages and results mean: the tables of protocol/iele.md, sections 4, 6, 7, 10, 11.
 */
#include <stdio.h>

#include "support/cmocka.h"

#include <extvm/integer.h>

#include "common/call.h"
#include "common/verify.h"
#include "iele/iele.h"
#include "support/hex.h"

#define SENDER "a1*20"
#define CONTRACT "cc*20"
#define TINY "a24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3"

struct setting {
    extvm_call call;
    extvm_address recipient;
    struct arena arena;
    struct buffer out;
    struct hex_data gas;
    struct ledger ledger;
    extvm_error error;
};

static int begin(void **context) {
    struct setting *setting = test_calloc(1, sizeof *setting);
    setting->recipient = hex_address(CONTRACT);
    setting->call = (extvm_call){.caller = hex_address(SENDER),
                                 .recipient = &setting->recipient,
                                 .gas_provided = hex_read(&setting->gas, "03e8")};
    arena_init(&setting->arena, extvm_default_allocator(), SIZE_MAX);
    buffer_init(&setting->out, extvm_default_allocator(), 1 << 16);
    ledger_init(&setting->ledger, extvm_default_allocator(), NULL);
    const extvm_account caller = {.nonce = HEX("01"), .balance = HEX("64")};
    assert_true(ledger_note(&setting->ledger, &setting->call.caller, &caller));
    *context = setting;
    return 0;
}

static int end(void **context) {
    struct setting *setting = *context;
    arena_free(&setting->arena);
    buffer_free(&setting->out);
    ledger_free(&setting->ledger);
    test_free(setting);
    return 0;
}

static void accounts_are_answered_so_that_the_vm_sees_which_exist(void **context) {
    static const struct {
        bool found, has_code;
        const char *nonce, *balance, *body;
    } rows[] = {
        {false, false, "", "", "1801"},
        {true, false, "00", "00", "0a0100 120100 1801"},
        {true, true, "01", "00", "0a0101 120100"},
        {true, true, "", "", "0a0100 120100"},
        {true, false, "01", "00e8d4951000", "0a0101 120600e8d4951000 1801"},
    };
    struct setting *setting = *context;
    const struct query query = {.kind = QUERY_ACCOUNT};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct answer answer = {.found = rows[i].found,
                                      .account = {.nonce = HEX(rows[i].nonce),
                                                  .balance = HEX(rows[i].balance),
                                                  .has_code = rows[i].has_code}};
        setting->out.size = 0;
        assert_true(iele_protocol.encode_answer(&query, &answer, &setting->out));
        assert_bytes(((extvm_bytes){setting->out.data, setting->out.size}), HEX(rows[i].body));
        struct answer read = {.found = false};
        assert_int_equal(
            iele_protocol.decode_answer(HEX(rows[i].body), &query, &setting->arena, &read, NULL),
            EXTVM_OK);
        assert_int_equal(read.found, rows[i].found);
    }
}

static void storage_goes_signed_in_both_spellings(void **context) {
    static const struct {
        const char *vm, *canonical;
    } rows[] = {
        {"00", "00"},     {"01", "01"},     {"7f", "7f"},       {"0080", "0080"},
        {"00ff", "00ff"}, {"0100", "0100"}, {"7fff", "7fff"},   {"008000", "008000"},
        {"ff", "ff"},     {"81", "81"},     {"ff80", "80"},     {"ff7f", "ff7f"},
        {"ff01", "ff01"}, {"ff00", "ff00"}, {"ff8000", "8000"}, {"80 00*40", "80 00*40"},
    };
    struct setting *setting = *context;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const extvm_bytes offset = HEX(rows[i].vm);
        uint8_t body[128] = {0x12, (uint8_t)(22 + 2 + offset.size), 0x0a, 20};
        body[24] = 0x12;
        body[25] = (uint8_t)offset.size;
        memcpy(body + 26, offset.data, offset.size);
        const extvm_bytes message = {body, 26 + offset.size};
        struct vm_message decoded = {.result = NULL};
        assert_int_equal(
            iele_protocol.decode_vm_message(message, &setting->arena, &decoded, &setting->error),
            EXTVM_OK);
        assert_bytes(decoded.query.key, HEX(rows[i].canonical));
        if (offset.size < 40) { /* the last row is -2^327, as the other spelling has it */
            setting->out.size = 0;
            assert_true(iele_protocol.encode_query(&decoded.query, &setting->out));
            assert_bytes(((extvm_bytes){setting->out.data, setting->out.size}), message);
        }
        const struct query query = {.kind = QUERY_STORAGE};
        const struct answer answer = {.found = true, .bytes = decoded.query.key};
        struct answer read = {.found = false};
        setting->out.size = 0;
        assert_true(iele_protocol.encode_answer(&query, &answer, &setting->out));
        assert_bytes(((extvm_bytes){setting->out.data + 2, setting->out.size - 2}),
                     HEX(rows[i].canonical));
        assert_int_equal(
            iele_protocol.decode_answer((extvm_bytes){setting->out.data, setting->out.size}, &query,
                                        &setting->arena, &read, NULL),
            EXTVM_OK);
        assert_bytes(read.bytes, HEX(rows[i].canonical));
        assert_int_equal(iele_protocol.check_storage(read.bytes, NULL), EXTVM_OK);
    }
}

static extvm_status conclude(struct setting *setting, const char *body, extvm_result **result) {
    struct vm_message message = {.result = NULL};
    extvm_status status =
        iele_protocol.decode_vm_message(HEX(body), &setting->arena, &message, &setting->error);
    assert_int_equal(status, EXTVM_OK);
    assert_non_null(message.result);
    *result = message.result;
    status = iele_protocol.read_outcome(&setting->call, message.result, &setting->error);
    return status == EXTVM_OK ? iele_protocol.conclude(&setting->call, &setting->ledger,
                                                       message.result, &setting->error)
                              : status;
}

static void each_status_has_its_outcome_and_its_name(void **context) {
    static const struct {
        bool create;
        const char *body;
        extvm_outcome outcome;
        const char *name;
    } rows[] = {
        {false, "2a0e 0a01c0 120100 1a0203e8 2201 00", EXTVM_OUTCOME_SUCCESS, "success"},
        {false, "2a0f 0a01c0 120101 1a0100 220100 2801", EXTVM_OUTCOME_FAILURE, "FUNC_NOT_FOUND"},
        {false, "2a0f 0a01c0 120102 1a0100 220100 2801", EXTVM_OUTCOME_FAILURE, "FUNC_WRONG_SIG"},
        {false, "2a0f 0a01c0 120103 1a0100 220100 2801", EXTVM_OUTCOME_FAILURE,
         "CONTRACT_NOT_FOUND"},
        {false, "2a0f 0a01c0 120104 1a0100 220100 2801", EXTVM_OUTCOME_FAILURE, "USER_ERROR"},
        {false, "2a0f 0a01c0 120105 1a0100 220100 2801", EXTVM_OUTCOME_FAILURE, "OUT_OF_GAS"},
        {true, "2a0f 0a01c0 120106 1a0100 220100 2801", EXTVM_OUTCOME_FAILURE, "ACCT_COLLISION"},
        {false, "2a0f 0a01c0 120107 1a0100 220100 2801", EXTVM_OUTCOME_FAILURE, "OUT_OF_FUNDS"},
        {false, "2a0f 0a01c0 120108 1a0100 220100 2801", EXTVM_OUTCOME_FAILURE,
         "CALL_STACK_OVERFLOW"},
        {true, "2a0f 0a01c0 120109 1a0203e8 220100 2801", EXTVM_OUTCOME_FAILURE,
         "CONTRACT_INVALID"},
        /* A program's own: any integer, also one of the VM's. */
        {true, "2a0f 0a01c0 120109 1a020100 220100 2801", EXTVM_OUTCOME_REVERT, "revert"},
        {false, "2a0f 0a01c0 120109 1a0203e8 220100 2801", EXTVM_OUTCOME_REVERT, "revert"},
        {false, "2a0f 0a01c0 120107 1a0203e8 220100 2801", EXTVM_OUTCOME_REVERT, "revert"},
        {false, "2a0f 0a01c0 1201ff 1a0203e8 220100 2801", EXTVM_OUTCOME_REVERT, "revert"},
        {false, "2a0f 0a01c0 12010a 1a0100 220100 2801", EXTVM_OUTCOME_REVERT, "revert"},
        {true, "2a0d 0a01c0 120100 1a0203e8 220100", EXTVM_OUTCOME_REVERT, "revert"},
        {true, "2a0e 0a03c20102 120100 1a0100 220100", EXTVM_OUTCOME_REVERT, "revert"},
        {true, "2a22 0a17 d69500" TINY "120100 1a0100 220100", EXTVM_OUTCOME_SUCCESS, "success"},
    };
    struct setting *setting = *context;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hex_data data;
        extvm_bytes body = hex_read(&data, rows[i].body);
        char text[512] = "";
        data.data[1] = (uint8_t)(body.size - 2);
        for (size_t j = 0; j < body.size; j++) {
            snprintf(text + 2 * j, 3, "%02x", data.data[j]);
        }
        extvm_result *result;
        setting->call.recipient = rows[i].create ? NULL : &setting->recipient;
        assert_int_equal(conclude(setting, text, &result), EXTVM_OK);
        assert_string_equal(extvm_result_return_code_name(result), rows[i].name);
        assert_int_equal(extvm_result_outcome(result), rows[i].outcome);
        bool created = rows[i].create && rows[i].outcome == EXTVM_OUTCOME_SUCCESS;
        assert_int_equal(extvm_result_created_address(result) != NULL, created);
        extvm_result_free(result);
    }
}

/* Of 3000 addresses some are shorter than 20 bytes as an integer, some need a 00 before them. */
static void created_address_is_known_by_its_low_160_bits(void **context) {
    struct setting *setting = *context;
    unsigned with_zero = 0, shorter = 0;
    setting->call.recipient = NULL;
    for (uint64_t nonce = 1; nonce <= 3000; nonce++) {
        uint8_t digits[EXTVM_U64_INTEGER_SIZE], address[1 + EXTVM_ADDRESS_SIZE] = {0};
        extvm_address expected;
        const extvm_account caller = {.nonce = extvm_integer_from_u64(nonce, digits)};
        assert_true(ledger_note(&setting->ledger, &setting->call.caller, &caller));
        create_address(&setting->call.caller, nonce - 1, &expected);
        memcpy(address + 1, expected.bytes, EXTVM_ADDRESS_SIZE);
        const extvm_bytes integer = extvm_integer_normalise((extvm_bytes){address, sizeof address});
        with_zero += integer.size > EXTVM_ADDRESS_SIZE;
        shorter += integer.size < EXTVM_ADDRESS_SIZE;
        uint8_t returned[2 + sizeof address] = {(uint8_t)(0xc1 + integer.size),
                                                (uint8_t)(0x80 + integer.size)};
        memcpy(returned + 2, integer.data, integer.size);
        extvm_result *result = result_new(extvm_default_allocator(), NULL);
        result->return_data = (extvm_bytes){returned, integer.size + 2};
        assert_int_equal(
            iele_protocol.conclude(&setting->call, &setting->ledger, result, &setting->error),
            EXTVM_OK);
        assert_true(extvm_address_equal(extvm_result_created_address(result), &expected));
        returned[2 + integer.size - 1] ^= 1;
        assert_int_equal(
            iele_protocol.conclude(&setting->call, &setting->ledger, result, &setting->error),
            EXTVM_RESULT_REJECTED);
        extvm_result_free(result);
    }
    assert_true(with_zero > 0 && shorter > 0);
}

static void result_that_contradicts_itself_is_refused(void **context) {
    static const char *const bodies[] = {
        "2a0d 0a01c0 120101 1a0100 2201 00",            /* status 1 without error */
        "2a0e 0a01c0 1201 00 1a0100 220100 2801",       /* error with status 0 */
        "2a0a 0a0105 120100 1a0100",                    /* returned data that is no list */
        "2a22 0a17 d69500 b2*20 120100 1a0100 2201 00", /* a create at another address */
    };
    struct setting *setting = *context;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct hex_data data;
        extvm_bytes body = hex_read(&data, bodies[i]);
        char text[512] = "";
        data.data[1] = (uint8_t)(body.size - 2);
        for (size_t j = 0; j < body.size; j++) {
            snprintf(text + 2 * j, 3, "%02x", data.data[j]);
        }
        extvm_result *result;
        setting->call.recipient = i == 3 ? NULL : &setting->recipient;
        assert_int_equal(conclude(setting, text, &result), EXTVM_RESULT_REJECTED);
        assert_int_equal(setting->error.status, EXTVM_RESULT_REJECTED);
        extvm_result_free(result);
    }
}

static void failed_call_changes_nothing_whatever_the_vm_lists(void **context) {
    struct setting *setting = *context;
    extvm_result *result;
    size_t count;
    assert_int_equal(conclude(setting,
                              "2a43 0a01c0 120107 1a020100 220101 2801 321c 0a14" CONTRACT
                              " 120101 1a0107 3a14" CONTRACT,
                              &result),
                     EXTVM_OK);
    extvm_result_modified(result, &count);
    assert_int_equal(count, 0);
    extvm_result_deleted(result, &count);
    assert_int_equal(count, 0);
    assert_int_equal(extvm_integer_sign(extvm_result_gas_refund(result)), 0);
    extvm_result_free(result);
}

static void calls_that_the_vm_would_not_survive_are_refused(void **context) {
    static const struct {
        bool exists, create;
        const char *nonce, *value;
        extvm_status status;
    } rows[] = {
        {true, true, "00", "00", EXTVM_CREATE_NONCE_ZERO},
        {true, true, "01", "00", EXTVM_OK},
        {true, false, "00", "00", EXTVM_OK},
        {false, false, "00", "00", EXTVM_OK}, /* a call without value does without its caller */
        {false, false, "00", "01", EXTVM_CALLER_ABSENT},
        {false, true, "00", "00", EXTVM_CALLER_ABSENT},
    };
    struct setting *setting = *context;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct known_account caller = {.exists = rows[i].exists,
                                             .account.nonce = HEX(rows[i].nonce)};
        setting->call.recipient = rows[i].create ? NULL : &setting->recipient;
        setting->call.value = HEX(rows[i].value);
        assert_int_equal(iele_protocol.check_caller(&setting->call, &caller, NULL), rows[i].status);
    }
    const extvm_access_list list = {NULL, 0};
    setting->call.input = HEX("c261c0");
    assert_int_equal(iele_protocol.check_call(&setting->call, NULL), EXTVM_OK);
    setting->call.type = EXTVM_TRANSACTION_ACCESS_LIST;
    setting->call.access_list = &list;
    assert_int_equal(iele_protocol.check_call(&setting->call, NULL), EXTVM_INVALID_ARGUMENT);
}

static void balances_may_shrink_but_never_grow(void **context) {
    static const struct {
        const char *balance;
        extvm_status status;
    } rows[] = {{"64", EXTVM_OK}, {"63", EXTVM_OK}, {"65", EXTVM_RESULT_REJECTED}};
    struct setting *setting = *context;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        extvm_result *result = result_new(extvm_default_allocator(), NULL);
        extvm_modified_account account = {
            .address = setting->call.caller, .nonce = HEX("01"), .balance = HEX(rows[i].balance)};
        result->modified = &account;
        result->modified_count = 1;
        assert_int_equal(verify_result(&setting->call, &setting->ledger, result,
                                       iele_protocol.balances_may_shrink, NULL),
                         rows[i].status);
        extvm_result_free(result);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(accounts_are_answered_so_that_the_vm_sees_which_exist),
        TEST(storage_goes_signed_in_both_spellings),
        TEST(each_status_has_its_outcome_and_its_name),
        TEST(created_address_is_known_by_its_low_160_bits),
        TEST(result_that_contradicts_itself_is_refused),
        TEST(failed_call_changes_nothing_whatever_the_vm_lists),
        TEST(calls_that_the_vm_would_not_survive_are_refused),
        TEST(balances_may_shrink_but_never_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
