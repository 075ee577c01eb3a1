/* Recording: messages are added one by one, checked for their order, and kept by calls. */
#include "recording.h"

#include "common/error.h"
#include "common/options.h"

/* What may come next in a dialogue, by the last message of it. */
static bool may_follow(const struct dialogue *dialogue, const struct message_type *type) {
    const struct recorded_call *call = dialogue->call;
    if (dialogue->hello == NULL) {
        return type->kind == MESSAGE_HELLO;
    }
    if (call == NULL || call->is_complete) {
        return type->kind == MESSAGE_CALL;
    }
    if (call->last->type->kind == MESSAGE_QUERY) {
        return type->kind == MESSAGE_ANSWER && type->query == call->last->type->query;
    }
    return type->kind == MESSAGE_QUERY || type->kind == MESSAGE_RESULT;
}

static extvm_bytes key_of_dialogue(const void *entry) {
    const struct dialogue *dialogue = entry;
    return (extvm_bytes){(const uint8_t *)&dialogue->session, sizeof dialogue->session};
}

extvm_recording *extvm_recording_new(const extvm_options *options) {
    extvm_options defaults;
    if (options == NULL) {
        options_init(&defaults, NULL);
        options = &defaults;
    }
    extvm_recording *recording = memory_zeroed(&options->allocator, sizeof *recording);
    if (recording != NULL) {
        recording->allocator = options->allocator;
        recording->block_hash = options->settings.block_hash;
        arena_init(&recording->arena, &recording->allocator, SIZE_MAX);
        table_init(&recording->dialogues, &recording->allocator, key_of_dialogue);
        buffer_init(&recording->calls, &recording->allocator, SIZE_MAX / 2);
    }
    return recording;
}

void extvm_recording_free(extvm_recording *recording) {
    if (recording != NULL) {
        table_free(&recording->dialogues);
        buffer_free(&recording->calls);
        arena_free(&recording->arena);
        extvm_allocator allocator = recording->allocator;
        memory_release(&allocator, recording);
    }
}

/* Room in the arena: decoding has set its maximum. */
static void *allocate(extvm_recording *recording, size_t size) {
    recording->arena.maximum = SIZE_MAX;
    return arena_array(&recording->arena, 1, size);
}

static struct dialogue *find_dialogue(extvm_recording *recording, uint64_t session,
                                      const struct protocol *protocol) {
    struct dialogue *dialogue =
        table_find(&recording->dialogues, (extvm_bytes){(const uint8_t *)&session, sizeof session});
    if (dialogue == NULL && (dialogue = allocate(recording, sizeof *dialogue)) != NULL) {
        dialogue->session = session;
        dialogue->protocol = protocol;
        if (!table_insert(&recording->dialogues, dialogue)) {
            return NULL;
        }
    }
    return dialogue;
}

/* -- decoding -- */

static extvm_status decode_hello(extvm_recording *recording, const struct dialogue *dialogue,
                                 const struct recorded *recorded, extvm_error *error) {
    extvm_bytes version;
    return dialogue->protocol->decode_hello(recorded->body, &recording->arena, &version, error);
}

/* A query or a result, as its name says. */
static extvm_status decode_vm_message(extvm_recording *recording, const struct dialogue *dialogue,
                                      struct recorded *recorded, extvm_error *error) {
    struct vm_message message = {.result = NULL};
    extvm_status status =
        dialogue->protocol->decode_vm_message(recorded->body, &recording->arena, &message, error);
    bool is_result = message.result != NULL;
    extvm_result_free(message.result);
    recorded->query = message.query;
    if (status == EXTVM_OK && (is_result != (recorded->type->kind == MESSAGE_RESULT) ||
                               (!is_result && message.query.kind != recorded->type->query))) {
        return error_set(error, EXTVM_MALFORMED_MESSAGE, "these bytes are another message than %s",
                         recorded->type->name);
    }
    return status;
}

static extvm_status decode(extvm_recording *recording, const struct dialogue *dialogue,
                           struct recorded *recorded, extvm_error *error) {
    const struct recorded_call *call = dialogue->call;
    switch (recorded->type->kind) {
    case MESSAGE_HELLO:
        return decode_hello(recording, dialogue, recorded, error);
    case MESSAGE_CALL:
        return EXTVM_OK; /* when there is a call to decode it into */
    case MESSAGE_QUERY:
    case MESSAGE_RESULT:
        return decode_vm_message(recording, dialogue, recorded, error);
    case MESSAGE_ANSWER:
        recorded->query = call->last->query;
        return dialogue->protocol->decode_answer(recorded->body, &recorded->query,
                                                 &recording->arena, &recorded->answer, error);
    }
    return EXTVM_OK;
}

/* -- adding -- */

static extvm_status begin_call(extvm_recording *recording, struct dialogue *dialogue,
                               struct recorded *recorded, extvm_error *error) {
    struct recorded_call *call = allocate(recording, sizeof *call);
    if (call == NULL || !buffer_append(&recording->calls, &call, sizeof(struct recorded_call *))) {
        return error_no_memory(error, "a recording");
    }
    *call = (struct recorded_call){.protocol = dialogue->protocol,
                                   .session = dialogue->session,
                                   .hello = dialogue->hello,
                                   .first = recorded,
                                   .last = recorded};
    dialogue->call = call;
    return dialogue->protocol->decode_call(recorded->body, &recording->arena, &call->call, error);
}

static extvm_status keep(extvm_recording *recording, struct dialogue *dialogue,
                         struct recorded *recorded, extvm_error *error) {
    struct recorded_call *call = dialogue->call;
    if (recorded->type->kind == MESSAGE_HELLO) {
        dialogue->hello = recorded;
        return EXTVM_OK;
    }
    if (recorded->type->kind == MESSAGE_CALL) {
        return begin_call(recording, dialogue, recorded, error);
    }
    call->last->next = recorded;
    call->last = recorded;
    call->queries += recorded->type->kind == MESSAGE_ANSWER;
    call->is_complete = recorded->type->kind == MESSAGE_RESULT;
    return EXTVM_OK;
}

static extvm_status check_order(const struct dialogue *dialogue, const struct protocol *protocol,
                                const struct message_type *type, extvm_error *error) {
    if (dialogue->protocol != protocol) {
        return error_set(
            error, EXTVM_INVALID_ARGUMENT, "session %llu speaks protocol %s, and this message %s",
            (unsigned long long)dialogue->session, dialogue->protocol->version, protocol->version);
    }
    if (!may_follow(dialogue, type)) {
        const char *last = dialogue->hello == NULL  ? "the beginning"
                           : dialogue->call == NULL ? "Hello"
                                                    : dialogue->call->last->type->name;
        return error_set(error, EXTVM_UNEXPECTED_MESSAGE, "%s cannot come after %s in session %llu",
                         type->name, last, (unsigned long long)dialogue->session);
    }
    return EXTVM_OK;
}

extvm_status extvm_recording_add(extvm_recording *recording, const extvm_recorded_message *message,
                                 extvm_error *error) {
    if (recording == NULL || message == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_recording_add needs a recording and a message");
    }
    const struct protocol *protocol;
    const struct message_type *type;
    extvm_status status = message_find(message->protocol, message->name, &protocol, &type, error);
    if (status != EXTVM_OK) {
        return status;
    }
    struct dialogue *dialogue = find_dialogue(recording, message->session, protocol);
    struct recorded *recorded = allocate(recording, sizeof *recorded);
    if (dialogue == NULL || recorded == NULL ||
        !arena_copy(&recording->arena, message->body, &recorded->body)) {
        return error_no_memory(error, "a recording");
    }
    recorded->type = type;
    recorded->place = message->place;
    status = check_order(dialogue, protocol, type, error);
    if (status == EXTVM_OK) {
        status = decode(recording, dialogue, recorded, error);
    }
    return status == EXTVM_OK ? keep(recording, dialogue, recorded, error) : status;
}

/* -- looking at it -- */

size_t extvm_recording_count(const extvm_recording *recording) {
    return recording->calls.size / sizeof(struct recorded_call *);
}

const struct recorded_call *recording_at(const extvm_recording *recording, size_t index) {
    if (recording == NULL || index >= extvm_recording_count(recording)) {
        return NULL;
    }
    struct recorded_call *const *calls = (const void *)recording->calls.data;
    return calls[index];
}

bool extvm_recording_call(const extvm_recording *recording, size_t index,
                          extvm_recorded_call *out) {
    const struct recorded_call *call = recording_at(recording, index);
    if (call != NULL) {
        *out = (extvm_recorded_call){.call = &call->call,
                                     .protocol = call->protocol->version,
                                     .session = call->session,
                                     .place = call->first->place,
                                     .queries = call->queries,
                                     .is_complete = call->is_complete};
    }
    return call != NULL;
}

bool extvm_recording_account(const extvm_recording *recording, size_t index,
                             const extvm_address *address, extvm_account *out) {
    const struct recorded_call *call = recording_at(recording, index);
    for (const struct recorded *one = call != NULL ? call->first : NULL; one != NULL;
         one = one->next) {
        if (one->type->kind == MESSAGE_ANSWER && one->query.kind == QUERY_ACCOUNT &&
            extvm_address_equal(&one->query.address, address)) {
            *out = one->answer.account;
            return one->answer.found;
        }
    }
    return false;
}

enum block_hash_policy recording_block_hash(const extvm_recording *recording,
                                            const struct recorded_call *call) {
    switch (recording->block_hash) {
    case BLOCK_HASH_CHOSEN_ABSOLUTE:
        return BLOCK_HASH_ABSOLUTE;
    case BLOCK_HASH_CHOSEN_PARENT:
        return BLOCK_HASH_PARENT;
    default:
        return call->protocol->block_hash;
    }
}
