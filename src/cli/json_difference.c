/* Where two JSON documents differ. */
#include "json_difference.h"

#include <stdio.h>

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
