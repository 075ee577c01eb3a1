/* How much gas a second the internal EVM works off: three programs through the public API, on one
 * thread, each the best of three runs by user CPU time. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <extvm/extvm.h>

enum { ROUNDS = 3, CODE_MAXIMUM = 512 };

/* What may be lost: a fifth of the figure, and of that a fifth for noise. */
static const double floor_ratio = 0.8 * 0.8;

#define WORD "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff61"

static const struct program {
    const char *name;
    const char *code;
    uint64_t gas;
    double figure; /* Mgas/s, of the best C++ interpreter on such a machine */
} programs[] = {
    {"loop", "6300ffffff5b6001900380600557", 1000000000, 1890},
    {"wide arithmetic",
     "63001fffff5b7f" WORD "81027f" WORD "01507f" WORD "7f" WORD "7f" WORD "0950600190038060055700",
     1000000000, 640},
    {"keccak of 64 bytes", "62ffffff5b6100406000205060019003806004570000", 300000000, 310},
};

static void give_up(const char *what, const char *why) {
    fprintf(stderr, "evm_speed: %s: %s\n", what, why);
    exit(1);
}

static double user_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
}

/* A caller, and a contract with the program. */
static extvm_state *make_state(const struct program *program, const extvm_address *caller,
                               const extvm_address *contract) {
    uint8_t code[CODE_MAXIMUM], nonce[EXTVM_U64_INTEGER_SIZE];
    size_t size;
    extvm_state *state = extvm_state_new(NULL);
    if (state == NULL ||
        extvm_bytes_from_hex(program->code, code, sizeof code, &size) != EXTVM_OK ||
        extvm_state_set_account(state, caller, extvm_integer_from_u64(1, nonce),
                                (extvm_bytes){NULL, 0}) != EXTVM_OK ||
        extvm_state_set_code(state, contract, (extvm_bytes){code, size}) != EXTVM_OK) {
        give_up(program->name, "the state cannot be made");
    }
    return state;
}

/* One run; returns Mgas/s. */
static double measure(extvm_vm *vm, const struct program *program, const extvm_call *call,
                      const extvm_world *world) {
    extvm_result *result;
    extvm_error error;
    uint64_t remaining;
    double start = user_seconds();
    if (extvm_run(vm, call, world, &result, &error) != EXTVM_OK) {
        give_up(program->name, error.text);
    }
    double seconds = user_seconds() - start;
    if (extvm_integer_to_u64(extvm_result_gas_remaining(result), &remaining) != EXTVM_OK) {
        give_up(program->name, "more gas is left than a number can hold");
    }
    uint64_t used = program->gas - remaining;
    extvm_result_free(result);
    return (double)used / 1e6 / seconds;
}

static double best_of(extvm_vm *vm, const struct program *program) {
    const extvm_address caller = {{0xa1}}, contract = {{0xcc}};
    uint8_t gas[EXTVM_U64_INTEGER_SIZE], number[EXTVM_U64_INTEGER_SIZE];
    extvm_state *state = make_state(program, &caller, &contract);
    const extvm_world world = extvm_state_world(state);
    extvm_call call = {
        .caller = caller,
        .recipient = &contract,
        .gas_provided = extvm_integer_from_u64(program->gas, gas),
        .block.number = extvm_integer_from_u64(1, number),
    };
    extvm_chain_set_fork(&call.chain, EXTVM_FORK_BERLIN);
    double best = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double speed = measure(vm, program, &call, &world);
        best = speed > best ? speed : best;
    }
    extvm_state_free(state);
    return best;
}

int main(void) {
    extvm_vm *vm;
    extvm_error error;
    bool slow = false;
    if (extvm_open("internal", NULL, &vm, &error) != EXTVM_OK) {
        give_up("internal", error.text);
    }
    printf("The internal EVM, Berlin, one thread, best of %d by user CPU time\n\n", ROUNDS);
    printf("%-20s %10s %10s %8s\n", "", "Mgas/s", "figure", "ratio");
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        double speed = best_of(vm, &programs[i]), ratio = speed / programs[i].figure;
        printf("%-20s %10.0f %10.0f %8.2f\n", programs[i].name, speed, programs[i].figure, ratio);
        slow = slow || ratio < floor_ratio;
    }
    extvm_close(vm);
    return slow ? 1 : 0;
}
