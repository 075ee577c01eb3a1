/* `extvm statetest`: Ethereum's GeneralStateTests on any virtual machine. */
#ifndef EXTVM_CLI_STATETEST_H
#define EXTVM_CLI_STATETEST_H

/* The command, `argv[0]` being its name. Returns the process's exit status (CLI.md). */
int command_statetest(int argc, char **argv);

#endif
