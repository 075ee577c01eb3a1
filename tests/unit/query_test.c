/* Queries and answers are written and read without protobuf-c; protobuf-c must see the same in
 * them. */
#include <string.h>

#include "support/cmocka.h"

#include <extvm/integer.h>

#include "common/messages.h"
#include "common/protobuf.h"
#include "kevm/kevm.h"
#include "support/chance.h"
#include "support/hex.h"
#include "support/scarce_memory.h"

enum { ROUNDS = 20000 };

static struct query some_query(enum query_kind kind, uint8_t key[EXTVM_WORD_INTEGER_SIZE],
                               uint64_t *state) {
    struct query query = {.kind = kind, .block = (int32_t)chance(state)};
    extvm_word word;
    for (size_t i = 0; i < EXTVM_ADDRESS_SIZE; i++) {
        query.address.bytes[i] = (uint8_t)chance(state);
    }
    for (size_t i = 0; i < EXTVM_WORD_SIZE; i++) {
        word.bytes[i] = (uint8_t)(chance(state) & (chance(state) % 3 == 0 ? 0 : 255));
    }
    query.key = extvm_integer_from_word(&word, key);
    return query;
}

/* The query by protobuf-c, as far as the members go that this kind has; false: it is none. */
static bool by_protobuf(extvm_bytes body, struct arena *arena, struct query *query,
                        extvm_bytes *address) {
    ProtobufCMessage *message;
    if (protobuf_decode(&vm__vmquery__descriptor, body, arena, &message, NULL) != EXTVM_OK) {
        return false;
    }
    const Vm__VMQuery *read = (const Vm__VMQuery *)message;
    switch (read->query_case) {
    case VM__VMQUERY__QUERY_GET_ACCOUNT:
        query->kind = QUERY_ACCOUNT;
        *address = from_protobuf(read->get_account->address);
        return true;
    case VM__VMQUERY__QUERY_GET_STORAGE_DATA:
        query->kind = QUERY_STORAGE;
        *address = from_protobuf(read->get_storage_data->address);
        return read_unsigned_field("offset", read->get_storage_data->offset, arena, &query->key,
                                   NULL) == EXTVM_OK;
    case VM__VMQUERY__QUERY_GET_CODE:
        query->kind = QUERY_CODE;
        *address = from_protobuf(read->get_code->address);
        return true;
    case VM__VMQUERY__QUERY_GET_BLOCKHASH:
        query->kind = QUERY_BLOCK_HASH;
        query->block = read->get_blockhash->offset;
        return true;
    default:
        return false;
    }
}

static void assert_same_query(const struct query *query, const struct query *expected,
                              extvm_bytes address) {
    assert_int_equal(query->kind, expected->kind);
    if (query->kind == QUERY_BLOCK_HASH) {
        assert_int_equal(query->block, expected->block);
        return;
    }
    assert_bytes(((extvm_bytes){query->address.bytes, EXTVM_ADDRESS_SIZE}), address);
    if (query->kind == QUERY_STORAGE) {
        assert_bytes(query->key, expected->key);
    }
}

static void a_query_means_to_protobuf_what_was_asked(void **context) {
    (void)context;
    uint64_t state = 1;
    struct buffer out;
    struct arena arena;
    buffer_init(&out, extvm_default_allocator(), 4096);
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX);
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t key[EXTVM_WORD_INTEGER_SIZE];
        struct query query = some_query((enum query_kind)(round % 4), key, &state), seen;
        extvm_bytes address = {query.address.bytes, EXTVM_ADDRESS_SIZE}, seen_address = {NULL, 0};
        out.size = 0;
        arena_reset(&arena);
        assert_true(kevm_encode_query(&query, &out));
        assert_true(by_protobuf((extvm_bytes){out.data, out.size}, &arena, &seen, &seen_address));
        assert_same_query(&query, &seen, seen_address);
        assert_true(query.kind == QUERY_BLOCK_HASH || extvm_bytes_equal(address, seen_address));
    }
    arena_free(&arena);
    buffer_free(&out);
}

/* Whether more than one member is there: protobuf joins them, the client takes the last. */
static bool has_several_members(extvm_bytes body) {
    struct wire wire = wire_of_bytes(body);
    struct wire_field field;
    unsigned count = 0;
    bool broken;
    while (wire_next(&wire, &field, &broken)) {
        count++;
    }
    return count > 1;
}

static void a_damaged_query_is_refused_or_read_as_protobuf_reads_it(void **context) {
    (void)context;
    uint64_t state = 2;
    unsigned taken = 0, refused = 0;
    struct buffer out;
    struct arena arena, other;
    buffer_init(&out, extvm_default_allocator(), 4096);
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX);
    arena_init(&other, extvm_default_allocator(), SIZE_MAX);
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t key[EXTVM_WORD_INTEGER_SIZE];
        struct query query = some_query((enum query_kind)(round % 4), key, &state), seen;
        struct vm_message message = {.owner = NULL};
        extvm_bytes address = {NULL, 0};
        out.size = 0;
        assert_true(kevm_encode_query(&query, &out));
        out.data[chance(&state) % (chance(&state) % 2 == 0 ? 6 : out.size)] ^=
            (uint8_t)(1u << chance(&state) % 8);
        const extvm_bytes body = {out.data, out.size};
        arena_reset(&arena);
        arena_reset(&other);
        if (kevm_decode_vm_message(body, &arena, &message, NULL) != EXTVM_OK) {
            refused++;
        } else if (message.result == NULL && !has_several_members(body)) {
            taken++;
            assert_true(by_protobuf(body, &other, &seen, &address));
            assert_same_query(&message.query, &seen, address);
        }
        extvm_result_free(message.result);
    }
    assert_true(taken > ROUNDS / 10);
    assert_true(refused > ROUNDS / 10);
    arena_free(&arena);
    arena_free(&other);
    buffer_free(&out);
}

static struct answer some_answer(uint8_t numbers[2][EXTVM_U64_INTEGER_SIZE], uint64_t *state) {
    struct answer answer = {.found = chance(state) % 4 != 0};
    answer.account.nonce = extvm_integer_from_u64(chance(state) % 3, numbers[0]);
    answer.account.balance = extvm_integer_from_u64(chance(state), numbers[1]);
    answer.account.has_code = chance(state) % 2 == 0;
    answer.account.has_storage = chance(state) % 2 == 0;
    answer.bytes = answer.account.balance;
    for (size_t i = 0; i < EXTVM_WORD_SIZE; i++) {
        answer.hash.bytes[i] = (uint8_t)chance(state);
    }
    return answer;
}

/* The answer's message as protobuf-c writes it. */
static bool encode_by_protobuf(enum query_kind kind, const struct answer *answer,
                               struct buffer *out) {
    Vm__Account account = VM__ACCOUNT__INIT;
    Vm__StorageData data = VM__STORAGE_DATA__INIT;
    Vm__Code code = VM__CODE__INIT;
    Vm__Blockhash hash = VM__BLOCKHASH__INIT;
    const extvm_bytes nothing = {NULL, 0};
    account.code_empty = true;
    if (answer->found) {
        const extvm_account *told = &answer->account;
        account.nonce = integer_field(told->nonce);
        account.balance = integer_field(told->balance);
        account.code_empty = !told->has_code;
        account.has_storage =
            told->has_storage && !told->has_code && extvm_integer_sign(told->nonce) == 0;
        hash.hash = word_field(&answer->hash);
    }
    data.data = integer_field(answer->found ? answer->bytes : nothing);
    code.code = to_protobuf(answer->found ? answer->bytes : nothing);
    const void *const messages[] = {&account, &data, &code, &hash};
    return protobuf_encode(messages[kind], out);
}

static void an_answer_has_the_bytes_that_protobuf_would_write(void **context) {
    (void)context;
    uint64_t state = 3;
    struct buffer out, expected;
    buffer_init(&out, extvm_default_allocator(), 4096);
    buffer_init(&expected, extvm_default_allocator(), 4096);
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t numbers[2][EXTVM_U64_INTEGER_SIZE];
        const struct query query = {.kind = (enum query_kind)(round % 4)};
        const struct answer answer = some_answer(numbers, &state);
        out.size = expected.size = 0;
        assert_true(kevm_protocol.encode_answer(&query, &answer, &out));
        assert_true(encode_by_protobuf(query.kind, &answer, &expected));
        assert_bytes(((extvm_bytes){out.data, out.size}),
                     ((extvm_bytes){expected.data, expected.size}));
    }
    buffer_free(&out);
    buffer_free(&expected);
}

static void an_answer_says_to_the_vm_what_the_node_said(void **context) {
    (void)context;
    uint64_t state = 4;
    struct buffer out;
    struct arena arena;
    buffer_init(&out, extvm_default_allocator(), 4096);
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX);
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t numbers[2][EXTVM_U64_INTEGER_SIZE];
        const struct query query = {.kind = (enum query_kind)(round % 4)};
        const struct answer told = some_answer(numbers, &state);
        struct answer heard = {.found = false};
        out.size = 0;
        arena_reset(&arena);
        assert_true(kevm_protocol.encode_answer(&query, &told, &out));
        assert_int_equal(kevm_protocol.decode_answer((extvm_bytes){out.data, out.size}, &query,
                                                     &arena, &heard, NULL),
                         EXTVM_OK);
        if (query.kind != QUERY_STORAGE) {
            assert_int_equal(heard.found, told.found);
        }
        if (query.kind == QUERY_ACCOUNT && told.found) {
            assert_bytes(heard.account.nonce, told.account.nonce);
            assert_bytes(heard.account.balance, told.account.balance);
            assert_int_equal(heard.account.has_code, told.account.has_code);
        }
        if (query.kind == QUERY_BLOCK_HASH && told.found) {
            assert_memory_equal(heard.hash.bytes, told.hash.bytes, EXTVM_WORD_SIZE);
        }
    }
    arena_free(&arena);
    buffer_free(&out);
}

static void a_query_without_memory_is_told(void **context) {
    (void)context;
    const struct query query = {.kind = QUERY_ACCOUNT};
    const struct answer answer = {.found = true, .bytes = HEX("01")};
    struct scarce_memory memory = {.fail_at = 1, .for_good = true};
    const extvm_allocator scarce = scarce_memory_allocator(&memory);
    struct buffer out;
    buffer_init(&out, &scarce, 4096);
    assert_false(kevm_encode_query(&query, &out));
    assert_false(kevm_protocol.encode_answer(&query, &answer, &out));
    assert_int_equal(out.size, 0);
    buffer_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_means_to_protobuf_what_was_asked),
        cmocka_unit_test(a_damaged_query_is_refused_or_read_as_protobuf_reads_it),
        cmocka_unit_test(an_answer_has_the_bytes_that_protobuf_would_write),
        cmocka_unit_test(an_answer_says_to_the_vm_what_the_node_said),
        cmocka_unit_test(a_query_without_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
