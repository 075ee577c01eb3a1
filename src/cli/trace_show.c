/* extvm trace show: a recorded trace as text, as JSON, or as a page. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_line.h"
#include "file.h"
#include "report.h"
#include "trace.h"
#include "trace_command.h"

static const char about[] =
    "Shows a trace that was written with --trace FILE --trace-format json: a line for each "
    "message\n"
    "with its time, direction, name, size and fields. With --html it is a page of its own, which\n"
    "needs no network: the dialogue as a sequence diagram, the time that was spent in the VM, in\n"
    "the world and on the wire, each message to be opened, and a search.";

static const char notes[] =
    "In the page: Tab and the arrow keys go through the messages, Enter opens one, / searches. It\n"
    "can be opened at a place: OUT.html#search=GetCode&expand=7, and also only=1 and at=7.\n"
    "\n"
    "Example:\n"
    "  extvm run --vm test-mode --code 602a60005260206000f3 --trace t.jsonl --trace-format json\n"
    "  extvm trace show t.jsonl --html t.html";

struct show {
    const char *html_path;
    enum trace_format format; /* text or regress */
    bool json;
    struct pool pool;
    struct trace_file file;
};

static extvm_status take_json(void *context, const char *value, extvm_error *error) {
    (void)value;
    (void)error;
    ((struct show *)context)->json = true;
    return EXTVM_OK;
}

static extvm_status take_format(void *context, const char *value, extvm_error *error) {
    enum trace_format *format = &((struct show *)context)->format;
    return trace_format_from_name(value, format) && *format != TRACE_FORMAT_JSON
               ? EXTVM_OK
               : complain(error, EXTVM_INVALID_ARGUMENT,
                          "--format %s: it must be text or regress (or give --json)",
                          quote(value).text);
}

static const struct option_spec specs[] = {
    {"--html", "OUT", "write the page there", NULL, offsetof(struct show, html_path)},
    {"--format", "FORMAT", "text (default), or regress: without the time", take_format, 0},
    {"--json", NULL, "print an object a line instead of text, without the bytes", take_json, 0},
};

static void print_text(const struct show *show, const struct traced_message *message,
                       const char *fields) {
    if (show->format == TRACE_FORMAT_TEXT) {
        printf("%.6f ", message->time);
    }
    printf("%s %s %zu bytes %s\n",
           message->direction == EXTVM_NODE_TO_VM ? "node -> VM" : "VM -> node", message->name,
           message->body.size, fields);
}

static void print_json(const struct traced_message *message, const char *fields) {
    printf("{\"line\":%zu,\"time\":%.9f,\"session\":%" PRIu64 ",\"call\":%" PRIu64
           ",\"direction\":\"%s\",\"name\":\"%s\",\"size\":%zu,\"fields\":%s}\n",
           message->line, message->time, message->session->number, message->call,
           message->direction == EXTVM_NODE_TO_VM ? "node-to-vm" : "vm-to-node", message->name,
           message->body.size, fields);
}

static extvm_status print_messages(const struct show *show, extvm_error *error) {
    extvm_message_form form = show->json ? EXTVM_MESSAGE_JSON : EXTVM_MESSAGE_TEXT;
    for (size_t i = 0; i < show->file.message_count; i++) {
        const struct traced_message *message = &show->file.messages[i];
        char *fields;
        extvm_status status = trace_file_fields(&show->file, message, form, &fields, error);
        if (status != EXTVM_OK) {
            return status;
        }
        if (show->json) {
            print_json(message, fields);
        } else {
            print_text(show, message, fields);
        }
        free(fields);
    }
    return output_check(error);
}

static extvm_status run(void *context, int count, char **operands, enum exit_code *code,
                        extvm_error *error) {
    struct show *show = context;
    extvm_status status = EXTVM_OK;
    (void)code;
    if (count != 1) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "trace show takes one FILE, not %d", count);
    }
    if (show->html_path != NULL) {
        status = file_check_replaceable(show->html_path, error);
        if (status != EXTVM_OK) {
            return complain_about(error, "--html");
        }
    }
    status = trace_file_read(operands[0], &show->pool, &show->file, error);
    if (status != EXTVM_OK) {
        return status;
    }
    return show->html_path != NULL ? trace_html_write(&show->file, show->html_path, error)
                                   : print_messages(show, error);
}

int trace_show(int argc, char **argv) {
    struct show show = {.format = TRACE_FORMAT_TEXT};
    const struct option_group group = {"Options", specs, sizeof specs / sizeof specs[0], &show};
    const struct command_line line = {
        .usage = "extvm trace show FILE.jsonl [--html OUT.html]",
        .about = about,
        .notes = notes,
        .groups = &group,
        .group_count = 1,
        .operands = true,
        .run = run,
    };
    int exit_status = command_line_run(&line, &show, argc, argv);
    pool_free(&show.pool);
    return exit_status;
}
