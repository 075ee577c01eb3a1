/* What a bench says: a table or JSON, and whether what was measured is enough. */
#include "bench_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_write.h"
#include "report.h"

/* What there must be, and how much of it may be missing on a machine that does other things, too.
 */
static const double floor_client = 0.95, floor_spin = 2, floor_sessions = 0.8, noise = 0.2;

/* -- the table -- */

static void print_head(struct bench_report *report) {
    if (!report->has_head) {
        report->has_head = true;
        printf("%-6s %-8s %8s %7s  %-6s %10s %10s %10s %6s %8s %7s %7s %8s\n", "socket", "load",
               "sessions", "queries", "side", "queries/s", "p50", "p99", "ratio", "own", "cycles",
               "allocs", "syscalls");
    }
}

static const char *or_dash(bool known, char *text, size_t size, const char *format, double value) {
    snprintf(text, size, known ? format : "-", value);
    return text;
}

static double queries_of(const struct bench_measure *measure) {
    return (double)measure->load->queries;
}

static void print_side(const struct bench_measure *measure, const struct bench_side *side,
                       const char *socket) {
    const struct bench_counts *counts = &side->counts;
    char own[32], cycles[32], allocations[32], calls[32];
    bool has_own = side->own_nanoseconds > 0;
    printf("%-6s %-8s %8zu %7zu  %-6s %10.0f %7.1f us %7.1f us %6.2f %8s %7s %7s %8s\n", socket,
           bench_kind_name(measure->load->kind), measure->sessions, measure->load->queries,
           side->name, side->queries_per_second, (double)latency_at(&side->latency, 0.5) / 1e3,
           (double)latency_at(&side->latency, 0.99) / 1e3, side->ratio,
           or_dash(has_own, own, sizeof own, "%.0f ns", side->own_nanoseconds),
           or_dash(side->own_cycles > 0, cycles, sizeof cycles, "%.0f", side->own_cycles),
           or_dash(counts->has_allocations, allocations, sizeof allocations, "%.0f",
                   (double)counts->allocations),
           or_dash(counts->has_system_calls, calls, sizeof calls, "%.3f",
                   (double)counts->system_calls / queries_of(measure)));
}

/* -- JSON -- */

/* Three digits after the point are enough. */
static json_t *rounded(double number) {
    char text[64];
    snprintf(text, sizeof text, "%.3f", number);
    return json_real(strtod(text, NULL));
}

static json_t *rounded_or_null(bool known, double number) {
    return known ? rounded(number) : json_null();
}

static json_t *side_json(const struct bench_measure *measure, const struct bench_side *side) {
    json_t *object = json_object();
    const struct latency *latency = &side->latency;
    const struct bench_counts *counts = &side->counts;
    const bool has_own = side->own_nanoseconds > 0, has_calls = counts->has_system_calls;
    const double queries = queries_of(measure);
    bool complete =
        object != NULL && json_put(object, "name", json_string(side->name)) &&
        json_put(object, "callsPerSecond", rounded(side->calls_per_second)) &&
        json_put(object, "queriesPerSecond", rounded(side->queries_per_second)) &&
        json_put(object, "p50Nanoseconds", json_integer((json_int_t)latency_at(latency, 0.5))) &&
        json_put(object, "p99Nanoseconds", json_integer((json_int_t)latency_at(latency, 0.99))) &&
        json_put(object, "ratio", rounded(side->ratio)) &&
        json_put(object, "ownNanosecondsPerQuery",
                 rounded_or_null(has_own, side->own_nanoseconds)) &&
        json_put(object, "ownCyclesPerQuery",
                 rounded_or_null(side->own_cycles > 0, side->own_cycles)) &&
        json_put(object, "allocationsPerCall",
                 rounded_or_null(counts->has_allocations, (double)counts->allocations)) &&
        json_put(object, "sendsPerQuery",
                 rounded_or_null(has_calls, (double)counts->sends / queries)) &&
        json_put(object, "receivesPerQuery",
                 rounded_or_null(has_calls, (double)counts->receives / queries)) &&
        json_put(object, "systemCallsPerQuery",
                 rounded_or_null(has_calls, (double)counts->system_calls / queries));
    return json_complete(object, complete);
}

static json_t *measure_json(const struct bench_measure *measure, const char *socket) {
    const struct bench_load *load = measure->load;
    json_t *object = json_object(), *sides = json_array();
    bool complete = sides != NULL;
    for (size_t i = 0; i < measure->side_count && complete; i++) {
        complete = json_add(sides, side_json(measure, &measure->sides[i]));
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

/* To an array that is made when it is needed. */
static bool json_append_to(json_t **array, json_t *value) {
    if (*array == NULL) {
        *array = json_array();
    }
    if (*array == NULL) {
        json_decref(value);
        return false;
    }
    return json_add(*array, value);
}

static void add_json(struct bench_report *report, const struct bench_measure *measure,
                     const char *socket) {
    if (!json_append_to(&report->measures, measure_json(measure, socket))) {
        report->has_no_memory = true;
    }
}

/* -- floors -- */

static void check(struct bench_report *report, const char *what, const char *socket, double value,
                  double floor) {
    if (report->checks && value < floor * (1 - noise)) {
        fprintf(stderr,
                "extvm: bench: %s over %s: %.2f, and it should be %.2f (a fifth less is "
                "tolerated)\n",
                what, socket, value, floor);
        report->is_short = true;
    }
}

static void check_counts(struct bench_report *report, const struct bench_measure *measure,
                         const struct bench_side *side, const char *socket) {
    /* One send and one receive for each; and a call's own: a look whether the VM has closed in the
     * meantime, and a large result that comes in parts. */
    const double most = 2 * queries_of(measure) + 32;
    const struct bench_counts *counts = &side->counts;
    if (report->checks && counts->has_system_calls && (double)counts->system_calls > most) {
        fprintf(stderr, "extvm: bench: %llu system calls over %s for %zu queries\n",
                (unsigned long long)counts->system_calls, socket, measure->load->queries);
        report->is_short = true;
    }
    if (report->checks && counts->has_allocations && counts->allocations > 0) {
        fprintf(stderr, "extvm: bench: %llu allocations over %s in a call that is not the first\n",
                (unsigned long long)counts->allocations, socket);
        report->is_short = true;
    }
}

static void check_side(struct bench_report *report, const struct bench_measure *measure,
                       const struct bench_side *side, const char *socket) {
    if (measure->load->kind != BENCH_STORAGE) {
        return;
    }
    if (measure->sessions == 1 && strcmp(side->name, "client") == 0) {
        check(report, "the client's ratio with one session", socket, side->ratio, floor_client);
        check_counts(report, measure, side, socket);
    } else if (strcmp(side->name, "spin") == 0) {
        check(report, "the ratio with spin", socket, side->ratio, floor_spin);
    }
}

/* -- all of it -- */

void bench_report_add(struct bench_report *report, const struct bench_measure *measure,
                      const char *socket) {
    if (report->json) {
        add_json(report, measure, socket);
    } else {
        print_head(report);
        for (size_t i = 0; i < measure->side_count; i++) {
            print_side(measure, &measure->sides[i], socket);
        }
        fflush(stdout);
    }
    for (size_t i = 0; i < measure->side_count; i++) {
        check_side(report, measure, &measure->sides[i], socket);
    }
}

/* The rate with the most sessions to the best with fewer: the median of the rounds. */
static double to_best_of_fewer(const struct bench_measure *measure) {
    const size_t most = measure->side_count - 1;
    double ratios[BENCH_ROUNDS];
    for (unsigned round = 0; round < measure->rounds; round++) {
        double best = 0;
        for (size_t i = 0; i < most; i++) {
            double rate = measure->sides[i].rates[round];
            best = rate > best ? rate : best;
        }
        ratios[round] = measure->sides[most].rates[round] / best;
    }
    return bench_median(ratios, measure->rounds);
}

static json_t *rate_json(const struct bench_side *side) {
    json_t *object = json_object();
    bool complete = object != NULL &&
                    json_put(object, "sessions", json_integer((json_int_t)side->sessions)) &&
                    json_put(object, "queriesPerSecond", rounded(side->queries_per_second));
    return json_complete(object, complete);
}

static json_t *server_json(const struct bench_measure *measure, double ratio, const char *socket) {
    json_t *object = json_object(), *rates = json_array();
    bool complete = rates != NULL;
    for (size_t i = 0; i < measure->side_count && complete; i++) {
        complete = json_add(rates, rate_json(&measure->sides[i]));
    }
    rates = json_complete(rates, complete);
    complete = object != NULL && json_put(object, "socket", json_string(socket)) &&
               json_put(object, "toBestOfFewer", rounded(ratio));
    if (!complete) {
        json_decref(rates);
    }
    return json_complete(object, complete && json_put(object, "rates", rates));
}

void bench_report_server(struct bench_report *report, const struct bench_measure *measure,
                         const char *socket) {
    const double ratio = to_best_of_fewer(measure);
    if (report->json) {
        json_t *object = server_json(measure, ratio, socket);
        report->has_no_memory = !json_append_to(&report->server, object) || report->has_no_memory;
    } else {
        printf("%-6s the server by turns:", socket);
        for (size_t i = 0; i < measure->side_count; i++) {
            printf(" %.0f queries/s with %zu sessions,", measure->sides[i].queries_per_second,
                   measure->sides[i].sessions);
        }
        printf(" %.2f of its best with fewer\n", ratio);
        fflush(stdout);
    }
    if (measure->sessions == BENCH_MOST_SESSIONS) {
        check(report, "the server's rate with 512 sessions to its best with fewer", socket, ratio,
              floor_sessions);
    }
}

extvm_status bench_report_finish(struct bench_report *report, const char *given, bool quick,
                                 const char *cpus, extvm_error *error) {
    if (!report->json) {
        if (given != NULL) {
            printf("The ratio is a hint only: the ping-pong runs over loopback, the VM where it "
                   "is, and takes its own time.\n");
        }
        return output_check(error);
    }
    json_t *document = json_object();
    json_t *measures = json_complete(report->measures, !report->has_no_memory);
    report->measures = NULL;
    bool complete = json_put(document, "vm", given != NULL ? json_string(given) : json_null()) &&
                    json_put(document, "isHint", json_boolean(given != NULL)) &&
                    json_put(document, "quick", json_boolean(quick)) &&
                    json_put(document, "cpus", json_string(cpus));
    if (!complete) {
        json_decref(measures);
    }
    complete = complete && json_put(document, "measures", measures);
    if (complete && report->server != NULL) {
        complete = json_put(document, "server", report->server);
        report->server = NULL;
    }
    return json_print(json_complete(document, complete), error);
}

void bench_report_free(struct bench_report *report) {
    json_decref(report->measures);
    json_decref(report->server);
}
