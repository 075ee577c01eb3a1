/* The messages of a dialogue as one line of text each. */
#include "trace.h"

#include <string.h>

#include <extvm/integer.h>

enum {
    SHOWN_BYTES = 64,        /* of data, the rest is only counted */
    SHOWN_INTEGER_BYTES = 40 /* wider integers, two's complement, are shown as data */
};

/* A space, unless the text begins here, or a list or item in it. */
static const char *separator(const struct buffer *text) {
    bool first = text->size == 0 || strchr("[{", text->data[text->size - 1]) != NULL;
    return first ? "" : " ";
}

static void put(struct buffer *text, const char *name, const char *value) {
    buffer_print(text, "%s%s=%s", separator(text), name, value);
}

static void put_data(struct buffer *text, const char *name, extvm_bytes data) {
    char hex[EXTVM_HEX_SIZE(SHOWN_BYTES)];
    size_t shown = data.size < SHOWN_BYTES ? data.size : SHOWN_BYTES;
    put(text, name, extvm_bytes_to_hex((extvm_bytes){data.data, shown}, hex));
    if (shown < data.size) {
        buffer_print(text, "...(%zu bytes)", data.size);
    }
}

static void put_integer(struct buffer *text, const char *name, extvm_bytes integer) {
    integer = extvm_integer_normalise(integer);
    if (integer.size > SHOWN_INTEGER_BYTES) {
        put_data(text, name, integer);
        return;
    }
    char decimal[EXTVM_DECIMAL_SIZE(SHOWN_INTEGER_BYTES)];
    put(text, name, extvm_integer_to_decimal(integer, decimal));
}

static void put_address(struct buffer *text, const char *name, const extvm_address *address) {
    put_data(text, name, (extvm_bytes){address->bytes, EXTVM_ADDRESS_SIZE});
}

static void put_word(struct buffer *text, const char *name, const extvm_word *word) {
    put_data(text, name, (extvm_bytes){word->bytes, EXTVM_WORD_SIZE});
}

static void open_list(struct buffer *text, const char *name) {
    buffer_print(text, "%s%s=[", separator(text), name);
}

static void open_item(struct buffer *text, const char *name) {
    buffer_print(text, "%s%s{", separator(text), name);
}

static void close_with(struct buffer *text, const char *end) {
    buffer_append(text, end, strlen(end));
}

static void put_chain(struct buffer *text, const extvm_chain *chain) {
    for (unsigned i = 0; i < EXTVM_FORK_COUNT; i++) {
        put_integer(text, extvm_fork_name((extvm_fork)i), chain->fork_block[i]);
    }
    put_integer(text, "maxCodeSize", chain->max_code_size);
    put_integer(text, "accountStartNonce", chain->account_start_nonce);
    put_integer(text, "chainId", chain->chain_id);
}

static void put_access_list(struct buffer *text, const extvm_access_list *list) {
    open_list(text, "accessList");
    for (size_t i = 0; i < list->count; i++) {
        open_item(text, "");
        put_address(text, "address", &list->entries[i].address);
        for (size_t j = 0; j < list->entries[i].storage_key_count; j++) {
            put_integer(text, "key", list->entries[i].storage_keys[j]);
        }
        close_with(text, "}");
    }
    close_with(text, "]");
}

void trace_hello(struct buffer *text, extvm_bytes version, const extvm_chain *chain) {
    buffer_print(text, "version=%.*s", (int)(version.size < 32 ? version.size : 32),
                 version.size > 0 ? (const char *)version.data : "");
    if (chain != NULL) {
        put_chain(text, chain);
    }
}

void trace_call(struct buffer *text, const extvm_call *call, bool with_chain) {
    put_address(text, "caller", &call->caller);
    if (call->recipient != NULL) {
        put_address(text, "recipient", call->recipient);
    } else {
        put(text, "recipient", "none(create)");
    }
    put_data(text, "input", call->input);
    put_integer(text, "value", call->value);
    put_integer(text, "gasPrice", call->gas_price);
    put_integer(text, "gasProvided", call->gas_provided);
    put_address(text, "beneficiary", &call->block.beneficiary);
    put_integer(text, "difficulty", call->block.difficulty);
    put_integer(text, "number", call->block.number);
    put_integer(text, "gasLimit", call->block.gas_limit);
    buffer_print(text, " timestamp=%llu", (unsigned long long)call->block.timestamp);
    if (with_chain) {
        buffer_print(text, " fork=%s",
                     extvm_fork_name(extvm_chain_fork_at(&call->chain, call->block.number)));
        put_integer(text, "chainId", call->chain.chain_id);
    }
    if (call->access_list != NULL) {
        put_access_list(text, call->access_list);
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

void trace_query(struct buffer *text, const struct query *query) {
    if (query->kind == QUERY_BLOCK_HASH) {
        buffer_print(text, "offset=%lld", (long long)query->block);
        return;
    }
    put_address(text, "address", &query->address);
    if (query->kind == QUERY_STORAGE) {
        put_integer(text, "key", query->key);
    }
}

static void put_account(struct buffer *text, const struct answer *answer) {
    if (!answer->found) {
        buffer_print(text, "absent");
        return;
    }
    put_integer(text, "nonce", answer->account.nonce);
    put_integer(text, "balance", answer->account.balance);
    put(text, "code", answer->account.has_code ? "yes" : "no");
}

void trace_answer(struct buffer *text, const struct query *query, const struct answer *answer) {
    static const extvm_word no_hash = {{0}};
    switch (query->kind) {
    case QUERY_ACCOUNT:
        put_account(text, answer);
        break;
    case QUERY_STORAGE:
        put_integer(text, "value", answer->found ? answer->bytes : (extvm_bytes){NULL, 0});
        break;
    case QUERY_CODE:
        put_data(text, "code", answer->found ? answer->bytes : (extvm_bytes){NULL, 0});
        break;
    case QUERY_BLOCK_HASH:
        put_word(text, "hash", answer->found ? &answer->hash : &no_hash);
        break;
    }
}

static void put_modified(struct buffer *text, const extvm_result *result) {
    open_list(text, "modified");
    for (size_t i = 0; i < result->modified_count; i++) {
        const extvm_modified_account *account = &result->modified[i];
        open_item(text, "");
        put_address(text, "address", &account->address);
        put_integer(text, "nonce", account->nonce);
        put_integer(text, "balance", account->balance);
        if (account->code.size > 0) {
            put_data(text, "code", account->code);
        }
        for (size_t j = 0; j < account->storage_count; j++) {
            open_item(text, "storage");
            put_integer(text, "key", account->storage[j].key);
            put_integer(text, "value", account->storage[j].value);
            close_with(text, "}");
        }
        close_with(text, "}");
    }
    close_with(text, "]");
}

static void put_addresses(struct buffer *text, const char *name, const extvm_address *addresses,
                          size_t count) {
    open_list(text, name);
    for (size_t i = 0; i < count; i++) {
        char hex[EXTVM_HEX_SIZE(EXTVM_ADDRESS_SIZE)];
        extvm_bytes_to_hex((extvm_bytes){addresses[i].bytes, EXTVM_ADDRESS_SIZE}, hex);
        buffer_print(text, "%s%s", separator(text), hex);
    }
    close_with(text, "]");
}

static void put_logs(struct buffer *text, const extvm_result *result) {
    open_list(text, "logs");
    for (size_t i = 0; i < result->log_count; i++) {
        const extvm_log_entry *entry = &result->logs[i];
        open_item(text, "");
        put_address(text, "address", &entry->address);
        for (size_t j = 0; j < entry->topic_count; j++) {
            put_word(text, "topic", &entry->topics[j]);
        }
        put_data(text, "data", entry->data);
        close_with(text, "}");
    }
    close_with(text, "]");
}

static void put_coverage(struct buffer *text, const extvm_result *result) {
    open_list(text, "coverage");
    for (size_t i = 0; i < result->coverage_count; i++) {
        const extvm_code_coverage *one = &result->coverage[i];
        open_item(text, "");
        put_word(text, "codeHash", &one->code_hash);
        put_data(text, "code", one->code);
        put_data(text, "coverage", one->coverage);
        close_with(text, "}");
    }
    close_with(text, "]");
}

void trace_result(struct buffer *text, const extvm_result *result) {
    put_integer(text, "returnCode", result->return_code);
    put(text, "error", result->error ? "yes" : "no");
    put_data(text, "returnData", result->return_data);
    put_integer(text, "gasRemaining", result->gas_remaining);
    put_integer(text, "gasRefund", result->gas_refund);
    put_modified(text, result);
    put_addresses(text, "deleted", result->deleted, result->deleted_count);
    put_addresses(text, "touched", result->touched, result->touched_count);
    put_logs(text, result);
    put_access_list(text, &result->access_list);
    put_coverage(text, result);
}
