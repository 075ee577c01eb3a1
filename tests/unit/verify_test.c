/* Each paranoid check of protocol/kevm.md, section 11, refuses a result that cannot be true, and
 * lets the honest one pass. */
#include "support/cmocka.h"

#include "common/verify.h"
#include "support/hex.h"

#define MOST "00 ff*32"

struct scene {
    struct ledger ledger;
    extvm_call call;
    extvm_result *result; /* alice pays 10 of her 100 to bob, who had 5 */
    extvm_error error;
    struct hex_data values[8];
};

enum { ALICE, BOB };
static const extvm_address alice = {{0xa1}}, bob = {{0xb2}}, carol = {{0xc3}};

static void know(struct scene *scene, const extvm_address *address, const char *nonce,
                 const char *balance) {
    const extvm_account account = {.nonce = HEX(nonce), .balance = HEX(balance)};
    assert_true(ledger_note(&scene->ledger, address, &account));
}

static void know_contract(struct scene *scene, const extvm_address *address, const char *nonce,
                          const char *balance) {
    const extvm_account account = {.nonce = HEX(nonce), .balance = HEX(balance), .has_code = true};
    assert_true(ledger_note(&scene->ledger, address, &account));
}

static int begin(void **context) {
    static extvm_modified_account accounts[2];
    struct scene *scene = test_calloc(1, sizeof *scene);
    ledger_init(&scene->ledger, extvm_default_allocator(), NULL);
    know(scene, &alice, "03", "64");
    know(scene, &bob, "00", "05");
    know_contract(scene, &carol, "01", "07");
    scene->call.caller = alice;
    scene->call.gas_provided = hex_read(&scene->values[0], "03e8");
    scene->result = result_new(extvm_default_allocator(), NULL);
    scene->result->gas_remaining = scene->call.gas_provided;
    scene->result->modified = accounts;
    scene->result->modified_count = 2;
    accounts[ALICE] = (extvm_modified_account){.address = alice,
                                               .nonce = hex_read(&scene->values[1], "03"),
                                               .balance = hex_read(&scene->values[2], "5a")};
    accounts[BOB] = (extvm_modified_account){.address = bob,
                                             .nonce = hex_read(&scene->values[3], "00"),
                                             .balance = hex_read(&scene->values[4], "0f")};
    *context = scene;
    return 0;
}

static int end(void **context) {
    struct scene *scene = *context;
    ledger_free(&scene->ledger);
    extvm_result_free(scene->result);
    test_free(scene);
    return 0;
}

static void check(struct scene *scene, extvm_status expected) {
    assert_int_equal(
        verify_result(&scene->call, &scene->ledger, scene->result, false, &scene->error), expected);
    if (expected != EXTVM_OK) {
        assert_int_equal(scene->error.status, expected);
        assert_non_null(strstr(scene->error.text, "cannot be true"));
    }
}

static void an_honest_result_passes(void **context) {
    struct scene *scene = *context;
    check(scene, EXTVM_OK);
    scene->result->modified_count = 0;
    check(scene, EXTVM_OK);
}

static void more_gas_than_was_given_is_refused(void **context) {
    struct scene *scene = *context;
    scene->result->gas_remaining = HEX("03e9");
    check(scene, EXTVM_RESULT_REJECTED);
    scene->result->gas_remaining = HEX("ff");
    check(scene, EXTVM_RESULT_REJECTED);
    scene->result->gas_remaining = HEX("00");
    check(scene, EXTVM_OK);
}

static void a_refund_that_is_no_word_is_refused(void **context) {
    struct scene *scene = *context;
    scene->result->gas_refund = HEX("80");
    check(scene, EXTVM_RESULT_REJECTED);
    scene->result->gas_refund = HEX("01 00*32");
    check(scene, EXTVM_RESULT_REJECTED);
    scene->result->gas_refund = HEX(MOST);
    check(scene, EXTVM_OK);
}

static void money_out_of_nothing_is_refused(void **context) {
    struct scene *scene = *context;
    scene->result->modified[BOB].balance = HEX("10");
    check(scene, EXTVM_RESULT_REJECTED);
    assert_non_null(strstr(scene->error.text, "more"));
}

static void money_that_vanishes_is_refused_unless_an_account_was_destroyed(void **context) {
    struct scene *scene = *context;
    extvm_address deleted = carol;
    scene->result->modified[BOB].balance = HEX("0e");
    check(scene, EXTVM_RESULT_REJECTED);
    assert_non_null(strstr(scene->error.text, "less"));
    scene->result->deleted = &deleted;
    scene->result->deleted_count = 1;
    check(scene, EXTVM_OK);
    scene->result->modified[BOB].balance = HEX("16"); /* all of carol's 7 go to bob */
    check(scene, EXTVM_OK);
    scene->result->modified[BOB].balance = HEX("17");
    check(scene, EXTVM_RESULT_REJECTED);
}

static void sums_beyond_256_bits_do_not_wrap_around(void **context) {
    struct scene *scene = *context;
    know(scene, &alice, "03", MOST);
    know(scene, &bob, "00", MOST);
    scene->result->modified[ALICE].balance = HEX(MOST);
    scene->result->modified[BOB].balance = HEX(MOST);
    check(scene, EXTVM_OK);
    scene->result->modified[BOB].balance = HEX("00 ff*31 fe");
    check(scene, EXTVM_RESULT_REJECTED);
    know(scene, &bob, "00", "00 ff*31 fd");
    check(scene, EXTVM_RESULT_REJECTED);
}

static void a_sum_of_2_to_256_is_not_taken_for_nothing(void **context) {
    struct scene *scene = *context;
    extvm_address deleted = carol; /* so that less money would be no lie */
    scene->result->deleted = &deleted;
    scene->result->deleted_count = 1;
    scene->result->modified[ALICE].balance = HEX(MOST);
    scene->result->modified[BOB].balance = HEX("01");
    check(scene, EXTVM_RESULT_REJECTED);
}

static void a_nonce_that_goes_down_is_refused(void **context) {
    struct scene *scene = *context;
    scene->result->modified[ALICE].nonce = HEX("02");
    check(scene, EXTVM_RESULT_REJECTED);
    assert_non_null(strstr(scene->error.text, "0xa1"));
    scene->result->modified[ALICE].nonce = HEX("03");
    scene->result->modified[BOB].nonce = HEX("01");
    check(scene, EXTVM_OK);
}

static void values_that_no_account_can_have_are_refused(void **context) {
    struct scene *scene = *context;
    extvm_modified_account *account = &scene->result->modified[BOB];
    extvm_modified_account honest = *account;
    account->balance = HEX("ff");
    check(scene, EXTVM_RESULT_REJECTED);
    account->balance = HEX("01 00*32");
    check(scene, EXTVM_RESULT_REJECTED);
    *account = honest;
    account->nonce = HEX("ff");
    check(scene, EXTVM_RESULT_REJECTED);
    account->nonce = HEX("01 00*32");
    check(scene, EXTVM_RESULT_REJECTED);
}

static void an_account_that_is_changed_and_deleted_is_refused(void **context) {
    struct scene *scene = *context;
    extvm_address deleted[] = {alice, carol};
    scene->result->deleted = deleted;
    scene->result->deleted_count = 2;
    check(scene, EXTVM_RESULT_REJECTED);
    deleted[0] = carol;
    deleted[1] = (extvm_address){{0xd4}};
    know(scene, &deleted[1], "00", "00");
    check(scene, EXTVM_OK);
}

static void an_account_that_is_changed_twice_is_refused(void **context) {
    struct scene *scene = *context;
    scene->result->modified[ALICE].address = bob;
    check(scene, EXTVM_RESULT_REJECTED);
}

static void a_storage_key_with_two_values_is_refused(void **context) {
    struct scene *scene = *context;
    extvm_storage_update updates[] = {{HEX("01"), HEX("05")}, {HEX("01"), HEX("06")}};
    scene->result->modified[BOB].storage = updates;
    scene->result->modified[BOB].storage_count = 2;
    check(scene, EXTVM_RESULT_REJECTED);
    updates[1].key = HEX("02");
    check(scene, EXTVM_OK);
}

#define CHECK(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        CHECK(an_honest_result_passes),
        CHECK(more_gas_than_was_given_is_refused),
        CHECK(a_refund_that_is_no_word_is_refused),
        CHECK(money_out_of_nothing_is_refused),
        CHECK(money_that_vanishes_is_refused_unless_an_account_was_destroyed),
        CHECK(sums_beyond_256_bits_do_not_wrap_around),
        CHECK(a_sum_of_2_to_256_is_not_taken_for_nothing),
        CHECK(a_nonce_that_goes_down_is_refused),
        CHECK(values_that_no_account_can_have_are_refused),
        CHECK(an_account_that_is_changed_and_deleted_is_refused),
        CHECK(an_account_that_is_changed_twice_is_refused),
        CHECK(a_storage_key_with_two_values_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
