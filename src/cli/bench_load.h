/* What a bench lets a VM do: calls that ask for storage, bring large code, or return much. */
#ifndef CLI_BENCH_LOAD_H
#define CLI_BENCH_LOAD_H

#include <extvm/integer.h>
#include <extvm/vm.h>

#include "latency.h"
#include "pool.h"

enum { BENCH_UNTIMED = 3 /* of a call: the queries for the caller, the contract and its code */ };

enum bench_kind {
    BENCH_STORAGE, /* a query for each of many storage values of 32 bytes */
    BENCH_CODE,    /* 24 KiB of code */
    BENCH_RESULT,  /* 1 MiB of return data */
    BENCH_KINDS
};

/* One of them; it is the same for every thread. */
struct bench_load {
    enum bench_kind kind;
    extvm_bytes code;
    size_t queries; /* of the VM in a call, its result counted too */
    extvm_address caller, contract;
    extvm_call call;
    uint8_t gas[EXTVM_U64_INTEGER_SIZE];
};

/* "storage", "code" or "result". */
const char *bench_kind_name(enum bench_kind kind);

/* Makes a load in `pool`; `storage_queries` is for BENCH_STORAGE, 1 to 65535. An IELE has only that
 * kind. Errors: EXTVM_NO_MEMORY. */
extvm_status bench_load_init(struct bench_load *load, enum bench_kind kind, bool is_iele,
                             unsigned storage_queries, struct pool *pool, extvm_error *error);

/* What calls took of the library itself: neither in system calls nor in the world. */
struct bench_spent {
    uint64_t calls, own_nanoseconds;
};

/* One call: times go into `latency`, as those of a ping-pong (BENCH_UNTIMED), and are added to
 * `spent`. Errors: those of
 * extvm_run, EXTVM_RESULT_REJECTED (it did not do what it was to do). */
extvm_status bench_load_run(const struct bench_load *load, extvm_vm *vm, struct latency *latency,
                            struct bench_spent *spent, extvm_error *error);

#endif
