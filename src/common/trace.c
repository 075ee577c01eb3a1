/* The messages of a dialogue by their fields: as one line of text for people, and as JSON. */
#include "trace.h"

#include <stdio.h>
#include <string.h>

#include <extvm/integer.h>

#include "error.h"

enum {
    SHOWN_BYTES = 64,        /* of data in text, the rest is only counted */
    SHOWN_INTEGER_BYTES = 40 /* wider integers, two's complement, are shown in hex */
};

/* Where the fields go. */
struct fields {
    struct buffer *out;
    bool json;
    bool failed; /* not all of it is there */
};

static void append(struct fields *fields, const char *text, size_t size) {
    fields->failed = !buffer_append(fields->out, text, size) || fields->failed;
}

static void append_text(struct fields *fields, const char *text) {
    append(fields, text, strlen(text));
}

/* What stands between two fields, unless the fields begin here, or those of a list or item. */
static void separate(struct fields *fields) {
    const struct buffer *out = fields->out;
    if (out->size > 0 && strchr("[{", out->data[out->size - 1]) == NULL) {
        append_text(fields, fields->json ? "," : " ");
    }
}

static void put_name(struct fields *fields, const char *name) {
    separate(fields);
    if (fields->json) {
        append_text(fields, "\"");
        append_text(fields, name);
        append_text(fields, "\":");
    } else {
        append_text(fields, name);
        append_text(fields, "=");
    }
}

/* `value` needs no escapes. */
static void append_value(struct fields *fields, const char *value) {
    const char *quote = fields->json ? "\"" : "";
    append_text(fields, quote);
    append_text(fields, value);
    append_text(fields, quote);
}

static void put(struct fields *fields, const char *name, const char *value) {
    put_name(fields, name);
    append_value(fields, value);
}

static void put_yes(struct fields *fields, const char *name, bool value) {
    put_name(fields, name);
    append_text(fields, fields->json ? (value ? "true" : "false") : (value ? "yes" : "no"));
}

static void put_number(struct fields *fields, const char *name, long long number) {
    char text[24];
    snprintf(text, sizeof text, "%lld", number);
    put(fields, name, text);
}

/* "0x" and two digits a byte. */
static void append_hex(struct fields *fields, extvm_bytes data) {
    struct buffer *out = fields->out;
    size_t digits;
    if (!size_multiply(data.size, 2, &digits) || !size_add(digits, sizeof "0x", &digits) ||
        !buffer_reserve(out, digits)) {
        fields->failed = true;
        return;
    }
    extvm_bytes_to_hex(data, (char *)out->data + out->size);
    out->size += digits - 1;
}

static void append_data(struct fields *fields, extvm_bytes data) {
    size_t shown = fields->json || data.size < SHOWN_BYTES ? data.size : SHOWN_BYTES;
    const char *quote = fields->json ? "\"" : "";
    append_text(fields, quote);
    append_hex(fields, (extvm_bytes){data.data, shown});
    append_text(fields, quote);
    if (shown < data.size) {
        fields->failed = !buffer_print(fields->out, "...(%zu bytes)", data.size) || fields->failed;
    }
}

static void put_data(struct fields *fields, const char *name, extvm_bytes data) {
    put_name(fields, name);
    append_data(fields, data);
}

/* The cost of decimal grows with the square of the size, that of hex does not. */
static void append_wide_integer(struct fields *fields, extvm_bytes integer) {
    struct buffer *out = fields->out;
    if (!fields->json) {
        append_data(fields, integer);
        return;
    }
    append_text(fields, "\"");
    if (buffer_reserve(out, EXTVM_INTEGER_HEX_SIZE(integer.size))) {
        char *text = (char *)out->data + out->size;
        out->size += strlen(extvm_integer_to_hex(integer, text));
    } else {
        fields->failed = true;
    }
    append_text(fields, "\"");
}

static void append_integer(struct fields *fields, extvm_bytes integer) {
    integer = extvm_integer_normalise(integer);
    if (integer.size > SHOWN_INTEGER_BYTES) {
        append_wide_integer(fields, integer);
        return;
    }
    char decimal[EXTVM_DECIMAL_SIZE(SHOWN_INTEGER_BYTES)];
    append_value(fields, extvm_integer_to_decimal(integer, decimal));
}

static void put_integer(struct fields *fields, const char *name, extvm_bytes integer) {
    put_name(fields, name);
    append_integer(fields, integer);
}

static void put_address(struct fields *fields, const char *name, const extvm_address *address) {
    put_data(fields, name, (extvm_bytes){address->bytes, EXTVM_ADDRESS_SIZE});
}

static void put_word(struct fields *fields, const char *name, const extvm_word *word) {
    put_data(fields, name, (extvm_bytes){word->bytes, EXTVM_WORD_SIZE});
}

static void open_list(struct fields *fields, const char *name) {
    put_name(fields, name);
    append_text(fields, "[");
}

static void open_item(struct fields *fields) {
    separate(fields);
    append_text(fields, "{");
}

static void close_item(struct fields *fields) {
    append_text(fields, "}");
}

static void close_list(struct fields *fields) {
    append_text(fields, "]");
}

static void put_forks(struct fields *fields, const extvm_chain *chain) {
    for (unsigned i = 0; i < EXTVM_FORK_COUNT; i++) {
        put_integer(fields, extvm_fork_name((extvm_fork)i), chain->fork_block[i]);
    }
    put_integer(fields, "maxCodeSize", chain->max_code_size);
    put_integer(fields, "accountStartNonce", chain->account_start_nonce);
}

static void put_keys(struct fields *fields, const extvm_access_entry *entry) {
    open_list(fields, "keys");
    for (size_t i = 0; i < entry->storage_key_count; i++) {
        separate(fields);
        append_integer(fields, entry->storage_keys[i]);
    }
    close_list(fields);
}

static void put_access_list(struct fields *fields, const extvm_access_list *list) {
    open_list(fields, "accessList");
    for (size_t i = 0; i < list->count; i++) {
        open_item(fields);
        put_address(fields, "address", &list->entries[i].address);
        if (fields->json || list->entries[i].storage_key_count > 0) {
            put_keys(fields, &list->entries[i]);
        }
        close_item(fields);
    }
    close_list(fields);
}

/* A version may hold anything: what is not plain is shown as '?'. */
static void put_hello(struct fields *fields, extvm_bytes version, const extvm_chain *chain) {
    char text[33];
    size_t length = 0;
    for (; length < version.size && length < sizeof text - 1; length++) {
        char byte = (char)version.data[length];
        bool is_plain = byte > ' ' && byte <= '~' && byte != '"' && byte != '\\';
        text[length] = (char)(is_plain ? byte : '?');
    }
    text[length] = '\0';
    put(fields, "version", text);
    if (chain != NULL) {
        put_forks(fields, chain);
        put_integer(fields, "chainId", chain->chain_id);
    }
}

static void put_block(struct fields *fields, const extvm_block *block) {
    put_address(fields, "beneficiary", &block->beneficiary);
    put_integer(fields, "difficulty", block->difficulty);
    put_integer(fields, "number", block->number);
    put_integer(fields, "gasLimit", block->gas_limit);
    put_number(fields, "timestamp", (long long)block->timestamp);
}

static void put_call(struct fields *fields, const extvm_call *call, bool with_chain) {
    put_address(fields, "caller", &call->caller);
    if (call->recipient != NULL) {
        put_address(fields, "recipient", call->recipient);
    } else if (fields->json) {
        put_name(fields, "recipient");
        append_text(fields, "null");
    } else {
        put(fields, "recipient", "none(create)");
    }
    put_data(fields, "input", call->input);
    put_integer(fields, "value", call->value);
    put_integer(fields, "gasPrice", call->gas_price);
    put_integer(fields, "gasProvided", call->gas_provided);
    put_block(fields, &call->block);
    if (with_chain) {
        put(fields, "fork", extvm_fork_name(extvm_chain_fork_at(&call->chain, call->block.number)));
        if (fields->json) {
            put_forks(fields, &call->chain);
        }
        put_integer(fields, "chainId", call->chain.chain_id);
    }
    if (call->access_list != NULL) {
        put_access_list(fields, call->access_list);
    }
}

static const struct {
    const char *query, *answer;
} message_names[] = {
    [QUERY_ACCOUNT] = {"GetAccount", "Account"},
    [QUERY_STORAGE] = {"GetStorageData", "StorageData"},
    [QUERY_CODE] = {"GetCode", "Code"},
    [QUERY_BLOCK_HASH] = {"GetBlockhash", "Blockhash"},
};

const char *trace_query_name(enum query_kind kind) {
    return message_names[kind].query;
}

const char *trace_answer_name(enum query_kind kind) {
    return message_names[kind].answer;
}

static void put_query(struct fields *fields, const struct query *query) {
    if (query->kind == QUERY_BLOCK_HASH) {
        put_number(fields, "offset", (long long)query->block);
        return;
    }
    put_address(fields, "address", &query->address);
    if (query->kind == QUERY_STORAGE) {
        put_integer(fields, "key", query->key);
    }
}

static void put_account(struct fields *fields, const struct answer *answer) {
    if (!answer->found) {
        append_text(fields, fields->json ? "\"absent\":true" : "absent");
        return;
    }
    put_integer(fields, "nonce", answer->account.nonce);
    put_integer(fields, "balance", answer->account.balance);
    put_yes(fields, "code", answer->account.has_code);
}

static void put_answer(struct fields *fields, const struct query *query,
                       const struct answer *answer) {
    static const extvm_word no_hash = {{0}};
    switch (query->kind) {
    case QUERY_ACCOUNT:
        put_account(fields, answer);
        break;
    case QUERY_STORAGE:
        put_integer(fields, "value", answer->found ? answer->bytes : (extvm_bytes){NULL, 0});
        break;
    case QUERY_CODE:
        put_data(fields, "code", answer->found ? answer->bytes : (extvm_bytes){NULL, 0});
        break;
    case QUERY_BLOCK_HASH:
        put_word(fields, "hash", answer->found ? &answer->hash : &no_hash);
        break;
    }
}

static void put_storage(struct fields *fields, const extvm_modified_account *account) {
    open_list(fields, "storage");
    for (size_t i = 0; i < account->storage_count; i++) {
        open_item(fields);
        put_integer(fields, "key", account->storage[i].key);
        put_integer(fields, "value", account->storage[i].value);
        close_item(fields);
    }
    close_list(fields);
}

static void put_modified(struct fields *fields, const extvm_result *result) {
    open_list(fields, "modified");
    for (size_t i = 0; i < result->modified_count; i++) {
        const extvm_modified_account *account = &result->modified[i];
        open_item(fields);
        put_address(fields, "address", &account->address);
        put_integer(fields, "nonce", account->nonce);
        put_integer(fields, "balance", account->balance);
        if (account->code.size > 0) {
            put_data(fields, "code", account->code);
        }
        if (fields->json || account->storage_count > 0) {
            put_storage(fields, account);
        }
        close_item(fields);
    }
    close_list(fields);
}

static void put_addresses(struct fields *fields, const char *name, const extvm_address *addresses,
                          size_t count) {
    open_list(fields, name);
    for (size_t i = 0; i < count; i++) {
        separate(fields);
        append_data(fields, (extvm_bytes){addresses[i].bytes, EXTVM_ADDRESS_SIZE});
    }
    close_list(fields);
}

static void put_topics(struct fields *fields, const extvm_log_entry *entry) {
    open_list(fields, "topics");
    for (size_t i = 0; i < entry->topic_count; i++) {
        separate(fields);
        append_data(fields, (extvm_bytes){entry->topics[i].bytes, EXTVM_WORD_SIZE});
    }
    close_list(fields);
}

static void put_logs(struct fields *fields, const extvm_result *result) {
    open_list(fields, "logs");
    for (size_t i = 0; i < result->log_count; i++) {
        const extvm_log_entry *entry = &result->logs[i];
        open_item(fields);
        put_address(fields, "address", &entry->address);
        put_topics(fields, entry);
        put_data(fields, "data", entry->data);
        close_item(fields);
    }
    close_list(fields);
}

static void put_coverage(struct fields *fields, const extvm_result *result) {
    open_list(fields, "coverage");
    for (size_t i = 0; i < result->coverage_count; i++) {
        const extvm_code_coverage *one = &result->coverage[i];
        open_item(fields);
        put_word(fields, "codeHash", &one->code_hash);
        put_data(fields, "code", one->code);
        put_data(fields, "coverage", one->coverage);
        close_item(fields);
    }
    close_list(fields);
}

static void put_result(struct fields *fields, const extvm_result *result) {
    put_integer(fields, "returnCode", result->return_code);
    put_yes(fields, "error", result->error);
    put_data(fields, "returnData", result->return_data);
    put_integer(fields, "gasRemaining", result->gas_remaining);
    put_integer(fields, "gasRefund", result->gas_refund);
    put_modified(fields, result);
    put_addresses(fields, "deleted", result->deleted, result->deleted_count);
    put_addresses(fields, "touched", result->touched, result->touched_count);
    put_logs(fields, result);
    put_access_list(fields, &result->access_list);
    put_coverage(fields, result);
}

/* -- one line of text -- */

void trace_hello(struct buffer *text, extvm_bytes version, const extvm_chain *chain) {
    put_hello(&(struct fields){.out = text}, version, chain);
}

void trace_call(struct buffer *text, const extvm_call *call, bool with_chain) {
    put_call(&(struct fields){.out = text}, call, with_chain);
}

void trace_query(struct buffer *text, const struct query *query) {
    put_query(&(struct fields){.out = text}, query);
}

void trace_answer(struct buffer *text, const struct query *query, const struct answer *answer) {
    put_answer(&(struct fields){.out = text}, query, answer);
}

void trace_result(struct buffer *text, const extvm_result *result) {
    put_result(&(struct fields){.out = text}, result);
}

/* -- any message, from its bytes -- */

static extvm_status put_call_of(struct fields *fields, const struct protocol *protocol,
                                extvm_bytes body, struct arena *arena, extvm_error *error) {
    extvm_call call = {.recipient = NULL};
    extvm_status status = protocol->decode_call(body, arena, &call, error);
    if (status == EXTVM_OK) {
        put_call(fields, &call, protocol->sends_chain);
    }
    return status;
}

static extvm_status put_hello_of(struct fields *fields, const struct protocol *protocol,
                                 extvm_bytes body, struct arena *arena, extvm_error *error) {
    extvm_bytes version = {NULL, 0};
    extvm_status status = protocol->decode_hello(body, arena, &version, error);
    if (status == EXTVM_OK) {
        put_hello(fields, version, NULL);
    }
    return status;
}

static extvm_status put_vm_message_of(struct fields *fields, const struct protocol *protocol,
                                      extvm_bytes body, struct arena *arena, extvm_error *error) {
    struct vm_message message = {.result = NULL};
    extvm_status status = protocol->decode_vm_message(body, arena, &message, error);
    if (status == EXTVM_OK && message.result != NULL) {
        put_result(fields, message.result);
    } else if (status == EXTVM_OK) {
        put_query(fields, &message.query);
    }
    extvm_result_free(message.result);
    return status;
}

static extvm_status put_answer_of(struct fields *fields, const struct protocol *protocol,
                                  extvm_bytes body, enum query_kind kind, struct arena *arena,
                                  extvm_error *error) {
    const struct query query = {.kind = kind};
    struct answer answer = {.found = false};
    extvm_status status = protocol->decode_answer(body, &query, arena, &answer, error);
    if (status == EXTVM_OK) {
        put_answer(fields, &query, &answer);
    }
    return status;
}

bool trace_answer_kind(const char *name, enum query_kind *kind) {
    for (unsigned i = 0; i < sizeof message_names / sizeof message_names[0]; i++) {
        if (strcmp(message_names[i].answer, name) == 0) {
            *kind = (enum query_kind)i;
            return true;
        }
    }
    return false;
}

extvm_status trace_decoded(struct buffer *out, const struct protocol *protocol, const char *name,
                           extvm_bytes body, enum trace_form form, struct arena *arena,
                           extvm_error *error) {
    struct fields fields = {.out = out, .json = form == TRACE_JSON};
    enum query_kind kind;
    extvm_status status;
    append_text(&fields, fields.json ? "{" : "");
    if (strcmp(name, "Hello") == 0) {
        status = put_hello_of(&fields, protocol, body, arena, error);
    } else if (strcmp(name, "CallContext") == 0) {
        status = put_call_of(&fields, protocol, body, arena, error);
    } else if (trace_answer_kind(name, &kind)) {
        status = put_answer_of(&fields, protocol, body, kind, arena, error);
    } else {
        status = put_vm_message_of(&fields, protocol, body, arena, error);
    }
    append_text(&fields, fields.json ? "}" : "");
    return status == EXTVM_OK && fields.failed ? error_no_memory(error, "the fields of a message")
                                               : status;
}
