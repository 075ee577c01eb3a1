/* Which precompiled contracts a fork has, what they cost, and running them (yellow paper, section 8
 * and appendix E; the EIPs beside each line of the table). */
#include "precompiled.h"

#include "common/memory.h"
#include "precompiled_contracts.h"

struct contract {
    unsigned number; /* the address */
    extvm_fork since;
    struct precompiled_price price;
    precompiled_function *run;
};

/* `base`, and `per_unit` for each `unit` bytes of input that has begun. */
static bool price_by_size(const struct precompiled_price *price, extvm_bytes input, uint64_t *gas) {
    uint64_t units = input.size / price->unit + (input.size % price->unit != 0);
    return !__builtin_mul_overflow(units, price->per_unit, gas) &&
           !__builtin_add_overflow(*gas, price->base, gas);
}

/* `base`, and `per_unit` for each `unit` bytes of input that are complete. */
static bool price_by_whole_units(const struct precompiled_price *price, extvm_bytes input,
                                 uint64_t *gas) {
    extvm_bytes whole = {input.data, input.size - input.size % price->unit};
    return price_by_size(price, whole, gas);
}

enum { WORD = EXTVM_WORD_SIZE, PAIR = 192 }; /* bytes */

/* A contract's later lines replace its earlier ones. */
static const struct contract contracts[] = {
    /* Yellow paper, appendix E */
    {1, EXTVM_FORK_FRONTIER, {price_by_size, 3000, 0, WORD}, ecrecover_run},
    {2, EXTVM_FORK_FRONTIER, {price_by_size, 60, 12, WORD}, sha256_run},
    {3, EXTVM_FORK_FRONTIER, {price_by_size, 600, 120, WORD}, ripemd160_run},
    {4, EXTVM_FORK_FRONTIER, {price_by_size, 15, 3, WORD}, identity_run},
    /* EIP-198, EIP-2565 */
    {5, EXTVM_FORK_BYZANTIUM, {modexp_price_eip198, 0, 0, 20}, modexp_run},
    {5, EXTVM_FORK_BERLIN, {modexp_price_eip2565, 200, 0, 3}, modexp_run},
    /* EIP-196, EIP-1108 */
    {6, EXTVM_FORK_BYZANTIUM, {price_by_size, 500, 0, WORD}, bn128_add_run},
    {6, EXTVM_FORK_ISTANBUL, {price_by_size, 150, 0, WORD}, bn128_add_run},
    {7, EXTVM_FORK_BYZANTIUM, {price_by_size, 40000, 0, WORD}, bn128_multiply_run},
    {7, EXTVM_FORK_ISTANBUL, {price_by_size, 6000, 0, WORD}, bn128_multiply_run},
    /* EIP-197, EIP-1108 */
    {8, EXTVM_FORK_BYZANTIUM, {price_by_whole_units, 100000, 80000, PAIR}, bn128_pairing_run},
    {8, EXTVM_FORK_ISTANBUL, {price_by_whole_units, 45000, 34000, PAIR}, bn128_pairing_run},
    /* EIP-152 */
    {9, EXTVM_FORK_ISTANBUL, {blake2_price, 0, 1, 0}, blake2_run},
};

/* The contract's newest line that `fork` has, or NULL. */
static const struct contract *contract_find(unsigned number, extvm_fork fork) {
    const struct contract *found = NULL;
    for (size_t i = 0; i < sizeof contracts / sizeof contracts[0]; i++) {
        if (contracts[i].number == number && contracts[i].since <= fork) {
            found = &contracts[i];
        }
    }
    return found;
}

unsigned precompiled_number(extvm_fork fork, const extvm_address *address) {
    static const uint8_t zeros[EXTVM_ADDRESS_SIZE - 1] = {0};
    if (memcmp(address->bytes, zeros, sizeof zeros) != 0) {
        return 0;
    }
    unsigned number = address->bytes[EXTVM_ADDRESS_SIZE - 1];
    return contract_find(number, fork) != NULL ? number : 0;
}

enum precompiled_status precompiled_run(unsigned number, extvm_fork fork, extvm_bytes input,
                                        uint64_t gas, struct buffer *output, uint64_t *gas_used) {
    output->size = 0;
    const struct contract *contract = contract_find(number, fork);
    uint64_t price;
    if (contract == NULL || !contract->price.function(&contract->price, input, &price) ||
        price > gas) {
        return PRECOMPILED_FAILED;
    }
    if (input.size == 0) {
        input.data = (const uint8_t *)""; /* the libraries want a pointer, for no bytes too */
    }
    enum precompiled_status status = contract->run(input, output);
    if (status == PRECOMPILED_OK) {
        *gas_used = price;
    }
    return status;
}
