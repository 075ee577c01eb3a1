/* The commands: each takes its own arguments, argv[0] is its name, and returns the exit status. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

int command_bench(int argc, char **argv);
int command_config(int argc, char **argv);
int command_iele(int argc, char **argv);
int command_run(int argc, char **argv);
int command_probe(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_statetest(int argc, char **argv);
int command_ieletest(int argc, char **argv);
int command_trace(int argc, char **argv);

#endif
