/* The command that starts a VM: its words, what stands for the endpoint, and where the program is
 * looked for. */
#include "support/cmocka.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spawn/program.h"
#include "support/scarce_memory.h"

static struct endpoint tcp_endpoint(const char *text) {
    struct endpoint endpoint;
    assert_int_equal(endpoint_parse_tcp(&endpoint, text, text, NULL), EXTVM_OK);
    return endpoint;
}

static struct endpoint unix_endpoint(const char *path) {
    struct endpoint endpoint;
    assert_int_equal(endpoint_parse_unix(&endpoint, path, path, NULL), EXTVM_OK);
    return endpoint;
}

/* `expected`: the words after the first, with a | between. */
static void check_words(const struct endpoint *endpoint, const char *rest, const char *expected) {
    char command[512], joined[512] = "";
    struct program program;
    extvm_error error = {EXTVM_OK, ""};
    snprintf(command, sizeof command, "/bin/sh%s", rest);
    if (program_make(&program, command, "kevm", endpoint, extvm_default_allocator(), &error) !=
        EXTVM_OK) {
        fail_msg("%s: %s", command, error.text);
    }
    assert_string_equal(program.words[0], "/bin/sh");
    for (char **word = program.words + 1; *word != NULL; word++) {
        strcat(joined, *word);
        strcat(joined, word[1] != NULL ? "|" : "");
    }
    assert_string_equal(joined, expected);
    program_free(&program);
}

static void words_are_split_and_quoted_without_a_shell(void **context) {
    static const char *const words[][2] = {
        {"", ""},
        {"  a \t b\n c  ", "a|b|c"},
        {" 'a b' \"c d\"", "a b|c d"},
        {" a'b c'd\"e f\"g", "ab cde fg"},
        {" '' \"\" x", "||x"},
        {" a\\ b \\' \\\" \\\\", "a b|'|\"|\\"},
        {" \"a\\\"b\\\\c\\d\"", "a\"b\\c\\d"},
        {" 'a\\b' 'it\"s'", "a\\b|it\"s"},
        {" $HOME ~ *.c `id` a;b|c>d", "$HOME|~|*.c|`id`|a;b|c>d"},
        {" end\\", "end\\"},
    };
    (void)context;
    const struct endpoint endpoint = tcp_endpoint("127.0.0.1:8888");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        check_words(&endpoint, words[i][0], words[i][1]);
    }
}

static void placeholders_stand_for_the_endpoint(void **context) {
    (void)context;
    struct endpoint endpoint = tcp_endpoint("127.0.0.1:8888");
    check_words(&endpoint, " {port} {host}", "8888|127.0.0.1");
    check_words(&endpoint, " --at={host}:{port}{port}", "--at=127.0.0.1:88888888");
    check_words(&endpoint, " \"{host} {port}\" '{port}' \\{port}", "127.0.0.1 8888|{port}|{port}");
    check_words(&endpoint, " {} {PORT} {1} {a {\"k\":1}", "{}|{PORT}|{1}|{a|{k:1}");
    endpoint = tcp_endpoint("[::1]:1");
    check_words(&endpoint, " [{host}]:{port}", "[::1]:1");
    endpoint = unix_endpoint("/run/a 'vm' {port}");
    check_words(&endpoint, " -s {path}", "-s|/run/a 'vm' {port}");
}

static void check_refused(const struct endpoint *endpoint, const char *command,
                          extvm_status expected, const char *part) {
    struct program program;
    extvm_error error = {EXTVM_OK, ""};
    assert_int_equal(
        program_make(&program, command, "kevm", endpoint, extvm_default_allocator(), &error),
        expected);
    if (strstr(error.text, part) == NULL) {
        fail_msg("\"%s\" has no \"%s\"", error.text, part);
    }
}

static void command_that_means_nothing_is_refused_with_its_reason(void **context) {
    (void)context;
    const struct endpoint tcp = tcp_endpoint("127.0.0.1:8888"), local = unix_endpoint("/run/vm");
    check_refused(&tcp, "", EXTVM_INVALID_ARGUMENT, "empty");
    check_refused(&tcp, " \t\n", EXTVM_INVALID_ARGUMENT, "empty");
    check_refused(&tcp, "/bin/sh 'a", EXTVM_INVALID_ARGUMENT, "a ' that is not closed");
    check_refused(&tcp, "/bin/sh \"a\\\"", EXTVM_INVALID_ARGUMENT, "a \" that is not closed");
    check_refused(&tcp, "/bin/sh {prot}", EXTVM_INVALID_ARGUMENT, "{prot}: allowed are {host}");
    check_refused(&tcp, "/bin/sh {path}", EXTVM_INVALID_ARGUMENT, "{path}");
    check_refused(&local, "/bin/sh {port}", EXTVM_INVALID_ARGUMENT, "allowed is {path}");
    check_refused(&local, "/bin/sh {host}", EXTVM_INVALID_ARGUMENT, "{host}");
    char *many = calloc(1, COMMAND_MAXIMUM + 16);
    strcpy(many, "/bin/sh");
    for (unsigned i = 0; i < PROGRAM_WORDS; i++) {
        strcat(many, " a");
    }
    check_refused(&tcp, many, EXTVM_OUT_OF_RANGE, "256 words");
    memset(many, 'a', COMMAND_MAXIMUM + 1);
    check_refused(&tcp, many, EXTVM_OUT_OF_RANGE, "16385 characters");
    free(many);
}

/* -- where the program is -- */

/* A folder with programs that can be run, and one that cannot. */
struct shelf {
    char folder[64], path[4096];
};

static void place_file(const struct shelf *shelf, const char *name, mode_t mode) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", shelf->folder, name);
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    fchmod(file, mode);
    close(file);
}

static int shelf_begin(void **context) {
    struct shelf *shelf = calloc(1, sizeof *shelf);
    strcpy(shelf->folder, "/tmp/extvm-program-XXXXXX");
    assert_non_null(mkdtemp(shelf->folder));
    place_file(shelf, "kevm-vm", 0700);
    place_file(shelf, "other", 0700);
    place_file(shelf, "text", 0600);
    snprintf(shelf->path, sizeof shelf->path, "%s", getenv("PATH"));
    unsetenv("EXTVM_KEVM");
    unsetenv("EXTVM_IELE");
    *context = shelf;
    return 0;
}

static int shelf_end(void **context) {
    static const char *const names[] = {"kevm-vm", "other", "text"};
    struct shelf *shelf = *context;
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", shelf->folder, names[i]);
        unlink(path);
    }
    rmdir(shelf->folder);
    setenv("PATH", shelf->path, 1);
    unsetenv("EXTVM_KEVM");
    unsetenv("EXTVM_IELE");
    free(shelf);
    return 0;
}

/* `%s` in what is given stands for the folder. */
static void set_variable(const struct shelf *shelf, const char *name, const char *format) {
    char value[256];
    snprintf(value, sizeof value, format, shelf->folder); /* NOLINT: formats of this file */
    setenv(name, value, 1);
}

/* NULL: it is not found. */
static void check_found(const struct shelf *shelf, const char *command, const char *kind,
                        const char *expected) {
    char text[256], path[256];
    struct program program;
    extvm_error error = {EXTVM_OK, ""};
    const struct endpoint endpoint = tcp_endpoint("127.0.0.1:8888");
    snprintf(text, sizeof text, command, shelf->folder); /* NOLINT */
    extvm_status status =
        program_make(&program, text, kind, &endpoint, extvm_default_allocator(), &error);
    assert_int_equal(status, expected != NULL ? EXTVM_OK : EXTVM_INVALID_ARGUMENT);
    if (status == EXTVM_OK) {
        snprintf(path, sizeof path, expected, shelf->folder); /* NOLINT */
        assert_string_equal(program.path, path);
        program_free(&program);
    }
}

static void program_is_taken_as_given_then_from_its_variable_then_from_path(void **context) {
    const struct shelf *shelf = *context;
    set_variable(shelf, "PATH", "/no/such/folder::%s:/bin");
    check_found(shelf, "%s/other", "kevm", "%s/other");
    check_found(shelf, "kevm-vm {port}", "kevm", "%s/kevm-vm");
    set_variable(shelf, "EXTVM_KEVM", "%s/other");
    check_found(shelf, "kevm-vm {port}", "kevm", "%s/other");
    check_found(shelf, "kevm-vm {port}", "iele", "%s/kevm-vm"); /* it is KEVM's */
    check_found(shelf, "/no/such/kevm-vm {port}", "kevm", "%s/other");
    check_found(shelf, "%s/kevm-vm {port}", "kevm", "%s/kevm-vm");
    set_variable(shelf, "EXTVM_IELE", "%s/other");
    check_found(shelf, "kevm-vm {port}", "iele", "%s/other");
    set_variable(shelf, "EXTVM_KEVM", "");
    check_found(shelf, "kevm-vm {port}", "kevm", "%s/kevm-vm");
}

static void what_cannot_be_run_is_no_program(void **context) {
    const struct shelf *shelf = *context;
    set_variable(shelf, "PATH", "%s");
    check_found(shelf, "text", "kevm", NULL);
    check_found(shelf, "%s/text", "kevm", NULL);
    check_found(shelf, "%s", "kevm", NULL); /* a folder */
    check_found(shelf, "no-such-vm", "kevm", NULL);
    set_variable(shelf, "PATH", "");
    check_found(shelf, "kevm-vm", "kevm", NULL);
    set_variable(shelf, "EXTVM_KEVM", "%s/text"); /* a mistake that is told, not passed over */
    set_variable(shelf, "PATH", "%s");
    check_found(shelf, "kevm-vm", "kevm", NULL);
    check_found(shelf, "%s/kevm-vm", "kevm", "%s/kevm-vm");
}

static void environment_is_the_one_of_the_opening(void **context) {
    const struct shelf *shelf = *context;
    struct program program;
    const struct endpoint endpoint = tcp_endpoint("127.0.0.1:8888");
    set_variable(shelf, "EXTVM_IELE", "before");
    assert_int_equal(
        program_make(&program, "/bin/sh", "kevm", &endpoint, extvm_default_allocator(), NULL),
        EXTVM_OK);
    set_variable(shelf, "EXTVM_IELE", "after");
    size_t found = 0;
    for (char **one = program.environment; *one != NULL; one++) {
        found += strcmp(*one, "EXTVM_IELE=before") == 0 ? 1 : 0;
        assert_string_not_equal(*one, "EXTVM_IELE=after");
    }
    assert_int_equal(found, 1);
    program_free(&program);
}

static void memory_that_runs_out_is_a_clean_status(void **context) {
    (void)context;
    const struct endpoint endpoint = tcp_endpoint("127.0.0.1:8888");
    bool made = false;
    for (size_t at = 1; !made; at++) {
        struct program program;
        struct scarce_memory scarce = {.fail_at = at};
        extvm_allocator allocator = scarce_memory_allocator(&scarce);
        extvm_status status =
            program_make(&program, "sh {host} {port}", "kevm", &endpoint, &allocator, NULL);
        made = status == EXTVM_OK;
        assert_true(made || status == EXTVM_NO_MEMORY);
        if (made) {
            assert_true(at > 2);
            program_free(&program);
        }
        assert_int_equal(scarce.live, 0);
    }
}

#define ON_SHELF(test) cmocka_unit_test_setup_teardown(test, shelf_begin, shelf_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_split_and_quoted_without_a_shell),
        cmocka_unit_test(placeholders_stand_for_the_endpoint),
        cmocka_unit_test(command_that_means_nothing_is_refused_with_its_reason),
        ON_SHELF(program_is_taken_as_given_then_from_its_variable_then_from_path),
        ON_SHELF(what_cannot_be_run_is_no_program),
        ON_SHELF(environment_is_the_one_of_the_opening),
        cmocka_unit_test(memory_that_runs_out_is_a_clean_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
