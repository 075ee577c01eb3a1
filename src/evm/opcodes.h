/* The opcodes: one line for each, from which the interpreter's checks and all tables are made.
 *
 * ROW(number, name, taken, given, gas, since) - `taken` and `given` are stack words; `gas` is what
 * is paid before anything else is done, a constant or a field of `schedule` where the forks differ;
 * what depends on the operands comes on top (operations.c, storage_operations.c, calls.c). `since`
 * is the first fork that has the opcode. Without a source: yellow paper, appendix H. */
#ifndef EXTVM_EVM_OPCODES_H
#define EXTVM_EVM_OPCODES_H

#include "schedule.h"

/* Yellow paper, appendix G: the sets of opcodes that cost the same, in gas. */
enum {
    GAS_ZERO = 0,
    GAS_JUMPDEST = 1,
    GAS_BASE = 2,
    GAS_VERY_LOW = 3,
    GAS_LOW = 5,
    GAS_MID = 8,
    GAS_HIGH = 10,
    GAS_EXP = 10,
    GAS_BLOCKHASH = 20,
    GAS_KECCAK256 = 30,
    GAS_LOG = 375,
    GAS_CREATE = 32000
};

/* clang-format off */
#define OPCODES(ROW) \
    ROW(0x00, STOP,           0, 0, GAS_ZERO,                  FRONTIER) \
    ROW(0x01, ADD,            2, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x02, MUL,            2, 1, GAS_LOW,                   FRONTIER) \
    ROW(0x03, SUB,            2, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x04, DIV,            2, 1, GAS_LOW,                   FRONTIER) \
    ROW(0x05, SDIV,           2, 1, GAS_LOW,                   FRONTIER) \
    ROW(0x06, MOD,            2, 1, GAS_LOW,                   FRONTIER) \
    ROW(0x07, SMOD,           2, 1, GAS_LOW,                   FRONTIER) \
    ROW(0x08, ADDMOD,         3, 1, GAS_MID,                   FRONTIER) \
    ROW(0x09, MULMOD,         3, 1, GAS_MID,                   FRONTIER) \
    ROW(0x0a, EXP,            2, 1, GAS_EXP,                   FRONTIER) /* a byte: EIP-160 */ \
    ROW(0x0b, SIGNEXTEND,     2, 1, GAS_LOW,                   FRONTIER) \
    ROW(0x10, LT,             2, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x11, GT,             2, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x12, SLT,            2, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x13, SGT,            2, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x14, EQ,             2, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x15, ISZERO,         1, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x16, AND,            2, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x17, OR,             2, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x18, XOR,            2, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x19, NOT,            1, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x1a, BYTE,           2, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x1b, SHL,            2, 1, GAS_VERY_LOW,              CONSTANTINOPLE) /* EIP-145 */ \
    ROW(0x1c, SHR,            2, 1, GAS_VERY_LOW,              CONSTANTINOPLE) /* EIP-145 */ \
    ROW(0x1d, SAR,            2, 1, GAS_VERY_LOW,              CONSTANTINOPLE) /* EIP-145 */ \
    ROW(0x20, KECCAK256,      2, 1, GAS_KECCAK256,             FRONTIER) \
    ROW(0x30, ADDRESS,        0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x31, BALANCE,        1, 1, schedule->balance,         FRONTIER) /* EIP-150, 1884, 2929 */ \
    ROW(0x32, ORIGIN,         0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x33, CALLER,         0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x34, CALLVALUE,      0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x35, CALLDATALOAD,   1, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x36, CALLDATASIZE,   0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x37, CALLDATACOPY,   3, 0, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x38, CODESIZE,       0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x39, CODECOPY,       3, 0, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x3a, GASPRICE,       0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x3b, EXTCODESIZE,    1, 1, schedule->code_access,     FRONTIER) /* EIP-150, 2929 */ \
    ROW(0x3c, EXTCODECOPY,    4, 0, schedule->code_access,     FRONTIER) /* EIP-150, 2929 */ \
    ROW(0x3d, RETURNDATASIZE, 0, 1, GAS_BASE,                  BYZANTIUM) /* EIP-211 */ \
    ROW(0x3e, RETURNDATACOPY, 3, 0, GAS_VERY_LOW,              BYZANTIUM) /* EIP-211 */ \
    ROW(0x3f, EXTCODEHASH,    1, 1, schedule->code_hash,       CONSTANTINOPLE) /* EIP-1052, 1884, 2929 */ \
    ROW(0x40, BLOCKHASH,      1, 1, GAS_BLOCKHASH,             FRONTIER) \
    ROW(0x41, COINBASE,       0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x42, TIMESTAMP,      0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x43, NUMBER,         0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x44, DIFFICULTY,     0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x45, GASLIMIT,       0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x46, CHAINID,        0, 1, GAS_BASE,                  ISTANBUL) /* EIP-1344 */ \
    ROW(0x47, SELFBALANCE,    0, 1, GAS_LOW,                   ISTANBUL) /* EIP-1884 */ \
    ROW(0x50, POP,            1, 0, GAS_BASE,                  FRONTIER) \
    ROW(0x51, MLOAD,          1, 1, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x52, MSTORE,         2, 0, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x53, MSTORE8,        2, 0, GAS_VERY_LOW,              FRONTIER) \
    ROW(0x54, SLOAD,          1, 1, schedule->sload,           FRONTIER) /* EIP-150, 1884, 2929 */ \
    ROW(0x55, SSTORE,         2, 0, GAS_ZERO,                  FRONTIER) /* EIP-1283, 2200, 2929 */ \
    ROW(0x56, JUMP,           1, 0, GAS_MID,                   FRONTIER) \
    ROW(0x57, JUMPI,          2, 0, GAS_HIGH,                  FRONTIER) \
    ROW(0x58, PC,             0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x59, MSIZE,          0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x5a, GAS,            0, 1, GAS_BASE,                  FRONTIER) \
    ROW(0x5b, JUMPDEST,       0, 0, GAS_JUMPDEST,              FRONTIER) \
    PUSH_OPCODES(ROW) DUP_OPCODES(ROW) SWAP_OPCODES(ROW) \
    ROW(0xa0, LOG0,           2, 0, GAS_LOG,                   FRONTIER) \
    ROW(0xa1, LOG1,           3, 0, GAS_LOG,                   FRONTIER) \
    ROW(0xa2, LOG2,           4, 0, GAS_LOG,                   FRONTIER) \
    ROW(0xa3, LOG3,           5, 0, GAS_LOG,                   FRONTIER) \
    ROW(0xa4, LOG4,           6, 0, GAS_LOG,                   FRONTIER) \
    ROW(0xf0, CREATE,         3, 1, GAS_CREATE,                FRONTIER) \
    ROW(0xf1, CALL,           7, 1, schedule->call,            FRONTIER) /* EIP-150, 2929 */ \
    ROW(0xf2, CALLCODE,       7, 1, schedule->call,            FRONTIER) /* EIP-150, 2929 */ \
    ROW(0xf3, RETURN,         2, 0, GAS_ZERO,                  FRONTIER) \
    ROW(0xf4, DELEGATECALL,   6, 1, schedule->call,            HOMESTEAD) /* EIP-7, 150, 2929 */ \
    ROW(0xf5, CREATE2,        4, 1, GAS_CREATE,                CONSTANTINOPLE) /* EIP-1014 */ \
    ROW(0xfa, STATICCALL,     6, 1, schedule->call,            BYZANTIUM) /* EIP-214, 2929 */ \
    ROW(0xfd, REVERT,         2, 0, GAS_ZERO,                  BYZANTIUM) /* EIP-140 */ \
    ROW(0xff, SELFDESTRUCT,   1, 0, schedule->selfdestruct,    FRONTIER) /* EIP-150, 2929 */

/* NUMBERED(row, number, n) for the opcodes that only differ in n. */
#define NUMBERED_PUSHES(NUMBERED, ROW) \
    NUMBERED(ROW, 0x60, 1)  NUMBERED(ROW, 0x61, 2)  NUMBERED(ROW, 0x62, 3)  NUMBERED(ROW, 0x63, 4) \
    NUMBERED(ROW, 0x64, 5)  NUMBERED(ROW, 0x65, 6)  NUMBERED(ROW, 0x66, 7)  NUMBERED(ROW, 0x67, 8) \
    NUMBERED(ROW, 0x68, 9)  NUMBERED(ROW, 0x69, 10) NUMBERED(ROW, 0x6a, 11) NUMBERED(ROW, 0x6b, 12) \
    NUMBERED(ROW, 0x6c, 13) NUMBERED(ROW, 0x6d, 14) NUMBERED(ROW, 0x6e, 15) NUMBERED(ROW, 0x6f, 16) \
    NUMBERED(ROW, 0x70, 17) NUMBERED(ROW, 0x71, 18) NUMBERED(ROW, 0x72, 19) NUMBERED(ROW, 0x73, 20) \
    NUMBERED(ROW, 0x74, 21) NUMBERED(ROW, 0x75, 22) NUMBERED(ROW, 0x76, 23) NUMBERED(ROW, 0x77, 24) \
    NUMBERED(ROW, 0x78, 25) NUMBERED(ROW, 0x79, 26) NUMBERED(ROW, 0x7a, 27) NUMBERED(ROW, 0x7b, 28) \
    NUMBERED(ROW, 0x7c, 29) NUMBERED(ROW, 0x7d, 30) NUMBERED(ROW, 0x7e, 31) NUMBERED(ROW, 0x7f, 32)
#define NUMBERED_SIXTEEN(NUMBERED, ROW, high) \
    NUMBERED(ROW, high##0, 1)  NUMBERED(ROW, high##1, 2)  NUMBERED(ROW, high##2, 3)  \
    NUMBERED(ROW, high##3, 4)  NUMBERED(ROW, high##4, 5)  NUMBERED(ROW, high##5, 6)  \
    NUMBERED(ROW, high##6, 7)  NUMBERED(ROW, high##7, 8)  NUMBERED(ROW, high##8, 9)  \
    NUMBERED(ROW, high##9, 10) NUMBERED(ROW, high##a, 11) NUMBERED(ROW, high##b, 12) \
    NUMBERED(ROW, high##c, 13) NUMBERED(ROW, high##d, 14) NUMBERED(ROW, high##e, 15) \
    NUMBERED(ROW, high##f, 16)

#define PUSH_ROW(ROW, number, n) ROW(number, PUSH##n, 0, 1, GAS_VERY_LOW, FRONTIER)
#define DUP_ROW(ROW, number, n) ROW(number, DUP##n, n, (n) + 1, GAS_VERY_LOW, FRONTIER)
#define SWAP_ROW(ROW, number, n) ROW(number, SWAP##n, (n) + 1, (n) + 1, GAS_VERY_LOW, FRONTIER)
#define PUSH_OPCODES(ROW) NUMBERED_PUSHES(PUSH_ROW, ROW)
#define DUP_OPCODES(ROW) NUMBERED_SIXTEEN(DUP_ROW, ROW, 0x8)
#define SWAP_OPCODES(ROW) NUMBERED_SIXTEEN(SWAP_ROW, ROW, 0x9)
/* clang-format on */

#define OPCODE_NUMBER(number, name, taken, given, gas, since) OP_##name = (number),
enum opcode { OPCODES(OPCODE_NUMBER) };
#undef OPCODE_NUMBER

/* A line of the table, for whoever has the opcode as a number. */
struct opcode_row {
    const char *name; /* NULL: no fork has the opcode */
    unsigned taken, given;
    extvm_fork since;
};

const struct opcode_row *opcode_row(uint8_t opcode);

/* What the opcode costs before anything else under this schedule, in gas. */
int64_t opcode_gas(uint8_t opcode, const struct schedule *schedule);

#endif
