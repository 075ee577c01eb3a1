/* Runs a fuzz target over the files of the folders that are named, as a test that needs no fuzzer.
 * Prints TAP: one line for each folder, whose name is the target's. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Exactly as large as the file, so that a sanitizer sees reads beyond it. */
static uint8_t *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    long length = file != NULL && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    uint8_t *data = length >= 0 ? malloc(length > 0 ? (size_t)length : 1) : NULL;
    if (data == NULL || fseek(file, 0, SEEK_SET) != 0 ||
        fread(data, 1, (size_t)length, file) != (size_t)length) {
        printf("Bail out! %s cannot be read\n", path);
        exit(1);
    }
    fclose(file);
    *size = (size_t)length;
    return data;
}

static unsigned run_folder(const char *folder) {
    unsigned inputs = 0;
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char path[4096];
        size_t size;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        uint8_t *data = read_file(path, &size);
        LLVMFuzzerTestOneInput(data, size);
        free(data);
        inputs++;
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return inputs;
}

int main(int argc, char **argv) {
    int failed = 0;
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        const char *slash = strrchr(argv[i], '/');
        const char *target = slash != NULL ? slash + 1 : argv[i];
        unsigned inputs = run_folder(argv[i]);
        failed += inputs == 0; /* a corpus that is not there tests nothing */
        printf("%sok %d - %s survives %u inputs\n", inputs == 0 ? "not " : "", i, target, inputs);
        fflush(stdout);
    }
    return failed != 0;
}
