/* The world state in memory: what is set can be read, listed, asked as a world and changed as a
 * sink, and a change that finds no memory is not made at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <extvm/integer.h>
#include <extvm/state.h>

#include "common/result.h"
#include "support/scarce_memory.h"

static extvm_address address(uint8_t last) {
    extvm_address made = {{0}};
    made.bytes[EXTVM_ADDRESS_SIZE - 1] = last;
    return made;
}

static const extvm_address alice = {{0xa1, 0x1c, 0xe0}};
static const extvm_address bob = {{0xb0, 0xb0}};

#define BYTES(...)                                                                                 \
    ((extvm_bytes){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})
static const extvm_bytes nothing = {NULL, 0};

static void assert_bytes(extvm_bytes got, extvm_bytes expected) {
    assert_int_equal(got.size, expected.size);
    assert_memory_equal(got.data, expected.data, expected.size);
}

static void assert_account(const extvm_state *state, const extvm_address *at, extvm_bytes nonce,
                           extvm_bytes balance) {
    extvm_account account;
    assert_true(extvm_state_account(state, at, &account));
    assert_bytes(account.nonce, nonce);
    assert_bytes(account.balance, balance);
}

static int make_state(void **context) {
    *context = extvm_state_new(NULL);
    return *context == NULL;
}

static int free_state(void **context) {
    extvm_state_free(*context);
    return 0;
}

static void nonce_and_balance_come_back_as_they_were_set(void **context) {
    extvm_state *state = *context;
    uint8_t widest[EXTVM_WORD_INTEGER_SIZE];
    memset(widest, 0xff, sizeof widest);
    widest[0] = 0;
    extvm_bytes balance = {widest, sizeof widest};
    assert_false(extvm_state_account(state, &alice, NULL));
    assert_int_equal(extvm_state_set_account(state, &alice, BYTES(7), balance), EXTVM_OK);
    widest[32] = 0; /* the state has its own copy */
    extvm_account account;
    assert_true(extvm_state_account(state, &alice, &account));
    assert_false(account.has_code);
    assert_bytes(account.nonce, BYTES(7));
    assert_int_equal(account.balance.size, 33);
    assert_int_equal(account.balance.data[32], 0xff);
}

static void integers_are_kept_in_canonical_form(void **context) {
    extvm_state *state = *context;
    assert_int_equal(extvm_state_set_account(state, &alice, nothing, BYTES(0, 0, 0, 0x80)),
                     EXTVM_OK);
    assert_account(state, &alice, BYTES(0), BYTES(0, 0x80));
    assert_int_equal(extvm_state_set_storage(state, &alice, BYTES(0, 0, 5), BYTES(0, 9)), EXTVM_OK);
    assert_bytes(extvm_state_storage(state, &alice, BYTES(5)), BYTES(9));
    assert_bytes(extvm_state_storage(state, &alice, BYTES(0, 5)), BYTES(9));
}

static void a_balance_below_zero_or_too_wide_is_refused_and_changes_nothing(void **context) {
    extvm_state *state = *context;
    uint8_t wide[34] = {0, 1};
    extvm_bytes too_wide = {wide, sizeof wide};
    assert_int_equal(extvm_state_set_account(state, &alice, BYTES(1), BYTES(0x80)),
                     EXTVM_OUT_OF_RANGE);
    assert_int_equal(extvm_state_set_account(state, &alice, too_wide, BYTES(1)),
                     EXTVM_OUT_OF_RANGE);
    assert_false(extvm_state_account(state, &alice, NULL));
    assert_int_equal(extvm_state_set_account(state, &alice, BYTES(1), BYTES(2)), EXTVM_OK);
    assert_int_equal(extvm_state_set_account(state, &alice, BYTES(3), too_wide),
                     EXTVM_OUT_OF_RANGE);
    assert_account(state, &alice, BYTES(1), BYTES(2));
}

static void an_accounts_own_values_may_be_handed_back_swapped(void **context) {
    extvm_state *state = *context;
    extvm_account account;
    assert_int_equal(extvm_state_set_account(state, &alice, BYTES(1), BYTES(2)), EXTVM_OK);
    assert_true(extvm_state_account(state, &alice, &account));
    assert_int_equal(extvm_state_set_account(state, &alice, account.balance, account.nonce),
                     EXTVM_OK);
    assert_account(state, &alice, BYTES(2), BYTES(1));
    assert_int_equal(extvm_state_set_code(state, &alice, BYTES(0x60, 0x00)), EXTVM_OK);
    assert_int_equal(extvm_state_set_code(state, &alice, extvm_state_code(state, &alice)),
                     EXTVM_OK);
    assert_bytes(extvm_state_code(state, &alice), BYTES(0x60, 0x00));
}

static void code_makes_the_account_and_empty_code_takes_it_away(void **context) {
    extvm_state *state = *context;
    extvm_account account;
    assert_int_equal(extvm_state_code(state, &alice).size, 0);
    assert_int_equal(extvm_state_set_code(state, &alice, BYTES(0xfe)), EXTVM_OK);
    assert_bytes(extvm_state_code(state, &alice), BYTES(0xfe));
    assert_true(extvm_state_account(state, &alice, &account));
    assert_true(account.has_code);
    assert_account(state, &alice, BYTES(0), BYTES(0));
    assert_int_equal(extvm_state_set_code(state, &alice, nothing), EXTVM_OK);
    assert_true(extvm_state_account(state, &alice, &account));
    assert_false(account.has_code);
}

static void storage_values_of_any_width_and_sign_are_kept(void **context) {
    extvm_state *state = *context;
    uint8_t wide[300];
    memset(wide, 0x35, sizeof wide);
    extvm_bytes negative = BYTES(0x80), huge = {wide, sizeof wide};
    assert_int_equal(extvm_state_set_storage(state, &alice, negative, BYTES(1)), EXTVM_OK);
    assert_int_equal(extvm_state_set_storage(state, &alice, negative, huge), EXTVM_OK);
    assert_int_equal(extvm_state_set_storage(state, &alice, huge, negative), EXTVM_OK);
    assert_bytes(extvm_state_storage(state, &alice, negative), huge);
    assert_bytes(extvm_state_storage(state, &alice, huge), negative);
    assert_int_equal(extvm_state_set_storage(state, &alice, negative, BYTES(2)), EXTVM_OK);
    assert_bytes(extvm_state_storage(state, &alice, negative), BYTES(2));
}

static void a_value_of_zero_deletes_the_key(void **context) {
    extvm_state *state = *context;
    extvm_storage_update *entries;
    size_t count;
    assert_bytes(extvm_state_storage(state, &alice, BYTES(1)), BYTES(0));
    assert_int_equal(extvm_state_set_storage(state, &alice, BYTES(1), BYTES(1)), EXTVM_OK);
    assert_int_equal(extvm_state_set_storage(state, &alice, BYTES(1), nothing), EXTVM_OK);
    assert_bytes(extvm_state_storage(state, &alice, BYTES(1)), BYTES(0));
    assert_int_equal(extvm_state_storage_entries(state, &alice, &entries, &count), EXTVM_OK);
    assert_int_equal(count, 0);
    assert_null(entries);
}

static void an_account_says_whether_it_has_storage(void **context) {
    extvm_state *state = *context;
    extvm_account account;
    assert_int_equal(extvm_state_set_account(state, &alice, BYTES(1), BYTES(1)), EXTVM_OK);
    assert_true(extvm_state_account(state, &alice, &account));
    assert_false(account.has_storage);
    assert_int_equal(extvm_state_set_storage(state, &alice, BYTES(1), BYTES(1)), EXTVM_OK);
    assert_true(extvm_state_account(state, &alice, &account));
    assert_true(account.has_storage);
    assert_int_equal(extvm_state_set_storage(state, &alice, BYTES(1), BYTES(0)), EXTVM_OK);
    assert_true(extvm_state_account(state, &alice, &account));
    assert_false(account.has_storage);
}

static void a_removed_account_takes_its_code_and_storage_with_it(void **context) {
    extvm_state *state = *context;
    extvm_state_remove(state, &alice);
    assert_int_equal(extvm_state_set_code(state, &alice, BYTES(0xfe)), EXTVM_OK);
    assert_int_equal(extvm_state_set_storage(state, &alice, BYTES(1), BYTES(1)), EXTVM_OK);
    extvm_state_remove(state, &alice);
    assert_false(extvm_state_account(state, &alice, NULL));
    assert_int_equal(extvm_state_code(state, &alice).size, 0);
    assert_bytes(extvm_state_storage(state, &alice, BYTES(1)), BYTES(0));
    assert_int_equal(extvm_state_set_account(state, &alice, BYTES(1), BYTES(1)), EXTVM_OK);
    assert_bytes(extvm_state_storage(state, &alice, BYTES(1)), BYTES(0));
}

static void addresses_and_storage_are_listed_in_ascending_order(void **context) {
    extvm_state *state = *context;
    extvm_address *addresses;
    size_t count;
    assert_int_equal(extvm_state_addresses(state, &addresses, &count), EXTVM_OK);
    assert_int_equal(count, 0);
    assert_null(addresses);
    for (unsigned i = 0; i < 200; i++) {
        extvm_address at = address((uint8_t)(i * 77));
        extvm_bytes key = BYTES((uint8_t)(i * 77)); /* negative from 0x80 on */
        assert_int_equal(extvm_state_set_account(state, &at, BYTES(1), BYTES(1)), EXTVM_OK);
        assert_int_equal(extvm_state_set_storage(state, &alice, key, BYTES(1)), EXTVM_OK);
    }
    assert_int_equal(extvm_state_addresses(state, &addresses, &count), EXTVM_OK);
    assert_int_equal(count, 201);
    for (size_t i = 1; i < count; i++) {
        assert_true(memcmp(&addresses[i - 1], &addresses[i], sizeof *addresses) < 0);
    }
    free(addresses);
    extvm_storage_update *entries;
    assert_int_equal(extvm_state_storage_entries(state, &alice, &entries, &count), EXTVM_OK);
    assert_int_equal(count, 200);
    for (size_t i = 1; i < count; i++) {
        assert_true(extvm_integer_compare(entries[i - 1].key, entries[i].key) < 0);
    }
    free(entries);
}

static void a_vm_that_asks_the_world_sees_what_was_set(void **context) {
    extvm_state *state = *context;
    extvm_world world = extvm_state_world(state);
    extvm_account account;
    extvm_bytes bytes;
    extvm_word hash = {{0xaa}}, got;
    assert_int_equal(world.account(world.context, &bob, &account), EXTVM_LOOKUP_ABSENT);
    assert_int_equal(world.code(world.context, &bob, &bytes), EXTVM_LOOKUP_ABSENT);
    assert_int_equal(world.storage(world.context, &bob, BYTES(1), &bytes), EXTVM_LOOKUP_ABSENT);
    assert_int_equal(world.block_hash(world.context, 9, &got), EXTVM_LOOKUP_ABSENT);
    assert_int_equal(extvm_state_set_account(state, &bob, BYTES(1), BYTES(2)), EXTVM_OK);
    assert_int_equal(extvm_state_set_code(state, &bob, BYTES(3)), EXTVM_OK);
    assert_int_equal(extvm_state_set_storage(state, &bob, BYTES(4), BYTES(5)), EXTVM_OK);
    assert_int_equal(extvm_state_set_block_hash(state, 9, &(extvm_word){{0xbb}}), EXTVM_OK);
    assert_int_equal(extvm_state_set_block_hash(state, 9, &hash), EXTVM_OK);
    assert_int_equal(world.account(world.context, &bob, &account), EXTVM_LOOKUP_FOUND);
    assert_bytes(account.balance, BYTES(2));
    assert_true(account.has_code);
    assert_int_equal(world.code(world.context, &bob, &bytes), EXTVM_LOOKUP_FOUND);
    assert_bytes(bytes, BYTES(3));
    assert_int_equal(world.storage(world.context, &bob, BYTES(4), &bytes), EXTVM_LOOKUP_FOUND);
    assert_bytes(bytes, BYTES(5));
    assert_int_equal(world.block_hash(world.context, 9, &got), EXTVM_LOOKUP_FOUND);
    assert_memory_equal(&got, &hash, sizeof hash);
    assert_int_equal(world.block_hash(world.context, 8, &got), EXTVM_LOOKUP_ABSENT);
}

/* A result that changes alice, makes bob with code and storage, deletes 1 and touches 2 to 4. */
static extvm_result *example_result(extvm_modified_account modified[2], extvm_address *deleted,
                                    extvm_address touched[3]) {
    static const uint8_t code[] = {0x60}, key[] = {1}, five[] = {5}, zero[] = {0};
    static const extvm_storage_update erases = {{key, 1}, {zero, 1}}, sets = {{key, 1}, {five, 1}};
    extvm_result *result = result_new(extvm_default_allocator(), NULL);
    assert_non_null(result);
    modified[0] = (extvm_modified_account){.address = alice,
                                           .nonce = {five, 1},
                                           .balance = {zero, 1},
                                           .storage = &erases,
                                           .storage_count = 1};
    modified[1] = (extvm_modified_account){.address = bob,
                                           .nonce = {five, 1},
                                           .balance = {five, 1},
                                           .code = {code, 1},
                                           .storage = &sets,
                                           .storage_count = 1};
    *deleted = address(1);
    for (uint8_t i = 0; i < 3; i++) {
        touched[i] = address((uint8_t)(2 + i));
    }
    result->modified = modified;
    result->modified_count = 2;
    result->deleted = deleted;
    result->deleted_count = 1;
    result->touched = touched;
    result->touched_count = 3;
    result->clears_empty = true;
    result->beneficiary = address(9);
    return result;
}

static void a_result_is_applied_to_the_state_as_a_sink(void **context) {
    extvm_state *state = *context;
    extvm_modified_account modified[2];
    extvm_address deleted, touched[3];
    extvm_result *result = example_result(modified, &deleted, touched);
    extvm_address empty = address(2), rich = address(3), program = address(4), miner = address(9);
    assert_int_equal(extvm_state_set_storage(state, &alice, BYTES(1), BYTES(1)), EXTVM_OK);
    assert_int_equal(extvm_state_set_account(state, &deleted, BYTES(1), BYTES(1)), EXTVM_OK);
    assert_int_equal(extvm_state_set_account(state, &empty, nothing, nothing), EXTVM_OK);
    assert_int_equal(extvm_state_set_account(state, &rich, nothing, BYTES(1)), EXTVM_OK);
    assert_int_equal(extvm_state_set_code(state, &program, BYTES(1)), EXTVM_OK);
    assert_int_equal(extvm_state_set_account(state, &miner, nothing, nothing), EXTVM_OK);

    extvm_sink sink = extvm_state_sink(state);
    assert_int_equal(extvm_apply(result, &sink, NULL), EXTVM_OK);
    assert_account(state, &alice, BYTES(5), BYTES(0));
    assert_bytes(extvm_state_storage(state, &alice, BYTES(1)), BYTES(0));
    assert_account(state, &bob, BYTES(5), BYTES(5));
    assert_bytes(extvm_state_code(state, &bob), BYTES(0x60));
    assert_bytes(extvm_state_storage(state, &bob, BYTES(1)), BYTES(5));
    assert_false(extvm_state_account(state, &deleted, NULL));
    assert_false(extvm_state_account(state, &empty, NULL));
    assert_false(extvm_state_account(state, &miner, NULL));
    assert_true(extvm_state_account(state, &rich, NULL));
    assert_true(extvm_state_account(state, &program, NULL));
    extvm_result_free(result);
}

/* -- memory that fails -- */

/* All that the state holds, as text; freed by the caller. */
static char *describe(const extvm_state *state, struct scarce_memory *scarce) {
    char *text = NULL;
    size_t size, count, storage_count;
    FILE *out = open_memstream(&text, &size);
    extvm_address *addresses;
    assert_non_null(out);
    assert_int_equal(extvm_state_addresses(state, &addresses, &count), EXTVM_OK);
    for (size_t i = 0; i < count; i++) {
        extvm_account account;
        extvm_storage_update *entries;
        char hex[2000];
        assert_true(extvm_state_account(state, &addresses[i], &account));
        fprintf(out, "%s ", extvm_bytes_to_hex((extvm_bytes){addresses[i].bytes, 20}, hex));
        fprintf(out, "nonce %s ", extvm_bytes_to_hex(account.nonce, hex));
        fprintf(out, "balance %s ", extvm_bytes_to_hex(account.balance, hex));
        fprintf(out, "code %s ", extvm_bytes_to_hex(extvm_state_code(state, &addresses[i]), hex));
        assert_int_equal(
            extvm_state_storage_entries(state, &addresses[i], &entries, &storage_count), EXTVM_OK);
        for (size_t j = 0; j < storage_count; j++) {
            fprintf(out, "%s=", extvm_bytes_to_hex(entries[j].key, hex));
            fprintf(out, "%s ", extvm_bytes_to_hex(entries[j].value, hex));
        }
        scarce_memory_release(scarce, entries);
        fputc('\n', out);
    }
    scarce_memory_release(scarce, addresses);
    fclose(out);
    return text;
}

static extvm_status set_new_account(extvm_state *state) {
    return extvm_state_set_account(state, &bob, BYTES(1), BYTES(2));
}
static extvm_status set_code_of_new_account(extvm_state *state) {
    return extvm_state_set_code(state, &bob, BYTES(1));
}
static extvm_status replace_code(extvm_state *state) {
    return extvm_state_set_code(state, &alice, BYTES(1));
}
static extvm_status set_storage_of_new_account(extvm_state *state) {
    return extvm_state_set_storage(state, &bob, BYTES(1), BYTES(1));
}
static extvm_status erase_storage_of_new_account(extvm_state *state) {
    return extvm_state_set_storage(state, &bob, BYTES(1), nothing);
}
static extvm_status set_new_key(extvm_state *state) {
    return extvm_state_set_storage(state, &alice, BYTES(100), BYTES(1));
}
static extvm_status replace_value_by_a_wide_one(extvm_state *state) {
    static const uint8_t wide[100] = {1};
    return extvm_state_set_storage(state, &alice, BYTES(1), (extvm_bytes){wide, sizeof wide});
}
static extvm_status erase_key(extvm_state *state) {
    return extvm_state_set_storage(state, &alice, BYTES(1), nothing);
}
static extvm_status set_new_block_hash(extvm_state *state) {
    return extvm_state_set_block_hash(state, 100, &(extvm_word){{1}});
}

/* Tables grow at 12 entries: alice, and 11 others, are one short of it; so are her keys. */
static extvm_state *populated_state(struct scarce_memory *scarce) {
    extvm_allocator allocator = scarce_memory_allocator(scarce);
    extvm_state *state = extvm_state_new(&allocator);
    assert_non_null(state);
    assert_int_equal(extvm_state_set_code(state, &alice, BYTES(0xfe)), EXTVM_OK);
    for (uint8_t i = 0; i < 12; i++) {
        extvm_address at = address((uint8_t)(i + 1));
        assert_int_equal(extvm_state_set_storage(state, &alice, BYTES(i), BYTES(7)), EXTVM_OK);
        assert_int_equal(extvm_state_set_block_hash(state, i, &(extvm_word){{i}}), EXTVM_OK);
        if (i < 11) {
            assert_int_equal(extvm_state_set_account(state, &at, BYTES(i), BYTES(i)), EXTVM_OK);
        }
    }
    return state;
}

/* Lets each allocation of the change fail in turn; returns how many there were. */
static size_t walk_change(extvm_status (*change)(extvm_state *state)) {
    for (size_t fail_at = 1;; fail_at++) {
        struct scarce_memory scarce = {0};
        extvm_state *state = populated_state(&scarce);
        char *before = describe(state, &scarce);
        scarce.allocations = 0;
        scarce.fail_at = fail_at;
        extvm_status status = change(state);
        scarce.fail_at = 0;
        char *after = describe(state, &scarce);
        if (status != EXTVM_OK) {
            assert_int_equal(status, EXTVM_NO_MEMORY);
            assert_string_equal(after, before);
            assert_int_equal(change(state), EXTVM_OK);
        }
        free(before);
        free(after);
        extvm_state_free(state);
        assert_int_equal(scarce.live, 0);
        if (status == EXTVM_OK) {
            return fail_at - 1;
        }
    }
}

static void a_change_that_finds_no_memory_is_not_made_at_all(void **context) {
    (void)context;
    assert_true(walk_change(set_new_account) >= 2);
    assert_true(walk_change(set_code_of_new_account) >= 3);
    assert_true(walk_change(replace_code) >= 1);
    assert_true(walk_change(set_storage_of_new_account) >= 4);
    assert_true(walk_change(erase_storage_of_new_account) >= 2);
    assert_true(walk_change(set_new_key) >= 2);
    assert_true(walk_change(replace_value_by_a_wide_one) >= 1);
    assert_true(walk_change(erase_key) >= 1);
    assert_true(walk_change(set_new_block_hash) >= 2);
}

static void a_listing_or_a_state_that_finds_no_memory_says_so(void **context) {
    (void)context;
    struct scarce_memory scarce = {.fail_at = 1};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    assert_null(extvm_state_new(&allocator));
    extvm_state *state = populated_state(&scarce);
    extvm_address *addresses;
    extvm_storage_update *entries;
    size_t count;
    scarce.fail_at = scarce.allocations + 1;
    assert_int_equal(extvm_state_addresses(state, &addresses, &count), EXTVM_NO_MEMORY);
    assert_null(addresses);
    scarce.fail_at = scarce.allocations + 1;
    assert_int_equal(extvm_state_storage_entries(state, &alice, &entries, &count), EXTVM_NO_MEMORY);
    assert_null(entries);
    extvm_state_free(state);
    extvm_state_free(NULL);
    assert_int_equal(scarce.live, 0);
}

/* -- checkpoints -- */

/* One change of every kind, and some that undo each other. */
static void change_everything(extvm_state *state) {
    extvm_address first = address(1), second = address(2);
    static extvm_status (*const changes[])(extvm_state *) = {set_new_account,
                                                             set_storage_of_new_account,
                                                             set_code_of_new_account,
                                                             replace_code,
                                                             set_new_key,
                                                             replace_value_by_a_wide_one,
                                                             erase_key};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        assert_int_equal(changes[i](state), EXTVM_OK);
    }
    assert_int_equal(extvm_state_set_storage(state, &alice, BYTES(1), BYTES(3)), EXTVM_OK);
    assert_int_equal(extvm_state_set_account(state, &alice, BYTES(8), BYTES(9)), EXTVM_OK);
    extvm_state_remove(state, &alice);
    extvm_state_remove(state, &first);
    assert_int_equal(extvm_state_set_storage(state, &alice, BYTES(2), BYTES(4)), EXTVM_OK);
    extvm_state_remove(state, &alice);
    assert_int_equal(extvm_state_set_account(state, &second, BYTES(8), BYTES(9)), EXTVM_OK);
    extvm_state_remove(state, &second);
    assert_int_equal(extvm_state_set_account(state, &second, BYTES(6), BYTES(7)), EXTVM_OK);
}

static void a_rollback_takes_every_kind_of_change_back(void **context) {
    (void)context;
    struct scarce_memory scarce = {0};
    extvm_state *state = populated_state(&scarce);
    char *before = describe(state, &scarce);
    size_t outer = extvm_state_checkpoint(state);
    change_everything(state);
    char *changed = describe(state, &scarce);
    assert_string_not_equal(before, changed);
    size_t inner = extvm_state_checkpoint(state);
    change_everything(state);
    extvm_state_rollback(state, inner);
    char *again = describe(state, &scarce);
    assert_string_equal(again, changed);
    inner = extvm_state_checkpoint(state);
    change_everything(state);
    extvm_state_keep(state, inner);
    extvm_state_rollback(state, outer);
    char *after = describe(state, &scarce);
    assert_string_equal(after, before);
    extvm_state_free(state);
    free(before);
    free(changed);
    free(again);
    free(after);
    assert_int_equal(scarce.live, 0);
}

static void kept_changes_stay_and_give_back_what_they_replaced(void **context) {
    (void)context;
    struct scarce_memory scarce = {0}, plain_scarce = {0};
    extvm_state *state = populated_state(&scarce), *plain = populated_state(&plain_scarce);
    change_everything(plain);
    size_t checkpoint = extvm_state_checkpoint(state);
    change_everything(state);
    extvm_state_keep(state, checkpoint);
    char *got = describe(state, &scarce), *expected = describe(plain, &plain_scarce);
    assert_string_equal(got, expected);
    assert_int_equal(scarce.live, plain_scarce.live);
    (void)extvm_state_checkpoint(state);
    change_everything(state);
    extvm_state_free(state); /* with a checkpoint open */
    extvm_state_free(plain);
    free(got);
    free(expected);
    assert_int_equal(scarce.live, 0);
}

/* -- time -- */

static double seconds_to_fill_and_list(uint32_t count) {
    struct timespec start, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    extvm_state *state = extvm_state_new(NULL);
    for (uint32_t i = 0; i < count; i++) {
        extvm_bytes key = BYTES(1, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i);
        assert_int_equal(extvm_state_set_storage(state, &alice, key, BYTES(1)), EXTVM_OK);
    }
    extvm_storage_update *entries;
    size_t listed;
    assert_int_equal(extvm_state_storage_entries(state, &alice, &entries, &listed), EXTVM_OK);
    assert_int_equal(listed, count);
    free(entries);
    extvm_state_free(state);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

/* Of three times, so that what else the processor does counts less. */
static double least_seconds_to_fill_and_list(uint32_t count) {
    double least = seconds_to_fill_and_list(count);
    for (int i = 1; i < 3; i++) {
        double seconds = seconds_to_fill_and_list(count);
        least = seconds < least ? seconds : least;
    }
    return least;
}

static void a_hundred_thousand_storage_entries_take_linear_time(void **context) {
    (void)context;
    double small = least_seconds_to_fill_and_list(12500);
    double large = least_seconds_to_fill_and_list(100000);
    /* 8 times as many; quadratic work would take 64 times as long. */
    assert_true(large < 30 * small + 0.01);
}

#define WITH_STATE(test) cmocka_unit_test_setup_teardown(test, make_state, free_state)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_STATE(nonce_and_balance_come_back_as_they_were_set),
        WITH_STATE(integers_are_kept_in_canonical_form),
        WITH_STATE(a_balance_below_zero_or_too_wide_is_refused_and_changes_nothing),
        WITH_STATE(an_accounts_own_values_may_be_handed_back_swapped),
        WITH_STATE(code_makes_the_account_and_empty_code_takes_it_away),
        WITH_STATE(storage_values_of_any_width_and_sign_are_kept),
        WITH_STATE(a_value_of_zero_deletes_the_key),
        WITH_STATE(an_account_says_whether_it_has_storage),
        WITH_STATE(a_removed_account_takes_its_code_and_storage_with_it),
        WITH_STATE(addresses_and_storage_are_listed_in_ascending_order),
        WITH_STATE(a_vm_that_asks_the_world_sees_what_was_set),
        WITH_STATE(a_result_is_applied_to_the_state_as_a_sink),
        cmocka_unit_test(a_change_that_finds_no_memory_is_not_made_at_all),
        cmocka_unit_test(a_listing_or_a_state_that_finds_no_memory_says_so),
        cmocka_unit_test(a_rollback_takes_every_kind_of_change_back),
        cmocka_unit_test(kept_changes_stay_and_give_back_what_they_replaced),
        cmocka_unit_test(a_hundred_thousand_storage_entries_take_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
