/* Reading the list of faults. */
#include "fault.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/options.h"
#include "common/prefix.h"

static const char all_faults[] =
    "close-after-hello, close-after=N, reset-after=N, stall-after=N, delay=DURATION, split=N, "
    "oversize, garbage, wrong-type, like-kevm";

static const struct {
    const char *name;
    size_t flag;
} flags[] = {
    {"close-after-hello", offsetof(struct faults, close_after_hello)},
    {"oversize", offsetof(struct faults, oversize)},
    {"garbage", offsetof(struct faults, garbage)},
    {"wrong-type", offsetof(struct faults, wrong_type)},
    {"like-kevm", offsetof(struct faults, like_kevm)},
};

static const struct {
    const char *name;
    size_t number;
    uint32_t least;
} numbers[] = {
    {"close-after=", offsetof(struct faults, close_after), 0},
    {"reset-after=", offsetof(struct faults, reset_after), 0},
    {"stall-after=", offsetof(struct faults, stall_after), 0},
    {"split=", offsetof(struct faults, split), 1},
};

static extvm_status parse_number(const char *word, const char *digits, uint32_t least,
                                 uint32_t *out, extvm_error *error) {
    enum { MOST = 1000000000 };
    size_t length = strspn(digits, "0123456789");
    unsigned long long number = strtoull(digits, NULL, 10);
    if (length == 0 || digits[length] != '\0') {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "fault \"%.80s\": a number is needed",
                         word);
    }
    if (length > 10 || number < least || number > MOST) {
        return error_set(error, EXTVM_OUT_OF_RANGE, "fault \"%.80s\": allowed is %u to %d", word,
                         least, MOST);
    }
    *out = (uint32_t)number;
    return EXTVM_OK;
}

static extvm_status parse_word(const char *word, struct faults *faults, extvm_error *error) {
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(word, flags[i].name) == 0) {
            *(bool *)((char *)faults + flags[i].flag) = true;
            return EXTVM_OK;
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const char *digits = text_after(word, numbers[i].name);
        if (digits != NULL) {
            return parse_number(word, digits, numbers[i].least,
                                (uint32_t *)(void *)((char *)faults + numbers[i].number), error);
        }
    }
    const char *duration = text_after(word, "delay=");
    if (duration != NULL && options_parse_duration(duration, &faults->delay) &&
        faults->delay <= 60 * NANOSECONDS_IN_SECOND) {
        return EXTVM_OK;
    }
    if (duration != NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "fault \"%.80s\": a duration is needed, at most 60s, for example 50ms",
                         word);
    }
    return error_set(error, EXTVM_INVALID_ARGUMENT, "no fault \"%.80s\": there are %s", word,
                     all_faults);
}

extvm_status faults_parse(const char *text, struct faults *faults, extvm_error *error) {
    enum { WORD_SIZE = 64 };
    *faults = (struct faults){
        .close_after = FAULT_NEVER, .reset_after = FAULT_NEVER, .stall_after = FAULT_NEVER};
    for (const char *at = text; at != NULL && *at != '\0';) {
        char word[WORD_SIZE];
        size_t length = strcspn(at, ",");
        if (length >= sizeof word) {
            return error_set(error, EXTVM_INVALID_ARGUMENT, "no fault \"%.80s\": there are %s", at,
                             all_faults);
        }
        memcpy(word, at, length);
        word[length] = '\0';
        extvm_status status = parse_word(word, faults, error);
        if (status != EXTVM_OK) {
            return status;
        }
        at += length + (at[length] == ',' ? 1 : 0);
    }
    return EXTVM_OK;
}
