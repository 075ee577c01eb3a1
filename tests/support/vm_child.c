/* VM processes for tests of whoever starts some. */
#include "support/vm_child.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <extvm/extvm.h>

#include "common/clock.h"
#include "spawn/supervisor.h"

static int bound_socket(unsigned port, struct sockaddr_in *address) {
    int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    socklen_t size = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                    .sin_port = htons((uint16_t)port)};
    setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(made, (struct sockaddr *)address, size) != 0 ||
        getsockname(made, (struct sockaddr *)address, &size) != 0) {
        perror("vm_child");
        exit(4);
    }
    return made;
}

unsigned vm_child_port(void) {
    struct sockaddr_in address;
    int made = bound_socket(0, &address);
    close(made);
    return ntohs(address.sin_port);
}

const char *vm_child_command(char command[VM_CHILD_COMMAND_SIZE], const char *role) {
    char path[256] = "";
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    path[size > 0 ? size : 0] = '\0';
    snprintf(command, VM_CHILD_COMMAND_SIZE, "'%s' %s", path, role);
    return command;
}

/* -- roles; each gets its further words -- */

static void listen_at(char **words) {
    struct sockaddr_in address;
    listen(bound_socket((unsigned)strtoul(words[0], NULL, 10), &address), 50);
}

static void wait_for_end(void) {
    for (;;) {
        pause();
    }
}

static void play_listen(char **words) {
    listen_at(words);
}

static void play_stubborn(char **words) {
    signal(SIGTERM, SIG_IGN);
    listen_at(words);
}

static void play_late(char **words) {
    const struct timespec late = clock_timespec(strtoul(words[1], NULL, 10) * 1000000);
    nanosleep(&late, NULL);
    listen_at(words);
}

static void play_silent(char **words) {
    (void)words;
    fputs("thinking about it", stderr);
}

static void play_refuse(char **words) {
    (void)words;
    fputs("starting\nno licence for this machine\n", stderr);
    exit(3);
}

static void play_flood(char **words) {
    static char block[1 << 16];
    memset(block, 'y', sizeof block);
    for (size_t i = 79; i < sizeof block; i += 80) {
        block[i] = '\n';
    }
    listen_at(words);
    while (write(STDOUT_FILENO, block, sizeof block) > 0) {
    }
}

static void play_say(char **words) {
    static const char hidden[] = "a bell \a, an escape \033[31m and a byte \xff\n";
    char wide[1300];
    memset(wide, 'w', sizeof wide);
    wide[sizeof wide - 1] = '\n';
    (void)!write(STDOUT_FILENO, hidden, sizeof hidden - 1);
    (void)!write(STDERR_FILENO, wide, sizeof wide);
    (void)!write(STDOUT_FILENO, "\nhalf a line", 12);
    listen_at(words);
}

static void play_grow(char **words) {
    size_t size = (size_t)64 << 20;
    volatile char *memory = malloc(size);
    for (size_t i = 0; memory != NULL && i < size; i += 1024) {
        memory[i] = 1;
    }
    listen_at(words);
}

static void play_family(char **words) {
    if (fork() == 0) {
        listen_at(words);
    }
}

static void play_inherit(char **words) {
    sigset_t blocked;
    int signals = 0;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action = {.sa_handler = SIG_DFL};
        bool unusual = sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
        signals += unusual || sigismember(&blocked, number) == 1 ? 1 : 0;
    }
    int descriptors = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL) {
        descriptors++;
    }
    closedir(folder);
    /* ".", "..", the three, and the folder itself */
    printf("signals %d, descriptors %d, own group %d, input %zd\n", signals, descriptors - 6,
           getpgrp() == getpid(), read(STDIN_FILENO, &blocked, 1));
    fflush(stdout);
    listen_at(words);
}

static void play_serve(char **words) {
    char address[128];
    extvm_testvm *server;
    extvm_error error;
    snprintf(address, sizeof address, "%s:%s", words[0], words[1]);
    if (extvm_testvm_start(address, NULL, NULL, &server, &error) != EXTVM_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(4);
    }
}

static void play_own(char **words) {
    char command[VM_CHILD_COMMAND_SIZE], address[64];
    struct endpoint endpoint;
    extvm_status status = EXTVM_OK;
    extvm_options *options = extvm_options_new(NULL);
    snprintf(address, sizeof address, "127.0.0.1:%s", words[0]);
    endpoint_parse_tcp(&endpoint, address, address, NULL);
    struct keeper *keeper = keeper_new(&endpoint, vm_child_command(command, "stubborn {port}"),
                                       "kevm", options, &status, NULL);
    if (keeper == NULL ||
        keeper->operations->ready(keeper, clock_now() + 20 * NANOSECONDS_IN_SECOND, NULL, NULL) !=
            EXTVM_OK) {
        exit(4);
    }
    puts("kept");
    fflush(stdout);
}

static const struct {
    const char *name;
    int words;
    void (*play)(char **words);
} roles[] = {
    {"listen", 1, play_listen}, {"stubborn", 1, play_stubborn}, {"late", 2, play_late},
    {"silent", 0, play_silent}, {"refuse", 0, play_refuse},     {"flood", 1, play_flood},
    {"say", 1, play_say},       {"grow", 1, play_grow},         {"family", 1, play_family},
    {"serve", 2, play_serve},   {"inherit", 1, play_inherit},   {"own", 1, play_own},
};

void vm_child_run(int argc, char **argv) {
    for (size_t i = 0; argc > 1 && i < sizeof roles / sizeof roles[0]; i++) {
        if (strcmp(roles[i].name, argv[1]) == 0 && argc == roles[i].words + 2) {
            roles[i].play(argv + 2);
            wait_for_end();
        }
    }
}
