/* What broken_vm_test.c promises to a caller that waits holds in an event loop too: each of its
 * tests again, by way of extvm_run_async. */
#include "support/async_run.h"

#define extvm_run async_run
#include "broken_vm_test.c" /* NOLINT(bugprone-suspicious-include) */
