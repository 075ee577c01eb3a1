/* base.conf: the operators' text loads, and each slip is answered with its place and what is
 * allowed. */
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <extvm/extvm.h>

#include "common/options.h"
#include "support/scarce_memory.h"

/* Exactly as node operators have it. */
static const char operators_text[] =
    "vm {\n"
    "  # internal | kevm | iele | test-mode\n"
    "  vm-type = \"internal\"\n"
    "  kevm = { host = \"0.0.0.0\", port = 8888, proto-api-version = \"2.2\" }\n"
    "  iele = { host = \"0.0.0.0\", port = 8888, proto-api-version = \"3.0\" }\n"
    "  test-mode = { host = \"0.0.0.0\", port = 8888 }\n"
    "}\n";

static extvm_config *parsed(const char *text) {
    extvm_config *config = NULL;
    extvm_error error = {EXTVM_OK, ""};
    extvm_status status = extvm_config_parse(text, "base.conf", 0, NULL, &config, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(status, EXTVM_OK);
    return config;
}

static void check_address(const char *text, const char *address) {
    extvm_config *config = parsed(text);
    assert_string_equal(extvm_config_address(config), address);
    extvm_config_free(config);
}

static void check_option(const char *text, const char *name, const char *value) {
    char found[EXTVM_OPTION_TEXT_SIZE];
    extvm_config *config = parsed(text);
    extvm_options *options = extvm_options_new(NULL);
    extvm_config_apply(config, options);
    assert_int_equal(extvm_options_get(options, name, found, NULL), EXTVM_OK);
    assert_string_equal(found, value);
    extvm_options_free(options);
    extvm_config_free(config);
}

/* -- what loads -- */

static void the_operators_file_loads_in_both_spellings(void **context) {
    char other[sizeof operators_text + 2];
    (void)context;
    snprintf(other, sizeof other, "vm = {%s", operators_text + strlen("vm {"));
    const char *const texts[] = {operators_text, other};
    for (size_t i = 0; i < 2; i++) {
        extvm_config *config = parsed(texts[i]);
        assert_string_equal(extvm_config_vm_type(config), "internal");
        assert_string_equal(extvm_config_address(config), "internal");
        assert_null(extvm_config_host(config));
        assert_int_equal(extvm_config_port(config), 0);
        assert_int_equal(extvm_config_endpoint_count(config), 0);
        assert_null(extvm_config_endpoint(config, 0));
        extvm_config_free(config);
    }
}

static void this_librarys_own_vms_are_of_the_protocol_that_the_key_says(void **context) {
    static const struct {
        const char *text, *protocol, *address;
    } rows[] = {
        {"vm { vm-type = \"internal\" }", "kevm", "internal"},
        {"vm { vm-type = \"internal\", protocol = \"kevm\" }", "kevm", "internal"},
        {"vm { protocol = \"iele\", vm-type = \"internal\" }", "iele", "internal-iele"},
        {"vm { vm-type = \"test-mode\", test-mode { protocol = \"iele\", host = \"::1\" } }",
         "iele", "test-mode-iele://[::1]:8888"},
        {"vm { vm-type = \"test-mode\", protocol = \"iele\", test-mode { } }", "iele",
         "test-mode-iele://127.0.0.1:8888"},
        {"vm { vm-type = \"test-mode\", protocol = \"iele\", test-mode { protocol = \"kevm\" } }",
         "kevm", "test-mode://127.0.0.1:8888"},
        /* What is said of the server is nothing to a VM in the process. */
        {"vm { vm-type = \"internal\", test-mode { protocol = \"iele\" } }", "kevm", "internal"},
        /* Those of others have their own. */
        {"vm { vm-type = \"kevm\", protocol = \"iele\" }", "kevm", "kevm://127.0.0.1:8888"},
        {"vm { vm-type = \"iele\" }", "iele", "iele://127.0.0.1:8888"},
        /* The version is the protocol's, before it or behind. */
        {"vm { vm-type = \"test-mode\", test-mode { proto-api-version = \"3.0\", protocol = "
         "\"iele\" } }",
         "iele", "test-mode-iele://127.0.0.1:8888"},
        {"vm { test-mode { proto-api-version = \"3.0\" }, vm-type = \"test-mode\", protocol = "
         "\"iele\" }",
         "iele", "test-mode-iele://127.0.0.1:8888"},
        {"protocol = \"iele\"\nvm { vm-type = \"test-mode\", test-mode { proto-api-version = "
         "\"2.2\" } }",
         "kevm", "test-mode://127.0.0.1:8888"},
    };
    (void)context;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        extvm_config *config = parsed(rows[i].text);
        assert_string_equal(extvm_config_protocol(config), rows[i].protocol);
        assert_string_equal(extvm_config_address(config), rows[i].address);
        extvm_config_free(config);
    }
}

static void each_vm_type_gets_its_address(void **context) {
    static const char *const types[][2] = {{"internal", "internal"},
                                           {"kevm", "kevm://127.0.0.1:8888"},
                                           {"iele", "iele://127.0.0.1:8888"},
                                           {"test-mode", "test-mode://0.0.0.0:8888"}};
    (void)context;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char text[sizeof operators_text + 16];
        const char *after = strstr(operators_text, "\"internal\"");
        snprintf(text, sizeof text, "%.*s\"%s\"%s", (int)(after - operators_text), operators_text,
                 types[i][0], after + strlen("\"internal\""));
        extvm_config *config = parsed(text);
        assert_string_equal(extvm_config_vm_type(config), types[i][0]);
        assert_string_equal(extvm_config_address(config), types[i][1]);
        if (i > 0) {
            assert_string_equal(extvm_config_host(config), "0.0.0.0");
            assert_int_equal(extvm_config_port(config), 8888);
            assert_string_equal(extvm_config_endpoint(config, 0), "0.0.0.0:8888");
        }
        extvm_config_free(config);
    }
}

static void hosts_ports_and_endpoints_become_addresses(void **context) {
    (void)context;
    check_address("vm { vm-type = \"kevm\" }", "kevm://127.0.0.1:8888");
    check_address("vm { vm-type = \"kevm\", kevm { port = 1 } }", "kevm://127.0.0.1:1");
    check_address("vm { vm-type = \"kevm\", kevm { host = \"vm.example\", port = 65535 } }",
                  "kevm://vm.example:65535");
    check_address("vm { vm-type = \"kevm\", kevm { host = \"::\" } }", "kevm://[::1]:8888");
    check_address("vm { vm-type = \"kevm\", kevm { host = \"fe80::1\" } }",
                  "kevm://[fe80::1]:8888");
    check_address("vm { vm-type = \"iele\", iele { endpoints = (\"h:7\") } }", "iele://h:7");
    check_address("vm { vm-type = \"kevm\", kevm { endpoints = [\"[::1]:7\"] } }",
                  "kevm://[::1]:7");
    check_address("vm { vm-type = \"kevm\", kevm { endpoints = (\"0.0.0.0:7\") } }",
                  "kevm://127.0.0.1:7");
    check_address(
        "vm { vm-type = \"kevm\", kevm { endpoints = (\"a:1\", \"unix:/b\", \"0.0.0.0:2\") } }",
        "kevm://a:1,kevm+unix:/b,kevm://127.0.0.1:2");
    check_address("vm { vm-type = \"kevm\", kevm { endpoints = (\"unix:/run/x\") } }",
                  "kevm+unix:/run/x");
    extvm_config *config =
        parsed("vm { vm-type = \"kevm\" kevm { endpoints = (\"unix:/run/x\") } }");
    assert_null(extvm_config_host(config));
    assert_int_equal(extvm_config_port(config), 0);
    assert_int_equal(extvm_config_endpoint_count(config), 1);
    assert_string_equal(extvm_config_endpoint(config, 0), "unix:/run/x");
    assert_null(extvm_config_endpoint(config, 1));
    extvm_config_free(config);
}

static void command_is_that_of_the_vm_that_is_used(void **context) {
    static const char text[] =
        "vm { vm-type = \"%s\", kevm { command = \"kevm-vm {port} {host}\" }\n"
        "iele { endpoints = (\"unix:/b\"), command = \"i '{' \\\"x y\\\"\" } }";
    static const char *const commands[][2] = {
        {"kevm", "kevm-vm {port} {host}"}, {"iele", "i '{' \"x y\""}, {"internal", NULL}};
    (void)context;
    for (size_t i = 0; i < 3; i++) {
        char whole[300];
        snprintf(whole, sizeof whole, text, commands[i][0]);
        extvm_config *config = parsed(whole);
        if (commands[i][1] != NULL) {
            assert_string_equal(extvm_config_command(config), commands[i][1]);
        } else {
            assert_null(extvm_config_command(config));
        }
        extvm_config_free(config);
    }
}

static void what_stands_around_the_section_is_not_ours(void **context) {
    (void)context;
    check_address("node { name = \"x { y\", list = ( 1, \"a\", { b = true } ), wide = "
                  "99999999999999999999 }\n"
                  "# vm { wrong\n// vm { \"\n/* vm { @include \" */\n"
                  "say = \"vm { @include \\\" \\\\\";\n"
                  "vm /* { */ # {\n { vm-type = \"internal\" }\n"
                  "vmm = 5;",
                  "internal");
    check_address("vm : { vm-type : \"int\" \"ernal\"; };", "internal");
    check_address("vm\r\n{\r\nvm-type = \"internal\"\r\n}\r\n", "internal");
}

static void every_option_can_stand_in_the_file(void **context) {
    static const char *const values[][3] = {
        {"connect-timeout", "\"250ms\"", "250ms"},
        {"connect-retries", "7", "7"},
        {"retry-delay", "\"1s\"", "1s"},
        {"wait-timeout", "\"2m\"", "2m"},
        {"call-timeout", "\"1h\"", "1h"},
        {"call-retries", "3", "3"},
        {"drain-timeout", "\"0ms\"", "0ms"},
        {"max-frame", "1048576", "1MiB"},
        {"tcp-keepalive", "\"off\"", "off"},
        {"block-hash", "\"parent\"", "parent"},
        {"max-sessions", "12", "12"},
        {"idle-timeout", "\"3s\"", "3s"},
        {"answer-timeout", "\"4s\"", "4s"},
        {"start-timeout", "\"1m\"", "1m"},
        {"stop-timeout", "\"0s\"", "0ms"},
        {"recycle-calls", "1000", "1000"},
        {"recycle-memory", "\"2GiB\"", "2GiB"},
        {"world-time", "\"counted\"", "counted"},
        {"spin", "\"50us\"", "50us"},
        {"leave", "\"answer\"", "answer"},
        {"after-call", "\"leave\"", "leave"},
    };
    (void)context;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[200];
        const char *name = values[i][0];
        snprintf(text, sizeof text, "vm { vm-type = \"internal\", %s = %s }", name, values[i][1]);
        check_option(text, name, values[i][2]);
        snprintf(text, sizeof text, "vm { vm-type = \"kevm\", kevm { %s = %s } }", name,
                 values[i][1]);
        check_option(text, name, values[i][2]);
    }
    /* None is left out. */
    assert_null(extvm_options_name(sizeof values / sizeof values[0]));
    check_option("vm { vm-type = \"internal\", max-frame = \"2KiB\" }", "max-frame", "2KiB");
    check_option("vm { vm-type = \"internal\" }", "call-timeout", "10m");
}

static void the_group_goes_before_the_section_and_the_program_before_both(void **context) {
    static const char text[] = "vm { call-retries = 1, connect-retries = 4, max-frame = 4096\n"
                               "  vm-type = \"kevm\", kevm { call-retries = 5, max-frame = 8192 }\n"
                               "  iele { call-retries = 6 }, log-level = \"info\" }";
    (void)context;
    check_option(text, "call-retries", "5");
    check_option(text, "connect-retries", "4");
    extvm_config *config = parsed(text);
    extvm_options *options = extvm_options_new(NULL);
    extvm_options_set(options, "max-frame", "1KiB", NULL);
    extvm_config_apply(config, options);
    assert_int_equal(options->settings.max_frame, 1024);
    assert_int_equal(options->settings.call_retries, 5);
    assert_int_equal(options->logger.level, EXTVM_LOG_INFO);
    extvm_options_free(options);
    extvm_config_free(config);
}

static void the_log_level_is_known_to_be_given_or_not(void **context) {
    extvm_log_level level;
    (void)context;
    extvm_config *config = parsed(operators_text);
    assert_false(extvm_config_log_level(config, &level));
    assert_int_equal(level, EXTVM_LOG_WARNING);
    extvm_config_free(config);
    config =
        parsed("vm { vm-type = \"kevm\", log-level = \"info\", kevm { log-level = \"debug\" } }");
    assert_true(extvm_config_log_level(config, &level));
    assert_int_equal(level, EXTVM_LOG_DEBUG);
    extvm_config_free(config);
}

/* -- what does not -- */

static const struct refusal {
    const char *text;
    extvm_status status;
    const char *parts[4]; /* of the error's text */
} refusals[] = {
    /* names */
    {"vm {\n vm-type = \"kevm\"\n kevm = {\n  prot = 9999 } }",
     EXTVM_INVALID_ARGUMENT,
     {"base.conf:4: vm.kevm.prot = 9999: ", "did you mean port?", "host, port, proto-api-version"}},
    {"vm {\n vm-typ = \"kevm\" }",
     EXTVM_INVALID_ARGUMENT,
     {"base.conf:2: vm.vm-typ = \"kevm\": ", "did you mean vm-type?"}},
    {"vm {\n vm-type = \"kevm\"\n keevm { port = 1 } }",
     EXTVM_INVALID_ARGUMENT,
     {"base.conf:3: vm.keevm: ", "did you mean kevm?"}},
    {"vm {\n conect-timeout = \"1s\" }",
     EXTVM_INVALID_ARGUMENT,
     {"base.conf:2: vm.conect-timeout = \"1s\": ", "did you mean connect-timeout?"}},
    {"vm { host = \"a\" }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.host = \"a\"", "allowed are vm-type, kevm"}},
    {"vm { kevm { vm-type = \"kevm\" } }", EXTVM_INVALID_ARGUMENT, {"vm.kevm.vm-type", "allowed"}},
    {"vm { test-mode { endpoints = (\"a:1\") } }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.test-mode.endpoints: ", "allowed are host, port"}},
    /* the VM */
    {"\nvm {\n}", EXTVM_INVALID_ARGUMENT, {"base.conf:2: vm: vm-type is missing", "\"test-mode\""}},
    {"vm {\n\n vm-type = \"kevn\" }",
     EXTVM_INVALID_ARGUMENT,
     {"base.conf:3: vm.vm-type = \"kevn\": ", "did you mean kevm?",
      "internal, kevm, iele and test-mode"}},
    {"vm { vm-type = 5 }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.vm-type = 5: it must be a string", "\"iele\""}},
    {"", EXTVM_INVALID_ARGUMENT, {"base.conf: there is no section vm"}},
    {"a = 1\nVm { }", EXTVM_INVALID_ARGUMENT, {"base.conf:2: Vm: ", "did you mean this one?"}},
    {"vm = \"kevm\"", EXTVM_INVALID_ARGUMENT, {"base.conf:1: vm = \"kevm\": it must be a group"}},
    {"vm { kevm = \"a:1\" }", EXTVM_INVALID_ARGUMENT, {"vm.kevm = \"a:1\": it must be a group"}},
    {"vm { kevm {\n proto-api-version = \"2.1\" } }",
     EXTVM_INVALID_ARGUMENT,
     {"base.conf:2: vm.kevm.proto-api-version = \"2.1\": ", "allowed is \"2.2\""}},
    {"vm { iele { proto-api-version = \"2.2\" } }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.iele.proto-api-version = \"2.2\": ", "allowed is \"3.0\""}},
    {"vm { test-mode { proto-api-version = \"3.0\" } }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.test-mode.proto-api-version = \"3.0\": ", "allowed is \"2.2\""}},
    {"vm { test-mode { protocol = \"iele\", proto-api-version = \"2.2\" } }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.test-mode.proto-api-version = \"2.2\": ", "allowed is \"3.0\""}},
    {"vm { protocol = \"eile\" }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.protocol = \"eile\": ", "allowed is \"kevm\" or \"iele\""}},
    {"vm { test-mode { protocol = 3 } }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.test-mode.protocol = 3: ", "it must be a string: \"kevm\" or \"iele\""}},
    {"vm { kevm { protocol = \"kevm\" } }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.kevm.protocol = \"kevm\": there is no such key"}},
    {"vm { iele { proto-api-version = 3.0 } }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.iele.proto-api-version = 3: it must be a string: \"3.0\""}},
    /* where it is */
    {"vm { kevm {\n port = 65536 } }",
     EXTVM_OUT_OF_RANGE,
     {"base.conf:2: vm.kevm.port = 65536: ", "1 to 65535"}},
    {"vm { kevm { port = 0 } }", EXTVM_OUT_OF_RANGE, {"vm.kevm.port = 0: ", "1 to 65535"}},
    {"vm { kevm { port = -1 } }", EXTVM_OUT_OF_RANGE, {"vm.kevm.port = -1: ", "1 to 65535"}},
    {"vm { kevm { port = 4294967297 } }", EXTVM_OUT_OF_RANGE, {"port = 4294967297: "}},
    {"vm { kevm { port = 0x100000001 } }", EXTVM_OUT_OF_RANGE, {"port = 4294967297: "}},
    {"vm { kevm { port = -99999999999L } }", EXTVM_OUT_OF_RANGE, {"port = -99999999999: "}},
    {"vm { kevm { port = 18446744073709551617 } }",
     EXTVM_INVALID_ARGUMENT,
     {"port = \"18446744073709551617\": it must be an integer: 1 to 65535"}},
    {"vm { kevm { port = \"1\" } }",
     EXTVM_INVALID_ARGUMENT,
     {"port = \"1\": it must be an integer"}},
    {"vm { kevm { port = 1.0 } }", EXTVM_INVALID_ARGUMENT, {"port = 1: it must be an integer"}},
    {"vm { kevm { host = 1 } }", EXTVM_INVALID_ARGUMENT, {"host = 1: it must be a string"}},
    {"vm { kevm { host = \"\" } }", EXTVM_INVALID_ARGUMENT, {"host = \"\": it is no host"}},
    {"vm { kevm { host = \"a/b\" } }", EXTVM_INVALID_ARGUMENT, {"host = \"a/b\": it is no host"}},
    {"vm { kevm { endpoints = \"a:1\" } }", EXTVM_INVALID_ARGUMENT, {"it must be a list"}},
    {"vm { kevm { endpoints = () } }", EXTVM_OUT_OF_RANGE, {"0 endpoints: allowed is 1"}},
    {"vm { kevm { endpoints = (\"a:1\", \"b\") } }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.kevm.endpoints: ", "HOST:PORT or [IPV6]:PORT"}},
    {"vm { kevm { endpoints = (\"\", \"\", \"\", \"\", \"\", \"\", \"\", \"\", \"\", "
     "\"\", \"\", \"\", \"\", \"\", \"\", \"\", \"\") } }",
     EXTVM_OUT_OF_RANGE,
     {"vm.kevm.endpoints: 17 endpoints: allowed is 1 to 16"}},
    {"vm { kevm { endpoints = (1) } }", EXTVM_INVALID_ARGUMENT, {"\"HOST:PORT\" or \"unix:PATH\""}},
    {"vm { kevm { endpoints = (\"a\") } }", EXTVM_INVALID_ARGUMENT, {"HOST:PORT or [IPV6]:PORT"}},
    {"vm { kevm { endpoints = (\"a:0\") } }", EXTVM_OUT_OF_RANGE, {"port 0: ", "1 to 65535"}},
    {"vm { kevm { endpoints = (\"unix:\") } }", EXTVM_INVALID_ARGUMENT, {"allowed is 1 to 107"}},
    {"vm { kevm {\n command = 5 } }",
     EXTVM_INVALID_ARGUMENT,
     {"base.conf:2: vm.kevm.command = 5: it must be a string", "{port} or {path}"}},
    {"vm { iele { command = \" \" } }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.iele.command = \" \": it is empty"}},
    {"vm { test-mode { command = \"a\" } }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.test-mode.command = \"a\": ", "there is no such key"}},
    {"vm { kevm { port = 1, endpoints = (\"a:1\") } }",
     EXTVM_INVALID_ARGUMENT,
     {"endpoints say where the VM is, and so do host and port"}},
    /* options */
    {"vm {\n connect-timeout = 5 }",
     EXTVM_INVALID_ARGUMENT,
     {"base.conf:2: vm.connect-timeout = 5: ", "a number with a unit", "1ms to 1h"}},
    {"vm { connect-timeout = \"5\" }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.connect-timeout = \"5\": ", "a number with a unit", "1ms to 1h"}},
    {"vm { kevm { call-timeout = \"25h\" } }",
     EXTVM_OUT_OF_RANGE,
     {"vm.kevm.call-timeout = \"25h\": ", "1ms to 24h"}},
    {"vm { connect-retries = 1001 }", EXTVM_OUT_OF_RANGE, {"= 1001: ", "0 to 1000"}},
    {"vm { connect-retries = -1 }", EXTVM_OUT_OF_RANGE, {"= -1: ", "0 to 1000"}},
    {"vm { connect-retries = \"1\" }", EXTVM_INVALID_ARGUMENT, {"= \"1\": it must be an integer"}},
    {"vm { max-frame = true }", EXTVM_INVALID_ARGUMENT, {"max-frame = true: ", "1KiB to 1GiB"}},
    {"vm { max-frame = 99999999999999999999 }", EXTVM_OUT_OF_RANGE, {"1KiB to 1GiB"}},
    {"vm { block-hash = \"offset\" }", EXTVM_INVALID_ARGUMENT, {"vm, absolute or parent"}},
    {"vm { log-level = \"warn\" }",
     EXTVM_INVALID_ARGUMENT,
     {"vm.log-level = \"warn\": ", "did you mean warning?", "\"debug\""}},
    {"vm { log-level = 1 }", EXTVM_INVALID_ARGUMENT, {"log-level = 1: it must be a string"}},
    /* text */
    {"vm {\n kevm {\n port = 1\n port = 2 } }",
     EXTVM_INVALID_ARGUMENT,
     {"base.conf:4: duplicate setting name", "port = 2"}},
    {"vm { }\nvm { }", EXTVM_INVALID_ARGUMENT, {"base.conf:2: duplicate setting name"}},
    {"vm {\n vm-type = kevm }",
     EXTVM_INVALID_ARGUMENT,
     {"base.conf:2: syntax error", "vm-type = kevm"}},
    {"vm {\n vm-type = \"kevm }",
     EXTVM_INVALID_ARGUMENT,
     {"base.conf:2: a string begins here and does not end"}},
    {"vm {\n vm-type \"kevm\" }", EXTVM_INVALID_ARGUMENT, {"base.conf:2: there is a string where"}},
    {"vm {\n vm-type = 1, \"kevm\" }", EXTVM_INVALID_ARGUMENT, {"base.conf:2: there is a string"}},
    {"a = ( 1 \"b\" )", EXTVM_INVALID_ARGUMENT, {"base.conf:1: there is a string"}},
    {"a = ( 1 99999999999999999999 )", EXTVM_INVALID_ARGUMENT, {"base.conf:1: syntax error"}},
    {"vm { vm-type = \"internal\"", EXTVM_INVALID_ARGUMENT, {"base.conf:1: syntax error"}},
    {"\n\n@include \"/dev/null\"", EXTVM_INVALID_ARGUMENT, {"base.conf:3: @: ", "@include is off"}},
    {"vm { vm-type = \"internal\"\n\t @include \"/dev/null\"\n}",
     EXTVM_INVALID_ARGUMENT,
     {"base.conf:2: @: ", "@include is off"}},
};

static void each_slip_is_answered_with_its_place_and_what_is_allowed(void **context) {
    (void)context;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *refusal = &refusals[i];
        extvm_error error = {EXTVM_OK, ""};
        extvm_config *config = (extvm_config *)&error;
        extvm_status status =
            extvm_config_parse(refusal->text, "base.conf", 0, NULL, &config, &error);
        for (size_t j = 0; j < 4 && refusal->parts[j] != NULL; j++) {
            if (strstr(error.text, refusal->parts[j]) == NULL) {
                fail_msg("%s\n lacks \"%s\"", error.text, refusal->parts[j]);
            }
        }
        assert_int_equal(status, refusal->status);
        assert_int_equal(error.status, refusal->status);
        assert_null(config);
        assert_int_equal(extvm_config_parse(refusal->text, "base.conf", 0, NULL, &config, NULL),
                         refusal->status);
    }
}

static void groups_may_be_64_deep(void **context) {
    (void)context;
    for (size_t depth = 64; depth <= 65; depth++) {
        char text[512] = "vm { vm-type = \"internal\" }\nx = ";
        for (size_t i = 0; i < 2 * depth; i++) {
            strcat(text, i < depth ? "(" : ")");
        }
        extvm_config *config;
        extvm_error error;
        extvm_status status = extvm_config_parse(text, "base.conf", 0, NULL, &config, &error);
        assert_int_equal(status, depth == 64 ? EXTVM_OK : EXTVM_INVALID_ARGUMENT);
        assert_true(depth == 64 || strstr(error.text, "base.conf:2: a group or list") != NULL);
        extvm_config_free(config);
    }
}

static void a_long_name_of_a_file_does_not_hide_the_line(void **context) {
    char origin[2000];
    extvm_config *config;
    extvm_error error;
    (void)context;
    memset(origin, 'a', sizeof origin);
    strcpy(origin + sizeof origin - sizeof "/base.conf", "/base.conf");
    extvm_config_parse("vm {\n porrt = 1 }", origin, 0, NULL, &config, &error);
    assert_non_null(strstr(error.text, "a/base.conf:2: vm.porrt = 1: there is no such key"));
}

static void an_error_is_one_line_whatever_the_file_holds(void **context) {
    static const char *const texts[] = {"vm { kevm { endpoints = (\"a\nb\") } }",
                                        "vm { vm-type = \"ke\nvm\" }", "vm = \"\n\""};
    (void)context;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        extvm_config *config;
        extvm_error error;
        assert_int_equal(extvm_config_parse(texts[i], "a\nb", 0, NULL, &config, &error),
                         EXTVM_INVALID_ARGUMENT);
        assert_null(strchr(error.text, '\n'));
    }
}

static void missing_arguments_are_refused(void **context) {
    extvm_config *config;
    extvm_vm *vm;
    (void)context;
    assert_int_equal(extvm_config_parse(NULL, NULL, 0, NULL, &config, NULL),
                     EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_config_parse("", NULL, 0, NULL, NULL, NULL), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_config_load(NULL, 0, NULL, &config, NULL), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_config_load("x", 0, NULL, NULL, NULL), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_config_open(NULL, NULL, &vm, NULL), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_open_config("vm {", NULL, NULL, NULL), EXTVM_INVALID_ARGUMENT);
    extvm_config_free(NULL);
}

/* -- files -- */

struct folder {
    char path[64];
    char file[96];
};

static int make_folder(void **context) {
    struct folder *folder = calloc(1, sizeof *folder);
    *context = folder;
    strcpy(folder->path, "/tmp/extvm_config_XXXXXX");
    if (folder == NULL || mkdtemp(folder->path) == NULL) {
        return 1;
    }
    snprintf(folder->file, sizeof folder->file, "%s/base.conf", folder->path);
    return 0;
}

static int remove_folder(void **context) {
    struct folder *folder = *context;
    char other[96];
    snprintf(other, sizeof other, "%s/other.conf", folder->path);
    unlink(folder->file);
    unlink(other);
    rmdir(folder->path);
    free(folder);
    return 0;
}

static void write_file(const char *path, const void *content, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void a_file_is_loaded_and_named_in_its_errors(void **context) {
    const struct folder *folder = *context;
    extvm_config *config;
    extvm_error error;
    write_file(folder->file, operators_text, strlen(operators_text));
    assert_int_equal(extvm_config_load(folder->file, 0, NULL, &config, &error), EXTVM_OK);
    assert_string_equal(extvm_config_vm_type(config), "internal");
    extvm_config_free(config);
    write_file(folder->file, "vm {\nx = 1 }", 12);
    assert_int_equal(extvm_config_load(folder->file, 0, NULL, &config, &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, folder->file));
    assert_non_null(strstr(error.text, "base.conf:2: vm.x = 1"));
    write_file(folder->file, "vm {\0}", 6);
    assert_int_equal(extvm_config_load(folder->file, 0, NULL, &config, &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "NUL"));
    unlink(folder->file);
    assert_int_equal(extvm_config_load(folder->file, 0, NULL, &config, &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "No such file"));
    assert_int_equal(extvm_config_load(folder->path, 0, NULL, &config, &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_config_load("/dev/zero", 0, NULL, &config, &error), EXTVM_OUT_OF_RANGE);
    assert_non_null(strstr(error.text, "1048576"));
}

static void a_file_is_included_only_when_that_is_asked_for(void **context) {
    const struct folder *folder = *context;
    static const char text[] = "vm {\n@include \"other.conf\"\n}\n";
    char other[96];
    extvm_config *config;
    extvm_error error;
    snprintf(other, sizeof other, "%s/other.conf", folder->path);
    write_file(folder->file, text, strlen(text));
    write_file(other, "\nvm-type = \"kevm\"\n", 18);
    assert_int_equal(extvm_config_load(folder->file, 0, NULL, &config, &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "base.conf:2: @"));
    assert_int_equal(extvm_config_load(folder->file, EXTVM_CONFIG_INCLUDE, NULL, &config, &error),
                     EXTVM_OK);
    assert_string_equal(extvm_config_vm_type(config), "kevm");
    extvm_config_free(config);
    write_file(other, "\nvm-type = \"kevn\"\n", 18);
    assert_int_equal(extvm_config_load(folder->file, EXTVM_CONFIG_INCLUDE, NULL, &config, &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "other.conf:2: vm.vm-type = \"kevn\""));
    write_file(other, "\nvm-type = \n", 12);
    assert_int_equal(extvm_config_load(folder->file, EXTVM_CONFIG_INCLUDE, NULL, &config, &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "syntax error"));
}

static void the_shipped_file_is_right_and_its_comments_are_the_defaults(void **context) {
    extvm_config *config;
    extvm_error error = {EXTVM_OK, ""};
    char *text = calloc(1, 16384), line[256];
    (void)context;
    FILE *file = fopen("conf/base.conf", "r");
    assert_non_null(file);
    assert_int_equal(extvm_config_load("conf/base.conf", 0, NULL, &config, &error), EXTVM_OK);
    assert_string_equal(extvm_config_vm_type(config), "internal");
    extvm_config_free(config);
    /* The same file with its options no longer in comments. */
    while (fgets(line, sizeof line, file) != NULL) {
        bool option = strncmp(line, "  # ", 4) == 0 && strstr(line, " = ") != NULL &&
                      strncmp(line, "  #  ", 5) != 0;
        strcat(text, option ? line + 4 : line);
    }
    fclose(file);
    config = parsed(text);
    extvm_options *defaults = extvm_options_new(NULL), *options = extvm_options_new(NULL);
    extvm_config_apply(config, options);
    for (size_t i = 0; extvm_options_name(i) != NULL; i++) {
        assert_true((options->given & (UINT32_C(1) << i)) != 0);
    }
    assert_memory_equal(&options->settings, &defaults->settings, sizeof options->settings);
    extvm_log_level level;
    assert_true(extvm_config_log_level(config, &level));
    assert_int_equal(level, EXTVM_LOG_WARNING);
    extvm_options_free(options);
    extvm_options_free(defaults);
    extvm_config_free(config);
    free(text);
}

/* -- the environment -- */

static int clear_environment(void **context) {
    (void)context;
    static const char *const names[] = {"EXTVM_VM_TYPE", "EXTVM_HOST", "EXTVM_PORT",
                                        "EXTVM_CONFIG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unsetenv(names[i]);
    }
    return 0;
}

static void check_environment(const char *text, const char *address) {
    extvm_config *config;
    extvm_error error = {EXTVM_OK, ""};
    extvm_config_parse(text, "base.conf", EXTVM_CONFIG_ENVIRONMENT, NULL, &config, &error);
    assert_string_equal(error.text, "");
    assert_string_equal(extvm_config_address(config), address);
    extvm_config_free(config);
}

static void the_environment_is_over_the_file_when_it_is_wanted(void **context) {
    (void)context;
    setenv("EXTVM_VM_TYPE", "kevm", 1);
    check_environment(operators_text, "kevm://127.0.0.1:8888");
    check_environment("vm { }", "kevm://127.0.0.1:8888");
    setenv("EXTVM_HOST", "vm.example", 1);
    check_environment(operators_text, "kevm://vm.example:8888");
    setenv("EXTVM_PORT", "77", 1);
    check_environment(operators_text, "kevm://vm.example:77");
    check_environment("vm { kevm { endpoints = (\"unix:/run/x\") } }", "kevm://vm.example:77");
    check_address(operators_text, "internal"); /* not wanted */
    setenv("EXTVM_VM_TYPE", "", 1);
    setenv("EXTVM_HOST", "", 1);
    setenv("EXTVM_PORT", "", 1);
    check_environment(operators_text, "internal");
}

static void a_variable_that_is_wrong_is_named(void **context) {
    static const char *const wrong[][3] = {
        {"EXTVM_VM_TYPE", "kevn", "did you mean kevm?"},
        {"EXTVM_HOST", "a b", "it is no host"},
        {"EXTVM_PORT", "65536", "1 to 65535"},
        {"EXTVM_PORT", "99999999999999999999", "1 to 65535"},
        {"EXTVM_PORT", "0", "1 to 65535"},
        {"EXTVM_PORT", "12x", "it must be a number"},
        {"EXTVM_PORT", "-1", "it must be a number"},
    };
    (void)context;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        extvm_config *config;
        extvm_error error = {EXTVM_OK, ""};
        setenv(wrong[i][0], wrong[i][1], 1);
        assert_int_not_equal(extvm_config_parse(operators_text, NULL, EXTVM_CONFIG_ENVIRONMENT,
                                                NULL, &config, &error),
                             EXTVM_OK);
        for (size_t j = 0; j < 3; j++) {
            assert_non_null(strstr(error.text, wrong[i][j]));
        }
        assert_null(config);
        unsetenv(wrong[i][0]);
    }
}

static void the_environment_names_the_file_where_nobody_else_does(void **context) {
    extvm_config *config;
    extvm_vm *vm;
    extvm_error error;
    (void)context;
    setenv("EXTVM_CONFIG", "conf/base.conf", 1);
    assert_int_equal(extvm_config_load(NULL, EXTVM_CONFIG_ENVIRONMENT, NULL, &config, &error),
                     EXTVM_OK);
    extvm_config_free(config);
    assert_int_equal(extvm_config_load(NULL, 0, NULL, &config, &error), EXTVM_INVALID_ARGUMENT);
    assert_int_equal(extvm_open_config(NULL, NULL, &vm, &error), EXTVM_OK);
    extvm_close(vm);
    unsetenv("EXTVM_CONFIG");
    assert_int_equal(extvm_open_config(NULL, NULL, &vm, &error), EXTVM_INVALID_ARGUMENT);
    assert_null(vm);
}

/* -- opening -- */

static void one_line_opens_the_vm_of_a_file_or_of_a_text(void **context) {
    extvm_vm *vm = NULL;
    extvm_error error = {EXTVM_OK, ""};
    (void)context;
    assert_int_equal(extvm_open_config("conf/base.conf", NULL, &vm, &error), EXTVM_OK);
    extvm_close(vm);
    assert_int_equal(extvm_open_config(operators_text, NULL, &vm, &error), EXTVM_OK);
    extvm_close(vm);
    assert_int_equal(extvm_open_config("vm { vm-type = \"kevm\" }", NULL, &vm, &error), EXTVM_OK);
    extvm_close(vm);
    assert_int_equal(extvm_open_config("vm { vm-type = \"kevn\" }", NULL, &vm, &error),
                     EXTVM_INVALID_ARGUMENT);
    assert_null(vm);
    assert_non_null(strstr(error.text, "did you mean kevm?"));
    assert_int_equal(extvm_open_config("no/such/file", NULL, &vm, &error), EXTVM_INVALID_ARGUMENT);
    assert_null(vm);
}

static void opening_leaves_the_programs_options_as_they_were(void **context) {
    extvm_vm *vm = NULL;
    (void)context;
    extvm_options *options = extvm_options_new(NULL);
    extvm_config *config = parsed("vm { vm-type = \"internal\", call-retries = 9 }");
    assert_int_equal(extvm_config_open(config, options, &vm, NULL), EXTVM_OK);
    assert_int_equal(options->settings.call_retries, 1);
    assert_int_equal(options->given, 0);
    extvm_close(vm);
    extvm_config_free(config);
    extvm_options_free(options);
}

static void command_without_memory_is_a_clean_error(void **context) {
    static const char text[] = "vm { vm-type = \"kevm\", kevm { command = \"a\" }\n"
                               "iele { command = \"b\" } }";
    extvm_config *config = NULL;
    (void)context;
    for (size_t fail_at = 1; config == NULL; fail_at++) {
        struct scarce_memory scarce = {.fail_at = fail_at};
        const extvm_allocator allocator = scarce_memory_allocator(&scarce);
        extvm_status status = extvm_config_parse(text, NULL, 0, &allocator, &config, NULL);
        assert_int_equal(status, config != NULL ? EXTVM_OK : EXTVM_NO_MEMORY);
        assert_true(config == NULL || fail_at > 3);
        extvm_config_free(config);
        assert_int_equal(scarce.live, 0);
    }
}

static void without_memory_there_is_a_clean_error(void **context) {
    (void)context;
    for (size_t fail_at = 1;; fail_at++) {
        struct scarce_memory scarce = {.fail_at = fail_at};
        const extvm_allocator allocator = scarce_memory_allocator(&scarce);
        extvm_config *config;
        extvm_error error;
        extvm_status status = extvm_config_load("conf/base.conf", 0, &allocator, &config, &error);
        extvm_config_free(config);
        assert_int_equal(scarce.live, 0);
        if (status == EXTVM_OK) {
            assert_true(fail_at > 3 && scarce.allocations < fail_at);
            return;
        }
        assert_int_equal(status, EXTVM_NO_MEMORY);
        assert_int_equal(error.status, EXTVM_NO_MEMORY);
        assert_null(config);
    }
}

static void names_are_near_by_slips_of_the_pen_only(void **context) {
    (void)context;
    assert_int_equal(extvm_name_distance("port", "port"), 0);
    assert_int_equal(extvm_name_distance("PORT", "port"), 0);
    assert_int_equal(extvm_name_distance("prot", "port"), 1);
    assert_int_equal(extvm_name_distance("por", "port"), 1);
    assert_int_equal(extvm_name_distance("ports", "port"), 1);
    assert_int_equal(extvm_name_distance("conect-timout", "connect-timeout"), 2);
    assert_int_equal(extvm_name_distance("host", "port"), SIZE_MAX);
    assert_int_equal(extvm_name_distance("", "port"), SIZE_MAX);
    assert_int_equal(extvm_name_distance("a name much longer than any that there is here", "a"),
                     SIZE_MAX);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
#define ENVIRONMENT(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, clear_environment, clear_environment)

int main(void) {
    clear_environment(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_operators_file_loads_in_both_spellings),
        cmocka_unit_test(each_vm_type_gets_its_address),
        cmocka_unit_test(this_librarys_own_vms_are_of_the_protocol_that_the_key_says),
        cmocka_unit_test(hosts_ports_and_endpoints_become_addresses),
        cmocka_unit_test(command_is_that_of_the_vm_that_is_used),
        cmocka_unit_test(what_stands_around_the_section_is_not_ours),
        cmocka_unit_test(every_option_can_stand_in_the_file),
        cmocka_unit_test(the_group_goes_before_the_section_and_the_program_before_both),
        cmocka_unit_test(the_log_level_is_known_to_be_given_or_not),
        cmocka_unit_test(each_slip_is_answered_with_its_place_and_what_is_allowed),
        cmocka_unit_test(groups_may_be_64_deep),
        cmocka_unit_test(a_long_name_of_a_file_does_not_hide_the_line),
        cmocka_unit_test(an_error_is_one_line_whatever_the_file_holds),
        cmocka_unit_test(missing_arguments_are_refused),
        IN_FOLDER(a_file_is_loaded_and_named_in_its_errors),
        IN_FOLDER(a_file_is_included_only_when_that_is_asked_for),
        cmocka_unit_test(the_shipped_file_is_right_and_its_comments_are_the_defaults),
        ENVIRONMENT(the_environment_is_over_the_file_when_it_is_wanted),
        ENVIRONMENT(a_variable_that_is_wrong_is_named),
        ENVIRONMENT(the_environment_names_the_file_where_nobody_else_does),
        cmocka_unit_test(one_line_opens_the_vm_of_a_file_or_of_a_text),
        cmocka_unit_test(opening_leaves_the_programs_options_as_they_were),
        cmocka_unit_test(command_without_memory_is_a_clean_error),
        cmocka_unit_test(without_memory_there_is_a_clean_error),
        cmocka_unit_test(names_are_near_by_slips_of_the_pen_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
