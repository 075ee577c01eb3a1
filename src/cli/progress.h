/* The progress of long work: one line on a terminal at stderr that is rewritten, else nothing. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct progress {
    bool shown;
    pthread_mutex_t lock; /* of what follows, and of the terminal's line */
    size_t done, failed;
    struct timespec drawn; /* when; monotonic clock */
};

void progress_start(struct progress *progress);

/* One more case is done. Any thread may call this. */
void progress_count(struct progress *progress, bool passed);

/* Around other output, to the same terminal it may be. */
void progress_pause(struct progress *progress);
void progress_resume(struct progress *progress);

/* Takes the line away. */
void progress_end(struct progress *progress);

#endif
