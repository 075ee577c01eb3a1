/* Each opcode with ordinary operands and those at the edges (yellow paper, appendix H.2). */
#include "evm_world.h"

#include "evm/opcodes.h"

#define MAX "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define MIN "8000000000000000000000000000000000000000000000000000000000000000"
#define P32(word) "7f" word
#define FIVE_ZEROS "60006000600060006000"

struct opcode_case {
    const char *name;
    const char *code;     /* leaves its result on top of the stack */
    const char *expected; /* the result, in hex without leading zeros; NULL: the call fails */
};

static const struct opcode_case cases[] = {
    {"ADD", "6002600301", "05"},
    {"ADD wraps", "6002" P32(MAX) "01", "01"},
    {"MUL", "6007600602", "2a"},
    {"MUL wraps", P32(MAX) P32(MAX) "02", "01"},
    {"SUB", "6003600503", "02"},
    {"SUB below 0", "6001600003", MAX},
    {"DIV", "6005601404", "04"},
    {"DIV by 0", "6000600504", ""},
    {"SDIV", "6002" P32(MAX) "05", ""},
    {"SDIV of the smallest by -1", P32(MAX) P32(MIN) "05", MIN},
    {"MOD", "6003600806", "02"},
    {"MOD by 0", "6000600506", ""},
    {"SMOD", "6003" P32("fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8") "07",
     "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe"},
    {"ADDMOD beyond 256 bits", "6003" P32(MAX) P32(MAX) "08", ""},
    {"ADDMOD by 0", "60006002600108", ""},
    {"MULMOD beyond 256 bits", "600c" P32(MAX) P32(MAX) "09", "09"},
    {"MULMOD by 0", "60006002600109", ""},
    {"EXP", "600360020a", "08"},
    {"EXP of 0 by 0", "600060000a", "01"},
    {"SIGNEXTEND", "60ff60000b", MAX},
    {"SIGNEXTEND of a positive number", "607f60000b", "7f"},
    {"SIGNEXTEND from byte 31", P32(MAX) "601f0b", MAX},
    {"LT", "6002600110", "01"},
    {"LT of equals", "6001600110", ""},
    {"GT", "6001600211", "01"},
    {"SLT of -1 and 0", "6000" P32(MAX) "12", "01"},
    {"SGT of 0 and -1", P32(MAX) "600013", "01"},
    {"EQ", P32(MAX) P32(MAX) "14", "01"},
    {"EQ of others", "6001600214", ""},
    {"ISZERO", "600015", "01"},
    {"ISZERO of 2^255", P32(MIN) "15", ""},
    {"AND", "600c600a16", "08"},
    {"OR", "600c600a17", "0e"},
    {"XOR", "600c600a18", "06"},
    {"NOT", "600019", MAX},
    {"BYTE 31", "61abcd601f1a", "cd"},
    {"BYTE 0", P32(MIN) "60001a", "80"},
    {"BYTE 32", P32(MAX) "60201a", ""},
    {"SHL", "600160041b", "10"},
    {"SHL by 256", "60016101001b", ""},
    {"SHR", "601060041c", "01"},
    {"SAR of -1", P32(MAX) "60ff1d", MAX},
    {"SAR by 256", P32(MIN) "6101001d", MAX},
    {"KECCAK256 of nothing", "6000600020",
     "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
    {"KECCAK256 of nothing, far off", "6000" P32(MAX) "20",
     "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
    {"ADDRESS", "30", "11111111111111111111111111111111111111cc"},
    {"ORIGIN", "32", "11111111111111111111111111111111111111aa"},
    {"CALLER", "33", "11111111111111111111111111111111111111aa"},
    {"CALLVALUE", "34", "05"},
    {"CALLDATALOAD", "600035", "0102030400000000000000000000000000000000000000000000000000000000"},
    {"CALLDATALOAD over the end", "600335",
     "0400000000000000000000000000000000000000000000000000000000000000"},
    {"CALLDATALOAD far off", P32(MAX) "35", ""},
    {"CALLDATASIZE", "36", "04"},
    {"CALLDATACOPY", "600260016000375960005102600051",
     "0203000000000000000000000000000000000000000000000000000000000000"},
    {"CODESIZE", "38", "0a"},
    {"CODECOPY from behind the end", "602061010060003960005160016000", ""},
    {"GASPRICE", "3a", "09"},
    {"BLOCKHASH of the parent", "60ff40",
     "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    {"BLOCKHASH of the block itself", "61010040", ""},
    {"BLOCKHASH far off", P32(MAX) "40", ""},
    {"COINBASE", "41", "11111111111111111111111111111111111111be"},
    {"TIMESTAMP", "42", "03e8"},
    {"NUMBER", "43", "0100"},
    {"DIFFICULTY", "44", "020000"},
    {"GASLIMIT", "45", "989680"},
    {"CHAINID", "46", "89"},
    {"SELFBALANCE", "47", "0c"},
    {"BALANCE of itself", "3031", "0c"},
    {"BALANCE of nobody", "60ee31", ""},
    {"BALANCE without the upper 12 bytes",
     P32("ffffffffffffffffffffffff11111111111111111111111111111111111111cc") "31", "0c"},
    {"EXTCODESIZE of nobody", "60ee3b", ""},
    {"EXTCODEHASH of nobody", "60ee3f", ""},
    {"EXTCODEHASH of an account without code", PUSH_ADDRESS("aa") "3f",
     "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
    {"POP", "6001600250", "01"},
    {"MLOAD of what MSTORE wrote", "61abcd600152600151", "abcd"},
    {"MLOAD of nothing", "6103e851", ""},
    {"MSTORE8 writes the lowest byte", "61abcd601f53600051", "cd"},
    {"MSIZE is in whole words", "6021515059", "60"},
    {"SLOAD of what SSTORE wrote", "602a600155600154", "2a"},
    {"SLOAD of the world", "600754", "4d"},
    {"JUMP", "600456fe5b6007", "07"},
    {"JUMP into the data of a PUSH",
     "60045660"
     "5b00",
     NULL},
    {"JUMP to what is no JUMPDEST", "60015600", NULL},
    {"JUMP far off", P32(MAX) "56", NULL},
    {"JUMP to a destination and 2^64", "6801000000000000000b565b6001", NULL},
    {"JUMPI that jumps", "6001600657fe5b6007", "07"},
    {"JUMPI that goes on", "60006063576007", "07"},
    {"PC", "6001505858", "04"},
    {"DUP16", "6001" FIVE_ZEROS FIVE_ZEROS FIVE_ZEROS "8f", "01"},
    {"SWAP16", "6001" FIVE_ZEROS FIVE_ZEROS FIVE_ZEROS "60029f", "01"},
    {"RETURNDATASIZE before any call", "3d", ""},
    {"RETURNDATACOPY of nothing",
     "600060006000"
     "3e6001",
     "01"},
    {"RETURNDATACOPY behind the end", "6000600160003e6001", NULL},
    {"stack underflow", "01", NULL},
    {"an opcode that is none", "0c", NULL},
    {"INVALID", "fe", NULL},
};

static void set_environment(struct test_call *test) {
    static const uint8_t input[] = {1, 2, 3, 4}, price = 9, chain_id[] = {0, 0x89};
    static const uint8_t number[] = {1, 0}, difficulty[] = {2, 0, 0};
    static const uint8_t gas_limit[] = {0, 0x98, 0x96, 0x80};
    test->call.input = (extvm_bytes){input, sizeof input};
    test->call.gas_price = (extvm_bytes){&price, 1};
    test->call.chain.chain_id = (extvm_bytes){chain_id, sizeof chain_id};
    test->call.block.number = (extvm_bytes){number, sizeof number};
    test->call.block.difficulty = (extvm_bytes){difficulty, sizeof difficulty};
    test->call.block.gas_limit = (extvm_bytes){gas_limit, sizeof gas_limit};
    test->call.block.timestamp = 1000;
    test_call_set_value(test, 5);
}

static void run_case(const struct opcode_case *opcode) {
    struct test_world world = {.count = 0};
    struct test_call test;
    char code[2 * WORLD_CODE];
    snprintf(code, sizeof code, "%s%s", opcode->code,
             strcmp(opcode->name, "CODESIZE") == 0 ? RETURN_TOP "00" : RETURN_TOP);
    world_add(&world, address_of(CALLER), 1, 100, "");
    world_set(world_add(&world, address_of(CONTRACT), 1, 7, code), 7, 77);
    test_call_init(&test, EXTVM_FORK_BERLIN, 1000000);
    set_environment(&test);
    extvm_result *result = run_call(&test.call, &world);
    if (opcode->expected == NULL) {
        assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_FAILURE);
        assert_int_equal(u64_of(extvm_result_gas_used(result)), 1000000);
    } else {
        char expected[65];
        snprintf(expected, sizeof expected, "%064d", 0);
        memcpy(expected + 64 - strlen(opcode->expected), opcode->expected,
               strlen(opcode->expected));
        assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
        assert_hex(extvm_result_return_data(result), expected);
    }
    extvm_result_free(result);
}

static void each_opcode_gives_what_the_yellow_paper_says(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("           %s\n", cases[i].name);
        run_case(&cases[i]);
    }
}

/* The code: 17 words, then the opcode. */
static extvm_outcome run_opcode(unsigned opcode, extvm_fork fork, uint64_t *used) {
    struct test_world world = {.count = 0};
    struct test_call test;
    world_add(&world, address_of(CALLER), 1, 100, "");
    struct world_account *account = world_add(&world, address_of(CONTRACT), 1, 7, "");
    for (unsigned i = 0; i < 17; i++) {
        account->code[account->code_size++] = OP_PUSH1;
        account->code[account->code_size++] = 0x22; /* where a JUMP goes */
    }
    account->code[account->code_size++] = (uint8_t)opcode;
    account->code[0x22 + 1] = OP_STOP;
    account->code_size = 0x22 + 2;
    test_call_init(&test, fork, 1000000);
    extvm_result *result = run_call(&test.call, &world);
    extvm_outcome outcome = extvm_result_outcome(result);
    *used = u64_of(extvm_result_gas_used(result));
    extvm_result_free(result);
    return outcome;
}

static void no_fork_has_the_opcodes_of_later_ones(void **state) {
    (void)state;
    for (unsigned fork = 0; fork < EXTVM_FORK_COUNT; fork++) {
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            const struct opcode_row *row = opcode_row((uint8_t)opcode);
            uint64_t used;
            extvm_outcome outcome = run_opcode(opcode, (extvm_fork)fork, &used);
            bool exists = row->name != NULL && row->since <= (extvm_fork)fork;
            /* These three fail here for another reason: nothing to jump to, no return data. */
            bool fails = opcode == OP_JUMP || opcode == OP_JUMPI || opcode == OP_RETURNDATACOPY;
            if (exists && opcode == OP_REVERT) {
                assert_int_equal(outcome, EXTVM_OUTCOME_REVERT);
            } else if (exists && !fails) {
                assert_int_equal(outcome, EXTVM_OUTCOME_SUCCESS);
            } else {
                assert_int_equal(outcome, EXTVM_OUTCOME_FAILURE);
            }
        }
    }
}

static void every_opcode_needs_its_operands_and_room(void **state) {
    (void)state;
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        const struct opcode_row *row = opcode_row((uint8_t)opcode);
        if (row->name == NULL) {
            continue;
        }
        for (unsigned height = 0; height <= 1024; height += height < 18 ? 1 : 1006) {
            struct test_world world = {.count = 0};
            struct test_call test;
            uint8_t code[4096] = {0};
            size_t size = 0;
            for (unsigned i = 0; i < height; i++) {
                code[size++] = OP_MSIZE; /* pushes a 0 */
            }
            code[size++] = (uint8_t)opcode;
            world_add(&world, address_of(CALLER), 1, 100, "");
            test_call_init(&test, EXTVM_FORK_BERLIN, 1000000);
            test.call.recipient = NULL; /* as init code, which may be long */
            test.call.input = (extvm_bytes){code, size};
            extvm_result *result = run_call(&test.call, &world);
            bool fits = height >= row->taken && height - row->taken + row->given <= 1024;
            if (!fits) {
                assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_FAILURE);
            } else if (opcode != OP_JUMP && opcode != OP_REVERT) {
                assert_int_equal(extvm_result_outcome(result), EXTVM_OUTCOME_SUCCESS);
            }
            extvm_result_free(result);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_opcode_gives_what_the_yellow_paper_says),
        cmocka_unit_test(no_fork_has_the_opcodes_of_later_ones),
        cmocka_unit_test(every_opcode_needs_its_operands_and_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
