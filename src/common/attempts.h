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

/* The attempt has ended with `status`. What is to be done with its process, so that the next call
 * can begin on it: nothing; leave it; or, since the option leave wants that, go on answering the VM
 * for half of the time there is for leaving it, so that it comes to its own end, throw the result
 * away, and leave it if there was none. Nothing stops this. */
enum way_out { WAY_NONE, WAY_LEAVE, WAY_ANSWER };
enum way_out attempts_way_out(struct attempts *attempts, extvm_status status);

/* Whether the next call can begin on the connection as it is: nothing of this one goes on there,
 * and connections are kept (option after-call); also when there is none. */
bool attempts_may_stay(const struct attempts *attempts);

/* The process has been left: its session begins anew, and its keeper hears of it. */
void attempts_left(struct process *process, bool was_connected);

/* The attempt has ended with `status`, the VM was left if it had to be, and the turn is given back.
 * `error` is of this attempt, and gets the process's address before its text. True: the call is to
 * be tried again. */
bool attempts_go_on(struct attempts *attempts, extvm_status status, extvm_error *error);

/* Ends the call: the status and the text for the caller (of the last attempt: `status`, `last`),
 * the numbers in run->stats and in the result, and a line for the log. */
extvm_status attempts_finish(struct attempts *attempts, extvm_status status,
                             const extvm_error *last, extvm_error *error);

/* The call waited for a turn in vain, and waits no longer: `number` is ECANCELED, ETIMEDOUT or what
 * the system says. */
extvm_status attempts_no_turn(struct attempts *attempts, int number, extvm_error *error);

/* The one text for EXTVM_WORLD_FAILED. */
extvm_status attempts_world_failed(const struct query *query, extvm_error *error);

#endif
