/* What a handle has done since it was opened: how many calls, with what end, at what cost. */
#ifndef EXTVM_STATS_H
#define EXTVM_STATS_H

#include <stddef.h>
#include <stdint.h>

#include <extvm/declare.h>
#include <extvm/status.h>
#include <extvm/vm.h>

EXTVM_BEGIN_DECLARATIONS

/* How long something took, over all calls. Bucket i counts the calls that took at most 2^i
 * microseconds and more than bucket i - 1 has; the last one has no upper end. */
enum { EXTVM_HISTOGRAM_BUCKETS = 32 };
typedef struct extvm_histogram {
    uint64_t count;
    uint64_t sum; /* nanoseconds */
    uint64_t buckets[EXTVM_HISTOGRAM_BUCKETS];
} extvm_histogram;

/* Counts never go down. `world` is time in the node's own world; `vm` is time from a message's last
 * byte sent to the first byte that comes back; `wire` is the rest of sending and receiving. Calls
 * that never reached a VM are in `calls` and `failures` only. */
typedef struct extvm_vm_stats {
    uint64_t calls;                        /* ended, in whatever way */
    uint64_t failures[EXTVM_STATUS_COUNT]; /* calls by status; [EXTVM_OK]: those that worked */
    uint64_t account_queries, storage_queries, code_queries, block_hash_queries;
    uint64_t bytes_sent, bytes_received;
    uint64_t connects;   /* connections made */
    uint64_t reconnects; /* of those, the ones that were not a process's first */
    uint64_t retries;    /* attempts after a call's first */
    uint64_t cut_off;    /* sessions that the VM did not end within the drain-timeout */
    extvm_histogram total, vm, world, wire; /* of each call, its attempts together */
} extvm_vm_stats;

/* The numbers as they are now. Another thread may be running calls; then the numbers of a call that
 * is just ending may be there in part. Errors: EXTVM_INVALID_ARGUMENT (NULL). */
extvm_status extvm_stats(const extvm_vm *vm, extvm_vm_stats *out, extvm_error *error);

/* How a VM process of the handle is. */
typedef enum extvm_endpoint_state {
    EXTVM_ENDPOINT_UNUSED,       /* there is no connection, and nothing is known against it */
    EXTVM_ENDPOINT_IDLE,         /* connected, no call runs */
    EXTVM_ENDPOINT_BUSY,         /* a call runs on it */
    EXTVM_ENDPOINT_SET_ASIDE,    /* it failed, and others are used first for a while */
    EXTVM_ENDPOINT_NEEDS_RESTART /* a session could not be left politely, and no call worked since
                                  */
} extvm_endpoint_state;

/* "unused", "idle", "busy", "set-aside", "needs-restart"; lives for ever. */
const char *extvm_endpoint_state_name(extvm_endpoint_state state);

typedef struct extvm_endpoint_stats {
    const char *address; /* as it was given; lives as long as the handle */
    extvm_endpoint_state state;
    uint64_t calls;    /* that ended with a result */
    uint64_t failures; /* attempts that did not */
    uint64_t connects;
} extvm_endpoint_stats;

/* The number of VM processes of a handle; 0 for one that runs inside the library. */
size_t extvm_endpoint_count(const extvm_vm *vm);

/* Errors: EXTVM_INVALID_ARGUMENT (NULL, or no process with that index). */
extvm_status extvm_endpoint(const extvm_vm *vm, size_t index, extvm_endpoint_stats *out,
                            extvm_error *error);

/* Writes all these numbers as text in the Prometheus exposition format (version 0.0.4), at most
 * `size` bytes with the final zero byte, like snprintf: returns the length that the whole text has,
 * without the zero byte. `text` may be NULL when `size` is 0. 0 when `vm` is NULL. */
size_t extvm_stats_prometheus(const extvm_vm *vm, char *text, size_t size);

EXTVM_END_DECLARATIONS

#endif
