/* What can go wrong with a run, apart from what the VM decided about the transaction.
 *
 * A status says whether the run happened. It is never a verdict on the transaction: that is
 * `extvm_outcome` (result.h), and there is one only when the status is EXTVM_OK. */
#ifndef EXTVM_STATUS_H
#define EXTVM_STATUS_H

#include <extvm/declare.h>

EXTVM_BEGIN_DECLARATIONS

typedef enum extvm_status {
    /* It worked. For a run: the VM answered, and there is a result. */
    EXTVM_OK = 0,

    /* -- the caller's side; nothing was sent to the VM -- */

    /* A missing, malformed or contradictory argument, option or address of a VM. */
    EXTVM_INVALID_ARGUMENT,
    /* A number that is negative, too wide, or does not fit where it is to go. */
    EXTVM_OUT_OF_RANGE,
    /* The world says that the caller of the CallContext does not exist: the real VM would loop for
     * ever (protocol/kevm.md, section 6.1). */
    EXTVM_CALLER_ABSENT,
    /* A create whose caller has nonce 0: the node counts the nonce up before the call, and the real
     * VM aborts without (protocol/kevm.md, section 8). */
    EXTVM_CREATE_NONCE_ZERO,
    /* An access-list transaction without an access list: the real VM aborts (protocol/kevm.md,
     * section 7). An empty list is a list. */
    EXTVM_ACCESS_LIST_MISSING,

    /* -- reaching the VM -- */

    /* Nobody listens there, no route, or no such host; every try failed. */
    EXTVM_UNREACHABLE,
    /* No connect succeeded within the connect timeout; every try failed. */
    EXTVM_CONNECT_TIMEOUT,
    /* The VM closed the session right after Hello: wrong protocol version, or another VM. It may
     * also have died there, so that the call is tried again first. */
    EXTVM_VERSION_REJECTED,

    /* -- the VM broke off or broke the protocol -- */

    /* The VM closed the session in the middle of a call, between two frames. */
    EXTVM_VM_CLOSED,
    /* The VM closed the session inside a frame. */
    EXTVM_VM_CLOSED_IN_FRAME,
    /* The session was reset in the middle of a call: the VM died, or something between cut it. */
    EXTVM_VM_RESET,
    /* The VM announced a frame over the limit (option max-frame). */
    EXTVM_FRAME_TOO_LARGE,
    /* A frame that is no message of the protocol, or one with a field that cannot be right. */
    EXTVM_MALFORMED_MESSAGE,
    /* A query message that asks nothing and brings no result. */
    EXTVM_EMPTY_QUERY,
    /* A message at a time when none may come: a result or query while an answer was due, or a
     * result before the VM asked for the caller. What a VM says between two calls is no failure:
     * the next call goes over a new connection. */
    EXTVM_UNEXPECTED_MESSAGE,
    /* A CallResult that cannot be true: money out of nothing, more gas left than was given, a nonce
     * that went down (protocol/kevm.md, section 11). Nothing of it may be applied. */
    EXTVM_RESULT_REJECTED,
    /* The VM broke off in the middle of this call, and did so again when the call was run once
     * more: it is this call that ends the VM. */
    EXTVM_CALL_ENDS_VM,

    /* -- time -- */

    /* The call's time, or the time for one wait, is over. */
    EXTVM_DEADLINE_PASSED,
    /* The call was stopped from outside before its end. */
    EXTVM_CANCELLED,

    /* -- the node's own side -- */

    /* The world could not answer a query, or answered something that is no account or value. */
    EXTVM_WORLD_FAILED,
    /* The allocator gave no memory. */
    EXTVM_NO_MEMORY,
    /* The operating system refused something that is not the VM's doing. */
    EXTVM_SYSTEM_ERROR
} extvm_status;

/* How many there are. */
enum { EXTVM_STATUS_COUNT = EXTVM_SYSTEM_ERROR + 1 };

/* Whose doing a status is. */
typedef enum extvm_status_class {
    EXTVM_CLASS_OK,          /* EXTVM_OK */
    EXTVM_CLASS_USAGE,       /* the caller's arguments */
    EXTVM_CLASS_UNREACHABLE, /* no connection to the VM */
    EXTVM_CLASS_REJECTED,    /* the VM does not speak this protocol */
    EXTVM_CLASS_BROKEN,      /* the VM broke off or broke the protocol */
    EXTVM_CLASS_DEADLINE,    /* time is over, or the call was stopped */
    EXTVM_CLASS_NODE         /* the node's world, memory or system */
} extvm_status_class;

enum { EXTVM_ERROR_TEXT_SIZE = 512 };

/* The caller's own; functions fill it when they return anything but EXTVM_OK and leave it alone
 * otherwise. The text is one line: what failed, why, with the option, the limit, the value and the
 * peer where there are such. Longer text is cut. Wherever a function takes an extvm_error, NULL is
 * allowed. */
typedef struct extvm_error {
    extvm_status status;
    char text[EXTVM_ERROR_TEXT_SIZE];
} extvm_error;

/* The status as a word, for example "version-rejected"; "unknown-status" for a number that is none.
 * The text lives for ever. */
const char *extvm_status_name(extvm_status status);

/* The class of a status; EXTVM_CLASS_NODE for a number that is none. */
extvm_status_class extvm_status_classify(extvm_status status);

EXTVM_END_DECLARATIONS

#endif
