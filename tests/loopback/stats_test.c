/* The numbers that a node's operators watch: they count what happened, and Prometheus can read
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "support/caller.h"

/* Loads three values, asks for a balance, a code and a block's hash. */
#define QUERIES "60005460015460025473b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2316000404000"

static uint64_t in_buckets(const extvm_histogram *histogram) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < EXTVM_HISTOGRAM_BUCKETS; i++) {
        sum += histogram->buckets[i];
    }
    return sum;
}

static void what_calls_cost_is_counted(void **unused) {
    (void)unused;
    static const char *const addresses[] = {"internal", "test-mode"};
    for (unsigned i = 0; i < 2; i++) {
        extvm_vm *vm = NULL;
        extvm_vm_stats stats;
        extvm_run_stats all = {0};
        struct caller caller;
        assert_int_equal(extvm_open(addresses[i], NULL, &vm, NULL), EXTVM_OK);
        caller_init(&caller, vm, QUERIES, "100000");
        caller.delay = 1;
        for (unsigned call = 0; call < 3; call++) {
            assert_int_equal(caller_run(&caller), EXTVM_OK);
            extvm_run_stats one = extvm_result_stats(caller.result);
            all.storage_queries += one.storage_queries;
            all.account_queries += one.account_queries;
            all.code_queries += one.code_queries;
            all.bytes_sent += one.bytes_sent;
            all.bytes_received += one.bytes_received;
            all.world_time += one.world_time;
            assert_true(one.total_time >= one.world_time + one.vm_time + one.wire_time);
        }
        assert_int_equal(extvm_stats(vm, &stats, NULL), EXTVM_OK);
        assert_int_equal(stats.calls, 3);
        assert_int_equal(stats.failures[EXTVM_OK], 3);
        assert_int_equal(stats.storage_queries, 9);
        assert_int_equal(stats.storage_queries, all.storage_queries);
        assert_int_equal(stats.account_queries, all.account_queries);
        assert_int_equal(stats.code_queries, all.code_queries);
        assert_int_equal(stats.bytes_sent, all.bytes_sent);
        assert_int_equal(stats.bytes_received, all.bytes_received);
        assert_true((i == 0) == (stats.bytes_sent == 0));
        assert_int_equal(stats.connects, i);
        assert_int_equal(stats.world.sum, all.world_time);
        assert_true(stats.world.sum >= 15 * NANOSECONDS_IN_MILLISECOND);
        assert_int_equal(stats.total.count, 3);
        assert_int_equal(in_buckets(&stats.total), 3);
        assert_int_equal(in_buckets(&stats.wire), 3);
        caller_free(&caller);
        extvm_close(vm);
    }
}

static void failures_are_counted_by_their_status(void **unused) {
    (void)unused;
    extvm_testvm *server = NULL;
    extvm_vm *vm = NULL;
    extvm_vm_stats stats;
    struct caller caller;
    assert_int_equal(extvm_testvm_start("127.0.0.1:0", "close-after=2", NULL, &server, NULL),
                     EXTVM_OK);
    assert_int_equal(extvm_open(extvm_testvm_address(server), NULL, &vm, NULL), EXTVM_OK);
    caller_init(&caller, vm, QUERIES, "100000");
    assert_int_equal(caller_run(&caller), EXTVM_CALL_ENDS_VM);
    caller.one.call.value = (extvm_bytes){(const uint8_t *)"\xff", 1}; /* -1 */
    assert_int_equal(caller_run(&caller), EXTVM_OUT_OF_RANGE);
    assert_int_equal(extvm_stats(vm, &stats, NULL), EXTVM_OK);
    assert_int_equal(stats.calls, 2);
    assert_int_equal(stats.failures[EXTVM_CALL_ENDS_VM], 1);
    assert_int_equal(stats.failures[EXTVM_OUT_OF_RANGE], 1);
    assert_int_equal(stats.retries, 1);
    assert_int_equal(stats.connects, 2);
    assert_int_equal(stats.account_queries, 4);
    caller_free(&caller);
    extvm_close(vm);
    extvm_testvm_stop(server);
}

/* The number after `name` at the beginning of a line. */
static double value_of(const char *text, const char *name) {
    char wanted[128];
    snprintf(wanted, sizeof wanted, "\n%s ", name);
    const char *at = strstr(text, wanted);
    if (at == NULL) {
        fail_msg("no %s in %s", name, text);
    }
    return strtod(at + strlen(wanted), NULL);
}

static void prometheus_can_read_the_numbers(void **unused) {
    (void)unused;
    extvm_vm *vm = NULL;
    struct caller caller;
    assert_int_equal(extvm_open("kevm+unix:/no/such \"socket\\", NULL, &vm, NULL), EXTVM_OK);
    extvm_close(vm);
    assert_int_equal(extvm_open("test-mode", NULL, &vm, NULL), EXTVM_OK);
    caller_init(&caller, vm, QUERIES, "100000");
    assert_int_equal(caller_run(&caller), EXTVM_OK);
    assert_int_equal(caller_run(&caller), EXTVM_OK);
    size_t size = extvm_stats_prometheus(vm, NULL, 0);
    char *text = malloc(size + 1);
    assert_int_equal(extvm_stats_prometheus(vm, text, size + 1), size);
    assert_int_equal(strlen(text), size);
    assert_int_equal(text[size - 1], '\n');
    assert_true(value_of(text, "extvm_calls_total{status=\"ok\"}") == 2);
    assert_true(value_of(text, "extvm_queries_total{kind=\"storage\"}") == 6);
    assert_true(value_of(text, "extvm_connects_total") == 1);
    assert_true(value_of(text, "extvm_call_seconds_bucket{le=\"+Inf\"}") == 2);
    assert_true(value_of(text, "extvm_call_seconds_count") == 2);
    assert_true(value_of(text, "extvm_call_seconds_sum") > 0);
    assert_non_null(strstr(text, ",state=\"idle\"} 1\n"));
    /* Each line is a comment, or a name and a number; what is cut is cut cleanly. */
    for (char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        char *space = memchr(line, '\n', size) != NULL ? strchr(line, ' ') : NULL;
        assert_true(strncmp(line, "# HELP extvm_", 13) == 0 ||
                    strncmp(line, "# TYPE extvm_", 13) == 0 || strncmp(line, "extvm_", 6) == 0);
        assert_non_null(space);
    }
    char part[10];
    assert_int_equal(extvm_stats_prometheus(vm, part, sizeof part), size);
    assert_memory_equal(part, text, sizeof part - 1);
    assert_int_equal(part[sizeof part - 1], '\0');
    free(text);
    caller_free(&caller);
    extvm_close(vm);
}

struct seen {
    unsigned attempts, calls;
    char peer[64];
    extvm_status status;
};

static void note_event(void *context, const extvm_log_event *event) {
    struct seen *seen = context;
    if (strcmp(event->name, "attempt-failed") == 0) {
        assert_int_equal(event->attempt, ++seen->attempts);
        assert_non_null(strstr(event->line, event->peer));
        snprintf(seen->peer, sizeof seen->peer, "%s", event->peer);
        seen->status = event->status;
    }
    seen->calls += strcmp(event->name, "call") == 0;
}

static void each_attempt_is_logged_with_its_reason(void **unused) {
    (void)unused;
    extvm_testvm *server = NULL;
    extvm_vm *vm = NULL;
    struct caller caller;
    struct seen seen = {0};
    extvm_options *options = extvm_options_new(NULL);
    extvm_options_set_log(options, note_event, &seen, EXTVM_LOG_DEBUG);
    assert_int_equal(extvm_options_set(options, "call-retries", "3", NULL), EXTVM_OK);
    assert_int_equal(extvm_testvm_start("127.0.0.1:0", "close-after=2", NULL, &server, NULL),
                     EXTVM_OK);
    assert_int_equal(extvm_open(extvm_testvm_address(server), options, &vm, NULL), EXTVM_OK);
    caller_init(&caller, vm, QUERIES, "100000");
    assert_int_equal(caller_run(&caller), EXTVM_CALL_ENDS_VM);
    assert_int_equal(seen.attempts, 4);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.status, EXTVM_VM_CLOSED);
    assert_string_equal(seen.peer, extvm_testvm_address(server));
    caller_free(&caller);
    extvm_close(vm);
    extvm_testvm_stop(server);
    extvm_options_free(options);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_calls_cost_is_counted),
        cmocka_unit_test(failures_are_counted_by_their_status),
        cmocka_unit_test(prometheus_can_read_the_numbers),
        cmocka_unit_test(each_attempt_is_logged_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
