/* What a probe says of a VM: in a table, or as JSON. */
#include "probe_report.h"

#include <stdio.h>
#include <string.h>

#include "json_write.h"

enum exit_code probe_exit_code(const struct probed *probed) {
    extvm_status status = probed->error.status;
    return status == EXTVM_RESULT_REJECTED ? EXIT_CODE_CHECK_FAILED : exit_code_of(status);
}

static const char *answer(const struct probed *probed) {
    return !probed->answered                               ? NULL
           : probed->error.status == EXTVM_OK              ? "right"
           : probed->error.status == EXTVM_RESULT_REJECTED ? "wrong"
                                                           : NULL;
}

static struct probe_advice advice(const struct probed *probed) {
    return probe_advise(probed->finding, probed->error.status);
}

/* A time in a width of 9 characters. */
static void print_time(double seconds) {
    if (seconds < 1e-3) {
        printf("  %6.1f us", seconds * 1e6);
    } else if (seconds < 1) {
        printf("  %6.1f ms", seconds * 1e3);
    } else {
        printf("  %6.2f s ", seconds);
    }
}

void probe_print_head(int width) {
    printf("%-*s  %-9s %-8s %-6s  %9s  %9s  %9s\n", width, "VM", "reachable", "speaks", "answer",
           "min", "median", "max");
}

void probe_print(const struct probed *probed, int width) {
    const struct probe_figures *figures = &probed->figures;
    const char *right = answer(probed);
    struct probe_advice found = advice(probed);
    char name[16] = "-";
    if (probed->protocol != NULL) {
        snprintf(name, sizeof name, "%s %s", probed->protocol->shown, probed->protocol->version);
    }
    printf("%-*s  %-9s %-8s %-6s", width, probed->address, probed->reachable ? "yes" : "no", name,
           right != NULL ? right : "-");
    if (figures->trip_count > 0) {
        print_time(figures->trips[0]);
        print_time(figures->trips[figures->trip_count / 2]);
        print_time(figures->trips[figures->trip_count - 1]);
    } else {
        printf("  %9s  %9s  %9s", "-", "-", "-");
    }
    printf("\n");
    for (size_t i = 0; i < figures->quirk_count; i++) {
        printf("%s%s", i == 0 ? "  put right: " : ", ", figures->quirks[i]);
    }
    printf("%s", figures->quirk_count > 0 ? "\n" : "");
    if (found.cause != NULL) {
        printf("  cause:     %s\n  try:       %s\n", found.cause, found.try);
    }
}

static json_t *json_text(const char *text) {
    return text != NULL ? json_string(text) : json_null();
}

static json_t *nanoseconds(double seconds) {
    return json_integer((json_int_t)(seconds * 1e9 + 0.5));
}

static json_t *trips_json(const struct probe_figures *figures) {
    const double *trips = figures->trips;
    json_t *object = json_object();
    if (figures->trip_count == 0) {
        json_decref(object);
        return json_null();
    }
    bool complete = object != NULL &&
                    json_put(object, "count", json_integer((json_int_t)figures->trip_count)) &&
                    json_put(object, "min", nanoseconds(trips[0])) &&
                    json_put(object, "median", nanoseconds(trips[figures->trip_count / 2])) &&
                    json_put(object, "max", nanoseconds(trips[figures->trip_count - 1]));
    return json_complete(object, complete);
}

static json_t *quirks_json(const struct probe_figures *figures) {
    json_t *list = json_array();
    bool complete = list != NULL;
    for (size_t i = 0; i < figures->quirk_count && complete; i++) {
        complete = json_add(list, json_string(figures->quirks[i]));
    }
    return json_complete(list, complete);
}

json_t *probe_json(const struct probed *probed) {
    const struct probe_protocol *protocol = probed->protocol;
    const bool good = probed->error.status == EXTVM_OK;
    struct probe_advice found = advice(probed);
    json_t *object = json_object();
    bool complete =
        object != NULL && json_put(object, "address", json_string(probed->address)) &&
        json_put(object, "openedAs", json_text(probed->opened)) &&
        json_put(object, "reachable", json_boolean(probed->reachable)) &&
        json_put(object, "protocol", json_text(protocol != NULL ? protocol->scheme : NULL)) &&
        json_put(object, "version", json_text(protocol != NULL ? protocol->version : NULL)) &&
        json_put(object, "answer", json_text(answer(probed))) &&
        json_put(object, "status", json_string(extvm_status_name(probed->error.status))) &&
        json_put(object, "error", json_text(good ? NULL : probed->error.text)) &&
        json_put(object, "cause", json_text(found.cause)) &&
        json_put(object, "try", json_text(found.try)) &&
        json_put(object, "calls", json_integer(probed->figures.calls)) &&
        json_put(object, "roundTripNanoseconds", trips_json(&probed->figures)) &&
        json_put(object, "quirks", quirks_json(&probed->figures)) &&
        json_put(object, "exitStatus", json_integer(probe_exit_code(probed)));
    return json_complete(object, complete);
}
