/* The worked examples of the specification: the contract Book, called as there, with the milligas
 * that its tables give (protocol/iele-vm.md, sections 19 and 20). */
#include "ielevm_case.h"

static const char book[] =
    "000001176303690003696e6369000373756d6900056c6f63616c6900036d656d690004736574736900046e6f"
    "74656900037061796900046d616b656900076465706f7369746900036765746a002400000020630169000367"
    "65746700000001618001550268000100006180005401f600010167000000006800010001610101010042f600"
    "01026700020002010042f60001026800030001f80002000200010001f600010168000400016101011b000a61"
    "0701530a610701510b5604f60001046800050002550168000600016103015308610301610102610203a200d1"
    "6800070003f200090000000002135704f60002236800080001618001f0000b0001005a6500000261830186a0"
    "01f4000a000000010662f6000223660000f702";

static const extvm_address book_address = {{0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0,
                                            0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0,
                                            0xb0, 0xb0, 0xb0, 0xb0, 0xb0, 0xb0}};

struct example {
    const char *function;
    const char *arguments[5];
    uint64_t gas;          /* 0: 10^8 */
    const char *key, *old; /* storage before; NULL: none */
    const char *expected;
};

#define C0 "0xc0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
#define P200 "0x100000000000000000000000000000000000000000000000000"

static const struct example examples[] = {
    {"inc", {"41", NULL}, 0, NULL, NULL, "0 [42] 4801"},
    {"local",
     {P200, NULL},
     0,
     NULL,
     NULL,
     "0 [3213876088517980551083924184682325205044405987565585670602752] 12604"},
    {"mem", {"400000", NULL}, 0, NULL, NULL, "0 [150048] 11087842"},
    {"sets", {"5", "128", NULL}, 0, NULL, NULL, "0 [] 8700700"},
    {"sets",
     {"5", "128", NULL},
     0,
     "5",
     "0x400000000000000000000000000000000",
     "0 [] 4950700, 3750"},
    {"sets", {"5", P200, NULL}, 0, "5", "9", "0 [] 10576600"},
    {"sets",
     {"-0x400000000000000000", "0x10000000000000000", NULL},
     0,
     NULL,
     NULL,
     "0 [] 12451400"},
    {"note", {"0x400000000000000000", NULL}, 0, NULL, NULL, "0 [] 1151808"},
    {"pay", {C0, "5", "0", NULL}, 100000, NULL, NULL, "0 [0 68258] 31742000"},
    {"pay", {C0, "5000", "77", NULL}, 100000, NULL, NULL, "0 [7 68258] 31742000"},
    {"make",
     {"42", NULL},
     0,
     NULL,
     NULL,
     "0 [952859292752804849131958366977221127150328334740 42] 40956700"},
};

static void the_examples_of_the_specification_cost_what_it_says(void **state) {
    (void)state;
    uint8_t code[sizeof book];
    size_t size;
    assert_int_equal(extvm_bytes_from_hex(book, code, sizeof code, &size), EXTVM_OK);
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const struct example *one = &examples[i];
        struct case_world world;
        case_world_init(&world);
        extvm_state_set_account(world.state, &book_address, integer_of("1"), integer_of("1000"));
        extvm_state_set_code(world.state, &book_address, (extvm_bytes){code, size});
        if (one->key != NULL) {
            extvm_state_set_storage(world.state, &book_address, integer_of(one->key),
                                    integer_of(one->old));
        }
        expect_run(&world,
                   &(struct case_run){.function = one->function,
                                      .arguments = one->arguments,
                                      .gas = one->gas,
                                      .address = &book_address},
                   one->expected);
        extvm_state_free(world.state);
    }
}

/* "Transaction-level creation": 31 bytes at 200 gas each. */
static void the_contract_of_section_3_4_is_deployed_for_its_bytes(void **state) {
    (void)state;
    static const char hex[] = "0000001b6302690003696e636700000000680001000161010101"
                              "12f6000102";
    uint8_t code[sizeof hex];
    size_t size;
    struct case_world world;
    extvm_result *result;
    assert_int_equal(extvm_bytes_from_hex(hex, code, sizeof code, &size), EXTVM_OK);
    assert_int_equal(size, 31);
    case_world_init(&world);
    const struct case_run run = {.code = {code, size}, .gas = 993968};
    assert_int_equal(run_case(&world, &run, &result, NULL), EXTVM_OK);
    assert_non_null(extvm_result_created_address(result));
    assert_int_equal(
        extvm_integer_compare(extvm_result_gas_remaining(result), integer_of("987768")), 0);
    extvm_result_free(result);
    extvm_state_free(world.state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_specification_cost_what_it_says),
        cmocka_unit_test(the_contract_of_section_3_4_is_deployed_for_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
