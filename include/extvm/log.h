/* What the library says while it works: log lines, and the trace of the wire. */
#ifndef EXTVM_LOG_H
#define EXTVM_LOG_H

#include <extvm/bytes.h>
#include <extvm/declare.h>
#include <extvm/status.h>

EXTVM_BEGIN_DECLARATIONS

typedef enum extvm_log_level {
    EXTVM_LOG_ERROR,   /* something failed, and the caller is told so too */
    EXTVM_LOG_WARNING, /* it went on, but somebody should look */
    EXTVM_LOG_INFO,    /* connects, closes, retries with their reasons */
    EXTVM_LOG_DEBUG    /* one line or more for each call */
} extvm_log_level;

/* Something that happened. */
typedef struct extvm_log_event {
    extvm_log_level level;
    const char *line; /* all of it for people, without a newline */

    /* The same for programs. */
    const char *name;     /* what: "connected", "closed", "needs-restart", "attempt-failed", "call",
                             "vm-started", "vm-not-started", "vm-ended", "vm-killed", "vm-recycled",
                             "vm-output",
                             "note" for what has no name of its own, ... */
    const char *peer;     /* the VM process, as its address was given; NULL: none */
    extvm_status status;  /* why; EXTVM_OK: nothing failed */
    unsigned attempt;     /* of a call: 1 for the first; 0: it is not about an attempt */
    uint64_t nanoseconds; /* how long it took; 0: it is not about time */
} extvm_log_event;

/* Takes one event; all of it is borrowed until the function returns. Called from the thread that
 * runs the call, by a test-mode server from several threads at once, and from the thread that looks
 * after a VM process (extvm/spawn.h), also when no call is running. It must not call back into the
 * handle it is set on. */
typedef void (*extvm_log_fn)(void *context, const extvm_log_event *event);

/* "error", "warning", "info" or "debug"; lives for ever. */
const char *extvm_log_level_name(extvm_log_level level);

typedef enum extvm_direction { EXTVM_NODE_TO_VM, EXTVM_VM_TO_NODE } extvm_direction;

/* One message of a dialogue, as it is handed to the socket or was received whole. */
typedef struct extvm_trace_message {
    extvm_direction direction;
    const char *name; /* "Hello", "CallContext", "GetAccount", "Account", ...; lives for ever */
    extvm_bytes body; /* the protobuf message, without its length; borrowed */
    const char *text; /* the fields by name on one line, without a newline; borrowed */
} extvm_trace_message;

/* Takes one message; all of it is borrowed until the function returns. Called from the thread that
 * runs the call, and by a test-mode server from several threads at once. It must not call back into
 * the handle it is set on. */
typedef void (*extvm_trace_fn)(void *context, const extvm_trace_message *message);

EXTVM_END_DECLARATIONS

#endif
