/* Reading one item of a function's body from a binary contract (protocol/iele-vm.md, section 3.1
 * and 3.3): nothing is taken apart beforehand, so that a contract needs no more memory than its
 * bytes. */
#ifndef EXTVM_IELEVM_INSTRUCTION_H
#define EXTVM_IELEVM_INSTRUCTION_H

#include <extvm/bytes.h>

#include "opcodes.h"

/* Registers above this cannot be named [cap]: a frame has as many words of memory for nothing. */
enum { IELE_REGISTER_MAXIMUM = (1 << 20) - 1 };

struct instruction {
    const uint8_t *start;
    uint8_t opcode;  /* IELE_LABEL for a label, which has one immediate and no registers */
    uint16_t number; /* the immediate that is a label, name or child; 0: there is none */
    uint16_t arguments, returns; /* how many `args…` and `rets…` there are */
    extvm_bytes magnitude;       /* big-endian, of IMMEDIATE_MAGNITUDE; may have leading zeros */
    uint32_t registers;          /* in the field: results, rets…, operands, args… */
    uint32_t results;            /* of them: those that are written, fixed results and rets… */
    extvm_bytes field;
};

/* Reads the item at `at`, which is before `end`, of a contract whose registers have `bits` bits.
 * Returns where it ends, or NULL when it is none or goes beyond `end`. */
const uint8_t *instruction_read(const uint8_t *at, const uint8_t *end, unsigned bits,
                                struct instruction *out);

/* Register `index` of the field, as far as its lowest 20 bits; instruction_registers has seen to it
 * that there are no more. */
uint32_t instruction_register(const struct instruction *instruction, unsigned bits, uint32_t index);

/* One more than the highest register that the instruction names, 0 when it names none; UINT32_MAX
 * when one is above IELE_REGISTER_MAXIMUM. */
uint32_t instruction_registers(const struct instruction *instruction, unsigned bits);

#endif
