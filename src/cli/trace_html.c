/* A trace as one page to look at (src/cli/page). All that comes from the trace stands in the page
 * as JSON in a script element that is no program; without "<" nothing can end that element. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "file.h"
#include "report.h"
#include "trace_command.h"
#include "trace_page.h"

/* JSON text: "<" is only ever inside of strings, where it may be written so. */
static void put_json(FILE *out, const char *json) {
    for (; *json != '\0'; json++) {
        if (*json == '<') {
            fputs("\\u003c", out);
        } else {
            fputc(*json, out);
        }
    }
}

/* A string; one that is no UTF-8 loses what is none. */
static void put_string(FILE *out, const char *text) {
    char clean[1024];
    snprintf(clean, sizeof clean, "%s", text);
    text_clean(clean);
    json_t *string = json_string(clean);
    char *json = json_dumps(string, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    json_decref(string);
    put_json(out, json != NULL ? json : "\"\"");
    free(json);
}

static void put_member(FILE *out, const char *name, const char *text) {
    fprintf(out, "\"%s\":", name);
    put_string(out, text);
}

static void put_sessions(FILE *out, const struct trace_file *file) {
    fputs(",\n\"sessions\":[", out);
    for (size_t i = 0; i < file->session_count; i++) {
        const struct traced_session *session = file->sessions[i];
        fprintf(out, "%s{\"session\":%" PRIu64 ",", i == 0 ? "\n" : ",\n", session->number);
        put_member(out, "protocol", session->protocol);
        fputc(',', out);
        put_member(out, "vm", session->vm_name);
        fputc(',', out);
        put_member(out, "peer", session->peer);
        fprintf(out, ",\"end\":\"%s\"}", session->at_vm ? "vm" : "node");
    }
    fputs("]", out);
}

static void put_hex(FILE *out, extvm_bytes bytes) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        fputc(digits[bytes.data[i] >> 4], out);
        fputc(digits[bytes.data[i] & 15], out);
    }
}

/* The columns are those that page.js names. */
static extvm_status put_message(FILE *out, const struct trace_file *file,
                                const struct traced_message *message, extvm_error *error) {
    char *fields;
    extvm_status status = trace_file_fields(file, message, EXTVM_MESSAGE_JSON, &fields, error);
    if (status != EXTVM_OK) {
        return status;
    }
    fprintf(out, "[%zu,%.9f,%" PRIu64 ",%" PRIu64 ",%d,\"%s\",%zu,%.9f,%.9f,%.9f,", message->line,
            message->time, message->session->number, message->call,
            message->direction == EXTVM_VM_TO_NODE, message->name, message->body.size,
            message->node_time, message->vm_time, message->wire_time);
    put_json(out, fields);
    fputs(",\"", out);
    put_hex(out, message->body);
    fputs("\"]", out);
    free(fields);
    return EXTVM_OK;
}

static extvm_status put_trace(FILE *out, const struct trace_file *file, extvm_error *error) {
    const char *name = strrchr(file->path, '/');
    extvm_status status = EXTVM_OK;
    fputc('{', out);
    put_member(out, "file", name != NULL ? name + 1 : file->path);
    fputc(',', out);
    put_member(out, "started", file->started);
    put_sessions(out, file);
    fputs(",\n\"messages\":[", out);
    for (size_t i = 0; i < file->message_count && status == EXTVM_OK; i++) {
        fputs(i == 0 ? "\n" : ",\n", out);
        status = put_message(out, file, &file->messages[i], error);
    }
    fputs("]}\n", out);
    return status;
}

extvm_status trace_html_write(const struct trace_file *file, const char *path, extvm_error *error) {
    char *page = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    if (out == NULL) {
        return complain_no_memory(error);
    }
    fwrite(trace_page_before, 1, trace_page_before_size, out);
    extvm_status status = put_trace(out, file, error);
    fwrite(trace_page_after, 1, trace_page_after_size, out);
    bool complete = ferror(out) == 0;
    complete = fclose(out) == 0 && complete;
    if (status == EXTVM_OK && !complete) {
        status = complain_no_memory(error);
    }
    if (status == EXTVM_OK) {
        status = file_replace(path, (extvm_bytes){(const uint8_t *)page, size}, error);
    }
    free(page);
    return status;
}
