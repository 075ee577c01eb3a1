/* What `extvm run` is told: a call and a world, from files and single options. */
#include "run_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <extvm/iele.h>
#include <extvm/integer.h>

#include "file.h"
#include "report.h"
#include "value.h"

/* For a call without --call: gas enough for a first try, an address for --code, and without --world
 * a caller who has sent one transaction before and has 10^24 wei, a million ether. */
#define DEFAULT_GAS "1000000"
#define DEFAULT_RECIPIENT "0x000000000000000000000000000000000000c0de"
#define DEFAULT_CALLER_BALANCE "1000000000000000000000000"
static const uint64_t default_caller_nonce = 1;

static extvm_status take_arg(void *context, const char *value, extvm_error *error) {
    struct run_options *options = context;
    if (options->arg_count == RUN_ARGS_MAXIMUM) {
        return complain(error, EXTVM_INVALID_ARGUMENT, "--arg %s: at most %d can be given",
                        quote(value).text, RUN_ARGS_MAXIMUM);
    }
    options->args[options->arg_count++] = value;
    return EXTVM_OK;
}

static const struct option_spec specs[] = {
    {"--call", "FILE", "the call, as JSON; single options override what it says", NULL,
     offsetof(struct run_options, call_path)},
    {"--world", "FILE", "the world's state that the VM may ask for, as JSON", NULL,
     offsetof(struct run_options, world_path)},
    {"--world-out", "FILE", "write the state after the call to FILE, as JSON", NULL,
     offsetof(struct run_options, world_out_path)},
    {"--from", "ADDRESS", "the caller, 20 bytes of hex (0x00...00)", NULL,
     offsetof(struct run_options, from)},
    {"--to", "ADDRESS", "the recipient; without one a contract is created", NULL,
     offsetof(struct run_options, to)},
    {"--input", "HEX", "call data, or init code of a create; @FILE takes it from a file", NULL,
     offsetof(struct run_options, input)},
    {"--value", "NUMBER", "wei that go to the recipient (0)", NULL,
     offsetof(struct run_options, value)},
    {"--gas", "NUMBER", "gas provided (" DEFAULT_GAS "; with --call what that says)", NULL,
     offsetof(struct run_options, gas)},
    {"--gas-price", "NUMBER", "wei for a unit of gas (0)", NULL,
     offsetof(struct run_options, gas_price)},
    {"--function", "NAME",
     "IELE: call this function with the arguments of --arg; instead of --input", NULL,
     offsetof(struct run_options, function)},
    {"--deploy", "HEX",
     "IELE: create a contract of this code, its constructor called with the\n"
     "arguments of --arg; @FILE takes it from a file; instead of --input",
     NULL, offsetof(struct run_options, deploy)},
    {"--arg", "INTEGER", "IELE: the next argument, which may be negative; may be repeated",
     take_arg, 0},
    {"--code", "HEX",
     "put this code at the recipient first; @FILE takes it from a file.\n"
     "Without --call and --to the recipient is then 0x00...c0de",
     NULL, offsetof(struct run_options, code)},
};

struct option_group run_options_group(struct run_options *options) {
    return (struct option_group){"The call and the world", specs, sizeof specs / sizeof specs[0],
                                 options};
}

/* -- single options -- */

static extvm_status refuse(extvm_error *error, extvm_status status, const char *option,
                           const char *text, const char *allowed) {
    return status == EXTVM_NO_MEMORY
               ? complain_no_memory(error)
               : complain(error, status, "%s %s: it must be %s", option, quote(text).text, allowed);
}

static extvm_status read_number(const char *option, const char *text, struct pool *pool,
                                extvm_bytes *out, extvm_error *error) {
    if (text == NULL) {
        return EXTVM_OK;
    }
    uint8_t *buffer = pool_take(pool, EXTVM_WORD_INTEGER_SIZE);
    extvm_status status = buffer == NULL ? EXTVM_NO_MEMORY : value_integer(text, buffer, out);
    return status == EXTVM_OK ? EXTVM_OK
                              : refuse(error, status, option, text, VALUE_INTEGER_ALLOWED);
}

static extvm_status read_address(const char *option, const char *text, extvm_address *out,
                                 extvm_error *error) {
    extvm_status status = text == NULL ? EXTVM_OK : extvm_address_from_hex(text, out);
    return status == EXTVM_OK ? EXTVM_OK
                              : refuse(error, status, option, text, VALUE_ADDRESS_ALLOWED);
}

/* A file that holds hex text and white space around it stands for what the hex says; any other
 * stands for its own bytes. */
static extvm_status read_data_file(const char *path, struct pool *pool, extvm_bytes *out,
                                   extvm_error *error) {
    static const char white_space[] = " \t\r\n";
    extvm_bytes content;
    extvm_status status = file_read(path, pool, &content, error);
    if (status != EXTVM_OK) {
        return status;
    }
    *out = content;
    if (memchr(content.data, '\0', content.size) != NULL) {
        return EXTVM_OK;
    }
    size_t start = strspn((const char *)content.data, white_space);
    char *text = pool_take(pool, content.size - start + 1);
    if (text == NULL) {
        return complain_no_memory(error);
    }
    memcpy(text, content.data + start, content.size - start);
    size_t length = content.size - start;
    while (length > 0 && strchr(white_space, text[length - 1]) != NULL) {
        text[--length] = '\0';
    }
    status = value_data(text, pool, out);
    return status == EXTVM_NO_MEMORY ? complain_no_memory(error) : EXTVM_OK;
}

static extvm_status read_data(const char *option, const char *text, struct pool *pool,
                              extvm_bytes *out, extvm_error *error) {
    if (text == NULL) {
        return EXTVM_OK;
    }
    if (text[0] == '@') {
        extvm_status status = read_data_file(text + 1, pool, out, error);
        return status == EXTVM_OK ? EXTVM_OK : complain_about(error, option);
    }
    extvm_status status = value_data(text, pool, out);
    return status == EXTVM_OK
               ? EXTVM_OK
               : refuse(error, status, option, text, VALUE_DATA_ALLOWED ", or @ and a file's name");
}

static extvm_status read_numbers(struct run_input *input, const struct run_options *options,
                                 extvm_error *error) {
    extvm_call *call = &input->call.call;
    const char *gas = options->gas;
    if (gas == NULL && options->call_path == NULL) {
        gas = DEFAULT_GAS;
    }
    const struct {
        const char *option;
        const char *text;
        extvm_bytes *out;
    } numbers[] = {
        {"--value", options->value, &call->value},
        {"--gas", gas, &call->gas_provided},
        {"--gas-price", options->gas_price, &call->gas_price},
    };
    extvm_status status = EXTVM_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && status == EXTVM_OK; i++) {
        status =
            read_number(numbers[i].option, numbers[i].text, &input->pool, numbers[i].out, error);
    }
    return status;
}

static extvm_status read_single_options(struct run_input *input, const struct run_options *options,
                                        extvm_error *error) {
    extvm_call *call = &input->call.call;
    const char *to = options->to;
    if (to == NULL && options->call_path == NULL && options->code != NULL) {
        to = DEFAULT_RECIPIENT;
    }
    if (to != NULL) {
        call->recipient = &input->call.recipient;
    }
    extvm_status status = read_numbers(input, options, error);
    if (status == EXTVM_OK) {
        status = read_address("--from", options->from, &call->caller, error);
    }
    if (status == EXTVM_OK) {
        status = read_address("--to", to, &input->call.recipient, error);
    }
    if (status == EXTVM_OK) {
        status = read_data("--input", options->input, &input->pool, &call->input, error);
    }
    return status;
}

/* -- IELE's call data -- */

static extvm_status check_call_data_options(const struct run_input *input,
                                            const struct run_options *options, extvm_error *error) {
    bool creates = input->call.call.recipient == NULL;
    const char *wrong = NULL;
    if (options->function == NULL && options->deploy == NULL) {
        wrong = options->arg_count > 0 ? "--arg goes with --function or --deploy" : NULL;
    } else if (options->function != NULL && options->deploy != NULL) {
        wrong = "--function and --deploy: only one of them can be given";
    } else if (options->input != NULL) {
        wrong = "--input is made by --function or --deploy: only one of the three can be given";
    } else if (options->function != NULL && creates) {
        wrong = "--function needs a recipient: give --to";
    } else if (options->deploy != NULL && !creates) {
        wrong = "--deploy makes a contract, and the call has a recipient";
    }
    return wrong == NULL ? EXTVM_OK : complain(error, EXTVM_INVALID_ARGUMENT, "%s", wrong);
}

/* Makes the input of what --function or --deploy, and --arg, say. */
static extvm_status make_call_data(struct run_input *input, const struct run_options *options,
                                   extvm_error *error) {
    extvm_bytes args[RUN_ARGS_MAXIMUM], code = {NULL, 0};
    extvm_status status = check_call_data_options(input, options, error);
    for (size_t i = 0; i < options->arg_count && status == EXTVM_OK; i++) {
        extvm_status read = value_signed(options->args[i], &input->pool, &args[i]);
        status = read == EXTVM_OK
                     ? EXTVM_OK
                     : refuse(error, read, "--arg", options->args[i], VALUE_SIGNED_ALLOWED);
    }
    if (status == EXTVM_OK) {
        status = read_data("--deploy", options->deploy, &input->pool, &code, error);
    }
    if (status != EXTVM_OK || (options->function == NULL && options->deploy == NULL)) {
        return status;
    }
    uint8_t *data;
    extvm_bytes *made = &input->call.call.input;
    status =
        options->function != NULL
            ? extvm_iele_call(options->function, args, options->arg_count, NULL, &data, &made->size,
                              error)
            : extvm_iele_deploy(code, args, options->arg_count, NULL, &data, &made->size, error);
    if (status != EXTVM_OK) {
        return status;
    }
    uint8_t *kept = pool_take(&input->pool, made->size);
    if (kept != NULL) {
        memcpy(kept, data, made->size);
    }
    made->data = kept;
    free(data);
    return kept != NULL ? EXTVM_OK : complain_no_memory(error);
}

/* -- the world -- */

static extvm_status add_default_caller(struct run_input *input, extvm_error *error) {
    uint8_t buffer[EXTVM_WORD_INTEGER_SIZE];
    extvm_bytes balance;
    extvm_status status = value_integer(DEFAULT_CALLER_BALANCE, buffer, &balance);
    if (status == EXTVM_OK) {
        uint8_t nonce[EXTVM_U64_INTEGER_SIZE];
        status =
            extvm_state_set_account(input->world.state, &input->call.call.caller,
                                    extvm_integer_from_u64(default_caller_nonce, nonce), balance);
    }
    return status == EXTVM_OK ? EXTVM_OK : complain_no_memory(error);
}

static extvm_status put_code(struct run_input *input, const char *text, extvm_error *error) {
    const extvm_address *recipient = input->call.call.recipient;
    extvm_bytes code;
    if (text == NULL) {
        return EXTVM_OK;
    }
    if (recipient == NULL) {
        return complain(error, EXTVM_INVALID_ARGUMENT,
                        "--code needs a recipient, and the call has none: give --to, or give the "
                        "init code of a create with --input");
    }
    extvm_status status = read_data("--code", text, &input->pool, &code, error);
    if (status != EXTVM_OK) {
        return status;
    }
    status = extvm_state_set_code(input->world.state, recipient, code);
    return status == EXTVM_OK ? EXTVM_OK : complain_no_memory(error);
}

extvm_status run_input_read(struct run_input *input, const struct run_options *options,
                            extvm_error *error) {
    extvm_status status = EXTVM_OK;
    input->world.state = extvm_state_new(NULL);
    if (input->world.state == NULL) {
        return complain_no_memory(error);
    }
    if (options->call_path != NULL) {
        status = call_json_read(options->call_path, &input->pool, &input->call, error);
    }
    if (status == EXTVM_OK) {
        status = read_single_options(input, options, error);
    }
    if (status == EXTVM_OK) {
        status = make_call_data(input, options, error);
    }
    if (status == EXTVM_OK && options->world_path != NULL) {
        status = world_json_read(options->world_path, &input->pool, &input->world, error);
    }
    if (status == EXTVM_OK && options->world_path == NULL && options->call_path == NULL) {
        status = add_default_caller(input, error);
    }
    return status == EXTVM_OK ? put_code(input, options->code, error) : status;
}

void run_input_free(struct run_input *input) {
    extvm_state_free(input->world.state);
    pool_free(&input->pool);
}
