/* The common setting of the worked exchanges in protocol/kevm.md, section 13. */
#ifndef EXTVM_TESTS_KEVM_SETTING_H
#define EXTVM_TESTS_KEVM_SETTING_H

#include <extvm/call.h>

#include "support/hex.h"

#define SENDER "a1*20 "
#define CONTRACT "cc*20 "
#define COINBASE "c0*20 "
#define STORE "a24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3" /* 13.2: what the create makes */

#define CONFIG                                                                                     \
    "0a0100 120100 1a0100 220100 2a0100 320100 3a0100 420100 4a0100 520100 5a026000 620100 "       \
    "6a020089"
#define HDR "3a28 0a14c0*20 1203020000 1a0101 2205174876e800 28e807"
#define CFG "4229" CONFIG
#define HELLO "00000030 0a03322e32 1229" CONFIG
/* What every Berlin call has at its end: type ACCESSLIST and the precompiled contracts (7.1). */
#define PRECOMPILED                                                                                \
    "0a1400*19 01 0a1400*19 02 0a1400*19 03 0a1400*19 04 0a1400*19 05 0a1400*19 06 0a1400*19 07 "  \
    "0a1400*19 08 0a1400*19 09"
#define WARM "5001 5ac601" PRECOMPILED

#define ASK_SENDER "00000018 0a160a14" SENDER
#define TOUCHED(address) "4214" address
#define TCC TOUCHED(SENDER) TOUCHED(COINBASE) TOUCHED(CONTRACT)

/* Block and chain of the setting; the bytes live for ever. */
static inline extvm_call setting_call(void) {
    static const uint8_t zero[] = {0}, one[] = {1}, code_size[] = {0x60, 0x00};
    static const uint8_t chain_id[] = {0x00, 0x89}, difficulty[] = {0x02, 0x00, 0x00};
    static const uint8_t gas_limit[] = {0x17, 0x48, 0x76, 0xe8, 0x00};
    extvm_call call = {
        .caller = hex_address(SENDER),
        .value = {zero, 1},
        .gas_price = {one, 1},
        .block = {.beneficiary = hex_address(COINBASE),
                  .difficulty = {difficulty, 3},
                  .number = {one, 1},
                  .gas_limit = {gas_limit, 5},
                  .timestamp = 1000},
        .chain = {.max_code_size = {code_size, 2},
                  .account_start_nonce = {zero, 1},
                  .chain_id = {chain_id, 2}},
    };
    for (unsigned fork = 0; fork < EXTVM_FORK_COUNT; fork++) {
        call.chain.fork_block[fork] = (extvm_bytes){zero, 1};
    }
    return call;
}

#endif
