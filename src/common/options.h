/* Options, as the rest of the library reads them. */
#ifndef EXTVM_COMMON_OPTIONS_H
#define EXTVM_COMMON_OPTIONS_H

#include <stdbool.h>

#include <extvm/vm.h>

#include "log.h"

/* Times in nanoseconds. Each is one row of the table in extvm/vm.h. */
struct settings {
    uint64_t connect_timeout;
    uint64_t connect_retries;
    uint64_t retry_delay;
    uint64_t wait_timeout;
    uint64_t call_timeout;
    uint64_t call_retries;
    uint64_t drain_timeout;
    uint64_t max_frame;     /* bytes */
    uint64_t tcp_keepalive; /* 0: off */
    uint64_t block_hash;    /* an enum block_hash_choice */
    uint64_t world_time;    /* an enum world_time_choice */
    uint64_t spin;          /* how long an answer is polled for before sleeping */
    uint64_t leave;         /* an enum leave_choice */
    uint64_t after_call;    /* an enum after_call_choice */
    uint64_t max_sessions;
    uint64_t idle_timeout;
    uint64_t answer_timeout;
    uint64_t start_timeout;
    uint64_t stop_timeout;
    uint64_t recycle_calls;  /* 0: never */
    uint64_t recycle_memory; /* bytes; 0: never */
};

/* Whether the time that the node's world takes counts for the deadlines. */
enum world_time_choice { WORLD_TIME_APART, WORLD_TIME_COUNTED };

/* How a call is left whose time is over, or that was cancelled: the session is half-closed and
 * drained, or the VM is answered to the end of the call. */
enum leave_choice { LEAVE_DRAIN, LEAVE_ANSWER };

/* Whether a connection is kept for the next call. */
enum after_call_choice { AFTER_CALL_KEEP, AFTER_CALL_LEAVE };

enum block_hash_choice { BLOCK_HASH_OF_VM, BLOCK_HASH_CHOSEN_ABSOLUTE, BLOCK_HASH_CHOSEN_PARENT };

struct extvm_options {
    extvm_allocator allocator;
    struct settings settings;
    uint32_t given; /* a bit for each option that was set, in the order of the table */
    struct logger logger;
    extvm_trace_fn trace;
    void *trace_context;
};

/* Reads a duration such as "250ms" or "3s" into nanoseconds; false when it is none. */
bool options_parse_duration(const char *text, uint64_t *nanoseconds);

/* The defaults, in a struct of the caller's; `allocator` NULL: the default one. */
void options_init(extvm_options *options, const extvm_allocator *allocator);

/* What an option's value looks like where types are written, as in base.conf. */
enum option_form { OPTION_TIME, OPTION_SIZE, OPTION_COUNT, OPTION_WORD };

struct option_rule {
    enum option_form form;
    const char *allowed; /* for people: "1ms to 1h" */
};

/* The rule of an option; false when there is no such option. */
bool option_find(const char *name, struct option_rule *rule);

/* Gives `options` what is set in `more` and not yet in `options`; it counts as set then. */
void options_fill(extvm_options *options, const extvm_options *more);

#endif
