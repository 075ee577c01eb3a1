/* Frames: every split, the limit, and memory that grows with what came, not with what was
 * promised. */
#include <string.h>

#include "support/cmocka.h"

#include "common/frame.h"
#include "common/memory.h"
#include "common/spare.h"
#include "support/hex.h"
#include "support/scarce_memory.h"

enum { MIB = 1 << 20 };

static void feed(struct frame_reader *reader, extvm_bytes bytes) {
    while (bytes.size > 0) {
        size_t room;
        uint8_t *space = frame_space(reader, &room);
        assert_non_null(space);
        assert_true(room > 0);
        size_t size = room < bytes.size ? room : bytes.size;
        memcpy(space, bytes.data, size);
        frame_received(reader, size);
        bytes = (extvm_bytes){bytes.data + size, bytes.size - size};
    }
}

/* Appends the bodies of all whole frames, each after its length, to `seen`. */
static void take_all(struct frame_reader *reader, struct buffer *seen) {
    extvm_bytes body;
    while (frame_next(reader, &body) == FRAME_COMPLETE) {
        uint8_t size = (uint8_t)body.size;
        assert_true(buffer_append(seen, &size, 1));
        assert_true(buffer_append(seen, body.data, body.size));
    }
}

#define STREAM "00000003 010203 00000000 00000001 ff 00000005 0a0b0c0d0e"
#define BODIES "03 010203 00 01 ff 05 0a0b0c0d0e"

static void frames_are_the_same_however_the_stream_is_cut(void **context) {
    (void)context;
    extvm_bytes stream = HEX(STREAM);
    for (size_t first = 0; first <= stream.size; first++) {
        for (size_t second = first; second <= stream.size; second++) {
            struct frame_reader reader;
            struct buffer seen;
            frame_reader_init(&reader, extvm_default_allocator(), NULL, 100);
            buffer_init(&seen, extvm_default_allocator(), 1000);
            feed(&reader, (extvm_bytes){stream.data, first});
            take_all(&reader, &seen);
            feed(&reader, (extvm_bytes){stream.data + first, second - first});
            take_all(&reader, &seen);
            feed(&reader, (extvm_bytes){stream.data + second, stream.size - second});
            take_all(&reader, &seen);
            assert_bytes(((extvm_bytes){seen.data, seen.size}), HEX(BODIES));
            assert_int_equal(frame_pending(&reader), 0);
            buffer_free(&seen);
            frame_reader_free(&reader);
        }
    }
}

static void a_stream_of_single_bytes_gives_every_frame_once_it_is_whole(void **context) {
    (void)context;
    extvm_bytes stream = HEX(STREAM);
    static const size_t ends[] = {7, 11, 16, 25};
    struct frame_reader reader;
    extvm_bytes body;
    size_t frames = 0;
    frame_reader_init(&reader, extvm_default_allocator(), NULL, 100);
    for (size_t i = 0; i < stream.size; i++) {
        feed(&reader, (extvm_bytes){stream.data + i, 1});
        while (frame_next(&reader, &body) == FRAME_COMPLETE) {
            assert_int_equal(i + 1, ends[frames++]);
        }
    }
    assert_int_equal(frames, 4);
    frame_reader_free(&reader);
}

static void a_frame_over_the_limit_is_seen_by_its_header(void **context) {
    (void)context;
    struct frame_reader reader;
    extvm_bytes body;
    frame_reader_init(&reader, extvm_default_allocator(), NULL, 1000);
    feed(&reader, HEX("000003e8"));
    assert_int_equal(frame_next(&reader, &body), FRAME_INCOMPLETE);
    feed(&reader, HEX("aa*1000"));
    assert_int_equal(frame_next(&reader, &body), FRAME_COMPLETE);
    assert_int_equal(body.size, 1000);
    feed(&reader, HEX("000003"));
    assert_int_equal(frame_next(&reader, &body), FRAME_INCOMPLETE);
    assert_int_equal(frame_announced(&reader), 0);
    feed(&reader, HEX("e9"));
    assert_int_equal(frame_next(&reader, &body), FRAME_OVERSIZE);
    assert_int_equal(frame_announced(&reader), 1001);
    frame_reader_reset(&reader);
    feed(&reader, HEX("ffffffff"));
    assert_int_equal(frame_next(&reader, &body), FRAME_OVERSIZE);
    assert_int_equal(frame_announced(&reader), UINT32_MAX);
    frame_reader_free(&reader);
}

static void a_promise_of_60_mib_takes_no_memory_until_bytes_come(void **context) {
    (void)context;
    enum { PROMISED = 60 * MIB, COMES = 3 * MIB };
    struct scarce_memory scarce = {0};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    struct frame_reader reader;
    extvm_bytes body;
    static uint8_t block[4096];
    frame_reader_init(&reader, &allocator, NULL, 64 * MIB);
    feed(&reader, HEX("03c00000"));
    assert_int_equal(frame_announced(&reader), PROMISED);
    for (size_t came = 0; came < COMES; came += sizeof block) {
        feed(&reader, (extvm_bytes){block, sizeof block});
        assert_int_equal(frame_next(&reader, &body), FRAME_INCOMPLETE);
        assert_true(scarce.largest <= 2 * (came + sizeof block) + 32768);
    }
    frame_reader_reset(&reader);
    assert_int_equal(scarce.live, 0); /* nor is it kept */
    frame_reader_free(&reader);
}

static void a_large_frame_takes_no_more_than_itself(void **context) {
    (void)context;
    struct scarce_memory scarce = {0};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    struct frame_reader reader;
    extvm_bytes body;
    static uint8_t block[MIB];
    memset(block, 0x6e, sizeof block);
    frame_reader_init(&reader, &allocator, NULL, 64 * MIB);
    feed(&reader, HEX("00500001"));
    for (unsigned i = 0; i < 5; i++) {
        feed(&reader, (extvm_bytes){block, sizeof block});
    }
    assert_int_equal(frame_next(&reader, &body), FRAME_INCOMPLETE);
    feed(&reader, HEX("6e"));
    assert_int_equal(frame_next(&reader, &body), FRAME_COMPLETE);
    assert_int_equal(body.size, 5 * MIB + 1);
    assert_memory_equal(body.data + 4 * MIB + 1, block, MIB);
    assert_true(scarce.largest <= 5 * MIB + 1 + FRAME_HEADER_SIZE);
    frame_reader_free(&reader);
    assert_int_equal(scarce.live, 0);
}

/* The second of two large frames comes into what the first one left, all that is missing at once.
 */
static void a_large_frame_after_another_takes_no_memory_and_no_growing(void **context) {
    (void)context;
    struct scarce_memory scarce = {0};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    struct spare *spare = spare_new(&allocator);
    struct frame_reader reader;
    extvm_bytes body;
    size_t room, first = 0;
    static uint8_t block[MIB];
    memset(block, 0x6e, sizeof block);
    frame_reader_init(&reader, &allocator, spare, 64 * MIB);
    for (unsigned round = 0; round < 3; round++) {
        feed(&reader, HEX("00100000"));
        feed(&reader, (extvm_bytes){block, FRAME_READ_SIZE - FRAME_HEADER_SIZE});
        size_t rest = MIB + FRAME_HEADER_SIZE - FRAME_READ_SIZE;
        assert_non_null(frame_space(&reader, &room));
        assert_true(round == 0 ? room < rest : room == rest);
        feed(&reader, (extvm_bytes){block, rest});
        assert_int_equal(frame_next(&reader, &body), FRAME_COMPLETE);
        assert_bytes(body, ((extvm_bytes){block, MIB}));
        frame_reader_reset(&reader);
        first = round == 0 ? scarce.allocations : first;
    }
    assert_int_equal(scarce.allocations, first);
    frame_reader_free(&reader);
    spare_close(spare);
    assert_int_equal(scarce.live, 0);
}

static void receiving_without_memory_is_told_and_can_go_on(void **context) {
    (void)context;
    struct scarce_memory scarce = {.fail_at = 1};
    extvm_allocator allocator = scarce_memory_allocator(&scarce);
    struct frame_reader reader;
    extvm_bytes body;
    size_t room;
    frame_reader_init(&reader, &allocator, NULL, 1000);
    assert_null(frame_space(&reader, &room));
    feed(&reader, HEX("00000001 7f"));
    assert_int_equal(frame_next(&reader, &body), FRAME_COMPLETE);
    assert_bytes(body, HEX("7f"));
    frame_reader_free(&reader);
    assert_int_equal(scarce.live, 0);
}

static void a_frame_is_written_with_its_length_before_it(void **context) {
    (void)context;
    struct buffer out;
    buffer_init(&out, extvm_default_allocator(), 1000);
    assert_true(frame_begin(&out));
    assert_true(frame_end(&out, 0));
    size_t start = out.size;
    assert_true(frame_begin(&out));
    assert_true(buffer_append(&out, HEX("ab*258").data, 258));
    assert_true(frame_end(&out, start));
    assert_bytes(((extvm_bytes){out.data, out.size}), HEX("00000000 00000102 ab*258"));
    buffer_free(&out);
    buffer_init(&out, extvm_default_allocator(), 3);
    assert_false(frame_begin(&out));
    buffer_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_the_same_however_the_stream_is_cut),
        cmocka_unit_test(a_stream_of_single_bytes_gives_every_frame_once_it_is_whole),
        cmocka_unit_test(a_frame_over_the_limit_is_seen_by_its_header),
        cmocka_unit_test(a_promise_of_60_mib_takes_no_memory_until_bytes_come),
        cmocka_unit_test(a_large_frame_takes_no_more_than_itself),
        cmocka_unit_test(a_large_frame_after_another_takes_no_memory_and_no_growing),
        cmocka_unit_test(receiving_without_memory_is_told_and_can_go_on),
        cmocka_unit_test(a_frame_is_written_with_its_length_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
