/* CallResult from the wire. It may be as large as a frame may be, so it is read in place: the
 * result's byte strings lie in the message itself, which the result keeps with its buffer when it
 * is large, and else has a copy of. */
#ifndef EXTVM_COMMON_RESULT_READ_H
#define EXTVM_COMMON_RESULT_READ_H

#include "messages.h"
#include "wire.h"

/* Makes `message->result` of the VMQuery in `body`, whose member is a CallResult. `message->owner`
 * is the buffer that `body` lies in; that of a large result is taken over, and is empty then. NULL:
 * `body` is copied. Errors: EXTVM_MALFORMED_MESSAGE, EXTVM_NO_MEMORY. */
extvm_status result_read(const struct message_rules *rules, extvm_bytes body,
                         const struct wire_field *member, const extvm_allocator *allocator,
                         struct vm_message *message, extvm_error *error);

#endif
