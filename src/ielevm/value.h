/* Integers without bound, as registers hold them (protocol/iele-vm.md, section 1).
 *
 * A value of one word is held in place. A wider one is a number that all its holders share and
 * nobody changes, so that moving it costs the same whatever its size, as its price does. */
#ifndef EXTVM_IELEVM_VALUE_H
#define EXTVM_IELEVM_VALUE_H

#include <gmp.h>
#include <limits.h>

#include "common/memory.h"

_Static_assert(GMP_LIMB_BITS == 64 && GMP_NAIL_BITS == 0, "a word is a limb");

struct number {
    struct number *next; /* of those not in use */
    uint32_t references;
    uint32_t words;    /* sz */
    mp_bitcnt_t zeros; /* low bits that are 0; ZEROS_UNKNOWN until somebody needs it */
    mpz_t integer;
};

#define ZEROS_UNKNOWN ((mp_bitcnt_t)-1)

struct value {
    int64_t small;       /* the value, while `wide` is NULL */
    struct number *wide; /* of two words or more */
};

/* Where numbers come from, and go to. GMP takes the limbs from malloc itself, and ends the process
 * when it gets none: section 17's limit on live words bounds what is asked of it. */
struct numbers {
    struct arena arena;
    struct number *idle;
    size_t idle_limbs; /* that the idle ones keep, but for the few that each may keep */
};

void numbers_init(struct numbers *numbers, const extvm_allocator *allocator);
/* Forgets all numbers; none is in use any more. */
void numbers_clear(struct numbers *numbers);
void numbers_free(struct numbers *numbers);

/* A number of the caller's own, with `integer` ready for any result; NULL: no memory. */
struct number *number_new(struct numbers *numbers);
/* Gives one back that has no holder. */
void number_recycle(struct numbers *numbers, struct number *number);

/* What `number`, new, has become as a value; it is given back when the value is one word. */
struct value value_of_number(struct numbers *numbers, struct number *number);

static inline struct value value_small(int64_t small) {
    return (struct value){small, NULL};
}
static inline bool value_is_zero(const struct value *value) {
    return value->wide == NULL && value->small == 0;
}
static inline bool value_is_negative(const struct value *value) {
    return value->wide != NULL ? mpz_sgn(value->wide->integer) < 0 : value->small < 0;
}
/* sz of section 1. */
static inline int64_t value_words(const struct value *value) {
    return value->wide != NULL ? value->wide->words : 1;
}

/* One more holder, and one less. */
static inline struct value value_share(const struct value *value) {
    if (value->wide != NULL) {
        value->wide->references++;
    }
    return *value;
}
static inline void value_drop(struct numbers *numbers, struct value *value) {
    if (value->wide != NULL && --value->wide->references == 0) {
        number_recycle(numbers, value->wide);
    }
    value->wide = NULL;
}

/* A value to read as an mpz_t; `view` must live as long. */
struct value_view {
    mp_limb_t limb;
    mpz_t integer;
};
mpz_srcptr value_view(const struct value *value, struct value_view *view);

/* `value` low bits that are 0, of a value that is not 0. */
mp_bitcnt_t value_zeros(const struct value *value);

/* -- as bytes; each of the makers returns false when there is no memory -- */

/* The lowest `size` bytes of the two's complement, little-endian. */
void value_low_bytes(const struct value *value, uint8_t *out, size_t size);

/* Bytes of the shortest two's complement; none for 0. */
size_t value_signed_size(const struct value *value);

/* Little-endian bytes, as an unsigned number or in two's complement. */
bool value_from_unsigned(struct numbers *numbers, const uint8_t *bytes, size_t size,
                         struct value *out);
bool value_from_signed(struct numbers *numbers, const uint8_t *bytes, size_t size,
                       struct value *out);

/* Big-endian: unsigned, and two's complement. */
bool value_from_unsigned_big(struct numbers *numbers, extvm_bytes bytes, struct value *out);
bool value_from_integer(struct numbers *numbers, extvm_bytes integer, struct value *out);

bool value_from_u64(struct numbers *numbers, uint64_t number, struct value *out);

/* The lowest `size` bytes of the two's complement, big-endian. */
void value_to_bytes(const struct value *value, uint8_t *out, size_t size);

/* The canonical form of extvm/integer.h, in the arena; empty when there is no memory. */
extvm_bytes value_to_integer(const struct value *value, struct arena *arena);

/* The value modulo 2^160 and 2^256 (addr and chop of section 1), big-endian. */
void value_to_address(const struct value *value, extvm_address *out);
void value_to_word(const struct value *value, extvm_word *out);

/* Below 0, 0 or above. */
int value_compare(const struct value *a, const struct value *b);

#endif
