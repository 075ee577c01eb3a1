/* Measures how cost grows with the queries of a call, with the size of code, the depth of calls and
 * the accounts of a result: scaling [--quick] [--only SUBJECT] [FOLDER]. A file for each goes into
 * FOLDER, for gnuplot. Exits with 1 when anything grows faster than its size. */
#include "scaling.h"

#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 3, MOST_ROUNDS = 2000, TRIES = 3 };

static const struct subject *const subjects[] = {&queries_subject, &code_subject, &depth_subject,
                                                 &accounts_subject};

static double budget = 0.2; /* seconds for the runs of one size, unless ROUNDS need more */

void give_up(const char *what, const char *why) {
    fprintf(stderr, "scaling: %s: %s\n", what, why);
    exit(2);
}

double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double fastest(double (*run)(void *context), void *context) {
    double best = INFINITY, start = now();
    for (unsigned i = 0; i < ROUNDS || (i < MOST_ROUNDS && now() - start < budget); i++) {
        double seconds = run(context);
        best = seconds < best ? seconds : best;
    }
    return best;
}

/* Blocks over 32 MiB malloc would take from the kernel anew each time, page by page, which costs
 * more than anything that is done with them. */
static void keep_memory(void) {
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 30);
    (void)mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

/* Both ends of a socket on one processor: else a round trip is short or long as the scheduler puts
 * them together or apart, and that changes with time. */
static void stay_on_one_processor(void) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((unsigned)sched_getcpu(), &one);
    (void)sched_setaffinity(0, sizeof one, &one);
}

/* -- one curve -- */

/* Nanoseconds of a unit without what the smallest call costs. */
static double unit_cost(const struct curve *curve, size_t size, double seconds, double fixed) {
    return (seconds - fixed) / (double)(size - curve->smallest) * 1e9;
}

/* How many times the cost of a unit grows from the middle to the largest size; measured again when
 * it is too much, for other work on the machine only ever adds to it. */
static double judge(const struct curve *curve, const struct machines *machines, size_t largest,
                    double fixed, double at_middle, double at_largest) {
    double growth = INFINITY;
    for (unsigned i = 0; i < TRIES && growth > curve->limit; i++) {
        if (i > 0) {
            double middle = curve->measure(machines, curve->middle);
            double last = curve->measure(machines, largest);
            at_middle = middle < at_middle ? middle : at_middle;
            at_largest = last < at_largest ? last : at_largest;
        }
        growth = unit_cost(curve, largest, at_largest, fixed) /
                 unit_cost(curve, curve->middle, at_middle, fixed);
    }
    return growth;
}

static bool measure_curve(const struct curve *curve, const struct machines *machines, bool quick,
                          const char *unit, FILE *out) {
    const size_t largest = quick ? curve->quick : curve->largest;
    double fixed = 0, at_middle = 0, seconds = 0;
    if (out != NULL) {
        fprintf(out, "\"%s\"\n", curve->name);
    }
    for (size_t size = curve->smallest; size <= largest; size *= curve->step) {
        bool is_wanted = size == curve->smallest || size == curve->middle || size == largest;
        if (out == NULL && !is_wanted) {
            continue;
        }
        seconds = curve->measure(machines, size);
        fixed = size == curve->smallest ? seconds : fixed;
        at_middle = size == curve->middle ? seconds : at_middle;
        if (out != NULL) {
            fprintf(out, "%zu\t%.9f\t%.4f\n", size, seconds, seconds / (double)size * 1e9);
            fflush(out);
        }
    }
    double growth = judge(curve, machines, largest, fixed, at_middle, seconds);
    double cost = unit_cost(curve, largest, seconds, fixed);
    printf("  %-44s %9zu %9.*f ns a %-8s %5.2f (at most %.1f)%s\n", curve->name, largest,
           cost < 10 ? 3 : 0, cost, unit, growth, curve->limit,
           growth <= curve->limit ? "" : "  NOT LINEAR");
    fflush(stdout);
    if (out != NULL) {
        fputs("\n\n", out);
    }
    return growth <= curve->limit;
}

/* -- all -- */

static FILE *open_file(const char *folder, const struct subject *subject) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.tsv", folder, subject->name);
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        give_up(path, "cannot be written");
    }
    fprintf(out, "# %s\tseconds\tnanoseconds for each %s; the least of several runs\n",
            subject->units, subject->unit);
    return out;
}

static bool measure_subject(const struct subject *subject, const struct machines *machines,
                            bool quick, const char *folder) {
    bool linear = true;
    FILE *out = folder != NULL ? open_file(folder, subject) : NULL;
    printf("%s\n", subject->name);
    for (size_t i = 0; i < subject->curve_count; i++) {
        linear = measure_curve(&subject->curves[i], machines, quick, subject->unit, out) && linear;
    }
    if (out != NULL && fclose(out) != 0) {
        give_up(subject->name, "cannot be written");
    }
    return linear;
}

static extvm_options *make_options(void) {
    extvm_options *options = extvm_options_new(NULL);
    extvm_error error;
    if (options == NULL || extvm_options_set(options, "max-frame", "1GiB", &error) != EXTVM_OK ||
        extvm_options_set(options, "call-timeout", "1h", &error) != EXTVM_OK) {
        give_up("options", "cannot be set");
    }
    return options;
}

static bool measure_all(bool quick, const char *only, const char *folder) {
    char place[] = "/tmp/extvm-scaling-XXXXXX", listen[64];
    struct machines machines;
    extvm_testvm *server;
    extvm_error error;
    bool linear = true;
    extvm_options *options = make_options();
    if (mkdtemp(place) == NULL) {
        give_up(place, "cannot be made");
    }
    snprintf(listen, sizeof listen, "unix:%s/vm", place);
    if (extvm_testvm_start(listen, NULL, options, &server, &error) != EXTVM_OK ||
        extvm_open(extvm_testvm_address(server), options, &machines.socket, &error) != EXTVM_OK ||
        extvm_open("internal", options, &machines.internal, &error) != EXTVM_OK) {
        give_up("a VM", error.text);
    }
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        if (only == NULL || strcmp(only, subjects[i]->name) == 0) {
            linear = measure_subject(subjects[i], &machines, quick, folder) && linear;
        }
    }
    extvm_close(machines.socket);
    extvm_close(machines.internal);
    extvm_testvm_stop(server);
    extvm_options_free(options);
    rmdir(place);
    return linear;
}

int main(int count, char **arguments) {
    const char *folder = NULL, *only = NULL;
    bool quick = false;
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--quick") == 0) {
            quick = true;
            budget = 0.05;
        } else if (strcmp(arguments[i], "--only") == 0 && i + 1 < count) {
            only = arguments[++i];
        } else {
            folder = arguments[i];
        }
    }
    keep_memory();
    stay_on_one_processor();
    printf("How cost grows: what a unit costs at the largest size without the fixed cost, and how "
           "many times that is\nwhat it costs at a middle size\n\n");
    return measure_all(quick, only, folder) ? 0 : 1;
}
