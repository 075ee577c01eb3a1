/* The hash table against an array that simply says what is in it. */
#include <stdio.h>
#include <string.h>

#include "support/cmocka.h"

#include "common/memory.h"
#include "common/table.h"
#include "support/chance.h"
#include "support/hex.h"
#include "support/scarce_memory.h"

enum { ENTRIES = 700, STEPS = 30000, LONGEST_KEY = 40 };

struct entry {
    uint8_t key[LONGEST_KEY];
    size_t size;
    bool inside;
    unsigned seen;
};

static extvm_bytes key_of(const void *entry) {
    const struct entry *at = entry;
    return (extvm_bytes){at->key, at->size};
}

/* Keys of every length from 2 on; one is the beginning of another. */
static void make_entries(struct entry *entries) {
    memset(entries, 0, ENTRIES * sizeof *entries);
    for (size_t i = 0; i < ENTRIES; i++) {
        entries[i].size = 2 + i % (LONGEST_KEY - 1);
        entries[i].key[0] = (uint8_t)i;
        entries[i].key[1] = (uint8_t)(i >> 8);
    }
}

static void check_all(const struct table *table, struct entry *entries) {
    size_t inside = 0, given = 0, position = 0;
    for (size_t i = 0; i < ENTRIES; i++) {
        assert_ptr_equal(table_find(table, key_of(&entries[i])),
                         entries[i].inside ? &entries[i] : NULL);
        inside += entries[i].inside;
        entries[i].seen = 0;
    }
    assert_int_equal(table->count, inside);
    for (struct entry *at; (at = table_next(table, &position)) != NULL; given++) {
        assert_true(at->inside);
        assert_int_equal(at->seen++, 0);
    }
    assert_int_equal(given, inside);
}

static void no_entry_is_lost_or_found_again_after_removal(void **context) {
    (void)context;
    static struct entry entries[ENTRIES];
    struct table table;
    uint64_t seed = 7;
    make_entries(entries);
    table_init(&table, extvm_default_allocator(), key_of);
    check_all(&table, entries);
    for (unsigned step = 0; step < STEPS; step++) {
        /* The number of entries swells and shrinks. */
        size_t range = step / 3000 % 2 == 0 ? ENTRIES : 40;
        struct entry *entry = &entries[chance(&seed) % range];
        if (entry->inside) {
            assert_ptr_equal(table_remove(&table, key_of(entry)), entry);
        } else {
            assert_null(table_remove(&table, key_of(entry)));
            assert_true(table_insert(&table, entry));
        }
        entry->inside = !entry->inside;
        if (step % 500 == 0) {
            check_all(&table, entries);
        }
    }
    check_all(&table, entries);
    table_free(&table);
}

static void a_cleared_table_holds_nothing_and_can_be_filled_again(void **context) {
    (void)context;
    static struct entry entries[ENTRIES];
    struct table table;
    make_entries(entries);
    table_init(&table, extvm_default_allocator(), key_of);
    table_clear(&table);
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < ENTRIES; i += 1 + round) {
            assert_true(table_insert(&table, &entries[i]));
            entries[i].inside = true;
        }
        check_all(&table, entries);
        table_clear(&table);
        make_entries(entries);
        check_all(&table, entries);
    }
    table_free(&table);
}

/* What clearing touches is what a small use pays: the memory that is kept is written each time. */
static void a_small_use_after_a_large_one_does_not_pay_for_it(void **context) {
    (void)context;
    enum { LARGE = 5000, KEPT_AT_MOST = 1024 };
    static struct entry entries[LARGE];
    struct scarce_memory scarce = {.fail_at = 0};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    struct table table;
    table_init(&table, &allocator, key_of);
    for (size_t i = 0; i < LARGE; i++) {
        entries[i] = (struct entry){.key = {(uint8_t)i, (uint8_t)(i >> 8)}, .size = 2};
        assert_true(table_insert(&table, &entries[i]));
    }
    assert_true(table.capacity > KEPT_AT_MOST);
    table_clear(&table);
    assert_true(table.capacity <= KEPT_AT_MOST);
    assert_null(table_find(&table, key_of(&entries[0])));
    scarce.largest = 0;
    assert_true(table_insert(&table, &entries[1]));
    assert_true(scarce.largest < LARGE);
    assert_ptr_equal(table_find(&table, key_of(&entries[1])), &entries[1]);
    size_t small = table.capacity, asked = scarce.allocations;
    table_clear(&table);
    assert_int_equal(table.capacity, small); /* small memory is used again */
    assert_true(table_insert(&table, &entries[2]));
    assert_int_equal(scarce.allocations, asked);
    table_free(&table);
    assert_int_equal(scarce.live, 0);
}

static void an_insert_without_memory_leaves_the_table_as_it_was(void **context) {
    (void)context;
    static struct entry entries[ENTRIES];
    unsigned refused = 0;
    for (size_t fail_at = 1; fail_at < 12; fail_at++) {
        struct scarce_memory scarce = {.fail_at = fail_at};
        extvm_allocator allocator = scarce_memory_allocator(&scarce);
        struct table table;
        make_entries(entries);
        table_init(&table, &allocator, key_of);
        for (size_t i = 0; i < ENTRIES; i++) {
            entries[i].inside = table_insert(&table, &entries[i]);
            if (!entries[i].inside) {
                refused++;
                check_all(&table, entries);
                assert_true(table_insert(&table, &entries[i]));
                entries[i].inside = true;
            }
        }
        check_all(&table, entries);
        table_free(&table);
        assert_int_equal(scarce.live, 0);
    }
    assert_true(refused >= 6); /* the table grew that often */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_entry_is_lost_or_found_again_after_removal),
        cmocka_unit_test(a_cleared_table_holds_nothing_and_can_be_filled_again),
        cmocka_unit_test(a_small_use_after_a_large_one_does_not_pay_for_it),
        cmocka_unit_test(an_insert_without_memory_leaves_the_table_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
