/* A thread that makes one call, with a world that can be held up. */
#include "support/caller.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/client.h"
#include "common/clock.h"

#define CONTRACT "cccccccccccccccccccccccccccccccccccccccc"

void sleep_milliseconds(unsigned milliseconds) {
    const struct timespec time =
        clock_timespec((uint64_t)milliseconds * NANOSECONDS_IN_MILLISECOND);
    nanosleep(&time, NULL);
}

/* What every question goes through. */
static void pass_gate(struct caller *caller) {
    if (atomic_fetch_add(&caller->questions, 1) == 0) {
        caller->number = caller->order != NULL ? atomic_fetch_add(caller->order, 1) : 0;
        if (caller->is_gated) {
            sem_wait(&caller->gate);
        }
    }
    if (caller->delay > 0) {
        sleep_milliseconds(caller->delay);
    }
}

static extvm_lookup account(void *context, const extvm_address *address, extvm_account *out) {
    struct caller *caller = context;
    pass_gate(caller);
    return caller->inner.account(caller->inner.context, address, out);
}

static extvm_lookup storage(void *context, const extvm_address *address, extvm_bytes key,
                            extvm_bytes *out) {
    struct caller *caller = context;
    pass_gate(caller);
    return caller->inner.storage(caller->inner.context, address, key, out);
}

static extvm_lookup code(void *context, const extvm_address *address, extvm_bytes *out) {
    struct caller *caller = context;
    pass_gate(caller);
    return caller->inner.code(caller->inner.context, address, out);
}

static extvm_lookup block_hash(void *context, uint64_t number, extvm_word *out) {
    struct caller *caller = context;
    pass_gate(caller);
    return caller->inner.block_hash(caller->inner.context, number, out);
}

void caller_init(struct caller *caller, extvm_vm *vm, const char *code_hex, const char *gas) {
    memset(caller, 0, sizeof *caller);
    case_call_init(&caller->one, CONTRACT, "", "0", gas);
    extvm_chain_set_fork(&caller->one.call.chain, EXTVM_FORK_BERLIN);
    caller->state = extvm_state_new(NULL);
    case_account(caller->state, "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "4", "1000000", "");
    case_account(caller->state, CONTRACT, "1", "0", code_hex);
    caller->inner = extvm_state_world(caller->state);
    caller->world = (extvm_world){caller, account, storage, code, block_hash};
    caller->vm = vm;
    assert_int_equal(sem_init(&caller->gate, 0, 0), 0);
}

void caller_free(struct caller *caller) {
    extvm_result_free(caller->result);
    extvm_state_free(caller->state);
    sem_destroy(&caller->gate);
}

extvm_status caller_run(struct caller *caller) {
    extvm_result_free(caller->result);
    caller->result = NULL;
    uint64_t start = clock_now();
    caller->error.text[0] = '\0';
    caller->status =
        extvm_run(caller->vm, &caller->one.call, &caller->world, &caller->result, &caller->error);
    caller->time = clock_now() - start;
    return caller->status;
}

static void *run(void *context) {
    caller_run(context);
    return NULL;
}

void caller_start(struct caller *caller) {
    assert_int_equal(pthread_create(&caller->thread, NULL, run, caller), 0);
}

extvm_status caller_join(struct caller *caller) {
    assert_int_equal(pthread_join(caller->thread, NULL), 0);
    return caller->status;
}

void caller_wait_asked(struct caller *caller, unsigned count) {
    uint64_t end = clock_now() + 10 * NANOSECONDS_IN_SECOND;
    while (atomic_load(&caller->questions) < count) {
        assert_true(clock_now() < end);
        sleep_milliseconds(1);
    }
}

static unsigned in_line(extvm_vm *vm) {
    struct line *line = &client_of(vm)->line;
    unsigned count = 0;
    pthread_mutex_lock(&line->lock);
    for (const struct call_slot *slot = line->first; slot != NULL; slot = slot->behind) {
        count++;
    }
    pthread_mutex_unlock(&line->lock);
    return count;
}

void wait_in_line(extvm_vm *vm, unsigned count) {
    uint64_t end = clock_now() + 10 * NANOSECONDS_IN_SECOND;
    while (in_line(vm) != count) {
        assert_true(clock_now() < end);
        sleep_milliseconds(1);
    }
}

void wait_sessions(const extvm_testvm *server, unsigned count) {
    uint64_t end = clock_now() + 10 * NANOSECONDS_IN_SECOND;
    while (extvm_testvm_sessions(server) != count) {
        assert_true(clock_now() < end);
        sleep_milliseconds(1);
    }
}

void caller_open_gate(struct caller *caller) {
    sem_post(&caller->gate);
}
