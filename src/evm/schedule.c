/* The schedule of each fork, and the opcode table for those who have an opcode as a number. */
#include "schedule.h"

#include <stddef.h>

#include "opcodes.h"

/* One column of the table in schedule.h for each fork. */
#define FRONTIER(type, name, f, h, e150, e160, e161, byz, con, pet, ist, ber) .name = f,
#define HOMESTEAD(type, name, f, h, e150, e160, e161, byz, con, pet, ist, ber) .name = h,
#define EIP150(type, name, f, h, e150, e160, e161, byz, con, pet, ist, ber) .name = e150,
#define EIP160(type, name, f, h, e150, e160, e161, byz, con, pet, ist, ber) .name = e160,
#define EIP161(type, name, f, h, e150, e160, e161, byz, con, pet, ist, ber) .name = e161,
#define BYZANTIUM(type, name, f, h, e150, e160, e161, byz, con, pet, ist, ber) .name = byz,
#define CONSTANTINOPLE(type, name, f, h, e150, e160, e161, byz, con, pet, ist, ber) .name = con,
#define PETERSBURG(type, name, f, h, e150, e160, e161, byz, con, pet, ist, ber) .name = pet,
#define ISTANBUL(type, name, f, h, e150, e160, e161, byz, con, pet, ist, ber) .name = ist,
#define BERLIN(type, name, f, h, e150, e160, e161, byz, con, pet, ist, ber) .name = ber,

static const struct schedule schedules[EXTVM_FORK_COUNT] = {
    [EXTVM_FORK_FRONTIER] = {SCHEDULE(FRONTIER)},
    [EXTVM_FORK_HOMESTEAD] = {SCHEDULE(HOMESTEAD)},
    [EXTVM_FORK_EIP150] = {SCHEDULE(EIP150)},
    [EXTVM_FORK_EIP160] = {SCHEDULE(EIP160)},
    [EXTVM_FORK_EIP161] = {SCHEDULE(EIP161)},
    [EXTVM_FORK_BYZANTIUM] = {SCHEDULE(BYZANTIUM)},
    [EXTVM_FORK_CONSTANTINOPLE] = {SCHEDULE(CONSTANTINOPLE)},
    [EXTVM_FORK_PETERSBURG] = {SCHEDULE(PETERSBURG)},
    [EXTVM_FORK_ISTANBUL] = {SCHEDULE(ISTANBUL)},
    [EXTVM_FORK_BERLIN] = {SCHEDULE(BERLIN)},
};

const struct schedule *schedule_of(extvm_fork fork) {
    return &schedules[fork];
}

#define TABLE_ROW(number, name, taken, given, gas, since)                                          \
    [number] = {#name, taken, given, EXTVM_FORK_##since},
static const struct opcode_row rows[256] = {OPCODES(TABLE_ROW)};

const struct opcode_row *opcode_row(uint8_t opcode) {
    return &rows[opcode];
}

#define TABLE_GAS(number, name, taken, given, gas, since) [number] = gas,

int64_t opcode_gas(uint8_t opcode, const struct schedule *schedule) {
    const int64_t gas_of[256] = {OPCODES(TABLE_GAS)};
    return gas_of[opcode];
}
