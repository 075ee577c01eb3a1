/* extvm serve --replay: plays the VM's side of a trace to a node, and prints what the node does
 * otherwise than recorded. */
#include "serve_replay.h"

#include <pthread.h>
#include <stdio.h>

#include "trace_command.h"

struct playing {
    extvm_playback *playback;
    const sigset_t *signals;
    size_t differences;
};

static void print_difference(void *context, const char *difference) {
    char text[4096];
    struct playing *playing = context;
    playing->differences++;
    snprintf(text, sizeof text, "%s", difference);
    text_clean(text);
    printf("%s\n", text);
    fflush(stdout);
}

/* Stops the playback at a signal. The thread is cancelled when it has ended by itself. */
static void *watch_signals(void *context) {
    const struct playing *playing = context;
    int number;
    while (sigwait(playing->signals, &number) != 0) {
    }
    extvm_playback_stop(playing->playback);
    return NULL;
}

static extvm_status play(struct playing *playing, size_t total, extvm_error *error) {
    pthread_t watcher;
    size_t played = 0;
    if (pthread_create(&watcher, NULL, watch_signals, playing) != 0) {
        return complain(error, EXTVM_SYSTEM_ERROR, "cannot start a thread");
    }
    serve_print_address(extvm_playback_address(playing->playback));
    extvm_status status =
        extvm_playback_run(playing->playback, print_difference, playing, &played, error);
    pthread_cancel(watcher);
    pthread_join(watcher, NULL);
    if (status == EXTVM_OK) {
        playing->differences += total - played;
        printf("%zu of %zu calls played, %zu differences\n", played, total, playing->differences);
        status = output_check(error);
    }
    return status;
}

extvm_status serve_replay_run(const char *path, const char *listen, struct vm_options *vm_options,
                              const sigset_t *signals, enum exit_code *code, extvm_error *error) {
    extvm_recording *recording = NULL;
    struct playing playing = {.signals = signals};
    extvm_status status = trace_recording_read(path, vm_options->options, &recording, error);
    if (status == EXTVM_OK) {
        status =
            extvm_playback_open(recording, listen, vm_options->options, &playing.playback, error);
    }
    if (status == EXTVM_OK) {
        status = play(&playing, extvm_recording_count(recording), error);
        *code = playing.differences > 0 ? EXIT_CODE_CHECK_FAILED : EXIT_CODE_DONE;
    }
    extvm_playback_close(playing.playback);
    extvm_recording_free(recording);
    return status;
}
