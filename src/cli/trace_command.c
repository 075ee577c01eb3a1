/* extvm trace: what can be done with a trace that was recorded. */
#include "trace_command.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "command_line.h"
#include "nearest.h"
#include "report.h"

static const struct verb {
    const char *name, *about;
    char title[16]; /* the name in messages */
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"show", "as text, or as a page to look at", "trace show", trace_show},
    {"replay", "its calls on a VM once more, and what differs", "trace replay", trace_replay},
};

enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static void print_overview(void) {
    fputs("Usage: extvm trace VERB FILE.jsonl [OPTION...]\n"
          "\n"
          "Works on a trace that a command has written with --trace FILE --trace-format json.\n"
          "\n"
          "Verbs (extvm trace VERB --help says more):\n",
          stdout);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        printf("  %-12s %s\n", verbs[i].name, verbs[i].about);
    }
}

static int refuse(const char *name, bool json) {
    extvm_error error;
    if (name == NULL) {
        complain(&error, EXTVM_INVALID_ARGUMENT,
                 "trace needs a verb and a FILE (extvm trace --help lists them)");
        return report_error(json, &error);
    }
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        nearest_offer(&nearest, verbs[i].name);
    }
    complain(&error, EXTVM_INVALID_ARGUMENT, "trace has no verb %s%s", quote(name).text,
             nearest.name != NULL ? nearest_hint(&nearest).text
                                  : " (extvm trace --help lists them)");
    return report_error(json, &error);
}

int command_trace(int argc, char **argv) {
    for (size_t i = 0; argc > 1 && i < VERB_COUNT; i++) {
        if (strcmp(verbs[i].name, argv[1]) == 0) {
            char title[sizeof verbs[i].title];
            memcpy(title, verbs[i].title, sizeof title);
            argv[1] = title;
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    if (command_line_wants_help(argc, argv)) {
        print_overview();
        return report_output();
    }
    return refuse(argc > 1 ? argv[1] : NULL, command_line_has(argc, argv, "--json"));
}
