/* The one table of IELE's instructions: what follows each opcode in a binary contract, for whoever
 * decodes, runs, assembles or disassembles one (protocol/iele-vm.md, section 3.2 and appendix B).
 */
#ifndef EXTVM_IELEVM_OPCODES_H
#define EXTVM_IELEVM_OPCODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an immediate is. All are big-endian u16, but for the magnitude. */
enum iele_immediate {
    IMMEDIATE_NONE,
    IMMEDIATE_LABEL,     /* a label of the same function */
    IMMEDIATE_NAME,      /* the number of a name in the contract's table */
    IMMEDIATE_CHILD,     /* the number of a child contract in it */
    IMMEDIATE_ARGUMENTS, /* how many registers `args…` (or `values…`) are */
    IMMEDIATE_RETURNS,   /* how many registers `rets…` are */
    IMMEDIATE_MAGNITUDE  /* a length-prefixed number of 0 or more (section 3.1) */
};

enum { IELE_IMMEDIATES = 3, IELE_OPCODES = 256 };

/* ROW(opcode, NAME, "name", results, operands, first, second and third immediate)
 *
 * The register field holds, in this order: the fixed results, as many `rets…` as IMMEDIATE_RETURNS
 * says, the fixed operands, as many `args…` as IMMEDIATE_ARGUMENTS says. The names are those of
 * appendix B, made unique: the text has "load" for `load` and `loadrange`, `cmp lt` for `lt`, and
 * so on (section 18). */
/* clang-format off */
#define IELE_INSTRUCTIONS(ROW) \
    ROW(0x01, ADD,            "add",            1, 2, NONE,      NONE,      NONE) \
    ROW(0x02, MUL,            "mul",            1, 2, NONE,      NONE,      NONE) \
    ROW(0x03, SUB,            "sub",            1, 2, NONE,      NONE,      NONE) \
    ROW(0x04, DIV,            "div",            1, 2, NONE,      NONE,      NONE) \
    ROW(0x06, MOD,            "mod",            1, 2, NONE,      NONE,      NONE) \
    ROW(0x07, EXP,            "exp",            1, 2, NONE,      NONE,      NONE) \
    ROW(0x08, ADDMOD,         "addmod",         1, 3, NONE,      NONE,      NONE) \
    ROW(0x09, MULMOD,         "mulmod",         1, 3, NONE,      NONE,      NONE) \
    ROW(0x0a, EXPMOD,         "expmod",         1, 3, NONE,      NONE,      NONE) \
    ROW(0x0b, SEXT,           "sext",           1, 2, NONE,      NONE,      NONE) \
    ROW(0x0c, TWOS,           "twos",           1, 2, NONE,      NONE,      NONE) \
    ROW(0x0d, BSWAP,          "bswap",          1, 2, NONE,      NONE,      NONE) \
    ROW(0x0f, NE,             "ne",             1, 2, NONE,      NONE,      NONE) \
    ROW(0x10, LT,             "lt",             1, 2, NONE,      NONE,      NONE) \
    ROW(0x11, GT,             "gt",             1, 2, NONE,      NONE,      NONE) \
    ROW(0x12, LE,             "le",             1, 2, NONE,      NONE,      NONE) \
    ROW(0x13, GE,             "ge",             1, 2, NONE,      NONE,      NONE) \
    ROW(0x14, EQ,             "eq",             1, 2, NONE,      NONE,      NONE) \
    ROW(0x15, ISZERO,         "iszero",         1, 1, NONE,      NONE,      NONE) \
    ROW(0x16, AND,            "and",            1, 2, NONE,      NONE,      NONE) \
    ROW(0x17, OR,             "or",             1, 2, NONE,      NONE,      NONE) \
    ROW(0x18, XOR,            "xor",            1, 2, NONE,      NONE,      NONE) \
    ROW(0x19, NOT,            "not",            1, 1, NONE,      NONE,      NONE) \
    ROW(0x1a, BYTE,           "byte",           1, 2, NONE,      NONE,      NONE) \
    ROW(0x1b, SHIFT,          "shift",          1, 2, NONE,      NONE,      NONE) \
    ROW(0x1c, LOG2,           "log2",           1, 1, NONE,      NONE,      NONE) \
    ROW(0x20, SHA3,           "sha3",           1, 1, NONE,      NONE,      NONE) \
    ROW(0x30, ADDRESS,        "address",        1, 0, NONE,      NONE,      NONE) \
    ROW(0x31, BALANCE,        "balance",        1, 1, NONE,      NONE,      NONE) \
    ROW(0x32, ORIGIN,         "origin",         1, 0, NONE,      NONE,      NONE) \
    ROW(0x33, CALLER,         "caller",         1, 0, NONE,      NONE,      NONE) \
    ROW(0x34, CALLVALUE,      "callvalue",      1, 0, NONE,      NONE,      NONE) \
    ROW(0x38, CODESIZE,       "codesize",       1, 0, NONE,      NONE,      NONE) \
    ROW(0x3a, GASPRICE,       "gasprice",       1, 0, NONE,      NONE,      NONE) \
    ROW(0x3b, EXTCODESIZE,    "extcodesize",    1, 1, NONE,      NONE,      NONE) \
    ROW(0x40, BLOCKHASH,      "blockhash",      1, 1, NONE,      NONE,      NONE) \
    ROW(0x41, BENEFICIARY,    "beneficiary",    1, 0, NONE,      NONE,      NONE) \
    ROW(0x42, TIMESTAMP,      "timestamp",      1, 0, NONE,      NONE,      NONE) \
    ROW(0x43, NUMBER,         "number",         1, 0, NONE,      NONE,      NONE) \
    ROW(0x44, DIFFICULTY,     "difficulty",     1, 0, NONE,      NONE,      NONE) \
    ROW(0x45, GASLIMIT,       "gaslimit",       1, 0, NONE,      NONE,      NONE) \
    ROW(0x50, LOADRANGE,      "loadrange",      1, 3, NONE,      NONE,      NONE) \
    ROW(0x51, LOAD,           "load",           1, 1, NONE,      NONE,      NONE) \
    ROW(0x52, STORERANGE,     "storerange",     0, 4, NONE,      NONE,      NONE) \
    ROW(0x53, STORE,          "store",          0, 2, NONE,      NONE,      NONE) \
    ROW(0x54, SLOAD,          "sload",          1, 1, NONE,      NONE,      NONE) \
    ROW(0x55, SSTORE,         "sstore",         0, 2, NONE,      NONE,      NONE) \
    ROW(0x56, MSIZE,          "msize",          1, 0, NONE,      NONE,      NONE) \
    ROW(0x57, GAS,            "gas",            1, 0, NONE,      NONE,      NONE) \
    ROW(0x60, MOVE,           "move",           1, 1, NONE,      NONE,      NONE) \
    ROW(0x61, CONSTANT,       "constant",       1, 0, MAGNITUDE, NONE,      NONE) \
    ROW(0x62, CONSTANTMINUS,  "constantminus",  1, 0, MAGNITUDE, NONE,      NONE) \
    ROW(0x64, BR,             "br",             0, 0, LABEL,     NONE,      NONE) \
    ROW(0x65, BRIF,           "brif",           0, 1, LABEL,     NONE,      NONE) \
    ROW(0xa0, LOG0,           "log0",           0, 1, NONE,      NONE,      NONE) \
    ROW(0xa1, LOG1,           "log1",           0, 2, NONE,      NONE,      NONE) \
    ROW(0xa2, LOG2TOPICS,     "log2topics",     0, 3, NONE,      NONE,      NONE) \
    ROW(0xa3, LOG3,           "log3",           0, 4, NONE,      NONE,      NONE) \
    ROW(0xa4, LOG4,           "log4",           0, 5, NONE,      NONE,      NONE) \
    ROW(0xf0, CREATE,         "create",         2, 1, CHILD,     ARGUMENTS, NONE) \
    ROW(0xf1, COPYCREATE,     "copycreate",     2, 2, ARGUMENTS, NONE,      NONE) \
    ROW(0xf2, CALL,           "call",           1, 3, NAME,      ARGUMENTS, RETURNS) \
    ROW(0xf3, CALLPTR,        "callptr",        1, 4, ARGUMENTS, RETURNS,   NONE) \
    ROW(0xf4, STATICCALL,     "staticcall",     1, 2, NAME,      ARGUMENTS, RETURNS) \
    ROW(0xf5, STATICCALLPTR,  "staticcallptr",  1, 3, ARGUMENTS, RETURNS,   NONE) \
    ROW(0xf6, RET,            "ret",            0, 0, ARGUMENTS, NONE,      NONE) \
    ROW(0xf7, REVERT,         "revert",         0, 1, NONE,      NONE,      NONE) \
    ROW(0xf8, LOCALCALL,      "localcall",      0, 0, NAME,      ARGUMENTS, RETURNS) \
    ROW(0xf9, LOCALCALLPTR,   "localcallptr",   0, 1, ARGUMENTS, RETURNS,   NONE) \
    ROW(0xfa, CALLADDRESS,    "calladdress",    1, 1, NAME,      NONE,      NONE) \
    ROW(0xfe, INVALID,        "invalid",        0, 0, NONE,      NONE,      NONE) \
    ROW(0xff, SELFDESTRUCT,   "selfdestruct",   0, 1, NONE,      NONE,      NONE)
/* clang-format on */

#define IELE_ROW(number, name, ...) IELE_##name = (number),
enum iele_opcode { IELE_INSTRUCTIONS(IELE_ROW) };
#undef IELE_ROW

/* The bytes that are structure, not instructions (section 3.1). */
enum {
    IELE_HEADER = 0x63,
    IELE_LABEL = 0x66,
    IELE_PRIVATE = 0x67,
    IELE_PUBLIC = 0x68,
    IELE_NAME = 0x69,
    IELE_CHILD = 0x6a
};

struct iele_opcode_info {
    const char *name; /* NULL: not an instruction */
    uint8_t immediate[IELE_IMMEDIATES];
    uint8_t results;  /* fixed ones */
    uint8_t operands; /* fixed ones */
};

extern const struct iele_opcode_info iele_opcodes[IELE_OPCODES];

/* The opcode of that name, or 0, which is none. */
uint8_t iele_opcode_named(const char *name);

/* The functions that a local call by name reaches though no contract defines them, each standing
 * for an opcode (section 4, rule 4). The text's names have "iele." before them. */
extern const uint8_t iele_builtins[];
extern const size_t iele_builtin_count;

/* The opcode that the name of `size` bytes, "iele." included, stands for in a local call, or 0. */
uint8_t iele_builtin_named(const void *name, size_t size);

#endif
