/* extvm bench: how fast calls and queries go over a socket, beside a bare ping-pong of the same
 * bytes in the same run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <extvm/extvm.h>

#include "bench_measure.h"
#include "command.h"
#include "json_write.h"
#include "knock.h"
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
    "with 1, 8, 64 and 512 sessions that are all active (a thread each, and as many for the VM).";

static const char notes[] =
    "The loads: storage, calls that ask for values of 32 bytes; code, calls of a contract with\n"
    "24 KiB of code; result, calls that return 1 MiB. The queries of a call are counted with its\n"
    "result: each is a message of the VM. p50 and p99 are the times from a message to the VM "
    "until\n"
    "its next (the first three of a call are left out). ratio is a side's rate to the "
    "ping-pong's,\n"
    "the median of the rounds: numbers of different runs cannot be compared on a busy machine, "
    "this\n"
    "one can.\n"
    "\n"
    "With --vm one session of that VM is measured, and the ping-pong runs over loopback: where "
    "the\n"
    "VM is elsewhere or takes its time, the ratio says how much, and nothing of this library. A "
    "VM\n"
    "that has another client is not called (as by extvm probe).\n"
    "\n"
    "It takes under a minute, with --quick (1 and 8 sessions) 5 seconds.\n"
    "\n"
    "--json prints {\"vm\": ADDRESS or null, \"isHint\": BOOL, \"quick\": BOOL, \"measures\": "
    "[...]}: of each\n"
    "socket, load, sessions, queriesPerCall, and sides; of each of those name, callsPerSecond,\n"
    "queriesPerSecond, p50Nanoseconds, p99Nanoseconds, ratio.\n"
    "\n"
    "Exit status: 1 when a ratio is under the --floor; else as of extvm run.\n"
    "\n"
    "Example:\n"
    "  extvm bench --quick --floor 0.8";

enum { MOST_SESSIONS = 512, QUICK_ROUNDS = 3, ROUNDS = 5 };

struct bench {
    struct vm_options vm_options;
    struct pool pool;
    const char *floor_text;
    bool quick;
    double floor; /* 0: none */
    bool is_under_floor;
    bool has_head;    /* the table's is printed */
    json_t *measures; /* NULL: a table */
    bool complete;    /* all of `measures` is there */
    struct progress progress;
};

static extvm_status take_quick(void *context, const char *value, extvm_error *error) {
    (void)value;
    (void)error;
    ((struct bench *)context)->quick = true;
    return EXTVM_OK;
}

static const struct option_spec specs[] = {
    {"--quick", NULL, "fewer sessions and shorter: 5 seconds", take_quick, 0},
    {"--floor", "RATIO",
     "fail when the client's ratio with storage and 1 session is under\n"
     "this, for example 0.8",
     NULL, offsetof(struct bench, floor_text)},
};

static extvm_status read_floor(struct bench *bench, extvm_error *error) {
    char *end;
    if (bench->floor_text == NULL) {
        return EXTVM_OK;
    }
    bench->floor = strtod(bench->floor_text, &end);
    return end != bench->floor_text && *end == '\0' && bench->floor > 0 && bench->floor <= 10
               ? EXTVM_OK
               : complain(error, EXTVM_INVALID_ARGUMENT,
                          "--floor %s: it must be a number over 0 and up to 10, as 0.8",
                          quote(bench->floor_text).text);
}

/* -- what is said -- */

static void print_head(struct bench *bench) {
    if (bench->has_head) {
        return;
    }
    bench->has_head = true;
    printf("%-6s %-8s %8s %8s  %-6s %12s %11s %11s %11s %6s\n", "socket", "load", "sessions",
           "queries", "side", "queries/s", "calls/s", "p50", "p99", "ratio");
}

static void print_sides(const struct bench_measure *measure, const char *socket) {
    for (size_t i = 0; i < measure->side_count; i++) {
        const struct bench_side *side = &measure->sides[i];
        printf("%-6s %-8s %8zu %8zu  %-6s %12.0f %11.1f %8.1f us %8.1f us %6.2f\n", socket,
               bench_kind_name(measure->load->kind), measure->sessions, measure->load->queries,
               side->name, side->queries_per_second, side->calls_per_second,
               (double)latency_at(&side->latency, 0.5) / 1e3,
               (double)latency_at(&side->latency, 0.99) / 1e3, side->ratio);
    }
    fflush(stdout);
}

/* Three digits after the point are enough. */
static json_t *rounded(double number) {
    char text[64];
    snprintf(text, sizeof text, "%.3f", number);
    return json_real(strtod(text, NULL));
}

static json_t *side_json(const struct bench_side *side) {
    json_t *object = json_object();
    const struct latency *latency = &side->latency;
    bool complete =
        object != NULL && json_put(object, "name", json_string(side->name)) &&
        json_put(object, "callsPerSecond", rounded(side->calls_per_second)) &&
        json_put(object, "queriesPerSecond", rounded(side->queries_per_second)) &&
        json_put(object, "p50Nanoseconds", json_integer((json_int_t)latency_at(latency, 0.5))) &&
        json_put(object, "p99Nanoseconds", json_integer((json_int_t)latency_at(latency, 0.99))) &&
        json_put(object, "ratio", rounded(side->ratio));
    return json_complete(object, complete);
}

static json_t *measure_json(const struct bench_measure *measure, const char *socket) {
    const struct bench_load *load = measure->load;
    json_t *object = json_object(), *sides = json_array();
    bool complete = sides != NULL;
    for (size_t i = 0; i < measure->side_count && complete; i++) {
        complete = json_add(sides, side_json(&measure->sides[i]));
    }
    sides = json_complete(sides, complete);
    complete = object != NULL && json_put(object, "socket", json_string(socket)) &&
               json_put(object, "load", json_string(bench_kind_name(load->kind))) &&
               json_put(object, "sessions", json_integer((json_int_t)measure->sessions)) &&
               json_put(object, "queriesPerCall", json_integer((json_int_t)load->queries));
    if (!complete) {
        json_decref(sides);
    }
    return json_complete(object, complete && json_put(object, "sides", sides));
}

static void say(struct bench *bench, const struct bench_measure *measure, const char *socket) {
    const double ratio = measure->sides[1].ratio;
    progress_pause(&bench->progress);
    if (measure->load->kind == BENCH_STORAGE && measure->sessions == 1 && ratio < bench->floor) {
        fprintf(stderr, "extvm: bench: a ratio of %.2f over %s is under the --floor %.2f\n", ratio,
                socket, bench->floor);
        bench->is_under_floor = true;
    }
    if (bench->vm_options.json) {
        bench->complete =
            bench->complete && json_add(bench->measures, measure_json(measure, socket));
    } else {
        print_head(bench);
        print_sides(measure, socket);
    }
    progress_resume(&bench->progress);
    progress_count(&bench->progress, true);
}

/* -- one load with some sessions -- */

/* What VM is measured, and over which socket. */
struct target {
    const char *address, *name;
    bool is_given, is_unix; /* given: by the user, not a server of our own */
};

static void trace_into(struct bench *bench, extvm_trace_fn trace, void *context) {
    struct vm_options *vm_options = &bench->vm_options;
    if (trace == NULL && vm_options->trace.file != NULL) {
        trace = trace_message;
        context = &vm_options->trace;
    }
    extvm_options_set_trace(vm_options->options, trace, context);
}

/* One call whose messages are kept: the bytes that the ping-pong sends. */
static extvm_status record(struct bench *bench, const struct target *target,
                           const struct bench_load *load, struct pingpong_dialogue *dialogue,
                           extvm_error *error) {
    extvm_vm *vm;
    struct latency ignored = {.count = 0};
    *dialogue = (struct pingpong_dialogue){.pool = &bench->pool, .untimed = BENCH_UNTIMED};
    trace_into(bench, pingpong_record, dialogue);
    extvm_status status = extvm_open(target->address, bench->vm_options.options, &vm, error);
    trace_into(bench, NULL, NULL);
    if (status != EXTVM_OK) {
        return status;
    }
    status = bench_load_run(load, vm, &ignored, error);
    extvm_close(vm);
    if (status == EXTVM_OK && dialogue->has_no_memory) {
        status = complain_no_memory(error);
    }
    return status == EXTVM_OK && dialogue->from_vm != load->queries
               ? complain(error, EXTVM_INVALID_ARGUMENT,
                          "bench: --vm %s: a VM without a socket has no round trip to measure",
                          quote(target->address).text)
               : status;
}

static extvm_status measure_one(struct bench *bench, const struct target *target,
                                const struct bench_load *load, size_t sessions,
                                extvm_error *error) {
    const double seconds = 0.15, quick_seconds = 0.03;
    char plain[160];
    struct pingpong_dialogue dialogue;
    struct pingpong_vm *pingpong = NULL;
    extvm_status status = record(bench, target, load, &dialogue, error);
    if (status == EXTVM_OK) {
        status = pingpong_vm_start(&dialogue, target->is_unix, &pingpong, error);
    }
    if (status != EXTVM_OK) {
        return status;
    }
    snprintf(plain, sizeof plain, "kevm%s", pingpong_vm_place(pingpong));
    struct bench_measure measure = {.load = load,
                                    .dialogue = &dialogue,
                                    .pingpong = pingpong,
                                    .options = bench->vm_options.options,
                                    .sides = {{.name = "bare"},
                                              {.name = "client", .address = plain},
                                              {.name = "both", .address = target->address}},
                                    .side_count = 3,
                                    .sessions = sessions,
                                    .rounds = bench->quick    ? QUICK_ROUNDS
                                              : sessions == 1 ? BENCH_ROUNDS
                                                              : ROUNDS,
                                    .seconds = bench->quick ? quick_seconds : seconds};
    if (target->is_given) {
        measure.sides[1] = (struct bench_side){.name = "vm", .address = target->address};
        measure.side_count = 2;
    }
    status = bench_measure_run(&measure, error);
    pingpong_vm_stop(pingpong);
    if (status == EXTVM_OK) {
        say(bench, &measure, target->name);
    }
    return status;
}

/* -- all of them -- */

static extvm_status measure_load(struct bench *bench, const struct target *target,
                                 enum bench_kind kind, size_t sessions, unsigned storage_queries,
                                 extvm_error *error) {
    struct bench_load load;
    extvm_status status = bench_load_init(&load, kind, vm_options_is_iele(target->address),
                                          storage_queries, &bench->pool, error);
    if (status == EXTVM_OK) {
        status = measure_one(bench, target, &load, sessions, error);
    }
    pool_free(&bench->pool);
    return status;
}

/* With many sessions a call is shorter, or a round would take too long. */
static unsigned storage_queries_for(size_t sessions) {
    const size_t of_all = 8000, most = 1000;
    return (unsigned)(of_all / sessions < most ? of_all / sessions : most);
}

static extvm_status measure_loads(struct bench *bench, const struct target *target,
                                  extvm_error *error) {
    static const size_t sessions[] = {1, 8, 64, MOST_SESSIONS};
    const size_t counts = bench->quick ? 2 : sizeof sessions / sizeof sessions[0];
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < counts && status == EXTVM_OK; i++) {
        status = measure_load(bench, target, BENCH_STORAGE, sessions[i],
                              storage_queries_for(sessions[i]), error);
    }
    for (int kind = BENCH_CODE; kind < BENCH_KINDS && status == EXTVM_OK; kind++) {
        status = measure_load(bench, target, (enum bench_kind)kind, 1, 1, error);
    }
    return status;
}

/* A server of our own: `listen` is for extvm_testvm_start. */
static extvm_status measure_own(struct bench *bench, const char *listen, bool is_unix,
                                extvm_error *error) {
    extvm_testvm *server;
    extvm_status status =
        extvm_testvm_start(listen, NULL, bench->vm_options.options, &server, error);
    if (status != EXTVM_OK) {
        return status;
    }
    const struct target target = {.address = extvm_testvm_address(server),
                                  .name = is_unix ? "unix" : "tcp",
                                  .is_unix = is_unix};
    status = measure_loads(bench, &target, error);
    extvm_testvm_stop(server);
    return status;
}

static extvm_status measure_both_sockets(struct bench *bench, extvm_error *error) {
    char folder[] = "/tmp/extvm-bench-XXXXXX", listen[64];
    if (mkdtemp(folder) == NULL) {
        return complain(error, EXTVM_SYSTEM_ERROR, "bench: cannot make a folder in /tmp");
    }
    snprintf(listen, sizeof listen, "unix:%s/vm", folder);
    extvm_status status = measure_own(bench, "127.0.0.1:0", false, error);
    if (status == EXTVM_OK) {
        status = measure_own(bench, listen, true, error);
    }
    rmdir(folder);
    return status;
}

/* The VM that was named; not called while it has another client (see knock.h). */
static extvm_status measure_given(struct bench *bench, extvm_error *error) {
    const unsigned storage_queries = 100;
    const char *address = vm_options_address(&bench->vm_options, 0);
    const bool is_unix = strstr(address, "+unix:") != NULL;
    const struct target target = {
        .address = address, .name = is_unix ? "unix" : "tcp", .is_given = true, .is_unix = is_unix};
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
    return measure_load(bench, &target, BENCH_STORAGE, 1, storage_queries, error);
}

/* Three sides, both ends of each session, and some more. */
static void raise_file_limit(void) {
    const rlim_t wanted = MOST_SESSIONS * 6 + 256;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static extvm_status finish(struct bench *bench, bool is_given, extvm_error *error) {
    if (!bench->vm_options.json) {
        if (is_given) {
            printf("The ratio is a hint only: the ping-pong runs over loopback, the VM where it "
                   "is, and takes its own time.\n");
        }
        return output_check(error);
    }
    const char *address = is_given ? vm_options_address(&bench->vm_options, 0) : NULL;
    json_t *document = json_object();
    json_t *measures = json_complete(bench->measures, bench->complete);
    bench->measures = NULL;
    bool complete =
        json_put(document, "vm", address != NULL ? json_string(address) : json_null()) &&
        json_put(document, "isHint", json_boolean(is_given)) &&
        json_put(document, "quick", json_boolean(bench->quick));
    if (!complete) {
        json_decref(measures);
    }
    complete = complete && json_put(document, "measures", measures);
    return json_print(json_complete(document, complete), error);
}

static extvm_status bench_run(struct bench *bench, extvm_error *error) {
    extvm_status status = vm_options_start(&bench->vm_options, error);
    if (status != EXTVM_OK) {
        return status;
    }
    const bool is_given = bench->vm_options.address_count > 0;
    raise_file_limit();
    if (bench->vm_options.json) {
        bench->measures = json_array();
        bench->complete = bench->measures != NULL;
    }
    progress_start(&bench->progress);
    status = is_given ? measure_given(bench, error) : measure_both_sockets(bench, error);
    progress_end(&bench->progress);
    if (status == EXTVM_OK) {
        status = finish(bench, is_given, error);
    }
    return status == EXTVM_OK ? vm_options_finish(&bench->vm_options, error) : status;
}

int command_bench(int argc, char **argv) {
    extvm_error error;
    struct bench bench = {.quick = false};
    const struct option_group groups[] = {
        {"The bench", specs, sizeof specs / sizeof specs[0], &bench},
        vm_options_group(&bench.vm_options),
    };
    const struct command_line command = {
        .usage = "extvm bench [--quick] [--vm ADDRESS] [OPTION...]",
        .about = about,
        .notes = notes,
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
    };
    if (command_line_wants_help(argc, argv)) {
        command_line_print_help(&command, stdout);
        return report_output();
    }
    int operands = 0;
    bool json = command_line_has(argc, argv, "--json"); /* parsing moves the arguments */
    extvm_status status = vm_options_init(&bench.vm_options, 1, &error);
    if (status == EXTVM_OK) {
        status = command_line_parse(&command, argc, argv, &operands, &error);
    }
    if (status == EXTVM_OK) {
        status = read_floor(&bench, &error);
    }
    if (status == EXTVM_OK) {
        status = bench_run(&bench, &error);
    }
    json_decref(bench.measures);
    pool_free(&bench.pool);
    vm_options_free(&bench.vm_options);
    if (status != EXTVM_OK) {
        return report_error(json, &error);
    }
    return bench.is_under_floor ? EXIT_CODE_CHECK_FAILED : EXIT_CODE_DONE;
}
