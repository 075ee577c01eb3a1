/* Statuses and the caller's error text. */
#include "support/cmocka.h"

#include <string.h>

#include "common/error.h"

static void every_status_has_a_name_of_its_own_and_a_class(void **context) {
    (void)context;
    static const struct {
        extvm_status first;
        extvm_status_class status_class;
    } classes[] = {
        {EXTVM_OK, EXTVM_CLASS_OK},
        {EXTVM_INVALID_ARGUMENT, EXTVM_CLASS_USAGE},
        {EXTVM_UNREACHABLE, EXTVM_CLASS_UNREACHABLE},
        {EXTVM_VERSION_REJECTED, EXTVM_CLASS_REJECTED},
        {EXTVM_VM_CLOSED, EXTVM_CLASS_BROKEN},
        {EXTVM_DEADLINE_PASSED, EXTVM_CLASS_DEADLINE},
        {EXTVM_WORLD_FAILED, EXTVM_CLASS_NODE},
    };
    enum { CLASSES = sizeof classes / sizeof classes[0] };
    size_t at = 0;
    for (int status = EXTVM_OK; status <= EXTVM_SYSTEM_ERROR; status++) {
        if (at + 1 < CLASSES && status == (int)classes[at + 1].first) {
            at++;
        }
        const char *name = extvm_status_name((extvm_status)status);
        assert_string_not_equal(name, "unknown-status");
        assert_int_equal(extvm_status_classify((extvm_status)status), classes[at].status_class);
        for (int other = EXTVM_OK; other < status; other++) {
            assert_string_not_equal(name, extvm_status_name((extvm_status)other));
        }
    }
    assert_int_equal(at, CLASSES - 1);
}

static void a_number_that_is_no_status_does_no_harm(void **context) {
    (void)context;
    assert_string_equal(extvm_status_name((extvm_status)(EXTVM_SYSTEM_ERROR + 1)),
                        "unknown-status");
    assert_string_equal(extvm_status_name((extvm_status)-1), "unknown-status");
    assert_int_equal(extvm_status_classify((extvm_status)-1), EXTVM_CLASS_NODE);
}

static void an_error_carries_its_status_and_text(void **context) {
    (void)context;
    extvm_error error;
    assert_int_equal(error_set(&error, EXTVM_VM_CLOSED, "%s %d", "peer", 7), EXTVM_VM_CLOSED);
    assert_int_equal(error.status, EXTVM_VM_CLOSED);
    assert_string_equal(error.text, "peer 7");
    assert_int_equal(error_set(NULL, EXTVM_VM_RESET, "x"), EXTVM_VM_RESET);
    assert_int_equal(error_no_memory(&error, "a bridge"), EXTVM_NO_MEMORY);
    assert_non_null(strstr(error.text, "a bridge"));
}

static void a_text_that_is_too_long_is_cut_and_ends(void **context) {
    (void)context;
    extvm_error error;
    char text[3 * EXTVM_ERROR_TEXT_SIZE];
    memset(text, 'e', sizeof text);
    text[sizeof text - 1] = '\0';
    error_set(&error, EXTVM_VM_CLOSED, "%s", text);
    assert_int_equal(strlen(error.text), EXTVM_ERROR_TEXT_SIZE - 1);
    error_prefix(&error, "kevm://a:1");
    assert_int_equal(strlen(error.text), EXTVM_ERROR_TEXT_SIZE - 1);
    assert_memory_equal(error.text, "kevm://a:1: eee", 15);
}

static void a_prefix_goes_before_the_text_unless_it_would_drown_it(void **context) {
    (void)context;
    extvm_error error;
    char prefix[EXTVM_ERROR_TEXT_SIZE];
    error_set(&error, EXTVM_VM_CLOSED, "gone");
    error_prefix(&error, "kevm://a:1");
    assert_string_equal(error.text, "kevm://a:1: gone");
    error_prefix(&error, "");
    assert_string_equal(error.text, ": kevm://a:1: gone");
    memset(prefix, 'p', sizeof prefix);
    prefix[400] = '\0';
    error_prefix(&error, prefix);
    assert_string_equal(error.text, ": kevm://a:1: gone");
    error_prefix(NULL, "x");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_of_its_own_and_a_class),
        cmocka_unit_test(a_number_that_is_no_status_does_no_harm),
        cmocka_unit_test(an_error_carries_its_status_and_text),
        cmocka_unit_test(a_text_that_is_too_long_is_cut_and_ends),
        cmocka_unit_test(a_prefix_goes_before_the_text_unless_it_would_drown_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
