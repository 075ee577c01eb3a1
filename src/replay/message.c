/* Messages by name: which there are, whose they are, and their fields. */
#include "message.h"

#include <string.h>

#include "common/buffer.h"
#include "common/error.h"
#include "common/trace.h"
#include "iele/iele.h"
#include "kevm/kevm.h"

static const struct message_type types[] = {
    {"Hello", MESSAGE_HELLO, QUERY_ACCOUNT},
    {"CallContext", MESSAGE_CALL, QUERY_ACCOUNT},
    {"GetAccount", MESSAGE_QUERY, QUERY_ACCOUNT},
    {"GetStorageData", MESSAGE_QUERY, QUERY_STORAGE},
    {"GetCode", MESSAGE_QUERY, QUERY_CODE},
    {"GetBlockhash", MESSAGE_QUERY, QUERY_BLOCK_HASH},
    {"Account", MESSAGE_ANSWER, QUERY_ACCOUNT},
    {"StorageData", MESSAGE_ANSWER, QUERY_STORAGE},
    {"Code", MESSAGE_ANSWER, QUERY_CODE},
    {"Blockhash", MESSAGE_ANSWER, QUERY_BLOCK_HASH},
    {"CallResult", MESSAGE_RESULT, QUERY_ACCOUNT},
};

static const struct protocol *const protocols[] = {&kevm_protocol, &iele_protocol};

const struct message_type *message_type_find(const char *name) {
    for (size_t i = 0; name != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].name, name) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

bool message_type_is_vm(const struct message_type *type) {
    return type->kind == MESSAGE_QUERY || type->kind == MESSAGE_RESULT;
}

const struct protocol *message_protocol_find(const char *version) {
    for (size_t i = 0; version != NULL && i < sizeof protocols / sizeof protocols[0]; i++) {
        if (strcmp(protocols[i]->version, version) == 0) {
            return protocols[i];
        }
    }
    return NULL;
}

extvm_status message_find(const char *version, const char *name, const struct protocol **protocol,
                          const struct message_type **type, extvm_error *error) {
    *protocol = message_protocol_find(version);
    *type = message_type_find(name);
    if (*protocol == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "there is no protocol \"%.40s\": allowed are 2.2 and 3.0",
                         version != NULL ? version : "");
    }
    if (*type == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "no message has the name \"%.40s\" (Hello, CallContext, GetAccount, "
                         "Account, GetStorageData, StorageData, GetCode, Code, GetBlockhash, "
                         "Blockhash, CallResult)",
                         name != NULL ? name : "");
    }
    return EXTVM_OK;
}

extvm_status extvm_message_direction(const char *name, extvm_direction *direction) {
    const struct message_type *type = message_type_find(name);
    if (type == NULL || direction == NULL) {
        return EXTVM_INVALID_ARGUMENT;
    }
    *direction = message_type_is_vm(type) ? EXTVM_VM_TO_NODE : EXTVM_NODE_TO_VM;
    return EXTVM_OK;
}

extvm_status extvm_message_fields(const char *protocol, const char *name, extvm_bytes body,
                                  extvm_message_form form, const extvm_allocator *allocator,
                                  char **text, extvm_error *error) {
    const struct protocol *known;
    const struct message_type *type;
    if (text == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_message_fields needs a place for the text");
    }
    *text = NULL;
    extvm_status status = message_find(protocol, name, &known, &type, error);
    if (status != EXTVM_OK) {
        return status;
    }
    allocator = allocator != NULL ? allocator : extvm_default_allocator();
    struct buffer out;
    struct arena arena;
    buffer_init(&out, allocator, SIZE_MAX / 2);
    arena_init(&arena, allocator, SIZE_MAX);
    status = trace_decoded(&out, known, type->name, body,
                           form == EXTVM_MESSAGE_JSON ? TRACE_JSON : TRACE_TEXT, &arena, error);
    if (status == EXTVM_OK && !buffer_append(&out, "", 1)) {
        status = error_no_memory(error, "the fields of a message");
    }
    arena_free(&arena);
    if (status != EXTVM_OK) {
        buffer_free(&out);
        return status;
    }
    *text = (char *)out.data;
    return EXTVM_OK;
}
