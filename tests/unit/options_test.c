/* Options: defaults, units, limits, and error texts that say what is allowed. */
#include "support/cmocka.h"

#include <string.h>

#include "common/options.h"
#include "support/scarce_memory.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static const struct row {
    const char *name;
    size_t offset;
    uint64_t initial;
    const char *least, *below, *most, *above; /* NULL: nothing is below 0 */
    uint64_t least_value, most_value;
    const char *allowed;
} rows[] = {
#define ROW(field) offsetof(struct settings, field)
    {"connect-timeout", ROW(connect_timeout), 5 * SECOND, "1ms", "0.9ms", "1h", "1.001h", MS, HOUR,
     "1ms to 1h"},
    {"connect-retries", ROW(connect_retries), 8, "0", NULL, "1000", "1001", 0, 1000, "0 to 1000"},
    {"retry-delay", ROW(retry_delay), 1 * SECOND, "0s", NULL, "1h", "3601s", 0, HOUR, "0s to 1h"},
    {"wait-timeout", ROW(wait_timeout), 5 * MINUTE, "1ms", "0ms", "24h", "86400001ms", MS,
     24 * HOUR, "1ms to 24h"},
    {"call-timeout", ROW(call_timeout), 10 * MINUTE, "1ms", "0s", "24h", "1441m", MS, 24 * HOUR,
     "1ms to 24h"},
    {"call-retries", ROW(call_retries), 1, "0", NULL, "100", "101", 0, 100, "0 to 100"},
    {"drain-timeout", ROW(drain_timeout), 500 * MS, "0s", NULL, "1m", "61s", 0, MINUTE, "0s to 1m"},
    {"max-frame", ROW(max_frame), UINT64_C(64) << 20, "1KiB", "1023", "1GiB", "1073741825", 1024,
     UINT64_C(1) << 30, "1KiB to 1GiB"},
    {"tcp-keepalive", ROW(tcp_keepalive), 30 * SECOND, "1s", "999ms", "1h", "2h", SECOND, HOUR,
     "off, or 1s to 1h"},
    {"start-timeout", ROW(start_timeout), 30 * SECOND, "1ms", "0ms", "1h", "61m", MS, HOUR,
     "1ms to 1h"},
    {"stop-timeout", ROW(stop_timeout), 5 * SECOND, "0s", NULL, "1m", "61s", 0, MINUTE, "0s to 1m"},
    {"recycle-calls", ROW(recycle_calls), 0, "0", NULL, "1000000000", "1000000001", 0, 1000000000,
     "0 (never) to 1000000000"},
    {"recycle-memory", ROW(recycle_memory), 0, "1MiB", "1048575", "1048576GiB", "1048577GiB",
     UINT64_C(1) << 20, UINT64_C(1) << 50, "off, or 1MiB to 1048576GiB"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static int begin(void **context) {
    *context = extvm_options_new(NULL);
    return *context == NULL;
}

static int end(void **context) {
    extvm_options_free(*context);
    return 0;
}

static uint64_t value_of(const extvm_options *options, const struct row *row) {
    uint64_t value;
    memcpy(&value, (const char *)&options->settings + row->offset, sizeof value);
    return value;
}

static void every_option_has_the_documented_default(void **context) {
    for (size_t i = 0; i < ROWS; i++) {
        assert_int_equal(value_of(*context, &rows[i]), rows[i].initial);
    }
    assert_int_equal(((extvm_options *)*context)->settings.block_hash, BLOCK_HASH_OF_VM);
    assert_int_equal(((extvm_options *)*context)->settings.world_time, WORLD_TIME_APART);
    assert_int_equal(((extvm_options *)*context)->settings.leave, LEAVE_DRAIN);
}

static void check_refused(extvm_options *options, const struct row *row, const char *value,
                          extvm_status status) {
    extvm_error error;
    uint64_t before = value_of(options, row);
    assert_int_equal(extvm_options_set(options, row->name, value, &error), status);
    assert_int_equal(error.status, status);
    assert_non_null(strstr(error.text, row->name));
    assert_non_null(strstr(error.text, value));
    assert_non_null(strstr(error.text, row->allowed));
    assert_int_equal(value_of(options, row), before);
}

static void every_option_takes_its_limits_and_nothing_beyond(void **context) {
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        assert_int_equal(extvm_options_set(*context, row->name, row->least, NULL), EXTVM_OK);
        assert_int_equal(value_of(*context, row), row->least_value);
        assert_int_equal(extvm_options_set(*context, row->name, row->most, NULL), EXTVM_OK);
        assert_int_equal(value_of(*context, row), row->most_value);
        if (row->below != NULL) {
            check_refused(*context, row, row->below, EXTVM_OUT_OF_RANGE);
        }
        check_refused(*context, row, row->above, EXTVM_OUT_OF_RANGE);
    }
}

static void text_that_is_no_value_is_refused(void **context) {
    static const char *const bad[] = {"",     "x",     "-1",  "s",   "1 s", " 1s",
                                      "1sec", "1..5s", ".5s", "1.s", "0x10"};
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < sizeof bad / sizeof bad[0]; j++) {
            check_refused(*context, &rows[i], bad[j], EXTVM_INVALID_ARGUMENT);
        }
    }
    check_refused(*context, &rows[0], "5", EXTVM_INVALID_ARGUMENT);   /* a time needs a unit */
    check_refused(*context, &rows[1], "2s", EXTVM_INVALID_ARGUMENT);  /* a count has none */
    check_refused(*context, &rows[1], "1.5", EXTVM_INVALID_ARGUMENT); /* nor halves */
    check_refused(*context, &rows[7], "64MB", EXTVM_INVALID_ARGUMENT);
    check_refused(*context, &rows[0], "off", EXTVM_INVALID_ARGUMENT);
}

static void a_number_too_large_for_64_bits_does_not_wrap_around(void **context) {
    check_refused(*context, &rows[1], "18446744073709551617", EXTVM_OUT_OF_RANGE);
    check_refused(*context, &rows[0], "18446744073709552s", EXTVM_OUT_OF_RANGE);
    check_refused(*context, &rows[7], "17179869184GiB", EXTVM_OUT_OF_RANGE);
    check_refused(*context, &rows[1], "99999999999999999999999999999999999999", EXTVM_OUT_OF_RANGE);
}

static void units_and_fractions_mean_what_they_say(void **context) {
    static const struct {
        size_t row;
        const char *text;
        uint64_t value;
    } values[] = {
        {0, "250ms", 250 * MS},
        {0, "2.5s", 2500 * MS},
        {0, "0.25m", 15 * SECOND},
        {0, "0.5h", 30 * MINUTE},
        {0, "1.000001s", SECOND + 1000},
        {0, "0.1234567s", 123456000},
        {7, "2048", 2048},
        {7, "1.5KiB", 1536},
        {7, "16MiB", UINT64_C(16) << 20},
        {8, "off", 0},
        {1, "007", 7},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const struct row *row = &rows[values[i].row];
        assert_int_equal(extvm_options_set(*context, row->name, values[i].text, NULL), EXTVM_OK);
        assert_int_equal(value_of(*context, row), values[i].value);
    }
}

static void the_meaning_of_block_hash_numbers_is_chosen_by_word(void **context) {
    extvm_options *options = *context;
    extvm_error error;
    static const char *const words[] = {"vm", "absolute", "parent"};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(extvm_options_set(options, "block-hash", words[i], NULL), EXTVM_OK);
        assert_int_equal(options->settings.block_hash, i);
    }
    assert_int_equal(extvm_options_set(options, "block-hash", "1", &error), EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "vm, absolute or parent"));
}

static void an_unknown_option_is_answered_with_those_that_there_are(void **context) {
    extvm_error error;
    assert_int_equal(extvm_options_set(*context, "max-frames", "1", &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "max-frames"));
    for (size_t i = 0; i < ROWS; i++) {
        assert_non_null(strstr(error.text, rows[i].name));
    }
    assert_non_null(strstr(error.text, "block-hash"));
    assert_int_equal(extvm_options_set(*context, NULL, "1", &error), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_options_set(*context, "max-frame", NULL, &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_options_set(NULL, "max-frame", "1", &error), EXTVM_INVALID_ARGUMENT);
}

static void an_option_is_read_back_as_it_could_be_set(void **context) {
    static const char *const values[][3] = {
        {"call-timeout", "600s", "10m"},     {"call-timeout", "90s", "90s"},
        {"call-timeout", "24h", "24h"},      {"retry-delay", "0s", "0ms"},
        {"retry-delay", "1.5s", "1500ms"},   {"retry-delay", "0.1234567s", "123.456ms"},
        {"max-frame", "1024", "1KiB"},       {"max-frame", "1025", "1025"},
        {"max-frame", "1GiB", "1GiB"},       {"tcp-keepalive", "off", "off"},
        {"tcp-keepalive", "60s", "1m"},      {"connect-retries", "0", "0"},
        {"connect-retries", "1000", "1000"}, {"block-hash", "parent", "parent"},
        {"recycle-memory", "off", "off"},    {"recycle-memory", "1.5GiB", "1536MiB"},
    };
    char text[EXTVM_OPTION_TEXT_SIZE];
    extvm_error error;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(extvm_options_set(*context, values[i][0], values[i][1], NULL), EXTVM_OK);
        assert_int_equal(extvm_options_get(*context, values[i][0], text, &error), EXTVM_OK);
        assert_string_equal(text, values[i][2]);
    }
    assert_int_equal(extvm_options_get(*context, "max-frames", text, &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "did you mean max-frame?"));
    assert_int_equal(extvm_options_get(*context, NULL, text, NULL), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_options_get(NULL, "max-frame", text, NULL), EXTVM_INVALID_ARGUMENT);
}

static void options_without_memory_are_none(void **context) {
    (void)context;
    struct scarce_memory scarce = {.fail_at = 1};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    assert_null(extvm_options_new(&allocator));
    extvm_options *options = extvm_options_new(&allocator);
    assert_non_null(options);
    extvm_options_free(options);
    extvm_options_free(NULL);
    assert_int_equal(scarce.live, 0);
}

#define OPTION(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        OPTION(every_option_has_the_documented_default),
        OPTION(every_option_takes_its_limits_and_nothing_beyond),
        OPTION(text_that_is_no_value_is_refused),
        OPTION(a_number_too_large_for_64_bits_does_not_wrap_around),
        OPTION(units_and_fractions_mean_what_they_say),
        OPTION(the_meaning_of_block_hash_numbers_is_chosen_by_word),
        OPTION(an_unknown_option_is_answered_with_those_that_there_are),
        OPTION(an_option_is_read_back_as_it_could_be_set),
        cmocka_unit_test(options_without_memory_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
