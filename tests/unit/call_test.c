/* Calls: which fork a block has, what is refused, the address of a new contract. */
#include <stdio.h>

#include "support/cmocka.h"

#include <extvm/integer.h>

#include "common/call.h"
#include "support/hex.h"

static extvm_bytes number(struct hex_data *out, uint64_t value) {
    return extvm_integer_from_u64(value, out->data);
}
#define NUMBER(value) number(&(struct hex_data){.data = {0}}, value)

static void each_block_of_the_main_net_has_its_fork(void **context) {
    (void)context;
    static const uint64_t blocks[EXTVM_FORK_COUNT] = {0,       1150000, 2463000, 2675000, 2675000,
                                                      4370000, 7280000, 7280000, 9069000, 12244000};
    static const struct {
        uint64_t block;
        extvm_fork fork;
    } rows[] = {
        {0, EXTVM_FORK_FRONTIER},         {1, EXTVM_FORK_FRONTIER},
        {1149999, EXTVM_FORK_FRONTIER},   {1150000, EXTVM_FORK_HOMESTEAD},
        {2462999, EXTVM_FORK_HOMESTEAD},  {2463000, EXTVM_FORK_EIP150},
        {2674999, EXTVM_FORK_EIP150},     {2675000, EXTVM_FORK_EIP161},
        {4369999, EXTVM_FORK_EIP161},     {4370000, EXTVM_FORK_BYZANTIUM},
        {7279999, EXTVM_FORK_BYZANTIUM},  {7280000, EXTVM_FORK_PETERSBURG},
        {9068999, EXTVM_FORK_PETERSBURG}, {9069000, EXTVM_FORK_ISTANBUL},
        {12243999, EXTVM_FORK_ISTANBUL},  {12244000, EXTVM_FORK_BERLIN},
        {UINT64_MAX, EXTVM_FORK_BERLIN},
    };
    extvm_chain chain = {.chain_id = {NULL, 0}};
    struct hex_data numbers[EXTVM_FORK_COUNT];
    for (unsigned i = 0; i < EXTVM_FORK_COUNT; i++) {
        chain.fork_block[i] = number(&numbers[i], blocks[i]);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(extvm_chain_fork_at(&chain, NUMBER(rows[i].block)), rows[i].fork);
    }
}

static void a_chain_set_to_a_fork_has_it_in_every_block(void **context) {
    (void)context;
    for (unsigned fork = 0; fork < EXTVM_FORK_COUNT; fork++) {
        extvm_chain chain = {.chain_id = HEX("05")};
        extvm_chain_set_fork(&chain, (extvm_fork)fork);
        assert_int_equal(extvm_chain_fork_at(&chain, HEX("00")), fork);
        assert_int_equal(extvm_chain_fork_at(&chain, NUMBER(UINT64_C(1000000000000000000))), fork);
        assert_bytes(chain.chain_id, HEX("05"));
        for (unsigned i = 0; i < EXTVM_FORK_COUNT; i++) { /* negative would mean: for ever */
            assert_true(extvm_integer_sign(chain.fork_block[i]) >= 0);
        }
    }
    const extvm_chain zeros = {.chain_id = {NULL, 0}};
    assert_int_equal(extvm_chain_fork_at(&zeros, (extvm_bytes){NULL, 0}), EXTVM_FORK_BERLIN);
}

static void every_fork_is_found_by_its_names(void **context) {
    (void)context;
    static const struct {
        const char *name;
        extvm_fork fork;
    } others[] = {{"tangerinewhistle", EXTVM_FORK_EIP150},
                  {"SpuriousDragon", EXTVM_FORK_EIP161},
                  {"EIP158", EXTVM_FORK_EIP161},
                  {"ConstantinopleFix", EXTVM_FORK_PETERSBURG},
                  {"bERLIN", EXTVM_FORK_BERLIN}};
    extvm_fork fork;
    for (unsigned i = 0; i < EXTVM_FORK_COUNT; i++) {
        assert_int_equal(extvm_fork_from_name(extvm_fork_name((extvm_fork)i), &fork), EXTVM_OK);
        assert_int_equal(fork, i);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(extvm_fork_from_name(others[i].name, &fork), EXTVM_OK);
        assert_int_equal(fork, others[i].fork);
    }
    assert_int_equal(extvm_fork_from_name("London", &fork), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_fork_from_name("", &fork), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_fork_from_name(NULL, &fork), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_fork_from_name("Berlin", NULL), EXTVM_INVALID_ARGUMENT);
    assert_string_equal(extvm_fork_name((extvm_fork)99), "unknown");
}

static void no_number_that_is_no_word_gets_through(void **context) {
    (void)context;
    const extvm_bytes largest = HEX("00 ff*32");
    extvm_call call = {.recipient = NULL};
    extvm_bytes *const numbers[] = {&call.value,
                                    &call.gas_price,
                                    &call.gas_provided,
                                    &call.block.difficulty,
                                    &call.block.number,
                                    &call.block.gas_limit,
                                    &call.chain.max_code_size,
                                    &call.chain.account_start_nonce,
                                    &call.chain.chain_id,
                                    &call.chain.fork_block[EXTVM_FORK_FRONTIER],
                                    &call.chain.fork_block[EXTVM_FORK_EIP160],
                                    &call.chain.fork_block[EXTVM_FORK_BERLIN]};
    assert_int_equal(call_check(&call, NULL), EXTVM_OK);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        extvm_error error;
        *numbers[i] = HEX("80"); /* a positive number without its sign byte */
        assert_int_equal(call_check(&call, &error), EXTVM_OUT_OF_RANGE);
        assert_non_null(strstr(error.text, "negative"));
        *numbers[i] = HEX("01 00*32");
        assert_int_equal(call_check(&call, &error), EXTVM_OUT_OF_RANGE);
        assert_non_null(strstr(error.text, "2^256"));
        *numbers[i] = (extvm_bytes){NULL, 3};
        assert_int_equal(call_check(&call, &error), EXTVM_INVALID_ARGUMENT);
        *numbers[i] = largest;
        assert_int_equal(call_check(&call, &error), EXTVM_OK);
    }
}

static void pointers_that_are_missing_are_refused(void **context) {
    (void)context;
    const extvm_bytes key = HEX("ff");
    const extvm_access_entry no_keys = {.storage_key_count = 1}, bad_key = {{{0}}, &key, 1};
    const extvm_access_list no_entries = {NULL, 1}, keyless = {&no_keys, 1}, bad = {&bad_key, 1},
                            empty = {NULL, 0};
    extvm_call call = {.input = {NULL, 1}};
    assert_int_equal(call_check(&call, NULL), EXTVM_INVALID_ARGUMENT);
    call.input.size = 0;
    call.type = EXTVM_TRANSACTION_ACCESS_LIST;
    call.access_list = &no_entries;
    assert_int_equal(call_check(&call, NULL), EXTVM_INVALID_ARGUMENT);
    call.access_list = &keyless;
    assert_int_equal(call_check(&call, NULL), EXTVM_INVALID_ARGUMENT);
    call.access_list = &bad;
    assert_int_equal(call_check(&call, NULL), EXTVM_OUT_OF_RANGE);
    call.access_list = &empty;
    assert_int_equal(call_check(&call, NULL), EXTVM_OK);
}

static void a_timestamp_that_would_turn_negative_is_refused(void **context) {
    (void)context;
    extvm_call call = {.block = {.timestamp = (uint64_t)INT64_MAX + 1}};
    extvm_error error;
    assert_int_equal(call_check(&call, &error), EXTVM_OUT_OF_RANGE);
    assert_non_null(strstr(error.text, "9223372036854775808"));
    call.block.timestamp = INT64_MAX;
    assert_int_equal(call_check(&call, NULL), EXTVM_OK);
}

static void new_contracts_get_the_address_that_the_real_vm_gives_them(void **context) {
    (void)context;
    static const struct {
        const char *creator;
        uint64_t nonce;
        const char *created;
    } rows[] = {
        /* protocol/kevm.md, sections 13.1, 13.2 and 13.6 */
        {"a94f5374fce5edbc8e2a8697c15331677e6ebf0b", 1, "ec0e71ad0a90ffe1909d27dac207f7680abba42d"},
        {"a1*20", 0, "a24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3"},
        {"a1*20", 3, "e2acf560ade578741fd0d342fdf079914ac6eba0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const extvm_address creator = hex_address(rows[i].creator);
        const extvm_address expected = hex_address(rows[i].created);
        extvm_address created;
        create_address(&creator, rows[i].nonce, &created);
        assert_true(extvm_address_equal(&created, &expected));
    }
    /* 13.10 gives the beginning and the end. */
    const extvm_address contract = hex_address("cc*20");
    extvm_address created;
    create_address(&contract, 5, &created);
    assert_memory_equal(created.bytes, HEX("051cac1f").data, 4);
    assert_memory_equal(created.bytes + 18, HEX("780a").data, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_block_of_the_main_net_has_its_fork),
        cmocka_unit_test(a_chain_set_to_a_fork_has_it_in_every_block),
        cmocka_unit_test(every_fork_is_found_by_its_names),
        cmocka_unit_test(no_number_that_is_no_word_gets_through),
        cmocka_unit_test(pointers_that_are_missing_are_refused),
        cmocka_unit_test(a_timestamp_that_would_turn_negative_is_refused),
        cmocka_unit_test(new_contracts_get_the_address_that_the_real_vm_gives_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
