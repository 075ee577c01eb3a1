/* What an interrupt does. A signal handler can only be told what to do through what is global. */
#include "interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "report.h"

enum { REACHED_MAXIMUM = 256 /* handles; more are left as they are */ };

static _Atomic(extvm_vm *) reached[REACHED_MAXIMUM];
static atomic_uint handlers; /* that are running */
static atomic_bool was_here; /* an interrupt has come before */

static void on_interrupt(int number) {
    (void)number;
    bool any = false;
    atomic_fetch_add(&handlers, 1);
    for (size_t i = 0; i < REACHED_MAXIMUM; i++) {
        extvm_vm *vm = atomic_load(&reached[i]);
        any = any || vm != NULL;
        extvm_cancel(vm, NULL);
    }
    atomic_fetch_sub(&handlers, 1);
    if (!any || atomic_exchange(&was_here, true)) {
        _exit(EXIT_CODE_INTERRUPTED);
    }
}

void interrupt_watch(void) {
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

void interrupt_reaches(extvm_vm *vm) {
    for (size_t i = 0; i < REACHED_MAXIMUM; i++) {
        extvm_vm *nothing = NULL;
        if (atomic_compare_exchange_strong(&reached[i], &nothing, vm)) {
            return;
        }
    }
}

void interrupt_forget(extvm_vm *vm) {
    for (size_t i = 0; i < REACHED_MAXIMUM; i++) {
        extvm_vm *one = vm;
        if (vm != NULL && atomic_compare_exchange_strong(&reached[i], &one, NULL)) {
            break;
        }
    }
    /* A handler that has seen the handle may still be using it, in another thread. */
    while (atomic_load(&handlers) > 0) {
    }
}
