/* Running the cases of GeneralStateTests and saying what differs. A test's state is made once; each
 * case starts from it and is taken back.
 *
 * Files are read, and with --json lines made, while the session with a VM behind a socket is idle
 * but open. Should there be no memory for JSON then, the process ends (json_memory.h), and with it
 * the session: with a FIN, which a VM that is idle survives. That is accepted: a session for each
 * file would cost a connect and its farewell for each of thousands. */
#include "statetest_run.h"

#include <inttypes.h>
#include <string.h>

#include "json_write.h"
#include "report.h"
#include "statetest_divergence.h"

/* A case under way. */
struct attempt {
    struct suite_job *job;
    const struct state_test *test;
    const char *test_name;
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
    const extvm_address *coinbase = &attempt->test->block.beneficiary;
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
    extvm_execution execution = {.vm = attempt->job->vm,
                                 .state = attempt->test->state,
                                 .block = attempt->test->block,
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
    const struct failed_case failed = {attempt->job->vm_address, attempt->test, attempt->fork,
                                       attempt->status};
    size_t position = 0;
    for (const char *text; (text = divergence_next(&failed, &position)) != NULL;) {
        fprintf(out, "; may be KEVM's known divergence %s", text);
    }
}

static void print_failure(const struct attempt *attempt) {
    FILE *out = attempt->job->out;
    const struct state_case *expected = &attempt->expected;
    fprintf(out, "failed: %s:%s %s data %" PRIu64 " gas %" PRIu64 " value %" PRIu64, attempt->file,
            attempt->test_name, attempt->fork_name, expected->data, expected->gas, expected->value);
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

static json_t *json_from_word(const extvm_word *word) {
    return json_from_bytes((extvm_bytes){word->bytes, EXTVM_WORD_SIZE});
}

static json_t *describe_hash(const extvm_word *got, const extvm_word *expected) {
    return json_pack("{s:o, s:o}", "got", json_from_word(got), "expected",
                     json_from_word(expected));
}

static json_t *describe_divergences(const struct attempt *attempt) {
    const struct failed_case failed = {attempt->job->vm_address, attempt->test, attempt->fork,
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
                               attempt->test_name, "fork", attempt->fork_name, "data",
                               (json_int_t)expected->data, "gas", (json_int_t)expected->gas,
                               "value", (json_int_t)expected->value, "passed", (int)passed);
    describe_execution(object, attempt);
    if (!passed) {
        json_object_set_new(object, "possibleDivergences", describe_divergences(attempt));
    }
    json_dumpf(object, attempt->job->out, JSON_COMPACT);
    fputc('\n', attempt->job->out);
    json_decref(object);
}

static void report(const struct attempt *attempt) {
    bool passed = has_passed(attempt);
    suite_count(attempt->job, passed);
    if (attempt->job->json) {
        print_json(attempt, passed);
    } else if (!passed) {
        print_failure(attempt);
    }
}

/* -- cases, tests, files -- */

static extvm_status run_transaction(struct attempt *attempt,
                                    const struct case_transaction *transaction) {
    extvm_state *state = attempt->test->state;
    size_t checkpoint = extvm_state_checkpoint(state);
    attempt->too_wide = transaction->too_wide;
    attempt->receipt = (extvm_receipt){0};
    attempt->error.status = EXTVM_OK;
    attempt->status = execute(attempt, &transaction->transaction);
    extvm_state_rollback(state, checkpoint);
    bool goes_on = !suite_breaks_off(attempt->status);
    if (goes_on) {
        report(attempt);
    }
    extvm_receipt_clear(&attempt->receipt);
    return goes_on ? EXTVM_OK
                   : complain(&attempt->job->error, attempt->status, "%s", status_text(attempt));
}

static extvm_status run_case(struct attempt *attempt, const struct json_place *place,
                             json_t *json) {
    struct case_transaction transaction = {.too_wide = false};
    extvm_status status = state_case_read(&attempt->expected, place, json);
    if (status == EXTVM_OK) {
        status = case_transaction_read(&transaction, attempt->test, &attempt->expected);
    }
    if (status == EXTVM_OK) {
        status = run_transaction(attempt, &transaction);
    }
    case_transaction_free(&transaction);
    return status;
}

static extvm_status run_fork(struct attempt *attempt, const struct json_place *place,
                             json_t *cases) {
    const struct case_selection *selection = attempt->job->selection;
    const extvm_fork *wanted = selection->fork;
    if (!json_is_array(cases)) {
        return json_refuse(place, cases, EXTVM_INVALID_ARGUMENT, "a list of cases");
    }
    attempt->fork_name = place->name;
    if (extvm_fork_from_name(place->name, &attempt->fork) != EXTVM_OK) {
        attempt->job->counts.skipped += wanted == NULL ? json_array_size(cases) : 0;
        return EXTVM_OK;
    }
    if (wanted != NULL && *wanted != attempt->fork) {
        return EXTVM_OK;
    }
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < json_array_size(cases) && status == EXTVM_OK; i++) {
        const struct json_place here = {place->reader, place, NULL, i};
        status = run_case(attempt, &here, json_array_get(cases, i));
    }
    return status;
}

static extvm_status run_forks(struct attempt *attempt, const struct json_place *test_place) {
    const struct json_place place = {test_place->reader, test_place, "post", 0};
    const char *name;
    json_t *cases;
    json_object_foreach(attempt->test->post, name, cases) {
        const struct json_place here = {place.reader, &place, name, 0};
        extvm_status status = run_fork(attempt, &here, cases);
        if (status != EXTVM_OK) {
            return status;
        }
    }
    return EXTVM_OK;
}

static extvm_status run_test(struct suite_job *job, const char *file,
                             const struct json_place *place, json_t *json) {
    const struct case_selection *selection = job->selection;
    struct state_test test;
    struct attempt attempt = {.job = job, .test = &test, .test_name = place->name, .file = file};
    extvm_status status = state_test_read(&test, place, json, selection->curve);
    if (status == EXTVM_OK) {
        status = run_forks(&attempt, place);
    }
    state_test_free(&test);
    return status;
}

static extvm_status run_tests(const struct json_place *place, json_t *tests, void *target) {
    struct suite_job *job = target;
    const struct case_selection *selection = job->selection;
    char file[SUITE_NAME_SIZE];
    const char *name;
    json_t *json;
    if (!json_is_object(tests)) {
        return json_refuse(place, tests, EXTVM_INVALID_ARGUMENT, "an object of state tests");
    }
    suite_file_name(place->reader->file, file);
    json_object_foreach(tests, name, json) {
        const struct json_place here = {place->reader, place, name, 0};
        extvm_status status = EXTVM_OK;
        if (suite_wants(selection->filter, file, name)) {
            status = run_test(job, file, &here, json);
        }
        if (status != EXTVM_OK) {
            return status;
        }
    }
    return EXTVM_OK;
}

extvm_status statetest_run_file(struct suite_job *job, const char *path) {
    const struct json_reader reader = {.file = path, .pool = NULL, .error = &job->error};
    extvm_status status = json_read_document(&reader, run_tests, job);
    return extvm_status_classify(status) == EXTVM_CLASS_USAGE
               ? complain_about(&job->error, "no state test")
               : status;
}
