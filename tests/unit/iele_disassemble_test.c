/* The disassembler: text that assembles to the same bytes, and a note where there is none
 * (protocol/iele-vm.md, sections 3 and 18). */
#include "support/cmocka.h"

#include <stdio.h>
#include <string.h>

#include <extvm/ieleasm.h>

#include "support/hex.h"
#include "support/scarce_memory.h"

static const char every_form[] = "contract C1 {\n"
                                 "  define @init(%0) {\n"
                                 "    revert %0\n"
                                 "  }\n"
                                 "}\n"
                                 "\n"
                                 "contract C2 {\n"
                                 "}\n"
                                 "\n"
                                 "contract Main {\n"
                                 "  external contract C1\n"
                                 "  external contract C2\n"
                                 "  define @init() {\n"
                                 "    ret void\n"
                                 "  }\n"
                                 "\n"
                                 "  define public @\"a b\\22\\ff\"(%0, %1) {\n"
                                 "    %2 = %1\n"
                                 "    %2 = 18446744073709551615\n"
                                 "    %2 = 0x010000000000000000\n"
                                 "    %2 = -7\n"
                                 "    %2 = add %0, %1\n"
                                 "    %2 = expmod %0, %1, %2\n"
                                 "    %2 = iszero %3\n"
                                 "    %2 = cmp le %0, %1\n"
                                 "    %2 = cmp ne %0, %1\n"
                                 "    %2 = load %3\n"
                                 "    %2 = load %0, %1, %3\n"
                                 "  L0:\n"
                                 "    store %3, %0\n"
                                 "    store %3, %0, %1, %2\n"
                                 "    %2 = sload %0\n"
                                 "    sstore %2, %0\n"
                                 "    br L1\n"
                                 "    br %2, L0\n"
                                 "  L1:\n"
                                 "    log %0\n"
                                 "    log %0, %1, %2, %3, %0\n"
                                 "    %2 = call @iele.gas()\n"
                                 "    %2 = call @iele.balance(%1)\n"
                                 "    call @iele.invalid()\n"
                                 "    call @\"a b\\22\\ff\"(%0, %1)\n"
                                 "    %1, %2 = call @g(%3)\n"
                                 "    %1 = call %0(%2)\n"
                                 "    %0, %1, %2 = call @h at %3(%1, %2) send %0, gaslimit %2\n"
                                 "    %0 = call %1 at %3(%2) send %0, gaslimit %2\n"
                                 "    %0, %1 = staticcall @h at %3() gaslimit %2\n"
                                 "    %0, %1 = staticcall %2 at %3(%1) gaslimit %0\n"
                                 "    %0 = calladdress @i at %1\n"
                                 "    %0, %1 = create C2(%2, %3) send %0\n"
                                 "    %0, %1 = copycreate %2(%3) send %1\n"
                                 "    ret %0, %1\n"
                                 "    selfdestruct %3\n"
                                 "  }\n"
                                 "\n"
                                 "  define @g() {\n"
                                 "  7:\n"
                                 "    br 7\n"
                                 "  }\n"
                                 "}\n";

static extvm_status assemble(const char *text, uint8_t **code, size_t *size) {
    extvm_error error;
    extvm_status status = extvm_iele_assemble(text, strlen(text), NULL, NULL, code, size, &error);
    if (status != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
    return status;
}

static void each_form_comes_back_as_it_was_written(void **unused) {
    uint8_t *code;
    char *text;
    size_t size, length;
    bool exact;
    (void)unused;
    assemble(every_form, &code, &size);
    assert_int_equal(
        extvm_iele_disassemble((extvm_bytes){code, size}, NULL, &text, &length, &exact, NULL),
        EXTVM_OK);
    assert_string_equal(text, every_form);
    assert_int_equal(length, strlen(text));
    assert_true(exact);
    free(text);
    free(code);
}

/* What the text of `code` begins with, and whether it is exact. */
static void check_note(extvm_bytes code, const char *begins, bool expected) {
    char *text;
    size_t length;
    bool exact = !expected;
    extvm_error error = {.text = ""};
    if (extvm_iele_disassemble(code, NULL, &text, &length, &exact, &error) != EXTVM_OK) {
        fail_msg("%s, of what is to begin: %s", error.text, begins);
    }
    if (strncmp(text, begins, strlen(begins)) != 0) {
        fail_msg("this begins otherwise: %s", text);
    }
    assert_int_equal(exact, expected);
    free(text);
}

static void what_no_text_assembles_to_has_a_note_that_says_so(void **unused) {
    static const struct {
        const char *code, *note;
    } rows[] = {
        /* bytes after the contract */
        {"00000002 63 00 ff", "// This text assembles to the first 6 of these 7 bytes.\ncontract"},
        /* a register's bits that are more than it needs */
        {"00000002 63 05", "// This text assembles to other bytes: byte 5 of 6 is 00, and not 05"},
        /* a magnitude that is not the shortest, and a minus before 0 */
        {"0000000a 63 00 67 0000 0000 61 8105", "// This text assembles to other bytes: byte 3 of"},
        {"00000009 63 00 67 0000 0000 62 80",
         "// This text assembles to other bytes: byte 11 of 13"},
        /* bits above the registers */
        {"00000009 63 01 67 0000 0000 60 06", "// This text assembles to other bytes: "},
        /* a name that nobody mentions, and functions in another order than their names */
        {"00000006 63 00 69 0001 61", "// This text assembles to other bytes: byte 3 of 6 is 02"},
        {"00000014 63 00 69 0001 61 69 0001 62 67 0002 0000 67 0001 0000",
         "// This text assembles to other bytes: byte 9 of 24 is 62, and not 61 as here."},
        /* a function without a name, a child that is missing, a label that is */
        {"00000007 63 00 67 0005 0000",
         "// This text does not assemble: 3:11: the name of a function must not be a number.\n"},
        {"0000000c 63 00 67 0000 0000 f0 0001 0000",
         "// This text does not assemble: 4:21: contract missing1 is not declared external"},
        {"0000000a 63 00 67 0000 0000 64 0000",
         "// This text does not assemble: 4:8: there is no label L0 in this function.\n"},
        /* a built-in function through its name, and one of that name */
        {"00000019 63 00 69 0008 69656c652e676173 67 0000 0000 f8 0001 0000 0001",
         "// This text assembles to other bytes: "},
        {"00000012 63 00 69 0008 69656c652e676173 67 0001 0000",
         "// This text does not assemble: 3:11: iele.gas: names that begin with iele."},
        /* two functions of one name, two labels of one number */
        {"0000000c 63 00 67 0000 0000 67 0000 0000",
         "// This text does not assemble: 6:11: this contract has a function @init already"},
        {"0000000d 63 00 67 0000 0000 66 0000 66 0000",
         "// This text does not assemble: 5:3: this function has a label 0 already"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_note(HEX(rows[i].code), rows[i].note, false);
    }
}

static void the_smallest_contracts_are_exact(void **unused) {
    check_note(HEX("00000002 63 00"), "contract Main {\n}\n", true);
    check_note(HEX("00000007 63 00 68 0000 0001"),
               "contract Main {\n  define public @init(%0) {\n  }\n}\n", true);
    (void)unused;
}

static void what_is_no_contract_is_refused(void **unused) {
    static const char *const rows[] = {"",
                                       "00",
                                       "00000003 63 00",
                                       "00000002 64 00",
                                       "00000003 63 00 05",
                                       "00000005 63 00 6a 0000",
                                       "0000000e 63 00 67 0000 0000 f2 0005 0000 0000"};
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text, message[64];
        size_t length;
        bool exact;
        extvm_error error = {.text = ""};
        const extvm_bytes code = HEX(rows[i]);
        snprintf(message, sizeof message, "these %zu bytes are no IELE contract", code.size);
        assert_int_equal(extvm_iele_disassemble(code, NULL, &text, &length, &exact, &error),
                         EXTVM_INVALID_ARGUMENT);
        assert_string_equal(error.text, message);
    }
}

/* 131,070 registers of no bits are nothing but two counts; many such instructions are refused. */
static void few_bytes_that_make_much_text_are_refused(void **unused) {
    enum { HEAD = 11, EACH = 5, COUNT = 40 };
    uint8_t code[HEAD + EACH * COUNT] = {0, 0, 0, HEAD - 4 + EACH * COUNT, 0x63, 0, 0x67};
    char *text;
    size_t length;
    extvm_error error;
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        memcpy(code + HEAD + i * EACH, (const uint8_t[]){0xf9, 0xff, 0xff, 0xff, 0xff}, EACH);
    }
    assert_int_equal(extvm_iele_disassemble((extvm_bytes){code, sizeof code}, NULL, &text, &length,
                                            NULL, &error),
                     EXTVM_OUT_OF_RANGE);
    assert_non_null(strstr(error.text, "the text of these 211 bytes would have over"));
    code[3] = HEAD - 4 + EACH;
    assert_int_equal(extvm_iele_disassemble((extvm_bytes){code, HEAD + EACH}, NULL, &text, &length,
                                            NULL, &error),
                     EXTVM_OK);
    free(text);
}

static void thousands_of_contracts_within_each_other_are_disassembled(void **unused) {
    enum { DEPTH = 6000, EACH = 9, WHOLE = 6 + EACH * (DEPTH - 1) };
    uint8_t *code = malloc(WHOLE);
    char *text;
    size_t length;
    bool exact = false;
    (void)unused;
    assert_non_null(code);
    for (size_t at = 0; at < WHOLE; at += EACH) {
        const size_t here = WHOLE - at - 4, child = here - 5;
        const uint8_t head[EACH] = {0, 0,    (uint8_t)(here >> 8),  (uint8_t)here, 0x63,
                                    0, 0x6a, (uint8_t)(child >> 8), (uint8_t)child};
        memcpy(code + at, head, WHOLE - at < EACH ? WHOLE - at : EACH);
    }
    assert_int_equal(
        extvm_iele_disassemble((extvm_bytes){code, WHOLE}, NULL, &text, &length, &exact, NULL),
        EXTVM_OK);
    assert_true(exact);
    assert_non_null(strstr(text, "contract Main {\n  external contract C5999\n}\n"));
    free(text);
    free(code);
}

static void every_allocation_may_fail(void **unused) {
    struct scarce_memory scarce = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&scarce);
    extvm_status status = EXTVM_NO_MEMORY;
    uint8_t *code;
    size_t code_size;
    (void)unused;
    assemble(every_form, &code, &code_size);
    for (size_t i = 1; status != EXTVM_OK; i++) {
        char *text;
        size_t size;
        bool exact = false;
        extvm_error error;
        scarce = (struct scarce_memory){.fail_at = i};
        status = extvm_iele_disassemble((extvm_bytes){code, code_size}, &allocator, &text, &size,
                                        &exact, &error);
        if (status == EXTVM_OK) {
            assert_true(i > 10 && exact);
            assert_int_equal(scarce.live, 1);
            allocator.release(allocator.context, text);
        } else {
            assert_int_equal(status, EXTVM_NO_MEMORY);
            assert_int_equal(error.status, EXTVM_NO_MEMORY);
        }
        assert_int_equal(scarce.live, 0);
    }
    free(code);
}

static void missing_arguments_are_refused(void **unused) {
    char *text;
    size_t size;
    (void)unused;
    assert_int_equal(extvm_iele_disassemble((extvm_bytes){NULL, 1}, NULL, &text, &size, NULL, NULL),
                     EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_iele_disassemble(HEX("00"), NULL, NULL, &size, NULL, NULL),
                     EXTVM_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_comes_back_as_it_was_written),
        cmocka_unit_test(what_no_text_assembles_to_has_a_note_that_says_so),
        cmocka_unit_test(the_smallest_contracts_are_exact),
        cmocka_unit_test(what_is_no_contract_is_refused),
        cmocka_unit_test(few_bytes_that_make_much_text_are_refused),
        cmocka_unit_test(thousands_of_contracts_within_each_other_are_disassembled),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(missing_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
