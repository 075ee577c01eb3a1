/* Finding the files of a test suite. */
#ifndef CLI_SUITE_PATHS_H
#define CLI_SUITE_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include <extvm/status.h>

#include "pool.h"

struct path_list {
    struct pool pool; /* holds all of it; freed with pool_free */
    char **paths;
    size_t count, capacity;
};

/* Adds the files that `path` stands for: itself, or all that end in ".json" in the folder and those
 * in it, sorted. Errors: EXTVM_INVALID_ARGUMENT (there are none, or they cannot be listed),
 * EXTVM_NO_MEMORY. */
extvm_status path_list_add(struct path_list *list, char *path, extvm_error *error);

enum { SUITE_NAME_SIZE = 1024 };

/* The part of a path that names a file within its suite: FOLDER/FILE, without ".json". */
void suite_file_name(const char *path, char out[SUITE_NAME_SIZE]);

/* Whether the filter, a pattern of fnmatch(3) or NULL, is for this test: for its name, or for
 * FILE:NAME. */
bool suite_wants(const char *filter, const char *file, const char *name);

#endif
