/* IELE's call data and returned values: RLP of a string and signed integers (protocol/iele.md,
 * section 5). */
#include <extvm/iele.h>

#include <string.h>

#include <extvm/allocator.h>
#include <extvm/integer.h>

#include "common/error.h"
#include "common/rlp.h"
#include "iele.h"

/* -- writing -- */

static bool write_call_data(struct buffer *out, extvm_bytes first, const extvm_bytes *args,
                            size_t count) {
    bool written = rlp_string(out, first);
    size_t list = out->size;
    for (size_t i = 0; i < count && written; i++) {
        written = rlp_string(out, extvm_integer_normalise(args[i]));
    }
    return written && rlp_list(out, list) && rlp_list(out, 0);
}

static extvm_status make_call_data(extvm_bytes first, const extvm_bytes *args, size_t count,
                                   const extvm_allocator *allocator, uint8_t **data, size_t *size,
                                   extvm_error *error) {
    struct buffer out;
    if ((args == NULL && count > 0) || data == NULL || size == NULL ||
        (first.data == NULL && first.size > 0)) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "call data needs a name or code, arguments, and a place for the data");
    }
    buffer_init(&out, allocator != NULL ? allocator : extvm_default_allocator(), SIZE_MAX);
    if (!write_call_data(&out, first, args, count)) {
        buffer_free(&out);
        return error_no_memory(error, "call data");
    }
    *data = out.data;
    *size = out.size;
    return EXTVM_OK;
}

extvm_status extvm_iele_call(const char *function, const extvm_bytes *args, size_t count,
                             const extvm_allocator *allocator, uint8_t **data, size_t *size,
                             extvm_error *error) {
    if (function == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT, "extvm_iele_call needs a function's name");
    }
    const extvm_bytes name = {(const uint8_t *)function, strlen(function)};
    return make_call_data(name, args, count, allocator, data, size, error);
}

extvm_status extvm_iele_deploy(extvm_bytes code, const extvm_bytes *args, size_t count,
                               const extvm_allocator *allocator, uint8_t **data, size_t *size,
                               extvm_error *error) {
    return make_call_data(code, args, count, allocator, data, size, error);
}

/* -- reading -- */

/* What is wrong, and at which byte of `whole`. */
static extvm_status malformed(extvm_bytes whole, extvm_bytes rest, const char *where,
                              const char *wrong, extvm_error *error) {
    return error_set(error, EXTVM_INVALID_ARGUMENT, "%s, at byte %zu of %zu, %s", where,
                     whole.size - rest.size, whole.size, wrong);
}

/* The strings of a list, which ends where `whole` does; the first `capacity` of them into `out`. */
static extvm_status read_integers(extvm_bytes whole, extvm_bytes list, const char *what,
                                  extvm_bytes *out, size_t capacity, size_t *count,
                                  extvm_error *error) {
    *count = 0;
    while (list.size > 0) {
        struct rlp_item item;
        const extvm_bytes rest = list;
        const char *wrong = rlp_take(&list, &item);
        if (wrong == NULL && item.is_list) {
            wrong = "is a list: it must be a string";
        }
        if (wrong != NULL) {
            return malformed(whole, rest, what, wrong, error);
        }
        if (*count < capacity) {
            out[*count] = extvm_integer_normalise(item.payload);
        }
        ++*count;
    }
    return EXTVM_OK;
}

/* The one list that `whole` must be; on success `*list` ends where `whole` does. */
static extvm_status read_outer_list(extvm_bytes whole, const char *what, extvm_bytes *list,
                                    extvm_error *error) {
    struct rlp_item item;
    extvm_bytes rest = *list = whole;
    const char *wrong = rlp_take(&rest, &item);
    if (wrong == NULL && !item.is_list) {
        wrong = "is a string: it must be a list";
    }
    if (wrong != NULL) {
        return malformed(whole, whole, what, wrong, error);
    }
    if (rest.size > 0) {
        return malformed(whole, rest, what, "goes on after its list", error);
    }
    *list = item.payload;
    return EXTVM_OK;
}

extvm_status extvm_iele_returns(extvm_bytes return_data, extvm_bytes *integers, size_t capacity,
                                size_t *count, extvm_error *error) {
    if (count == NULL || (integers == NULL && capacity > 0)) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_iele_returns needs places for the integers and their number");
    }
    extvm_bytes list;
    extvm_status status = read_outer_list(return_data, "return data", &list, error);
    return status == EXTVM_OK ? read_integers(return_data, list, "a returned value", integers,
                                              capacity, count, error)
                              : status;
}

extvm_status iele_check_call_data(extvm_bytes input, extvm_error *error) {
    struct rlp_item item;
    extvm_bytes list;
    size_t count;
    extvm_status status = read_outer_list(input, "input", &list, error);
    if (status != EXTVM_OK) {
        return status;
    }
    extvm_bytes rest = list;
    const char *wrong = rlp_take(&rest, &item);
    if (wrong == NULL && item.is_list) {
        wrong = "is a list: it must be a string";
    }
    if (wrong != NULL) {
        return malformed(input, list, "input's first element, the function's name or the code",
                         wrong, error);
    }
    list = rest;
    wrong = rlp_take(&rest, &item);
    if (wrong == NULL && !item.is_list) {
        wrong = "is a string: it must be a list";
    }
    if (wrong != NULL) {
        return malformed(input, list, "input's second element, the arguments", wrong, error);
    }
    if (rest.size > 0) {
        return malformed(input, rest, "input's list", "has a third element: it must have two",
                         error);
    }
    return read_integers(input, item.payload, "an argument of input", NULL, 0, &count, error);
}
