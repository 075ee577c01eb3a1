/* Comparing the state after an IELE test with the one that is expected. */
#include <string.h>

#include <extvm/integer.h>

#include "ieletest_run.h"
#include "text.h"

/* Both lists are sorted: the next element of one, the other, or both. */
enum side { IN_GOT = 1, IN_EXPECTED = 2, IN_BOTH = IN_GOT | IN_EXPECTED };

static enum side side_of(int order) {
    return order == 0 ? IN_BOTH : order < 0 ? IN_GOT : IN_EXPECTED;
}

static void release(const extvm_state *state, void *list) {
    const extvm_allocator *allocator = extvm_state_allocator(state);
    allocator->release(allocator->context, list);
}

/* -- storage -- */

struct storage {
    extvm_storage_update *list;
    size_t count, at;
};

static bool storage_of(const extvm_state *state, const extvm_address *address,
                       struct storage *out) {
    *out = (struct storage){NULL, 0, 0};
    return extvm_state_storage_entries(state, address, &out->list, &out->count) == EXTVM_OK;
}

static void compare_entries(struct verdict *verdict, const char *account, struct storage *got,
                            struct storage *expected) {
    static const uint8_t zero_digit[] = {0};
    const extvm_bytes zero = {zero_digit, 1};
    while (got->at < got->count || expected->at < expected->count) {
        const extvm_storage_update *ours = &got->list[got->at],
                                   *theirs = &expected->list[expected->at];
        enum side side = got->at == got->count ? IN_EXPECTED
                         : expected->at == expected->count
                             ? IN_GOT
                             : side_of(extvm_integer_compare(ours->key, theirs->key));
        extvm_bytes key = (side & IN_GOT) != 0 ? ours->key : theirs->key;
        extvm_bytes value = (side & IN_GOT) != 0 ? ours->value : zero;
        extvm_bytes wanted = (side & IN_EXPECTED) != 0 ? theirs->value : zero;
        if (extvm_integer_compare(value, wanted) != 0) {
            char *name = text_integer_hex(verdict->pool, key);
            verdict_hex(verdict,
                        verdict_text(verdict, "%s storage[%s]", account, name != NULL ? name : ""),
                        value, wanted);
        }
        got->at += (side & IN_GOT) != 0 ? 1 : 0;
        expected->at += (side & IN_EXPECTED) != 0 ? 1 : 0;
    }
}

static bool compare_storage(struct verdict *verdict, const char *account,
                            const extvm_address *address, const extvm_state *got,
                            const extvm_state *expected) {
    struct storage ours, theirs = {NULL, 0, 0};
    bool complete = storage_of(got, address, &ours) && storage_of(expected, address, &theirs);
    if (complete) {
        compare_entries(verdict, account, &ours, &theirs);
    }
    release(got, ours.list);
    release(expected, theirs.list);
    return complete;
}

/* -- accounts -- */

static bool compare_account(struct verdict *verdict, const extvm_address *address,
                            const extvm_state *got, const extvm_state *expected) {
    char hex[EXTVM_HEX_SIZE(EXTVM_ADDRESS_SIZE)];
    const char *account =
        verdict_text(verdict, "account %s",
                     extvm_bytes_to_hex((extvm_bytes){address->bytes, EXTVM_ADDRESS_SIZE}, hex));
    extvm_account ours, theirs;
    bool is_there = extvm_state_account(got, address, &ours);
    if (is_there != extvm_state_account(expected, address, &theirs)) {
        verdict_differs(verdict, account, is_there ? "there" : "absent",
                        is_there ? "absent" : "there");
        return true;
    }
    verdict_decimal(verdict, verdict_text(verdict, "%s nonce", account), ours.nonce, theirs.nonce);
    verdict_decimal(verdict, verdict_text(verdict, "%s balance", account), ours.balance,
                    theirs.balance);
    verdict_bytes(verdict, verdict_text(verdict, "%s code", account),
                  extvm_state_code(got, address), extvm_state_code(expected, address));
    return compare_storage(verdict, account, address, got, expected);
}

bool ieletest_compare_states(struct verdict *verdict, const extvm_state *got,
                             const extvm_state *expected) {
    extvm_address *ours = NULL, *theirs = NULL;
    size_t our_count = 0, their_count = 0, i = 0, j = 0;
    bool complete = extvm_state_addresses(got, &ours, &our_count) == EXTVM_OK &&
                    extvm_state_addresses(expected, &theirs, &their_count) == EXTVM_OK;
    while (complete && (i < our_count || j < their_count)) {
        enum side side = i == our_count     ? IN_EXPECTED
                         : j == their_count ? IN_GOT
                                            : side_of(memcmp(&ours[i], &theirs[j], sizeof ours[i]));
        complete =
            compare_account(verdict, (side & IN_GOT) != 0 ? &ours[i] : &theirs[j], got, expected);
        i += (side & IN_GOT) != 0 ? 1 : 0;
        j += (side & IN_EXPECTED) != 0 ? 1 : 0;
    }
    release(got, ours);
    release(expected, theirs);
    return complete;
}
