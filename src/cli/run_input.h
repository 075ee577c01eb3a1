/* What `extvm run` is told: a call and a world, from files and single options. */
#ifndef CLI_RUN_INPUT_H
#define CLI_RUN_INPUT_H

#include "call_json.h"
#include "command_line.h"
#include "world_json.h"

enum { RUN_ARGS_MAXIMUM = 256 };

/* The options as they were written; NULL: not given. */
struct run_options {
    const char *call_path, *world_path, *world_out_path;
    const char *from, *to, *input, *value, *gas, *gas_price, *code;
    const char *function, *deploy;
    const char *args[RUN_ARGS_MAXIMUM];
    size_t arg_count;
};

/* The options as a group of a command line; `options` NULL: for printing help. */
struct option_group run_options_group(struct run_options *options);

/* It must stay where it is while the call is used; zeros are an empty one. */
struct run_input {
    struct call_input call;
    struct world_input world;
    struct pool pool;
};

/* Reads what the options name. Freed with run_input_free, also after an error.
 * Errors: EXTVM_INVALID_ARGUMENT, EXTVM_OUT_OF_RANGE, EXTVM_NO_MEMORY. */
extvm_status run_input_read(struct run_input *input, const struct run_options *options,
                            extvm_error *error);
void run_input_free(struct run_input *input);

#endif
