/* A VM process that misbehaves at random, and is started again and again. */
#include "support/faulty_vm.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <extvm/testvm.h>

#include "common/clock.h"
#include "support/chance.h"
#include "support/rich_call.h"

#define BIT(status) (UINT32_C(1) << (status))

/* Of being stopped in the middle of anything. */
static const uint32_t stop_statuses = BIT(EXTVM_UNREACHABLE) | BIT(EXTVM_VERSION_REJECTED) |
                                      BIT(EXTVM_VM_CLOSED) | BIT(EXTVM_VM_CLOSED_IN_FRAME) |
                                      BIT(EXTVM_VM_RESET) | BIT(EXTVM_CALL_ENDS_VM) |
                                      BIT(EXTVM_DEADLINE_PASSED);

/* Of a test-mode server. */
static const struct fault {
    const char *name;
    unsigned most; /* of the number that follows; 0: none does */
    const char *unit;
    uint32_t statuses;
} faults[] = {
    {"", 0, "", 0}, /* the more often, the more calls there are between two faults */
    {"", 0, "", 0},
    {"", 0, "", 0},
    {"", 0, "", 0},
    {"", 0, "", 0},
    {"", 0, "", 0},
    {"delay=", 3, "ms", 0},
    {"split=", 40, "", 0},
    {"close-after-hello", 0, "", BIT(EXTVM_VERSION_REJECTED)},
    {"close-after=", 6, "", BIT(EXTVM_VM_CLOSED)},
    {"reset-after=", 6, "", BIT(EXTVM_VM_RESET)},
    {"stall-after=", 6, "", BIT(EXTVM_DEADLINE_PASSED)},
    {"oversize", 0, "", BIT(EXTVM_FRAME_TOO_LARGE)},
    {"garbage", 0, "", BIT(EXTVM_MALFORMED_MESSAGE)},
    {"wrong-type", 0, "", BIT(EXTVM_MALFORMED_MESSAGE)},
};

enum { FAULTS = sizeof faults / sizeof faults[0] };

/* Of a script, in the place of a query's answer. */
static const struct {
    const char *steps;
    uint32_t statuses;
} breaks[] = {
    {"", 0},
    {"delay 3\n", 0},
    {"split 1\n", 0},
    {"close\n", BIT(EXTVM_VM_CLOSED)},
    {"reset\n", BIT(EXTVM_VM_RESET)},
    {"half-close\nstall\n", BIT(EXTVM_VM_CLOSED)},
    {"stall\n", BIT(EXTVM_DEADLINE_PASSED)},
    {"< ffffffff\nstall\n", BIT(EXTVM_FRAME_TOO_LARGE)},
    {"< 00000008 ffffffffffffffff\nstall\n", BIT(EXTVM_MALFORMED_MESSAGE)},
    {"< 00000003\nclose\n", BIT(EXTVM_VM_CLOSED_IN_FRAME)},
    {"< 00000000\nstall\n", BIT(EXTVM_EMPTY_QUERY)},
    {"< AS AS\nstall\n", BIT(EXTVM_UNEXPECTED_MESSAGE)},
};

enum { BREAKS = sizeof breaks / sizeof breaks[0] };

uint32_t faulty_vm_statuses(void) {
    uint32_t statuses = stop_statuses;
    for (size_t i = 0; i < FAULTS; i++) {
        statuses |= faults[i].statuses;
    }
    for (size_t i = 0; i < BREAKS; i++) {
        statuses |= breaks[i].statuses;
    }
    return statuses;
}

struct faulty_vm {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ending;
    bool is_ending;
    enum faulty_kind kind;
    atomic_uint starts;
    uint64_t chance;
    char listen[160], address[192];
    extvm_testvm *server;
    struct scripted_vm *scripted; /* of FAULTY_SCRIPT, instead */
};

/* -- the VM as it is now -- */

/* Sessions of some calls each, whose last one breaks somewhere. */
static char *make_script(uint64_t *random) {
    enum { SESSIONS = 12, CALLS = 100 };
    char *text, *first = rich_sessions(&rich_iele, 1, (unsigned)(chance(random) % CALLS));
    size_t size;
    FILE *script = open_memstream(&text, &size);
    fputs(first, script);
    for (unsigned i = 0; i < SESSIONS; i++) {
        fputs("session\n> any\n", script);
        for (uint64_t calls = chance(random) % CALLS; calls > 0; calls--) {
            rich_write_call(script, &rich_iele);
        }
        fputs(chance(random) % 2 == 0 ? "> any\n" : "> any\n< AS\n> any\n", script);
        fputs(breaks[chance(random) % BREAKS].steps, script);
    }
    fclose(script);
    free(first);
    return text;
}

static bool begin_script(struct faulty_vm *vm) {
    char *script = make_script(&vm->chance);
    vm->scripted = scripted_vm_start(rich_iele.protocol, script, vm->listen + strlen("unix:"));
    free(script);
    return vm->scripted != NULL;
}

static bool begin_server(struct faulty_vm *vm) {
    char text[64];
    extvm_error error = {EXTVM_OK, ""};
    const struct fault *fault = &faults[chance(&vm->chance) % FAULTS];
    unsigned number = fault->most > 0 ? 1 + (unsigned)(chance(&vm->chance) % fault->most) : 0;
    snprintf(text, sizeof text, fault->most > 0 ? "%s%u%s" : "%s", fault->name, number,
             fault->unit);
    extvm_status status = extvm_testvm_start(vm->listen, text, NULL, &vm->server, &error);
    if (status != EXTVM_OK) {
        fprintf(stderr, "faulty VM: %s\n", error.text);
    }
    return status == EXTVM_OK;
}

static bool begin(struct faulty_vm *vm) {
    bool begun = vm->kind == FAULTY_SCRIPT ? begin_script(vm) : begin_server(vm);
    atomic_fetch_add(&vm->starts, begun ? 1 : 0);
    return begun;
}

static void end(struct faulty_vm *vm) {
    extvm_testvm_stop(vm->server);
    if (vm->scripted != NULL) {
        (void)scripted_vm_stop(vm->scripted); /* whatever it found: it provoked that itself */
    }
    vm->server = NULL;
    vm->scripted = NULL;
}

/* -- its life -- */

/* True: it is to end. */
static bool sleep_for(struct faulty_vm *vm, unsigned most_milliseconds) {
    uint64_t milliseconds = chance(&vm->chance) % most_milliseconds;
    const struct timespec until =
        clock_timespec(clock_now() + milliseconds * NANOSECONDS_IN_MILLISECOND);
    int waited = 0;
    pthread_mutex_lock(&vm->lock);
    while (!vm->is_ending && waited == 0) {
        waited = pthread_cond_clockwait(&vm->ending, &vm->lock, CLOCK_MONOTONIC, &until);
    }
    bool is_ending = vm->is_ending;
    pthread_mutex_unlock(&vm->lock);
    return is_ending;
}

static void *live(void *context) {
    enum { UP = 1500, DOWN = 60 /* milliseconds, at most */ };
    struct faulty_vm *vm = context;
    bool is_up = true; /* it was begun already */
    for (;;) {
        if (sleep_for(vm, is_up ? UP : DOWN)) {
            end(vm);
            return NULL;
        }
        if (is_up) {
            end(vm);
        }
        is_up = !is_up && begin(vm);
    }
}

/* Where it listens, now that it does. */
static void name_address(struct faulty_vm *vm) {
    if (vm->kind == FAULTY_SCRIPT) {
        snprintf(vm->address, sizeof vm->address, "iele+%s", vm->listen);
        return;
    }
    snprintf(vm->address, sizeof vm->address, "%s",
             extvm_testvm_address_for(vm->server, vm->kind == FAULTY_IELE ? "iele" : "kevm"));
    const char *place = strstr(vm->address, "://");
    if (place != NULL) {
        snprintf(vm->listen, sizeof vm->listen, "%.150s", place + 3);
    }
}

struct faulty_vm *faulty_vm_start(enum faulty_kind kind, const char *unix_path, uint64_t seed) {
    struct faulty_vm *vm = calloc(1, sizeof *vm);
    vm->kind = kind;
    vm->chance = seed | 1;
    snprintf(vm->listen, sizeof vm->listen, "%s%.150s", unix_path != NULL ? "unix:" : "",
             unix_path != NULL ? unix_path : "127.0.0.1:0");
    pthread_mutex_init(&vm->lock, NULL);
    pthread_cond_init(&vm->ending, NULL);
    if (begin(vm)) {
        name_address(vm);
        if (pthread_create(&vm->thread, NULL, live, vm) == 0) {
            return vm;
        }
        end(vm);
    }
    free(vm);
    return NULL;
}

const char *faulty_vm_address(const struct faulty_vm *vm) {
    return vm->address;
}

unsigned faulty_vm_starts(const struct faulty_vm *vm) {
    return atomic_load(&vm->starts);
}

void faulty_vm_stop(struct faulty_vm *vm) {
    pthread_mutex_lock(&vm->lock);
    vm->is_ending = true;
    pthread_cond_signal(&vm->ending);
    pthread_mutex_unlock(&vm->lock);
    pthread_join(vm->thread, NULL);
    pthread_cond_destroy(&vm->ending);
    pthread_mutex_destroy(&vm->lock);
    free(vm);
}
