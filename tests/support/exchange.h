/* One worked exchange of the protocol notes: a call over a real socket with a VM that plays a
 * script and checks each byte that it receives. */
#ifndef EXTVM_TESTS_EXCHANGE_H
#define EXTVM_TESTS_EXCHANGE_H

#include <stdlib.h>
#include <string.h>

#include "support/cmocka.h"

#include "common/protocol.h"
#include "support/cases.h"

struct exchange {
    struct scripted_vm *scripted;
    extvm_state *state;
    struct case_call one;
    extvm_result *result;
    const char *unix_path;
    extvm_error error;
    struct scripted_vm_report report;
};

static inline void exchange_begin(struct exchange *exchange) {
    memset(exchange, 0, sizeof *exchange);
    exchange->state = extvm_state_new(NULL);
    assert_non_null(exchange->state);
}

/* Plays the script's text and runs the call, with `option` (or NULL) set to `setting`. What came of
 * it is for the test to look at. */
static inline extvm_status exchange_run(struct exchange *exchange, const struct protocol *protocol,
                                        const char *script, const char *option,
                                        const char *setting) {
    exchange->scripted = scripted_vm_start(protocol, script, exchange->unix_path);
    assert_non_null(exchange->scripted);
    extvm_options *options = case_options("5s");
    /* A VM that stands still for a while is not cut off: how it was left is asserted. */
    assert_int_equal(extvm_options_set(options, "drain-timeout", "10s", NULL), EXTVM_OK);
    if (option != NULL) {
        assert_int_equal(extvm_options_set(options, option, setting, NULL), EXTVM_OK);
    }
    extvm_vm *vm = case_open(exchange->scripted, options);
    extvm_world world = extvm_state_world(exchange->state);
    exchange->error = (extvm_error){EXTVM_OK, ""};
    extvm_status status =
        extvm_run(vm, &exchange->one.call, &world, &exchange->result, &exchange->error);
    extvm_close(vm);
    extvm_options_free(options);
    exchange->report = scripted_vm_stop(exchange->scripted);
    assert_int_equal(status, exchange->error.status);
    assert_true((status == EXTVM_OK) == (exchange->result != NULL));
    return status;
}

/* The same for an exchange that goes well. */
static inline void exchange_play_text(struct exchange *exchange, const struct protocol *protocol,
                                      const char *script, const char *option, const char *setting) {
    extvm_status status = exchange_run(exchange, protocol, script, option, setting);
    assert_string_equal(exchange->report.failure, "");
    assert_string_equal(exchange->error.text, "");
    assert_int_equal(status, EXTVM_OK);
    assert_int_equal(exchange->report.polite_ends, 1);
    assert_int_equal(exchange->report.resets, 0);
}

/* The same with a script's file. */
static inline void exchange_play(struct exchange *exchange, const struct protocol *protocol,
                                 const char *script_name) {
    char *script = case_script(script_name);
    exchange_play_text(exchange, protocol, script, NULL, NULL);
    free(script);
}

static inline void exchange_end(struct exchange *exchange) {
    extvm_result_free(exchange->result);
    extvm_state_free(exchange->state);
}

/* Applies the result to the state; everything that follows sees the node's own state. */
static inline void exchange_apply(struct exchange *exchange) {
    extvm_sink sink = extvm_state_sink(exchange->state);
    assert_int_equal(extvm_apply(exchange->result, &sink, NULL), EXTVM_OK);
}

static inline void assert_account(struct exchange *exchange, const char *address, const char *nonce,
                                  const char *balance) {
    extvm_account account;
    extvm_address at = case_address(address);
    assert_true(extvm_state_account(exchange->state, &at, &account));
    assert_integer(account.nonce, nonce);
    assert_integer(account.balance, balance);
}

static inline bool has_quirk(const extvm_result *result, const char *name) {
    size_t count;
    const char *const *quirks = extvm_result_quirks(result, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(quirks[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static inline void assert_nothing_changes(const extvm_result *result) {
    size_t count;
    extvm_result_modified(result, &count);
    assert_int_equal(count, 0);
    extvm_result_deleted(result, &count);
    assert_int_equal(count, 0);
    extvm_result_touched(result, &count);
    assert_int_equal(count, 0);
    extvm_result_logs(result, &count);
    assert_int_equal(count, 0);
    assert_integer(extvm_result_gas_refund(result), "0");
    assert_null(extvm_result_created_address(result));
}

#endif
