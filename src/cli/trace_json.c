/* The wire trace as JSON lines, all that `extvm trace` needs. The first line is
 *
 *   {"type":"trace","format":1,"extvm":"0.1.0","started":"2026-01-31T12:00:00.000Z"}
 *
 * then comes one for each dialogue before its first message, and one for each message:
 *
 *   {"type":"session","time":0.000021,"session":1,"protocol":"2.2","vm":"KEVM",
 *    "peer":"kevm://127.0.0.1:8888","end":"node"}
 *   {"type":"message","time":0.000025,"session":1,"call":0,"direction":"node-to-vm","name":"Hello",
 *    "size":7,"nodeTime":0.0,"vmTime":0.0,"wireTime":0.0,"fields":{"version":"2.2"},"body":"0a..."}
 *
 * Times are seconds, "time" since the start; the other three say what the time since the last
 * message of the same dialogue was spent on. "call" counts the calls of a dialogue from 1; "body"
 * is the protobuf message in hex. */
#include <stdlib.h>

#include <extvm/extvm.h>

#include "trace.h"

void trace_json_text(FILE *file, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', file);
        }
        fputc(*text >= ' ' && *text <= '~' ? *text : '?', file);
    }
}

void trace_json_start(struct trace *trace) {
    struct timespec now;
    struct tm parts;
    char date[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    fprintf(trace->file,
            "{\"type\":\"trace\",\"format\":1,\"extvm\":\"%s\",\"started\":\"%s.%03ldZ\"}\n",
            extvm_version(), date, now.tv_nsec / 1000000);
}

/* -- dialogues -- */

static struct trace_session *find_session(struct trace *trace, const void *session) {
    for (size_t i = trace->session_count; i > 0; i--) {
        if (trace->sessions[i - 1].session == session) {
            return &trace->sessions[i - 1];
        }
    }
    return NULL;
}

static struct trace_session *add_session(struct trace *trace, const void *session) {
    if (trace->session_count == trace->session_capacity) {
        size_t capacity = trace->session_capacity > 0 ? trace->session_capacity * 2 : 16;
        struct trace_session *sessions =
            reallocarray(trace->sessions, capacity, sizeof *trace->sessions);
        if (sessions == NULL) {
            return NULL;
        }
        trace->sessions = sessions;
        trace->session_capacity = capacity;
    }
    trace->sessions[trace->session_count] = (struct trace_session){.session = session};
    return &trace->sessions[trace->session_count++];
}

static void print_session(const struct trace *trace, const struct trace_session *session,
                          double time, const extvm_trace_message *message) {
    fprintf(trace->file,
            "{\"type\":\"session\",\"time\":%.9f,\"session\":%llu,\"protocol\":\"%s\","
            "\"vm\":\"%s\",\"peer\":\"",
            time, (unsigned long long)session->number, message->protocol, message->vm_name);
    trace_json_text(trace->file, message->peer != NULL ? message->peer : "");
    fprintf(trace->file, "\",\"end\":\"%s\"}\n", message->at_vm ? "vm" : "node");
}

/* The dialogue of a message; one that is new, as each is whose Hello this is, gets the next number.
 * NULL: no memory. */
static struct trace_session *session_of(struct trace *trace, double time,
                                        const extvm_trace_message *message) {
    struct trace_session *session = find_session(trace, message->session);
    bool is_new = session == NULL || message->call == 0;
    if (session == NULL) {
        session = add_session(trace, message->session);
    }
    if (session != NULL && is_new) {
        session->number = ++trace->session_numbers;
        session->last = time;
        print_session(trace, session, time, message);
    }
    return session;
}

/* -- messages -- */

/* What has passed since the dialogue's last message, in seconds. */
struct spent {
    double node, vm, wire;
};

/* At the VM's end nobody counts: what passes before a message of the VM's is its own time, and all
 * else is the node's, with the wire's in it. */
static struct spent time_spent(double passed, const extvm_trace_message *message) {
    struct spent spent = {.vm = (double)message->vm_time / 1e9,
                          .wire = (double)message->wire_time / 1e9};
    if (message->at_vm && message->direction == EXTVM_VM_TO_NODE) {
        spent.vm = passed;
    }
    double rest = passed - spent.vm - spent.wire;
    spent.node = rest > 0 ? rest : 0;
    return spent;
}

static void print_hex(FILE *file, extvm_bytes bytes) {
    enum { PIECE = 256 };
    char text[EXTVM_HEX_SIZE(PIECE)];
    for (size_t at = 0; at < bytes.size; at += PIECE) {
        size_t size = bytes.size - at < PIECE ? bytes.size - at : PIECE;
        fputs(extvm_bytes_to_hex((extvm_bytes){bytes.data + at, size}, text) + 2, file);
    }
}

void trace_json_message(struct trace *trace, double time, const extvm_trace_message *message) {
    char *fields = NULL;
    struct trace_session *session = session_of(trace, time, message);
    extvm_status status = extvm_message_fields(message->protocol, message->name, message->body,
                                               EXTVM_MESSAGE_JSON, NULL, &fields, NULL);
    if (session == NULL || status == EXTVM_NO_MEMORY) {
        trace->failed = true;
        free(fields);
        return;
    }
    struct spent spent = time_spent(time - session->last, message);
    session->last = time;
    fprintf(trace->file,
            "{\"type\":\"message\",\"time\":%.9f,\"session\":%llu,\"call\":%llu,"
            "\"direction\":\"%s\",\"name\":\"%s\",\"size\":%zu,\"nodeTime\":%.9f,\"vmTime\":%.9f,"
            "\"wireTime\":%.9f,\"fields\":%s,\"body\":\"",
            time, (unsigned long long)session->number, (unsigned long long)message->call,
            message->direction == EXTVM_NODE_TO_VM ? "node-to-vm" : "vm-to-node", message->name,
            message->body.size, spent.node, spent.vm, spent.wire, fields != NULL ? fields : "null");
    print_hex(trace->file, message->body);
    fputs("\"}\n", trace->file);
    free(fields);
}
