/* How a command ends: the exit status, and the one line that says what failed. */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum exit_code exit_code_of(extvm_status status) {
    static const enum exit_code codes[] = {
        [EXTVM_CLASS_OK] = EXIT_CODE_DONE,
        [EXTVM_CLASS_USAGE] = EXIT_CODE_USAGE,
        [EXTVM_CLASS_UNREACHABLE] = EXIT_CODE_UNREACHABLE,
        [EXTVM_CLASS_REJECTED] = EXIT_CODE_REJECTED,
        [EXTVM_CLASS_BROKEN] = EXIT_CODE_BROKEN,
        [EXTVM_CLASS_DEADLINE] = EXIT_CODE_DEADLINE,
        [EXTVM_CLASS_NODE] = EXIT_CODE_NODE,
    };
    if (status == EXTVM_CANCELLED) {
        return EXIT_CODE_INTERRUPTED;
    }
    size_t status_class = (size_t)extvm_status_classify(status);
    return status_class < sizeof codes / sizeof codes[0] ? codes[status_class] : EXIT_CODE_NODE;
}

void text_clean(char *text) {
    json_t *string = json_string(text);
    bool utf8 = string != NULL;
    json_decref(string);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < ' ' || byte == 0x7f || (byte >= 0x80 && !utf8)) {
            *text = '?';
        }
    }
}

static void print_json_error(const char *status, const char *message) {
    json_t *document = json_pack("{s:{s:s,s:s}}", "error", "status", status, "message", message);
    char *line = document != NULL ? json_dumps(document, JSON_COMPACT) : NULL;
    json_decref(document);
    if (line != NULL) {
        puts(line);
        fflush(stdout);
    }
    free(line);
}

int report_error(bool json, const extvm_error *error) {
    char text[EXTVM_ERROR_TEXT_SIZE];
    memcpy(text, error->text, sizeof text);
    text[sizeof text - 1] = '\0';
    text_clean(text);
    fprintf(stderr, "extvm: %s\n", text);
    if (json) {
        print_json_error(extvm_status_name(error->status), text);
    }
    return (int)exit_code_of(error->status);
}

extvm_status output_check(extvm_error *error) {
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return EXTVM_OK;
    }
    return complain(error, EXTVM_SYSTEM_ERROR, "cannot write to stdout: %s", strerror(errno));
}

int report_output(void) {
    extvm_error error;
    return output_check(&error) == EXTVM_OK ? EXIT_CODE_DONE : report_error(false, &error);
}

extvm_status complain(extvm_error *error, extvm_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    error->status = status;
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return status;
}

extvm_status complain_no_memory(extvm_error *error) {
    return complain(error, EXTVM_NO_MEMORY, "the system gives no more memory");
}

extvm_status complain_about(extvm_error *error, const char *prefix) {
    extvm_error inner = *error;
    return complain(error, inner.status, "%.160s: %s", prefix, inner.text);
}

struct quoted quote(const char *text) {
    struct quoted quoted;
    size_t shown = sizeof quoted.text - sizeof "'...'";
    bool cut = strlen(text) > shown;
    snprintf(quoted.text, sizeof quoted.text, "'%.*s%s'", (int)shown, text, cut ? "..." : "");
    return quoted;
}
