/* Running IELE test files as a node would run their transactions, and comparing what comes out.
 *
 * A test is one case. For each of its transactions the sender's nonce is counted up and the whole
 * gas paid, nothing of which ever comes back; the call runs with the gas that is left after the
 * intrinsic gas, and its changes are taken over. No fee, refund or reward is paid, and no empty
 * account removed. */
#include "ieletest_run.h"

#include <gmp.h>

#include <extvm/iele.h>

#include "ieletest_file.h"
#include "report.h"
#include "text.h"
#include "verdict.h"

/* A test under way. */
struct attempt {
    struct suite_job *job;
    struct iele_test test;
    struct verdict verdict;
    size_t at; /* the transaction that runs */
};

/* -- arithmetic; GMP has its own memory, and ends the program without -- */

enum sign { PLUS, MINUS };

/* a + b * c, or a - b * c: canonical, in `pool`. Errors: EXTVM_OUT_OF_RANGE (it is negative),
 * EXTVM_NO_MEMORY. */
static extvm_status add_product(struct pool *pool, extvm_bytes a, enum sign sign, extvm_bytes b,
                                extvm_bytes c, extvm_bytes *out) {
    const extvm_bytes from[] = {a, b, c};
    mpz_t numbers[3];
    for (size_t i = 0; i < 3; i++) {
        mpz_init(numbers[i]);
        mpz_import(numbers[i], from[i].size, 1, 1, 1, 0, from[i].data);
    }
    (sign == PLUS ? mpz_addmul : mpz_submul)(numbers[0], numbers[1], numbers[2]);
    size_t size = mpz_sizeinbase(numbers[0], 256);
    uint8_t *buffer = pool_take(pool, size + 1);
    extvm_status status = mpz_sgn(numbers[0]) < 0 ? EXTVM_OUT_OF_RANGE
                          : buffer == NULL        ? EXTVM_NO_MEMORY
                                                  : EXTVM_OK;
    if (status == EXTVM_OK) {
        mpz_export(buffer + 1, NULL, 1, 1, 1, 0, numbers[0]);
        *out = extvm_integer_normalise((extvm_bytes){buffer, size + 1});
    }
    for (size_t i = 0; i < 3; i++) {
        mpz_clear(numbers[i]);
    }
    return status;
}

static const uint8_t one_digit[] = {1};
static const extvm_bytes one = {one_digit, 1};

/* -- what the node does before the call -- */

/* Takes the price of all gas and counts the nonce up. */
static extvm_status checkpoint(struct attempt *attempt, const struct iele_transaction *transaction,
                               extvm_error *error) {
    struct pool *pool = attempt->verdict.pool;
    extvm_state *state = attempt->test.state;
    extvm_account sender = {.has_code = false};
    extvm_bytes nonce, balance;
    extvm_state_account(state, &transaction->sender, &sender);
    extvm_status status = add_product(pool, sender.nonce, PLUS, one, one, &nonce);
    if (status == EXTVM_OK) {
        status = add_product(pool, sender.balance, MINUS, transaction->gas_limit,
                             transaction->gas_price, &balance);
    }
    if (status == EXTVM_OK) {
        status = extvm_state_set_account(state, &transaction->sender, nonce, balance);
    }
    return status == EXTVM_OK ? EXTVM_OK
                              : complain(error, status, "the sender cannot pay for its gas");
}

static extvm_status make_input(const struct iele_transaction *transaction, uint8_t **data,
                               size_t *size, extvm_error *error) {
    const struct iele_numbers *arguments = &transaction->arguments;
    return transaction->creates ? extvm_iele_deploy(transaction->code, arguments->list,
                                                    arguments->count, NULL, data, size, error)
                                : extvm_iele_call(transaction->function, arguments->list,
                                                  arguments->count, NULL, data, size, error);
}

/* The gas limit less 21000, or 53000 of a create, and 4 for each byte of the input that is 0, 68
 * for each other. That is what Ethereum had in Byzantium. */
static extvm_status provide_gas(struct attempt *attempt, const struct iele_transaction *transaction,
                                extvm_call *call, extvm_error *error) {
    const extvm_transaction priced = {.recipient = call->recipient, .input = call->input};
    uint8_t buffer[EXTVM_U64_INTEGER_SIZE];
    uint64_t gas = extvm_intrinsic_gas(EXTVM_FORK_BYZANTIUM, &priced);
    extvm_status status =
        add_product(attempt->verdict.pool, transaction->gas_limit, MINUS,
                    extvm_integer_from_u64(gas, buffer), one, &call->gas_provided);
    return status == EXTVM_OK
               ? EXTVM_OK
               : complain(error, status, "the gas limit is below the intrinsic gas, %llu",
                          (unsigned long long)gas);
}

/* -- comparing -- */

static const char *numbers_text(struct verdict *verdict, const extvm_bytes *list, size_t count) {
    const char *text = "[";
    for (size_t i = 0; i < count; i++) {
        char *number = text_integer_hex(verdict->pool, list[i]);
        verdict->no_memory = verdict->no_memory || number == NULL;
        text =
            verdict_text(verdict, "%s%s%s", text, i > 0 ? ", " : "", number != NULL ? number : "");
    }
    return verdict_text(verdict, "%s]", text);
}

static void compare_output(struct attempt *attempt, const extvm_result *result,
                           const struct iele_numbers *expected) {
    struct verdict *verdict = &attempt->verdict;
    const char *what = verdict_text(verdict, "transaction %zu: out", attempt->at);
    const extvm_bytes data = extvm_result_return_data(result);
    size_t count = 0;
    bool is_list = data.size == 0 || extvm_iele_returns(data, NULL, 0, &count, NULL) == EXTVM_OK;
    extvm_bytes *got = pool_array(verdict->pool, count, sizeof *got);
    if (!is_list || got == NULL) {
        verdict_differs(verdict, what, text_hex(verdict->pool, data), "a list of integers");
        return;
    }
    bool equal = count == expected->count;
    if (data.size > 0) {
        (void)extvm_iele_returns(data, got, count, &count, NULL);
    }
    for (size_t i = 0; i < count && equal; i++) {
        equal = extvm_integer_compare(got[i], expected->list[i]) == 0;
    }
    if (!equal) {
        verdict_differs(verdict, what, numbers_text(verdict, got, count),
                        numbers_text(verdict, expected->list, expected->count));
    }
}

/* The gas in thousandths is known only of the VM in this library, without a wire between. */
static void compare_result(struct attempt *attempt, const extvm_result *result) {
    const struct iele_expected *expected = &attempt->test.results[attempt->at];
    const extvm_bytes milligas = extvm_result_milligas_remaining(result);
    const struct {
        const char *name;
        extvm_bytes got, expected;
        bool is_known;
    } numbers[] = {
        {"status", extvm_result_return_code(result), expected->status, true},
        {"gas", extvm_result_gas_remaining(result), expected->gas, true},
        {"refund", extvm_result_gas_refund(result), expected->refund, true},
        {"milligas", milligas, expected->milligas, expected->has_milligas && milligas.size > 0},
    };
    compare_output(attempt, result, &expected->out);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const char *what =
            verdict_text(&attempt->verdict, "transaction %zu: %s", attempt->at, numbers[i].name);
        if (numbers[i].is_known) {
            verdict_decimal(&attempt->verdict, what, numbers[i].got, numbers[i].expected);
        }
    }
    extvm_word logs = {{0}};
    attempt->verdict.no_memory =
        extvm_logs_hash(result, NULL, &logs) != EXTVM_OK || attempt->verdict.no_memory;
    verdict_bytes(&attempt->verdict,
                  verdict_text(&attempt->verdict, "transaction %zu: logs", attempt->at),
                  (extvm_bytes){logs.bytes, sizeof logs.bytes},
                  (extvm_bytes){expected->logs.bytes, sizeof expected->logs.bytes});
}

/* -- one transaction -- */

static extvm_status run_call(struct attempt *attempt, const extvm_call *call, extvm_error *error) {
    const extvm_world world = extvm_state_world(attempt->test.state);
    extvm_sink sink = extvm_state_sink(attempt->test.state);
    extvm_result *result = NULL;
    sink.remove_if_empty = NULL;
    extvm_status status = extvm_run(attempt->job->vm, call, &world, &result, error);
    if (status == EXTVM_OK) {
        compare_result(attempt, result);
        status = extvm_apply(result, &sink, error);
    }
    extvm_result_free(result);
    return status;
}

static extvm_status run_transaction(struct attempt *attempt,
                                    const struct iele_transaction *transaction,
                                    extvm_error *error) {
    uint8_t *data = NULL;
    extvm_call call = {.caller = transaction->sender,
                       .recipient = transaction->creates ? NULL : &transaction->recipient,
                       .value = transaction->value,
                       .gas_price = transaction->gas_price,
                       .block = attempt->test.block};
    extvm_status status = make_input(transaction, &data, &call.input.size, error);
    call.input.data = data;
    if (status == EXTVM_OK) {
        status = provide_gas(attempt, transaction, &call, error);
    }
    if (status == EXTVM_OK) {
        status = checkpoint(attempt, transaction, error);
    }
    if (status == EXTVM_OK) {
        status = run_call(attempt, &call, error);
    }
    const extvm_allocator *allocator = extvm_default_allocator();
    allocator->release(allocator->context, data);
    return status;
}

/* -- tests, files -- */

/* Without a VM the whole run ends; else the test does, and has failed. */
static extvm_status run_transactions(struct attempt *attempt) {
    for (attempt->at = 0; attempt->at < attempt->test.count; attempt->at++) {
        extvm_error error = {EXTVM_OK, ""};
        extvm_status status =
            run_transaction(attempt, &attempt->test.transactions[attempt->at], &error);
        if (suite_breaks_off(status)) {
            attempt->job->error = error;
            return status;
        }
        if (status != EXTVM_OK) {
            verdict_fail(&attempt->verdict,
                         verdict_text(&attempt->verdict, "transaction %zu", attempt->at), status,
                         &error);
            return EXTVM_OK;
        }
    }
    return ieletest_compare_states(&attempt->verdict, attempt->test.state, attempt->test.expected)
               ? EXTVM_OK
               : complain_no_memory(&attempt->job->error);
}

static extvm_status run_test(struct suite_job *job, const char *file,
                             const struct json_place *place, json_t *json) {
    struct pool pool = {NULL};
    const struct json_reader reader = {
        .file = place->reader->file, .pool = &pool, .error = &job->error};
    const struct json_place here = {&reader, place->outer, place->name, 0};
    struct attempt attempt = {.job = job, .verdict = {.pool = &pool}};
    extvm_status status = iele_test_read(&attempt.test, &here, json);
    if (status == EXTVM_OK) {
        status = run_transactions(&attempt);
    }
    if (status == EXTVM_OK) {
        status = verdict_report(&attempt.verdict, job, file, place->name);
    }
    iele_test_free(&attempt.test);
    pool_free(&pool);
    return status;
}

/* A list is one of instructions, an object has tests. */
static extvm_status run_document(const struct json_place *place, json_t *document, void *target) {
    struct suite_job *job = target;
    const struct iele_selection *selection = job->selection;
    char file[SUITE_NAME_SIZE];
    const char *name;
    json_t *json;
    if (json_is_array(document)) {
        return ieletest_run_instructions(place, document, job);
    }
    if (!json_is_object(document)) {
        return json_refuse(place, document, EXTVM_INVALID_ARGUMENT,
                           "an object of tests, or a list of instructions");
    }
    suite_file_name(place->reader->file, file);
    extvm_status status = EXTVM_OK;
    json_object_foreach(document, name, json) {
        const struct json_place here = {place->reader, place, name, 0};
        if (status == EXTVM_OK && suite_wants(selection->filter, file, name)) {
            status = run_test(job, file, &here, json);
        }
    }
    return status;
}

extvm_status ieletest_run_file(struct suite_job *job, const char *path) {
    const struct json_reader reader = {.file = path, .error = &job->error, .long_integers = true};
    extvm_status status = json_read_document(&reader, run_document, job);
    return extvm_status_classify(status) == EXTVM_CLASS_USAGE
               ? complain_about(&job->error, "no IELE test")
               : status;
}
