/* What instructions cost: the cost helpers of protocol/iele-vm.md, section 7, and the constants of
 * its appendix A. Sizes are in words of 8 bytes, prices in milligas (1/1000 gas). */
#ifndef EXTVM_IELEVM_PRICE_H
#define EXTVM_IELEVM_PRICE_H

#include <stdint.h>

__extension__ typedef __int128 iele_wide;

enum {
    MILLIGAS_IN_GAS = 1000,

    GAS_MOVE = 2000, /* constants too */
    GAS_ENVIRONMENT = 2000,
    GAS_ADD = 2800,
    GAS_MUL = 4900,
    GAS_DIV = 4900,
    GAS_EXP = 5300,
    GAS_EXPMOD = 6000,
    GAS_NOT = 2700, /* and xor */
    GAS_AND = 2900, /* and or, shift */
    GAS_LOG2 = 2300,
    GAS_BYTE = 2500,
    GAS_TWOS = 3100,
    GAS_SEXT = 3300,
    GAS_BSWAP = 3300,
    GAS_ISZERO = 1800,
    GAS_COMPARE = 2500,
    GAS_BRANCH = 5000,
    GAS_BLOCKHASH = 20000,
    GAS_SHA3 = 8300,
    GAS_SHA3_WORD = 20,
    GAS_LOAD = 2900,
    GAS_LOADRANGE = 3300,
    GAS_LOAD_WORD = 3,
    GAS_STORE = 2800,
    GAS_STORERANGE = 3900,
    GAS_STORE_WORD = 4,
    GAS_BALANCE = 400000,
    GAS_EXTCODE = 700000, /* extcodesize, calladdress */
    GAS_LOG = 375000,
    GAS_LOG_WORD = 8000,
    GAS_LOG_TOPIC = 375000,
    GAS_SLOAD = 190000,
    GAS_SLOAD_KEY_WORD = 8000,
    GAS_SLOAD_VALUE_WORD = 2000,
    GAS_SSTORE = 4950000,
    GAS_SSTORE_KEY_WORD = 400,
    GAS_SSTORE_VALUE_WORD = 300,
    GAS_SSTORE_GROWTH = 1875000, /* for each word more */
    GAS_LOCAL_CALL = 6800,
    GAS_LOCAL_REGISTER = 1000,
    WORDS_LOCAL_CALL = 2, /* of memory */
    GAS_CALL = 40000,
    GAS_CALL_REGISTER = 1000,
    GAS_CALL_VALUE = 9000000,
    GAS_NEW_ACCOUNT = 25000000, /* money for an empty one; selfdestruct too */
    GAS_STIPEND = 2300000,
    GAS_CREATE = 32000000,
    GAS_COPYCREATE = 33000000,
    GAS_CREATE_ARGUMENT = 2000,
    GAS_DEPOSIT_BYTE = 200000,
    GAS_ECREC = 3000000,
    GAS_HASH = 25000, /* sha256, rip160 */
    GAS_HASH_WORD = 30,
    GAS_ECADD = 35000,
    GAS_ECMUL = 1700000,
    GAS_PAIRING = 100000000,
    GAS_PAIRING_PAIR = 26000000,
    REFUND_STORAGE_WORD = 1875,  /* gas, not milligas */
    REFUND_SELFDESTRUCT = 24000, /* gas, not milligas */
    CALL_DEPTH_MAXIMUM = 1024
};

/* What cannot be paid, whatever gas there is. */
#define PRICE_UNPAYABLE INT64_MAX

static inline int64_t price_clamp(iele_wide price) {
    return price > INT64_MAX ? INT64_MAX : price < INT64_MIN ? INT64_MIN : (int64_t)price;
}

static inline int64_t words_maximum(int64_t a, int64_t b) {
    return a > b ? a : b;
}
static inline int64_t words_minimum(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* w8 and w64: bytes and bits in words, toward zero. Not for numbers near 2^63. */
static inline int64_t words_of_bytes(int64_t bytes) {
    return (bytes + 7) / 8;
}
static inline int64_t words_of_bits(int64_t bits) {
    return (bits + 63) / 64;
}

/* Cmem(words): all memory of a frame. */
int64_t price_of_memory(int64_t words);

/* K, Cmul, Cdiv, for sizes below 2^45. */
iele_wide price_karatsuba(iele_wide size);
int64_t price_of_mul(int64_t a, int64_t b);
int64_t price_of_div(int64_t a, int64_t b);

#endif
