/* For each protocol a call with every kind of query, and a result with every kind of change: what
 * tests of faults break, and what must come out when nothing is broken. */
#ifndef EXTVM_TESTS_RICH_CALL_H
#define EXTVM_TESTS_RICH_CALL_H

#include <stdio.h>

#include "support/cases.h"

#define RICH_CALLER "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
#define RICH_CONTRACT "cccccccccccccccccccccccccccccccccccccccc"

/* What the VM says in the call, in this order; it hears Hello and CallContext before, and an answer
 * after each but the last. */
enum rich_message {
    RICH_CALLER_QUERY,
    RICH_ACCOUNT_QUERY,
    RICH_CODE_QUERY,
    RICH_STORAGE_QUERY,
    RICH_BLOCK_HASH_QUERY,
    RICH_RESULT,
    RICH_MESSAGES
};

struct dialect {
    const struct protocol *protocol;
    const char *definitions;             /* the name of a script with those that follow use */
    const char *result;                  /* a script's line that defines RESULT */
    const char *messages[RICH_MESSAGES]; /* in the words of scripts */
    const char *input, *returned, *key;
    size_t access_list_count, coverage_count;
};

extern const struct dialect rich_kevm, rich_iele;

/* The call and its world. */
struct rich {
    const struct dialect *dialect;
    extvm_state *state;
    struct case_call one;
    extvm_world world;
};

void rich_init(struct rich *rich, const struct dialect *dialect);
void rich_free(struct rich *rich);

/* The script of a VM that is called `calls` times on one connection; freed by the caller. */
char *rich_script(const struct dialect *dialect, unsigned calls);

/* The same for some sessions, one after the other. */
char *rich_sessions(const struct dialect *dialect, unsigned sessions, unsigned calls);

/* Adds what the VM does in one call to a script. */
void rich_write_call(FILE *script, const struct dialect *dialect);

/* A VM that plays rich_script. */
struct scripted_vm *rich_start(const struct dialect *dialect, unsigned calls);

/* What is wrong with a result of the call, or NULL. From any thread. */
const char *rich_difference(const struct dialect *dialect, const extvm_result *result);

#endif
