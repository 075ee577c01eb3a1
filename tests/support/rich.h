/* For each protocol a call with every kind of query, and a result with every kind of change, for a
 * scripted VM and its node. */
#ifndef EXTVM_TESTS_RICH_H
#define EXTVM_TESTS_RICH_H

#include "support/cases.h"

struct rich_dialect {
    const struct protocol *protocol;
    const char *definitions, *result, *call; /* of scripts */
    const char *input, *returned, *key;
    size_t access_list_count, coverage_count;
};

extern const struct rich_dialect rich_kevm, rich_iele;

/* The node's side: the call and its world; `state` is the caller's to free. */
struct rich {
    const struct rich_dialect *dialect;
    extvm_state *state;
    struct case_call one;
    extvm_world world;
};

void rich_init(struct rich *rich, const struct rich_dialect *dialect);

/* A script of some sessions with some calls each; freed by the caller. */
char *rich_script(const struct rich_dialect *dialect, unsigned sessions, unsigned calls);

/* Fails the test when the result is not the call's. */
void rich_assert(const struct rich_dialect *dialect, const extvm_result *result);

#endif
