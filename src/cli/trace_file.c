/* Reading a trace as JSON lines (trace_json.c). */
#include "trace_file.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "file.h"
#include "report.h"

enum { FORMAT = 1 };

/* The file while it is read. */
struct reader {
    struct trace_file *file;
    struct pool *pool;
    size_t line;
    bool has_header;
    size_t session_capacity, message_capacity;
    extvm_error *error;
};

static extvm_status refuse_line(const struct reader *reader, const char *what) {
    return complain(reader->error, EXTVM_INVALID_ARGUMENT, "%.200s:%zu: %.240s", reader->file->path,
                    reader->line, what);
}

static extvm_status refuse_member(const struct reader *reader, const char *name,
                                  const char *allowed) {
    char what[160];
    snprintf(what, sizeof what, "\"%s\" must be %s", name, allowed);
    return refuse_line(reader, what);
}

/* -- members -- */

static extvm_status read_text(const struct reader *reader, const json_t *object, const char *name,
                              const char **out) {
    const char *text = json_string_value(json_object_get(object, name));
    if (text == NULL) {
        return refuse_member(reader, name, "there, as text");
    }
    size_t size = strlen(text) + 1;
    char *copy = pool_take(reader->pool, size);
    if (copy == NULL) {
        return complain_no_memory(reader->error);
    }
    memcpy(copy, text, size);
    *out = copy;
    return EXTVM_OK;
}

static extvm_status read_count(const struct reader *reader, const json_t *object, const char *name,
                               uint64_t *out) {
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return refuse_member(reader, name, "a whole number, 0 or more");
    }
    *out = (uint64_t)json_integer_value(value);
    return EXTVM_OK;
}

/* Seconds; one that is not there is 0. */
static extvm_status read_time(const struct reader *reader, const json_t *object, const char *name,
                              double *out) {
    static const double maximum = 1e9; /* seconds */
    const json_t *value = json_object_get(object, name);
    *out = json_number_value(value);
    if (value != NULL && (!json_is_number(value) || !(*out >= 0 && *out <= maximum))) {
        return refuse_member(reader, name, "a number of seconds, from 0 to 10^9");
    }
    return EXTVM_OK;
}

/* One of two words. */
static extvm_status read_choice(const struct reader *reader, const json_t *object, const char *name,
                                const char *const words[2], bool *is_second) {
    const char *text = json_string_value(json_object_get(object, name));
    char allowed[64];
    if (text != NULL && (strcmp(text, words[0]) == 0 || strcmp(text, words[1]) == 0)) {
        *is_second = strcmp(text, words[1]) == 0;
        return EXTVM_OK;
    }
    snprintf(allowed, sizeof allowed, "\"%s\" or \"%s\"", words[0], words[1]);
    return refuse_member(reader, name, allowed);
}

static extvm_status read_body(const struct reader *reader, const json_t *object, extvm_bytes *out) {
    const char *text = json_string_value(json_object_get(object, "body"));
    size_t capacity = text != NULL ? strlen(text) / 2 : 0;
    uint8_t *data = pool_take(reader->pool, capacity);
    if (data == NULL) {
        return complain_no_memory(reader->error);
    }
    if (text == NULL || extvm_bytes_from_hex(text, data, capacity, &out->size) != EXTVM_OK) {
        return refuse_member(reader, "body", "hex, two digits a byte");
    }
    out->data = data;
    return EXTVM_OK;
}

/* -- lines -- */

/* Room for one more element of an array in the pool; false: no memory. */
static bool make_room(struct pool *pool, void *array, size_t count, size_t *capacity, size_t size) {
    void *old;
    memcpy(&old, array, sizeof old);
    if (count < *capacity) {
        return true;
    }
    size_t larger = *capacity > 0 ? *capacity * 2 : 64;
    void *made = pool_array(pool, larger, size);
    if (made == NULL) {
        return false;
    }
    if (count > 0) {
        memcpy(made, old, count * size);
    }
    memcpy(array, &made, sizeof made);
    *capacity = larger;
    return true;
}

static extvm_status read_header(struct reader *reader, const json_t *object) {
    const char *started = json_string_value(json_object_get(object, "started"));
    uint64_t format = 0;
    if (reader->has_header) {
        return refuse_line(reader, "a second header");
    }
    if (read_count(reader, object, "format", &format) != EXTVM_OK || format != FORMAT) {
        return refuse_member(reader, "format", "1, which is what this extvm reads");
    }
    reader->has_header = true;
    return started != NULL ? read_text(reader, object, "started", &reader->file->started)
                           : EXTVM_OK;
}

static const struct traced_session *find_session(const struct trace_file *file, uint64_t number) {
    for (size_t i = file->session_count; i > 0; i--) {
        if (file->sessions[i - 1]->number == number) {
            return file->sessions[i - 1];
        }
    }
    return NULL;
}

static extvm_status read_session(struct reader *reader, const json_t *object) {
    static const char *const ends[2] = {"node", "vm"};
    struct trace_file *file = reader->file;
    struct traced_session *session = pool_take(reader->pool, sizeof *session);
    if (session == NULL || !make_room(reader->pool, &file->sessions, file->session_count,
                                      &reader->session_capacity, sizeof *file->sessions)) {
        return complain_no_memory(reader->error);
    }
    extvm_status status = read_count(reader, object, "session", &session->number);
    if (status == EXTVM_OK && find_session(file, session->number) != NULL) {
        return refuse_line(reader, "a session with this number began before");
    }
    if (status == EXTVM_OK) {
        status = read_text(reader, object, "protocol", &session->protocol);
    }
    if (status == EXTVM_OK) {
        status = read_text(reader, object, "vm", &session->vm_name);
    }
    if (status == EXTVM_OK) {
        status = read_text(reader, object, "peer", &session->peer);
    }
    if (status == EXTVM_OK) {
        status = read_choice(reader, object, "end", ends, &session->at_vm);
    }
    file->sessions[file->session_count++] = session;
    return status;
}

static extvm_status read_name(struct reader *reader, const json_t *object,
                              struct traced_message *message) {
    static const char *const directions[2] = {"node-to-vm", "vm-to-node"};
    extvm_direction expected;
    bool to_node;
    extvm_status status = read_text(reader, object, "name", &message->name);
    if (status == EXTVM_OK && extvm_message_direction(message->name, &expected) != EXTVM_OK) {
        return refuse_member(reader, "name", "that of a message, as Hello or GetAccount");
    }
    if (status == EXTVM_OK) {
        status = read_choice(reader, object, "direction", directions, &to_node);
    }
    if (status == EXTVM_OK) {
        message->direction = to_node ? EXTVM_VM_TO_NODE : EXTVM_NODE_TO_VM;
        if (message->direction != expected) {
            return refuse_line(reader, "\"direction\" is not the one that this message has");
        }
    }
    return status;
}

static extvm_status read_times(struct reader *reader, const json_t *object,
                               struct traced_message *message) {
    const struct {
        const char *name;
        double *target;
    } times[] = {{"time", &message->time},
                 {"nodeTime", &message->node_time},
                 {"vmTime", &message->vm_time},
                 {"wireTime", &message->wire_time}};
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < sizeof times / sizeof times[0] && status == EXTVM_OK; i++) {
        status = read_time(reader, object, times[i].name, times[i].target);
    }
    return status;
}

static extvm_status read_message(struct reader *reader, const json_t *object) {
    struct trace_file *file = reader->file;
    uint64_t session, size;
    if (!make_room(reader->pool, &file->messages, file->message_count, &reader->message_capacity,
                   sizeof *file->messages)) {
        return complain_no_memory(reader->error);
    }
    struct traced_message *message = &file->messages[file->message_count++];
    message->line = reader->line;
    extvm_status status = read_count(reader, object, "session", &session);
    if (status == EXTVM_OK) {
        message->session = find_session(file, session);
        status = message->session != NULL
                     ? read_count(reader, object, "call", &message->call)
                     : refuse_member(reader, "session", "that of a session that has begun");
    }
    if (status == EXTVM_OK) {
        status = read_name(reader, object, message);
    }
    if (status == EXTVM_OK) {
        status = read_times(reader, object, message);
    }
    if (status == EXTVM_OK) {
        status = read_body(reader, object, &message->body);
    }
    if (status == EXTVM_OK) {
        status = read_count(reader, object, "size", &size);
    }
    if (status == EXTVM_OK && size != message->body.size) {
        status = refuse_member(reader, "size", "the number of bytes of \"body\"");
    }
    return status;
}

static extvm_status read_line(struct reader *reader, const char *text, size_t size) {
    static const struct {
        const char *type;
        extvm_status (*read)(struct reader *reader, const json_t *object);
    } types[] = {{"trace", read_header}, {"session", read_session}, {"message", read_message}};
    json_error_t why;
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    if (object == NULL) {
        char what[240];
        snprintf(what, sizeof what, "this is no JSON object on a line of its own: %s", why.text);
        return refuse_line(reader, what);
    }
    const char *type = json_string_value(json_object_get(object, "type"));
    extvm_status status = EXTVM_INVALID_ARGUMENT;
    size_t i = 0;
    while (i < sizeof types / sizeof types[0] &&
           (type == NULL || strcmp(types[i].type, type) != 0)) {
        i++;
    }
    if (i == sizeof types / sizeof types[0]) {
        refuse_member(reader, "type", "\"trace\", \"session\" or \"message\"");
    } else if (!reader->has_header && types[i].read != read_header) {
        refuse_line(reader, "a trace begins with {\"type\":\"trace\",\"format\":1,...}: make one "
                            "with --trace FILE --trace-format json");
    } else {
        status = types[i].read(reader, object);
    }
    json_decref(object);
    return status;
}

extvm_status trace_file_read(const char *path, struct pool *pool, struct trace_file *out,
                             extvm_error *error) {
    extvm_bytes content = {NULL, 0};
    *out = (struct trace_file){.path = path, .started = ""};
    struct reader reader = {.file = out, .pool = pool, .error = error};
    extvm_status status = file_read(path, pool, &content, error);
    const char *at = (const char *)content.data;
    size_t left = content.size;
    while (left > 0 && status == EXTVM_OK) {
        const char *end = memchr(at, '\n', left);
        size_t size = end != NULL ? (size_t)(end - at) : left;
        reader.line++;
        status = read_line(&reader, at, size);
        size += end != NULL;
        at += size;
        left -= size;
    }
    if (status == EXTVM_OK && !reader.has_header) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "%s: it is empty", path);
    }
    return status;
}

extvm_status trace_file_fields(const struct trace_file *file, const struct traced_message *message,
                               extvm_message_form form, char **text, extvm_error *error) {
    extvm_status status = extvm_message_fields(message->session->protocol, message->name,
                                               message->body, form, NULL, text, error);
    if (status == EXTVM_OK || status == EXTVM_NO_MEMORY) {
        return status;
    }
    char place[200];
    snprintf(place, sizeof place, "%.150s:%zu", file->path, message->line);
    complain_about(error, place);
    error->status = EXTVM_INVALID_ARGUMENT; /* it is the file that is wrong, whatever is in it */
    return EXTVM_INVALID_ARGUMENT;
}
