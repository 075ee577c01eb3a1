/* What a case of a test file came to, and the line that says so. */
#include "verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <extvm/integer.h>

#include "json_write.h"
#include "report.h"
#include "text.h"

enum { TEXT_SHOWN = 90 /* characters of a value in a line of text; JSON has all of it */ };

const char *verdict_text(struct verdict *verdict, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : pool_take(verdict->pool, (size_t)length + 1);
    if (text == NULL) {
        verdict->no_memory = true;
        return "";
    }
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void verdict_differs(struct verdict *verdict, const char *what, const char *got,
                     const char *expected) {
    if (verdict->count < VERDICT_SHOWN) {
        verdict->shown[verdict->count] = (struct difference){what, got, expected};
    }
    verdict->count++;
    verdict->no_memory = verdict->no_memory || got == NULL || expected == NULL;
}

void verdict_decimal(struct verdict *verdict, const char *what, extvm_bytes got,
                     extvm_bytes expected) {
    if (extvm_integer_compare(got, expected) != 0) {
        verdict_differs(verdict, what, text_decimal(verdict->pool, got),
                        text_decimal(verdict->pool, expected));
    }
}

void verdict_hex(struct verdict *verdict, const char *what, extvm_bytes got, extvm_bytes expected) {
    if (extvm_integer_compare(got, expected) != 0) {
        verdict_differs(verdict, what, text_integer_hex(verdict->pool, got),
                        text_integer_hex(verdict->pool, expected));
    }
}

void verdict_bytes(struct verdict *verdict, const char *what, extvm_bytes got,
                   extvm_bytes expected) {
    if (!extvm_bytes_equal(got, expected)) {
        verdict_differs(verdict, what, text_hex(verdict->pool, got),
                        text_hex(verdict->pool, expected));
    }
}

void verdict_fail(struct verdict *verdict, const char *where, extvm_status status,
                  const extvm_error *error) {
    verdict->status = status;
    verdict->error = *error;
    verdict->where = where;
}

/* -- printing -- */

static size_t shown_count(const struct verdict *verdict) {
    return verdict->count < VERDICT_SHOWN ? verdict->count : VERDICT_SHOWN;
}

static void print_value(FILE *out, const char *text) {
    size_t length = strlen(text);
    fprintf(out, "%.*s%s", TEXT_SHOWN, text, length > TEXT_SHOWN ? "..." : "");
}

static void print_failure(const struct verdict *verdict, FILE *out, const char *file,
                          const char *test) {
    fprintf(out, "failed: %s:%s", file, test);
    for (size_t i = 0; i < shown_count(verdict); i++) {
        fprintf(out, "; %s is ", verdict->shown[i].what);
        print_value(out, verdict->shown[i].got);
        fputs(", expected ", out);
        print_value(out, verdict->shown[i].expected);
    }
    if (verdict->count > VERDICT_SHOWN) {
        fprintf(out, "; and %zu more", verdict->count - VERDICT_SHOWN);
    }
    if (verdict->status != EXTVM_OK) {
        fprintf(out, "; %s: %s: %s", verdict->where, extvm_status_name(verdict->status),
                verdict->error.text);
    }
    fputc('\n', out);
}

static json_t *describe_differences(const struct verdict *verdict) {
    json_t *list = json_array();
    bool complete = list != NULL;
    for (size_t i = 0; i < shown_count(verdict) && complete; i++) {
        const struct difference *one = &verdict->shown[i];
        complete = json_add(list, json_pack("{s:s, s:s, s:s}", "what", one->what, "got", one->got,
                                            "expected", one->expected));
    }
    return json_complete(list, complete);
}

/* One JSON object on a line of its own; false: no memory. */
static bool print_json(const struct verdict *verdict, FILE *out, const char *file, const char *test,
                       bool passed) {
    json_t *object = json_pack("{s:s, s:s}", "file", file, "test", test);
    bool complete = object != NULL;
    if (complete && verdict->skip != NULL) {
        complete = json_put(object, "skipped", json_string(verdict->skip));
    } else if (complete) {
        complete = json_put(object, "passed", json_boolean(passed));
    }
    if (complete && verdict->count > 0) {
        complete = json_put(object, "differenceCount", json_integer((json_int_t)verdict->count)) &&
                   json_put(object, "differences", describe_differences(verdict));
    }
    if (complete && verdict->status != EXTVM_OK) {
        complete = json_put(object, "where", json_string(verdict->where)) &&
                   json_put(object, "status", json_string(extvm_status_name(verdict->status))) &&
                   json_put(object, "message", json_string(verdict->error.text));
    }
    complete = complete && json_dumpf(object, out, JSON_COMPACT) == 0 && fputc('\n', out) != EOF;
    json_decref(object);
    return complete;
}

extvm_status verdict_report(struct verdict *verdict, struct suite_job *job, const char *file,
                            const char *test) {
    bool passed = verdict->count == 0 && verdict->status == EXTVM_OK;
    bool printed = !verdict->no_memory;
    if (verdict->skip != NULL) {
        job->counts.skipped++;
    } else {
        suite_count(job, passed);
    }
    if (printed && job->json) {
        printed = print_json(verdict, job->out, file, test, passed);
    } else if (printed && !passed) {
        print_failure(verdict, job->out, file, test);
    }
    return printed ? EXTVM_OK : complain_no_memory(&job->error);
}
