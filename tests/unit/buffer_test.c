/* The growable run of bytes: contents, its maximum, no memory. */
#include <string.h>

#include "support/cmocka.h"

#include "common/buffer.h"
#include "common/memory.h"
#include "support/hex.h"
#include "support/scarce_memory.h"

static extvm_bytes contents(const struct buffer *buffer) {
    return (extvm_bytes){buffer->data, buffer->size};
}

static void what_is_appended_is_there_in_order(void **context) {
    (void)context;
    struct buffer buffer;
    buffer_init(&buffer, extvm_default_allocator(), 100000);
    assert_true(buffer_append(&buffer, NULL, 0));
    for (unsigned i = 0; i < 50000; i++) {
        uint8_t byte = (uint8_t)(i * 31);
        assert_true(buffer_append(&buffer, &byte, 1));
    }
    assert_int_equal(buffer.size, 50000);
    for (unsigned i = 0; i < 50000; i++) {
        assert_int_equal(buffer.data[i], (uint8_t)(i * 31));
    }
    buffer_free(&buffer);
    assert_int_equal(buffer.size, 0);
}

static void nothing_is_ever_larger_than_the_maximum(void **context) {
    (void)context;
    struct scarce_memory scarce = {0};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    static const uint8_t block[1000] = {1};
    struct buffer buffer;
    buffer_init(&buffer, &allocator, 1000);
    assert_false(buffer_reserve(&buffer, 1001));
    assert_false(buffer_reserve(&buffer, SIZE_MAX));
    assert_true(buffer_append(&buffer, block, 999));
    assert_false(buffer_append(&buffer, block, 2));
    assert_int_equal(buffer.size, 999);
    assert_true(buffer_append(&buffer, block, 1));
    assert_false(buffer_append(&buffer, block, 1));
    assert_true(scarce.largest <= 1000);
    buffer_free(&buffer);
    assert_int_equal(scarce.live, 0);
}

static void an_append_without_memory_changes_nothing(void **context) {
    (void)context;
    struct scarce_memory scarce = {.fail_at = 2};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    static const uint8_t block[4000] = {1};
    struct buffer buffer;
    buffer_init(&buffer, &allocator, SIZE_MAX / 2);
    assert_true(buffer_append(&buffer, HEX("0a0b").data, 2));
    assert_false(buffer_append(&buffer, block, sizeof block));
    assert_bytes(contents(&buffer), HEX("0a0b"));
    assert_true(buffer_append(&buffer, block, sizeof block));
    assert_int_equal(buffer.size, 2 + sizeof block);
    buffer_free(&buffer);
    assert_int_equal(scarce.live, 0);
}

static void text_is_printed_at_the_end_without_a_terminator(void **context) {
    (void)context;
    struct buffer buffer;
    buffer_init(&buffer, extvm_default_allocator(), 12);
    assert_true(buffer_print(&buffer, "%s=%d", "key", 42));
    assert_true(buffer_print(&buffer, "%s", ""));
    assert_int_equal(buffer.size, 6);
    assert_memory_equal(buffer.data, "key=42", 6);
    assert_false(buffer_print(&buffer, "%s", "too long"));
    assert_int_equal(buffer.size, 6);
    buffer_free(&buffer);
}

static void dropping_from_the_front_keeps_the_rest(void **context) {
    (void)context;
    struct buffer buffer;
    buffer_init(&buffer, extvm_default_allocator(), 100);
    buffer_drop(&buffer, 0); /* there is not even memory yet */
    assert_true(buffer_append(&buffer, HEX("0102030405").data, 5));
    buffer_drop(&buffer, 0);
    buffer_drop(&buffer, 2);
    assert_bytes(contents(&buffer), HEX("030405"));
    buffer_drop(&buffer, 3);
    assert_int_equal(buffer.size, 0);
    buffer_free(&buffer);
}

static void a_large_empty_buffer_gives_its_memory_back(void **context) {
    (void)context;
    struct scarce_memory scarce = {0};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    struct buffer buffer;
    buffer_init(&buffer, &allocator, 1 << 20);
    assert_true(buffer_reserve(&buffer, 100000));
    buffer_shrink(&buffer, 1 << 20);
    assert_int_equal(scarce.live, 1);
    buffer_shrink(&buffer, 1000);
    assert_int_equal(scarce.live, 0);
    assert_true(buffer_append(&buffer, "x", 1));
    buffer_shrink(&buffer, 0); /* in use: stays */
    assert_int_equal(buffer.size, 1);
    buffer_free(&buffer);
    assert_int_equal(scarce.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_is_there_in_order),
        cmocka_unit_test(nothing_is_ever_larger_than_the_maximum),
        cmocka_unit_test(an_append_without_memory_changes_nothing),
        cmocka_unit_test(text_is_printed_at_the_end_without_a_terminator),
        cmocka_unit_test(dropping_from_the_front_keeps_the_rest),
        cmocka_unit_test(a_large_empty_buffer_gives_its_memory_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
