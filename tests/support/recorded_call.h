/* The call of the recorded session of the real KEVM (protocol/kevm.md, section 13.1), with the
 * chain that its Hello tells. */
#ifndef EXTVM_TESTS_RECORDED_CALL_H
#define EXTVM_TESTS_RECORDED_CALL_H

#include "support/cases.h"

#define RECORDED_CALLER "a94f5374fce5edbc8e2a8697c15331677e6ebf0b"
#define RECORDED_CREATED "ec0e71ad0a90ffe1909d27dac207f7680abba42d"

enum { RECORDED_VM_SIZE = 471 /* bytes of accesslist_proto.bin.expected */ };

struct recorded_call {
    struct case_call one;
    extvm_access_list list;
    extvm_access_entry entry;
};

static inline void recorded_call_init(struct recorded_call *made) {
    case_call_init(&made->one, NULL, "5a3031505a90036001555a60ff6000555a900360005500", "0",
                   "342368");
    extvm_call *call = &made->one.call;
    call->caller = case_address(RECORDED_CALLER);
    call->block.beneficiary = case_address("2adc25665018aa1fe0e6bc666dac8fc2697ff9ba");
    call->block.gas_limit = case_number(&made->one, "0xff112233445566");
    call->chain.chain_id = case_number(&made->one, "1");
    call->chain.fork_block[EXTVM_FORK_BERLIN] = case_number(&made->one, "1000000000000000000");
    static const extvm_bytes key = {(const uint8_t *)"", 1};
    made->entry = (extvm_access_entry){case_address(RECORDED_CREATED), &key, 1};
    made->list = (extvm_access_list){&made->entry, 1};
    call->type = EXTVM_TRANSACTION_ACCESS_LIST;
    call->access_list = &made->list;
}

static inline void recorded_world_init(extvm_state *state) {
    case_account(state, RECORDED_CALLER, "2", "0xfffffffffffff9e580", "");
}

#endif
