/* Access lists that KEVM sends with a result: read in place as protobuf-c and a set would have
 * them, refused where they cannot be right, and never a lot of memory for nothing. */
#include <stdlib.h>

#include "support/cmocka.h"

#include "kevm/codec.h"
#include "kevm/kevm.h"
#include "support/chance.h"
#include "support/hex.h"
#include "support/scarce_memory.h"

struct reading {
    struct arena arena;
    extvm_access_list list;
    extvm_error error;
    extvm_status status;
};

static void begin_reading(struct reading *reading) {
    *reading = (struct reading){.error = {EXTVM_OK, ""}};
    arena_init(&reading->arena, extvm_default_allocator(), SIZE_MAX);
}

/* In place, from a copy of the bytes with another one before them. */
static void read_in_place(struct reading *reading, extvm_bytes message) {
    begin_reading(reading);
    uint8_t *copy = arena_allocate(&reading->arena, message.size + 1);
    assert_non_null(copy);
    if (message.size > 0) {
        memcpy(copy + 1, message.data, message.size);
    }
    reading->status = access_list_from_wire((struct wire){copy + 1, copy + 1 + message.size},
                                            &reading->arena, &reading->list, &reading->error);
}

static void read_by_protobuf(struct reading *reading, extvm_bytes message) {
    ProtobufCMessage *decoded;
    begin_reading(reading);
    reading->status = protobuf_decode(&kevm__access_list_data__descriptor, message, &reading->arena,
                                      &decoded, &reading->error);
    if (reading->status == EXTVM_OK) {
        reading->status =
            access_list_from_message((const Kevm__AccessListData *)decoded, &reading->arena,
                                     &reading->list, &reading->error);
    }
}

static bool lists_equal(const extvm_access_list *a, const extvm_access_list *b) {
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++) {
        const extvm_access_entry *one = &a->entries[i], *other = &b->entries[i];
        equal = extvm_address_equal(&one->address, &other->address) &&
                one->storage_key_count == other->storage_key_count;
        for (size_t j = 0; equal && j < one->storage_key_count; j++) {
            equal = extvm_bytes_equal(one->storage_keys[j], other->storage_keys[j]);
        }
    }
    return equal;
}

/* -- random messages -- */

static uint64_t state = 9;

static unsigned below(unsigned limit) {
    return (unsigned)(chance(&state) % limit);
}

static void add(struct buffer *out, uint8_t tag, const uint8_t *data, size_t size) {
    const uint8_t head[2] = {tag, (uint8_t)size};
    assert_true(buffer_append(out, head, 2) && buffer_append(out, data, size));
}

/* Few addresses and few keys, so that there are some twice; keys of each length. */
static void add_random(struct buffer *out) {
    uint8_t address[EXTVM_ADDRESS_SIZE] = {0}, key[40], text[100];
    struct buffer location;
    address[below(EXTVM_ADDRESS_SIZE)] = (uint8_t)below(3);
    memset(key, (int)(below(2) * below(256)), sizeof key);
    if (below(2) == 0) {
        add(out, 0x0a, address, sizeof address);
        return;
    }
    buffer_init(&location, extvm_default_allocator(), sizeof text);
    unsigned order = below(8);
    if (order != 0) {
        add(&location, 0x0a, address, sizeof address);
    }
    if (order != 1) {
        add(&location, 0x12, key, below(below(4) == 0 ? 35 : 3));
    }
    if (order == 2) {
        add(&location, 0x12, key + 1, 1); /* the last counts */
        add(&location, 0x1a, key, 4);     /* none of ours */
    }
    add(out, 0x12, location.data, location.size);
    buffer_free(&location);
}

static void message_read_in_place_is_what_protobuf_makes_of_it(void **unused) {
    enum { MESSAGES = 20000 };
    unsigned good = 0;
    struct buffer message;
    (void)unused;
    buffer_init(&message, extvm_default_allocator(), 1 << 16);
    for (unsigned i = 0; i < MESSAGES; i++) {
        struct reading ours, other;
        message.size = 0;
        for (unsigned left = below(12); left > 0; left--) {
            add_random(&message);
        }
        if (message.size > 0 && below(3) == 0) {
            message.data[below((unsigned)message.size)] = (uint8_t)below(256);
        }
        extvm_bytes bytes = {message.data, message.size};
        read_in_place(&ours, bytes);
        read_by_protobuf(&other, bytes);
        assert_int_equal(ours.status, other.status);
        assert_int_equal(ours.status, ours.error.status);
        assert_true(ours.status != EXTVM_OK || lists_equal(&ours.list, &other.list));
        good += ours.status == EXTVM_OK && ours.list.count > 0 ? 1 : 0;
        arena_free(&ours.arena);
        arena_free(&other.arena);
    }
    buffer_free(&message);
    assert_in_range(good, MESSAGES / 4, MESSAGES * 3 / 4);
}

/* -- single ones -- */

static void list_comes_out_ascending_each_address_and_key_once(void **unused) {
    struct reading reading;
    (void)unused;
    read_in_place(&reading, HEX("12 1a 0a14 bb*20 1202 0080"
                                " 0a14 cc*20"
                                " 12 19 0a14 bb*20 1201 80"
                                " 12 19 0a14 aa*20 1201 05"
                                " 12 18 0a14 bb*20 1200"
                                " 12 16 0a14 bb*20"
                                " 0a14 cc*20 0a14 aa*20"));
    assert_int_equal(reading.status, EXTVM_OK);
    assert_int_equal(reading.list.count, 3);
    const extvm_access_entry *entries = reading.list.entries;
    assert_int_equal(entries[0].address.bytes[0], 0xaa);
    assert_int_equal(entries[0].storage_key_count, 1);
    assert_bytes(entries[0].storage_keys[0], HEX("05"));
    assert_int_equal(entries[1].address.bytes[0], 0xbb);
    assert_int_equal(entries[1].storage_key_count, 2);
    assert_bytes(entries[1].storage_keys[0], HEX("00"));
    assert_bytes(entries[1].storage_keys[1], HEX("0080"));
    assert_int_equal(entries[2].address.bytes[0], 0xcc);
    assert_int_equal(entries[2].storage_key_count, 0);
    arena_free(&reading.arena);
}

static void what_is_wrong_with_a_list_is_said(void **unused) {
    static const struct {
        const char *message, *text;
    } rows[] = {
        {"0a13 cc*19", "an address of the access list has 19 bytes: it must have 20: check which "
                       "VM it is"},
        {"1200", "an address of the access list has 0 bytes: it must have 20: check which VM it "
                 "is"},
        {"1239 0a14 cc*20 1221 01*33", "a storage location of the access list is a number of 33 "
                                       "bytes: at most 32: check which VM it is"},
        {"0801", "2 bytes are no AccessListData: check that the other end speaks this protocol"},
        {"0a15 cc*20", "22 bytes are no AccessListData: check that the other end speaks this "
                       "protocol"},
        {"1218 0a14 cc*20 1001", "26 bytes are no AccessListData: check that the other end speaks "
                                 "this protocol"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reading reading;
        read_in_place(&reading, HEX(rows[i].message));
        assert_int_equal(reading.status, EXTVM_MALFORMED_MESSAGE);
        assert_string_equal(reading.error.text, rows[i].text);
        arena_free(&reading.arena);
    }
}

static void entries_of_two_bytes_take_no_memory(void **unused) {
    enum { ENTRIES = 1000000 };
    struct scarce_memory scarce = {0};
    const extvm_allocator allocator = scarce_memory_allocator(&scarce);
    uint8_t *message = calloc(ENTRIES, 2);
    struct arena arena;
    extvm_access_list list;
    (void)unused;
    assert_non_null(message);
    for (unsigned i = 0; i < ENTRIES; i++) {
        message[2 * i] = i % 2 == 0 ? 0x12 : 0x0a;
    }
    arena_init(&arena, &allocator, SIZE_MAX);
    assert_int_equal(
        access_list_from_wire((struct wire){message, message + 2 * ENTRIES}, &arena, &list, NULL),
        EXTVM_MALFORMED_MESSAGE);
    assert_int_equal(scarce.allocations, 0);
    free(message);
}

static void list_for_which_there_is_no_memory_is_no_lie(void **unused) {
    struct scarce_memory scarce = {.fail_at = 1};
    const extvm_allocator allocator = scarce_memory_allocator(&scarce);
    struct arena arena;
    extvm_access_list list;
    uint8_t message[22] = {0x0a, 20};
    (void)unused;
    arena_init(&arena, &allocator, SIZE_MAX);
    assert_int_equal(access_list_from_wire((struct wire){message, message + sizeof message}, &arena,
                                           &list, NULL),
                     EXTVM_NO_MEMORY);
    assert_int_equal(scarce.live, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_read_in_place_is_what_protobuf_makes_of_it),
        cmocka_unit_test(list_comes_out_ascending_each_address_and_key_once),
        cmocka_unit_test(what_is_wrong_with_a_list_is_said),
        cmocka_unit_test(entries_of_two_bytes_take_no_memory),
        cmocka_unit_test(list_for_which_there_is_no_memory_is_no_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
