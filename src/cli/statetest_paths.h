/* Finding the files of a test suite. */
#ifndef EXTVM_CLI_STATETEST_PATHS_H
#define EXTVM_CLI_STATETEST_PATHS_H

#include <stdbool.h>
#include <stddef.h>

struct path_list {
    char **paths; /* each allocated */
    size_t count, capacity;
};

enum { PATH_WHY_SIZE = 512 };

/* Adds the files that `path` stands for: itself, or all that end in ".json" in the folder and those
 * in it, sorted. False when there are none; `why` says why. */
bool path_list_add(struct path_list *list, char *path, char why[PATH_WHY_SIZE]);
void path_list_free(struct path_list *list);

#endif
