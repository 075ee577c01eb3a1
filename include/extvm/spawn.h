/* VM processes that the library starts itself, looks after and ends. */
#ifndef EXTVM_SPAWN_H
#define EXTVM_SPAWN_H

#include <extvm/declare.h>
#include <extvm/vm.h>

EXTVM_BEGIN_DECLARATIONS

/* Opens the VM at `address`, as extvm_open does for "kevm://HOST:PORT", "kevm+unix:PATH", the same
 * with iele, or several of them with commas between, with a process for each that `command` starts:
 *
 *   extvm_spawn("kevm://127.0.0.1:8888", "kevm-vm {port} {host}", NULL, &vm, &error);
 *
 * The command is split into words at its blanks; there is no shell. Inside '...' all is as it
 * stands; inside "..." a backslash goes before " and \; elsewhere it goes before any character.
 * {host} and {port}, or {path}, stand for those of the address, but not inside '...'; what they
 * bring is not split. Several addresses need {port} or {path}. The process must listen where its
 * address says, on this machine; a host's name is looked up now. A unix socket that a process left
 * behind is removed.
 *
 * The program is the first word when there is a slash in it and it can be run; else the one that
 * EXTVM_KEVM or EXTVM_IELE in the environment names, when it is set; else the first in PATH. It is
 * looked for now, and the process gets the environment of now; the environment must not be changed
 * at the same time.
 *
 * A process is started when a call first needs it, in a process group of its own, with stdin from
 * /dev/null; no signal is blocked or ignored in it, and of this process's descriptors it gets none.
 * What it writes goes line by line to the log (EXTVM_LOG_INFO), and never makes it wait: over 1000
 * lines in a second are only counted. The call waits until the process listens, which is found out
 * without connecting to it, at most start-timeout; the Hello on its own connection is the proof
 * that it is a VM.
 *
 * When the process dies, or cannot be left politely, the next attempt of a call starts it again;
 * from the second time without a whole call between on, first after 100 ms, then each time after
 * twice as long, up to 5 s. It is replaced when it has done recycle-calls calls, or when its group
 * has over recycle-memory after a call; the new one is started at once. It is ended, after its
 * connection was left, with SIGTERM to its group, and after stop-timeout with SIGKILL; extvm_close
 * waits for that.
 *
 * The process is killed when this process dies, however it dies. Processes that it has started
 * itself are then on their own (a script should exec the VM), but not when only the VM dies or is
 * ended. After a fork the handle belongs to the parent.
 *
 * One thread for each process looks after it, from the first call on. No signal is caught and no
 * other child is waited for.
 *
 * Errors: those of extvm_open; EXTVM_INVALID_ARGUMENT also for a command that has something wrong
 * with it, a program that is not found, and another kind of VM. A program that does not run is
 * EXTVM_UNREACHABLE for each call, with how it ended and its last line in the text. */
extvm_status extvm_spawn(const char *address, const char *command, const extvm_options *options,
                         extvm_vm **out, extvm_error *error);

EXTVM_END_DECLARATIONS

#endif
