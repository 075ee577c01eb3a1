/* Opening the VM that a base.conf names. */
#include <string.h>

#include <extvm/config.h>
#include <extvm/spawn.h>

#include "common/error.h"
#include "common/options.h"

extvm_status extvm_config_open(const extvm_config *config, const extvm_options *options,
                               extvm_vm **out, extvm_error *error) {
    if (config == NULL || out == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_config_open needs a configuration and a place for the handle");
    }
    extvm_options merged;
    if (options != NULL) {
        merged = *options;
    } else {
        options_init(&merged, NULL);
    }
    extvm_config_apply(config, &merged);
    const char *command = extvm_config_command(config);
    return command != NULL ? extvm_spawn(extvm_config_address(config), command, &merged, out, error)
                           : extvm_open(extvm_config_address(config), &merged, out, error);
}

extvm_status extvm_open_config(const char *path_or_text, const extvm_options *options,
                               extvm_vm **out, extvm_error *error) {
    if (out == NULL) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "extvm_open_config needs a place for the handle");
    }
    *out = NULL;
    const extvm_allocator *allocator = options != NULL ? &options->allocator : NULL;
    bool is_text = path_or_text != NULL && strchr(path_or_text, '{') != NULL;
    extvm_config *config;
    extvm_status status = is_text ? extvm_config_parse(path_or_text, NULL, EXTVM_CONFIG_ENVIRONMENT,
                                                       allocator, &config, error)
                                  : extvm_config_load(path_or_text, EXTVM_CONFIG_ENVIRONMENT,
                                                      allocator, &config, error);
    if (status == EXTVM_OK) {
        status = extvm_config_open(config, options, out, error);
        extvm_config_free(config);
    }
    return status;
}
