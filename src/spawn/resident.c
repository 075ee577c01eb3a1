/* How much memory the processes of a group have: /proc/PID/stat, see proc(5). */
#include "resident.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Reads /proc/NAME/stat, which has one line; false when the process is gone. */
static bool read_stat(int folder, const char *name, char *line, size_t size) {
    char path[64];
    snprintf(path, sizeof path, "%.40s/stat", name);
    int descriptor = openat(folder, path, O_RDONLY | O_CLOEXEC);
    ssize_t length = descriptor >= 0 ? read(descriptor, line, size - 1) : -1;
    if (descriptor >= 0) {
        close(descriptor);
    }
    line[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* The resident pages of a process in the group; 0 for another. */
static uint64_t pages_in_group(const char *line, pid_t group) {
    const char *after_name = strrchr(line, ')'); /* the name may have blanks and brackets */
    int its_group;
    unsigned long long pages;
    /* state, ppid, pgrp (field 5), then all up to rss (field 24) */
    static const char fields[] = " %*c %*d %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                                 "%*s %*s %*s %*s %*s %llu";
    /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote these numbers */
    int count = after_name != NULL ? sscanf(after_name + 1, fields, &its_group, &pages) : 0;
    return count == 2 && its_group == group ? pages : 0;
}

uint64_t resident_of_group(pid_t group) {
    char line[1024];
    uint64_t pages = 0;
    DIR *processes = opendir("/proc");
    if (processes == NULL) {
        return 0;
    }
    for (const struct dirent *one; (one = readdir(processes)) != NULL;) {
        if (isdigit((unsigned char)one->d_name[0]) &&
            read_stat(dirfd(processes), one->d_name, line, sizeof line)) {
            pages += pages_in_group(line, group);
        }
    }
    closedir(processes);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
