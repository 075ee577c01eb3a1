/* The scripted VM as a program, for shell tests and the demo: plays the scripts, prints where it
 * listens, and exits 0 when everything that it expected came. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iele/iele.h"
#include "kevm/kevm.h"
#include "support/scripted_vm.h"

static char *read_files(char **paths, int count) {
    char *text;
    size_t size;
    FILE *whole = open_memstream(&text, &size);
    for (int i = 0; i < count; i++) {
        char *part = NULL;
        size_t room = 0;
        FILE *file = fopen(paths[i], "r");
        if (file == NULL || getdelim(&part, &room, '\0', file) < 0) {
            fprintf(stderr, "scripted_vm: cannot read %s\n", paths[i]);
            exit(2);
        }
        fputs(part, whole);
        free(part);
        fclose(file);
    }
    fclose(whole);
    return text;
}

int main(int argc, char **argv) {
    const char *unix_path = NULL;
    const struct protocol *protocol = &kevm_protocol;
    int first = 1;
    if (argc > 1 && strcmp(argv[1], "--iele") == 0) {
        protocol = &iele_protocol;
        argv++;
        argc--;
    }
    if (argc > 2 && strcmp(argv[1], "--unix") == 0) {
        unix_path = argv[2];
        first = 3;
    }
    if (first >= argc) {
        fputs("usage: scripted_vm [--iele] [--unix PATH] SCRIPT...\n", stderr);
        return 2;
    }
    char *script = read_files(argv + first, argc - first);
    struct scripted_vm *vm = scripted_vm_start(protocol, script, unix_path);
    free(script);
    if (vm == NULL) {
        return 2;
    }
    printf("listening on %s\n", scripted_vm_address(vm));
    fflush(stdout);
    scripted_vm_wait(vm);
    struct scripted_vm_report report = scripted_vm_stop(vm);
    if (report.failure[0] != '\0') {
        fprintf(stderr, "scripted_vm: %s\n", report.failure);
    }
    if (report.resets > 0) {
        fprintf(stderr, "scripted_vm: %u sessions were reset\n", report.resets);
    }
    return report.failure[0] != '\0' || report.resets > 0 ? 1 : 0;
}
