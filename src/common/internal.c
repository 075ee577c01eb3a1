/* A machine inside the library, as a VM: each call takes a machine that is idle, or a new one. */
#include "internal.h"

#include <pthread.h>

#include "clock.h"
#include "error.h"
#include "memory.h"
#include "result.h"

enum { IDLE_MAXIMUM = 64 /* machines that are kept for the next calls */ };

struct internal {
    extvm_vm vm;
    const struct machine_kind *kind;
    struct settings settings;
    struct logger logger;
    pthread_mutex_t lock; /* of what follows */
    void *idle[IDLE_MAXIMUM];
    unsigned idle_count;
};

/* -- a world whose time is measured -- */

struct timed_world {
    const extvm_world *world;
    uint64_t time;      /* nanoseconds in it */
    uint64_t *deadline; /* that this time does not count for; NULL: it does */
};

/* Adds the time since `start` and passes `answer` on. */
static extvm_lookup timed(struct timed_world *timed_world, uint64_t start, extvm_lookup answer) {
    uint64_t time = clock_now() - start;
    timed_world->time += time;
    if (timed_world->deadline != NULL) {
        *timed_world->deadline += time;
    }
    return answer;
}

static extvm_lookup timed_account(void *context, const extvm_address *address, extvm_account *out) {
    struct timed_world *world = context;
    uint64_t start = clock_now();
    return timed(world, start, world->world->account(world->world->context, address, out));
}

static extvm_lookup timed_storage(void *context, const extvm_address *address, extvm_bytes key,
                                  extvm_bytes *out) {
    struct timed_world *world = context;
    uint64_t start = clock_now();
    return timed(world, start, world->world->storage(world->world->context, address, key, out));
}

static extvm_lookup timed_code(void *context, const extvm_address *address, extvm_bytes *out) {
    struct timed_world *world = context;
    uint64_t start = clock_now();
    return timed(world, start, world->world->code(world->world->context, address, out));
}

static extvm_lookup timed_block_hash(void *context, uint64_t number, extvm_word *out) {
    struct timed_world *world = context;
    uint64_t start = clock_now();
    return timed(world, start, world->world->block_hash(world->world->context, number, out));
}

/* -- runs -- */

static void *take_machine(struct internal *internal) {
    void *machine = NULL;
    pthread_mutex_lock(&internal->lock);
    if (internal->idle_count > 0) {
        machine = internal->idle[--internal->idle_count];
    }
    pthread_mutex_unlock(&internal->lock);
    return machine != NULL ? machine
                           : internal->kind->make(&internal->vm.allocator, internal->vm.spare);
}

static void give_machine(struct internal *internal, void *machine) {
    pthread_mutex_lock(&internal->lock);
    if (internal->idle_count < IDLE_MAXIMUM) {
        internal->idle[internal->idle_count++] = machine;
        machine = NULL;
    }
    pthread_mutex_unlock(&internal->lock);
    internal->kind->release(machine);
}

static extvm_status internal_run(extvm_vm *vm, struct vm_run *run, extvm_error *error) {
    struct internal *internal = (struct internal *)vm;
    uint64_t start = clock_now();
    struct machine_terms terms = {.deadline = start + internal->settings.call_timeout,
                                  .stop = &run->slot->stopped};
    bool apart = internal->settings.world_time == WORLD_TIME_APART;
    struct timed_world timed_world = {run->world, 0, apart ? &terms.deadline : NULL};
    const extvm_world measured = {&timed_world, timed_account, timed_storage, timed_code,
                                  timed_block_hash};
    void *machine = take_machine(internal);
    if (machine == NULL) {
        return error_no_memory(error, "a machine");
    }
    extvm_status status =
        internal->kind->run(machine, &terms, run->call, &measured, &run->result, error);
    give_machine(internal, machine);
    run->stats = status == EXTVM_OK ? run->result->stats : (extvm_run_stats){0};
    run->stats.total_time = clock_now() - start;
    run->stats.vm_time = run->stats.total_time - timed_world.time;
    run->stats.world_time = timed_world.time;
    run->stats.attempts = 1;
    if (status == EXTVM_OK) {
        run->result->stats = run->stats;
    }
    log_event(&internal->logger,
              &(extvm_log_event){.level = EXTVM_LOG_DEBUG,
                                 .name = "call",
                                 .status = status,
                                 .attempt = 1,
                                 .nanoseconds = run->stats.total_time},
              "internal %s: call: %s, %.3f ms", internal->kind->name, extvm_status_name(status),
              (double)run->stats.total_time / NANOSECONDS_IN_MILLISECOND);
    return status;
}

static void internal_release(extvm_vm *vm) {
    struct internal *internal = (struct internal *)vm;
    for (unsigned i = 0; i < internal->idle_count; i++) {
        internal->kind->release(internal->idle[i]);
    }
    pthread_mutex_destroy(&internal->lock);
    vm_free(vm);
    extvm_allocator allocator = vm->allocator;
    memory_release(&allocator, internal);
}

extvm_status internal_new(const struct machine_kind *kind, const extvm_options *options,
                          extvm_vm **out, extvm_error *error) {
    static const struct vm_operations operations = {.run = internal_run,
                                                    .release = internal_release};
    struct internal *internal = memory_zeroed(&options->allocator, sizeof *internal);
    if (internal == NULL) {
        return error_no_memory(error, "a VM");
    }
    internal->kind = kind;
    internal->settings = options->settings;
    internal->logger = options->logger;
    extvm_status status = vm_init(&internal->vm, &operations, options, error);
    if (status == EXTVM_OK && pthread_mutex_init(&internal->lock, NULL) != 0) {
        vm_free(&internal->vm);
        status = error_set(error, EXTVM_SYSTEM_ERROR,
                           "cannot make a lock: check the limits of memory and of threads");
    }
    if (status != EXTVM_OK) {
        memory_release(&options->allocator, internal);
        return status;
    }
    *out = &internal->vm;
    return EXTVM_OK;
}
