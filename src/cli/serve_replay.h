/* `extvm serve --replay`: the VM's side of a recorded trace. */
#ifndef CLI_SERVE_REPLAY_H
#define CLI_SERVE_REPLAY_H

#include <signal.h>

#include "report.h"
#include "vm_options.h"

/* Plays until all is played or one of `signals`, which are blocked, comes. `*code` says whether all
 * was as recorded. Errors: those of the file, and of extvm_playback_open and _run. */
extvm_status serve_replay_run(const char *path, const char *listen, struct vm_options *vm_options,
                              const sigset_t *signals, enum exit_code *code, extvm_error *error);

/* serve.c: "listening on ADDRESS", without the scheme. */
void serve_print_address(const char *address);

#endif
