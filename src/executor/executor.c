/* The public door: a transaction executed with a VM that extvm_open has opened. */
#include <extvm/executor.h>

#include "common/error.h"
#include "execute.h"

static extvm_status run_on_vm(void *vm, const extvm_call *call, const extvm_world *world,
                              extvm_result **result, extvm_error *error) {
    return extvm_run(vm, call, world, result, error);
}

extvm_status extvm_execute(const extvm_execution *execution, const extvm_transaction *transaction,
                           extvm_receipt *receipt, extvm_error *error) {
    if (execution == NULL || execution->vm == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "extvm_execute needs a VM");
    }
    return execute_with(run_on_vm, execution->vm, execution, transaction, receipt, error);
}
