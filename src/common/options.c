/* Options by name: one table that says for each what it is, its default and its limits. */
#include "options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <extvm/config.h>

#include "clock.h"
#include "error.h"
#include "memory.h"

struct unit {
    const char *name;
    uint64_t scale;
};

#define HOUR (UINT64_C(3600) * NANOSECONDS_IN_SECOND)

static const struct unit time_units[] = {{"ms", NANOSECONDS_IN_MILLISECOND},
                                         {"s", NANOSECONDS_IN_SECOND},
                                         {"m", 60 * NANOSECONDS_IN_SECOND},
                                         {"h", HOUR},
                                         {NULL, 0}};
static const struct unit short_time_units[] = {
    {"us", NANOSECONDS_IN_MICROSECOND}, {"ms", NANOSECONDS_IN_MILLISECOND}, {NULL, 0}};
static const struct unit size_units[] = {{"", 1},
                                         {"KiB", UINT64_C(1) << 10},
                                         {"MiB", UINT64_C(1) << 20},
                                         {"GiB", UINT64_C(1) << 30},
                                         {NULL, 0}};
static const struct unit count_units[] = {{"", 1}, {NULL, 0}};
static const struct unit no_units[] = {{NULL, 0}};

/* Words that stand for a value. */
static const struct unit no_words[] = {{NULL, 0}};
static const struct unit off_words[] = {{"off", 0}, {NULL, 0}};
static const struct unit block_hash_words[] = {{"vm", BLOCK_HASH_OF_VM},
                                               {"absolute", BLOCK_HASH_CHOSEN_ABSOLUTE},
                                               {"parent", BLOCK_HASH_CHOSEN_PARENT},
                                               {NULL, 0}};
static const struct unit world_time_words[] = {
    {"apart", WORLD_TIME_APART}, {"counted", WORLD_TIME_COUNTED}, {NULL, 0}};
static const struct unit leave_words[] = {
    {"drain", LEAVE_DRAIN}, {"answer", LEAVE_ANSWER}, {NULL, 0}};

static const struct unit after_call_words[] = {
    {"keep", AFTER_CALL_KEEP}, {"leave", AFTER_CALL_LEAVE}, {NULL, 0}};

static const struct option {
    const char *name;
    size_t offset; /* in struct settings */
    const struct unit *units, *words;
    uint64_t least, most;
    const char *initial, *allowed;
} options_table[] = {
    {"connect-timeout", offsetof(struct settings, connect_timeout), time_units, no_words,
     NANOSECONDS_IN_MILLISECOND, HOUR, "5s", "1ms to 1h"},
    {"connect-retries", offsetof(struct settings, connect_retries), count_units, no_words, 0, 1000,
     "8", "0 to 1000"},
    {"retry-delay", offsetof(struct settings, retry_delay), time_units, no_words, 0, HOUR, "1s",
     "0s to 1h"},
    {"wait-timeout", offsetof(struct settings, wait_timeout), time_units, no_words,
     NANOSECONDS_IN_MILLISECOND, 24 * HOUR, "5m", "1ms to 24h"},
    {"call-timeout", offsetof(struct settings, call_timeout), time_units, no_words,
     NANOSECONDS_IN_MILLISECOND, 24 * HOUR, "10m", "1ms to 24h"},
    {"call-retries", offsetof(struct settings, call_retries), count_units, no_words, 0, 100, "1",
     "0 to 100"},
    {"drain-timeout", offsetof(struct settings, drain_timeout), time_units, no_words, 0,
     60 * NANOSECONDS_IN_SECOND, "500ms", "0s to 1m"},
    {"max-frame", offsetof(struct settings, max_frame), size_units, no_words, UINT64_C(1) << 10,
     UINT64_C(1) << 30, "64MiB", "1KiB to 1GiB"},
    {"tcp-keepalive", offsetof(struct settings, tcp_keepalive), time_units, off_words,
     NANOSECONDS_IN_SECOND, HOUR, "30s", "off, or 1s to 1h"},
    {"max-sessions", offsetof(struct settings, max_sessions), count_units, no_words, 1, 100000,
     "1024", "1 to 100000"},
    {"idle-timeout", offsetof(struct settings, idle_timeout), time_units, no_words,
     NANOSECONDS_IN_MILLISECOND, 24 * HOUR, "1h", "1ms to 24h"},
    {"answer-timeout", offsetof(struct settings, answer_timeout), time_units, no_words,
     NANOSECONDS_IN_MILLISECOND, 24 * HOUR, "1m", "1ms to 24h"},
    {"block-hash", offsetof(struct settings, block_hash), no_units, block_hash_words, 0, 0, "vm",
     "vm, absolute or parent"},
    {"world-time", offsetof(struct settings, world_time), no_units, world_time_words, 0, 0, "apart",
     "apart or counted"},
    {"spin", offsetof(struct settings, spin), short_time_units, no_words, 0,
     NANOSECONDS_IN_MILLISECOND, "0us", "0us to 1ms"},
    {"leave", offsetof(struct settings, leave), no_units, leave_words, 0, 0, "drain",
     "drain or answer"},
    {"after-call", offsetof(struct settings, after_call), no_units, after_call_words, 0, 0, "keep",
     "keep or leave"},
    {"start-timeout", offsetof(struct settings, start_timeout), time_units, no_words,
     NANOSECONDS_IN_MILLISECOND, HOUR, "30s", "1ms to 1h"},
    {"stop-timeout", offsetof(struct settings, stop_timeout), time_units, no_words, 0,
     60 * NANOSECONDS_IN_SECOND, "5s", "0s to 1m"},
    {"recycle-calls", offsetof(struct settings, recycle_calls), count_units, no_words, 0,
     1000000000, "0", "0 (never) to 1000000000"},
    {"recycle-memory", offsetof(struct settings, recycle_memory), size_units, off_words,
     UINT64_C(1) << 20, UINT64_C(1) << 50, "off", "off, or 1MiB to 1048576GiB"},
};

enum { OPTIONS = sizeof options_table / sizeof options_table[0] };
_Static_assert(OPTIONS <= 32, "each option has a bit in `given`");

static bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

/* A number with a fraction and a unit, times the unit's scale; false when it is none. A number that
 * is too large is UINT64_MAX. */
static bool parse_quantity(const char *text, const struct unit *units, uint64_t *out) {
    uint64_t whole = 0, fraction = 0, fraction_scale = 1;
    bool over = false;
    const char *at = text;
    for (; is_digit(*at); at++) {
        over = __builtin_mul_overflow(whole, UINT64_C(10), &whole) || over;
        over = __builtin_add_overflow(whole, (uint64_t)(*at - '0'), &whole) || over;
    }
    if (at == text) {
        return false;
    }
    bool has_fraction = *at == '.' && is_digit(at[1]);
    for (at += has_fraction ? 1 : 0; has_fraction && is_digit(*at); at++) {
        if (fraction_scale < UINT64_C(1000000)) { /* finer than a microsecond of an hour */
            fraction = fraction * 10 + (uint64_t)(*at - '0');
            fraction_scale *= 10;
        }
    }
    const struct unit *unit = units;
    while (unit->name != NULL && strcmp(unit->name, at) != 0) {
        unit++;
    }
    if (unit->name == NULL || (has_fraction && unit->scale == 1)) {
        return false;
    }
    over = __builtin_mul_overflow(whole, unit->scale, out) || over;
    over = __builtin_add_overflow(*out, fraction * unit->scale / fraction_scale, out) || over;
    *out = over ? UINT64_MAX : *out;
    return true;
}

bool options_parse_duration(const char *text, uint64_t *nanoseconds) {
    return parse_quantity(text, time_units, nanoseconds);
}

static const struct unit *find_word(const struct unit *words, const char *text) {
    for (; words->name != NULL; words++) {
        if (strcmp(words->name, text) == 0) {
            return words;
        }
    }
    return NULL;
}

static extvm_status set_option(const struct option *option, struct settings *settings,
                               const char *text, extvm_error *error) {
    const struct unit *word = find_word(option->words, text);
    uint64_t value = word != NULL ? word->scale : 0;
    if (word == NULL && !parse_quantity(text, option->units, &value)) {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "option %s: \"%.80s\" is not allowed: %s",
                         option->name, text, option->allowed);
    }
    if (word == NULL && (value < option->least || value > option->most)) {
        return error_set(error, EXTVM_OUT_OF_RANGE, "option %s: \"%.80s\" is out of range: %s",
                         option->name, text, option->allowed);
    }
    memcpy((char *)settings + option->offset, &value, sizeof value);
    return EXTVM_OK;
}

static extvm_status no_such_option(const char *name, extvm_error *error) {
    char names[EXTVM_ERROR_TEXT_SIZE] = "";
    size_t least = SIZE_MAX, nearest = 0;
    for (size_t i = 0; i < OPTIONS; i++) {
        if (i > 0) {
            strncat(names, ", ", sizeof names - strlen(names) - 1);
        }
        strncat(names, options_table[i].name, sizeof names - strlen(names) - 1);
        size_t distance = extvm_name_distance(name, options_table[i].name);
        nearest = distance < least ? i : nearest;
        least = distance < least ? distance : least;
    }
    return error_set(error, EXTVM_INVALID_ARGUMENT, "no option \"%.80s\": %s%s%sthere are %.300s",
                     name, least == SIZE_MAX ? "" : "did you mean ",
                     least == SIZE_MAX ? "" : options_table[nearest].name,
                     least == SIZE_MAX ? "" : "? ", names);
}

/* The row of the option; OPTIONS when there is none. */
static size_t find_option(const char *name) {
    size_t i = 0;
    while (i < OPTIONS && strcmp(options_table[i].name, name) != 0) {
        i++;
    }
    return i;
}

extvm_status extvm_options_set(extvm_options *options, const char *name, const char *value,
                               extvm_error *error) {
    if (options == NULL || name == NULL || value == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_options_set needs options, a name and a value");
    }
    size_t i = find_option(name);
    if (i == OPTIONS) {
        return no_such_option(name, error);
    }
    extvm_status status = set_option(&options_table[i], &options->settings, value, error);
    options->given |= status == EXTVM_OK ? UINT32_C(1) << i : 0;
    return status;
}

const char *extvm_options_name(size_t index) {
    return index < OPTIONS ? options_table[index].name : NULL;
}

/* In the largest unit that needs no fraction; what is finer than the smallest unit (milliseconds)
 * as its fraction. */
static void print_quantity(uint64_t value, const struct unit *units,
                           char text[EXTVM_OPTION_TEXT_SIZE]) {
    const struct unit *unit = units;
    for (const struct unit *larger = units; value != 0 && larger->name != NULL; larger++) {
        unit = value % larger->scale == 0 ? larger : unit;
    }
    int length =
        snprintf(text, EXTVM_OPTION_TEXT_SIZE, "%" PRIu64 ".%06" PRIu64, value / unit->scale,
                 value % unit->scale); /* a millisecond has 10^6 nanoseconds */
    while (text[length - 1] == '0') {
        length--;
    }
    length -= text[length - 1] == '.' ? 1 : 0;
    snprintf(text + length, (size_t)(EXTVM_OPTION_TEXT_SIZE - length), "%s", unit->name);
}

extvm_status extvm_options_get(const extvm_options *options, const char *name,
                               char text[EXTVM_OPTION_TEXT_SIZE], extvm_error *error) {
    if (options == NULL || name == NULL || text == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_options_get needs options, a name and a place for the value");
    }
    size_t i = find_option(name);
    if (i == OPTIONS) {
        return no_such_option(name, error);
    }
    uint64_t value;
    memcpy(&value, (const char *)&options->settings + options_table[i].offset, sizeof value);
    for (const struct unit *word = options_table[i].words; word->name != NULL; word++) {
        if (word->scale == value) {
            snprintf(text, EXTVM_OPTION_TEXT_SIZE, "%s", word->name);
            return EXTVM_OK;
        }
    }
    print_quantity(value, options_table[i].units, text);
    return EXTVM_OK;
}

bool option_find(const char *name, struct option_rule *rule) {
    size_t i = find_option(name);
    if (i == OPTIONS) {
        return false;
    }
    const struct unit *units = options_table[i].units;
    rule->form = units == time_units || units == short_time_units ? OPTION_TIME
                 : units == size_units                            ? OPTION_SIZE
                 : units == count_units                           ? OPTION_COUNT
                                                                  : OPTION_WORD;
    rule->allowed = options_table[i].allowed;
    return true;
}

void options_fill(extvm_options *options, const extvm_options *more) {
    for (size_t i = 0; i < OPTIONS; i++) {
        uint32_t bit = UINT32_C(1) << i;
        if ((more->given & bit) != 0 && (options->given & bit) == 0) {
            size_t offset = options_table[i].offset;
            memcpy((char *)&options->settings + offset, (const char *)&more->settings + offset,
                   sizeof(uint64_t));
            options->given |= bit;
        }
    }
}

void options_init(extvm_options *options, const extvm_allocator *allocator) {
    *options =
        (extvm_options){.allocator = allocator != NULL ? *allocator : *extvm_default_allocator()};
    for (size_t i = 0; i < OPTIONS; i++) {
        set_option(&options_table[i], &options->settings, options_table[i].initial, NULL);
    }
}

extvm_options *extvm_options_new(const extvm_allocator *allocator) {
    extvm_options defaults;
    options_init(&defaults, allocator);
    extvm_options *options = memory_allocate(&defaults.allocator, sizeof *options);
    if (options != NULL) {
        *options = defaults;
    }
    return options;
}

void extvm_options_free(extvm_options *options) {
    if (options != NULL) {
        extvm_allocator allocator = options->allocator;
        memory_release(&allocator, options);
    }
}

void extvm_options_set_log(extvm_options *options, extvm_log_fn log, void *context,
                           extvm_log_level level) {
    options->logger = (struct logger){log, context, level};
}

void extvm_options_set_trace(extvm_options *options, extvm_trace_fn trace, void *context) {
    options->trace = trace;
    options->trace_context = context;
}
