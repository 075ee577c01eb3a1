/* For each protocol a call with every kind of query, and a result with every kind of change. */
#include "support/rich.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "iele/iele.h"
#include "kevm/kevm.h"

#define CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"

static const char rich_result[] =
    "define RESULT 000000c4 2ac101 0a04deadbeef 120101 1a030fadf8 220100 "
    "322d 0a14 CC 120101 1a0105 2207 0a0101 12020080 2206 0a0102 120100 "
    "4214 S 4a3b 0a14 CC 122000000000000000000000000000000000000000000000000000000000000000c8 "
    "1a0101 522c 0a14 S 0a14 CC\n";
static const char rich_call[] = "> any\n< AS\n> any\n< ACC\n> any\n< GETCODE\n> any\n"
                                "< 0000001c 121a0a14 CC 120200c8\n> any\n"
                                "< 00000002 2200\n> any\n< RESULT\n";

/* The key -128, as the VM writes it; coverage of two contracts, not in order. */
static const char iele_rich_result[] =
    "define RESULT "
    "000000d62ad3010a04c38200801201001a030fadf8220100322d0a14cccccccccccccccccccccccccccc "
    "cccccccccccc1201011a010522070a01011202008022060a01021201004a3b0a14cccccccccccccccccc "
    "cccccccccccccccccccccc12200000000000000000000000000000000000000000000000000000000000 "
    "0000c81a010152290a20bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb "
    "120260001a010152290a20aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
    "aa120260001a0101\n";
static const char iele_rich_call[] = "> any\n< AS\n> any\n< ACC\n> any\n< GETCODE\n> any\n"
                                     "< 0000001c 121a0a14 CC 1202ff80\n> any\n"
                                     "< 00000002 2200\n> any\n< RESULT\n";

const struct rich_dialect rich_kevm = {&kevm_protocol, "common", rich_result, rich_call, "",
                                       "deadbeef",     "200",    2,           0};
const struct rich_dialect rich_iele = {&iele_protocol,
                                       "iele-common",
                                       iele_rich_result,
                                       iele_rich_call,
                                       "c26fc0",
                                       "c3820080",
                                       "-128",
                                       0,
                                       2};

void rich_init(struct rich *rich, const struct rich_dialect *dialect) {
    extvm_word hash = {{1}};
    rich->dialect = dialect;
    rich->state = extvm_state_new(NULL);
    case_account(rich->state, CALLER, "4", "1000000", "");
    case_account(rich->state, CONTRACT, "1", "5", "600035805460005260206000a160206000f3");
    case_storage(rich->state, CONTRACT, dialect->key, "128");
    assert_int_equal(extvm_state_set_block_hash(rich->state, 0, &hash), EXTVM_OK);
    case_call_init(&rich->one, CONTRACT, dialect->input, "0", "0xfadf8");
    rich->world = extvm_state_world(rich->state);
}

char *rich_script(const struct rich_dialect *dialect, unsigned sessions, unsigned calls) {
    char *text;
    size_t size;
    FILE *script = open_memstream(&text, &size);
    fputs(dialect->result, script);
    for (unsigned i = 0; i < sessions; i++) {
        fputs("session\n> any\n", script);
        for (unsigned j = 0; j < calls; j++) {
            fputs(dialect->call, script);
        }
    }
    fclose(script);
    char *whole = case_definitions_of(dialect->definitions, text);
    free(text);
    return whole;
}

void rich_assert(const struct rich_dialect *dialect, const extvm_result *result) {
    size_t count;
    assert_bytes(extvm_result_return_data(result), dialect->returned);
    const extvm_modified_account *modified = extvm_result_modified(result, &count);
    assert_int_equal(count, 1);
    assert_int_equal(modified[0].storage_count, 2);
    assert_integer(modified[0].storage[0].value, "128");
    extvm_result_logs(result, &count);
    assert_int_equal(count, 1);
    assert_int_equal(extvm_result_access_list(result)->count, dialect->access_list_count);
    const extvm_code_coverage *coverage = extvm_result_coverage(result, &count);
    assert_int_equal(count, dialect->coverage_count);
    assert_true(count == 0 || (coverage[0].code_hash.bytes[0] == 0xaa &&
                               coverage[0].code.size == 2 && coverage[0].coverage.size == 1));
}
