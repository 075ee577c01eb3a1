/* Finding the files of a test suite: folders are walked with fts(3), which sees symbolic links that
 * lead in a circle. */
#include "suite_paths.h"

#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "report.h"

enum { FIRST_CAPACITY = 64 };

/* A copy of the list with room for twice as many. */
static extvm_status grow(struct path_list *list, extvm_error *error) {
    size_t capacity = list->capacity == 0 ? FIRST_CAPACITY : 2 * list->capacity;
    char **paths = pool_array(&list->pool, capacity, sizeof *paths);
    if (paths == NULL) {
        return complain_no_memory(error);
    }
    for (size_t i = 0; i < list->count; i++) {
        paths[i] = list->paths[i];
    }
    list->paths = paths;
    list->capacity = capacity;
    return EXTVM_OK;
}

static extvm_status add(struct path_list *list, const char *path, extvm_error *error) {
    extvm_status status = list->count == list->capacity ? grow(list, error) : EXTVM_OK;
    if (status != EXTVM_OK) {
        return status;
    }
    size_t size = strlen(path) + 1;
    char *copy = pool_take(&list->pool, size);
    if (copy == NULL) {
        return complain_no_memory(error);
    }
    list->paths[list->count++] = memcpy(copy, path, size);
    return EXTVM_OK;
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

static extvm_status refuse(const char *path, int reason, extvm_error *error) {
    return complain(error, EXTVM_INVALID_ARGUMENT, "cannot open %s: %s", path, strerror(reason));
}

static extvm_status walk(struct path_list *list, FTS *tree, extvm_error *error) {
    extvm_status status = EXTVM_OK;
    for (FTSENT *entry; status == EXTVM_OK && (entry = fts_read(tree)) != NULL;) {
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR) {
            status = refuse(entry->fts_path, entry->fts_errno, error);
        } else if (entry->fts_info == FTS_F && is_json(entry)) {
            status = add(list, entry->fts_path, error);
        }
    }
    return status;
}

static extvm_status add_folder(struct path_list *list, char *path, extvm_error *error) {
    char *const roots[] = {path, NULL};
    size_t before = list->count;
    FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare_names);
    if (tree == NULL) {
        return refuse(path, errno, error);
    }
    extvm_status status = walk(list, tree, error);
    fts_close(tree);
    if (status == EXTVM_OK && list->count == before) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "%s: there is no file in it that ends in .json", path);
    }
    return status;
}

extvm_status path_list_add(struct path_list *list, char *path, extvm_error *error) {
    struct stat about;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') { /* names in the output have one slash only */
        path[--length] = '\0';
    }
    if (stat(path, &about) != 0) {
        return refuse(path, errno, error);
    }
    return S_ISDIR(about.st_mode) ? add_folder(list, path, error) : add(list, path, error);
}

/* -- names -- */

void suite_file_name(const char *path, char out[SUITE_NAME_SIZE]) {
    static const char ending[] = ".json";
    const char *start = strrchr(path, '/');
    while (start != NULL && start > path && start[-1] != '/') {
        start--;
    }
    snprintf(out, SUITE_NAME_SIZE, "%s", start != NULL ? start : path);
    size_t length = strlen(out);
    if (length > sizeof ending - 1 && strcmp(out + length - (sizeof ending - 1), ending) == 0) {
        out[length - (sizeof ending - 1)] = '\0';
    }
    text_clean(out);
}

bool suite_wants(const char *filter, const char *file, const char *name) {
    char whole[2 * SUITE_NAME_SIZE];
    snprintf(whole, sizeof whole, "%s:%s", file, name);
    return filter == NULL || fnmatch(filter, name, 0) == 0 || fnmatch(filter, whole, 0) == 0;
}
