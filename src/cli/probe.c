/* extvm probe: the truth about a running VM, without harm to it: who listens, which protocol it
 * accepts, whether its answers are right, and how long they take. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <extvm/extvm.h>

#include "command.h"
#include "json_write.h"
#include "knock.h"
#include "pool.h"
#include "probe_report.h"
#include "report.h"
#include "vm_options.h"

static const char about[] =
    "Tells about running VMs: whether somebody listens, which protocol and version they accept,\n"
    "whether they answer small calls right, with the right gas, and the time of a round trip "
    "(from\n"
    "an answer to the VM's next query: least, median, most). For what is wrong it names the cause\n"
    "and what to try.\n"
    "\n"
    "ADDRESS is HOST:PORT or unix:PATH (protocol 2.2 is tried, then 3.0, each on a session of its\n"
    "own), or any that --vm takes elsewhere: kevm://HOST:PORT, kevm+unix:PATH, iele://HOST:PORT,\n"
    "iele+unix:PATH, internal, internal-iele, test-mode, test-mode-iele.";

static const char notes[] =
    "It leaves a VM alive and serving. A VM serves one client at a time, and a call that\n"
    "waits behind another client's and is given up there would hang it. So the first session\n"
    "only says a Hello of a version that no VM has: a VM that is free closes at once (and logs\n"
    "the Hello), and only then is it called. One that does not close is reported as busy, and\n"
    "not called. Every session is ended politely and read to its end.\n"
    "\n"
    "Without the options a call has 10 seconds and a connect 5, and nothing is tried again.\n"
    "\n"
    "Exit status: 0 when all are good, else that of the first address that is not:\n"
    "1 it answered something wrong; 3 it cannot be reached; 4 it accepts neither protocol, or\n"
    "only the one that ADDRESS does not say; 5 it broke off or broke the protocol, or is no VM;\n"
    "6 it is busy, or a deadline passed; 7 this machine failed; 130 interrupted.\n"
    "\n"
    "--json prints {\"vms\": [...], \"exitStatus\": N}; of each VM address, openedAs, reachable,\n"
    "protocol, version, answer (right, wrong or null), status, error, cause, try, calls,\n"
    "roundTripNanoseconds (null, or count, min, median and max), quirks (what the VM does its\n"
    "own way, docs/quirks.md), and exitStatus.\n"
    "\n"
    "Examples:\n"
    "  extvm probe 127.0.0.1:8888\n"
    "  extvm probe --wait 30 kevm://127.0.0.1:8888 && start-the-node";

static const struct probe_protocol protocols[] = {{"kevm", "KEVM", "2.2"}, {"iele", "IELE", "3.0"}};

enum { CALLS_DEFAULT = 8 };

struct probe {
    struct vm_options vm_options;
    struct pool pool;
    const char *wait, *count;
    double wait_seconds, connect_seconds;
    unsigned calls;
    bool force;
};

static extvm_status take_force(void *context, const char *value, extvm_error *error) {
    (void)value;
    (void)error;
    ((struct probe *)context)->force = true;
    return EXTVM_OK;
}

static const struct option_spec specs[] = {
    {"--wait", "SECONDS", "try again until the VM is up and free, at most so long", NULL,
     offsetof(struct probe, wait)},
    {"--count", "N", "calls of each VM, the same again and again: 1 to 1000 (8)", NULL,
     offsetof(struct probe, count)},
    {"--force", NULL, "call a VM also when it did not answer the first, harmless Hello", take_force,
     0},
};

/* The common options, but those that name a VM: that is what the operands are for. */
static struct option_group common_group(struct vm_options *vm_options) {
    struct option_group group = vm_options_group(vm_options);
    group.title = "Limits, and what is shown";
    while (strcmp(group.options->name, "--timeout") != 0) {
        group.options++;
        group.count--;
    }
    return group;
}

/* -- the options' values -- */

static extvm_status read_number(const char *option, const char *text, double least, double most,
                                double *out, extvm_error *error) {
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || strspn(text, "0123456789.") != strlen(text)) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "%s %s: it must be a number", option,
                        quote(text).text);
    }
    if (!(number >= least && number <= most)) {
        return complain(error, EXTVM_OUT_OF_RANGE, "%s %s: allowed is %.0f to %.0f", option,
                        quote(text).text, least, most);
    }
    *out = number;
    return EXTVM_OK;
}

static extvm_status read_values(struct probe *probe, int operands, extvm_error *error) {
    const double wait_most = 86400;
    double calls = CALLS_DEFAULT;
    extvm_status status = EXTVM_OK;
    if (operands == 0) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "probe: no ADDRESS given (extvm probe --help says what it is)");
    }
    if (probe->wait != NULL) {
        status = read_number("--wait", probe->wait, 0, wait_most, &probe->wait_seconds, error);
    }
    if (status == EXTVM_OK && probe->count != NULL) {
        status = read_number("--count", probe->count, 1, PROBE_CALLS_MAXIMUM, &calls, error);
    }
    if (status == EXTVM_OK && calls != floor(calls)) {
        status = complain(error, EXTVM_INVALID_ARGUMENT, "--count %s: it must be a whole number",
                          quote(probe->count).text);
    }
    probe->calls = (unsigned)calls;
    return status;
}

static extvm_status set_defaults(struct vm_options *vm_options, extvm_error *error) {
    static const char *const defaults[][2] = {{"call-timeout", "10s"},
                                              {"connect-timeout", "5s"},
                                              {"connect-retries", "0"},
                                              {"call-retries", "0"}};
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0] && status == EXTVM_OK; i++) {
        status = extvm_options_set(vm_options->options, defaults[i][0], defaults[i][1], error);
    }
    return status;
}

/* -- one VM -- */

static bool has_prefix(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* "HOST:PORT" and "unix:PATH", which say nothing of the protocol. */
static bool is_bare(const char *address) {
    return strstr(address, "://") == NULL && strstr(address, "+unix:") == NULL &&
           !has_prefix(address, "internal") && !has_prefix(address, "test-mode");
}

/* The place of `address`, after its scheme, as the protocol's address; NULL: no memory. */
static char *address_in(struct probe *probe, const struct probe_protocol *protocol,
                        const char *address) {
    const char *slashes = strstr(address, "://"), *plus = strstr(address, "+unix:");
    bool is_unix = slashes == NULL && (plus != NULL || has_prefix(address, "unix:"));
    const char *place = slashes != NULL ? slashes + 3 : plus != NULL ? plus + 1 : address;
    size_t size = strlen(place) + sizeof "kevm://";
    char *made = pool_take(&probe->pool, size);
    if (made != NULL) {
        snprintf(made, size, "%s%s%s", protocol->scheme, is_unix ? "+" : "://", place);
    }
    return made;
}

static bool is_behind_socket(const char *address) {
    return has_prefix(address, "kevm") || has_prefix(address, "iele");
}

/* Opens, calls, closes: one session. */
static extvm_status call_vm(struct probe *probe, struct probed *probed, const char *address) {
    extvm_vm *vm = NULL;
    probe->vm_options.addresses[0] = address;
    probe->vm_options.address_count = 1;
    probed->opened = address;
    extvm_status status = vm_options_open(&probe->vm_options, 0, &vm, &probed->error);
    if (status == EXTVM_OK) {
        status = probe_calls_run(vm, vm_options_is_iele(address), probe->calls, &probed->figures,
                                 &probed->error);
    }
    vm_options_close(vm);
    return status == EXTVM_RESULT_REJECTED && !has_prefix(probed->error.text, address)
               ? complain_about(&probed->error, address)
               : status;
}

static const struct probe_protocol *protocol_of(const char *address) {
    return &protocols[vm_options_is_iele(address) ? 1 : 0];
}

/* It rejected the Hello of the protocol that its address says: perhaps it takes the other's. */
static void try_other(struct probe *probe, struct probed *probed) {
    const struct probe_protocol *other = &protocols[vm_options_is_iele(probed->opened) ? 0 : 1];
    const char *address = address_in(probe, other, probed->opened), *opened = probed->opened;
    const extvm_error error = probed->error;
    if (address == NULL) {
        return;
    }
    extvm_status status = call_vm(probe, probed, address);
    probed->error = error;
    probed->opened = opened;
    if (status == EXTVM_OK || status == EXTVM_RESULT_REJECTED) {
        probed->protocol = other;
        probed->finding = PROBE_FOUND_OTHER_PROTOCOL;
        complain(&probed->error, EXTVM_VERSION_REJECTED,
                 "%.160s: the VM rejected Hello %s, and it accepts %s: use %.160s", opened,
                 protocol_of(opened)->version, other->version, address);
    }
    probed->figures = (struct probe_figures){.calls = 0};
}

/* The address as extvm_open takes it, with this protocol if it says none; checked by the library,
 * and without the commas that stand between several. */
static extvm_status check_address(struct probe *probe, struct probed *probed, const char **out) {
    extvm_vm *vm;
    const char *address = probed->address;
    if (strchr(address, ',') != NULL) {
        return complain(&probed->error, EXTVM_INVALID_ARGUMENT,
                        "%s: one VM at a time; give each as an ADDRESS of its own",
                        quote(address).text);
    }
    *out = is_bare(address) ? address_in(probe, &protocols[0], address) : address;
    if (*out == NULL) {
        return complain_no_memory(&probed->error);
    }
    if (!is_behind_socket(*out)) {
        return EXTVM_OK;
    }
    extvm_status status = extvm_open(*out, probe->vm_options.options, &vm, &probed->error);
    if (status == EXTVM_OK) {
        extvm_close(vm); /* nothing was connected */
    }
    return status;
}

/* Whether it may be called; else `error` and the finding say why not. */
static bool knock_at(struct probe *probe, struct probed *probed, const char *address) {
    switch (knock(address, probe->connect_seconds, &probed->error)) {
    case KNOCK_FREE:
        probed->reachable = true;
        return true;
    case KNOCK_SPEAKS:
        probed->reachable = true;
        probed->finding = PROBE_FOUND_SPEECH;
        complain(&probed->error, EXTVM_UNEXPECTED_MESSAGE,
                 "%.200s: it answered a Hello of no version, which a VM leaves without an answer",
                 address);
        return false;
    case KNOCK_SILENT:
        probed->reachable = true;
        if (probe->force) {
            return true;
        }
        probed->finding = PROBE_FOUND_SILENCE;
        complain(&probed->error, EXTVM_DEADLINE_PASSED,
                 "%.200s: it did not close a session with a Hello of no version within the "
                 "connect-timeout: it is busy, or hangs",
                 address);
        return false;
    default:
        return false;
    }
}

static extvm_status probe_once(struct probe *probe, struct probed *probed) {
    const double slow_seconds = 0.02; /* a KEVM on the same machine needs a few milliseconds */
    const char *address = NULL;
    *probed = (struct probed){.address = probed->address};
    extvm_status status = check_address(probe, probed, &address);
    if (status != EXTVM_OK) {
        return status;
    }
    if (is_behind_socket(address) && !knock_at(probe, probed, address)) {
        return probed->error.status;
    }
    status = call_vm(probe, probed, address);
    if (status == EXTVM_VERSION_REJECTED && is_bare(probed->address)) {
        const char *second = address_in(probe, &protocols[1], address);
        status =
            second != NULL ? call_vm(probe, probed, second) : complain_no_memory(&probed->error);
    } else if (status == EXTVM_VERSION_REJECTED) {
        try_other(probe, probed);
        return status;
    }
    probed->answered = probed->figures.calls > 0;
    probed->reachable = probed->reachable || probed->answered;
    if (probed->answered || probed->figures.has_asked) {
        probed->protocol = protocol_of(probed->opened);
    }
    const struct probe_figures *figures = &probed->figures;
    if (status == EXTVM_OK && figures->trip_count > 0 &&
        figures->trips[figures->trip_count / 2] > slow_seconds) {
        probed->finding = PROBE_FOUND_SLOW;
    }
    return status;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Whether waiting may help. */
static bool may_come_up(const struct probed *probed) {
    return probed->error.status == EXTVM_UNREACHABLE ||
           probed->error.status == EXTVM_CONNECT_TIMEOUT || probed->finding == PROBE_FOUND_SILENCE;
}

static void probe_one(struct probe *probe, struct probed *probed) {
    const struct timespec pause = {.tv_nsec = 200000000};
    const double end = now() + probe->wait_seconds;
    extvm_status status = probe_once(probe, probed);
    while (status != EXTVM_OK && may_come_up(probed) && now() < end) {
        nanosleep(&pause, NULL);
        status = probe_once(probe, probed);
    }
    probed->error.status = status;
}

/* -- all of them -- */

/* Probes each in turn and says what was found: in the table, or in `list`. */
static enum exit_code probe_all(struct probe *probe, char **addresses, int count,
                                struct probed *probed, json_t *list, bool *complete) {
    enum exit_code worst = EXIT_CODE_DONE;
    int width = (int)strlen("VM");
    for (int i = 0; i < count; i++) {
        text_clean(addresses[i]);
        width = (int)strlen(addresses[i]) > width ? (int)strlen(addresses[i]) : width;
    }
    if (!probe->vm_options.json) {
        probe_print_head(width);
    }
    for (int i = 0; i < count; i++) {
        probed->address = addresses[i];
        probe_one(probe, probed);
        text_clean(probed->error.text);
        if (probe->vm_options.json) {
            *complete = *complete && json_add(list, probe_json(probed));
        } else {
            probe_print(probed, width);
            fflush(stdout);
        }
        if (probed->error.status != EXTVM_OK) {
            fprintf(stderr, "extvm: %s\n", probed->error.text);
        }
        worst = worst == EXIT_CODE_DONE ? probe_exit_code(probed) : worst;
        if (probed->error.status == EXTVM_CANCELLED) {
            return EXIT_CODE_INTERRUPTED;
        }
    }
    return worst;
}

static extvm_status print_json(json_t *list, bool complete, enum exit_code code,
                               extvm_error *error) {
    json_t *document = json_object();
    complete = json_put(document, "vms", json_complete(list, complete)) &&
               json_put(document, "exitStatus", json_integer(code));
    return json_print(json_complete(document, complete), error);
}

static extvm_status probe_run(struct probe *probe, char **addresses, int count,
                              enum exit_code *code, extvm_error *error) {
    bool complete = true;
    extvm_status status = vm_options_start(&probe->vm_options, error);
    struct probed *probed = pool_take(&probe->pool, sizeof *probed);
    if (status != EXTVM_OK) {
        return status;
    }
    if (probed == NULL) {
        return complain_no_memory(error);
    }
    probe->connect_seconds = knock_patience(probe->vm_options.options);
    json_t *list = json_array();
    *code = probe_all(probe, addresses, count, probed, list, &complete);
    if (probe->vm_options.json) {
        status = print_json(list, complete && list != NULL, *code, error);
    } else {
        json_decref(list);
        status = output_check(error);
    }
    return status == EXTVM_OK ? vm_options_finish(&probe->vm_options, error) : status;
}

static extvm_status begin(void *context, extvm_error *error) {
    struct probe *probe = context;
    extvm_status status = vm_options_init(&probe->vm_options, 0, error);
    return status == EXTVM_OK ? set_defaults(&probe->vm_options, error) : status;
}

static extvm_status run(void *context, int count, char **operands, enum exit_code *code,
                        extvm_error *error) {
    struct probe *probe = context;
    extvm_status status = read_values(probe, count, error);
    return status == EXTVM_OK ? probe_run(probe, operands, count, code, error) : status;
}

int command_probe(int argc, char **argv) {
    struct probe probe = {.calls = CALLS_DEFAULT};
    const struct option_group groups[] = {
        {"The probe", specs, sizeof specs / sizeof specs[0], &probe},
        common_group(&probe.vm_options),
    };
    const struct command_line line = {
        .usage = "extvm probe [OPTION...] ADDRESS...",
        .about = about,
        .notes = notes,
        .groups = groups,
        .group_count = sizeof groups / sizeof groups[0],
        .operands = true,
        .begin = begin,
        .run = run,
    };
    int exit_status = command_line_run(&line, &probe, argc, argv);
    pool_free(&probe.pool);
    vm_options_free(&probe.vm_options);
    return exit_status;
}
