/* Queries and their answers on the wire, at both ends (protocol/kevm.md and protocol/iele.md,
 * section 6). A call has one message that is large and many of these: they are written and read in
 * place. */
#include <extvm/integer.h>

#include "error.h"
#include "messages.h"

enum { MOST_FIELDS = 4 /* of a message here */ };

/* What a message may hold, as in proto/vm.proto; number 0 ends the list. */
struct shape {
    const char *name;
    uint32_t member; /* of VMQuery */
    struct wire_known fields[MOST_FIELDS + 1];
};

enum { ADDRESS, KEY }; /* places in a query's shape */
static const struct shape queries[] = {
    [QUERY_ACCOUNT] = {"GetAccount", MEMBER_GET_ACCOUNT, {[ADDRESS] = {1, WIRE_BYTES}}},
    [QUERY_STORAGE] = {"GetStorageData",
                       MEMBER_GET_STORAGE_DATA,
                       {[ADDRESS] = {1, WIRE_BYTES}, [KEY] = {2, WIRE_BYTES}}},
    [QUERY_CODE] = {"GetCode", MEMBER_GET_CODE, {[ADDRESS] = {1, WIRE_BYTES}}},
    [QUERY_BLOCK_HASH] = {"GetBlockhash", MEMBER_GET_BLOCKHASH, {{1, WIRE_VARINT}}},
};

enum { NONCE, BALANCE, CODE_EMPTY, HAS_STORAGE }; /* places in an account's */
static const struct shape answers[] = {
    [QUERY_ACCOUNT] = {"Account",
                       0,
                       {[NONCE] = {1, WIRE_BYTES},
                        [BALANCE] = {2, WIRE_BYTES},
                        [CODE_EMPTY] = {3, WIRE_VARINT},
                        [HAS_STORAGE] = {100, WIRE_VARINT}}},
    [QUERY_STORAGE] = {"StorageData", 0, {{1, WIRE_BYTES}}},
    [QUERY_CODE] = {"Code", 0, {{1, WIRE_BYTES}}},
    [QUERY_BLOCK_HASH] = {"Blockhash", 0, {{1, WIRE_BYTES}}},
};

static bool take(const struct shape *shape, struct wire message, struct wire_field *fields,
                 extvm_error *error) {
    bool taken = wire_take(message, shape->fields, fields);
    if (!taken) {
        protobuf_malformed(shape->name, wire_left(message), error);
    }
    return taken;
}

/* -- queries -- */

extvm_status messages_read_query(const struct message_rules *rules, const struct wire_field *member,
                                 struct arena *arena, struct query *query, extvm_error *error) {
    static const char *const names[] = {
        [QUERY_ACCOUNT] = "GetAccount.address",
        [QUERY_STORAGE] = "GetStorageData.address",
        [QUERY_CODE] = "GetCode.address",
    };
    struct wire_field fields[MOST_FIELDS];
    query->kind = QUERY_ACCOUNT;
    while (queries[query->kind].member != member->number) {
        query->kind++;
    }
    if (!take(&queries[query->kind], wire_of(member), fields, error)) {
        return EXTVM_MALFORMED_MESSAGE;
    }
    if (query->kind == QUERY_BLOCK_HASH) {
        query->block = (int32_t)(uint32_t)fields[0].varint;
        return EXTVM_OK;
    }
    extvm_status status = read_address_field(names[query->kind], wire_bytes(&fields[ADDRESS]),
                                             &query->address, error);
    return status == EXTVM_OK && query->kind == QUERY_STORAGE
               ? rules->read_integer("GetStorageData.offset", wire_bytes(&fields[KEY]), arena,
                                     &query->key, error)
               : status;
}

bool messages_encode_query(const struct message_rules *rules, const struct query *query,
                           struct buffer *out) {
    const struct shape *shape = &queries[query->kind];
    struct arena scratch;
    arena_init(&scratch, out->allocator, SIZE_MAX);
    struct wire_field fields[MOST_FIELDS] = {0};
    if (query->kind == QUERY_BLOCK_HASH) {
        fields[0].varint = (uint64_t)(int64_t)(int32_t)query->block;
    } else {
        wire_set_bytes(&fields[ADDRESS], address_bytes(&query->address));
    }
    if (query->kind == QUERY_STORAGE) {
        wire_set_bytes(&fields[KEY], from_protobuf(rules->integer_from_vm(query->key, &scratch)));
    }
    bool encoded = !scratch.failed &&
                   wire_put_member(out, shape->member, wire_size(shape->fields, fields)) &&
                   wire_put(out, shape->fields, fields);
    arena_free(&scratch);
    return encoded;
}

/* -- answers -- */

/* An account exists when its nonce or balance field is not empty (section 6.1). */
static void fill_account(const struct answer *answer, struct wire_field *fields) {
    const extvm_account *account = &answer->account;
    fields[CODE_EMPTY].varint = true;
    if (answer->found) {
        wire_set_bytes(&fields[NONCE], extvm_integer_normalise(account->nonce));
        wire_set_bytes(&fields[BALANCE], extvm_integer_normalise(account->balance));
        fields[CODE_EMPTY].varint = !account->has_code;
        fields[HAS_STORAGE].varint =
            account->has_storage && !account->has_code && extvm_integer_sign(account->nonce) == 0;
    }
}

bool messages_encode_answer(const struct query *query, const struct answer *answer,
                            struct buffer *out) {
    const struct shape *shape = &answers[query->kind];
    struct wire_field fields[MOST_FIELDS] = {0};
    switch (query->kind) {
    case QUERY_ACCOUNT:
        fill_account(answer, fields);
        break;
    case QUERY_STORAGE:
        wire_set_bytes(&fields[0], extvm_integer_normalise(answer->found ? answer->bytes
                                                                         : (extvm_bytes){NULL, 0}));
        break;
    case QUERY_CODE:
        wire_set_bytes(&fields[0], answer->found ? answer->bytes : (extvm_bytes){NULL, 0});
        break;
    case QUERY_BLOCK_HASH:
        if (answer->found) {
            wire_set_bytes(&fields[0], (extvm_bytes){answer->hash.bytes, EXTVM_WORD_SIZE});
        }
        break;
    }
    return wire_put(out, shape->fields, fields);
}

static extvm_status read_account(const struct wire_field *fields, struct arena *arena,
                                 struct answer *answer, extvm_error *error) {
    answer->found = fields[NONCE].size > 0 || fields[BALANCE].size > 0;
    answer->account.has_code = answer->found && fields[CODE_EMPTY].varint == 0;
    answer->account.has_storage = fields[HAS_STORAGE].varint != 0;
    extvm_status status = read_unsigned_field("Account.nonce", wire_bytes(&fields[NONCE]), arena,
                                              &answer->account.nonce, error);
    return status == EXTVM_OK ? read_unsigned_field("Account.balance", wire_bytes(&fields[BALANCE]),
                                                    arena, &answer->account.balance, error)
                              : status;
}

static extvm_status read_hash(ProtobufCBinaryData field, struct arena *arena, struct answer *answer,
                              extvm_error *error) {
    extvm_bytes number;
    extvm_status status = read_unsigned_field("Blockhash.hash", field, arena, &number, error);
    answer->found = field.len > 0;
    if (status == EXTVM_OK) {
        extvm_integer_to_word(number, &answer->hash);
    }
    return status;
}

extvm_status messages_decode_answer(const struct message_rules *rules, extvm_bytes body,
                                    const struct query *query, struct arena *arena,
                                    struct answer *answer, extvm_error *error) {
    struct wire_field fields[MOST_FIELDS];
    if (!take(&answers[query->kind], wire_of_bytes(body), fields, error)) {
        return EXTVM_MALFORMED_MESSAGE;
    }
    switch (query->kind) {
    case QUERY_ACCOUNT:
        return read_account(fields, arena, answer, error);
    case QUERY_STORAGE:
        answer->found = true;
        return rules->read_storage_answer("StorageData.data", wire_bytes(&fields[0]), arena,
                                          &answer->bytes, error);
    case QUERY_CODE:
        answer->bytes = from_protobuf(wire_bytes(&fields[0]));
        answer->found = answer->bytes.size > 0;
        return EXTVM_OK;
    case QUERY_BLOCK_HASH:
        return read_hash(wire_bytes(&fields[0]), arena, answer, error);
    }
    return EXTVM_OK;
}
