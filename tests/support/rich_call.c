/* For each protocol a call with every kind of query, and a result with every kind of change. */
#include "support/rich_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka.h"

#include "iele/iele.h"
#include "kevm/kevm.h"

static const char kevm_result[] =
    "define RESULT 000000c4 2ac101 0a04deadbeef 120101 1a030fadf8 220100 "
    "322d 0a14 CC 120101 1a0105 2207 0a0101 12020080 2206 0a0102 120100 "
    "4214 S 4a3b 0a14 CC 122000000000000000000000000000000000000000000000000000000000000000c8 "
    "1a0101 522c 0a14 S 0a14 CC\n";

/* Coverage of two contracts, not in order. */
static const char iele_result[] =
    "define RESULT "
    "000000d62ad3010a04c38200801201001a030fadf8220100322d0a14cccccccccccccccccccccccccccc "
    "cccccccccccc1201011a010522070a01011202008022060a01021201004a3b0a14cccccccccccccccccc "
    "cccccccccccccccccccccc12200000000000000000000000000000000000000000000000000000000000 "
    "0000c81a010152290a20bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb "
    "120260001a010152290a20aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
    "aa120260001a0101\n";

const struct dialect rich_kevm = {
    .protocol = &kevm_protocol,
    .definitions = "common",
    .result = kevm_result,
    .messages = {"AS", "ACC", "GETCODE", "0000001c 121a 0a14 CC 120200c8", "00000002 2200",
                 "RESULT"},
    .input = "",
    .returned = "deadbeef",
    .key = "200",
    .access_list_count = 2,
};

/* The key -128, as the VM writes it. */
const struct dialect rich_iele = {
    .protocol = &iele_protocol,
    .definitions = "iele-common",
    .result = iele_result,
    .messages = {"AS", "ACC", "GETCODE", "0000001c 121a 0a14 CC 1202ff80", "00000002 2200",
                 "RESULT"},
    .input = "c26fc0",
    .returned = "c3820080",
    .key = "-128",
    .coverage_count = 2,
};

void rich_init(struct rich *rich, const struct dialect *dialect) {
    extvm_word hash = {{1}};
    rich->dialect = dialect;
    rich->state = extvm_state_new(NULL);
    case_account(rich->state, RICH_CALLER, "4", "1000000", "");
    case_account(rich->state, RICH_CONTRACT, "1", "5", "600035805460005260206000a160206000f3");
    case_storage(rich->state, RICH_CONTRACT, dialect->key, "128");
    assert_int_equal(extvm_state_set_block_hash(rich->state, 0, &hash), EXTVM_OK);
    case_call_init(&rich->one, RICH_CONTRACT, dialect->input, "0", "0xfadf8");
    rich->world = extvm_state_world(rich->state);
}

void rich_free(struct rich *rich) {
    extvm_state_free(rich->state);
}

void rich_write_call(FILE *script, const struct dialect *dialect) {
    for (unsigned message = 0; message < RICH_MESSAGES; message++) {
        fprintf(script, "> any\n< %s\n", dialect->messages[message]);
    }
}

char *rich_sessions(const struct dialect *dialect, unsigned sessions, unsigned calls) {
    char *text;
    size_t size;
    FILE *script = open_memstream(&text, &size);
    fputs(dialect->result, script);
    for (unsigned i = 0; i < sessions; i++) {
        fputs("session\n> any\n", script);
        for (unsigned j = 0; j < calls; j++) {
            rich_write_call(script, dialect);
        }
    }
    fclose(script);
    char *whole = case_definitions_of(dialect->definitions, text);
    free(text);
    return whole;
}

char *rich_script(const struct dialect *dialect, unsigned calls) {
    return rich_sessions(dialect, 1, calls);
}

struct scripted_vm *rich_start(const struct dialect *dialect, unsigned calls) {
    char *script = rich_script(dialect, calls);
    struct scripted_vm *scripted = scripted_vm_start(dialect->protocol, script, NULL);
    free(script);
    assert_non_null(scripted);
    return scripted;
}

static bool is_number(extvm_bytes integer, const char *decimal) {
    char text[EXTVM_DECIMAL_SIZE(EXTVM_WORD_INTEGER_SIZE)];
    return integer.size <= EXTVM_WORD_INTEGER_SIZE &&
           strcmp(extvm_integer_to_decimal(integer, text), decimal) == 0;
}

static bool is_returned(const extvm_result *result, const char *hex) {
    extvm_bytes data = extvm_result_return_data(result);
    char text[EXTVM_HEX_SIZE(8)];
    return data.size <= 8 && strcmp(extvm_bytes_to_hex(data, text) + 2, hex) == 0;
}

static const char *changes_difference(const extvm_result *result) {
    size_t count;
    const extvm_modified_account *changed = extvm_result_modified(result, &count);
    if (count != 1 || changed->address.bytes[0] != 0xcc || !is_number(changed->nonce, "1") ||
        !is_number(changed->balance, "5")) {
        return "the changed account";
    }
    const extvm_storage_update *updates = changed->storage;
    if (changed->storage_count != 2 || !is_number(updates[0].key, "1") ||
        !is_number(updates[0].value, "128") || !is_number(updates[1].key, "2") ||
        !is_number(updates[1].value, "0")) {
        return "the changed storage";
    }
    const extvm_log_entry *logs = extvm_result_logs(result, &count);
    return count != 1 || logs->topic_count != 1 || logs->topics[0].bytes[31] != 0xc8 ||
                   logs->data.size != 1 || logs->data.data[0] != 1
               ? "the log"
               : NULL;
}

const char *rich_difference(const struct dialect *dialect, const extvm_result *result) {
    size_t count;
    const extvm_code_coverage *coverage = extvm_result_coverage(result, &count);
    if (extvm_result_outcome(result) != EXTVM_OUTCOME_SUCCESS) {
        return "the outcome";
    }
    if (!is_returned(result, dialect->returned)) {
        return "the return data";
    }
    if (!is_number(extvm_result_gas_remaining(result), "1027576") ||
        !is_number(extvm_result_gas_refund(result), "0")) {
        return "the gas";
    }
    if (extvm_result_access_list(result)->count != dialect->access_list_count) {
        return "the access list";
    }
    if (count != dialect->coverage_count ||
        (count > 0 && (coverage[0].code_hash.bytes[0] != 0xaa || coverage[0].code.size != 2 ||
                       coverage[0].coverage.size != 1))) {
        return "the coverage";
    }
    return changes_difference(result);
}
