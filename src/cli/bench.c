/* extvm bench: how fast calls and queries go over a socket, beside a bare ping-pong of the same
 * bytes in the same run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <extvm/extvm.h>

#include "bench_measure.h"
#include "bench_report.h"
#include "command.h"
#include "knock.h"
#include "placement.h"
#include "progress.h"
#include "report.h"
#include "vm_options.h"

static const char about[] =
    "Measures calls and queries per second, and the time of a round trip, beside a bare "
    "ping-pong:\n"
    "plain blocking sockets that send the same bytes back and forth, in the same run, turn by "
    "turn.\n"
    "\n"
    "Without --vm and --config three are compared, over TCP and a unix socket, for each load:\n"
    "  bare    the ping-pong: nobody looks at the bytes\n"
    "  client  this library as the node, and the ping-pong's VM\n"
    "  both    this library as the node, and its test-mode server as the VM\n"
    "  spin    the same, and both poll for 50 microseconds before they sleep (option spin)\n"
    "with 1, 8, 64 and 512 sessions that are all active (a thread each, and for the bare VM,\n"
    "too); then both with 8, 64 and 512 sessions, turn by turn.";

static const char notes[] =
    "The loads: storage, calls that ask for values of 32 bytes; code, calls of a contract with\n"
    "24 KiB of code; result, calls that return 1 MiB. The queries of a call are counted with its\n"
    "result: each is a message of the VM. p50 and p99 are the times from a message to the VM "
    "until\n"
    "its next (the first three of a call are left out). ratio is a side's rate to the "
    "ping-pong's,\n"
    "the median of the rounds: numbers of different runs cannot be compared on a busy machine, "
    "this\n"
    "one can. own is what the library itself takes for a query, without system calls and the "
    "node's\n"
    "world, and cycles the same by the processor's time stamp counter; allocs are the allocations "
    "of\n"
    "a whole call, syscalls the node's system calls for a query, both counted in a call that is "
    "not\n"
    "the first of its session.\n"
    "\n"
    "With --vm one session of that VM is measured, and the ping-pong runs over loopback: where "
    "the\n"
    "VM is elsewhere or takes its time, the ratio says how much, and nothing of this library. A "
    "VM\n"
    "that has another client is not called (as by extvm probe).\n"
    "\n"
    "It takes under two minutes, with --quick (few sessions, short rounds) 8 seconds.\n"
    "\n"
    "--json prints {\"vm\": ADDRESS or null, \"isHint\": BOOL, \"quick\": BOOL, \"cpus\": WHERE,\n"
    "\"measures\": [...]}: of each socket, load, sessions, queriesPerCall, and sides; of each of "
    "those\n"
    "name, callsPerSecond, queriesPerSecond, p50Nanoseconds, p99Nanoseconds, ratio, and, null "
    "where\n"
    "they are not known, ownNanosecondsPerQuery, ownCyclesPerQuery, allocationsPerCall,\n"
    "sendsPerQuery, receivesPerQuery, systemCallsPerQuery. Without --vm there is \"server\", a "
    "list,\n"
    "too: of each socket, rates (sessions and queriesPerSecond of both, turn by turn) and\n"
    "toBestOfFewer, that of the most sessions to the best of the others.\n"
    "\n"
    "Exit status: 1 when --check finds too little; else as of extvm run.\n"
    "\n"
    "Example:\n"
    "  extvm bench --quick --check";

static const double QUICK_SECONDS = 0.03; /* of each side in a round */
enum { QUICK_ROUNDS = 3, ROUNDS = 3 /* of many sessions */, SERVER_ROUNDS = 5 };

struct bench {
    struct vm_options vm_options;
    struct pool pool;
    enum placement_kind placement;
    bool quick;
    struct bench_report report;
    struct progress progress;
};

static extvm_status take_quick(void *context, const char *value, extvm_error *error) {
    (void)value;
    (void)error;
    ((struct bench *)context)->quick = true;
    return EXTVM_OK;
}

static extvm_status take_check(void *context, const char *value, extvm_error *error) {
    (void)value;
    (void)error;
    ((struct bench *)context)->report.checks = true;
    return EXTVM_OK;
}

static extvm_status take_cpus(void *context, const char *value, extvm_error *error) {
    return placement_parse(value, &((struct bench *)context)->placement)
               ? EXTVM_OK
               : complain(error, EXTVM_INVALID_ARGUMENT,
                          "--cpus %s: it must be apart, together or free", quote(value).text);
}

static const struct option_spec specs[] = {
    {"--quick", NULL, "fewer sessions and shorter: 8 seconds", take_quick, 0},
    {"--cpus", "WHERE",
     "where the two ends run, the same for all sides: apart (the default: the\n"
     "node on one half of the processors, the VM on the other), together (all\n"
     "on one), free (where the system likes)",
     take_cpus, 0},
    {"--check", NULL,
     "fail when one of these is more than a fifth too little: with 1 session\n"
     "and storage, the client's ratio (0.95), its system calls (one send and\n"
     "one receive a query) and allocations (none), and the ratio with spin\n"
     "(2); the rate of 512 sessions to the best of fewer (0.8)",
     take_check, 0},
};

/* -- one load with some sessions -- */

/* What is measured: a load, over a socket, of some sessions. */
struct task {
    enum bench_kind kind;
    bool is_unix;
    size_t sessions;
    unsigned storage_queries; /* in a call */
    bool is_of_server;        /* how much the server does with ever more sessions, up to these */
};

/* VMs of our own, or the one that was given. */
struct vms {
    const char *address;
    bool is_given; /* by the user: there is no other */
    extvm_testvm *server, *spinning;
    extvm_options *spin_options;
    char folder[32]; /* of unix sockets; empty: none */
};

static const char *socket_name(const struct task *task) {
    return task->is_unix ? "unix" : "tcp";
}

static void trace_into(struct bench *bench, extvm_trace_fn trace, void *context) {
    struct vm_options *vm_options = &bench->vm_options;
    if (trace == NULL && vm_options->trace.file != NULL) {
        trace = trace_message;
        context = &vm_options->trace;
    }
    extvm_options_set_trace(vm_options->options, trace, context);
}

/* One call whose messages are kept: the bytes that the ping-pong sends. */
static extvm_status record(struct bench *bench, const char *address, const struct bench_load *load,
                           struct pingpong_dialogue *dialogue, extvm_error *error) {
    extvm_vm *vm;
    struct latency ignored = {.count = 0};
    struct bench_spent spent = {0};
    *dialogue = (struct pingpong_dialogue){.pool = &bench->pool, .untimed = BENCH_UNTIMED};
    trace_into(bench, pingpong_record, dialogue);
    extvm_status status = extvm_open(address, bench->vm_options.options, &vm, error);
    trace_into(bench, NULL, NULL);
    if (status != EXTVM_OK) {
        return status;
    }
    status = bench_load_run(load, vm, &ignored, &spent, error);
    extvm_close(vm);
    if (status == EXTVM_OK && dialogue->has_no_memory) {
        status = complain_no_memory(error);
    }
    return status == EXTVM_OK && dialogue->from_vm != load->queries
               ? complain(error, EXTVM_INVALID_ARGUMENT,
                          "bench: --vm %s: a VM without a socket has no round trip to measure",
                          quote(address).text)
               : status;
}

static void add_side(struct bench_measure *measure, const char *name, const char *address,
                     const extvm_options *options) {
    measure->sides[measure->side_count++] = (struct bench_side){
        .name = name, .address = address, .options = options, .sessions = measure->sessions};
}

/* Who is compared; `plain` is the ping-pong's VM. */
static void set_sides(struct bench *bench, const struct vms *vms, const char *plain,
                      struct bench_measure *measure) {
    const extvm_options *options = bench->vm_options.options;
    add_side(measure, "bare", NULL, NULL);
    if (vms->is_given) {
        add_side(measure, "vm", vms->address, options);
        return;
    }
    add_side(measure, "client", plain, options);
    add_side(measure, "both", vms->address, options);
    if (vms->spinning != NULL) {
        add_side(measure, "spin", extvm_testvm_address(vms->spinning), vms->spin_options);
    }
}

/* The server with different numbers of sessions, turn by turn: on a busy machine rates that were
 * measured a minute apart tell nothing of each other. */
static extvm_status measure_server(struct bench *bench, const struct task *task,
                                   const struct placement *placement, const struct vms *vms,
                                   const struct bench_load *load, extvm_error *error) {
    static const size_t sessions[] = {8, 64, BENCH_MOST_SESSIONS};
    struct bench_measure measure = {.load = load,
                                    .sessions = task->sessions,
                                    .rounds = bench->quick ? QUICK_ROUNDS : SERVER_ROUNDS,
                                    .seconds = bench->quick ? QUICK_SECONDS : 0.5};
    for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++) {
        if (sessions[i] <= task->sessions) {
            add_side(&measure, "both", vms->address, bench->vm_options.options);
            measure.sides[i].sessions = sessions[i];
        }
    }
    placement_enter(placement, PLACEMENT_NODE);
    extvm_status status = bench_measure_run(&measure, error);
    if (status == EXTVM_OK) {
        progress_pause(&bench->progress);
        bench_report_server(&bench->report, &measure, socket_name(task));
        progress_resume(&bench->progress);
        progress_count(&bench->progress, true);
    }
    return status;
}

static extvm_status measure_load(struct bench *bench, const struct task *task,
                                 const struct placement *placement, const struct vms *vms,
                                 const struct bench_load *load, extvm_error *error) {
    const double seconds = task->sessions == 1 ? 0.15 : 1;
    char plain[160];
    struct pingpong_dialogue dialogue;
    struct pingpong_vm *pingpong = NULL;
    extvm_status status = record(bench, vms->address, load, &dialogue, error);
    if (status == EXTVM_OK) {
        placement_enter(placement, PLACEMENT_VM);
        status = pingpong_vm_start(&dialogue, task->is_unix, &pingpong, error);
    }
    if (status != EXTVM_OK) {
        return status;
    }
    placement_enter(placement, PLACEMENT_NODE);
    snprintf(plain, sizeof plain, "kevm%s", pingpong_vm_place(pingpong));
    struct bench_measure measure = {.load = load,
                                    .dialogue = &dialogue,
                                    .pingpong = pingpong,
                                    .sessions = task->sessions,
                                    .rounds = bench->quick          ? QUICK_ROUNDS
                                              : task->sessions == 1 ? BENCH_ROUNDS
                                                                    : ROUNDS,
                                    .seconds = bench->quick ? QUICK_SECONDS : seconds};
    set_sides(bench, vms, plain, &measure);
    status = bench_measure_run(&measure, error);
    pingpong_vm_stop(pingpong);
    if (status == EXTVM_OK) {
        progress_pause(&bench->progress);
        bench_report_add(&bench->report, &measure, socket_name(task));
        progress_resume(&bench->progress);
        progress_count(&bench->progress, true);
    }
    return status;
}

static extvm_status measure(struct bench *bench, const struct task *task,
                            const struct placement *placement, const struct vms *vms,
                            extvm_error *error) {
    struct bench_load load;
    extvm_status status = bench_load_init(&load, task->kind, vm_options_is_iele(vms->address),
                                          task->storage_queries, &bench->pool, error);
    if (status == EXTVM_OK) {
        status = (task->is_of_server ? measure_server : measure_load)(bench, task, placement, vms,
                                                                      &load, error);
    }
    pool_free(&bench->pool);
    return status;
}

/* -- servers of our own -- */

static extvm_status start_server(const struct vms *vms, const struct task *task, const char *name,
                                 const extvm_options *options, extvm_testvm **server,
                                 extvm_error *error) {
    char listen[64];
    snprintf(listen, sizeof listen, "unix:%s/%s", vms->folder, name);
    return extvm_testvm_start(task->is_unix ? listen : "127.0.0.1:0", NULL, options, server, error);
}

static extvm_status start_spinning(struct vms *vms, const struct task *task, extvm_error *error) {
    vms->spin_options = extvm_options_new(NULL);
    if (vms->spin_options == NULL) {
        return complain_no_memory(error);
    }
    extvm_status status = extvm_options_set(vms->spin_options, "spin", "50us", error);
    return status == EXTVM_OK
               ? start_server(vms, task, "spinning", vms->spin_options, &vms->spinning, error)
               : status;
}

static void stop_servers(struct vms *vms) {
    extvm_testvm_stop(vms->server);
    extvm_testvm_stop(vms->spinning);
    extvm_options_free(vms->spin_options);
    rmdir(vms->folder);
}

/* Spinning needs a processor for each end. */
static extvm_status start_servers(struct bench *bench, const struct task *task,
                                  const struct placement *placement, struct vms *vms,
                                  extvm_error *error) {
    *vms = (struct vms){.folder = "/tmp/extvm-bench-XXXXXX"};
    if (mkdtemp(vms->folder) == NULL) {
        return complain(error, EXTVM_SYSTEM_ERROR, "bench: cannot make a folder in /tmp");
    }
    placement_enter(placement, PLACEMENT_VM);
    extvm_status status =
        start_server(vms, task, "vm", bench->vm_options.options, &vms->server, error);
    if (status == EXTVM_OK && task->sessions == 1 && placement->kind == PLACEMENT_APART) {
        status = start_spinning(vms, task, error);
    }
    if (status != EXTVM_OK) {
        stop_servers(vms);
        return status;
    }
    vms->address = extvm_testvm_address(vms->server);
    return EXTVM_OK;
}

static extvm_status measure_own(struct bench *bench, const struct task *task, extvm_error *error) {
    struct placement placement;
    struct vms vms;
    extvm_status status = placement_init(&placement, bench->placement, task->sessions, error);
    if (status == EXTVM_OK) {
        status = start_servers(bench, task, &placement, &vms, error);
    }
    if (status == EXTVM_OK) {
        status = measure(bench, task, &placement, &vms, error);
        stop_servers(&vms);
    }
    placement_leave(&placement);
    return status;
}

static extvm_status measure_socket(struct bench *bench, bool is_unix, extvm_error *error) {
    static const struct task quick[] = {
        {.kind = BENCH_STORAGE, .sessions = 1, .storage_queries = 1000},
        {.kind = BENCH_CODE, .sessions = 1},
        {.kind = BENCH_RESULT, .sessions = 1},
        {.kind = BENCH_STORAGE, .sessions = 8, .storage_queries = 50},
        {.kind = BENCH_STORAGE, .sessions = 64, .storage_queries = 50, .is_of_server = true},
    };
    static const struct task whole[] = {
        {.kind = BENCH_STORAGE, .sessions = 1, .storage_queries = 1000},
        {.kind = BENCH_CODE, .sessions = 1},
        {.kind = BENCH_RESULT, .sessions = 1},
        {.kind = BENCH_STORAGE, .sessions = 8, .storage_queries = 50},
        {.kind = BENCH_STORAGE, .sessions = 64, .storage_queries = 50},
        {.kind = BENCH_STORAGE, .sessions = BENCH_MOST_SESSIONS, .storage_queries = 50},
        {.kind = BENCH_STORAGE,
         .sessions = BENCH_MOST_SESSIONS,
         .storage_queries = 50,
         .is_of_server = true},
    };
    const struct task *tasks = bench->quick ? quick : whole;
    const size_t count =
        bench->quick ? sizeof quick / sizeof quick[0] : sizeof whole / sizeof whole[0];
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < count && status == EXTVM_OK; i++) {
        struct task task = tasks[i];
        task.is_unix = is_unix;
        status = measure_own(bench, &task, error);
    }
    return status;
}

/* -- the VM that was named -- */

/* It is not called while it has another client (see knock.h). */
static extvm_status measure_given(struct bench *bench, extvm_error *error) {
    const char *address = vm_options_address(&bench->vm_options, 0);
    const struct task task = {.kind = BENCH_STORAGE,
                              .is_unix = strstr(address, "+unix:") != NULL,
                              .sessions = 1,
                              .storage_queries = 100};
    const struct vms vms = {.address = address, .is_given = true};
    struct placement placement;
    if (strncmp(address, "kevm", 4) == 0 || strncmp(address, "iele", 4) == 0) {
        enum knock knocked = knock(address, knock_patience(bench->vm_options.options), error);
        if (knocked == KNOCK_FAILED) {
            return error->status;
        }
        if (knocked != KNOCK_FREE) {
            return complain(error, EXTVM_DEADLINE_PASSED,
                            "bench: %s: it does not serve us: it is busy, or no VM (extvm probe "
                            "says more)",
                            quote(address).text);
        }
    }
    extvm_status status = placement_init(&placement, bench->placement, 1, error);
    if (status == EXTVM_OK) {
        status = measure(bench, &task, &placement, &vms, error);
    }
    placement_leave(&placement);
    return status;
}

/* -- all of them -- */

/* Three sides, both ends of each session, and some more. */
static void raise_file_limit(void) {
    const rlim_t wanted = BENCH_MOST_SESSIONS * 6 + 256;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static extvm_status bench_run(struct bench *bench, extvm_error *error) {
    extvm_status status = vm_options_start(&bench->vm_options, error);
    if (status != EXTVM_OK) {
        return status;
    }
    const bool is_given = bench->vm_options.address_count > 0;
    if (is_given && bench->report.checks) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "bench: --check judges this library, and not the VM that --vm or --config "
                        "names: only one of them can be given");
    }
    raise_file_limit();
    bench->report.json = bench->vm_options.json;
    progress_start(&bench->progress);
    status = is_given ? measure_given(bench, error) : measure_socket(bench, false, error);
    if (status == EXTVM_OK && !is_given) {
        status = measure_socket(bench, true, error);
    }
    progress_end(&bench->progress);
    if (status == EXTVM_OK) {
        const char *given = is_given ? vm_options_address(&bench->vm_options, 0) : NULL;
        status = bench_report_finish(&bench->report, given, bench->quick,
                                     placement_name(bench->placement), error);
    }
    return status == EXTVM_OK ? vm_options_finish(&bench->vm_options, error) : status;
}

static extvm_status begin(void *context, extvm_error *error) {
    return vm_options_init(&((struct bench *)context)->vm_options, 1, error);
}

static extvm_status run(void *context, int count, char **operands, enum exit_code *code,
                        extvm_error *error) {
    struct bench *bench = context;
    (void)count;
    (void)operands;
    extvm_status status = bench_run(bench, error);
    *code = bench->report.is_short ? EXIT_CODE_CHECK_FAILED : EXIT_CODE_DONE;
    return status;
}

int command_bench(int argc, char **argv) {
    struct bench bench = {.quick = false};
    const struct option_group groups[] = {
        {"The bench", specs, sizeof specs / sizeof specs[0], &bench},
        vm_options_group(&bench.vm_options),
    };
    const struct command_line line = {
        .usage = "extvm bench [--quick] [--vm ADDRESS] [OPTION...]",
        .about = about,
        .notes = notes,
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .begin = begin,
        .run = run,
    };
    int exit_status = command_line_run(&line, &bench, argc, argv);
    bench_report_free(&bench.report);
    pool_free(&bench.pool);
    vm_options_free(&bench.vm_options);
    return exit_status;
}
