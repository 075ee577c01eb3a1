/* Reading GeneralStateTests files. The format is that of ethereum/tests up to its tag 8 (its
 * documentation's "State Tests"): every number is hex text. */
#include "statetest_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_HASHES = 256, SECRET_SIZE = 32, PUBLIC_KEY_SIZE = 65 };

__attribute__((format(printf, 2, 3))) static bool wrong(char why[WHY_SIZE], const char *format,
                                                        ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, WHY_SIZE, format, arguments);
    va_end(arguments);
    return false;
}

/* -- values -- */

static const char *text_of(const json_t *object, const char *member, char why[WHY_SIZE]) {
    const char *text = json_string_value(json_object_get(object, member));
    if (text == NULL) {
        wrong(why, "there is no text \"%s\"", member);
    }
    return text;
}

/* EXTVM_OUT_OF_RANGE: 2^256 and above. Some generators mark those with a word before the number. */
static extvm_status number_from_text(const char *text, struct number *out) {
    static const char mark[] = "0x:bigint ";
    if (strncmp(text, mark, sizeof mark - 1) == 0) {
        text += sizeof mark - 1;
    }
    if (strcmp(text, "0x") == 0 || *text == '\0') {
        text = "0x0";
    }
    extvm_status status =
        extvm_integer_from_text(text, out->buffer, sizeof out->buffer, &out->bytes);
    return status == EXTVM_OK && extvm_integer_sign(out->bytes) < 0 ? EXTVM_INVALID_ARGUMENT
                                                                    : status;
}

static bool read_number(const json_t *object, const char *member, struct number *out,
                        char why[WHY_SIZE]) {
    const char *text = text_of(object, member, why);
    return text != NULL && (number_from_text(text, out) == EXTVM_OK ||
                            wrong(why, "\"%s\" is no number below 2^256: %.40s", member, text));
}

static bool read_address(const json_t *object, const char *member, extvm_address *out,
                         char why[WHY_SIZE]) {
    const char *text = text_of(object, member, why);
    return text != NULL && (extvm_address_from_hex(text, out) == EXTVM_OK ||
                            wrong(why, "\"%s\" is no address: %.60s", member, text));
}

static bool read_word(const json_t *object, const char *member, extvm_word *out,
                      char why[WHY_SIZE]) {
    const char *text = text_of(object, member, why);
    return text != NULL && (extvm_word_from_hex(text, out) == EXTVM_OK ||
                            wrong(why, "\"%s\" is not 32 bytes: %.80s", member, text));
}

/* The bytes are freed by the caller, also when this fails. */
static bool read_bytes(const json_t *json, const char *what, void **memory, extvm_bytes *out,
                       char why[WHY_SIZE]) {
    const char *text = json_string_value(json);
    *memory = NULL;
    *out = (extvm_bytes){NULL, 0};
    if (text == NULL) {
        return wrong(why, "%s is no text", what);
    }
    size_t capacity = json_string_length(json) / 2 + 1, size;
    uint8_t *bytes = malloc(capacity);
    if (bytes == NULL) {
        return wrong(why, "no memory for %s", what);
    }
    *memory = bytes;
    if (extvm_bytes_from_hex(text, bytes, capacity, &size) != EXTVM_OK) {
        return wrong(why, "%s is no hex text", what);
    }
    *out = (extvm_bytes){bytes, size};
    return true;
}

static bool no_memory(char why[WHY_SIZE]) {
    return wrong(why, "no memory");
}

/* -- the state before -- */

static bool read_storage(extvm_state *state, const extvm_address *address, json_t *storage,
                         char why[WHY_SIZE]) {
    const char *key_text;
    json_t *json;
    json_object_foreach(storage, key_text, json) {
        struct number key, value;
        const char *value_text = json_string_value(json);
        if (value_text == NULL || number_from_text(key_text, &key) != EXTVM_OK ||
            number_from_text(value_text, &value) != EXTVM_OK) {
            return wrong(why, "\"storage\" has a key or value that is no number: %.60s", key_text);
        }
        if (extvm_state_set_storage(state, address, key.bytes, value.bytes) != EXTVM_OK) {
            return no_memory(why);
        }
    }
    return true;
}

static bool read_account(extvm_state *state, const char *address_text, json_t *json,
                         char why[WHY_SIZE]) {
    extvm_address address;
    struct number nonce, balance;
    if (extvm_address_from_hex(address_text, &address) != EXTVM_OK) {
        return wrong(why, "\"pre\" has a member that is no address: %.60s", address_text);
    }
    if (!read_number(json, "nonce", &nonce, why) || !read_number(json, "balance", &balance, why)) {
        return false;
    }
    void *memory;
    extvm_bytes code;
    bool done = read_bytes(json_object_get(json, "code"), "\"code\"", &memory, &code, why);
    if (done && (extvm_state_set_account(state, &address, nonce.bytes, balance.bytes) != EXTVM_OK ||
                 extvm_state_set_code(state, &address, code) != EXTVM_OK)) {
        done = no_memory(why);
    }
    free(memory);
    return done && read_storage(state, &address, json_object_get(json, "storage"), why);
}

static bool read_pre(extvm_state *state, json_t *pre, char why[WHY_SIZE]) {
    const char *address;
    json_t *account;
    if (!json_is_object(pre)) {
        return wrong(why, "there is no object \"pre\"");
    }
    json_object_foreach(pre, address, account) {
        if (!read_account(state, address, account, why)) {
            return false;
        }
    }
    return true;
}

/* -- the block -- */

/* In these tests the hash of block n is that of n's decimal digits. */
static bool set_block_hashes(struct state_test *test, char why[WHY_SIZE]) {
    uint64_t number;
    if (extvm_integer_to_u64(test->block_number.bytes, &number) != EXTVM_OK) {
        return wrong(why, "\"currentNumber\" is not below 2^64");
    }
    for (uint64_t n = number > BLOCK_HASHES ? number - BLOCK_HASHES : 0; n < number; n++) {
        char digits[24];
        extvm_word hash;
        int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
        extvm_keccak256((extvm_bytes){(const uint8_t *)digits, (size_t)length}, &hash);
        if (extvm_state_set_block_hash(test->state, n, &hash) != EXTVM_OK) {
            return no_memory(why);
        }
    }
    return true;
}

static bool read_env(struct state_test *test, json_t *env, char why[WHY_SIZE]) {
    struct number timestamp;
    if (!json_is_object(env)) {
        return wrong(why, "there is no object \"env\"");
    }
    if (!read_address(env, "currentCoinbase", &test->coinbase, why) ||
        !read_number(env, "currentDifficulty", &test->difficulty, why) ||
        !read_number(env, "currentNumber", &test->block_number, why) ||
        !read_number(env, "currentGasLimit", &test->block_gas_limit, why) ||
        !read_number(env, "currentTimestamp", &timestamp, why)) {
        return false;
    }
    if (extvm_integer_to_u64(timestamp.bytes, &test->timestamp) != EXTVM_OK) {
        return wrong(why, "\"currentTimestamp\" is not below 2^64");
    }
    return set_block_hashes(test, why);
}

extvm_block state_test_block(const struct state_test *test) {
    return (extvm_block){.beneficiary = test->coinbase,
                         .difficulty = test->difficulty.bytes,
                         .number = test->block_number.bytes,
                         .gas_limit = test->block_gas_limit.bytes,
                         .timestamp = test->timestamp};
}

/* -- the transaction -- */

/* The address of a secret key: the end of the Keccak-256 of its public key's two coordinates
 * (yellow paper, appendix F). */
static bool read_sender(const json_t *transaction, const secp256k1_context *curve,
                        extvm_address *sender, char why[WHY_SIZE]) {
    extvm_word secret, hash;
    secp256k1_pubkey key;
    uint8_t point[PUBLIC_KEY_SIZE]; /* a byte for the format, then the coordinates */
    size_t size = sizeof point;
    if (!read_word(transaction, "secretKey", &secret, why)) {
        return false;
    }
    if (secp256k1_ec_pubkey_create(curve, &key, secret.bytes) != 1) {
        return wrong(why, "\"secretKey\" is no secret key of secp256k1");
    }
    secp256k1_ec_pubkey_serialize(curve, point, &size, &key, SECP256K1_EC_UNCOMPRESSED);
    extvm_keccak256((extvm_bytes){point + 1, sizeof point - 1}, &hash);
    memcpy(sender->bytes, hash.bytes + EXTVM_WORD_SIZE - EXTVM_ADDRESS_SIZE, EXTVM_ADDRESS_SIZE);
    return true;
}

static bool read_transaction(struct state_test *test, json_t *transaction,
                             const secp256k1_context *curve, char why[WHY_SIZE]) {
    if (!json_is_object(transaction)) {
        return wrong(why, "there is no object \"transaction\"");
    }
    const char *to = text_of(transaction, "to", why);
    if (to == NULL || !read_number(transaction, "nonce", &test->nonce, why) ||
        !read_number(transaction, "gasPrice", &test->gas_price, why) ||
        !read_sender(transaction, curve, &test->sender, why)) {
        return false;
    }
    test->creates = *to == '\0';
    if (!test->creates && !read_address(transaction, "to", &test->recipient, why)) {
        return false;
    }
    /* The files say nothing of the rules that they were filled with. Those of legacytests, filled
     * anew with EIP-7610 in 2024, give the sender's address; those of 2021 and before do not. */
    test->predates_eip7610 = json_object_get(transaction, "sender") == NULL;
    test->data = json_object_get(transaction, "data");
    test->gas_limits = json_object_get(transaction, "gasLimit");
    test->values = json_object_get(transaction, "value");
    test->access_lists = json_object_get(transaction, "accessLists");
    return (json_is_array(test->data) && json_is_array(test->gas_limits) &&
            json_is_array(test->values)) ||
           wrong(why, "\"transaction\" lacks a list of \"data\", \"gasLimit\" or \"value\"");
}

bool state_test_read(struct state_test *test, const char *name, json_t *json,
                     const secp256k1_context *curve, char why[WHY_SIZE]) {
    *test = (struct state_test){.name = name, .post = json_object_get(json, "post")};
    if (!json_is_object(test->post)) {
        return wrong(why, "there is no object \"post\"");
    }
    test->state = extvm_state_new(NULL);
    if (test->state == NULL) {
        return no_memory(why);
    }
    if (!read_transaction(test, json_object_get(json, "transaction"), curve, why) ||
        !read_env(test, json_object_get(json, "env"), why) ||
        !read_pre(test->state, json_object_get(json, "pre"), why)) {
        state_test_free(test);
        return false;
    }
    return true;
}

void state_test_free(struct state_test *test) {
    extvm_state_free(test->state);
    test->state = NULL;
}

/* -- cases -- */

static bool read_index(const json_t *indexes, const char *member, const json_t *list, size_t *out,
                       char why[WHY_SIZE]) {
    const json_t *json = json_object_get(indexes, member);
    json_int_t index = json_is_integer(json) ? json_integer_value(json) : -1;
    if (index < 0 || (size_t)index >= json_array_size(list)) {
        return wrong(why, "a case's \"%s\" is no index of the transaction's list", member);
    }
    *out = (size_t)index;
    return true;
}

bool state_case_read(struct state_case *state_case, const struct state_test *test, json_t *json,
                     char why[WHY_SIZE]) {
    const json_t *indexes = json_object_get(json, "indexes");
    return read_index(indexes, "data", test->data, &state_case->data, why) &&
           read_index(indexes, "gas", test->gas_limits, &state_case->gas, why) &&
           read_index(indexes, "value", test->values, &state_case->value, why) &&
           read_word(json, "hash", &state_case->root, why) &&
           read_word(json, "logs", &state_case->logs, why);
}

static bool read_listed_number(const json_t *list, size_t index, struct number *out, bool *too_wide,
                               char why[WHY_SIZE]) {
    const char *text = json_string_value(json_array_get(list, index));
    extvm_status status = text != NULL ? number_from_text(text, out) : EXTVM_INVALID_ARGUMENT;
    if (status == EXTVM_OUT_OF_RANGE) {
        *too_wide = true;
        return true;
    }
    return status == EXTVM_OK ||
           wrong(why, "\"gasLimit\" or \"value\" has an element that is no number");
}

/* -- access lists -- */

/* One block of memory: entries, then all storage keys, then their bytes. */
struct list_memory {
    extvm_access_entry *entries;
    extvm_bytes *keys;
    struct number *numbers;
};

static size_t count_keys(const json_t *list) {
    size_t count = 0, i;
    json_t *entry;
    json_array_foreach(list, i, entry) {
        count += json_array_size(json_object_get(entry, "storageKeys"));
    }
    return count;
}

static bool read_entry(struct list_memory *memory, json_t *json, char why[WHY_SIZE]) {
    extvm_access_entry *entry = memory->entries++;
    const json_t *keys = json_object_get(json, "storageKeys");
    if (!read_address(json, "address", &entry->address, why)) {
        return false;
    }
    entry->storage_keys = memory->keys;
    entry->storage_key_count = json_array_size(keys);
    for (size_t i = 0; i < entry->storage_key_count; i++) {
        const char *text = json_string_value(json_array_get(keys, i));
        if (text == NULL || number_from_text(text, memory->numbers) != EXTVM_OK) {
            return wrong(why, "\"storageKeys\" has an element that is no number");
        }
        *memory->keys++ = memory->numbers++->bytes;
    }
    return true;
}

static bool read_access_list(struct case_transaction *out, const json_t *list, char why[WHY_SIZE]) {
    size_t count = json_array_size(list), keys = count_keys(list);
    size_t entries_size = count * sizeof(extvm_access_entry);
    uint8_t *block =
        malloc(entries_size + keys * (sizeof(extvm_bytes) + sizeof(struct number)) + 1);
    if (block == NULL) {
        return no_memory(why);
    }
    out->keys = block;
    struct list_memory memory = {(void *)block, (void *)(block + entries_size),
                                 (void *)(block + entries_size + keys * sizeof(extvm_bytes))};
    out->list = (extvm_access_list){memory.entries, count};
    for (size_t i = 0; i < count; i++) {
        if (!read_entry(&memory, json_array_get(list, i), why)) {
            return false;
        }
    }
    out->transaction.type = EXTVM_TRANSACTION_ACCESS_LIST;
    out->transaction.access_list = &out->list;
    return true;
}

bool case_transaction_read(struct case_transaction *out, const struct state_test *test,
                           const struct state_case *state_case, char why[WHY_SIZE]) {
    *out = (struct case_transaction){
        .transaction = {.sender = test->sender,
                        .nonce = test->nonce.bytes,
                        .gas_price = test->gas_price.bytes,
                        .recipient = test->creates ? NULL : &test->recipient}};
    if (!read_listed_number(test->gas_limits, state_case->gas, &out->gas_limit, &out->too_wide,
                            why) ||
        !read_listed_number(test->values, state_case->value, &out->value, &out->too_wide, why) ||
        !read_bytes(json_array_get(test->data, state_case->data), "an element of \"data\"",
                    &out->input, &out->transaction.input, why)) {
        return false;
    }
    out->transaction.gas_limit = out->gas_limit.bytes;
    out->transaction.value = out->value.bytes;
    const json_t *list = json_array_get(test->access_lists, state_case->data);
    return !json_is_array(list) || read_access_list(out, list, why);
}

void case_transaction_free(struct case_transaction *transaction) {
    free(transaction->input);
    free(transaction->keys);
}
