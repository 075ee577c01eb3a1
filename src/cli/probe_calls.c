/* The calls that a probe makes, and whether a VM answers them right: a contract that adds four
 * storage values, stores the sum, and returns it with its caller; and one that makes a contract. */
#include "probe_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <extvm/extvm.h>

#include "report.h"

#define CALLER "1111111111111111111111111111111111111111"
#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"
#define CREATED "8f7a45ebde059392e46a46dcc14ab24681a961ea" /* by the caller's nonce 0 */

enum {
    GAS = 1000000, /* for each call */
    SUM_KEY = 4,   /* where the contract stores the sum of the values at the keys below */
    CODE_SIZE = 256
};

static const uint64_t values[SUM_KEY] = {0x1000, 0x200, 0x30, 0x4};

/* What is right. KEVM's gas in Berlin (EIP-2929): four cold SLOAD 2100 each, a cold SSTORE of a new
 * value 22100, CALLER 2, 15 instructions of 3, two words of memory 3 each; of the create 200 for
 * each of the 7 bytes that are kept, and 24 for making them. IELE's: protocol/iele-vm.md, section
 * 9. */
struct task {
    const char *what;
    const char *code; /* hex: the contract's, or the init code; IELE: the contract's source */
    bool is_create;
    const char *returns; /* hex */
    uint64_t gas_used;
    const char *kept_code; /* of a create: hex; NULL: all of `code` */
};

static const struct task kevm_tasks[] = {
    {"the call", "600054600154016002540160035401806004556000523360205260406000f3", false,
     "0000000000000000000000000000000000000000000000000000000000001234"
     "0000000000000000000000001111111111111111111111111111111111111111",
     30553, NULL},
    {"the create", "6007600c60003960076000f360003560005500", true, "", 1424, "60003560005500"},
};

static const char iele_source[] = "contract Probe {\n"
                                  "  define @init() {}\n"
                                  "  define public @probe() {\n"
                                  "    %sum = sload 0\n"
                                  "    %more = sload 1\n"
                                  "    %sum = add %sum, %more\n"
                                  "    %more = sload 2\n"
                                  "    %sum = add %sum, %more\n"
                                  "    %more = sload 3\n"
                                  "    %sum = add %sum, %more\n"
                                  "    sstore %sum, 4\n"
                                  "    %caller = call @iele.caller()\n"
                                  "    ret %sum, %caller\n"
                                  "  }\n"
                                  "}\n";

/* The returned data are RLP: the sum and the caller; the new address with its sign's 00
 * (protocol/iele.md, sections 5 and 10). */
static const struct task iele_tasks[] = {
    {"the call", iele_source, false, "d882123494" CALLER, 9521, NULL},
    {"the create", iele_source, true, "d69500" CREATED, 12200, NULL},
};

/* -- a world that looks at the clock -- */

struct timed_world {
    extvm_world world;
    const extvm_address *caller;
    struct timespec answered; /* when a code or storage query was */
    bool is_timed;            /* … and nothing has been asked since */
    struct probe_figures *figures;
};

static double seconds_since(const struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void asked(struct timed_world *timed) {
    struct probe_figures *figures = timed->figures;
    if (timed->is_timed && figures->trip_count < sizeof figures->trips / sizeof figures->trips[0]) {
        figures->trips[figures->trip_count++] = seconds_since(&timed->answered);
    }
    timed->is_timed = false;
    figures->has_asked = true;
}

static extvm_lookup answered(struct timed_world *timed, extvm_lookup lookup) {
    timed->is_timed = true;
    clock_gettime(CLOCK_MONOTONIC, &timed->answered);
    return lookup;
}

/* The caller is looked up before the VM asks for it, and accounts are not timed. */
static extvm_lookup account(void *context, const extvm_address *address, extvm_account *out) {
    struct timed_world *timed = context;
    timed->is_timed = false;
    timed->figures->has_asked |= !extvm_address_equal(address, timed->caller);
    return timed->world.account(timed->world.context, address, out);
}

static extvm_lookup storage(void *context, const extvm_address *address, extvm_bytes key,
                            extvm_bytes *out) {
    struct timed_world *timed = context;
    asked(timed);
    return answered(timed, timed->world.storage(timed->world.context, address, key, out));
}

static extvm_lookup code(void *context, const extvm_address *address, extvm_bytes *out) {
    struct timed_world *timed = context;
    asked(timed);
    return answered(timed, timed->world.code(timed->world.context, address, out));
}

static extvm_lookup block_hash(void *context, uint64_t number, extvm_word *out) {
    struct timed_world *timed = context;
    timed->is_timed = false;
    return timed->world.block_hash(timed->world.context, number, out);
}

/* -- the world and the call -- */

struct setting {
    extvm_state *state;
    extvm_address caller, contract;
    extvm_call call;
    extvm_bytes code;
    uint8_t *code_memory, *input_memory; /* of `code`, and of IELE's call data; or NULL */
    uint8_t buffer[CODE_SIZE], gas[EXTVM_U64_INTEGER_SIZE], number[EXTVM_U64_INTEGER_SIZE],
        limit[EXTVM_U64_INTEGER_SIZE];
};

static bool fill_state(struct setting *setting, extvm_bytes contract_code) {
    uint8_t one[EXTVM_U64_INTEGER_SIZE], wei[EXTVM_U64_INTEGER_SIZE];
    const extvm_bytes nonce = extvm_integer_from_u64(1, one), none = {NULL, 0};
    bool done = extvm_state_set_account(setting->state, &setting->caller, nonce,
                                        extvm_integer_from_u64(GAS, wei)) == EXTVM_OK;
    if (contract_code.size == 0) {
        return done;
    }
    done = done &&
           extvm_state_set_account(setting->state, &setting->contract, nonce, none) == EXTVM_OK &&
           extvm_state_set_code(setting->state, &setting->contract, contract_code) == EXTVM_OK;
    for (uint64_t i = 0; i < SUM_KEY; i++) {
        uint8_t key[EXTVM_U64_INTEGER_SIZE], value[EXTVM_U64_INTEGER_SIZE];
        done = done && extvm_state_set_storage(
                           setting->state, &setting->contract, extvm_integer_from_u64(i, key),
                           extvm_integer_from_u64(values[i], value)) == EXTVM_OK;
    }
    return done;
}

static extvm_status make_code(struct setting *setting, const struct task *task, bool is_iele,
                              extvm_error *error) {
    size_t size = 0;
    if (!is_iele) {
        extvm_bytes_from_hex(task->code, setting->buffer, sizeof setting->buffer, &size);
        setting->code = (extvm_bytes){setting->buffer, size};
        return EXTVM_OK;
    }
    extvm_status status = extvm_iele_assemble(task->code, strlen(task->code), NULL, NULL,
                                              &setting->code_memory, &size, error);
    setting->code = (extvm_bytes){setting->code_memory, size};
    return status;
}

static extvm_status make_input(struct setting *setting, const struct task *task, bool is_iele,
                               extvm_error *error) {
    size_t size = 0;
    extvm_bytes *input = &setting->call.input;
    if (!is_iele) {
        *input = task->is_create ? setting->code : (extvm_bytes){NULL, 0};
        return EXTVM_OK;
    }
    extvm_status status =
        task->is_create
            ? extvm_iele_deploy(setting->code, NULL, 0, NULL, &setting->input_memory, &size, error)
            : extvm_iele_call("probe", NULL, 0, NULL, &setting->input_memory, &size, error);
    *input = (extvm_bytes){setting->input_memory, size};
    return status;
}

static extvm_status setting_init(struct setting *setting, const struct task *task, bool is_iele,
                                 extvm_error *error) {
    extvm_call *call = &setting->call;
    *setting = (struct setting){.state = extvm_state_new(NULL)};
    extvm_address_from_hex(CALLER, &setting->caller);
    extvm_address_from_hex(CONTRACT, &setting->contract);
    extvm_status status = make_code(setting, task, is_iele, error);
    if (status != EXTVM_OK) {
        return status;
    }
    if (setting->state == NULL ||
        !fill_state(setting, task->is_create ? (extvm_bytes){NULL, 0} : setting->code)) {
        return complain_no_memory(error);
    }
    call->caller = setting->caller;
    call->recipient = task->is_create ? NULL : &setting->contract;
    call->gas_provided = extvm_integer_from_u64(GAS, setting->gas);
    call->block.number = extvm_integer_from_u64(1, setting->number);
    call->block.gas_limit = extvm_integer_from_u64(GAS, setting->limit);
    extvm_chain_set_fork(&call->chain, EXTVM_FORK_BERLIN);
    return make_input(setting, task, is_iele, error);
}

static void setting_free(struct setting *setting) {
    const extvm_allocator *allocator = extvm_default_allocator();
    allocator->release(allocator->context, setting->code_memory);
    allocator->release(allocator->context, setting->input_memory);
    extvm_state_free(setting->state);
}

/* -- what is right -- */

static extvm_status wrong(const struct task *task, const char *what, const char *expected,
                          const char *found, extvm_error *error) {
    return complain(error, EXTVM_RESULT_REJECTED,
                    "a wrong answer: %s of %s is %.140s, and right is %.140s", what, task->what,
                    found, expected);
}

/* Compares bytes with hex digits. */
static extvm_status check_bytes(const struct task *task, const char *what, const char *expected,
                                extvm_bytes found, extvm_error *error) {
    char right[EXTVM_HEX_SIZE(CODE_SIZE)], text[EXTVM_HEX_SIZE(CODE_SIZE)];
    snprintf(right, sizeof right, "0x%s", expected);
    if (found.size > CODE_SIZE) {
        return wrong(task, what, right, "longer", error);
    }
    extvm_bytes_to_hex(found, text);
    return strcmp(text, right) == 0 ? EXTVM_OK : wrong(task, what, right, text, error);
}

static extvm_status check_gas(const struct task *task, const extvm_result *result,
                              extvm_error *error) {
    uint64_t used = 0;
    char expected[24], found[24];
    extvm_integer_to_u64(extvm_result_gas_used(result), &used);
    snprintf(expected, sizeof expected, "%llu", (unsigned long long)task->gas_used);
    snprintf(found, sizeof found, "%llu", (unsigned long long)used);
    return used == task->gas_used ? EXTVM_OK : wrong(task, "the gas used", expected, found, error);
}

/* The contract is changed, and only there where it stores the sum; or the new one is there. */
static extvm_status check_changes(const struct task *task, const struct setting *setting,
                                  const extvm_result *result, extvm_error *error) {
    size_t count;
    extvm_address created;
    extvm_address_from_hex(CREATED, &created);
    const extvm_address *changed = task->is_create ? &created : &setting->contract;
    const extvm_modified_account *accounts = extvm_result_modified(result, &count), *found = NULL;
    for (size_t i = 0; i < count; i++) {
        found = extvm_address_equal(&accounts[i].address, changed) ? &accounts[i] : found;
    }
    if (found == NULL) {
        return wrong(task, "the contract", "changed", "unchanged", error);
    }
    if (task->is_create) {
        char all[EXTVM_HEX_SIZE(CODE_SIZE)];
        extvm_bytes_to_hex(setting->code, all);
        return check_bytes(task, "the new code",
                           task->kept_code != NULL ? task->kept_code : all + 2, found->code, error);
    }
    uint64_t key = 0;
    return found->storage_count == 1 &&
                   extvm_integer_to_u64(found->storage->key, &key) == EXTVM_OK && key == SUM_KEY
               ? check_bytes(task, "what is stored at key 4", "1234", found->storage->value, error)
               : wrong(task, "the storage", "changed at key 4", "changed elsewhere", error);
}

static extvm_status check_result(const struct task *task, const struct setting *setting,
                                 const extvm_result *result, extvm_error *error) {
    if (extvm_result_outcome(result) != EXTVM_OUTCOME_SUCCESS) {
        return wrong(task, "the outcome", "success",
                     extvm_outcome_name(extvm_result_outcome(result)), error);
    }
    extvm_status status = check_bytes(task, "the return data", task->returns,
                                      extvm_result_return_data(result), error);
    if (status == EXTVM_OK) {
        status = check_gas(task, result, error);
    }
    if (status == EXTVM_OK) {
        status = check_changes(task, setting, result, error);
    }
    const extvm_address *created = extvm_result_created_address(result);
    if (status == EXTVM_OK && task->is_create) {
        status = created != NULL
                     ? check_bytes(task, "the new address", CREATED,
                                   (extvm_bytes){created->bytes, EXTVM_ADDRESS_SIZE}, error)
                     : wrong(task, "the new address", CREATED, "missing", error);
    }
    return status;
}

/* -- one after the other -- */

static void note_quirks(struct probe_figures *figures, const extvm_result *result) {
    size_t count;
    const char *const *names = extvm_result_quirks(result, &count);
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (size_t j = 0; j < figures->quirk_count; j++) {
            known = known || strcmp(figures->quirks[j], names[i]) == 0;
        }
        if (!known && figures->quirk_count < PROBE_QUIRKS) {
            snprintf(figures->quirks[figures->quirk_count++], PROBE_QUIRK_SIZE, "%s", names[i]);
        }
    }
}

static extvm_status run_task(extvm_vm *vm, const struct task *task, bool is_iele,
                             struct probe_figures *figures, extvm_error *error) {
    struct setting setting;
    extvm_result *result = NULL;
    extvm_status status = setting_init(&setting, task, is_iele, error);
    if (status == EXTVM_OK) {
        struct timed_world timed = {.world = extvm_state_world(setting.state),
                                    .caller = &setting.caller,
                                    .figures = figures};
        const extvm_world world = {&timed, account, storage, code, block_hash};
        status = extvm_run(vm, &setting.call, &world, &result, error);
    }
    if (status == EXTVM_OK) {
        figures->calls++;
        note_quirks(figures, result);
        status = check_result(task, &setting, result, error);
    }
    extvm_result_free(result);
    setting_free(&setting);
    return status;
}

static int compare(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

extvm_status probe_calls_run(extvm_vm *vm, bool is_iele, unsigned calls,
                             struct probe_figures *figures, extvm_error *error) {
    const struct task *tasks = is_iele ? iele_tasks : kevm_tasks;
    extvm_status status = EXTVM_OK;
    *figures = (struct probe_figures){.calls = 0};
    for (unsigned i = 0; i < calls && status == EXTVM_OK; i++) {
        status = run_task(vm, &tasks[0], is_iele, figures, error);
    }
    if (status == EXTVM_OK) {
        status = run_task(vm, &tasks[1], is_iele, figures, error);
    }
    qsort(figures->trips, figures->trip_count, sizeof *figures->trips, compare);
    return status;
}
