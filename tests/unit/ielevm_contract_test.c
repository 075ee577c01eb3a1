/* Binary contracts: what decodes, what an upload must hold to, and what can be found in one
 * (protocol/iele-vm.md, sections 3 and 4). */
#include "ielevm_case.h"

#include "ielevm/contract.h"
#include "ielevm/instruction.h"

enum verdict { INVALID, ILL_FORMED, GOOD };

static enum verdict judge(extvm_bytes bytes) {
    struct arena arena;
    struct contract *contract;
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX / 2);
    enum decode_status status = contract_decode(bytes, &arena, NULL, &contract);
    assert_int_not_equal(status, DECODE_NO_MEMORY);
    enum verdict verdict = status != DECODE_OK                       ? INVALID
                           : contract_is_well_formed(contract, NULL) ? GOOD
                                                                     : ILL_FORMED;
    arena_free(&arena);
    return verdict;
}

/* Without the length, which is put before them. */
struct contract_case {
    const char *what;
    const char *hex;
    enum verdict verdict;
};

#define INIT "6700000000"
#define BITS8 "6308"
#define NAME_F "69000166"
#define CHILD_OF(length, hex) "6a" length hex

static const struct contract_case cases[] = {
    /* structure (section 3.3) */
    {"the smallest good contract", "6300" INIT, GOOD},
    {"no function at all", "6300", ILL_FORMED},
    {"another first byte", "6200" INIT, INVALID},
    {"a name that goes beyond the end",
     "6300"
     "69000561",
     INVALID},
    {"three bytes of a name are too few for a table",
     "6300"
     "6900",
     INVALID},
    {"a byte where a function should be",
     "6300"
     "01" INIT,
     INVALID},
    {"a function's header cut short",
     "6300"
     "67000000",
     INVALID},
    {"a function without a body at the end", "6300" INIT "6800010000", GOOD},
    {"an opcode that is none", BITS8 INIT "05", INVALID},
    {"an instruction's registers beyond the end", BITS8 INIT "010001", INVALID},
    {"an immediate beyond the end", BITS8 INIT "6400", INVALID},
    {"a label beyond the end", BITS8 INIT "6600", INVALID},
    {"a constant without a magnitude", BITS8 INIT "61", INVALID},
    {"a constant with its length missing", BITS8 INIT "61b8", INVALID},
    {"a constant of fewer bytes than it says", BITS8 INIT "618200", INVALID},
    {"a constant with leading zeros", BITS8 INIT "6184000000ff00", GOOD},
    {"a constant with a long length", BITS8 INIT "61b901000000", INVALID},
    {"a constant of one byte above bf", BITS8 INIT "61c500", GOOD},
    {"register 2^20 - 1", "6314" INIT "600fffffffff", GOOD},
    {"register 2^20", "6315" INIT "60000000100000", INVALID},
    {"a register's number of 255 bits, below 2^20",
     "63ff" INIT "ff"
     "0000000000000000000000000000000000000000000000000000000000000fff",
     GOOD},
    {"a register's number of 255 bits, with the top one",
     "63ff" INIT "ff"
     "4000000000000000000000000000000000000000000000000000000000000000",
     INVALID},
    {"the unused top bits of a field", "6301" INIT "60fc", GOOD},
    {"no bits for registers", "6300" INIT "0101", GOOD},
    {"a call of a number that is no name", BITS8 INIT "f20009000000000000000000", INVALID},
    {"a static call of a number that is no name", BITS8 INIT "f400090000000000000000", INVALID},
    {"the address of a number that is no name", BITS8 INIT "fa00090000", INVALID},
    {"a call of a name",
     BITS8 NAME_F INIT "f2000100000000"
                       "00000000",
     GOOD},
    {"a call of init, which is always a name",
     BITS8 INIT "f2000000000000"
                "00000000",
     GOOD},
    /* children */
    {"a child",
     "6300" CHILD_OF("000b", "00000007"
                             "6300" INIT) INIT,
     GOOD},
    {"a child with bytes behind it",
     "6300" CHILD_OF("000c", "00000007"
                             "6300" INIT "ee") INIT,
     GOOD},
    {"a child of no bytes", "6300" CHILD_OF("0000", "") INIT, INVALID},
    {"a child that does not decode",
     "6300" CHILD_OF("0006", "00000002"
                             "6200") INIT,
     INVALID},
    {"a child without functions",
     "6300" CHILD_OF("0006", "00000002"
                             "6300") INIT,
     ILL_FORMED},
    {"a call of a child's number",
     BITS8 CHILD_OF("000b", "00000007"
                            "6300" INIT) INIT "fa00010000",
     INVALID},
    /* rules 1 to 3 */
    {"two functions of one name",
     "6300" NAME_F INIT "6800010000"
     "6700010000",
     ILL_FORMED},
    {"one name in two entries",
     "6300" NAME_F NAME_F INIT "6800010000"
     "6700020000",
     ILL_FORMED},
    {"two functions named by the same number",
     "6300" INIT "6800090000"
     "6700090000",
     ILL_FORMED},
    {"a number, and the text of its digits",
     "6300"
     "690001"
     "39" INIT "6800010000"
     "6700090000",
     GOOD},
    {"a reserved name",
     "6300"
     "690006"
     "69656c652e78" INIT "6800010000",
     ILL_FORMED},
    {"a name that is nearly reserved",
     "6300"
     "690004"
     "69656c65" INIT "6800010000",
     GOOD},
    {"a public init",
     "6300"
     "6800000000",
     ILL_FORMED},
    {"no init", "6300" NAME_F "6800010000", ILL_FORMED},
    {"init by a second entry",
     "6300"
     "690004"
     "696e6974"
     "6700010000",
     GOOD},
    {"init twice, by two entries",
     "6300"
     "690004"
     "696e6974" INIT "6700010000",
     ILL_FORMED},
    /* rules 4 to 6 */
    {"a local call of another function",
     BITS8 NAME_F INIT "6800010001"
                       "f800010001000000"
                       "f60000",
     GOOD},
    {"with too many arguments",
     BITS8 NAME_F INIT "6800010001"
                       "f8000100020000"
                       "0000",
     ILL_FORMED},
    {"of nobody", BITS8 "69000167" INIT "f8000100000000", ILL_FORMED},
    {"of an integer's name",
     BITS8 INIT "f8000900000000"
                "6700090000",
     GOOD},
    {"of an integer that nobody has", BITS8 INIT "f8000900000000", ILL_FORMED},
    {"of a built-in",
     BITS8 "690008"
           "69656c652e676173" INIT "f800010000000100",
     GOOD},
    {"of a built-in with an argument too many",
     BITS8 "690008"
           "69656c652e676173" INIT "f80001000100010000",
     ILL_FORMED},
    {"of a built-in without a result",
     BITS8 "690008"
           "69656c652e676173" INIT "f8000100000000",
     ILL_FORMED},
    {"of a built-in with an argument",
     BITS8 "69000c"
           "69656c652e62616c616e6365" INIT "f80001000100010000",
     GOOD},
    {"of iele.invalid",
     BITS8 "69000c"
           "69656c652e696e76616c6964" INIT "f8000100000000",
     GOOD},
    {"of a precompiled function",
     BITS8 "690007"
           "69656c652e6964" INIT "f80001000100010000",
     ILL_FORMED},
    {"of init",
     BITS8 NAME_F INIT "6800010000"
                       "f8000000000000",
     GOOD},
    {"of init with a result",
     BITS8 NAME_F INIT "6800010000"
                       "f800000000000100",
     ILL_FORMED},
    {"init returning something", BITS8 INIT "f6000100", ILL_FORMED},
    {"init returning nothing", BITS8 INIT "f60000", GOOD},
    {"two numbers of results",
     BITS8 NAME_F INIT "6800010000"
                       "f60000"
                       "f6000100",
     ILL_FORMED},
    {"the same number twice",
     BITS8 NAME_F INIT "6800010000"
                       "f6000100"
                       "f6000101",
     GOOD},
    {"a call that wants other results",
     BITS8 NAME_F INIT "f8000100000000"
                       "6800010000"
                       "f6000100",
     ILL_FORMED},
    {"a call that fixes what others agree with",
     BITS8 NAME_F INIT "f800010000000205"
                       "03"
                       "6800010000"
                       "f600020001",
     GOOD},
    {"a call with results of a function that ends without ret",
     BITS8 NAME_F INIT "f800010000000100"
                       "6800010000",
     GOOD},
    /* rules 7 and 8 */
    {"a branch to a label",
     BITS8 INIT "640005"
                "660005",
     GOOD},
    {"a branch to no label",
     BITS8 INIT "640005"
                "660006",
     ILL_FORMED},
    {"a conditional branch to no label",
     BITS8 INIT "65000500"
                "660006",
     ILL_FORMED},
    {"a branch to another function's label",
     BITS8 NAME_F INIT "640005"
                       "6800010000"
                       "660005",
     ILL_FORMED},
    {"a label twice",
     BITS8 INIT "660005"
                "660004"
                "660005",
     ILL_FORMED},
    {"a label in two functions",
     BITS8 NAME_F INIT "660005"
                       "6800010000"
                       "660005",
     GOOD},
    {"a create of a child",
     BITS8 CHILD_OF("000b", "00000007"
                            "6300" INIT) INIT "f000010000000000",
     GOOD},
    {"a create of a name", BITS8 NAME_F INIT "f000010000000000", ILL_FORMED},
    {"a create of nothing", BITS8 INIT "f000090000000000", ILL_FORMED},
    {"a pointer call with any counts",
     BITS8 INIT "f900030001"
                "0000000000",
     GOOD},
};

static void contracts_are_taken_and_refused_as_the_specification_says(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[512];
        size_t size;
        assert_int_equal(extvm_bytes_from_hex(cases[i].hex, bytes + 4, sizeof bytes - 4, &size),
                         EXTVM_OK);
        bytes[0] = bytes[1] = 0;
        bytes[2] = (uint8_t)(size >> 8);
        bytes[3] = (uint8_t)size;
        enum verdict verdict = judge((extvm_bytes){bytes, size + 4});
        if (verdict != cases[i].verdict) {
            fail_msg("%s: verdict %d, not %d", cases[i].what, verdict, cases[i].verdict);
        }
    }
}

static void a_length_that_is_not_there_is_refused_and_bytes_behind_it_are_not(void **state) {
    (void)state;
    static const struct {
        const char *hex;
        enum verdict verdict;
    } lengths[] = {
        {"", INVALID},
        {"0000000263", INVALID},
        {"000000016300", INVALID},
        {"000000086300" INIT, INVALID},
        {"000000076300" INIT, GOOD},
        {"000000076300" INIT "ffff", GOOD},
        {"ffffffff6300" INIT, INVALID},
    };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t bytes[64];
        size_t size;
        assert_int_equal(extvm_bytes_from_hex(lengths[i].hex, bytes, sizeof bytes, &size),
                         EXTVM_OK);
        assert_int_equal(judge((extvm_bytes){bytes, size}), lengths[i].verdict);
    }
}

/* As deep as well-formed ones can be, with 14 bytes for each level and the lengths of 16 bits. */
static void children_nested_thousands_deep_do_not_break_the_stack(void **state) {
    (void)state;
    enum { LEVELS = 4600, LEVEL = 6 + 3 + 5 };
    static uint8_t bytes[LEVELS * LEVEL + 64];
    const uint8_t init[] = {IELE_PRIVATE, 0, 0, 0, 0};
    size_t size = 0;
    for (unsigned level = 0; level < LEVELS; level++) {
        bool has_child = level > 0;
        memmove(bytes + 6 + (has_child ? 3 : 0), bytes, size);
        size_t length = 2 + (has_child ? 3 + size : 0) + sizeof init;
        if (has_child) {
            bytes[6] = IELE_CHILD;
            bytes[7] = (uint8_t)(size >> 8);
            bytes[8] = (uint8_t)size;
        }
        for (unsigned i = 0; i < 4; i++) {
            bytes[i] = (uint8_t)(length >> (8 * (3 - i)));
        }
        bytes[4] = IELE_HEADER;
        bytes[5] = 0;
        memcpy(bytes + 4 + length - sizeof init, init, sizeof init);
        size = 4 + length;
        assert_true(size <= UINT16_MAX);
    }
    assert_int_equal(judge((extvm_bytes){bytes, size}), GOOD);
}

/* 131,071 registers in an instruction of seven bytes. */
static void registers_that_take_no_bytes_take_no_memory_either(void **state) {
    (void)state;
    enum { INSTRUCTIONS = 1000, SIZE = 7 };
    struct program program;
    struct arena arena;
    struct contract *contract;
    begin(&program);
    add_function(&program, false, 0, 0);
    program.bytes[5] = 0; /* bits */
    for (unsigned i = 0; i < INSTRUCTIONS; i++) {
        put(&program, (const uint8_t[]){IELE_LOCALCALLPTR, 0xff, 0xff, 0xff, 0xff}, 5);
    }
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX / 2);
    assert_int_equal(contract_decode(program_bytes(&program), &arena, NULL, &contract), DECODE_OK);
    assert_int_equal(contract->functions[0].registers, 1);
    assert_true(arena.total < (size_t)INSTRUCTIONS * SIZE * 8);
    arena_free(&arena);
}

/* The register field's first register is in the least significant bits (section 3.1). */
static void registers_are_read_from_the_end_of_the_field(void **state) {
    (void)state;
    const uint8_t add[] = {IELE_ADD, 0x12};
    const uint8_t wide[] = {IELE_ADD, 0x0f, 0xff, 0xff, 0x80, 0x00, 0x04, 0x00, 0x01};
    struct instruction instruction;
    assert_ptr_equal(instruction_read(add, add + sizeof add, 2, &instruction), add + sizeof add);
    assert_int_equal(instruction.registers, 3);
    assert_int_equal(instruction_register(&instruction, 2, 0), 2);
    assert_int_equal(instruction_register(&instruction, 2, 1), 0);
    assert_int_equal(instruction_register(&instruction, 2, 2), 1);
    assert_int_equal(instruction_registers(&instruction, 2), 3);
    assert_ptr_equal(instruction_read(wide, wide + sizeof wide, 20, &instruction),
                     wide + sizeof wide);
    assert_int_equal(instruction_register(&instruction, 20, 0), 0x40001);
    assert_int_equal(instruction_register(&instruction, 20, 2), 0xfffff);
    assert_int_equal(instruction_registers(&instruction, 20), 1 << 20);
}

/* Pointers number all functions but init in order (section 2). */
static void functions_are_found_by_name_number_and_pointer(void **state) {
    (void)state;
    struct program program;
    struct arena arena;
    struct contract *contract;
    begin(&program);
    add_name(&program, "b");
    add_name(&program, "a");
    add_function(&program, true, 1, 1);
    add_function(&program, false, 0, 0);
    add_function(&program, false, 2, 2);
    add_function(&program, true, 77, 3);
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX / 2);
    assert_int_equal(contract_decode(program_bytes(&program), &arena, NULL, &contract), DECODE_OK);
    assert_int_equal(contract->size, program.size);
    assert_int_equal(
        contract_function(contract, (extvm_bytes){(const uint8_t *)"a", 1})->parameters, 2);
    assert_int_equal(contract_function(contract, (extvm_bytes){(const uint8_t *)"b", 1})->pointer,
                     1);
    assert_int_equal(contract_function(contract, init_name)->pointer, 0);
    assert_null(contract_function(contract, (extvm_bytes){(const uint8_t *)"77", 2}));
    assert_int_equal(contract_numbered_function(contract, 77)->parameters, 3);
    assert_int_equal(contract_numbered_function(contract, 2)->parameters, 2);
    assert_null(contract_numbered_function(contract, 78));
    const struct value three = value_small(3), none = value_small(0), beyond = value_small(4),
                       negative = value_small(-1);
    assert_int_equal(contract_pointer(contract, &three)->parameters, 3);
    assert_null(contract_pointer(contract, &none));
    assert_null(contract_pointer(contract, &beyond));
    assert_null(contract_pointer(contract, &negative));
    arena_free(&arena);
}

static void every_opcode_of_the_table_has_a_name_of_its_own(void **state) {
    (void)state;
    unsigned count = 0;
    for (unsigned i = 0; i < IELE_OPCODES; i++) {
        if (iele_opcodes[i].name != NULL) {
            count++;
            assert_int_equal(iele_opcode_named(iele_opcodes[i].name), i);
        }
    }
    assert_int_equal(count, 72);
    assert_int_equal(iele_opcode_named("nothing"), 0);
    assert_int_equal(iele_builtin_count, 17);
    assert_int_equal(iele_builtin_named("iele.gas", 8), IELE_GAS);
    assert_int_equal(iele_builtin_named("gas", 3), 0);
    assert_int_equal(iele_builtin_named("iele.add", 8), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contracts_are_taken_and_refused_as_the_specification_says),
        cmocka_unit_test(a_length_that_is_not_there_is_refused_and_bytes_behind_it_are_not),
        cmocka_unit_test(children_nested_thousands_deep_do_not_break_the_stack),
        cmocka_unit_test(registers_that_take_no_bytes_take_no_memory_either),
        cmocka_unit_test(registers_are_read_from_the_end_of_the_field),
        cmocka_unit_test(functions_are_found_by_name_number_and_pointer),
        cmocka_unit_test(every_opcode_of_the_table_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
