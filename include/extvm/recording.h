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

EXTVM_END_DECLARATIONS

#endif
