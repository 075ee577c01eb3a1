// One call from C++: what the library makes is held by unique_ptr, and a failure is an exception.
// With an address as its argument it uses that VM: cpp kevm://127.0.0.1:8888
#include <array>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include <extvm/extvm.h>

namespace {

template <typename T, void (*release)(T *)> struct releaser {
    void operator()(T *object) const {
        release(object);
    }
};
template <typename T, void (*release)(T *)> using owned = std::unique_ptr<T, releaser<T, release>>;

using vm_ptr = owned<extvm_vm, extvm_close>;
using state_ptr = owned<extvm_state, extvm_state_free>;
using result_ptr = owned<extvm_result, extvm_result_free>;

void check(extvm_status status, const extvm_error &error) {
    if (status != EXTVM_OK) {
        throw std::runtime_error(std::string(extvm_status_name(status)) + ": " + error.text);
    }
}

vm_ptr open(const char *address) {
    extvm_error error;
    extvm_vm *vm = nullptr;
    check(extvm_open(address, nullptr, &vm, &error), error);
    return vm_ptr(vm);
}

result_ptr run(extvm_vm *vm, const extvm_call &call, const extvm_world &world) {
    extvm_error error;
    extvm_result *result = nullptr;
    check(extvm_run(vm, &call, &world, &result, &error), error);
    return result_ptr(result);
}

extvm_address address(const char *hex) {
    extvm_address bytes{};
    if (extvm_address_from_hex(hex, &bytes) != EXTVM_OK) {
        throw std::invalid_argument(std::string(hex) + " is no address");
    }
    return bytes;
}

void pay(const char *vm_address) {
    const vm_ptr vm = open(vm_address);
    const state_ptr state(extvm_state_new(nullptr));
    const extvm_address caller = address("0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1");
    const extvm_address recipient = address("0xb2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2");
    std::array<uint8_t, EXTVM_U64_INTEGER_SIZE> nonce{}, wei{}, value{}, gas{};
    extvm_state_set_account(state.get(), &caller, extvm_integer_from_u64(1, nonce.data()),
                            extvm_integer_from_u64(1000, wei.data()));
    extvm_call call{};
    call.caller = caller;
    call.recipient = &recipient;
    call.value = extvm_integer_from_u64(300, value.data());
    call.gas_provided = extvm_integer_from_u64(100000, gas.data());
    extvm_chain_set_fork(&call.chain, EXTVM_FORK_BERLIN);

    const extvm_world world = extvm_state_world(state.get());
    const extvm_sink sink = extvm_state_sink(state.get());
    const result_ptr result = run(vm.get(), call, world);
    extvm_error error;
    check(extvm_apply(result.get(), &sink, &error), error);

    extvm_account account{};
    std::array<char, EXTVM_DECIMAL_SIZE(EXTVM_WORD_INTEGER_SIZE)> text{};
    extvm_state_account(state.get(), &recipient, &account);
    std::cout << extvm_outcome_name(extvm_result_outcome(result.get())) << ", the recipient has "
              << extvm_integer_to_decimal(account.balance, text.data()) << " wei\n";
}

} // namespace

int main(int argc, char **argv) {
    try {
        pay(argc > 1 ? argv[1] : "internal");
        return 0;
    } catch (const std::exception &problem) {
        std::cerr << "cpp: " << problem.what() << '\n';
        return 1;
    }
}
