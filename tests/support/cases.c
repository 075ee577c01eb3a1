/* Calls and worlds for tests. */
#include "support/cases.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/protocol.h"

extvm_address case_address(const char *hex) {
    extvm_address address;
    assert_int_equal(extvm_address_from_hex(hex, &address), EXTVM_OK);
    return address;
}

extvm_bytes case_number(struct case_call *one, const char *text) {
    extvm_bytes number;
    assert_true(one->number_count < sizeof one->numbers / sizeof one->numbers[0]);
    uint8_t *buffer = one->numbers[one->number_count++];
    assert_int_equal(extvm_integer_from_text(text, buffer, EXTVM_WORD_INTEGER_SIZE, &number),
                     EXTVM_OK);
    return number;
}

void case_call_init(struct case_call *one, const char *recipient, const char *input,
                    const char *value, const char *gas_provided) {
    memset(one, 0, sizeof *one);
    extvm_call *call = &one->call;
    call->caller = case_address("a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1");
    if (recipient != NULL) {
        one->recipient = case_address(recipient);
        call->recipient = &one->recipient;
    }
    size_t size;
    assert_int_equal(extvm_bytes_from_hex(input, one->input, sizeof one->input, &size), EXTVM_OK);
    call->input = (extvm_bytes){one->input, size};
    call->value = case_number(one, value);
    call->gas_price = case_number(one, "1");
    call->gas_provided = case_number(one, gas_provided);
    call->block.beneficiary = case_address("c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0");
    call->block.difficulty = case_number(one, "0x20000");
    call->block.number = case_number(one, "1");
    call->block.gas_limit = case_number(one, "0x174876e800");
    call->block.timestamp = 1000;
    call->chain.max_code_size = case_number(one, "24576");
    call->chain.chain_id = case_number(one, "137");
}

void case_account(extvm_state *state, const char *address, const char *nonce, const char *balance,
                  const char *code) {
    uint8_t numbers[2][EXTVM_WORD_INTEGER_SIZE], bytes[256];
    extvm_bytes values[2];
    size_t size;
    extvm_address at = case_address(address);
    assert_int_equal(extvm_integer_from_text(nonce, numbers[0], sizeof numbers[0], &values[0]),
                     EXTVM_OK);
    assert_int_equal(extvm_integer_from_text(balance, numbers[1], sizeof numbers[1], &values[1]),
                     EXTVM_OK);
    assert_int_equal(extvm_bytes_from_hex(code, bytes, sizeof bytes, &size), EXTVM_OK);
    assert_int_equal(extvm_state_set_account(state, &at, values[0], values[1]), EXTVM_OK);
    assert_int_equal(extvm_state_set_code(state, &at, (extvm_bytes){bytes, size}), EXTVM_OK);
}

void case_storage(extvm_state *state, const char *address, const char *key, const char *value) {
    uint8_t numbers[2][EXTVM_WORD_INTEGER_SIZE];
    extvm_bytes values[2];
    extvm_address at = case_address(address);
    assert_int_equal(extvm_integer_from_text(key, numbers[0], sizeof numbers[0], &values[0]),
                     EXTVM_OK);
    assert_int_equal(extvm_integer_from_text(value, numbers[1], sizeof numbers[1], &values[1]),
                     EXTVM_OK);
    assert_int_equal(extvm_state_set_storage(state, &at, values[0], values[1]), EXTVM_OK);
}

static char *read_script(const char *name) {
    char path[256], *text = NULL;
    size_t room = 0;
    snprintf(path, sizeof path, "tests/scripts/%s.script", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(getdelim(&text, &room, '\0', file) > 0);
    fclose(file);
    return text;
}

char *case_definitions(const char *script) {
    return case_definitions_of("common", script);
}

char *case_definitions_of(const char *common_name, const char *script) {
    char *common = read_script(common_name);
    char *whole = malloc(strlen(common) + strlen(script) + 1);
    strcpy(whole, common);
    strcat(whole, script);
    free(common);
    return whole;
}

char *case_script(const char *name) {
    char *own = read_script(name);
    bool is_iele = strncmp(name, "iele-", strlen("iele-")) == 0;
    char *whole = case_definitions_of(is_iele ? "iele-common" : "common", own);
    free(own);
    return whole;
}

extvm_options *case_options(const char *wait) {
    static const char *const settings[][2] = {{"connect-timeout", "2s"},
                                              {"connect-retries", "0"},
                                              {"retry-delay", "1ms"},
                                              {"call-retries", "0"},
                                              {"call-timeout", "15s"}};
    extvm_options *options = extvm_options_new(NULL);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        assert_int_equal(extvm_options_set(options, settings[i][0], settings[i][1], NULL),
                         EXTVM_OK);
    }
    assert_int_equal(extvm_options_set(options, "wait-timeout", wait, NULL), EXTVM_OK);
    return options;
}

char *case_vm_address(const struct scripted_vm *vm, char address[256]) {
    const char *where = scripted_vm_address(vm);
    snprintf(address, 256, "%s%s%s", scripted_vm_protocol(vm)->vm_name,
             where[0] == '/' ? "+unix:" : "://", where);
    for (char *letter = address; *letter != '+' && *letter != ':'; letter++) {
        *letter = (char)tolower((unsigned char)*letter);
    }
    return address;
}

extvm_vm *case_open(const struct scripted_vm *vm, const extvm_options *options) {
    char address[256];
    extvm_vm *opened = NULL;
    extvm_error error = {EXTVM_OK, ""};
    if (extvm_open(case_vm_address(vm, address), options, &opened, &error) != EXTVM_OK) {
        fail_msg("%s", error.text);
    }
    return opened;
}

void assert_integer(extvm_bytes integer, const char *text) {
    char decimal[EXTVM_DECIMAL_SIZE(64)];
    uint8_t buffer[64];
    extvm_bytes wanted;
    assert_int_equal(extvm_integer_from_text(text, buffer, sizeof buffer, &wanted), EXTVM_OK);
    assert_true(integer.size <= 64);
    if (!extvm_bytes_equal(integer, wanted)) {
        fail_msg("got %s, wanted %s", extvm_integer_to_decimal(integer, decimal), text);
    }
}

void assert_bytes(extvm_bytes bytes, const char *hex) {
    char *got = malloc(EXTVM_HEX_SIZE(bytes.size));
    extvm_bytes_to_hex(bytes, got);
    assert_string_equal(got + 2, hex);
    free(got);
}

void assert_address(const extvm_address *address, const char *hex) {
    assert_non_null(address);
    assert_bytes((extvm_bytes){address->bytes, EXTVM_ADDRESS_SIZE}, hex);
}

const char *shared_folder(void) {
    const char *folder = getenv("EXTVM_SHARED");
    struct stat found;
    folder = folder != NULL ? folder : "../shared";
    return stat(folder, &found) == 0 ? folder : NULL;
}
