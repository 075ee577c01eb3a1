/* A dialogue without a socket: the library's node end and VM end, and what the one says is copied
 * into the other's buffer. No machine runs: the VM's end asks what it is told to. So what is
 * measured is the library's own part of a call. */
#ifndef EXTVM_TESTS_SCALING_DIALOGUE_H
#define EXTVM_TESTS_SCALING_DIALOGUE_H

#include "common/session.h"
#include "scaling.h"

struct dialogue {
    struct session node, vm;
    extvm_call call;
    size_t storage_queries; /* of a call */
    extvm_bytes code;       /* asked for once, unless it is empty */
    extvm_result *result;   /* what the VM says in the end; in the beginning without changes */

    /* of the call that runs, or of the last */
    size_t asked;
    double encoding; /* seconds in which the VM's end wrote the result */
    double decoding; /* seconds in which the node's end took and checked it */
};

void dialogue_init(struct dialogue *dialogue);
void dialogue_free(struct dialogue *dialogue);

/* One call; what the node has of it in the end is freed by the caller. */
extvm_result *dialogue_call(struct dialogue *dialogue);

/* Seconds that a call takes, its result thrown away. */
double dialogue_time(struct dialogue *dialogue);

#endif
