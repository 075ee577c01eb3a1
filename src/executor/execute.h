/* Execution with any function that runs a call; extvm_execute hands in extvm_run. */
#ifndef EXTVM_EXECUTOR_EXECUTE_H
#define EXTVM_EXECUTOR_EXECUTE_H

#include <extvm/executor.h>

/* As extvm_run; `vm` is what was handed to execute_with. */
typedef extvm_status (*run_call_fn)(void *vm, const extvm_call *call, const extvm_world *world,
                                    extvm_result **result, extvm_error *error);

/* As extvm_execute, but the call runs on `run` with `vm`. */
extvm_status execute_with(run_call_fn run, void *vm, const extvm_execution *execution,
                          const extvm_transaction *transaction, extvm_receipt *receipt,
                          extvm_error *error);

#endif
