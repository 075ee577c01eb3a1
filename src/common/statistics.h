/* The numbers behind extvm/stats.h, counted without a lock. */
#ifndef EXTVM_COMMON_STATISTICS_H
#define EXTVM_COMMON_STATISTICS_H

#include <stdatomic.h>

#include <extvm/result.h>
#include <extvm/stats.h>

struct histogram {
    _Atomic uint64_t count, sum, buckets[EXTVM_HISTOGRAM_BUCKETS];
};

struct statistics {
    _Atomic uint64_t calls, failures[EXTVM_STATUS_COUNT];
    _Atomic uint64_t account_queries, storage_queries, code_queries, block_hash_queries;
    _Atomic uint64_t bytes_sent, bytes_received;
    _Atomic uint64_t connects, reconnects, retries, cut_off;
    struct histogram total, vm, world, wire;
};

static inline void statistics_count(_Atomic uint64_t *counter, uint64_t more) {
    atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

/* A call has ended with `status`; `run` is what it cost. */
void statistics_note(struct statistics *statistics, extvm_status status,
                     const extvm_run_stats *run);

void statistics_read(const struct statistics *statistics, extvm_vm_stats *out);

#endif
