/* Memory that is kept for the next call: taken again where as much is needed, bounded, and there as
 * long as somebody has a piece of it. */
#include <string.h>

#include "support/cmocka.h"

#include "common/ledger.h"
#include "common/memory.h"
#include "common/spare.h"
#include "support/scarce_memory.h"

static void piece_that_was_given_back_is_given_to_the_next(void **unused) {
    struct scarce_memory memory = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&memory);
    struct spare *spare = spare_new(&allocator);
    (void)unused;
    for (size_t size = 1; size <= SPARE_LARGEST; size += size / 2 + 1) {
        void *piece = spare_take(spare, size);
        assert_non_null(piece);
        memset(piece, 0xff, size);
        spare_give(spare, piece, size);
        size_t before = memory.allocations;
        assert_ptr_equal(spare_take(spare, size), piece);
        assert_int_equal(memory.allocations, before);
        spare_give(spare, piece, size);
    }
    spare_close(spare);
    assert_int_equal(memory.live, 0);
}

static void no_more_is_kept_than_is_said(void **unused) {
    enum { PIECES = 40 };
    struct scarce_memory memory = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&memory);
    struct spare *spare = spare_new(&allocator);
    void *pieces[PIECES];
    (void)unused;
    size_t before = memory.live;
    for (unsigned i = 0; i < PIECES; i++) {
        pieces[i] = spare_take(spare, SPARE_LARGEST);
        assert_non_null(pieces[i]);
    }
    for (unsigned i = 0; i < PIECES; i++) {
        spare_give(spare, pieces[i], SPARE_LARGEST);
    }
    assert_int_equal(memory.live - before, SPARE_TOTAL / SPARE_LARGEST);
    void *large = spare_take(spare, SPARE_LARGEST + 1);
    assert_non_null(large);
    spare_give(spare, large, SPARE_LARGEST + 1);
    assert_int_equal(memory.live - before, SPARE_TOTAL / SPARE_LARGEST);
    spare_close(spare);
    assert_int_equal(memory.live, 0);
}

static void memory_lives_until_the_last_piece_is_given_back(void **unused) {
    struct scarce_memory memory = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&memory);
    struct spare *spare = spare_new(&allocator);
    (void)unused;
    void *first = spare_take(spare, 100), *second = spare_take(spare, SPARE_LARGEST + 1);
    assert_non_null(first);
    assert_non_null(second);
    spare_close(spare);
    memset(first, 1, 100);
    spare_give(spare, first, 100);
    assert_int_equal(memory.live, 2);
    spare_give(spare, second, SPARE_LARGEST + 1);
    assert_int_equal(memory.live, 0);
}

/* The way to a large piece leaves no others behind, and the piece is kept beside small ones. */
static void large_piece_that_grew_is_kept_and_nothing_else(void **unused) {
    struct scarce_memory memory = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&memory);
    struct spare *spare = spare_new(&allocator);
    void *small[4];
    (void)unused;
    for (unsigned i = 0; i < 4; i++) {
        small[i] = spare_take(spare, 40000);
    }
    for (unsigned i = 0; i < 4; i++) {
        spare_give(spare, small[i], 40000);
    }
    size_t before = memory.live;
    for (unsigned round = 0; round < 3; round++) {
        size_t size = 16384;
        void *piece = spare_take(spare, size);
        for (; size < SPARE_LARGEST; size *= 2) {
            piece = spare_grow(spare, piece, size, size, 2 * size);
            assert_non_null(piece);
        }
        spare_give(spare, piece, size);
        assert_int_equal(memory.live, before + 2);
        piece = spare_take_kept(spare, SPARE_LARGEST);
        assert_non_null(piece);
        spare_give(spare, piece, SPARE_LARGEST);
    }
    spare_close(spare);
    assert_int_equal(memory.live, 0);
}

/* Many small pieces, of sessions that have ended, make way for a large one. */
static void many_small_pieces_keep_no_large_one_out(void **unused) {
    enum { PIECES = 600 };
    struct scarce_memory memory = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&memory);
    struct spare *spare = spare_new(&allocator);
    static void *small[PIECES];
    (void)unused;
    for (unsigned i = 0; i < PIECES; i++) {
        small[i] = spare_take(spare, 16384);
    }
    for (unsigned i = 0; i < PIECES; i++) {
        spare_give(spare, small[i], 16384);
    }
    assert_true(memory.live < PIECES);
    void *large = spare_take(spare, 1 << 20);
    assert_non_null(large);
    spare_give(spare, large, 1 << 20);
    assert_ptr_equal(spare_take_kept(spare, 1 << 20), large);
    spare_give(spare, large, 1 << 20);
    spare_close(spare);
    assert_int_equal(memory.live, 0);
}

static void sizes_that_nobody_asks_for_any_more_make_way(void **unused) {
    struct scarce_memory memory = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&memory);
    struct spare *spare = spare_new(&allocator);
    void *large[SPARE_TOTAL / SPARE_LARGEST];
    (void)unused;
    for (size_t i = 0; i < SPARE_TOTAL / SPARE_LARGEST; i++) {
        large[i] = spare_take(spare, SPARE_LARGEST);
        assert_non_null(large[i]);
    }
    void *small = spare_take(spare, 100);
    assert_non_null(small);
    for (size_t i = 0; i < SPARE_TOTAL / SPARE_LARGEST; i++) {
        spare_give(spare, large[i], SPARE_LARGEST);
    }
    spare_give(spare, small, 100);
    size_t before = memory.allocations;
    small = spare_take(spare, 100);
    assert_non_null(small);
    assert_int_equal(memory.allocations, before);
    spare_give(spare, small, 100);
    spare_close(spare);
    assert_int_equal(memory.live, 0);
}

static void what_is_kept_can_be_asked_for_alone(void **unused) {
    struct scarce_memory memory = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&memory);
    struct spare *spare = spare_new(&allocator);
    (void)unused;
    assert_null(spare_take_kept(spare, 100000));
    void *piece = spare_take(spare, 100000);
    assert_non_null(piece);
    spare_give(spare, piece, 100000);
    assert_null(spare_take_kept(spare, 200000));
    assert_ptr_equal(spare_take_kept(spare, 100001), piece);
    assert_null(spare_take_kept(spare, 100000));
    spare_give(spare, piece, 100001);
    assert_null(spare_take_kept(spare, SPARE_LARGEST + 1));
    spare_close(spare);
    assert_int_equal(memory.live, 0);
}

static void memory_that_grows_has_what_it_had(void **unused) {
    static const size_t sizes[] = {
        100, 8192, 8193, 70000, SPARE_LARGEST, SPARE_LARGEST + 1, 2 * SPARE_LARGEST};
    struct scarce_memory memory = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&memory);
    struct spare *spare = spare_new(&allocator);
    uint8_t *piece = NULL;
    size_t size = 0, used = 0;
    (void)unused;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        memory.fail_at = memory.allocations + 1;
        uint8_t *grown = spare_grow(spare, piece, used, size, sizes[i]);
        if (grown == NULL) {
            memory.fail_at = 0;
            grown = spare_grow(spare, piece, used, size, sizes[i]);
        }
        assert_non_null(grown);
        piece = grown;
        for (size_t at = 0; at < used; at++) {
            assert_int_equal(piece[at], (uint8_t)(at * 31));
        }
        size = sizes[i];
        used = size - size / 3;
        for (size_t at = 0; at < used; at++) {
            piece[at] = (uint8_t)(at * 31);
        }
    }
    spare_give(spare, piece, size);
    spare_close(spare);
    assert_int_equal(memory.live, 0);
}

static void memory_that_runs_out_is_told(void **unused) {
    struct scarce_memory memory = {.fail_at = 1};
    const extvm_allocator allocator = scarce_memory_allocator(&memory);
    (void)unused;
    assert_null(spare_new(&allocator));
    memory.fail_at = 3;
    struct spare *spare = spare_new(&allocator);
    assert_null(spare_take(spare, 1));
    void *piece = spare_take(spare, 1);
    assert_non_null(piece);
    spare_give(spare, piece, 1);
    spare_close(spare);
    assert_int_equal(memory.live, 0);
}

static void arena_takes_its_chunks_from_it_and_gives_them_back(void **unused) {
    struct scarce_memory memory = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&memory);
    struct spare *spare = spare_new(&allocator);
    size_t first = 0;
    (void)unused;
    for (unsigned round = 0; round < 3; round++) {
        struct arena arena;
        arena_init_spare(&arena, &allocator, spare, SIZE_MAX);
        for (size_t size = 100; size <= 20000; size *= 2) {
            void *part = arena_allocate(&arena, size);
            assert_non_null(part);
            memset(part, 0xff, size);
        }
        arena_reset(&arena);
        assert_non_null(arena_allocate(&arena, 30000));
        arena_free(&arena);
        first = round == 0 ? memory.allocations : first;
    }
    assert_true(first > 3);
    assert_int_equal(memory.allocations, first);
    spare_close(spare);
    assert_int_equal(memory.live, 0);
}

static void call_with_many_accounts_leaves_no_large_table(void **unused) {
    struct ledger ledger;
    (void)unused;
    ledger_init(&ledger, extvm_default_allocator(), NULL);
    for (uint32_t i = 0; i < 100000; i++) {
        extvm_address address = {{0}};
        memcpy(address.bytes, &i, sizeof i);
        assert_true(ledger_note(&ledger, &address, NULL));
        assert_non_null(ledger_find(&ledger, &address));
    }
    ledger_clear(&ledger);
    assert_true(ledger.accounts.capacity * 16 <= 65536);
    const extvm_address address = {{0}};
    assert_null(ledger_find(&ledger, &address));
    assert_true(ledger_note(&ledger, &address, NULL));
    assert_non_null(ledger_find(&ledger, &address));
    ledger_free(&ledger);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(piece_that_was_given_back_is_given_to_the_next),
        cmocka_unit_test(no_more_is_kept_than_is_said),
        cmocka_unit_test(memory_lives_until_the_last_piece_is_given_back),
        cmocka_unit_test(sizes_that_nobody_asks_for_any_more_make_way),
        cmocka_unit_test(what_is_kept_can_be_asked_for_alone),
        cmocka_unit_test(large_piece_that_grew_is_kept_and_nothing_else),
        cmocka_unit_test(many_small_pieces_keep_no_large_one_out),
        cmocka_unit_test(memory_that_grows_has_what_it_had),
        cmocka_unit_test(memory_that_runs_out_is_told),
        cmocka_unit_test(call_with_many_accounts_leaves_no_large_table),
        cmocka_unit_test(arena_takes_its_chunks_from_it_and_gives_them_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
