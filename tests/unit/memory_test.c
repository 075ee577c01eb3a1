/* The arena: alignment, limits, reuse, no memory. */
#include <stdalign.h>
#include <string.h>

#include "support/cmocka.h"

#include "common/memory.h"
#include "support/chance.h"
#include "support/hex.h"
#include "support/scarce_memory.h"

static void what_an_arena_gives_is_aligned_and_apart(void **context) {
    (void)context;
    enum { PIECES = 3000 };
    struct arena arena;
    static uint8_t *pieces[PIECES];
    static size_t sizes[PIECES];
    uint64_t seed = 3;
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX);
    for (size_t i = 0; i < PIECES; i++) {
        sizes[i] = chance(&seed) % (i % 100 == 0 ? 30000 : 90);
        pieces[i] = arena_allocate(&arena, sizes[i]);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        if (sizes[i] > 0) {
            memset(pieces[i], (int)(i % 251), sizes[i]);
        }
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t j = 0; j < sizes[i]; j++) {
            assert_int_equal(pieces[i][j], i % 251);
        }
    }
    arena_free(&arena);
}

static void an_array_is_zeros_and_its_size_cannot_wrap_around(void **context) {
    (void)context;
    struct arena arena;
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX);
    uint8_t *dirty = arena_allocate(&arena, 64);
    memset(dirty, 0xff, 64);
    arena_reset(&arena);
    const uint8_t *zeros = arena_array(&arena, 8, 8);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(zeros[i], 0);
    }
    assert_null(arena_array(&arena, 0, 8));
    assert_false(arena.failed); /* nothing was wanted, nothing failed */
    assert_null(arena_array(&arena, SIZE_MAX / 4, 8));
    assert_true(arena.failed);
    arena_reset(&arena);
    assert_false(arena.failed);
    assert_null(arena_allocate(&arena, SIZE_MAX));
    assert_null(arena_allocate(&arena, SIZE_MAX - 40));
    assert_true(arena.failed);
    arena_free(&arena);
}

static void an_arena_stays_below_its_maximum_and_says_why(void **context) {
    (void)context;
    struct scarce_memory scarce = {0};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    struct arena arena;
    size_t given = 0;
    arena_init(&arena, &allocator, 50000);
    while (arena_allocate(&arena, 100) != NULL) {
        given += 100;
    }
    assert_true(given > 40000 && given <= 50000);
    assert_true(arena.total <= 50000);
    assert_true(arena.failed && arena.over_maximum);
    arena_free(&arena);
    assert_int_equal(scarce.live, 0);
}

static void no_memory_is_told_apart_from_the_maximum(void **context) {
    (void)context;
    struct scarce_memory scarce = {.fail_at = 2};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    struct arena arena;
    extvm_bytes copy;
    arena_init(&arena, &allocator, SIZE_MAX);
    assert_non_null(arena_allocate(&arena, 8000));
    assert_false(arena_copy(&arena, (extvm_bytes){HEX("01*1000").data, 1000}, &copy));
    assert_int_equal(copy.size, 0);
    assert_true(arena.failed);
    assert_false(arena.over_maximum);
    arena_free(&arena);
    assert_int_equal(scarce.live, 0);
}

static void a_reset_arena_keeps_one_small_chunk_and_uses_it_again(void **context) {
    (void)context;
    struct scarce_memory scarce = {0};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    struct arena arena;
    arena_init(&arena, &allocator, SIZE_MAX);
    for (unsigned round = 0; round < 20; round++) {
        assert_non_null(arena_allocate(&arena, 100));
        assert_non_null(arena_allocate(&arena, 100000));
        arena_reset(&arena);
        assert_int_equal(scarce.live, 1);
    }
    size_t before = scarce.allocations;
    assert_non_null(arena_allocate(&arena, 100));
    assert_int_equal(scarce.allocations, before);
    arena_free(&arena);
    assert_int_equal(scarce.live, 0);
}

static void a_copy_holds_the_same_bytes_and_outlives_the_original(void **context) {
    (void)context;
    struct arena arena;
    extvm_bytes copy;
    uint8_t original[3] = {1, 2, 3};
    arena_init(&arena, extvm_default_allocator(), SIZE_MAX);
    assert_true(arena_copy(&arena, (extvm_bytes){original, 3}, &copy));
    memset(original, 0, sizeof original);
    assert_bytes(copy, HEX("010203"));
    assert_true(arena_copy(&arena, (extvm_bytes){NULL, 0}, &copy));
    assert_int_equal(copy.size, 0);
    arena_free(&arena);
}

static void sizes_that_do_not_fit_are_noticed(void **context) {
    (void)context;
    size_t out;
    assert_true(size_add(SIZE_MAX - 1, 1, &out));
    assert_int_equal(out, SIZE_MAX);
    assert_false(size_add(SIZE_MAX, 1, &out));
    assert_true(size_multiply(SIZE_MAX / 2, 2, &out));
    assert_false(size_multiply(SIZE_MAX / 2 + 1, 2, &out));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_arena_gives_is_aligned_and_apart),
        cmocka_unit_test(an_array_is_zeros_and_its_size_cannot_wrap_around),
        cmocka_unit_test(an_arena_stays_below_its_maximum_and_says_why),
        cmocka_unit_test(no_memory_is_told_apart_from_the_maximum),
        cmocka_unit_test(a_reset_arena_keeps_one_small_chunk_and_uses_it_again),
        cmocka_unit_test(a_copy_holds_the_same_bytes_and_outlives_the_original),
        cmocka_unit_test(sizes_that_do_not_fit_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
