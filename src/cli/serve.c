/* `extvm serve`: the test-mode server in the foreground. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <extvm/testvm.h>

#include "command.h"
#include "command_line.h"
#include "report.h"
#include "serve_replay.h"
#include "vm_options.h"

struct serve_options {
    const char *listen, *max_sessions, *faults, *replay_path;
};

static const struct option_spec serve_specs[] = {
    {"--listen", "ADDRESS", "HOST:PORT or unix:PATH (default 127.0.0.1:8888; port 0: a free one)",
     NULL, offsetof(struct serve_options, listen)},
    {"--max-sessions", "N", "sessions at the same time (default 1024)", NULL,
     offsetof(struct serve_options, max_sessions)},
    {"--fault", "LIST",
     "misbehave on purpose; words with commas between:\n"
     "close-after-hello, close-after=N, reset-after=N, stall-after=N,\n"
     "delay=DURATION, split=N, oversize, garbage, wrong-type, like-kevm",
     NULL, offsetof(struct serve_options, faults)},
    {"--replay", "FILE",
     "play the VM's side of a trace instead (--trace-format json): the calls\n"
     "in their order, once each; what the node sends otherwise is printed,\n"
     "and the exit status is 1 then",
     NULL, offsetof(struct serve_options, replay_path)},
};

/* Blocks until the process is asked to end; `signals` are blocked in all threads. */
static void wait_for_signal(const sigset_t *signals) {
    int number;
    while (sigwait(signals, &number) != 0) {
    }
}

/* What follows the scheme: "HOST:PORT", or "unix:PATH". */
void serve_print_address(const char *address) {
    const char *place = strstr(address, "://");
    printf("listening on %s\n", place != NULL ? place + 3 : strchr(address, '+') + 1);
    fflush(stdout);
}

static extvm_status serve_replay(const struct serve_options *serve_options,
                                 struct vm_options *vm_options, const sigset_t *signals,
                                 enum exit_code *code, extvm_error *error) {
    extvm_status status = EXTVM_OK;
    if (serve_options->faults != NULL) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "--fault: a record is played as it is: --replay cannot go with it");
    }
    status = serve_replay_run(serve_options->replay_path, serve_options->listen, vm_options,
                              signals, code, error);
    return status == EXTVM_OK ? vm_options_finish(vm_options, error) : status;
}

static extvm_status serve(const struct serve_options *serve_options, struct vm_options *vm_options,
                          enum exit_code *code, extvm_error *error) {
    sigset_t signals;
    extvm_testvm *server;
    extvm_status status = EXTVM_OK;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if (serve_options->max_sessions != NULL) {
        status = extvm_options_set(vm_options->options, "max-sessions", serve_options->max_sessions,
                                   error);
    }
    if (status == EXTVM_OK) {
        status = vm_options_start(vm_options, error);
    }
    if (status == EXTVM_OK && serve_options->replay_path != NULL) {
        return serve_replay(serve_options, vm_options, &signals, code, error);
    }
    if (status == EXTVM_OK) {
        status = extvm_testvm_start(serve_options->listen, serve_options->faults,
                                    vm_options->options, &server, error);
    }
    if (status == EXTVM_OK) {
        serve_print_address(extvm_testvm_address(server));
        wait_for_signal(&signals);
        extvm_testvm_stop(server);
        status = vm_options_finish(vm_options, error);
    }
    return status;
}

struct serve {
    struct serve_options options;
    struct vm_options vm_options;
};

static extvm_status begin(void *context, extvm_error *error) {
    return vm_options_init(&((struct serve *)context)->vm_options, 0, error);
}

static extvm_status run(void *context, int count, char **operands, enum exit_code *code,
                        extvm_error *error) {
    struct serve *command = context;
    (void)count;
    (void)operands;
    return serve(&command->options, &command->vm_options, code, error);
}

int command_serve(int argc, char **argv) {
    struct serve command = {.options = {.listen = "127.0.0.1:8888"}};
    const struct option_group groups[] = {
        {"Server", serve_specs, sizeof serve_specs / sizeof serve_specs[0], &command.options},
        vm_options_server_group(&command.vm_options),
    };
    const struct command_line line = {
        .usage = "extvm serve [OPTION...]",
        .about =
            "Runs a VM server in the foreground: this library's EVM for whoever says Hello with\n"
            "KEVM's protocol 2.2, its IELE VM for IELE's 3.0, on one socket. Prints \"listening\n"
            "on ADDRESS\" once it accepts. SIGINT and SIGTERM stop it: running calls get a "
            "second,\n"
            "then they are cut. For testing and debugging.",
        .notes = "Example, a VM that takes its time:\n"
                 "  extvm serve --listen 127.0.0.1:0 --fault delay=50ms -v --trace -",
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .begin = begin,
        .run = run,
    };
    int exit_status = command_line_run(&line, &command, argc, argv);
    vm_options_free(&command.vm_options);
    return exit_status;
}
