/* The precompiled contracts 1 to 5 and 9, and the prices of all: yellow paper, appendix E; EIP-152,
 * EIP-196, EIP-197, EIP-198, EIP-1108, EIP-2565. The contracts on alt_bn128 are in bn128_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <secp256k1_recovery.h>

#include "evm/precompiled.h"

enum {
    ECRECOVER = 1,
    SHA256,
    RIPEMD160,
    IDENTITY,
    MODEXP,
    BN128_ADD,
    BN128_MULTIPLY,
    BN128_PAIRING,
    BLAKE2
};
enum { INPUT_MAXIMUM = 4096, OUTPUT_MAXIMUM = 1 << 20 }; /* bytes */
#define PLENTY UINT64_C(1000000000)                      /* gas */

/* Bytes that a test puts together. */
struct bytes {
    uint8_t data[INPUT_MAXIMUM];
    size_t size;
};

/* What comes after the bytes is none of the contract's business, and not zero. */
static extvm_bytes view(struct bytes *bytes) {
    memset(bytes->data + bytes->size, 0xee, sizeof bytes->data - bytes->size);
    return (extvm_bytes){bytes->data, bytes->size};
}

static void put(struct bytes *bytes, const void *data, size_t size) {
    assert_true(size <= sizeof bytes->data - bytes->size);
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static void put_hex(struct bytes *bytes, const char *hex) {
    size_t size;
    assert_int_equal(extvm_bytes_from_hex(hex, bytes->data + bytes->size,
                                          sizeof bytes->data - bytes->size, &size),
                     EXTVM_OK);
    bytes->size += size;
}

/* A word that holds `number`. */
static void put_number(struct bytes *bytes, uint64_t number) {
    uint8_t word[EXTVM_WORD_SIZE] = {0};
    for (unsigned i = 0; i < 8; i++) {
        word[sizeof word - 1 - i] = (uint8_t)(number >> (8 * i));
    }
    put(bytes, word, sizeof word);
}

static void put_fill(struct bytes *bytes, uint8_t byte, size_t size) {
    assert_true(size <= sizeof bytes->data - bytes->size);
    memset(bytes->data + bytes->size, byte, size);
    bytes->size += size;
}

static void assert_output(unsigned number, extvm_fork fork, extvm_bytes input,
                          extvm_bytes expected) {
    struct buffer output;
    buffer_init(&output, extvm_default_allocator(), OUTPUT_MAXIMUM);
    uint64_t used;
    assert_int_equal(precompiled_run(number, fork, input, PLENTY, &output, &used), PRECOMPILED_OK);
    assert_int_equal(output.size, expected.size);
    if (expected.size > 0) {
        assert_memory_equal(output.data, expected.data, expected.size);
    }
    buffer_free(&output);
}

static void assert_output_hex(unsigned number, extvm_fork fork, extvm_bytes input,
                              const char *expected) {
    struct bytes bytes = {.size = 0};
    put_hex(&bytes, expected);
    assert_output(number, fork, input, view(&bytes));
}

static enum precompiled_status status_with(unsigned number, extvm_fork fork, extvm_bytes input,
                                           uint64_t gas) {
    struct buffer output;
    buffer_init(&output, extvm_default_allocator(), OUTPUT_MAXIMUM);
    uint64_t used;
    enum precompiled_status status = precompiled_run(number, fork, input, gas, &output, &used);
    buffer_free(&output);
    return status;
}

/* Enough with `price`, and not with less. */
static void assert_price(unsigned number, extvm_fork fork, extvm_bytes input, uint64_t price) {
    struct buffer output;
    buffer_init(&output, extvm_default_allocator(), OUTPUT_MAXIMUM);
    uint64_t used = price + 1;
    assert_int_equal(precompiled_run(number, fork, input, price, &output, &used), PRECOMPILED_OK);
    assert_true(used == price);
    buffer_free(&output);
    if (price > 0) {
        assert_int_equal(status_with(number, fork, input, price - 1), PRECOMPILED_FAILED);
    }
}

/* -- which ------------------------------------------------------------------------------------- */

static void each_fork_has_the_contracts_of_its_time(void **state) {
    (void)state;
    static const unsigned last[EXTVM_FORK_COUNT] = {4, 4, 4, 4, 4, 8, 8, 8, 9, 9};
    for (int fork = 0; fork < EXTVM_FORK_COUNT; fork++) {
        for (unsigned number = 0; number < 256; number++) {
            extvm_address address = {.bytes = {[EXTVM_ADDRESS_SIZE - 1] = (uint8_t)number}};
            assert_int_equal(precompiled_number((extvm_fork)fork, &address),
                             number <= last[fork] ? number : 0);
        }
    }
}

static void an_address_that_only_ends_like_a_contract_s_is_an_ordinary_one(void **state) {
    (void)state;
    for (unsigned i = 0; i < EXTVM_ADDRESS_SIZE - 1; i++) {
        extvm_address address = {.bytes = {[EXTVM_ADDRESS_SIZE - 1] = SHA256}};
        address.bytes[i] = 1;
        assert_int_equal(precompiled_number(EXTVM_FORK_BERLIN, &address), 0);
    }
}

/* -- prices ------------------------------------------------------------------------------------ */

static void contracts_with_a_price_by_size_take_it_and_not_one_gas_less(void **state) {
    (void)state;
    enum { PAIR = 192, PAIRS_2 = 2 * PAIR };
    static const struct {
        unsigned number;
        extvm_fork fork;
        size_t size; /* bytes of input, all zero */
        uint64_t price;
    } cases[] = {
        {ECRECOVER, EXTVM_FORK_FRONTIER, 0, 3000},
        {ECRECOVER, EXTVM_FORK_BERLIN, 128, 3000},
        {SHA256, EXTVM_FORK_FRONTIER, 0, 60},
        {SHA256, EXTVM_FORK_FRONTIER, 1, 72},
        {SHA256, EXTVM_FORK_FRONTIER, 32, 72},
        {SHA256, EXTVM_FORK_BERLIN, 33, 84},
        {RIPEMD160, EXTVM_FORK_FRONTIER, 0, 600},
        {RIPEMD160, EXTVM_FORK_FRONTIER, 32, 720},
        {RIPEMD160, EXTVM_FORK_BERLIN, 33, 840},
        {IDENTITY, EXTVM_FORK_FRONTIER, 0, 15},
        {IDENTITY, EXTVM_FORK_FRONTIER, 32, 18},
        {IDENTITY, EXTVM_FORK_BERLIN, 65, 24},
        {BN128_ADD, EXTVM_FORK_BYZANTIUM, 0, 500},
        {BN128_ADD, EXTVM_FORK_PETERSBURG, 128, 500},
        {BN128_ADD, EXTVM_FORK_ISTANBUL, 128, 150},
        {BN128_ADD, EXTVM_FORK_BERLIN, 500, 150},
        {BN128_MULTIPLY, EXTVM_FORK_BYZANTIUM, 0, 40000},
        {BN128_MULTIPLY, EXTVM_FORK_PETERSBURG, 96, 40000},
        {BN128_MULTIPLY, EXTVM_FORK_ISTANBUL, 96, 6000},
        {BN128_PAIRING, EXTVM_FORK_BYZANTIUM, 0, 100000},
        {BN128_PAIRING, EXTVM_FORK_PETERSBURG, PAIRS_2, 260000},
        {BN128_PAIRING, EXTVM_FORK_ISTANBUL, 0, 45000},
        {BN128_PAIRING, EXTVM_FORK_ISTANBUL, PAIR, 79000},
        {BN128_PAIRING, EXTVM_FORK_BERLIN, PAIRS_2, 113000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes input = {.size = 0};
        put_fill(&input, 0, cases[i].size);
        assert_price(cases[i].number, cases[i].fork, view(&input), cases[i].price);
    }
}

/* A modexp's input with `head` and then zeros as its exponent, a base and a modulus of 1s. */
static void put_modexp(struct bytes *input, size_t base, size_t exponent, size_t modulus,
                       const char *head) {
    put_number(input, base);
    put_number(input, exponent);
    put_number(input, modulus);
    put_fill(input, 1, base);
    size_t start = input->size;
    put_hex(input, head);
    put_fill(input, 0, exponent - (input->size - start));
    put_fill(input, 1, modulus);
}

/* Expected prices by hand from the formulas of EIP-198 and EIP-2565. */
static void modexp_costs_what_the_sizes_and_the_exponent_s_first_word_say(void **state) {
    (void)state;
    static const struct {
        size_t base, exponent, modulus; /* bytes */
        const char *head;
        uint64_t byzantium, berlin; /* gas */
    } cases[] = {
        {0, 0, 0, "", 0, 200},
        {1, 1, 1, "ff", 0, 200},           /* 1 * 7 / 20; 1 * 7 / 3 */
        {32, 32, 32, "80", 13056, 1360},   /* 1024 * 255 / 20; 16 * 255 / 3 */
        {32, 32, 32, "00", 51, 200},       /* 1024 * 1 / 20 */
        {32, 32, 32, "0001", 12288, 1280}, /* 1024 * 240 / 20; 16 * 240 / 3 */
        {64, 3, 32, "010001", 3276, 341},  /* 4096 * 16 / 20; 64 * 16 / 3 */
        {64, 33, 64, "00", 1638, 200},     /* 4096 * 8 / 20; 64 * 8 / 3 */
        {10, 33, 64, "01", 52428, 5461},   /* 4096 * (248 + 8) / 20; 64 * 256 / 3 */
        {65, 3, 1, "100000", 4224, 540},   /* (1056 + 6240 - 3072) * 20 / 20; 81 * 20 / 3 */
        {1, 3, 1024, "100000", 357376,
         109226}, /* (262144 + 98304 - 3072) * 20 / 20; 16384 * 20 / 3 */
        {1, 3, 1025, "100000", 357984,
         110940}, /* (65664 + 492000 - 199680) * 20 / 20; 16641 * 20 / 3 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes input = {.size = 0};
        put_modexp(&input, cases[i].base, cases[i].exponent, cases[i].modulus, cases[i].head);
        assert_price(MODEXP, EXTVM_FORK_BYZANTIUM, view(&input), cases[i].byzantium);
        assert_price(MODEXP, EXTVM_FORK_ISTANBUL, view(&input), cases[i].byzantium);
        assert_price(MODEXP, EXTVM_FORK_BERLIN, view(&input), cases[i].berlin);
    }
}

static void modexp_of_sizes_that_nobody_can_pay_fails_for_any_gas(void **state) {
    (void)state;
    static const char huge[] = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    static const char one[] = "0000000000000000000000000000000000000000000000000000000000000001";
    static const char none[] = "0000000000000000000000000000000000000000000000000000000000000000";
    static const char over_64[] =
        "0000000000000000000000000000000000000000000000010000000000000000";
    static const char over_67[] =
        "0000000000000000000000000000000000000000000000080000000000000000";
    static const char over_39[] =
        "0000000000000000000000000000000000000000000000000000008000000000";
    static const char over_53[] = /* and 32 */
        "0000000000000000000000000000000000000000000000000020000000000020";
    /* The last two are 0 modulo 2^128 in EIP-2565's formula. */
    static const char *const sizes[][3] = {
        {huge, none, none},   {none, none, huge}, {huge, huge, huge},    {one, huge, none},
        {over_64, none, one}, {none, huge, one},  {over_67, none, none}, {over_39, over_53, none}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct bytes input = {.size = 0};
        for (unsigned j = 0; j < 3; j++) {
            put_hex(&input, sizes[i][j]);
        }
        put_fill(&input, 3, 100);
        assert_int_equal(status_with(MODEXP, EXTVM_FORK_BYZANTIUM, view(&input), UINT64_MAX),
                         PRECOMPILED_FAILED);
        assert_int_equal(status_with(MODEXP, EXTVM_FORK_BERLIN, view(&input), UINT64_MAX),
                         PRECOMPILED_FAILED);
    }
}

static void modexp_with_a_huge_exponent_of_nothing_is_still_cheap(void **state) {
    (void)state;
    struct bytes input = {.size = 0};
    put_number(&input, 0);
    put_fill(&input, 0xff, EXTVM_WORD_SIZE);
    put_number(&input, 0);
    assert_price(MODEXP, EXTVM_FORK_BYZANTIUM, view(&input), 0);
    assert_price(MODEXP, EXTVM_FORK_BERLIN, view(&input), 200);
}

static void *allocate_never(void *context, size_t size) {
    (void)context;
    fail_msg("%zu bytes were asked for", size);
    return NULL;
}

static void *resize_never(void *context, void *memory, size_t old_size, size_t new_size) {
    (void)memory;
    (void)old_size;
    return allocate_never(context, new_size);
}

static void release_nothing(void *context, void *memory) {
    (void)context;
    assert_null(memory);
}

static void
modexp_beyond_the_memory_there_may_be_is_refused_and_does_not_end_the_process(void **state) {
    (void)state;
    static const extvm_allocator never = {NULL, allocate_never, resize_never, release_nothing};
    static const extvm_fork forks[] = {EXTVM_FORK_BYZANTIUM, EXTVM_FORK_BERLIN};
    for (unsigned i = 0; i < 2; i++) {
        struct bytes input = {.size = 0};
        put_number(&input, 1);
        put_number(&input, 1);
        put_number(&input, UINT64_C(1) << 33); /* bytes, which less than 2^64 gas can pay */
        put_fill(&input, 3, 100);
        struct buffer output;
        uint64_t used;
        buffer_init(&output, &never, SIZE_MAX);
        assert_int_equal(
            precompiled_run(MODEXP, forks[i], view(&input), UINT64_MAX, &output, &used),
            PRECOMPILED_NO_MEMORY);
        buffer_free(&output);
    }
}

/* -- Frontier ---------------------------------------------------------------------------------- */

/* FIPS 180-4's example, and no bytes. */
static void sha256_answers_as_the_standard_says(void **state) {
    (void)state;
    assert_output_hex(SHA256, EXTVM_FORK_FRONTIER, (extvm_bytes){(const uint8_t *)"abc", 3},
                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_output_hex(SHA256, EXTVM_FORK_BERLIN, (extvm_bytes){NULL, 0},
                      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* The examples of RIPEMD-160's authors, in a word. */
static void ripemd160_answers_as_its_authors_say_in_a_whole_word(void **state) {
    (void)state;
    assert_output_hex(RIPEMD160, EXTVM_FORK_FRONTIER, (extvm_bytes){(const uint8_t *)"abc", 3},
                      "0000000000000000000000008eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
    assert_output_hex(RIPEMD160, EXTVM_FORK_BERLIN, (extvm_bytes){NULL, 0},
                      "0000000000000000000000009c1185a5c5e9fc54612808977ee8f548b2258d31");
}

static void identity_gives_its_input_back(void **state) {
    (void)state;
    struct bytes input = {.size = 0};
    assert_output(IDENTITY, EXTVM_FORK_FRONTIER, (extvm_bytes){NULL, 0}, view(&input));
    put_hex(&input, "00ff0102");
    put_fill(&input, 7, 1000);
    assert_output(IDENTITY, EXTVM_FORK_FRONTIER, view(&input), view(&input));
}

/* n, the order of secp256k1 (SEC 2, section 2.4.1). */
static const char secp256k1_order[] =
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

struct signed_hash {
    uint8_t hash[EXTVM_WORD_SIZE];
    uint8_t r[EXTVM_WORD_SIZE], s[EXTVM_WORD_SIZE];
    uint8_t v; /* 27 or 28 */
};

/* Signs hash number `which` with the secret key that is the number `key`. */
static struct signed_hash sign(uint8_t key, uint8_t which) {
    struct signed_hash result;
    memset(result.hash, which, sizeof result.hash);
    uint8_t secret[EXTVM_WORD_SIZE] = {[EXTVM_WORD_SIZE - 1] = key}, compact[2 * EXTVM_WORD_SIZE];
    secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_SIGN);
    secp256k1_ecdsa_recoverable_signature signature;
    int id;
    assert_true(
        secp256k1_ecdsa_sign_recoverable(context, &signature, result.hash, secret, NULL, NULL));
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context, compact, &id, &signature);
    secp256k1_context_destroy(context);
    memcpy(result.r, compact, sizeof result.r);
    memcpy(result.s, compact + sizeof result.r, sizeof result.s);
    result.v = (uint8_t)(27 + id);
    return result;
}

static struct bytes ecrecover_input(const struct signed_hash *signature) {
    struct bytes input = {.size = 0};
    put(&input, signature->hash, sizeof signature->hash);
    put_number(&input, signature->v);
    put(&input, signature->r, sizeof signature->r);
    put(&input, signature->s, sizeof signature->s);
    return input;
}

/* The same signature's other form: n - s, and the other v. */
static void flip(struct signed_hash *signature) {
    struct bytes order = {.size = 0};
    put_hex(&order, secp256k1_order);
    int borrow = 0;
    for (unsigned i = EXTVM_WORD_SIZE; i-- > 0;) {
        int digit = order.data[i] - signature->s[i] - borrow;
        borrow = digit < 0;
        signature->s[i] = (uint8_t)(digit & 0xff);
    }
    signature->v = signature->v == 27 ? 28 : 27;
}

/* The addresses of the secret keys 1, 2 and 3, which everybody knows. */
static void ecrecover_finds_the_address_of_whoever_signed(void **state) {
    (void)state;
    static const char *const addresses[] = {
        "0000000000000000000000007e5f4552091a69125d5dfcb7b8c2659029395bdf",
        "0000000000000000000000002b5ad5c4795c026514f8317c7a215e218dccd6cf",
        "0000000000000000000000006813eb9362372eef6200f3b1dbc3f819671cba69"};
    unsigned seen[2] = {0, 0};
    for (uint8_t key = 1; key <= 3; key++) {
        for (uint8_t which = 0; which < 8; which++) {
            struct signed_hash signature = sign(key, which);
            seen[signature.v - 27]++;
            struct bytes input = ecrecover_input(&signature);
            assert_output_hex(ECRECOVER, EXTVM_FORK_FRONTIER, view(&input), addresses[key - 1]);
            put_fill(&input, 0xff, 50); /* more is ignored */
            assert_output_hex(ECRECOVER, EXTVM_FORK_BERLIN, view(&input), addresses[key - 1]);
            flip(&signature); /* a high s is none of ecrecover's business, also after EIP-2 */
            input = ecrecover_input(&signature);
            assert_output_hex(ECRECOVER, EXTVM_FORK_HOMESTEAD, view(&input), addresses[key - 1]);
        }
    }
    assert_true(seen[0] > 0 && seen[1] > 0);
}

static void ecrecover_of_no_signature_has_no_output_and_is_paid_as_usual(void **state) {
    (void)state;
    struct signed_hash good = sign(1, 1);
    struct bytes order = {.size = 0}, inputs[9];
    put_hex(&order, secp256k1_order);
    for (unsigned i = 0; i < 9; i++) {
        inputs[i] = ecrecover_input(&good);
    }
    inputs[0].size = 0;
    inputs[1].data[63] = 26;
    inputs[2].data[63] = 29;
    inputs[3].data[62] = 1;                      /* v of 256 more */
    inputs[4].data[32] = 1;                      /* v of 2^248 more */
    memset(inputs[5].data + 64, 0, 32);          /* r of 0 */
    memset(inputs[6].data + 96, 0, 32);          /* s of 0 */
    memcpy(inputs[7].data + 64, order.data, 32); /* r of n */
    memcpy(inputs[8].data + 96, order.data, 32); /* s of n */
    for (unsigned i = 0; i < 9; i++) {
        assert_output(ECRECOVER, EXTVM_FORK_BERLIN, view(&inputs[i]), (extvm_bytes){NULL, 0});
        assert_price(ECRECOVER, EXTVM_FORK_BERLIN, view(&inputs[i]), 3000);
    }
}

/* A signature's point can have an x of n or more, which other programs number 2 and 3. With a small
 * r there are such points, and ecrecover has no v for them. */
static void ecrecover_knows_no_v_but_27_and_28(void **state) {
    (void)state;
    unsigned recovered = 0;
    for (uint8_t r = 1; r < 9; r++) {
        struct signed_hash signature = {
            .hash = {1}, .r = {[EXTVM_WORD_SIZE - 1] = r}, .s = {[EXTVM_WORD_SIZE - 1] = 1}};
        for (unsigned v = 0; v < 256; v++) {
            signature.v = (uint8_t)v;
            struct bytes input = ecrecover_input(&signature);
            struct buffer output;
            uint64_t used;
            buffer_init(&output, extvm_default_allocator(), OUTPUT_MAXIMUM);
            assert_int_equal(
                precompiled_run(ECRECOVER, EXTVM_FORK_BERLIN, view(&input), PLENTY, &output, &used),
                PRECOMPILED_OK);
            assert_true(output.size == 0 || v == 27 || v == 28);
            recovered += output.size > 0;
            buffer_free(&output);
        }
    }
    assert_true(recovered > 0);
}

/* The constant context stands only when the library's own checks do. */
static void the_curve_library_stands_its_own_checks(void **state) {
    (void)state;
    secp256k1_selftest();
    struct signed_hash signature = sign(2, 9);
    struct bytes input = ecrecover_input(&signature);
    assert_output_hex(ECRECOVER, EXTVM_FORK_BERLIN, view(&input),
                      "0000000000000000000000002b5ad5c4795c026514f8317c7a215e218dccd6cf");
}

/* -- modexp ------------------------------------------------------------------------------------ */

static void modexp_answers_the_examples_of_eip_198(void **state) {
    (void)state;
    static const struct {
        const char *input, *output;
    } cases[] = {
        {"0000000000000000000000000000000000000000000000000000000000000001"
         "0000000000000000000000000000000000000000000000000000000000000020"
         "0000000000000000000000000000000000000000000000000000000000000020"
         "03"
         "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2e"
         "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
         "0000000000000000000000000000000000000000000000000000000000000001"},
        {"0000000000000000000000000000000000000000000000000000000000000000"
         "0000000000000000000000000000000000000000000000000000000000000020"
         "0000000000000000000000000000000000000000000000000000000000000020"
         "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2e"
         "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
         "0000000000000000000000000000000000000000000000000000000000000000"},
        {"0000000000000000000000000000000000000000000000000000000000000001"
         "0000000000000000000000000000000000000000000000000000000000000002"
         "0000000000000000000000000000000000000000000000000000000000000020"
         "03"
         "ffff"
         "8000000000000000000000000000000000000000000000000000000000000000"
         "07",
         "3b01b01ac41f2d6e917c6d6a221ce793802469026d9ab7578fa2e79e4da6aaab"},
        {"0000000000000000000000000000000000000000000000000000000000000001"
         "0000000000000000000000000000000000000000000000000000000000000002"
         "0000000000000000000000000000000000000000000000000000000000000020"
         "03"
         "ffff"
         "80",
         "3b01b01ac41f2d6e917c6d6a221ce793802469026d9ab7578fa2e79e4da6aaab"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes input = {.size = 0};
        put_hex(&input, cases[i].input);
        assert_output_hex(MODEXP, EXTVM_FORK_BYZANTIUM, view(&input), cases[i].output);
        assert_output_hex(MODEXP, EXTVM_FORK_BERLIN, view(&input), cases[i].output);
    }
}

static void modexp_of_small_numbers_is_repeated_multiplication(void **state) {
    (void)state;
    for (unsigned base = 0; base < 12; base++) {
        for (unsigned exponent = 0; exponent < 12; exponent++) {
            for (unsigned modulus = 0; modulus < 20; modulus++) {
                unsigned power = modulus > 1 ? 1 : 0;
                for (unsigned i = 0; i < exponent && modulus > 0; i++) {
                    power = power * base % modulus;
                }
                struct bytes input = {.size = 0};
                put_number(&input, 1);
                put_number(&input, 1);
                put_number(&input, 2);
                const uint8_t numbers[] = {(uint8_t)base, (uint8_t)exponent, 0, (uint8_t)modulus};
                put(&input, numbers, sizeof numbers);
                const uint8_t expected[] = {0, (uint8_t)power};
                assert_output(MODEXP, EXTVM_FORK_BERLIN, view(&input),
                              (extvm_bytes){expected, sizeof expected});
            }
        }
    }
}

static void modexp_of_absent_numbers_gives_as_many_zeros_as_the_modulus_has_bytes(void **state) {
    (void)state;
    struct bytes input = {.size = 0}, zeros = {.size = 0};
    assert_output(MODEXP, EXTVM_FORK_BERLIN, view(&input), view(&zeros));
    put_number(&input, 5);
    put_number(&input, 7);
    put_number(&input, 300);
    put_fill(&input, 1, 12); /* base and exponent; the modulus is missing, and so 0 */
    put_fill(&zeros, 0, 300);
    assert_output(MODEXP, EXTVM_FORK_BERLIN, view(&input), view(&zeros));
    input.size = 96 + 2; /* a part of the base */
    assert_output(MODEXP, EXTVM_FORK_BERLIN, view(&input), view(&zeros));
}

/* -- BLAKE2 F ---------------------------------------------------------------------------------- */

/* EIP-152's input but for its first and last bytes: BLAKE2b's state, "abc", 3. */
static struct bytes blake2_input(const char *rounds, const char *final) {
    struct bytes input = {.size = 0};
    put_hex(&input, rounds);
    put_hex(&input, "48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5"
                    "d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b");
    put_hex(&input, "616263");
    put_fill(&input, 0, 125);
    put_hex(&input, "0300000000000000");
    put_fill(&input, 0, 8);
    put_hex(&input, final);
    return input;
}

static void blake2_answers_the_vectors_of_eip_152(void **state) {
    (void)state;
    static const struct {
        const char *rounds, *final, *output;
        uint64_t price;
    } cases[] = {
        {"00000000", "01",
         "08c9bcf367e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5"
         "d282e6ad7f520e511f6c3e2b8c68059b9442be0454267ce079217e1319cde05b",
         0}, /* 4 */
        {"0000000c", "01",
         "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
         "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
         12}, /* 5 */
        {"0000000c", "00",
         "75ab69d3190a562c51aef8d88f1c2775876944407270c42c9844252c26d28752"
         "98743e7f6d5ea2f2d3e8d226039cd31b4e426ac4f2d3d666a610c2116fde4735",
         12}, /* 6 */
        {"00000001", "01",
         "b63a380cb2897d521994a85234ee2c181b5f844d2c624c002677e9703449d2fb"
         "a551b3a8333bcdf5f2f7e08993d53923de3d64fcc68c034e717b9293fed7a421",
         1}, /* 7 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes input = blake2_input(cases[i].rounds, cases[i].final);
        assert_output_hex(BLAKE2, EXTVM_FORK_ISTANBUL, view(&input), cases[i].output);
        assert_price(BLAKE2, EXTVM_FORK_ISTANBUL, view(&input), cases[i].price);
        assert_price(BLAKE2, EXTVM_FORK_BERLIN, view(&input), cases[i].price);
    }
}

/* A whole BLAKE2b-512 (RFC 7693) of the bytes 0 to 127, which is one block: every word of the
 * message counts in it, as in the EIP's vectors only the first does. */
static void blake2_hashes_a_full_block(void **state) {
    (void)state;
    struct bytes input = blake2_input("0000000c", "01");
    enum { MESSAGE_AT = 4 + 64, BLOCK = 128 };
    for (unsigned i = 0; i < BLOCK; i++) {
        input.data[MESSAGE_AT + i] = (uint8_t)i;
    }
    input.data[MESSAGE_AT + BLOCK] = BLOCK; /* t */
    assert_output_hex(BLAKE2, EXTVM_FORK_ISTANBUL, view(&input),
                      "2319e3789c47e2daa5fe807f61bec2a1a6537fa03f19ff32e87eecbfd64b7e0e"
                      "8ccff439ac333b040f19b0c4ddd11a61e24ac1fe0f10a039806c5dcc0da3d115");
}

static void blake2_s_rounds_are_paid_before_they_are_run(void **state) {
    (void)state;
    struct bytes input = blake2_input("ffffffff", "01"); /* vector 8, which takes minutes */
    assert_int_equal(status_with(BLAKE2, EXTVM_FORK_ISTANBUL, view(&input), UINT32_MAX - 1),
                     PRECOMPILED_FAILED);
}

/* EIP-152's vectors 0 to 3. */
static void blake2_input_of_another_size_or_with_another_flag_fails(void **state) {
    (void)state;
    struct bytes input = {.size = 0};
    assert_int_equal(status_with(BLAKE2, EXTVM_FORK_ISTANBUL, view(&input), PLENTY),
                     PRECOMPILED_FAILED);
    static const char *const wrong[][2] = {
        {"00000c", "01"}, {"000000000c", "01"}, {"0000000c", "02"}, {"0000000c", "ff"}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        input = blake2_input(wrong[i][0], wrong[i][1]);
        assert_int_equal(status_with(BLAKE2, EXTVM_FORK_ISTANBUL, view(&input), PLENTY),
                         PRECOMPILED_FAILED);
    }
}

/* -- memory ------------------------------------------------------------------------------------ */

static void *allocate_nothing(void *context, size_t size) {
    (void)context;
    (void)size;
    return NULL;
}

static void *resize_to_nothing(void *context, void *memory, size_t old_size, size_t new_size) {
    (void)context;
    (void)memory;
    (void)old_size;
    (void)new_size;
    return NULL;
}

static struct bytes input_with_output(unsigned number) {
    struct bytes input = {.size = 0};
    if (number == ECRECOVER) {
        struct signed_hash signature = sign(1, 1);
        input = ecrecover_input(&signature);
    } else if (number == MODEXP) {
        put_modexp(&input, 1, 1, 1, "01");
    } else if (number == BLAKE2) {
        input = blake2_input("00000001", "01");
    } else if (number != BN128_PAIRING) {
        put_fill(&input, 0, 1);
    }
    return input;
}

static void without_memory_for_the_output_every_contract_says_so(void **state) {
    (void)state;
    static const extvm_allocator nothing = {NULL, allocate_nothing, resize_to_nothing,
                                            release_nothing};
    for (unsigned number = ECRECOVER; number <= BLAKE2; number++) {
        struct bytes input = input_with_output(number);
        struct buffer output;
        uint64_t used;
        buffer_init(&output, &nothing, OUTPUT_MAXIMUM);
        assert_int_equal(
            precompiled_run(number, EXTVM_FORK_BERLIN, view(&input), PLENTY, &output, &used),
            PRECOMPILED_NO_MEMORY);
        assert_int_equal(output.size, 0);
        buffer_free(&output);
        buffer_init(&output, extvm_default_allocator(), 0);
        assert_int_equal(
            precompiled_run(number, EXTVM_FORK_BERLIN, view(&input), PLENTY, &output, &used),
            PRECOMPILED_NO_MEMORY);
        buffer_free(&output);
    }
}

static void what_an_earlier_contract_put_out_is_gone(void **state) {
    (void)state;
    struct buffer output;
    uint64_t used;
    struct bytes failing = blake2_input("00000001", "02");
    buffer_init(&output, extvm_default_allocator(), OUTPUT_MAXIMUM);
    for (unsigned number = ECRECOVER; number <= BLAKE2; number++) {
        assert_true(buffer_append(&output, "earlier", 7));
        struct bytes input = input_with_output(number);
        assert_int_equal(
            precompiled_run(number, EXTVM_FORK_BERLIN, view(&input), PLENTY, &output, &used),
            PRECOMPILED_OK);
        assert_true(output.size == 1 || output.size == 32 || output.size == 64);
    }
    assert_int_equal(
        precompiled_run(BLAKE2, EXTVM_FORK_BERLIN, view(&failing), PLENTY, &output, &used),
        PRECOMPILED_FAILED);
    assert_int_equal(output.size, 0);
    buffer_free(&output);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fork_has_the_contracts_of_its_time),
        cmocka_unit_test(an_address_that_only_ends_like_a_contract_s_is_an_ordinary_one),
        cmocka_unit_test(contracts_with_a_price_by_size_take_it_and_not_one_gas_less),
        cmocka_unit_test(modexp_costs_what_the_sizes_and_the_exponent_s_first_word_say),
        cmocka_unit_test(modexp_of_sizes_that_nobody_can_pay_fails_for_any_gas),
        cmocka_unit_test(modexp_with_a_huge_exponent_of_nothing_is_still_cheap),
        cmocka_unit_test(
            modexp_beyond_the_memory_there_may_be_is_refused_and_does_not_end_the_process),
        cmocka_unit_test(sha256_answers_as_the_standard_says),
        cmocka_unit_test(ripemd160_answers_as_its_authors_say_in_a_whole_word),
        cmocka_unit_test(identity_gives_its_input_back),
        cmocka_unit_test(ecrecover_finds_the_address_of_whoever_signed),
        cmocka_unit_test(ecrecover_of_no_signature_has_no_output_and_is_paid_as_usual),
        cmocka_unit_test(ecrecover_knows_no_v_but_27_and_28),
        cmocka_unit_test(the_curve_library_stands_its_own_checks),
        cmocka_unit_test(modexp_answers_the_examples_of_eip_198),
        cmocka_unit_test(modexp_of_small_numbers_is_repeated_multiplication),
        cmocka_unit_test(modexp_of_absent_numbers_gives_as_many_zeros_as_the_modulus_has_bytes),
        cmocka_unit_test(blake2_answers_the_vectors_of_eip_152),
        cmocka_unit_test(blake2_hashes_a_full_block),
        cmocka_unit_test(blake2_s_rounds_are_paid_before_they_are_run),
        cmocka_unit_test(blake2_input_of_another_size_or_with_another_flag_fails),
        cmocka_unit_test(without_memory_for_the_output_every_contract_says_so),
        cmocka_unit_test(what_an_earlier_contract_put_out_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
