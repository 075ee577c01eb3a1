/* Reading JSON files whose members are all known: each error names the file, the member's path, the
 * value, and what is allowed. */
#include "json_read.h"

#include <stdio.h>
#include <string.h>

#include "file.h"
#include "json_long.h"
#include "nearest.h"
#include "report.h"
#include "value.h"

/* Above it a JSON number may have lost digits in the program that wrote it. */
static const json_int_t exact_maximum = ((json_int_t)1 << 53) - 1;

static extvm_status read_file(const struct json_reader *reader, json_t **out) {
    struct pool text_pool = {NULL};
    extvm_bytes text;
    json_error_t json_error;
    extvm_status status = file_read(reader->file, &text_pool, &text, reader->error);
    if (status == EXTVM_OK && reader->long_integers) {
        text = json_quote_long_integers(&text_pool, text);
        status = text.data != NULL ? EXTVM_OK : complain_no_memory(reader->error);
    }
    if (status == EXTVM_OK) {
        *out = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &json_error);
    }
    pool_free(&text_pool);
    if (status != EXTVM_OK || *out != NULL) {
        return status;
    }
    enum json_error_code code = json_error_code(&json_error);
    if (code == json_error_out_of_memory) {
        return complain_no_memory(reader->error);
    }
    bool numeric = code == json_error_numeric_overflow;
    return complain(reader->error, EXTVM_INVALID_ARGUMENT, "%s: line %d, column %d: %s%s",
                    reader->file, json_error.line, json_error.column, json_error.text,
                    numeric ? ": write numbers from 2^53 on as strings" : "");
}

extvm_status json_read_document(const struct json_reader *reader, json_read *read, void *target) {
    const struct json_place document = {reader, NULL, NULL, 0};
    json_t *value = NULL;
    extvm_status status = read_file(reader, &value);
    if (status == EXTVM_OK) {
        status = read(&document, value, target);
    }
    json_decref(value);
    return status;
}

/* -- messages -- */

enum { PLACE_DEPTH = 8, PATH_SIZE = 200 };

struct path {
    char text[PATH_SIZE];
};

/* "block.number", "accessList[0].storageKeys[2]". */
static struct path path_of(const struct json_place *place) {
    const struct json_place *places[PLACE_DEPTH];
    size_t depth = 0;
    for (; place->outer != NULL && depth < PLACE_DEPTH; place = place->outer) {
        places[depth++] = place;
    }
    struct path path = {""};
    size_t length = 0;
    for (size_t i = depth; i > 0 && length < sizeof path.text; i--) {
        const struct json_place *at = places[i - 1];
        char *end = path.text + length;
        size_t room = sizeof path.text - length;
        int added = at->name != NULL
                        ? snprintf(end, room, "%s%.80s", length > 0 ? "." : "", at->name)
                        : snprintf(end, room, "[%zu]", at->index);
        length += added > 0 ? (size_t)added : 0;
    }
    return path;
}

static struct quoted value_text(const json_t *value) {
    struct quoted text;
    switch (json_typeof(value)) {
    case JSON_STRING:
        return quote(json_string_value(value));
    case JSON_INTEGER:
        snprintf(text.text, sizeof text.text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return text;
    case JSON_REAL:
        snprintf(text.text, sizeof text.text, "%.17g", json_real_value(value));
        return text;
    case JSON_OBJECT:
        return (struct quoted){"an object"};
    case JSON_ARRAY:
        return (struct quoted){"a list"};
    case JSON_TRUE:
        return (struct quoted){"true"};
    case JSON_FALSE:
        return (struct quoted){"false"};
    case JSON_NULL:
        break;
    }
    return (struct quoted){"null"};
}

extvm_status json_refuse(const struct json_place *place, const json_t *value, extvm_status status,
                         const char *allowed) {
    const struct path path = path_of(place);
    return complain(place->reader->error, status, "%s: %s is %s: it must be %s",
                    place->reader->file, path.text[0] == '\0' ? "the document" : path.text,
                    value_text(value).text, allowed);
}

extvm_status json_refuse_place(const struct json_place *place, const char *what) {
    return complain(place->reader->error, EXTVM_INVALID_ARGUMENT, "%s: %s: %s", place->reader->file,
                    path_of(place).text, what);
}

/* -- objects -- */

static extvm_status refuse_unknown(const struct json_place *place, const char *name,
                                   const struct json_member *members, size_t count) {
    const struct json_place unknown = {place->reader, place, name, 0};
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < count; i++) {
        nearest_offer(&nearest, members[i].name);
    }
    char what[128];
    snprintf(what, sizeof what, "there is no such member%s", nearest_hint(&nearest).text);
    return json_refuse_place(&unknown, what);
}

static extvm_status check_members(const struct json_place *place, json_t *object,
                                  const struct json_member *members, size_t count) {
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        size_t i = 0;
        while (i < count && strcmp(members[i].name, name) != 0) {
            i++;
        }
        if (i == count) {
            return refuse_unknown(place, name, members, count);
        }
    }
    return EXTVM_OK;
}

static extvm_status read_members(const struct json_place *place, json_t *object,
                                 const struct json_member *members, size_t count, bool required,
                                 void *target) {
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < count && status == EXTVM_OK; i++) {
        json_t *member = json_object_get(object, members[i].name);
        const struct json_place inner = {place->reader, place, members[i].name, 0};
        if (member != NULL) {
            status = members[i].read(&inner, member, (char *)target + members[i].offset);
        } else if (required) {
            status = json_refuse_place(&inner, "it is missing");
        }
    }
    return status;
}

extvm_status json_read_object(const struct json_place *place, json_t *value,
                              const struct json_member *members, size_t count, void *target) {
    if (!json_is_object(value)) {
        return json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "an object");
    }
    extvm_status status = check_members(place, value, members, count);
    return status == EXTVM_OK ? read_members(place, value, members, count, false, target) : status;
}

extvm_status json_read_required(const struct json_place *place, json_t *value,
                                const struct json_member *members, size_t count, void *target) {
    return json_is_object(value) ? read_members(place, value, members, count, true, target)
                                 : json_refuse(place, value, EXTVM_INVALID_ARGUMENT, "an object");
}

/* -- values -- */

extvm_status json_read_integer_into(const struct json_place *place, json_t *value,
                                    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE], extvm_bytes *out) {
    if (json_is_integer(value)) {
        json_int_t number = json_integer_value(value);
        if (number > exact_maximum) {
            return json_refuse(place, value, EXTVM_OUT_OF_RANGE,
                               "written as a string: JSON numbers from 2^53 on lose digits");
        }
        if (number >= 0) {
            *out = extvm_integer_from_u64((uint64_t)number, buffer);
            return EXTVM_OK;
        }
        return json_refuse(place, value, EXTVM_OUT_OF_RANGE, VALUE_INTEGER_ALLOWED);
    }
    extvm_status status = json_is_string(value)
                              ? value_integer(json_string_value(value), buffer, out)
                              : EXTVM_INVALID_ARGUMENT;
    return status == EXTVM_OK ? EXTVM_OK : json_refuse(place, value, status, VALUE_INTEGER_ALLOWED);
}

extvm_status json_read_signed(const struct json_place *place, json_t *value, extvm_bytes *out) {
    char digits[24];
    const char *text = json_string_value(value);
    if (json_is_integer(value)) {
        json_int_t number = json_integer_value(value);
        if (number > exact_maximum || number < -exact_maximum) {
            return json_refuse(place, value, EXTVM_OUT_OF_RANGE,
                               "written as a string: JSON numbers from 2^53 on lose digits");
        }
        snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, number);
        text = digits;
    }
    extvm_status status =
        text == NULL ? EXTVM_INVALID_ARGUMENT : value_signed(text, place->reader->pool, out);
    if (status == EXTVM_NO_MEMORY) {
        return complain_no_memory(place->reader->error);
    }
    return status == EXTVM_OK ? EXTVM_OK : json_refuse(place, value, status, VALUE_SIGNED_ALLOWED);
}

extvm_status json_read_integer(const struct json_place *place, json_t *value, void *target) {
    uint8_t *buffer = pool_take(place->reader->pool, EXTVM_WORD_INTEGER_SIZE);
    return buffer == NULL ? complain_no_memory(place->reader->error)
                          : json_read_integer_into(place, value, buffer, target);
}

extvm_status json_read_address(const struct json_place *place, json_t *value, void *target) {
    extvm_status status = extvm_address_from_hex(json_string_value(value), target);
    return status == EXTVM_OK ? EXTVM_OK : json_refuse(place, value, status, VALUE_ADDRESS_ALLOWED);
}

extvm_status json_read_word(const struct json_place *place, json_t *value, void *target) {
    extvm_status status = extvm_word_from_hex(json_string_value(value), target);
    return status == EXTVM_OK ? EXTVM_OK : json_refuse(place, value, status, VALUE_WORD_ALLOWED);
}

extvm_status json_read_data(const struct json_place *place, json_t *value, void *target) {
    extvm_status status = json_is_string(value)
                              ? value_data(json_string_value(value), place->reader->pool, target)
                              : EXTVM_INVALID_ARGUMENT;
    if (status == EXTVM_NO_MEMORY) {
        return complain_no_memory(place->reader->error);
    }
    return status == EXTVM_OK ? EXTVM_OK : json_refuse(place, value, status, VALUE_DATA_ALLOWED);
}
