/* One run of the IELE VM: from a call to a result (protocol/iele-vm.md, section 5). */
#include "ielevm.h"

#include <extvm/integer.h>

#include "call_data.h"
#include "common/call.h"
#include "common/error.h"
#include "machine.h"

/* What is kept from one run to the next; a run that needed more gives it back. */
enum { KEPT_REGISTERS = 1 << 14, KEPT_ACTIVATIONS = 1 << 12, KEPT_SCRATCH = 1 << 20 /* bytes */ };

/* Gas that can be counted in milligas. */
#define GAS_MAXIMUM ((uint64_t)INT64_MAX / MILLIGAS_IN_GAS)

struct ielevm *ielevm_new(const extvm_allocator *allocator, struct spare *spare) {
    if (allocator == NULL) {
        allocator = extvm_default_allocator();
    }
    struct ielevm *vm = memory_zeroed(allocator, sizeof *vm);
    if (vm != NULL) {
        vm->allocator = *allocator;
        vm->spare = spare;
        accounts_init(&vm->accounts, &vm->allocator, spare);
        cells_init(&vm->cells, &vm->allocator);
        buffer_init(&vm->scratch, &vm->allocator, SIZE_MAX / 2);
    }
    return vm;
}

/* `*array` when it has more than `kept` elements. */
static void trim_array(struct ielevm *vm, void *array, size_t *capacity, size_t kept) {
    void **pointer = array;
    if (*capacity > kept) {
        memory_release(&vm->allocator, *pointer);
        *pointer = NULL;
        *capacity = 0;
    }
}

/* Forgets the run, and gives back what only an unusual one needs. */
static void clear(struct ielevm *vm) {
    struct environment *environment = &vm->environment;
    struct value *values[] = {&environment->gas_price, &environment->timestamp,
                              &environment->number, &environment->difficulty,
                              &environment->gas_limit};
    frames_drop_all(vm);
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
        value_drop(vm_numbers(vm), values[i]);
    }
    accounts_clear(&vm->accounts);
    cells_clear(&vm->cells);
    trim_array(vm, &vm->registers, &vm->register_capacity, KEPT_REGISTERS);
    trim_array(vm, &vm->list, &vm->list_capacity, KEPT_REGISTERS);
    trim_array(vm, &vm->activations, &vm->activation_capacity, KEPT_ACTIVATIONS);
    vm->scratch.size = 0;
    buffer_shrink(&vm->scratch, KEPT_SCRATCH);
    vm->live_words = 0;
}

void ielevm_free(struct ielevm *vm) {
    if (vm != NULL) {
        const extvm_allocator allocator = vm->allocator;
        clear(vm);
        accounts_free(&vm->accounts);
        cells_free(&vm->cells);
        buffer_free(&vm->scratch);
        memory_release(&allocator, vm->frames);
        memory_release(&allocator, vm->activations);
        memory_release(&allocator, vm->registers);
        memory_release(&allocator, vm->list);
        memory_release(&allocator, vm);
    }
}

/* -- what is refused -- */

static extvm_status check(const extvm_call *call, struct call_data *data, uint64_t *gas,
                          extvm_error *error) {
    extvm_status status = call_check(call, error);
    if (status != EXTVM_OK) {
        return status;
    }
    if (call->type != EXTVM_TRANSACTION_LEGACY) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "an access-list transaction: IELE has no access lists");
    }
    if (extvm_integer_to_u64(call->gas_provided, gas) != EXTVM_OK || *gas > GAS_MAXIMUM) {
        return error_set(error, EXTVM_OUT_OF_RANGE,
                         "gas provided is too much: the IELE VM counts milligas below 2^63, and "
                         "takes %llu at the most",
                         (unsigned long long)GAS_MAXIMUM);
    }
    if (!call_data_read(call->input, data)) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "input is no IELE call data: an RLP list of a string and a list of "
                         "strings (make it with extvm_iele_call or extvm_iele_deploy)");
    }
    return EXTVM_OK;
}

/* -- the call's own frame -- */

static bool set_environment(struct ielevm *vm, const extvm_call *call) {
    struct environment *environment = &vm->environment;
    struct numbers *numbers = vm_numbers(vm);
    *environment = (struct environment){
        .origin = call->caller, .beneficiary = call->block.beneficiary, .block_number = UINT64_MAX};
    (void)extvm_integer_to_u64(call->block.number, &environment->block_number);
    return (value_from_u64(numbers, call->block.timestamp, &environment->timestamp) &&
            value_from_integer(numbers, call->gas_price, &environment->gas_price) &&
            value_from_integer(numbers, call->block.number, &environment->number) &&
            value_from_integer(numbers, call->block.difficulty, &environment->difficulty) &&
            value_from_integer(numbers, call->block.gas_limit, &environment->gas_limit)) ||
           accounts_fail_for_memory(&vm->accounts);
}

static bool list_arguments(struct ielevm *vm, const struct call_data *data) {
    extvm_bytes rest = data->arguments;
    for (size_t i = 0; i < data->count; i++) {
        struct value value;
        if (!value_from_integer(vm_numbers(vm), call_data_next(&rest), &value)) {
            return accounts_fail_for_memory(&vm->accounts);
        }
        bool added = list_add(vm, &value);
        value_drop(vm_numbers(vm), &value);
        if (!added) {
            return false;
        }
    }
    return true;
}

/* Nothing of a bad upload is charged for. */
static enum step refuse_upload(struct ielevm *vm, const struct entrance *entrance) {
    raise_exception(vm, CONTRACT_INVALID);
    vm->gas_left = entrance->gas;
    return STEP_LEAVE;
}

/* STEP_SWITCH: run; STEP_LEAVE: it has ended already. */
static enum step begin_create(struct ielevm *vm, const struct call_data *data,
                              struct entrance *entrance) {
    struct accounts *accounts = &vm->accounts;
    struct contract *contract, *const before = accounts->contracts;
    if (!accounts_decode(accounts, data->first, &contract)) {
        return STEP_ABORT;
    }
    if (contract == NULL || !contract_is_well_formed(contract, before)) {
        return refuse_upload(vm, entrance);
    }
    create_address(&entrance->caller->address, entrance->caller->nonce - 1, &entrance->self);
    entrance->is_create = true;
    entrance->code = (struct code){CODE_CONTRACT, contract};
    entrance->deposit = price_clamp((iele_wide)GAS_DEPOSIT_BYTE * data->first.size);
    return frame_enter(vm, entrance);
}

static enum step begin_call(struct ielevm *vm, const extvm_address *recipient,
                            const struct call_data *data, struct entrance *entrance) {
    static const extvm_address precompiled = {{[EXTVM_ADDRESS_SIZE - 1] = 1}};
    entrance->self = *recipient;
    entrance->name = data->first;
    entrance->is_precompiled = extvm_address_equal(recipient, &precompiled);
    if (!entrance->is_precompiled) {
        struct account *account = accounts_load(&vm->accounts, recipient);
        if (account == NULL || !accounts_load_code(&vm->accounts, account)) {
            return STEP_ABORT;
        }
        entrance->code = account->code;
    }
    return frame_enter(vm, entrance);
}

static enum step run_frames(struct ielevm *vm, enum step step) {
    while (step != STEP_ABORT) {
        if (step == STEP_LEAVE) {
            step = vm->frame_count > 0 ? frame_leave(vm) : STEP_LEAVE;
            if (step == STEP_LEAVE) {
                return step;
            }
        } else {
            step = vm_run_frame(vm);
        }
    }
    return step;
}

/* -- the run -- */

static extvm_status fail(const struct ielevm *vm, extvm_error *error) {
    return error_set(error, vm->accounts.failure, "%s", vm->accounts.failure_text);
}

static extvm_status run_checked(struct ielevm *vm, const extvm_call *call,
                                const struct call_data *data, uint64_t gas, extvm_result **result,
                                extvm_error *error) {
    struct account *caller = accounts_load(&vm->accounts, &call->caller);
    uint8_t digits[EXTVM_U64_INTEGER_SIZE];
    struct value amount;
    if (caller == NULL) {
        return fail(vm, error);
    }
    extvm_status status =
        call_check_caller(call, true, extvm_integer_from_u64(caller->nonce, digits), error);
    if (status != EXTVM_OK) {
        return status;
    }
    if (!set_environment(vm, call) || !list_arguments(vm, data)) {
        return fail(vm, error);
    }
    if (!value_from_integer(vm_numbers(vm), call->value, &amount)) {
        return error_no_memory(error, "the value");
    }
    struct entrance entrance = {
        .caller = caller, .value = amount, .gas = (int64_t)gas * MILLIGAS_IN_GAS};
    enum step step = call->recipient == NULL ? begin_create(vm, data, &entrance)
                                             : begin_call(vm, call->recipient, data, &entrance);
    step = run_frames(vm, step);
    value_drop(vm_numbers(vm), &amount);
    if (step == STEP_ABORT) {
        return fail(vm, error);
    }
    const struct account *created = call->recipient == NULL && vm->ending.kind == ENDED_WELL
                                        ? accounts_load(&vm->accounts, &entrance.self)
                                        : NULL;
    *result = vm_outcome(vm, call, created);
    return *result != NULL ? EXTVM_OK : error_no_memory(error, "the result");
}

extvm_status ielevm_run(struct ielevm *vm, const struct machine_terms *terms,
                        const extvm_call *call, const extvm_world *world, extvm_result **result,
                        extvm_error *error) {
    struct call_data data = {.count = 0};
    uint64_t gas = 0;
    *result = NULL;
    extvm_status status = check(call, &data, &gas, error);
    if (status != EXTVM_OK) {
        return status;
    }
    vm->terms = terms;
    vm->work_left = 1;
    vm->accounts.world = world;
    status = run_checked(vm, call, &data, gas, result, error);
    clear(vm);
    return status;
}

/* -- among the library's machines -- */

static void *machine_make(const extvm_allocator *allocator, struct spare *spare) {
    return ielevm_new(allocator, spare);
}

static void machine_release(void *machine) {
    ielevm_free(machine);
}

static extvm_status machine_run(void *machine, const struct machine_terms *terms,
                                const extvm_call *call, const extvm_world *world,
                                extvm_result **result, extvm_error *error) {
    return ielevm_run(machine, terms, call, world, result, error);
}

const struct machine_kind ielevm_machine = {"IELE VM", machine_make, machine_release, machine_run};
