/* The contract modexp, base^exponent mod modulus: EIP-198, and its price from Berlin on, EIP-2565.
 *
 * The input names three sizes below 2^256, and then gives as many bytes of each number, or fewer:
 * what is missing is zeros. They are stored for the modulus only, whose square the price grows
 * with. */
#include <gmp.h>

#include "precompiled_contracts.h"

__extension__ typedef unsigned __int128 wide;

enum { HEADER_SIZE = 3 * EXTVM_WORD_SIZE, EXPONENT_HEAD = 32 }; /* bytes */

/* Greater sizes count as this: no price that grows with such a size can be paid. */
#define SIZE_LIMIT ((wide)1 << 100)

/* Of the greater of base and modulus: sizes from here on cannot be paid, in either price. */
#define OPERAND_LIMIT ((wide)1 << 40)

/* Bytes that the computation may take at the most. GMP ends the process when it gets no memory, so
 * no more is asked of it. What needs more costs over 10^11 gas, in either price. */
#define MEMORY_MAXIMUM ((uint64_t)256 << 20)

/* A number of the input: `size` bytes, of which those that are not `present` are zeros, and at the
 * end. */
struct operand {
    wide size;
    extvm_bytes present;
};

struct modexp_input {
    struct operand base, exponent, modulus;
};

/* -- reading ----------------------------------------------------------------------------------- */

static wide read_size(const uint8_t word[EXTVM_WORD_SIZE]) {
    wide size = 0;
    for (unsigned i = 0; i < EXTVM_WORD_SIZE; i++) {
        size = size << 8 | word[i];
        if (size > SIZE_LIMIT) {
            return SIZE_LIMIT;
        }
    }
    return size;
}

/* `offset` is below 3 * SIZE_LIMIT. */
static struct operand read_operand(extvm_bytes input, wide offset, wide size) {
    struct operand operand = {.size = size};
    if (offset < input.size) {
        size_t rest = input.size - (size_t)offset;
        operand.present.data = input.data + (size_t)offset;
        operand.present.size = size < rest ? (size_t)size : rest;
    }
    return operand;
}

static struct modexp_input read_input(extvm_bytes input) {
    uint8_t header[HEADER_SIZE];
    precompiled_read(header, sizeof header, input);
    wide base = read_size(header);
    wide exponent = read_size(header + EXTVM_WORD_SIZE);
    wide modulus = read_size(header + (size_t)2 * EXTVM_WORD_SIZE);
    return (struct modexp_input){
        read_operand(input, HEADER_SIZE, base),
        read_operand(input, HEADER_SIZE + base, exponent),
        read_operand(input, HEADER_SIZE + base + exponent, modulus),
    };
}

/* -- prices ------------------------------------------------------------------------------------ */

/* The place of the highest bit that is set in the first 32 bytes of the exponent, or 0. */
static unsigned head_bit(const struct operand *exponent) {
    unsigned size = exponent->size < EXPONENT_HEAD ? (unsigned)exponent->size : EXPONENT_HEAD;
    for (unsigned i = 0; i < size && i < exponent->present.size; i++) {
        unsigned byte = exponent->present.data[i];
        if (byte != 0) {
            unsigned highest = 31 - (unsigned)__builtin_clz(byte);
            return 8 * (size - 1 - i) + highest;
        }
    }
    return 0;
}

/* EIP-198's ADJUSTED_EXPONENT_LENGTH and EIP-2565's iteration count, which are one; at least 1. */
static wide iteration_count(const struct operand *exponent) {
    wide count = head_bit(exponent);
    if (exponent->size > EXPONENT_HEAD) {
        count += 8 * (exponent->size - EXPONENT_HEAD);
    }
    return count > 1 ? count : 1;
}

static wide greater_size(const struct modexp_input *input) {
    return input->base.size > input->modulus.size ? input->base.size : input->modulus.size;
}

/* complexity * iterations / divisor, but at least the base price. */
static bool price_of(const struct precompiled_price *price, wide complexity, wide iterations,
                     uint64_t *gas) {
    if (complexity > ~(wide)0 / iterations) {
        return false;
    }
    wide whole = complexity * iterations / price->unit;
    *gas = whole > price->base ? (uint64_t)whole : price->base;
    return whole <= UINT64_MAX;
}

bool modexp_price_eip198(const struct precompiled_price *price, extvm_bytes input, uint64_t *gas) {
    struct modexp_input operands = read_input(input);
    wide size = greater_size(&operands), complexity;
    if (size >= OPERAND_LIMIT) {
        return false;
    }
    if (size <= 64) {
        complexity = size * size;
    } else if (size <= 1024) {
        complexity = size * size / 4 + 96 * size - 3072;
    } else {
        complexity = size * size / 16 + 480 * size - 199680;
    }
    return price_of(price, complexity, iteration_count(&operands.exponent), gas);
}

bool modexp_price_eip2565(const struct precompiled_price *price, extvm_bytes input, uint64_t *gas) {
    struct modexp_input operands = read_input(input);
    wide size = greater_size(&operands);
    if (size >= OPERAND_LIMIT) {
        return false;
    }
    wide words = (size + 7) / 8;
    return price_of(price, words * words, iteration_count(&operands.exponent), gas);
}

/* -- the power --------------------------------------------------------------------------------- */

/* Bytes that GMP takes for a power, from above: some numbers of twice the modulus's size, and a
 * table of powers, which has 2^(w - 1) entries for a w of up to 10 that grows with the exponent.
 * Nothing for a modulus that the input ends before, which is 0. */
static wide memory_needed(const struct modexp_input *input) {
    enum { NUMBERS = 32, BITS_FOR_ENTRY = 32, ENTRIES_MAXIMUM = 512 };
    if (input->modulus.present.size == 0) {
        return 0;
    }
    wide entries = 8 * (wide)input->exponent.present.size / BITS_FOR_ENTRY;
    return input->modulus.size *
           (NUMBERS + (entries < ENTRIES_MAXIMUM ? entries : ENTRIES_MAXIMUM));
}

static void import_bytes(mpz_t out, extvm_bytes bytes) {
    mpz_import(out, bytes.size, 1, 1, 1, 0, bytes.data);
}

/* x = base^exponent mod modulus, for a modulus that is not 0; 0^0 is 1. As the modulus is last in
 * the input and not 0, no byte of the base and the exponent is missing. */
static void raise_base(mpz_t x, const struct modexp_input *input, const mpz_t modulus) {
    mpz_t exponent;
    mpz_init(exponent);
    import_bytes(exponent, input->exponent.present);
    import_bytes(x, input->base.present);
    mpz_powm(x, x, exponent, modulus);
    mpz_clear(exponent);
}

/* The power as `size` bytes; all are 0 when the modulus is 0. */
static void output_power(uint8_t *out, size_t size, const struct modexp_input *input) {
    memset(out, 0, size);
    mpz_t modulus, x;
    mpz_inits(modulus, x, NULL);
    import_bytes(modulus, input->modulus.present);
    mpz_mul_2exp(modulus, modulus, 8 * (mp_bitcnt_t)(size - input->modulus.present.size));
    if (mpz_sgn(modulus) != 0) {
        raise_base(x, input, modulus);
        size_t length = (mpz_sizeinbase(x, 2) + 7) / 8;
        mpz_export(out + size - length, NULL, 1, 1, 1, 0, x);
    }
    mpz_clears(modulus, x, NULL);
}

enum precompiled_status modexp_run(extvm_bytes bytes, struct buffer *output) {
    struct modexp_input input = read_input(bytes);
    if (input.modulus.size == 0) {
        return PRECOMPILED_OK;
    }
    size_t size = (size_t)input.modulus.size; /* paid for, and so below OPERAND_LIMIT */
    if (memory_needed(&input) > MEMORY_MAXIMUM || !buffer_reserve(output, size)) {
        return PRECOMPILED_NO_MEMORY;
    }
    output_power(output->data, size, &input);
    output->size = size;
    return PRECOMPILED_OK;
}
