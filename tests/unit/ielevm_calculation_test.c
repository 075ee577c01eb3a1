/* Each instruction that calculates or uses a memory cell, alone: ordinary operands, those at the
 * edges, those that fail, and what it costs (protocol/iele-vm.md, sections 7, 9.1 to 9.3; the
 * prices are worked out from there by hand). */
#include "ielevm_case.h"

#define P64 "0x10000000000000000"
#define P100 "0x10000000000000000000000000"
#define P200 "0x100000000000000000000000000000000000000000000000000"
#define P255 "0x8000000000000000000000000000000000000000000000000000000000000000"
#define P256 "0x10000000000000000000000000000000000000000000000000000000000000000"
#define M255_19 "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed"

struct instruction_case {
    const char *instruction; /* the mnemonic and the operands; cell 0 is written as 0 */
    const char *cell;        /* hex; NULL: there is none */
    const char *expected;    /* the result, "=" and a cell, or "status N" */
    const char *estimate;    /* M; NULL: none */
    const char *computation; /* C */
};

static const struct instruction_case cases[] = {
    {"move 5", NULL, "5", "1", "2000"},
    {"move -" P64, NULL, "-" P64, "2", "2000"},
    {"add 2 3", NULL, "5", "2", "2801"},
    {"add 0x7fffffffffffffff 1", NULL, "0x8000000000000000", "2", "2801"},
    {"add -0x8000000000000000 -1", NULL, "-0x8000000000000001", "2", "2801"},
    {"add " P64 " -" P64, NULL, "0", "3", "2802"},
    {"sub 2 3", NULL, "-1", "2", "2801"},
    {"sub -0x8000000000000000 1", NULL, "-0x8000000000000001", "2", "2801"},
    {"sub " P64 " 1", NULL, "0xffffffffffffffff", "3", "2802"},
    {"mul -4 5", NULL, "-20", "2", "4912"},
    {"mul 0x4000000000000000 4", NULL, P64, "2", "4912"},
    {"mul " P200 " " P100, NULL,
     "0x1000000000000000000000000000000000000000000000000000000000000000000000000000", "6", "4956"},
    {"mul " P200 " 0", NULL, "0", "5", "4936"},
    {"div 7 2", NULL, "3", "1", "4913"},
    {"div -7 2", NULL, "-3", "1", "4913"},
    {"div -0x8000000000000000 -1", NULL, "0x8000000000000000", "1", "4913"},
    {"div 3 " P200, NULL, "0", "1", "4900"},
    {"div " P200 " " P100, NULL, P100, "3", "4968"},
    {"div 1 0", NULL, "status 4", "1", "4913"},
    {"div " P64 " 0", NULL, "status 4", "2", "4926"},
    {"mod 7 3", NULL, "1", "1", "4913"},
    {"mod -7 3", NULL, "-1", "1", "4913"},
    {"mod 7 -3", NULL, "1", "1", "4913"},
    {"mod -0x8000000000000000 -1", NULL, "0", "1", "4913"},
    {"mod 3 " P200, NULL, "3", "1", "4900"},
    {"mod -0x8000000000000000 0x8000000000000000", NULL, "0", "1", "4900"},
    {"mod " P100 " 10", NULL, "6", "1", "4926"},
    {"mod 1 0", NULL, "status 4", "1", "4913"},
    {"exp 2 10", NULL, "1024", "0", "5380"},
    {"exp 0 0", NULL, "1", "0", "5380"},
    {"exp 0 7", NULL, "0", "0", "5380"},
    {"exp 1 1000", NULL, "1", "15", "5830"},
    {"exp -1 1001", NULL, "-1", "985", "588476"},
    {"exp -1 1000", NULL, "1", "984", "587396"},
    {"exp -2 3", NULL, "-8", "2", "10348"},
    {"exp 3 200", NULL,
     "0x1fd5863c3eb0469ec21a937a76f3432ffd73d97e447606b683ecf6f6e4a7ae225bfaff1eaaf8b0a1", "3",
     "5398"},
    {"exp 2 -1", NULL, "status 4", "0", "5380"},
    {"exp 2 -5000", NULL, "status 4", "-78", "17548"},
    {"exp 2 -10000000000000", NULL, "status 5", "-156250000000", "48828125000000000005380"},
    {"exp 2 10000000000000", NULL, "status 5", "156250000000", "3051757947499999610628"},
    {"addmod 5 6 7", NULL, "4", "1", "7727"},
    {"addmod -5 -4 7", NULL, "-2", "1", "7727"},
    {"addmod 1 2 " P100, NULL, "3", "2", "7727"},
    {"addmod 1 2 0", NULL, "status 4", "1", "7727"},
    {"mulmod 5 6 7", NULL, "2", "1", "9838"},
    {"mulmod -5 6 7", NULL, "-2", "1", "9838"},
    {"mulmod " P100 " " P100 " " P64, NULL, "0", "2", "9900"},
    {"mulmod 5 6 0", NULL, "status 4", "1", "9838"},
    {"expmod 3 4 7", NULL, "4", "1", "6199"},
    {"expmod -3 3 7", NULL, "1", "1", "6199"},
    {"expmod 3 -1 7", NULL, "5", "1", "6199"},
    {"expmod 3 -1 -7", NULL, "5", "1", "6779"},
    {"expmod 3 5 1", NULL, "0", "1", "6190"},
    {"expmod 0 -1 -1", NULL, "0", "1", "6779"},
    {"expmod 0 0 7", NULL, "1", "1", "6199"},
    {"expmod " P256 " 1 " M255_19, NULL, "38", "4", "13725"},
    {"expmod 2 -1 4", NULL, "status 4", "1", "6199"},
    {"expmod 2 2 0", NULL, "status 4", "1", "6190"},
    {"lt 1 2", NULL, "1", "1", "2501"},
    {"lt " P64 " 1", NULL, "0", "1", "2501"},
    {"lt -" P64 " " P64, NULL, "1", "1", "2502"},
    {"le 2 2", NULL, "1", "1", "2501"},
    {"le 3 2", NULL, "0", "1", "2501"},
    {"gt 3 2", NULL, "1", "1", "2501"},
    {"gt 2 2", NULL, "0", "1", "2501"},
    {"gt " P200 " -" P200, NULL, "1", "1", "2504"},
    {"ge 2 2", NULL, "1", "1", "2501"},
    {"ge 1 2", NULL, "0", "1", "2501"},
    {"eq " P64 " " P64, NULL, "1", "1", "2502"},
    {"eq " P64 " -" P64, NULL, "0", "1", "2502"},
    {"ne 1 2", NULL, "1", "1", "2501"},
    {"ne 2 2", NULL, "0", "1", "2501"},
    {"iszero 0", NULL, "1", "1", "1800"},
    {"iszero -1", NULL, "0", "1", "1800"},
    {"iszero " P64, NULL, "0", "1", "1800"},
    {"and 12 10", NULL, "8", "1", "2901"},
    {"and " P64 " -1", NULL, P64, "1", "2901"},
    {"and -" P64 " -0x18000000000000000", NULL, "-0x20000000000000000", "2", "2902"},
    {"and 1 -2", NULL, "0", "1", "2901"},
    {"or 12 10", NULL, "14", "1", "2901"},
    {"or " P64 " -1", NULL, "-1", "2", "2902"},
    {"xor 12 10", NULL, "6", "1", "2703"},
    {"xor " P64 " -1", NULL, "-0x10000000000000001", "2", "2706"},
    {"not 0", NULL, "-1", "1", "2703"},
    {"not 0x8000000000000000", NULL, "-0x8000000000000001", "2", "2706"},
    {"shift 5 3", NULL, "40", "2", "2902"},
    {"shift 5 -1", NULL, "2", "1", "2901"},
    {"shift -5 -1", NULL, "-3", "1", "2901"},
    {"shift -" P64 " -64", NULL, "-1", "2", "2902"},
    {"shift -0x10000000000000001 -64", NULL, "-2", "2", "2902"},
    {"shift -" P100 " -99", NULL, "-2", "2", "2902"},
    {"shift " P200 " -200", NULL, "1", "2", "2902"},
    {"shift -1 -1000000000000000000000000000000", NULL, "-1", "1", "2901"},
    {"shift 1 -1000000000000000000000000000000", NULL, "0", "1", "2901"},
    {"shift 0 100", NULL, "0", "3", "2903"},
    {"shift 1 100000000000000", NULL, "status 5", "1562500000001", "1562500002901"},
    {"log2 1", NULL, "0", "2", "2301"},
    {"log2 1023", NULL, "9", "2", "2301"},
    {"log2 " P200, NULL, "200", "2", "2304"},
    {"log2 0", NULL, "status 4", "2", "2301"},
    {"log2 -8", NULL, "status 4", "2", "2301"},
    {"byte 0 0x1234", NULL, "0x34", "1", "2500"},
    {"byte 1 0x1234", NULL, "0x12", "1", "2500"},
    {"byte 0 -2", NULL, "254", "1", "2500"},
    {"byte 100 -1", NULL, "255", "1", "2500"},
    {"byte 100 1", NULL, "0", "1", "2500"},
    {"byte -1 -1", NULL, "255", "1", "2500"},
    {"byte 8 -" P64, NULL, "255", "1", "2500"},
    {"byte 7 -" P64, NULL, "0", "1", "2500"},
    {"byte 8 -" P100, NULL, "0", "1", "2500"},
    {"byte 12 -" P100, NULL, "0xf0", "1", "2500"},
    {"byte " P256 " 0x12", NULL, "0x12", "1", "2500"},
    {"twos 2 -1", NULL, "65535", "1", "3101"},
    {"twos 32 -1", NULL, "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "4",
     "3104"},
    {"twos 0 5", NULL, "0", "0", "3101"},
    {"twos 8 5", NULL, "5", "1", "3101"},
    {"twos 1 " P64, NULL, "0", "1", "3101"},
    {"sext 1 200", NULL, "-56", "1", "3305"},
    {"sext 2 0x17fff", NULL, "32767", "1", "3305"},
    {"sext 9 0x8000000000000000ff", NULL, "-0x7fffffffffffffff01", "2", "3310"},
    {"sext 100 5", NULL, "5", "13", "3365"},
    {"sext 0 5", NULL, "0", "0", "3305"},
    {"sext 1 -1", NULL, "status 4", "1", "3305"},
    {"bswap 4 1", NULL, "0x01000000", "1", "3310"},
    {"bswap 2 0x123456", NULL, "0x5634", "1", "3310"},
    {"bswap 3 -2", NULL, "0xfeffff", "1", "3310"},
    {"bswap 0 5", NULL, "0", "0", "3310"},
    {"load 0", NULL, "0", "0", "2900"},
    {"load 0", "", "0", "0", "2900"},
    {"load 0", "80", "-128", "1", "2903"},
    {"load 0", "8000", "128", "1", "2903"},
    {"load 0", "00000000000000000001", "0x1000000000000000000", "2", "2906"},
    {"load 0", "000000000000000000ff", "-0x1000000000000000000", "2", "2906"},
    {"loadrange 0 0 1", NULL, "0", "1", "3303"},
    {"loadrange 0 1 2", "11223344", "0x3322", "1", "3303"},
    {"loadrange 0 3 9", "112233ff", "255", "2", "3306"},
    {"loadrange 0 4 1", "11223344", "0", "1", "3303"},
    {"loadrange 0 " P100 " 1", "11", "0", "1", "3303"},
    {"loadrange 0 0 0", "11", "0", "0", "3300"},
    {"loadrange 0 -1 1", "11", "status 4", "1", "3303"},
    {"loadrange 0 -1 1", NULL, "0", "1", "3303"},
    {"loadrange 0 0 -1", "11", "status 5", NULL, NULL},
    {"loadrange 0 0 10000000000000000", NULL, "status 5", "1250000000000000", "3750000000003300"},
    {"store 1 0", NULL, "=01", NULL, "2804"},
    {"store 0 0", NULL, "absent", NULL, "2804"},
    {"store 0 0", "1122", "=", NULL, "2804"},
    {"store 128 0", "11223344", "=8000", NULL, "2804"},
    {"store -129 0", NULL, "=7fff", NULL, "2804"},
    {"store -" P64 " 0", NULL, "=0000000000000000ff", NULL, "2808"},
    {"storerange 0x1234 0 0 2", NULL, "=3412", NULL, "3904"},
    {"storerange -1 0 2 2", "11", "=1100ffff", NULL, "3904"},
    {"storerange 0x55 0 1 1", "112233", "=115533", NULL, "3904"},
    {"storerange 1 0 5 0", NULL, "absent", NULL, "3900"},
    {"storerange 1 0 -5 0", "11", "=11", NULL, "3900"},
    {"storerange 1 0 0 -1", "11", "status 5", NULL, NULL},
    {"storerange 1 0 -1 1", "11", "status 5", NULL, NULL},
    {"storerange 1 0 1000000000000000000 1", NULL, "status 5", NULL, NULL},
    {"sha3 0", NULL, "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470", "4",
     "8300"},
    {"sha3 0", "", "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470", "4",
     "8300"},
    {"sha3 0", "616263", "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45", "4",
     "8320"},
};

static void assert_number(const char *what, extvm_bytes got, const char *wanted,
                          const char *instruction) {
    char text[2048];
    if (wanted == NULL ? got.size != 0
                       : extvm_integer_compare(got, integer_of(wanted)) != 0 || got.size == 0) {
        fail_msg("%s: %s is %s, not %s", instruction, what, extvm_integer_to_hex(got, text),
                 wanted != NULL ? wanted : "left out");
    }
}

static void assert_cell(const extvm_iele_step *step, const char *wanted, const char *instruction) {
    char text[2048];
    if (strcmp(wanted, "absent") == 0) {
        assert_false(step->has_cell);
        return;
    }
    extvm_bytes_to_hex(step->cell, text);
    if (!step->has_cell || strcmp(text + 2, wanted + 1) != 0) {
        fail_msg("%s: the cell is %s, not %s", instruction, text, wanted);
    }
}

static void check_case(const struct instruction_case *one) {
    char words[2048], *rest = words;
    uint8_t cell[64];
    extvm_iele_instruction instruction = {.milligas = UINT64_C(1000000000000000)};
    extvm_iele_step *step;
    snprintf(words, sizeof words, "%s", one->instruction);
    instruction.mnemonic = strtok_r(rest, " ", &rest);
    for (const char *word; (word = strtok_r(rest, " ", &rest)) != NULL;) {
        instruction.operands[instruction.operand_count++] = integer_of(word);
    }
    if (one->cell != NULL) {
        instruction.has_cell = true;
        instruction.cell.data = cell;
        assert_int_equal(extvm_bytes_from_hex(one->cell, cell, sizeof cell, &instruction.cell.size),
                         EXTVM_OK);
    }
    assert_int_equal(extvm_iele_run_instruction(&instruction, NULL, &step, NULL), EXTVM_OK);
    char status[32];
    snprintf(status, sizeof status, "status %u", step->status);
    if (step->status != 0 || strncmp(one->expected, "status", 6) == 0) {
        if (strcmp(status, one->expected) != 0) {
            fail_msg("%s: %s, not %s", one->instruction, status, one->expected);
        }
    } else if (one->expected[0] == '=' || strcmp(one->expected, "absent") == 0) {
        assert_cell(step, one->expected, one->instruction);
    } else {
        assert_number("the result", step->result, one->expected, one->instruction);
    }
    assert_number("M", step->estimate, one->estimate, one->instruction);
    if (one->computation != NULL) {
        assert_number("C", step->computation, one->computation, one->instruction);
    }
    extvm_iele_step_free(step);
}

static void
every_calculating_instruction_gives_the_result_and_price_of_the_specification(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case(&cases[i]);
    }
}

/* Each has at least three cases, so that none is forgotten. */
static void no_calculating_instruction_is_without_cases(void **state) {
    (void)state;
    for (unsigned opcode = IELE_ADD; opcode <= IELE_MOVE; opcode++) {
        const char *name = iele_opcodes[opcode].name;
        extvm_iele_instruction probe = {.mnemonic = name};
        extvm_error error;
        extvm_iele_step *step = NULL;
        unsigned count = 0;
        if (name == NULL || (extvm_iele_run_instruction(&probe, NULL, &step, &error),
                             strstr(error.text, "no instruction") != NULL)) {
            continue;
        }
        size_t length = strlen(name);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            count += strncmp(cases[i].instruction, name, length) == 0 &&
                     cases[i].instruction[length] == ' ';
        }
        if (count < 2) {
            fail_msg("%s has %u cases", name, count);
        }
    }
}

/* 4096 words are free; 8192 cost Cmem(8192) = 3074048. */
static void memory_above_4096_words_is_paid_for_with_its_square(void **state) {
    (void)state;
    const extvm_iele_instruction store = {
        .mnemonic = "storerange",
        .operands = {integer_of("1"), integer_of("0"), integer_of("65528"), integer_of("8")},
        .operand_count = 4,
        .milligas = 10000000};
    extvm_iele_step *step;
    assert_int_equal(extvm_iele_run_instruction(&store, NULL, &step, NULL), EXTVM_OK);
    assert_int_equal(step->status, 0);
    assert_int_equal(step->current_words, 8192);
    assert_int_equal(step->peak_words, 8192);
    assert_int_equal(step->charged, 3074048 + 3904);
    extvm_iele_step_free(step);
}

static void a_budget_that_is_one_milligas_short_ends_with_status_5(void **state) {
    (void)state;
    for (unsigned missing = 0; missing < 2; missing++) {
        const extvm_iele_instruction add = {.mnemonic = "add",
                                            .operands = {integer_of("1"), integer_of("2")},
                                            .operand_count = 2,
                                            .milligas = 2801 - missing};
        extvm_iele_step *step;
        assert_int_equal(extvm_iele_run_instruction(&add, NULL, &step, NULL), EXTVM_OK);
        assert_int_equal(step->status, missing == 0 ? 0 : 5);
        extvm_iele_step_free(step);
    }
}

static void an_instruction_that_cannot_be_run_alone_is_refused_with_the_reason(void **state) {
    (void)state;
    static const struct {
        extvm_iele_instruction instruction;
        extvm_status status;
        const char *text;
    } refused[] = {
        {{.mnemonic = NULL}, EXTVM_INVALID_ARGUMENT, "needs a mnemonic"},
        {{.mnemonic = "nonsense"}, EXTVM_INVALID_ARGUMENT, "\"nonsense\" is no instruction"},
        {{.mnemonic = "sload", .operand_count = 1}, EXTVM_INVALID_ARGUMENT, "\"sload\" is no"},
        {{.mnemonic = "add", .operand_count = 3}, EXTVM_INVALID_ARGUMENT, "has 2 operands, not 3"},
        {{.mnemonic = "load", .operands = {{(const uint8_t *)"\1", 1}}, .operand_count = 1},
         EXTVM_INVALID_ARGUMENT,
         "must be cell 0"},
        {{.mnemonic = "not", .operand_count = 1, .milligas = UINT64_MAX},
         EXTVM_OUT_OF_RANGE,
         "below 2^63"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        extvm_error error = {0};
        extvm_iele_step *step;
        assert_int_equal(extvm_iele_run_instruction(&refused[i].instruction, NULL, &step, &error),
                         refused[i].status);
        assert_non_null(strstr(error.text, refused[i].text));
        assert_null(step);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            every_calculating_instruction_gives_the_result_and_price_of_the_specification),
        cmocka_unit_test(no_calculating_instruction_is_without_cases),
        cmocka_unit_test(memory_above_4096_words_is_paid_for_with_its_square),
        cmocka_unit_test(a_budget_that_is_one_milligas_short_ends_with_status_5),
        cmocka_unit_test(an_instruction_that_cannot_be_run_alone_is_refused_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
