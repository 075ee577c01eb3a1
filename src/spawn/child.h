/* One child process: started, watched, signalled, reaped. Only the thread that started it may use
 * it, and the child dies with that thread (prctl(2), PR_SET_PDEATHSIG). */
#ifndef EXTVM_SPAWN_CHILD_H
#define EXTVM_SPAWN_CHILD_H

#include <sys/types.h>

#include "program.h"

enum { CHILD_OUTPUTS = 2, CHILD_END_SIZE = 80 };

struct child {
    pid_t pid;   /* also its process group; 0: there is no child */
    int process; /* a pidfd: readable when it has ended; -1: the system gives none, so look often */
    int outputs[CHILD_OUTPUTS]; /* its stdout and stderr, read without waiting; -1: closed */
};

struct child_end {
    int signal; /* that killed it; 0: none did, or it is not known */
    char how[CHILD_END_SIZE];
};

/* Starts the program in a process group of its own, with nothing of this process's but stdin from
 * /dev/null, the two outputs, the working folder, limits and user; no signal is blocked or ignored.
 * Errors: EXTVM_UNREACHABLE (the program cannot be run), EXTVM_SYSTEM_ERROR. */
extvm_status child_start(struct child *child, const struct program *program, extvm_error *error);

/* To the whole group. */
void child_signal(const struct child *child, int number);

/* False while it runs. Else it has been reaped, what was left of its group is killed, and `end`
 * says how it ended: "exited with status 1". Its outputs may still have something to read. */
bool child_has_ended(struct child *child, struct child_end *end);

/* Closes what is open. */
void child_close(struct child *child);

#endif
