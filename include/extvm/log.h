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

    /* -- the dialogue that it is part of -- */

    const char *protocol; /* the version spoken, "2.2"; lives for ever. Of a Hello that a server
                             cannot speak: one that it can */
    const char *vm_name;  /* the kind of VM, "KEVM" or "IELE"; lives for ever */
    const char *peer;     /* the other end, as its address was given; NULL: it has no name */
    const void *session;  /* tells dialogues apart that go on at the same time, and is not to be
                             followed; each begins with a Hello */
    bool at_vm;           /* it was seen at the VM's end, by a test-mode server */
    uint64_t call;        /* of the dialogue: 1 for the first CallContext and all up to its result;
                             0: no call has begun */

    /* Nanoseconds since the last message of the same dialogue, in the VM and on the wire, as in
     * extvm_run_stats; what else has passed, was in the node. 0 at the VM's end. */
    uint64_t vm_time, wire_time;
} extvm_trace_message;

/* Takes one message; all of it is borrowed until the function returns. Called from the thread that
 * runs the call, and by a test-mode server from several threads at once. It must not call back into
 * the handle it is set on. */
typedef void (*extvm_trace_fn)(void *context, const extvm_trace_message *message);

EXTVM_END_DECLARATIONS

#endif
