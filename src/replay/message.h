/* What kinds of messages there are, by name and protocol. */
#ifndef EXTVM_REPLAY_MESSAGE_H
#define EXTVM_REPLAY_MESSAGE_H

#include <extvm/recording.h>

#include "common/protocol.h"

enum message_kind { MESSAGE_HELLO, MESSAGE_CALL, MESSAGE_QUERY, MESSAGE_ANSWER, MESSAGE_RESULT };

struct message_type {
    const char *name;
    enum message_kind kind;
    enum query_kind query; /* of queries and answers */
};

/* The type of that name; NULL: there is none. */
const struct message_type *message_type_find(const char *name);

/* Whether the VM sends it. */
bool message_type_is_vm(const struct message_type *type);

/* The protocol of that version; NULL: there is none. */
const struct protocol *message_protocol_find(const char *version);

/* The same two, or the error for a caller that has named none. */
extvm_status message_find(const char *version, const char *name, const struct protocol **protocol,
                          const struct message_type **type, extvm_error *error);

#endif
