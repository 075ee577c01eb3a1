/* Whole files: read into memory, and replaced without ever being half written. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

enum { FIRST_CAPACITY = 64 * 1024 };                /* bytes, where the size is not known */
static const size_t file_maximum = (size_t)1 << 30; /* bytes */

static size_t expected_size(int descriptor) {
    struct stat about;
    bool known = fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0;
    return known && (uintmax_t)about.st_size < file_maximum ? (size_t)about.st_size + 1
                                                            : FIRST_CAPACITY;
}

/* A buffer of twice the size with the same content; one byte is kept for the NUL. */
static uint8_t *grown(struct pool *pool, const uint8_t *data, size_t size, size_t *capacity) {
    uint8_t *larger = pool_take(pool, *capacity * 2 + 1);
    if (larger != NULL) {
        memcpy(larger, data, size);
        *capacity *= 2;
    }
    return larger;
}

static extvm_status read_all(int descriptor, const char *path, struct pool *pool, extvm_bytes *out,
                             extvm_error *error) {
    size_t capacity = expected_size(descriptor);
    size_t size = 0;
    uint8_t *data = pool_take(pool, capacity + 1);
    while (data != NULL) {
        ssize_t count = read(descriptor, data + size, capacity - size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return complain(error, EXTVM_INVALID_ARGUMENT, "cannot read %s: %s", path,
                            strerror(errno));
        }
        if (count == 0) {
            data[size] = '\0';
            *out = (extvm_bytes){data, size};
            return EXTVM_OK;
        }
        size += (size_t)count;
        if (size > file_maximum) {
            return complain(error, EXTVM_INVALID_ARGUMENT, "cannot read %s: it is over 1 GiB",
                            path);
        }
        data = size < capacity ? data : grown(pool, data, size, &capacity);
    }
    return complain_no_memory(error);
}

extvm_status file_read(const char *path, struct pool *pool, extvm_bytes *out, extvm_error *error) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "cannot open %s: %s", path, strerror(errno));
    }
    extvm_status status = read_all(descriptor, path, pool, out, error);
    close(descriptor);
    return status;
}

/* A regular file that stdout goes to, as /dev/stdout may be: it must not lose its name. */
static bool is_stdout(const struct stat *about) {
    struct stat out;
    return S_ISREG(about->st_mode) && fstat(STDOUT_FILENO, &out) == 0 &&
           out.st_dev == about->st_dev && out.st_ino == about->st_ino;
}

/* Why the file cannot be replaced; NULL when it can. */
static const char *replace_obstacle(const char *path) {
    struct stat about;
    char folder[PATH_MAX];
    if (*path == '\0') {
        return "a file needs a name";
    }
    if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder) {
        return strerror(ENAMETOOLONG);
    }
    bool there = stat(path, &about) == 0;
    if (there && S_ISDIR(about.st_mode)) {
        return "it is a folder";
    }
    if (there && is_stdout(&about)) {
        return "that is where the output goes";
    }
    bool in_place = there && !S_ISREG(about.st_mode);
    bool allowed = in_place ? access(path, W_OK) == 0 : access(dirname(folder), W_OK | X_OK) == 0;
    return allowed ? NULL : strerror(errno);
}

extvm_status file_check_replaceable(const char *path, extvm_error *error) {
    const char *obstacle = replace_obstacle(path);
    return obstacle == NULL
               ? EXTVM_OK
               : complain(error, EXTVM_INVALID_ARGUMENT, "cannot write %s: %s", path, obstacle);
}

static bool write_all(int descriptor, extvm_bytes content) {
    while (content.size > 0) {
        ssize_t count = write(descriptor, content.data, content.size);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        content.data += count > 0 ? count : 0;
        content.size -= count > 0 ? (size_t)count : 0;
    }
    return true;
}

static bool write_in_place(const char *path, extvm_bytes content) {
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    bool written = write_all(descriptor, content);
    return close(descriptor) == 0 && written;
}

/* What a new file's mode would be: mkostemp's are for the owner alone. */
static mode_t new_file_mode(void) {
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static bool write_and_rename(const char *path, mode_t mode, extvm_bytes content) {
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof beside, "%s.XXXXXX", path) >= (int)sizeof beside) {
        errno = ENAMETOOLONG;
        return false;
    }
    int descriptor = mkostemp(beside, O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    bool written =
        write_all(descriptor, content) && fchmod(descriptor, mode) == 0 && fsync(descriptor) == 0;
    int reason = errno;
    if (close(descriptor) != 0 && written) {
        written = false;
        reason = errno;
    }
    if (written && rename(beside, path) == 0) {
        return true;
    }
    reason = written ? errno : reason;
    unlink(beside);
    errno = reason;
    return false;
}

extvm_status file_replace(const char *path, extvm_bytes content, extvm_error *error) {
    struct stat about;
    bool written;
    if (stat(path, &about) != 0) {
        written = write_and_rename(path, new_file_mode(), content);
    } else if (!S_ISREG(about.st_mode)) {
        written = write_in_place(path, content);
    } else {
        char target[PATH_MAX];
        written = realpath(path, target) != NULL &&
                  write_and_rename(target, about.st_mode & 0777, content);
    }
    return written
               ? EXTVM_OK
               : complain(error, EXTVM_SYSTEM_ERROR, "cannot write %s: %s", path, strerror(errno));
}
