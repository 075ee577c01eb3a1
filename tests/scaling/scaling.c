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

enum { ROUNDS = 3 /* at least */, MOST_ROUNDS = 2000, TRIES = 3 };

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

enum { ROWS = 16 };

struct row {
    size_t size;
    double seconds;
};

/* What was measured of a curve. */
struct measured {
    struct row rows[ROWS];
    size_t count, middle; /* rows; the row with the middle size */
};

static struct measured measure_rows(const struct curve *curve, const struct machines *machines,
                                    bool quick) {
    struct measured measured = {.count = 0};
    const size_t largest = quick ? curve->quick : curve->largest;
    for (size_t size = curve->smallest; size <= largest; size *= curve->step) {
        bool is_needed = size == curve->smallest || size == curve->middle || size == largest;
        if (quick && !is_needed) {
            continue;
        }
        measured.middle = size == curve->middle ? measured.count : measured.middle;
        measured.rows[measured.count++] = (struct row){size, curve->measure(machines, size)};
    }
    return measured;
}

/* Seconds of a unit, without what the smallest call costs. */
static double unit_cost(const struct measured *measured, size_t row) {
    const struct row *first = &measured->rows[0], *at = &measured->rows[row];
    return (at->seconds - first->seconds) / (double)(at->size - first->size);
}

static double growth_of(const struct measured *measured) {
    return unit_cost(measured, measured->count - 1) / unit_cost(measured, measured->middle);
}

static void measure_again(const struct curve *curve, const struct machines *machines,
                          struct row *row) {
    double seconds = curve->measure(machines, row->size);
    row->seconds = seconds < row->seconds ? seconds : row->seconds;
}

/* Below 0 when other work on the machine made a smaller size cost more than a larger one. */
static bool is_linear(const struct curve *curve, const struct measured *measured) {
    double growth = growth_of(measured);
    return growth > 0 && growth <= curve->limit;
}

/* How many times the cost of a unit grows from the middle to the largest size; measured again when
 * it is too much, for other work on the machine only ever adds to a time. */
static double judge(const struct curve *curve, const struct machines *machines,
                    struct measured *measured) {
    for (unsigned i = 0; i < TRIES && !is_linear(curve, measured); i++) {
        measure_again(curve, machines, &measured->rows[0]);
        measure_again(curve, machines, &measured->rows[measured->middle]);
        measure_again(curve, machines, &measured->rows[measured->count - 1]);
    }
    return growth_of(measured);
}

/* For gnuplot: a block with the curve's name; in the last column what the size would cost with the
 * fixed cost, and for each unit that of the middle size. */
static void write_rows(FILE *out, const struct curve *curve, const struct measured *measured) {
    const double unit = unit_cost(measured, measured->middle);
    fprintf(out, "\"%s\"\n", curve->name);
    for (size_t i = 0; i < measured->count; i++) {
        const struct row *row = &measured->rows[i], *first = &measured->rows[0];
        double size = (double)row->size;
        double straight = first->seconds + unit * (size - (double)first->size);
        fprintf(out, "%zu\t%.9f\t%.4f\t%.4f\n", row->size, row->seconds, row->seconds / size * 1e9,
                straight / size * 1e9);
    }
    fputs("\n\n", out);
}

static bool measure_curve(const struct curve *curve, const struct machines *machines, bool quick,
                          const char *unit, FILE *out) {
    struct measured measured = measure_rows(curve, machines, quick);
    double growth = judge(curve, machines, &measured);
    double cost = unit_cost(&measured, measured.count - 1) * 1e9;
    printf("  %-44s %9zu %9.*f ns for each %-8s %5.2f (at most %.1f)%s\n", curve->name,
           measured.rows[measured.count - 1].size, cost < 10 ? 3 : 0, cost, unit, growth,
           curve->limit, is_linear(curve, &measured) ? "" : "  NOT LINEAR");
    fflush(stdout);
    if (out != NULL) {
        write_rows(out, curve, &measured);
    }
    return is_linear(curve, &measured);
}

/* -- all -- */

static FILE *open_file(const char *folder, const struct subject *subject) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.tsv", folder, subject->name);
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        give_up(path, "cannot be written");
    }
    fprintf(out,
            "# %s\tseconds\tnanoseconds for each %s, the least of several runs\t"
            "were it linear\n",
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
