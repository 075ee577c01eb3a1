/* The extvm command: finds the command that is named, and prints the overview. */
#include <stdio.h>
#include <string.h>

#include <extvm/extvm.h>

#include "command.h"
#include "command_line.h"
#include "interrupt.h"
#include "json_memory.h"
#include "nearest.h"
#include "report.h"

struct command {
    const char *name;
    const char *about;
    int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"run", "run one call on a VM and print what it decided", command_run},
    {"probe", "tell about running VMs: protocol, right answers, round trip", command_probe},
    {"serve", "be a VM server: the VMs of this library behind a socket", command_serve},
    {"statetest", "run Ethereum GeneralStateTests on a VM", command_statetest},
    {"ieletest", "run IELE tests on an IELE", command_ieletest},
    {"iele", "assemble IELE contracts, and disassemble them", command_iele},
    {"trace", "show a recorded trace, or play it back", command_trace},
    {"bench", "measure calls and queries per second beside a bare ping-pong", command_bench},
    {"config", "check a base.conf, or show what it means", command_config},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_overview(FILE *out) {
    fputs("Usage: extvm COMMAND [OPTION...]\n"
          "       extvm help [COMMAND]\n"
          "       extvm --version\n"
          "\n"
          "Runs a blockchain node's transactions on a virtual machine in another process.\n"
          "\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].about);
    }
    fputs("\n"
          "Exit status: 0 it worked; 1 a check failed; 2 usage; 3 the VM cannot be reached;\n"
          "4 the VM rejected the session; 5 the VM broke off or broke the protocol;\n"
          "6 a deadline passed; 7 the node's side failed; 130 interrupted.\n",
          out);
}

static const struct command *find_command(const char *name) {
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int refuse_unknown(const char *name, bool json) {
    extvm_error error;
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        nearest_offer(&nearest, commands[i].name);
    }
    nearest_offer(&nearest, "help");
    nearest_offer(&nearest, "--help");
    nearest_offer(&nearest, "--version");
    complain(&error, EXTVM_INVALID_ARGUMENT, "there is no %s %s%s",
             name[0] == '-' ? "option" : "command", quote(name).text,
             nearest.name != NULL ? nearest_hint(&nearest).text : " (extvm help lists what is)");
    return report_error(json, &error);
}

/* "extvm help [COMMAND]" */
static int command_help(int argc, char **argv) {
    static char help_option[] = "--help";
    if (argc < 2 || (argc == 2 && strcmp(argv[1], "help") == 0)) {
        print_overview(stdout);
        return report_output();
    }
    if (argc > 2) {
        extvm_error error;
        complain(&error, EXTVM_INVALID_ARGUMENT, "help takes one command, not also %s",
                 quote(argv[2]).text);
        return report_error(false, &error);
    }
    const struct command *command = find_command(argv[1]);
    char *arguments[] = {argv[1], help_option, NULL};
    return command != NULL ? command->run(2, arguments) : refuse_unknown(argv[1], false);
}

int main(int argc, char **argv) {
    interrupt_watch();
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_CODE_USAGE;
    }
    const char *name = argv[1];
    bool json = command_line_has(argc, argv, "--json");
    json_memory_start(json);
    if (strcmp(name, "help") == 0) {
        return command_help(argc - 1, argv + 1);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_overview(stdout);
        return report_output();
    }
    if (strcmp(name, "--version") == 0) {
        printf("extvm %s (KEVM protocol 2.2, IELE protocol 3.0)\n", extvm_version());
        return report_output();
    }
    const struct command *command = find_command(name);
    return command != NULL ? command->run(argc - 1, argv + 1) : refuse_unknown(name, json);
}
