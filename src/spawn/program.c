/* A command line, without a shell: its words, what stands for the endpoint, and where the program
 * is (extvm/spawn.h says the rules to users). */
#include "program.h"

#include <ctype.h>
#include <fcntl.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"

enum { TEXT_MAXIMUM = 256 * 1024 /* bytes, of all words */ };

/* -- words -- */

struct splitter {
    const char *at; /* in the command */
    const struct endpoint *endpoint;
    struct buffer *text; /* the words, each with a NUL */
    extvm_error *error;
};

static extvm_status append(struct splitter *splitter, const char *text, size_t size) {
    return buffer_append(splitter->text, text, size)
               ? EXTVM_OK
               : error_no_memory(splitter->error, "the command of a VM");
}

/* The characters between the braces that open here; 0 when they are none that name something. */
static size_t name_length(const char *brace) {
    size_t length = 0;
    while (islower((unsigned char)brace[1 + length])) {
        length++;
    }
    return brace[1 + length] == '}' ? length : 0;
}

static extvm_status append_place(struct splitter *splitter, size_t length) {
    const struct endpoint *endpoint = splitter->endpoint;
    const struct {
        const char *name, *value;
        bool of_unix;
    } places[] = {
        {"host", endpoint->host, false},
        {"port", endpoint->port, false},
        {"path", endpoint->path, true},
    };
    const char *name = splitter->at + 1;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (strlen(places[i].name) == length && strncmp(places[i].name, name, length) == 0) {
            if (places[i].of_unix != endpoint->is_unix) {
                return error_set(splitter->error, EXTVM_INVALID_ARGUMENT,
                                 "the command has {%s}, but %s is %s", places[i].name,
                                 endpoint->text,
                                 endpoint->is_unix ? "a unix socket: allowed is {path}"
                                                   : "a port: allowed are {host} and {port}");
            }
            splitter->at += length + 1;
            return append(splitter, places[i].value, strlen(places[i].value));
        }
    }
    return error_set(splitter->error, EXTVM_INVALID_ARGUMENT,
                     "the command has {%.*s}: allowed are {host}, {port} and {path}; what is to "
                     "stay as it is stands in '...'",
                     (int)(length < 40 ? length : 40), name);
}

/* One character, or what it begins; `at` is left on the last that was taken. */
static extvm_status take_character(struct splitter *splitter, char quote) {
    const char *at = splitter->at;
    bool escape =
        *at == '\\' && at[1] != '\0' && (quote == '\0' || (quote == '"' && strchr("\"\\", at[1])));
    if (escape) {
        splitter->at++;
        return append(splitter, at + 1, 1);
    }
    size_t length = *at == '{' && quote != '\'' ? name_length(at) : 0;
    return length > 0 ? append_place(splitter, length) : append(splitter, at, 1);
}

static extvm_status take_word(struct splitter *splitter) {
    char quote = '\0';
    extvm_status status = EXTVM_OK;
    for (; status == EXTVM_OK && *splitter->at != '\0' &&
           (quote != '\0' || !isspace((unsigned char)*splitter->at));
         splitter->at++) {
        char character = *splitter->at;
        if (quote == '\0' && (character == '\'' || character == '"')) {
            quote = character;
        } else if (quote != '\0' && character == quote) {
            quote = '\0';
        } else {
            status = take_character(splitter, quote);
        }
    }
    if (status != EXTVM_OK) {
        return status;
    }
    if (quote != '\0') {
        return error_set(splitter->error, EXTVM_INVALID_ARGUMENT,
                         "the command has a %c that is not closed", quote);
    }
    return append(splitter, "", 1);
}

/* All words into the program's text; `*count` is how many. */
static extvm_status split(struct splitter *splitter, size_t *count) {
    for (*count = 0;; ++*count) {
        while (isspace((unsigned char)*splitter->at)) {
            splitter->at++;
        }
        if (*splitter->at == '\0') {
            return *count > 0 ? EXTVM_OK
                              : error_set(splitter->error, EXTVM_INVALID_ARGUMENT,
                                          "the command is empty: its first word is the program");
        }
        if (*count == PROGRAM_WORDS) {
            return error_set(splitter->error, EXTVM_OUT_OF_RANGE,
                             "the command has over %d words, which is the most", PROGRAM_WORDS);
        }
        extvm_status status = take_word(splitter);
        if (status != EXTVM_OK) {
            return status;
        }
    }
}

static extvm_status make_words(struct program *program, size_t count, extvm_error *error) {
    char *at = (char *)program->text.data;
    program->words = arena_array(&program->arena, count + 1, sizeof *program->words);
    if (program->words == NULL) {
        return error_no_memory(error, "the command of a VM");
    }
    for (size_t i = 0; i < count; i++) {
        program->words[i] = at;
        at += strlen(at) + 1;
    }
    return EXTVM_OK;
}

bool program_has_place(const char *command) {
    return strstr(command, "{port}") != NULL || strstr(command, "{path}") != NULL;
}

/* -- the program -- */

static bool can_run(const char *path) {
    struct stat found;
    return stat(path, &found) == 0 && S_ISREG(found.st_mode) &&
           faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

static const char *keep(struct program *program, const char *text) {
    char *copy = arena_allocate(&program->arena, strlen(text) + 1);
    return copy != NULL ? strcpy(copy, text) : NULL;
}

/* The first in PATH; "" when there is none, NULL without memory. */
static const char *find_in_path(struct program *program, const char *name) {
    const char *folders = getenv("PATH");
    folders = folders != NULL ? folders : _PATH_DEFPATH;
    for (const char *at = folders; *at != '\0';) {
        char path[4096];
        int length = (int)strcspn(at, ":");
        int size = snprintf(path, sizeof path, "%.*s/%s", length, at, name);
        if (length > 0 && size > 0 && (size_t)size < sizeof path && can_run(path)) {
            return keep(program, path);
        }
        at += length;
        at += *at == ':' ? 1 : 0;
    }
    return "";
}

static extvm_status find_program(struct program *program, const char *kind, extvm_error *error) {
    const char *name = program->words[0];
    char variable[32];
    int length = snprintf(variable, sizeof variable, "EXTVM_%s", kind);
    for (int i = 0; i < length && i < (int)sizeof variable - 1; i++) {
        variable[i] = (char)toupper((unsigned char)variable[i]);
    }
    const char *said = getenv(variable);
    bool is_path = strchr(name, '/') != NULL, is_said = said != NULL && said[0] != '\0';
    if (is_path && can_run(name)) {
        program->path = name;
    } else if (is_said && can_run(said)) {
        program->path = keep(program, said);
    } else if (is_said) {
        return error_set(error, EXTVM_INVALID_ARGUMENT,
                         "environment variable %s = \"%.200s\": there is no program that can be "
                         "run",
                         variable, said);
    } else {
        program->path = is_path ? "" : find_in_path(program, name);
    }
    if (program->path == NULL) {
        return error_no_memory(error, "the path of a VM's program");
    }
    return program->path[0] != '\0'
               ? EXTVM_OK
               : error_set(error, EXTVM_INVALID_ARGUMENT,
                           "the command's program \"%.200s\" %s, and environment variable %s is "
                           "not set",
                           name, is_path ? "cannot be run" : "is not in PATH", variable);
}

/* A copy: a program may change its environment while another thread starts a VM. */
static extvm_status copy_environment(struct program *program, extvm_error *error) {
    size_t count = 0;
    while (environ != NULL && environ[count] != NULL) {
        count++;
    }
    program->environment = arena_array(&program->arena, count + 1, sizeof(char *));
    for (size_t i = 0; i < count && program->environment != NULL; i++) {
        program->environment[i] = (char *)keep(program, environ[i]);
    }
    return program->arena.failed ? error_no_memory(error, "the environment of a VM") : EXTVM_OK;
}

extvm_status program_make(struct program *program, const char *command, const char *kind,
                          const struct endpoint *endpoint, const extvm_allocator *allocator,
                          extvm_error *error) {
    size_t count = 0;
    if (strlen(command) > COMMAND_MAXIMUM) {
        return error_set(error, EXTVM_OUT_OF_RANGE,
                         "a command of %zu characters: allowed is at most %d", strlen(command),
                         COMMAND_MAXIMUM);
    }
    *program = (struct program){.path = NULL};
    buffer_init(&program->text, allocator, TEXT_MAXIMUM);
    arena_init(&program->arena, allocator, SIZE_MAX);
    struct splitter splitter = {command, endpoint, &program->text, error};
    extvm_status status = split(&splitter, &count);
    if (status == EXTVM_OK) {
        status = make_words(program, count, error);
    }
    if (status == EXTVM_OK) {
        status = find_program(program, kind, error);
    }
    if (status == EXTVM_OK) {
        status = copy_environment(program, error);
    }
    if (status != EXTVM_OK) {
        program_free(program);
    }
    return status;
}

void program_free(struct program *program) {
    arena_free(&program->arena);
    buffer_free(&program->text);
}
