/* Where a VM listens: the addresses a user may write, and what is said of the others. */
#include "support/cmocka.h"

#include <string.h>

#include <extvm/vm.h>

#include "common/endpoint.h"

static void host_and_port_are_taken_apart(void **context) {
    (void)context;
    static const struct {
        const char *text, *host, *port;
    } rows[] = {
        {"127.0.0.1:8888", "127.0.0.1", "8888"}, {"kevm.example.org:1", "kevm.example.org", "1"},
        {"[::1]:65535", "::1", "65535"},         {"[fe80::1%eth0]:80", "fe80::1%eth0", "80"},
        {"localhost:00080", "localhost", "80"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct endpoint endpoint;
        assert_int_equal(endpoint_parse_tcp(&endpoint, "kevm://x", rows[i].text, NULL), EXTVM_OK);
        assert_false(endpoint.is_unix);
        assert_string_equal(endpoint.host, rows[i].host);
        assert_string_equal(endpoint.port, rows[i].port);
        assert_string_equal(endpoint.text, "kevm://x");
    }
}

static void an_address_that_names_no_port_is_refused(void **context) {
    (void)context;
    static const struct {
        const char *text;
        extvm_status status;
    } rows[] = {
        {"", EXTVM_INVALID_ARGUMENT},
        {"localhost", EXTVM_INVALID_ARGUMENT},
        {"localhost:", EXTVM_INVALID_ARGUMENT},
        {":8888", EXTVM_INVALID_ARGUMENT},
        {"[]:8888", EXTVM_INVALID_ARGUMENT},
        {"[::1]", EXTVM_INVALID_ARGUMENT},
        {"[::1]8888", EXTVM_INVALID_ARGUMENT},
        {"[::1:8888", EXTVM_INVALID_ARGUMENT},
        {"::1:8888", EXTVM_INVALID_ARGUMENT},
        {"a:80x", EXTVM_INVALID_ARGUMENT},
        {"a:-1", EXTVM_INVALID_ARGUMENT},
        {"a: 80", EXTVM_INVALID_ARGUMENT},
        {"a:0", EXTVM_OUT_OF_RANGE},
        {"a:65536", EXTVM_OUT_OF_RANGE},
        {"a:99999999999999999999999", EXTVM_OUT_OF_RANGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct endpoint endpoint;
        extvm_error error;
        assert_int_equal(endpoint_parse_tcp(&endpoint, "kevm://bad", rows[i].text, &error),
                         rows[i].status);
        assert_non_null(strstr(error.text, "kevm://bad"));
    }
}

static void names_that_are_too_long_are_refused_and_not_cut(void **context) {
    (void)context;
    struct endpoint endpoint;
    char text[2 * NI_MAXHOST];
    memset(text, 'a', sizeof text);
    strcpy(text + NI_MAXHOST, ":80");
    assert_int_equal(endpoint_parse_tcp(&endpoint, "kevm://x", text, NULL), EXTVM_OUT_OF_RANGE);
    assert_int_equal(endpoint_parse_tcp(&endpoint, text, "a:80", NULL), EXTVM_OUT_OF_RANGE);
    strcpy(text + NI_MAXHOST - 1, ":80");
    assert_int_equal(endpoint_parse_tcp(&endpoint, "kevm://x", text, NULL), EXTVM_OK);
    assert_int_equal(strlen(endpoint.host), NI_MAXHOST - 1);
}

static void a_unix_sockets_path_fits_the_kernel_or_is_refused(void **context) {
    (void)context;
    struct endpoint endpoint;
    char path[200];
    assert_int_equal(endpoint_parse_unix(&endpoint, "kevm+unix:/run/k", "/run/k", NULL), EXTVM_OK);
    assert_true(endpoint.is_unix);
    assert_string_equal(endpoint.path, "/run/k");
    assert_int_equal(endpoint_parse_unix(&endpoint, "kevm+unix:", "", NULL),
                     EXTVM_INVALID_ARGUMENT);
    memset(path, 'p', sizeof path);
    path[107] = '\0';
    assert_int_equal(endpoint_parse_unix(&endpoint, "x", path, NULL), EXTVM_OK);
    strcpy(path + 107, "p");
    assert_int_equal(endpoint_parse_unix(&endpoint, "x", path, NULL), EXTVM_OUT_OF_RANGE);
}

static void an_address_of_no_kind_of_vm_is_answered_with_the_kinds(void **context) {
    (void)context;
    static const char *const bad[] = {"",           "kevm",       "kevm:",     "kevm:/a:1",
                                      "http://a:1", "KEVM://a:1", "kevm+tcp:a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        extvm_vm *vm = (extvm_vm *)(uintptr_t)1;
        extvm_error error;
        assert_int_equal(extvm_open(bad[i], NULL, &vm, &error), EXTVM_INVALID_ARGUMENT);
        assert_null(vm);
        assert_non_null(strstr(error.text, "kevm://HOST:PORT"));
        assert_non_null(strstr(error.text, bad[i]));
    }
    assert_int_equal(extvm_open(NULL, NULL, NULL, NULL), EXTVM_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_and_port_are_taken_apart),
        cmocka_unit_test(an_address_that_names_no_port_is_refused),
        cmocka_unit_test(names_that_are_too_long_are_refused_and_not_cut),
        cmocka_unit_test(a_unix_sockets_path_fits_the_kernel_or_is_refused),
        cmocka_unit_test(an_address_of_no_kind_of_vm_is_answered_with_the_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
