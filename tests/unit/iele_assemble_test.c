/* The assembler: each form of the text, each rule of numbering, and each message with its place
 * (protocol/iele-vm.md, sections 18 and 19). */
#include "support/cmocka.h"

#include <stdio.h>
#include <string.h>

#include <extvm/ieleasm.h>

#include "support/hex.h"
#include "support/scarce_memory.h"

/* -- what is assembled -- */

static void check_code(const char *text, extvm_bytes expected) {
    uint8_t *code;
    size_t size;
    extvm_error error = {.text = ""};
    extvm_status status = extvm_iele_assemble(text, strlen(text), "t", NULL, &code, &size, &error);
    if (status != EXTVM_OK) {
        fail_msg("%s\nof: %s", error.text, text);
    }
    if (!extvm_bytes_equal((extvm_bytes){code, size}, expected)) {
        print_error("%s\n", text);
    }
    assert_bytes(((extvm_bytes){code, size}), expected);
    free(code);
}

/* One private function f without parameters, and nothing else: what its header is, with `bits` and
 * the body's code. */
static void check_body(const char *body, uint8_t bits, const char *code) {
    char text[1024];
    uint8_t expected[1024];
    const extvm_bytes bytes = HEX(code);
    const extvm_bytes before = HEX("63 00 69 0001 66 67 0001 0000");
    snprintf(text, sizeof text, "contract A { define @f() { %s } }", body);
    const size_t length = before.size + bytes.size;
    assert_true(4 + length <= sizeof expected);
    memcpy(expected, (const uint8_t[]){0, 0, (uint8_t)(length >> 8), (uint8_t)length}, 4);
    memcpy(expected + 4, before.data, before.size);
    if (bytes.size > 0) {
        memcpy(expected + 4 + before.size, bytes.data, bytes.size);
    }
    expected[5] = bits;
    check_code(text, (extvm_bytes){expected, 4 + length});
}

struct body {
    const char *text;
    uint8_t bits;
    const char *code;
};

static void check_bodies(const struct body *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        check_body(rows[i].text, rows[i].bits, rows[i].code);
    }
}

#define CHECK_BODIES(rows)                                                                         \
    (void)unused;                                                                                  \
    check_bodies(rows, sizeof(rows) / sizeof(rows)[0])

/* Registers 3, 2, 1, 0 in fields of two bits: the first is lowest. */
static void each_form_of_an_instruction_becomes_its_opcode(void **unused) {
    static const struct body rows[] = {
        {"%3 = %2", 2, "60 0b"},
        {"%3 = add %2, %1", 2, "01 1b"},
        {"%3 = mul %2, %1", 2, "02 1b"},
        {"%3 = sub %2, %1", 2, "03 1b"},
        {"%3 = div %2, %1", 2, "04 1b"},
        {"%3 = mod %2, %1", 2, "06 1b"},
        {"%3 = exp %2, %1", 2, "07 1b"},
        {"%3 = addmod %2, %1, %0", 2, "08 1b"},
        {"%3 = mulmod %2, %1, %0", 2, "09 1b"},
        {"%3 = expmod %2, %1, %0", 2, "0a 1b"},
        {"%3 = sext %2, %1", 2, "0b 1b"},
        {"%3 = twos %2, %1", 2, "0c 1b"},
        {"%3 = bswap %2, %1", 2, "0d 1b"},
        {"%3 = cmp ne %2, %1", 2, "0f 1b"},
        {"%3 = cmp lt %2, %1", 2, "10 1b"},
        {"%3 = cmp gt %2, %1", 2, "11 1b"},
        {"%3 = cmp le %2, %1", 2, "12 1b"},
        {"%3 = cmp ge %2, %1", 2, "13 1b"},
        {"%3 = cmp eq %2, %1", 2, "14 1b"},
        {"%3 = iszero %2", 2, "15 0b"},
        {"%3 = and %2, %1", 2, "16 1b"},
        {"%3 = or %2, %1", 2, "17 1b"},
        {"%3 = xor %2, %1", 2, "18 1b"},
        {"%3 = not %2", 2, "19 0b"},
        {"%3 = byte %2, %1", 2, "1a 1b"},
        {"%3 = shift %2, %1", 2, "1b 1b"},
        {"%3 = log2 %2", 2, "1c 0b"},
        {"%3 = sha3 %2", 2, "20 0b"},
        {"%3 = load %2, %1, %0", 2, "50 1b"},
        {"%3 = load %2", 2, "51 0b"},
        {"store %3, %2, %1, %0", 2, "52 1b"},
        {"store %3, %2", 2, "53 0b"},
        {"%3 = sload %2", 2, "54 0b"},
        {"sstore %3, %2", 2, "55 0b"},
        {"br %3, x x:", 2, "65 0000 03 66 0000"},
        {"br x x:", 0, "64 0000 66 0000"},
        {"log %3", 2, "a0 03"},
        {"log %3, %2", 2, "a1 0b"},
        {"log %3, %2, %1", 2, "a2 1b"},
        {"log %3, %2, %1, %0", 2, "a3 1b"},
        {"log %3, %2, %1, %0, %3", 2, "a4 031b"},
        {"%3, %2 = copycreate %1 (%0) send %2", 2, "f1 0001 006b"},
        {"ret void", 0, "f6 0000"},
        {"ret %3", 2, "f6 0001 03"},
        {"ret %3, %2", 2, "f6 0002 0b"},
        {"revert %3", 2, "f7 03"},
        {"%3 = call %2 (%1)", 2, "f9 0001 0001 1b"},
        {"call %2 ()", 2, "f9 0000 0000 02"},
        {"%3 = call %2 at %1 () send %0, gaslimit %2", 2, "f3 0000 0000 006b"},
        {"selfdestruct %3", 2, "ff 03"},
    };
    CHECK_BODIES(rows);
}

static void built_in_functions_become_their_opcodes(void **unused) {
    static const struct body rows[] = {
        {"%1 = call @iele.address()", 1, "30 01"},
        {"%1 = call @iele.balance(%0)", 1, "31 01"},
        {"%1 = call @iele.origin()", 1, "32 01"},
        {"%1 = call @iele.caller()", 1, "33 01"},
        {"%1 = call @iele.callvalue()", 1, "34 01"},
        {"%1 = call @iele.codesize()", 1, "38 01"},
        {"%1 = call @iele.gasprice()", 1, "3a 01"},
        {"%1 = call @iele.extcodesize(%0)", 1, "3b 01"},
        {"%1 = call @iele.blockhash(%0)", 1, "40 01"},
        {"%1 = call @iele.beneficiary()", 1, "41 01"},
        {"%1 = call @iele.timestamp()", 1, "42 01"},
        {"%1 = call @iele.number()", 1, "43 01"},
        {"%1 = call @iele.difficulty()", 1, "44 01"},
        {"%1 = call @iele.gaslimit()", 1, "45 01"},
        {"%1 = call @iele.msize()", 1, "56 01"},
        {"%1 = call @iele.gas()", 1, "57 01"},
        {"%1 = call @\"iele.gas\"()", 1, "57 01"},
        {"call @iele.invalid()", 0, "fe"},
    };
    CHECK_BODIES(rows);
}

static void each_form_of_an_integer_becomes_its_shortest_magnitude(void **unused) {
    static const struct body rows[] = {
        {"%0 = 0", 0, "61 80"},
        {"%0 = -0", 0, "61 80"},
        {"%0 = false", 0, "61 80"},
        {"%0 = true", 0, "61 01"},
        {"%0 = 1", 0, "61 01"},
        {"%0 = 127", 0, "61 7f"},
        {"%0 = 128", 0, "61 8180"},
        {"%0 = 255", 0, "61 81ff"},
        {"%0 = 256", 0, "61 820100"},
        {"%0 = -1", 0, "62 01"},
        {"%0 = -0x80", 0, "62 8180"},
        {"%0 = 0x0000aBcDe", 0, "61 830abcde"},
        {"%0 = 007", 0, "61 07"},
        {"%0 = 340282366920938463463374607431768211456", 0, "61 91 01 00*16"},
        {"%0 = 18446744073709551616//end\n", 0, "61 89 01 00*8"},
    };
    CHECK_BODIES(rows);
}

static void a_long_integer_has_the_length_of_its_length(void **unused) {
    static const struct {
        size_t digits;
        const char *head;
    } rows[] = {{110, "61 b7"}, {112, "61 b838"}, {510, "61 b8ff"}, {512, "61 b90100"}};
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char body[600] = "%0 = 0x";
        char code[600];
        const size_t start = strlen(body);
        memset(body + start, 'e', rows[i].digits);
        body[start + rows[i].digits] = '\0';
        snprintf(code, sizeof code, "%s ee*%zu", rows[i].head, rows[i].digits / 2);
        check_body(body, 0, code);
    }
}

static void white_space_and_comments_stand_anywhere(void **unused) {
    static const char text[] = "// a comment\n"
                               "\tcontract//x\r\nA!-0x12{define\n@f(\n) // (\n"
                               "{%0=add%0,%0 ret//\n%0 , %0\nl//\n:br l}}//";
    (void)unused;
    check_code(text, HEX("00000015 63 00 69 0001 66 67 0001 0000 01 f6 0002 66 0000 64 0000"));
}

static void words_of_the_language_are_names_too(void **unused) {
    static const struct body rows[] = {
        {"%add = add %ret, %void", 2, "01 24"},
        {"br ret ret: br store store: br true true:", 0,
         "64 0000 66 0000 64 0001 66 0001 64 0002 66 0002"},
        {"true: br true, true", 0, "66 0000 61 01 65 0000"},
        {"br 5 5: br 7, 5", 0, "64 0005 66 0005 61 07 65 0005"},
        {"br -x br -5, -x br -5 -x: -5:", 0, "64 0000 62 05 65 0000 64 0001 66 0000 66 0001"},
        {"%--1 = 1 %\"a b\" = 2 %\"\\61 b\" = 3", 1, "61 01 00 61 02 01 61 03 01"},
        {"%a.b$c_-9 = 1", 0, "61 01"},
        {"\"x y\": br \"x\\20y\"", 0, "66 0000 64 0000"},
    };
    CHECK_BODIES(rows);
}

/* -- the rules of section 19 -- */

static void names_are_numbered_in_order_of_definition_and_then_of_mention(void **unused) {
    static const char text[] = "contract A {"
                               "  define @b() {"
                               "    %0 = call @x at %0 () send %0, gaslimit %0"
                               "    %0 = staticcall @y at %0 () gaslimit %0"
                               "    %0 = calladdress @x at %0"
                               "    call @c() call @init() }"
                               "  define @init() { call @z() }"
                               "  define public @c() {} }";
    (void)unused;
    check_code(text, HEX("0000004b 63 00 69 0001 62 69 0001 63 69 0001 78 69 0001 79 69 0001 7a"
                         "67 0001 0000 f2 0003 0000 0000 f4 0004 0000 0000 fa 0003"
                         "f8 0002 0000 0000 f8 0000 0000 0000"
                         "67 0000 0000 f8 0005 0000 0000 68 0002 0000"));
}

static void reserved_names_are_numbered_like_others_when_no_opcode_stands_for_them(void **unused) {
    (void)unused;
    check_code(
        "contract A { define @init() { %0 = call @iele.sha256 at 1 (%1) send %0, gaslimit 2 } }",
        HEX("00000024 63 02 69 000b 69656c652e736861323536 67 0000 0000"
            "61 02 02 61 01 03 f2 0001 0001 0000 0138"));
}

static void globals_as_operands_are_constants_or_the_numbers_of_names(void **unused) {
    static const char text[] = "contract A { define @f() { %0 = @c %0 = @g %0 = @h %0 = @init"
                               " %0 = @n call @h() }"
                               " define @g() {} @c = 300 @n = -2 }";
    (void)unused;
    check_code(text, HEX("0000002b 63 00 69 0001 66 69 0001 67 69 0001 68 67 0001 0000"
                         "61 82012c 61 02 61 03 61 80 62 02 f8 0003 0000 0000 67 0002 0000"));
}

static void immediates_go_through_temporaries_in_the_fields_order(void **unused) {
    static const struct body rows[] = {
        {"%d = add 5, 6", 2, "61 05 00 61 06 01 01 12"},
        {"%d = add 5, 5 %e = not 5", 2, "61 05 00 61 05 01 01 12 61 05 00 19 03"},
        {"%s = call 1 at 2 (3) send 4, gaslimit 5", 3,
         "61 01 00 61 05 01 61 02 02 61 04 03 61 03 04 f3 0001 0000 023445"},
        {"%s, %a = copycreate 1 (3) send 2", 3, "61 02 00 61 01 01 61 03 02 f1 0001 2223"},
    };
    CHECK_BODIES(rows);
}

static void registers_get_the_smallest_numbers_that_nobody_has(void **unused) {
    static const struct {
        const char *text, *code;
    } rows[] = {
        /* the parameter that is never mentioned keeps its place, digits in the body too */
        {"contract A { define @f(%a, %b) { %x = %b %y = %3 %z = %y } }",
         "00000011 63 03 69 0001 66 67 0001 0002 60 0a 60 1c 60 25"},
        /* digits that only stand among the parameters do not */
        {"contract A { define @f(%0, %1) { %x = %y } }",
         "0000000d 63 01 69 0001 66 67 0001 0002 60 02"},
        /* a large number takes its own bits in every field */
        {"contract A { define @f() { %1048575 = %x } }",
         "00000011 63 14 69 0001 66 67 0001 0000 60 00000fffff"},
        /* the bits are the contract's: the second function's are as wide as the first's */
        {"contract A { define @f() { %4 = %x } define @g() { %x = %y } }",
         "00000018 63 03 69 0001 66 69 0001 67 67 0001 0000 60 04 67 0002 0000 60 08"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_code(rows[i].text, HEX(rows[i].code));
    }
}

static void results_are_numbered_before_sources(void **unused) {
    check_body("%a = add %b, %c", 2, "01 24");
    check_body("%a, %b = call %c (%d)", 2, "f9 0001 0002 e4");
    (void)unused;
}

static void labels_get_the_smallest_numbers_in_order_of_definition(void **unused) {
    check_body("br z 1: a: z: 7: b:", 0, "64 0002 66 0001 66 0000 66 0002 66 0007 66 0003");
    check_body("007: br 7", 0, "66 0007 64 0007");
    (void)unused;
}

static void children_are_numbered_after_the_names_in_order_of_declaration(void **unused) {
    static const char text[] = "contract A {} contract B { define @init() {} }"
                               "contract C { external contract B external contract A"
                               " define @init() { %0, %1 = create A (%2) send %3"
                               " %0, %1 = create B () send %2 call @f() } }";
    (void)unused;
    check_code(text, HEX("00000035 63 02 69 0001 66 6a 000b 00000007 63 00 67 0000 0000"
                         "6a 0006 00000002 63 00 67 0000 0000"
                         "f0 0003 0001 b4 f0 0002 0000 24 f8 0001 0000 0000"));
}

static void the_last_contract_is_the_result(void **unused) {
    check_code("contract A { define @init() {} } contract B { @x = 1 }", HEX("00000002 63 00"));
    (void)unused;
}

/* -- messages -- */

static void what_is_wrong_is_told_with_line_and_column(void **unused) {
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "t:1:1: a contract must begin here"},
        {"contract A {\n", "t:2:1: define, external contract, a @constant or a \"}\" must stand"},
        {"contract A {} x", "t:1:15: a contract must begin here"},
        {"contract", "t:1:9: the name of a contract must stand here"},
        {"contract 5 {}", "t:1:10: the name of a contract must not be a number"},
        {"contract A {}\n contract A {}", "t:2:11: there is a contract A above already"},
        {"contract A { external B }", "t:1:23: external needs \"contract\""},
        {"contract A { external contract B }", "t:1:32: there is no contract B above this one"},
        {"contract B {} contract A { external contract B external contract B }",
         "t:1:66: contract B is declared external already"},
        {"contract A { @x 1 }", "t:1:17: a constant needs a \"=\" here"},
        {"contract A { @x = y }", "t:1:19: an integer must stand here"},
        {"contract A { @x = 1\n@x = 1 }", "t:2:2: this contract has a constant @x already"},
        {"contract A { @iele.x = 1 }", "t:1:15: iele.x: names that begin with iele. are reserved"},
        {"contract A { define f() {} }", "t:1:21: define needs a \"@\" here"},
        {"contract A { define @iele.f() {} }", "t:1:22: iele.f: names that begin with iele."},
        {"contract A { define @12() {} }", "t:1:22: the name of a function must not be a number"},
        {"contract A { define @\"12\"() {} }", "t:1:22: the name of a function must not be a"},
        {"contract A { define @12x() {} }", "t:1:22: a name that begins with a digit"},
        {"contract A { define @f {} }", "t:1:24: define needs a \"(\" here"},
        {"contract A { define @f() {}\n define @f() {} }",
         "t:2:10: this contract has a function @f already"},
        {"contract A { define @f(%a, %a) {} }", "t:1:28: this function has a parameter of that"},
        {"contract A { define @f(%1) {} }", "t:1:24: this parameter is number 0"},
        {"contract A { define @f(%iele.a) {} }", "t:1:25: iele.a: names that begin with iele."},
        {"contract A { define @\"f() {} }", "t:1:22: these quotes are never closed"},
        {"contract A { define @\"\\4\"() {} }", "t:1:23: two hex digits must follow a \\"},
        {"contract A { define @f() {",
         "t:1:27: an instruction, a label or a \"}\" must stand here"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t *code;
        size_t size;
        extvm_error error = {.text = ""};
        assert_int_equal(extvm_iele_assemble(rows[i].text, strlen(rows[i].text), "t", NULL, &code,
                                             &size, &error),
                         EXTVM_INVALID_ARGUMENT);
        assert_int_equal(error.status, EXTVM_INVALID_ARGUMENT);
        if (strncmp(error.text, rows[i].message, strlen(rows[i].message)) != 0) {
            fail_msg("%s\nsays: %s\nnot: %s", rows[i].text, error.text, rows[i].message);
        }
    }
}

/* On the second line, so that the columns are those of the body. */
static void what_is_wrong_in_a_function_is_told_with_its_place(void **unused) {
    static const struct {
        const char *body, *message;
    } rows[] = {
        {"x", "2:1: there is no instruction x without a result"},
        {"%a", "2:4: an instruction with results needs a \"=\" here"},
        {"%a = foo 5", "2:6: there is no instruction foo with a result"},
        {"%a = store 5, 6", "2:6: there is no instruction store with a result"},
        {"add 5, 6", "2:1: there is no instruction add without a result"},
        {"%a = add 5 6", "2:12: the list of operands needs a \",\" here"},
        {"%a = add 5,", "2:13: an operand must stand here"},
        {"%a = add 5x, 1", "2:10: an integer must stand here"},
        {"%a = 0x", "2:6: an integer must stand here"},
        {"%a = cmp up 1, 2", "2:10: cmp needs lt, le, gt, ge, eq or ne here"},
        {"%a, %b = add 1, 2", "2:10: more than one result comes only from"},
        {"% a = 1", "2:2: the name of a register must stand here"},
        {"%iele.tmp0 = 1", "2:2: iele.tmp0: names that begin with iele. are reserved"},
        {"%1048576 = 1", "2:2: register numbers go up to 1048575"},
        {"%a = @nobody", "2:6: there is no constant or function @nobody in this contract"},
        {"%a = add 1, @nobody", "2:13: there is no constant or function @nobody"},
        {"%a = @iele.gas", "2:6: @iele.gas can be called, but is no operand"},
        {"br x", "2:4: there is no label x in this function"},
        {"br x br y y: br z", "2:4: there is no label x in this function"},
        {"br %x y", "2:7: br with a condition needs a \",\" here"},
        {"br 65536 65536:", "2:4: label numbers go up to 65535"},
        {"br 7", "2:4: there is no label 7 in this function"},
        {"br \"a b\"", "2:4: there is no label \"a b\" in this function"},
        {"x: x:", "2:4: this function has a label x already"},
        {"iele.x:", "2:1: names that begin with iele. are reserved"},
        {"log 1, 2, 3, 4, 5, 6", "2:20: a log has four topics at most"},
        {"store 1", "2:9: the list of operands needs a \",\" here"},
        {"ret", "2:5: an operand must stand here"},
        {"call @f", "2:9: a call needs a \"(\" or \"at\" here"},
        {"call @f (1", "2:12: a call needs a \")\" here"},
        {"call @5 ()", "2:7: a function's name must not be a number"},
        {"call @f at 1 () send 1, gaslimit 1", "2:1: a call of an account needs a register"},
        {"%a = call @f at 1 () gaslimit 1", "2:22: a call of an account needs \"send\" here"},
        {"%a = call @f at 1 () send 1 gaslimit 1", "2:29: a call of an account needs a \",\""},
        {"%a = call @f at 1 () send 1, gas 1", "2:30: a call of an account needs \"gaslimit\""},
        {"%a = staticcall @f at 1 () send 1", "2:28: a static call needs \"gaslimit\" here"},
        {"%a = calladdress f at 1", "2:18: calladdress needs a \"@\" here"},
        {"%a = calladdress @iele.f at 1", "2:19: iele.f: names that begin with iele."},
        {"%a = call @iele.gas(1)", "2:1: @iele.gas takes 0 arguments and gives 1 results, not 1"},
        {"call @iele.gas()", "2:1: @iele.gas takes 0 arguments and gives 1 results"},
        {"%a = call @iele.invalid()", "2:1: @iele.invalid takes 0 arguments and gives 0"},
        {"%a = create B () send 0", "2:1: a creation needs two registers"},
        {"%a, %b = create B () send 0", "2:17: contract B is not declared external"},
        {"%a, %b, %c = copycreate 1 () send 0", "2:1: a creation needs two registers"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200];
        uint8_t *code;
        size_t size;
        extvm_error error = {.text = ""};
        snprintf(text, sizeof text, "contract A { define @f() {\n%s } }", rows[i].body);
        assert_int_equal(extvm_iele_assemble(text, strlen(text), NULL, NULL, &code, &size, &error),
                         EXTVM_INVALID_ARGUMENT);
        if (strncmp(error.text, rows[i].message, strlen(rows[i].message)) != 0) {
            fail_msg("%s\nsays: %s\nnot: %s", rows[i].body, error.text, rows[i].message);
        }
    }
}

/* -- limits -- */

/* `before`, then `count` times `piece` (with its number for a %zu in it), then `after`. */
static char *repeated(const char *before, const char *piece, size_t count, const char *after) {
    const size_t room = strlen(before) + count * (strlen(piece) + 8) + strlen(after) + 1;
    char *text = malloc(room);
    assert_non_null(text);
    size_t size = (size_t)snprintf(text, room, "%s", before);
    const char *number = strchr(piece, '#');
    for (size_t i = 0; i < count; i++) {
        size += number == NULL ? (size_t)snprintf(text + size, room - size, "%s", piece)
                               : (size_t)snprintf(text + size, room - size, "%.*s%zu%s",
                                                  (int)(number - piece), piece, i, number + 1);
    }
    snprintf(text + size, room - size, "%s", after);
    return text;
}

static void what_the_format_has_no_room_for_is_refused(void **unused) {
    static const struct {
        const char *before, *piece;
        size_t fits; /* one more does not */
        const char *after, *message;
    } rows[] = {
        {"contract A { define @f() { ret %0", ",%0", 65534, "} }",
         "an instruction may have 65535 arguments, not 65536"},
        {"contract A { define @f() { %0", ",%0", 65534, "= call %0 () } }",
         "an instruction may have 65535 results, not 65536"},
        {"contract A { define @f() { %0", ",%0", 65535, "= staticcall %0 at %0 () gaslimit %0 } }",
         "an instruction may have 65535 results, not 65536"},
        {"contract A { define @f(%x", ",%a#", 65534, ") {} }",
         "a function may have 65535 parameters"},
        {"contract A { define @f() {", " l#:", 65536, "} }", "a function may have 65536"},
        {"contract A { define @f() {", " call @a#()", 65534, "} }",
         "a contract may name 65535 functions"},
        {"contract A { define @", "a", 65535, "() {} }", "a name may have 65535 bytes, not 65536"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t *code;
        size_t size;
        extvm_error error = {.text = ""};
        char *text = repeated(rows[i].before, rows[i].piece, rows[i].fits, rows[i].after);
        extvm_status status =
            extvm_iele_assemble(text, strlen(text), NULL, NULL, &code, &size, &error);
        if (status != EXTVM_OK) {
            fail_msg("row %zu: %s", i, error.text);
        }
        free(code);
        free(text);
        text = repeated(rows[i].before, rows[i].piece, rows[i].fits + 1, rows[i].after);
        assert_int_equal(extvm_iele_assemble(text, strlen(text), NULL, NULL, &code, &size, &error),
                         EXTVM_INVALID_ARGUMENT);
        if (strstr(error.text, rows[i].message) == NULL) {
            fail_msg("row %zu says: %s\nnot: %s", i, error.text, rows[i].message);
        }
        free(text);
    }
}

static void a_contract_of_over_64_kib_is_no_child(void **unused) {
    uint8_t *code;
    size_t size;
    extvm_error error;
    char *text = repeated("contract A { define @f() {", "ret void ", 21840,
                          "} } contract B { external contract A }");
    (void)unused;
    assert_int_equal(extvm_iele_assemble(text, strlen(text), NULL, NULL, &code, &size, &error),
                     EXTVM_OK);
    assert_int_equal(size, 6 + 3 + 65520 + 15);
    free(code);
    free(text);
    text = repeated("contract A { define @f() {", "ret void ", 21841,
                    "} } contract B { external contract A }");
    assert_int_equal(extvm_iele_assemble(text, strlen(text), NULL, NULL, &code, &size, &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "contract A has 65538 bytes: a contract within another"));
    free(text);
}

/* Each one has the one before it, 64 KiB and nothing new. */
static void short_text_that_makes_much_code_is_refused_in_the_end(void **unused) {
    (void)unused;
    char *leaf = repeated("contract C0 { define @f() {", "ret void ", 20000, "} }");
    const size_t room = strlen(leaf) + 6000 * 64;
    char *text = malloc(room);
    assert_non_null(text);
    size_t length = (size_t)snprintf(text, room, "%s", leaf);
    for (int i = 1; i < 6000; i++) {
        length += (size_t)snprintf(text + length, room - length,
                                   " contract C%d { external contract C0 }", i);
    }
    uint8_t *code;
    size_t size;
    extvm_error error;
    assert_int_equal(extvm_iele_assemble(text, length, NULL, NULL, &code, &size, &error),
                     EXTVM_OUT_OF_RANGE);
    assert_int_equal(error.status, EXTVM_OUT_OF_RANGE);
    free(text);
    free(leaf);
}

static void thousands_of_contracts_within_each_other_are_assembled(void **unused) {
    enum { DEPTH = 6000, EACH = 9 };
    const size_t room = (size_t)DEPTH * 64;
    char *text = malloc(room);
    (void)unused;
    assert_non_null(text);
    size_t length = (size_t)snprintf(text, room, "contract C0 {}");
    for (int i = 1; i < DEPTH; i++) {
        length += (size_t)snprintf(text + length, room - length,
                                   " contract C%d { external contract C%d }", i, i - 1);
    }
    uint8_t *code;
    size_t size;
    extvm_error error;
    assert_int_equal(extvm_iele_assemble(text, length, NULL, NULL, &code, &size, &error), EXTVM_OK);
    assert_int_equal(size, (DEPTH - 1) * EACH + 6);
    free(code);
    free(text);
}

static void every_allocation_may_fail(void **unused) {
    static const char text[] =
        "contract A { define @init() { %\"a b\" = 12345678901234567890123 } }"
        "contract B { external contract A @c = 5 define public @f(%x) { br %x, l"
        " %s, %a = create A (1, 2) send 3 %s = call @g at %a () send 1, gaslimit @c"
        " l: ret %s, %a, 7 } }";
    struct scarce_memory scarce = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&scarce);
    extvm_status status = EXTVM_NO_MEMORY;
    (void)unused;
    for (size_t i = 1; status != EXTVM_OK; i++) {
        uint8_t *code;
        size_t size;
        extvm_error error;
        scarce = (struct scarce_memory){.fail_at = i};
        status = extvm_iele_assemble(text, sizeof text - 1, "t", &allocator, &code, &size, &error);
        if (status == EXTVM_OK) {
            assert_true(i > 10);
            assert_int_equal(scarce.live, 1);
            allocator.release(allocator.context, code);
        } else {
            assert_int_equal(status, EXTVM_NO_MEMORY);
            assert_int_equal(error.status, EXTVM_NO_MEMORY);
        }
        assert_int_equal(scarce.live, 0);
    }
}

static void missing_arguments_are_refused(void **unused) {
    uint8_t *code;
    size_t size;
    (void)unused;
    assert_int_equal(extvm_iele_assemble(NULL, 1, NULL, NULL, &code, &size, NULL),
                     EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_iele_assemble("x", 1, NULL, NULL, NULL, &size, NULL),
                     EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_iele_assemble(NULL, 0, NULL, NULL, &code, &size, NULL),
                     EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_iele_assemble("contract A {} \0", 15, NULL, NULL, &code, &size, NULL),
                     EXTVM_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_of_an_instruction_becomes_its_opcode),
        cmocka_unit_test(built_in_functions_become_their_opcodes),
        cmocka_unit_test(each_form_of_an_integer_becomes_its_shortest_magnitude),
        cmocka_unit_test(a_long_integer_has_the_length_of_its_length),
        cmocka_unit_test(white_space_and_comments_stand_anywhere),
        cmocka_unit_test(words_of_the_language_are_names_too),
        cmocka_unit_test(names_are_numbered_in_order_of_definition_and_then_of_mention),
        cmocka_unit_test(reserved_names_are_numbered_like_others_when_no_opcode_stands_for_them),
        cmocka_unit_test(globals_as_operands_are_constants_or_the_numbers_of_names),
        cmocka_unit_test(immediates_go_through_temporaries_in_the_fields_order),
        cmocka_unit_test(registers_get_the_smallest_numbers_that_nobody_has),
        cmocka_unit_test(results_are_numbered_before_sources),
        cmocka_unit_test(labels_get_the_smallest_numbers_in_order_of_definition),
        cmocka_unit_test(children_are_numbered_after_the_names_in_order_of_declaration),
        cmocka_unit_test(the_last_contract_is_the_result),
        cmocka_unit_test(what_is_wrong_is_told_with_line_and_column),
        cmocka_unit_test(what_is_wrong_in_a_function_is_told_with_its_place),
        cmocka_unit_test(what_the_format_has_no_room_for_is_refused),
        cmocka_unit_test(a_contract_of_over_64_kib_is_no_child),
        cmocka_unit_test(short_text_that_makes_much_code_is_refused_in_the_end),
        cmocka_unit_test(thousands_of_contracts_within_each_other_are_assembled),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(missing_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
