/* Several VM processes of one kind as one VM: each does one call at a time, so a call goes where
 * the fewest are. */
#include "pool.h"

#include <pthread.h>

#include "error.h"
#include "memory.h"

struct member {
    extvm_vm *vm;
    size_t calls; /* running or waiting; under the lock */
};

struct pool {
    extvm_vm vm;
    extvm_allocator allocator;
    pthread_mutex_t lock;
    size_t next; /* where the search begins, so that equals take turns */
    size_t count;
    struct member members[];
};

static struct member *take_member(struct pool *pool) {
    pthread_mutex_lock(&pool->lock);
    struct member *best = &pool->members[pool->next];
    for (size_t i = 1; i < pool->count; i++) {
        struct member *one = &pool->members[(pool->next + i) % pool->count];
        best = one->calls < best->calls ? one : best;
    }
    pool->next = ((size_t)(best - pool->members) + 1) % pool->count;
    best->calls++;
    pthread_mutex_unlock(&pool->lock);
    return best;
}

static extvm_status pool_run(extvm_vm *vm, const extvm_call *call, const extvm_world *world,
                             extvm_result **result, extvm_error *error) {
    struct pool *pool = (struct pool *)vm;
    struct member *member = take_member(pool);
    extvm_status status = extvm_run(member->vm, call, world, result, error);
    pthread_mutex_lock(&pool->lock);
    member->calls--;
    pthread_mutex_unlock(&pool->lock);
    return status;
}

static void pool_close(extvm_vm *vm) {
    struct pool *pool = (struct pool *)vm;
    for (size_t i = 0; i < pool->count; i++) {
        extvm_close(pool->members[i].vm);
    }
    pthread_mutex_destroy(&pool->lock);
    extvm_allocator allocator = pool->allocator;
    memory_release(&allocator, pool);
}

static extvm_status make(extvm_vm *const *members, size_t count, const extvm_allocator *allocator,
                         extvm_vm **out, extvm_error *error) {
    static const struct vm_operations operations = {pool_run, pool_close};
    size_t size;
    struct pool *pool = NULL;
    if (size_multiply(count, sizeof(struct member), &size) && size_add(size, sizeof *pool, &size)) {
        pool = memory_zeroed(allocator, size);
    }
    if (pool == NULL) {
        return error_no_memory(error, "several VMs");
    }
    if (pthread_mutex_init(&pool->lock, NULL) != 0) {
        memory_release(allocator, pool);
        return error_set(error, EXTVM_SYSTEM_ERROR, "cannot make a lock");
    }
    pool->vm.operations = &operations;
    pool->allocator = *allocator;
    pool->count = count;
    for (size_t i = 0; i < count; i++) {
        pool->members[i].vm = members[i];
    }
    *out = &pool->vm;
    return EXTVM_OK;
}

extvm_status pool_new(extvm_vm *const *members, size_t count, const extvm_allocator *allocator,
                      extvm_vm **out, extvm_error *error) {
    extvm_status status = make(members, count, allocator, out, error);
    for (size_t i = 0; i < count && status != EXTVM_OK; i++) {
        extvm_close(members[i]);
    }
    return status;
}
