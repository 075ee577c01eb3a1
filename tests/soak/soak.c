/* Soak: 16 threads make calls through 4 handles on 8 VM processes of both kinds, which misbehave
 * and are started again at random (support/faulty_vm.h), while calls are cancelled at random. No
 * call is lost, no result is wrong, every failure is one that the faults explain, the library's
 * numbers are the program's own, memory stays flat.
 *
 *   soak [SECONDS [SEED]]
 *
 * Prints TAP and figures. The seed decides about calls, faults and times; the threads' order is the
 * system's. */
#include <dirent.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "support/caller.h"
#include "support/chance.h"
#include "support/faulty_vm.h"
#include "support/rich_call.h"
#include "support/workload.h"

enum { THREADS = 16, HANDLES = 4, PROCESSES = 8 };

#define MIB (UINT64_C(1) << 20)

static const struct plan {
    enum faulty_kind kind;
    bool is_unix;
    unsigned processes;
} plans[HANDLES] = {
    {FAULTY_KEVM, false, 2},
    {FAULTY_KEVM, true, 2},
    {FAULTY_IELE, false, 3},
    {FAULTY_SCRIPT, true, 1},
};

static const char *const settings[][2] = {
    {"call-timeout", "3s"},   {"wait-timeout", "100ms"},  {"connect-timeout", "1s"},
    {"retry-delay", "100ms"}, {"drain-timeout", "200ms"}, {"call-retries", "2"},
};
/* After which a call must have come back, whatever happens: call-timeout, drain-timeout, and what a
 * busy machine and a sanitizer need. */
static const uint64_t longest_allowed = 8 * NANOSECONDS_IN_SECOND;

struct handle {
    const struct plan *plan;
    extvm_vm *vm;
    struct faulty_vm *processes[PROCESSES];
    atomic_uint_fast64_t ended[EXTVM_STATUS_COUNT]; /* calls by status, as the threads saw them */
};

struct worker {
    pthread_t thread;
    struct soak *soak;
    struct workload workloads[2]; /* of FAULTY_KEVM and FAULTY_IELE */
    struct rich rich;             /* of FAULTY_SCRIPT */
    uint64_t chance;
    atomic_uint_fast64_t cancels; /* sent to its calls */
    uint64_t begun, ended, wrong, unexplained, cancelled, longest;
    extvm_error strange; /* the last failure that nothing explains */
};

struct soak {
    struct handle handles[HANDLES];
    struct worker workers[THREADS];
    extvm_result *rich_result; /* what the rich IELE call must give */
    uint64_t end;
    uint32_t explained; /* statuses */
    atomic_uint_fast64_t live_bytes;
};

/* -- memory of the library's -- */

static void *count_allocate(void *context, size_t size) {
    struct soak *soak = context;
    void *memory = malloc(size);
    atomic_fetch_add(&soak->live_bytes, memory != NULL ? malloc_usable_size(memory) : 0);
    return memory;
}

static void count_release(void *context, void *memory) {
    struct soak *soak = context;
    atomic_fetch_sub(&soak->live_bytes, memory != NULL ? malloc_usable_size(memory) : 0);
    free(memory);
}

static void *count_resize(void *context, void *memory, size_t old_size, size_t new_size) {
    struct soak *soak = context;
    size_t before = memory != NULL ? malloc_usable_size(memory) : 0;
    (void)old_size;
    void *moved = realloc(memory, new_size);
    if (moved != NULL) {
        atomic_fetch_add(&soak->live_bytes, malloc_usable_size(moved));
        atomic_fetch_sub(&soak->live_bytes, before);
    }
    return moved;
}

/* Of the whole program, in bytes. */
static uint64_t resident(void) {
    unsigned long long whole = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%llu %llu", &whole, &pages) != 2) {
        pages = 0;
    }
    if (file != NULL) {
        fclose(file);
    }
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static unsigned open_descriptors(void) {
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

/* -- calls -- */

static void note_end(struct worker *worker, struct handle *handle, extvm_status status,
                     const extvm_error *error, uint64_t time) {
    bool was_cancelled = status == EXTVM_CANCELLED;
    worker->ended++;
    worker->longest = time > worker->longest ? time : worker->longest;
    worker->cancelled += was_cancelled;
    atomic_fetch_add(&handle->ended[status], 1);
    if (status != EXTVM_OK && !was_cancelled &&
        (worker->soak->explained & UINT32_C(1) << status) == 0) {
        worker->unexplained++;
        worker->strange = *error;
    }
}

static const extvm_call *call_for(const struct worker *worker, const struct handle *handle) {
    enum faulty_kind kind = handle->plan->kind;
    return kind == FAULTY_SCRIPT ? &worker->rich.one.call : &worker->workloads[kind].one.call;
}

static void make_call(struct worker *worker, struct handle *handle) {
    struct workload *workload =
        handle->plan->kind == FAULTY_SCRIPT ? NULL : &worker->workloads[handle->plan->kind];
    extvm_result *result = NULL;
    extvm_error error = {EXTVM_OK, ""};
    if (workload != NULL) {
        workload_next(workload);
    }
    const extvm_world *world = workload != NULL ? &workload->world : &worker->rich.world;
    uint64_t start = clock_now();
    worker->begun++;
    extvm_status status = extvm_run(handle->vm, call_for(worker, handle), world, &result, &error);
    note_end(worker, handle, status, &error, clock_now() - start);
    const extvm_result *expected =
        workload != NULL ? workload->expected : worker->soak->rich_result;
    worker->wrong += status == EXTVM_OK && !workload_same(result, expected);
    worker->wrong += (status == EXTVM_OK) != (result != NULL);
    extvm_result_free(result);
}

/* Mostly on a handle of its own, so that the threads do not all wait for the slowest one. */
static void *work(void *context) {
    struct worker *worker = context;
    struct soak *soak = worker->soak;
    size_t home = (size_t)(worker - soak->workers) % HANDLES;
    while (clock_now() < soak->end) {
        uint64_t random = chance(&worker->chance);
        make_call(worker, &soak->handles[random % 64 == 0 ? random / 64 % HANDLES : home]);
    }
    return NULL;
}

/* Cancels a call of somebody, if it runs on that handle just now. */
static void cancel_one(struct soak *soak, uint64_t *random) {
    struct worker *worker = &soak->workers[chance(random) % THREADS];
    struct handle *handle = &soak->handles[chance(random) % HANDLES];
    atomic_fetch_add(&worker->cancels, 1);
    extvm_cancel(handle->vm, call_for(worker, handle));
}

/* -- the fleet -- */

static bool start_handle(struct soak *soak, struct handle *handle, const char *folder,
                         uint64_t seed) {
    char addresses[PROCESSES * 200] = "", path[128];
    extvm_error error = {EXTVM_OK, ""};
    const extvm_allocator allocator = {soak, count_allocate, count_resize, count_release};
    size_t index = (size_t)(handle - soak->handles);
    for (unsigned i = 0; i < handle->plan->processes; i++) {
        snprintf(path, sizeof path, "%s/vm-%zu-%u", folder, index, i);
        handle->processes[i] =
            faulty_vm_start(handle->plan->kind, handle->plan->is_unix ? path : NULL,
                            seed * 31 + index * PROCESSES + i);
        if (handle->processes[i] == NULL) {
            return false;
        }
        strcat(addresses, i > 0 ? "," : "");
        strcat(addresses, faulty_vm_address(handle->processes[i]));
    }
    extvm_options *options = extvm_options_new(&allocator);
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0] && status == EXTVM_OK; i++) {
        status = extvm_options_set(options, settings[i][0], settings[i][1], &error);
    }
    if (status == EXTVM_OK) {
        status = extvm_open(addresses, options, &handle->vm, &error);
    }
    extvm_options_free(options);
    if (status != EXTVM_OK) {
        fprintf(stderr, "soak: %s\n", error.text);
    }
    return status == EXTVM_OK;
}

/* What the rich call gives on a VM that behaves. */
static extvm_result *run_rich_call(void) {
    struct rich rich;
    extvm_vm *vm;
    extvm_result *result = NULL;
    char *script = rich_sessions(&rich_iele, 1, 1);
    struct scripted_vm *scripted = scripted_vm_start(rich_iele.protocol, script, NULL);
    extvm_options *options = case_options("5s");
    free(script);
    rich_init(&rich, &rich_iele);
    vm = case_open(scripted, options);
    if (extvm_run(vm, &rich.one.call, &rich.world, &result, NULL) != EXTVM_OK ||
        rich_difference(&rich_iele, result) != NULL) {
        fputs("soak: the rich call does not give what it should\n", stderr);
        exit(2);
    }
    extvm_close(vm);
    extvm_options_free(options);
    rich_free(&rich);
    scripted_vm_stop(scripted);
    return result;
}

static bool start(struct soak *soak, const char *folder, uint64_t seed) {
    soak->explained = faulty_vm_statuses();
    soak->rich_result = run_rich_call();
    bool started = soak->rich_result != NULL;
    for (size_t i = 0; i < HANDLES && started; i++) {
        soak->handles[i].plan = &plans[i];
        started = start_handle(soak, &soak->handles[i], folder, seed);
    }
    for (size_t i = 0; i < THREADS && started; i++) {
        struct worker *worker = &soak->workers[i];
        worker->soak = soak;
        worker->chance = seed * THREADS + i + 1;
        workload_init(&worker->workloads[FAULTY_KEVM], false, seed * THREADS + i + 1);
        workload_init(&worker->workloads[FAULTY_IELE], true, seed * THREADS + i + 1);
        rich_init(&worker->rich, &rich_iele);
        started = pthread_create(&worker->thread, NULL, work, worker) == 0;
    }
    return started;
}

/* -- the end -- */

struct figures {
    uint64_t begun, ended, wrong, unexplained, cancelled, cancels, longest;
    uint64_t retries, reconnects, cut_off, starts;
    uint64_t ended_with[EXTVM_STATUS_COUNT];
    bool add_up;
};

static void sum_workers(struct soak *soak, struct figures *figures) {
    for (size_t i = 0; i < THREADS; i++) {
        const struct worker *worker = &soak->workers[i];
        figures->begun += worker->begun;
        figures->ended += worker->ended;
        figures->wrong += worker->wrong;
        figures->unexplained += worker->unexplained;
        figures->cancelled += worker->cancelled;
        figures->cancels += atomic_load(&worker->cancels);
        figures->longest = worker->longest > figures->longest ? worker->longest : figures->longest;
        figures->unexplained += worker->cancelled > atomic_load(&worker->cancels);
        if (worker->unexplained > 0) {
            printf("# nothing explains: %s\n", worker->strange.text);
        }
    }
}

static bool check(const char *what, size_t handle, uint64_t got, uint64_t wanted) {
    if (got != wanted) {
        printf("# handle %zu: %s: %" PRIu64 ", not %" PRIu64 "\n", handle, what, got, wanted);
    }
    return got == wanted;
}

/* The library's numbers against the program's. */
static void sum_handle(struct soak *soak, size_t i, struct figures *figures) {
    struct handle *handle = &soak->handles[i];
    extvm_vm_stats stats;
    uint64_t calls = 0, good = 0, connects = 0;
    bool same = extvm_stats(handle->vm, &stats, NULL) == EXTVM_OK;
    for (size_t status = 0; status < EXTVM_STATUS_COUNT; status++) {
        uint64_t ended = atomic_load(&handle->ended[status]);
        same = check(extvm_status_name((extvm_status)status), i, stats.failures[status], ended) &&
               same;
        figures->ended_with[status] += ended;
        calls += ended;
    }
    for (unsigned j = 0; j < handle->plan->processes; j++) {
        extvm_endpoint_stats endpoint;
        same = extvm_endpoint(handle->vm, j, &endpoint, NULL) == EXTVM_OK && same;
        good += endpoint.calls;
        connects += endpoint.connects;
        figures->starts += faulty_vm_starts(handle->processes[j]);
    }
    same = check("calls", i, stats.calls, calls) && same;
    same = check("times of calls", i, stats.total.count, calls) && same;
    same = check("results of all processes", i, good, stats.failures[EXTVM_OK]) && same;
    same = check("connects of all processes", i, connects, stats.connects) && same;
    figures->retries += stats.retries;
    figures->reconnects += stats.reconnects;
    figures->cut_off += stats.cut_off;
    figures->add_up = figures->add_up && same;
}

static void stop(struct soak *soak) {
    for (size_t i = 0; i < HANDLES; i++) {
        extvm_close(soak->handles[i].vm);
        for (unsigned j = 0; j < soak->handles[i].plan->processes; j++) {
            faulty_vm_stop(soak->handles[i].processes[j]);
        }
    }
    for (size_t i = 0; i < THREADS; i++) {
        workload_free(&soak->workers[i].workloads[FAULTY_KEVM]);
        workload_free(&soak->workers[i].workloads[FAULTY_IELE]);
        rich_free(&soak->workers[i].rich);
    }
    extvm_result_free(soak->rich_result);
}

static void print_figures(const struct figures *figures, uint64_t seconds) {
    printf("# %" PRIu64 " calls in %" PRIu64 " s (soak), %" PRIu64 " with a result; failed:",
           figures->ended, seconds, figures->ended_with[EXTVM_OK]);
    for (size_t status = 1; status < EXTVM_STATUS_COUNT; status++) {
        if (figures->ended_with[status] > 0) {
            printf(" %s %" PRIu64, extvm_status_name((extvm_status)status),
                   figures->ended_with[status]);
        }
    }
    printf("\n# %" PRIu64 " attempts after a call's first, %" PRIu64 " reconnects, %" PRIu64
           " VM starts, %" PRIu64 " sessions cut off, %" PRIu64 " cancels, longest call %.3f s\n",
           figures->retries, figures->reconnects, figures->starts, figures->cut_off,
           figures->cancels, (double)figures->longest / (double)NANOSECONDS_IN_SECOND);
    printf("# %" PRIu64 " lost calls, %" PRIu64 " wrong results\n", figures->begun - figures->ended,
           figures->wrong);
}

static unsigned verdicts, failures;

static void verdict(bool good, const char *sentence) {
    printf("%sok %u - %s\n", good ? "" : "not ", ++verdicts, sentence);
    failures += good ? 0 : 1;
}

struct memory {
    uint64_t live, resident;
};

/* Lets it run; leaves how much memory there was when it was warm, and at the end. */
static void run(struct soak *soak, uint64_t seed, uint64_t seconds, struct memory memory[2]) {
    uint64_t random = seed | 1, warm = soak->end - seconds * NANOSECONDS_IN_SECOND * 3 / 4;
    bool is_warm = false;
    while (clock_now() < soak->end) {
        sleep_milliseconds(1 + (unsigned)(chance(&random) % 20));
        cancel_one(soak, &random);
        if (!is_warm && clock_now() >= warm) {
            memory[0] = (struct memory){atomic_load(&soak->live_bytes), resident()};
            is_warm = true;
        }
    }
    memory[1] = (struct memory){atomic_load(&soak->live_bytes), resident()};
}

/* With a sanitizer freed memory stays for a while. */
static bool is_flat(const struct memory memory[2]) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    bool is_resident_flat = true;
#else
    bool is_resident_flat = memory[1].resident < memory[0].resident + 16 * MIB;
#endif
    printf(
        "# %.2f MiB of the library's memory, %.1f MiB resident at the end; %.2f and %.1f when it "
        "was warm\n",
        (double)memory[1].live / (double)MIB, (double)memory[1].resident / (double)MIB,
        (double)memory[0].live / (double)MIB, (double)memory[0].resident / (double)MIB);
    return memory[1].live < memory[0].live + MIB && is_resident_flat;
}

int main(int argc, char **argv) {
    uint64_t seconds = argc > 1 ? strtoull(argv[1], NULL, 10) : 600;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (clock_now() % 1000000) + 1;
    char folder[] = "/tmp/extvm-soak-XXXXXX";
    struct soak *soak = calloc(1, sizeof *soak);
    struct figures figures = {.add_up = true};
    struct memory memory[2] = {{0, 0}, {0, 0}};
    unsigned descriptors = open_descriptors();
    printf("# %" PRIu64 " is the seed (soak SECONDS SEED)\n", seed);
    fflush(stdout);
    soak->end = clock_now() + seconds * NANOSECONDS_IN_SECOND;
    if (mkdtemp(folder) == NULL || !start(soak, folder, seed)) {
        return 2;
    }
    run(soak, seed, seconds, memory);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(soak->workers[i].thread, NULL);
    }
    sum_workers(soak, &figures);
    for (size_t i = 0; i < HANDLES; i++) {
        sum_handle(soak, i, &figures);
    }
    stop(soak);
    print_figures(&figures, seconds);
    verdict(figures.ended_with[EXTVM_OK] > 0 && figures.begun == figures.ended &&
                figures.longest < longest_allowed,
            "no call is lost, and each comes back in time");
    verdict(figures.wrong == 0, "no result is wrong");
    verdict(figures.unexplained == 0, "every failure is one that a fault or a cancel explains");
    verdict(figures.add_up, "the library's numbers are those of its user");
    verdict(is_flat(memory), "memory stays flat");
    verdict(atomic_load(&soak->live_bytes) == 0 && open_descriptors() == descriptors,
            "at the end no memory and no descriptor is left");
    printf("1..%u\n", verdicts);
    free(soak);
    rmdir(folder);
    return failures > 0;
}
