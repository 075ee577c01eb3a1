/* Reading IELE test files. The format is that of the tests of the IELE semantics, with bytecode in
 * the place of its source. */
#include "ieletest_file.h"

#include <string.h>

#include "report.h"
#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char number_allowed[] =
    "a whole number, as an even number of hex digits, with 0x and - before them or not";

/* -- values -- */

static void negate(uint8_t *bytes, size_t size) {
    unsigned carry = 1;
    for (size_t i = size; i-- > 0;) {
        carry += (uint8_t)~bytes[i];
        bytes[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* Linear in the digits, of which there may be many: extvm_integer_from_text is not. */
extvm_status ieletest_read_number(const struct json_place *place, json_t *value, void *target) {
    const char *text = json_string_value(value);
    bool negative = text != NULL && text[0] == '-';
    size_t size = 0, capacity = text != NULL ? strlen(text) / 2 : 0;
    uint8_t *buffer = pool_take(place->reader->pool, capacity + 1); /* one for the sign */
    if (buffer == NULL) {
        return complain_no_memory(place->reader->error);
    }
    if (text == NULL ||
        extvm_bytes_from_hex(text + (negative ? 1 : 0), buffer + 1, capacity, &size) != EXTVM_OK) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, number_allowed);
    }
    if (negative) {
        negate(buffer, size + 1);
    }
    *(extvm_bytes *)target = extvm_integer_normalise((extvm_bytes){buffer, size + 1});
    return EXTVM_OK;
}

/* A number that is not negative. */
static extvm_status read_natural(const struct json_place *place, json_t *value, void *target) {
    extvm_status status = ieletest_read_number(place, value, target);
    return status == EXTVM_OK && extvm_integer_sign(*(extvm_bytes *)target) < 0
               ? json_refuse(place, value, EXTVM_OUT_OF_RANGE, "0 or more")
               : status;
}

extvm_status ieletest_read_bytes(const struct json_place *place, json_t *value, void *target) {
    const char *text = json_string_value(value);
    extvm_status status =
        text != NULL ? value_data(text, place->reader->pool, target) : EXTVM_INVALID_ARGUMENT;
    return status == EXTVM_OK ? EXTVM_OK : json_refuse(place, value, status, VALUE_DATA_ALLOWED);
}

/* Reads each element of a list into an array, in the pool, of elements of `size` bytes. */
static extvm_status read_list(const struct json_place *place, json_t *value, json_read *read,
                              size_t size, void **out) {
    if (!json_is_array(value)) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "a list");
    }
    size_t count = json_array_size(value);
    char *list = pool_array(place->reader->pool, count, size);
    if (list == NULL) {
        return complain_no_memory(place->reader->error);
    }
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < count && status == EXTVM_OK; i++) {
        const struct json_place here = {place->reader, place, NULL, i};
        status = read(&here, json_array_get(value, i), list + i * size);
    }
    *out = list;
    return status;
}

extvm_status ieletest_read_numbers(const struct json_place *place, json_t *value, void *target) {
    struct iele_numbers *numbers = target;
    void *list = NULL;
    extvm_status status =
        read_list(place, value, ieletest_read_number, sizeof *numbers->list, &list);
    *numbers = (struct iele_numbers){list, status == EXTVM_OK ? json_array_size(value) : 0};
    return status;
}

/* -- the states -- */

struct account {
    extvm_state *state;
    const extvm_address *address;
    extvm_bytes nonce, balance, code;
    json_t *storage;
    struct json_place place; /* of the storage */
};

static extvm_status read_storage(const struct json_place *place, json_t *value, void *target) {
    struct account *account = target;
    if (!json_is_object(value)) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "an object");
    }
    const char *name;
    json_t *number;
    json_object_foreach(value, name, number) {
        const struct json_place here = {place->reader, place, name, 0};
        json_t *text = json_string(name);
        extvm_bytes key = {NULL, 0}, content = {NULL, 0};
        extvm_status status = ieletest_read_number(&here, text, &key);
        json_decref(text);
        if (status == EXTVM_OK) {
            status = ieletest_read_number(&here, number, &content);
        }
        if (status == EXTVM_OK &&
            extvm_state_set_storage(account->state, account->address, key, content) != EXTVM_OK) {
            status = complain_no_memory(place->reader->error);
        }
        if (status != EXTVM_OK) {
            return status;
        }
    }
    return EXTVM_OK;
}

static const struct json_member account_members[] = {
    {"nonce", read_natural, offsetof(struct account, nonce)},
    {"balance", read_natural, offsetof(struct account, balance)},
    {"code", ieletest_read_bytes, offsetof(struct account, code)},
    {"storage", read_storage, 0},
};

static extvm_status read_account(const struct json_place *place, json_t *value,
                                 extvm_state *state) {
    extvm_address address;
    if (extvm_address_from_hex(place->name, &address) != EXTVM_OK) {
        return json_refuse_place(place, "it must be " VALUE_ADDRESS_ALLOWED);
    }
    struct account account = {.state = state, .address = &address};
    extvm_status status =
        json_read_required(place, value, account_members, COUNT(account_members), &account);
    if (status == EXTVM_OK) {
        status = extvm_state_set_account(state, &address, account.nonce, account.balance);
        if (status == EXTVM_OK && account.code.size > 0) {
            status = extvm_state_set_code(state, &address, account.code);
        }
        if (status == EXTVM_NO_MEMORY) {
            return complain_no_memory(place->reader->error);
        }
        if (status != EXTVM_OK) {
            return json_refuse_place(place, "nonce or balance is 2^256 or more");
        }
    }
    return status;
}

/* `target` is an extvm_state *, which is made. */
static extvm_status read_state(const struct json_place *place, json_t *value, void *target) {
    extvm_state **state = target;
    if (!json_is_object(value)) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "an object of accounts");
    }
    *state = extvm_state_new(NULL);
    extvm_status status = *state != NULL ? EXTVM_OK : complain_no_memory(place->reader->error);
    const char *name;
    json_t *account;
    json_object_foreach(value, name, account) {
        const struct json_place here = {place->reader, place, name, 0};
        status = status == EXTVM_OK ? read_account(&here, account, *state) : status;
    }
    return status;
}

/* -- the block -- */

static extvm_status read_address(const struct json_place *place, json_t *value, void *target) {
    return json_read_address(place, value, target);
}

static extvm_status read_u64(const struct json_place *place, json_t *value, void *target) {
    extvm_bytes number = {NULL, 0};
    extvm_status status = read_natural(place, value, &number);
    if (status == EXTVM_OK && extvm_integer_to_u64(number, target) != EXTVM_OK) {
        status = json_refuse(place, value, EXTVM_OUT_OF_RANGE, "below 2^64");
    }
    return status;
}

static const struct json_member header_members[] = {
    {"coinbase", read_address, offsetof(extvm_block, beneficiary)},
    {"difficulty", read_natural, offsetof(extvm_block, difficulty)},
    {"number", read_natural, offsetof(extvm_block, number)},
    {"gasLimit", read_natural, offsetof(extvm_block, gas_limit)},
    {"timestamp", read_u64, offsetof(extvm_block, timestamp)},
};

static extvm_status read_header(const struct json_place *place, json_t *value, void *target) {
    return json_read_required(place, value, header_members, COUNT(header_members),
                              &((struct iele_test *)target)->block);
}

/* The newest is first: the parent's. One may be short, and is a number then. There may be more than
 * blocks before this one: extvm/world.h says what number such a block has. */
static extvm_status read_block_hashes(const struct json_place *place, json_t *value, void *target) {
    struct iele_test *test = target;
    extvm_bytes *hashes = NULL;
    void *list = NULL;
    uint64_t number = 0;
    extvm_status status = read_list(place, value, ieletest_read_bytes, sizeof *hashes, &list);
    hashes = list;
    if (status == EXTVM_OK && extvm_integer_to_u64(test->block.number, &number) != EXTVM_OK) {
        return json_refuse_place(place, "the block's number is 2^64 or more");
    }
    for (size_t i = 0; status == EXTVM_OK && i < json_array_size(value); i++) {
        extvm_word hash = {{0}};
        if (hashes[i].size > sizeof hash.bytes) {
            return json_refuse_place(place, "a hash has more than 32 bytes");
        }
        memcpy(hash.bytes + sizeof hash.bytes - hashes[i].size, hashes[i].data, hashes[i].size);
        if (extvm_state_set_block_hash(test->state, number - 1 - i, &hash) != EXTVM_OK) {
            status = complain_no_memory(place->reader->error);
        }
    }
    return status;
}

/* -- transactions and results -- */

/* No recipient is written as "" or "0x"; an address may be without its first zeros. */
static extvm_status read_recipient(const struct json_place *place, json_t *value, void *target) {
    struct iele_transaction *transaction = target;
    extvm_bytes bytes = {NULL, 0};
    extvm_status status = ieletest_read_bytes(place, value, &bytes);
    if (status == EXTVM_OK && bytes.size > EXTVM_ADDRESS_SIZE) {
        return json_refuse(place, value, EXTVM_OUT_OF_RANGE, "at most 20 bytes");
    }
    transaction->creates = bytes.size == 0;
    if (bytes.size > 0) {
        memcpy(transaction->recipient.bytes + EXTVM_ADDRESS_SIZE - bytes.size, bytes.data,
               bytes.size);
    }
    return status;
}

static extvm_status read_function(const struct json_place *place, json_t *value, void *target) {
    const char *text = json_string_value(value);
    size_t size = text != NULL ? strlen(text) + 1 : 0;
    char *copy = pool_take(place->reader->pool, size);
    if (text == NULL) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "a function's name");
    }
    if (copy == NULL) {
        return complain_no_memory(place->reader->error);
    }
    *(const char **)target = memcpy(copy, text, size);
    return EXTVM_OK;
}

#define IN_TRANSACTION(member) offsetof(struct iele_transaction, member)

static const struct json_member transaction_members[] = {
    {"from", read_address, IN_TRANSACTION(sender)},
    {"to", read_recipient, 0},
    {"function", read_function, IN_TRANSACTION(function)},
    {"contractCode", ieletest_read_bytes, IN_TRANSACTION(code)},
    {"arguments", ieletest_read_numbers, IN_TRANSACTION(arguments)},
    {"value", read_natural, IN_TRANSACTION(value)},
    {"gasLimit", read_natural, IN_TRANSACTION(gas_limit)},
    {"gasPrice", read_natural, IN_TRANSACTION(gas_price)},
};

static extvm_status read_transaction(const struct json_place *place, json_t *value, void *target) {
    return json_read_required(place, value, transaction_members, COUNT(transaction_members),
                              target);
}

#define IN_EXPECTED(member) offsetof(struct iele_expected, member)

static const struct json_member result_members[] = {
    {"out", ieletest_read_numbers, IN_EXPECTED(out)},
    {"status", ieletest_read_number, IN_EXPECTED(status)},
    {"gas", read_natural, IN_EXPECTED(gas)},
    {"refund", read_natural, IN_EXPECTED(refund)},
    {"logs", json_read_word, IN_EXPECTED(logs)},
};

static extvm_status read_milligas(const struct json_place *place, json_t *value,
                                  struct iele_expected *expected) {
    const struct json_place here = {place->reader, place, "milligas", 0};
    expected->has_milligas = true;
    return json_read_signed(&here, value, &expected->milligas);
}

static extvm_status read_result(const struct json_place *place, json_t *value, void *target) {
    json_t *milligas = json_object_get(value, "milligas");
    extvm_status status =
        json_read_required(place, value, result_members, COUNT(result_members), target);
    return status == EXTVM_OK && milligas != NULL ? read_milligas(place, milligas, target) : status;
}

static extvm_status read_transactions(const struct json_place *place, json_t *value, void *target) {
    struct iele_test *test = target;
    void *list = NULL;
    extvm_status status =
        read_list(place, value, read_transaction, sizeof *test->transactions, &list);
    test->transactions = list;
    test->count = json_array_size(value);
    return status;
}

static extvm_status read_results(const struct json_place *place, json_t *value, void *target) {
    struct iele_test *test = target;
    void *list = NULL;
    extvm_status status = read_list(place, value, read_result, sizeof *test->results, &list);
    test->results = list;
    return status == EXTVM_OK && json_array_size(value) != test->count
               ? json_refuse_place(place, "there must be one for each transaction")
               : status;
}

/* -- tests -- */

static const struct json_member block_members[] = {
    {"blockHeader", read_header, 0},
    {"transactions", read_transactions, 0},
    {"results", read_results, 0},
};

static extvm_status read_block(const struct json_place *place, json_t *value, void *target) {
    return json_read_required(place, value, block_members, COUNT(block_members), target);
}

static extvm_status read_blocks(const struct json_place *place, json_t *value, void *target) {
    const struct json_place first = {place->reader, place, NULL, 0};
    return json_array_size(value) == 1
               ? read_block(&first, json_array_get(value, 0), target)
               : json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "a list of one block");
}

static const struct json_member test_members[] = {
    {"pre", read_state, offsetof(struct iele_test, state)},
    {"postState", read_state, offsetof(struct iele_test, expected)},
    {"blocks", read_blocks, 0},
    {"blockhashes", read_block_hashes, 0},
};

extvm_status iele_test_read(struct iele_test *test, const struct json_place *place, json_t *json) {
    *test = (struct iele_test){.state = NULL};
    return json_read_required(place, json, test_members, COUNT(test_members), test);
}

void iele_test_free(struct iele_test *test) {
    extvm_state_free(test->state);
    extvm_state_free(test->expected);
}
