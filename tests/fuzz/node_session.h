/* The node's end of the session against any bytes of a VM. Control: 0: bit 0 create, bit 1 Berlin,
 * bit 2 access list, bit 3 pieces that pay no heed to frames, bit 4 trace; 1: what the world says;
 * 2, 3: the sizes of the pieces. */
#ifndef EXTVM_TESTS_NODE_SESSION_H
#define EXTVM_TESTS_NODE_SESSION_H

#include <extvm/integer.h>

#include "fuzz.h"

enum { CALLS = 3 };

static const uint8_t zero = 0, one = 1, gas[] = {0x0f, 0xad, 0xf8};
static const extvm_address recipient = {{0xcc, 0xcc}};
static const extvm_bytes warm_key = {&one, 1};
static const extvm_access_entry warm_entry = {{{[19] = 4}}, &warm_key, 1};
static const extvm_access_list warm_list = {&warm_entry, 1};

static inline extvm_call make_call(uint8_t control, extvm_bytes input) {
    extvm_call call = {.recipient = (control & 1) != 0 ? NULL : &recipient,
                       .input = input,
                       .value = {&one, 1},
                       .gas_price = {&one, 1},
                       .gas_provided = {gas, sizeof gas},
                       .block = {.number = {gas, sizeof gas}, .timestamp = 1000}};
    memset(call.caller.bytes, 0xa1, sizeof call.caller.bytes);
    extvm_chain_set_fork(&call.chain, (control & 2) != 0 ? EXTVM_FORK_BERLIN : EXTVM_FORK_FRONTIER);
    call.chain.chain_id = (extvm_bytes){&one, 1};
    if ((control & 4) != 0) {
        call.type = EXTVM_TRANSACTION_ACCESS_LIST;
        call.access_list = &warm_list;
    }
    return call;
}

/* The world: what it says depends on the address and the control byte. */
static inline extvm_status answer(struct session *session, const struct query *query,
                                  uint8_t control, extvm_error *error) {
    unsigned said = (unsigned)query->address.bytes[0] + query->address.bytes[19] + control;
    struct answer answer = {.found = (said & 3) != 0};
    bool possible = said % 32 != 31; /* else a value that there cannot be */
    answer.account.nonce = (extvm_bytes){(said & 4) != 0 ? &one : gas, (said & 4) != 0 ? 1 : 3};
    answer.account.balance = (extvm_bytes){(said & 8) != 0 ? &zero : gas, (said & 8) != 0 ? 1 : 3};
    answer.account.has_code = (said & 16) != 0;
    answer.bytes = (extvm_bytes){gas, sizeof gas};
    if (!possible) {
        static const uint8_t negative = 0x80;
        answer.account.balance = answer.bytes = (extvm_bytes){&negative, 1};
    }
    MUST(query->kind != QUERY_BLOCK_HASH || query->block_number < 0x0fadf8);
    return session_answer(session, &answer, error);
}

static inline void check_result(const extvm_result *result) {
    size_t changed, deleted, touched, logs;
    const extvm_modified_account *accounts = extvm_result_modified(result, &changed);
    extvm_result_deleted(result, &deleted);
    extvm_result_touched(result, &touched);
    extvm_result_logs(result, &logs);
    MUST(extvm_integer_compare(extvm_result_gas_remaining(result), (extvm_bytes){gas, 3}) <= 0);
    MUST(extvm_integer_sign(extvm_result_gas_used(result)) >= 0);
    if (extvm_result_outcome(result) != EXTVM_OUTCOME_SUCCESS) {
        MUST(changed + deleted + touched + logs == 0);
        MUST(extvm_integer_sign(extvm_result_gas_refund(result)) == 0);
    }
    for (size_t i = 0; i < changed; i++) {
        MUST(i == 0 || address_compare(&accounts[i - 1].address, &accounts[i].address) < 0);
        MUST(accounts[i].nonce.size > 0 && accounts[i].balance.size > 0);
        for (size_t j = 1; j < accounts[i].storage_count; j++) {
            MUST(extvm_integer_compare(accounts[i].storage[j - 1].key, accounts[i].storage[j].key) <
                 0);
        }
    }
}

/* Drives one call; false when no other can follow. */
static inline bool drive(struct session *session, const extvm_call *call, struct stream *stream) {
    extvm_error error = {.status = EXTVM_OK};
    struct session_event event;
    extvm_status status = session_begin(session, call, &error);
    while (status == EXTVM_OK) {
        MUST(session->state != SESSION_BROKEN);
        status = session_next(session, &event, &error);
        if (status != EXTVM_OK) {
            break;
        }
        switch (event.kind) {
        case SESSION_WANTS_BYTES:
            session_sent(session, session_output(session).size);
            if (!stream_feed(stream, session, (stream->control[0] & 8) == 0)) {
                MUST(session_closed(session, false, &error) != EXTVM_OK);
                check_broken(session);
                return false;
            }
            break;
        case SESSION_QUERY:
            status = answer(session, event.query, stream->control[1], &error);
            break;
        case SESSION_RESULT:
            check_result(event.result);
            extvm_result_free(event.result);
            MUST(session->state == SESSION_IDLE);
            return true;
        default:
            abort();
        }
    }
    MUST(error.status == status && error.text[0] != '\0');
    if (session->state != SESSION_IDLE) { /* the call was not refused before it began */
        check_broken(session);
    }
    return false;
}

static inline void look_at_trace(void *context, const extvm_trace_message *message) {
    (void)context;
    MUST(strlen(message->name) > 0);
    MUST(message->text != NULL && strchr(message->text, '\n') == NULL);
}

static inline int fuzz_node_session(const struct protocol *protocol, extvm_bytes input,
                                    const uint8_t *data, size_t size) {
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
    session_init_node(&session, protocol, &allocator, &settings);
    const extvm_call call = make_call(stream.control[0], input);
    for (unsigned i = 0; i < CALLS && drive(&session, &call, &stream); i++) {
    }
    session_free(&session);
    spare_close(settings.spare);
    check_memory(&scarce, size);
    return 0;
}

#endif
