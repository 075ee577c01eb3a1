/* The attempts of one call: when it may be tried again, what its time is, and what the caller is
 * told in the end. No waiting: the same rules hold for calls that wait and for those of an event
 * loop. */
#ifndef EXTVM_COMMON_ATTEMPTS_H
#define EXTVM_COMMON_ATTEMPTS_H

#include "client.h"

struct attempts {
    struct client *client;
    struct vm_run *run;
    uint64_t start, deadline; /* monotonic clock, nanoseconds */
    uint64_t began;           /* the attempt at hand */
    unsigned count;           /* attempts that got as far as a connection */
    unsigned connect_failures;
    unsigned breaks; /* attempts in which the VM broke off */
    extvm_error first;
};

void attempts_begin(struct attempts *attempts, struct client *client, struct vm_run *run);

/* An attempt begins on slot->process, whose connection is prepared for it. */
void attempts_start(struct attempts *attempts);

/* The world took until now for an answer: `time` nanoseconds, that do not count for the deadline
 * unless the option world-time wants that. */
void attempts_note_world(struct attempts *attempts, uint64_t time);

/* An attempt has ended with `status`, and the process is ready for the next call: whether its
 * connection, if there is one, is to be left nevertheless (option after-call, or its keeper). */
bool attempts_leave_now(const struct attempts *attempts, extvm_status status);

/* The attempt has ended with `status`, the VM was left if it had to be, and the turn is given back.
 * `error` is of this attempt, and gets the process's address before its text. True: the call is to
 * be tried again. */
bool attempts_go_on(struct attempts *attempts, extvm_status status, extvm_error *error);

/* Ends the call: the status and the text for the caller (of the last attempt: `status`, `last`),
 * the numbers in run->stats and in the result, and a line for the log. */
extvm_status attempts_finish(struct attempts *attempts, extvm_status status,
                             const extvm_error *last, extvm_error *error);

/* The one text for EXTVM_WORLD_FAILED. */
extvm_status attempts_world_failed(const struct query *query, extvm_error *error);

#endif
