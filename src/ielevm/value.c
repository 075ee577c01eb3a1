/* Values: sharing them, and their byte forms (protocol/iele-vm.md, section 1). */
#include "value.h"

#include <endian.h>
#include <string.h>

enum {
    LIMB_SIZE = 8,                /* bytes */
    FEW_LIMBS = 16,               /* that any idle number may keep */
    IDLE_LIMBS_MAXIMUM = 1 << 17, /* that all idle ones together may keep: a mebibyte */
    LOOSE_FACTOR = 4              /* a number may have so many times the limbs that it needs */
};

void numbers_init(struct numbers *numbers, const extvm_allocator *allocator) {
    *numbers = (struct numbers){.idle = NULL};
    arena_init(&numbers->arena, allocator, SIZE_MAX / 2);
}

void numbers_clear(struct numbers *numbers) {
    for (struct number *number = numbers->idle; number != NULL; number = number->next) {
        mpz_clear(number->integer);
    }
    numbers->idle = NULL;
    numbers->idle_limbs = 0;
    arena_reset(&numbers->arena);
}

void numbers_free(struct numbers *numbers) {
    numbers_clear(numbers);
    arena_free(&numbers->arena);
}

/* Limbs of an idle number that count. */
static size_t many_limbs(const struct number *number) {
    int limbs = number->integer->_mp_alloc;
    return limbs > FEW_LIMBS ? (size_t)limbs : 0;
}

struct number *number_new(struct numbers *numbers) {
    struct number *number = numbers->idle;
    if (number != NULL) {
        numbers->idle = number->next;
        numbers->idle_limbs -= many_limbs(number);
    } else {
        number = arena_allocate(&numbers->arena, sizeof *number);
        if (number == NULL) {
            return NULL;
        }
        mpz_init(number->integer);
    }
    number->references = 1;
    return number;
}

/* Keeps the limbs for the next result: a loop would get and give them each time. */
void number_recycle(struct numbers *numbers, struct number *number) {
    if (many_limbs(number) > IDLE_LIMBS_MAXIMUM - numbers->idle_limbs) {
        mpz_clear(number->integer);
        mpz_init(number->integer);
    }
    numbers->idle_limbs += many_limbs(number);
    number->next = numbers->idle;
    numbers->idle = number;
}

/* u of section 1 has the limbs of |v|, but for -2^(64k), where it has one less. */
static uint32_t count_words(mpz_srcptr integer) {
    size_t limbs = mpz_size(integer);
    mp_limb_t top = mpz_getlimbn(integer, (mp_size_t)limbs - 1);
    if (top >> 63 == 0) {
        return (uint32_t)limbs;
    }
    bool is_lowest = mpz_sgn(integer) < 0 && top == (mp_limb_t)1 << 63 &&
                     mpz_scan1(integer, 0) == limbs * GMP_LIMB_BITS - 1;
    return (uint32_t)(is_lowest ? limbs : limbs + 1);
}

struct value value_of_number(struct numbers *numbers, struct number *number) {
    mpz_ptr integer = number->integer;
    const size_t limbs = mpz_size(integer);
    if (limbs <= 1) {
        mp_limb_t limb = mpz_getlimbn(integer, 0);
        bool negative = mpz_sgn(integer) < 0;
        if (limb <= (mp_limb_t)INT64_MAX + negative) {
            number_recycle(numbers, number);
            return value_small((int64_t)(negative ? 0 - limb : limb));
        }
    }
    if ((size_t)integer->_mp_alloc > LOOSE_FACTOR * (limbs + FEW_LIMBS)) {
        mpz_realloc2(integer, limbs * GMP_LIMB_BITS);
    }
    number->words = count_words(integer);
    number->zeros = ZEROS_UNKNOWN;
    return (struct value){0, number};
}

mpz_srcptr value_view(const struct value *value, struct value_view *view) {
    if (value->wide != NULL) {
        return value->wide->integer;
    }
    int64_t small = value->small;
    view->limb = small < 0 ? 0 - (mp_limb_t)small : (mp_limb_t)small;
    return mpz_roinit_n(view->integer, &view->limb, small < 0 ? -1 : 1);
}

mp_bitcnt_t value_zeros(const struct value *value) {
    if (value->wide == NULL) {
        return (mp_bitcnt_t)__builtin_ctzll((unsigned long long)value->small);
    }
    if (value->wide->zeros == ZEROS_UNKNOWN) {
        value->wide->zeros = mpz_scan1(value->wide->integer, 0);
    }
    return value->wide->zeros;
}

/* -- bytes out -- */

/* Limbs in memory are little-endian on every machine but a few. */
static void store_limb(uint8_t *out, mp_limb_t limb, size_t size) {
    uint64_t bytes = htole64(limb);
    memcpy(out, &bytes, size < LIMB_SIZE ? size : LIMB_SIZE);
}

void value_low_bytes(const struct value *value, uint8_t *out, size_t size) {
    struct value_view view;
    mpz_srcptr integer = value_view(value, &view);
    const bool negative = mpz_sgn(integer) < 0;
    const mp_limb_t *limbs = mpz_limbs_read(integer);
    const size_t count = mpz_size(integer);
    mp_limb_t carry = 1;
    size_t at = 0;
    for (size_t i = 0; i < count && at < size; i++, at += LIMB_SIZE) {
        mp_limb_t limb = limbs[i];
        if (negative) {
            limb = ~limb + carry;
            carry = carry && limb == 0;
        }
        store_limb(out + at, limb, size - at);
    }
    if (at < size) {
        memset(out + at, negative ? 0xff : 0, size - at);
    }
}

size_t value_signed_size(const struct value *value) {
    if (value_is_zero(value)) {
        return 0;
    }
    struct value_view view;
    mpz_srcptr integer = value_view(value, &view);
    size_t bits = mpz_sizeinbase(integer, 2);
    if (mpz_sgn(integer) < 0 && value_zeros(value) == bits - 1) {
        bits--; /* -2^k: ~v = 2^k - 1 */
    }
    return (bits + 8) / 8;
}

static void reverse(uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size / 2; i++) {
        uint8_t byte = bytes[i];
        bytes[i] = bytes[size - 1 - i];
        bytes[size - 1 - i] = byte;
    }
}

void value_to_bytes(const struct value *value, uint8_t *out, size_t size) {
    value_low_bytes(value, out, size);
    reverse(out, size);
}

extvm_bytes value_to_integer(const struct value *value, struct arena *arena) {
    size_t size = value_is_zero(value) ? 1 : value_signed_size(value);
    uint8_t *out = arena_allocate(arena, size);
    if (out == NULL) {
        return (extvm_bytes){NULL, 0};
    }
    value_to_bytes(value, out, size);
    return (extvm_bytes){out, size};
}

void value_to_address(const struct value *value, extvm_address *out) {
    value_to_bytes(value, out->bytes, sizeof out->bytes);
}

void value_to_word(const struct value *value, extvm_word *out) {
    value_to_bytes(value, out->bytes, sizeof out->bytes);
}

/* -- bytes in -- */

/* The limbs of `size` bytes, the rest of the last one filled up with `fill`. */
static void load_limbs(mp_limb_t *limbs, size_t count, const uint8_t *bytes, size_t size,
                       uint8_t fill) {
    memset(limbs + (count - 1), fill, sizeof *limbs);
    memcpy(limbs, bytes, size);
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) {
        for (size_t i = 0; i < count; i++) {
            limbs[i] = le64toh(limbs[i]);
        }
    }
}

/* One word that is sign-extended already. */
static int64_t small_from(const uint8_t *bytes, size_t size, uint8_t fill) {
    mp_limb_t limb;
    load_limbs(&limb, 1, bytes, size, fill);
    return (int64_t)limb;
}

static bool value_from(struct numbers *numbers, const uint8_t *bytes, size_t size, uint8_t fill,
                       struct value *out) {
    while (size > 0 && bytes[size - 1] == fill) {
        size--;
    }
    if (size < LIMB_SIZE) { /* one bit at least is left for the sign */
        *out = value_small(size == 0 ? (fill == 0 ? 0 : -1) : small_from(bytes, size, fill));
        return true;
    }
    struct number *number = number_new(numbers);
    if (number == NULL) {
        return false;
    }
    size_t count = (size + LIMB_SIZE - 1) / LIMB_SIZE;
    mp_limb_t *limbs = mpz_limbs_write(number->integer, (mp_size_t)count);
    load_limbs(limbs, count, bytes, size, fill);
    if (fill != 0) { /* v = ~(~v) */
        mpn_com(limbs, limbs, (mp_size_t)count);
    }
    mpz_limbs_finish(number->integer, (mp_size_t)count);
    if (fill != 0) {
        mpz_com(number->integer, number->integer);
    }
    *out = value_of_number(numbers, number);
    return true;
}

bool value_from_unsigned(struct numbers *numbers, const uint8_t *bytes, size_t size,
                         struct value *out) {
    return value_from(numbers, bytes, size, 0, out);
}

bool value_from_signed(struct numbers *numbers, const uint8_t *bytes, size_t size,
                       struct value *out) {
    bool negative = size > 0 && bytes[size - 1] >> 7 != 0;
    return value_from(numbers, bytes, size, negative ? 0xff : 0, out);
}

/* Calls `from` with the bytes turned round. */
static bool value_from_big(struct numbers *numbers, extvm_bytes bytes, bool is_signed,
                           struct value *out) {
    enum { ON_STACK = 64 };
    uint8_t few[ON_STACK], *turned = few;
    if (bytes.size > sizeof few) {
        turned = memory_allocate(numbers->arena.allocator, bytes.size);
        if (turned == NULL) {
            return false;
        }
    }
    for (size_t i = 0; i < bytes.size; i++) {
        turned[i] = bytes.data[bytes.size - 1 - i];
    }
    bool done = is_signed ? value_from_signed(numbers, turned, bytes.size, out)
                          : value_from_unsigned(numbers, turned, bytes.size, out);
    if (turned != few) {
        memory_release(numbers->arena.allocator, turned);
    }
    return done;
}

bool value_from_unsigned_big(struct numbers *numbers, extvm_bytes bytes, struct value *out) {
    return value_from_big(numbers, bytes, false, out);
}

bool value_from_integer(struct numbers *numbers, extvm_bytes integer, struct value *out) {
    return value_from_big(numbers, integer, true, out);
}

bool value_from_u64(struct numbers *numbers, uint64_t number, struct value *out) {
    uint8_t bytes[LIMB_SIZE];
    store_limb(bytes, number, sizeof bytes);
    return value_from_unsigned(numbers, bytes, sizeof bytes, out);
}

int value_compare(const struct value *a, const struct value *b) {
    if (a->wide == NULL && b->wide == NULL) {
        return (a->small > b->small) - (a->small < b->small);
    }
    if (a->wide == b->wide) {
        return 0;
    }
    struct value_view view_a, view_b;
    return mpz_cmp(value_view(a, &view_a), value_view(b, &view_b));
}
