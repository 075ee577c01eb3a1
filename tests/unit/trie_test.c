/* RLP and the root of a Merkle-Patricia trie. The expected roots come from an independent program
 * that builds the trie node by node, and two of them from Ethereum's documentation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/keccak.h"
#include "common/rlp.h"
#include "executor/trie.h"
#include "support/scarce_memory.h"

#define TEXT(text) ((extvm_bytes){(const uint8_t *)(text), sizeof(text) - 1})

static void assert_root(const struct trie_item *items, size_t count, const char *expected) {
    struct buffer work;
    extvm_word root;
    char hex[EXTVM_HEX_SIZE(EXTVM_WORD_SIZE)];
    buffer_init(&work, extvm_default_allocator(), SIZE_MAX);
    assert_true(buffer_append(&work, "kept", 4));
    assert_int_equal(trie_root(items, count, &work, &root), EXTVM_OK);
    assert_string_equal(extvm_bytes_to_hex((extvm_bytes){root.bytes, sizeof root.bytes}, hex) + 2,
                        expected);
    assert_int_equal(work.size, 4);
    assert_memory_equal(work.data, "kept", 4);
    buffer_free(&work);
}

static void the_empty_trie_has_the_root_that_all_nodes_know(void **context) {
    (void)context;
    assert_root(NULL, 0, "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
}

static void a_key_that_is_the_beginning_of_others_has_its_value_in_a_branch(void **context) {
    (void)context;
    const struct trie_item items[] = {{TEXT("do"), TEXT("verb")},
                                      {TEXT("dog"), TEXT("puppy")},
                                      {TEXT("doge"), TEXT("coin")},
                                      {TEXT("horse"), TEXT("stallion")}};
    assert_root(items, 4, "5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84");
}

static void a_single_long_value_is_a_leaf(void **context) {
    (void)context;
    const struct trie_item item = {TEXT("A"),
                                   TEXT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")};
    assert_root(&item, 1, "d23786fb4a010da3ce639d66d5e904a11dbc02746d1ce25029e53290cabf28ab");
}

static void short_and_long_nodes_are_referred_to_by_text_and_by_hash(void **context) {
    (void)context;
    const struct trie_item items[] = {
        {TEXT("\x12"), TEXT("x")},
        {TEXT("\x12\x34"), TEXT("yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy")},
        {TEXT("\x12\x35"), TEXT("z")},
        {TEXT("\x13"), TEXT("wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww")}};
    assert_root(items, 4, "2537b0c888b1d41a5a5e068cec2de1df2302ca8118e46e4c8715f58208167939");
}

static int compare_items(const void *a, const void *b) {
    return memcmp(((const struct trie_item *)a)->key.data, ((const struct trie_item *)b)->key.data,
                  EXTVM_WORD_SIZE);
}

enum { MANY = 1000 };

/* From keccak256 of i as 4 bytes to the RLP of i + 1. */
struct many {
    extvm_word keys[MANY];
    struct buffer values[MANY];
    struct trie_item items[MANY];
};

static struct many *make_many(void) {
    struct many *many = malloc(sizeof *many);
    assert_non_null(many);
    for (uint32_t i = 0; i < MANY; i++) {
        const uint8_t index[4] = {0, 0, (uint8_t)(i >> 8), (uint8_t)i};
        const uint8_t number[3] = {0, (uint8_t)((i + 1) >> 8), (uint8_t)(i + 1)};
        keccak256((extvm_bytes){index, sizeof index}, &many->keys[i]);
        buffer_init(&many->values[i], extvm_default_allocator(), SIZE_MAX);
        assert_true(rlp_integer(&many->values[i], (extvm_bytes){number, sizeof number}));
        many->items[i] = (struct trie_item){{many->keys[i].bytes, EXTVM_WORD_SIZE},
                                            {many->values[i].data, many->values[i].size}};
    }
    qsort(many->items, MANY, sizeof many->items[0], compare_items);
    return many;
}

static void free_many(struct many *many) {
    for (size_t i = 0; i < MANY; i++) {
        buffer_free(&many->values[i]);
    }
    free(many);
}

static void a_thousand_hashed_keys_have_the_root_that_other_nodes_compute(void **context) {
    (void)context;
    struct many *many = make_many();
    assert_root(many->items, MANY,
                "628bc9b6e184274d60e96b9be693b6af50b1e6c5354155af2fcf62c92579a95b");
    free_many(many);
}

static void a_trie_that_finds_no_memory_says_so_and_leaves_what_was_written(void **context) {
    (void)context;
    struct many *many = make_many();
    size_t fail_at = 0;
    extvm_status status;
    do {
        struct scarce_memory scarce = {.fail_at = ++fail_at};
        extvm_allocator allocator = scarce_memory_allocator(&scarce);
        struct buffer work;
        extvm_word root;
        buffer_init(&work, &allocator, SIZE_MAX);
        status = trie_root(many->items, MANY, &work, &root);
        assert_true(status == EXTVM_OK || status == EXTVM_NO_MEMORY);
        assert_int_equal(work.size, 0);
        buffer_free(&work);
        assert_int_equal(scarce.live, 0);
    } while (status != EXTVM_OK);
    assert_true(fail_at > 2);
    free_many(many);
}

static void assert_rlp(bool (*write)(struct buffer *, extvm_bytes), extvm_bytes bytes,
                       extvm_bytes expected) {
    struct buffer out;
    buffer_init(&out, extvm_default_allocator(), SIZE_MAX);
    assert_true(write(&out, bytes));
    assert_int_equal(out.size, expected.size);
    assert_memory_equal(out.data, expected.data, expected.size);
    buffer_free(&out);
}

static void rlp_of_strings_and_integers_is_as_short_as_can_be(void **context) {
    (void)context;
    assert_rlp(rlp_string, (extvm_bytes){NULL, 0}, TEXT("\x80"));
    assert_rlp(rlp_string, TEXT("\x00"), TEXT("\x00"));
    assert_rlp(rlp_string, TEXT("\x7f"), TEXT("\x7f"));
    assert_rlp(rlp_string, TEXT("\x80"), TEXT("\x81\x80"));
    assert_rlp(rlp_string, TEXT("dog"),
               TEXT("\x83"
                    "dog"));
    assert_rlp(rlp_integer, (extvm_bytes){NULL, 0}, TEXT("\x80"));
    assert_rlp(rlp_integer, TEXT("\x00\x00"), TEXT("\x80"));
    assert_rlp(rlp_integer, TEXT("\x0f"), TEXT("\x0f"));
    assert_rlp(rlp_integer, TEXT("\x00\xff"), TEXT("\x81\xff"));
    assert_rlp(rlp_integer, TEXT("\x04\x00"), TEXT("\x82\x04\x00"));
}

/* The header of a list whose payload is one string of `size` bytes. */
static void assert_list_header(size_t size, extvm_bytes expected) {
    struct buffer out;
    uint8_t *string = calloc(1, size);
    buffer_init(&out, extvm_default_allocator(), SIZE_MAX);
    assert_non_null(string);
    assert_true(buffer_append(&out, "before", 6));
    assert_true(rlp_string(&out, (extvm_bytes){string, size}));
    assert_true(rlp_list(&out, 6));
    assert_memory_equal(out.data, "before", 6);
    assert_memory_equal(out.data + 6, expected.data, expected.size);
    assert_int_equal(out.size, 6 + expected.size + size);
    buffer_free(&out);
    free(string);
}

static void rlp_headers_change_their_form_at_55_bytes(void **context) {
    (void)context;
    assert_list_header(54, TEXT("\xf7\xb6"));
    assert_list_header(55, TEXT("\xf8\x38\xb7"));
    assert_list_header(56, TEXT("\xf8\x3a\xb8\x38"));
    assert_list_header(255, TEXT("\xf9\x01\x01\xb8\xff"));
    assert_list_header(65536, TEXT("\xfa\x01\x00\x04\xba\x01\x00\x00"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_empty_trie_has_the_root_that_all_nodes_know),
        cmocka_unit_test(a_key_that_is_the_beginning_of_others_has_its_value_in_a_branch),
        cmocka_unit_test(a_single_long_value_is_a_leaf),
        cmocka_unit_test(short_and_long_nodes_are_referred_to_by_text_and_by_hash),
        cmocka_unit_test(a_thousand_hashed_keys_have_the_root_that_other_nodes_compute),
        cmocka_unit_test(a_trie_that_finds_no_memory_says_so_and_leaves_what_was_written),
        cmocka_unit_test(rlp_of_strings_and_integers_is_as_short_as_can_be),
        cmocka_unit_test(rlp_headers_change_their_form_at_55_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
