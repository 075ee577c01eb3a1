/* VM processes for tests of whoever starts some: a test program starts itself, and its main gives
 * the words to vm_child_run first. Each has a role:
 *
 *   listen PORT       listens, and waits for its end
 *   stubborn PORT     the same, but nothing but SIGKILL ends it
 *   late PORT MS      listens after a while
 *   silent            never listens
 *   refuse            says why it cannot run, and exits with status 3
 *   flood PORT        writes to stdout as fast as it can
 *   say PORT          writes what a log should not have as it is
 *   grow PORT         takes 64 MiB, then listens
 *   family PORT       another process of its own listens
 *   inherit PORT      writes what it got from its parent: signals, descriptors, its group
 *   serve HOST PORT   a test-mode server
 *   own PORT          keeps a "listen" itself, writes "kept", and waits for its end */
#ifndef EXTVM_TESTS_VM_CHILD_H
#define EXTVM_TESTS_VM_CHILD_H

#include <stddef.h>

enum { VM_CHILD_COMMAND_SIZE = 512 };

/* Plays the role that the words name, and does not return; does nothing without one. */
void vm_child_run(int argc, char **argv);

/* The command that starts this program in a role, given with its further words. */
const char *vm_child_command(char command[VM_CHILD_COMMAND_SIZE], const char *role);

/* A port of 127.0.0.1 that nobody has now. */
unsigned vm_child_port(void);

#endif
