/* Recorded dialogues: the messages that a trace (extvm/log.h) has seen, kept to be looked at and
 * played again - the node's side against a VM, or the VM's side against a node. */
#ifndef EXTVM_RECORDING_H
#define EXTVM_RECORDING_H

#include <extvm/allocator.h>
#include <extvm/declare.h>
#include <extvm/log.h>
#include <extvm/vm.h>

EXTVM_BEGIN_DECLARATIONS

/* -- one message by its fields -- */

typedef enum extvm_message_form {
    EXTVM_MESSAGE_TEXT, /* as extvm_trace_message's text: one line, long data is cut */
    EXTVM_MESSAGE_JSON  /* one object: data whole in hex, integers as decimal strings (in hex those
                           wider than 40 bytes), lists as lists */
} extvm_message_form;

/* The fields of a message, by the version of its protocol ("2.2", "3.0"), its name ("Hello",
 * "CallContext", "GetAccount", "Account", ...) and its bytes. `*text` ends with a NUL; it is the
 * caller's and given back with `allocator` (NULL: the default one, so with free).
 * Errors: EXTVM_INVALID_ARGUMENT (no such protocol or name), EXTVM_MALFORMED_MESSAGE and the others
 * of a message that is none, EXTVM_NO_MEMORY. */
extvm_status extvm_message_fields(const char *protocol, const char *name, extvm_bytes body,
                                  extvm_message_form form, const extvm_allocator *allocator,
                                  char **text, extvm_error *error);

/* The direction that messages of this name have.
 * Errors: EXTVM_INVALID_ARGUMENT (no message has it). */
extvm_status extvm_message_direction(const char *name, extvm_direction *direction);

/* -- a recording -- */

/* Dialogues that were recorded, and the calls in them in the order in which they began. It is never
 * changed but by extvm_recording_add: many threads may read it. */
typedef struct extvm_recording extvm_recording;

/* One message of a recording. */
typedef struct extvm_recorded_message {
    const char *protocol; /* the version, "2.2" or "3.0" */
    uint64_t session;     /* any number, the same for all messages of one dialogue */
    const char *name;     /* "Hello", ... */
    extvm_bytes body;     /* as extvm_trace_message has it */
    uint64_t place;       /* where it stands, as the line of a file; for messages to people */
} extvm_recorded_message;

/* An empty recording. Of the options (NULL: the defaults) it takes block-hash and the allocator.
 * Freed with extvm_recording_free. Returns NULL when there is no memory. */
extvm_recording *extvm_recording_new(const extvm_options *options);

/* Frees the recording and all that was borrowed from it; NULL is allowed. */
void extvm_recording_free(extvm_recording *recording);

/* Adds a copy of the next message. Messages of one dialogue come in their order; those of several
 * may be mixed. After an error the recording can only be freed.
 * Errors: EXTVM_INVALID_ARGUMENT (no such protocol or name), EXTVM_UNEXPECTED_MESSAGE (it cannot
 * come here), EXTVM_MALFORMED_MESSAGE and the others of a message that is none,
 * EXTVM_NO_MEMORY. */
extvm_status extvm_recording_add(extvm_recording *recording, const extvm_recorded_message *message,
                                 extvm_error *error);

/* A call of a recording; all of it is borrowed. */
typedef struct extvm_recorded_call {
    const extvm_call *call;
    const char *protocol; /* "2.2" */
    uint64_t session;     /* as its messages have it */
    uint64_t place;       /* of its CallContext */
    size_t queries;       /* that were answered */
    bool is_complete;     /* its result is there; otherwise the dialogue broke off */
} extvm_recorded_call;

size_t extvm_recording_count(const extvm_recording *recording);

/* The call with this number, from 0; false: there are no more. */
bool extvm_recording_call(const extvm_recording *recording, size_t index, extvm_recorded_call *out);

/* What the node said of an account in this call; borrowed from the recording. False: the VM did not
 * ask for it, or the account does not exist. */
bool extvm_recording_account(const extvm_recording *recording, size_t index,
                             const extvm_address *address, extvm_account *out);

/* What the recorded VM decided: the recorded dialogue goes once more through all that the library
 * does with a VM's messages. `*result` is the caller's, and its times are 0.
 * Errors: EXTVM_INVALID_ARGUMENT (no such call), EXTVM_VM_CLOSED (the record ends before the
 * result), and those of extvm_run for what a VM sends. */
extvm_status extvm_recording_result(const extvm_recording *recording, size_t index,
                                    extvm_result **result, extvm_error *error);

/* Takes a query that the record has no answer to, as text: "GetCode address=0x...". Called from the
 * thread that runs the call; the text is borrowed. */
typedef void (*extvm_unknown_query_fn)(void *context, const char *query);

/* Runs the recorded call on a VM; queries are answered from the record. One that is not there goes
 * to `unknown` (NULL: nowhere) and is answered as absent. The record may lack accounts that only
 * the library asks the world for: the caller has the nonce 1 and no balance then, and one that the
 * recorded result changes is as that leaves it.
 * Errors: EXTVM_INVALID_ARGUMENT (no such call), and those of extvm_run. */
extvm_status extvm_recording_run(const extvm_recording *recording, size_t index, extvm_vm *vm,
                                 extvm_unknown_query_fn unknown, void *context,
                                 extvm_result **result, extvm_error *error);

/* -- a recording as a VM -- */

/* A server that plays the VM's side of a recording, one session at a time and one call after the
 * other as they were recorded, whatever the sessions; where a recorded dialogue broke off, so does
 * it. */
typedef struct extvm_playback extvm_playback;

/* Takes one difference between what the node sends and what was recorded, as one line of text,
 * borrowed: the call's number from 1, the place of the recorded message, and both messages. Called
 * from the thread that runs the playback. */
typedef void (*extvm_difference_fn)(void *context, const char *difference);

/* Listens at `listen`: "HOST:PORT" ("[IPV6]:PORT"; port 0: a free one) or "unix:PATH". Of the
 * options (NULL: the defaults) it takes idle-timeout, answer-timeout, max-frame, the allocator and
 * the log. `recording` is borrowed until extvm_playback_close.
 * Errors: EXTVM_INVALID_ARGUMENT, EXTVM_OUT_OF_RANGE (address), EXTVM_SYSTEM_ERROR (it cannot
 * listen there), EXTVM_NO_MEMORY. */
extvm_status extvm_playback_open(const extvm_recording *recording, const char *listen,
                                 const extvm_options *options, extvm_playback **out,
                                 extvm_error *error);

/* The address that extvm_open takes, of the recording's first call; lives as long as the
 * playback. */
const char *extvm_playback_address(const extvm_playback *playback);

/* Plays until every call was played and the node has left, or extvm_playback_stop. `*played` is how
 * many calls were played to their recorded end. A message that differs goes to `difference`, and
 * the record is played on; one that cannot be compared, because it is of another kind, ends its
 * session and counts as one too.
 * Errors: EXTVM_NO_MEMORY, EXTVM_SYSTEM_ERROR. */
extvm_status extvm_playback_run(extvm_playback *playback, extvm_difference_fn difference,
                                void *context, size_t *played, extvm_error *error);

/* Ends extvm_playback_run soon. From any thread, and from a signal handler. */
void extvm_playback_stop(extvm_playback *playback);

/* Stops listening and frees the playback; NULL is allowed. It must not be running. */
void extvm_playback_close(extvm_playback *playback);

EXTVM_END_DECLARATIONS

#endif
