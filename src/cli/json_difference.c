/* Where two JSON documents differ. */
#include "json_difference.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 512 };

struct comparison {
    json_difference *take;
    void *context;
};

static void compare(const struct comparison *comparison, const char *path, const json_t *one,
                    const json_t *other);

static void compare_objects(const struct comparison *comparison, const char *path, json_t *one,
                            json_t *other) {
    const char *name;
    json_t *value;
    char inner[PATH_SIZE];
    const char *dot = *path != '\0' ? "." : "";
    json_object_foreach(one, name, value) {
        snprintf(inner, sizeof inner, "%s%s%s", path, dot, name);
        compare(comparison, inner, value, json_object_get(other, name));
    }
    json_object_foreach(other, name, value) {
        if (json_object_get(one, name) == NULL) {
            snprintf(inner, sizeof inner, "%s%s%s", path, dot, name);
            compare(comparison, inner, NULL, value);
        }
    }
}

/* What an element of a set is known by: its address, or it itself; NULL: it has no such name. */
static const char *name_of(const json_t *element) {
    return json_string_value(json_is_object(element) ? json_object_get(element, "address")
                                                     : element);
}

/* Whether a list is a set: its elements have names, ascending. */
static bool is_set(const json_t *list) {
    const char *last = "";
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = name_of(json_array_get(list, i));
        if (name == NULL || strcmp(name, last) <= 0) {
            return false;
        }
        last = name;
    }
    return true;
}

static void compare_sets(const struct comparison *comparison, const char *path, const json_t *one,
                         const json_t *other) {
    size_t i = 0, j = 0;
    char inner[PATH_SIZE];
    while (i < json_array_size(one) || j < json_array_size(other)) {
        const json_t *left = json_array_get(one, i), *right = json_array_get(other, j);
        int order = left == NULL ? 1 : right == NULL ? -1 : strcmp(name_of(left), name_of(right));
        snprintf(inner, sizeof inner, "%s[%s]", path, name_of(order <= 0 ? left : right));
        compare(comparison, inner, order <= 0 ? left : NULL, order >= 0 ? right : NULL);
        i += order <= 0;
        j += order >= 0;
    }
}

static void compare_lists(const struct comparison *comparison, const char *path, const json_t *one,
                          const json_t *other) {
    size_t one_size = json_array_size(one), other_size = json_array_size(other);
    char inner[PATH_SIZE];
    for (size_t i = 0; i < one_size || i < other_size; i++) {
        snprintf(inner, sizeof inner, "%s[%zu]", path, i);
        compare(comparison, inner, json_array_get(one, i), json_array_get(other, i));
    }
}

static void compare(const struct comparison *comparison, const char *path, const json_t *one,
                    const json_t *other) {
    if (json_is_object(one) && json_is_object(other)) {
        compare_objects(comparison, path, (json_t *)one, (json_t *)other);
    } else if (json_is_array(one) && json_is_array(other) && is_set(one) && is_set(other)) {
        compare_sets(comparison, path, one, other);
    } else if (json_is_array(one) && json_is_array(other)) {
        compare_lists(comparison, path, one, other);
    } else if (!json_equal(one, other)) {
        comparison->take(comparison->context, path, one, other);
    }
}

void json_differences(const json_t *one, const json_t *other, json_difference *take,
                      void *context) {
    compare(&(struct comparison){take, context}, "", one, other);
}
