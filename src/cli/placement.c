/* Which processors the two ends of a measured connection run on. */
#include "placement.h"

#include <errno.h>
#include <string.h>

#include "report.h"

static const char *const names[PLACEMENT_KINDS] = {"apart", "together", "free"};

const char *placement_name(enum placement_kind kind) {
    return names[kind];
}

bool placement_parse(const char *name, enum placement_kind *out) {
    for (int kind = 0; kind < PLACEMENT_KINDS; kind++) {
        if (strcmp(name, names[kind]) == 0) {
            *out = (enum placement_kind)kind;
            return true;
        }
    }
    return false;
}

/* The processor of `all` that has `rank` others before it. */
static size_t cpu_at(const cpu_set_t *all, int rank) {
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, all) || rank-- > 0) {
        cpu++;
    }
    return cpu;
}

static void give(struct placement *placement, enum placement_end end, int from, int to) {
    CPU_ZERO(&placement->ends[end]);
    for (int rank = from; rank < to; rank++) {
        CPU_SET(cpu_at(&placement->all, rank), &placement->ends[end]);
    }
    placement->first[end] = cpu_at(&placement->all, from);
}

extvm_status placement_init(struct placement *placement, enum placement_kind kind, size_t sessions,
                            extvm_error *error) {
    *placement = (struct placement){.kind = kind};
    if (sched_getaffinity(0, sizeof placement->all, &placement->all) != 0) {
        return complain(error, EXTVM_SYSTEM_ERROR,
                        "bench: cannot tell what processors there are: %s", strerror(errno));
    }
    const int count = CPU_COUNT(&placement->all);
    if (count == 1 && kind == PLACEMENT_APART) {
        placement->kind = PLACEMENT_TOGETHER;
    }
    const int half = placement->kind == PLACEMENT_APART && sessions > 1 ? count / 2 : 1;
    for (int end = 0; end < PLACEMENT_ENDS; end++) {
        bool is_second = end == PLACEMENT_VM && placement->kind == PLACEMENT_APART;
        int from = is_second ? half : 0;
        bool is_free = placement->kind == PLACEMENT_FREE;
        give(placement, (enum placement_end)end, from, is_free ? count : from + half);
    }
    return EXTVM_OK;
}

void placement_enter(const struct placement *placement, enum placement_end end) {
    /* It can only fail when a processor was taken away since: then the system chooses. */
    (void)sched_setaffinity(0, sizeof placement->ends[end], &placement->ends[end]);
}

void placement_leave(const struct placement *placement) {
    (void)sched_setaffinity(0, sizeof placement->all, &placement->all);
}
