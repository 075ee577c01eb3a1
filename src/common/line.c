/* Calls that wait for VM processes. A process that failed is set aside: 10 ms after the first
 * failure, twice as long after each more, up to the option retry-delay, so that a VM that starts
 * again is not flooded with connects, and calls go where they are answered. */
#include "line.h"

#include "clock.h"

enum { FIRST_DELAY = 10 * NANOSECONDS_IN_MILLISECOND };

bool line_init(struct line *line, const struct settings *settings, struct process *processes,
               size_t count) {
    line->settings = settings;
    line->processes = processes;
    line->count = count;
    line->chance = clock_now() | 1;
    return pthread_mutex_init(&line->lock, NULL) == 0;
}

void line_free(struct line *line) {
    pthread_mutex_destroy(&line->lock);
}

/* -- processes -- */

/* Marsaglia's xorshift: spreads the delays of many clients, so that they do not come together. */
static uint64_t next_chance(struct line *line) {
    uint64_t x = line->chance;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    line->chance = x;
    return x;
}

/* Between half of the full delay and all of it. */
static uint64_t delay_after(struct line *line, unsigned failures) {
    uint64_t full = FIRST_DELAY;
    for (unsigned i = 1; i < failures && full < line->settings->retry_delay; i++) {
        full *= 2;
    }
    if (full > line->settings->retry_delay) {
        full = line->settings->retry_delay;
    }
    return full / 2 + (full > 1 ? next_chance(line) % (full / 2) : 0);
}

/* How gladly a process is used: better one that is well, better one that is connected. */
static int worth(const struct process *process) {
    return (process->needs_restart ? 0 : 2) + (process->is_connected ? 1 : 0);
}

/* The process for the next call, or NULL; `*again` is when one comes back that was set aside. */
static struct process *best_process(struct line *line, uint64_t *again) {
    uint64_t now = clock_now();
    struct process *best = NULL;
    *again = UINT64_MAX;
    for (size_t i = 0; i < line->count; i++) {
        struct process *one = &line->processes[(line->next + i) % line->count];
        if (one->is_taken) {
            continue;
        }
        if (one->aside_until > now) {
            *again = one->aside_until < *again ? one->aside_until : *again;
        } else if (best == NULL || worth(one) > worth(best)) {
            best = one;
        }
    }
    return best;
}

/* -- turns; under the lock -- */

static void unlink_slot(struct line *line, struct call_slot *slot) {
    struct call_slot **at = &line->first, *before = NULL;
    while (*at != slot) {
        before = *at;
        at = &(*at)->behind;
    }
    *at = slot->behind;
    if (line->last == slot) {
        line->last = before;
    }
    slot->is_waiting = false;
}

/* Gives free processes to those who wait, in order, and wakes them. Returns when a process comes
 * back that was set aside: whoever is first then must look again at that time, and is woken to
 * learn of it. `asker` looks anyway, and is not woken. */
static uint64_t serve(struct line *line, const struct call_slot *asker) {
    uint64_t again = UINT64_MAX;
    while (line->first != NULL) {
        struct process *process = best_process(line, &again);
        if (process == NULL) {
            break;
        }
        struct call_slot *slot = line->first;
        unlink_slot(line, slot);
        line->next = ((size_t)(process - line->processes) + 1) % line->count;
        process->is_taken = true;
        slot->process = process;
        if (slot != asker) {
            call_slot_wake(slot);
        }
    }
    if (line->first != NULL && line->first != asker && again != UINT64_MAX) {
        call_slot_wake(line->first);
    }
    return again;
}

void line_enter(struct line *line, struct call_slot *slot, bool ahead) {
    pthread_mutex_lock(&line->lock);
    slot->process = NULL;
    slot->is_waiting = true;
    if (ahead || line->first == NULL) {
        slot->behind = line->first;
        line->first = slot;
        line->last = line->last != NULL ? line->last : slot;
    } else {
        slot->behind = NULL;
        line->last->behind = slot;
        line->last = slot;
    }
    serve(line, slot);
    pthread_mutex_unlock(&line->lock);
}

bool line_has_turn(struct line *line, struct call_slot *slot, uint64_t *again) {
    pthread_mutex_lock(&line->lock);
    *again = slot->process == NULL ? serve(line, slot) : UINT64_MAX;
    bool has = slot->process != NULL;
    pthread_mutex_unlock(&line->lock);
    return has;
}

static void note_end(struct line *line, struct process *process, enum turn_end end) {
    process->is_connected = process->connection.socket >= 0;
    process->connects = process->connection.connects;
    if (end == TURN_WORKED) {
        process->connection.is_cut_off = false;
        process->failures = 0;
        process->aside_until = 0;
        process->calls++;
    } else if (end == TURN_FAILED) {
        process->failures++;
        process->failed_attempts++;
        process->aside_until = clock_now() + delay_after(line, process->failures);
    }
    process->needs_restart = process->connection.is_cut_off;
}

void line_give(struct line *line, struct call_slot *slot, enum turn_end end) {
    pthread_mutex_lock(&line->lock);
    note_end(line, slot->process, end);
    slot->process->is_taken = false;
    slot->process = NULL;
    serve(line, NULL);
    pthread_mutex_unlock(&line->lock);
}

void line_leave(struct line *line, struct call_slot *slot) {
    pthread_mutex_lock(&line->lock);
    if (slot->is_waiting) {
        unlink_slot(line, slot);
    } else if (slot->process != NULL) {
        slot->process->is_taken = false;
        slot->process = NULL;
    }
    serve(line, NULL);
    pthread_mutex_unlock(&line->lock);
}
