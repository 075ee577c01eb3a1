/* Finding the files of a test suite: folders are walked with fts(3), which sees symbolic links that
 * lead in a circle. */
#include "statetest_paths.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool add(struct path_list *list, const char *path) {
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
        char **paths = reallocarray(list->paths, capacity, sizeof *paths);
        if (paths == NULL) {
            return false;
        }
        list->paths = paths;
        list->capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy != NULL) {
        list->paths[list->count++] = copy;
    }
    return copy != NULL;
}

static int compare_names(const FTSENT **a, const FTSENT **b) {
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_json(const FTSENT *entry) {
    static const char ending[] = ".json";
    size_t length = entry->fts_namelen;
    return length >= sizeof ending &&
           strcmp(entry->fts_name + length - (sizeof ending - 1), ending) == 0;
}

static bool walk(struct path_list *list, FTS *tree, char why[PATH_WHY_SIZE]) {
    for (FTSENT *entry; (entry = fts_read(tree)) != NULL;) {
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR) {
            snprintf(why, PATH_WHY_SIZE, "%s: %s", entry->fts_path, strerror(entry->fts_errno));
            return false;
        }
        if (entry->fts_info == FTS_F && is_json(entry) && !add(list, entry->fts_path)) {
            snprintf(why, PATH_WHY_SIZE, "no memory");
            return false;
        }
    }
    return true;
}

static bool add_folder(struct path_list *list, char *path, char why[PATH_WHY_SIZE]) {
    char *const roots[] = {path, NULL};
    size_t before = list->count;
    FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare_names);
    if (tree == NULL) {
        snprintf(why, PATH_WHY_SIZE, "%s", strerror(errno));
        return false;
    }
    bool done = walk(list, tree, why);
    fts_close(tree);
    if (done && list->count == before) {
        snprintf(why, PATH_WHY_SIZE, "there is no file in it that ends in .json");
        return false;
    }
    return done;
}

bool path_list_add(struct path_list *list, char *path, char why[PATH_WHY_SIZE]) {
    struct stat status;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') { /* names in the output have one slash only */
        path[--length] = '\0';
    }
    if (stat(path, &status) != 0) {
        snprintf(why, PATH_WHY_SIZE, "%s", strerror(errno));
        return false;
    }
    if (S_ISDIR(status.st_mode)) {
        return add_folder(list, path, why);
    }
    if (!add(list, path)) {
        snprintf(why, PATH_WHY_SIZE, "no memory");
        return false;
    }
    return true;
}

void path_list_free(struct path_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->paths[i]);
    }
    free(list->paths);
    *list = (struct path_list){0};
}
