/* Counting what calls cost. */
#include "statistics.h"

#include "clock.h"

static uint64_t read_counter(const _Atomic uint64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* The bucket of a time: the least i for which it is at most 2^i microseconds. */
static unsigned bucket_of(uint64_t nanoseconds) {
    uint64_t microseconds =
        nanoseconds / NANOSECONDS_IN_MICROSECOND + (nanoseconds % NANOSECONDS_IN_MICROSECOND != 0);
    unsigned bucket = microseconds <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(microseconds - 1);
    return bucket < EXTVM_HISTOGRAM_BUCKETS ? bucket : EXTVM_HISTOGRAM_BUCKETS - 1;
}

static void note_time(struct histogram *histogram, uint64_t nanoseconds) {
    statistics_count(&histogram->count, 1);
    statistics_count(&histogram->sum, nanoseconds);
    statistics_count(&histogram->buckets[bucket_of(nanoseconds)], 1);
}

void statistics_note(struct statistics *statistics, extvm_status status,
                     const extvm_run_stats *run) {
    statistics_count(&statistics->calls, 1);
    statistics_count(&statistics->failures[status], 1);
    statistics_count(&statistics->account_queries, run->account_queries);
    statistics_count(&statistics->storage_queries, run->storage_queries);
    statistics_count(&statistics->code_queries, run->code_queries);
    statistics_count(&statistics->block_hash_queries, run->block_hash_queries);
    statistics_count(&statistics->bytes_sent, run->bytes_sent);
    statistics_count(&statistics->bytes_received, run->bytes_received);
    statistics_count(&statistics->retries, run->attempts > 1 ? run->attempts - 1 : 0);
    note_time(&statistics->total, run->total_time);
    note_time(&statistics->vm, run->vm_time);
    note_time(&statistics->world, run->world_time);
    note_time(&statistics->wire, run->wire_time);
}

static void read_histogram(const struct histogram *histogram, extvm_histogram *out) {
    out->count = read_counter(&histogram->count);
    out->sum = read_counter(&histogram->sum);
    for (unsigned i = 0; i < EXTVM_HISTOGRAM_BUCKETS; i++) {
        out->buckets[i] = read_counter(&histogram->buckets[i]);
    }
}

void statistics_read(const struct statistics *statistics, extvm_vm_stats *out) {
    out->calls = read_counter(&statistics->calls);
    for (unsigned i = 0; i < EXTVM_STATUS_COUNT; i++) {
        out->failures[i] = read_counter(&statistics->failures[i]);
    }
    out->account_queries = read_counter(&statistics->account_queries);
    out->storage_queries = read_counter(&statistics->storage_queries);
    out->code_queries = read_counter(&statistics->code_queries);
    out->block_hash_queries = read_counter(&statistics->block_hash_queries);
    out->bytes_sent = read_counter(&statistics->bytes_sent);
    out->bytes_received = read_counter(&statistics->bytes_received);
    out->connects = read_counter(&statistics->connects);
    out->reconnects = read_counter(&statistics->reconnects);
    out->retries = read_counter(&statistics->retries);
    out->cut_off = read_counter(&statistics->cut_off);
    read_histogram(&statistics->total, &out->total);
    read_histogram(&statistics->vm, &out->vm);
    read_histogram(&statistics->world, &out->world);
    read_histogram(&statistics->wire, &out->wire);
}
