/* A VM for tests that plays a script over a real socket, in a thread of its own, and checks what it
 * receives: byte by byte where the script says so, and always by the VM's end of the session, which
 * follows the dialogue. */
#ifndef EXTVM_TESTS_SCRIPTED_VM_H
#define EXTVM_TESTS_SCRIPTED_VM_H

#include <stdbool.h>

struct protocol;
struct scripted_vm;

struct scripted_vm_report {
    char failure[512];     /* "": all that was expected came */
    unsigned sessions;     /* connections that were accepted */
    unsigned polite_ends;  /* sessions that the node ended with a FIN */
    unsigned resets;       /* sessions that the node reset */
    unsigned bytes_unread; /* bytes that came and were not expected */
    unsigned odd_results;  /* results that this VM's end would encode in another way */
};

/* Listens on a free port of 127.0.0.1, or at the path of a unix socket, and plays. NULL after a
 * failure that is printed to stderr. `script` is the script's text. */
struct scripted_vm *scripted_vm_start(const struct protocol *protocol, const char *script,
                                      const char *unix_path);

/* "HOST:PORT", or the path of the unix socket. */
const char *scripted_vm_address(const struct scripted_vm *vm);

/* The protocol that it was started with. */
const struct protocol *scripted_vm_protocol(const struct scripted_vm *vm);

/* Lets a VM go on that is at a "halt", or comes to one next. */
void scripted_vm_release(struct scripted_vm *vm);

/* Waits until the VM comes to its next "mark"; false when that takes too long. */
bool scripted_vm_wait_for_mark(struct scripted_vm *vm);

/* Waits until all sessions of the script are over. */
void scripted_vm_wait(struct scripted_vm *vm);

/* Stops the VM, wherever it is, and frees it. */
struct scripted_vm_report scripted_vm_stop(struct scripted_vm *vm);

#endif
