/* The VM's end of the session against any bytes of a node, whose Hello says which protocol it
 * is. Control: 0: bit 3 pieces that pay no
 * heed to frames, bit 4 trace; 1: what is asked; 2, 3: the sizes of the pieces. */
#include <extvm/integer.h>

#include "fuzz.h"
#include "iele/iele.h"
#include "kevm/kevm.h"

enum { QUERIES = 6 };

static const struct protocol *const protocols[] = {&kevm_protocol, &iele_protocol, NULL};

static void check_call(const extvm_call *call) {
    MUST(call != NULL);
    MUST(extvm_integer_sign(call->gas_provided) >= 0 && extvm_integer_sign(call->value) >= 0);
    MUST((call->type == EXTVM_TRANSACTION_ACCESS_LIST) == (call->access_list != NULL));
    for (size_t i = 1; call->access_list != NULL && i < call->access_list->count; i++) {
        const extvm_access_entry *entries = call->access_list->entries;
        MUST(memcmp(&entries[i - 1].address, &entries[i].address, EXTVM_ADDRESS_SIZE) < 0);
    }
}

static void check_answer(const struct protocol *protocol, const struct query *query,
                         const struct answer *answer) {
    extvm_word word;
    switch (query->kind) {
    case QUERY_ACCOUNT:
        MUST(extvm_integer_to_word(answer->account.nonce, &word) == EXTVM_OK);
        MUST(extvm_integer_to_word(answer->account.balance, &word) == EXTVM_OK);
        break;
    case QUERY_STORAGE:
        MUST(extvm_integer_normalise(answer->bytes).size == answer->bytes.size);
        MUST(protocol == &iele_protocol || extvm_integer_to_word(answer->bytes, &word) == EXTVM_OK);
        break;
    default:
        break;
    }
}

static void finish(struct session *session, const extvm_call *call, extvm_allocator *allocator) {
    extvm_error error;
    extvm_result *result = result_new(allocator, NULL);
    MUST(result != NULL);
    result->return_data = call->input;
    result->gas_remaining = call->gas_provided;
    if (call->access_list != NULL) {
        result->access_list = *call->access_list;
    }
    MUST(session_finish(session, result, &error) == EXTVM_OK);
    MUST(session_finish(session, result, &error) == EXTVM_INVALID_ARGUMENT);
    extvm_result_free(result);
}

static void drive(struct session *session, struct stream *stream, extvm_allocator *allocator) {
    extvm_error error = {.status = EXTVM_OK};
    struct session_event event;
    const extvm_call *call = NULL;
    struct query query;
    unsigned asked = 0;
    while (session_next(session, &event, &error) == EXTVM_OK) {
        if (event.kind == SESSION_WANTS_BYTES) {
            MUST(session->state != SESSION_RUNNING);
            session_sent(session, session_output(session).size);
            if (!stream_feed(stream, session, (stream->control[0] & 8) == 0)) {
                session_closed(session, true, &error);
                check_broken(session);
                return;
            }
            continue;
        }
        if (event.kind == SESSION_CALL) {
            call = event.call;
            check_call(call);
        } else {
            MUST(event.kind == SESSION_ANSWER && call != NULL);
            check_answer(session->protocol, &query, &event.answer);
        }
        if (asked++ % QUERIES == QUERIES - 1) {
            finish(session, call, allocator);
            continue;
        }
        query = (struct query){.kind = (enum query_kind)((stream->control[1] + asked) % 4),
                               .address = call->caller,
                               .key = call->value,
                               .block = 3};
        MUST(session_ask(session, &query, &error) == EXTVM_OK);
        MUST(session_ask(session, &query, &error) == EXTVM_INVALID_ARGUMENT);
    }
    MUST(error.status != EXTVM_OK && error.text[0] != '\0');
    check_broken(session);
}

static void look_at_trace(void *context, const extvm_trace_message *message) {
    (void)context;
    MUST(message->text != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct stream stream;
    struct scarce_memory scarce = {0};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    struct session session;
    struct session_settings settings = {.max_frame = FUZZ_MAX_FRAME};
    if (!stream_init(&stream, data, size)) {
        return 0;
    }
    settings.trace = (stream.control[0] & 16) != 0 ? look_at_trace : NULL;
    settings.spare = spare_new(&allocator);
    MUST(settings.spare != NULL);
    session_init_vm(&session, protocols, &allocator, &settings);
    drive(&session, &stream, &allocator);
    session_free(&session);
    spare_close(settings.spare);
    check_memory(&scarce, size);
    return 0;
}
