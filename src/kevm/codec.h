/* The parts of KEVM's messages that both ends write and read. */
#ifndef EXTVM_KEVM_CODEC_H
#define EXTVM_KEVM_CODEC_H

#include "common/messages.h"
#include "kevm.pb-c.h"

#include <extvm/call.h>

/* The EthereumConfig's numbers; signed on the wire (protocol/kevm.md, section 4.1). */
void config_to_wire(const extvm_chain *chain, Kevm__EthereumConfig *config);
void config_from_wire(const Kevm__EthereumConfig *config, extvm_chain *chain);

/* What an access list is for: a result's storage locations are words, a call's are numbers
 * (protocol/kevm.md, section 4.1), and in Berlin a call has the precompiled contracts 1 to 9 before
 * the list's own addresses. */
enum access_list_use { ACCESS_LIST_OF_CALL, ACCESS_LIST_OF_BERLIN_CALL, ACCESS_LIST_OF_RESULT };

/* An access list as a message; the arrays and words lie in `arena`, the rest is borrowed from
 * `list`. False: no memory. */
bool access_list_to_wire(const extvm_access_list *list, enum access_list_use use,
                         struct arena *arena, Kevm__AccessListData *data);

/* The other way, from the message, or in place from its bytes, which are changed by it; entries are
 * ascending by address, each once, with all its keys.
 * Errors: EXTVM_MALFORMED_MESSAGE, EXTVM_NO_MEMORY. */
extvm_status access_list_from_message(const Kevm__AccessListData *data, struct arena *arena,
                                      extvm_access_list *list, extvm_error *error);
extvm_status access_list_from_wire(struct wire wire, struct arena *arena, extvm_access_list *list,
                                   extvm_error *error);

/* How KEVM has the messages that all protocols share. */
extern const struct message_rules kevm_message_rules;

#endif
