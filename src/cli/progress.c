/* The progress of long work: one line on a terminal at stderr that is rewritten, else nothing. */
#include "progress.h"

#include <stdio.h>

#include "terminal.h"

enum { MILLISECONDS_BETWEEN = 100 };

void progress_start(struct progress *progress) {
    *progress =
        (struct progress){.shown = terminal_can_rewrite(stderr), .lock = PTHREAD_MUTEX_INITIALIZER};
}

/* Leaves the cursor where the line begins, so that a log line takes its place. */
static void draw(struct progress *progress) {
    if (progress->done > 0) {
        fprintf(stderr, "%zu cases done, %zu failed" TERMINAL_ERASE "\r", progress->done,
                progress->failed);
        clock_gettime(CLOCK_MONOTONIC, &progress->drawn);
    }
}

static bool is_due(const struct progress *progress) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - progress->drawn.tv_sec) * 1000 +
               (now.tv_nsec - progress->drawn.tv_nsec) / 1000000 >=
           MILLISECONDS_BETWEEN;
}

void progress_count(struct progress *progress, bool passed) {
    if (progress->shown) {
        pthread_mutex_lock(&progress->lock);
        progress->done++;
        progress->failed += passed ? 0 : 1;
        if (is_due(progress)) {
            draw(progress);
        }
        pthread_mutex_unlock(&progress->lock);
    }
}

void progress_pause(struct progress *progress) {
    if (progress->shown) {
        pthread_mutex_lock(&progress->lock);
        fputs(TERMINAL_ERASE, stderr);
    }
}

void progress_resume(struct progress *progress) {
    if (progress->shown) {
        draw(progress);
        pthread_mutex_unlock(&progress->lock);
    }
}

void progress_end(struct progress *progress) {
    if (progress->shown) {
        fputs(TERMINAL_ERASE, stderr);
    }
    pthread_mutex_destroy(&progress->lock);
}
