/* Running the cases of GeneralStateTests and saying what differs. A test's state is made once; each
 * case starts from it and is taken back. */
#include "statetest_run.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include <extvm/integer.h>

#include "statetest_divergence.h"

enum { NAME_SIZE = 1024 };

/* A case under way. */
struct attempt {
    struct case_runner *runner;
    const struct state_test *test;
    const char *file; /* FOLDER/FILE */
    const char *fork_name;
    extvm_fork fork;
    struct state_case expected;
    bool too_wide;
    extvm_receipt receipt;
    extvm_status status; /* of the execution; anything but EXTVM_OK fails the case */
    extvm_error error;
    extvm_word root, logs; /* as they came out */
};

/* -- executing -- */

/* Every case ends with a block reward of 0 for the coinbase: an account that was not there is made
 * by it, but an empty one does not outlive it from EIP-161 on. */
static extvm_status reward_coinbase(const struct attempt *attempt) {
    extvm_state *state = attempt->test->state;
    const extvm_address *coinbase = &attempt->test->coinbase;
    extvm_sink sink = extvm_state_sink(state);
    extvm_status status = EXTVM_OK;
    if (attempt->fork >= EXTVM_FORK_EIP161) {
        sink.remove_if_empty(sink.context, coinbase);
    } else if (!extvm_state_account(state, coinbase, NULL)) {
        status = extvm_state_set_account(state, coinbase, (extvm_bytes){NULL, 0},
                                         (extvm_bytes){NULL, 0});
    }
    return status;
}

static extvm_status execute(struct attempt *attempt, const extvm_transaction *transaction) {
    static const uint8_t mainnet_id = 1;
    extvm_execution execution = {.vm = attempt->runner->vm,
                                 .state = attempt->test->state,
                                 .block = state_test_block(attempt->test),
                                 .chain = {.chain_id = {&mainnet_id, 1}},
                                 /* the suite is older than EIP-3607 */
                                 .senders_may_have_code = true,
                                 .hides_leftover_storage = attempt->test->predates_eip7610};
    extvm_chain_set_fork(&execution.chain, attempt->fork);
    extvm_status status = EXTVM_OK;
    if (!attempt->too_wide) {
        status = extvm_execute(&execution, transaction, &attempt->receipt, &attempt->error);
    }
    if (status == EXTVM_OK) {
        status = reward_coinbase(attempt);
    }
    if (status == EXTVM_OK) {
        status = extvm_state_root(attempt->test->state, &attempt->root);
    }
    if (status == EXTVM_OK) {
        status = extvm_logs_hash(attempt->receipt.result, NULL, &attempt->logs);
    }
    return status;
}

static bool has_passed(const struct attempt *attempt) {
    return attempt->status == EXTVM_OK &&
           memcmp(&attempt->root, &attempt->expected.root, sizeof attempt->root) == 0 &&
           memcmp(&attempt->logs, &attempt->expected.logs, sizeof attempt->logs) == 0;
}

/* -- reporting -- */

static const char *status_text(const struct attempt *attempt) {
    bool said = attempt->error.status == attempt->status;
    return said ? attempt->error.text : extvm_status_name(attempt->status);
}

static char *word_to_hex(const extvm_word *word, char out[EXTVM_HEX_SIZE(EXTVM_WORD_SIZE)]) {
    return extvm_bytes_to_hex((extvm_bytes){word->bytes, EXTVM_WORD_SIZE}, out);
}

static void print_difference(FILE *out, const char *what, const extvm_word *got,
                             const extvm_word *expected) {
    char got_hex[EXTVM_HEX_SIZE(EXTVM_WORD_SIZE)], expected_hex[EXTVM_HEX_SIZE(EXTVM_WORD_SIZE)];
    if (memcmp(got, expected, sizeof *got) != 0) {
        fprintf(out, "; %s is %s, expected %s", what, word_to_hex(got, got_hex),
                word_to_hex(expected, expected_hex));
    }
}

/* What became of the transaction, for whoever looks for the reason. */
static void print_execution(FILE *out, const struct attempt *attempt) {
    const extvm_receipt *receipt = &attempt->receipt;
    if (attempt->too_wide || receipt->result == NULL) {
        fprintf(out, "; not executed: %s",
                attempt->too_wide ? "gas limit or value is 2^256 or more"
                                  : extvm_validity_text(receipt->validity));
        return;
    }
    fprintf(out, "; executed: %s, gas used %llu",
            extvm_outcome_name(extvm_result_outcome(receipt->result)),
            (unsigned long long)receipt->gas_used);
    size_t count;
    const char *const *quirks = extvm_result_quirks(receipt->result, &count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s%s", i == 0 ? ", quirks " : " ", quirks[i]);
    }
}

/* Nothing is hidden: a case that fails for a known reason fails, and says so. */
static void print_divergences(FILE *out, const struct attempt *attempt) {
    const struct failed_case failed = {attempt->runner->vm_address, attempt->test, attempt->fork,
                                       attempt->status};
    size_t position = 0;
    for (const char *text; (text = divergence_next(&failed, &position)) != NULL;) {
        fprintf(out, "; may be KEVM's known divergence %s", text);
    }
}

static void print_failure(const struct attempt *attempt) {
    FILE *out = attempt->runner->out;
    const struct state_case *expected = &attempt->expected;
    fprintf(out, "failed: %s:%s %s data %zu gas %zu value %zu", attempt->file, attempt->test->name,
            attempt->fork_name, expected->data, expected->gas, expected->value);
    if (attempt->status != EXTVM_OK) {
        fprintf(out, "; %s: %s", extvm_status_name(attempt->status), status_text(attempt));
    } else {
        print_difference(out, "state root", &attempt->root, &expected->root);
        print_difference(out, "logs hash", &attempt->logs, &expected->logs);
        print_execution(out, attempt);
    }
    print_divergences(out, attempt);
    fputc('\n', out);
}

static json_t *describe_hash(const extvm_word *got, const extvm_word *expected) {
    char got_hex[EXTVM_HEX_SIZE(EXTVM_WORD_SIZE)], expected_hex[EXTVM_HEX_SIZE(EXTVM_WORD_SIZE)];
    return json_pack("{s:s, s:s}", "got", word_to_hex(got, got_hex), "expected",
                     word_to_hex(expected, expected_hex));
}

static json_t *describe_divergences(const struct attempt *attempt) {
    const struct failed_case failed = {attempt->runner->vm_address, attempt->test, attempt->fork,
                                       attempt->status};
    json_t *list = json_array();
    size_t position = 0;
    for (const char *text; (text = divergence_next(&failed, &position)) != NULL;) {
        json_array_append_new(list, json_string(text));
    }
    return list;
}

static void describe_execution(json_t *object, const struct attempt *attempt) {
    const extvm_receipt *receipt = &attempt->receipt;
    if (attempt->status != EXTVM_OK) {
        json_object_set_new(object, "status", json_string(extvm_status_name(attempt->status)));
        json_object_set_new(object, "message", json_string(status_text(attempt)));
        return;
    }
    json_object_set_new(object, "stateRoot",
                        describe_hash(&attempt->root, &attempt->expected.root));
    json_object_set_new(object, "logsHash", describe_hash(&attempt->logs, &attempt->expected.logs));
    json_object_set_new(object, "executed", json_boolean(receipt->result != NULL));
    if (receipt->result != NULL) {
        extvm_outcome outcome = extvm_result_outcome(receipt->result);
        json_object_set_new(object, "outcome", json_string(extvm_outcome_name(outcome)));
        json_object_set_new(object, "gasUsed",
                            json_sprintf("%llu", (unsigned long long)receipt->gas_used));
    }
}

/* One JSON object on a line of its own. */
static void print_json(const struct attempt *attempt, bool passed) {
    const struct state_case *expected = &attempt->expected;
    json_t *object = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:b}", "file", attempt->file, "test",
                               attempt->test->name, "fork", attempt->fork_name, "data",
                               (json_int_t)expected->data, "gas", (json_int_t)expected->gas,
                               "value", (json_int_t)expected->value, "passed", (int)passed);
    describe_execution(object, attempt);
    if (!passed) {
        json_object_set_new(object, "possibleDivergences", describe_divergences(attempt));
    }
    json_dumpf(object, attempt->runner->out, JSON_COMPACT);
    fputc('\n', attempt->runner->out);
    json_decref(object);
}

static void report(const struct attempt *attempt) {
    bool passed = has_passed(attempt);
    struct case_counts *counts = &attempt->runner->counts;
    *(passed ? &counts->passed : &counts->failed) += 1;
    if (attempt->runner->selection->json) {
        print_json(attempt, passed);
    } else if (!passed) {
        print_failure(attempt);
    }
}

/* -- cases, tests, files -- */

/* Without a VM, or without memory, no other case would come to anything either. */
static bool breaks_off(extvm_status status) {
    extvm_status_class status_class = extvm_status_classify(status);
    return status_class == EXTVM_CLASS_UNREACHABLE || status_class == EXTVM_CLASS_REJECTED ||
           status == EXTVM_NO_MEMORY;
}

static enum file_outcome no_state_test(struct attempt *attempt, const char *why) {
    extvm_error *error = &attempt->runner->error;
    error->status = EXTVM_INVALID_ARGUMENT;
    snprintf(error->text, sizeof error->text, "test \"%.100s\": %s", attempt->test->name, why);
    return FILE_NO_STATE_TEST;
}

static enum file_outcome run_case(struct attempt *attempt, json_t *json) {
    char why[WHY_SIZE];
    struct case_transaction transaction;
    if (!state_case_read(&attempt->expected, attempt->test, json, why)) {
        return no_state_test(attempt, why);
    }
    if (!case_transaction_read(&transaction, attempt->test, &attempt->expected, why)) {
        case_transaction_free(&transaction);
        return no_state_test(attempt, why);
    }
    size_t checkpoint = extvm_state_checkpoint(attempt->test->state);
    attempt->too_wide = transaction.too_wide;
    attempt->receipt = (extvm_receipt){0};
    attempt->error.status = EXTVM_OK;
    attempt->status = execute(attempt, &transaction.transaction);
    extvm_state_rollback(attempt->test->state, checkpoint);
    bool goes_on = !breaks_off(attempt->status);
    if (goes_on) {
        report(attempt);
    } else {
        attempt->runner->error.status = attempt->status;
        snprintf(attempt->runner->error.text, sizeof attempt->runner->error.text, "%s",
                 status_text(attempt));
    }
    extvm_receipt_clear(&attempt->receipt);
    case_transaction_free(&transaction);
    return goes_on ? FILE_DONE : FILE_BREAKS_OFF;
}

static enum file_outcome run_fork(struct attempt *attempt, const char *name, json_t *cases) {
    const extvm_fork *wanted = attempt->runner->selection->fork;
    if (!json_is_array(cases)) {
        return no_state_test(attempt, "\"post\" has a member that is no list of cases");
    }
    attempt->fork_name = name;
    if (extvm_fork_from_name(name, &attempt->fork) != EXTVM_OK) {
        attempt->runner->counts.skipped += wanted == NULL ? json_array_size(cases) : 0;
        return FILE_DONE;
    }
    size_t i;
    json_t *json;
    enum file_outcome outcome = FILE_DONE;
    if (wanted == NULL || *wanted == attempt->fork) {
        json_array_foreach(cases, i, json) {
            outcome = run_case(attempt, json);
            if (outcome != FILE_DONE) {
                break;
            }
        }
    }
    return outcome;
}

static bool is_wanted(const struct case_selection *selection, const char *file, const char *name) {
    char whole[2 * NAME_SIZE];
    snprintf(whole, sizeof whole, "%s:%s", file, name);
    return selection->filter == NULL || fnmatch(selection->filter, name, 0) == 0 ||
           fnmatch(selection->filter, whole, 0) == 0;
}

static enum file_outcome run_test(struct case_runner *runner, const char *file, const char *name,
                                  json_t *json) {
    char why[WHY_SIZE];
    struct state_test test = {.name = name};
    struct attempt attempt = {.runner = runner, .test = &test, .file = file};
    if (!state_test_read(&test, name, json, runner->curve, why)) {
        return no_state_test(&attempt, why);
    }
    const char *fork;
    json_t *cases;
    enum file_outcome outcome = FILE_DONE;
    json_object_foreach(test.post, fork, cases) {
        outcome = run_fork(&attempt, fork, cases);
        if (outcome != FILE_DONE) {
            break;
        }
    }
    state_test_free(&test);
    return outcome;
}

/* The part of a path that names a file within the suite: FOLDER/FILE, without ".json". */
static void short_name(const char *path, char out[NAME_SIZE]) {
    static const char ending[] = ".json";
    const char *start = strrchr(path, '/');
    while (start != NULL && start > path && start[-1] != '/') {
        start--;
    }
    snprintf(out, NAME_SIZE, "%s", start != NULL ? start : path);
    size_t length = strlen(out);
    if (length > sizeof ending - 1 && strcmp(out + length - (sizeof ending - 1), ending) == 0) {
        out[length - (sizeof ending - 1)] = '\0';
    }
}

enum file_outcome case_runner_run(struct case_runner *runner, const char *path) {
    json_error_t problem;
    json_t *root = json_load_file(path, 0, &problem), *json;
    const char *name;
    char file[NAME_SIZE];
    enum file_outcome outcome = FILE_DONE;
    if (!json_is_object(root)) {
        runner->error.status = EXTVM_INVALID_ARGUMENT;
        snprintf(runner->error.text, sizeof runner->error.text, "%s",
                 root != NULL ? "it holds no JSON object" : problem.text);
        json_decref(root);
        return FILE_NO_STATE_TEST;
    }
    short_name(path, file);
    json_object_foreach(root, name, json) {
        if (is_wanted(runner->selection, file, name)) {
            outcome = run_test(runner, file, name, json);
        }
        if (outcome != FILE_DONE) {
            break;
        }
    }
    json_decref(root);
    return outcome;
}
