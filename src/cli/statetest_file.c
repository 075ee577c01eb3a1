/* Reading GeneralStateTests files. The format is that of ethereum/tests up to its tag 8 (its
 * documentation's "State Tests"): every number is hex text. Accounts and access lists have the form
 * that they have in WORLD.json and CALL.json. */
#include "statetest_file.h"

#include <stdio.h>
#include <string.h>

#include "call_json.h"
#include "report.h"
#include "value.h"
#include "world_json.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define IN_TEST(member) offsetof(struct state_test, member)

enum { BLOCK_HASHES = 256, PUBLIC_KEY_SIZE = 65 };

/* -- values -- */

/* Some generators write 0 without a digit, and a mark before numbers of 2^256 and above: for those
 * this is EXTVM_OUT_OF_RANGE. */
static extvm_status read_number(const struct json_place *place, json_t *value, void *target) {
    static const char mark[] = "0x:bigint ";
    const char *text = json_string_value(value);
    uint8_t *buffer = pool_take(place->reader->pool, EXTVM_WORD_INTEGER_SIZE);
    if (buffer == NULL) {
        return complain_no_memory(place->reader->error);
    }
    if (text != NULL && strncmp(text, mark, sizeof mark - 1) == 0) {
        text += sizeof mark - 1;
    }
    if (text != NULL && (*text == '\0' || strcmp(text, "0x") == 0)) {
        text = "0x0";
    }
    extvm_status status =
        text != NULL ? value_integer(text, buffer, target) : EXTVM_INVALID_ARGUMENT;
    return status == EXTVM_OK ? EXTVM_OK : json_refuse(place, value, status, VALUE_INTEGER_ALLOWED);
}

static extvm_status read_list(const struct json_place *place, json_t *value, void *target) {
    if (!json_is_array(value)) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "a list");
    }
    *(json_t **)target = value;
    return EXTVM_OK;
}

/* -- the state before -- */

static extvm_status read_pre(const struct json_place *place, json_t *value, void *target) {
    struct world_input world = {.state = ((struct state_test *)target)->state};
    return world_json_read_value(place, value, &world);
}

/* -- the block -- */

/* In these tests the hash of block n is that of n's decimal digits. */
static extvm_status set_block_hashes(const struct state_test *test, uint64_t number) {
    extvm_status status = EXTVM_OK;
    uint64_t n = number > BLOCK_HASHES ? number - BLOCK_HASHES : 0;
    for (; n < number && status == EXTVM_OK; n++) {
        char digits[24];
        extvm_word hash;
        int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
        extvm_keccak256((extvm_bytes){(const uint8_t *)digits, (size_t)length}, &hash);
        status = extvm_state_set_block_hash(test->state, n, &hash);
    }
    return status;
}

static extvm_status read_block_number(const struct json_place *place, json_t *value, void *target) {
    struct state_test *test = target;
    uint64_t number;
    extvm_status status = read_number(place, value, &test->block.number);
    if (status != EXTVM_OK) {
        return status;
    }
    if (extvm_integer_to_u64(test->block.number, &number) != EXTVM_OK) {
        return json_refuse(place, value, EXTVM_OUT_OF_RANGE, "a block's number, below 2^64");
    }
    return set_block_hashes(test, number) == EXTVM_OK ? EXTVM_OK
                                                      : complain_no_memory(place->reader->error);
}

static const struct json_member env_members[] = {
    {"currentCoinbase", json_read_address, IN_TEST(block.beneficiary)},
    {"currentDifficulty", read_number, IN_TEST(block.difficulty)},
    {"currentNumber", read_block_number, 0},
    {"currentGasLimit", read_number, IN_TEST(block.gas_limit)},
    {"currentTimestamp", call_json_read_timestamp, IN_TEST(block.timestamp)},
};

static extvm_status read_env(const struct json_place *place, json_t *value, void *target) {
    return json_read_required(place, value, env_members, COUNT(env_members), target);
}

/* -- the transaction -- */

/* No recipient is written as "". */
static extvm_status read_recipient(const struct json_place *place, json_t *value, void *target) {
    struct state_test *test = target;
    test->creates = json_is_string(value) && json_string_length(value) == 0;
    return test->creates ? EXTVM_OK : json_read_address(place, value, &test->recipient);
}

/* The address of a secret key: the end of the Keccak-256 of its public key's two coordinates
 * (yellow paper, appendix F). */
static extvm_status read_sender(const struct json_place *place, json_t *value, void *target) {
    struct state_test *test = target;
    extvm_word secret, hash;
    secp256k1_pubkey key;
    uint8_t point[PUBLIC_KEY_SIZE]; /* a byte for the format, then the coordinates */
    size_t size = sizeof point;
    extvm_status status = json_read_word(place, value, &secret);
    if (status != EXTVM_OK) {
        return status;
    }
    if (secp256k1_ec_pubkey_create(test->curve, &key, secret.bytes) != 1) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "a secret key of secp256k1");
    }
    secp256k1_ec_pubkey_serialize(test->curve, point, &size, &key, SECP256K1_EC_UNCOMPRESSED);
    extvm_keccak256((extvm_bytes){point + 1, sizeof point - 1}, &hash);
    memcpy(test->sender.bytes, hash.bytes + EXTVM_WORD_SIZE - EXTVM_ADDRESS_SIZE,
           EXTVM_ADDRESS_SIZE);
    return EXTVM_OK;
}

static const struct json_member transaction_members[] = {
    {"to", read_recipient, 0},
    {"nonce", read_number, IN_TEST(nonce)},
    {"gasPrice", read_number, IN_TEST(gas_price)},
    {"secretKey", read_sender, 0},
    {"data", read_list, IN_TEST(data)},
    {"gasLimit", read_list, IN_TEST(gas_limits)},
    {"value", read_list, IN_TEST(values)},
};

static extvm_status read_transaction(const struct json_place *place, json_t *value, void *target) {
    struct state_test *test = target;
    /* The files say nothing of the rules that they were filled with. Those of legacytests, filled
     * anew with EIP-7610 in 2024, give the sender's address; those of 2021 and before do not. */
    test->predates_eip7610 = json_object_get(value, "sender") == NULL;
    test->access_lists = json_object_get(value, "accessLists");
    return json_read_required(place, value, transaction_members, COUNT(transaction_members), test);
}

/* -- tests -- */

static extvm_status read_post(const struct json_place *place, json_t *value, void *target) {
    if (!json_is_object(value)) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "an object of forks and cases");
    }
    *(json_t **)target = value;
    return EXTVM_OK;
}

static const struct json_member test_members[] = {
    {"post", read_post, IN_TEST(post)},
    {"transaction", read_transaction, 0},
    {"env", read_env, 0},
    {"pre", read_pre, 0},
};

extvm_status state_test_read(struct state_test *test, const struct json_place *place, json_t *json,
                             const secp256k1_context *curve) {
    const struct json_reader reader = {
        .file = place->reader->file, .pool = &test->pool, .error = place->reader->error};
    const struct json_place here = {&reader, place->outer, place->name, place->index};
    *test = (struct state_test){.place = place, .curve = curve, .state = extvm_state_new(NULL)};
    return test->state == NULL
               ? complain_no_memory(reader.error)
               : json_read_required(&here, json, test_members, COUNT(test_members), test);
}

void state_test_free(struct state_test *test) {
    extvm_state_free(test->state);
    pool_free(&test->pool);
}

/* -- cases -- */

static extvm_status read_index(const struct json_place *place, json_t *value, void *target) {
    json_int_t index = json_is_integer(value) ? json_integer_value(value) : -1;
    if (index < 0) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "an index, from 0 on");
    }
    *(uint64_t *)target = (uint64_t)index;
    return EXTVM_OK;
}

static const struct json_member index_members[] = {
    {"data", read_index, offsetof(struct state_case, data)},
    {"gas", read_index, offsetof(struct state_case, gas)},
    {"value", read_index, offsetof(struct state_case, value)},
};

static extvm_status read_indexes(const struct json_place *place, json_t *value, void *target) {
    return json_read_required(place, value, index_members, COUNT(index_members), target);
}

static const struct json_member case_members[] = {
    {"indexes", read_indexes, 0},
    {"hash", json_read_word, offsetof(struct state_case, root)},
    {"logs", json_read_word, offsetof(struct state_case, logs)},
};

extvm_status state_case_read(struct state_case *state_case, const struct json_place *place,
                             json_t *json) {
    return json_read_required(place, json, case_members, COUNT(case_members), state_case);
}

/* An element of one of the test's lists. */
struct listed {
    const char *list_name;
    const json_t *list;
    uint64_t index;
    json_read *read;
    void *target;
};

static extvm_status read_listed(const struct json_place *transaction, const struct listed *listed) {
    const struct json_place list = {transaction->reader, transaction, listed->list_name, 0};
    const struct json_place here = {transaction->reader, &list, NULL, (size_t)listed->index};
    json_t *value = json_array_get(listed->list, (size_t)listed->index);
    return value != NULL ? listed->read(&here, value, listed->target)
                         : json_refuse_place(&here, "a case has this index, the list does not");
}

static extvm_status read_access_list(const struct json_place *place, json_t *value, void *target) {
    struct case_transaction *out = target;
    if (json_is_null(value)) {
        return EXTVM_OK;
    }
    out->transaction.type = EXTVM_TRANSACTION_ACCESS_LIST;
    out->transaction.access_list = &out->list;
    return call_json_read_access_list(place, value, &out->list);
}

/* The lists that the transaction's parts are taken from; access lists go with the data. */
static extvm_status read_parts(struct case_transaction *out, const struct json_place *place,
                               const struct state_test *test, const struct state_case *state_case) {
    extvm_transaction *transaction = &out->transaction;
    const struct listed parts[] = {
        {"gasLimit", test->gas_limits, state_case->gas, read_number, &transaction->gas_limit},
        {"value", test->values, state_case->value, read_number, &transaction->value},
        {"data", test->data, state_case->data, json_read_data, &transaction->input},
        {"accessLists", test->access_lists, state_case->data, read_access_list, out},
    };
    size_t count = COUNT(parts) - (json_is_array(test->access_lists) ? 0 : 1);
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < count && status == EXTVM_OK; i++) {
        status = read_listed(place, &parts[i]);
        if (status == EXTVM_OUT_OF_RANGE && parts[i].read == read_number) {
            out->too_wide = true;
            status = EXTVM_OK;
        }
    }
    return status;
}

extvm_status case_transaction_read(struct case_transaction *out, const struct state_test *test,
                                   const struct state_case *state_case) {
    const struct json_reader *file = test->place->reader;
    const struct json_reader reader = {
        .file = file->file, .pool = &out->pool, .error = file->error};
    const struct json_place place = {&reader, test->place, "transaction", 0};
    *out = (struct case_transaction){
        .transaction = {.sender = test->sender,
                        .nonce = test->nonce,
                        .gas_price = test->gas_price,
                        .recipient = test->creates ? NULL : &test->recipient}};
    return read_parts(out, &place, test, state_case);
}

void case_transaction_free(struct case_transaction *transaction) {
    pool_free(&transaction->pool);
}
