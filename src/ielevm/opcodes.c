/* The table of IELE's instructions (protocol/iele-vm.md, section 3.2 and appendix B). */
#include "opcodes.h"

#include <string.h>

#define IELE_ROW(number, constant, text, result_count, operand_count, first, second, third)        \
    [number] = {.name = (text),                                                                    \
                .immediate = {IMMEDIATE_##first, IMMEDIATE_##second, IMMEDIATE_##third},           \
                .results = (result_count),                                                         \
                .operands = (operand_count)},
const struct iele_opcode_info iele_opcodes[IELE_OPCODES] = {IELE_INSTRUCTIONS(IELE_ROW)};
#undef IELE_ROW

uint8_t iele_opcode_named(const char *name) {
    for (unsigned i = 1; i < IELE_OPCODES; i++) {
        if (iele_opcodes[i].name != NULL && strcmp(iele_opcodes[i].name, name) == 0) {
            return (uint8_t)i;
        }
    }
    return 0;
}

const uint8_t iele_builtins[] = {
    IELE_INVALID,  IELE_GAS,     IELE_GASPRICE,  IELE_GASLIMIT,   IELE_BENEFICIARY, IELE_TIMESTAMP,
    IELE_NUMBER,   IELE_ADDRESS, IELE_ORIGIN,    IELE_CALLER,     IELE_CALLVALUE,   IELE_MSIZE,
    IELE_CODESIZE, IELE_BALANCE, IELE_BLOCKHASH, IELE_DIFFICULTY, IELE_EXTCODESIZE,
};
const size_t iele_builtin_count = sizeof iele_builtins;

uint8_t iele_builtin_named(const void *name, size_t size) {
    static const char prefix[] = "iele.";
    enum { PREFIX = sizeof prefix - 1 };
    if (size <= PREFIX || memcmp(name, prefix, PREFIX) != 0) {
        return 0;
    }
    for (size_t i = 0; i < iele_builtin_count; i++) {
        const char *short_name = iele_opcodes[iele_builtins[i]].name;
        if (strlen(short_name) == size - PREFIX &&
            memcmp(short_name, (const char *)name + PREFIX, size - PREFIX) == 0) {
            return iele_builtins[i];
        }
    }
    return 0;
}
