/* base.conf: whatever the text, it is read or refused with a line of text; nothing is kept, and
 * what was read has an address, and options that can be set again. The first control byte says
 * which allocation fails. */
#include <extvm/config.h>

#include "fuzz.h"

static void check_config(const extvm_config *config) {
    extvm_log_level level;
    MUST(extvm_config_vm_type(config) != NULL && extvm_config_address(config)[0] != '\0');
    MUST((extvm_config_host(config) == NULL) == (extvm_config_port(config) == 0));
    MUST(extvm_config_port(config) <= 65535);
    MUST(extvm_config_endpoint(config, extvm_config_endpoint_count(config)) == NULL);
    extvm_config_log_level(config, &level);
    MUST(level <= EXTVM_LOG_DEBUG);
    extvm_options *options = extvm_options_new(NULL), *again = extvm_options_new(NULL);
    MUST(options != NULL && again != NULL);
    extvm_config_apply(config, options);
    const char *name;
    for (size_t i = 0; (name = extvm_options_name(i)) != NULL; i++) {
        char text[EXTVM_OPTION_TEXT_SIZE], back[EXTVM_OPTION_TEXT_SIZE];
        MUST(extvm_options_get(options, name, text, NULL) == EXTVM_OK);
        MUST(extvm_options_set(again, name, text, NULL) == EXTVM_OK);
        MUST(extvm_options_get(again, name, back, NULL) == EXTVM_OK && strcmp(text, back) == 0);
    }
    extvm_options_free(options);
    extvm_options_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct stream stream;
    struct scarce_memory scarce = {.fail_at = 0};
    if (!stream_init(&stream, data, size)) {
        return 0;
    }
    scarce.fail_at = stream.control[0] % 8u;
    char *text = malloc(stream.bytes.size + 1);
    MUST(text != NULL);
    memcpy(text, stream.bytes.data, stream.bytes.size);
    text[stream.bytes.size] = '\0';
    const extvm_allocator allocator = scarce_memory_allocator(&scarce);
    extvm_config *config;
    extvm_error error;
    extvm_status status = extvm_config_parse(text, "fuzz", 0, &allocator, &config, &error);
    MUST((status == EXTVM_OK) == (config != NULL));
    if (status == EXTVM_OK) {
        check_config(config);
    } else {
        MUST(error.status == status && error.text[0] != '\0' && strchr(error.text, '\n') == NULL);
    }
    extvm_config_free(config);
    MUST(scarce.live == 0);
    free(text);
    return 0;
}
