/* The statuses, their names and classes, and the caller's error text. */
#include "error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    extvm_status_class status_class;
} statuses[] = {
    [EXTVM_OK] = {"ok", EXTVM_CLASS_OK},
    [EXTVM_INVALID_ARGUMENT] = {"invalid-argument", EXTVM_CLASS_USAGE},
    [EXTVM_OUT_OF_RANGE] = {"out-of-range", EXTVM_CLASS_USAGE},
    [EXTVM_CALLER_ABSENT] = {"caller-absent", EXTVM_CLASS_USAGE},
    [EXTVM_CREATE_NONCE_ZERO] = {"create-nonce-zero", EXTVM_CLASS_USAGE},
    [EXTVM_ACCESS_LIST_MISSING] = {"access-list-missing", EXTVM_CLASS_USAGE},
    [EXTVM_UNREACHABLE] = {"unreachable", EXTVM_CLASS_UNREACHABLE},
    [EXTVM_CONNECT_TIMEOUT] = {"connect-timeout", EXTVM_CLASS_UNREACHABLE},
    [EXTVM_VERSION_REJECTED] = {"version-rejected", EXTVM_CLASS_REJECTED},
    [EXTVM_VM_CLOSED] = {"vm-closed", EXTVM_CLASS_BROKEN},
    [EXTVM_VM_CLOSED_IN_FRAME] = {"vm-closed-in-frame", EXTVM_CLASS_BROKEN},
    [EXTVM_VM_RESET] = {"vm-reset", EXTVM_CLASS_BROKEN},
    [EXTVM_FRAME_TOO_LARGE] = {"frame-too-large", EXTVM_CLASS_BROKEN},
    [EXTVM_MALFORMED_MESSAGE] = {"malformed-message", EXTVM_CLASS_BROKEN},
    [EXTVM_EMPTY_QUERY] = {"empty-query", EXTVM_CLASS_BROKEN},
    [EXTVM_UNEXPECTED_MESSAGE] = {"unexpected-message", EXTVM_CLASS_BROKEN},
    [EXTVM_RESULT_REJECTED] = {"result-rejected", EXTVM_CLASS_BROKEN},
    [EXTVM_CALL_ENDS_VM] = {"call-ends-vm", EXTVM_CLASS_BROKEN},
    [EXTVM_DEADLINE_PASSED] = {"deadline-passed", EXTVM_CLASS_DEADLINE},
    [EXTVM_CANCELLED] = {"cancelled", EXTVM_CLASS_DEADLINE},
    [EXTVM_WORLD_FAILED] = {"world-failed", EXTVM_CLASS_NODE},
    [EXTVM_NO_MEMORY] = {"no-memory", EXTVM_CLASS_NODE},
    [EXTVM_SYSTEM_ERROR] = {"system-error", EXTVM_CLASS_NODE},
};

enum { STATUS_COUNT = sizeof statuses / sizeof statuses[0] };

const char *extvm_status_name(extvm_status status) {
    return (size_t)status < STATUS_COUNT ? statuses[status].name : "unknown-status";
}

extvm_status_class extvm_status_classify(extvm_status status) {
    return (size_t)status < STATUS_COUNT ? statuses[status].status_class : EXTVM_CLASS_NODE;
}

extvm_status error_set(extvm_error *error, extvm_status status, const char *format, ...) {
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->status = status;
        vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

extvm_status error_no_memory(extvm_error *error, const char *what) {
    return error_set(error, EXTVM_NO_MEMORY, "no memory for %s", what);
}

void error_prefix(extvm_error *error, const char *prefix) {
    if (error == NULL) {
        return;
    }
    size_t room = sizeof error->text - 1;
    size_t length = strlen(prefix) + 2;
    if (length > room / 2) {
        return; /* the text itself says more than a prefix that would push it out */
    }
    size_t kept = strlen(error->text);
    if (kept > room - length) {
        kept = room - length;
    }
    memmove(error->text + length, error->text, kept);
    error->text[length + kept] = '\0';
    memcpy(error->text, prefix, length - 2);
    memcpy(error->text + length - 2, ": ", 2);
}
