/* extvm trace replay: the calls of a trace on a VM once more, their queries answered from the
 * trace, and their results compared with those of the trace. Nothing is printed, and no JSON made,
 * before the VM is left. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_line.h"
#include "json_write.h"
#include "report.h"
#include "trace_command.h"
#include "trace_compare.h"
#include "vm_options.h"

static const char about[] =
    "Runs each call of a trace (--trace FILE --trace-format json) on a VM. What the VM asks for "
    "is\n"
    "answered from the trace, and what it decides is compared with what the trace has: a line for\n"
    "each difference, and at last \"N same, N different, N not complete\". A query that the trace\n"
    "has no answer to is a difference too; the VM is told that there is nothing. Calls whose\n"
    "result is not in the trace are not run.";

static const char notes[] =
    "The exit status is 0 when all is the same, 1 when something differs, 2 when the file is\n"
    "wrong, and else that of the call that failed.\n"
    "\n"
    "Example:\n"
    "  extvm run --vm test-mode --code 602a60005260206000f3 --trace t.jsonl --trace-format json\n"
    "  extvm trace replay t.jsonl --vm kevm://127.0.0.1:8888";

/* What became of one call. */
struct replayed {
    bool was_run;
    extvm_status status; /* of the run */
    extvm_result *result;
    char *unknown; /* queries, each with a newline; NULL: none */
    size_t unknown_size;
};

struct replay {
    struct vm_options vm_options;
    extvm_recording *recording;
    struct replayed *calls;
    size_t count, same, different, incomplete;
    json_t *differences; /* of the call at hand */
    size_t index;
    bool no_memory;
};

static void note_unknown(void *context, const char *query) {
    struct replay *replay = context;
    struct replayed *call = &replay->calls[replay->index];
    size_t size = strlen(query) + sizeof "\n";
    char *larger = realloc(call->unknown, call->unknown_size + size);
    if (larger == NULL) {
        replay->no_memory = true;
        return;
    }
    snprintf(larger + call->unknown_size, size, "%s\n", query);
    call->unknown = larger;
    call->unknown_size += size - 1;
}

/* -- running -- */

static bool is_iele(const char *address) {
    static const char *const kinds[] = {"iele", "internal-iele", "test-mode-iele"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strncmp(address, kinds[i], strlen(kinds[i])) == 0) {
            return true;
        }
    }
    return false;
}

static extvm_status check_protocols(const struct replay *replay, extvm_error *error) {
    const char *address = vm_options_address(&replay->vm_options, 0);
    const char *protocol = is_iele(address) ? "3.0" : "2.2";
    extvm_recorded_call call;
    for (size_t i = 0; extvm_recording_call(replay->recording, i, &call); i++) {
        if (strcmp(call.protocol, protocol) != 0) {
            return complain(error, EXTVM_INVALID_ARGUMENT,
                            "call %zu (line %llu) was recorded with protocol %s, and %s speaks %s: "
                            "give --vm one of the same kind",
                            i + 1, (unsigned long long)call.place, call.protocol,
                            quote(address).text, protocol);
        }
    }
    return EXTVM_OK;
}

/* Whether it is the call or its result that the library refuses: that can be compared, and the VM
 * is there for the next call. */
static bool is_verdict(extvm_status status) {
    return status == EXTVM_RESULT_REJECTED || extvm_status_classify(status) == EXTVM_CLASS_USAGE;
}

static extvm_status run_calls(struct replay *replay, extvm_vm *vm, extvm_error *error) {
    extvm_recorded_call call;
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < replay->count && status == EXTVM_OK; i++) {
        struct replayed *replayed = &replay->calls[i];
        extvm_recording_call(replay->recording, i, &call);
        replay->index = i;
        if (!call.is_complete) {
            continue;
        }
        status = extvm_recording_run(replay->recording, i, vm, note_unknown, replay,
                                     &replayed->result, error);
        replayed->was_run = true;
        replayed->status = status;
        if (is_verdict(status)) {
            status = EXTVM_OK;
        }
        if (status != EXTVM_OK) {
            char place[64];
            snprintf(place, sizeof place, "call %zu (line %llu)", i + 1,
                     (unsigned long long)call.place);
            complain_about(error, place);
        }
    }
    return status == EXTVM_OK && replay->no_memory ? complain_no_memory(error) : status;
}

static extvm_status run_on_vm(struct replay *replay, extvm_error *error) {
    extvm_vm *vm = NULL;
    extvm_status status = vm_options_open(&replay->vm_options, 0, &vm, error);
    if (status == EXTVM_OK) {
        status = run_calls(replay, vm, error);
    }
    vm_options_close(vm);
    return status == EXTVM_OK ? vm_options_finish(&replay->vm_options, error) : status;
}

/* -- comparing -- */

static extvm_status compare(struct replay *replay, size_t index, extvm_error *error) {
    const struct replayed *replayed = &replay->calls[index];
    struct trace_outcome now = {replayed->status, replayed->result}, then;
    then.status = extvm_recording_result(replay->recording, index, &then.result, error);
    if (then.status == EXTVM_NO_MEMORY) {
        return EXTVM_NO_MEMORY;
    }
    replay->differences = trace_compare(replay->recording, index, &then, &now);
    extvm_result_free(then.result);
    return EXTVM_OK;
}

static json_t *json_from_unknown(const struct replayed *call) {
    json_t *list = json_array();
    const char *at = call->unknown;
    while (at != NULL && *at != '\0') {
        size_t length = strcspn(at, "\n");
        json_add(list, json_stringn(at, length));
        at += length + 1;
    }
    return list;
}

static void print_value(const char *before, const json_t *value) {
    enum { SHOWN = 200 }; /* characters */
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    printf("%s %.*s%s", before, SHOWN, text != NULL ? text : "",
           text != NULL && strlen(text) > SHOWN ? "..." : "");
    free(text);
}

static void print_differences(const struct replay *replay, size_t index, uint64_t place,
                              const json_t *unknown) {
    size_t i;
    json_t *one;
    printf("call %zu (line %llu) differs\n", index + 1, (unsigned long long)place);
    json_array_foreach(replay->differences, i, one) {
        printf("  %s:", json_string_value(json_object_get(one, "what")));
        print_value(" recorded", json_object_get(one, "recorded"));
        print_value(", now", json_object_get(one, "now"));
        putchar('\n');
    }
    json_array_foreach(unknown, i, one) {
        printf("  asked for what is not in the record: %s\n", json_string_value(one));
    }
}

static extvm_status print_json(const struct replay *replay, size_t index, uint64_t place,
                               const char *verdict, json_t *unknown, extvm_error *error) {
    json_t *document = json_object();
    bool complete = json_put(document, "call", json_integer((json_int_t)index + 1)) &&
                    json_put(document, "line", json_integer((json_int_t)place)) &&
                    json_put(document, "verdict", json_string(verdict)) &&
                    json_put(document, "differences", json_incref(replay->differences)) &&
                    json_put(document, "unknownQueries", json_incref(unknown));
    return json_print(json_complete(document, complete), error);
}

static extvm_status judge(struct replay *replay, size_t index, extvm_error *error) {
    const struct replayed *replayed = &replay->calls[index];
    extvm_recorded_call call;
    extvm_status status = EXTVM_OK;
    extvm_recording_call(replay->recording, index, &call);
    replay->differences = NULL;
    json_t *unknown = json_from_unknown(replayed);
    if (replayed->was_run) {
        status = compare(replay, index, error);
    }
    if (replay->differences == NULL) {
        replay->differences = json_array();
    }
    bool differs = json_array_size(replay->differences) + json_array_size(unknown) > 0;
    replay->incomplete += !replayed->was_run;
    replay->different += differs;
    replay->same += replayed->was_run && !differs;
    if (status == EXTVM_OK && replay->vm_options.json) {
        status = print_json(replay, index, call.place,
                            !replayed->was_run ? "not complete"
                            : differs          ? "different"
                                               : "same",
                            unknown, error);
    } else if (status == EXTVM_OK && differs) {
        print_differences(replay, index, call.place, unknown);
    }
    json_decref(replay->differences);
    json_decref(unknown);
    return status;
}

static extvm_status judge_all(struct replay *replay, extvm_error *error) {
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < replay->count && status == EXTVM_OK; i++) {
        status = judge(replay, i, error);
    }
    if (status != EXTVM_OK) {
        return status;
    }
    printf(replay->vm_options.json ? "{\"same\":%zu,\"different\":%zu,\"notComplete\":%zu}\n"
                                   : "%zu same, %zu different, %zu not complete\n",
           replay->same, replay->different, replay->incomplete);
    return output_check(error);
}

/* -- the command -- */

static extvm_status replay_file(struct replay *replay, const char *path, extvm_error *error) {
    extvm_status status = vm_options_start(&replay->vm_options, error);
    if (status == EXTVM_OK) {
        status = trace_recording_read(path, replay->vm_options.options, &replay->recording, error);
    }
    if (status != EXTVM_OK) {
        return status;
    }
    replay->count = extvm_recording_count(replay->recording);
    replay->calls = calloc(replay->count, sizeof *replay->calls);
    if (replay->calls == NULL) {
        replay->count = 0;
        return complain_no_memory(error);
    }
    status = check_protocols(replay, error);
    if (status == EXTVM_OK) {
        status = run_on_vm(replay, error);
    }
    return status == EXTVM_OK ? judge_all(replay, error) : status;
}

static void replay_free(struct replay *replay) {
    for (size_t i = 0; i < replay->count; i++) {
        extvm_result_free(replay->calls[i].result);
        free(replay->calls[i].unknown);
    }
    free(replay->calls);
    extvm_recording_free(replay->recording);
    vm_options_free(&replay->vm_options);
}

static extvm_status begin(void *context, extvm_error *error) {
    return vm_options_init(&((struct replay *)context)->vm_options, 1, error);
}

static extvm_status run(void *context, int count, char **operands, enum exit_code *code,
                        extvm_error *error) {
    struct replay *replay = context;
    if (count != 1) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "trace replay takes one FILE, not %d",
                        count);
    }
    extvm_status status = replay_file(replay, operands[0], error);
    *code = replay->different > 0 ? EXIT_CODE_CHECK_FAILED : EXIT_CODE_DONE;
    return status;
}

int trace_replay(int argc, char **argv) {
    struct replay replay = {.count = 0};
    const struct option_group group = vm_options_group(&replay.vm_options);
    const struct command_line line = {
        .usage = "extvm trace replay FILE.jsonl [--vm ADDRESS] [OPTION...]",
        .about = about,
        .notes = notes,
        .groups = &group,
        .group_count = 1,
        .operands = true,
        .begin = begin,
        .run = run,
    };
    int exit_status = command_line_run(&line, &replay, argc, argv);
    replay_free(&replay);
    return exit_status;
}
